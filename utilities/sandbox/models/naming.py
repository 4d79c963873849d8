"""How rows are named, and how secrets are kept: as a digest, or derived and not kept at all."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode

from django.conf import settings
from django.utils.crypto import salted_hmac

# Below this address all ESPI resources lie.
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


def spell(key: bytes) -> str:
    """A key in letters that can be copied."""
    return urlsafe_b64encode(key).decode().rstrip("=")
