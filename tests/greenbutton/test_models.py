from __future__ import annotations

import io
from datetime import date

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from authorizations.models import Authorization
from greenbutton.models import ReadingDay
from tests.cast import make_utility
from tests.greenbutton.metering import add_day, add_meter_reading, add_point

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 2)


def make() -> Authorization:
    utility = make_utility(slug=f"models{Authorization.objects.count()}")
    return Authorization.objects.create(utility=utility, origin="file")


def partitions() -> dict[int, str]:
    """The partition in which each authorization's days lie."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT authorization_id, tableoid::regclass::text FROM greenbutton_readingday"
        )
        return dict(cursor.fetchall())


def test_an_authorizations_days_lie_in_one_partition_of_sixteen() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_inherits WHERE inhparent = 'greenbutton_readingday'::regclass"
        )
        assert cursor.fetchone() == (16,)
    for _ in range(30):
        reading = add_meter_reading(add_point(make()))
        add_day(reading, DAY, [1])
    assert len(set(partitions().values())) > 4


def test_a_customers_query_looks_into_one_partition() -> None:
    plan = ReadingDay.objects.filter(authorization_id=7).explain()
    assert plan.count("greenbutton_readingday_") <= 2


def test_a_day_is_there_once() -> None:
    reading = add_meter_reading(add_point(make()))
    add_day(reading, DAY, [1])
    with pytest.raises(IntegrityError), transaction.atomic():
        add_day(reading, DAY, [2])


def test_a_day_belongs_to_a_meter_reading_that_exists() -> None:
    reading = add_meter_reading(add_point(make()))
    day = add_day(reading, DAY, [1])
    with pytest.raises(IntegrityError), transaction.atomic():
        ReadingDay.objects.filter(pk=day.pk).update(meter_reading_id=reading.pk + 1000)


def test_deleting_a_meter_reading_deletes_its_days_and_no_others() -> None:
    point = add_point(make())
    gone, stays = add_meter_reading(point), add_meter_reading(point)
    add_day(gone, DAY, [1])
    add_day(stays, DAY, [1])
    gone.delete()
    assert [day.meter_reading_id for day in ReadingDay.objects.all()] == [stays.pk]


def test_deleting_an_authorization_deletes_its_days_and_no_others() -> None:
    gone, stays = make(), make()
    for authorization in (gone, stays):
        add_day(add_meter_reading(add_point(authorization)), DAY, [1])
    gone.delete()
    assert [day.authorization_id for day in ReadingDay.objects.all()] == [stays.pk]


def test_the_view_fills_in_what_a_uniform_day_leaves_out() -> None:
    reading = add_meter_reading(add_point(make()))
    day = add_day(reading, DAY, [5, None, 7], seconds=900)
    with connection.cursor() as cursor:
        cursor.execute("SELECT start, seconds, value, cost FROM greenbutton_reading ORDER BY start")
        rows = cursor.fetchall()
    assert [row[1:] for row in rows] == [(900, 5, None), (900, None, None), (900, 7, None)]
    assert rows[0][0] == day.start
    assert (rows[2][0] - day.start).total_seconds() == 1800


def test_the_migrations_say_what_the_models_say() -> None:
    call_command("makemigrations", "greenbutton", check=True, dry_run=True, stdout=io.StringIO())
