"""Proof Key for Code Exchange (RFC 7636), with S256 only.

The other method, plain, would put the secret into the address.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode

from django.utils.crypto import constant_time_compare

# §4.1.
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
# §4.2: an SHA-256 in base64url.
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


def is_challenge(text: str) -> bool:
    """Whether it can be the challenge of any verifier."""
    return CHALLENGE.fullmatch(text) is not None


def challenge_of(verifier: str) -> str:
    """§4.2."""
    hashed = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(hashed).decode().rstrip("=")


def fits(verifier: str, challenge: str) -> bool:
    """Whether the verifier can be one, and is the one that the challenge was made of (§4.6)."""
    return VERIFIER.fullmatch(verifier) is not None and constant_time_compare(
        challenge_of(verifier), challenge
    )
