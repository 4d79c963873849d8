"""A file that somebody brought: the row it leaves, what is stored of it, and what is not."""

from __future__ import annotations

import gzip
from datetime import timedelta
from io import BytesIO
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from authorizations import flows
from authorizations.models import Authorization
from greenbutton import tasks
from greenbutton.display.progress import as_of, progress_of
from greenbutton.espi import Entry
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.ingest import due, import_file, lease, purge, raw
from greenbutton.ingest import read as ingest_read
from greenbutton.ingest.import_file import NotNowError, import_uploads, receive, short_name
from greenbutton.ingest.store import store_feed
from greenbutton.models import Pull, RawFeed, ReadingDay
from tests import cast
from tests.greenbutton.ingest.documents import (
    HOUR,
    MIDNIGHT,
    bill,
    block,
    document,
    entry,
    hours,
    meter,
)
from utilities.models import Utility

pytestmark = pytest.mark.django_db

GOOD = document(meter(), block(*hours([1, 2, 3], cost=7)), bill(MIDNIGHT)).getvalue()
CUT_OFF = GOOD[:-30]
UPLOAD = Pull.Source.UPLOAD


def local_time(hours_off: int) -> Entry:
    parameters = LocalTimeParameters("B40E2000", HOUR, "360E2000", hours_off * HOUR)
    return entry(parameters, "LocalTimeParameters/1", "LocalTimeParameters")


@pytest.fixture
def utility() -> Utility:
    return cast.make_utility(slug="brought")


@pytest.fixture
def brought() -> Authorization:
    """Made for a file of which nobody said where it is from."""
    return Authorization.for_file(cast.ada().cookie, None, "")


def uploaded(authorization: Authorization, data: bytes = GOOD, name: str = "usage.xml") -> Pull:
    return receive(authorization, BytesIO(data), UPLOAD, name)


def read_in(authorization: Authorization, data: bytes = GOOD) -> Pull:
    """Upload, and let the worker do its work."""
    pull = uploaded(authorization, data)
    assert import_uploads(authorization) == 1
    pull.refresh_from_db()
    authorization.refresh_from_db()
    return pull


# --- What an import leaves ------------------------------------------------------------------------


def test_a_file_leaves_a_row_as_a_pull_does(brought: Authorization) -> None:
    pull = import_file.import_file(brought, BytesIO(GOOD), file_name="usage.xml").pull
    pull.refresh_from_db()
    assert (pull.source, pull.file_name, pull.state) == ("command", "usage.xml", "done")
    assert (pull.readings, pull.new, pull.changed, pull.bills) == (3, 3, 0, 1)
    assert pull.finished is not None
    assert not pull.first
    assert str(pull).startswith("import of")
    assert ReadingDay.objects.get().values == [1, 2, 3]


def test_the_file_is_kept_as_it_came_and_only_its_key_opens_it(brought: Authorization) -> None:
    packed = gzip.compress(GOOD)
    pull = read_in(brought, packed)
    kept = pull.raw_feeds.get()
    assert (kept.size, kept.window_start) == (len(packed), None)
    with raw.open_raw(kept) as file:
        assert file.read() == packed
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM greenbutton_rawfeedpart")
        assert b"feed" not in bytes(cursor.fetchone()[0])
    assert pull.new == 3


def test_the_same_file_again_brings_nothing_new(brought: Authorization) -> None:
    read_in(brought)
    again = read_in(brought)
    assert (again.state, again.readings, again.new, again.changed, again.bills) == (
        *("done", 3),
        *(0, 0, 0),
    )


def test_it_is_never_due_and_holds_no_token(brought: Authorization) -> None:
    read_in(brought)
    assert (brought.next_pull_at, brought.access_token, brought.client) == (None, "", None)
    assert not Authorization.objects.due().exists()
    assert due.claim(waiting=True, room=9) == []


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("usage.xml", "usage.xml"),
        ("C:\\Users\\Ada\\usage.xml", "usage.xml"),
        ("../../etc/passwd", "passwd"),
        ("a\nb\0c\u202exml.exe", "a b c xml.exe"),
        ("", ""),
        ("x" * 300 + "-of-2026.xml", "x" * 87 + "…-of-2026.xml"),
    ],
)
def test_a_files_name_is_short_and_can_be_seen(name: str, short: str) -> None:
    assert short_name(name) == short
    assert len(short) <= import_file.FILE_NAME_LENGTH


def test_others_see_how_far_it_came(
    brought: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(ingest_read, "SAY_SECONDS", 0)
    monkeypatch.setattr(import_file, "RENEW_SECONDS", 0)
    say = import_file._Import._so_far

    def noted(self: import_file._Import, readings: int) -> None:
        say(self, readings)
        seen.append(Pull.objects.get().readings)

    monkeypatch.setattr(import_file._Import, "_so_far", noted)
    blocks = [block(*hours([1] * 24, MIDNIGHT + n * 86_400), number=n) for n in range(4)]
    read_in(brought, document(meter(), blocks).getvalue())
    # As of the beginning of each entry.
    assert seen[-4:] == [0, 24, 48, 72]


def test_it_is_not_said_more_than_once_a_second(
    brought: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[int] = []
    monkeypatch.setattr(
        import_file._Import, "_so_far", lambda self, readings: said.append(readings)
    )
    ticks = SimpleNamespace(monotonic=count(step=0.4).__next__)
    monkeypatch.setattr(ingest_read, "time", ticks)
    blocks = [block(*hours([1] * 24, MIDNIGHT + n * 86_400), number=n) for n in range(9)]
    read_in(brought, document(meter(), blocks).getvalue())
    # Every third of the twelve entries, of which three come before the blocks.
    assert said == [0, 48, 120, 192]


def test_a_file_that_staff_add_to_a_connection_is_no_pull_of_it(utility: Utility) -> None:
    """Its page goes on telling what the utility was asked, and when."""
    connected = cast.authorize(cast.ben(), utility)
    before = progress_of(connected)
    import_file.import_file(connected, BytesIO(CUT_OFF))
    import_file.import_file(connected, BytesIO(GOOD))
    assert progress_of(connected) == before
    assert as_of(connected) is None
    connected.refresh_from_db()
    assert (connected.pulled_to, connected.failures, connected.archived_at) == (None, 0, None)
    assert connected.zone.key == "America/Toronto"


# --- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [CUT_OFF, b"<feed/>", b"<x", b"", b"%PDF", GOOD[:200]],
    ids=["cut off", "no namespace", "begun", "empty", "pdf", "its head"],
)
def test_of_a_file_that_cannot_be_read_nothing_is_stored(
    brought: Authorization, data: bytes
) -> None:
    pull = read_in(brought, data)
    assert pull.state == Pull.State.FAILED
    assert pull.error.startswith("The file was refused: ")
    assert pull.message
    assert not ReadingDay.objects.exists()
    assert not brought.usage_points.exists()
    # It goes out of sight, and in a day altogether.
    assert brought.archived_at is not None
    assert brought.leased_until is None


def test_the_customer_is_told_where_it_breaks_and_not_in_which_entry(
    brought: Authorization,
) -> None:
    pull = read_in(brought, CUT_OFF)
    assert "it was cut off" in pull.message
    assert "at line" in pull.message
    assert "UsagePoint/1" not in pull.message


def test_a_file_larger_than_a_feed_may_be_is_refused(brought: Authorization, settings: Any) -> None:
    settings.FEED_MAX_BYTES = 1_000
    pull = read_in(brought, gzip.compress(GOOD))
    assert "larger than 1,000 bytes" in pull.message


def test_a_second_file_that_is_refused_leaves_the_first(brought: Authorization) -> None:
    read_in(brought)
    assert read_in(brought, CUT_OFF).state == "failed"
    assert ReadingDay.objects.get().values == [1, 2, 3]
    assert brought.archived_at is None


def test_a_good_file_after_a_refused_one_brings_it_back(brought: Authorization) -> None:
    read_in(brought, CUT_OFF)
    read_in(brought)
    assert brought.archived_at is None


def test_what_was_refused_is_forgotten_after_a_day(brought: Authorization) -> None:
    read_in(brought, CUT_OFF)
    assert tasks.forget_refused() == 0
    Authorization.objects.update(archived_at=timezone.now() - timedelta(days=2))
    assert tasks.forget_refused() == 1
    assert not Authorization.objects.exists()
    assert not RawFeed.objects.exists()


def test_nothing_else_is_forgotten(utility: Utility) -> None:
    read_in(Authorization.for_file("a", None, ""))
    read_in(Authorization.for_file("b", None, ""), CUT_OFF)
    uploaded(Authorization.for_file("c", None, ""))
    Authorization.for_file("d", None, "").mark_revoked("customer")
    cast.authorize(cast.ben(), utility)
    count = Authorization.objects.count()
    Authorization.objects.update(archived_at=timezone.now() - timedelta(days=2))
    assert purge.forget_refused() == 1
    assert Authorization.objects.count() == count - 1
    assert purge.forget_refused() == 0


def test_nothing_is_added_to_what_was_deleted(brought: Authorization) -> None:
    brought.mark_revoked("customer")
    with pytest.raises(NotNowError, match="not active any more"):
        import_file.import_file(brought, BytesIO(GOOD))
    assert not Pull.objects.exists()


def test_a_file_that_was_coming_when_all_was_deleted_is_not_kept(brought: Authorization) -> None:
    as_it_began = Authorization.objects.get(pk=brought.pk)
    flows.disconnect(brought, "customer")
    assert purge.purge_due() == 1
    with pytest.raises(NotNowError, match="not active any more"):
        uploaded(as_it_began)
    assert not Pull.objects.exists()
    assert not RawFeed.objects.exists()


def test_a_file_for_what_was_forgotten_is_not_kept(brought: Authorization) -> None:
    Authorization.objects.get(pk=brought.pk).delete()
    with pytest.raises(NotNowError, match="not active any more"):
        uploaded(brought)
    assert not Pull.objects.exists()


def test_a_refused_file_hides_nothing_that_an_earlier_one_brought(brought: Authorization) -> None:
    # The first may have held the customer's side alone.
    Pull.objects.create(authorization=brought, source=UPLOAD, state=Pull.State.DONE)
    assert read_in(brought, CUT_OFF).state == "failed"
    assert brought.archived_at is None


def test_an_upload_that_is_kept_no_more_is_not_tried_for_ever(brought: Authorization) -> None:
    pull = uploaded(brought)
    RawFeed.objects.all().delete()
    with pytest.raises(RawFeed.DoesNotExist):
        import_uploads(brought)
    pull.refresh_from_db()
    assert (pull.state, pull.message) == ("failed", import_file.SORRY)
    assert due.claim_uploads() == []


def test_an_error_of_ours_is_told_as_ours(
    brought: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    uploaded(brought)
    monkeypatch.setattr(import_file, "store_feed", broken)
    with pytest.raises(ZeroDivisionError):
        import_uploads(brought)
    pull = Pull.objects.get()
    assert (pull.state, pull.error) == (
        "failed",
        "An error in the portal itself: ZeroDivisionError.",
    )
    assert "on our side" in pull.message


# --- Two at a time, and workers that die ----------------------------------------------------------


def test_while_one_is_at_work_another_waits(brought: Authorization) -> None:
    uploaded(brought)
    lease_id = lease.take(brought)
    assert lease_id is not None
    assert import_uploads(brought) == 0
    with pytest.raises(NotNowError, match="Try again in a minute"):
        import_file.import_file(brought, BytesIO(GOOD))
    assert due.claim_uploads() == []
    lease.give_back(brought, lease_id)
    assert due.claim_uploads() == [brought.pk]
    assert import_uploads(brought) == 1


def test_several_uploads_are_read_in_their_order(brought: Authorization) -> None:
    corrected = document(meter(), block(*hours([1, 5, 3], cost=7))).getvalue()
    uploaded(brought)
    uploaded(brought, corrected)
    assert import_uploads(brought) == 2
    assert ReadingDay.objects.get().values == [1, 5, 3]
    assert brought.pulls.first().changed == 1  # type: ignore[union-attr]  # there are two


def test_an_upload_is_claimed_once_at_a_time(brought: Authorization) -> None:
    uploaded(brought)
    assert due.claim_uploads() == [brought.pk]
    assert due.claim_uploads() == []
    # What was queued into a broker that lost it.
    Authorization.objects.update(claimed_until=timezone.now())
    assert due.claim_uploads() == [brought.pk]


def test_only_uploads_that_wait_are_claimed(brought: Authorization, utility: Utility) -> None:
    read_in(brought)
    connected = cast.authorize(cast.ben(), utility)
    Pull.objects.create(authorization=connected)
    gone = Authorization.for_file(cast.cy().cookie, None, "")
    uploaded(gone)
    gone.mark_revoked("customer")
    assert due.claim_uploads() == []


def test_the_upload_of_a_worker_that_died_is_read_again(brought: Authorization) -> None:
    pull = uploaded(brought)
    assert lease.take(brought)
    Authorization.objects.update(leased_until=timezone.now())
    assert due.claim_uploads() == [brought.pk]
    assert tasks.import_uploads_of(brought.pk) == 1
    pull.refresh_from_db()
    assert pull.state == "done"


def test_a_file_that_every_worker_dies_of_is_given_up(brought: Authorization) -> None:
    pull = uploaded(brought)
    for _ in range(import_file.TRIES):
        brought.tell(import_file.STARTED, pull=pull.uid)
    assert import_uploads(brought) == 1
    pull.refresh_from_db()
    assert (pull.state, pull.message) == ("failed", import_file.SORRY)
    assert not ReadingDay.objects.exists()


def test_a_command_that_was_killed_is_not_waited_for(brought: Authorization) -> None:
    killed = Pull.objects.create(authorization=brought, source=Pull.Source.COMMAND)
    assert progress_of(brought).state == "done"
    read_in(brought)
    killed.refresh_from_db()
    assert killed.state == "abandoned"


def test_who_comes_too_late_leaves_what_another_worker_wrote(
    brought: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = uploaded(brought)

    def read_by_another(*_: object, **__: object) -> None:
        Pull.objects.update(state=Pull.State.DONE, readings=3)
        raise lease.LeaseLostError

    monkeypatch.setattr(import_file, "store_feed", read_by_another)
    import_uploads(brought)
    pull.refresh_from_db()
    assert (pull.state, pull.readings, pull.error) == ("done", 3, "")


def test_what_is_deleted_while_it_is_read_is_not_stored(
    brought: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull = uploaded(brought)
    store = store_feed

    def stopped_before(authorization: Authorization, *args: object, **named: object) -> object:
        flows.disconnect(Authorization.objects.get(pk=authorization.pk), "customer")
        return store(authorization, *args, **named)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(import_file, "store_feed", stopped_before)
    import_uploads(brought)
    pull.refresh_from_db()
    assert pull.state == "abandoned"
    assert not ReadingDay.objects.exists()


def test_deleting_takes_files_and_their_names_along(brought: Authorization) -> None:
    read_in(brought)
    assert "UsagePoint/1" in read_in(brought, CUT_OFF).error
    waiting = uploaded(brought, name="ada-at-88-queen-street.xml")
    assert flows.disconnect(brought, "customer")
    assert purge.purge_due() == 1
    waiting.refresh_from_db()
    assert (waiting.state, waiting.file_name) == ("abandoned", "")
    assert not RawFeed.objects.exists()
    assert not ReadingDay.objects.exists()
    assert not Pull.objects.exclude(file_name="").exists()
    assert not Pull.objects.filter(error__contains="UsagePoint").exists()


# --- The time zone --------------------------------------------------------------------------------


def test_a_files_own_time_is_proposed(brought: Authorization) -> None:
    read_in(brought, document(local_time(-8), meter(), block(*hours([1] * 24))).getvalue())
    assert (brought.zone.key, brought.time_zone_is_proposed) == ("America/Los_Angeles", True)
    # Midnight in Toronto is nine in the evening there.
    assert [len(day.values) for day in brought.reading_days.order_by("day")] == [3, 21]


def test_without_one_it_is_the_browsers_and_else_nobodys() -> None:
    here = Authorization.for_file("a", None, "America/Halifax")
    nowhere = Authorization.for_file("b", None, "")
    read_in(here)
    read_in(nowhere)
    assert (here.time_zone, here.time_zone_is_proposed) == ("America/Halifax", True)
    assert (nowhere.time_zone, nowhere.time_zone_is_proposed) == ("UTC", True)


def test_with_a_utility_it_is_the_utilitys_and_settled_where_the_file_agrees(
    utility: Utility,
) -> None:
    one, other = (Authorization.for_file("a", utility, "") for _ in range(2))
    read_in(one)
    read_in(other, document(meter(), local_time(-5), block(*hours([1]))).getvalue())
    assert (one.time_zone, one.time_zone_is_proposed) == ("", True)
    assert (other.time_zone, other.time_zone_is_proposed) == ("", False)
    assert one.zone.key == other.zone.key == "America/Toronto"


def test_a_later_file_moves_no_zone(brought: Authorization) -> None:
    read_in(brought, document(local_time(-8), meter(), block(*hours([1]))).getvalue())
    later = document(local_time(-5), meter(), block(*hours([2], MIDNIGHT + HOUR))).getvalue()
    pull = read_in(brought, later)
    assert brought.zone.key == "America/Los_Angeles"
    assert "time_zone.differs" in {finding["code"] for finding in pull.findings}


def test_what_the_customer_confirmed_stays(brought: Authorization) -> None:
    brought.settle_time_zone("Asia/Tokyo")
    read_in(brought, document(local_time(-8), meter(), block(*hours([1]))).getvalue())
    assert (brought.time_zone, brought.time_zone_is_proposed) == ("Asia/Tokyo", False)


def test_what_the_customer_confirms_while_it_is_read_stays(
    brought: Authorization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def confirmed_meanwhile(_: object) -> list[LocalTimeParameters]:
        Authorization.objects.get(pk=brought.pk).settle_time_zone("America/Halifax")
        return [LocalTimeParameters("B40E2000", HOUR, "360E2000", -8 * HOUR)]

    monkeypatch.setattr(import_file, "zone_said", confirmed_meanwhile)
    read_in(brought)
    assert (brought.zone.key, brought.time_zone_is_proposed) == ("America/Halifax", False)


def test_a_file_cannot_be_from_no_utility_and_collected(brought: Authorization) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Authorization.objects.create(utility=None)
