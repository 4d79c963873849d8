"""The certified profile: every content check of the certification holds, whoever shares what."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greenbutton.espi import Entry
from greenbutton.espi.enums import AccumulationKind, FlowDirectionKind
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.links import Linker
from greenbutton.espi.local_time_parameters import LocalTimeParameters
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.scope import Scope
from greenbutton.espi.usage_point import UsagePoint
from greenbutton.espi.usage_summary import UsageSummary
from greenbutton.espi.validate import FUNCTION_BLOCKS, Severity
from tests.sandbox.given import (
    DAY,
    PUC_HOME,
    PUC_SHOP,
    PUC_SOLAR,
    SVCE_BUSINESS,
    SVCE_HOME,
    SVCE_SOLAR,
    account,
    ago,
    breaches,
    company,
    consent,
    customer_entries,
    judged,
    narrowed,
    read,
    usage_entries,
    written,
)
from utilities.sandbox import documents
from utilities.sandbox.documents.branch import Branch
from utilities.sandbox.documents.certificate import CERTIFICATE
from utilities.sandbox.documents.window import Window
from utilities.sandbox.models import RESOURCES, Fault, Service, UtilityAccount

TESTED = [PUC_HOME, PUC_SHOP, PUC_SOLAR, SVCE_HOME, SVCE_BUSINESS, SVCE_SOLAR]


def promised(scope: Scope) -> frozenset[int]:
    """The blocks of the scope that have content checks."""
    return FUNCTION_BLOCKS.intersection(scope.function_blocks)


@pytest.mark.spec("NAESB REQ.21", "FB_01 to FB_29")
@pytest.mark.parametrize("number", TESTED)
def test_what_the_scope_claims_is_true_and_nothing_else_is_there(number: str) -> None:
    grant = consent(account(number))
    report = judged(written(grant, usage_entries(grant)), promised(grant.granted))
    assert report.counts == {}
    claims = judged(written(grant, usage_entries(grant)))
    assert claims.blocks == sorted(promised(grant.granted))


def services() -> st.SearchStrategy[Sequence[Service]]:
    """Some of the services of one account."""
    accounts = [list(one.services.all()) for one in UtilityAccount.objects.all()]
    return st.sampled_from([one for one in accounts if one]).flatmap(
        lambda its: st.lists(
            st.sampled_from(its), min_size=1, max_size=2, unique_by=lambda it: it.id
        )
    )


# So much history has a whole billing period in it, wherever the first one begins.
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_household_and_any_choice_of_it_keeps_all_rules(
    data: st.DataObject,
) -> None:
    chosen = data.draw(services())
    grant = consent(
        chosen[0].account,
        data.draw(st.sampled_from([(4,), (16,), (4, 16), (4, 16, 39, 51)])),
        days=data.draw(st.integers(63, 75)),
        services=chosen,
        at=ago(data.draw(st.integers(0, 400))),
    )
    document = written(grant, usage_entries(grant))
    assert judged(document, promised(grant.granted)).counts == {}
    assert breaches(document) == []
    assert breaches(written(grant, customer_entries(grant))) == []


@pytest.mark.parametrize("number", [PUC_SOLAR, SVCE_BUSINESS])
def test_the_document_reads_without_a_finding_and_hangs_together(number: str) -> None:
    grant = consent(account(number), days=40)
    feed = read(written(grant, usage_entries(grant)))
    assert feed.findings == []
    linker = Linker()
    for entry in feed.entries:
        linker.add(entry)
    tree = linker.resolve()
    assert len(tree.usage_points) == grant.services.count()
    assert all(it.reading_type for it in tree.meter_readings.values())
    assert len({entry.id for entry in feed.entries}) == len(feed.entries)


def types_of(entries: list[Entry]) -> list[ReadingType]:
    return [e.resource for e in entries if isinstance(e.resource, ReadingType)]


def test_a_solar_home_counts_both_ways_and_the_net_of_them() -> None:
    grant = consent(account(SVCE_SOLAR), days=20)
    entries = usage_entries(grant)
    flows = {t.flow_direction for t in types_of(entries)}
    assert flows == {
        FlowDirectionKind.FORWARD,
        FlowDirectionKind.REVERSE,
        FlowDirectionKind.NET,
    }
    forward, reverse, net = (
        {r.start: r for r in readings} for readings in readings_by_type(entries, "electricity")
    )
    assert sum(r.value or 0 for r in reverse.values()) > 0
    for start, it in net.items():
        used, sent = forward[start], reverse[start]
        assert it.value == (used.value or 0) - (sent.value or 0)
        assert (sent.cost or 0) <= 0 <= (used.cost or 0)


def readings_by_type(entries: list[Entry], kind: str) -> list[list]:  # type: ignore[type-arg]
    """The readings of each meter reading whose reading type is of a kind."""
    found: dict[str, list] = {}  # type: ignore[type-arg]
    for entry in entries:
        if entry.type == "MeterReading" and any(f"-{kind}-" in href for href in entry.related):
            found[f"{entry.self_href}/IntervalBlock"] = []
        if isinstance(entry.resource, IntervalBlock) and entry.up in found:
            found[entry.up] += entry.resource.readings
    return list(found.values())


def test_the_scope_says_how_long_readings_last_and_it_is_so() -> None:
    grant = consent(account(SVCE_BUSINESS), days=10)
    lengths = {
        reading.seconds
        for entry in usage_entries(grant)
        if isinstance(entry.resource, IntervalBlock)
        for reading in entry.resource.readings
    }
    said = grant.granted.option("IntervalDuration")
    assert said == "900_3600_86400"
    assert {int(length) for length in said.split("_")} >= lengths - {82_800, 90_000}


def test_a_register_counts_what_the_intervals_count() -> None:
    grant = consent(account(PUC_SHOP), days=40)
    entries = usage_entries(grant)
    by_type = readings_by_type(entries, "electricity")
    intervals, register = by_type[0], by_type[-1]
    states = [reading.value for reading in register]
    assert states == sorted(states)
    after_first = [r for r in intervals if r.start >= register[1].start]
    assert states[-1] - states[0] == sum(r.value for r in after_first)


def test_a_demand_is_the_highest_power_of_its_day() -> None:
    grant = consent(account(SVCE_BUSINESS), days=4)
    intervals, watts, apparent, reactive, *_ = readings_by_type(usage_entries(grant), "electricity")
    for volt_amperes, vars_, its in zip(apparent, reactive, watts, strict=True):
        day = [r.value for r in intervals if 0 <= r.start - its.start < its.seconds]
        assert its.value == max(day) * 4
        assert abs(volt_amperes.value**2 - its.value**2 - vars_.value**2) < 0.02 * its.value**2
    (accumulation,) = {
        t.accumulation_behaviour for t in types_of(usage_entries(grant)) if t.uom == 38
    }
    assert accumulation == AccumulationKind.INSTANTANEOUS


def summaries(entries: list[Entry]) -> list[UsageSummary]:
    return [e.resource for e in entries if isinstance(e.resource, UsageSummary)]


def test_two_agencies_charge_for_the_same_energy_and_one_of_them_counts_it() -> None:
    home = account(SVCE_HOME)
    electricity = home.services.get(kind="electricity")
    grant = consent(home, (4, 16), services=[electricity])
    entries = usage_entries(grant)
    bills = summaries(entries)
    wires = [bill for bill in bills if bill.billing_charge_source == "Mission Peak Gas & Wires"]
    supply = [bill for bill in bills if bill.billing_charge_source == "Silicon Valley Clean Energy"]
    assert len(wires) == len(supply) == len(bills) / 2
    (intervals,) = readings_by_type(entries, "electricity")
    for distributor, supplier in zip(wires, supply, strict=True):
        period = distributor.billing_period
        assert period == supplier.billing_period
        assert period
        assert distributor.overall_consumption
        assert supplier.overall_consumption
        used = sum(
            r.value for r in intervals if 0 <= r.start - (period.start or 0) < (period.seconds or 0)
        )
        assert distributor.overall_consumption.value == used
        assert supplier.overall_consumption.value is None
        assert supplier.current_billing_period_consumption is None
        for bill in (distributor, supplier):
            assert bill.bill_last_period == sum(item.amount or 0 for item in bill.line_items)
        charged = [item.measurement.value for item in supplier.line_items if item.measurement]
        assert sum(value or 0 for value in charged) == used


def test_gas_at_a_community_choice_utility_is_the_distributors_alone() -> None:
    home = account(SVCE_HOME)
    grant = consent(home, (16,), services=[home.services.get(kind="gas")])
    assert {bill.billing_charge_source for bill in summaries(usage_entries(grant))} == {
        "Mission Peak Gas & Wires"
    }


def test_a_bill_has_its_consumption_under_both_names_that_readers_look_for() -> None:
    grant = consent(account(PUC_HOME), (16,))
    for bill in summaries(usage_entries(grant)):
        assert bill.overall_consumption == bill.current_billing_period_consumption
        assert bill.bill_to_date == bill.bill_last_period


def test_a_solar_home_is_credited_for_what_it_sends() -> None:
    home = account(SVCE_SOLAR)
    grant = consent(home, (16,), services=[home.services.get(kind="electricity")], days=400)
    credited = [
        item.amount or 0
        for bill in summaries(usage_entries(grant))
        for item in bill.line_items
        if "sent to the grid" in (item.note or "")
    ]
    assert credited
    assert max(credited) <= 0
    assert min(credited) < 0


@pytest.mark.parametrize(
    ("asked", "there", "missing"),
    [
        ("4", {"IntervalBlock", "ElectricPowerQualitySummary"}, {"UsageSummary"}),
        ("4_5", {"IntervalBlock"}, {"ElectricPowerQualitySummary", "UsageSummary"}),
        ("16", {"UsageSummary"}, {"IntervalBlock", "ElectricPowerQualitySummary", "ReadingType"}),
    ],
)
def test_a_narrower_scope_is_served_less(asked: str, there: set[str], missing: set[str]) -> None:
    grant = consent(account(PUC_SHOP))
    blocks = tuple(int(block) for block in asked.split("_"))
    types = {entry.type for entry in usage_entries(grant, scope=narrowed(grant, *blocks))}
    assert there <= types
    assert not missing & types


def test_a_scope_without_costs_and_demand_has_neither() -> None:
    grant = consent(account(PUC_SHOP), days=10)
    entries = usage_entries(grant, scope=narrowed(grant, 4, 5, 11))
    for entry in entries:
        if isinstance(entry.resource, IntervalBlock):
            assert entry.resource.columns.costs is None
    assert {t.accumulation_behaviour for t in types_of(entries)} == {AccumulationKind.DELTA}
    assert {t.currency for t in types_of(entries)} == {None}


def test_every_branch_gives_what_the_whole_has_there() -> None:
    grant = consent(account(PUC_SHOP), days=12)
    whole = {entry.self_href: entry for entry in usage_entries(grant)}
    assert len(whole) == len(usage_entries(grant))
    for href in list(whole)[::7]:
        assert href
        for address in (href, href.rpartition("/")[0]):
            branch = Branch(address)
            found = usage_entries(grant, branch=branch)
            assert [e.self_href for e in found] == [h for h in whole if h and branch.holds(h)]
            assert all(entry == whole[entry.self_href] for entry in found)


def test_only_the_levels_that_are_asked_for_come() -> None:
    grant = consent(account(PUC_SHOP), days=12)
    href = f"{RESOURCES}/Subscription/{grant.uid}/UsagePoint"
    only = usage_entries(grant, branch=Branch(href, levels=1))
    assert {entry.type for entry in only} == {"UsagePoint"}
    two = usage_entries(grant, branch=Branch(href, levels=2))
    assert {entry.type for entry in two} == {
        "UsagePoint",
        "MeterReading",
        "ElectricPowerQualitySummary",
    }


def test_one_usage_point_comes_with_what_is_needed_to_understand_it() -> None:
    grant = consent(account(SVCE_BUSINESS), days=70)
    for service in grant.services.all():
        href = f"{RESOURCES}/Subscription/{grant.uid}/UsagePoint/{service.uid}"
        entries = usage_entries(grant, branch=Branch(href, companions=True))
        assert len([e for e in entries if isinstance(e.resource, UsagePoint)]) == 1
        assert len([e for e in entries if isinstance(e.resource, LocalTimeParameters)]) == 1
        assert judged(written(grant, entries)).counts == {}


@pytest.mark.spec("NAESB REQ.21", "FB_37 QRY001")
def test_a_window_from_the_second_block_to_the_last_but_one_leaves_out_two() -> None:
    grant = consent(account(PUC_HOME), (4,), days=20)
    service = grant.services.get(kind="electricity")
    point = f"{RESOURCES}/Subscription/{grant.uid}/UsagePoint/{service.uid}/MeterReading"
    branch = Branch(point)

    def blocks(window: Window) -> list[IntervalBlock]:
        entries = usage_entries(grant, window, branch=branch)
        return [e.resource for e in entries if isinstance(e.resource, IntervalBlock)]

    every = blocks(Window())
    end = (every[-2].start or 0) + (every[-2].seconds or 0)
    some = blocks(Window(published_min=every[1].start, published_max=end))
    assert some == every[1:-1]


def test_weeks_of_power_are_found_whatever_the_window() -> None:
    grant = consent(account(PUC_HOME), (4,), days=60)
    now = int(timezone.now().timestamp())

    def weeks(window: Window) -> list[str | None]:
        entries = usage_entries(grant, window)
        return [e.self_href for e in entries if e.type == "ElectricPowerQualitySummary"]

    every = weeks(Window())
    assert len(every) in (7, 8)
    middle = weeks(Window(published_min=now - 30 * DAY, published_max=now - 29 * DAY))
    assert len(middle) in (1, 2)
    assert set(middle) <= set(every)


@pytest.mark.spec("NAESB REQ.21", "FB_13 TC010")
@pytest.mark.parametrize("number", TESTED)
def test_no_id_link_or_title_tells_who_the_customer_is(number: str) -> None:
    its = account(number)
    grant = consent(its, (4, 16, 51), days=40)
    text = written(grant, usage_entries(grant)).decode()
    meters = [service.meter_number for service in its.services.all()]
    for secret in (its.name, its.number, its.email, its.address, *meters):
        assert not secret or secret not in text


def test_blocks_that_share_a_link_are_told_apart_by_their_ids() -> None:
    wrong = company("ssmpuc", faults=[Fault.SHARED_BLOCK_LINKS])
    grant = consent(account(PUC_HOME), (4,), days=10, to=wrong)
    entries = usage_entries(grant)
    feed = read(written(grant, entries))
    blocks = feed.of_type("IntervalBlock")
    assert len({block.self_href for block in blocks}) == 2
    assert len({block.id for block in blocks}) == len(blocks)
    right = consent(account(PUC_HOME), (4,), days=10)
    assert feed.readings() == read(written(right, entries)).readings()


def test_other_prefixes_mean_the_same() -> None:
    wrong = company("ssmpuc", faults=[Fault.PREFIX_STYLE])
    grant = consent(account(PUC_HOME), days=40, to=wrong)
    entries = usage_entries(grant)
    document = written(grant, entries)
    assert b"<ns1:feed" in document
    assert b"<ns0:IntervalReading>" in document
    assert b"<espi:" not in document
    assert b"<entry" not in document
    feed = read(document)
    assert feed.findings == []
    assert [e.resource for e in feed.entries] == [e.resource for e in entries]
    assert judged(document).broken(Severity.ERROR) == []


@pytest.mark.parametrize("ended", [False, True])
def test_the_record_of_a_consent_is_as_the_schema_has_it(ended: bool) -> None:
    grant = consent(account(PUC_HOME))
    if ended:
        grant.revoke()
    document = documents.write_entry(grant.registration, documents.authorization_entry(grant))
    assert breaches(document) == []
    assert CERTIFICATE.encode() in document
