"""Pull: one attempt to collect for an authorization, window by window."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any, BinaryIO

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from authorizations.models import Authorization, EventType, PullTrigger
from authorizations.models.authorizations.collecting import WHEN_DUE
from authorizations.tokens import fresh_access_token
from authorizations.troubles import AS_ASKED, EVER_LATER, OUR_ERROR, UNREADABLE, reason_of
from greenbutton.espi import EspiError
from greenbutton.ingest import closing, failing, history, lease, raw, renewing, story, windows
from greenbutton.ingest.lease import LeaseLostError
from greenbutton.ingest.read import add_up
from greenbutton.ingest.stopped import refusal_words
from greenbutton.ingest.store import Stored, store_feed
from greenbutton.ingest.story import Story
from greenbutton.ingest.windows import Window
from greenbutton.models import HistoricalCollection, Pull, RawFeed
from utilities.client import GreenButtonClient, Problem, UtilityError

logger = logging.getLogger(__name__)

DAILY = timedelta(days=1)
# So that what was connected in one hour is not asked for in one hour for ever.
DAILY_JITTER = timedelta(hours=2)
BACKOFF_FIRST = timedelta(minutes=1)
BACKOFF_LONGEST = timedelta(hours=6)
# The utility's own Retry-After is not hurried, and is passed by little.
WAIT_JITTER = timedelta(seconds=5)
# Whoever asks for patience gets it as often as this in a row; then we ask ever later, though not so
# much later where a customer waits.
PATIENT_TIMES = 3
LATER_FOR_THE_WAITING = timedelta(minutes=5)
# A first history that took several attempts ends where it began: what came since is asked for soon.
SOON = timedelta(minutes=1)
# Whose account it is; and how long it is worth waiting for within a pull.
CUSTOMER_BLOCK = 51
A_MOMENT = timedelta(seconds=5)
SORRY = "Something went wrong on our side. We will try again by ourselves."

_random = SystemRandom()


def pull(authorization: Authorization, *, only_if_due: bool = False) -> Pull | None:
    """Collect what is new; None if there is nothing to do here.

    `only_if_due` is for those who were sent some time ago, and perhaps twice: a busy queue outlasts
    a claim, and whoever comes second finds, under the lease, that the work is done.

    1. Take the lease. Another worker that holds it does the work.
    2. Stop if the authorization is no longer active, is on hold, or is over.
    3. Write the Pull as running, then fetch, keep and store each window.
    4. Say how it ended, and when it is due again.
    5. Where it was given to renew an earlier one, compare the two, and follow the verdict.
    """
    began = timezone.now()
    lease_id = lease.take(authorization)
    if lease_id is None:
        return None
    try:
        row = Authorization.objects.select_related("client__utility", "utility").get(
            pk=authorization.pk
        )
        if only_if_due and not row.is_due():
            return None
        if not _may_be_pulled(row, lease_id):
            return None
        done = _Attempt(row, lease_id, began).run()
        if row.is_candidate() and done.state == Pull.State.DONE:
            renewing.settle(row, lease_id)
        return done
    except Exception as e:
        # PostgreSQL may have ended the connection: what is said now goes over a new one. Else the
        # row would wait for the end of the lease.
        if isinstance(e, OperationalError | InterfaceError):
            connection.close()
        _put_off(authorization, lease_id, e)
        raise
    finally:
        lease.give_back(authorization, lease_id)


def _may_be_pulled(authorization: Authorization, lease_id: str) -> bool:
    client = authorization.client
    if authorization.status != Authorization.Status.ACTIVE or authorization.held_at is not None:
        return False
    if authorization.expires_at is not None and authorization.expires_at <= timezone.now():
        with transaction.atomic():
            lease.locked(authorization, lease_id).mark_expired()
        return False
    if not authorization.is_pulled():
        _rest(authorization, lease_id)
        return False
    return client is not None and client.is_usable()


def _rest(authorization: Authorization, lease_id: str) -> None:
    """Only a Bulk feed brings it, as since the client's token no longer opens it.

    It would be claimed again every minute. Not for ever: the registry may say otherwise tomorrow.
    """
    mine = Authorization.objects.filter(pk=authorization.pk, lease_id=lease_id)
    mine.filter(next_pull_at__lte=timezone.now()).update(
        next_pull_at=timezone.now() + DAILY, somebody_waits=False
    )


def _put_off(authorization: Authorization, lease_id: str, error: Exception) -> None:
    """After an error of our own: what nobody has put off yet would be due again within seconds.

    Its secrets may be what cannot be read, so that of the row only this is asked for.
    """
    mine = Authorization.objects.filter(
        pk=authorization.pk, lease_id=lease_id, next_pull_at__lte=timezone.now()
    )
    for failures in mine.values_list("failures", flat=True):
        next_at = timezone.now() + backoff(failures)
        mine.update(failures=failures + 1, next_pull_at=next_at, somebody_waits=False)
        begun = _running(authorization).first()
        this = begun or Pull.objects.create(authorization_id=authorization.pk)
        ended = {
            "state": Pull.State.FAILED,
            "finished": timezone.now(),
            "error": _in_ourselves(error),
            "message": SORRY,
            "next_at": next_at,
        }
        Pull.objects.filter(pk=this.pk).update(**ended)
        told = failing.told_of(None, OUR_ERROR, failures + 1, next_at, EVER_LATER)
        authorization.tell(told[0], pull=this.uid, **told[1])


def _in_ourselves(error: Exception) -> str:
    return f"An error in the portal itself: {type(error).__name__}."


def _running(authorization: Authorization) -> QuerySet[Pull]:
    """Collecting that was begun and did not say how it ended."""
    return Pull.objects.filter(
        authorization_id=authorization.pk, source=Pull.Source.UTILITY, state=Pull.State.RUNNING
    )


def backoff(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: a minute doubled, six hours at most."""
    # The exponent is bounded since timedelta is not infinite.
    longer: int = 2 ** min(failures, 16)
    return min(BACKOFF_FIRST * longer, BACKOFF_LONGEST) * _random.uniform(0.8, 1.2)


class _Attempt:
    """The work of one `pull`, under its lease."""

    def __init__(self, authorization: Authorization, lease_id: str, began: datetime) -> None:
        assert authorization.client is not None
        self.authorization = authorization
        self.lease_id = lease_id
        self.began = began
        # A history that somebody asked for goes before what is new.
        self.history = history.waiting(authorization)
        # The time that this history, or this look, is about: where the cursor moves to.
        self.up_to, self.done_before, self.planned_before = _resumed(authorization, self.history)
        # The meters that its documents named, where they listed any.
        self.listed: set[int] = set()
        trigger = _trigger(authorization, self.history, goes_on=_abandon_older(authorization))
        goes_on = _goes_on(authorization, self.history, trigger)
        with transaction.atomic():
            self.pull = Pull.objects.create(
                authorization=authorization,
                # What a candidate collects is a sample: if it stays, its history begins after that.
                first=authorization.pulled_to is None and not authorization.is_candidate(),
                history=self.history,
                trigger=trigger,
            )
            if not goes_on:
                authorization.tell(EventType.UPDATE_STARTED, pull=self.pull.uid)
        self.story = Story(self.pull)
        self.client = GreenButtonClient(authorization.client, self.story.hear)

    def run(self) -> Pull:
        try:
            if self.history:
                history.begun(self.history)
            planned = _plan(self.authorization, self.up_to, self.history)
            if self.done_before and self.planned_before not in {None, len(planned)}:
                # The registry plans otherwise by now. What is stored comes again, and adds nothing.
                self.done_before = 0
            self.pull.windows_planned = len(planned)
            self.pull.windows_done = self.done_before
            self._write()
            for window in planned[self.done_before :]:
                self._collect(window, is_last=window is planned[-1])
            if not self.history:
                self._collect_customer()
        except LeaseLostError:
            self._abandoned()
        except UtilityError as e:
            self._refused(e)
        except EspiError as e:
            self._unreadable(e)
        except Exception as e:
            self._failed(_in_ourselves(e), SORRY, OUR_ERROR)
            raise
        else:
            self._finished()
        return self.pull

    def _collect(self, window: Window, *, is_last: bool) -> None:
        is_sample = self.history is not None or self.authorization.is_candidate()
        moves_cursor = is_last and not is_sample
        uri, pulled_to = self.authorization.resource_uri, self.up_to if moves_cursor else None
        with self.story.step(story.USAGE, window) as step:
            stored = self._take(uri, window, pulled_to)
            step.brought(stored)
        self.pull.windows_done += 1
        self._add(stored)
        if stored.lists:
            self.listed |= stored.named
        if not is_last:
            self._tell_progress()
        if self.history:
            history.progressed(self.history, self.pull.windows_done)

    def _collect_customer(self) -> None:
        """Collect whose account it is, where that is shared; what is odd about it stops nothing.

        It has no window, and comes last: the usage is what customers wait for.
        """
        uri = self.authorization.customer_uri
        if not uri or not self.authorization.shares(CUSTOMER_BLOCK):
            return
        before = story.last_result(self.pull, story.CUSTOMER)
        try:
            with self.story.step(story.CUSTOMER) as step:
                stored = self._take_soon(uri)
                step.brought(stored)
            self._add(stored)
        except UtilityError as e:
            if e.code == Problem.NOT_ACTIVE:
                raise
            logger.warning("pull %s, customer: %s", self.pull.uid, e)
            # Told once, and again when it is another refusal: the steps have it each time.
            if before != e.code:
                self._find("customer.refused", e.to_log)
        except EspiError as e:
            logger.warning("pull %s, customer: %s", self.pull.uid, e.says)
            if before != UNREADABLE:
                self._find("customer.unreadable", refusal_words(self.authorization, e))

    def _take_soon(self, uri: str) -> Stored:
        """Take a document that has no window; whoever asks for a moment's patience gets it, once.

        The platform allows one request a second in general.
        """
        try:
            return self._take(uri)
        except UtilityError as e:
            if e.code != Problem.COME_LATER or e.after is None or e.after > A_MOMENT:
                raise
            time.sleep(e.after.total_seconds())
            self.story.waited(e.after.total_seconds())
            return self._take(uri)

    def _take(
        self, uri: str, window: Window | None = None, pulled_to: datetime | None = None
    ) -> Stored:
        """Fetch a document, keep it, and store what is in it."""
        with raw.spool() as file:
            lease.renew(self.authorization, self.lease_id)
            self._fetch(uri, window, file)
            raw_feed = self._keep(file, window)
            file.seek(0)
            try:
                return store_feed(
                    self.authorization,
                    file,
                    max_bytes=settings.FEED_MAX_BYTES,
                    lease_id=self.lease_id,
                    pulled_to=pulled_to,
                    only=self.history.usage_point if self.history else None,
                    progress=self._so_far,
                )
            except EspiError as e:
                if raw_feed is not None:
                    with lease.while_shared(self.authorization):
                        RawFeed.objects.filter(pk=raw_feed.pk).update(error=str(e))
                raise

    def _keep(self, file: BinaryIO, window: Window | None) -> RawFeed | None:
        """Keep a document as it came; nothing of it where sharing was stopped meanwhile."""
        lease.renew(self.authorization, self.lease_id)
        with transaction.atomic():
            raw_feed = raw.keep(self.pull, file, window)
            # Asked last, since a purge may have come and gone while it was written.
            lease.locked(self.authorization, self.lease_id)
        return raw_feed

    def _fetch(self, uri: str, window: Window | None, file: BinaryIO) -> None:
        """Fetch a document; a token that is refused before its time is renewed, once."""
        if self.authorization.is_opened_by_client():
            self._fetch_with("", uri, window, file)
            return
        token = fresh_access_token(self.authorization, listener=self.story.hear)
        try:
            self._fetch_with(token, uri, window, file)
        except UtilityError as e:
            if e.code != Problem.HTTP_401:
                raise
            token = fresh_access_token(self.authorization, refused=token, listener=self.story.hear)
            self._fetch_with(token, uri, window, file)

    def _fetch_with(self, token: str, uri: str, window: Window | None, file: BinaryIO) -> None:
        start, end = window or (None, None)
        quirks = self.client.utility.behaviour
        self.client.fetch_feed(
            uri,
            token,
            into=file,
            max_bytes=settings.FEED_MAX_BYTES,
            deadline_seconds=quirks.feed_deadline_seconds or settings.FEED_DEADLINE_SECONDS,
            published_min=start,
            published_max=end,
            is_download=window is not None,
            still_wanted=self._still_wanted,
            token="client" if self.authorization.is_opened_by_client() else "access",
        )

    def _so_far(self, readings: int) -> None:
        """Let others see how many readings were read; raises LeaseLostError if that is in vain."""
        self._still_wanted()
        seen = self.pull.readings + readings
        Pull.objects.filter(pk=self.pull.pk).update(readings=seen)

    def _still_wanted(self) -> None:
        """Keep the lease; raises LeaseLostError where sharing was stopped, so that we stop, too.

        Asked every second or two: what is spooled by then goes with us.
        """
        lease.renew(self.authorization, self.lease_id)

    def _add(self, stored: Stored) -> None:
        """Write the progress, which the customer's page reads."""
        pull = self.pull
        pull.readings += stored.readings
        pull.new += stored.new
        pull.changed += stored.changed
        pull.bills += stored.bills
        pull.findings = add_up([*pull.findings, *stored.findings])
        self._write()

    def _tell_progress(self) -> None:
        """Tell how far it is; of the last window, the end tells."""
        with lease.while_shared(self.authorization):
            self.authorization.tell(
                EventType.UPDATE_PROGRESS,
                pull=self.pull.uid,
                windows_done=self.pull.windows_done,
                windows_planned=self.pull.windows_planned,
                readings=self.pull.readings,
            )

    def _write(self) -> None:
        """Write the attempt; raises LeaseLostError where a purge has emptied it, or will."""
        with lease.while_shared(self.authorization):
            self.pull.save()

    def _find(self, code: str, detail: str) -> None:
        """Note what staff should know, and what does not make the pull fail."""
        finding = {"code": code, "count": 1, "where": "", "detail": detail}
        self.pull.findings = add_up([*self.pull.findings, finding])

    # -- how it ends --------------------------------------------------------------------------

    def _finished(self) -> None:
        jitter = DAILY_JITTER * _random.uniform(-1, 1)
        if self.history:
            history.done(self.history)
        elif not self.done_before:
            closing.note_listed(self.authorization, self.lease_id, self.listed)
        if self.authorization.is_candidate():
            # Until it was compared, which comes next: a worker that does not come so far costs a
            # delay, and not a day.
            failures = self.authorization.failures
            self._due(timedelta(0), PullTrigger.RESUMED, somebody_waits=False, failures=failures)
        elif history.waiting(self.authorization):
            self._due(SOON, PullTrigger.HISTORY, somebody_waits=False)
        elif self.done_before or self.history:
            self._due(SOON, PullTrigger.RESUMED, somebody_waits=False)
        else:
            self._due(DAILY + jitter, PullTrigger.NIGHTLY, somebody_waits=False)
        self._end(Pull.State.DONE, tells=EventType.UPDATE_SUCCESSFUL)

    def _abandoned(self) -> None:
        self._end(
            Pull.State.ABANDONED,
            error="Sharing was stopped, or another worker took over, while this ran. "
            "Nothing was stored from then on.",
        )

    def _refused(self, error: UtilityError) -> None:
        logger.warning("pull %s: %s", self.pull.uid, error.to_log)
        if error.code == Problem.NOT_ACTIVE:
            self._abandoned()
        elif self._ends_consent(error):
            self._needs_consent(error)
        elif error.code == Problem.COME_LATER:
            self._comes_later(error.after or BACKOFF_FIRST)
            if self.history:
                history.delayed(self.history)
            self._end(
                Pull.State.WAITING,
                error=error.to_log,
                message=error.to_customer,
                tells=EventType.UPDATE_DELAYED,
            )
        else:
            self._failed(error.to_log, error.to_customer, reason_of(error), after=error.after)

    def _ends_consent(self, error: UtilityError) -> bool:
        """Whether only the customer can mend it.

        A 401 that comes this far was answered to a fresh token: the consent is gone. Where our own
        registration's token is what opens it, our registration is at fault.
        """
        refused = error.permanent or error.code == Problem.HTTP_401
        return refused and not self.authorization.is_opened_by_client()

    def _comes_later(self, asked: timedelta) -> None:
        """Due when the utility asked for it. One that asks again and again gets ever more time."""
        waits = self.authorization.somebody_waits
        came_on = self.pull.windows_done > self.done_before
        delays = 0 if came_on else self.authorization.delays + 1
        wait = asked + WAIT_JITTER * _random.random()
        if delays > PATIENT_TIMES:
            later = backoff(delays - PATIENT_TIMES)
            wait = max(wait, min(later, LATER_FOR_THE_WAITING) if waits else later)
        failures = self.authorization.failures
        self._due(wait, PullTrigger.RESUMED, somebody_waits=waits, delays=delays, failures=failures)

    def _needs_consent(self, error: UtilityError) -> None:
        # Refreshing the token may have found it out, and marked it, before us.
        with suppress(LeaseLostError), transaction.atomic():
            lease.locked(self.authorization, self.lease_id).mark_needs_consent()
        if self.history:
            history.failed(self.history, error.to_log, for_good=True)
        self._end(Pull.State.FAILED, error=error.to_log, message=error.to_customer)

    def _unreadable(self, error: EspiError) -> None:
        logger.warning("pull %s: %s", self.pull.uid, error.says)
        name = self.authorization.source_name
        self._failed(
            f"The feed was refused: {refusal_words(self.authorization, error)}",
            f"{name} sent data that we could not read. We have kept it and will ask again.",
            UNREADABLE,
        )

    def _failed(
        self, error: str, message: str, reason: str, after: timedelta | None = None
    ) -> None:
        failures = self.authorization.failures + 1
        wait = backoff(failures - 1)
        # Of a first history, the customer still sees nothing.
        waits = self.authorization.somebody_waits and self.pull.first
        due_for = self._due(
            max(wait, after or wait),
            PullTrigger.RESUMED,
            somebody_waits=waits,
            failures=failures,
        )
        if self.history:
            history.failed(self.history, error)
        elif self.pull.first and self.pull.windows_done and failures >= history.TRIES:
            history.leave_the_rest(self.authorization, self.lease_id, self.up_to)
        if due_for == PullTrigger.RESUMED:
            due_for = AS_ASKED if after is not None and after > wait else EVER_LATER
        tells, detail = self._failure_told(reason, failures, due_for)
        self._end(Pull.State.FAILED, error=error, message=message, tells=tells, **detail)

    def _failure_told(self, reason: str, failures: int, because: str) -> tuple[str, dict[str, Any]]:
        """Nothing where it is not ours to try again: whoever ended it, or has it now, tells."""
        client, next_at = self.authorization.client, self.pull.next_at
        assert client is not None
        if next_at is None:
            return "", {}
        # The refusal that made it fail may have paused it.
        client.refresh_from_db(fields=["paused_at", "retired_at"])
        return failing.told_of(client, reason, failures, next_at, because)

    def _due(
        self,
        after: timedelta,
        trigger: PullTrigger,
        *,
        somebody_waits: bool,
        failures: int = 0,
        delays: int = 0,
    ) -> str:
        """Set when it is due again, if it is still ours to say; returns for what that stands."""
        with transaction.atomic():
            rows = Authorization.objects.select_for_update().only(*WHEN_DUE)
            row = rows.filter(
                pk=self.authorization.pk,
                lease_id=self.lease_id,
                status=Authorization.Status.ACTIVE,
            ).first()
            if row is None:
                return ""
            row.comes_due_again(
                timezone.now() + after, trigger, began=self.began, somebody_waits=somebody_waits
            )
            Authorization.objects.filter(pk=row.pk).update(failures=failures, delays=delays)
        self.pull.next_at = row.next_pull_at
        return row.pull_trigger

    def _end(
        self,
        state: Pull.State,
        *,
        error: str = "",
        message: str = "",
        tells: str = "",
        **detail: Any,
    ) -> None:
        self.pull.state = state
        self.pull.finished = timezone.now()
        self.pull.error, self.pull.message = error, message
        try:
            with lease.while_shared(self.authorization):
                self.pull.save()
                if tells:
                    self.authorization.tell(tells, pull=self.pull.uid, **detail)
        except LeaseLostError:
            # A purge leaves of an attempt when it was, and how it ended.
            ended = {"state": Pull.State.ABANDONED, "finished": self.pull.finished}
            Pull.objects.filter(pk=self.pull.pk).update(**ended)
            self.pull.refresh_from_db()


def _trigger(
    authorization: Authorization, asked: HistoricalCollection | None, *, goes_on: bool
) -> str:
    if asked is not None:
        return PullTrigger.HISTORY
    return PullTrigger.RESUMED if goes_on else authorization.pull_trigger


def _goes_on(
    authorization: Authorization, asked: HistoricalCollection | None, trigger: str
) -> bool:
    """Whether it was told already that what this attempt belongs to began.

    Whoever hears of events is told once that something is to be collected, and at last that it has
    come. That it had to wait, failed, or lost its worker in between is told by what came of each
    attempt, not by a beginning of every next one.
    """
    if asked is not None:
        return asked.started is not None
    if trigger != PullTrigger.RESUMED:
        return False
    before = authorization.pulls.filter(source=Pull.Source.UTILITY).values_list("state", flat=True)
    return before.first() not in {None, Pull.State.DONE}


def _resumed(
    authorization: Authorization, asked: HistoricalCollection | None
) -> tuple[datetime, int, int | None]:
    """When this history's collecting began, how many of its windows are stored, and of how many.

    The platform allows one download a minute and may take longer to prepare one, so a first history
    often takes several attempts. Each goes on where the last one stopped.
    """
    if asked is not None:
        return asked.asked, asked.windows_done, None
    if authorization.pulled_to is None:
        stored = authorization.pulls.filter(first=True, windows_done__gt=0)
        earlier = stored.aggregate(
            began=Min("started"), done=Max("windows_done"), planned=Max("windows_planned")
        )
        if earlier["done"]:
            return earlier["began"], earlier["done"], earlier["planned"]
    return timezone.now(), 0, None


def _plan(
    authorization: Authorization, up_to: datetime, asked: HistoricalCollection | None
) -> list[Window]:
    """The windows to ask for, as the grant allows and the utility wants them."""
    if asked is not None:
        return history.plan(asked)
    assert authorization.utility is not None
    quirks = authorization.utility.behaviour
    earliest = history.earliest(authorization)
    if authorization.is_candidate():
        return renewing.sample(authorization, up_to, earliest)
    if authorization.pulled_to is None:
        return windows.first_history(up_to, earliest, quirks.first_windows_days)
    return windows.since(authorization.pulled_to, earliest, quirks.later_overlap_days)


def _abandon_older(authorization: Authorization) -> bool:
    """We hold the lease, so whoever wrote `running` before is gone; whether there was one."""
    left = _running(authorization).update(
        state=Pull.State.ABANDONED,
        finished=timezone.now(),
        error="The worker that ran this ended before it was done.",
    )
    return left > 0
