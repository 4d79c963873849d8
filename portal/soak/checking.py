"""Each row against what its scenario says of it, and all rows against what holds for all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone

from authorizations.models import Authorization, ConnectAttempt, Event
from authorizations.timeline import customers_timeline
from greenbutton.models import Pull, RawFeed
from portal.soak.plays import Play
from portal.soak.sameness import Holdings, difference, holdings_of
from portal.soak.scenarios import CREATED, Expected, Scenario
from utilities.models import Client

Status = Authorization.Status
# Who has no tokens: those whose sharing ended, in whichever way.
ENDED = {Status.REVOKED, Status.EXPIRED, Status.NEEDS_CONSENT}


@dataclass(frozen=True, slots=True)
class Found:
    """How a row was found at the end, in words, and what is wrong with it."""

    words: str
    explanation: str
    troubles: tuple[str, ...] = ()


def look(play: Play, scenario: Scenario, fresh: Holdings | None) -> Found:
    """Hold one customer's row against the scenario; `fresh` is what a happy one of its kind has."""
    troubles = [play.trouble] if play.trouble else []
    if not scenario.expected.status:
        return _without(play, scenario.expected, troubles)
    rows = play.rows()
    if len(rows) != 1:
        return Found(f"{len(rows)} authorizations", "", (*troubles, "there should be one"))
    row, expected = rows[0], scenario.expected
    held = holdings_of(row)
    troubles += _status(row, expected)
    troubles += _data(row, held, fresh, expected)
    troubles += _events(row, expected)
    told = [line.words for line in customers_timeline(row)]
    said = _sentence(row, expected)
    explanation = next((words for words in told if words.startswith(said)), "")
    if not explanation:
        troubles.append(f"its timeline does not say “{said}” but: {' | '.join(told[:6])}")
    words = f"{row.status}, {_amount(held)}"
    return Found(words, explanation or (told[0] if told else ""), tuple(troubles))


def _without(play: Play, expected: Expected, troubles: list[str]) -> Found:
    """One of which no authorization may come: the attempt says why, and so did the page."""
    attempt = ConnectAttempt.objects.filter(share_link=play.link).first()
    reason = attempt.reason if attempt else ""
    if play.rows():
        troubles.append("there is an authorization")
    if not reason.startswith(expected.reason):
        troubles.append(f"the attempt keeps “{reason}”, not “{expected.reason}”")
    if expected.says not in play.told:
        troubles.append(f"the customer was not told “{expected.says}”")
    return Found(f"nothing, {reason.partition(':')[0]}", expected.says, tuple(troubles))


def _status(row: Authorization, expected: Expected) -> Iterator[str]:
    if row.status != expected.status:
        yield f"it is {row.status}, not {expected.status}"
    if expected.failures is not None and row.failures != expected.failures:
        yield f"{row.failures} failures stand on it, not {expected.failures}"
    if row.status == Status.ACTIVE and row.next_pull_at is None and row.is_pulled():
        yield "it will never be due again"


def _data(
    row: Authorization, held: Holdings, fresh: Holdings | None, expected: Expected
) -> Iterator[str]:
    if expected.data == "none":
        if held.points or held.readings or held.bills:
            yield f"it holds {_amount(held)}"
        return
    if not row.pulled_to and row.origin == Authorization.Origin.CONNECT:
        yield "the cursor does not stand where its data ends"
    if expected.data == "one meter":
        if held.points.total() != 1 or not held.readings:
            yield f"one meter should be left, not {held.points.total()}"
    elif fresh is None:
        yield "there is no fresh one to compare with"
    elif differs := difference(held, fresh, without_bills=expected.data == "all but bills"):
        yield differs


def _events(row: Authorization, expected: Expected) -> Iterator[str]:
    told = set(row.events.values_list("type", flat=True))
    if lacking := {CREATED, *expected.events} - told:
        yield f"events lack: {', '.join(sorted(lacking))}"
    if unwanted := told & set(expected.never):
        yield f"events are there that should not be: {', '.join(sorted(unwanted))}"


def _sentence(row: Authorization, expected: Expected) -> str:
    return expected.says.format(source=row.source_name, company=settings.COMPANY_NAME)


def _amount(held: Holdings) -> str:
    if not held.readings:
        return "no readings"
    return f"{held.readings:,} readings, {held.bills.total()} bills"


def troubles_of_all() -> Iterator[str]:
    """What must hold for all rows together, whatever their scenario."""
    now = timezone.now()
    rows = Authorization.objects.all()
    for row in rows.filter(status__in=ENDED):
        if row.access_token or row.refresh_token:
            yield f"{row} is {row.status} and has tokens"
    for row in rows.filter(status=Status.REVOKED):
        if row.feed_key or row.resource_uri or row.customer_email:
            yield f"{row} is revoked, and its key, address or e-mail is still there"
        if RawFeed.objects.filter(pull__authorization=row).exists():
            yield f"{row} is revoked, and raw feeds are still there"
    for pull in Pull.objects.filter(state=Pull.State.RUNNING):
        yield f"{pull} of {pull.authorization} never ended"
    for row in rows.filter(leased_until__gt=now):
        yield f"{row} is leased, and nobody is at it"
    for row in rows.filter(refreshing_until__gt=now):
        yield f"{row} is being refreshed, and nobody is at it"
    for client in Client.objects.filter(paused_at__isnull=False):
        yield f"{client} is paused: {client.paused_reason}"
    yield from _untold()


def _untold() -> Iterator[str]:
    """Every row that ended says so, and how, in one event and no more."""
    ends = {
        # The last is of a consent with which an earlier authorization goes on.
        Status.REVOKED: ("authorization_revoked", "authorization_merged"),
        Status.EXPIRED: ("authorization_expired",),
    }
    for status, events in ends.items():
        for row in Authorization.objects.filter(status=status):
            times = Event.objects.filter(authorization=row, type__in=events).count()
            if times != 1:
                yield f"{row} is {status} and tells of it {times} times"


def secrets_of_all() -> Iterator[str]:
    """Every token and secret that is known at the end: none of them may stand in a log."""
    for row in Authorization.objects.all():
        yield from filter(None, (row.access_token, row.refresh_token))
    for client in Client.objects.all():
        yield from filter(None, (client.client_secret, client.registration_token))
