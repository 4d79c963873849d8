"""The way on to the company's own site, once a customer has said yes or no."""

from __future__ import annotations

from urllib.parse import urlsplit

from authorizations.links.parameters import with_query
from authorizations.models import Authorization, ConnectAttempt, ReturnAddress


def address_back(attempt: ConnectAttempt, **said: str) -> str:
    """Where the customer goes, with the company's own state and what is `said`; empty for nowhere.

    An address that was withdrawn while the customer was at the utility is not used any more.
    """
    if not attempt.return_url or ReturnAddress.registered(attempt.return_url) is None:
        return ""
    state = {"state": attempt.return_state} if attempt.return_state else {}
    return with_query(attempt.return_url, {**state, **said})


def attempt_of(authorization: Authorization) -> ConnectAttempt | None:
    """The attempt that made it last, if it leads on to the company's site."""
    return authorization.attempts.exclude(return_url="").order_by("-created").first()


def host_of(url: str) -> str:
    """What customers know the site by."""
    return urlsplit(url).hostname or ""
