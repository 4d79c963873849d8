"""A history that is asked for once more: who asked, what it covers, and how it goes on.

The asking is a row, and the authorization is made due; its next pulls go through the windows of a
first history, and begin again where the last one stopped.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from authorizations.models import Authorization, PullTrigger
from greenbutton.espi import scope as espi_scope
from greenbutton.ingest import windows
from greenbutton.ingest.windows import Window
from greenbutton.models import HistoricalCollection, UsagePoint
from utilities.quirks import Quirks

# No meter's readings go back further than thirty years, in seconds.
LONGEST_HISTORY = 30 * 365 * 86_400
# What fails so often, or is put off so often, without a window being stored would keep what is new
# from being collected.
TRIES = 5
PUT_OFF = 20

EVENT = "meter_historical_collection_{}"


def ask(
    authorization: Authorization,
    *,
    usage_point: UsagePoint | None = None,
    since: date | None = None,
    by: User | None = None,
    why: str = "",
) -> HistoricalCollection:
    """Have the history collected again, from the local day `since` on or all that was granted.

    Refuses, with a sentence, what no worker would take, and what waits already.
    """
    if usage_point is not None and not usage_point.is_shared():
        raise ValidationError("This meter is no longer shared.")
    begin = since and datetime.combine(since, time(), tzinfo=authorization.zone)
    if begin and begin >= timezone.now():
        raise ValidationError("That day has not begun; choose an earlier one, or none.")
    with transaction.atomic():
        # As it is now: what was stopped meanwhile is purged, and no purge would come after this.
        rows = Authorization.objects.select_for_update(of=("self",)).select_related("utility")
        row = rows.get(pk=authorization.pk)
        waits = row.histories.filter(state=HistoricalCollection.State.WAITING)
        if waits.filter(usage_point=usage_point).exists():
            raise ValidationError("This history is being collected already.")
        row.collect_now(PullTrigger.HISTORY)
        return HistoricalCollection.objects.create(
            authorization=row,
            usage_point=usage_point,
            since=begin,
            asked_by=by,
            why=why,
        )


def start_monitoring(usage_point: UsagePoint, *, by: User | None = None, why: str = "") -> bool:
    """Monitor a meter again; returns whether what came meanwhile is asked for, too.

    Where nothing can be asked for, or that meter's history is on its way already, it is not.
    """
    since = usage_point.monitoring_stopped_at
    usage_point.start_monitoring()
    if since is None:
        return False
    authorization = usage_point.authorization
    overlap = timedelta(days=_quirks(authorization).later_overlap_days)
    day = since.astimezone(authorization.zone).date() - overlap
    try:
        ask(authorization, usage_point=usage_point, since=day, by=by, why=why)
    except ValidationError:
        return False
    return True


def waiting(authorization: Authorization) -> HistoricalCollection | None:
    """What the next pull is to collect instead of what is new; the one asked first comes first.

    A first history goes before: it brings the same, and somebody waits for it.
    """
    if authorization.pulled_to is None:
        return None
    waits = authorization.histories.filter(state=HistoricalCollection.State.WAITING)
    return waits.select_related("usage_point").order_by("asked", "pk").first()


def earliest(authorization: Authorization) -> datetime:
    """How far back the customer shares, and the utility is asked: no further than we asked for."""
    scopes = filter(None, (authorization.scope, authorization.asked_scope))
    said = (espi_scope.parse(scope).history_length for scope in scopes)
    history = min(
        (length for length in said if length is not None),
        default=espi_scope.DEFAULT_HISTORY_LENGTH,
    )
    # What a utility writes into a scope may be more seconds than the calendar has.
    most = _quirks(authorization).first_history_seconds or LONGEST_HISTORY
    return authorization.consented_at - timedelta(seconds=min(history, most, LONGEST_HISTORY))


def _quirks(authorization: Authorization) -> Quirks:
    assert authorization.utility is not None  # a file has no history to ask for
    return authorization.utility.behaviour


def plan(history: HistoricalCollection) -> list[Window]:
    """The windows that it goes through, the newest first; the same in each pull."""
    begin = earliest(history.authorization)
    since = history.since
    steps = _quirks(history.authorization).first_windows_days
    return windows.first_history(history.asked, max(begin, since) if since else begin, steps)


def begun(history: HistoricalCollection) -> None:
    """A pull collects it from now on."""
    if history.started is None:
        _write(history, started=timezone.now())
        _tell(history, "started")


def progressed(history: HistoricalCollection, windows_done: int) -> None:
    """So many of its windows are stored."""
    _write(history, windows_done=windows_done, tries=0)
    _tell(history, "progress")


def done(history: HistoricalCollection) -> None:
    """All of its windows are stored."""
    _ended(history, HistoricalCollection.State.DONE, "finished_successful")


def delayed(history: HistoricalCollection) -> None:
    """The utility prepares it; it is asked again, but not for ever."""
    tries = history.tries + 1
    if tries >= PUT_OFF:
        error = "The utility put it off again and again."
        _ended(history, HistoricalCollection.State.FAILED, "finished_errored", error)
    else:
        _write(history, tries=tries)
        _tell(history, "delayed")


def leave_the_rest(authorization: Authorization, lease_id: str, up_to: datetime) -> None:
    """A first history of which some windows came, and the rest does not: what is new goes on.

    The cursor goes to where that history ended, and the rest becomes a wish like staff's, which is
    given up after a while.
    """
    with transaction.atomic():
        mine = Authorization.objects.filter(pk=authorization.pk, lease_id=lease_id)
        if mine.filter(status=Authorization.Status.ACTIVE).update(pulled_to=up_to):
            waiting = HistoricalCollection.State.WAITING
            HistoricalCollection.objects.get_or_create(
                authorization=authorization,
                usage_point=None,
                state=waiting,
                defaults={"why": "The first history could not be completed."},
            )


def failed(history: HistoricalCollection, error: str, *, for_good: bool = False) -> None:
    """It is tried again, but not for ever."""
    tries = history.tries + 1
    if for_good or tries >= TRIES:
        _ended(history, HistoricalCollection.State.FAILED, "finished_errored", error)
    else:
        _write(history, tries=tries)
        _tell(history, "retrying")


def end_histories(histories: QuerySet[HistoricalCollection]) -> None:
    """What they were to bring is no longer shared; why somebody asked may name the customer."""
    histories.filter(state=HistoricalCollection.State.WAITING).update(
        state=HistoricalCollection.State.FAILED, finished=timezone.now()
    )
    histories.update(why="", error="")


def _ended(
    history: HistoricalCollection, state: HistoricalCollection.State, event: str, error: str = ""
) -> None:
    _write(history, state=state, finished=timezone.now(), error=error)
    _tell(history, event)


def _write(history: HistoricalCollection, **values: Any) -> None:
    """Change the row, unless it was ended meanwhile."""
    for name, value in values.items():
        setattr(history, name, value)
    waits = HistoricalCollection.objects.filter(
        pk=history.pk, state=HistoricalCollection.State.WAITING
    )
    waits.update(**values)


def _tell(history: HistoricalCollection, what: str) -> None:
    """An event for each meter that it is about."""
    meters = history.authorization.usage_points.shared()
    if history.usage_point_id is not None:
        meters = meters.filter(pk=history.usage_point_id)
    else:
        meters = meters.filter(monitoring_stopped_at=None)
    detail = {"history": history.uid}
    history.authorization.tell_all(
        (EVENT.format(what), {"usage_point": uid, **detail})
        for uid in meters.values_list("uid", flat=True)
    )
