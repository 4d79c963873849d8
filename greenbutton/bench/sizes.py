"""How large a feed the bench reads: quarters of an hour or hours of the whole of 2025."""

from __future__ import annotations

from dataclasses import dataclass

from greenbutton.espi.generator import Plan


@dataclass(frozen=True, slots=True)
class Size:
    """A feed's measure, by the name that people give it."""

    name: str
    plan: Plan


SIZES = {
    name: Size(name, plan)
    for name, plan in {
        "small": Plan(usage_points=1, interval=3600),
        "medium": Plan(usage_points=10, interval=900),
        "large": Plan(usage_points=30, interval=900),
    }.items()
}
