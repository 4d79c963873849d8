"""Started at the utility: it sends a customer, who is signed in there, to us with scopes to choose.

ESPI calls our address the third party's scope selection screen. What comes is a wish, and anybody
may have written it: nothing begins until the customer presses our button, and no more is asked
for than our registration asks for anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext

from authorizations import flows
from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError
from greenbutton.espi.scope import Scope
from utilities.models import Client

MOST_SCOPES = 10
LONGEST_SCOPE = 1000
# How a data custodian names itself and us; looked at for their shape only.
IDS = ("DataCustodianID", "ThirdPartyID")
LONGEST_ID = 200
UNSAID_END = timedelta(days=3 * 365)


class SelectionError(Exception):
    """Why nothing can be chosen from what the utility sent, in a sentence for the customer."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the scopes to choose from, as it would be asked for."""

    value: str
    scope: Scope


def choices(client: Client, given: QueryDict) -> list[Choice]:
    """What the customer may choose from: each offer, without what we do not ask for.

    Without an offer it is what the registration says. Raises SelectionError.
    """
    for name in IDS:
        for value in given.getlist(name):
            if len(value) > LONGEST_ID or not value.isprintable():
                raise SelectionError(gettext("The utility’s request is garbled."))
    offered = given.getlist("scope")
    if len(offered) > MOST_SCOPES:
        raise SelectionError(gettext("The utility offers more than can be shown."))
    ours = flows.asked_scope(client)
    if not offered:
        return [Choice(espi_scope.build(ours), ours)]
    found = dict.fromkeys(filter(None, (_narrowed(ours, text) for text in offered)))
    if not found:
        raise SelectionError(gettext("Nothing of what the utility offers is what we ask for."))
    return [Choice(text, espi_scope.parse(text)) for text in found]


def chosen(client: Client, text: str) -> Scope:
    """The scope that was chosen on our page; raises SelectionError for more than we ask for."""
    ours = flows.asked_scope(client)
    narrowed = _narrowed(ours, text)
    if not narrowed or narrowed != text:
        raise SelectionError(gettext("Please choose again: what was sent is none of the choices."))
    return espi_scope.parse(narrowed)


def _narrowed(ours: Scope, text: str) -> str:
    """What we ask for, less what the offer leaves out; empty where nothing is left."""
    if len(text) > LONGEST_SCOPE:
        raise SelectionError(gettext("The utility’s request is garbled."))
    try:
        offer = espi_scope.parse(text)
        kept = [block for block in ours.function_blocks if block in offer.function_blocks]
        if not kept:
            return ""
        return espi_scope.build(
            ours.narrow(
                function_blocks=kept,
                history_length=_smaller(_history(ours), offer.history_length),
                end_date=_sooner(ours.end_date, offer.end_date),
            )
        )
    except ScopeError as e:
        raise SelectionError(gettext("The utility’s request is garbled.")) from e


def _history(scope: Scope) -> int:
    length = scope.history_length
    return espi_scope.DEFAULT_HISTORY_LENGTH if length is None else length


def _smaller(ours: int, offered: int | None) -> int | None:
    """The offered length where it is less; None leaves ours as it is written."""
    return offered if offered is not None and offered < ours else None


def _sooner(ours: int | None, offered: int | None) -> int | None:
    """The offered end where it is sooner; 0 is for ever. None leaves ours as it is written."""
    # Where we do not say, the platform ends it after three years.
    latest = ours or (None if ours == 0 else int((timezone.now() + UNSAID_END).timestamp()))
    if not offered or (latest is not None and offered >= latest):
        return None
    return offered
