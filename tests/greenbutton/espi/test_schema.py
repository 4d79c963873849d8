"""A document against its schemas: names, order, number and type of the elements."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from greenbutton.espi import Entry, EspiError, write_bare, write_feed
from greenbutton.espi.batch_list import BatchList
from greenbutton.espi.customer.customer import Customer
from greenbutton.espi.service_status import ServiceStatus
from greenbutton.espi.validate.schema import check

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
MOMENT = datetime(2026, 1, 31, tzinfo=UTC)
ID = "urn:uuid:00000000-0000-5000-8000-000000000001"

POINT = "<ServiceCategory><kind>0</kind></ServiceCategory><status>1</status>"
PERIOD = "<duration>3600</duration><start>1767225600</start>"
READING = f"<cost>5</cost><timePeriod>{PERIOD}</timePeriod><value>7</value><tou>1</tou>"
ITEM = "<amount>5</amount><note>Delivery</note><itemKind>2</itemKind>"
SUMMARY = (
    f"<billingPeriod>{PERIOD}</billingPeriod><billLastPeriod>100000</billLastPeriod>"
    f"<costAdditionalDetailLastPeriod>{ITEM}</costAdditionalDetailLastPeriod>"
    "<statusTimeStamp>1767229200</statusTimeStamp>"
)


def document(payload: str, *, around: str = "", links: str = "") -> bytes:
    """An entry of one payload; `around` is more of Atom."""
    links = links or '<link rel="self" href="a/1"/><link rel="up" href="a"/>'
    return (
        f'<entry xmlns="http://www.w3.org/2005/Atom"><id>{ID}</id>{links}<title>A</title>'
        f"<content>{payload}</content><updated>2026-01-31T00:00:00Z</updated>{around}</entry>"
    ).encode()


def usage(name: str, inner: str) -> bytes:
    return document(f'<{name} xmlns="http://naesb.org/espi">{inner}</{name}>')


def customer(name: str, inner: str) -> bytes:
    return document(f'<{name} xmlns="http://naesb.org/espi/customer">{inner}</{name}>')


def said(content: bytes) -> list[tuple[str, str]]:
    return [(breach.path, breach.says) for breach in check(io.BytesIO(content))]


@pytest.mark.parametrize(
    "content",
    [
        usage("UsagePoint", POINT),
        usage("MeterReading", ""),
        usage("IntervalBlock", f"<interval>{PERIOD}</interval>"
              f"<IntervalReading>{READING}</IntervalReading>"),
        usage("IntervalBlock", f"<IntervalReading>{READING}</IntervalReading>" * 2),
        usage("UsageSummary", SUMMARY),
        usage("ElectricPowerUsageSummary", SUMMARY),
        usage("UsageSummary", SUMMARY + "<billingChargeSource><agencyName>A</agencyName>"
              "</billingChargeSource>"),
        customer("Customer", "<kind>residential</kind><vip>false</vip>"),
        customer("CustomerAgreement", "<validityInterval><start>5</start></validityInterval>"),
        document('<UsagePoint xmlns="http://naesb.org/espi"/>', around="<!-- as it may be -->"),
        write_bare(ServiceStatus(1)),
        write_bare(BatchList(("https://example.com/1",))),
    ],
)  # fmt: skip
def test_what_is_as_the_schemas_have_it(content: bytes) -> None:
    assert said(content) == []


@pytest.mark.parametrize(
    ("content", "path", "words"),
    [
        (usage("UsagePoint", "<status>1</status><roleFlags>0001</roleFlags>"),
         "UsagePoint/roleFlags", "too late"),
        (usage("UsagePoint", POINT + "<status>1</status>"), "UsagePoint/status", "once only"),
        (usage("UsagePoint", POINT + "<colour>red</colour>"), "UsagePoint/colour", "no such"),
        (usage("UsagePoint", POINT + "<pricingNode>A</pricingNode>"),
         "UsagePoint/pricingNode", "no such"),
        (usage("UsagePoint", "<ServiceCategory/>"), "UsagePoint/ServiceCategory", "no kind"),
        (usage("UsagePoint", POINT.replace(">0<", ">77<")),
         "UsagePoint/ServiceCategory/kind", "“77” is no number of its enumeration"),
        (usage("UsagePoint", POINT + "<isSdp>yes</isSdp>"), "UsagePoint/isSdp", "neither true"),
        (usage("UsagePoint", POINT.replace("1</status>", "<b/></status>")),
         "UsagePoint/status", "holds elements"),
        (usage("UsagePoint", f"words{POINT}"), "UsagePoint", "holds text"),
        (usage("UsagePoint", "<roleFlags>01</roleFlags>"), "UsagePoint/roleFlags", "4 hexa"),
        (usage("UsagePoint", f"<servicePriority>{'a' * 33}</servicePriority>"),
         "UsagePoint/servicePriority", "longer than 32"),
        (usage("UsagePoint", "<connectionState>on</connectionState>"),
         "UsagePoint/connectionState", "no word"),
        (usage("IntervalBlock", f"<IntervalReading>{READING}</IntervalReading><interval/>"),
         "IntervalBlock/interval", "too late"),
        (usage("IntervalBlock", "<IntervalReading><value>1.5</value></IntervalReading>"),
         "IntervalBlock/IntervalReading/value", "no whole number"),
        (usage("IntervalBlock", f"<IntervalReading><value>{2**47}</value></IntervalReading>"),
         "IntervalBlock/IntervalReading/value", "no whole number"),
        (usage("IntervalBlock", "<IntervalReading><tou>40000</tou></IntervalReading>"),
         "IntervalBlock/IntervalReading/tou", "no whole number"),
        (usage("IntervalBlock", "<IntervalReading><value/><cost>1</cost></IntervalReading>"),
         "IntervalBlock/IntervalReading/cost", "too late"),
        (usage("IntervalBlock", "<IntervalReading><ReadingQuality/></IntervalReading>"),
         "IntervalBlock/IntervalReading/ReadingQuality", "no quality"),
        (usage("IntervalBlock", "<interval><start>5</start></interval>"),
         "IntervalBlock/interval", "no duration"),
        (usage("UsageSummary", ""), "UsageSummary", "no statusTimeStamp"),
        (usage("UsageSummary", SUMMARY.replace(ITEM, "<amount>5</amount>")),
         "UsageSummary/costAdditionalDetailLastPeriod", "no note"),
        (usage("MeterReading", "<ReadingType/>"), "MeterReading/ReadingType", "no such"),
        (usage("Nonsense", ""), "Nonsense", "no such object"),
        (customer("Customer", "<vip>false</vip><kind>residential</kind>"),
         "Customer/kind", "too late"),
        (customer("Customer", "<status>active</status>"), "Customer/status", "holds text"),
        (customer("Customer", "<priority><type>a</type></priority>"),
         "Customer/priority", "no rank"),
        (customer("Statement", "<statementRef><fileName>a</fileName></statementRef>"),
         "Statement/statementRef", "no statementURL"),
        (document(""), "content", "holds 0 objects"),
        (document("words"), "content", "holds text"),
        (usage("UsagePoint", POINT).replace(ID.encode(), ID.upper().encode()),
         "id", "not of its type"),
        (usage("UsagePoint", POINT).replace(b"00:00:00Z", b"00:00:00"),
         "updated", "not of its type"),
        (usage("UsagePoint", POINT).replace(b"01-31T", b"02-31T"), "updated", "not of its type"),
        (usage("UsagePoint", POINT).replace(b"<title>A</title>", b""), "", "0 title"),
        (document('<UsagePoint xmlns="http://naesb.org/espi"/>', around="<colour/>"),
         "colour", "Atom has no such"),
        (document('<UsagePoint xmlns="http://naesb.org/espi"/>',
                  links='<link rel="self" href="a"/><link rel="self" href="b"/>'), "", "2 links"),
        (document('<UsagePoint xmlns="http://naesb.org/espi"/>', around='<link rel="child"/>'),
         "link", "no href"),
    ],
)  # fmt: skip
def test_what_is_not(content: bytes, path: str, words: str) -> None:
    found = said(content)
    assert any(
        where.removeprefix("entry").lstrip("/") == path and words in says for where, says in found
    ), found


def test_a_text_of_the_customers_side_is_not_repeated() -> None:
    """It may be anything, and personal."""
    ((_, says),) = said(customer("Customer", "<kind>Marjorie</kind>"))
    assert "Marjorie" not in says


def test_each_entry_of_a_feed_is_named_by_its_number() -> None:
    good = Entry(
        id=ID, title="A", self_href="a/1", up="a", updated=MOMENT, resource=Customer(vip=True)
    )
    bad = Entry(id="b", title="A", self_href="a/2", up="a", updated=MOMENT, resource=Customer())
    pieces = write_feed([good, bad, good], self_href="a", title="All", updated=MOMENT, id=ID)
    assert [path for path, _ in said(b"".join(pieces))] == ["entry 2/id"]


@pytest.mark.parametrize(
    "content",
    [b"", b"no XML", b"<entry", usage("UsagePoint", "<status>")],
)
def test_what_is_not_well_formed_is_refused(content: bytes) -> None:
    with pytest.raises(EspiError):
        said(content)


def test_a_doctype_is_refused() -> None:
    point = usage("UsagePoint", "<outageRegion>&b;</outageRegion>")
    bomb = b'<!DOCTYPE a [<!ENTITY b "cccc">]>' + point
    with pytest.raises(EspiError, match="DOCTYPE"):
        said(bomb)


def test_another_document_is_none_of_espi() -> None:
    assert said(b"<html/>") == [("html", "No document of ESPI begins with it.")]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real feeds is not here")
@pytest.mark.parametrize(
    ("name", "breaches"),
    [
        ("espi-UsageSummary.xml", 0),
        ("espi-IntervalBlock.xml", 0),
        ("gba-authorization-entry-anonymized.xml", 0),
        ("gba-usage-subscription-feed-anonymized.xml", 1),
        ("utilityapi-puc-APUC0000-00-electric.xml", 351),
    ],
)
def test_real_documents(name: str, breaches: int) -> None:
    assert len(said((CORPUS / name).read_bytes())) == breaches
