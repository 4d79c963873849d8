"""What is kept only as a hash, so that a copy of the database opens nothing."""

from __future__ import annotations

import hashlib

from django.utils.crypto import salted_hmac


def digest(value: str) -> str:
    """SHA-256 in hex: for states and browsers, which nobody can guess."""
    return hashlib.sha256(value.encode()).hexdigest()


def grant_digest(uri: str) -> str:
    """A keyed hash of a grant's address at the utility, in hex: by it the grant is known again."""
    return salted_hmac("authorizations.grant", uri, algorithm="sha256").hexdigest() if uri else ""


def email_digest(email: str) -> str:
    """A keyed hash of an e-mail address, in hex; empty for none. Spelling is not told apart.

    Keyed by SECRET_KEY, since addresses can be guessed and hashed by whoever has a copy.
    """
    normal = email.strip().lower()
    if not normal:
        return ""
    return salted_hmac("authorizations.email", normal, algorithm="sha256").hexdigest()
