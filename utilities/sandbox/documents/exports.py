"""The export profile: documents as unlike the certification as a utility's real export was.

What is left out or odd in it was seen in a public export for PUC Distribution: relative links, no
local time, reading types of three elements, one of them of no use, a block for each month without
an interval, its newest reading first. How such entries are written is in `writing`. Of the
customer's side no real export is known, so that it is as the standard has it.
"""

from __future__ import annotations

from datetime import date
from itertools import groupby

from greenbutton.espi import Entry
from greenbutton.espi.application_information import ApplicationInformation
from greenbutton.espi.enums import AccumulationKind, FlowDirectionKind, UnitSymbol
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.reading_type import ReadingType
from utilities.sandbox.documents.sharing import make_entry
from utilities.sandbox.documents.tree import Node
from utilities.sandbox.models import RESOURCES
from utilities.sandbox.programmes import Programme

# Before everything else, and without any link.
FIRST = Entry(resource=ApplicationInformation(third_party_name="Green Button Sandbox"))


def plain(its: ReadingType) -> ReadingType:
    """The little that the export says of its numbers.

    It has only intervals. Of a register or a demand it would have to say that, or a reader would
    add up its states.
    """
    is_interval = its.accumulation_behaviour == AccumulationKind.DELTA
    return ReadingType(
        accumulation_behaviour=None if is_interval else its.accumulation_behaviour,
        flow_direction=its.flow_direction,
        power_of_ten=its.power_of_ten,
        uom=its.uom,
    )


def unused_type(programme: Programme) -> Node:
    """A reading type to which nothing refers: of therms, whatever the services are."""
    href = f"{RESOURCES}/ReadingType/{programme.slug}-unused"
    its = ReadingType(
        flow_direction=FlowDirectionKind.FORWARD, power_of_ten=3, uom=UnitSymbol.THERM
    )
    return Node(href, lambda: make_entry(href, "Unused", its))


def months(days: list[date]) -> list[list[date]]:
    """The days by their month, the last month first."""
    return [list(month) for _, month in groupby(days, lambda day: (day.year, day.month))][::-1]


def newest_first(block: IntervalBlock) -> IntervalBlock:
    """The block as the export has it."""
    return IntervalBlock(readings=block.columns.reversed())
