"""What a notification names, and what of it is ours: each address is a key to look up.

Nothing here speaks to a utility. Whoever is found is asked for later, by their own due time, at the
address that they had before, with their own token.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from django.db.models import Q

from authorizations.models import Authorization
from greenbutton.espi import read_feed
from greenbutton.espi.addresses import keys
from greenbutton.espi.batch_list import BatchList
from utilities.models import Client, Utility

# As many keys as one query asks for.
AT_ONCE = 1000


class Found(NamedTuple):
    """A row that an address is of, and by what: `usage`, `consent` or `registration`."""

    kind: str
    pk: int


@dataclass(frozen=True, slots=True)
class Matches:
    """Of what rows a notification is, and which of its addresses are of none."""

    found: frozenset[Found] = frozenset()
    matched: int = 0
    left: tuple[str, ...] = field(default=())

    def of_kind(self, kind: str) -> list[int]:
        """The rows that were found by this."""
        return sorted(one.pk for one in self.found if one.kind == kind)


def named_in(body: bytes) -> list[str]:
    """The addresses in a posted BatchList, each once; raises EspiError for what is none.

    Whatever else is in the document is passed over: data has no business in a notice.
    """
    feed = read_feed(io.BytesIO(body), max_bytes=len(body))
    lists = (entry.resource for entry in feed if isinstance(entry.resource, BatchList))
    return list(dict.fromkeys(uri for batch in lists for uri in batch.resources if uri))


def match(utility: Utility, uris: Iterable[str]) -> Matches:
    """Find this utility's rows by these addresses; the nearest address that is known counts.

    One that lies on another origin is nobody's, whatever it says.
    """
    keyed = {uri: keys(uri) if utility.owns(uri) else () for uri in uris}
    known = _known(utility, dict.fromkeys(key for some in keyed.values() for key in some))
    found: set[Found] = set()
    left: list[str] = []
    for uri, some in keyed.items():
        nearest = next((known[key] for key in some if key in known), None)
        if nearest is None:
            left.append(uri)
        else:
            found |= nearest
    return Matches(frozenset(found), len(keyed) - len(left), tuple(left))


def _known(utility: Utility, wanted: Iterable[str]) -> Mapping[str, set[Found]]:
    """Whose the addresses are that somebody has."""
    known: dict[str, set[Found]] = {}
    rest = iter(wanted)
    while some := tuple(islice(rest, AT_ONCE)):
        for address, found in (*_authorizations(utility, some), *_registrations(utility, some)):
            known.setdefault(address, set()).add(found)
    return known


def _authorizations(utility: Utility, some: tuple[str, ...]) -> Iterator[tuple[str, Found]]:
    columns = {"resource_uri": "usage", "customer_uri": "usage", "authorization_uri": "consent"}
    asked = Q()
    for column in columns:
        asked |= Q(**{f"{column}__in": some})
    rows = Authorization.objects.filter(asked, utility=utility).values_list("pk", *columns)
    for pk, *addresses in rows:
        for address, kind in zip(addresses, columns.values(), strict=True):
            yield address, Found(kind, pk)


def _registrations(utility: Utility, some: tuple[str, ...]) -> Iterator[tuple[str, Found]]:
    rows = Client.objects.filter(utility=utility, retired_at=None, application_url__in=some)
    for pk, address in rows.values_list("pk", "application_url"):
        yield address, Found("registration", pk)
