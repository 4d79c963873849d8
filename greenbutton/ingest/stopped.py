"""Meters that are no longer shared: recognised in whatever the utility sends, and passed over.

Of such a meter nothing is known but keyed hashes of its names and links. A document is asked
whether it has one of these, by the rules of matching.py, before it is linked with what is stored.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from authorizations.models import Authorization
from greenbutton.espi import Entry, EspiError
from greenbutton.espi.customer.customer_agreement import CustomerAgreement
from greenbutton.espi.customer.end_device import EndDevice
from greenbutton.espi.customer.service_location import ServiceLocation
from greenbutton.espi.customer_links import CustomerTree, LinkedCustomerSide
from greenbutton.espi.links import LinkedMeterReading, LinkedSummary, LinkedUsagePoint, Tree
from greenbutton.espi.matching import Index, above, is_persistent, key
from greenbutton.ingest.read import GroupedFinding
from greenbutton.models import CustomerSide, UsagePoint

# Hashes of one meter: it has some ten; a document that gives it new ones each time is not believed.
MAX_NAMES = 1_000

# What a name was to the meter. The same link may be one thing to one meter and another to the next:
# a reading type's is related to the series of all.
OWN, BELOW, MADE, ABOVE, PLACE = "own", "below", "made", "above", "place"
# That its usage point itself was never seen, so that whatever its series hang on is it.
UNSEEN = (MADE, "")

Name = tuple[str, str]


def new_key() -> str:
    """A key for one meter's hashes."""
    return secrets.token_hex(32)


def hashed(names_key: str, names: Iterable[Name]) -> set[str]:
    """The names as they are kept: SHA-256, keyed, so that nobody finds them out by guessing."""
    secret = bytes.fromhex(names_key)
    return {_hash(secret, name) for name in names if name[1] or name == UNSEEN}


def _hash(secret: bytes, name: Name) -> str:
    return hmac.digest(secret, "\0".join(name).encode(), "sha256").hex()


def names_of(usage_point: UsagePoint) -> Iterator[Name]:
    """The names by which a stored meter, and what hangs on it, would be recognised."""
    is_made = not usage_point.links and not is_persistent(usage_point.identity)
    if is_made:
        yield UNSEEN
    yield from _names(usage_point.identity, usage_point.links)
    for series in usage_point.meter_readings.all():
        yield from _names(series.identity, series.links)


def names_of_place(row: CustomerSide) -> Iterator[Name]:
    """The same of a row of the customer's side."""
    yield PLACE, row.identity
    yield PLACE, row.self_link


def _names(identity: str, links: Iterable[str]) -> Iterator[Name]:
    own, *below = links or [""]
    yield OWN, identity
    yield OWN, own
    yield from ((BELOW, link) for link in below)
    if not own and not is_persistent(identity):
        # A row that was made from a child's link: its entry may come, and is above it.
        yield MADE, identity
        yield from ((ABOVE, link) for link in above(identity))


@dataclass(slots=True)
class _Meter:
    """One meter that is no longer shared."""

    row: int
    names_key: str
    names: frozenset[str]
    learned: set[str] = field(default_factory=set)

    def has(self, *names: Name) -> bool:
        secret = bytes.fromhex(self.names_key)
        return any(_hash(secret, name) in self.names for name in names if name[1])

    def has_unseen_point(self) -> bool:
        return not hashed(self.names_key, [UNSEEN]).isdisjoint(self.names)

    def learn(self, names: Iterable[Name]) -> None:
        self.learned |= hashed(self.names_key, names) - self.names


class Stopped:
    """All meters of an authorization that are no longer shared, as of when a document is read."""

    def __init__(self, meters: list[_Meter], count: int) -> None:
        self._meters = meters
        # What the authorization counted: a worker that finds another number has read in vain.
        self.count = count
        self._hidden: set[str] = set()
        self._is_below = lru_cache(maxsize=4096)(self._looks_below)

    @classmethod
    def of(cls, authorization: Authorization) -> Stopped:
        """Those of an authorization; the count first, so that one that is stopped now shows."""
        counted = Authorization.objects.filter(pk=authorization.pk).values_list("meters_stopped")
        (count,) = counted.get()
        rows = authorization.usage_points.exclude(stopped_at=None) if count else ()
        return cls(
            [_Meter(row.pk, row.names_key, frozenset(row.stopped_names)) for row in rows], count
        )

    def holds(self, block: Entry) -> bool:
        """Whether a block is of such a meter, so that its readings need not even be gathered.

        What its own links do not tell shows when the whole document is linked.
        """
        return bool(self._meters) and self._is_below(block.up or block.self_href or "")

    def hide(self, findings: Iterable[GroupedFinding]) -> list[GroupedFinding]:
        """Findings that name no place of such a meter."""
        return [
            {**one, "where": ""} if self._meters and self._hides(one["where"]) else one
            for one in findings
        ]

    def remember(self) -> None:
        """Keep the names that such meters were found to have now; their rows are locked."""
        for meter in self._meters:
            if meter.learned and len(meter.names) < MAX_NAMES:
                names = sorted(meter.names | meter.learned)[:MAX_NAMES]
                UsagePoint.objects.filter(pk=meter.row).update(stopped_names=names)

    # -- the usage --------------------------------------------------------------------------------

    def without(self, tree: Tree) -> Tree:
        """The document without such meters and what hangs on them.

        What the document's only usage point took over because it names no parent of its own (see
        links.py) goes with that one only where it is its; else it stands by itself again.
        """
        if not self._meters:
            return tree
        gone = {
            name: meter
            for name, linked in tree.usage_points.items()
            if (meter := self._meter_at(linked))
        }
        series_gone = {
            name: meter
            for name, series in tree.meter_readings.items()
            if (meter := self._meter_of(series))
        }
        for name, meter in series_gone.items():
            series = tree.meter_readings[name]
            if meter.has_unseen_point() and _hangs_on(_links(series), tree, series.usage_point):
                gone.setdefault(series.usage_point, meter)
        return self._cut(tree, gone, series_gone)

    def _cut(
        self, tree: Tree, gone: Mapping[str, _Meter], series_gone: Mapping[str, _Meter]
    ) -> Tree:
        for name, meter in gone.items():
            self._pass_over(meter, tree.usage_points[name])
        points = {name: one for name, one in tree.usage_points.items() if name not in gone}
        readings: dict[str, LinkedMeterReading] = {}
        for name, series in tree.meter_readings.items():
            point = series.usage_point
            if name in series_gone or (point in gone and _hangs_on(_links(series), tree, point)):
                self._pass_over(series_gone.get(name) or gone[point], series)
            else:
                readings[name] = replace(series, usage_point=_home(_links(series), point, gone))
        summaries: dict[int, LinkedSummary] = {}
        for ordinal, bill in tree.summaries.items():
            if bill.usage_point in gone and _hangs_on(bill.entry, tree, bill.usage_point):
                self._hidden.add(bill.entry.where)
            elif not self._is_below(bill.entry.up or bill.entry.self_href or ""):
                home = _home(bill.entry, bill.usage_point, gone)
                summaries[ordinal] = replace(bill, usage_point=home)
        named = {one.usage_point for one in readings.values()}
        named |= {one.usage_point for one in summaries.values()}
        for name in named:
            points.setdefault(name, LinkedUsagePoint(name))
        return replace(
            tree,
            # A usage point that was made for what is gone is gone, too.
            usage_points={n: one for n, one in points.items() if one.entry or n in named},
            meter_readings=readings,
            blocks={block: name for block, name in tree.blocks.items() if name in readings},
            summaries=summaries,
        )

    def _pass_over(self, meter: _Meter, linked: LinkedUsagePoint | LinkedMeterReading) -> None:
        self._hidden.add(linked.identity)
        if linked.entry is not None:
            self._hidden.add(linked.entry.where)
            own = linked.entry.self_href or ""
            meter.learn(_names(linked.identity, [own, *linked.entry.related]))

    def _meter_at(self, linked: LinkedUsagePoint) -> _Meter | None:
        """The meter that a usage point of the document is."""
        if linked.entry is None:
            return self._first(_as_child(linked.identity))
        return self._first(_as_parent(linked.identity, linked.entry))

    def _meter_of(self, series: LinkedMeterReading) -> _Meter | None:
        """The meter that a meter reading of the document belongs to, by its own links."""
        if series.entry is None:
            return self._first(_as_child(series.identity))
        own, up = series.entry.self_href or "", series.entry.up or ""
        return self._first(
            [
                *_as_parent(series.identity, series.entry),
                *((BELOW, link) for link in (up, own)),
                *((OWN, link) for link in (up, *above(own))),
            ]
        )

    def _first(self, names: Iterable[Name]) -> _Meter | None:
        asked = list(names)
        return next((meter for meter in self._meters if meter.has(*asked)), None)

    def _looks_below(self, link: str) -> bool:
        return self._first(_as_child(link)) is not None

    def _hides(self, where: str) -> bool:
        return where in self._hidden or bool(where and self._is_below(where))

    # -- the customer's side ----------------------------------------------------------------------

    def without_places(self, tree: CustomerTree) -> CustomerTree:
        """The customer's side without the places of such meters alone, and their devices.

        An agreement goes where nothing of it is left. What is stored, stays: it is somebody else's
        as well.
        """
        if not self._meters:
            return tree
        linked = {kind: dict(found) for kind, found in tree.linked.items()}
        gone: dict[type, set[str]] = {ServiceLocation: set(), EndDevice: set()}
        for name, place in list(linked[ServiceLocation].items()):
            if self._is_gone_place(place):
                gone[ServiceLocation].add(name)
            else:
                linked[ServiceLocation][name] = self._without_links(place)
        for name, device in linked[EndDevice].items():
            at = device.parents.get(ServiceLocation)
            if at in gone[ServiceLocation] or self._knows(device):
                gone[EndDevice].add(name)
        gone[CustomerAgreement] = {
            name
            for name, agreement in linked[CustomerAgreement].items()
            if self._is_over(name, agreement, linked, gone)
        }
        for kind, names in gone.items():
            for name in names:
                self._hide(linked[kind].pop(name))
        return replace(tree, linked=linked)

    def _is_gone_place(self, place: LinkedCustomerSide) -> bool:
        if place.entry is None or place.row is not None:
            return False
        links = _usage_points_at(place)
        return self._knows(place) or (bool(links) and all(map(self._names_meter, links)))

    def _is_over(
        self,
        name: str,
        agreement: LinkedCustomerSide,
        linked: Mapping[type, Mapping[str, LinkedCustomerSide]],
        gone: Mapping[type, set[str]],
    ) -> bool:
        """Whether an agreement was about such meters only."""
        if agreement.entry is None or agreement.row is not None:
            return False
        below = [
            child in gone[kind]
            for kind in (ServiceLocation, EndDevice)
            for child, one in linked[kind].items()
            if one.parents.get(CustomerAgreement) == name
        ]
        return all(below) and (bool(below) or self._knows(agreement))

    def _knows(self, one: LinkedCustomerSide) -> bool:
        """Whether it was deleted with such a meter."""
        if one.entry is None or one.row is not None:
            return False
        own = one.entry.self_href or ""
        return self._first([(PLACE, one.identity), (PLACE, own)]) is not None

    def _names_meter(self, link: str) -> bool:
        return self._first([(OWN, link.lower() if is_persistent(link) else link)]) is not None

    def _without_links(self, place: LinkedCustomerSide) -> LinkedCustomerSide:
        """The place without its links to such meters."""
        links = _usage_points_at(place)
        left = tuple(link for link in links if not self._names_meter(link))
        if place.entry is None or len(left) == len(links):
            return place
        assert isinstance(place.entry.resource, ServiceLocation)
        resource = replace(place.entry.resource, usage_points=left)
        return replace(place, entry=replace(place.entry, resource=resource))

    def _hide(self, one: LinkedCustomerSide) -> None:
        if one.entry is None:
            return
        self._hidden.add(one.entry.where)
        for meter in self._meters:
            names = [(PLACE, one.identity), (PLACE, one.entry.self_href or "")]
            meter.learn(names)


def refusal_words(authorization: Authorization, error: EspiError) -> str:
    """Why a document was refused, without the entry after which: it may be such a meter's."""
    return str(error) if authorization.keeps_raw_feeds() else error.says


def _as_parent(identity: str, entry: Entry) -> list[Name]:
    """What an entry would be called where its meter was stopped."""
    own = entry.self_href or ""
    made = [(MADE, link) for link in (own, *entry.related)]
    return [(OWN, identity), (OWN, own), (ABOVE, own), *made]


def _as_child(link: str) -> list[Name]:
    """What a link would be to its meter that points at it, or lies below it."""
    return [(OWN, link), (BELOW, link), *((OWN, one) for one in above(link))]


def _links(series: LinkedMeterReading) -> Entry:
    """The links of a meter reading; one that was made has the link that it was made from."""
    return series.entry or Entry(self_href=series.identity, up=series.identity)


def _hangs_on(child: Entry, tree: Tree, name: str) -> bool:
    """Whether a child hangs on this usage point by its links, and was not merely taken over."""
    entry = tree.usage_points[name].entry
    return entry is None or bool(Index({name: entry}).parents(child))


def _home(child: Entry, usage_point: str, gone: Mapping[str, _Meter]) -> str:
    """What the child hangs on, now that the usage point that took it over may be gone."""
    return key(child) if usage_point in gone else usage_point


def _usage_points_at(place: LinkedCustomerSide) -> tuple[str, ...]:
    if place.entry is None or not isinstance(place.entry.resource, ServiceLocation):
        return ()
    return tuple(place.entry.resource.usage_points)
