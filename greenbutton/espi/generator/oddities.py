"""What real custodians do to a tidy feed, each as a small change to one stage of its making.

The stages are those of `generate`: the plan, the readings of a block, the entries, and their
bytes. Oddities of one stage apply in the order of this table, whatever order a plan names them in.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import reduce

from greenbutton.espi.enums import Currency
from greenbutton.espi.generator import odd_entries, odd_readings, odd_text
from greenbutton.espi.generator.odd_customer import with_customer
from greenbutton.espi.generator.odd_entries import after_each, each
from greenbutton.espi.generator.odd_text import dates, swap, without
from greenbutton.espi.generator.part import Part, Reading
from greenbutton.espi.generator.plan import (
    DAY,
    GAS_M3,
    GAS_THERMS,
    WATER_GALLONS,
    WATER_LITRES,
    Plan,
    PlanError,
)

# ISO 4217 New Zealand, which espi.xsd's list lacks.
NZD = 554


@dataclass(frozen=True, slots=True)
class Oddity:
    """`says` is a sentence for people; each other field changes one stage."""

    says: str
    plan: Callable[[Plan], Plan] | None = None
    readings: Callable[[list[Reading]], list[Reading]] | None = None
    entries: Callable[[Iterator[Part]], Iterator[Part]] | None = None
    text: Callable[[bytes], bytes] | None = None


PLANS = {
    "five-minutes": Oddity(
        "A reading is five minutes long.", plan=lambda plan: replace(plan, interval=300)
    ),
    "daily": Oddity("A reading is a local day.", plan=lambda plan: replace(plan, interval=DAY)),
    "monthly": Oddity(
        "A reading is a calendar month.", plan=lambda plan: replace(plan, interval=30 * DAY)
    ),
    "half-hour-zone": Oddity(
        "Local time is five and a half hours from UTC (Asia/Kolkata).",
        plan=lambda plan: replace(plan, time_zone="Asia/Kolkata"),
    ),
    "half-hour-summer-time": Oddity(
        "Clocks change by half an hour (Australia/Lord_Howe).",
        plan=lambda plan: replace(plan, time_zone="Australia/Lord_Howe"),
    ),
    "southern": Oddity(
        "Summer time is around the new year (Australia/Sydney).",
        plan=lambda plan: replace(plan, time_zone="Australia/Sydney"),
    ),
    "gas-therms": Oddity(
        "Gas, in thousandths of a therm.", plan=lambda plan: replace(plan, service=GAS_THERMS)
    ),
    "gas-m3": Oddity(
        "Gas, in thousandths of a cubic metre.", plan=lambda plan: replace(plan, service=GAS_M3)
    ),
    "water-gallons": Oddity(
        "Water, in US gallons.", plan=lambda plan: replace(plan, service=WATER_GALLONS)
    ),
    "water-litres": Oddity(
        "Water, in litres.", plan=lambda plan: replace(plan, service=WATER_LITRES)
    ),
    "other-currency": Oddity(
        "Money is in euros.", plan=lambda plan: replace(plan, currency=Currency.EUR)
    ),
    "unknown-currency": Oddity(
        "Money is in New Zealand dollars, which espi.xsd does not list.",
        plan=lambda plan: replace(plan, currency=NZD),
    ),
}
READINGS = {
    "negative": Oddity("Every third value is below zero.", readings=odd_readings.negative),
    "net-flow": Oddity(
        "Values are what was delivered minus what the sun made.",
        readings=odd_readings.net,
        text=swap((rb"<flowDirection>1<", rb"<flowDirection>4<")),
    ),
    "extreme-values": Oddity(
        "Values and costs are the largest that espi.xsd allows.", readings=odd_readings.extreme
    ),
    "tou": Oddity("Readings have a time-of-use code.", readings=odd_readings.times_of_use),
    "cpp": Oddity("Readings have a critical-peak code.", readings=odd_readings.critical_peaks),
    "tiers": Oddity("Readings have a consumption tier.", readings=odd_readings.tiers),
    "several-qualities": Oddity(
        "Every reading has two qualities.", readings=odd_readings.several_qualities
    ),
    "estimated": Oddity("Every fourth reading is an estimate.", readings=odd_readings.estimated),
    "no-qualities": Oddity(
        "Readings have no quality of their own.", readings=odd_readings.without_quality
    ),
    "first-readings": Oddity(
        "Each block has its first three readings only.", readings=lambda readings: readings[:3]
    ),
    "gaps": Oddity(
        "The fourth of every seven readings is missing.", readings=odd_readings.with_gaps
    ),
    "overlaps": Oddity(
        "The fourth of every seven readings reaches into the next.",
        readings=odd_readings.overlapping,
    ),
    "repeated-readings": Oddity(
        "Each block ends with its first two readings again.", readings=odd_readings.repeated
    ),
    "same-start": Oddity(
        "All readings of a block start with it, and only their lengths differ.",
        readings=odd_readings.same_start,
    ),
    "newest-first": Oddity(
        "Readings go from the newest to the oldest.", readings=odd_readings.newest_first
    ),
}
ENTRIES = {
    "half-blocks": Oddity("Each day is cut into two blocks.", entries=odd_entries.half_blocks),
    "reverse-flow": Oddity(
        "A second meter reading counts what was received from the customer.",
        entries=odd_entries.received,
    ),
    "outside-interval": Oddity(
        "A block's interval ends before half of its readings.",
        entries=each("IntervalBlock", odd_entries.short_interval),
    ),
    "duplicates": Oddity(
        "Each block comes twice.", entries=after_each("IntervalBlock", lambda part: [part])
    ),
    "conflicts": Oddity(
        "Each block comes twice, the corrected one first: only its date is newer.",
        entries=odd_entries.conflicting,
    ),
    "cumulative": Oddity(
        "Each block comes four times, each time with more readings.",
        entries=odd_entries.cumulative,
    ),
    "same-self-links": Oddity(
        "All blocks have one self link.",
        entries=each("IntervalBlock", odd_entries.same_self_link),
    ),
    "repeated-parents": Oddity(
        "Usage point, meter reading and reading type come again before each block.",
        entries=odd_entries.repeated_parents,
    ),
    "two-reading-types": Oddity(
        "The meter reading relates to two reading types that differ.",
        entries=odd_entries.two_reading_types,
    ),
    "unrelated-reading-type": Oddity(
        "There is a reading type that belongs to nobody.",
        entries=after_each("ReadingType", odd_entries.unrelated_reading_type),
    ),
    "inline-reading-type": Oddity(
        "The reading type is inside the meter reading.", entries=odd_entries.inline_reading_type
    ),
    "two-agencies": Oddity(
        "Two agencies bill each month.",
        entries=after_each("UsageSummary", odd_entries.two_agencies),
    ),
    "old-summary": Oddity(
        "Bills are called ElectricPowerUsageSummary.",
        entries=each("UsageSummary", odd_entries.old_summary),
    ),
    "quality-summary": Oddity(
        "Each usage point has an ElectricPowerQualitySummary.",
        entries=after_each("UsagePoint", odd_entries.quality_summary),
    ),
    "programme-names": Oddity(
        "ProgramIdMappings give the times of use their names.",
        entries=after_each("UsagePoint", odd_entries.programme_names),
    ),
    "empty-content": Oddity(
        "Each bill is followed by an entry with nothing in its content.",
        entries=after_each("UsageSummary", odd_entries.empty_contents),
    ),
    "application-first": Oddity(
        "The first entry is an ApplicationInformation without links.",
        entries=odd_entries.application_first,
    ),
    "customer-and-usage": Oddity(
        "The document holds the customer beside the usage.", entries=with_customer
    ),
    "no-up-links": Oddity(
        "No entry says what it is part of.",
        entries=lambda entries: map(odd_entries.without_up, entries),
    ),
    "up-is-parent": Oddity(
        "Up links name the parent itself, and no parent names its children.",
        entries=lambda entries: map(odd_entries.up_is_parent, entries),
    ),
    "blocks-first": Oddity(
        "Bills and blocks come before what they belong to.", entries=odd_entries.blocks_first
    ),
    "several-in-content": Oddity(
        "Blocks that follow one another share one entry.",
        entries=odd_entries.several_in_content,
    ),
    "no-usage-point": Oddity("There is no usage point.", entries=odd_entries.without("UsagePoint")),
    "no-meter-reading": Oddity(
        "There is no meter reading.", entries=odd_entries.without("MeterReading")
    ),
    "no-reading-type": Oddity(
        "There is no reading type.", entries=odd_entries.without("ReadingType")
    ),
    "no-local-time": Oddity(
        "There are no local time parameters.",
        entries=odd_entries.without("LocalTimeParameters"),
    ),
}
TEXTS = {
    "milliseconds": Oddity(
        "Starts are in milliseconds.", text=swap((rb"<start>(\d+)<", rb"<start>\g<1>000<"))
    ),
    "microseconds": Oddity(
        "Starts are in microseconds.", text=swap((rb"<start>(\d+)<", rb"<start>\g<1>000000<"))
    ),
    "decimal-starts": Oddity(
        "Starts have a fraction of a second.",
        text=swap((rb"<start>(\d+)<", rb"<start>\g<1>.66136<")),
    ),
    "zero-duration": Oddity(
        "Readings last 0 seconds.",
        text=swap((rb"(<timePeriod>\s*<duration>)\d+", rb"\g<1>0")),
    ),
    "no-interval": Oddity("Blocks have no interval.", text=without(b"interval")),
    "no-time-period": Oddity(
        "Readings do not say when they are: each follows the one before.",
        text=without(b"timePeriod"),
    ),
    "no-cost": Oddity("Readings have no cost.", text=without(b"cost")),
    "cost-without-currency": Oddity(
        "Nothing says which currency the money is in.", text=without(b"currency")
    ),
    "no-service-kind": Oddity(
        "The usage point does not say which service it is.",
        text=swap((rb"(<ServiceCategory>\s*<kind)>\d+</kind>", rb"\1/>")),
    ),
    "illegal-enums": Oddity(
        "Codes are none of espi.xsd's: power of ten -5, time attribute 7, quality 99.",
        text=swap(
            (rb"<powerOfTenMultiplier>-?\d+<", rb"<powerOfTenMultiplier>-5<"),
            (rb"<timeAttribute>\d+<", rb"<timeAttribute>7<"),
            (rb"<quality>\d+<", rb"<quality>99<"),
        ),
    ),
    "decimal-values": Oddity(
        "Values have decimals, which are zeros.",
        text=swap((rb"<value>(-?\d+)<", rb"<value>\1.00<")),
    ),
    "fractional-values": Oddity(
        "Values have decimals.", text=swap((rb"<value>(-?\d+)<", rb"<value>\1.5<"))
    ),
    "words-for-numbers": Oddity("Costs are words.", text=swap((rb"<cost>-?\d+<", rb"<cost>n/a<"))),
    "blank-padded": Oddity(
        "Numbers and hrefs have blanks and line breaks around them.",
        text=swap(
            (rb"<(start|value|cost)>(-?\d+)<", rb"<\1>\n  \2 <"),
            (rb'href="([^"]*)"', rb'href = " \1 "'),
        ),
    ),
    "unknown-elements": Oddity(
        "Readings have an element that espi.xsd does not know.",
        text=swap((rb"</timePeriod>", rb"<timezone>-0500</timezone></timePeriod>")),
    ),
    "truncated-dst": Oddity(
        "The rules of summer time are cut to half their length.",
        text=swap((rb"<(dst(?:Start|End)Rule>....)....<", rb"<\1<")),
    ),
    "wrong-offset": Oddity(
        "Local time has the wrong sign.",
        text=swap((rb"<tzOffset>(\d)", rb"<tzOffset>--\1"), (rb"<tzOffset>-", rb"<tzOffset>")),
    ),
    "no-ids": Oddity("Neither the feed nor any entry has an id.", text=without(b"id")),
    "one-id-for-all": Oddity(
        "All entries have the same id.",
        text=swap((rb"(<entry>\s*<id>)[^<]*", rb"\g<1>" + odd_text.ONE_ID)),
    ),
    "plain-ids": Oddity(
        "Ids are no UUIDs.", text=swap((rb"urn:uuid:", rb""), (rb"(<id>.{8})-[^<]*", rb"\1="))
    ),
    "upper-case-ids": Oddity(
        "Ids are in upper case.",
        text=odd_text.upper_case_ids,
    ),
    "no-titles": Oddity("Nothing has a title.", text=without(b"title")),
    "no-dates": Oddity(
        "Nothing says when it was published or updated.",
        text=without(b"published", b"updated"),
    ),
    "misplaced-published": Oddity("Dates are inside the content.", text=odd_text.misplaced_dates),
    "dates-without-zone": Oddity("Dates do not name their zone.", text=dates(rb"\2T\3")),
    "dates-without-time": Oddity("Dates have no time.", text=dates(rb"\2")),
    "dates-with-fractions": Oddity(
        "Dates have fractions of a second and an offset.",
        text=dates(rb"\2T\3.787877+00:00"),
    ),
    "bad-dates": Oddity("Dates are no dates.", text=dates(rb"yesterday")),
    "double-links": Oddity("Each link comes twice.", text=swap((rb"(\s*<link [^>]*/>)", rb"\1\1"))),
    "relative-hrefs": Oddity(
        "Links are relative.",
        text=swap((rb'href="https://utility\.example/espi/1_1/resource/', rb'href="')),
    ),
    "no-self-links": Oddity(
        "Nothing has a link to itself.", text=swap((rb'\s*<link rel="self"[^>]*>', rb""))
    ),
    "comments": Oddity(
        "There are comments and processing instructions, inside numbers too.",
        text=swap(
            (rb"<value>(-?\d)", rb"<value>\1<!-- cut --><?cut?>"),
            (rb"<interval>", rb"<!-- <value>1</value> --><interval>"),
        ),
    ),
    "cdata": Oddity(
        "Numbers are in CDATA sections.",
        text=swap((rb"<(start|value|cost|quality)>(-?\d+)<", rb"<\1><![CDATA[\2]]><")),
    ),
    "character-references": Oddity(
        "Values are written as character references.",
        text=swap((rb"<value>(-?\d*)(\d)<", rb"<value>\1&#x3\2;<")),
    ),
    "xsi-types": Oddity(
        "Elements name their types.",
        text=swap(
            (
                rb"<(?!feed)(\w+) xmlns=",
                rb'<\1 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="\1" xmlns=',
            ),
        ),
    ),
    "content-type": Oddity(
        "Contents say that they are XML.",
        text=swap((rb"<content>", rb'<content type="application/xml">')),
    ),
    "html-type": Oddity(
        "Contents say that they are HTML, and are XML.",
        text=swap((rb"<content>", rb'<content type="html">')),
    ),
    "prefixes": Oddity("Every element has a prefix, ns1 or ns3.", text=odd_text.prefixes),
    "html-content": Oddity("Contents are escaped text.", text=odd_text.escaped_content),
    "cdata-content": Oddity("Contents are CDATA sections.", text=odd_text.cdata_content),
    "stylesheet": Oddity(
        "A style sheet and a comment come first.",
        text=swap(
            (
                rb"(<\?xml [^>]*>\n)",
                rb'\1<?xml-stylesheet type="text/xsl" href="look.xslt"?>\n<!-- Keep this. -->\n',
            )
        ),
    ),
    "doctype": Oddity(
        "There is a DTD with an entity, for which the document is refused.",
        text=odd_text.with_doctype,
    ),
    "wrong-namespace": Oddity(
        "The feed is in no namespace of ours, for which it is refused.",
        text=swap((rb"http://www\.w3\.org/2005/Atom", rb"http://purl.org/atom/ns#")),
    ),
    "cut-off": Oddity(
        "The document ends too early, for which it is refused.", text=odd_text.cut_off
    ),
    "crlf": Oddity("Lines end as on Windows.", text=swap((rb"\n", rb"\r\n"))),
    "one-line": Oddity(
        "There are no line breaks.", text=swap((rb">\s+<", rb"><"), (rb"^\s+|\s+$", rb""))
    ),
    "no-xml-declaration": Oddity(
        "There is no XML declaration.", text=swap((rb"<\?xml [^>]*>\s*", rb""))
    ),
    "byte-order-mark": Oddity(
        "The document begins with a byte order mark.", text=odd_text.with_byte_order_mark
    ),
    "utf-16": Oddity("The document is in UTF-16.", text=odd_text.utf_16),
}
ALL: dict[str, Oddity] = {**PLANS, **READINGS, **ENTRIES, **TEXTS}


def named(names: Iterable[str]) -> list[Oddity]:
    wanted = set(names)
    for name in sorted(wanted - ALL.keys()):
        near = get_close_matches(name, ALL, 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise PlanError(f"There is no oddity called {name}.{hint}")
    return [oddity for name, oddity in ALL.items() if name in wanted]


def changed(plan: Plan, odd: Iterable[Oddity]) -> Plan:
    return reduce(lambda plan, change: change(plan), [o.plan for o in odd if o.plan], plan)


def retelling(odd: Iterable[Oddity]) -> Callable[[list[Reading]], list[Reading]]:
    changes = [oddity.readings for oddity in odd if oddity.readings]
    return lambda readings: reduce(lambda told, change: change(told), changes, readings)


def retold(parts: Iterator[Part], odd: Iterable[Oddity]) -> Iterator[Part]:
    changes = [oddity.entries for oddity in odd if oddity.entries]
    return reduce(lambda told, change: change(told), changes, parts)


def rewritten(text: bytes, odd: Iterable[Oddity]) -> bytes:
    changes = [oddity.text for oddity in odd if oddity.text]
    return reduce(lambda told, change: change(told), changes, text)
