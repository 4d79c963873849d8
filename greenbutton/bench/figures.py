"""What the times come to, and what must be reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from greenbutton.bench.rounds import Result

Results = Mapping[str, Result]
Verdict = Literal["aim met", "met", "missed"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that is worked out of the results of the contenders in `needs`.

    `says` is how, in the letters of the registry. At the size `holds_at` it must reach `must`, and
    aims for `aim`: at most so much, or at least where `is_least`.
    """

    name: str
    says: str
    needs: tuple[str, ...]
    of: Callable[[Results], float]
    holds_at: str
    must: float
    aim: float
    is_least: bool = False

    def value(self, results: Results) -> float | None:
        """None where a contender that it needs did not run."""
        return self.of(results) if results.keys() >= set(self.needs) else None

    def reaches(self, value: float, mark: float) -> bool:
        return value >= mark if self.is_least else value <= mark

    def verdict(self, value: float) -> Verdict:
        if self.reaches(value, self.aim):
            return "aim met"
        return "met" if self.reaches(value, self.must) else "missed"


def _floors(results: Results) -> float:
    return results["floor"].seconds + results["rows"].seconds


FIGURES = (
    Figure(
        "reader_over_floor",
        "b÷a",
        ("reader", "floor"),
        lambda results: results["reader"].seconds / results["floor"].seconds,
        holds_at="large",
        must=5,
        aim=3,
    ),
    Figure(
        "first_over_floors",
        "c÷(a+d)",
        ("first", "floor", "rows"),
        lambda results: results["first"].seconds / _floors(results),
        holds_at="large",
        must=3,
        aim=1.5,
    ),
    Figure(
        "again_over_floors",
        "c2÷(a+d)",
        ("again", "floor", "rows"),
        lambda results: results["again"].seconds / _floors(results),
        holds_at="large",
        must=2.6,
        aim=1.3,
    ),
    Figure(
        "peer_over_reader",
        "e÷b",
        ("peer", "reader"),
        lambda results: results["peer"].seconds / results["reader"].seconds,
        holds_at="medium",
        must=8,
        aim=12,
        is_least=True,
    ),
    Figure(
        "django_over_store",
        "f÷c's storing",
        ("bulk", "first"),
        lambda results: results["bulk"].seconds / results["first"].measured["storing_seconds"],
        holds_at="medium",
        must=20,
        aim=40,
        is_least=True,
    ),
    Figure(
        "bytes_per_reading",
        "c",
        ("first",),
        lambda results: results["first"].measured["bytes_per_reading"],
        holds_at="large",
        must=25,
        aim=14,
    ),
    Figure(
        "year_ms_over_rows",
        "y",
        ("year",),
        lambda results: results["year"].measured["days_ms"] / results["year"].measured["rows_ms"],
        holds_at="large",
        must=0.5,
        aim=0.2,
    ),
    Figure(
        "peak_mb",
        "c",
        ("first",),
        lambda results: results["first"].peak_mb,
        holds_at="large",
        must=150,
        aim=80,
    ),
    Figure(
        "lxml_over_writer",
        "g÷h",
        ("elements", "writer"),
        lambda results: results["elements"].seconds / results["writer"].seconds,
        holds_at="large",
        must=0.25,
        aim=1,
        is_least=True,
    ),
    # The sandbox's rate by lxml's, of the same elements: end to end, from a simulated meter on.
    Figure(
        "sandbox_over_lxml",
        "s",
        ("sandbox",),
        lambda results: (
            results["sandbox"].measured["readings_a_second"]
            / results["sandbox"].measured["lxml_readings_a_second"]
        ),
        holds_at="large",
        must=0.25,
        aim=0.5,
        is_least=True,
    ),
    Figure(
        "sandbox_peak_mb",
        "s",
        ("sandbox",),
        lambda results: results["sandbox"].measured["sandbox_peak_mb"],
        holds_at="large",
        must=200,
        aim=120,
    ),
)
