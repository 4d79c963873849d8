"""A grant that was ended here is ended at the utility too: at once, or within 72 hours."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Value
from django.utils import timezone

from authorizations import flows
from authorizations.ending import giving_back
from authorizations.models import Authorization
from authorizations.tasks import tell_utilities
from tests import cast
from tests.cast import Person, authorize, make_staff
from tests.lying_utility import LyingUtility, Request
from tests.staff.conftest import page_of, press, says, signed_in
from utilities.encrypted import WrongKeyError
from utilities.models import Client, Utility

CLIENT_TOKEN = {"token_type": "Bearer", "access_token": "client-token", "expires_in": 3600}
GRANT = "/resource/Authorization/1"


@pytest.fixture
def stopped(lying: LyingUtility, utility: Utility, ada: Person) -> Authorization:
    """One that its customer has stopped while the utility was down."""
    lying.answer("/token", 503)
    authorization = authorize(ada, utility)
    assert not flows.disconnect(authorization, "customer")
    return now(authorization)


def now(authorization: Authorization) -> Authorization:
    authorization.refresh_from_db()
    return authorization


def hours_pass(authorization: Authorization, hours: float) -> None:
    """All that lies ahead, or behind, has come nearer, or gone, by so many hours."""
    row, passed = now(authorization), timedelta(hours=hours)
    assert row.revoked_at
    assert row.tell_utility_at
    Authorization.objects.filter(pk=row.pk).update(
        revoked_at=row.revoked_at - passed, tell_utility_at=row.tell_utility_at - passed
    )


def comes_back(lying: LyingUtility, status: int = 200) -> None:
    for path in ("/token", GRANT):
        lying.forget(path)
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer(GRANT, status)


def deletes(lying: LyingUtility) -> list[Request]:
    return [one for one in lying.asked(GRANT) if one.method == "DELETE"]


def told_types(authorization: Authorization) -> list[str]:
    return [
        event.type.removeprefix("authorization_")
        for event in authorization.events.order_by("id")
        if "utility" in event.type
    ]


def test_a_utility_that_is_down_for_a_day_is_told_when_it_is_up(
    lying: LyingUtility, stopped: Authorization, ada: Person
) -> None:
    tries = stopped.tell_tries
    for _ in range(24):
        hours_pass(stopped, 1)
        assert tell_utilities() == 0
    row = now(stopped)
    assert row.tell_tries == tries + 24
    assert row.is_being_told()
    assert row.authorization_uri
    page = ada.browser.get(f"/connections/{stopped.uid}/stopped/").content.decode()
    assert "is being told that you no longer share" in page
    comes_back(lying)
    hours_pass(stopped, 1)
    assert tell_utilities() == 1
    row = now(stopped)
    assert (row.is_being_told(), row.could_not_be_told()) == (False, False)
    assert row.utility_told_at is not None
    # It was kept for this alone.
    assert row.authorization_uri == ""
    assert told_types(stopped) == ["utility_told"]
    page = ada.browser.get(f"/connections/{stopped.uid}/stopped/").content.decode()
    assert "knows that you no longer share" in page
    assert len(deletes(lying)) == 1
    assert tell_utilities() == 0


def test_it_is_ended_with_the_clients_own_token_never_the_customers(
    lying: LyingUtility, stopped: Authorization
) -> None:
    comes_back(lying)
    hours_pass(stopped, 1)
    tell_utilities()
    [delete] = deletes(lying)
    assert delete.headers["authorization"] == "Bearer client-token"
    sent = [one.headers.get("authorization", "") + one.body.decode() for one in lying.requests]
    assert not any("the-access-token" in one or "the-refresh-token" in one for one in sent)


@pytest.mark.parametrize("status", [200, 202, 204, 404, 410])
def test_gone_is_as_good_as_ended(
    lying: LyingUtility, utility: Utility, ada: Person, status: int
) -> None:
    comes_back(lying, status)
    authorization = authorize(ada, utility)
    assert flows.disconnect(authorization, "customer")
    assert now(authorization).utility_told_at is not None


@pytest.mark.spec("RFC 6750", "3.1")
def test_a_client_token_that_is_refused_is_renewed_once(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    lying.answer("/token", json={**CLIENT_TOKEN, "access_token": "over-too-soon"})
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer(GRANT, 401)
    lying.answer(GRANT, 204)
    assert flows.disconnect(authorize(ada, utility), "customer")
    used = [one.headers["authorization"] for one in deletes(lying)]
    assert used == ["Bearer over-too-soon", "Bearer client-token"]


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
def test_a_refusal_is_tried_again_and_stops_nothing_here(
    lying: LyingUtility, utility: Utility, ada: Person, status: int
) -> None:
    comes_back(lying, status)
    authorization = authorize(ada, utility)
    assert not flows.disconnect(authorization, "customer")
    row = now(authorization)
    assert (row.status, row.access_token, row.refresh_token) == ("revoked", "", "")
    assert row.is_being_told()
    comes_back(lying)
    hours_pass(authorization, 24)
    assert tell_utilities() == 1


def test_a_retry_after_is_waited_for(lying: LyingUtility, utility: Utility, ada: Person) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer(GRANT, 503, headers={"Retry-After": "7200"})
    authorization = authorize(ada, utility)
    flows.disconnect(authorization, "customer")
    due = now(authorization).tell_utility_at
    assert due is not None
    assert due - timezone.now() > timedelta(minutes=119)


@pytest.mark.spec("RFC 7009", "2.1")
class TestTakingTheTokenBack:
    @pytest.fixture(autouse=True)
    def named(self, lying: LyingUtility, utility: Utility) -> None:
        Utility.objects.update(revocation_url=f"{lying.url}/revoke")
        utility.refresh_from_db()

    def test_where_the_delete_is_refused(
        self, lying: LyingUtility, utility: Utility, ada: Person
    ) -> None:
        comes_back(lying, 403)
        lying.answer("/revoke", 200)
        authorization = authorize(ada, utility)
        assert flows.disconnect(authorization, "customer")
        [taken] = lying.asked("/revoke")
        assert taken.form == {"token": "the-refresh-token"}
        assert taken.headers["authorization"].startswith("Basic ")
        assert now(authorization).utility_told_at is not None

    def test_where_there_is_no_address_of_the_grant(
        self, lying: LyingUtility, utility: Utility, ada: Person
    ) -> None:
        lying.answer("/revoke", 200)
        authorization = authorize(ada, utility)
        Authorization.objects.update(authorization_uri="")
        assert flows.disconnect(authorization, "customer")
        assert now(authorization).utility_told_at is not None

    def test_not_where_the_utility_is_only_down(
        self, lying: LyingUtility, utility: Utility, ada: Person
    ) -> None:
        comes_back(lying, 503)
        assert not flows.disconnect(authorize(ada, utility), "customer")
        assert lying.asked("/revoke") == []

    def test_the_token_is_kept_nowhere_for_it(
        self, lying: LyingUtility, utility: Utility, ada: Person
    ) -> None:
        comes_back(lying, 403)
        lying.answer("/revoke", 503)
        authorization = authorize(ada, utility)
        assert not flows.disconnect(authorization, "customer")
        row = now(authorization)
        assert (row.access_token, row.refresh_token) == ("", "")
        hours_pass(authorization, 24)
        tell_utilities()
        assert len(lying.asked("/revoke")) == 1
        assert row.is_being_told()


def test_a_utility_that_does_not_know_us_pauses_the_client_and_waits_for_it(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    lying.answer("/token", 401, json={"error": "invalid_client"})
    authorization = authorize(ada, utility)
    flows.disconnect(authorization, "customer")
    client = Client.objects.get()
    assert client.paused_at is not None
    comes_back(lying)
    hours_pass(authorization, 24)
    assert tell_utilities() == 0
    assert deletes(lying) == []
    Client.objects.update(paused_at=None)
    assert tell_utilities() == 1


class TestAfter72Hours:
    def test_it_is_given_up_and_staff_and_customer_are_told(
        self, lying: LyingUtility, stopped: Authorization, ada: Person
    ) -> None:
        hours_pass(stopped, 71)
        tell_utilities()
        assert now(stopped).is_being_told()
        hours_pass(stopped, 2)
        tell_utilities()
        row = now(stopped)
        assert row.could_not_be_told()
        assert (row.authorization_uri, row.tell_utility_at) == ("", None)
        assert told_types(stopped) == ["utility_untold"]
        assert stopped in Authorization.objects.needing_attention()
        page = ada.browser.get(f"/connections/{stopped.uid}/stopped/").content.decode()
        assert "could not be told" in page
        assert "You can end it there" in page
        requests = len(lying.requests)
        tell_utilities()
        assert len(lying.requests) == requests

    def test_a_paused_clients_is_given_up_too(self, stopped: Authorization) -> None:
        Client.objects.update(paused_at=timezone.now())
        hours_pass(stopped, 73)
        tell_utilities()
        assert now(stopped).could_not_be_told()

    def test_staff_note_that_they_told_it_in_another_way(
        self, stopped: Authorization, db: None
    ) -> None:
        hours_pass(stopped, 73)
        tell_utilities()
        office = signed_in(make_staff("boss", "view_authorization", "change_authorization"))
        assert "Could not be told." in says(office.get(page_of(stopped)))
        press(office, stopped, "told-by-phone", "Called their help desk")
        assert now(stopped).utility_told_at is not None
        assert stopped not in Authorization.objects.needing_attention()
        assert told_types(stopped) == ["utility_untold", "utility_told"]
        page = says(office.get(page_of(stopped)))
        assert "Called their help desk" in page
        assert "/told-by-phone/" not in page

    def test_that_button_is_not_there_while_it_is_being_told(self, stopped: Authorization) -> None:
        office = signed_in(make_staff("boss", "view_authorization", "change_authorization"))
        assert "/told-by-phone/" not in says(office.get(page_of(stopped)))
        press(office, stopped, "told-by-phone", "I hurry")
        assert now(stopped).utility_told_at is None


def test_without_any_address_there_is_nobody_to_tell(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    authorization = authorize(ada, utility)
    Authorization.objects.update(authorization_uri="")
    assert not flows.disconnect(authorization, "customer")
    assert now(authorization).could_not_be_told()
    assert lying.requests == []


def test_what_the_utility_ended_it_is_not_told(
    lying: LyingUtility, utility: Utility, ada: Person
) -> None:
    authorization = authorize(ada, utility)
    assert flows.end(authorization, "utility") is not None
    row = now(authorization)
    assert row.utility_told_at is not None
    assert (row.is_being_told(), row.authorization_uri) == (False, "")
    tell_utilities()
    assert lying.requests == []


def test_no_address_at_the_utility_but_the_grants_is_kept(stopped: Authorization) -> None:
    assert (stopped.resource_uri, stopped.customer_uri) == ("", "")
    assert stopped.authorization_uri


def test_of_a_utility_that_is_down_one_is_asked_in_a_round(
    utility: Utility, ada: Person, ben: Person
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    Utility.objects.update(
        origins=[f"http://127.0.0.1:{port}"], token_url=f"http://127.0.0.1:{port}/token"
    )
    rows = [authorize(person, utility) for person in (ada, ben, ada)]
    for row in rows:
        flows.end(row, "customer")
    tell_utilities()
    assert sorted(now(row).tell_tries for row in rows) == [0, 0, 1]


def test_one_that_is_refused_does_not_keep_the_others(
    lying: LyingUtility, utility: Utility, ada: Person, ben: Person
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer(GRANT, 403)
    lying.answer("/resource/Authorization/2", 204)
    first, second = authorize(ada, utility), authorize(ben, utility)
    Authorization.objects.filter(pk=second.pk).update(
        authorization_uri=f"{lying.url}/resource/Authorization/2"
    )
    for row in (first, second):
        flows.end(row, "customer")
    assert tell_utilities() == 1
    assert (now(first).is_being_told(), now(second).is_being_told()) == (True, False)


def test_backoff_is_a_minute_doubled_and_an_hour_at_most() -> None:
    waits = [giving_back.backoff(tries).total_seconds() / 60 for tries in range(9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert giving_back.backoff(32_767) == timedelta(hours=1)


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_it_once() -> None:
    with LyingUtility() as lying:
        comes_back(lying)
        authorization = authorize(cast.ada(), cast.make_utility(lying.url))
        flows.end(authorization, "customer")

        def work(_: int) -> int:
            try:
                return giving_back.tell_due()
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as workers:
            assert sum(workers.map(work, range(2))) == 1
        assert len(deletes(lying)) == 1
    assert told_types(authorization) == ["utility_told"]


def test_a_registration_whose_secret_no_key_opens_does_not_hold_up_the_others(
    stopped: Authorization, lying: LyingUtility, ada: Person
) -> None:
    other = cast.make_utility(lying.url, "other")
    authorize(ada, other).mark_revoked("customer")
    broken = cast.make_utility(lying.url, "broken")
    first = authorize(ada, broken)
    first.mark_revoked("customer")
    hours_pass(first, 1)  # it comes before the others
    hours_pass(stopped, 0.5)
    Client.objects.filter(utility=broken).update(client_secret=Value("no key opens this"))
    comes_back(lying)
    with pytest.raises(WrongKeyError):
        tell_utilities()
    tell_utilities()
    told = Authorization.objects.exclude(utility_told_at=None)
    assert set(told.values_list("utility__slug", flat=True)) == {"demo", "other"}
