"""The code that a consent ends with, and the tokens that it is traded for."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from greenbutton.espi import scope as scopes
from utilities.sandbox.models.consents import Grant
from utilities.sandbox.models.naming import digest
from utilities.sandbox.models.registrations import Registration

# RFC 6749 §4.1.2: at most ten minutes; the certification tests expect six.
CODE_LIFETIME = timedelta(minutes=5)
TOKEN_LIFETIME = timedelta(seconds=3600)


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
    # Empty for all that the grant allows; a client token has one of its own.
    scope = models.CharField(max_length=scopes.MAX_LENGTH, blank=True)
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
    def issue_for_client(cls, registration: Registration, scope: str) -> str:
        """A client token; several may be in use, by several workers of one company."""
        return cls._issue(registration, cls.Kind.CLIENT, None, TOKEN_LIFETIME, scope)

    @classmethod
    @transaction.atomic
    def issue_for_grant(
        cls, grant: Grant, replacing: Token | None, scope: str
    ) -> tuple[str, str] | None:
        """A new access and refresh token; the older ones end.

        Only the access token is held to a narrower scope: the refresh token keeps the grant's
        (RFC 6749 §6). None if the refresh token that they replace was used meanwhile, or the
        grant revoked.
        """
        # One at a time for each grant, or two refreshes at once would each leave a pair behind.
        locked = Grant.objects.select_for_update().get(id=grant.id)
        current = cls.objects.filter(grant=grant, revoked_at=None)
        if not locked.is_active or (replacing and not current.filter(id=replacing.id).exists()):
            return None
        current.update(revoked_at=timezone.now())
        access = cls._issue(grant.registration, cls.Kind.ACCESS, grant, TOKEN_LIFETIME, scope)
        refresh = cls._issue(grant.registration, cls.Kind.REFRESH, grant, None, "")
        return access, refresh

    @classmethod
    def _issue(
        cls,
        registration: Registration,
        kind: Token.Kind,
        grant: Grant | None,
        lifetime: timedelta | None,
        scope: str,
    ) -> str:
        token = secrets.token_urlsafe(32)
        cls.objects.create(
            kind=kind,
            digest=digest(token),
            registration=registration,
            grant=grant,
            scope=scope,
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

    @classmethod
    def find_used_refresh(cls, token: str) -> Token | None:
        """The row of a refresh token that was replaced or revoked."""
        return (
            cls.objects.filter(
                digest=digest(token), kind=cls.Kind.REFRESH, revoked_at__isnull=False
            )
            .select_related("grant")
            .first()
        )

    def revoke(self) -> None:
        """Give the token back (RFC 7009 §2.1): with a refresh token the whole consent ends."""
        if self.kind == self.Kind.REFRESH and self.grant is not None:
            self.grant.revoke()
        type(self).objects.filter(id=self.id, revoked_at=None).update(revoked_at=timezone.now())
