"""Consents, with the tokens that they gave and where collecting stands."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least, Now
from django.utils import timezone

from authorizations.models.consent_records import ConsentRecord
from authorizations.models.events import Event, EventType
from authorizations.models.hashing import digest, email_digest, grant_digest
from authorizations.models.share_links import REFERENCE_LENGTH, ShareLink
from authorizations.models.triggers import PullTrigger
from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError
from utilities.encrypted import EncryptedTextField
from utilities.models import Client, Utility, new_uid

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from authorizations.models.attempts import ConnectAttempt
    from authorizations.models.reconciliations import ForeignAuthorization
    from utilities.client import Token

CLAIM = timedelta(seconds=60)
LEASE = timedelta(minutes=10)
# A storm of notices makes one pull in so much time.
BRING_FORWARD_EVERY = timedelta(minutes=15)
# Days of a file of which nobody has said yet where it was metered.
NO_ZONE = "UTC"

# What says when it is collected, and what bringing forward looks at.
WHEN_DUE = ("next_pull_at", "brought_forward_to", "pull_trigger", "somebody_waits")
REFRESHING = ("refresh_id", "refreshing_until", "refreshing_since")
# What a consent brings with it; the rest of a row is what became of it.
OF_THE_GRANT = (
    *("client", "scope", "asked_scope", "expires_at"),
    *("access_token", "refresh_token", "access_expires_at"),
    *("resource_uri", "authorization_uri", "customer_uri"),
)
BROUGHT_FORWARD = ("status", "origin", "next_pull_at", "brought_forward_to")


def new_feed_key() -> str:
    """A key for one authorization's raw feeds: destroying it destroys them, backups included."""
    return Fernet.generate_key().decode("ascii")


class LinkUsedUpError(Exception):
    """The link was for one customer, and another one consented first."""


class AuthorizationQuerySet(models.QuerySet["Authorization"]):
    """Questions that tasks and pages ask."""

    def due(self) -> AuthorizationQuerySet:
        """What may be collected now: active, not held, its time come, nobody at it.

        A paused client's authorizations wait: asking with a client that the utility refuses helps
        nobody.
        """
        now = timezone.now()
        return self.filter(
            Q(claimed_until=None) | Q(claimed_until__lte=now),
            Q(leased_until=None) | Q(leased_until__lte=now),
            status=Authorization.Status.ACTIVE,
            held_at=None,
            next_pull_at__lte=now,
            client__paused_at=None,
            client__retired_at=None,
        )

    def askable(self) -> AuthorizationQuerySet:
        """Those of which the utility can say how they stand, and whose standing may change yet."""
        standing = [Authorization.Status.ACTIVE, Authorization.Status.NEEDS_CONSENT]
        return self.filter(status__in=standing, client__isnull=False).exclude(authorization_uri="")

    def ask_standing(self) -> int:
        """Have the utility asked how they stand: now, or 15 minutes after it was asked last.

        Returns for how many. What is asked for meanwhile is answered then.
        """
        turn = Greatest(Now(), F("standing_asked_at") + BRING_FORWARD_EVERY)
        # PostgreSQL's LEAST and GREATEST pass over what is null.
        return self.askable().update(standing_at=Least("standing_at", turn), standing_tries=0)

    def unclaimed(self) -> AuthorizationQuerySet:
        """Guests', and not stopped: what an account may still have."""
        return self.filter(claimed_at=None).exclude(status=Authorization.Status.REVOKED)

    def given_to(self, address: str) -> AuthorizationQuerySet:
        """Those that whoever proves this address may have, as their customers said."""
        return self.unclaimed().filter(customer_email_digest=email_digest(address))

    def for_figures(self) -> AuthorizationQuerySet:
        """What staff figures count: real customers, not put away."""
        return self.filter(is_test=False, archived_at=None)

    def being_collected(self) -> AuthorizationQuerySet:
        """Those a worker has its lease on."""
        return self.filter(leased_until__gt=timezone.now())

    def needing_attention(self) -> AuthorizationQuerySet:
        """Those whose data does not come as agreed, or is not whose it was meant to be.

        A hold is no fault: staff put it there.
        """
        stuck = Q(failures__gt=0) | Q(client__paused_at__isnull=False)
        # It may still let us in, for all its customer knows.
        untold = Q(tell_gave_up_at__isnull=False, utility_told_at=None)
        # What is left of a consent that was taken into an earlier one is put away at once.
        in_sight = Q(archived_at=None) | Q(renewal=Authorization.Renewal.MERGED)
        return self.filter(
            in_sight,
            Q(status=Authorization.Status.NEEDS_CONSENT)
            | Q(stuck, status=Authorization.Status.ACTIVE)
            | Q(
                expectation=Authorization.Expectation.NOT_MET,
                status=Authorization.Status.ACTIVE,
            )
            | Q(untold, status=Authorization.Status.REVOKED),
        )


class Authorization(models.Model):
    """A customer's consent at a utility, with the tokens it gave and where collecting stands.

    One of origin `file` holds what the customer brought: it has no tokens and is never due, and no
    utility where its customer named none that we know. One of origin `adopted` was given to this
    company at the utility and found there: it has no tokens of its own, the client's open it.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        NEEDS_CONSENT = "needs_consent", "Needs consent"
        EXPIRED = "expired", "Expired"
        REVOKED = "revoked", "Revoked"

    class Origin(models.TextChoices):
        CONNECT = "connect", "Connect"
        FILE = "file", "File"
        ADOPTED = "adopted", "Adopted"

    class Expectation(models.TextChoices):
        """Whether what arrived is of the account that the link was made for."""

        UNKNOWN = "unknown", "Not known"
        MET = "met", "As expected"
        NOT_MET = "not_met", "Not as expected"

    class Renewal(models.TextChoices):
        """Of a consent that was given to go on with an earlier one: what becomes of it."""

        WAITING = "waiting", "Being compared with the earlier one"
        MERGED = "merged", "The earlier one goes on with it"
        APART = "apart", "Kept apart from the earlier one"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    utility = models.ForeignKey(
        Utility, on_delete=models.PROTECT, null=True, blank=True, related_name="authorizations"
    )
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="authorizations"
    )
    share_link = models.ForeignKey(
        ShareLink, on_delete=models.SET_NULL, null=True, blank=True, related_name="authorizations"
    )
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.CONNECT)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    is_test = models.BooleanField(default=False)
    # The guest's browser, hashed; until it is claimed, who holds its cookie may look and stop.
    browser_hash = models.CharField(max_length=64, blank=True)
    # The account that it belongs to. Once it was claimed no cookie opens it any more, not even when
    # the account is deleted: `claimed_at` stays then.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="authorizations",
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    # What the customer gave, or confirmed, after consenting: for receipts, reminders and coming
    # back. It goes with a revocation.
    customer_email = EncryptedTextField(blank=True)
    # The keyed hash of `customer_email`, by which whoever proves it finds this; stays, as proof.
    customer_email_digest = models.CharField(max_length=64, blank=True)
    # The company's own name for it, from the link.
    reference = models.CharField(max_length=REFERENCE_LENGTH, blank=True, db_index=True)
    expectation = models.CharField(max_length=8, choices=Expectation, default=Expectation.UNKNOWN)
    # The earlier authorization that its customer meant to go on with, and what came of that: in
    # words for staff, without anything personal.
    renews = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="renewals"
    )
    renewal = models.CharField(max_length=8, choices=Renewal, blank=True)
    renewal_said = models.CharField(max_length=500, blank=True)
    # When the consent that it lives by was given, where that is not the first one.
    renewed_at = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=16, blank=True)

    # Ending the grant at the utility, too: a due time, how often it was tried, and how it ended.
    tell_utility_at = models.DateTimeField(null=True, blank=True)
    tell_tries = models.PositiveSmallIntegerField(default=0)
    utility_told_at = models.DateTimeField(null=True, blank=True)
    # When we stopped trying; until somebody of the staff has told them, it needs attention.
    tell_gave_up_at = models.DateTimeField(null=True, blank=True)
    # Of a grant that may still stand there, so that nobody adopts what its customer has stopped.
    grant_digest = models.CharField(max_length=64, blank=True)

    # The zone in which its days are cut; blank for the utility's. Only files have one of their own,
    # and until the customer has confirmed it, it is what we took from the file or the browser.
    time_zone = models.CharField(max_length=64, blank=True)
    time_zone_is_proposed = models.BooleanField(default=False)

    # What was asked for and what was granted; neither carries AdditionalScope.
    asked_scope = models.CharField(max_length=1000, blank=True)
    scope = models.CharField(max_length=1000, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # The fewest days before that end of which was told; none where nothing was.
    expiry_told_days = models.PositiveSmallIntegerField(null=True)

    access_token = EncryptedTextField(blank=True)
    refresh_token = EncryptedTextField(blank=True)
    access_expires_at = models.DateTimeField(null=True)
    # A refresh: whose turn it is, until when; and since when nobody knows whether the utility has
    # traded the refresh token that stands here.
    refresh_id = models.CharField(max_length=32, blank=True)
    refreshing_until = models.DateTimeField(null=True)
    refreshing_since = models.DateTimeField(null=True)
    resource_uri = models.URLField(max_length=500, blank=True)
    authorization_uri = models.URLField(max_length=500, blank=True)
    customer_uri = models.URLField(max_length=500, blank=True)
    feed_key = EncryptedTextField(default=new_feed_key)
    # How many of its meters are no longer shared. Raw feeds hold all meters, so they are kept only
    # while it is 0; and a worker that finds it changed has read a document that holds too much.
    meters_stopped = models.PositiveIntegerField(default=0)

    # Collecting (style rule 20): a due time, a dispatcher's claim, a worker's lease, a cursor.
    next_pull_at = models.DateTimeField(null=True, blank=True)
    # Why it comes due then, and whether somebody waits for it, so that it goes before the others.
    pull_trigger = models.CharField(max_length=16, choices=PullTrigger, default=PullTrigger.NIGHTLY)
    somebody_waits = models.BooleanField(default=False)
    # When it was, or is, due because somebody asked or the utility told: a pull that began before
    # that moment has not served it.
    brought_forward_to = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True)
    lease_id = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True)
    pulled_to = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    # How often in a row the utility asked to come later, and nothing came between.
    delays = models.PositiveIntegerField(default=0)
    purge_at = models.DateTimeField(null=True, blank=True)

    # What the utility itself says of the consent: when it is to be asked, by whom that is claimed,
    # how often it failed in a row; and when it was asked last, and what came of it, in words.
    standing_at = models.DateTimeField(null=True, blank=True)
    standing_claimed_until = models.DateTimeField(null=True)
    standing_tries = models.PositiveSmallIntegerField(default=0)
    standing_asked_at = models.DateTimeField(null=True, blank=True)
    standing_said = models.CharField(max_length=300, blank=True)

    objects = AuthorizationQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.CheckConstraint(
                condition=Q(origin="file") | Q(utility__isnull=False),
                name="only_a_file_has_no_utility",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_pull_at"], name="due_authorizations", condition=Q(status="active")
            ),
            models.Index(
                fields=["purge_at"], name="purge_due", condition=Q(purge_at__isnull=False)
            ),
            models.Index(
                fields=["tell_utility_at"],
                name="utilities_to_tell",
                condition=Q(tell_utility_at__isnull=False),
            ),
            models.Index(
                fields=["expires_at"], name="ending_authorizations", condition=Q(status="active")
            ),
            models.Index(fields=["browser_hash"], name="authorizations_of_browser"),
            models.Index(
                fields=["standing_at"],
                name="standing_due",
                condition=Q(standing_at__isnull=False),
            ),
            models.Index(
                fields=["customer_email_digest"],
                name="unclaimed_by_address",
                condition=Q(claimed_at__isnull=True) & ~Q(customer_email_digest=""),
            ),
            # By what a notification names; the utility first, since only its own are looked up.
            models.Index(fields=["utility", "resource_uri"], name="by_resource_uri"),
            models.Index(fields=["utility", "customer_uri"], name="by_customer_uri"),
            models.Index(fields=["utility", "authorization_uri"], name="by_authorization_uri"),
        ]

    def __str__(self) -> str:
        return f"{self.utility.short_name if self.utility else 'File'} {self.uid}"

    # -- facts --------------------------------------------------------------------------------

    @property
    def source_name(self) -> str:
        """Where the data is from, as its customer knows it."""
        return self.utility.name if self.utility else "Your Green Button file"

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which its days and bills are cut."""
        return ZoneInfo(self.time_zone or (self.utility.time_zone if self.utility else NO_ZONE))

    def is_from_file(self) -> bool:
        """Whether the customer brought it, so that there is no utility to ask."""
        return self.origin == self.Origin.FILE

    def is_pulled(self) -> bool:
        """Whether it is collected by itself; not a file, nor what only a Bulk feed brings."""
        return self.origin == self.Origin.CONNECT or self.is_opened_by_client()

    def is_opened_by_client(self) -> bool:
        """Whether it has no tokens of its own, and those of its registration open it."""
        return (
            self.origin == self.Origin.ADOPTED
            and self.utility is not None
            and self.utility.behaviour.client_token_reads_subscriptions
        )

    def is_due(self) -> bool:
        """Whether its time to be collected has come."""
        return self.next_pull_at is not None and self.next_pull_at <= timezone.now()

    def token_expires_within(self, seconds: int) -> bool:
        """Whether the access token is gone, or will be in so many seconds."""
        soon = timezone.now() + timedelta(seconds=seconds)
        return self.access_expires_at is None or self.access_expires_at <= soon

    def is_refreshing(self) -> bool:
        """Whether it is somebody's turn to refresh its tokens."""
        return self.refreshing_until is not None and self.refreshing_until > timezone.now()

    def granted_less_than_asked(self) -> list[str]:
        """Sentences that say what the customer left out; empty when nothing was."""
        if not self.asked_scope or not self.scope:
            return []
        granted, asked = espi_scope.parse(self.scope), espi_scope.parse(self.asked_scope)
        return granted.granted_less_than(asked)

    def shares(self, function_block: int) -> bool:
        """Whether this kind of data was granted, and asked for.

        What a utility grants beyond that, its customer did not agree to on our page.
        """
        if not self.scope or function_block not in espi_scope.parse(self.scope).function_blocks:
            return False
        asked = self.asked_scope  # empty for one that was found at the utility
        return not asked or function_block in espi_scope.parse(asked).function_blocks

    def keeps_raw_feeds(self) -> bool:
        """Whether feeds may be kept as they came: not once a meter is no longer shared."""
        return self.meters_stopped == 0

    def can_be_stopped(self) -> bool:
        """Whether there is anything to stop sharing."""
        return self.status != self.Status.REVOKED

    def is_being_told(self) -> bool:
        """Whether we are still trying to tell the utility that sharing has stopped."""
        return self.tell_utility_at is not None

    def could_not_be_told(self) -> bool:
        """Whether we gave up telling the utility, and nobody has told it since."""
        return self.tell_gave_up_at is not None and self.utility_told_at is None

    def is_deleted(self) -> bool:
        """Whether what was collected is gone: with the key of its raw feeds, last of all."""
        return not self.can_be_stopped() and not self.feed_key

    def is_claimed(self) -> bool:
        """Whether an account has, or had, it, so that a browser's cookie no longer opens it."""
        return self.claimed_at is not None

    @property
    def consented_at(self) -> datetime:
        """When the consent that it lives by was given."""
        return self.renewed_at or self.created

    def can_be_renewed(self) -> bool:
        """Whether its customer may go on with it by a new consent."""
        has_utility = self.utility_id is not None and not self.is_from_file()
        return has_utility and self.can_be_stopped()

    def is_candidate(self) -> bool:
        """Whether it has yet to be compared with the one that its customer meant to renew."""
        return self.renewal == self.Renewal.WAITING

    def is_being_renewed(self) -> bool:
        """Whether a new consent for it is here, and has yet to be compared."""
        waiting = self.renewals.filter(renewal=self.Renewal.WAITING)
        return waiting.filter(status=self.Status.ACTIVE).exists()

    @property
    def merged_into(self) -> Authorization | None:
        """The earlier one that goes on with this consent, if it was taken into one."""
        return self.renews if self.renewal == self.Renewal.MERGED else None

    @property
    def offered_email(self) -> str:
        """The address that its link was made for: to be offered, masked; it proves nothing."""
        attempt = self.attempts.select_related("share_link").first()
        if attempt is not None and attempt.offered_email:
            return attempt.offered_email
        return self.share_link.customer_email if self.share_link else ""

    def is_offered_by_company(self) -> bool:
        """Whether staff said so; what stands in a link's own address, anybody can have written."""
        return self.share_link is not None and self.share_link.customer_email == self.offered_email

    # -- verbs --------------------------------------------------------------------------------

    @classmethod
    def activate(cls, attempt: ConnectAttempt, token: Token) -> Authorization:
        """Keep what the customer granted; it is due for its first pull from this moment.

        Raises LinkUsedUpError, with nothing kept, where a link for one had its customer meanwhile.
        """
        link = attempt.share_link
        earlier = _to_renew(link, attempt.client)
        asked = espi_scope.parse(attempt.scope).without_additional()
        granted = espi_scope.parse(token.scope).without_additional() if token.scope else asked
        with transaction.atomic():
            if link is not None and not link.take_use():
                raise LinkUsedUpError
            authorization = cls.objects.create(
                utility=attempt.client.utility,
                client=attempt.client,
                share_link=link,
                reference=link.reference if link else "",
                renews=earlier,
                renewal=cls.Renewal.WAITING if earlier else "",
                is_test=attempt.client.is_sandbox,
                browser_hash=attempt.browser_hash,
                asked_scope=attempt.scope,
                scope=espi_scope.build(granted),
                # A utility that grants a longer time than our page said does not make it so.
                expires_at=_sooner(_end_of(granted), _end_of(asked)),
                access_token=token.access_token,
                refresh_token=token.refresh_token,
                access_expires_at=token.expires_at,
                resource_uri=token.resource_uri,
                authorization_uri=token.authorization_uri,
                customer_uri=token.customer_uri,
                next_pull_at=timezone.now(),
                pull_trigger=PullTrigger.FIRST,
                somebody_waits=True,
            )
            attempt.authorization = authorization
            attempt.save(update_fields=["authorization"])
            ConsentRecord.keep(attempt, authorization)
            authorization.tell("authorization_created")
        return authorization

    @classmethod
    def adopt(cls, found: ForeignAuthorization) -> Authorization:
        """Take over what the utility lists as given to this company and nobody here knew.

        It is due at once if the client's token opens it; else a Bulk feed has to bring it.
        """
        client = found.client
        with transaction.atomic():
            # Whoever comes second finds nothing to adopt any more.
            type(found).objects.select_for_update(of=("self",)).get(pk=found.pk)
            authorization = cls(
                utility=client.utility,
                client=client,
                origin=cls.Origin.ADOPTED,
                is_test=client.is_sandbox,
                scope=found.scope,
                expires_at=found.ends_at,
                resource_uri=found.resource_uri,
                authorization_uri=found.authorization_uri,
                customer_uri=found.customer_uri,
                pull_trigger=PullTrigger.FIRST,
            )
            if authorization.is_opened_by_client():
                authorization.next_pull_at = timezone.now()
            authorization.save()
            authorization.tell("authorization_created", origin=str(cls.Origin.ADOPTED))
            found.delete()
        return authorization

    @classmethod
    def for_file(cls, browser: str, utility: Utility | None, time_zone: str) -> Authorization:
        """Make room for what a customer brings; `time_zone` is a first guess, and may be blank."""
        with transaction.atomic():
            authorization = cls.objects.create(
                utility=utility,
                origin=cls.Origin.FILE,
                browser_hash=digest(browser),
                time_zone=time_zone,
                time_zone_is_proposed=True,
            )
            authorization.tell("authorization_created")
        return authorization

    def give_email(self, address: str) -> bool:
        """Note the address that the customer gave, or confirmed, in the browser that consented.

        Whoever proves it may claim. Returns False where it is claimed or stopped by now.
        """
        return self._unless_claimed(
            customer_email=address, customer_email_digest=email_digest(address)
        )

    def claim(self, user: User) -> bool:
        """Give it to an account, once; False where another one has it, or it is stopped by now."""
        with transaction.atomic():
            claimed = self._unless_claimed(
                owner=user,
                claimed_at=timezone.now(),
                customer_email=user.email,
                customer_email_digest=email_digest(user.email),
            )
            if claimed:
                self.tell("authorization_claimed")
        return claimed

    def _unless_claimed(self, **values: Any) -> bool:
        """One UPDATE decides, so of two accounts that race for it one has it."""
        mine = Authorization.objects.filter(pk=self.pk).unclaimed()
        if not mine.update(**values):
            return False
        for name, value in values.items():
            setattr(self, name, value)
        return True

    def return_to_browser(self, browser: str) -> None:
        """Its account goes, sharing goes on: from now on it is a guest's, in this browser."""
        self.owner, self.claimed_at = None, None
        self.browser_hash = digest(browser)
        self.customer_email = self.customer_email_digest = ""
        with transaction.atomic():
            # Nor by the cookies of browsers in which it was renewed.
            self.renewals.filter(renewal=self.Renewal.MERGED).update(browser_hash="")
            self.save(
                update_fields=[
                    "owner",
                    "claimed_at",
                    "browser_hash",
                    "customer_email",
                    "customer_email_digest",
                ]
            )
            self.tell("authorization_unclaimed")

    def expected(self, met: bool) -> None:
        """Note whether it is of the account that was expected, and tell if that is news."""
        answer = self.Expectation.MET if met else self.Expectation.NOT_MET
        if self.expectation == answer:
            return
        self.expectation = answer
        with transaction.atomic():
            self.save(update_fields=["expectation"])
            self.tell(f"authorization_expectation_{answer}")

    def propose_time_zone(self, name: str) -> None:
        """Cut days in this zone from now on, until the customer says which it is."""
        self._take_time_zone(name, is_proposed=True)

    def settle_time_zone(self, name: str) -> None:
        """This is the zone. Whoever says so cuts the days that are stored anew."""
        self._take_time_zone(name, is_proposed=False)

    def _take_time_zone(self, name: str, *, is_proposed: bool) -> None:
        is_the_utilitys = self.utility is not None and name == self.utility.time_zone
        self.time_zone = "" if is_the_utilitys else name
        self.time_zone_is_proposed = is_proposed
        self.save(update_fields=["time_zone", "time_zone_is_proposed"])

    def begin_refresh(self, refresh_id: str, lasts: timedelta) -> None:
        """Take the turn to refresh. The old refresh token stays until a new one is here."""
        now = timezone.now()
        self.refresh_id, self.refreshing_until = refresh_id, now + lasts
        self.refreshing_since = self.refreshing_since or now
        self.save(update_fields=REFRESHING)

    def end_refresh(self, *, is_known: bool, since: datetime | None) -> None:
        """Give the turn back without a new token; `is_known` says that the old one is as it was.

        `since` is when an earlier turn began that was not known to end.
        """
        self.refresh_id, self.refreshing_until = "", None
        if is_known:
            self.refreshing_since = since
        self.save(update_fields=REFRESHING)

    def keep_token(self, token: Token) -> None:
        """Save refreshed tokens before anything uses them (style rule 17)."""
        self.access_token = token.access_token
        # RFC 6749 §6: a new refresh token is optional; without one the old stays good.
        self.refresh_token = token.refresh_token or self.refresh_token
        self.access_expires_at = token.expires_at
        self.refresh_id, self.refreshing_until, self.refreshing_since = "", None, None
        tokens = ("access_token", "refresh_token", "access_expires_at")
        self.save(update_fields=[*tokens, *REFRESHING])

    def collect_now(self, trigger: str = PullTrigger.STAFF) -> None:
        """Make it due at once, for `staff` or `customer`; refuses what no worker would take."""
        if self.status != self.Status.ACTIVE:
            raise ValidationError("Only an active authorization can be collected.")
        if self.held_at is not None:
            raise ValidationError("This authorization is on hold. Release it first.")
        if self.is_from_file():
            raise ValidationError("This came from a file: there is no utility to ask.")
        if not self.is_pulled():
            raise ValidationError("This comes with the Bulk feed of its registration.")
        self._comes_due(timezone.now(), PullTrigger(trigger))

    def bring_forward(self, trigger: str = PullTrigger.NOTIFICATION) -> datetime | None:
        """Make it due now, or as soon as its last bringing forward is 15 minutes old.

        Returns when it is due; None for what is not active or has no utility to ask. News that come
        while a pull runs are not lost: that pull leaves the time as it was set here.
        """
        now = timezone.now()
        with transaction.atomic():
            row = Authorization.objects.select_for_update().only(*BROUGHT_FORWARD).get(pk=self.pk)
            if row.status != self.Status.ACTIVE or not row.is_pulled():
                return None
            turn = _next_turn(row.brought_forward_to, now)
            due = min(turn, row.next_pull_at or turn)
            self._comes_due(due, PullTrigger(trigger), brought_forward_to=turn)
        return due

    def _comes_due(
        self, at: datetime, trigger: PullTrigger, brought_forward_to: datetime | None = None
    ) -> None:
        self.next_pull_at, self.brought_forward_to = at, brought_forward_to or at
        self.pull_trigger, self.somebody_waits = trigger, trigger.somebody_waits
        self.save(update_fields=WHEN_DUE)

    def comes_due_again(
        self, at: datetime, trigger: PullTrigger, *, began: datetime, somebody_waits: bool
    ) -> None:
        """After a pull that began at `began`: what was brought forward since then stays so."""
        wish = self.brought_forward_to
        if wish is not None and began < wish:
            self.next_pull_at = min(at, wish)
        else:
            self.next_pull_at = at
            self.pull_trigger, self.somebody_waits = trigger, somebody_waits
        self.save(update_fields=WHEN_DUE)

    def ends_sooner(self, end: datetime) -> bool:
        """Take over that sharing ends at this moment; returns whether that is sooner than known."""
        if self.expires_at is not None and self.expires_at <= end:
            return False
        with transaction.atomic():
            self.expires_at = end
            self.save(update_fields=["expires_at"])
            day = f"{end.astimezone(self.zone):%d %B %Y}".removeprefix("0")
            self.tell("authorization_narrowed", left_out=[f"Sharing ends sooner: on {day}."])
        return True

    def narrowed(self, said: str) -> bool:
        """Take over that the utility shares less than was granted; returns whether it does.

        `said` is the scope as the utility tells it now. Whatever is wider in it is not taken over:
        only the customer's consent can widen a grant. May be told again and again.
        """
        with transaction.atomic():
            row = Authorization.objects.select_for_update().only("scope", "expires_at", "status")
            locked = row.get(pk=self.pk)
            if locked.status != self.Status.ACTIVE:
                return False
            lost, left, end = _less(locked.scope, said)
            if not lost:
                return False
            self.scope, self.expires_at = left, _sooner(locked.expires_at, end)
            self.save(update_fields=["scope", "expires_at"])
            self.tell("authorization_narrowed", left_out=lost)
        return True

    def take_grant_of(self, candidate: Authorization) -> None:
        """Go on by a new consent of the same customer; both rows are locked.

        What was collected, the cursor and a hold stay. A worker that is at it by the old grant has
        lost its lease, and stores nothing more.
        """
        for name in OF_THE_GRANT:
            setattr(self, name, getattr(candidate, name))
        self.origin, self.status = self.Origin.CONNECT, self.Status.ACTIVE
        self.renewed_at = candidate.created
        self.archived_at = self.expiry_told_days = None
        self.refresh_id, self.refreshing_until, self.refreshing_since = "", None, None
        self.lease_id, self.leased_until, self.claimed_until = "", None, None
        self.failures = self.delays = 0
        self.standing_at, self.standing_said = None, ""
        self.browser_hash = self.browser_hash or candidate.browser_hash
        self._comes_due(timezone.now(), PullTrigger.CUSTOMER)
        self.save()

    def mark_merged(self, earlier: Authorization, said: str, before: Authorization) -> None:
        """The earlier one goes on with this consent: here, nothing of it is left to collect with.

        The row stays, as a signpost, and for the grant that the earlier one had `before`: where
        that may still live it is ended at the utility, from here.
        """
        now = timezone.now()
        is_alive = before.status in {self.Status.ACTIVE, self.Status.NEEDS_CONSENT}
        is_other = before.authorization_uri not in {"", earlier.authorization_uri}
        is_to_be_told = is_alive and is_other
        self._end(
            self.Status.REVOKED,
            EventType.MERGED,
            {"into": earlier.uid},
            client=before.client,
            renewal=self.Renewal.MERGED,
            renewal_said=said,
            revoked_at=now,
            revoked_by="renewal",
            archived_at=now,
            tell_utility_at=now if is_to_be_told else None,
            authorization_uri=before.authorization_uri if is_to_be_told else "",
            resource_uri="",
            customer_uri="",
            customer_email="",
            customer_email_digest="",
            feed_key="",
        )

    def keep_apart(self, said: Iterable[str]) -> None:
        """It is not the earlier one's customer, or nobody can tell: it goes on by itself."""
        reasons = list(said)
        now = timezone.now()
        self._write(
            EventType.NOT_MERGED,
            {"reasons": reasons, **({"other": self.renews.uid} if self.renews else {})},
            {
                "renewal": self.Renewal.APART,
                "renewal_said": " ".join(reasons)[:500],
                "next_pull_at": now,
                "pull_trigger": PullTrigger.FIRST,
                "somebody_waits": True,
            },
        )

    def hold(self) -> None:
        """Collect nothing until released; a pull that runs already comes to its end."""
        self._write("authorization_held", {}, {"held_at": timezone.now()})

    def release(self) -> None:
        """Collect again; what came due meanwhile is due now."""
        self._write("authorization_released", {}, {"held_at": None})

    def archive(self) -> None:
        """Put it away from lists and figures; refuses while data still flows in unseen."""
        if self.status == self.Status.ACTIVE and not self.is_from_file():
            raise ValidationError("This authorization is active. Stop sharing before archiving it.")
        self._write("authorization_archived", {}, {"archived_at": timezone.now()})

    def unarchive(self) -> None:
        """Bring it back into lists and figures."""
        self._write("authorization_unarchived", {}, {"archived_at": None})

    def meter_stopped(self) -> None:
        """One of its meters is no longer shared: what is kept of raw feeds cannot be read again.

        Belongs into a transaction that holds the row.
        """
        self.meters_stopped += 1
        self.feed_key = new_feed_key()
        self.save(update_fields=["meters_stopped", "feed_key"])

    def mark_needs_consent(self, refresh_interrupted: datetime | None = None) -> None:
        """The utility no longer accepts our tokens: only the customer can mend that. Data stays.

        `refresh_interrupted` is when a refresh began whose answer we never saved. Perhaps the
        customer revoked it there: the utility is asked, since then data may not stay.
        """
        detail = {"reason": "needs_consent"}
        if refresh_interrupted:
            detail["refresh_interrupted"] = refresh_interrupted.isoformat()
        asked = {"standing_at": timezone.now(), "standing_tries": 0}
        self._end(
            self.Status.NEEDS_CONSENT,
            "authorization_update_finished_errored",
            detail,
            **(asked if self.authorization_uri else {}),
        )

    def tell_of_end(self, days: int) -> None:
        """Tell that it ends in so many days."""
        self._write("authorization_expiring_soon", {"days": days}, {"expiry_told_days": days})

    def mark_expired(self) -> None:
        """The agreed time is over: credentials go, data stays."""
        self._end(self.Status.EXPIRED, "authorization_expired")

    def mark_revoked(self, by: str) -> None:
        """Sharing was stopped by `customer`, `staff` or `utility`: tokens go now, data soon.

        Where the utility does not know of it, it is due to be told.
        """
        now = timezone.now()
        knows = by == "utility"
        is_to_be_told = self.client_id is not None and not knows
        self._end(
            self.Status.REVOKED,
            "authorization_revoked",
            {"by": by},
            revoked_at=now,
            revoked_by=by,
            purge_at=now,
            utility_told_at=now if knows else None,
            tell_utility_at=now if is_to_be_told else None,
            # The other two are of no use without a token. This one is where the grant is ended.
            resource_uri="",
            customer_uri="",
            authorization_uri=self.authorization_uri if is_to_be_told else "",
        )

    def mark_told(self) -> None:
        """The utility knows that sharing has stopped; its address of the grant is not needed."""
        told = {"utility_told_at": timezone.now(), "grant_digest": ""}
        self._telling_ends("authorization_utility_told", **told)

    def mark_untold(self) -> None:
        """The utility could not be told in all that time: staff have to."""
        known_by = grant_digest(self.authorization_uri)
        gave_up = {"tell_gave_up_at": timezone.now(), "grant_digest": known_by}
        self._telling_ends("authorization_utility_untold", **gave_up)

    def _telling_ends(self, event: str, **fields: Any) -> None:
        fields |= {"tell_utility_at": None, "authorization_uri": ""}
        self._write(event, {}, fields)

    def _end(
        self, status: Status, event: str, detail: dict[str, Any] | None = None, **fields: Any
    ) -> None:
        """Leave `active`: without tokens and a due time nothing is collected any more."""
        gone: dict[str, Any] = {"access_token": "", "refresh_token": ""}
        gone |= {"next_pull_at": None, "standing_at": None}
        gone |= {"refresh_id": "", "refreshing_until": None, "refreshing_since": None}
        gone |= {"somebody_waits": False}
        self._write(event, detail or {}, {**gone, "status": status, **fields})

    def _write(self, event: str, detail: dict[str, Any], fields: dict[str, Any]) -> None:
        """Change the row and tell of it, both or neither."""
        with transaction.atomic():
            for name, value in fields.items():
                setattr(self, name, value)
            self.save(update_fields=list(fields))
            self.tell(event, **detail)

    def tell(self, type: str, **detail: Any) -> Event:  # noqa: A002 (the platform's word)
        """Write an event about this authorization; `detail` holds no personal data."""
        [event] = self.tell_all([(type, detail)])
        return event

    def tell_all(self, told: Iterable[tuple[str, dict[str, Any]]]) -> list[Event]:
        """Write several events, each a type and its detail, in this order and at once."""
        return Event.objects.bulk_create(
            Event(authorization=self, type=type_, detail=detail) for type_, detail in told
        )


def _to_renew(link: ShareLink | None, client: Client) -> Authorization | None:
    """What a consent by this link is meant to go on with, at the utility where it was given.

    A link to one that was itself taken into an earlier one means that.
    """
    named = link.renews if link is not None else None
    if named is None or named.utility_id != client.utility_id:
        return None
    return named.merged_into or named


def _end_of(granted: espi_scope.Scope) -> datetime | None:
    """When the grant ends by itself; PreferredAuthEndDate 0, or none, means "until revoked"."""
    end = granted.end_date
    return datetime.fromtimestamp(end, UTC) if end else None


def _next_turn(before: datetime | None, now: datetime) -> datetime:
    """When one that was brought forward to `before` may be due again because somebody asks."""
    if before is None:
        return now
    return before if before > now else max(now, before + BRING_FORWARD_EVERY)


def _less(granted: str, said: str) -> tuple[list[str], str, datetime | None]:
    """What of a granted scope the utility no longer shares, in sentences; what is left of it, and
    when that ends.

    A scope that cannot be read, or shares nothing of what was granted, is no narrower grant: what
    the utility refuses shows when it is asked.
    """
    try:
        before = espi_scope.parse(granted)
        left = before.left_by(espi_scope.parse(said).without_additional())
    except ScopeError:
        return [], granted, None
    return left.granted_less_than(before), espi_scope.build(left), _end_of(left)


def _sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(filter(None, (one, other)), default=None)
