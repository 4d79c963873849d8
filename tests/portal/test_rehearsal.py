"""The rehearsal itself: that its rows are the documentation's, and that a row can fail."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from authorizations.models import ShareLink
from portal.rehearsal import rows
from portal.rehearsal.browser import read_page
from portal.rehearsal.mailbox import Mailbox
from portal.rehearsal.play import (
    LEAST_READINGS_A_SERVICE,
    Outcome,
    RowFailedError,
    compare,
    play,
    refused,
)
from portal.stack import OUTBOX
from tests import cast
from tests.greenbutton import metering
from tests.lying_utility import LyingUtility

SEEDS = Path(__file__).resolve().parents[3] / "shared" / "seeds"
PUC_ROW, UNKNOWN_ROW = rows.LAST_BILL[0], rows.LAST_BILL[2]

FORM = """
<main><p role="alert" data-error="not_found">We could <b>not</b> find you.</p>
<form id="consent" method="post" action="/decide/?step=2">
<input type="hidden" name="token" value="t">
<label><input type="checkbox" name="service" value="1" checked> Electricity</label>
<label><input type="checkbox" name="service" value="2"> Water</label>
<select name="history"><option value="1">One</option>
<option value="2" selected>Two</option></select>
<input type="radio" name="type" value="phone"><input type="radio" name="type" value="email" checked>
<button name="decision" value="allow">Allow</button></form>
<strong id="test-passcode">123 456</strong></main>
"""


def test_there_are_six_rows_of_puc_and_eighteen_of_svce() -> None:
    assert Counter(row.utility for row in rows.TYPED) == {"SSMPUC": 6, "SVCE": 18}
    assert len({(row.way, row.value) for row in rows.TYPED}) == 24


def test_demo_utility_is_played_in_every_scenario_and_both_of_its_ways() -> None:
    assert {row.utility for row in rows.DEMO} == {"DEMO"}
    assert {row.way for row in rows.DEMO} == {"username", "sso"}
    assert {row.scenario for row in rows.DEMO} == {
        "residential",
        "commercial",
        *rows.REFUSALS,
        *rows.UNCOLLECTED,
    }
    assert not {row.utility for row in rows.TYPED + rows.PREFILLED + rows.FALLBACK} & {"DEMO"}


def test_every_way_is_played_once_more_with_a_prefill() -> None:
    assert {row.way for row in rows.PREFILLED} == {row.way for row in rows.TYPED}
    assert all(row.prefill == row.value for row in rows.PREFILLED)
    assert [row.falls_back for row in rows.FALLBACK] == [True]


@pytest.mark.parametrize("row", rows.TYPED, ids=lambda row: f"{row.way}-{row.value}")
def test_a_row_stands_in_the_documentation(row: rows.Row) -> None:
    if not SEEDS.exists():
        pytest.skip("The programmes' pages (../shared/seeds) are not beside this checkout.")
    pages = [path.read_text(encoding="utf-8") for path in SEEDS.iterdir()]
    (page,) = [page for page in pages if f"{row.utility}_ccccccccc" in page]
    assert row.value in page
    assert row.bill_amount in page
    assert row.bill_date in page


def test_a_page_is_read_as_a_browser_shows_it() -> None:
    page = read_page("https://utility.example/a?b=c", 200, FORM)
    form = page.form("consent")
    assert page.alert() == ("not_found", "We could not find you.")
    assert page.texts["test-passcode"] == "123 456"
    assert form.filled({"decision": "allow"}) == {
        "token": ["t"],
        "service": ["1"],
        "history": ["2"],
        "type": ["email"],
        "decision": ["allow"],
    }


def test_a_value_without_an_input_is_refused() -> None:
    with pytest.raises(LookupError, match="no input bill_amount"):
        read_page("https://utility.example/", 200, FORM).form("consent").filled({"bill_amount": ""})


def test_a_missing_form_is_named_without_the_query_of_the_address() -> None:
    with pytest.raises(LookupError, match=r"no form #passcode on https://utility\.example/a ") as e:
        read_page("https://utility.example/a?code=secret", 200, FORM).form("passcode")
    assert "secret" not in str(e.value)


@pytest.mark.parametrize("row", rows.OWN_CONTACTS, ids=lambda row: f"{row.way}-{row.value}")
def test_a_contact_of_its_own_stands_where_the_documentation_says(row: rows.Row) -> None:
    mailbox = Mailbox.new(row.way)
    assert row.is_sent
    assert row.typed(mailbox.contact) == f"TEST_{row.scenario}_{mailbox.contact}"
    assert ("@" in mailbox.contact) == (row.way == "email")


def test_only_what_arrives_at_its_own_contact_is_read(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    mailbox, other = Mailbox.new("phone"), Mailbox.new("email")
    assert mailbox.messages() == []
    folder = tmp_path / OUTBOX
    folder.mkdir()
    texts = ["Your passcode is 123456.", "A new one: 234567.", "Yours is 345678."]
    for number, (box, text) in enumerate(zip((mailbox, mailbox, other), texts, strict=True)):
        message = json.dumps({"to": box.address, "text": text})
        (folder / f"{number}.json").write_text(message, encoding="utf-8")
    assert mailbox.messages() == texts[:2]
    assert mailbox.wait_for_passcode() == "234567"
    (folder / "3.json").write_text(json.dumps({"to": other.address, "text": "Hello"}))
    assert other.wait_for_passcode() is None


@pytest.fixture
def link(db: None) -> ShareLink:
    return ShareLink.objects.create(utility=cast.make_utility(slug="ssmpuc"))


def test_a_refusal_elsewhere_than_at_the_utility_does_not_hold(
    link: ShareLink, settings: Any
) -> None:
    settings.SANDBOX_URL = "https://utility.example"
    assert refused(read_page("https://utility.example/a", 200, FORM), link)
    with pytest.raises(RowFailedError):
        refused(read_page("https://portal.example/a", 200, FORM), link)
    with pytest.raises(RowFailedError):
        refused(read_page("https://utility.example/a", 200, "<p>Welcome</p>"), link)


def test_a_refusal_that_left_an_authorization_does_not_hold(link: ShareLink, settings: Any) -> None:
    settings.SANDBOX_URL = "https://utility.example"
    assert link.utility is not None
    authorization = cast.authorize(cast.ada(), link.utility)
    authorization.share_link = link
    authorization.save()
    with pytest.raises(RowFailedError, match="exists all the same"):
        refused(read_page("https://utility.example/a", 200, FORM), link)


def test_what_is_stored_must_be_what_was_promised(link: ShareLink) -> None:
    assert link.utility is not None
    authorization = cast.authorize(cast.ada(), link.utility)
    points = [metering.add_point(authorization, kind) for kind in (0, 2)]
    for point in points:
        reading = metering.add_meter_reading(point)
        metering.add_day(reading, date(2026, 1, 1), [1] * LEAST_READINGS_A_SERVICE, seconds=5)
        for month in range(1, 13):
            metering.add_bill(point, date(2025, month, 1), 28)
            metering.add_bill(point, date(2026, month, 1), 28)
    outcome = Outcome(PUC_ROW)
    compare(outcome, authorization)
    assert (outcome.readings, outcome.bills) == (2 * LEAST_READINGS_A_SERVICE, 48)

    points[1].summaries.all().delete()
    with pytest.raises(RowFailedError, match="0 bills"):
        compare(Outcome(PUC_ROW), authorization)
    metering.add_point(authorization, 1)
    with pytest.raises(RowFailedError, match="usage points are"):
        compare(Outcome(PUC_ROW), authorization)


@pytest.mark.parametrize("row", [PUC_ROW, UNKNOWN_ROW], ids=["known", "unknown"])
def test_a_row_fails_when_the_portal_shows_no_way_to_start(
    row: rows.Row, link: ShareLink, settings: Any
) -> None:
    with LyingUtility() as portal:
        settings.PORTAL_URL = portal.url
        outcome = play(row)
    assert not outcome.ok
    assert "no way to start" in outcome.detail
    assert not ShareLink.objects.exclude(pk=link.pk).filter(disabled_at=None).exists()
