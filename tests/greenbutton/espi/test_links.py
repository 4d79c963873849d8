from collections.abc import Iterable

import pytest

from greenbutton.espi import Entry
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.espi.links import Linker, Tree
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.resources import Resource
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.usage_summary import UsageSummary

ONE = "urn:uuid:11111111-1111-4111-8111-111111111111"
TWO = "urn:uuid:22222222-2222-4222-8222-222222222222"
WATT_HOURS = ReadingType(uom=72)
THERMS = ReadingType(uom=169)


def one(
    resource: Resource,
    self_href: str | None = None,
    up: str | None = None,
    related: Iterable[str] = (),
    id: str | None = None,  # noqa: A002 (named as in Atom)
) -> Entry:
    return Entry(self_href=self_href, up=up, related=tuple(related), id=id, resource=resource)


def tree(*entries: Entry) -> Tree:
    linker = Linker()
    for ordinal, entry in enumerate(entries, 1):
        linker.add(
            Entry(
                ordinal=ordinal,
                id=entry.id,
                self_href=entry.self_href,
                up=entry.up,
                related=entry.related,
                resource=entry.resource,
            )
        )
    return linker.resolve()


def codes(linked: Tree) -> list[str]:
    return [finding.code for finding in linked.findings]


OTHER_POINT = one(UsagePoint(), "v", related=["v/MR"])


@pytest.mark.parametrize(
    ("usage_point", "meter_reading"),
    [
        (one(UsagePoint(), "u", related=["x/MR"]), one(MeterReading(), "y/1", up="x/MR")),
        (one(UsagePoint(), "u", related=["x/1"]), one(MeterReading(), "x/1")),
        (one(UsagePoint(), "u"), one(MeterReading(), "m", up="u")),
        (one(UsagePoint(), "u"), one(MeterReading(), "u/MR/1", up="elsewhere")),
    ],
    ids=["up is related", "self is related", "up is self", "self continues self"],
)
def test_each_matching_rule_finds_the_parent(usage_point: Entry, meter_reading: Entry) -> None:
    linked = tree(OTHER_POINT, meter_reading, usage_point)
    (found,) = linked.meter_readings.values()
    assert found.usage_point == "u"
    assert codes(linked) == ["meter_reading.no_reading_type"]


def test_the_rules_apply_in_their_order() -> None:
    nearer = one(UsagePoint(), "a", related=["b/MR"])
    farther = one(UsagePoint(), "b")
    linked = tree(farther, nearer, one(MeterReading(), "b/MR/1", up="b/MR"))
    assert [found.usage_point for found in linked.meter_readings.values()] == ["a"]


def test_a_prefix_that_ends_inside_a_name_is_no_match() -> None:
    linked = tree(OTHER_POINT, one(UsagePoint(), "u/1"), one(MeterReading(), "u/12/MR/1", up="z"))
    assert [found.usage_point for found in linked.meter_readings.values()] == ["z"]
    assert "link.no_usage_point" in codes(linked)


def test_the_only_usage_point_adopts_what_names_no_parent() -> None:
    linked = tree(one(UsagePoint(), "u"), one(UsageSummary(), "s", up="t"))
    assert linked.summaries[2].usage_point == "u"
    assert codes(linked) == ["link.adopted"]


def test_one_of_two_usage_points_adopts_nothing() -> None:
    linked = tree(OTHER_POINT, one(UsagePoint(), "u"), one(UsageSummary(), "s", up="t"))
    assert linked.summaries[3].usage_point == "t"
    assert linked.usage_points["t"].entry is None
    assert codes(linked) == ["link.no_usage_point"]


def test_a_block_without_its_meter_reading_hangs_on_its_up_link_then_on_its_self_link() -> None:
    linked = tree(one(IntervalBlock(), "b/1", up="b"), one(IntervalBlock(), "c/1"))
    assert linked.blocks == {1: "b", 2: "c/1"}
    assert {key: found.usage_point for key, found in linked.meter_readings.items()} == {
        "b": "b",
        "c/1": "c/1",
    }
    assert set(linked.usage_points) == {"b", "c/1"}
    assert set(codes(linked)) == {"link.no_meter_reading", "link.no_usage_point"}


def test_a_block_whose_meter_reading_is_missing_still_finds_its_usage_point() -> None:
    linked = tree(OTHER_POINT, one(UsagePoint(), "u"), one(IntervalBlock(), "u/m/b", up="u/m"))
    assert linked.meter_readings["u/m"].usage_point == "u"
    assert codes(linked) == ["link.no_meter_reading"]


def test_entries_that_are_repeated_every_day_are_one() -> None:
    day = (
        one(UsagePoint(), "u", related=["u/MR"], id=ONE),
        one(MeterReading(), "u/MR/1", up="u/MR", related=["u/MR/1/IB", "rt"], id=TWO),
        one(WATT_HOURS, "rt", up="u/MR/1"),
        one(IntervalBlock(), "u/MR/1/IB/1", up="u/MR/1/IB"),
    )
    linked = tree(*day, *day, *day)
    assert list(linked.usage_points) == [ONE]
    assert list(linked.meter_readings) == [TWO]
    assert linked.meter_readings[TWO].reading_type == WATT_HOURS
    assert linked.blocks == {4: TWO, 8: TWO, 12: TWO}
    assert codes(linked) == []


@pytest.mark.parametrize(
    "persistent",
    [
        None,
        "1,436,684,400,000",
        "11111111-1111-4111-8111-111111111111",
        "urn:uuid:00000000-0000-0000-0000-000000000000",
        ONE + "0",
    ],
)
def test_an_id_that_is_no_uuid_is_not_an_identity(persistent: str | None) -> None:
    assert list(tree(one(UsagePoint(), "u", id=persistent)).usage_points) == ["u"]


def test_an_id_that_different_entries_share_is_nobodys() -> None:
    linked = tree(one(UsagePoint(), "u", id=ONE), one(IntervalBlock(), "b", id=ONE))
    assert list(linked.usage_points) == ["u"]


def test_an_entry_that_comes_twice_under_new_ids_is_known_by_its_link() -> None:
    linked = tree(one(UsagePoint(), "u", id=ONE), one(UsagePoint(), "u", id=TWO))
    assert list(linked.usage_points) == ["u"]


def test_upper_and_lower_case_ids_are_the_same() -> None:
    upper = ONE.replace("1111-4111", "abcd-4111").upper().replace("URN:UUID", "urn:uuid")
    assert list(tree(one(UsagePoint(), "u", id=upper)).usage_points) == [upper.lower()]


def test_one_reading_type_serves_several_meter_readings() -> None:
    linked = tree(
        one(UsagePoint(), "u"),
        one(MeterReading(), "u/1", related=["rt/1"]),
        one(MeterReading(), "u/2", related=["rt/1"]),
        one(WATT_HOURS, "rt/1", up="rt"),
        one(THERMS, "rt/2", up="rt"),
    )
    assert [found.reading_type for found in linked.meter_readings.values()] == [WATT_HOURS] * 2


def test_a_unit_is_not_guessed_from_several_or_from_a_stranger() -> None:
    linked = tree(
        one(UsagePoint(), "u"),
        one(MeterReading(), "u/1", related=["rt"]),
        one(MeterReading(), "u/2"),
        one(WATT_HOURS, "rt/1", up="rt"),
        one(THERMS, "rt/2", up="rt"),
    )
    assert [found.reading_type for found in linked.meter_readings.values()] == [None, None]
    assert codes(linked) == ["meter_reading.several_reading_types", "meter_reading.no_reading_type"]


def test_a_reading_type_without_a_unit_is_taken_and_that_is_said() -> None:
    linked = tree(
        one(UsagePoint(), "u"),
        one(MeterReading(), "u/1", related=["rt"]),
        one(ReadingType(interval_length=900), "rt"),
    )
    (found,) = linked.meter_readings.values()
    assert found.reading_type == ReadingType(interval_length=900)
    assert codes(linked) == ["meter_reading.no_unit"]


def test_one_id_of_several_entries_is_said_once_and_one_entry_that_comes_twice_is_not() -> None:
    twice = one(UsagePoint(), "u", id=TWO)
    type_ = one(WATT_HOURS, "rt", id=ONE)
    linked = tree(twice, twice, one(MeterReading(), "u/1", related=["rt"], id=ONE), type_)
    assert [(found.code, found.where) for found in linked.findings] == [("entry.shared_id", ONE)]


def test_a_meter_reading_that_two_usage_points_claim_goes_to_the_first_with_a_finding() -> None:
    linked = tree(
        one(UsagePoint(), "u", related=["m"]),
        one(UsagePoint(), "v", related=["m"]),
        one(MeterReading(WATT_HOURS), "m/1", up="m"),
    )
    assert linked.meter_readings["m/1"].usage_point == "u"
    assert codes(linked) == ["link.ambiguous"]


def test_local_time_goes_to_the_usage_point_that_relates_to_it() -> None:
    east, west = LocalTimeParameters(tz_offset=-18000), LocalTimeParameters(tz_offset=-28800)
    linked = tree(one(UsagePoint(), "u", related=["lt/2"]), one(east, "lt/1"), one(west, "lt/2"))
    assert linked.usage_points["u"].local_time == west
    assert linked.local_times == (east, west)
    assert (
        tree(one(UsagePoint(), "u"), one(east, "lt/1"), one(west, "lt/2"))
        .usage_points["u"]
        .local_time
        is None
    )


def test_the_readings_of_a_block_are_not_remembered() -> None:
    linker = Linker()
    linker.add(one(IntervalBlock(0, 60, (IntervalReading(0, 60, 424242),)), "b"))
    assert "424242" not in repr(linker._entries)
