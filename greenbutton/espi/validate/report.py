from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from greenbutton.espi.validate.rule import Problem, Severity
from greenbutton.espi.validate.validation import RULES, Validation

# A feed of ten thousand blocks can break a rule ten thousand times; so many places are named.
MAX_PLACES = 100


class Report:
    """What came of a validation that has ended: the problems by their rule."""

    def __init__(self, validation: Validation) -> None:
        self.counts: Counter[str] = Counter()
        self.places: dict[str, list[Problem]] = {}
        self._take(validation)
        self.blocks = sorted(validation.blocks)
        self.inapplicable = validation.inapplicable

    def _take(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.counts[problem.rule] += problem.count
            places = self.places.setdefault(problem.rule, [])
            if len(places) < MAX_PLACES:
                places.append(problem)

    def broken(self, severity: Severity) -> list[str]:
        """The ids of the rules of a severity that are broken."""
        return sorted(name for name in self.counts if RULES[name].severity is severity)

    def as_json(self) -> dict[str, Any]:
        """The report as json takes it."""
        return {
            "function_blocks": self.blocks,
            "errors": self.broken(Severity.ERROR),
            "warnings": self.broken(Severity.WARNING),
            "inapplicable": [rule.id for rule in self.inapplicable],
            "problems": [self._rule_as_json(name) for name in sorted(self.counts)],
        }

    def _rule_as_json(self, name: str) -> dict[str, Any]:
        rule = RULES[name]
        return {
            "rule": name,
            "function_block": rule.block,
            "severity": str(rule.severity),
            "says": rule.says,
            "count": self.counts[name],
            "places": [
                {"where": one.where, "detail": one.detail, "count": one.count}
                for one in self.places[name]
            ],
        }
