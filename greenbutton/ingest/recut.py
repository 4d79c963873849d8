"""Another time zone: the days that are stored are cut anew from their own readings.

Readings are instants, so that none of them changes; only the day that each is kept with may. That
is not taken on trust: each meter reading is added up before and after.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.espi import EspiError
from greenbutton.ingest import days, lease
from greenbutton.ingest.calendar import Calendar
from greenbutton.ingest.days import PLACE, Day, Reading
from greenbutton.ingest.reading_days import columns_of
from greenbutton.models import MeterReading, ReadingDay, Recutting
from utilities.models import Utility

logger = logging.getLogger(__name__)

# A worker that dies leaves it to the next one, but not for ever.
TRIES = 3
# The clocks of two places are never further apart than 26 hours, nor their dates than this.
FURTHEST = timedelta(days=2)
# Days that are held at a time.
BATCH = 200

# The days of one meter reading, put aside while they are cut anew.
PUT_ASIDE = """
    CREATE TEMPORARY TABLE recut_day ON COMMIT DROP AS
    SELECT * FROM greenbutton_readingday
    WHERE authorization_id = %(authorization)s AND meter_reading_id = %(meter_reading)s
"""
DELETE = """
    DELETE FROM greenbutton_readingday
    WHERE authorization_id = %(authorization)s AND meter_reading_id = %(meter_reading)s
"""
# As the fields of Day.
SELECT = """
    SELECT day, extract(epoch FROM start)::bigint, seconds, "values", costs, qualities, tou, cpp,
        tiers, offsets, durations, count, total, total_cost
    FROM recut_day ORDER BY day
"""
# Everything about the readings that can be added up, reading by reading, and what each day says.
ADD_UP = """
    SELECT
        count(*), sum(extract(epoch FROM start)::bigint), sum(seconds::bigint),
        count(value), sum(value), count(cost), sum(cost),
        sum(quality), sum(tou), sum(cpp), sum(tier),
        (
            SELECT array[sum(count), sum(total), sum(total_cost)]
            FROM greenbutton_readingday
            WHERE authorization_id = %(authorization)s AND meter_reading_id = %(meter_reading)s
        )
    FROM greenbutton_reading
    WHERE authorization_id = %(authorization)s AND meter_reading_id = %(meter_reading)s
"""


class RecutError(Exception):
    """Nothing was cut anew; the text says why, and what to do."""


class RecutBusyError(RecutError):
    """Readings come in at this moment; it is only a matter of waiting."""


@dataclass(frozen=True, slots=True)
class Recut:
    """What was cut: so many meter readings with so many readings, from days into days."""

    zone: str
    meter_readings: int = 0
    readings: int = 0
    before: int = 0
    after: int = 0

    def __add__(self, other: Recut) -> Recut:
        return Recut(
            self.zone,
            self.meter_readings + other.meter_readings,
            self.readings + other.readings,
            self.before + other.before,
            self.after + other.after,
        )

    def __str__(self) -> str:
        return (
            f"Meter readings cut anew: {self.meter_readings:,}, with {self.readings:,} readings. "
            f"Days of {self.zone}: {self.after:,}, before: {self.before:,}. "
            "Every total is the same as before."
        )


def cut_anew(stored: Iterable[Day], zone: ZoneInfo) -> Iterator[Day]:
    """The same readings as days of this zone. Days come in order, of whatever zone, and go so.

    As many are held as dates can differ by; so it does not matter how many there are.
    """
    calendar = Calendar(zone)
    begun: dict[date, list[Reading]] = {}
    for old in stored:
        over = sorted(day for day in begun if day < old.day - FURTHEST)
        yield from (_built(day, begun.pop(day)) for day in over)
        begin = end = 0
        for reading in old.readings():
            if not begin <= reading.start < end:
                begin, end, day = calendar.span(reading.start)
                readings = begun.setdefault(day, [])
            readings.append(reading)
    yield from (_built(day, begun[day]) for day in sorted(begun))


def _built(day: date, readings: list[Reading]) -> Day:
    # Of readings with one start and length, which a day tells apart by their order, all come from
    # one day; a stable sort keeps their order.
    return days.build(day, sorted(readings, key=PLACE))


def recut(authorization: Authorization, zone: str = "", *, is_proposed: bool = False) -> Recut:
    """Cut an authorization's days anew, in a zone that is its own from now on if one is given.

    All in one transaction, the zone with it: beside days of another zone, a reading that comes
    again would be taken for a new one. `is_proposed` leaves it to the customer to confirm the zone.
    Raises RecutError, and nothing has changed.
    """
    with _leased(authorization), transaction.atomic():
        row = Authorization.objects.select_for_update(of=("self",)).get(pk=authorization.pk)
        if zone:
            (row.propose_time_zone if is_proposed else row.settle_time_zone)(zone)
        done = Recut(row.zone.key)
        with_days = ReadingDay.objects.filter(authorization=row).values("meter_reading")
        for meter_reading in MeterReading.objects.filter(pk__in=with_days):
            done += _recut_one(row, meter_reading)
    authorization.refresh_from_db(fields=["time_zone", "time_zone_is_proposed"])
    return done


def ask(authorization: Authorization, zone: str = "") -> None:
    """Have a worker cut the days anew; what was asked before, and waits still, is forgotten."""
    Recutting.objects.update_or_create(
        authorization=authorization,
        state=Recutting.State.WAITING,
        defaults={"time_zone": zone, "asked": timezone.now(), "tries": 0},
    )


def settle(authorization: Authorization, zone: str) -> bool:
    """The customer says that it is this zone; whether that is all, as days are cut in it already.

    Where they are not, or nobody can tell at this moment, a worker is asked to cut them.
    """
    waits = authorization.recuttings.filter(state=Recutting.State.WAITING)
    with transaction.atomic():
        # Days may have been cut in another zone since this one was shown. Whoever holds the row may
        # be cutting some now, which can take minutes.
        rows = Authorization.objects.select_for_update(of=("self",), skip_locked=True)
        row = rows.filter(pk=authorization.pk).first()
        if row is not None and row.zone.key == zone and not waits.exists():
            row.settle_time_zone(zone)
            return True
    ask(authorization, zone)
    return False


def recut_asked(authorization: Authorization) -> Recutting | None:
    """Cut the days anew as was asked, and say what came of it; None if nothing waits.

    What cannot be done while readings come in goes on waiting.
    """
    asked = authorization.recuttings.filter(state=Recutting.State.WAITING).first()
    if asked is None:
        return None
    if not authorization.can_be_stopped():
        return _came_to(asked, Recutting.State.FAILED, "Sharing was stopped before it was done.")
    if asked.tries >= TRIES:
        ended = f"It was begun {TRIES} times, and each worker ended before it did."
        return _came_to(asked, Recutting.State.FAILED, ended)
    mine = Recutting.objects.filter(pk=asked.pk)
    mine.update(tries=F("tries") + 1)
    try:
        done = recut(authorization, asked.time_zone)
    except RecutBusyError:
        mine.update(tries=F("tries") - 1)
        return asked
    except RecutError as e:
        logger.exception("recut %s", authorization.uid)
        return _came_to(asked, Recutting.State.FAILED, str(e))
    return _came_to(asked, Recutting.State.DONE, str(done))


def _came_to(asked: Recutting, state: Recutting.State, words: str) -> Recutting:
    """Say what came of it, unless something else was asked for meanwhile."""
    waits = Recutting.objects.filter(pk=asked.pk, state=Recutting.State.WAITING)
    waits.filter(asked=asked.asked).update(state=state, words=words, finished=timezone.now())
    asked.refresh_from_db()
    return asked


def recut_utility(utility: Utility, zone: str = "") -> Recut:
    """Cut the days of everybody at a utility anew, in a zone that is the utility's afterwards.

    1. Each authorization by itself takes the zone, with its days: each is right at any moment.
    2. When all have it, those who connected meanwhile too, the zone becomes the utility's, and
       theirs is its again.

    A customer's own zone, of a file, stays. Raises RecutError where some could not be cut now: they
    stay as they were, and so does the utility; the same again does the rest.
    """
    own = "" if zone in {"", utility.time_zone} else zone
    done = Recut(zone or utility.time_zone)
    while True:
        done += _recut_all(utility, own)
        if not own or _moved(utility, own):
            return done


def _recut_all(utility: Utility, own: str) -> Recut:
    done, busy, last = Recut(own or utility.time_zone), 0, 0
    while authorization := _in_its_zone(utility).filter(pk__gt=last).first():
        last = authorization.pk
        try:
            done += recut(authorization, own, is_proposed=authorization.time_zone_is_proposed)
        except RecutBusyError:
            busy += 1
    if busy:
        raise RecutError(
            f"{busy:,} authorizations are being collected at the moment, so that {utility} keeps "
            "its time zone until their days are cut, too. Run this again in a few minutes."
        )
    return done


def _in_its_zone(utility: Utility) -> QuerySet[Authorization]:
    return Authorization.objects.filter(utility=utility, time_zone="").order_by("pk")


def _moved(utility: Utility, zone: str) -> bool:
    """Give the utility the zone that all of its authorizations have; False if some have not.

    Under its lock nobody connects, and under theirs nobody goes back to its zone: whoever waits for
    either finds the new one.
    """
    with transaction.atomic():
        row = Utility.objects.select_for_update().get(pk=utility.pk)
        everybody = Authorization.objects.filter(utility=row)
        list(everybody.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
        if _in_its_zone(row).exists():
            return False
        Utility.objects.filter(pk=row.pk).update(time_zone=zone)
        everybody.filter(time_zone=zone).update(time_zone="")
    utility.refresh_from_db(fields=["time_zone"])
    return True


@contextmanager
def _leased(authorization: Authorization) -> Iterator[None]:
    lease_id = lease.take(authorization)
    if lease_id is None:
        raise RecutBusyError(
            f"Readings of {authorization} are being collected or read in. Try again in a minute."
        )
    try:
        yield
    finally:
        lease.give_back(authorization, lease_id)


def _recut_one(authorization: Authorization, meter_reading: MeterReading) -> Recut:
    names = {"authorization": authorization.pk, "meter_reading": meter_reading.pk}
    before = _add_up(names)
    with connection.cursor() as cursor:
        cursor.execute(PUT_ASIDE, names)
        cursor.execute("SELECT count(*) FROM recut_day")
        count: int = cursor.fetchone()[0]
        cursor.execute(DELETE, names)
    try:
        with closing(_put_aside()) as stored:
            anew = cut_anew(stored, authorization.zone)
            after = _store(authorization, meter_reading, anew)
    except (ValueError, EspiError) as e:  # arrays of several lengths; a total beyond all meters
        raise _contradiction(authorization, meter_reading) from e
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE recut_day")
    if _add_up(names) != before:
        raise _contradiction(authorization, meter_reading)
    return Recut(authorization.zone.key, 1, before[0], count, after)


def _contradiction(authorization: Authorization, meter_reading: MeterReading) -> RecutError:
    return RecutError(
        f"Meter reading {meter_reading.uid} of {authorization} does not add up to the same when "
        "it is cut anew, so that nothing was changed. Its stored days contradict themselves: "
        "import its feeds into a new authorization, and compare."
    )


def _add_up(names: dict[str, int]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(ADD_UP, names)
        sums: tuple[Any, ...] = cursor.fetchone()
        return sums


def _put_aside() -> Generator[Day]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(SELECT)
        while rows := cursor.fetchmany(BATCH):
            yield from (Day(*row) for row in rows)


def _store(authorization: Authorization, meter_reading: MeterReading, anew: Iterator[Day]) -> int:
    count = 0
    while batch := list(islice(anew, BATCH)):
        ReadingDay.objects.bulk_create(
            ReadingDay(authorization=authorization, meter_reading=meter_reading, **columns_of(day))
            for day in batch
        )
        count += len(batch)
    return count
