"""Feeds made to measure, tidy or odd in known ways: the same plan gives the same bytes."""

from collections.abc import Iterator

from greenbutton.espi.generator import oddities, tidy
from greenbutton.espi.generator.part import TAIL, write
from greenbutton.espi.generator.plan import SERVICES, Plan, PlanError, Service

__all__ = ["ODDITIES", "SERVICES", "Plan", "PlanError", "Service", "generate", "settled"]

# What each oddity does, by its name.
ODDITIES: dict[str, str] = {name: oddity.says for name, oddity in oddities.ALL.items()}


def generate(plan: Plan) -> Iterator[bytes]:
    """Yield the document in pieces, an entry each. Raises PlanError for what no feed can be."""
    settled(plan).check()
    return _pieces(settled(plan), oddities.named(plan.oddities))


def settled(plan: Plan) -> Plan:
    """The plan with what its oddities change in it, such as its time zone."""
    return oddities.changed(plan, oddities.named(plan.oddities))


def _pieces(plan: Plan, odd: list[oddities.Oddity]) -> Iterator[bytes]:
    yield oddities.rewritten(tidy.head(plan), odd)
    entries = tidy.parts(plan, oddities.retelling(odd))
    for part in oddities.retold(entries, odd):
        yield oddities.rewritten(write(part), odd)
    yield oddities.rewritten(TAIL, odd)
