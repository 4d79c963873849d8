"""How a consent stands at the utility: its own Authorization entry, read with the client's token.

It tells what nobody else does: that a customer revoked there, shares less by now, or for a shorter
time. Asked when a utility tells of a change, when it refuses our tokens, and every night.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from authorizations.ending import receipts
from authorizations.models import Authorization
from authorizations.tokens import pause_if_refused
from greenbutton.espi import Entry, EspiError, read_feed
from greenbutton.espi.authorization import Authorization as Said
from greenbutton.espi.element import LAST_TIME
from greenbutton.espi.enums import AuthorizationStatus
from greenbutton.espi.period import Period
from utilities.client import GreenButtonClient, Problem, UtilityError

logger = logging.getLogger(__name__)

# One entry with all its scopes is a few kilobytes.
MAX_BYTES = 256 * 1024
# How long a worker has for one: a client token and the entry, half a minute each at most.
CLAIM = timedelta(minutes=3)
# As many as are queued at once: the rest stay due, so that no claim runs out in the queue.
QUEUED = 50
# When the utility cannot be asked: again after so long, and after the last not before the night.
AGAIN_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 10, 60, 360))
# Somebody was at the row while the utility was asked; what it said is of a consent that is no more.
SOON = timedelta(minutes=1)

WATCHED = ("status", "scope", "expires_at", "authorization_uri", "resource_uri")


class NotSaidError(Exception):
    """The document does not tell how this consent stands; the text says why, without addresses."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a utility says of one consent. `changed_at` is when it last changed what it says."""

    status: int | None
    scope: str
    ends_at: datetime | None
    changed_at: datetime | None


def claim() -> list[int]:
    """Claim the authorizations whose standing is to be asked for; returns their ids.

    A claim runs out by itself, so what was queued into a broker that lost it is claimed again.
    """
    now = timezone.now()
    at_it = Authorization.objects.filter(standing_claimed_until__gt=now).count()
    free = Q(standing_claimed_until=None) | Q(standing_claimed_until__lte=now)
    with transaction.atomic():
        due = (
            Authorization.objects.askable()
            .filter(free, standing_at__lte=now)
            .filter(client__paused_at=None, client__retired_at=None)
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("standing_at")
            .only("id")[: max(0, QUEUED - at_it)]
        )
        ids = [authorization.pk for authorization in due]
        rows = Authorization.objects.filter(pk__in=ids)
        rows.update(standing_claimed_until=now + CLAIM)
    return ids


def look(authorization: Authorization) -> str:
    """Ask the utility how the consent stands, and follow it; returns what came of it, in words.

    1. Stop if somebody else has asked meanwhile.
    2. Read the entry, outside of any transaction.
    3. Under the lock: if the row is no longer what it was, as when its customer reconnected, what
       was said is of something else. It is asked for anew.
    4. Follow what was said, and keep it in words.
    """
    try:
        return _look(authorization.pk)
    except (OperationalError, InterfaceError):
        raise
    except Exception as e:
        _failed(authorization.pk, e)
        raise


def _failed(key: int, error: Exception) -> None:
    """After an error of our own: it is put off, so that such rows do not have all the places.

    Its secrets may be what cannot be read, so that of the row only this is asked for.
    """
    before = Authorization.objects.only("standing_at", "standing_tries").get(pk=key)
    _later(before, f"An error in the portal itself: {type(error).__name__}.")


def _look(key: int) -> str:
    rows = Authorization.objects.select_related("client__utility", "utility")
    before = rows.get(pk=key)
    if before.standing_at is None or before.standing_at > timezone.now():
        return ""
    try:
        said = _read(before)
    except UtilityError as e:
        return _unheard(before, e)
    except (NotSaidError, EspiError) as e:
        why = e.says if isinstance(e, EspiError) else str(e)
        return _settle(before, f"What the utility answered says nothing: {why}")
    with transaction.atomic():
        row = rows.select_for_update(of=("self",)).get(pk=before.pk)
        if not is_as_before(row, before):
            return _ask_again(before, "It changed here while the utility was asked.", SOON)
        return _settle(before, _follow(row, said))


def said_in(entry: Entry) -> Standing:
    """What an entry of a consent says; raises NotSaidError for an entry of something else."""
    said = entry.resource
    if not isinstance(said, Said):
        raise NotSaidError("There is no Authorization in it.")
    return Standing(said.status, said.scope or "", _end_of(said.authorized_period), entry.updated)


def is_about(entry: Entry, authorization: Authorization) -> bool:
    """Whether an entry is this consent's.

    Its resourceURI decides. A custodian that leaves it out, as of one that is over, must at least
    call the entry by the address that it gave us.
    """
    said = entry.resource
    if not isinstance(said, Said):
        return False
    if said.resource_uri is not None:
        return said.resource_uri == authorization.resource_uri
    return (said.authorization_uri or entry.self_href) == authorization.authorization_uri


def is_as_before(row: Authorization, before: Authorization) -> bool:
    """Whether nothing became of the row that what a utility said meanwhile may not know of."""
    return all(getattr(row, name) == getattr(before, name) for name in WATCHED)


def follow_active(row: Authorization, said: Standing) -> bool:
    """Take over what a utility that counts a consent as active shares less, or for a shorter time.

    The row is locked. Returns whether that was anything.
    """
    end = said.ends_at
    # An end before the beginning is a mistake, and nobody's wish.
    if end is not None and end <= row.consented_at:
        end = None
    if end is not None and end <= timezone.now():
        row.mark_expired()
        return True
    is_less = bool(said.scope) and row.narrowed(said.scope)
    if end is not None and row.status == Authorization.Status.ACTIVE:
        is_less |= row.ends_sooner(end)
    return is_less


def _read(authorization: Authorization) -> Standing:
    assert authorization.client is not None
    client = GreenButtonClient(authorization.client)
    uri = authorization.authorization_uri
    document = client.read_document(uri, token="client", max_bytes=MAX_BYTES)
    entries = list(read_feed(io.BytesIO(document), max_bytes=MAX_BYTES))
    ours = [entry for entry in entries if is_about(entry, authorization)]
    if not ours:
        raise NotSaidError("It is about another authorization.")
    if len(ours) > 1:
        raise NotSaidError("It tells of this one more than once.")
    return said_in(ours[0])


def _follow(row: Authorization, said: Standing) -> str:
    """Bring the row to what the utility says; what widens a consent only its customer can say."""
    if said.status == AuthorizationStatus.REVOKED:
        if _came_to_its_end(row, said):
            row.mark_expired()
            return "It came to its end."
        if row.is_being_renewed():
            # A new consent may have taken its place there. What was collected is deleted only when
            # it is known that nothing goes on with it: whoever compares the two asks again.
            if row.status == Authorization.Status.ACTIVE:
                row.mark_needs_consent()
            return "It was revoked at the utility; a new consent for it is being compared."
        row.mark_revoked("utility")
        receipts.send(row)
        return "It was revoked at the utility."
    if said.status == AuthorizationStatus.DENIED:
        if row.status == Authorization.Status.ACTIVE:
            row.mark_needs_consent()
        return "The utility says that it was denied."
    if said.status != AuthorizationStatus.ACTIVE:
        return "The utility gave it a status that we do not know."
    if follow_active(row, said):
        is_over = row.status == Authorization.Status.EXPIRED
        return "It came to its end." if is_over else "The customer shares less than before."
    if row.status == Authorization.Status.NEEDS_CONSENT:
        return "The utility counts it as active, but does not accept our tokens."
    return "It is active there, too."


def _came_to_its_end(row: Authorization, said: Standing) -> bool:
    """Whether what is over was never revoked: then what was collected may stay.

    Some custodians have one status for both. Nobody ended it who did not change it before its end;
    and where that is not told, the end that was agreed must have come.
    """
    now = timezone.now()
    if said.ends_at is None or said.ends_at > now:
        return False
    if said.changed_at is not None:
        return row.consented_at < said.ends_at and said.changed_at < said.ends_at
    return row.expires_at is not None and row.expires_at <= min(now, said.ends_at)


def _unheard(before: Authorization, error: UtilityError) -> str:
    """The utility could not be asked, or does not say: again later, but not for ever."""
    logger.warning("standing of authorization %s: %s", before.uid, error.to_log)
    assert before.client is not None
    pause_if_refused(before.client, error)
    # Not what is logged: that names the address, and what is kept here outlives a revocation.
    why = f"The utility could not be asked ({error.code})."
    if error.code == Problem.HTTP_404:
        return _settle(before, "The utility does not know it, or not any more.")
    return _later(before, why, error.after)


def _later(before: Authorization, why: str, asked: timedelta | None = None) -> str:
    if before.standing_tries >= len(AGAIN_AFTER):
        return _settle(before, why)
    after = AGAIN_AFTER[before.standing_tries]
    return _ask_again(before, why, max(after, asked or after))


def _settle(before: Authorization, said: str) -> str:
    """There is nothing more to ask, until somebody wants to know anew."""
    return _keep(before, said, None, tries=0)


def _ask_again(before: Authorization, said: str, after: timedelta) -> str:
    return _keep(before, said, timezone.now() + after, tries=before.standing_tries + 1)


def _keep(before: Authorization, said: str, again_at: datetime | None, tries: int) -> str:
    row = Authorization.objects.filter(pk=before.pk)
    row.update(
        standing_said=said[:300],
        standing_asked_at=timezone.now(),
        standing_claimed_until=None,
        standing_tries=tries,
    )
    # Whoever wanted to know anew, while the utility was asked, is not forgotten.
    row.filter(standing_at=before.standing_at).update(standing_at=again_at)
    return said


def _end_of(period: Period | None) -> datetime | None:
    """When it ends; None for never (a length of 0), and for a time that is in no calendar."""
    if period is None or period.start is None or not period.seconds or period.seconds < 0:
        return None
    end = period.start + period.seconds
    return datetime.fromtimestamp(end, UTC) if 0 < end <= LAST_TIME else None
