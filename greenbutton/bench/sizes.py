"""How large a feed the bench reads: quarters of an hour or hours of the whole of 2025."""

from __future__ import annotations

from dataclasses import dataclass

from greenbutton.espi.generator import Plan


@dataclass(frozen=True, slots=True)
class Size:
    """A feed's measure, by the name that people give it.

    `meters` is how many a customer of the sandbox has.
    """

    name: str
    plan: Plan
    meters: int


SIZES = {
    size.name: size
    for size in (
        Size("small", Plan(usage_points=1, interval=3600), meters=1),
        Size("medium", Plan(usage_points=10, interval=900), meters=10),
        Size("large", Plan(usage_points=30, interval=900), meters=40),
    )
}
