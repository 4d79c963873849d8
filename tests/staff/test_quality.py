"""The data quality of an authorization, a line for each of its meter readings."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client as Browser
from django.urls import reverse

from authorizations.models import Authorization
from greenbutton.models import ReadingDay
from tests import cast
from tests.greenbutton.metering import (
    CUBIC_METRE,
    RECEIVED,
    WATER,
    WH,
    add_bill,
    add_days,
    add_meter_reading,
    add_point,
)
from tests.staff.conftest import SECRETS, page_of, says, signed_in


def address(authorization: Authorization) -> str:
    return reverse("admin:authorizations_authorization_quality", args=[authorization.pk])


def lines(browser: Browser, authorization: Authorization) -> list[str]:
    """The rows of the table, as they read."""
    rows = re.findall(
        r"<tr class=.*?</tr>", says(browser.get(address(authorization))), flags=re.DOTALL
    )
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in rows]


def test_each_meter_reading_has_a_line(office: Browser, authorization: Authorization) -> None:
    point = add_point(authorization)
    add_days(add_meter_reading(point), date(2026, 3, 1), 31, lambda *_: 1000)
    add_days(add_meter_reading(point, flow=RECEIVED), date(2026, 3, 1), 2, lambda *_: 10)
    add_bill(point, date(2026, 3, 1), 31, consumption=700_000, consumption_uom=WH)
    add_bill(point, date(2026, 3, 15), 31, consumption=700_000, consumption_uom=WH)
    water = add_meter_reading(add_point(authorization, WATER), CUBIC_METRE)
    add_days(water, date(2026, 7, 1), 3, lambda *_: 10)
    ReadingDay.objects.filter(day=date(2026, 7, 2)).delete()
    used, returned, of_water = lines(office, authorization)
    assert used.startswith(
        "Electricity, Meter: from the grid kilowatt-hours 100% 1 Mar 2026 – 31 Mar 2026"
    )
    assert used.endswith("1, all fit +6.1% 1 of 2 could be compared")
    assert returned.startswith("Electricity, Meter: sent back")
    assert returned.endswith("None – none to compare")
    assert "66.66%" in of_water
    assert "1 day in one gap" in of_water


def test_it_is_a_click_away_from_the_authorization(
    office: Browser, authorization: Authorization
) -> None:
    assert f'href="{address(authorization)}"' in says(office.get(page_of(authorization)))
    assert "No reading has been collected." in says(office.get(address(authorization)))


def test_it_shows_no_secret_and_no_markup_of_the_utilitys(
    office: Browser, authorization: Authorization
) -> None:
    point = add_point(authorization, title="<img src=x>")
    add_point(authorization, title="Barn")
    add_days(add_meter_reading(point), date(2026, 3, 1), 1, lambda *_: 1000)
    page = says(office.get(address(authorization)))
    assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in page
    assert [name for name, secret in SECRETS.items() if secret in page] == []


@pytest.mark.parametrize("right", ["view_pull", "view_sharelink"])
def test_only_who_may_see_authorizations_opens_it(authorization: Authorization, right: str) -> None:
    looker = signed_in(cast.make_staff("looker", right))
    assert looker.get(address(authorization)).status_code == 403


def test_who_may_look_opens_it_and_strangers_are_sent_to_sign_in(
    authorization: Authorization,
) -> None:
    looker = signed_in(cast.make_staff("looker", "view_authorization"))
    assert looker.get(address(authorization)).status_code == 200
    assert cast.browser().get(address(authorization)).status_code == 302
    assert looker.get(address(authorization).replace(str(authorization.pk), "0")).status_code == 404


def test_posting_does_nothing(office: Browser, authorization: Authorization) -> None:
    assert office.post(address(authorization)).status_code == 405
