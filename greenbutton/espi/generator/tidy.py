"""The feed as a custodian would write it that passes the certification's content checks."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby, pairwise
from random import Random

from greenbutton.espi.enums import AccumulationKind, FlowDirectionKind, ItemKind, QualityOfReading
from greenbutton.espi.generator.dst_rule import dst_rules
from greenbutton.espi.generator.part import HEAD, Block, Part, Reading, date_text
from greenbutton.espi.generator.plan import DAY, MONTH, Plan

BASE = "https://utility.example/espi/1_1/resource"
SUBSCRIPTION = f"{BASE}/Subscription/1"
LOCAL_TIME = f"{BASE}/LocalTimeParameters/1"
READING_TYPE = f"{BASE}/ReadingType/1"

# Of an average hour's use, in percent, by hour; of an average month's, by month.
HOURS = [
    *(60, 55, 50, 50, 55, 70, 100, 120, 110, 100, 95, 95),
    *(100, 95, 95, 100, 115, 145, 170, 165, 150, 130, 100, 75),
]
MONTHS = (125, 120, 105, 90, 80, 95, 115, 115, 90, 80, 95, 120)

# What a bill has beside the consumption, in 10^-5 of the currency.
FIXED_CHARGE = 2_500_000

Retell = Callable[[list[Reading]], list[Reading]]


@dataclass(frozen=True, slots=True)
class Month:
    """A local month of the feed, whole or not: the UTC seconds of its midnights, ends included."""

    year: int
    number: int
    midnights: list[int]


def head(plan: Plan) -> bytes:
    href = f"{BASE}/Batch/Subscription/1"
    feed = Part("Subscription", href, "", (), "Green Button feed", _end(plan), ())
    return HEAD % (feed.id.encode(), feed.title.encode(), date_text(feed.at), href.encode())


def parts(plan: Plan, retell: Retell) -> Iterator[Part]:
    """Yield the entries; `retell` says what the meter shows instead of a block's readings."""
    yield _local_time(plan)
    yield _reading_type(plan)
    for number in range(1, plan.usage_points + 1):
        yield from _usage_point(plan, number, retell)


def _local_time(plan: Plan) -> Part:
    start, end, offset = dst_rules(plan.zone, plan.start.year)
    payload = f"""\
      <LocalTimeParameters xmlns="http://naesb.org/espi">
        <dstEndRule>{end}</dstEndRule>
        <dstOffset>{offset}</dstOffset>
        <dstStartRule>{start}</dstStartRule>
        <tzOffset>{_standard_offset(plan)}</tzOffset>
      </LocalTimeParameters>
"""
    up = LOCAL_TIME.rpartition("/")[0]
    title = "Local time"
    return Part("LocalTimeParameters", LOCAL_TIME, up, (), title, _begin(plan), (payload.encode(),))


def _standard_offset(plan: Plan) -> int:
    offsets = (
        datetime(plan.start.year, month, 1, tzinfo=plan.zone).utcoffset() for month in (1, 7)
    )
    return int(min(offset or timedelta() for offset in offsets).total_seconds())


def _reading_type(plan: Plan) -> Part:
    service = plan.service
    phase = "" if service.phase is None else f"        <phase>{service.phase:d}</phase>\n"
    payload = f"""\
      <ReadingType xmlns="http://naesb.org/espi">
        <accumulationBehaviour>{AccumulationKind.DELTA:d}</accumulationBehaviour>
        <commodity>{service.commodity:d}</commodity>
        <currency>{plan.currency:d}</currency>
        <dataQualifier>12</dataQualifier>
        <defaultQuality>{QualityOfReading.VALIDATED:d}</defaultQuality>
        <flowDirection>{FlowDirectionKind.FORWARD:d}</flowDirection>
        <intervalLength>{plan.interval}</intervalLength>
        <kind>{service.kind:d}</kind>
{phase}\
        <powerOfTenMultiplier>{service.power_of_ten}</powerOfTenMultiplier>
        <timeAttribute>0</timeAttribute>
        <uom>{service.uom:d}</uom>
      </ReadingType>
"""
    up = READING_TYPE.rpartition("/")[0]
    title = "What the readings measure"
    return Part("ReadingType", READING_TYPE, up, (), title, _begin(plan), (payload.encode(),))


def _usage_point(plan: Plan, number: int, retell: Retell) -> Iterator[Part]:
    collection = f"{SUBSCRIPTION}/UsagePoint"
    href = f"{collection}/{number}"
    meter_readings, summaries = f"{href}/MeterReading", f"{href}/UsageSummary"
    blocks = f"{meter_readings}/1/IntervalBlock"
    payload = f"""\
      <UsagePoint xmlns="http://naesb.org/espi">
        <ServiceCategory>
          <kind>{plan.service.service_kind:d}</kind>
        </ServiceCategory>
        <status>1</status>
      </UsagePoint>
"""
    yield Part(
        kind="UsagePoint",
        href=href,
        up=collection,
        related=(meter_readings, summaries, LOCAL_TIME),
        title=f"Usage point {number}",
        at=_begin(plan),
        payloads=(payload.encode(),),
    )
    yield Part(
        kind="MeterReading",
        href=f"{meter_readings}/1",
        up=meter_readings,
        related=(blocks, READING_TYPE),
        title="Interval readings",
        at=_begin(plan),
        payloads=(b'      <MeterReading xmlns="http://naesb.org/espi"/>\n',),
    )
    random = Random(f"{plan.seed}/{number}")  # noqa: S311 (the same again is what it is for)
    for month in _months(plan):
        told = [_retold(block, retell) for block in _blocks(plan, month, random)]
        for block in told:
            yield Part(
                kind="IntervalBlock",
                href=f"{blocks}/{block.start}",
                up=blocks,
                related=(),
                title="Readings",
                at=block.start + block.seconds,
                payloads=(block,),
            )
        yield _summary(plan, month, summaries, told)


def _retold(block: Block, retell: Retell) -> Block:
    return Block(block.start, block.seconds, retell(block.readings))


def _months(plan: Plan) -> Iterator[Month]:
    days = (plan.start + timedelta(days=number) for number in range(plan.days))
    for (year, number), found in groupby(days, key=lambda day: (day.year, day.month)):
        of_month = list(found)
        of_month.append(of_month[-1] + timedelta(days=1))
        yield Month(year, number, [_midnight(plan, day) for day in of_month])


def _blocks(plan: Plan, month: Month, random: Random) -> Iterator[Block]:
    """A block a local day; where a reading is a day or longer, one a month."""
    midnights = month.midnights
    if plan.interval < DAY:
        for start, end in pairwise(midnights):
            cuts = [*range(start, end, plan.interval), end]
            yield Block(start, end - start, _readings(plan, month, cuts, random))
        return
    days = len(midnights) if plan.interval >= MONTH else plan.interval // DAY
    cuts = [*midnights[:-1:days], midnights[-1]]
    start, end = cuts[0], cuts[-1]
    yield Block(start, end - start, _readings(plan, month, cuts, random))


def _readings(plan: Plan, month: Month, cuts: list[int], random: Random) -> list[Reading]:
    service, begin = plan.service, cuts[0]
    qualities = (int(QualityOfReading.VALIDATED),)
    month_by_hour = [service.typical * MONTHS[month.number - 1] * percent for percent in HOURS]
    if plan.interval >= DAY:
        month_by_hour = [service.typical * MONTHS[month.number - 1] * 100] * 24
    readings = []
    for start, end, noise in zip(cuts, cuts[1:], random.randbytes(len(cuts) - 1), strict=False):
        seconds = end - start
        hourly = month_by_hour[(start - begin) // 3600 % 24]
        # The noise is between 3/5 and 7/5 of what is typical.
        value = hourly * seconds * (192 + noise) // (DAY * 100 * 100 * 320)
        readings.append(Reading(start, seconds, value, value * service.price, qualities))
    return readings


def _summary(plan: Plan, month: Month, summaries: str, blocks: Iterable[Block]) -> Part:
    """The month's bill. What a block tells twice was used once."""
    told = {
        (reading.start, reading.seconds): reading for block in blocks for reading in block.readings
    }
    consumption = sum(reading.value for reading in told.values())
    cost = sum(reading.cost or 0 for reading in told.values())
    start, end = month.midnights[0], month.midnights[-1]
    measured = f"""\
          <powerOfTenMultiplier>{plan.service.power_of_ten}</powerOfTenMultiplier>
          <timeStamp>{end}</timeStamp>
          <uom>{plan.service.uom:d}</uom>
          <value>{consumption}</value>
"""
    payload = f"""\
      <UsageSummary xmlns="http://naesb.org/espi">
        <billingPeriod>
          <duration>{end - start}</duration>
          <start>{start}</start>
        </billingPeriod>
        <billLastPeriod>{cost + FIXED_CHARGE}</billLastPeriod>
        <billToDate>0</billToDate>
        <costAdditionalLastPeriod>{FIXED_CHARGE}</costAdditionalLastPeriod>
        <costAdditionalDetailLastPeriod>
          <amount>{FIXED_CHARGE}</amount>
          <note>Fixed charge</note>
          <itemKind>{ItemKind.DELIVERY_FEE:d}</itemKind>
        </costAdditionalDetailLastPeriod>
        <currency>{plan.currency:d}</currency>
        <overallConsumptionLastPeriod>
{measured}\
        </overallConsumptionLastPeriod>
        <currentBillingPeriodOverAllConsumption>
{measured}\
        </currentBillingPeriodOverAllConsumption>
        <qualityOfReading>{QualityOfReading.VALIDATED:d}</qualityOfReading>
        <statusTimeStamp>{end}</statusTimeStamp>
        <commodity>{plan.service.commodity:d}</commodity>
      </UsageSummary>
"""
    href = f"{summaries}/{month.year}{month.number:02}"
    title = f"Bill {month.year}-{month.number:02}"
    return Part("UsageSummary", href, summaries, (), title, end, (payload.encode(),))


def _begin(plan: Plan) -> int:
    return _midnight(plan, plan.start)


def _end(plan: Plan) -> int:
    return _midnight(plan, plan.start + timedelta(days=plan.days))


def _midnight(plan: Plan, day: date) -> int:
    """The UTC seconds at which a local day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=plan.zone).timestamp())
