"""The demo site's explorer: every path of the API, refusals as they are, and few at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import httpx
import pytest
from django.conf import LazySettings
from django.test import Client as Browser

from authorizations.guards import CannotCountError
from portal.demo_site import turns
from portal.demo_site.addresses import Place, groups, in_explorer
from portal.demo_site.models import Conversation, Visit
from portal.demo_site.turns import AT_ONCE, NoTurnError, turn
from tests import cast
from tests.at_the_sandbox import registered  # noqa: F401 (fixture)
from tests.lying_utility import LyingUtility
from tests.portal.test_demo_site import (  # noqa: F401 (fixtures)
    at_utility,
    begin,
    granted,
    page,
    read,
    switched_on,
    tester,
)
from utilities.client import GreenButtonClient
from utilities.limiter import server

pytestmark = pytest.mark.django_db

# As the platform's documentation lists them.
EVERY_RESOURCE = {
    *("ReadServiceStatus", "ApplicationInformation", "Authorization", "Bulk"),
    *("Batch/Subscription", "Batch/Subscription/…/UsagePoint", "Batch/RetailCustomer"),
    *("UsagePoint", "MeterReading", "IntervalBlock", "ReadingType", "LocalTimeParameters"),
    *("UsageSummary", "ElectricPowerQualitySummary"),
    *("Customer", "CustomerAccount", "CustomerAgreement", "ServiceLocation", "ServiceSupplier"),
    *("Meter", "EndDevice", "ProgramDateIdMappings", "Statement"),
}


def places(visit: Visit) -> dict[str, Place]:
    return {
        place.name: place for group in groups(visit) for place in (*group.places, *group.unnamed)
    }


def explore(tester: Browser, visit: Visit, address: str, **query: str) -> Conversation:  # noqa: F811
    return read(tester, visit, address, "fitting", **query)


@pytest.fixture
def lying_visit(lying: LyingUtility, tester: Browser) -> Visit:  # noqa: F811
    """A visit with a client of a utility that answers as told."""
    cast.make_utility(lying.url)
    sent = {"utility": "DEMO", "client_id": "mine", "client_secret": "a-secret-of-mine"}
    assert tester.post("/demo/start/", sent).status_code == 302
    return Visit.objects.get()


@pytest.mark.parametrize("utility", ["SSMPUC", "SVCE"])
def test_every_resource_of_the_api_is_a_click_away(
    registered: None,  # noqa: F811
    tester: Browser,  # noqa: F811
    at_utility: httpx.Client,  # noqa: F811
    utility: str,
) -> None:
    visit = granted(tester, at_utility, utility)
    assert tester.post(f"/demo/visits/{visit.uid}/client-token/").status_code == 302
    for _ in range(6):  # each level of the tree names the next
        known = places(visit)
        for place in known.values():
            for address in {place.address, place.one} - {""}:
                path = address.removeprefix(visit.utility.resource_url + "/")
                if not visit.conversations.filter(title=path).exists():
                    assert explore(tester, visit, address).status == 200, address
    known = places(visit)
    assert known.keys() == EVERY_RESOURCE
    unreached = {name for name, place in known.items() if not place.address and not place.one}
    # PUC has no such programs.
    assert unreached == ({"ProgramDateIdMappings"} if utility == "SSMPUC" else set())


def test_what_is_not_known_yet_says_where_it_comes_from(
    lying_visit: Visit,
    tester: Browser,  # noqa: F811
) -> None:
    known = places(lying_visit)
    assert "No registration token was given" in known["ApplicationInformation"].note
    assert "client token comes with its address" in known["Bulk"].note
    assert known["Batch/Subscription"].address == ""
    html = page(tester, lying_visit)
    assert "The tokens of a consent come with its address" in html


def test_the_token_that_opens_an_address_is_found_by_itself(
    lying: LyingUtility,
    lying_visit: Visit,
    tester: Browser,  # noqa: F811
) -> None:
    lying_visit.access_token, lying_visit.registration_token = "the-access", "the-registration"
    lying_visit.save()
    lying.answer("/token", json={"access_token": "the-client", "token_type": "Bearer"})
    opened = {
        "ApplicationInformation/1": "the-registration",
        "Authorization": "the-client",
        "Authorization/1": "the-client",
        "Batch/Bulk/1": "the-client",
        "ReadServiceStatus": "the-client",
        "Subscription/1/UsagePoint": "the-access",
        "Batch/RetailCustomer/1": "the-access",
    }
    for address, token in opened.items():
        explore(tester, lying_visit, address)
        [asked] = lying.asked(f"/resource/{address}")
        assert asked.headers["authorization"] == f"Bearer {token}"


def test_a_utility_says_which_token_opens_its_service_status(
    lying: LyingUtility,
    lying_visit: Visit,
    tester: Browser,  # noqa: F811
) -> None:
    lying_visit.utility.quirks = {"status_token": "registration"}
    lying_visit.utility.save()
    lying_visit.registration_token = "the-registration"
    lying_visit.save()
    explore(tester, lying_visit, "ReadServiceStatus")
    [asked] = lying.asked("/resource/ReadServiceStatus")
    assert asked.headers["authorization"] == "Bearer the-registration"


REFUSALS = [
    (202, {"Retry-After": "120"}, b"", "202 Accepted", "wants to be asked again later"),
    (400, {}, b'{"error": "bad_parameter"}', "400 Bad Request", "bad_parameter"),
    (401, {"WWW-Authenticate": "Bearer"}, b'{"error": "invalid_token"}', "401", "invalid_token"),
    (403, {}, b'{"error": "insufficient_scope"}', "403 Forbidden", "insufficient_scope"),
    (404, {}, b"", "404 Not Found", "nothing of this consent"),
    (429, {"Retry-After": "60"}, b"<h1>Slow down</h1>", "429 Too Many Requests", "Slow down"),
    (500, {}, b"", "500", "went wrong at the utility"),
    (503, {"Retry-After": "3600"}, b"maintenance", "503 Service Unavailable", "maintenance"),
    (504, {}, b"", "504", "in time"),
    (302, {"Location": "https://evil.example/"}, b"", "302", "https://evil.example/"),
]


@pytest.mark.parametrize(("status", "headers", "body", "named", "said"), REFUSALS)
def test_a_refusal_is_shown_as_it_is(
    lying: LyingUtility,
    lying_visit: Visit,
    tester: Browser,  # noqa: F811
    status: int,
    headers: dict[str, str],
    body: bytes,
    named: str,
    said: str,
) -> None:
    lying.answer("/resource/UsagePoint", status, body=body, headers=headers)
    talk = explore(tester, lying_visit, "UsagePoint")
    assert (talk.status, talk.is_good, talk.parsed) == (status, False, None)
    html = tester.get(f"/demo/visits/{lying_visit.uid}/talks/{talk.number}/").content.decode()
    assert named in html
    assert said in html
    for value in headers.values():
        assert value in html
    assert len(lying.requests) == 1


def test_a_period_goes_along_and_comes_back_into_the_form(
    lying: LyingUtility,
    lying_visit: Visit,
    tester: Browser,  # noqa: F811
) -> None:
    period = {"published-min": "2026-11-01T00:00:00Z", "updated-max": "2026-11-02T00:00:00Z"}
    talk = explore(tester, lying_visit, "UsagePoint", **period)
    [asked] = lying.requests
    assert asked.query == {name: [value] for name, value in period.items()}
    html = tester.get(f"/demo/visits/{lying_visit.uid}/talks/{talk.number}/").content.decode()
    again = html.partition(f'href="/demo/visits/{lying_visit.uid}/?')[2].partition("#")[0]
    form = tester.get(f"/demo/visits/{lying_visit.uid}/?{again.replace('&amp;', '&')}")
    for value in period.values():
        assert f'value="{value}"' in form.content.decode()


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/resource/UsagePoint",
        "javascript:alert(1)",
        "/resource/UsagePoint",
        "",
        "?published-min=1",
    ],
)
def test_an_address_that_is_not_the_utilitys_never_gets_into_the_explorer(
    lying_visit: Visit, url: str
) -> None:
    assert in_explorer(lying_visit, url) == ""


def test_of_an_address_own_query_only_what_the_explorer_has_fields_for_comes_along(
    lying_visit: Visit,
) -> None:
    base = lying_visit.utility.resource_url
    query = in_explorer(lying_visit, f"{base}/UsagePoint?depth=2&access_token=x&published-min=1")
    assert query.endswith("%2FUsagePoint&depth=2&published-min=1")


def test_links_of_a_document_that_lead_elsewhere_are_no_buttons(
    lying: LyingUtility,
    lying_visit: Visit,
    tester: Browser,  # noqa: F811
) -> None:
    base = lying_visit.utility.resource_url
    lying_visit.resource_uri = f"{base}/Batch/Subscription/1"
    lying_visit.save()
    feed = f"""<entry xmlns="http://www.w3.org/2005/Atom" xmlns:espi="http://naesb.org/espi">
      <id>urn:uuid:6f4b6a5e-2a6c-5b6e-9f5e-3c1f0a1b2c3d</id>
      <link rel="self" href="{base}/UsagePoint/1"/>
      <link rel="related" href="https://evil.example/resource/MeterReading"/>
      <content><espi:UsagePoint/></content></entry>""".encode()
    lying.answer("/resource/UsagePoint/1", body=feed)
    talk = explore(tester, lying_visit, "UsagePoint/1")
    html = tester.get(f"/demo/visits/{lying_visit.uid}/talks/{talk.number}/").content.decode()
    assert f'name="address" value="{base}/UsagePoint/1"' in html
    assert "https://evil.example/resource/MeterReading" in html
    assert 'value="https://evil' not in html
    assert places(lying_visit)["MeterReading"].address == ""


# -- few at a time --------------------------------------------------------------------------------


@pytest.fixture
def all_taken() -> Iterator[None]:
    """Other visitors have every turn."""
    held = [turn() for _ in range(AT_ONCE)]
    for one in held:
        one.__enter__()
    yield
    for one in held:
        one.__exit__(None, None, None)


def test_only_so_many_get_a_turn_however_many_ask_at_once() -> None:
    together, over = Barrier(12), Event()

    def ask_for_one() -> bool:
        together.wait()
        try:
            with turn():
                over.wait(20)
                return True
        except NoTurnError:
            return False

    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(ask_for_one) for _ in range(12)]
        while sum(one.done() for one in asked) < len(asked) - AT_ONCE:
            time.sleep(0.01)
        over.set()
    assert sum(one.result() for one in asked) == AT_ONCE


def test_a_turn_is_given_back_also_after_an_error() -> None:
    for _ in range(AT_ONCE + 1):
        with pytest.raises(ZeroDivisionError), turn():
            raise ZeroDivisionError
    with turn():
        pass


def test_a_turn_that_nobody_gave_back_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LONGEST_SECONDS", 1)
    killed = [turn() for _ in range(AT_ONCE)]
    for one in killed:
        one.__enter__()
    with pytest.raises(NoTurnError), turn():
        pass
    time.sleep(2.1)
    with turn():
        pass


def test_without_a_turn_nothing_is_asked_and_the_visitor_is_told(
    all_taken: None,
    lying: LyingUtility,
    lying_visit: Visit,
    tester: Browser,  # noqa: F811
) -> None:
    sent = {"address": "UsagePoint", "token": "access", "depth": "2"}
    answer = tester.post(f"/demo/visits/{lying_visit.uid}/read/", sent)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"].isdecimal()
    html = answer.content.decode()
    assert "Other visitors are waiting" in html
    assert 'value="UsagePoint"' in html
    assert not lying_visit.conversations.exists()
    assert lying.requests == []


@pytest.mark.parametrize("step", ["trade", "refresh", "client-token", "revoke"])
def test_without_a_turn_no_step_is_taken_and_the_code_stays_good(
    all_taken: None,
    lying: LyingUtility,
    lying_visit: Visit,
    tester: Browser,  # noqa: F811
    step: str,
) -> None:
    lying_visit.code = lying_visit.refresh_token = "still-good"
    lying_visit.authorization_uri = f"{lying.url}/resource/Authorization/1"
    lying_visit.save()
    assert tester.post(f"/demo/visits/{lying_visit.uid}/{step}/").status_code == 503
    lying_visit.refresh_from_db()
    assert lying_visit.code == lying_visit.refresh_token == "still-good"
    assert lying.requests == []


def test_looking_needs_no_turn(
    all_taken: None,
    lying_visit: Visit,
    tester: Browser,  # noqa: F811
) -> None:
    assert "Make the authorize URL" in page(tester, lying_visit)
    assert tester.post(f"/demo/visits/{lying_visit.uid}/forget/").status_code == 302


def test_without_redis_nobody_gets_a_turn(settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    server.cache_clear()
    try:
        with pytest.raises(CannotCountError), turn():
            pytest.fail("nothing limits it")
    finally:
        server.cache_clear()


def test_an_explicit_client_token_is_asked_for_also_where_one_is_at_hand(
    lying: LyingUtility,
    lying_visit: Visit,
    tester: Browser,  # noqa: F811
) -> None:
    """Else the button would show nothing."""
    lying.answer("/token", json={"access_token": "the-client", "token_type": "Bearer"})
    GreenButtonClient(lying_visit.registration()).client_token()
    for _ in range(2):
        shown = tester.post(f"/demo/visits/{lying_visit.uid}/client-token/", follow=True)
        assert "client_credentials" in shown.content.decode()
    assert len(lying.requests) == 3
    assert lying_visit.conversations.count() == 2
