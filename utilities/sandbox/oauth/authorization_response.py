"""Where the customer returns to, and what the company learns there (RFC 6749 §4.1.2)."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit, urlunsplit

from utilities.sandbox.models import ConsentRequest


def return_address(asking: ConsentRequest, **answer: str) -> str:
    """The company's own address with the answer, and the state that it sent."""
    state = asking.state if asking.has_state else None
    return answer_address(asking.programme.issuer, asking.redirect_uri, state, **answer)


def answer_address(issuer: str, redirect_uri: str, state: str | None, **answer: str) -> str:
    """The redirect URI with more in its query; what it held stays (RFC 6749 §3.1.2)."""
    # RFC 9207 §2: who answers, so that an answer cannot be passed off as another utility's.
    answer["iss"] = issuer
    if state is not None:
        answer["state"] = state
    parts = urlsplit(redirect_uri)
    query = f"{parts.query}&{urlencode(answer)}" if parts.query else urlencode(answer)
    return urlunsplit(parts._replace(query=query))
