"""The soak itself: that it plays what it should, that a row can fail, and a short one for real."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from authorizations.models import Authorization, ShareLink
from greenbutton.ingest.purge import purge
from greenbutton.models import Pull, UsagePoint
from portal.rehearsal.browser import Browser
from portal.soak import run, scenarios
from portal.soak.checking import look, troubles_of_all
from portal.soak.plays import Play
from portal.soak.sameness import Holdings, difference, holdings_of
from portal.soak.scenarios import Expected, Scenario
from portal.stack import CHECKOUT
from tests import cast
from tests.conftest import make_database
from tests.greenbutton import metering

FAULTS = CHECKOUT / "utilities" / "sandbox" / "models" / "faults.py"
DAYS = [date(2026, 9, day) for day in range(1, 31)]
STOPPED = Scenario("stopped", (), scenarios.STOPPED)


# -- what is played ------------------------------------------------------------------------------


def test_every_fault_of_the_sandbox_is_played() -> None:
    known = set(re.findall(r'^    [A-Z_]+ = "([a-z_]+)"', FAULTS.read_text("utf-8"), re.MULTILINE))
    assert len(known) == 12
    by_name = {f"fault {fault}" for fault in known}
    assert by_name <= {scenario.name for scenario in scenarios.ALL}


def test_scenarios_have_names_of_their_own() -> None:
    assert {1} == set(Counter(scenario.name for scenario in scenarios.ALL).values())


@pytest.mark.parametrize("customers", [0, 200, 231])
def test_as_many_customers_play_as_are_asked_for_or_needed(customers: int) -> None:
    counts = run.shares(scenarios.ALL, customers)
    needed = sum(one.least * len(one.profiles) for one in scenarios.ALL)
    assert sum(counts.values()) == max(customers, needed)
    for one in scenarios.ALL:
        for profile in one.profiles:
            assert one.least <= counts[one.name, profile] <= one.most


def test_scenarios_that_take_no_more_are_no_endless_loop() -> None:
    short = Scenario("short", (), most=3)
    assert sum(run.shares([short], 1000).values()) == 3 * len(short.profiles)


def test_the_happy_ones_are_always_played() -> None:
    assert run.chosen(["declined"])[:-1] == scenarios.HAPPY
    assert run.chosen(["declined"])[-1].name == "declined"
    assert run.chosen([]) == scenarios.ALL
    with pytest.raises(KeyError, match="sunshine"):
        run.chosen(["declined", "sunshine"])


# -- whether two hold the same -------------------------------------------------------------------


def fill(authorization: Authorization, days: list[date], value: int = 7) -> Holdings:
    point = metering.add_point(authorization, 0)
    reading = metering.add_meter_reading(point)
    for day in days:
        metering.add_day(reading, day, [value] * 24)
    metering.add_bill(point, date(2026, 8, 1), 31)
    return holdings_of(authorization)


@pytest.fixture
def adas(db: None) -> Authorization:
    return cast.authorize(cast.ada(), cast.make_utility())


@pytest.fixture
def bens(adas: Authorization) -> Authorization:
    assert adas.utility is not None
    return cast.authorize(cast.ben(), adas.utility)


def test_two_that_hold_the_same_do_though_one_began_later(
    adas: Authorization, bens: Authorization
) -> None:
    assert difference(fill(adas, DAYS), fill(bens, DAYS[1:])) == ""


def test_a_day_in_the_middle_that_lacks_is_noticed(
    adas: Authorization, bens: Authorization
) -> None:
    fresh = fill(adas, DAYS)
    assert "1 days of a series lack" in difference(fill(bens, [*DAYS[:9], *DAYS[10:]]), fresh)


def test_another_value_is_noticed(adas: Authorization, bens: Authorization) -> None:
    assert "28 days" in difference(fill(bens, DAYS, value=8), fill(adas, DAYS))


def test_a_history_that_is_not_all_there_is_noticed(
    adas: Authorization, bens: Authorization
) -> None:
    fresh = fill(adas, DAYS)
    assert "it reaches from" in difference(fill(bens, DAYS[9:]), fresh)


def test_nothing_is_not_the_same_as_something(adas: Authorization, bens: Authorization) -> None:
    fresh = fill(adas, DAYS)
    assert "meters are none" in difference(holdings_of(bens), fresh)
    assert "it reaches from" in difference(fill(bens, []), fresh)


def test_what_is_there_twice_is_noticed(adas: Authorization, bens: Authorization) -> None:
    fresh = fill(adas, DAYS)
    assert "2 of kind 0" in difference(fill_twice(bens), fresh)
    bill = adas.usage_points.get().summaries.get()
    bill.pk, bill.uid, bill.identity = None, "another", "another"
    bill.save()
    assert "2 bills are not the 1" in difference(holdings_of(adas), fresh)


def fill_twice(authorization: Authorization) -> Holdings:
    fill(authorization, DAYS)
    return fill(authorization, DAYS)


def test_a_later_day_may_bring_another_bill(adas: Authorization, bens: Authorization) -> None:
    fresh = fill(adas, DAYS)
    metering.add_bill(fill_and_get_point(bens), date(2026, 9, 1), 30)
    assert difference(holdings_of(bens), fresh) == ""
    assert "bills" in difference(fresh, holdings_of(bens))


def fill_and_get_point(authorization: Authorization) -> UsagePoint:
    fill(authorization, [*DAYS, date(2026, 10, 1)])
    return authorization.usage_points.get()


def test_bills_that_were_not_granted_must_not_be_there(adas: Authorization) -> None:
    fresh = fill(adas, DAYS)
    assert difference(fresh, fresh, without_bills=True) == "bills are there"


# -- whether a row can fail ----------------------------------------------------------------------


@pytest.fixture
def a_play(adas: Authorization) -> Play:
    """Ada's, with nothing behind it but the rows."""
    link = ShareLink.objects.create(utility=adas.utility)
    adas.share_link = link
    adas.save()
    assert adas.client is not None
    world: Any = None  # looking at a row needs no sites
    return Play(1, link, Browser(), adas.client, world)


def test_a_row_that_ended_otherwise_is_wrong_in_every_way(a_play: Play) -> None:
    found = look(a_play, STOPPED, None)
    said = "; ".join(found.troubles)
    assert "it is active, not revoked" in said
    assert "events lack: " in said
    assert "its timeline does not say “You stopped sharing.”" in said


def test_a_row_that_ended_so_is_right(a_play: Play, adas: Authorization) -> None:
    adas.tell("authorization_created")
    adas.mark_revoked("customer")
    purge(adas)
    adas.mark_told()
    found = look(a_play, STOPPED, None)
    assert found.troubles == ()
    assert found.explanation == "You stopped sharing."
    assert found.words == "revoked, no readings"
    assert list(troubles_of_all()) == []


def test_readings_that_outlast_a_revocation_are_noticed(a_play: Play, adas: Authorization) -> None:
    fill(adas, DAYS)
    adas.mark_revoked("customer")
    assert any("it holds 720 readings" in said for said in look(a_play, STOPPED, None).troubles)
    assert any("its key" in said for said in troubles_of_all())


def test_an_authorization_where_there_should_be_none_is_noticed(a_play: Play) -> None:
    declined = Scenario("declined", (), Expected(status="", reason="access_denied"))
    said = look(a_play, declined, None).troubles
    assert "there is an authorization" in said
    assert any("the attempt keeps" in one for one in said)


def test_a_play_that_went_otherwise_is_wrong_however_the_row_is(
    a_play: Play, adas: Authorization
) -> None:
    def stumbles(play: Play) -> None:
        raise LookupError("no form #consent")

    a_play.do((stumbles,))
    assert "LookupError: no form #consent" in look(a_play, STOPPED, None).troubles


def test_what_nobody_is_at_any_more_is_noticed(adas: Authorization) -> None:
    Pull.objects.create(authorization=adas)
    later = timezone.now() + timedelta(minutes=5)
    Authorization.objects.update(leased_until=later, refreshing_until=later)
    said = list(troubles_of_all())
    assert len(said) == 3
    assert "never ended" in said[0]


def test_tokens_that_outlast_their_consent_are_noticed(adas: Authorization) -> None:
    adas.mark_expired()
    assert list(troubles_of_all()) == []
    adas.refresh_token = "left over"
    adas.save()
    assert any("has tokens" in said for said in troubles_of_all())


# -- a short one ---------------------------------------------------------------------------------


@pytest.mark.xdist_group("browser")
def test_a_short_soak_is_right_in_every_row_and_leaves_nothing(tmp_path: Path) -> None:
    details = tmp_path / "soak.json"
    address = make_database("soak")
    command = [sys.executable, "manage.py", "soak", "--authorizations", "1", "--json", str(details)]
    for name in ("declined", "stopped by the customer", "fault cut_half_way"):
        command += ["--only", name]
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "REDIS_PREFIX": os.environ["REDIS_PREFIX"] + "soaking-",
        "TMPDIR": str(tmp_path),
    }
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(details.read_text(encoding="utf-8"))
    assert said["ok"]
    names = {row["scenario"] for row in said["rows"]}
    assert {"happy", "declined", "stopped by the customer", "fault cut_half_way"} <= names
    assert all(row["explanation"] for row in said["rows"])
    assert list(tmp_path.iterdir()) == [details]
    with psycopg.connect(address) as connection:
        left = connection.execute(r"SELECT 1 FROM pg_database WHERE datname LIKE '%\_soak\_%'")
        assert left.fetchall() == []


def test_a_scenario_that_nobody_knows_is_refused() -> None:
    with pytest.raises(CommandError, match="sunshine"):
        call_command("soak", "--only", "sunshine")
