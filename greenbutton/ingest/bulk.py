"""Bulk: a feed of all customers of a registration (FB 35), spread to their authorizations.

What reaches an authorization goes the ordinary way, as a document of its own, under its lease and
its rules. A Bulk feed is a way for news to come, not a list of consents: what belongs to nobody
that is known here is only counted.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import BinaryIO, Literal

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.utils import timezone

from authorizations.models import Authorization, EventType, PullTrigger
from authorizations.tokens import pause_if_refused
from authorizations.troubles import OUR_ERROR, UNREADABLE
from greenbutton.espi import EspiError
from greenbutton.espi import scope as espi_scope
from greenbutton.espi.errors import ScopeError
from greenbutton.espi.split import Split, every_spelling, split_feed
from greenbutton.ingest import lease, raw, story
from greenbutton.ingest.lease import LeaseLostError
from greenbutton.ingest.pull import SORRY, backoff
from greenbutton.ingest.stopped import refusal_words
from greenbutton.ingest.store import Stored, limits, store_feed
from greenbutton.ingest.story import Story
from greenbutton.ingest.windows import Window
from greenbutton.models import BulkCollection, Pull
from utilities.client import URI_MAX_LENGTH, GreenButtonClient, Problem, UtilityError
from utilities.models import Client
from utilities.registration import Standing

logger = logging.getLogger(__name__)

# The option of a granted scope that says in which Bulk feed the customer's data comes.
BULK_ID = "BR"
# What may stand in an address as it is, and leads nowhere else.
_BULK_ID = re.compile(r"(?!\.+$)[A-Za-z0-9_.~-]+")
# Somebody else had some of the authorizations; their parts are read again then.
AGAIN = timedelta(minutes=5)
# By so much a part may be stored later than the feed that it was in was asked for.
LONGEST_RUN = timedelta(days=1)
HALF_DONE = "Some authorizations were busy; their part is read again at {:%H:%M} UTC."

Outcome = Literal["stored", "refused", "busy", "not_active"]


class RunLostError(Exception):
    """Another worker reads this Bulk address by now, or it is to be read anew; store no more."""


@dataclass(slots=True)
class Spread:
    """What became of a Bulk feed: authorizations by their outcome, and entries by whose they are.

    `unknown` entries belong to no authorization that is known here, `disputed` ones point at
    several; neither are stored.
    """

    entries: int = 0
    unknown: int = 0
    disputed: int = 0
    stored: int = 0
    refused: int = 0
    busy: int = 0
    not_active: int = 0
    new: int = 0

    def add(self, outcome: Outcome) -> None:
        setattr(self, outcome, getattr(self, outcome) + 1)


def collect_due(collection: BulkCollection) -> BulkCollection | None:
    """Read a Bulk address whose time has come; None if there is nothing to do here.

    1. Take it, so that no other worker reads it, too.
    2. Fetch what is new since it was last read as a whole, or everything, and spread it.
    3. Say how it went. An address that is gone is no failure: Bulk addresses end after some days.
    """
    run_id = secrets.token_hex(16)
    if not collection.client.is_usable() or not collection.take(run_id):
        return None
    try:
        _run(collection, run_id)
    except Exception as e:
        words = f"An error in the portal itself: {type(e).__name__}."
        _failed(collection, run_id, words, after=None)
        raise
    collection.refresh_from_db()
    return collection


def ask_for(client: Client, trigger: PullTrigger, granted: str = "") -> BulkCollection | None:
    """Have a registration's own Bulk feed read; None where the utility names none to it.

    The utility says which it is with a client token, so this asks it. Where that says nothing, the
    registration's document may; `granted` is the scope of a customer whose data is looked for.
    Raises UtilityError.
    """
    uri = GreenButtonClient(client).bulk_uri()
    if uri == "":
        uri = registered_uri(client, granted)
    return BulkCollection.bring_forward(client, uri, trigger) if uri else None


def registered_uri(client: Client, granted: str = "") -> str:
    """Where the Bulk feed lies by the registration's document; empty where that cannot be said.

    Its dataCustodianBulkRequestURI is the same for everybody, or ends in an id that says nothing
    (PG&E's is 0): which feed is ours stands in the scopes that customers grant. If these name
    several, only the utility can say which is meant.
    """
    standing = Standing.of(client)
    address = standing.bulk_url.rstrip("/") if standing else ""
    above, _, last = address.rpartition("/")
    place = address if last == "Bulk" else above
    active = client.authorizations.filter(status=Authorization.Status.ACTIVE)
    ids = _ids_in([granted]) or _ids_of(active)
    if not place.endswith("/Bulk") or len(ids) != 1:
        return ""
    [bulk_id] = ids
    uri = f"{place}/{bulk_id}"
    is_plain = "?" not in uri and "#" not in uri and len(uri) <= URI_MAX_LENGTH
    is_sound = is_plain and _BULK_ID.fullmatch(bulk_id)
    return uri if is_sound and client.utility.owns(uri) else ""


def is_known(client: Client, uri: str) -> bool:
    """Whether an address is a Bulk feed of this registration, so that a notice of it is heard.

    It lies below the utility's resources and ends in an id that the scope of one of its customers
    has, or was named by the utility itself before.
    """
    address = uri.partition("#")[0].partition("?")[0]
    if not client.utility.owns(address):
        return False
    if client.bulk_collections.filter(uri=address).exists():
        return True
    above, _, last = address.rpartition("/")
    is_below = address.startswith(f"{client.utility.resource_url.rstrip('/')}/")
    return is_below and above.endswith("/Bulk") and last in _ids_of(client.authorizations.all())


def read_again_for(authorization: Authorization) -> None:
    """Have read again what was passed over while this one was on hold, if only Bulk brings it.

    That is what was published since its last part came, or all of it where none did. Nothing of the
    others is stored twice.
    """
    client = authorization.client
    if client is None or authorization.is_pulled():
        return
    had = authorization.pulls.filter(source=Pull.Source.BULK, state=Pull.State.DONE)
    last = had.order_by("-started").first()
    if last is not None:
        BulkCollection.go_back(client, last.started - LONGEST_RUN)
        return
    for collection in client.bulk_collections.exclude(state=BulkCollection.State.GONE):
        collection.from_the_beginning()


def _ids_of(authorizations: QuerySet[Authorization]) -> set[str]:
    return _ids_in(authorizations.exclude(scope="").values_list("scope", flat=True).distinct())


def _ids_in(scopes: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for text in scopes:
        with suppress(ScopeError):
            found.add(espi_scope.parse(text).option(BULK_ID) or "")
    return found - {""}


def _run(collection: BulkCollection, run_id: str) -> None:
    # What was brought forward until it was taken is why it is read.
    collection.refresh_from_db(fields=["trigger"])
    began, before = timezone.now(), collection.collected_to
    overlap = timedelta(days=collection.client.utility.behaviour.later_overlap_days)
    window = Window(before - overlap, None) if before else None
    try:
        spread = collect(
            collection.client,
            collection.uri,
            window,
            trigger=PullTrigger(collection.trigger),
            keep_on=lambda: collection.renew(run_id),
        )
    except UtilityError as e:
        _refused(collection, run_id, e)
    except RunLostError:
        logger.info("bulk %s: another run has it now", collection.uid)
    except EspiError as e:
        logger.warning("bulk %s: %s", collection.uid, e.says)
        # Without the entry after which: it is somebody's.
        _failed(collection, run_id, f"The feed was refused: {e.says}", after=None)
    else:
        again = timezone.now() + AGAIN if spread.busy else None
        collection.ended(
            run_id,
            BulkCollection.State.DONE,
            due_at=again,
            error=HALF_DONE.format(again) if again else "",
            failures=0,
            counts=asdict(spread),
            # What was busy must be in the next one, too.
            collected_to=before if spread.busy else began,
        )


def _refused(collection: BulkCollection, run_id: str, error: UtilityError) -> None:
    logger.warning("bulk %s: %s", collection.uid, error.to_log)
    pause_if_refused(collection.client, error)
    if error.code in {Problem.HTTP_404, "http_410"}:
        collection.ended(run_id, BulkCollection.State.GONE, error=error.to_log, failures=0)
    elif error.code == Problem.COME_LATER:
        wait = error.after or AGAIN
        due_at = timezone.now() + wait
        collection.ended(run_id, BulkCollection.State.DELAYED, due_at=due_at, error=error.to_log)
    elif error.permanent or error.code in {"invalid_client", Problem.NOT_OURS}:
        # Only staff, or another notice, can mend that.
        failures = collection.failures + 1
        collection.ended(run_id, BulkCollection.State.FAILED, error=error.to_log, failures=failures)
    else:
        _failed(collection, run_id, error.to_log, after=error.after)


def _failed(
    collection: BulkCollection, run_id: str, error: str, *, after: timedelta | None
) -> None:
    wait = backoff(collection.failures)
    collection.ended(
        run_id,
        BulkCollection.State.FAILED,
        due_at=timezone.now() + max(wait, after or wait),
        error=error,
        failures=collection.failures + 1,
    )


def collect(
    client: Client,
    uri: str,
    window: Window | None = None,
    *,
    trigger: PullTrigger,
    keep_on: Callable[[], bool] = lambda: True,
) -> Spread:
    """Fetch a Bulk feed of this registration and give each of its customers what is theirs.

    1. Fetch it whole, with a token of the client, from an address of the utility's only.
    2. Sort its entries by the addresses of this registration's authorizations, in one pass. A feed
       that ends in an error has stored nothing.
    3. Store each part like a feed of its own, as a Pull of that authorization, with its `trigger`.

    `keep_on` is asked every other second while it comes, and between parts; RunLostError where it
    says no. Raises UtilityError and EspiError; and an error of our own with one part once the
    others have theirs, so that the feed is read again for it.
    """

    def still_wanted() -> None:
        if not keep_on():
            raise RunLostError

    with raw.spool() as file, raw.spool() as sorted_entries:
        _fetch(client, uri, window, file, still_wanted)
        file.seek(0)
        split = split_feed(
            file,
            addresses_of(client),
            sorted_entries,
            max_bytes=settings.FEED_MAX_BYTES,
            limits=limits(),
        )
        spread = Spread(split.entries, split.unknown, split.disputed)
        failed: Exception | None = None
        for owner in split.owners():
            still_wanted()
            try:
                outcome, stored = _give(owner, split, window, trigger)
            except (OperationalError, InterfaceError):
                raise  # without a database none of the others gets theirs
            except Exception as e:
                words = "bulk of %s: a part could not be stored: %s"
                logger.error(words, client.client_id, type(e).__name__)
                failed = failed or e
            else:
                spread.add(outcome)
                spread.new += stored.new if stored else 0
    if failed is not None:
        raise failed
    return spread


def addresses_of(client: Client) -> dict[str, int]:
    """Below which addresses, as documents may write them, the data of each authorization lies.

    Revoked ones are there as well: their entries are known, and not stored. Of several with the
    same address, as after a second consent, the newest active one has it.
    """
    found: dict[str, int] = {}
    base = client.utility.resource_url
    rows = client.authorizations.only("status", "resource_uri", "customer_uri").order_by("created")
    ranked = sorted(rows, key=lambda row: row.status == Authorization.Status.ACTIVE)
    for row in ranked:
        for uri in filter(None, (row.resource_uri, row.customer_uri)):
            for address in _addresses(uri):
                found |= dict.fromkeys(every_spelling(address, base), row.pk)
    return found


def _addresses(uri: str) -> Iterator[str]:
    """Where a batch lies, and where its resources do: below the same without `Batch`.

    ESPI's resource tree: `Batch/Subscription/{id}` is all that is below `Subscription/{id}`.
    """
    yield uri
    before, found, after = uri.rpartition("/Batch/")
    if found:
        yield f"{before}/{after}"


def _fetch(
    client: Client,
    uri: str,
    window: Window | None,
    file: BinaryIO,
    still_wanted: Callable[[], None],
) -> None:
    start, end = window or (None, None)
    quirks = client.utility.behaviour
    GreenButtonClient(client).fetch_feed(
        uri,
        "",
        token="client",
        into=file,
        max_bytes=settings.FEED_MAX_BYTES,
        deadline_seconds=quirks.feed_deadline_seconds or settings.FEED_DEADLINE_SECONDS,
        published_min=start,
        published_max=end,
        still_wanted=still_wanted,
    )


def _give(
    owner: int, split: Split, window: Window | None, trigger: PullTrigger
) -> tuple[Outcome, Stored | None]:
    """Store one authorization's part, as far as that may be now.

    Its row is read under the lease: a purge looks once more after who has one, and whoever comes
    after it finds that nothing may be kept.
    """
    only_key = Authorization.objects.only("pk").get(pk=owner)
    lease_id = lease.take(only_key)
    if lease_id is None:
        return "busy", None
    try:
        authorization = Authorization.objects.select_related("utility").get(pk=owner)
        if not _may_be_given(authorization):
            return "not_active", None
        return _Part(authorization, lease_id, window, trigger).store(split)
    finally:
        lease.give_back(only_key, lease_id)


def _may_be_given(authorization: Authorization) -> bool:
    end = authorization.expires_at
    is_over = end is not None and end <= timezone.now()
    is_active = authorization.status == Authorization.Status.ACTIVE
    return is_active and authorization.held_at is None and not is_over


class _Part:
    """One authorization's part of a Bulk feed, under its lease.

    Its story has a step for that part. The requests are the registration's, for all of them.
    """

    def __init__(
        self,
        authorization: Authorization,
        lease_id: str,
        window: Window | None,
        trigger: PullTrigger,
    ) -> None:
        self.authorization = authorization
        self.lease_id = lease_id
        self.window = window
        # We hold the lease, so whoever began one before is gone; its part comes again.
        left = authorization.pulls.filter(source=Pull.Source.BULK, state=Pull.State.RUNNING)
        left.update(
            state=Pull.State.ABANDONED,
            finished=timezone.now(),
            error="The worker that ran this ended before it was done.",
        )
        self.pull = Pull.objects.create(
            authorization=authorization,
            source=Pull.Source.BULK,
            trigger=trigger,
            windows_planned=1,
        )
        self.story = Story(self.pull)

    def store(self, split: Split) -> tuple[Outcome, Stored | None]:
        self.authorization.tell(EventType.UPDATE_STARTED, pull=self.pull.uid)
        try:
            with self.story.step(story.BULK, self.window) as step, raw.spool() as file:
                split.write(self.authorization.pk, file)
                stored = self._stored(file)
                step.brought(stored)
        except LeaseLostError:
            self._end(
                Pull.State.ABANDONED,
                error="Sharing was stopped, or another worker took over, while this ran. "
                "Nothing was stored from then on.",
            )
            return "busy", None
        except EspiError as e:
            name = self.authorization.source_name
            self._failed(
                f"The feed was refused: {refusal_words(self.authorization, e)}",
                f"{name} sent data that we could not read.",
                UNREADABLE,
            )
            return "refused", None
        except Exception as e:
            words = f"An error in the portal itself: {type(e).__name__}."
            self._failed(words, SORRY, OUR_ERROR)
            raise
        self._add(stored)
        self._end(Pull.State.DONE, tells=EventType.UPDATE_SUCCESSFUL)
        return "stored", stored

    def _stored(self, file: BinaryIO) -> Stored:
        raw.keep(self.pull, file, self.window)
        file.seek(0)
        return store_feed(
            self.authorization, file, max_bytes=settings.FEED_MAX_BYTES, lease_id=self.lease_id
        )

    def _add(self, stored: Stored) -> None:
        self.pull.windows_done = 1
        self.pull.readings, self.pull.bills = stored.readings, stored.bills
        self.pull.new, self.pull.changed = stored.new, stored.changed
        self.pull.findings = stored.findings

    def _failed(self, error: str, message: str, reason: str) -> None:
        """Told as failed at once: it is tried again with the next feed, whenever that comes."""
        tells = EventType.UPDATE_ERRORED
        self._end(Pull.State.FAILED, error=error, message=message, tells=tells, reason=reason)

    def _end(
        self,
        state: Pull.State,
        *,
        error: str = "",
        message: str = "",
        tells: str = "",
        **detail: str,
    ) -> None:
        self.pull.state, self.pull.finished = state, timezone.now()
        self.pull.error, self.pull.message = error, message
        self.pull.save()
        if tells:
            self.authorization.tell(tells, pull=self.pull.uid, **detail)
