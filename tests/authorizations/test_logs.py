"""No token, code, state or personal data reaches a log, whatever happens on the way."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from authorizations import flows
from authorizations.models import Authorization, ConnectAttempt, ShareLink
from authorizations.tokens import fresh_access_token
from tests.cast import Person
from tests.lying_utility import LyingUtility
from utilities.client import UtilityError
from utilities.models import Utility

PHONE = "111-111-1111"


def echo(*secrets: str) -> dict[str, str]:
    return {"error": "odd", "error_description": f"no luck with {' and '.join(secrets)}"}


def test_a_whole_flow_logs_no_secret(
    lying: LyingUtility,
    utility: Utility,
    ada: Person,
    granted: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    # It repeats what it was sent, as a careless server does.
    lying.answer("/token", 400, json=echo("the-code", "the-client-secret"))
    lying.answer("/token", json=granted)
    lying.answer("/token", 503, json=echo("the-refresh-token", "the-client-secret"))
    lying.answer("/token", 400, json=echo("the-refresh-token"))
    lying.answer("/token", json={"token_type": "Bearer", "access_token": "the-client-token"})
    lying.answer("/resource/Authorization/1", 403, json=echo("the-client-token"))
    link = ShareLink.objects.create(
        utility=utility, authentication_type="phone", authentication_value=PHONE
    )
    states = []
    for error in ("access_denied", "server_error"):
        states.append(ada.begins(utility))
        ada.comes_back(utility, state=states[-1], error=error, error_description="no")
    ada.comes_back(utility, state="a-wrong-state", code="the-code")
    for _ in range(2):
        url = ada.sets_out(f"/share/{link.code}/").headers["Location"]
        states.append(url.rpartition("state=")[2])
        ada.comes_back(utility, state=states[-1], code="the-code")
    authorization = Authorization.objects.get()
    for _ in ("passing", "permanent"):
        with pytest.raises(UtilityError):
            fresh_access_token(authorization, refused="the-access-token")
    flows.disconnect(authorization, "customer")

    told = caplog.text + "".join(attempt.reason for attempt in ConnectAttempt.objects.all())
    assert "declined: access_denied: no" in told
    assert "odd: no luck with … and …" in told
    assert "refresh for authorization" in told
    assert "could not be told to end a grant" in told
    for secret in (
        "the-code",
        "the-access-token",
        "the-refresh-token",
        "the-client-secret",
        "the-client-token",
        "a-wrong-state",
        PHONE,
        ada.cookie,
        link.code,
        *states,
    ):
        assert secret not in told
