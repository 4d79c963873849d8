"""Is it the same customer, and are they the same meters? Properties, and each refusal by name."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenbutton.ingest.renewal import (
    Agreement,
    Answer,
    MeterSide,
    Series,
    Side,
    Verdict,
    agreement,
    is_same,
)

HOUR = 3600
ELECTRICITY, GAS = 0, 1
KIND = (72, 0, 1)


def hours(values: list[int], start: int = 0) -> dict[tuple[int, int], int | None]:
    return {(start + number * HOUR, HOUR): value for number, value in enumerate(values)}


def busy(number: int, count: int = 48) -> list[int]:
    """Values that no other meter's are."""
    return [1000 * number + hour for hour in range(1, count + 1)]


def meter(key: int, number: int | None = None, **fields: Any) -> MeterSide:
    """A meter, with readings of the household `number`, under a name of its own."""
    values = hours(busy(number)) if number is not None else {}
    series = (Series(key * 10, KIND, values),)
    known = {"identity": f"urn:{key}", "service": ELECTRICITY, "series": series, **fields}
    return MeterSide(key, **known)


def side(*meters: MeterSide, accounts: str = "") -> Side:
    return Side(frozenset(accounts.split()), meters)


def answer(old: Side, new: Side, *, same_person: bool = False) -> Answer:
    return is_same(old, new, same_person=same_person).answer


# -- the same -------------------------------------------------------------------------------------


def test_the_same_account_and_the_same_readings_under_other_names_are_the_same() -> None:
    verdict = is_same(side(meter(1, 5), accounts="77"), side(meter(2, 5), accounts="77"))
    assert verdict.answer == Answer.SAME
    assert (dict(verdict.meters), dict(verdict.series)) == ({1: 2}, {10: 20})


def test_readings_alone_prove_it() -> None:
    assert answer(side(meter(1, 5)), side(meter(2, 5))) == Answer.SAME


@pytest.mark.parametrize("mark", ["serials", "contracts", "delivery_points", "addresses"])
def test_what_is_known_of_a_meter_pairs_it_where_the_account_is_the_same(mark: str) -> None:
    marks: dict[str, Any] = {mark: frozenset({"a"})}
    old, new = meter(1, **marks), meter(2, **marks)
    assert answer(side(old, accounts="77"), side(new, accounts="77")) == Answer.SAME


def test_fewer_meters_are_a_narrower_grant() -> None:
    old = side(meter(1, 5), meter(2, 6, service=GAS))
    assert answer(old, side(meter(3, 5))) == Answer.SAME


def test_more_meters_of_a_known_customer_come_with_it() -> None:
    new = (meter(2, 5), meter(3, 6))
    assert answer(side(meter(1, 5), accounts="77"), side(*new, accounts="77")) == Answer.SAME


def test_a_closed_meter_may_be_missing_beside_a_new_one() -> None:
    old = (meter(1, 5), meter(2, 6, is_open=False))
    new = (meter(3, 5), meter(4, 7))
    assert answer(side(*old, accounts="77"), side(*new, accounts="77")) == Answer.SAME


def test_corrections_do_not_make_it_another_meter() -> None:
    corrected = busy(5)
    corrected[3] += 1
    new = meter(2, series=(Series(20, KIND, hours(corrected)),))
    assert answer(side(meter(1, 5)), side(new)) == Answer.SAME


def test_where_nothing_was_collected_the_same_browser_goes_on() -> None:
    assert answer(side(), side(meter(2, 5)), same_person=True) == Answer.SAME


# -- not the same ---------------------------------------------------------------------------------


def test_other_account_numbers_are_another_customer_whatever_the_meters_say() -> None:
    same: dict[str, Any] = {"identity": "urn:same"}
    old, new = meter(1, 5, **same), meter(2, 5, **same)
    assert answer(side(old, accounts="77"), side(new, accounts="88")) == Answer.DIFFERENT
    verdict = is_same(side(old, accounts="77"), side(new, accounts="88"), same_person=True)
    assert verdict.answer == Answer.DIFFERENT


def test_a_customer_who_moved_has_other_meters() -> None:
    old = meter(1, 5, addresses=frozenset({"old st"}))
    new = meter(2, 6, addresses=frozenset({"new st"}))
    assert answer(side(old, accounts="77"), side(new, accounts="77")) == Answer.DIFFERENT


def test_another_service_is_another_meter() -> None:
    new = side(meter(2, service=GAS), accounts="77")
    assert answer(side(meter(1, 5), accounts="77"), new) == Answer.DIFFERENT


def test_a_meter_with_other_readings_is_another_one() -> None:
    assert answer(side(meter(1, 5)), side(meter(2, 6))) == Answer.DIFFERENT


# -- unclear --------------------------------------------------------------------------------------


def test_a_new_tenant_at_a_meter_of_the_same_name_gets_nothing_of_the_old_one() -> None:
    old, new = meter(1, 5, identity="urn:place"), meter(2, identity="urn:place")
    assert answer(side(old), side(new)) == Answer.UNCLEAR
    assert answer(side(old, accounts="77"), side(new)) == Answer.UNCLEAR
    assert answer(side(old), side(new), same_person=True) == Answer.SAME


def test_a_name_that_was_given_out_anew_is_no_proof() -> None:
    old, new = meter(1, 5, identity="link/1"), meter(2, 6, identity="link/1")
    assert answer(side(old, accounts="77"), side(new, accounts="77")) == Answer.UNCLEAR


def test_two_idle_meters_look_alike() -> None:
    idle = hours([0] * 48)
    old, new = (meter(key, series=(Series(key * 10, KIND, idle),)) for key in (1, 2))
    assert answer(side(old), side(new)) == Answer.UNCLEAR


def test_two_meters_at_one_address_are_not_guessed() -> None:
    place: dict[str, Any] = {"addresses": frozenset({"one st"})}
    old = side(meter(1, **place), meter(2, **place), accounts="77")
    new = side(meter(3, **place), meter(4, **place), accounts="77")
    assert answer(old, new, same_person=True) == Answer.UNCLEAR


def test_two_series_of_one_kind_are_not_guessed() -> None:
    def with_two(key: int) -> MeterSide:
        series = tuple(Series(key * 10 + number, KIND, {}) for number in (1, 2))
        return meter(key, identity="urn:same", series=series)

    old, new = side(with_two(1), accounts="77"), side(with_two(2), accounts="77")
    assert answer(old, new) == Answer.UNCLEAR


def test_a_grant_that_brought_no_meter_says_nothing() -> None:
    assert answer(side(meter(1, 5), accounts="77"), side(accounts="77")) == Answer.UNCLEAR


def test_nothing_before_and_nobody_known_is_unclear() -> None:
    assert answer(side(), side(meter(1, 5))) == Answer.UNCLEAR


def test_one_meter_more_of_nobody_known_is_unclear() -> None:
    assert answer(side(meter(1, 5)), side(meter(2, 5), meter(3, 6))) == Answer.UNCLEAR


def test_reasons_are_sentences() -> None:
    verdicts = [
        is_same(side(meter(1, 5)), side(meter(2, 5))),
        is_same(side(meter(1, 5)), side()),
        is_same(side(accounts="1"), side(accounts="2")),
    ]
    for verdict in verdicts:
        assert verdict.reasons
        assert all(one.endswith(".") for one in verdict.reasons)


# -- properties -----------------------------------------------------------------------------------

NUMBERS = st.lists(st.integers(1, 6), unique=True, max_size=4)
ACCOUNTS = st.sampled_from(["", "77", "88", "77 88"])


@st.composite
def households(draw: st.DrawFn, offset: int) -> Side:
    meters = [
        meter(
            offset + number,
            number if draw(st.booleans()) else None,
            identity=f"urn:{draw(st.sampled_from([number, offset + number]))}",
            serials=frozenset({str(number)} if draw(st.booleans()) else ()),
        )
        for number in draw(NUMBERS)
    ]
    return side(*meters, accounts=draw(ACCOUNTS))


def numbers(verdict: Verdict) -> list[tuple[int, int]]:
    return [(before % 100, after % 100) for before, after in verdict.meters.items()]


@given(households(100), households(200), st.booleans())
def test_no_meter_ever_becomes_another_households(old: Side, new: Side, same_person: bool) -> None:
    verdict = is_same(old, new, same_person=same_person)
    assert all(before == after for before, after in numbers(verdict))
    assert len(set(verdict.meters.values())) == len(verdict.meters)
    if not verdict.is_same:
        assert not verdict.meters
    if old.accounts and new.accounts and not old.accounts & new.accounts:
        assert verdict.answer == Answer.DIFFERENT


@given(households(100), households(200))
def test_who_is_not_known_needs_readings_for_each_meter(old: Side, new: Side) -> None:
    verdict = is_same(replace(old, accounts=frozenset()), new)
    by_key = {one.key: one for one in (*old.meters, *new.meters)}
    if verdict.is_same:
        assert new.meters
        for before, after in verdict.meters.items():
            [one], [other] = by_key[before].series, by_key[after].series
            assert agreement(one.values, other.values) == Agreement.AGREES


@given(households(100), st.booleans(), st.randoms())
def test_the_order_says_nothing(old: Side, same_person: bool, random: Random) -> None:
    shuffled = list(old.meters)
    random.shuffle(shuffled)
    new = side(*(replace(one, key=one.key + 100) for one in shuffled))
    old_first = is_same(old, new, same_person=same_person)
    again = is_same(replace(old, meters=old.meters[::-1]), new, same_person=same_person)
    assert (old_first.answer, dict(old_first.meters)) == (again.answer, dict(again.meters))


@given(st.lists(st.integers(0, 3), max_size=60), st.lists(st.integers(0, 3), max_size=60))
def test_agreement_is_mutual(one: list[int], other: list[int]) -> None:
    assert agreement(hours(one), hours(other)) == agreement(hours(other), hours(one))
