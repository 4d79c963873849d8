"""Codes that were e-mailed: who types one back reads the address that it went to."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from authorizations.models.hashing import digest, email_digest
from utilities.encrypted import EncryptedTextField

CODE_LIFETIME = timedelta(minutes=10)
CODE_TRIES = 5
NEXT_LENGTH = 500


class EmailCode(models.Model):
    """A code on its way to an address, for the one browser that asked for it.

    A browser waits for one code at a time. The row goes when the code is spent, replaced or stale.
    """

    browser_hash = models.CharField(max_length=64, unique=True)
    # Not in the session, which is kept unencrypted.
    address = EncryptedTextField()
    address_digest = models.CharField(max_length=64, db_index=True)
    # Whether it was offered to the browser, which has not shown that it knows it: shown masked.
    is_offered = models.BooleanField(default=False)
    # Keyed, since eight digits can be guessed and hashed by whoever has a copy. Blank where an
    # address is not to be proved by a code: then none is right.
    code_hash = models.CharField(max_length=64, blank=True)
    # The account that asked to have this address from now on; none for signing in.
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True)
    # The page that the customer wanted; a path of this site.
    next_path = models.CharField(max_length=NEXT_LENGTH, blank=True)
    created = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    tries_left = models.PositiveSmallIntegerField(default=CODE_TRIES)

    def __str__(self) -> str:
        return f"code {self.pk}"

    @classmethod
    def replace(
        cls,
        browser: str,
        address: str,
        code: str,
        *,
        account_id: int | None = None,
        is_offered: bool = False,
        next_path: str = "",
    ) -> Self:
        """Let the browser wait for this code, and for none that it was sent before.

        A blank code is never right.
        """
        now = timezone.now()
        cls.forget_stale()
        waiting, _ = cls.objects.update_or_create(
            browser_hash=digest(browser),
            defaults={
                "address": address,
                "address_digest": email_digest(address),
                "is_offered": is_offered,
                "code_hash": _hash(browser, code) if code else "",
                "account_id": account_id,
                "next_path": next_path,
                "created": now,
                "expires_at": now + CODE_LIFETIME,
                "tries_left": CODE_TRIES,
            },
        )
        return waiting

    @classmethod
    def awaited_by(cls, browser: str) -> Self | None:
        """What this browser waits for, while it is good."""
        return cls._awaited(browser).filter(tries_left__gt=0).first() if browser else None

    @classmethod
    def try_code(cls, browser: str, typed: str) -> tuple[Self | None, bool]:
        """Spend one try: what the browser waits for (None when it is over), whether it is right.

        One UPDATE takes the try before anything is compared, so of a hundred guesses at once no
        more than the tries are looked at. One DELETE decides who has a right code.
        """
        awaited = cls._awaited(browser)
        if not browser or not awaited.filter(tries_left__gt=0).update(
            tries_left=F("tries_left") - 1
        ):
            return None, False
        waiting = awaited.first()
        if waiting is None:
            return None, False
        if waiting.code_hash and constant_time_compare(waiting.code_hash, _hash(browser, typed)):
            mine = cls.objects.filter(pk=waiting.pk, code_hash=waiting.code_hash)
            return (waiting, True) if mine.delete()[0] else (None, False)
        return waiting, False

    @classmethod
    def _awaited(cls, browser: str) -> models.QuerySet[Self]:
        return cls.objects.filter(browser_hash=digest(browser), expires_at__gt=timezone.now())

    @classmethod
    def forget_stale(cls) -> int:
        """Delete those whose time is over; returns how many."""
        return cls.objects.filter(expires_at__lte=timezone.now()).delete()[0]

    @classmethod
    def forget(cls, address_hash: str) -> None:
        """Delete what waits at this address (as `email_digest` has it)."""
        cls.objects.filter(address_digest=address_hash).delete()


def _hash(browser: str, code: str) -> str:
    digits = "".join(character for character in code[:40] if character.isalnum())
    return salted_hmac(
        "authorizations.email_code", f"{browser}:{digits}", algorithm="sha256"
    ).hexdigest()
