"""Replay: what was kept of the utility's feeds, or of a customer's files, is read once more.

For a reader that was mended: a feed that it refused is stored at last. A document that is older
than what is stored would bring old values back; so all that came after it is read again, too, in
the order in which it came, and whatever is not new changes nothing.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from datetime import timedelta

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from authorizations.models import Authorization, PullTrigger
from greenbutton.espi import EspiError
from greenbutton.ingest import lease, raw
from greenbutton.ingest.lease import LeaseLostError
from greenbutton.ingest.read import add_up
from greenbutton.ingest.store import Stored, store_feed
from greenbutton.ingest.story import KEPT, Story
from greenbutton.ingest.unpack import unpacked
from greenbutton.ingest.windows import Window
from greenbutton.models import Pull, RawFeed

logger = logging.getLogger(__name__)

# A replay whose worker died is begun again, but not for ever: it may be the feed.
TRIES = 3
FILES = (Pull.Source.UPLOAD, Pull.Source.COMMAND)
DESTROYED = (
    "Nothing is left to be read again: what was kept was destroyed when sharing was stopped."
)
NOTHING_KEPT = "Nothing was kept of this pull: it ended before anything came."
TOO_OLD = (
    "Feeds are kept for {days} days, and this pull is older. Have the history collected again."
)
METER_STOPPED = (
    "Nothing is kept of this authorization since one of its meters is no longer shared: its feeds "
    "held that meter, too."
)
NOT_SHARED = "This is not shared any more, so nothing can be added to it."
ASKED_ALREADY = "A replay of this authorization waits for a worker already."
UNREADABLE_KEY = "What was kept cannot be opened with this authorization's key."
STOPPED = (
    "Sharing was stopped, or another worker took over, while this ran. "
    "Nothing was stored from then on."
)


class ReplayError(Exception):
    """What was kept cannot be read again; its text says why, for staff."""


def why_not(pull: Pull) -> str:
    """Why the pull cannot be replayed, in a sentence; empty if it can."""
    authorization = pull.authorization
    if not authorization.feed_key or not authorization.can_be_stopped():
        return DESTROYED
    if not authorization.keeps_raw_feeds():
        return METER_STOPPED
    is_shared = authorization.is_from_file() or (
        authorization.status == Authorization.Status.ACTIVE
    )
    if not is_shared:
        return NOT_SHARED
    if pull.raw_feeds.exists():
        return ""
    days = settings.RAW_FEEDS_KEPT_FOR_DAYS
    is_old = pull.started <= timezone.now() - timedelta(days=days)
    return TOO_OLD.format(days=days) if is_old else NOTHING_KEPT


def ask(pull: Pull) -> Pull:
    """Ask for a replay from this pull on; a worker does it. Raises ReplayError."""
    with transaction.atomic():
        # Under the lock that a stop takes: a purge that has come and gone would not come again.
        rows = Authorization.objects.select_for_update(of=("self",), no_key=True)
        pull.authorization = rows.get(pk=pull.authorization_id)
        if reason := why_not(pull):
            raise ReplayError(reason)
        if waiting(pull.authorization).exists():
            raise ReplayError(ASKED_ALREADY)
        return Pull.objects.create(
            authorization=pull.authorization,
            source=Pull.Source.REPLAY,
            trigger=PullTrigger.STAFF,
            replay_of=pull,
        )


def waiting(authorization: Authorization) -> QuerySet[Pull]:
    """Replays that were asked for and are not done."""
    return authorization.pulls.filter(source=Pull.Source.REPLAY, state=Pull.State.RUNNING)


def replay_asked(authorization: Authorization) -> Pull | None:
    """Do the replay that was asked for; None if there is none, or somebody else is at work."""
    lease_id = lease.take(authorization)
    if lease_id is None:
        return None
    try:
        asked = waiting(authorization).select_related("authorization__utility", "replay_of").first()
        return _Replay(asked, lease_id).run() if asked else None
    finally:
        lease.give_back(authorization, lease_id)


class _Replay:
    """The work of one replay, under its lease. The cursor of collecting stays where it is."""

    def __init__(self, pull: Pull, lease_id: str) -> None:
        self.pull = pull
        self.authorization = pull.authorization
        self.lease_id = lease_id
        self.story = Story(pull)
        self.refused = 0

    def run(self) -> Pull:
        started = "authorization_update_started"
        begun = self.authorization.events.filter(type=started, detail__pull=self.pull.uid)
        if begun.count() >= TRIES:
            return self._failed(f"It was begun {TRIES} times, and each worker ended before it did.")
        self.authorization.tell(started, pull=self.pull.uid)
        self.pull.steps = []
        try:
            self._read_all()
        except LeaseLostError:
            return self._end(Pull.State.ABANDONED, STOPPED)
        except ReplayError as e:
            return self._failed(str(e))
        except Exception as e:
            self._failed(f"An error in the portal itself: {type(e).__name__}.")
            raise
        if self.refused:
            said = f"{self.refused} of {self.pull.windows_planned} documents could not be read."
            return self._failed(said)
        return self._end(Pull.State.DONE, tells="authorization_update_finished_successful")

    def _read_all(self) -> None:
        """Each document stands for itself: one that is still refused keeps no other from coming."""
        kept = self._kept()
        self.pull.windows_planned = len(kept)
        self.pull.save()
        for raw_feed in kept:
            lease.renew(self.authorization, self.lease_id)
            try:
                self._read(raw_feed)
            except EspiError as e:
                logger.warning("replay %s: %s", self.pull.uid, e.says)
                self._note(raw_feed, str(e))
                self.refused += 1
            else:
                self._note(raw_feed, "")
            self.pull.windows_done += 1
            self.pull.save()

    def _kept(self) -> list[RawFeed]:
        """The feeds of the pull that is replayed, and all that came after them."""
        begins = self.pull.replay_of and self.pull.replay_of.raw_feeds.order_by("id").first()
        if not begins:
            raise ReplayError(NOTHING_KEPT)
        feeds = RawFeed.objects.filter(pull__authorization=self.authorization, pk__gte=begins.pk)
        return list(feeds.select_related("pull__authorization").order_by("pk"))

    def _read(self, raw_feed: RawFeed) -> None:
        window = None
        if raw_feed.window_start is not None:
            window = Window(raw_feed.window_start, raw_feed.window_end)
        with self.story.step(KEPT, window) as step:
            stored = self._store(raw_feed)
            step.brought(stored)
        self.pull.readings += stored.readings
        self.pull.new += stored.new
        self.pull.changed += stored.changed
        self.pull.bills += stored.bills
        self.pull.findings = add_up([*self.pull.findings, *stored.findings])

    def _store(self, raw_feed: RawFeed) -> Stored:
        try:
            file = raw.open_raw(raw_feed)
        except (ValueError, InvalidToken) as e:
            raise ReplayError(UNREADABLE_KEY) from e
        # A customer's file may be packed; what a utility sends is read as it is.
        is_file = raw_feed.pull.source in FILES
        with file, unpacked(file) if is_file else nullcontext(file) as document:
            return store_feed(
                self.authorization,
                document,
                max_bytes=settings.FEED_MAX_BYTES,
                lease_id=self.lease_id,
                progress=self._still_wanted,
            )

    def _still_wanted(self, readings: int) -> None:
        """Keep the lease while a long document is read; LeaseLostError where that is in vain."""
        lease.renew(self.authorization, self.lease_id)

    def _note(self, raw_feed: RawFeed, error: str) -> None:
        # It may have gone meanwhile, with a meter that is no longer shared.
        if raw_feed.error != error:
            RawFeed.objects.filter(pk=raw_feed.pk).update(error=error)

    # -- how it ends --------------------------------------------------------------------------

    def _failed(self, error: str) -> Pull:
        return self._end(Pull.State.FAILED, error, tells="authorization_update_finished_errored")

    def _end(self, state: Pull.State, error: str = "", *, tells: str = "") -> Pull:
        self.pull.state, self.pull.error = state, error
        self.pull.finished = timezone.now()
        self.pull.save()
        if tells:
            self.authorization.tell(tells, pull=self.pull.uid)
        return self.pull
