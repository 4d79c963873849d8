"""A registration's list of consents at the utility, compared with what is known here.

The list itself ends nothing. What is missing in it, or over, is asked for one by one (`standing`);
what is unknown here is shown to staff, who may adopt it.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import SystemRandom
from typing import BinaryIO, cast

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from authorizations.at_utility import standing
from authorizations.at_utility.standing import Standing
from authorizations.models import Authorization, ForeignAuthorization, Reconciliation, grant_digest
from authorizations.tokens import pause_if_refused
from greenbutton.espi import Entry, EspiError, ScopeError, read_feed
from greenbutton.espi import scope as espi_scope
from greenbutton.espi.authorization import Authorization as Said
from greenbutton.espi.enums import AuthorizationStatus, GrantType
from utilities.client import GreenButtonClient, Problem, UtilityError
from utilities.models import Client, Utility

logger = logging.getLogger(__name__)

# Two kilobytes a consent: some fifty thousand customers of one registration.
MAX_BYTES = 128 * 2**20
IN_MEMORY = 4 * 2**20
DEADLINE_SECONDS = 300
# A registration is compared once a night, and not all of them in one minute.
NIGHTLY = timedelta(hours=23)
SPREAD_MINUTES = 50
# When the utility cannot be asked: again after so long, and after the last not before the night.
AGAIN_AFTER = tuple(timedelta(minutes=minutes) for minutes in (2, 15, 60))
# What a utility answers that gives no such list, or not to us.
NO_LIST = {Problem.HTTP_403, Problem.HTTP_404, "http_405", "http_410"}
# As many as one look claims, and as many uids as staff would read.
BATCH = 20
UIDS_KEPT = 50
SCOPE_LENGTH = 1000
ADDRESS_LENGTH = 500

_random = SystemRandom()


@dataclass(frozen=True, slots=True)
class Listed:
    """A consent in a utility's list, with the addresses by which it is known."""

    entry: Entry
    said: Said
    authorization_uri: str
    resource_uri: str

    @property
    def is_active(self) -> bool:
        """Whether the utility counts it as active; whatever else it is, it gives no data."""
        return self.said.status == AuthorizationStatus.ACTIVE


@dataclass(slots=True)
class Compared:
    """What a list and what is known here have in common, and where they differ."""

    listed: int
    found: list[Listed]
    missing: list[Authorization]
    # They have no tokens any more, so that nothing else would tell that they were revoked there.
    unlisted: list[Authorization]
    lingering: list[Authorization]
    both: list[tuple[Authorization, Listed]]


def ask_nightly() -> int:
    """Have each registration in use compared that was not lately; returns how many."""
    lately = timezone.now() - NIGHTLY
    usable = Client.objects.filter(paused_at=None, retired_at=None)
    asked = usable.annotate(asked=Max("reconciliations__asked"))
    stale = asked.filter(Q(asked=None) | Q(asked__lte=lately))
    for client in stale:
        Reconciliation.ask(client, after=timedelta(minutes=_random.uniform(0, SPREAD_MINUTES)))
    return len(stale)


def reconcile(reconciliation: Reconciliation) -> str:
    """Compare a registration's list with what is here; returns how that went, in a word.

    1. Note how everything stands here, so that what changes meanwhile is told apart.
    2. Read the list with a client token. A list that cannot be read says nothing: then each
       consent is asked for by itself.
    3. Ask for what is active here, or waits for consent, and not there; follow what is less there.
    4. Keep what is unknown here, and forget what was and is no longer listed.
    """
    if not reconciliation.is_waiting() or not reconciliation.client.is_usable():
        return ""
    client = reconciliation.client
    known = list(_known(client))
    try:
        compared = _compare(known, _listed(client))
    except UtilityError as e:
        return _unheard(reconciliation, e)
    except EspiError as e:
        # Without the entry after which: it is somebody's.
        return _without_list(reconciliation, f"The list cannot be read: {e.says}")
    asked = [row.pk for row in (*compared.missing, *compared.unlisted)]
    Authorization.objects.filter(pk__in=asked).ask_standing()
    narrowed = sum(_follow(row, listed) for row, listed in compared.both)
    found = _still_unknown(client, compared.found)
    ForeignAuthorization.seen(client, [_foreign(listed) for listed in found])
    reconciliation.done(
        listed=compared.listed,
        known=compared.listed - len(found),
        found=len(found),
        missing=len(compared.missing),
        lingering=len(compared.lingering),
        narrowed=narrowed,
        missing_uids=[row.uid for row in compared.missing[:UIDS_KEPT]],
        lingering_uids=[row.uid for row in compared.lingering[:UIDS_KEPT]],
    )
    return "done"


def _known(client: Client) -> Iterator[Authorization]:
    """All that this registration was ever given and whose address is still known, the newest first.

    Without what is encrypted: there may be many. What ended here has no more than the address at
    which the utility is told so.
    """
    rows = client.authorizations.exclude(authorization_uri="")
    return rows.only("uid", "created", *standing.WATCHED).iterator()


def _listed(client: Client) -> list[Listed]:
    """The customers' consents in the registration's list at the utility."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        GreenButtonClient(client).fetch_feed(
            f"{client.utility.resource_url.rstrip('/')}/Authorization",
            "",
            token="client",
            into=cast("BinaryIO", file),
            max_bytes=MAX_BYTES,
            deadline_seconds=DEADLINE_SECONDS,
        )
        file.seek(0)
        return list(_read(cast("BinaryIO", file), client.utility))


def _read(file: BinaryIO, utility: Utility) -> Iterator[Listed]:
    for entry in read_feed(file, max_bytes=MAX_BYTES):
        said = entry.resource
        # The client token's own consent may be listed, too; it is nobody's data.
        if not isinstance(said, Said) or said.grant_type == GrantType.CLIENT_CREDENTIALS:
            continue
        uri = said.authorization_uri or entry.self_href or ""
        if _is_address(utility, uri) and _is_address(utility, said.resource_uri or ""):
            yield Listed(entry, said, uri, said.resource_uri or "")


def _is_address(utility: Utility, uri: str) -> bool:
    return 0 < len(uri) <= ADDRESS_LENGTH and utility.owns(uri)


def _compare(known: list[Authorization], listed: list[Listed]) -> Compared:
    """Each is known by the address of its consent or of its data. Of several with the same, as
    after a second consent, the list is about the newest active one."""
    ranked = sorted(known, key=lambda row: (row.status == "active", row.created))
    by_address: dict[str, Authorization] = {}
    for ours in ranked:
        by_address |= {ours.authorization_uri: ours, ours.resource_uri: ours}
    compared = Compared(0, [], [], [], [], [])
    active: set[str] = set()
    for one in listed:
        if not one.is_active:
            continue
        row = by_address.get(one.authorization_uri) or by_address.get(one.resource_uri)
        compared.listed += 1
        if row is None:
            compared.found.append(one)
            continue
        active |= {row.authorization_uri, row.resource_uri}
        if row.status in {Authorization.Status.ACTIVE, Authorization.Status.NEEDS_CONSENT}:
            compared.both.append((row, one))
        else:
            compared.lingering.append(row)
    for row in known:
        if row.authorization_uri in active:
            continue
        if row.status == Authorization.Status.ACTIVE:
            compared.missing.append(row)
        elif row.status == Authorization.Status.NEEDS_CONSENT:
            compared.unlisted.append(row)
    return compared


def _follow(before: Authorization, listed: Listed) -> bool:
    """Take over what is less there, unless the row is no longer what it was when the list came."""
    said = standing.said_in(listed.entry)
    if not _may_be_less(before, said):
        return False
    with transaction.atomic():
        rows = Authorization.objects.select_for_update(of=("self",)).select_related("utility")
        row = rows.get(pk=before.pk)
        if not standing.is_as_before(row, before) or not standing.is_about(listed.entry, row):
            return False
        return standing.follow_active(row, said)


def _may_be_less(row: Authorization, said: Standing) -> bool:
    """Most are as they were, and need no lock."""
    is_sooner = said.ends_at is not None and said.ends_at != row.expires_at
    return is_sooner or (bool(said.scope) and said.scope != row.scope)


def _still_unknown(client: Client, found: list[Listed]) -> list[Listed]:
    """Those, each once, that nobody has stopped, nor connected while the list was on its way."""
    rows = client.authorizations.filter(
        Q(authorization_uri__in=[one.authorization_uri for one in found])
        | Q(resource_uri__in=[one.resource_uri for one in found])
    )
    known = {uri for pair in rows.values_list("authorization_uri", "resource_uri") for uri in pair}
    # Those that their customers have stopped here, and that the utility could not be told of.
    stopped = set(client.authorizations.exclude(grant_digest="").values_list("grant_digest"))
    each = {one.authorization_uri: one for one in found}
    return [
        one
        for one in each.values()
        if not known & {one.authorization_uri, one.resource_uri}
        and (grant_digest(one.authorization_uri),) not in stopped
    ]


def is_known(found: ForeignAuthorization) -> bool:
    """Whether its customer has connected here since it was listed, or has stopped it here."""
    ours = found.client.authorizations
    addresses = Q(authorization_uri=found.authorization_uri) | Q(resource_uri=found.resource_uri)
    stopped = Q(grant_digest=grant_digest(found.authorization_uri))
    return ours.filter(addresses | stopped).exists()


def _foreign(listed: Listed) -> ForeignAuthorization:
    customer = listed.said.customer_resource_uri or ""
    said = standing.said_in(listed.entry)
    return ForeignAuthorization(
        authorization_uri=listed.authorization_uri,
        resource_uri=listed.resource_uri,
        customer_uri=customer if len(customer) <= ADDRESS_LENGTH else "",
        scope=_readable(said.scope),
        ends_at=said.ends_at,
    )


def _readable(scope: str) -> str:
    """A scope as it may be kept; empty for one that says nothing."""
    try:
        plain = espi_scope.build(espi_scope.parse(scope).without_additional())
    except ScopeError:
        return ""
    return plain if len(plain) <= SCOPE_LENGTH else ""


def _unheard(reconciliation: Reconciliation, error: UtilityError) -> str:
    client = reconciliation.client
    logger.warning("reconciliation of %s: %s", client.client_id, error.to_log)
    pause_if_refused(client, error)
    why = f"The utility's list could not be had ({error.code})."
    if error.permanent or error.code in NO_LIST:
        return _without_list(reconciliation, why)
    if reconciliation.tries >= len(AGAIN_AFTER):
        reconciliation.failed(why)
        return "failed"
    after = AGAIN_AFTER[reconciliation.tries]
    reconciliation.later(why, max(after, error.after or after))
    return "later"


def _without_list(reconciliation: Reconciliation, why: str) -> str:
    """Each consent is asked for by itself, where there is no list to tell of all at once."""
    reconciliation.client.authorizations.ask_standing()
    reconciliation.failed(why)
    return "failed"
