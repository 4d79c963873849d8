"""Encryption at rest: Fernet under FIELD_KEYS, newest key first.

Every value that is stored was encrypted with the newest key and can be read with any of them, so a
key is rotated by putting a new one in front; `manage.py rotate_keys` then writes the rows again.
"""

from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models


class WrongKeyError(ImproperlyConfigured):
    """Something in the database was encrypted with a key that FIELD_KEYS does not hold."""

    def __init__(self) -> None:
        super().__init__(
            "FIELD_KEYS does not hold the key with which this database was written. Put the "
            "earlier key back, behind the newer one. If it is lost, so is what it encrypted: start "
            "with an empty database (for the embedded one: delete var/)."
        )


@cache
def _keyring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(plain: bytes) -> bytes:
    """Encrypt with the newest of FIELD_KEYS."""
    return _keyring(tuple(settings.FIELD_KEYS)).encrypt(plain)


def decrypt(token: bytes) -> bytes:
    """Undo `encrypt`; raises WrongKeyError when no key of FIELD_KEYS fits."""
    try:
        return _keyring(tuple(settings.FIELD_KEYS)).decrypt(token)
    except InvalidToken:
        raise WrongKeyError from None


def is_newest(token: bytes) -> bool:
    """Whether the newest of FIELD_KEYS alone opens it."""
    try:
        _keyring(tuple(settings.FIELD_KEYS[:1])).decrypt(token)
    except InvalidToken:
        return False
    return True


def renewed(token: bytes) -> bytes:
    """The same text under the newest of FIELD_KEYS; raises WrongKeyError when no key fits."""
    try:
        return _keyring(tuple(settings.FIELD_KEYS)).rotate(token)
    except InvalidToken:
        raise WrongKeyError from None


class EncryptedTextField(models.TextField[str, str]):
    """Text that is encrypted in its column and plain in Python; the empty string stays empty."""

    description = "Text, encrypted at rest"

    def get_prep_value(self, value: Any) -> Any:
        """What is stored: a Fernet token."""
        return encrypt(str(value).encode()).decode("ascii") if value else value

    def from_db_value(
        self, value: str | None, expression: object, connection: object
    ) -> str | None:
        """What was stored, decrypted."""
        return decrypt(value.encode("ascii")).decode() if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Every token of a text differs, so a query can ask for absence only."""
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted and cannot be searched.")
        return super().get_lookup(lookup_name)
