"""The choices of a customer about what is shared, as the forms for them offer and send them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from utilities.sandbox.consenting.terms import DATA_WORDS, Terms, TermsError
from utilities.sandbox.models import Service


def choices(terms: Terms, services: Iterable[Service]) -> dict[str, Any]:
    """What `_choices.html` offers: everything that may be shared at most."""
    return {
        "services": list(services),
        "data": [(str(block), *DATA_WORDS[block]) for block in terms.data],
        "history_choices": [(str(seconds), words) for seconds, words in terms.history_choices()],
        "last_day": terms.last_day,
    }


def everything(terms: Terms, services: Iterable[Service]) -> dict[str, Any]:
    """All of it chosen."""
    return {
        "services": {service.uid for service in services},
        "data": {str(block) for block in terms.data},
        "history": str(terms.history),
        "until": terms.last_day.isoformat() if terms.last_day else "",
    }


def as_posted(request: HttpRequest) -> dict[str, Any]:
    """What the customer chose, for the form that comes back with an error."""
    return {
        "services": set(request.POST.getlist("service")),
        "data": set(request.POST.getlist("data")),
        "history": request.POST.get("history", ""),
        "until": request.POST.get("until", ""),
    }


def chosen_services(offered: Iterable[Service], uids: list[str]) -> list[Service]:
    """The services with these uids. Raises TermsError for none, and for one not offered."""
    chosen = [service for service in offered if service.uid in uids]
    if not chosen:
        raise TermsError("nothing_chosen", "Please choose at least one service to share.")
    if len(chosen) < len(set(uids)):
        raise TermsError("too_wide", "One of these services is not among those to choose from.")
    return chosen
