"""What the utilities of the sandbox know: customers, companies, consents, tokens.

A token or a code is stored as its SHA-256 only. What must be shown again (a client's secret) or
displayed for tests (a passcode) is derived from the installation's key and not stored at all.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from greenbutton.espi import scope as scopes
from utilities.sandbox.programmes import Programme, get_programme

# People look for a bill.
CONSENT_LIFETIME = timedelta(minutes=60)
# RFC 6749 §4.1.2: at most ten minutes; the certification tests expect six.
CODE_LIFETIME = timedelta(minutes=5)
TOKEN_LIFETIME = timedelta(seconds=3600)
PASSCODE_LIFETIME = timedelta(minutes=10)
LOCK_TIME = timedelta(minutes=15)
TRIES = 5
RESOURCES = f"{settings.SANDBOX_URL}/DataCustodian/espi/1_1/resource"


def new_uid() -> str:
    """An opaque name for a row, 136 bits long, so that it cannot be guessed."""
    return secrets.token_hex(17)


def digest(secret: str) -> str:
    """What is stored of a token: enough to recognize it, useless to whoever reads the table."""
    return hashlib.sha256(secret.encode()).hexdigest()


def derive(purpose: str, name: str) -> bytes:
    """32 bytes that only this installation can compute."""
    return salted_hmac(f"sandbox.{purpose}", name, algorithm="sha256").digest()


class UtilityAccount(models.Model):
    """A customer of a utility, or a test account."""

    class Scenario(models.TextChoices):
        RESIDENTIAL = "residential"
        COMMERCIAL = "commercial"
        # Simulates that the utility cannot find this customer.
        BADLOGIN = "badlogin"

    utility = models.CharField(max_length=40)
    number = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    scenario = models.CharField(max_length=20, choices=Scenario.choices)
    is_test = models.BooleanField(default=False)
    address = models.CharField(max_length=300, blank=True)
    email = models.EmailField(blank=True)
    bill_amount = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    bill_date = models.DateField(null=True)
    # What customers can be looked up by, as `identifiers.key` writes it.
    account_key = models.CharField(max_length=40)
    test_key = models.CharField(max_length=40, blank=True)
    phone_key = models.CharField(max_length=40, blank=True, db_index=True)
    email_key = models.CharField(max_length=254, blank=True, db_index=True)
    address_key = models.CharField(max_length=300, blank=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["utility", "account_key"], name="sandbox_account_once")
        ]

    def __str__(self) -> str:
        return f"{self.utility} {self.number}"

    @property
    def can_be_found(self) -> bool:
        """False for the test accounts that simulate a failed look-up."""
        return self.scenario != self.Scenario.BADLOGIN


class Service(models.Model):
    """One metered service of an account."""

    class Kind(models.TextChoices):
        ELECTRICITY = "electricity", "Electricity"
        GAS = "gas", "Gas"
        WATER = "water", "Water"

    uid = models.CharField(max_length=40, unique=True, default=new_uid)
    account = models.ForeignKey(UtilityAccount, models.CASCADE, related_name="services")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    profile = models.CharField(max_length=60)
    meter_number = models.CharField(max_length=40)
    address = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "meter_number"], name="sandbox_meter_once_an_account"
            )
        ]
        ordering = ["kind", "meter_number"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.meter_number}"

    @property
    def seed(self) -> int:
        """The number from which the meter's simulated life follows, on every installation alike."""
        name = f"{self.account.utility}:{self.meter_number}"
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6])


class Registration(models.Model):
    """A company that registered with a utility: the utility's side of a GBC client."""

    class Status(models.TextChoices):
        # Only test accounts can authorize it.
        SANDBOX = "sandbox"
        LIVE = "live"

    utility = models.CharField(max_length=40)
    client_id = models.CharField(max_length=64, unique=True)
    company_name = models.CharField(max_length=200)
    website = models.URLField(blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.SANDBOX)
    # Everybody may use its credentials, so it never sees a real customer's data.
    is_public = models.BooleanField(default=False)
    redirect_uris = models.JSONField(default=list)
    default_scope = models.CharField(max_length=scopes.MAX_LENGTH)
    # Rotating a credential is counting on.
    secret_version = models.PositiveIntegerField(default=1)
    token_version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(is_public=False) | Q(status="sandbox"),
                name="sandbox_public_client_is_never_live",
            )
        ]

    def __str__(self) -> str:
        return self.client_id

    @property
    def programme(self) -> Programme:
        """The utility that it registered with."""
        return get_programme(self.utility)

    @property
    def client_secret(self) -> str:
        """Derived, so that it can be shown again, and differs on every installation."""
        return _spell(derive("client_secret", f"{self.client_id}:{self.secret_version}"))

    @property
    def registration_access_token(self) -> str:
        """The token that opens the registration's own endpoints; derived like the secret."""
        return _spell(derive("registration_token", f"{self.client_id}:{self.token_version}"))

    def has_secret(self, secret: str) -> bool:
        """Whether this is the client's secret; takes as long for a wrong one."""
        return constant_time_compare(secret, self.client_secret)

    def may_serve(self, account: UtilityAccount) -> bool:
        """Whether this customer can authorize the company: in sandbox status only test accounts."""
        return account.is_test or self.status == self.Status.LIVE

    @classmethod
    def of_registration_token(cls, token: str) -> Registration | None:
        """The registration whose token this is. There are few, and nothing to look it up by."""
        for registration in cls.objects.all():
            if constant_time_compare(token, registration.registration_access_token):
                return registration
        return None


class ConsentRequest(models.Model):
    """A customer on the way through the pages, from the authorize address to allow or deny.

    Bound to the browser that brought it; one for each tab; gone when it is answered.
    """

    uid = models.CharField(max_length=40, unique=True, default=new_uid)
    browser = models.CharField(max_length=64)
    registration = models.ForeignKey(Registration, models.CASCADE)
    # Empty where the request named none: the customer then ends on the receipt.
    redirect_uri = models.CharField(max_length=2000, blank=True)
    state = models.CharField(max_length=2000, blank=True)
    has_state = models.BooleanField(default=False)
    scope = models.CharField(max_length=scopes.MAX_LENGTH)
    code_challenge = models.CharField(max_length=128, blank=True)
    account = models.ForeignKey(UtilityAccount, models.CASCADE, null=True)
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
        return self.registration.programme

    @property
    def asked(self) -> scopes.Scope:
        """What the company asks for."""
        return scopes.parse(self.scope)

    def found(self, account: UtilityAccount) -> None:
        """The customer says who they are; a passcode has yet to prove it."""
        self.account, self.authenticated_at = account, None
        self.save(update_fields=["account", "authenticated_at"])

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

    uid = models.CharField(max_length=40, unique=True, default=new_uid)
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="grants")
    account = models.ForeignKey(UtilityAccount, models.CASCADE, related_name="grants")
    services = models.ManyToManyField(Service, related_name="grants")
    scope = models.CharField(max_length=scopes.MAX_LENGTH)
    until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True)

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
        """Neither revoked nor over."""
        return self.revoked_at is None and (self.until is None or self.until > timezone.now())

    @property
    def earliest(self) -> datetime:
        """Nothing that is older is shared."""
        return self.created_at - timedelta(seconds=self.granted.history_length or 0)

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

    @transaction.atomic
    def revoke(self) -> None:
        """End the consent, and every token and code with it."""
        now = timezone.now()
        if self.revoked_at is None:
            self.revoked_at = self.updated_at = now
            self.save(update_fields=["revoked_at", "updated_at"])
        self.tokens.filter(revoked_at=None).update(revoked_at=now)
        self.codes.filter(used_at=None).update(used_at=now)


class AuthorizationCode(models.Model):
    """The code that goes through the customer's browser (RFC 6749 §4.1.2): once, and soon."""

    digest = models.CharField(max_length=64, unique=True)
    grant = models.ForeignKey(Grant, models.CASCADE, related_name="codes")
    redirect_uri = models.CharField(max_length=2000)
    code_challenge = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"code of {self.grant_id}"

    @classmethod
    def issue(cls, grant: Grant, *, redirect_uri: str, code_challenge: str) -> str:
        """Make a code for the grant, and return it: only its digest is kept."""
        code = secrets.token_urlsafe(32)
        cls.objects.create(
            digest=digest(code),
            grant=grant,
            redirect_uri=redirect_uri,
            code_challenge=code_challenge,
        )
        return code

    @classmethod
    def find(cls, code: str) -> AuthorizationCode | None:
        """The row of a code, used and stale ones too."""
        return cls.objects.select_related("grant__registration").filter(digest=digest(code)).first()

    @property
    def is_stale(self) -> bool:
        """Too old to be traded."""
        return self.created_at + CODE_LIFETIME <= timezone.now()

    def spend(self) -> bool:
        """Use the code; False if somebody did before."""
        unused = type(self).objects.filter(id=self.id, used_at=None)
        return bool(unused.update(used_at=timezone.now()))


class Token(models.Model):
    """A client, access or refresh token. The registration token is derived, so it has no row."""

    class Kind(models.TextChoices):
        CLIENT = "client"
        ACCESS = "access"
        REFRESH = "refresh"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    digest = models.CharField(max_length=64, unique=True)
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="tokens")
    grant = models.ForeignKey(Grant, models.CASCADE, related_name="tokens", null=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # The portal is told "a new access token makes the older one invalid": so it is here.
            models.UniqueConstraint(
                fields=["grant", "kind"],
                condition=Q(revoked_at=None, grant__isnull=False),
                name="sandbox_one_token_of_a_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} token of {self.registration_id}"

    @classmethod
    def issue_for_client(cls, registration: Registration) -> str:
        """A client token; several may be in use, by several workers of one company."""
        return cls._issue(registration, cls.Kind.CLIENT, None, TOKEN_LIFETIME)

    @classmethod
    @transaction.atomic
    def issue_for_grant(cls, grant: Grant, replacing: Token | None) -> tuple[str, str] | None:
        """A new access and refresh token; the older ones end.

        None if the refresh token that they replace was used meanwhile, or the grant revoked.
        """
        # One at a time for each grant, or two refreshes at once would each leave a pair behind.
        locked = Grant.objects.select_for_update().get(id=grant.id)
        current = cls.objects.filter(grant=grant, revoked_at=None)
        if not locked.is_active or (replacing and not current.filter(id=replacing.id).exists()):
            return None
        current.update(revoked_at=timezone.now())
        access = cls._issue(grant.registration, cls.Kind.ACCESS, grant, TOKEN_LIFETIME)
        refresh = cls._issue(grant.registration, cls.Kind.REFRESH, grant, None)
        return access, refresh

    @classmethod
    def _issue(
        cls,
        registration: Registration,
        kind: Token.Kind,
        grant: Grant | None,
        lifetime: timedelta | None,
    ) -> str:
        token = secrets.token_urlsafe(32)
        cls.objects.create(
            kind=kind,
            digest=digest(token),
            registration=registration,
            grant=grant,
            expires_at=None if lifetime is None else timezone.now() + lifetime,
        )
        return token

    @classmethod
    def find(cls, token: str) -> Token | None:
        """The row of a token that still counts."""
        found = (
            cls.objects.filter(digest=digest(token), revoked_at=None)
            .filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
            .select_related("grant", "registration")
            .first()
        )
        if found is None or (found.grant is not None and not found.grant.is_active):
            return None
        return found


class OneTimeCode(models.Model):
    """A passcode of six digits, for a customer. It follows from the uid, so it has no column."""

    uid = models.CharField(max_length=40, unique=True, default=new_uid)
    request = models.ForeignKey(ConsentRequest, models.CASCADE, related_name="passcodes")
    account = models.ForeignKey(UtilityAccount, models.CASCADE)
    # Shown on the page instead of being sent.
    is_shown = models.BooleanField(default=False)
    # How the page says where it went: masked.
    sent_to = models.CharField(max_length=254, blank=True)
    # It went to a contact that was typed for the test, which is not kept.
    contact_was_typed = models.BooleanField(default=False)
    tries = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"passcode of {self.account_id}"

    @property
    def code(self) -> str:
        """Six digits."""
        return f"{int.from_bytes(derive('passcode', self.uid)[:8]) % 1_000_000:06d}"

    @property
    def is_spent(self) -> bool:
        """Used, too old, or tried too often."""
        too_old = self.created_at + PASSCODE_LIFETIME <= timezone.now()
        too_often = self.tries >= TRIES and not self.account.is_test
        return self.used_at is not None or too_old or too_often

    def try_with(self, given: str) -> bool:
        """Count a try, then say whether it is the code. A right one is used up."""
        usable = type(self).objects.filter(
            Q(tries__lt=TRIES) | Q(account__is_test=True),
            id=self.id,
            used_at=None,
            created_at__gt=timezone.now() - PASSCODE_LIFETIME,
        )
        # Counted before it is compared, so that many tries at once do not get more than five.
        if not usable.update(tries=F("tries") + 1):
            return False
        if not constant_time_compare(given, self.code):
            return False
        return bool(
            type(self).objects.filter(id=self.id, used_at=None).update(used_at=timezone.now())
        )


class WrongTries(models.Model):
    """How often something wrong was said about an identifier, whether or not anybody has it.

    Counting unknown ones too keeps the lock from telling which account numbers exist.
    """

    utility = models.CharField(max_length=40)
    identifier = models.CharField(max_length=64)
    tries = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["utility", "identifier"], name="sandbox_tries_once_an_identifier"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tries} tries"

    @classmethod
    def is_locked(cls, utility: str, identifier: str) -> bool:
        """Whether there were five wrong tries, the last one within 15 minutes."""
        return (
            cls._of(utility, identifier).filter(tries__gte=TRIES, last_at__gt=_unlocked()).exists()
        )

    @classmethod
    def add(cls, utility: str, identifier: str) -> None:
        """Count one more; after a quarter of an hour without any, the count begins anew."""
        cls._of(utility, identifier).filter(last_at__lte=_unlocked()).delete()
        row, _ = cls.objects.get_or_create(utility=utility, identifier=_hidden(identifier))
        cls.objects.filter(id=row.id).update(tries=F("tries") + 1, last_at=timezone.now())

    @classmethod
    def forget(cls, utility: str, identifier: str) -> None:
        """The right answer was given."""
        cls._of(utility, identifier).delete()

    @classmethod
    def _of(cls, utility: str, identifier: str) -> models.QuerySet[WrongTries]:
        return cls.objects.filter(utility=utility, identifier=_hidden(identifier))


def _unlocked() -> datetime:
    return timezone.now() - LOCK_TIME


def _hidden(identifier: str) -> str:
    """An account number must not stand in a table of failures."""
    return derive("tries", identifier).hex()


def _spell(key: bytes) -> str:
    return urlsafe_b64encode(key).decode().rstrip("=")
