"""The usage that a customer shares: services, what they measure, what they cost, how good it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import chain

from greenbutton.espi import Entry
from greenbutton.espi.enums import UsagePointConnectedKind, UsagePointStatus
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.scope import Scope
from greenbutton.espi.usage_point import ServiceDeliveryPoint, UsagePoint
from utilities.sandbox.documents import bills, exports, quality, readings
from utilities.sandbox.documents.branch import Branch
from utilities.sandbox.documents.sharing import Sharing, make_entry
from utilities.sandbox.documents.tree import Collection, Node, walk
from utilities.sandbox.documents.window import Window
from utilities.sandbox.households import HOUR
from utilities.sandbox.models import RESOURCES, Grant, Service
from utilities.sandbox.programmes import Programme

LOCAL_TIMES = f"{RESOURCES}/LocalTimeParameters"
# espi.xsd DstRuleType: the second Sunday in March, the first in November, at two o'clock.
DST_START, DST_END = "360E2000", "B40E2000"


def usage_entries(
    grant: Grant, scope: Scope, window: Window, branch: Branch, now: datetime
) -> Iterator[Entry]:
    """What of the usage the scope opens and the branch holds, parents before what hangs on them.

    The database is read here, not while the entries are.
    """
    sharing = Sharing.of(grant, scope, window, now)
    points = Collection(f"{sharing.root}/UsagePoint", partial(_points, sharing))
    if branch.companions:
        return chain(_companions(sharing, branch), walk([points], branch))
    times = Collection(LOCAL_TIMES, lambda: [] if sharing.is_export else [_local_time(sharing)])
    types = Collection(readings.READING_TYPES, lambda: _types(sharing, list(sharing.services)))
    return walk([times, types, points], branch)


def _companions(sharing: Sharing, branch: Branch) -> Iterator[Entry]:
    """What is needed to understand the branch, and hangs elsewhere."""
    reached = [it for it in sharing.services if branch.reaches(sharing.point_href(it))]
    if sharing.is_export:
        yield exports.FIRST
    elif reached:
        yield _local_time(sharing).make()
    measured = [it for it in reached if branch.enters(f"{sharing.point_href(it)}/MeterReading")]
    for node in _types(sharing, measured):
        yield node.make()


def _types(sharing: Sharing, services: list[Service]) -> list[Node]:
    """The reading types of some services, each once."""
    if not sharing.shares.intervals:
        return []
    found = [node for service in services for node in readings.types_of(sharing, service)]
    if sharing.is_export and found:
        found.append(exports.unused_type(sharing.programme))
    return list({node.href: node for node in found}.values())


def _time_href(programme: Programme) -> str:
    return f"{LOCAL_TIMES}/{programme.slug}"


def _local_time(sharing: Sharing) -> Node:
    href = _time_href(sharing.programme)
    winter = datetime(sharing.now.year, 1, 1, tzinfo=sharing.zone).utcoffset()
    assert winter is not None
    time = LocalTimeParameters(DST_END, HOUR, DST_START, int(winter.total_seconds()))
    return Node(href, lambda: make_entry(href, "Local time", time))


def _points(sharing: Sharing) -> Iterator[Node]:
    for service in sharing.services:
        collections = tuple(_collections(sharing, service))
        href = sharing.point_href(service)
        yield Node(href, partial(_point, sharing, service, collections), collections)


def _collections(sharing: Sharing, service: Service) -> Iterator[Collection]:
    """What hangs on a usage point, as far as it is shared."""
    if sharing.shares.intervals:
        yield readings.collection(sharing, service)
    if sharing.shares.bills:
        yield bills.collection(sharing, service)
    if sharing.shares.quality(sharing.profile(service)):
        yield quality.collection(sharing, service)


def _point(sharing: Sharing, service: Service, collections: tuple[Collection, ...]) -> Entry:
    profile = sharing.profile(service)
    point = UsagePoint(
        kind=profile.commodity.kind,
        status=UsagePointStatus.ON,
        service_delivery_point=ServiceDeliveryPoint(tariff_profile=profile.tariff.name),
        connection_state=UsagePointConnectedKind.CONNECTED,
        is_sdp=True,
        is_virtual=False,
    )
    related = [collection.href for collection in collections]
    if not sharing.is_export:
        related.insert(0, _time_href(sharing.programme))
    title = f"{service.get_kind_display()} service"
    return sharing.entry(sharing.point_href(service), title, point, *related)
