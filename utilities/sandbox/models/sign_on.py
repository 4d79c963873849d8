"""A customer at the utility's OpenID provider."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from django.db import models
from django.utils import timezone

from utilities.sandbox.models.accounts import UtilityAccount
from utilities.sandbox.models.naming import digest, new_uid

SIGN_ON_LIFETIME = timedelta(minutes=30)
SIGN_ON_CODE_LIFETIME = timedelta(minutes=1)


class SignOn(models.Model):
    """One visit at the provider, from its authorize address to the ID token.

    Bound to the browser that brought it. Once the customer has signed in it holds the digest of the
    code, which works once and soon.
    """

    uid = models.CharField(max_length=40, unique=True, default=new_uid)
    browser = models.CharField(max_length=64)
    utility = models.CharField(max_length=40)
    redirect_uri = models.CharField(max_length=2000)
    state = models.CharField(max_length=2000, blank=True)
    nonce = models.CharField(max_length=300, blank=True)
    code_challenge = models.CharField(max_length=128)
    login_hint = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    account = models.ForeignKey(UtilityAccount, models.CASCADE, null=True)
    # When the customer gave the password: maybe on an earlier visit.
    signed_in_at = models.DateTimeField(null=True)
    code_digest = models.CharField(max_length=64, blank=True, db_index=True)
    code_made_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.uid

    @classmethod
    def waiting(cls) -> models.QuerySet[SignOn]:
        """Those that nobody has signed in for."""
        return cls.objects.filter(account=None, created_at__gt=timezone.now() - SIGN_ON_LIFETIME)

    @classmethod
    def forget_old(cls) -> None:
        """Delete what can do nothing any more."""
        cls.objects.filter(created_at__lte=timezone.now() - SIGN_ON_LIFETIME).delete()

    @classmethod
    def of_code(cls, code: str) -> SignOn | None:
        """The visit whose code this is, used and stale ones too."""
        return cls.objects.select_related("account").filter(code_digest=digest(code)).first()

    def signed_in(self, account: UtilityAccount, at: float) -> str:
        """The customer is known, since `at` in UTC seconds; the code for it."""
        code = secrets.token_urlsafe(32)
        self.account = account
        self.signed_in_at = datetime.fromtimestamp(at, UTC)
        self.code_digest, self.code_made_at = digest(code), timezone.now()
        self.save()
        return code

    @property
    def is_stale(self) -> bool:
        """Whether the code is too old to be traded."""
        return (
            self.code_made_at is None or self.code_made_at + SIGN_ON_CODE_LIFETIME <= timezone.now()
        )

    def spend(self) -> bool:
        """Use the code; False if somebody did before."""
        unused = type(self).objects.filter(id=self.id, used_at=None)
        return bool(unused.update(used_at=timezone.now()))
