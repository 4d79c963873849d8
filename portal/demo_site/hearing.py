"""What a visit hears from its utility (FB 39), and at which address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.conf import settings
from django.urls import reverse

from authorizations.at_utility.notices import named_in
from greenbutton.espi import EspiError, write_bare
from greenbutton.espi.batch_list import BatchList
from portal.demo_site.addresses import in_explorer
from portal.demo_site.models import Notice, PublicNotice, Visit
from portal.demo_site.pretty import pretty
from utilities.models import Client

# Of one notice.
LINKS = 5


@dataclass(frozen=True)
class Heard:
    """One notice, as it is shown: its document, and what fills the explorer with its addresses."""

    at: datetime
    body: str
    queries: list[str]
    content_type: str = ""


def notify_url(visit: Visit) -> str:
    """Where notices to this visit are posted; empty for a public client whose notices go elsewhere.

    Nobody but its owner can register another address for a public client. Our own sandbox has the
    one of this site.
    """
    if not visit.is_ready_made:
        return visit.notify_url
    registered = Client.objects.filter(
        utility=visit.utility, client_id=visit.client_id, public=True, retired_at=None
    ).values_list("notify_url", flat=True)
    ours = public_notify_url(visit.client_id)
    return ours if ours in registered else ""


def public_notify_url(client_id: str) -> str:
    """The notify address that all who try a public client share."""
    return settings.PORTAL_URL + reverse("demo-notify-public", args=[client_id])


def heard(visit: Visit) -> list[Heard]:
    """The notices to this visit, the newest first; of a public client those of its own grant."""
    if visit.is_ready_made:
        return [_of_public(visit, notice) for notice in PublicNotice.objects.of(visit)]
    return [_of_own(visit, notice) for notice in visit.notices.all()]


def _of_own(visit: Visit, notice: Notice) -> Heard:
    try:
        named = named_in(notice.body.encode())
    except EspiError:  # whatever was posted is shown as it came
        named = []
    shown, _ = pretty(notice.body)
    return Heard(notice.at, shown, _queries(visit, named), notice.content_type)


def _of_public(visit: Visit, notice: PublicNotice) -> Heard:
    shown, _ = pretty(write_bare(BatchList((notice.address,))).decode())
    return Heard(notice.at, shown, _queries(visit, [notice.address]))


def _queries(visit: Visit, named: Iterable[str]) -> list[str]:
    return [query for url in islice(named, LINKS) if (query := in_explorer(visit, url))]
