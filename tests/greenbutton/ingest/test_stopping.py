"""A meter that is no longer shared: what was collected of it goes, and nothing of it comes back."""

from __future__ import annotations

import itertools
import threading
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from authorizations.models import Authorization
from greenbutton.espi import Entry
from greenbutton.espi.customer.customer_agreement import CustomerAgreement as EspiAgreement
from greenbutton.espi.customer.meter import Meter as EspiMeter
from greenbutton.espi.customer.service_location import ServiceLocation as EspiLocation
from greenbutton.espi.customer.street_address import StreetAddress, StreetDetail
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.meter_reading import MeterReading as EspiMeterReading
from greenbutton.espi.usage_point import UsagePoint as EspiUsagePoint
from greenbutton.ingest import copy_in, raw, stopping
from greenbutton.ingest.lease import LeaseLostError
from greenbutton.ingest.pull import pull
from greenbutton.ingest.purge import purge
from greenbutton.ingest.store import Stored, store_feed
from greenbutton.models import (
    CustomerAgreement,
    Meter,
    MeterReading,
    Pull,
    RawFeed,
    ReadingCorrection,
    ReadingDay,
    ServiceLocation,
    UsagePoint,
    UsageSummary,
)
from tests import cast
from tests.greenbutton.ingest.documents import (
    MEGABYTE,
    MIDNIGHT,
    bill,
    block,
    document,
    entry,
    hours,
    meter,
)
from tests.lying_utility import LyingUtility

pytestmark = pytest.mark.django_db

FEED = "/resource/Batch/Subscription/1"
UUID = "urn:uuid:3f2a7c1e-1111-4000-8000-00000000000{}"
numbers = itertools.count(1)


@pytest.fixture
def authorization() -> Authorization:
    utility = cast.make_utility(slug=f"stopping{next(numbers)}")
    return cast.authorize(cast.ada(), utility)


def store(authorization: Authorization, *entries: Any, **options: Any) -> Stored:
    return store_feed(authorization, document(*entries), max_bytes=MEGABYTE, **options)


def two_meters(*, values: tuple[int, ...] = (1, 2)) -> list[Any]:
    return [
        meter("1", title="House"),
        block(*hours(values)),
        bill(MIDNIGHT),
        meter("2", kind=1, title="Barn"),
        block(*hours([5]), of="2"),
        bill(MIDNIGHT, of="2"),
    ]


def point(authorization: Authorization, title: str) -> UsagePoint:
    return authorization.usage_points.get(title=title)


def everything() -> str:
    """All that the tables of this application say, in one text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        found = []
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 (its own tables)
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


def left_of(authorization: Authorization, row: UsagePoint) -> list[int]:
    series = MeterReading.objects.filter(usage_point=row)
    return [
        series.count(),
        UsageSummary.objects.filter(usage_point=row).count(),
        ReadingDay.objects.filter(authorization=authorization, meter_reading__in=series).count(),
    ]


# -- what goes ------------------------------------------------------------------------------------


def test_its_readings_bills_and_corrections_go_and_the_others_stay(
    authorization: Authorization,
) -> None:
    store(authorization, *two_meters())
    store(authorization, *two_meters(values=(1, 3)))
    assert ReadingCorrection.objects.count() == 1
    house, barn = point(authorization, "House"), point(authorization, "Barn")
    assert stopping.stop_sharing(house, by="customer")
    house.refresh_from_db()
    assert left_of(authorization, house) == [0, 0, 0]
    assert left_of(authorization, barn) == [1, 1, 1]
    assert ReadingCorrection.objects.count() == 0
    assert ReadingDay.objects.count() == 1
    assert (house.stopped_by, house.title, house.links, house.kind) == ("customer", "", [], 0)
    assert house.stopped_at is not None


def test_no_table_says_what_it_was_called(authorization: Authorization) -> None:
    named = entry(
        EspiUsagePoint(kind=0), "https://u.example/UP/secret-4711", None, ["https://u.example/MR"]
    )
    odd = entry(EspiMeterReading(), "https://u.example/UP/secret-4711/MR/1", "https://u.example/MR")
    attempt = Pull.objects.create(authorization=authorization, error="after UP/secret-4711")
    stored = store(authorization, named, odd, meter("2", title="Barn"))
    attempt.findings = stored.findings
    attempt.save(update_fields=["findings"])
    assert "secret-4711" in everything()
    house = authorization.usage_points.exclude(title="Barn").get()
    stopping.stop_sharing(house, by="customer")
    assert "secret-4711" not in everything()
    stored = store(authorization, named, odd, meter("2", title="Barn"))
    attempt.findings = stored.findings
    attempt.save(update_fields=["findings"])
    assert "secret-4711" not in everything()


def test_raw_feeds_go_with_their_key_and_none_are_kept_any_more(lying: LyingUtility) -> None:
    utility = cast.make_utility(lying.url, slug=f"stopping{next(numbers)}")
    authorization = cast.authorize(cast.ada(), utility)
    lying.answer(FEED, body=document(*two_meters()).getvalue())
    assert pull(authorization) is not None
    assert RawFeed.objects.count() == 3
    authorization.refresh_from_db()
    key = authorization.feed_key
    stopping.stop_sharing(point(authorization, "House"), by="customer")
    authorization.refresh_from_db()
    assert RawFeed.objects.count() == 0
    assert authorization.feed_key not in {"", key}
    again = pull(authorization)
    assert again is not None
    assert (again.state, RawFeed.objects.count()) == (Pull.State.DONE, 0)
    assert authorization.usage_points.count() == 2


def test_it_is_told_once(authorization: Authorization) -> None:
    store(authorization, *two_meters())
    house = point(authorization, "House")
    assert stopping.stop_sharing(house, by="staff")
    assert not stopping.stop_sharing(house, by="customer")
    events = authorization.events.filter(type="meter_sharing_stopped")
    assert [event.detail for event in events] == [{"usage_point": house.uid}]


def test_a_meter_out_of_a_file_is_not_stopped_alone() -> None:
    utility = cast.make_utility(slug=f"stopping{next(numbers)}")
    brought = Authorization.objects.create(utility=utility, origin="file")
    store(brought, *two_meters())
    with pytest.raises(ValidationError, match="came from a file"):
        stopping.stop_sharing(point(brought, "House"), by="customer")
    assert ReadingDay.objects.count() == 2


def test_a_purge_takes_the_row_as_well(authorization: Authorization) -> None:
    store(authorization, *two_meters())
    stopping.stop_sharing(point(authorization, "House"), by="customer")
    authorization.mark_revoked("customer")
    assert purge(authorization)
    assert not UsagePoint.objects.exists()


# -- what does not come back ----------------------------------------------------------------------


def stopped(authorization: Authorization, *entries: Any) -> UsagePoint:
    """The meter with these entries beside another one, stopped."""
    store(authorization, *entries, meter("2", title="Barn"))
    row = authorization.usage_points.exclude(title="Barn").get()
    stopping.stop_sharing(row, by="customer")
    row.refresh_from_db()
    return row


def assert_stays_away(authorization: Authorization, row: UsagePoint) -> None:
    shared = authorization.usage_points.shared()
    assert [one.title for one in shared] == ["Barn"]
    assert left_of(authorization, row) == [0, 0, 0]
    assert not ReadingDay.objects.exclude(meter_reading__usage_point__title="Barn").exists()


HOUSE = (*meter("1", title="House"), block(*hours([1, 2])), bill(MIDNIGHT))


@pytest.mark.parametrize(
    "later",
    [
        HOUSE,
        HOUSE[:1],
        # A later window leaves its usage point out, then its meter reading, too.
        HOUSE[1:],
        (block(*hours([1, 2, 3])),),
        (bill(MIDNIGHT, number=2),),
        (block(*hours([1])), bill(MIDNIGHT)),
    ],
)
def test_it_is_recognised_by_what_it_was_called(
    authorization: Authorization, later: tuple[Entry, ...]
) -> None:
    row = stopped(authorization, *HOUSE)
    found = store(authorization, *later)
    assert (found.new, found.bills) == (0, 0)
    assert_stays_away(authorization, row)


@pytest.mark.parametrize("later", [HOUSE, (block(*hours([1, 2, 3])),)])
def test_beside_another_meter_that_one_is_stored(
    authorization: Authorization, later: tuple[Entry, ...]
) -> None:
    row = stopped(authorization, *HOUSE)
    found = store(authorization, *later, meter("2"), block(*hours([7, 8]), of="2"))
    assert found.new == 2
    assert_stays_away(authorization, row)


def test_what_the_only_usage_point_took_over_is_stored_where_it_belongs(
    authorization: Authorization,
) -> None:
    """Its own entry is the only one in the document; the other meter's blocks say none."""
    row = stopped(authorization, *HOUSE, block(*hours([4]), of="2"))
    assert ReadingDay.objects.count() == 1
    found = store(authorization, *HOUSE, block(*hours([4, 5]), of="2"))
    assert found.new == 1
    assert_stays_away(authorization, row)


def test_its_blocks_reach_no_table_not_even_a_temporary_one(
    authorization: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped(authorization, *HOUSE)
    added: list[int] = []
    real = copy_in.Incoming.add

    def add(self: Any, number: int, *rest: Any) -> None:
        added.append(number)
        real(self, number, *rest)

    monkeypatch.setattr(copy_in.Incoming, "add", add)
    store(authorization, *HOUSE, meter("2"), block(*hours([7]), of="2"))
    assert len(added) == 1


def test_one_with_a_uuid_is_recognised_under_other_links_and_by_these_afterwards(
    authorization: Authorization,
) -> None:
    row = stopped(authorization, entry(EspiUsagePoint(kind=0), "old/1", id=UUID.format(1)))
    moved = entry(EspiUsagePoint(kind=0), "new/1", None, ["new/1/MR"], id=UUID.format(1).upper())
    store(authorization, moved, meter("2"))
    assert_stays_away(authorization, row)
    series = entry(EspiMeterReading(), "elsewhere", "new/1/MR", ["elsewhere/blocks"])
    readings = IntervalBlock(MIDNIGHT, 86_400, hours([1]))
    store(authorization, series, entry(readings, "elsewhere/blocks/1", "elsewhere/blocks"))
    assert_stays_away(authorization, row)


def test_one_that_was_known_by_its_blocks_alone_is_recognised_by_its_entry(
    authorization: Authorization,
) -> None:
    others = [meter("2", title="Barn"), meter("4", title="Shed")]
    store(authorization, *others, block(*hours([1])))
    made = point(authorization, "")
    stopping.stop_sharing(made, by="customer")
    found = store(authorization, *HOUSE, *others)
    assert (found.new, found.bills) == (0, 0)
    assert {one.title for one in authorization.usage_points.shared()} == {"Barn", "Shed"}
    # From its entry on it is known by that, too.
    assert store(authorization, bill(MIDNIGHT, number=3), *others).bills == 0


def test_a_meter_with_the_same_reading_type_is_another_one(authorization: Authorization) -> None:
    stopped(authorization, *HOUSE)
    same = entry(
        EspiMeterReading(),
        "UsagePoint/3/MeterReading/1",
        "UsagePoint/3/MeterReading",
        ["UsagePoint/3/MeterReading/1/IntervalBlock", "ReadingType/1"],
    )
    shed = entry(EspiUsagePoint(kind=0), "UsagePoint/3", None, ["UsagePoint/3/MeterReading"])
    found = store(authorization, *HOUSE, shed, same, block(*hours([9]), of="3"))
    assert found.new == 1


def test_a_refused_document_does_not_say_after_which_entry(lying: LyingUtility) -> None:
    utility = cast.make_utility(lying.url, slug=f"stopping{next(numbers)}")
    authorization = cast.authorize(cast.ada(), utility)
    stopped(authorization, *HOUSE)
    lying.answer(FEED, body=document(*HOUSE).getvalue()[:-8])
    failed = pull(Authorization.objects.get(pk=authorization.pk))
    assert failed is not None
    assert failed.state == Pull.State.FAILED
    assert "UsagePoint" not in failed.error
    assert "cut off" in failed.error


# -- a worker that runs meanwhile -----------------------------------------------------------------


def test_a_document_that_was_read_before_is_not_stored_after(
    authorization: Authorization,
) -> None:
    store(authorization, *two_meters())
    house = point(authorization, "House")
    is_stopped: list[bool] = []

    def stop(readings: int) -> None:
        if not is_stopped:
            is_stopped.append(stopping.stop_sharing(house, by="customer"))

    class Slow:
        """A file whose middle takes so long that progress is told, and the customer acts."""

        def __init__(self) -> None:
            self.file = document(*two_meters(values=tuple(range(30))))

        def read(self, size: int = -1, /) -> bytes:
            data = self.file.read(size)
            if not data:
                stop(0)
            return data

    with pytest.raises(LeaseLostError):
        store_feed(authorization, Slow(), max_bytes=MEGABYTE)
    assert is_stopped == [True]
    assert left_of(authorization, house) == [0, 0, 0]
    assert authorization.usage_points.shared().count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_running_pull_brings_nothing_back_and_what_it_left_is_looked_after(
    lying: LyingUtility,
) -> None:
    utility = cast.make_utility(lying.url, slug=f"stopping{next(numbers)}")
    authorization = cast.authorize(cast.ada(), utility)
    house: list[UsagePoint] = []

    def stop() -> None:
        house.append(point(authorization, "House"))
        assert stopping.stop_sharing(house[0], by="customer")
        assert stopping.forget_stopped() == 0, "the pull has the lease"
        connection.close()

    body = document(*two_meters(values=tuple(range(24)))).getvalue()
    lying.answer(FEED, body=body)
    # While the second window is on its way.
    lying.answer(FEED, body=body, before=stop)
    lying.answer(FEED, body=body)
    attempt = pull(authorization)
    assert attempt is not None
    assert left_of(authorization, house[0]) == [0, 0, 0]
    assert not RawFeed.objects.exists()
    assert authorization.usage_points.shared().get().title == "Barn"
    assert stopping.forget_stopped() == 1
    assert not UsagePoint.objects.exclude(forget_at=None).exists()
    again = pull(Authorization.objects.get(pk=authorization.pk))
    assert again is not None
    assert again.state == Pull.State.DONE
    assert left_of(authorization, house[0]) == [0, 0, 0]
    assert not RawFeed.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_feed_that_is_being_kept_when_a_meter_is_stopped_is_not_kept(
    authorization: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(authorization, *two_meters())
    attempt = Pull.objects.create(authorization=authorization)
    house = point(authorization, "House")

    class Slow(BytesIO):
        """The customer acts while it is written."""

        def read(self, size: int | None = -1, /) -> bytes:
            thread = threading.Thread(target=stop)
            thread.start()
            thread.join()
            return super().read(size)

    def stop() -> None:
        stopping.stop_sharing(house, by="customer")
        connection.close()

    assert raw.keep(attempt, Slow(b"<feed/>")) is None
    assert not RawFeed.objects.exists()


# -- the customer's side --------------------------------------------------------------------------


def place(number: int, *usage_points: str) -> list[Entry]:
    """An agreement, a service location that names usage points, and a meter there."""
    agreement, where = f"A/G/{number}", f"A/G/{number}/L/1"
    street = StreetAddress(street_detail=StreetDetail(address_general=f"{number} Elm Street"))
    location = EspiLocation(main_address=street, usage_points=usage_points)
    return [
        entry(EspiAgreement(agreement_id=f"SA-{number}"), agreement, "A/G"),
        entry(location, where, f"A/G/{number}/L"),
        entry(EspiMeter(serial_number=f"M-{number}"), f"{where}/Meter/1", f"{where}/Meter"),
    ]


def places(authorization: Authorization) -> list[list[str]]:
    """Agreements, addresses and meters."""
    of = {"authorization": authorization}
    return [
        sorted(row.agreement_id for row in CustomerAgreement.objects.filter(**of)),
        sorted(row.street for row in ServiceLocation.objects.filter(**of)),
        sorted(row.serial_number for row in Meter.objects.filter(**of)),
    ]


BARN = [["SA-2"], ["2 Elm Street"], ["M-2"]]


def test_its_place_meter_and_agreement_go_and_do_not_come_back(
    authorization: Authorization,
) -> None:
    sides = [*place(1, "UsagePoint/1"), *place(2, "UsagePoint/2")]
    store(authorization, *two_meters())
    store(authorization, *sides)
    stopping.stop_sharing(point(authorization, "House"), by="customer")
    assert places(authorization) == BARN
    store(authorization, *sides)
    assert places(authorization) == BARN
    # By their own names as well, and one level at a time.
    for one in place(1):
        store(authorization, one)
    assert places(authorization)[1:] == BARN[1:]


def test_a_place_that_comes_only_afterwards_is_passed_over(authorization: Authorization) -> None:
    store(authorization, *two_meters())
    stopping.stop_sharing(point(authorization, "House"), by="customer")
    store(authorization, *place(1, "UsagePoint/1"), *place(2, "UsagePoint/2"))
    assert places(authorization) == BARN
    assert "UsagePoint/1" not in everything()


def test_a_place_that_another_meter_shares_stays_and_forgets_the_link(
    authorization: Authorization,
) -> None:
    shared = place(1, "UsagePoint/1", "UsagePoint/2")
    store(authorization, *two_meters())
    store(authorization, *shared)
    stopping.stop_sharing(point(authorization, "House"), by="customer")
    assert places(authorization) == [["SA-1"], ["1 Elm Street"], ["M-1"]]
    store(authorization, *shared)
    location = ServiceLocation.objects.get()
    assert location.usage_point_links == ["UsagePoint/2"]
    assert places(authorization) == [["SA-1"], ["1 Elm Street"], ["M-1"]]
