from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

NEVER = "FFFFFFFF"

# espi.xsd DstRuleType: operator 2 is the month's first such weekday, 7 its last.
FIRST = 2
LAST = 7


@cache
def dst_rules(zone: ZoneInfo, year: int) -> tuple[str, str, int]:
    """When summer time starts and ends as espi.xsd DstRuleType, and its seconds.

    Each rule is 32 bits in hex: month, operator, day of the month (unused), day of the week,
    hour, seconds past it.
    """
    start = end = NEVER
    offset = 0
    at = datetime(year, 1, 1)  # noqa: DTZ001 (local time, given its zone below)
    before = _offset(at, zone)
    while at.year == year:
        at += timedelta(minutes=15)
        after = _offset(at, zone)
        if after > before:
            start, offset = _rule(at), int((after - before).total_seconds())
        elif after < before:
            # The wall clock passes this hour twice; the rule names the later reading of it.
            end = _rule(at + (before - after))
        before = after
    return (start, end, offset) if NEVER not in (start, end) else (NEVER, NEVER, 0)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.replace(tzinfo=zone, fold=1).utcoffset() or timedelta()


def _rule(at: datetime) -> str:
    is_last = (at + timedelta(days=7)).month != at.month
    operator = LAST if is_last else FIRST + (at.day - 1) // 7
    rule = at.month << 28 | operator << 25 | at.isoweekday() << 17 | at.hour << 12
    return f"{rule | at.minute * 60:08X}"
