"""A replayed callback: its address is taken from a history, a log, or over a shoulder."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.db import connection

from authorizations.models import Authorization, ConnectAttempt
from tests.at_the_sandbox import decide
from tests.cast import Person
from tests.lying_utility import LyingUtility
from utilities.models import Utility

Comes = Callable[[], Any]


def test_a_callback_that_was_answered_opens_nothing_for_whoever_has_its_address(
    svce: Utility, at_utility: httpx.Client, ada: Person, cy: Person
) -> None:
    params = decide(at_utility, svce, ada, "allow")
    first = ada.comes_back(svce, **params)
    authorization = Authorization.objects.get()
    before = authorization.access_token
    assert cy.comes_back(svce, **params).status_code == 400
    assert not cy.sees(authorization)
    again = ada.comes_back(svce, **params)
    assert again.url == first.url
    authorization.refresh_from_db()
    assert authorization.access_token == before
    assert Authorization.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_once_one_is_traded(
    utility: Utility, lying: LyingUtility, ada: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    state = ada.begins(utility)

    def come(_: int) -> int:
        try:
            mine = Person("Ada", ada.cookie)
            return int(mine.comes_back(utility, state=state, code="a-code").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(come, range(8)))
    assert len(lying.asked("/token")) == 1
    assert Authorization.objects.count() == 1
    # Whoever came while the first one was traded is told to open the link again.
    assert set(statuses) <= {302, 400}
    assert 302 in statuses


def test_the_state_of_a_yes_cannot_be_used_for_a_no_afterwards(
    utility: Utility, lying: LyingUtility, ada: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    state = ada.begins(utility)
    ada.comes_back(utility, state=state, code="a-code")
    ada.comes_back(utility, state=state, error="access_denied")
    assert Authorization.objects.get().status == Authorization.Status.ACTIVE
    assert ConnectAttempt.objects.get().reason == ""


def test_the_state_of_a_no_cannot_be_used_for_a_yes_afterwards(
    utility: Utility, lying: LyingUtility, ada: Person
) -> None:
    state = ada.begins(utility)
    ada.comes_back(utility, state=state, error="access_denied")
    assert ada.comes_back(utility, state=state, code="a-code").status_code == 400
    assert lying.requests == []


def test_after_stopping_the_old_callback_connects_nothing_anew(
    utility: Utility, lying: LyingUtility, ada: Person, granted: dict[str, Any]
) -> None:
    lying.answer("/token", json=granted)
    lying.answer("/resource/Authorization/1", 204)
    state = ada.begins(utility)
    ada.comes_back(utility, state=state, code="a-code")
    authorization = Authorization.objects.get()
    ada.browser.post(f"/connections/{authorization.uid}/disconnect/")
    traded = len(lying.asked("/token"))
    ada.comes_back(utility, state=state, code="a-code")
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.REVOKED
    assert authorization.access_token == ""
    assert len(lying.asked("/token")) == traded
