"""The whole way with a utility that is another process: consent there, tokens here, and the end."""

from __future__ import annotations

import io

import httpx
import pytest

from authorizations.models import Authorization
from authorizations.tokens import fresh_access_token
from tests.at_the_sandbox import connect, decide
from tests.cast import Person
from utilities.client import GreenButtonClient, Problem, UtilityError
from utilities.models import Utility


def test_ada_says_yes_and_her_feed_can_be_fetched(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    authorization = connect(at_utility, svce, ada)
    assert authorization.is_test
    assert "AdditionalScope" not in authorization.scope
    assert authorization.granted_less_than_asked() == []
    feed = io.BytesIO()
    assert authorization.client is not None
    size = GreenButtonClient(authorization.client).fetch_feed(
        authorization.resource_uri,
        fresh_access_token(authorization),
        into=feed,
        max_bytes=100_000_000,
        deadline_seconds=120,
    )
    assert size == len(feed.getvalue())
    assert b"IntervalBlock" in feed.getvalue()


def test_a_refresh_rotates_and_the_old_access_token_is_over(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    authorization = connect(at_utility, svce, ada)
    old = authorization.access_token
    new = fresh_access_token(authorization, refused=old)
    assert new != old
    assert authorization.client is not None
    door = GreenButtonClient(authorization.client)
    with pytest.raises(UtilityError) as caught:
        door.fetch_feed(
            authorization.resource_uri,
            old,
            into=io.BytesIO(),
            max_bytes=100_000_000,
            deadline_seconds=120,
        )
    assert caught.value.code == Problem.HTTP_401


def test_ada_says_no_and_nothing_is_kept(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    answer = ada.comes_back(svce, **decide(at_utility, svce, ada, "deny"))
    assert answer.url == f"/connect/{svce.slug}/"
    assert not Authorization.objects.exists()


def test_stopping_ends_the_grant_at_the_utility(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    authorization = connect(at_utility, svce, ada)
    refresh_token = authorization.refresh_token
    ada.browser.post(f"/connections/{authorization.uid}/disconnect/")
    page = ada.browser.get(f"/connections/{authorization.uid}/stopped/").content.decode()
    assert "knows that you no longer share" in page
    assert authorization.client is not None
    with pytest.raises(UtilityError) as caught:
        GreenButtonClient(authorization.client).refresh(refresh_token)
    assert (caught.value.code, caught.value.permanent) == ("invalid_grant", True)


def test_a_wrong_secret_pauses_our_client_and_nothing_else(
    svce: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    authorization = connect(at_utility, svce, ada)
    client = authorization.client
    assert client is not None
    client.client_secret = "wrong"
    client.save()
    with pytest.raises(UtilityError) as caught:
        fresh_access_token(authorization, refused=authorization.access_token)
    assert caught.value.code == "invalid_client"
    client.refresh_from_db()
    authorization.refresh_from_db()
    assert client.paused_at is not None
    assert authorization.status == Authorization.Status.ACTIVE
