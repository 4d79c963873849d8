"""A customer's way to a consent, and the consent."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import models, transaction
from django.utils import timezone

from greenbutton.espi import scope as scopes
from utilities.sandbox.models.accounts import Service, UtilityAccount
from utilities.sandbox.models.clock import Clock
from utilities.sandbox.models.naming import RESOURCES, new_uid
from utilities.sandbox.models.notices import Notice
from utilities.sandbox.models.registrations import Registration
from utilities.sandbox.programmes import Programme, get_programme

# People look for a bill.
CONSENT_LIFETIME = timedelta(minutes=60)
# The end is excluded: midnight belongs to the day after.
INSTANT = timedelta(seconds=1)


class ConsentRequest(models.Model):
    """A customer on the way through the pages, from the authorize address to allow or deny.

    Bound to the browser that brought it; one for each tab; gone when it is answered. One without a
    company is a customer on the way to their own authorizations.
    """

    uid = models.CharField(max_length=40, unique=True, default=new_uid)
    browser = models.CharField(max_length=64)
    utility = models.CharField(max_length=40)
    registration = models.ForeignKey(Registration, models.CASCADE, null=True)
    # Empty where the request named none: the customer then ends on the receipt.
    redirect_uri = models.CharField(max_length=2000, blank=True)
    state = models.CharField(max_length=2000, blank=True)
    has_state = models.BooleanField(default=False)
    scope = models.CharField(max_length=scopes.MAX_LENGTH, blank=True)
    code_challenge = models.CharField(max_length=128, blank=True)
    # "on" wants a fresh sign-in where the utility has single sign-on.
    prompt = models.CharField(max_length=20, blank=True)
    account = models.ForeignKey(UtilityAccount, models.CASCADE, null=True)
    # Where a tester wants the passcode, instead of a contact on file; gone with the request.
    own_contact = models.CharField(max_length=254, blank=True)
    # When the customer proved to be the account's holder.
    authenticated_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.uid

    @classmethod
    def waiting(cls) -> models.QuerySet[ConsentRequest]:
        """Those that can still be answered."""
        return cls.objects.filter(created_at__gt=timezone.now() - CONSENT_LIFETIME)

    @classmethod
    def forget_old(cls) -> None:
        """Delete what was never answered: its scope may hold a customer's identifier."""
        cls.objects.filter(created_at__lte=timezone.now() - CONSENT_LIFETIME).delete()

    @property
    def programme(self) -> Programme:
        """The utility whose pages these are."""
        return get_programme(self.utility)

    @property
    def wants_login(self) -> bool:
        """Whether a session at the single sign-on does not do."""
        return self.prompt == "on"

    @property
    def company(self) -> Registration:
        """Who asks, on the pages that only a company's request reaches."""
        assert self.registration
        return self.registration

    @property
    def asked(self) -> scopes.Scope:
        """What the company asks for."""
        return scopes.parse(self.scope)

    def found(self, account: UtilityAccount, own_contact: str = "") -> None:
        """The customer says who they are; a passcode has yet to prove it."""
        self.account, self.authenticated_at, self.own_contact = account, None, own_contact
        self.save(update_fields=["account", "authenticated_at", "own_contact"])

    def authenticated(self, account: UtilityAccount) -> None:
        """The customer proved who they are."""
        self.account, self.authenticated_at = account, timezone.now()
        self.save(update_fields=["account", "authenticated_at"])

    def answer(self) -> bool:
        """Take the request off the table; False if it was answered before, as by a double click."""
        deleted, _ = type(self).objects.filter(id=self.id).delete()
        return bool(deleted)


class Grant(models.Model):
    """A consent: who may read which services, what of them, how far back and until when."""

    class Party(models.TextChoices):
        """Who ended it."""

        COMPANY = "company"
        CUSTOMER = "customer"
        UTILITY = "utility"

    uid = models.CharField(max_length=40, unique=True, default=new_uid)
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="grants")
    account = models.ForeignKey(UtilityAccount, models.CASCADE, related_name="grants")
    services = models.ManyToManyField(Service, related_name="grants")
    scope = models.CharField(max_length=scopes.MAX_LENGTH)
    until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=10, choices=Party.choices, blank=True)
    # When the company last read data by it, for the customer to see.
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.uid

    @property
    def granted(self) -> scopes.Scope:
        """What the customer agreed to."""
        return scopes.parse(self.scope)

    @property
    def is_active(self) -> bool:
        """Neither revoked nor over, by the sandbox's clock."""
        return self.is_active_at(Clock.now())

    def is_active_at(self, now: datetime) -> bool:
        """The same where the sandbox's time is known: asking for it is a query."""
        return self.revoked_at is None and (self.until is None or self.until > now)

    @property
    def was_changed(self) -> bool:
        """Whether anything became less since it was given, which takes longer than to make it."""
        return self.updated_at - self.created_at > INSTANT

    @property
    def last_day(self) -> date | None:
        """The last day of sharing, where its customers live."""
        if self.until is None:
            return None
        return (self.until.astimezone(self.registration.programme.zone) - INSTANT).date()

    @property
    def earliest(self) -> datetime:
        """Nothing that is older is shared."""
        return self.earliest_of(self.granted)

    def earliest_of(self, scope: scopes.Scope) -> datetime:
        """Nothing that is older is shared with a token of this scope."""
        return self.created_at - timedelta(seconds=scope.history_length or 0)

    @property
    def resource_uri(self) -> str:
        """Where the usage is read."""
        return f"{RESOURCES}/Batch/Subscription/{self.uid}"

    @property
    def authorization_uri(self) -> str:
        """Where the consent itself is read and revoked."""
        return f"{RESOURCES}/Authorization/{self.uid}"

    @property
    def customer_uri(self) -> str:
        """Where the account details are read."""
        return f"{RESOURCES}/Batch/RetailCustomer/{self.uid}"

    def was_read(self) -> None:
        """The company reads data; the consent itself does not change by it."""
        self.were_read([self])

    @classmethod
    def were_read(cls, grants: Collection[Grant]) -> None:
        """The company reads the data of all of them."""
        ids = [grant.pk for grant in grants]
        cls.objects.filter(id__in=ids).update(read_at=timezone.now())

    def tell(self) -> Notice | None:
        """Tell the company that the consent began, changed or ended."""
        uri = self.authorization_uri
        return Notice.tell(self.registration, Notice.Kind.AUTHORIZATION, uri, grant=self)

    @transaction.atomic
    def narrow(self, scope: str, services: Collection[Service], until: datetime | None) -> None:
        """Share less from now on. Codes and tokens go on working, and open less."""
        self.scope, self.until, self.updated_at = scope, until, timezone.now()
        self.save(update_fields=["scope", "until", "updated_at"])
        self.services.set(services)
        self.tell()

    @transaction.atomic
    def revoke(self, by: Party = Party.UTILITY) -> None:
        """End the consent, and every token and code with it; the company is told.

        What the company ended it can restore, unless somebody else ends it too.
        """
        now = timezone.now()
        self._lock()
        if self.revoked_at is None:
            # Tokens live by the real clock, and are known again by the moment of their end.
            self.revoked_at, self.updated_at = now, Clock.now()
            self.revoked_by = by
            self.save(update_fields=["revoked_at", "revoked_by", "updated_at"])
            self.tell()
        elif self.revoked_by == self.Party.COMPANY != by:
            self.revoked_by = by
            self.save(update_fields=["revoked_by"])
        self.tokens.filter(revoked_at=None).update(revoked_at=now)
        self.codes.filter(used_at=None).update(used_at=now)

    @transaction.atomic
    def restore(self) -> bool:
        """Take back that the company ended it; its tokens count again, as far as they still would.

        False for what somebody else ended: only the customer can agree to that again.
        """
        self._lock()
        if self.revoked_at is not None and self.revoked_by == self.Party.COMPANY:
            self.tokens.filter(revoked_at=self.revoked_at).update(revoked_at=None)
            self.revoked_at, self.revoked_by, self.updated_at = None, "", Clock.now()
            self.save(update_fields=["revoked_at", "revoked_by", "updated_at"])
            self.tell()
        return self.is_active

    def _lock(self) -> None:
        """How it ended, as it is now: customer, company and utility may act at the same moment."""
        rows = type(self).objects.select_for_update(of=("self",))
        self.refresh_from_db(fields=["revoked_at", "revoked_by"], from_queryset=rows)
