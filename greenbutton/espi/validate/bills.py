"""Function blocks 15, 16, 27 and 28: what a usage summary says of a billing period."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from greenbutton.espi.summary_measurement import SummaryMeasurement
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.usage_summary import UsageSummary
from greenbutton.espi.validate.atom import around, present
from greenbutton.espi.validate.document import Document
from greenbutton.espi.validate.rule import DocumentRule, Place, Rule, Severity, about

SUMMARY = 15
COSTS = 16
DEMAND = 27
BILL_TO_DATE = 28

ERROR, WARNING = Severity.ERROR, Severity.WARNING

Broken = Callable[[UsageSummary], bool]


def _strays(document: Document) -> Iterator[Place]:
    for entry in document.of(UsageSummary):
        if entry.up and (count := len(document.related_to(UsagePoint, entry.up))) != 1:
            yield Place(entry.where, f"{count or 'None'} does.")


def _lacks(name: str) -> Broken:
    return lambda summary: getattr(summary, name) is None


def _part_lacks(name: str, *parts: str) -> Broken:
    """Whether an element that is there does not say all of some things."""

    def broken(summary: UsageSummary) -> bool:
        element = getattr(summary, name)
        return element is not None and any(getattr(element, part) is None for part in parts)

    return broken


def _has_no_power(measurement: SummaryMeasurement | None) -> bool:
    return measurement is None or measurement.power_of_ten is None


def _rule(id: str, block: int, severity: Severity, says: str, broken: Broken) -> Rule:  # noqa: A002
    return about(UsageSummary, broken, id=id, block=block, severity=severity, says=says)


RULES: tuple[Rule, ...] = (
    _rule(
        "D081",
        SUMMARY,
        WARNING,
        "The summary has no consumption (overallConsumptionLastPeriod).",
        _lacks("overall_consumption"),
    ),
    DocumentRule(
        id="D083",
        block=SUMMARY,
        severity=ERROR,
        says="The document has no usage summary.",
        broken=partial(present, kind=UsageSummary),
    ),
    *around(
        UsageSummary,
        "summary",
        SUMMARY,
        id="D082",
        title="D084",
        self_link="D085",
        unique="D086",
        up="D087",
        published="D101",
        updated="D102",
    ),
    DocumentRule(
        id="D088",
        block=SUMMARY,
        severity=ERROR,
        says="Not exactly one usage point relates to the up link of the summary.",
        broken=_strays,
    ),
    _rule(
        "D089",
        SUMMARY,
        ERROR,
        "The summary does not say how long its period is (billingPeriod/duration).",
        lambda summary: summary.billing_period is None or summary.billing_period.seconds is None,
    ),
    _rule(
        "D090",
        SUMMARY,
        ERROR,
        "The summary does not say when its period begins (billingPeriod/start).",
        lambda summary: summary.billing_period is None or summary.billing_period.start is None,
    ),
    _rule(
        "D095",
        SUMMARY,
        WARNING,
        "currentBillingPeriodOverAllConsumption has no powerOfTenMultiplier; it is taken for 0.",
        _part_lacks("current_billing_period_consumption", "power_of_ten"),
    ),
    _rule(
        "D096",
        SUMMARY,
        WARNING,
        "currentBillingPeriodOverAllConsumption has no timeStamp.",
        _part_lacks("current_billing_period_consumption", "time_stamp"),
    ),
    _rule(
        "D097",
        SUMMARY,
        ERROR,
        "currentBillingPeriodOverAllConsumption has no unit (uom).",
        _part_lacks("current_billing_period_consumption", "uom"),
    ),
    _rule(
        "D098",
        SUMMARY,
        ERROR,
        "currentBillingPeriodOverAllConsumption has no value.",
        _part_lacks("current_billing_period_consumption", "value"),
    ),
    _rule(
        "D099",
        SUMMARY,
        WARNING,
        "The summary does not say how good its readings are (qualityOfReading).",
        _lacks("quality_of_reading"),
    ),
    _rule(
        "D100",
        SUMMARY,
        ERROR,
        "The summary does not say of when it is (statusTimeStamp).",
        _lacks("status_time_stamp"),
    ),
    _rule(
        "D091",
        COSTS,
        ERROR,
        "The summary has no bill of the last period (billLastPeriod).",
        _lacks("bill_last_period"),
    ),
    _rule(
        "D093",
        COSTS,
        WARNING,
        "The summary has no additional costs (costAdditionalLastPeriod).",
        _lacks("cost_additional_last_period"),
    ),
    _rule(
        "D094",
        COSTS,
        ERROR,
        "The summary does not say in which currency its amounts are.",
        _lacks("currency"),
    ),
    _rule("D103", DEMAND, ERROR, "The summary has no ratchet demand.", _lacks("ratchet_demand")),
    _rule(
        "D104",
        DEMAND,
        ERROR,
        "The summary does not say when its ratchet demand was (ratchetDemandPeriod).",
        _lacks("ratchet_demand_period"),
    ),
    _rule("D105", DEMAND, ERROR, "The summary has no peak demand.", _lacks("peak_demand")),
    _rule(
        "D106",
        DEMAND,
        WARNING,
        "The summary has no consumption of the day with its multiplier "
        "(currentDayOverallConsumption/powerOfTenMultiplier).",
        lambda summary: _has_no_power(summary.current_day_overall_consumption),
    ),
    _rule(
        "D107",
        DEMAND,
        WARNING,
        "The summary has no consumption of the day before with its multiplier "
        "(previousDayOverallConsumption/powerOfTenMultiplier).",
        lambda summary: _has_no_power(summary.previous_day_overall_consumption),
    ),
    _rule(
        "D108",
        DEMAND,
        ERROR,
        "The ratchet demand has no unit, or no multiplier.",
        _part_lacks("ratchet_demand", "uom", "power_of_ten"),
    ),
    _rule(
        "D109",
        DEMAND,
        ERROR,
        "The period of the ratchet demand has no start, or no duration.",
        _part_lacks("ratchet_demand_period", "start", "seconds"),
    ),
    _rule(
        "D110",
        DEMAND,
        ERROR,
        "The peak demand has no unit, or no multiplier.",
        _part_lacks("peak_demand", "uom", "power_of_ten"),
    ),
    _rule(
        "D111",
        DEMAND,
        ERROR,
        "The consumption of the day has no unit, or no multiplier.",
        _part_lacks("current_day_overall_consumption", "uom", "power_of_ten"),
    ),
    _rule(
        "D112",
        DEMAND,
        ERROR,
        "The consumption of the day before has no unit, or no multiplier.",
        _part_lacks("previous_day_overall_consumption", "uom", "power_of_ten"),
    ),
    _rule(
        "D092",
        BILL_TO_DATE,
        ERROR,
        "The summary has no bill to date (billToDate).",
        _lacks("bill_to_date"),
    ),
)
