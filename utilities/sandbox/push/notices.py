"""What a company is told without asking: call these where something changes; a grant tells itself.

They write rows, in the caller's transaction; the clerk posts them. A company without a notify
address is told nothing, and of its customers' data only where the grant includes notices.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Max

from utilities.sandbox.households import midnight
from utilities.sandbox.models import Clock, Grant, Notice, Registration

PUSH = 39
# The company trades its code first, and the history of a new customer takes a moment to collect.
FIRST_DATA_AFTER = timedelta(seconds=10)


def new_data(grant: Grant, after: timedelta = timedelta(0)) -> Notice | None:
    """The grant has new data: all that was published since the last such notice."""
    if not includes_notices(grant) or not grant.is_active:
        return None
    now, told = Clock.now(), told_until(grant)
    address = grant.resource_uri if told is None else f"{grant.resource_uri}?{_since(told, grant)}"
    return Notice.tell(
        grant.registration, Notice.Kind.DATA, address, grant=grant, told_until=now, after=after
    )


def download_ready(
    registration: Registration, grant: Grant | None, address: str, after: timedelta
) -> Notice | None:
    """A download that was answered by 202 can be had."""
    if grant is not None and not includes_notices(grant):
        return None
    return Notice.tell(registration, Notice.Kind.READY, address, grant=grant, after=after)


def registration_changed(registration: Registration) -> Notice | None:
    """The utility, or the company, changed what the ApplicationInformation says."""
    return Notice.tell(registration, Notice.Kind.REGISTRATION, registration.application_url)


def includes_notices(grant: Grant) -> bool:
    """Whether the customer agreed that the company is told of new data."""
    return PUSH in grant.granted.function_blocks


def told_until(grant: Grant) -> datetime | None:
    """Up to when the company was told of data; None if never."""
    told: datetime | None = grant.notices.aggregate(told=Max("told_until"))["told"]
    return told


def _since(told: datetime, grant: Grant) -> str:
    """The window of what is new, from a local midnight on: a day of readings is one block."""
    zone = grant.registration.programme.zone
    first = datetime.fromtimestamp(midnight(told.astimezone(zone).date(), zone), UTC)
    return urlencode({"published-min": _iso(first), "published-max": _iso(Clock.now())}, safe=":")


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
