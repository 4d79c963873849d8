"""Feeds with entries that are missing, repeated, contradictory or in another place."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from greenbutton.espi.generator import odd_readings
from greenbutton.espi.generator.part import Block, Part

Entries = Iterator[Part]

# Children before their parents.
BACKWARDS = ("UsageSummary", "IntervalBlock", "MeterReading", "UsagePoint")


def without(kind: str) -> Callable[[Entries], Entries]:
    return lambda entries: (part for part in entries if part.kind != kind)


def each(kind: str, change: Callable[[Part], Part]) -> Callable[[Entries], Entries]:
    return lambda entries: (change(part) if part.kind == kind else part for part in entries)


def after_each(kind: str, more: Callable[[Part], list[Part]]) -> Callable[[Entries], Entries]:
    def change(entries: Entries) -> Entries:
        for part in entries:
            yield part
            if part.kind == kind:
                yield from more(part)

    return change


def blocks_first(entries: Entries) -> Entries:
    order = {kind: number for number, kind in enumerate(BACKWARDS)}
    yield from sorted(entries, key=lambda part: order.get(part.kind, len(order)))


def repeated_parents(entries: Entries) -> Entries:
    """As SDG&E does: each day's feed, one after the other, in one document."""
    parents: dict[str, Part] = {}
    is_first = True
    for part in entries:
        if part.kind == "UsagePoint":
            is_first = True
        if part.kind in ("UsagePoint", "MeterReading", "ReadingType"):
            parents[part.kind] = part
        if part.kind == "IntervalBlock":
            if not is_first:
                yield from parents.values()
            is_first = False
        yield part


def conflicting(entries: Entries) -> Entries:
    """The corrected block comes before the one that it corrects: only its date is newer."""
    for part in entries:
        if part.kind == "IntervalBlock":
            yield _corrected(part)
        yield part


def cumulative(entries: Entries) -> Entries:
    """As PG&E does: a block is told as it grows, each time with all that it had before."""
    for part in entries:
        if part.kind == "IntervalBlock":
            block = _block_of(part)
            for told in range(1, 4):
                readings = block.readings[: len(block.readings) * told // 4]
                yield replace(part, payloads=(replace(block, readings=readings),))
        yield part


def same_self_link(part: Part) -> Part:
    return replace(part, href=part.up)


def short_interval(part: Part) -> Part:
    block = _block_of(part)
    return replace(part, payloads=(replace(block, seconds=block.seconds // 2),))


def half_blocks(entries: Entries) -> Entries:
    for part in entries:
        if part.kind != "IntervalBlock":
            yield part
            continue
        block = _block_of(part)
        middle = len(block.readings) // 2
        for readings in filter(None, (block.readings[:middle], block.readings[middle:])):
            start, end = readings[0].start, readings[-1].start + readings[-1].seconds
            half = Block(start, end - start, readings)
            yield replace(part, href=f"{part.up}/{start}", at=end, payloads=(half,))


def several_in_content(entries: Entries) -> Entries:
    """As in NGMA gas: blocks that follow one another share one entry."""
    last: Part | None = None
    for part in entries:
        if part.kind != "IntervalBlock":
            if last:
                yield last
            last = None
            yield part
        elif last and last.up == part.up:
            last = replace(last, payloads=(*last.payloads, *part.payloads))
        else:
            if last:
                yield last
            last = part
    if last:
        yield last


def without_up(part: Part) -> Part:
    return replace(part, up="")


def up_is_parent(part: Part) -> Part:
    """As SDG&E does: up names the parent itself, and no parent names its children."""
    related = tuple(href for href in part.related if not href.endswith(tuple(BACKWARDS)))
    return replace(part, up=part.up.rpartition("/")[0], related=related)


def received(entries: Entries) -> Entries:
    """A second meter reading for what went the other way, in each usage point."""
    for part in entries:
        yield part
        if part.kind == "ReadingType":
            yield _of_second(part, _swap(part.payloads, b"flowDirection>1<", b"flowDirection>19<"))
        elif part.kind == "MeterReading":
            yield _of_second(part, part.payloads)
        elif part.kind == "IntervalBlock":
            block = _block_of(part)
            made = odd_readings.sun(block.readings)
            readings = [
                one._replace(value=value, cost=-12 * value)
                for one, value in zip(block.readings, made, strict=True)
            ]
            yield _of_second(part, (replace(block, readings=readings),))


def _of_second(part: Part, payloads: tuple[bytes | Block, ...]) -> Part:
    def second(href: str) -> str:
        for kind in ("MeterReading", "ReadingType"):
            href = href.replace(f"{kind}/1", f"{kind}/2")
        return href

    related = tuple(second(href) for href in part.related)
    href, up = second(part.href), second(part.up)
    return replace(part, href=href, up=up, related=related, payloads=payloads)


def two_reading_types(entries: Entries) -> Entries:
    for part in entries:
        if part.kind == "MeterReading":
            also = tuple(_of_second(part, ()).related)
            part = replace(part, related=tuple(dict.fromkeys((*part.related, *also))))
        yield part
        if part.kind == "ReadingType":
            more = b"Multiplier>3<"
            for power in (b"Multiplier>0<", b"Multiplier>-3<"):
                part = replace(part, payloads=_swap(part.payloads, power, more))
            yield _of_second(part, part.payloads)


def inline_reading_type(entries: Entries) -> Entries:
    inline = b""
    for part in entries:
        if part.kind == "ReadingType":
            (payload,) = _swap(part.payloads, b' xmlns="http://naesb.org/espi"', b"")
            inline = payload
            continue
        if part.kind == "MeterReading":
            payload = (
                b'      <MeterReading xmlns="http://naesb.org/espi">\n%b      </MeterReading>\n'
            )
            related = tuple(href for href in part.related if "ReadingType" not in href)
            part = replace(part, related=related, payloads=(payload % inline,))
        yield part


def unrelated_reading_type(part: Part) -> list[Part]:
    """As UtilityAPI does: a reading type that no meter reading relates to."""
    payloads = _swap(part.payloads, b"<uom>", b"<!-- nobody's --><uom>")
    return [_of_second(part, payloads)]


def two_agencies(part: Part) -> list[Part]:
    """A second bill of the same period, from whoever sold what the first one delivered."""
    agency = b"""\
        <billingChargeSource>
          <agencyName>Example Energy Cooperative</agencyName>
        </billingChargeSource>
      </UsageSummary>"""
    payloads = _swap(part.payloads, b"      </UsageSummary>", agency)
    return [replace(part, href=f"{part.href}-energy", payloads=payloads)]


def old_summary(part: Part) -> Part:
    old = _swap(part.payloads, b"UsageSummary", b"ElectricPowerUsageSummary")
    return replace(part, payloads=old)


def quality_summary(part: Part) -> list[Part]:
    up = f"{part.href}/ElectricPowerQualitySummary"
    payload = f"""\
      <ElectricPowerQualitySummary xmlns="http://naesb.org/espi">
        <flickerPlt>1</flickerPlt>
        <longInterruptions>2</longInterruptions>
        <mainsVoltage>120400000</mainsVoltage>
        <measurementProtocol>1</measurementProtocol>
        <powerFrequency>60010000</powerFrequency>
        <shortInterruptions>5</shortInterruptions>
        <summaryInterval>
          <duration>86400</duration>
          <start>{part.at}</start>
        </summaryInterval>
        <supplyVoltageDips>3</supplyVoltageDips>
      </ElectricPowerQualitySummary>
"""
    kind, title = "ElectricPowerQualitySummary", "Power quality"
    return [Part(kind, f"{up}/1", up, (), title, part.at, (payload.encode(),))]


def programme_names(part: Part) -> list[Part]:
    names = ((1, "Off-peak"), (2, "Mid-peak"), (3, "On-peak"))
    mappings = "".join(
        f"""\
        <programIdMapping>
          <tOUorCPPorConsumptionTier>tou</tOUorCPPorConsumptionTier>
          <code>{code}</code>
          <name>{name}</name>
        </programIdMapping>
"""
        for code, name in names
    )
    payload = f"""\
      <ProgramIdMappings xmlns="http://naesb.org/espi">
{mappings}\
      </ProgramIdMappings>
"""
    up = f"{part.href}/ProgramIdMappings"
    kind, title = "ProgramIdMappings", "Names of the times of use"
    return [Part(kind, f"{up}/1", up, (), title, part.at, (payload.encode(),))]


def application_first(entries: Entries) -> Entries:
    """As UtilityAPI does: who asked for the feed comes first, and has no links."""
    payload = b"""\
      <ApplicationInformation xmlns="http://naesb.org/espi">
        <thirdPartyName>Example Portal</thirdPartyName>
      </ApplicationInformation>
"""
    for number, part in enumerate(entries):
        if not number:
            kind = "ApplicationInformation"
            yield Part(kind, "", "", (), "Application", part.at, (payload,))
        yield part


def empty_contents(part: Part) -> list[Part]:
    return [replace(part, href=f"{part.href}/empty", related=(), payloads=())]


def _corrected(part: Part) -> Part:
    """A later version of a block's entry, with another value for its first reading."""
    block = _block_of(part)
    first, *others = block.readings
    readings = [first._replace(value=first.value + 1_000), *others]
    return replace(part, at=part.at + 86_400, payloads=(replace(block, readings=readings),))


def _block_of(part: Part) -> Block:
    (block,) = part.payloads
    assert isinstance(block, Block)
    return block


def _swap(payloads: tuple[bytes | Block, ...], old: bytes, new: bytes) -> tuple[bytes, ...]:
    return tuple(one.replace(old, new) for one in payloads if isinstance(one, bytes))
