"""How a deviation is written down, and how strictly that is read."""

from __future__ import annotations

from dataclasses import fields

import pytest

from utilities.described import RegistryError
from utilities.quirks import Quirks


def test_without_any_the_standards_way_is_taken() -> None:
    quirks = Quirks.read({})
    assert quirks == Quirks()
    assert (quirks.client_authentication, quirks.date_filter) == ("basic", "published")
    assert (quirks.first_windows_days, quirks.later_overlap_days) == ((31, 365), 3)
    assert (quirks.first_history_seconds, quirks.feed_deadline_seconds) == (None, None)
    assert quirks.cost_exponent == -5
    paces = (quirks.requests_a_second, quirks.requests_a_minute, quirks.downloads_a_minute)
    assert paces == (None, None, None)
    assert quirks.in_words() == {}


def test_a_history_in_days_is_used_in_seconds() -> None:
    assert Quirks.read({"first_history_days": 730}).first_history_seconds == 63_072_000


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"flies": True}, "not known: flies"),
        ([], "must be a table"),
        ({"takes_pkce": "yes"}, "takes_pkce must be true or false"),
        ({"takes_pkce": 1}, "takes_pkce must be true or false"),
        ({"client_authentication": "none"}, "must be “basic” or “body” or “tls”"),
        ({"date_filter": ["published"]}, "must be “published” or “updated” or “none”"),
        ({"user_agent": 7}, "must be a text"),
        ({"user_agent": "a\r\nX-Injected: yes"}, "must be printable ASCII"),
        ({"user_agent": "Käfer"}, "must be printable ASCII"),
        ({"cost_exponent": True}, "must be a whole number"),
        ({"cost_exponent": -2.0}, "must be a whole number"),
        ({"cost_exponent": -6}, "must be from -5 to 0"),
        ({"cost_exponent": 1}, "must be from -5 to 0"),
        ({"first_windows_days": 31}, "must be a list of whole numbers"),
        ({"first_windows_days": [31, "365"]}, "must be a list of whole numbers"),
        ({"first_windows_days": [True]}, "must be a list of whole numbers"),
        ({"first_windows_days": [365, 31]}, "each above the last"),
        ({"first_windows_days": [0]}, "each above the last"),
        ({"first_windows_days": [10**12]}, "each above the last"),
        ({"later_overlap_days": -1}, "up to a year"),
        ({"requests_a_second": 0}, "must be 1 or more"),
        ({"requests_a_minute": 0}, "must be 1 or more"),
        ({"requests_a_minute": -60}, "must be 1 or more"),
        ({"requests_a_minute": True}, "must be a whole number"),
        ({"requests_a_minute": 0.5}, "must be a whole number"),
        ({"downloads_a_minute": "1"}, "must be a whole number"),
        ({"feed_deadline_seconds": 0}, "up to an hour"),
        ({"connect_seconds": 7200}, "up to an hour"),
        ({"known_options": "HistoryLength"}, "must be a list of texts"),
        ({"demanded_options": ["HistoryLength"]}, "must read Name=value"),
    ],
)
def test_what_is_not_right_is_refused_with_a_sentence(values: object, says: str) -> None:
    with pytest.raises(RegistryError) as caught:
        Quirks.read(values, "a.toml, [quirks]")
    assert says in str(caught.value)
    assert str(caught.value).startswith("a.toml, [quirks]")
    assert str(caught.value).endswith(".")


def test_no_list_is_not_the_same_as_an_empty_one() -> None:
    assert Quirks.read({}).known_options is None
    assert Quirks.read({"known_options": []}).known_options == ()


def test_each_deviation_has_a_sentence() -> None:
    said = Quirks.read(
        {
            "known_options": [],
            "requests_a_minute": 1200,
            "downloads_a_minute": 1,
            "first_windows_days": [31, 1000],
        }
    ).in_words()
    assert said == {
        "known_options": "Takes these options in a scope and no other: none.",
        "first_windows_days": "The first history comes in steps that go back 31, 1000 days.",
        "requests_a_minute": "Requests a minute, at most: 1,200.",
        "downloads_a_minute": "Downloads a minute, at most: 1.",
    }
    assert all(one.metadata["words"].endswith((".", ").")) for one in fields(Quirks))
