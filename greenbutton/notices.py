"""Reading what utilities told us: who is known comes due, and nothing is fetched here."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from authorizations.at_utility import notices
from authorizations.at_utility.notices import Matches
from authorizations.models import Authorization, Notification, PullTrigger
from authorizations.models.notifications import MOST_TRIES
from greenbutton.espi import EspiError
from greenbutton.espi.addresses import place
from greenbutton.ingest import bulk
from greenbutton.models import BulkCollection
from utilities.models import Client, Utility
from utilities.registration import look_soon

logger = logging.getLogger(__name__)

# As many as are claimed at once: what is claimed has to be read before the claim runs out.
BATCH = 20
# Of more places than staff would look at, the rarest are not told apart.
PLACES_SHOWN = 20
OTHER_PLACES = "other places"
# A registration has one Bulk feed, or a few. Each that is named is asked for by itself.
MOST_BULKS = 20


def read_waiting() -> int:
    """Read what was posted and waits; returns how many notifications that were."""
    read = 0
    while claimed := Notification.claim(BATCH):
        for notification in claimed:
            read_notification(notification)
        read += len(claimed)
    return read


def read_notification(notification: Notification) -> None:
    """Bring forward whatever a notification names of this utility's.

    1. Give up on a body that ended its readers before.
    2. Read the addresses; what cannot be read now could not be read later.
    3. Look them up: authorizations, consents, registrations, then Bulk feeds.
    4. Have each come due, at most once in 15 minutes.
    5. Keep the counts, and of the unknown where they lie; the body goes.
    """
    notification.begins()
    if notification.tries > MOST_TRIES:
        notification.was_garbled("Reading it failed several times.")
        return
    try:
        uris = notices.named_in(bytes(notification.body))
    except EspiError as e:
        notification.was_garbled(e.says)
        return
    matches = notices.match(notification.utility, uris)
    bulks, unknown = _bulks(notification.utility, matches.left)
    brought = _bring_forward(matches, bulks)
    if unknown:
        slug = notification.utility.slug
        logger.info("%s: %d of %d addresses are unknown", slug, len(unknown), len(uris))
    notification.was_read(
        named=len(uris),
        matched=len(uris) - len(unknown),
        unknown=len(unknown),
        brought={kind: count for kind, count in brought.items() if count},
        findings=_places(unknown),
    )


def _bring_forward(matches: Matches, bulks: dict[str, Client]) -> dict[str, int]:
    """Have everything come due that was found; returns how many of each kind that is."""
    usage = Authorization.objects.filter(pk__in=matches.of_kind("usage")).select_related("utility")
    consents = Authorization.objects.filter(pk__in=matches.of_kind("consent"))
    registrations = Client.objects.filter(pk__in=matches.of_kind("registration"))
    for address, client in bulks.items():
        BulkCollection.bring_forward(client, address, PullTrigger.NOTIFICATION)
    due = [row.bring_forward(PullTrigger.NOTIFICATION) for row in usage]
    return {
        "usage": len(due) - due.count(None),
        "consent": consents.ask_standing(),
        "registration": look_soon(registrations),
        "bulk": len(bulks),
    }


def _bulks(utility: Utility, uris: Iterable[str]) -> tuple[dict[str, Client], list[str]]:
    """The Bulk addresses among these, each with its registration; and the addresses that are none.

    None is taken as it comes: it has to be one that this utility named to a registration before.
    """
    clients = list(utility.clients.filter(retired_at=None))
    found: dict[str, Client] = {}
    left: list[str] = []
    asked = 0
    for uri in uris:
        address = uri.partition("#")[0].partition("?")[0]
        if address not in found and "/Bulk/" in address and asked < MOST_BULKS:
            asked += 1
            owners = (client for client in clients if bulk.is_known(client, address))
            if owner := next(owners, None):
                found[address] = owner
        if address not in found:
            left.append(uri)
    return found, left


def _places(uris: Iterable[str]) -> list[dict[str, str | int]]:
    """Where addresses lie, without what names anybody, the most frequent first."""
    counted = Counter(map(place, uris)).most_common()
    shown: list[dict[str, str | int]] = [
        {"place": where, "count": count} for where, count in counted[:PLACES_SHOWN]
    ]
    if others := sum(count for _, count in counted[PLACES_SHOWN:]):
        shown.append({"place": OTHER_PLACES, "count": others})
    return shown
