"""E-mail addresses as people type them, and as pages show them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from authorizations.connecting import prefill

# RFC 5321 §4.5.3.1.3, less the angle brackets; and what an account's column holds.
MAX_LENGTH = 254

# No local names: what this machine's own mail would reach.
_is_an_address = EmailValidator(allowlist=[])
# Quoted names and domain literals (RFC 5321 §4.1.2): legal, and never a customer's.
_ODD = frozenset('"[]()<>,;:\\ ')


def read(typed: str) -> str:
    """The address in its one spelling; raises ValidationError with a sentence.

    Lower case throughout: no provider that we know tells "Ada@" and "ada@" apart. What is behind a
    plus is part of it. Only ASCII: letters that merely look, or fold, alike ("ı" and "i") would let
    one person prove another one's address.
    """
    address = typed.strip()
    if not address:
        raise ValidationError("Please type your e-mail address.")
    if len(address) > MAX_LENGTH:
        raise ValidationError("This is too long for an e-mail address.")
    if not address.isascii():
        raise ValidationError(
            "This address has letters that we cannot write to. Please use one of plain letters."
        )
    if _ODD & set(address):
        raise ValidationError("This is not an e-mail address. It should look like ada@example.com.")
    try:
        _is_an_address(address)
    except ValidationError:
        raise ValidationError(
            "This is not an e-mail address. It should look like ada@example.com."
        ) from None
    return address.lower()


def masked(address: str) -> str:
    """Enough of an address for its owner to know it again; empty for none."""
    return prefill.mask("email", address) if address else ""
