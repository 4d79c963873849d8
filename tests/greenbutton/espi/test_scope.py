import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbutton.espi import ScopeError
from greenbutton.espi.scope import (
    Authentication,
    Option,
    Scope,
    build,
    parse,
    quote,
)

BASIC = Scope((4, 16, 51))
GRANTED = (
    "FB=1_3_4_5_8_13_14_18_19_34_35_39_51;IntervalDuration=900_3600;BlockDuration=daily;"
    "HistoryLength=34128000;SubscriptionFrequency=daily;AccountCollection=2"
)
values = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters=";"),
    min_size=1,
    max_size=60,
).filter(lambda value: "_auth-" not in value)
kinds = st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True)


@pytest.mark.parametrize(
    ("kind", "value", "encoded"),
    [
        (
            "test",
            "test_residential",
            "FB%3D4_16_51%3BAdditionalScope%3Dauth-test-test_residential",
        ),
        ("phone", "1111111111", "FB%3D4_16_51%3BAdditionalScope%3Dauth-phone-1111111111"),
        ("lastbill", "111111111-1", "FB%3D4_16_51%3BAdditionalScope%3Dauth-lastbill-111111111-1"),
        ("phone", "111-111-1111", "FB%3D4_16_51%3BAdditionalScope%3Dauth-phone-111-111-1111"),
        (
            "email",
            "uapi-test-residential@example.com",
            "FB%3D4_16_51%3BAdditionalScope%3Dauth-email-uapi-test-residential%40example.com",
        ),
        (
            "address",
            "333 W EL CAMINO REAL STE 600, SUNNYVALE CA 94087",
            "FB%3D4_16_51%3BAdditionalScope%3Dauth-address-333%20W%20EL%20CAMINO%20REAL%20STE"
            "%20600%2C%20SUNNYVALE%20CA%2094087",
        ),
    ],
)
def test_the_utilities_examples_come_out_byte_for_byte(kind: str, value: str, encoded: str) -> None:
    assert quote(build(BASIC.with_authentication(kind, value))) == encoded


@given(kinds, values)
def test_parse_and_build_are_inverse_for_any_prefill(kind: str, value: str) -> None:
    scope = BASIC.with_authentication(kind, value)
    found = parse(build(scope))
    assert found == scope
    assert found.authentication == Authentication(kind, value)
    assert build(found) == build(scope)


@given(st.lists(st.tuples(kinds, values.filter(lambda value: value[-1] != "_")), max_size=3))
def test_options_joined_by_an_underscore_are_told_apart(pairs: list[tuple[str, str]]) -> None:
    parts = tuple(f"auth-{kind}-{value}" for kind, value in pairs)
    scope = BASIC.with_option("AdditionalScope", "_".join(parts))
    assert parse(build(scope)).additional == parts


@pytest.mark.parametrize(
    "text",
    [
        "FB=4",
        GRANTED,
        "FB=4_16;historyLength=13;Unknown=a=b;BR=x_y;AdditionalScope=",
        "FB=4;AdditionalScope=other_thing_auth-test-a_b_auth-phone",
    ],
)
def test_order_spelling_and_unknown_options_survive(text: str) -> None:
    assert build(parse(text)) == text


def test_a_semicolon_at_the_end_is_let_pass() -> None:
    assert parse("FB=4;HistoryLength=0;") == parse("FB=4;HistoryLength=0")


def test_names_are_compared_without_regard_to_case() -> None:
    scope = parse("FB=4;historyLength=86400;ADDITIONALSCOPE=auth-test")
    assert scope.history_length == 86400
    assert scope.authentication == Authentication("test", None)
    assert build(scope.with_option("HistoryLength", "0")) == (
        "FB=4;historyLength=0;ADDITIONALSCOPE=auth-test"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "4_16",
        "HistoryLength=1",
        "HistoryLength=1;FB=4",
        "FB=",
        "FB=;",
        "FB=4_",
        "FB=04",
        "FB=0",
        "FB=-4",
        "FB=4_x",
        "FB=٤",
        "FB=4 16",
        "FB=4_4",
        "FB=99999",
        "FB=4;FB=16",
        "FB=4;fb=16",
        "FB=4;;HistoryLength=1",
        "FB=4;nothing",
        "FB=4;=1",
        "FB=4; HistoryLength=1",
        "FB=4;HistoryLength=",
        "FB=4;HistoryLength=two years",
        "FB=4;HistoryLength=-1",
        "FB=4;HistoryLength=01",
        "FB=4;HistoryLength=1;historylength=2",
        "FB=4;PreferredAuthEndDate=2029-11-21",
        "FB=4;PreferredAuthEndDate=999999999999999",
        "FB=4;AdditionalScope=a\nb",
        "FB=4;AdditionalScope=a\x00",
        "FB=4;AdditionalScope=\ud800",
        "FB=4;AdditionalScope=" + "a" * 4096,
    ],
)
def test_garbage_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ScopeError, match=r"\.$"):
        parse(text)


@pytest.mark.parametrize("value", ["a;b", "a_auth-b", "_auth-", "a;HistoryLength=9"])
def test_a_prefill_that_would_change_the_scope_is_refused(value: str) -> None:
    with pytest.raises(ScopeError, match="cannot be sent"):
        BASIC.with_authentication("account", value)


@pytest.mark.parametrize("kind", ["", "a-b", "a b", "a;b", "x_auth", "é"])
def test_a_way_to_sign_in_has_a_plain_name(kind: str) -> None:
    with pytest.raises(ScopeError, match="named by letters"):
        BASIC.with_authentication(kind, "1")


@pytest.mark.parametrize(
    "scope",
    [
        Scope(()),
        Scope((0,)),
        Scope((4, 4)),
        Scope((4,), (Option("FB", "16"),)),
        Scope((4,), (Option("a b", "1"),)),
        Scope((4,), (Option("BR", "a;b"),)),
        Scope((4,), (Option("BR", "a\n"),)),
        Scope((4,), (Option("BR", "a" * 5000),)),
        Scope((4,), (Option("HistoryLength", "x"),)),
    ],
)
def test_build_refuses_what_parse_would_not_give_back(scope: Scope) -> None:
    with pytest.raises(ScopeError):
        build(scope)


def test_a_new_prefill_takes_the_place_of_the_old_one_and_of_nothing_else() -> None:
    scope = parse("FB=4;AdditionalScope=other_auth-test-a_b;BR=1")
    assert build(scope.with_authentication("phone", "1")) == (
        "FB=4;AdditionalScope=other_auth-phone-1;BR=1"
    )
    assert build(scope.without_additional()) == "FB=4;BR=1"


def test_an_empty_prefill_is_none() -> None:
    assert build(BASIC.with_authentication("lastbill", "")) == (
        "FB=4_16_51;AdditionalScope=auth-lastbill"
    )
    assert BASIC.authentication is None


def test_a_request_is_described_with_what_the_platform_fills_in() -> None:
    assert BASIC.describe() == [
        "Your energy use, by interval",
        "Your bills and what they cost",
        "Your account details, such as name, address, account and meter numbers",
        "Up to 2 years of history",
        "For up to 3 years, or until you stop sharing",
    ]


def test_a_granted_scope_is_described_by_what_it_says() -> None:
    assert parse(GRANTED).describe(granted=True) == [
        "Your energy use, by interval",
        "A notice to us whenever there is new data",
        "Your account details, such as name, address, account and meter numbers",
        "Up to about 13 months of history",
        "New data every day",
        "For 2 services",
    ]


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("PreferredAuthEndDate=1889913600", "Until 21 November 2029, or until you stop sharing"),
        ("PreferredAuthEndDate=0", "Until you stop sharing"),
        ("HistoryLength=0", "No history, only what is new"),
        ("HistoryLength=31536000", "Up to 1 year of history"),
        ("HistoryLength=94694400", "Up to 3 years of history"),
        ("HistoryLength=2592000", "Up to 30 days of history"),
        ("HistoryLength=13", "Up to less than a day of history"),
        ("SubscriptionFrequency=billingPeriod", "New data after each billing period"),
        ("SubscriptionFrequency=Daily", "New data every day"),
        ("SubscriptionFrequency=1", "New data every day"),
        ("SubscriptionFrequency=7", "New data every 7 days"),
        ("SubscriptionFrequency=hourly", "New data as often as “hourly”"),
    ],
)
def test_each_option_has_its_words(option: str, line: str) -> None:
    assert line in parse(f"FB=4;{option}").describe()


def test_a_prefill_is_never_described() -> None:
    lines = BASIC.with_authentication("phone", "111-111-1111").describe()
    assert not any("111" in line for line in lines)


def test_narrowing_keeps_the_order_and_sets_what_is_less() -> None:
    scope = parse("FB=51_16_4;HistoryLength=63072000;PreferredAuthEndDate=1889913600;BR=1")
    narrowed = scope.narrow(function_blocks={4, 51}, history_length=0, end_date=1800000000)
    assert build(narrowed) == "FB=51_4;HistoryLength=0;PreferredAuthEndDate=1800000000;BR=1"
    assert scope.narrow() == scope


@pytest.mark.parametrize(
    ("text", "wider"),
    [
        ("FB=4", {"function_blocks": {4, 16}}),
        ("FB=4", {"function_blocks": set()}),
        ("FB=4;HistoryLength=86400", {"history_length": 86401}),
        ("FB=4", {"history_length": 63072001}),
        ("FB=4", {"history_length": -1}),
        ("FB=4;PreferredAuthEndDate=1800000000", {"end_date": 1800000001}),
        ("FB=4;PreferredAuthEndDate=1800000000", {"end_date": 0}),
        ("FB=4", {"end_date": 0}),
        ("FB=4;PreferredAuthEndDate=0", {"end_date": -1}),
    ],
)
def test_narrowing_never_widens(text: str, wider: dict[str, int]) -> None:
    with pytest.raises(ScopeError, match=r"\.$"):
        parse(text).narrow(**wider)  # type: ignore[arg-type]


def test_what_the_customer_left_out_is_said() -> None:
    asked = parse("FB=4_16_51;HistoryLength=63072000;PreferredAuthEndDate=1889913600")
    granted = parse("FB=1_4_5;HistoryLength=31536000;PreferredAuthEndDate=1800000000")
    assert granted.granted_less_than(asked) == [
        "Not shared: your bills and what they cost.",
        "Not shared: your account details, such as name, address, account and meter numbers.",
        "Less history: 1 year instead of 2 years.",
        "Sharing ends sooner: on 15 January 2027 instead of 21 November 2029.",
    ]


def test_what_nobody_asked_for_is_not_missed() -> None:
    assert parse(GRANTED).granted_less_than(Scope((4, 51))) == []
    assert parse("FB=4").granted_less_than(parse("FB=4_1_3;HistoryLength=1;Other=2")) == []
    more = parse("FB=4_16;HistoryLength=90000000;PreferredAuthEndDate=0")
    asked = parse("FB=4;HistoryLength=86400;PreferredAuthEndDate=1800000000")
    assert more.granted_less_than(asked) == []


def test_an_end_where_none_was_asked_for_is_said() -> None:
    granted = parse("FB=4;PreferredAuthEndDate=1800000000")
    assert granted.granted_less_than(parse("FB=4;PreferredAuthEndDate=0")) == [
        "Sharing ends sooner: on 15 January 2027."
    ]
