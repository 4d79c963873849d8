import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date
from hashlib import sha256
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenbutton.espi import Entry, EspiError, read_feed
from greenbutton.espi.generator import ODDITIES, SERVICES, Plan, PlanError, generate
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.espi.links import Linker, Tree
from greenbutton.espi.usage_summary import UsageSummary

ROOT = Path(__file__).parents[4]
DAYS = Plan(days=2, interval=6 * 3600, start=date(2025, 1, 15))


def made(plan: Plan) -> bytes:
    return b"".join(generate(plan))


def entries_of(plan: Plan) -> list[Entry]:
    return list(read_feed(BytesIO(made(plan)), max_bytes=2**30))


def blocks_of(plan: Plan) -> list[IntervalBlock]:
    resources = [entry.resource for entry in entries_of(plan)]
    return [resource for resource in resources if isinstance(resource, IntervalBlock)]


def readings_of(plan: Plan) -> list[IntervalReading]:
    return [reading for block in blocks_of(plan) for reading in block.readings]


def linked(plan: Plan) -> tuple[Tree, list[str]]:
    feed, linker = read_feed(BytesIO(made(plan)), max_bytes=2**30), Linker()
    for entry in feed:
        linker.add(entry)
    tree = linker.resolve()
    return tree, [finding.code for finding in (*feed.findings, *tree.findings)]


def test_the_same_plan_gives_the_same_bytes_on_every_machine() -> None:
    plan = replace(DAYS, seed=7)
    # Whoever changes this changes every golden file, and what is compared between two benches.
    assert sha256(made(plan)).hexdigest() == (
        "59a6cf9f319f6f0513a8e0a09b2380bdaf8144820935a332df8b16da551c37f6"
    )


def test_another_seed_gives_other_values_and_nothing_else() -> None:
    def without_numbers(document: bytes) -> bytes:
        return re.sub(rb"<(value|cost|billLastPeriod)>\d+<", rb"<\1><", document)

    one, other = made(DAYS), made(replace(DAYS, seed=1))
    assert one != other
    assert without_numbers(one) == without_numbers(other)


def test_usage_points_do_not_share_their_values() -> None:
    first, second = halves(readings_of(replace(DAYS, usage_points=2)))
    assert [one.start for one in first] == [other.start for other in second]
    assert [one.value for one in first] != [other.value for other in second]


def halves(
    readings: list[IntervalReading],
) -> tuple[list[IntervalReading], list[IntervalReading]]:
    middle = len(readings) // 2
    return readings[:middle], readings[middle:]


def test_a_year_of_quarter_hours_has_35040_readings_a_usage_point() -> None:
    pieces = generate(Plan(usage_points=2, interval=900, days=365))
    assert sum(piece.count(b"<IntervalReading>") for piece in pieces) == 2 * 35_040


def test_a_tidy_reading_takes_about_330_bytes() -> None:
    document = made(Plan(interval=900, days=30))
    assert 320 <= len(document) / (30 * 96) <= 340


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda service: service.name)
def test_a_tidy_feed_hangs_together_and_nothing_about_it_is_odd(service: Any) -> None:
    tree, codes = linked(replace(DAYS, usage_points=3, service=service, days=40))
    assert codes == []
    assert len(tree.usage_points) == len(tree.meter_readings) == 3
    assert len(set(tree.blocks.values())) == 3
    assert len(tree.blocks) == 3 * 40
    assert len(tree.summaries) == 3 * 2
    for meter_reading in tree.meter_readings.values():
        assert meter_reading.reading_type is not None
        assert meter_reading.reading_type.uom == service.uom


def test_a_bill_is_the_sum_of_its_months_readings_and_a_fixed_charge() -> None:
    plan = replace(DAYS, days=31)
    months: dict[int, tuple[int, int]] = {}
    for reading in readings_of(plan):
        assert reading.start is not None
        assert reading.value is not None
        assert reading.cost is not None
        # February begins at 1738386000 in Toronto.
        month = 2 if reading.start >= 1738386000 else 1
        value, cost = months.get(month, (0, 0))
        months[month] = value + reading.value, cost + reading.cost
    bills = [e.resource for e in entries_of(plan) if isinstance(e.resource, UsageSummary)]
    assert [
        (bill.overall_consumption.value, bill.bill_last_period)
        for bill in bills
        if bill.overall_consumption
    ] == [(value, cost + 2_500_000) for value, cost in months.values()]


@pytest.mark.parametrize(
    ("zone", "day", "interval", "count", "hours"),
    [
        ("America/Toronto", date(2025, 3, 9), 3600, 23, 23),
        ("America/Toronto", date(2025, 11, 2), 900, 100, 25),
        ("America/St_Johns", date(2025, 3, 9), 1800, 46, 23),
        ("Australia/Sydney", date(2025, 10, 5), 3600, 23, 23),
        ("Australia/Sydney", date(2025, 4, 6), 3600, 25, 25),
        ("Australia/Lord_Howe", date(2025, 10, 5), 1800, 47, 23.5),
        # Its last hour is half an hour long: a reading ends with its day.
        ("Australia/Lord_Howe", date(2025, 4, 6), 3600, 25, 24.5),
        ("Asia/Kolkata", date(2025, 4, 6), 3600, 24, 24),
    ],
)
def test_a_block_is_a_local_day_however_long_that_is(
    zone: str, day: date, interval: int, count: int, hours: float
) -> None:
    (block,) = blocks_of(Plan(days=1, start=day, time_zone=zone, interval=interval))
    assert block.seconds == hours * 3600
    readings = list(block.readings)
    assert len(readings) == count
    assert readings[0].start == block.start
    for one, following in pairwise(readings):
        assert one.start is not None
        assert one.seconds is not None
        assert one.start + one.seconds == following.start


@pytest.mark.parametrize(
    ("interval", "lengths"),
    [
        (86_400, {86_400: 29, 82_800: 1, 90_000: 0}),
        (7 * 86_400, {604_800: 3, 601_200: 1, 259_200: 1}),
        (30 * 86_400, {31 * 86_400 - 3600: 1}),
    ],
)
def test_long_readings_are_whole_local_days_and_months(
    interval: int, lengths: dict[int, int]
) -> None:
    days = 31 if interval > 86_400 else 30
    readings = readings_of(Plan(days=days, start=date(2025, 3, 1), interval=interval))
    assert Counter(reading.seconds for reading in readings) == Counter(lengths)


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (replace(DAYS, usage_points=0), "Usage points must be 1 or more"),
        (replace(DAYS, interval=0), "Interval must be 1 or more"),
        (replace(DAYS, days=-1), "Days must be 1 or more"),
        (replace(DAYS, time_zone="Mars/Olympus"), "no time zone 'Mars/Olympus'"),
        (replace(DAYS, time_zone="../etc/passwd"), "no time zone"),
        (replace(DAYS, time_zone=""), "no time zone"),
        (replace(DAYS, start=date(1969, 12, 31)), "1970 or later"),
        (replace(DAYS, start=date(9999, 12, 31)), "before 2200"),
        (replace(DAYS, oddities=("milisecond",)), "Did you mean milliseconds?"),
        (replace(DAYS, oddities=("quite something else",)), "no oddity called quite"),
    ],
)
def test_what_no_feed_can_be_is_refused_before_its_first_byte(plan: Plan, says: str) -> None:
    with pytest.raises(PlanError, match=re.escape(says).replace(r"\ ", " ")):
        generate(plan)


def test_it_is_made_of_the_standard_library_alone() -> None:
    folder = ROOT / "greenbutton" / "espi" / "generator"
    code = "\n".join(path.read_text() for path in folder.glob("*.py"))
    assert not re.search(r"^\s*(from|import) (lxml|django)", code, re.MULTILINE)
    assert not re.search(r"\b(now|today|time_ns)\(", code)


def test_importing_it_loads_no_django() -> None:
    code = "import greenbutton.espi.generator, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# -- oddities ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ODDITIES)
def test_each_oddity_changes_the_feed_and_says_how(name: str) -> None:
    assert made(replace(DAYS, oddities=(name,))) != made(DAYS)
    assert ODDITIES[name].endswith(".")
    assert re.fullmatch(r"[a-z0-9-]+", name)


def test_the_order_in_which_oddities_are_named_means_nothing() -> None:
    some = ("prefixes", "milliseconds", "tou", "conflicts", "gas-m3")
    assert made(replace(DAYS, oddities=some)) == made(replace(DAYS, oddities=some[::-1]))


def test_an_oddity_named_twice_applies_once() -> None:
    twice = replace(DAYS, oddities=("duplicates", "duplicates"))
    assert len(blocks_of(twice)) == 2 * len(blocks_of(DAYS))


def test_oddities_of_every_stage_combine() -> None:
    odd = ("southern", "gas-m3", "net-flow", "tou", "several-qualities", "half-blocks", "comments")
    tidy_count = len(readings_of(DAYS))
    readings = readings_of(replace(DAYS, oddities=(*odd, "cdata", "prefixes", "crlf")))
    assert len(readings) == tidy_count
    assert {reading.tou for reading in readings} == {1, 2, 3}
    assert {len(reading.qualities) for reading in readings} == {2}
    assert min(reading.value or 0 for reading in readings) < 0


REFUSED = {"doctype", "wrong-namespace", "cut-off"}


def readings_or_none(plan: Plan) -> int | None:
    try:
        return len(readings_of(plan))
    except EspiError:
        return None


@pytest.mark.parametrize("name", ODDITIES)
def test_an_oddity_is_read_unless_it_says_that_it_is_refused(name: str) -> None:
    count = readings_or_none(replace(DAYS, oddities=(name,)))
    assert (count is None) == (name in REFUSED) == ("refused" in ODDITIES[name])
    assert count != 0


@given(st.sets(st.sampled_from(sorted(ODDITIES.keys() - REFUSED - {"five-minutes"})), max_size=8))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_oddities_do_not_break_one_another(names: set[str]) -> None:
    plan = replace(DAYS, interval=12 * 3600, oddities=tuple(names))
    assert readings_or_none(plan)
