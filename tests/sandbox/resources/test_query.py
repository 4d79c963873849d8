"""The parameters of a request (FB 37)."""

from contextlib import suppress

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.sharing import Shared
from tests.sandbox.walk import Company, get
from utilities.sandbox.documents.window import Window
from utilities.sandbox.resources.query import PAGE, WINDOW, Query, QueryError


def read(text: str) -> Query:
    return Query.read(QueryDict(text))


def test_nothing_asked_is_everything() -> None:
    assert read("") == Query()
    assert read("").window == Window()


def test_the_times_are_read_in_utc_seconds_whatever_their_zone() -> None:
    query = read("published-min=2026-01-31T00:00:00Z&published-max=2026-01-31T02:00:00%2B01:00")
    assert query.window == Window(1769817600, 1769821200)


@pytest.mark.parametrize("text", ["2026-01-31", "2026-01-31T00:00:00", "20260131T000000Z"])
def test_a_day_begins_at_midnight_in_utc_where_no_zone_is_said(text: str) -> None:
    assert read(f"updated-min={text}").window.updated_min == 1769817600


def test_unknown_parameters_are_passed_over() -> None:
    assert read("published_min=All&max=7&hub.mode=x&=&published-MIN=All") == Query()


def test_the_counts_are_read() -> None:
    assert read("start-index=3&max-results=10&depth=2") == Query(Window(), 3, 10, 2)


# QRY002 of the certification's tests.
MALFORMED = [
    *((name, value) for name in WINDOW for value in ("All", "03/01/2016")),
    *((name, "All") for name in PAGE),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_each_malformed_request_of_the_certification_gets_400(
    puc: Company, name: str, value: str
) -> None:
    shared = Shared(puc, "FB=4;HistoryLength=86400")
    response = get(shared.usage, shared.access, **{name: value})
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"
    assert name in response.json()["error_description"]


@pytest.mark.parametrize("name", PAGE)
@pytest.mark.parametrize("value", ["0", "-1", "1.0", "1e3", "0x1", "٣", " 1", "9" * 10, ""])
def test_a_count_is_a_whole_number_from_1(name: str, value: str) -> None:
    with pytest.raises(QueryError, match=f"{name} must be one whole number"):
        read(f"{name}={value}")


@pytest.mark.parametrize("name", [*WINDOW, *PAGE])
def test_what_is_said_twice_is_refused_even_where_both_agree(name: str) -> None:
    value = "1" if name in PAGE else "2026-01-01"
    assert isinstance(read(f"{name}={value}"), Query)
    with pytest.raises(QueryError, match=f"{name} must be one"):
        read(f"{name}={value}&{name}={value}")


@pytest.mark.parametrize("kind", ["published", "updated"])
def test_a_window_ends_after_it_begins(kind: str) -> None:
    with pytest.raises(QueryError, match="ends before it begins"):
        read(f"{kind}-min=2026-01-02&{kind}-max=2026-01-01")
    assert read(f"{kind}-min=2026-01-02&{kind}-max=2026-01-02")


@given(st.sampled_from([*WINDOW, *PAGE]), st.text(max_size=30))
def test_any_text_is_read_or_refused(name: str, text: str) -> None:
    given_ = QueryDict(mutable=True)
    given_[name] = text
    with suppress(QueryError):
        assert isinstance(Query.read(given_), Query)
