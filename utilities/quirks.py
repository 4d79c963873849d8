"""How a utility deviates from the standard, as data: only `utilities.client` reads it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Quirks:
    """One field a deviation; the default is the standard's way."""

    # RFC 7636. The platform of SSMPUC and SVCE does not document PKCE (2026-11), and ignores
    # parameters it does not know; the sandbox accepts it.
    takes_pkce: bool = False

    # SilverBlaze first GETs the notify address with hub_challenge, and posts to nobody who does not
    # echo it.
    echoes_hub_challenge: bool = False

    # By the standard a client token opens Bulk and Authorization entries, and no
    # customer's own subscription.
    client_token_reads_subscriptions: bool = False

    @classmethod
    def read(cls, stored: dict[str, Any]) -> Quirks:
        """From a registry file or a row; a name that is not a quirk is refused with a KeyError."""
        known = {field.name for field in fields(cls)}
        if unknown := set(stored) - known:
            raise KeyError(f"not a quirk: {', '.join(sorted(unknown))}")
        return cls(**stored)
