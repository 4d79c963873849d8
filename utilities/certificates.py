"""Client certificates (RFC 8705 §2): what staff type in is checked before it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from django.utils import timezone

# A chain of three certificates has about 6 kB.
MAX_LENGTH = 50_000


class CertificateError(ValueError):
    """What is wrong with a certificate or its key: a sentence that repeats nothing of the key."""


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What may be shown of a certificate."""

    subject: str
    issuer: str
    ends: datetime


def facts_of(pem: str) -> CertificateFacts:
    """Whose certificate it is and how long it is good; raises CertificateError."""
    first = _certificates(pem)[0]
    return CertificateFacts(
        first.subject.rfc4514_string(), first.issuer.rfc4514_string(), first.not_valid_after_utc
    )


def check(pem: str, key_pem: str) -> CertificateFacts:
    """The certificate and its key belong together and are good today; raises CertificateError."""
    facts = facts_of(pem)
    if facts.ends <= timezone.now():
        raise CertificateError(f"This certificate ended on {facts.ends:%Y-%m-%d}.")
    key = _public_key(key_pem)
    shape = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key != _certificates(pem)[0].public_key().public_bytes(*shape):
        raise CertificateError(
            "The key is not that of the certificate. The certificate itself comes first, then "
            "those that it hangs on."
        )
    return facts


def _certificates(pem: str) -> list[x509.Certificate]:
    if len(pem) > MAX_LENGTH:
        raise CertificateError("This is longer than any chain of certificates.")
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError as e:
        raise CertificateError(
            "This is not a certificate in PEM: it begins with -----BEGIN CERTIFICATE-----."
        ) from e


def _public_key(pem: str) -> bytes:
    """The public half of a private key, for comparison."""
    if len(pem) > MAX_LENGTH:
        raise CertificateError("This is longer than any key.")
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except TypeError as e:
        raise CertificateError(
            "The key is locked with a passphrase. Please take that away: here it is encrypted."
        ) from e
    except ValueError as e:
        raise CertificateError(
            "This is not a private key in PEM: it begins with -----BEGIN PRIVATE KEY-----."
        ) from e
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
