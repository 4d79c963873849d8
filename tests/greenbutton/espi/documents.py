"""Small documents for the tests, and the values that hypothesis makes of ESPI's types."""

from datetime import UTC
from io import BytesIO

from hypothesis import strategies as st

from greenbutton.espi import Entry, Feed, Finding, read_feed
from greenbutton.espi.interval_block import IntervalBlock, IntervalReading
from greenbutton.espi.period import Period
from greenbutton.espi.summary_measurement import SummaryMeasurement

ATOM = "http://www.w3.org/2005/Atom"
ESPI = "http://naesb.org/espi"
MEGABYTE = 2**20


def feed(*entries: str) -> bytes:
    head = f'<feed xmlns="{ATOM}" xmlns:espi="{ESPI}">'
    return f"{head}{''.join(entries)}</feed>".encode()


def entry(payload: str, *, links: str = "", around: str = "") -> str:
    """`links` as `rel=href` with blanks between."""
    pairs = (link.split("=", 1) for link in links.split())
    elements = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in pairs)
    return f"<entry>{elements}{around}<content>{payload}</content></entry>"


# Whatever a test's readings are, they lie in it.
ALWAYS = (
    "<espi:interval><espi:duration>99999999999</espi:duration>"
    "<espi:start>-9000000000</espi:start></espi:interval>"
)


def block(*readings: str, interval: str = ALWAYS) -> str:
    inner = "".join(
        f"<espi:IntervalReading>{reading}</espi:IntervalReading>" for reading in readings
    )
    return f"<espi:IntervalBlock>{interval}{inner}</espi:IntervalBlock>"


def at(start: str, duration: str = "3600", value: str = "1") -> str:
    return (
        f"<espi:timePeriod><espi:duration>{duration}</espi:duration>"
        f"<espi:start>{start}</espi:start></espi:timePeriod><espi:value>{value}</espi:value>"
    )


def opened(document: bytes, max_bytes: int = MEGABYTE) -> Feed:
    return read_feed(BytesIO(document), max_bytes=max_bytes)


def read_all(document: bytes) -> list[Entry]:
    return list(opened(document))


def readings_of(document: bytes) -> list[IntervalReading]:
    return [
        reading
        for one in read_all(document)
        if isinstance(one.resource, IntervalBlock)
        for reading in one.resource.readings
    ]


# What is odd about every small document of ours: it leaves these out where they do not matter.
LEFT_OUT = {"entry.no_id", "entry.no_date"}


def findings_of(document: bytes) -> list[Finding]:
    read = opened(document)
    for _ in read:
        pass
    return [finding for finding in read.findings if finding.code not in LEFT_OUT]


def codes_of(document: bytes) -> list[str]:
    return [finding.code for finding in findings_of(document)]


# What XML cannot carry, or what reading takes off the ends, is not a value of a text element.
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zs", "Zl", "Zp")),
    min_size=1,
    max_size=20,
)
maybe_text = st.none() | texts
codes = st.none() | st.integers(-(2**31) + 1, 2**31 - 1)
int16s = st.none() | st.integers(-32767, 32767)
numbers = st.none() | st.integers(-(2**63) + 1, 2**63 - 1)
moments = st.integers(-(10**10), 10**11 - 1)
seconds = st.none() | moments
dates = st.none() | st.datetimes(timezones=st.just(UTC))
periods = st.none() | st.builds(Period, start=moments, seconds=seconds)
measurements = st.none() | st.builds(
    SummaryMeasurement,
    value=st.integers(-(2**47), 2**47),
    power_of_ten=codes,
    uom=codes,
    time_stamp=seconds,
    reading_type_ref=maybe_text,
)
