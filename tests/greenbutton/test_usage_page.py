import json
import re
from datetime import date, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.models import Pull
from tests import cast
from tests.greenbutton.metering import (
    CANADIAN,
    CUBIC_METRE,
    WATER,
    WH,
    add_bill,
    add_day,
    add_days,
    add_meter_reading,
    add_point,
)

pytestmark = pytest.mark.django_db

NOBODY_OPENS = ["", "progress/", "chart/"]


@pytest.fixture
def ada() -> cast.Person:
    return cast.ada()


@pytest.fixture
def authorization(ada: cast.Person) -> Authorization:
    """Ada's, collected once and next due tomorrow."""
    authorization = cast.authorize(ada, cast.make_utility())
    authorization.next_pull_at = timezone.now() + timedelta(days=1)
    authorization.save()
    return authorization


def words(answer: HttpResponse) -> str:
    """The text of a page, as it reads."""
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", text.replace("&nbsp;", " "))


def page(person: cast.Person, authorization: Authorization, rest: str = "") -> HttpResponse:
    answer = person.browser.get(f"/usage/{authorization.uid}/{rest}")
    assert isinstance(answer, HttpResponse)
    return answer


def htmx(person: cast.Person, authorization: Authorization, rest: str = "") -> HttpResponse:
    address = f"/usage/{authorization.uid}/progress/{rest}"
    answer = person.browser.get(address, headers={"HX-Request": "true"})
    assert isinstance(answer, HttpResponse)
    return answer


def pull(authorization: Authorization, state: str, **values: object) -> Pull:
    finished = None if state == "running" else timezone.now()
    return Pull.objects.create(
        **{"authorization": authorization, "state": state, "finished": finished, **values}
    )


# --- Who may look ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rest", NOBODY_OPENS)
def test_another_customer_gets_a_404(authorization: Authorization, rest: str) -> None:
    ben = cast.ben()
    cast.authorize(ben, cast.make_utility(slug="other"))
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1])
    assert page(ben, authorization, rest).status_code == 404


@pytest.mark.parametrize("rest", NOBODY_OPENS)
def test_a_browser_without_a_cookie_gets_a_404(authorization: Authorization, rest: str) -> None:
    stranger = cast.browser()
    assert stranger.get(f"/usage/{authorization.uid}/{rest}").status_code == 404


@pytest.mark.parametrize("rest", NOBODY_OPENS)
def test_what_can_be_no_name_is_not_found(ada: cast.Person, rest: str) -> None:
    assert ada.browser.get(f"/usage/a%00b/{rest}").status_code == 404


def test_cy_learns_nothing_from_the_404(authorization: Authorization) -> None:
    add_point(authorization, title="88 Queen Street")
    refused = page(cast.cy(), authorization)
    unknown = cast.cy().browser.get("/usage/no-such-thing/")
    assert refused.content == unknown.content


def test_staff_without_the_right_get_a_404(authorization: Authorization) -> None:
    browser = cast.browser()
    browser.force_login(cast.make_staff("erin"))
    assert browser.get(f"/usage/{authorization.uid}/").status_code == 404


def test_staff_may_look_and_only_with_more_rights_stop_sharing(
    authorization: Authorization,
) -> None:
    stop = f"/connections/{authorization.uid}/disconnect/"
    browser = cast.browser()
    browser.force_login(cast.make_staff("dana", "view_authorization"))
    assert stop not in browser.get(f"/usage/{authorization.uid}/").content.decode()
    browser.force_login(cast.make_staff("fay", "view_authorization", "change_authorization"))
    assert stop in browser.get(f"/usage/{authorization.uid}/").content.decode()


@pytest.mark.parametrize("rest", NOBODY_OPENS)
def test_it_is_only_for_reading(ada: cast.Person, authorization: Authorization, rest: str) -> None:
    assert ada.browser.post(f"/usage/{authorization.uid}/{rest}").status_code == 405


@pytest.mark.parametrize("rest", NOBODY_OPENS)
def test_no_cache_keeps_it(ada: cast.Person, authorization: Authorization, rest: str) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1])
    assert "no-store" in page(ada, authorization, rest)["Cache-Control"]


# --- What it says ---------------------------------------------------------------------------------


def test_the_total_is_the_sum_of_the_readings(
    ada: cast.Person, authorization: Authorization
) -> None:
    reading = add_meter_reading(add_point(authorization))
    total = add_days(reading, date(2026, 7, 1), 10, lambda day, hour: 1000 + hour * 7)
    assert total == 259_320
    assert "Used 259.32 kWh" in words(page(ada, authorization))


def test_days_are_the_utilitys_and_not_greenwichs(
    ada: cast.Person, authorization: Authorization
) -> None:
    """In Toronto the last hour of 4 July starts at 3:00 UTC on 5 July."""
    reading = add_meter_reading(add_point(authorization))
    add_day(reading, date(2026, 7, 4), [0] * 23 + [9000])
    text = words(page(ada, authorization, "?view=day&date=2026-07-04"))
    assert "Highest 9 kWh 11 pm – 12 am" in text


def test_costs_are_shown_in_the_feeds_currency(
    ada: cast.Person, authorization: Authorization
) -> None:
    reading = add_meter_reading(add_point(authorization), currency=CANADIAN)
    add_day(reading, date(2026, 7, 4), [1000, 2000], costs=[1_400_000, 2_850_000])
    assert "Cost $42.50" in words(page(ada, authorization))


def test_a_unit_that_the_utility_left_out_is_said_to_be_unknown(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_day(add_meter_reading(add_point(authorization), None), date(2026, 7, 4), [1000, 234])
    text = words(page(ada, authorization))
    assert "The utility did not say in which unit these readings are" in text
    assert "1,234 (unit unknown)" in text


def test_each_service_has_its_own_tab(ada: cast.Person, authorization: Authorization) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1000])
    water = add_meter_reading(add_point(authorization, WATER), CUBIC_METRE, power_of_ten=-3)
    add_day(water, date(2026, 7, 4), [250])
    assert "Used 1 kWh" in words(page(ada, authorization))
    assert "Used 0.250 m³" in words(page(ada, authorization, "?service=water"))


@pytest.mark.parametrize(
    "query",
    [
        "?view=decade",
        "?date=yesterday",
        "?date=2026-02-31",
        "?service=plutonium",
        "?meter=1",
        "?view=&date=&service=&meter=",
        "?date=9999-12-31",
        "?date=0001-01-01",
        "?view=day&date=9999-12-31",
        "?view=year&date=0001-01-01",
    ],
)
@pytest.mark.parametrize("rest", ["", "chart/"])
def test_an_address_that_makes_no_sense_shows_something_that_does(
    ada: cast.Person, authorization: Authorization, query: str, rest: str
) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1000])
    assert page(ada, authorization, rest + query).status_code == 200


def test_a_period_without_readings_says_so_and_leads_back(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1000])
    answer = page(ada, authorization, "?view=month&date=2019-01-01")
    assert "There are no readings in this period." in words(answer)
    assert "view=month&amp;date=2026-07-01" in answer.content.decode()


def test_previous_and_next_stop_where_the_readings_do(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_days(add_meter_reading(add_point(authorization)), date(2026, 6, 30), 3, lambda *_: 1)
    june = page(ada, authorization, "?view=month&date=2026-06-01").content.decode()
    july = page(ada, authorization, "?view=month&date=2026-07-01").content.decode()
    assert ('rel="prev"' in june, 'rel="next"' in june) == (False, True)
    assert ('rel="prev"' in july, 'rel="next"' in july) == (True, False)


def test_the_table_says_the_same_as_the_chart(
    ada: cast.Person, authorization: Authorization
) -> None:
    reading = add_meter_reading(add_point(authorization))
    add_day(reading, date(2026, 7, 4), [1500] * 24)
    add_day(reading, date(2026, 7, 5), [2000] * 24)
    text = words(page(ada, authorization))
    assert "Sat, 4 Jul 36 Sun, 5 Jul 48" in text


def test_nothing_shared_is_said_in_words(ada: cast.Person, authorization: Authorization) -> None:
    pull(authorization, "done")
    assert "Nothing has been shared yet" in words(page(ada, authorization))


def test_a_meter_without_readings_or_bills_is_said_in_words(
    ada: cast.Person, authorization: Authorization
) -> None:
    pull(authorization, "done")
    add_meter_reading(add_point(authorization))
    text = words(page(ada, authorization))
    assert "Electricity: no readings yet" in text
    assert "has not shared any bill" in text


def test_what_was_left_out_is_said(ada: cast.Person, authorization: Authorization) -> None:
    authorization.asked_scope = "FB=4_16_51;HistoryLength=63072000"
    authorization.scope = "FB=4_51;HistoryLength=63072000"
    authorization.save()
    text = words(page(ada, authorization))
    assert "Not shared: your bills" in text
    assert "You chose to share less than we asked for." in text


def test_the_page_carries_no_token(ada: cast.Person, authorization: Authorization) -> None:
    text = page(ada, authorization).content.decode()
    assert authorization.access_token not in text
    assert authorization.refresh_token not in text
    assert authorization.resource_uri not in text


def test_what_was_stopped_shows_its_receipt_instead(
    ada: cast.Person, authorization: Authorization
) -> None:
    authorization.mark_revoked(by="customer")
    answer = page(ada, authorization)
    assert answer.status_code == 302
    assert answer["Location"] == f"/connections/{authorization.uid}/stopped/"


def test_lost_consent_offers_to_connect_again(
    ada: cast.Person, authorization: Authorization
) -> None:
    authorization.mark_needs_consent()
    answer = page(ada, authorization)
    assert "no longer lets us collect" in words(answer)
    assert f'action="/connections/{authorization.uid}/renew/"' in answer.content.decode()


def test_whoever_lost_consent_before_anything_came_is_told_one_thing_to_do(
    ada: cast.Person, authorization: Authorization
) -> None:
    authorization.mark_needs_consent()
    text = words(page(ada, authorization))
    assert "Nothing had come by then. To see your readings, connect again." in text
    assert "What is here stays" not in text
    assert "Nothing has been shared yet" not in text
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1000])
    assert "What is here stays. To see new readings, connect again." in words(
        page(ada, authorization)
    )


# --- Bills ----------------------------------------------------------------------------------------


def test_a_bill_has_its_local_days_its_use_and_its_amount(
    ada: cast.Person, authorization: Authorization
) -> None:
    point = add_point(authorization)
    add_bill(
        point,
        date(2026, 2, 22),
        30,
        consumption=700_500,
        consumption_uom=WH,
        bill_last_period=18_092_000,
        tariff_profile="Time of use",
        line_items=[{"note": "Delivery <b>", "amount": 1_000_000}, {"item_kind": 5}],
    )
    answer = page(ada, authorization)
    text = words(answer)
    assert "22 Feb – 23 Mar 2026" in text
    assert "30 700.50 kWh $180.92" in text
    assert "Tariff: Time of use Delivery &lt;b&gt; $10.00 Tax" in text


def test_a_bill_of_two_agencies_names_what_each_charges(
    ada: cast.Person, authorization: Authorization
) -> None:
    point = add_point(authorization)
    for agency, amount in (("Wires & Co", 6_913_000), ("Choice", 439_000)):
        add_bill(
            point,
            date(2026, 2, 1),
            28,
            identity=agency,
            agency=agency,
            bill_last_period=amount,
            line_items=[{"note": f"Energy of {agency}", "amount": amount}],
        )
    text = words(page(ada, authorization))
    assert text.count("1 Feb – 28 Feb 2026") == 1
    assert "Choice $4.39 Energy of Choice $4.39 Wires &amp; Co $69.13" in text
    assert "28 – $73.52" in text


def test_a_bill_that_says_nothing_shows_dashes(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_bill(add_point(authorization), date(2026, 7, 1), 1, start=None, seconds=None, currency=None)
    assert "Period not stated – – –" in words(page(ada, authorization))


def test_older_bills_wait_behind_a_disclosure(
    ada: cast.Person, authorization: Authorization
) -> None:
    point = add_point(authorization)
    for month in range(1, 13):
        add_bill(point, date(2025, month, 1), 28, bill_last_period=month * 100_000)
    text = words(page(ada, authorization))
    assert "6 older bills" in text
    assert text.index("$12.00") < text.index("6 older bills") < text.index("$1.00")


def test_bills_of_another_service_stay_under_its_tab(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_bill(add_point(authorization), date(2026, 7, 1), 31, bill_last_period=100_000)
    water = add_point(authorization, WATER)
    add_bill(water, date(2026, 7, 1), 31, bill_last_period=7_700_000)
    assert "$77.00" not in words(page(ada, authorization))
    assert "$77.00" in words(page(ada, authorization, "?service=water"))


# --- Progress -------------------------------------------------------------------------------------


def due_now(authorization: Authorization) -> None:
    authorization.next_pull_at = timezone.now() - timedelta(seconds=1)
    authorization.save()


def test_before_the_first_pull_it_says_that_collecting_starts(
    ada: cast.Person, authorization: Authorization
) -> None:
    due_now(authorization)
    answer = htmx(ada, authorization)
    assert "You are connected. Collecting starts now." in words(answer)
    assert 'hx-trigger="every 2s"' in answer.content.decode()


def test_while_collecting_the_bar_counts_windows(
    ada: cast.Person, authorization: Authorization
) -> None:
    values = {"windows_planned": 3, "windows_done": 1, "readings": 17_520, "bills": 1}
    pull(authorization, "running", first=True, **values)
    answer = htmx(ada, authorization)
    assert 'max="3" value="1"' in answer.content.decode()
    assert "1 of 3 parts done 17,520 readings so far, 1 bill" in words(answer)


def test_a_utility_that_needs_time_is_no_error(
    ada: cast.Person, authorization: Authorization
) -> None:
    pull(authorization, "waiting")
    text = words(htmx(ada, authorization))
    assert "Your utility is preparing your data." in text
    assert "We try again" in text


def test_a_failure_says_why_and_when_it_is_tried_next(
    ada: cast.Person, authorization: Authorization
) -> None:
    pull(authorization, "failed", message="Demo did not answer.", error="http_503 from /Batch/1")
    answer = htmx(ada, authorization)
    text = words(answer)
    assert "This time it did not work. Demo did not answer. We try again" in text
    assert "http_503" not in answer.content.decode()
    assert 'hx-trigger="every 10s"' in answer.content.decode()


def test_a_pull_whose_worker_died_is_told_as_starting_again(
    ada: cast.Person, authorization: Authorization
) -> None:
    pull(authorization, "abandoned", error="the worker is gone")
    assert "Collecting starts now." in words(htmx(ada, authorization))


def test_what_is_held_says_that_it_is_paused(
    ada: cast.Person, authorization: Authorization
) -> None:
    due_now(authorization)
    authorization.hold()
    assert "Collecting is paused." in words(htmx(ada, authorization))


def test_when_all_is_done_the_page_loads_again_and_then_asks_no_more(
    ada: cast.Person, authorization: Authorization
) -> None:
    pull(authorization, "done")
    assert htmx(ada, authorization)["HX-Refresh"] == "true"
    assert "hx-trigger" not in page(ada, authorization).content.decode()


def test_a_page_that_may_become_another_ones_asks_until_it_is_known(
    ada: cast.Person, authorization: Authorization
) -> None:
    authorization.renewal = Authorization.Renewal.WAITING
    authorization.save()
    pull(authorization, "done", windows_planned=1, windows_done=1)
    answer = htmx(ada, authorization)
    assert "HX-Refresh" not in answer
    assert "Comparing it with what you shared before." in words(answer)
    assert 'hx-trigger="every 2s"' in page(ada, authorization).content.decode()
    authorization.renewal = Authorization.Renewal.APART
    authorization.save()
    assert htmx(ada, authorization)["HX-Refresh"] == "true"


def test_the_first_readings_show_before_all_is_done(
    ada: cast.Person, authorization: Authorization
) -> None:
    pull(authorization, "running", windows_planned=3)
    assert "?drawn=nothing" in page(ada, authorization).content.decode()
    assert "HX-Refresh" not in htmx(ada, authorization, "?drawn=nothing")
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1000])
    assert htmx(ada, authorization, "?drawn=nothing")["HX-Refresh"] == "true"
    assert "?drawn=nothing" not in page(ada, authorization).content.decode()
    assert "HX-Refresh" not in htmx(ada, authorization)


def test_without_htmx_the_progress_is_a_page_and_not_an_order_to_reload(
    ada: cast.Person, authorization: Authorization
) -> None:
    pull(authorization, "done")
    answer = page(ada, authorization, "progress/")
    assert answer.status_code == 200
    assert "HX-Refresh" not in answer


def test_what_ended_collects_no_more(ada: cast.Person, authorization: Authorization) -> None:
    pull(authorization, "failed")
    authorization.mark_expired()
    assert htmx(ada, authorization)["HX-Refresh"] == "true"
    assert "The time that you agreed to is over" in words(page(ada, authorization))


# --- The chart's JSON -----------------------------------------------------------------------------


def test_the_chart_holds_what_the_page_says(ada: cast.Person, authorization: Authorization) -> None:
    reading = add_meter_reading(add_point(authorization))
    add_day(reading, date(2026, 7, 4), [1250] * 24)
    answer = page(ada, authorization, "chart/?view=month&date=2026-07-01&theme=dark")
    assert answer["Content-Type"] == "application/json"
    item = json.loads(answer.content)
    assert {"doc", "root_id"} <= set(item)
    assert "Used: 30\u00a0kWh" in json.dumps(item, ensure_ascii=False)


def test_the_chart_of_a_page_that_became_another_ones_is_that_ones(
    ada: cast.Person, authorization: Authorization
) -> None:
    assert authorization.utility
    merged = cast.authorize(ada, authorization.utility)
    merged.renews, merged.renewal = authorization, Authorization.Renewal.MERGED
    merged.save()
    answer = page(ada, merged, "chart/?view=month&theme=dark")
    assert answer.status_code == 302
    assert answer["Location"] == f"/usage/{authorization.uid}/chart/?view=month&theme=dark"


def test_there_is_no_chart_of_nothing(ada: cast.Person, authorization: Authorization) -> None:
    assert page(ada, authorization, "chart/").status_code == 404


# --- What the browser may do ----------------------------------------------------------------------


def scripts_without_a_source(html: str) -> list[str]:
    return [
        tag
        for tag in re.findall(r"<script[^>]*>", html)
        if "src=" not in tag and "application/json" not in tag
    ]


@pytest.mark.parametrize("rest", ["", "?view=year", "progress/"])
def test_no_script_and_no_handler_stands_in_the_page(
    ada: cast.Person, authorization: Authorization, rest: str
) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1000])
    answer = page(ada, authorization, rest)
    html = answer.content.decode()
    assert scripts_without_a_source(html) == []
    assert not re.search(r"<[^>]+\son[a-z]+=|javascript:", html)


def test_the_policy_forbids_foreign_and_evaluated_scripts(
    ada: cast.Person, authorization: Authorization
) -> None:
    policy = page(ada, authorization)["Content-Security-Policy"]
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert scripts.split()[:2] == ["script-src", "'self'"]
    assert "unsafe" not in scripts
    assert "default-src 'none'" in policy


def test_every_script_and_sheet_that_it_names_is_served(
    ada: cast.Person, authorization: Authorization
) -> None:
    add_day(add_meter_reading(add_point(authorization)), date(2026, 7, 4), [1000])
    html = page(ada, authorization).content.decode()
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', html)
    assert len(named) >= 5
    for address in named:
        assert isinstance(ada.browser, Browser)
        assert ada.browser.get(address).status_code == 200, address


def test_what_a_utility_wrote_is_never_markup(
    ada: cast.Person, authorization: Authorization
) -> None:
    points = [add_point(authorization, title=f"<script>alert({n})</script>") for n in range(2)]
    for point in points:
        add_day(add_meter_reading(point, title="<img src=x>"), date(2026, 7, 4), [1000])
    html = page(ada, authorization).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(0)" in html
