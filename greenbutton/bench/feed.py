"""The document that every contender reads, and what is in it by another way than reading it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from greenbutton.espi.generator import Plan, generate, tidy
from greenbutton.espi.generator.part import Block


class Row(NamedTuple):
    """One row a reading, as most people store them."""

    meter_reading: int
    start: datetime
    seconds: int
    value: int
    cost: int | None
    quality: int
    tou: int | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """What tells whether a feed was read: how many readings, the sums of their raw numbers."""

    readings: int
    value_sum: int
    cost_sum: int


def write(plan: Plan, path: Path) -> None:
    """Generate the document into a file."""
    with path.open("wb") as file:
        file.writelines(generate(plan))


def rows(plan: Plan) -> Iterator[Row]:
    """The readings of the document, from the generator and not from the document."""
    meter_reading = 0
    for part in tidy.parts(plan, lambda readings: readings):
        meter_reading += part.kind == "MeterReading"
        for block in part.payloads:
            if isinstance(block, Block):
                for reading in block.readings:
                    yield Row(
                        meter_reading,
                        datetime.fromtimestamp(reading.start, UTC),
                        reading.seconds,
                        reading.value,
                        reading.cost,
                        reading.qualities[0],
                    )


def sums(plan: Plan) -> Sums:
    """What reading the document must come to."""
    count = value_sum = cost_sum = 0
    for row in rows(plan):
        count += 1
        value_sum += row.value
        cost_sum += row.cost or 0
    return Sums(count, value_sum, cost_sum)
