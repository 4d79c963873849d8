"""Days of one zone become days of another: no reading changes, or nothing does."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from authorizations.models import Authorization
from greenbutton.ingest import days, due
from greenbutton.ingest.days import Day, Reading
from greenbutton.ingest.recut import (
    FURTHEST,
    TRIES,
    Recut,
    RecutError,
    ask,
    cut_anew,
    recut,
    recut_asked,
    recut_utility,
    settle,
)
from greenbutton.models import MeterReading, ReadingDay
from tests import cast
from tests.greenbutton.ingest.documents import MIDNIGHT
from utilities.models import Utility

TORONTO, VANCOUVER = "America/Toronto", "America/Vancouver"
HOUR = 3600
ZONES = [
    TORONTO,
    "America/Los_Angeles",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Pacific/Apia",
    "UTC",
]
# From 2006 to 2026: before and after clocks changed at 00:01 in St. John's, and Samoa left out a
# day.
STARTS = st.integers(1_136_073_600, 1_767_225_600)
NUMBERS = st.none() | st.integers(-(10**9), 10**9)


def reading(start: int, seconds: int = HOUR, value: int | None = 1) -> Reading:
    return Reading(start, seconds, value)


@st.composite
def readings(draw: st.DrawFn) -> list[Reading]:
    """A gapless stretch, some stray ones, and some with one start and length."""
    start, step = draw(STARTS), draw(st.sampled_from([900, 1800, HOUR, 86_400]))
    values = draw(st.lists(NUMBERS, min_size=1, max_size=60))
    found = [Reading(start + n * step, step, value, value) for n, value in enumerate(values)]
    near = st.integers(start - 10**6, start + 10**6)
    odd = st.builds(Reading, near, st.sampled_from([1, 900, HOUR, 86_401]), NUMBERS, NUMBERS)
    found += draw(st.lists(odd, max_size=8))
    twice = draw(st.lists(st.sampled_from(found), max_size=3))
    return [*found, *(one._replace(value=draw(NUMBERS), tou=2) for one in twice)]


def cut(found: Sequence[Reading], name: str) -> list[Day]:
    """The obvious way: by the local date of each start."""
    zone = ZoneInfo(name)
    by_day: dict[date, list[Reading]] = {}
    for one in sorted(found, key=days.PLACE):
        day = datetime.fromtimestamp(one.start, UTC).astimezone(zone).date()
        by_day.setdefault(day, []).append(one)
    return [days.build(day, part) for day, part in sorted(by_day.items())]


@given(readings(), st.sampled_from(ZONES), st.sampled_from(ZONES))
@hypothesis_settings(max_examples=120)
@example([reading(1_193_544_000 + n * 900, 900) for n in range(200)], "UTC", "America/St_Johns")
@example([reading(1_325_200_000 + n * HOUR) for n in range(60)], TORONTO, "Pacific/Apia")
def test_there_and_back_again_are_the_same_days(found: list[Reading], one: str, other: str) -> None:
    stored = cut(found, one)
    there = list(cut_anew(stored, ZoneInfo(other)))
    assert there == cut(found, other)
    assert list(cut_anew(there, ZoneInfo(one))) == stored


def test_it_holds_few_days_however_many_there_are() -> None:
    """What is returned follows what is taken by no more than dates can differ."""
    taken: list[date] = []

    def stored() -> Any:
        for day in cut([reading(MIDNIGHT + n * HOUR) for n in range(2_000)], TORONTO):
            taken.append(day.day)
            yield day

    for day in cut_anew(stored(), ZoneInfo("Pacific/Kiritimati")):
        assert taken[-1] - day.day <= FURTHEST + timedelta(days=1)


# With the database.


@pytest.fixture
def utility(db: None) -> Utility:
    return cast.make_utility(slug="recut")


@pytest.fixture
def brought(utility: Utility) -> Authorization:
    """What Ada brought, not yet confirmed to be in her utility's zone."""
    return Authorization.for_file(cast.ada().cookie, utility, "")


def store(authorization: Authorization, found: Sequence[Reading]) -> MeterReading:
    point = authorization.usage_points.create(identity=f"{authorization.usage_points.count()}")
    meter_reading = point.meter_readings.create(identity="1")
    for day in cut(found, authorization.zone.key):
        ReadingDay.objects.create(
            authorization=authorization,
            meter_reading=meter_reading,
            **{name: getattr(day, name) for name in Day.__dataclass_fields__}
            | {"start": datetime.fromtimestamp(day.start, UTC)},
        )
    return meter_reading


def rows() -> list[dict[str, Any]]:
    return [dict(row) for row in ReadingDay.objects.order_by("pk").values()]


YEAR = [Reading(MIDNIGHT + n * HOUR, HOUR, n, n * 3, 17) for n in range(24 * 365)]


def test_another_zone_cuts_the_days_there_and_back(brought: Authorization) -> None:
    store(brought, YEAR)
    before = rows()
    done = recut(brought, VANCOUVER)
    assert (done.meter_readings, done.readings, done.before) == (1, 24 * 365, 365)
    assert brought.zone.key == VANCOUVER
    assert not brought.time_zone_is_proposed
    # Midnight in Toronto is nine in the evening in Vancouver.
    first = ReadingDay.objects.order_by("day")[0]
    assert (first.day, first.values) == (date(2026, 3, 1), [0, 1, 2])
    assert sum(row["total"] for row in rows()) == sum(row["total"] for row in before)
    recut(brought, TORONTO)
    assert rows() == before
    # The utility's again, whatever that may become.
    assert brought.time_zone == ""


def test_each_meter_reading_keeps_its_own(brought: Authorization) -> None:
    one = store(brought, YEAR[:100])
    other = store(brought, [reading._replace(value=5) for reading in YEAR[50:120]])
    assert recut(brought, VANCOUVER).meter_readings == 2
    assert sum(day.count for day in one.days.all()) == 100
    assert {value for day in other.days.all() for value in day.values} == {5}


def test_nobody_elses_days_are_touched(brought: Authorization, utility: Utility) -> None:
    bens = Authorization.for_file(cast.ben().cookie, utility, "")
    store(brought, YEAR[:50])
    store(bens, YEAR[:50])
    before = list(bens.reading_days.order_by("pk").values())
    recut(brought, VANCOUVER)
    assert list(bens.reading_days.order_by("pk").values()) == before


@pytest.mark.parametrize("damage", [{"total": 7}, {"count": 7}, {"total_cost": None}])
def test_days_that_contradict_themselves_are_left_alone(
    brought: Authorization, damage: dict[str, int]
) -> None:
    store(brought, YEAR[:100])
    damaged = store(brought, YEAR[:100])
    ReadingDay.objects.filter(meter_reading=damaged, day=date(2026, 3, 3)).update(**damage)
    before = rows()
    with pytest.raises(RecutError, match="does not add up to the same"):
        recut(brought, VANCOUVER)
    brought.refresh_from_db()
    assert (rows(), brought.time_zone, brought.time_zone_is_proposed) == (before, "", True)
    assert brought.leased_until is None


def test_while_something_is_brought_in_it_waits(brought: Authorization) -> None:
    store(brought, YEAR[:50])
    before = rows()
    Authorization.objects.update(lease_id="other", leased_until=timezone.now() + timedelta(hours=1))
    with pytest.raises(RecutError, match="Try again in a minute"):
        recut(brought, VANCOUVER)
    assert rows() == before
    assert Authorization.objects.get().lease_id == "other"


def test_a_utilitys_zone_changes_with_everybodys_days(
    utility: Utility, brought: Authorization
) -> None:
    connected = cast.authorize(cast.ben(), utility)
    elsewhere = Authorization.for_file(cast.cy().cookie, utility, "Asia/Tokyo")
    for one in (brought, connected, elsewhere):
        store(one, YEAR[:50])
    recut_utility(utility, VANCOUVER)
    for one in (brought, connected, elsewhere):
        one.refresh_from_db()
    assert Utility.objects.get().time_zone == VANCOUVER
    assert (brought.time_zone, connected.time_zone) == ("", "")
    # Nobody has confirmed it yet, and their own zone is theirs.
    assert brought.time_zone_is_proposed
    assert elsewhere.time_zone == "Asia/Tokyo"
    assert connected.reading_days.order_by("day")[0].day == date(2026, 3, 1)
    assert elsewhere.reading_days.order_by("day")[0].day == date(2026, 3, 2)


def test_a_utility_keeps_its_zone_until_all_are_cut(
    utility: Utility, brought: Authorization
) -> None:
    busy = cast.authorize(cast.ben(), utility)
    store(brought, YEAR[:50])
    store(busy, YEAR[:50])
    lease = Authorization.objects.filter(pk=busy.pk)
    lease.update(leased_until=timezone.now() + timedelta(hours=1))
    with pytest.raises(RecutError, match="Run this again in a few minutes"):
        recut_utility(utility, VANCOUVER)
    assert Utility.objects.get().time_zone == TORONTO
    # Who is done is right already, in a zone of their own.
    brought.refresh_from_db()
    assert brought.zone.key == VANCOUVER
    lease.update(leased_until=None)
    recut_utility(utility, VANCOUVER)
    assert Utility.objects.get().time_zone == VANCOUVER
    assert set(Authorization.objects.values_list("time_zone", flat=True)) == {""}


def test_days_that_are_right_stay_as_they_are(brought: Authorization, utility: Utility) -> None:
    store(brought, YEAR[:100])
    before = rows()
    assert recut(brought).after == recut_utility(utility).after == len(before)
    assert rows() == before
    assert Authorization.objects.get().time_zone_is_proposed


def test_who_connects_while_a_utilitys_zone_changes_is_not_left_behind(utility: Utility) -> None:
    newcomers: list[Authorization] = []

    def connects(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "utilities_utility" in sql and "FOR UPDATE" in sql and not newcomers:
            newcomers.append(cast.authorize(cast.ben(), utility))
            store(newcomers[0], YEAR[:50])
        return execute(sql, params, many, context)

    store(cast.authorize(cast.ada(), utility), YEAR[:50])
    with connection.execute_wrapper(connects):
        done = recut_utility(utility, VANCOUVER)
    assert done.meter_readings == 2
    assert newcomers[0].reading_days.order_by("day")[0].day == date(2026, 3, 1)
    assert set(Authorization.objects.values_list("time_zone", flat=True)) == {""}
    assert Utility.objects.get().time_zone == VANCOUVER


# What somebody asked for, done by a worker.


def test_what_is_asked_for_is_done_once(brought: Authorization) -> None:
    store(brought, YEAR[:50])
    ask(brought, VANCOUVER)
    assert due.claim_recuttings() == [brought.pk]
    assert due.claim_recuttings() == []
    done = recut_asked(brought)
    assert done is not None
    assert (done.state, done.tries) == ("done", 1)
    assert "Days of America/Vancouver" in done.words
    assert done.finished is not None
    assert recut_asked(brought) is None
    assert due.claim_recuttings() == []


def test_while_something_is_brought_in_it_goes_on_waiting(brought: Authorization) -> None:
    store(brought, YEAR[:50])
    ask(brought, VANCOUVER)
    mine = Authorization.objects.filter(pk=brought.pk)
    mine.update(leased_until=timezone.now() + timedelta(hours=1))
    assert due.claim_recuttings() == []
    for _ in range(TRIES + 1):
        waits = recut_asked(brought)
        assert waits is not None
        assert (waits.state, waits.tries) == ("waiting", 0)
    mine.update(leased_until=None)
    assert due.claim_recuttings() == [brought.pk]


def test_who_asks_again_is_done_what_was_asked_last(brought: Authorization) -> None:
    store(brought, YEAR[:50])
    ask(brought, "Asia/Tokyo")
    ask(brought, VANCOUVER)
    assert brought.recuttings.count() == 1
    recut_asked(brought)
    assert brought.zone.key == VANCOUVER


def test_who_asks_while_it_is_done_is_not_forgotten(
    brought: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def done_meanwhile(authorization: Authorization, zone: str) -> Recut:
        done = recut(authorization, zone)
        if zone == "Asia/Tokyo":
            ask(authorization, VANCOUVER)
        return done

    monkeypatch.setattr("greenbutton.ingest.recut.recut", done_meanwhile)
    ask(brought, "Asia/Tokyo")
    waits = recut_asked(brought)
    assert waits is not None
    assert (waits.state, waits.time_zone) == ("waiting", VANCOUVER)
    recut_asked(brought)
    assert brought.zone.key == VANCOUVER


def test_what_kills_its_workers_is_given_up(
    brought: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(authorization: Authorization, zone: str) -> Recut:
        raise MemoryError

    monkeypatch.setattr("greenbutton.ingest.recut.recut", dies)
    ask(brought, VANCOUVER)
    for _ in range(TRIES):
        with pytest.raises(MemoryError):
            recut_asked(brought)
    given_up = recut_asked(brought)
    assert given_up is not None
    assert (given_up.state, given_up.tries) == ("failed", TRIES)
    assert brought.zone.key == TORONTO


def test_nothing_is_cut_once_sharing_was_stopped(brought: Authorization) -> None:
    store(brought, YEAR[:50])
    before = rows()
    ask(brought, VANCOUVER)
    brought.mark_revoked("customer")
    assert due.claim_recuttings() == [brought.pk]
    failed = recut_asked(brought)
    assert failed is not None
    assert failed.words == "Sharing was stopped before it was done."
    assert rows() == before


def test_days_that_contradict_themselves_are_told_to_staff(brought: Authorization) -> None:
    store(brought, YEAR[:50])
    ReadingDay.objects.update(total=7)
    ask(brought, VANCOUVER)
    failed = recut_asked(brought)
    assert failed is not None
    assert failed.state == "failed"
    assert "import its feeds into a new authorization" in failed.words


def test_a_zone_that_days_have_is_settled_at_once(brought: Authorization) -> None:
    store(brought, YEAR[:50])
    assert settle(brought, TORONTO)
    assert not Authorization.objects.get().time_zone_is_proposed
    assert not brought.recuttings.exists()


def test_a_zone_that_days_have_still_waits_behind_another_that_was_asked_for(
    brought: Authorization,
) -> None:
    store(brought, YEAR[:50])
    ask(brought, VANCOUVER)
    assert not settle(brought, TORONTO)
    recut_asked(brought)
    assert brought.zone.key == TORONTO


# The command.


def run(*args: str) -> str:
    out = io.StringIO()
    call_command("recut_days", *args, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_cut(brought: Authorization) -> None:
    store(brought, YEAR)
    said = run("--authorization", brought.uid, "--time-zone", VANCOUVER)
    assert "1, with 8,760 readings. Days of America/Vancouver: 366, before: 365." in said
    assert "Every total is the same as before" in said
    assert "America/Toronto" in run("--utility", "recut")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--authorization", "nowhere"], "no authorization nowhere"),
        (["--utility", "nowhere"], r"no utility nowhere \(known: RECUT\)"),
        (["--utility", "recut", "--time-zone", "Mars/Olympus"], "no time zone Mars/Olympus"),
        (["--utility", "recut", "--time-zone", "../../etc/passwd"], "no time zone"),
    ],
)
def test_the_command_refuses_what_is_not_there(
    utility: Utility, args: list[str], says: str
) -> None:
    with pytest.raises(CommandError, match=says):
        run(*args)


def test_the_command_moves_no_connection_out_of_its_utilitys_zone(utility: Utility) -> None:
    connected = cast.authorize(cast.ada(), utility)
    with pytest.raises(CommandError, match="in the time zone of its utility"):
        run("--authorization", connected.uid, "--time-zone", VANCOUVER)
    assert "0, with 0 readings" in run("--authorization", connected.uid)
