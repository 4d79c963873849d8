"""What a meter measures: reading types, meter readings, and a block of readings for each day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import partial

from greenbutton.espi import Entry
from greenbutton.espi.enums import (
    PhaseCode,
    QualityOfReading,
    TimeAttributeKind,
    TimePeriodOfInterest,
)
from greenbutton.espi.interval_block import IntervalBlock, Readings
from greenbutton.espi.meter_reading import MeterReading
from greenbutton.espi.reading_type import ReadingType
from utilities.sandbox.documents import exports
from utilities.sandbox.documents.sharing import Sharing, make_entry, opaque
from utilities.sandbox.documents.tree import Collection, Node
from utilities.sandbox.households import DAY, FORWARD, HOUR, QUARTER, Channel, Profile
from utilities.sandbox.models import RESOURCES, Service
from utilities.sandbox.programmes import Programme

LENGTHS = {QUARTER: "15-minute", HOUR: "Hourly", 24 * HOUR: "Daily"}
MEASURING = {
    QUARTER: TimeAttributeKind.MINUTES_15,
    HOUR: TimeAttributeKind.MINUTES_60,
    24 * HOUR: TimeAttributeKind.TWENTY_FOUR_HOURS,
}
READING_TYPES = f"{RESOURCES}/ReadingType"


def types_of(sharing: Sharing, service: Service) -> Iterator[Node]:
    """The reading types of a service's meter readings."""
    profile = sharing.profile(service)
    for channel in sharing.shares.channels(profile):
        href = type_href(sharing.programme, profile, channel)
        yield Node(href, partial(_type_entry, sharing, profile, channel))


def type_href(programme: Programme, profile: Profile, channel: Channel) -> str:
    """The address of a reading type, which all the utility's meters of a sort share."""
    kind = profile.commodity.kind.name.lower()
    seconds = profile.seconds_of(channel)
    return f"{READING_TYPES}/{programme.slug}-{kind}-{channel.slug}-{seconds}"


def _type_entry(sharing: Sharing, profile: Profile, channel: Channel) -> Entry:
    href = type_href(sharing.programme, profile, channel)
    its = reading_type(sharing.programme, profile, channel)
    if not sharing.shares.costs:
        its = replace(its, currency=None)
    if sharing.is_export:
        its = exports.plain(its)
    return make_entry(href, _title(profile, channel), its)


def reading_type(programme: Programme, profile: Profile, channel: Channel) -> ReadingType:
    """What the numbers of a channel mean."""
    commodity, seconds = profile.commodity, profile.seconds_of(channel)
    return ReadingType(
        accumulation_behaviour=channel.accumulation,
        commodity=commodity.commodity,
        currency=programme.currency,
        data_qualifier=channel.qualifier,
        default_quality=QualityOfReading.VALID,
        flow_direction=channel.flow,
        interval_length=seconds,
        kind=channel.kind or commodity.measurement,
        phase=PhaseCode.S1S2N_SPLIT if commodity.is_electricity else None,
        power_of_ten=commodity.power_of_ten,
        time_attribute=TimePeriodOfInterest.DAILY if channel.is_daily else None,
        uom=channel.uom or commodity.uom,
        measuring_period=MEASURING[seconds],
    )


def _title(profile: Profile, channel: Channel) -> str:
    length = LENGTHS[profile.seconds_of(channel)]
    return f"{length} readings" if channel is FORWARD else f"{length} readings: {channel.name}"


def collection(sharing: Sharing, service: Service) -> Collection:
    """The meter readings of a usage point, one for each channel."""
    href = f"{sharing.point_href(service)}/MeterReading"
    channels = sharing.shares.channels(sharing.profile(service))
    return Collection(href, lambda: (_node(sharing, service, channel) for channel in channels))


def _node(sharing: Sharing, service: Service, channel: Channel) -> Node:
    href = f"{sharing.point_href(service)}/MeterReading/{reading_uid(service, channel)}"
    profile = sharing.profile(service)
    blocks = f"{href}/IntervalBlock"
    type_ = type_href(sharing.programme, profile, channel)
    return Node(
        href,
        lambda: sharing.entry(href, _title(profile, channel), MeterReading(), blocks, type_),
        (Collection(blocks, partial(_blocks, sharing, service, channel, blocks)),),
    )


def reading_uid(service: Service, channel: Channel) -> str:
    """The name of a meter reading: the service's own for the plain one, since meters have one."""
    if channel is FORWARD:
        return service.uid
    return opaque(service.uid, channel.slug)


def _blocks(sharing: Sharing, service: Service, channel: Channel, up: str) -> Iterator[Node]:
    """A block for each local day; an export has one for each month, the last first."""
    days = sharing.days()
    if sharing.is_export:
        for month in exports.months(days):
            href = f"{up}/{month[0]:%Y%m}"
            yield Node(href, partial(_block, sharing, service, channel, month, href))
        return
    for day in days:
        href = f"{up}/{day:%Y%m%d}"
        yield Node(href, partial(_block, sharing, service, channel, [day], href))


def _block(
    sharing: Sharing, service: Service, channel: Channel, days: list[date], href: str
) -> Entry:
    start, end = sharing.span(days[0], days[-1] + DAY)
    meter = sharing.meter(service)
    readings = Readings.joined([meter.day(day, channel) for day in days])
    if not sharing.shares.costs:
        readings = replace(readings, costs=None)
    block = IntervalBlock(start, end - start, readings)
    if sharing.is_export:
        block = exports.newest_first(block)
    return sharing.entry(href, f"{days[0]:%Y-%m-%d}", block, at=end)
