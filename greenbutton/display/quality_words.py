"""A quality report in words: for the customer's panel in full, for staff in a line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from greenbutton.display.meters import Series
from greenbutton.display.periods import clock, lasting, midnight, short_date
from greenbutton.display.quality import BillCheck, OddDay, Report, Span
from greenbutton.display.quality_reports import MeterReport
from greenbutton.display.units import round_half_up
from greenbutton.display.usage import Figure
from greenbutton.espi.enums import QualityOfReading
from greenbutton.espi.scale import plain

# Of thousands of gaps a page names the longest.
PLACES_NAMED = 12


class Place(NamedTuple):
    """A gap or an overlap: when it was, by the local clock, and how long."""

    when: str
    lasts: str


@dataclass(frozen=True, slots=True)
class Places:
    """The longest of some spans, the newest first, and how many there are in all."""

    named: list[Place]
    count: str
    are_all: bool


@dataclass(frozen=True, slots=True)
class BillLine:
    """A bill beside its readings; the remark says why there is nothing beside it."""

    check: BillCheck
    difference: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A report ready to be shown."""

    about: MeterReport
    zone: ZoneInfo

    @property
    def report(self) -> Report:
        return self.about.report

    @property
    def series(self) -> Series:
        return self.about.series

    @property
    def figures(self) -> list[Figure]:
        return [self.covered, self.missing, self.twice, self.estimated]

    @property
    def covered(self) -> Figure:
        coverage = self.report.coverage
        return Figure("Covered", in_percent(coverage.percent), dates(coverage.span, self.zone))

    @property
    def missing(self) -> Figure:
        coverage = self.report.coverage
        if not coverage.gaps:
            return Figure("Missing", "Nothing", "no gap between the readings")
        longest = lasting(coverage.longest_gap)
        count = len(coverage.gaps)
        remark = f"in {count:,} gaps, the longest {longest}" if count > 1 else "in one gap"
        return Figure("Missing", lasting(coverage.missing), remark)

    @property
    def twice(self) -> Figure:
        coverage = self.report.coverage
        if not coverage.overlaps:
            return Figure("Measured twice", "Nothing", "no reading overlaps another")
        count = len(coverage.overlaps)
        remark = f"in {count:,} places" if count > 1 else "in one place"
        return Figure("Measured twice", lasting(coverage.twice), remark)

    @property
    def estimated(self) -> Figure:
        qualities = self.report.qualities
        if qualities.unknown == 100:
            return Figure("Estimated", "Not known", "the utility does not say")
        remark = f"of {qualities.readings:,} readings"
        if qualities.unknown:
            remark += f"; of {in_percent(qualities.unknown)} it is not known"
        return Figure("Estimated", in_percent(qualities.estimated), remark)

    @property
    def gaps(self) -> Places:
        return places_of(self.report.coverage.gaps, self.zone)

    @property
    def overlaps(self) -> Places:
        return places_of(self.report.coverage.overlaps, self.zone)

    @property
    def without_value(self) -> str:
        count = self.report.without_value
        if not count:
            return ""
        return f"{count:,} reading{' has' if count == 1 else 's have'} no value."

    @property
    def odd_days(self) -> str:
        """What came of the days on which clocks change; empty where there was none."""
        days = self.report.odd_days
        if not days or any(day.fits is None for day in days):
            return ""
        hours = " or ".join(sorted({day.hours for day in days}))
        misfits = len(self.report.misfits)
        if len(days) == 1:
            fit = "its readings do not last as long" if misfits else "its readings last as long"
            return f"One day had {hours} hours, since clocks changed; {fit}."
        fit = (
            f"on {misfits} of them the readings do not last as long"
            if misfits
            else "the readings of each last as long"
        )
        return f"{len(days)} days had {hours} hours, since clocks changed; {fit}."

    @property
    def odd_days_short(self) -> str:
        """`4, of which 1 does not fit`."""
        days, misfits = len(self.report.odd_days), len(self.report.misfits)
        if misfits:
            return f"{days}, of which {misfits} {'does' if misfits == 1 else 'do'} not fit"
        return f"{days}, all fit" if days else "None"

    @property
    def misfits(self) -> list[OddDay]:
        return self.report.misfits

    @property
    def qualities(self) -> list[tuple[str, str]]:
        """How many readings are of which quality, the most frequent first, if more than one is."""
        counts = self.report.qualities.counts
        if len(counts) < 2:
            return []
        ordered = sorted(counts.items(), key=lambda item: -item[1])
        return [
            (QualityOfReading.words(quality) or "not stated", f"{count:,}")
            for quality, count in ordered
        ]

    @property
    def bills_intro(self) -> str:
        """Which readings the bills are compared with, or why with none."""
        series = self.series
        if series.is_level:
            return "These readings are not amounts that add up, so no bill is compared with them."
        if series.role == "returned":
            return "Bills are not compared with what was sent back."
        if not self.about.is_billed:
            return "Bills are compared with what came from the grid, not with what is left of it."
        if not self.report.bills:
            return "No bill of the time of these readings says what was used."
        return self._bills_in_short()

    def _bills_in_short(self) -> str:
        bills = self.report.bills
        compared = sum(check.outcome == "compared" for check in bills)
        number = f"{compared:,} of {len(bills):,} bill{'' if len(bills) == 1 else 's'}"
        could = f"{number} could be compared with {'its' if len(bills) == 1 else 'their'} readings"
        if not compared:
            return f"{could}."
        if all(check.difference is None or not check.difference.value for check in bills):
            return f"{could}, and {'it agrees' if compared == 1 else 'all agree'} exactly."
        return f"{could}; the furthest off is {self.worst_bill or 'one of nothing'}."

    @property
    def how_compared(self) -> str:
        """How a bill and its readings are put side by side."""
        how = (
            "A bill is compared with the sum of the readings that start in its period. A reading "
            "counts whole, even if it ends in the next one."
        )
        if self.series.role == "net":
            return f"{how} What was sent back is taken off in these readings."
        if self.about.has_other_flows:
            return f"{how} What was sent back is not taken off in these readings."
        return how

    @property
    def bills(self) -> list[BillLine]:
        return [bill_line(check) for check in self.report.bills]

    @property
    def bills_short(self) -> str:
        """`11 of 12 could be compared`."""
        bills = self.report.bills
        if not bills:
            return "none to compare"
        compared = sum(check.outcome == "compared" for check in bills)
        return f"{compared} of {len(bills)} could be compared"

    @property
    def worst_bill(self) -> str:
        """How far the worst of the comparable bills is off."""
        worst = self.report.worst_bill
        return difference_of(worst) if worst else ""


def said_of(reports: Iterable[MeterReport], zone: ZoneInfo) -> list[Said]:
    return [Said(report, zone) for report in reports]


def in_percent(share: Decimal) -> str:
    """`99.98%`, `100%`."""
    return f"{plain(share)}%"


def places_of(spans: Iterable[Span], zone: ZoneInfo) -> Places:
    ordered = sorted(spans, key=lambda span: span.seconds, reverse=True)
    named = sorted(ordered[:PLACES_NAMED], reverse=True)
    return Places(
        [Place(when(span, zone), lasting(span.seconds)) for span in named],
        f"{len(ordered):,}",
        are_all=len(ordered) == len(named),
    )


def dates(span: Span, zone: ZoneInfo) -> str:
    """From which local day to which, both included."""
    first = datetime.fromtimestamp(span.begin, zone).date()
    last = datetime.fromtimestamp(span.end - 1, zone).date()
    return f"{short_date(first)} – {short_date(last)}" if first < last else short_date(first)


def when(span: Span, zone: ZoneInfo) -> str:
    """A span by the local clock: `8 Mar 2026, 1 am – 4 am`, or by its days where it has whole ones.

    On a day on which the clock changes, each time says which of the two it is in.
    """
    begin, end = (datetime.fromtimestamp(at, zone) for at in span)
    if is_midnight(begin, zone) and is_midnight(end, zone):
        return dates(span, zone)
    last_day = datetime.fromtimestamp(span.end - 1, zone).date()
    until = clock_of(end, zone)
    if begin.date() < last_day:
        until = f"{short_date(end.date())}, {until}"
    return f"{short_date(begin.date())}, {clock_of(begin, zone)} – {until}"


def is_midnight(at: datetime, zone: ZoneInfo) -> bool:
    return midnight(at.date(), zone) == at


def clock_of(at: datetime, zone: ZoneInfo) -> str:
    day = at.date()
    length = midnight(day + timedelta(days=1), zone) - midnight(day, zone)
    return clock(at) if length == timedelta(days=1) else f"{clock(at)} {at:%Z}"


def bill_line(check: BillCheck) -> BillLine:
    if check.outcome == "compared":
        return BillLine(check, difference_of(check))
    remarks = {
        "partly": f"Not fully measured: readings cover {in_percent(check.covered)} of it.",
        "uneven": "Its readings do not begin and end when the bill does.",
        "other_unit": "It is billed in another unit than the readings are in.",
    }
    if check.outcome == "partly" and check.covered == 100:
        return BillLine(check, "", "Not fully measured: some of its readings have no value.")
    return BillLine(check, "", remarks[check.outcome])


def difference_of(check: BillCheck) -> str:
    """`+0.3%`, `none`, `under 0.1%`; the difference itself where nothing was billed."""
    if check.difference is None:
        return ""
    if not check.difference.value:
        return "none"
    if check.percent is None:
        return str(check.difference)
    rounded = round_half_up(abs(check.percent), 1)
    if not rounded:
        return "under 0.1%"
    return f"{'+' if check.percent > 0 else '−'}{rounded:,}%"
