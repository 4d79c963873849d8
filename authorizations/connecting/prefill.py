"""What a customer, or a share link, tells the utility beforehand: who is going to sign in."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError
from greenbutton.espi.scope import Authentication
from utilities.models import Utility

MAX_LENGTH = 200
HIDDEN = "•••"


def read(utility: Utility, way: str, value: str) -> Authentication | None:
    """The way to sign in that was chosen, with its value; None where the utility shall ask.

    Raises ValidationError with a sentence.
    """
    way, value = way.strip(), value.strip()
    if not way:
        if value:
            raise ValidationError(gettext("Please choose what it is that you filled in."))
        return None
    takes_value = {known["type"]: known["takes_value"] for known in utility.authentication_ways}
    if way not in takes_value:
        words = gettext("%(utility)s does not offer this way to sign in.")
        raise ValidationError(words % {"utility": utility.name})
    if value and not takes_value[way]:
        raise ValidationError(gettext("This way to sign in takes nothing to fill in."))
    if len(value) > MAX_LENGTH:
        words = gettext("Please fill in at most %(number)s characters.")
        raise ValidationError(words % {"number": MAX_LENGTH})
    chosen = Authentication(way, value or None)
    asked(espi_scope.Scope((4,)), chosen)
    return chosen


def takes_email(utility: Utility) -> bool:
    """Whether its customers can be found by an e-mail address."""
    ways = utility.authentication_ways
    return any(way["type"] == "email" and way["takes_value"] for way in ways)


def asked(scope: espi_scope.Scope, chosen: Authentication | None) -> str:
    """The scope as it goes into the authorize URL; raises ValidationError with a sentence."""
    try:
        return espi_scope.build(scope.with_authentication(*chosen) if chosen else scope)
    except ScopeError as e:
        raise ValidationError(str(e)) from e


def mask(way: str, value: str) -> str:
    """Enough of a value for its owner to know it again, and for nobody else to use it."""
    if way == "email" and "@" in value:
        name, _, domain = value.rpartition("@")
        return f"{name[:1]}{HIDDEN}@{domain}"
    if way == "address" and "," in value:
        return f"{HIDDEN}, {value.rpartition(',')[2].strip()}"
    shown = 4 if len(value) >= 8 else 0
    return f"{HIDDEN}{value[len(value) - shown :]}"
