"""Meters and Bulk addresses: what they show, and the buttons that ask why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client as Browser
from django.utils import timezone

from authorizations.models import Authorization, PullTrigger
from greenbutton.ingest.purge import purge
from greenbutton.models import BulkCollection, HistoricalCollection, ReadingDay, UsagePoint
from tests import cast
from tests.greenbutton.metering import add_day, add_meter_reading, add_point
from tests.staff.conftest import page_of, press, says, signed_in
from utilities.models import Client
from utilities.registration import Standing

BUTTONS = ["collect-history", "stop-monitoring", "start-monitoring", "stop-sharing-meter"]


@pytest.fixture
def meters(authorization: Authorization) -> list[UsagePoint]:
    found = [add_point(authorization, title=title) for title in ("House", "Barn")]
    for point in found:
        add_day(add_meter_reading(point), date(2026, 7, 4), [1])
    return found


def offered(browser: Browser, row: Any) -> list[str]:
    page = says(browser.get(page_of(row)))
    return [button for button in BUTTONS if f"/{button}/" in page]


def ask(browser: Browser, row: Any, since: str = "") -> Any:
    answer = {"_form_submitted": "True", "why": "A gap", "since": since}
    address = f"{page_of(row).removesuffix('change/')}collect-history/"
    response: Any = browser.post(address, answer)
    return browser.get(response["Location"]) if response.status_code == 302 else response


def test_an_authorization_lists_its_meters_and_how_they_stand(
    office: Browser, authorization: Authorization, meters: list[UsagePoint]
) -> None:
    meters[0].stop_monitoring(None, "")
    UsagePoint.objects.filter(pk=meters[1].pk).update(closed_at=timezone.now())
    page = says(office.get(page_of(authorization)))
    for words in ("House", "Barn", "Not monitored", "Closed", "Kept with each pull"):
        assert words in page
    assert page_of(meters[0]) in page


def test_monitoring_stops_and_starts_with_a_reason(
    office: Browser, meters: list[UsagePoint]
) -> None:
    press(office, meters[0], "stop-monitoring", "The study is over")
    meters[0].refresh_from_db()
    assert meters[0].monitoring_stopped_why == "The study is over"
    assert meters[0].monitoring_stopped_by is not None
    assert "stop-monitoring" not in offered(office, meters[0])
    page = says(press(office, meters[0], "start-monitoring", "It goes on"))
    assert "what came meanwhile is asked for" in page
    meters[0].refresh_from_db()
    assert meters[0].is_monitored()
    assert HistoricalCollection.objects.get().usage_point == meters[0]


def test_a_history_is_asked_for_an_authorization_or_one_meter(
    office: Browser, authorization: Authorization, meters: list[UsagePoint]
) -> None:
    since = (timezone.now() - timedelta(days=30)).date().isoformat()
    assert "Its history is asked for" in says(ask(office, authorization, since))
    assert "Its history is asked for" in says(ask(office, meters[0]))
    one, whole = HistoricalCollection.objects.order_by("since")
    assert (whole.usage_point, one.usage_point) == (meters[0], None)
    assert (one.why, one.asked_by is not None) == ("A gap", True)
    assert Authorization.objects.due().get() == authorization
    assert "of all meters from" in says(office.get(page_of(authorization)))
    assert "being collected already" in says(ask(office, meters[0]))


def test_a_day_that_is_none_is_refused(office: Browser, authorization: Authorization) -> None:
    ask(office, authorization, "yesterday")
    assert not HistoricalCollection.objects.exists()


def test_staff_stop_sharing_one_meter_and_the_history_does_not_keep_its_name(
    office: Browser, authorization: Authorization, meters: list[UsagePoint]
) -> None:
    page = says(press(office, meters[0], "stop-sharing-meter", "She rang us"))
    assert "no longer shared" in page
    assert "House" not in page
    meters[0].refresh_from_db()
    assert (meters[0].stopped_by, ReadingDay.objects.count()) == ("staff", 1)
    assert offered(office, meters[0]) == []
    assert not LogEntry.objects.filter(object_repr__contains="House").exists()
    assert "None are kept" in says(office.get(page_of(authorization)))


def test_the_last_meter_is_not_stopped_alone(office: Browser, meters: list[UsagePoint]) -> None:
    press(office, meters[0], "stop-sharing-meter")
    assert "stop-sharing-meter" not in offered(office, meters[1])
    assert "Nothing was done" in says(press(office, meters[1], "stop-sharing-meter"))
    meters[1].refresh_from_db()
    assert meters[1].is_shared()


def test_a_purge_forgets_why_staff_did_something_to_a_meter(
    office: Browser, authorization: Authorization, meters: list[UsagePoint]
) -> None:
    press(office, meters[0], "stop-monitoring", "Mr Babbage moved")
    authorization.mark_revoked("customer")
    purge(authorization)
    assert not LogEntry.objects.filter(change_message__contains="Babbage").exists()


@pytest.mark.parametrize("button", BUTTONS)
def test_who_may_only_look_cannot_act(meters: list[UsagePoint], button: str) -> None:
    before = list(UsagePoint.objects.values())
    looker = signed_in(cast.make_staff("looker", "view_usagepoint"))
    assert offered(looker, meters[0]) == []
    assert press(looker, meters[0], button).status_code == 403
    assert list(UsagePoint.objects.values()) == before


def test_a_bulk_address_tells_how_it_went_and_is_read_again(
    office: Browser, client_row: Client
) -> None:
    row = BulkCollection.objects.create(
        client=client_row,
        uri="https://utility.example/Batch/Bulk/1",
        state=BulkCollection.State.GONE,
        error="demo: Batch/Bulk/1 answered 404",
        counts={"stored": 3, "unknown": 1204},
    )
    page = says(office.get(page_of(row)))
    for words in ("answered 404", "1,204 entries of nobody that is known here", "Gone"):
        assert words in page
    assert "It is due at" in says(press(office, row, "read-now"))
    row.refresh_from_db()
    assert (row.due_at is None, row.trigger) == (False, PullTrigger.STAFF)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("", "It names none."),
        ("https://utility.example/Batch/Bulk", "It names the same."),
        ("https://utility.example/Batch/Bulk/1", "It names the same."),
        ("https://utility.example/Bulk/2", "It names another one: https://utility.example/Bulk/2."),
    ],
)
def test_a_bulk_address_says_whether_the_registration_names_another(
    office: Browser, client_row: Client, said: str, words: str
) -> None:
    client_row.standing = Standing(bulk_url=said).as_json()
    client_row.save()
    row = BulkCollection.objects.create(
        client=client_row, uri="https://utility.example/Batch/Bulk/1"
    )
    assert words in says(office.get(page_of(row)))
