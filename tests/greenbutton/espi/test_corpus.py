"""What the real feeds of the shared corpus are known for.

Their counts, against an independent one, are held by `import_espi --dry-run`'s tests.
"""

from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from greenbutton.espi import EspiError, read_feed, write_entry, write_feed
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.links import Linker, Tree
from greenbutton.espi.resources import EMPTY, Other
from greenbutton.espi.usage_summary import UsageSummary

ROOT = Path(__file__).parents[3]
CORPUS = ROOT.parent / "shared" / "corpus"
MAX_BYTES = 64 * 2**20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the shared corpus of real feeds is not beside this checkout"
)


def linked(name: str) -> Tree:
    linker = Linker()
    with (CORPUS / name).open("rb") as file:
        for entry in read_feed(file, max_bytes=MAX_BYTES):
            linker.add(entry)
    return linker.resolve()


def test_the_feed_that_is_not_well_formed_is_refused_with_the_place() -> None:
    with pytest.raises(EspiError, match=r"not well-formed XML.*ns1.*line 1"):
        linked("pge-UsageSummary.xml")


def test_the_links_of_the_puc_feed_are_not_odd_and_its_gas_type_belongs_to_nobody() -> None:
    tree = linked("utilityapi-puc-APUC0000-00-electric.xml")
    (meter_reading,) = tree.meter_readings.values()
    assert meter_reading.identity == "User/237422/UsagePoint/1402026/MeterReading/01"
    assert meter_reading.usage_point == "User/237422/UsagePoint/1402026"
    assert meter_reading.reading_type is not None
    assert meter_reading.reading_type.uom == 72
    assert meter_reading.entry is not None
    assert meter_reading.entry.published is not None  # it is misplaced inside the content
    assert meter_reading.entry.published.microsecond == 787877
    assert list(tree.blocks.values()) == [meter_reading.identity]
    assert tree.findings == ()


def test_blocks_alone_hang_on_one_meter_reading_keyed_by_their_up_link() -> None:
    tree = linked("pge-IntervalBlock.xml")
    (identity,) = tree.meter_readings
    assert identity.endswith("/MeterReading/Tags7afT4eW6dAg6tI9nUksh4Et2ju==/IntervalBlock")
    assert len(tree.blocks) == 24
    assert {finding.code: finding.count for finding in tree.findings} == {
        "link.no_meter_reading": 24,
        "link.no_usage_point": 1,
    }


def test_one_id_for_every_entry_is_nobodys_identity() -> None:
    tree = linked("ngma-gas-float-starts.xml")
    assert list(tree.usage_points) == ["User/1111111/UsagePoint/01"]
    (meter_reading,) = tree.meter_readings.values()
    assert meter_reading.usage_point == "User/1111111/UsagePoint/01"
    assert set(tree.blocks.values()) == {meter_reading.identity}
    assert len(tree.blocks) == 36
    # Its reading type is empty.
    codes = [finding.code for finding in tree.findings]
    assert codes == ["entry.shared_id", "meter_reading.no_unit"]


def test_a_feed_without_up_links_still_hangs_together() -> None:
    tree = linked("opower-gas-bills.xml")
    (meter_reading,) = tree.meter_readings.values()
    assert meter_reading.usage_point == "urn:uuid:db678d4d-d9fe-3c0c-96f9-c13142c295e1"
    assert meter_reading.reading_type is not None
    assert (meter_reading.reading_type.uom, meter_reading.reading_type.power_of_ten) == (169, -3)
    assert tree.findings == ()


def test_entries_that_come_twice_are_one_and_upper_case_ids_are_ids() -> None:
    tree = linked("sce-bulk-UsageSummaryAndIntervalBlock.xml")
    assert list(tree.usage_points) == ["urn:uuid:94f0e796-4425-11e6-bfe1-4a1bc70062bb"]
    assert len(tree.meter_readings) == 1
    assert all(one.reading_type for one in tree.meter_readings.values())
    assert {one.usage_point for one in tree.summaries.values()} == set(tree.usage_points)
    assert len(tree.summaries) == 7
    (usage_point,) = tree.usage_points.values()
    assert usage_point.local_time is not None
    assert usage_point.local_time.tz_offset == -28800


def test_an_inline_reading_type_is_found_where_no_link_leads_to_one() -> None:
    tree = linked("gba-usage-subscription-feed-anonymized.xml")
    (meter_reading,) = tree.meter_readings.values()
    assert meter_reading.reading_type is not None
    assert meter_reading.reading_type.interval_length == 3600


def test_summaries_carry_bills_line_items_and_times_in_seconds() -> None:
    with (CORPUS / "pge-UsageSummaries.xml").open("rb") as file:
        entries = list(read_feed(file, max_bytes=MAX_BYTES))
    summary = entries[0].resource
    assert isinstance(summary, UsageSummary)
    assert summary.billing_period is not None
    assert (summary.billing_period.start, summary.billing_period.seconds) == (1434006000, 2505600)
    assert summary.bill_last_period == 23364000
    assert summary.line_items[0].note == "Part Peak Energy Charge"
    assert summary.line_items[0].unit_cost == 12000
    assert summary.status_time_stamp is not None
    assert 1.4e9 < summary.status_time_stamp < 1.5e9


def test_readings_outside_their_block_are_kept() -> None:
    with (CORPUS / "sce-bulk-IntervalBlock.xml").open("rb") as file:
        entries = list(read_feed(file, max_bytes=MAX_BYTES))
    (block,) = (one.resource for one in entries if isinstance(one.resource, IntervalBlock))
    assert block.start is not None
    assert block.seconds is not None
    assert block.readings[-1].start == block.start + block.seconds


def oddities(name: str) -> dict[str, int]:
    """How often what is odd about a file."""
    with (CORPUS / name).open("rb") as file:
        read = read_feed(file, max_bytes=MAX_BYTES)
        for _ in read:
            pass
    counts: dict[str, int] = {}
    for finding in read.findings:
        counts[finding.code] = counts.get(finding.code, 0) + finding.count
    return counts


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        (
            "utilityapi-puc-APUC0000-00-electric.xml",
            {
                "entry.no_id": 6,
                "entry.no_date": 10,
                "entry.misplaced_date": 2,
                "element.unknown": 300,
                "block.no_interval": 1,
                "block.newest_first": 1,
            },
        ),
        (
            "sce-bulk-IntervalBlock.xml",
            {
                "local_time.rule_truncated": 2,
                "enum.unknown": 1,
                "reading.outside_interval": 1,
                "date.no_zone": 13,
                "element.batch_item_info": 1,
            },
        ),
        ("gba-customer-subscription-feed-anonymized.xml", {"status.plain_text": 1}),
        ("pge-RetailCustomer.xml", {}),
        ("sce-bulk-RetailCustomer.xml", {"date.no_zone": 15}),
        ("daily-one-year.xml", {}),
        ("gba-applicationinformation-entry-anonymized.xml", {}),
        ("pge-ApplicationInformation.xml", {"time.milliseconds": 1}),
        (
            "ngma-gas-float-starts.xml",
            {
                "usage_point.no_service_kind": 1,
                "entry.several_resources": 1,
                "entry.empty": 1,
                "time.fraction": 72,
                "date.no_zone": 13,
            },
        ),
    ],
)
def test_each_oddity_of_a_real_feed_is_found(name: str, codes: dict[str, int]) -> None:
    assert oddities(name) == codes


FILES = sorted(path.name for path in CORPUS.glob("*.xml") if path.name != "pge-UsageSummary.xml")


@pytest.mark.parametrize("name", FILES)
def test_a_real_feed_is_written_as_it_was_read(name: str) -> None:
    with (CORPUS / name).open("rb") as file:
        read = list(read_feed(file, max_bytes=MAX_BYTES))
    written = write_feed(read, self_href="s", title="t", updated=EPOCH, id="i")
    assert list(read_feed(BytesIO(b"".join(written)), max_bytes=MAX_BYTES)) == read
    for entry in read[:40]:
        (again,) = read_feed(BytesIO(write_entry(entry)), max_bytes=MAX_BYTES)
        assert replace(again, ordinal=entry.ordinal) == entry


def test_every_resource_of_the_real_feeds_is_known() -> None:
    empty = 0
    for name in FILES:
        with (CORPUS / name).open("rb") as file:
            for entry in read_feed(file, max_bytes=MAX_BYTES):
                if isinstance(entry.resource, Other):
                    assert entry.resource == EMPTY
                    empty += 1
    assert empty == 2  # the gas utility's summaries have an empty content
