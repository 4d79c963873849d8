"""Which local day a moment is on. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY_SECONDS = 86_400
EPOCH_DAY = date(1970, 1, 1).toordinal()

# From when to when, in UTC seconds, and the local day that all of it is on.
Span = tuple[int, int, date]


class Calendar:
    """The local days of a zone, as spans of UTC seconds that are looked up once each."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._spans: dict[int, list[Span]] = {}

    def span(self, at: int) -> Span:
        """A stretch around `at` of which every instant is on that local day.

        A local day may take several. From its midnight it mostly takes one; but where St. John's
        put its clocks back at 00:01, a day began, was left again, and began once more.
        """
        number = at // DAY_SECONDS
        spans = self._spans.get(number) or self._spans_of(number)
        for span in spans:
            if at < span[1]:
                break
        return span

    def _spans_of(self, number: int) -> list[Span]:
        """The spans of a UTC day; the last one goes on into the next, while the local day does."""
        last = (number + 1) * DAY_SECONDS
        spans = list(self._cut(last - DAY_SECONDS, last))
        begin, _, day = spans[-1]
        _, end, next_day = next(self._cut(last, last + DAY_SECONDS))
        if next_day == day:
            spans[-1] = (begin, end, day)
        self._spans[number] = spans
        return spans

    def _cut(self, begin: int, last: int) -> Iterator[Span]:
        while begin < last:
            offset = self._offset(begin)
            number = (begin + offset) // DAY_SECONDS
            end = min(last, (number + 1) * DAY_SECONDS - offset)
            if self._offset(end - 1) != offset:
                end = self._transition(begin, end - 1)
            yield begin, end, date.fromordinal(EPOCH_DAY + number)
            begin = end

    def _transition(self, before: int, after: int) -> int:
        """The first second that has another offset than `before`."""
        offset = self._offset(before)
        while after - before > 1:
            middle = (before + after) // 2
            if self._offset(middle) == offset:
                before = middle
            else:
                after = middle
        return after

    def _offset(self, at: int) -> int:
        moment = datetime.fromtimestamp(at, UTC).astimezone(self.zone)
        offset = moment.utcoffset()
        assert offset is not None
        return offset // timedelta(seconds=1)
