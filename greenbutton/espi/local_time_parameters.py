import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from greenbutton.espi import element as xml
from greenbutton.espi.element import Element
from greenbutton.espi.findings import Findings
from greenbutton.espi.shape import HEX, SECONDS, Field, Kind, Shape

# espi.xsd DstRuleType: 32 bits as hexadecimal digits; all of them 1 mean that there is no rule.
RULE_DIGITS = 8
NO_RULE = 0xFFFFFFFF

# DstRuleType's operators; 2 to 6 are the first to the fifth such weekday of the month.
ON_THE_DAY = 0
ON_OR_AFTER_THE_DAY = 1
FIRST = 2
LAST = 7


@dataclass(frozen=True, slots=True)
class LocalTimeParameters:
    """espi.xsd TimeConfiguration: offsets in seconds, rules as HexBinary32 text as sent.

    A hint only: SCE cuts the rules short, and a gas utility's offset has the wrong sign.
    """

    dst_end_rule: str | None = None
    dst_offset: int | None = None
    dst_start_rule: str | None = None
    tz_offset: int | None = None


class DstRule(NamedTuple):
    """When clocks change: espi.xsd DstRuleType. `weekday` 1 is Monday, 0 is none; `day` 0 is none.

    `seconds` count from the `hour`, by the clock before the change.
    """

    month: int
    operator: int
    day: int
    weekday: int
    hour: int
    seconds: int

    def moment(self, year: int) -> datetime | None:
        """The local moment in that year; None if the month has no such day."""
        first_weekday, length = calendar.monthrange(year, self.month)
        # How many days after the first of the month the weekday comes first.
        offset = (self.weekday - 1 - first_weekday) % 7
        if self.operator == ON_THE_DAY:
            day = self.day
        elif self.operator == ON_OR_AFTER_THE_DAY:
            day = self.day + (offset + 1 - self.day) % 7
        elif self.operator == LAST:
            day = offset + 1 + (length - offset - 1) // 7 * 7
        else:
            day = offset + 1 + (self.operator - FIRST) * 7
        if day > length:
            return None
        # Without a zone: which one it is is what such a moment helps to find.
        midnight = datetime.combine(date(year, self.month, day), time.min)
        return midnight + timedelta(hours=self.hour, seconds=self.seconds)


def decode_rule(text: str | None) -> DstRule | None:
    """The rule in eight hexadecimal digits; None for no rule, one cut short, or an impossible one.

    Rules that were cut short cannot be completed: SCE's both fall in November, however padded.
    """
    if text is None or len(text) != RULE_DIGITS:
        return None
    try:
        bits = int(text, 16)
    except ValueError:
        return None
    rule = DstRule(
        month=bits >> 28,
        operator=bits >> 25 & 0b111,
        day=bits >> 20 & 0b11111,
        weekday=bits >> 17 & 0b111,
        hour=bits >> 12 & 0b11111,
        seconds=bits & 0xFFF,
    )
    return rule if bits != NO_RULE and _is_possible(rule) else None


def _is_possible(rule: DstRule) -> bool:
    needs_day = rule.operator in (ON_THE_DAY, ON_OR_AFTER_THE_DAY)
    needs_weekday = rule.operator != ON_THE_DAY
    return (
        1 <= rule.month <= 12
        and (not needs_day or rule.day > 0)
        and (not needs_weekday or rule.weekday > 0)
        and rule.hour < 24
        and rule.seconds < 3600
    )


def _read_rule(element: Element, findings: Findings) -> str | None:
    rule: str | None = HEX.read(element, findings)
    if rule is not None and len(rule) < RULE_DIGITS:
        findings.note("local_time.rule_truncated", xml.local_name(element))
    return rule


RULE = Kind(_read_rule, HEX.write)
SHAPE = Shape(
    LocalTimeParameters,
    Field("dstEndRule", "dst_end_rule", RULE),
    Field("dstOffset", "dst_offset", SECONDS),
    Field("dstStartRule", "dst_start_rule", RULE),
    Field("tzOffset", "tz_offset", SECONDS),
)
read = SHAPE.read
write = SHAPE.write
