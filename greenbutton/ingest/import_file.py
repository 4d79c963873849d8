"""Import: a file that somebody brought, kept as it came and read like any feed."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from authorizations.models import NO_ZONE, Authorization
from greenbutton import zones
from greenbutton.espi import EspiError, read_feed
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.readable import Readable
from greenbutton.ingest import lease, raw
from greenbutton.ingest.lease import LeaseLostError
from greenbutton.ingest.store import Stored, store_feed
from greenbutton.ingest.unpack import unpacked
from greenbutton.models import Pull

logger = logging.getLogger(__name__)

FILE_NAME_LENGTH = 100
# How far a file is looked into for its LocalTimeParameters before anything of it is stored. In
# every real one they come before the readings, or in a document that is smaller than this.
PEEK_BYTES = 8 * 2**20
# The lease is renewed long before it runs out, so that what was stopped ends at once.
RENEW_SECONDS = 2
# An upload whose worker died is read again by the next one, but not for ever: it may be the file.
TRIES = 3
STARTED = "authorization_update_started"

# What an import writes of its attempt; the file's name may have been deleted meanwhile.
WRITTEN = (
    *("state", "finished", "error", "message"),
    *("readings", "new", "changed", "bills", "findings"),
)
GONE = "The authorization is not active any more, so nothing can be added to it."
SORRY = "Something went wrong on our side while we read your file. Please send it again."
STOPPED = (
    "Sharing was stopped, or another worker took over, while this ran. "
    "Nothing was stored from then on."
)


class NotNowError(Exception):
    """Nothing can be added to this authorization at the moment; its text says why."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The attempt, and what the file held where it could be read."""

    pull: Pull
    stored: Stored | None = None


def import_file(
    authorization: Authorization,
    file: BinaryIO,
    *,
    source: Pull.Source = Pull.Source.COMMAND,
    file_name: str = "",
) -> Imported:
    """Keep and read a file at once; raises NotNowError, and OSError where it cannot be read.

    1. Take the lease, so that no pull and no other import is at work on the authorization.
    2. Write the attempt as running, with the file as it came.
    3. Read it, and say how it ended: in the attempt, for staff and for the customer.
    """
    if authorization.status == Authorization.Status.REVOKED:
        raise NotNowError(GONE)
    lease_id = lease.take(authorization)
    if lease_id is None:
        raise NotNowError(
            "Something else is being brought into this authorization. Try again in a minute."
        )
    try:
        _abandon_older(authorization)
        attempt = _Import(receive(authorization, file, source, file_name), lease_id)
        return attempt.run(file)
    finally:
        lease.give_back(authorization, lease_id)


def receive(
    authorization: Authorization, file: BinaryIO, source: Pull.Source, file_name: str
) -> Pull:
    """Write the attempt and keep the file; from then on whoever has the lease may read it.

    Raises NotNowError, with nothing kept, where sharing was stopped while the file came.
    """
    with transaction.atomic():
        pull = Pull.objects.create(
            authorization=authorization, source=source, file_name=short_name(file_name)
        )
        raw.keep(pull, file)
        # Asked last, since a purge may have come and gone meanwhile. It would not come again.
        rows = Authorization.objects.select_for_update(of=("self",), no_key=True)
        row = rows.filter(pk=authorization.pk).first()
        if row is None or not row.can_be_stopped():
            raise NotNowError(GONE)
    return pull


def import_uploads(authorization: Authorization) -> int:
    """Read what was uploaded and not yet read, the oldest first; returns how many files."""
    lease_id = lease.take(authorization)
    if lease_id is None:
        return 0
    try:
        _abandon_older(authorization)
        count = 0
        for pull in _uploads_to_read(authorization):
            lease.renew(authorization, lease_id)
            _Import(pull, lease_id).run_kept()
            count += 1
        return count
    except LeaseLostError:
        return count
    finally:
        lease.give_back(authorization, lease_id)


def _abandon_older(authorization: Authorization) -> None:
    """We hold the lease, so the command that wrote `running` before is gone.

    An upload is read again.
    """
    left = authorization.pulls.filter(source=Pull.Source.COMMAND, state=Pull.State.RUNNING)
    left.update(
        state=Pull.State.ABANDONED,
        finished=timezone.now(),
        error="The command that ran this ended before it was done.",
    )


def _uploads_to_read(authorization: Authorization) -> Iterator[Pull]:
    """One after the other, since more may have come while one was read."""
    to_read = Pull.objects.filter(
        authorization=authorization, source=Pull.Source.UPLOAD, state=Pull.State.RUNNING
    )
    while pull := to_read.select_related("authorization__utility").order_by("started").first():
        yield pull


def short_name(name: str) -> str:
    """What a file is called, without folders and what cannot be seen; its ending stays."""
    last = re.split(r"[\\/]", name)[-1]
    seen = " ".join("".join(c if c.isprintable() else " " for c in last).split())
    if len(seen) <= FILE_NAME_LENGTH:
        return seen
    return f"{seen[: FILE_NAME_LENGTH - 13]}…{seen[-12:]}"


def zone_said(file: Readable) -> list[LocalTimeParameters]:
    """What a document says of local time near its beginning; nothing where it cannot be read."""
    said: dict[LocalTimeParameters, None] = {}
    with suppress(EspiError):
        for entry in read_feed(file, max_bytes=PEEK_BYTES):
            if isinstance(entry.resource, LocalTimeParameters):
                said[entry.resource] = None
    return list(said)


class _Import:
    """The work of one import, under its lease."""

    def __init__(self, pull: Pull, lease_id: str) -> None:
        self.pull = pull
        self.authorization = pull.authorization
        self.lease_id = lease_id
        self._renewed_at = time.monotonic()

    def run_kept(self) -> Imported:
        """Read the file that was kept when it was uploaded."""
        started = self.authorization.events.filter(type=STARTED, detail__pull=self.pull.uid)
        if started.count() >= TRIES:
            self._failed(f"It was begun {TRIES} times, and each worker ended before it did.", SORRY)
            return Imported(self.pull)
        try:
            file = raw.open_raw(self.pull.raw_feeds.get())
        except Exception as e:
            # Left as running, it would be claimed again for ever.
            self._failed_here(e)
            raise
        with file:
            return self.run(file)

    def run(self, file: BinaryIO) -> Imported:
        """Read an open file into the store."""
        self.authorization.tell(STARTED, pull=self.pull.uid)
        try:
            self._propose_zone(file)
            with unpacked(file) as document:
                stored = store_feed(
                    self.authorization,
                    document,
                    max_bytes=settings.FEED_MAX_BYTES,
                    lease_id=self.lease_id,
                    progress=self._so_far,
                )
        except LeaseLostError:
            self._abandoned()
        except EspiError as e:
            self._refused(e)
        except Exception as e:
            self._failed_here(e)
            raise
        else:
            self._finished(stored)
            return Imported(self.pull, stored)
        return Imported(self.pull)

    def _propose_zone(self, file: BinaryIO) -> None:
        """Before the first days are cut, take a zone from what the file says of local time."""
        authorization = self.authorization
        if not authorization.time_zone_is_proposed or authorization.reading_days.exists():
            return
        with unpacked(file) as document:
            said = zone_said(document)
        utility_zone = authorization.utility.time_zone if authorization.utility else ""
        # Until now it is what the customer's browser said.
        found = zones.propose(said, utility_zone, authorization.time_zone)
        with transaction.atomic():
            if not lease.locked(authorization, self.lease_id).time_zone_is_proposed:
                return  # the customer has said meanwhile that it is this one
            if found is None:
                authorization.propose_time_zone(NO_ZONE)
            elif found.is_settled:
                authorization.settle_time_zone(found.name)
            else:
                authorization.propose_time_zone(found.name)

    def _so_far(self, readings: int) -> None:
        """Let others see how many readings were read; raises LeaseLostError if that was in vain."""
        Pull.objects.filter(pk=self.pull.pk).update(readings=readings)
        now = time.monotonic()
        if now - self._renewed_at >= RENEW_SECONDS:
            self._renewed_at = now
            lease.renew(self.authorization, self.lease_id)

    # -- how it ends --------------------------------------------------------------------------

    def _finished(self, stored: Stored) -> None:
        self.pull.readings = stored.readings
        self.pull.new, self.pull.changed = stored.new, stored.changed
        self.pull.bills = stored.bills
        self.pull.findings = stored.findings
        with self._unless_stopped():
            if self.authorization.archived_at and self.pull.source == Pull.Source.UPLOAD:
                self.authorization.unarchive()
            self._end(Pull.State.DONE, tells="authorization_update_finished_successful")

    def _refused(self, error: EspiError) -> None:
        logger.warning("import %s: %s", self.pull.uid, error.says)
        where = f" This is at line {error.line:,} of the file." if error.line else ""
        self._failed(f"The file was refused: {error}", f"{error.says}{where}")

    def _abandoned(self) -> None:
        """Whoever has the lease by now may be reading the same upload, or have read it."""
        Pull.objects.filter(pk=self.pull.pk, state=Pull.State.RUNNING).update(
            state=Pull.State.ABANDONED, finished=timezone.now(), error=STOPPED, readings=0
        )
        self.pull.refresh_from_db(fields=WRITTEN)

    def _failed_here(self, error: Exception) -> None:
        self._failed(f"An error in the portal itself: {type(error).__name__}.", SORRY)

    def _failed(self, error: str, message: str) -> None:
        """What was made for this file alone, and is empty, goes out of sight."""
        self.pull.readings = 0
        came_to_something = self.authorization.pulls.filter(state=Pull.State.DONE)
        is_empty = not (self.authorization.usage_points.exists() or came_to_something.exists())
        with self._unless_stopped():
            if self.pull.source == Pull.Source.UPLOAD and is_empty:
                self.authorization.archive()
            self._end(
                Pull.State.FAILED,
                error=error,
                message=message,
                tells="authorization_update_finished_errored",
            )

    @contextmanager
    def _unless_stopped(self) -> Iterator[None]:
        """Write how it ended; of what was stopped meanwhile, a purge has said all that stays."""
        with suppress(LeaseLostError), lease.while_shared(self.authorization):
            yield

    def _end(self, state: Pull.State, *, tells: str, error: str = "", message: str = "") -> None:
        self.pull.state = state
        self.pull.finished = timezone.now()
        self.pull.error, self.pull.message = error, message
        self.pull.save(update_fields=WRITTEN)
        self.authorization.tell(tells, pull=self.pull.uid)
