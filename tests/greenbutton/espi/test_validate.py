"""Each rule is broken by a document that breaks only it, and told with its id and place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from greenbutton.espi import EspiError, generator, read_feed
from greenbutton.espi.validate import (
    FUNCTION_BLOCKS,
    NAMES,
    RULES,
    Problem,
    Report,
    Severity,
    validate,
)
from greenbutton.espi.validate.validation import MAX_WAITING
from tests.greenbutton.espi.certified import (
    PERIOD,
    QUALITIES,
    START,
    Made,
    Spoils,
    both,
    headless,
    lacks,
    lacks_inside,
    made,
    reading,
    says,
    twice,
    without,
    without_entries,
)
from tests.greenbutton.espi.documents import MEGABYTE, block, entry, feed, opened

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the shared corpus of real feeds is not beside this checkout"
)

LATER = PERIOD.replace(str(START), str(START + 86_400))
A_LATER_BLOCK = both(
    twice("spare-block", self="later-block"),
    says("again", "interval", LATER),
    says("again", "IntervalReading", reading(START + 86_400)),
    says("again", "IntervalReading ", reading(START + 90_000)),
)
NOTHING_IN_IT = both(lacks("again", "IntervalReading"), lacks("again", "IntervalReading "))

# The rule, what breaks it, and where it is told.
Case = tuple[str, Spoils, str | None]


def missing_fields(name: str, **ids: str) -> Iterator[Case]:
    for what, rule in ids.items():
        is_self = what == "self"
        yield rule, lacks(name, what), f"urn:uuid:{name}" if is_self else name


def missing_elements(name: str, **ids: str) -> Iterator[Case]:
    for tag, rule in ids.items():
        yield rule, lacks(name, tag), name


CASES: list[Case] = [
    ("D001", headless("id"), None),
    ("D002", headless("title"), None),
    ("D003", headless("updated"), None),
    ("D004", says("gas", "id", "urn:uuid:water"), "urn:uuid:water"),
    ("D007", says("gas", "related", "gas/readings"), "gas"),
    (
        "D008",
        both(
            twice("gas", self="other", related="local-time"),
            says("again", "ServiceCategory", "<kind/>"),
        ),
        "other",
    ),
    *missing_fields(
        "water", published="D009", updated="D010", id="D011", title="D012", self="D013", up="D015"
    ),
    ("D014", twice("gas", related="local-time"), "gas"),
    ("D135", twice("local-time", self="unused"), "unused"),
    *missing_fields(
        "local-time", title="D137", id="D138", up="D140", published="D141", updated="D142"
    ),
    ("D139", both(twice("local-time"), lacks("again", "self")), "urn:uuid:again"),
    ("D143", twice("local-time"), "local-time"),
    *missing_fields(
        "spare-readings",
        id="D018",
        title="D019",
        self="D020",
        up="D022",
        published="D029",
        updated="D030",
    ),
    ("D021", twice("spare-readings"), "spare-readings"),
    ("D023", says("spare-readings", "up", "nowhere"), "spare-readings"),
    ("D023", says("gas", "related", "local-time gas/readings electricity/readings"), None),
    ("D024", says("spare-readings", "related", "spare/blocks spare-type net-type"), None),
    ("D025", without_entries("register-block"), "register-readings"),
    *missing_fields(
        "spare-block", id="D031", title="D033", self="D034", published="D040", updated="D041"
    ),
    ("D035", both(A_LATER_BLOCK, says("again", "self", "spare-block")), "spare-block"),
    ("D036", both(A_LATER_BLOCK, lacks("again", "up")), "later-block"),
    ("D037", both(A_LATER_BLOCK, says("again", "up", "nowhere")), "later-block"),
    ("D037", twice("spare-readings", self="other"), "spare-block"),
    ("D038", lacks_inside("spare-block", "interval", "duration"), "spare-block"),
    ("D039", lacks_inside("spare-block", "interval", "start"), "spare-block"),
    ("D042", says("spare-block", "interval", LATER), "spare-block"),
    ("D043", lacks_inside("spare-block", "IntervalReading", "cost"), "spare-block"),
    ("D044", lacks_inside("spare-block", "IntervalReading", "duration"), "spare-block"),
    ("D045", lacks_inside("spare-block", "IntervalReading", "start"), "spare-block"),
    ("D046", lacks_inside("spare-block", "IntervalReading", "value"), "spare-block"),
    *missing_fields(
        "spare-type", id="D048", title="D050", up="D053", published="D069", updated="D070"
    ),
    ("D051", both(twice("spare-type"), lacks("again", "self")), "urn:uuid:again"),
    ("D052", twice("spare-type"), "spare-type"),
    ("D054", twice("spare-type", self="unused"), "unused"),
    *missing_elements(
        "spare-type",
        currency="D058",
        intervalLength="D062",
        kind="D063",
        phase="D064",
        powerOfTenMultiplier="D065",
        uom="D068",
    ),
    ("D145", says("spare-block", "IntervalReading ", reading(START)), "spare-readings"),
    ("D146", both(A_LATER_BLOCK, NOTHING_IN_IT, says("again", "interval", PERIOD)), None),
    ("D071", says("watts-type", "uom", "5"), None),
    ("D072", says("volt-amperes-type", "kind", "37"), None),
    ("D073", says("vars-type", "flowDirection", "19"), None),
    ("D074", says("net-type", "flowDirection", "20"), None),
    ("D076", says("reverse-type", "accumulationBehaviour", "1"), None),
    ("D077", says("register-type", "uom", "73"), None),
    ("D078", says("electricity", "ServiceCategory", "<kind>4</kind>"), None),
    ("D079", says("gas-type", "uom", "72"), None),
    ("D079", says("gas-readings", "up", "water/readings"), None),
    ("D080", says("water-type", "commodity", "14"), None),
    ("D147", says("temperature-type", "uom", "23"), None),
    *missing_fields(
        "bill",
        id="D082",
        title="D084",
        self="D085",
        up="D087",
        published="D101",
        updated="D102",
    ),
    ("D083", without("UsageSummary"), None),
    ("D086", twice("bill"), "bill"),
    ("D088", says("bill", "up", "nowhere"), "bill"),
    ("D089", lacks_inside("bill", "billingPeriod", "duration"), "bill"),
    ("D090", lacks_inside("bill", "billingPeriod", "start"), "bill"),
    *(
        (rule, lacks_inside("bill", "currentBillingPeriodOverAllConsumption", tag), "bill")
        for tag, rule in {
            "powerOfTenMultiplier": "D095",
            "timeStamp": "D096",
            "uom": "D097",
            "value": "D098",
        }.items()
    ),
    *missing_elements(
        "bill",
        overallConsumptionLastPeriod="D081",
        billLastPeriod="D091",
        billToDate="D092",
        costAdditionalLastPeriod="D093",
        currency="D094",
        qualityOfReading="D099",
        statusTimeStamp="D100",
        ratchetDemand="D103",
        ratchetDemandPeriod="D104",
        peakDemand="D105",
        currentDayOverallConsumption="D106",
        previousDayOverallConsumption="D107",
    ),
    ("D108", lacks_inside("bill", "ratchetDemand", "uom"), "bill"),
    ("D109", lacks_inside("bill", "ratchetDemandPeriod", "start"), "bill"),
    ("D110", lacks_inside("bill", "peakDemand", "powerOfTenMultiplier"), "bill"),
    ("D111", lacks_inside("bill", "currentDayOverallConsumption", "uom"), "bill"),
    ("D112", lacks_inside("bill", "previousDayOverallConsumption", "uom"), "bill"),
    *(
        (rule, lacks("quality", tag), "quality")
        for rule, tag in zip(
            [f"D{number}" for number in (*range(113, 121), *range(122, 126))],
            QUALITIES,
            strict=True,
        )
    ),
    ("D121", lacks("quality", "summaryInterval"), "quality"),
    ("D126", without("ElectricPowerQualitySummary"), None),
    *missing_fields(
        "quality",
        title="D127",
        id="D128",
        self="D129",
        up="D130",
        published="D131",
        updated="D132",
    ),
    ("D133", twice("quality"), "quality"),
    ("D134", lacks_inside("quality", "summaryInterval", "duration"), "quality"),
]
# Where a rule cannot be broken alone, the others that are broken with it.
TOGETHER: list[tuple[str, Spoils, set[str]]] = [
    ("D006", without("UsagePoint"), {"D023", "D078", "D079", "D080", "D088", "D135"}),
    ("D016", both(twice("gas", self="other"), lacks("again", "related")), {"D007"}),
    ("D026", without_entries("spare-block"), {"D025"}),
    ("D027", without("MeterReading"), {"D037", "D054", "D078", "D079", "D080"}),
    ("D032", without("IntervalBlock"), {"D025", "D026"}),
    (
        "D049",
        without("ReadingType"),
        {"D024", *(f"D{number:03}" for number in (71, 72, 73, 74, 76, 77, 78, 79, 80, 147))},
    ),
    ("D136", without("LocalTimeParameters"), {"D007"}),
]


def spoilt(spoils: Spoils) -> Made:
    it = made()
    spoils(it)
    return it


def told(it: Made) -> list[Problem]:
    return list(validate(it.feed(), FUNCTION_BLOCKS))


def rules_told(document: bytes) -> set[str]:
    return {problem.rule for problem in validate(opened(document))}


def test_a_document_that_keeps_every_rule_has_no_problems() -> None:
    validation = validate(made().feed())
    assert list(validation) == []
    assert validation.blocks == FUNCTION_BLOCKS == NAMES.keys()
    assert validation.inapplicable == []


@pytest.mark.parametrize(
    ("rule", "spoils", "where"),
    CASES,
    ids=[f"{number}-{case[0]}" for number, case in enumerate(CASES)],
)
def test_a_document_that_breaks_only_a_rule_is_told_with_its_place(
    rule: str, spoils: Spoils, where: str | None
) -> None:
    problems = told(spoilt(spoils))
    assert {problem.rule for problem in problems} == {rule}
    assert problems[0].severity is RULES[rule].severity
    assert problems[0].detail.startswith(RULES[rule].says)
    if where is not None:
        assert [problem.where for problem in problems] == [where]


@pytest.mark.parametrize(("rule", "spoils", "others"), TOGETHER, ids=[case[0] for case in TOGETHER])
def test_some_rules_are_broken_together(rule: str, spoils: Spoils, others: set[str]) -> None:
    assert {problem.rule for problem in told(spoilt(spoils))} == {rule, *others}


def test_every_rule_is_broken_by_some_test() -> None:
    broken = {case[0] for case in CASES} | {case[0] for case in TOGETHER} | {"D000"}
    assert broken == RULES.keys()


def test_a_lone_entry_is_no_feed_and_what_a_feed_says_of_itself_is_not_asked_of_it() -> None:
    alone = entry("<espi:UsagePoint/>").replace(
        "<entry>", '<entry xmlns="http://www.w3.org/2005/Atom" xmlns:espi="http://naesb.org/espi">'
    )
    found = rules_told(alone.encode())
    assert "D000" in found
    assert found.isdisjoint({"D001", "D002", "D003"})


def test_a_generated_feed_keeps_the_rules_of_all_that_it_claims() -> None:
    plan = generator.Plan(days=40)
    validation = validate(opened(b"".join(generator.generate(plan))))
    assert list(validation) == []
    assert validation.blocks == {1, 4, 5, 12, 15, 16, 28}


@pytest.mark.parametrize(
    ("oddity", "rules"),
    [
        ("misplaced-published", {"D029", "D030", "D040", "D041"}),
        ("no-ids", {"D001", "D011", "D018", "D031", "D048", "D082", "D138"}),
        ("no-interval", {"D038", "D039"}),
        ("no-time-period", {"D044", "D045"}),
        ("zero-duration", {"D044"}),
        ("repeated-readings", {"D145"}),
        ("no-reading-type", {"D049", "D024"}),
        ("cost-without-currency", {"D058", "D094"}),
        ("same-self-links", {"D035"}),
        ("unrelated-reading-type", {"D054"}),
        ("gas-therms", set()),
        ("newest-first", set()),
    ],
)
def test_known_oddities_break_the_rules_that_are_about_them(oddity: str, rules: set[str]) -> None:
    plan = generator.Plan(days=3, oddities=(oddity,))
    found = rules_told(b"".join(generator.generate(plan)))
    assert rules <= found if rules else found == set()


def test_the_function_blocks_are_those_that_the_content_claims() -> None:
    validation = validate(opened(feed(entry("<espi:UsagePoint/>"))))
    assert {problem.rule for problem in validation} >= {"D008", "D136"}
    assert validation.blocks == {1}
    assert "D027" in {rule.id for rule in validation.inapplicable}


def test_a_document_of_something_else_claims_nothing() -> None:
    validation = validate(opened(feed(entry("<espi:Authorization/>"))))
    assert list(validation) == []
    assert validation.blocks == set()
    assert len(validation.inapplicable) == len(RULES)


def test_only_the_function_blocks_that_are_named_are_checked() -> None:
    document = feed(entry("<espi:UsagePoint/>"))
    problems = list(validate(opened(document), [17]))
    assert [problem.rule for problem in problems] == ["D126"]


def test_what_was_broken_before_a_function_block_was_claimed_is_told() -> None:
    it = made()
    del it.payloads["energy-block"]["IntervalReading"]
    del it.payloads["energy-block"]["IntervalReading "]
    cost = reading(START).replace("<cost>7</cost>", "")
    it.payloads["energy-block"]["IntervalReading"] = cost
    (problem,) = validate(it.feed())
    assert (problem.rule, problem.where, problem.count) == ("D043", "energy-block", 1)


def test_beyond_many_places_problems_that_wait_are_only_counted() -> None:
    without_cost = [entry(block("<espi:value>1</espi:value>")) for _ in range(MAX_WAITING + 5)]
    with_cost = entry(block("<espi:cost>1</espi:cost>"))
    problems = [
        problem
        for problem in validate(opened(feed(*without_cost, with_cost)))
        if problem.rule == "D043"
    ]
    assert len(problems) == MAX_WAITING + 1
    assert (problems[-1].where, problems[-1].count) == (None, 5)


def test_readings_are_counted_at_the_place_of_their_block() -> None:
    without_values = "<espi:tou>1</espi:tou>"
    problems = validate(opened(feed(entry(block(without_values, without_values), links="self=b"))))
    (problem,) = [problem for problem in problems if problem.rule == "D046"]
    assert (problem.where, problem.count) == ("b", 2)


def test_blocks_whose_meter_reading_is_elsewhere_repeat_readings_by_their_up_link() -> None:
    it = made()
    without("MeterReading")(it)
    twice("spare-block", self="other")(it)
    repeated = [problem for problem in told(it) if problem.rule == "D145"]
    assert [problem.where for problem in repeated] == ["spare/blocks"]
    assert "2 of 4" in repeated[0].detail


def test_several_resources_in_one_entry_are_not_several_entries_with_one_id() -> None:
    block_twice = block() + block()
    around = "<id>urn:uuid:one</id>"
    found = rules_told(feed(entry(block_twice, links="self=b", around=around)))
    assert found.isdisjoint({"D004", "D035"})


def test_many_entries_that_relate_to_one_another_are_checked_in_time() -> None:
    # Each usage point and each meter reading alike: looking each up among all would take minutes.
    usage_points = [entry("<espi:UsagePoint/>", links=f"self=u{n} related=x") for n in range(2000)]
    meter_readings = [
        entry("<espi:MeterReading/>", links=f"self=m{n} up=y{n} related=b") for n in range(2000)
    ]
    problems = list(validate(opened(feed(*usage_points, *meter_readings))))
    assert sum(problem.rule == "D023" for problem in problems) == 2000


def test_a_document_that_is_refused_is_refused_here_too() -> None:
    with pytest.raises(EspiError, match="not well-formed"):
        list(validate(opened(made().xml()[:-20])))


def test_every_rule_says_what_is_wrong_in_a_sentence() -> None:
    for rule in RULES.values():
        assert rule.says.endswith(".")
        assert rule.block in NAMES
        assert rule.severity in Severity


def test_a_report_counts_by_rule_and_says_which_were_not_applied() -> None:
    report = Report(validate(spoilt(lacks("spare-type", "uom")).feed()))
    assert report.broken(Severity.ERROR) == ["D068"]
    assert report.broken(Severity.WARNING) == []
    said = report.as_json()
    assert said["errors"] == ["D068"]
    assert said["inapplicable"] == []
    assert said["problems"][0]["places"] == [
        {"where": "spare-type", "detail": RULES["D068"].says, "count": 1}
    ]


@needs_corpus
def test_a_real_certified_feed_keeps_every_rule() -> None:
    with (CORPUS / "sce-bulk-IntervalBlock.xml").open("rb") as file:
        validation = validate(read_feed(file, max_bytes=MEGABYTE))
        assert list(validation) == []
        assert validation.blocks == {1, 4, 5, 12, 15, 16, 28}


@needs_corpus
@pytest.mark.parametrize(
    "name",
    ["openespi-test-usage-data.xml", "hourly-nine-days.xml", "abridged-electric.xml"],
)
def test_the_alliances_own_samples_lack_only_titles(name: str) -> None:
    with (CORPUS / name).open("rb") as file:
        report = Report(validate(read_feed(file, max_bytes=MEGABYTE)))
        assert list(report.counts) == ["D033"]


@needs_corpus
def test_the_export_of_puc_breaks_much_and_it_is_known_what() -> None:
    with (CORPUS / "utilityapi-puc-APUC0000-00-electric.xml").open("rb") as file:
        report = Report(validate(read_feed(file, max_bytes=MEGABYTE)))
    errors = "D001 D003 D010 D011 D018 D030 D031 D041 D048 D070 D078"
    assert report.broken(Severity.ERROR) == errors.split()
    assert len(report.broken(Severity.WARNING)) == 17
