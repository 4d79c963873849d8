"""The key that ID tokens are signed with."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from joserfc.jwk import ECKey, KeySet, KeySetSerialization

from utilities.sandbox.models import derive

# RFC 7518 §3.4.
ALGORITHM = "ES256"
# FIPS 186-5: the order of P-256. A private key is a number from 1 to one less than it.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def signing_key() -> ECKey:
    """The provider's key pair. Like a client's secret it is derived, and stored nowhere."""
    return _derived(settings.SECRET_KEY)


def public_keys() -> KeySetSerialization:
    """The JWK set that everybody may have (RFC 7517 §5)."""
    return KeySet([signing_key()]).as_dict(private=False)


@cache
def _derived(_installation: str) -> ECKey:
    number = int.from_bytes(derive("openid", "signing key")) % (ORDER - 1) + 1
    key = ec.derive_private_key(number, ec.SECP256R1())
    jwk = ECKey.import_key(key, {"use": "sig", "alg": ALGORITHM})
    jwk.ensure_kid()  # RFC 7638: the thumbprint
    return jwk
