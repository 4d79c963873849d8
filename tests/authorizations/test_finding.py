"""Finding a utility, with a link and without."""

from __future__ import annotations

import html

import pytest

from authorizations.connecting.finding import find
from authorizations.models import ShareLink
from tests import cast
from tests.cast import Person
from utilities.models import Client, Utility


@pytest.fixture
def jerome(utility: Utility) -> Utility:
    other = cast.make_utility("https://other.example", "hsj")
    other.name = "Hydro St-Jérôme"
    other.description = "A distribution company in Québec, Canada"
    other.programme = "Green Button Connect My Data"
    other.services = ["electricity", "water"]
    other.save()
    return other


def found(query: str) -> list[str]:
    return [one.name for one in find(query).utilities]


@pytest.mark.parametrize(
    "query",
    [
        "hydro",
        "HYDRO st jerome",
        "jérôme",
        "st-jé",
        "hsj",
        "Hsj",
        "quebec",
        "green button",
        "water",
    ],
)
def test_it_is_found_by_whatever_people_call_it(jerome: Utility, query: str) -> None:
    assert found(query) == ["Hydro St-Jérôme"]


@pytest.mark.parametrize("query", ["ydro", "hydro ontario", "%", "\x00hsjx", "' OR 1=1"])
def test_what_is_not_in_it_does_not_find_it(jerome: Utility, query: str) -> None:
    assert found(query) in ([], ["Demo Power and Light", "Hydro St-Jérôme"])
    assert found("ydro") == found("hydro ontario") == found("' OR 1=1") == []


def test_the_one_that_is_called_so_comes_first(jerome: Utility) -> None:
    Utility.objects.filter(slug="demo").update(description="Beside Hsj, and older")
    assert found("hsj") == ["Hydro St-Jérôme", "Demo Power and Light"]


def test_without_a_word_all_that_can_be_connected_are_there(jerome: Utility) -> None:
    assert found("  ") == ["Demo Power and Light", "Hydro St-Jérôme"]


@pytest.mark.parametrize("why", ["disabled", "paused"])
def test_what_cannot_be_connected_is_named_only_to_who_looks_for_it(
    jerome: Utility, ada: Person, why: str
) -> None:
    if why == "disabled":
        Utility.objects.filter(pk=jerome.pk).update(enabled=False)
    else:
        Client.objects.get(utility=jerome).pause("broken")
    assert "Jérôme" not in ada.browser.get("/connect/").content.decode()
    page = html.unescape(ada.browser.get("/connect/", {"q": "jerome"}).content.decode())
    assert "Hydro St-Jérôme cannot be connected yet." in page
    assert 'href="/upload/"' in page
    assert 'href="/connect/hsj/"' not in page


def test_several_that_cannot_be_connected_are_named_once_and_the_way_out_is_said_once(
    jerome: Utility, ada: Person
) -> None:
    Utility.objects.update(enabled=False, programme="Green Button")
    answer = ada.browser.get("/connect/", {"q": "green button"})
    page = html.unescape(answer.content.decode())
    assert page.count("cannot be connected yet") == 1
    assert page.count('href="/upload/"') == 1
    assert page.count("<li>Hydro St-Jérôme</li>") == 1
    assert page.count("<li>Demo Power and Light</li>") == 1


def test_who_finds_nothing_is_told_what_to_try(utility: Utility, ada: Person) -> None:
    page = html.unescape(ada.browser.get("/connect/", {"q": "<b>no"}).content.decode())
    assert "We know no utility by “<b>no”" in page
    assert "<b>no" not in ada.browser.get("/connect/", {"q": "<b>no"}).content.decode()
    assert ada.browser.get("/connect/", {"q": "x" * 5000}).status_code == 200


def test_the_search_needs_no_script(utility: Utility, ada: Person) -> None:
    page = ada.browser.get("/connect/").content.decode()
    assert '<form class="finder" id="find" method="get"' in page
    assert 'label for="q"' in page


# -- a link that lets the customer choose ----------------------------------------------------------


@pytest.fixture
def link(jerome: Utility) -> ShareLink:
    return ShareLink.objects.create(utility=None, scope="FB=4")


def test_a_link_without_a_utility_asks_for_one_and_goes_on_as_the_link(
    link: ShareLink, ada: Person
) -> None:
    asked = ada.browser.get(f"/share/{link.code}/?state=7")
    assert asked.headers["Location"] == f"/share/{link.code}/choose/?state=7"
    page = html.unescape(ada.browser.get(asked.headers["Location"]).content.decode())
    address = f"/share/{link.code}/?state=7&utility=HSJ"
    assert f'href="{address}"' in page
    answer = ada.sets_out(address)
    assert answer.headers["Location"].startswith("https://other.example/authorize")
    attempt = link.attempts.get()
    assert (attempt.scope, attempt.return_state) == ("FB=4", "7")


def test_the_search_stays_with_the_link(link: ShareLink, ada: Person) -> None:
    page = ada.browser.get(f"/share/{link.code}/choose/", {"q": "hydro", "state": "7"})
    shown = page.content.decode()
    assert '<input type="hidden" name="state" value="7">' in shown
    assert "Demo Power" not in shown
    assert f"/share/{link.code}/?state=7&amp;utility=HSJ" in shown


def test_nothing_begins_without_a_choice(link: ShareLink, ada: Person) -> None:
    answer = ada.browser.post(f"/share/{link.code}/start/")
    assert answer.headers["Location"] == f"/share/{link.code}/choose/"
    assert not link.attempts.exists()


def test_a_link_with_a_utility_has_nothing_to_choose(utility: Utility, ada: Person) -> None:
    link = ShareLink.objects.create(utility=utility)
    assert (
        ada.browser.get(f"/share/{link.code}/choose/").headers["Location"] == f"/share/{link.code}/"
    )


def test_a_closed_link_offers_no_choice(link: ShareLink, ada: Person) -> None:
    link.disable()
    assert ada.browser.get(f"/share/{link.code}/choose/").status_code == 410
