"""What a link may say in its address, and where it may lead in the end."""

from __future__ import annotations

import html
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.exceptions import ValidationError

from authorizations.models import (
    Authorization,
    ConnectAttempt,
    ReturnAddress,
    ShareLink,
    check_return_url,
)
from tests import cast
from tests.cast import Person
from tests.lying_utility import LyingUtility
from utilities.models import Utility

OURS = "https://solar.example/thanks?from=gb"
EMAIL = "joe@example.com"


@pytest.fixture
def registered(utility: Utility) -> ReturnAddress:
    return ReturnAddress.objects.create(url=OURS, name="Solar")


@pytest.fixture
def link(utility: Utility) -> ShareLink:
    return ShareLink.objects.create(utility=utility)


def state_of(answer: Any) -> str:
    location: str = answer.headers["Location"]
    return parse_qs(urlsplit(location).query)["state"][0]


def words(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def consents(
    person: Person, page: str, utility: Utility, lying: LyingUtility, granted: dict[str, Any]
) -> Any:
    lying.answer("/token", json=granted)
    state = state_of(person.sets_out(page))
    return person.comes_back(utility, state=state, code="a-code")


def refuses(person: Person, page: str) -> bool:
    answer = person.browser.get(page)
    begun = ConnectAttempt.objects.exists()
    return answer.status_code == 400 and "cannot be used as it is" in words(answer) and not begun


@pytest.mark.parametrize("page", ["share", "connect"])
def test_after_a_yes_the_customer_is_taken_to_the_companys_page_with_its_own_state(
    utility: Utility,
    link: ShareLink,
    registered: ReturnAddress,
    ada: Person,
    lying: LyingUtility,
    granted: dict[str, Any],
    page: str,
) -> None:
    start = f"/share/{link.code}/" if page == "share" else f"/connect/{utility.slug}/"
    said = urlencode({"redirect_uri": OURS, "state": "ᕕ( ᐛ )ᕗ&x=1"})
    answer = consents(ada, f"{start}?{said}", utility, lying, granted)
    authorization = Authorization.objects.get()
    assert answer.url == f"/connections/{authorization.uid}/return/"
    shown = ada.browser.get(answer.url)
    target = f"{OURS}&{urlencode({'state': 'ᕕ( ᐛ )ᕗ&x=1', 'authorization_uid': authorization.uid})}"
    # Not a redirect: the form-action of the utility's page would hold for that as well.
    assert shown.status_code == 200
    assert f'http-equiv="refresh" content="0; url={target}"' in words(shown)
    assert f'href="{target}"' in words(shown)
    for secret in ("the-access-token", "the-refresh-token", "a-code"):
        assert secret not in words(shown)


def test_with_noredirect_the_customer_stays_and_is_shown_the_way(
    utility: Utility,
    link: ShareLink,
    registered: ReturnAddress,
    ada: Person,
    lying: LyingUtility,
    granted: dict[str, Any],
) -> None:
    said = urlencode({"redirect_uri": OURS, "noredirect": "1"})
    answer = consents(ada, f"/share/{link.code}/?{said}", utility, lying, granted)
    page = words(ada.browser.get(answer.url))
    assert "refresh" not in page
    assert "Back to solar.example" in page
    assert "See your data" in page


def test_after_a_no_the_companys_page_is_told_so(
    utility: Utility, link: ShareLink, registered: ReturnAddress, ada: Person
) -> None:
    said = urlencode({"redirect_uri": OURS, "state": "7"})
    state = state_of(ada.sets_out(f"/share/{link.code}/?{said}"))
    page = words(ada.comes_back(utility, state=state, error="access_denied"))
    assert f"{OURS}&state=7&error=access_denied" in page
    assert "Nothing was shared" in page
    assert not Authorization.objects.exists()


def test_an_address_that_was_withdrawn_meanwhile_is_not_used(
    utility: Utility,
    link: ShareLink,
    registered: ReturnAddress,
    ada: Person,
    lying: LyingUtility,
    granted: dict[str, Any],
) -> None:
    lying.answer("/token", json=granted)
    said = urlencode({"redirect_uri": OURS})
    state = state_of(ada.sets_out(f"/share/{link.code}/?{said}"))
    registered.withdraw()
    answer = ada.comes_back(utility, state=state, code="a-code")
    uid = Authorization.objects.get().uid
    assert answer.url == f"/usage/{uid}/"
    assert ada.browser.get(f"/connections/{uid}/return/").headers["Location"] == f"/usage/{uid}/"


def test_links_that_name_no_page_lead_to_the_usual_one(
    utility: Utility, link: ShareLink, ada: Person, lying: LyingUtility, granted: dict[str, Any]
) -> None:
    ReturnAddress.objects.create(url=OURS, name="Solar", is_default=True)
    answer = consents(ada, f"/share/{link.code}/", utility, lying, granted)
    assert "/return/" in answer.url


def test_cy_is_not_taken_along(
    utility: Utility,
    link: ShareLink,
    registered: ReturnAddress,
    ada: Person,
    cy: Person,
    lying: LyingUtility,
    granted: dict[str, Any],
) -> None:
    said = urlencode({"redirect_uri": OURS, "state": "7"})
    answer = consents(ada, f"/share/{link.code}/?{said}", utility, lying, granted)
    assert cy.browser.get(answer.url).status_code == 404


# -- open redirect ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        OURS + "&more=1",
        OURS.replace("thanks", "thanks/"),
        OURS.upper(),
        "https://solar.example@evil.example/thanks?from=gb",
        "//solar.example/thanks?from=gb",
        "javascript:alert(1)",
        OURS + "#",
        f" {OURS}",
        OURS + "\x00",
    ],
)
@pytest.mark.parametrize("page", ["share", "connect", "choose"])
def test_a_page_that_is_not_registered_to_the_letter_is_refused_before_anything_starts(
    utility: Utility, link: ShareLink, registered: ReturnAddress, ada: Person, url: str, page: str
) -> None:
    start = {
        "share": f"/share/{link.code}/",
        "connect": f"/connect/{utility.slug}/",
        "choose": "/connect/",
    }[page]
    assert refuses(ada, f"{start}?{urlencode({'redirect_uri': url})}")


def test_the_form_cannot_smuggle_another_page_in(
    utility: Utility, link: ShareLink, registered: ReturnAddress, ada: Person
) -> None:
    for path in (f"/share/{link.code}/start/", f"/connect/{utility.slug}/start/"):
        answer = ada.browser.post(path, {"redirect_uri": "https://evil.example/"})
        assert answer.status_code == 400
        assert "evil" not in words(answer)
    assert not ConnectAttempt.objects.exists()


@pytest.mark.parametrize(
    "said",
    [
        "state=1&state=2",
        f"state={'x' * 501}",
        "state=a%0Ab",
        "state=%00",
        "email=nobody",
        "email=a%40b.example%0Abcc%3Ac%40d.example",
        "noredirect=yes",
        "utility=NOWHERE",
        "utility=%00",
    ],
)
def test_what_cannot_be_meant_is_refused(
    utility: Utility, link: ShareLink, ada: Person, said: str
) -> None:
    assert refuses(ada, f"/share/{link.code}/?{said}")
    assert refuses(ada, f"/connect/{utility.slug}/?{said}")


def test_a_disabled_utility_cannot_be_named(utility: Utility, ada: Person) -> None:
    other = cast.make_utility(slug="other")
    other.enabled = False
    other.save()
    assert refuses(ada, "/connect/?utility=OTHER")


def test_a_parameter_that_we_do_not_know_is_passed_over(
    utility: Utility, link: ShareLink, ada: Person
) -> None:
    assert ada.browser.get(f"/share/{link.code}/?utm_source=mail").status_code == 200


# -- what else they say ----------------------------------------------------------------------------


def test_an_email_overrides_the_links_where_the_utility_finds_customers_by_it(
    utility: Utility, ada: Person
) -> None:
    utility.authentication_ways = [
        *cast.WAYS,
        {"type": "email", "label": "E-mail address", "takes_value": True},
    ]
    utility.save()
    link = ShareLink.objects.create(
        utility=utility, authentication_type="email", authentication_value="old@example.com"
    )
    page = f"/share/{link.code}/?{urlencode({'email': EMAIL})}"
    assert "already filled in as j•••@example.com" in words(ada.browser.get(page))
    assert "auth-email-joe%40example.com" in ada.sets_out(page).headers["Location"]
    assert ConnectAttempt.objects.get().offered_email == EMAIL


def test_an_email_is_not_told_to_a_utility_that_does_not_ask_for_it(
    utility: Utility, ada: Person
) -> None:
    link = ShareLink.objects.create(
        utility=utility,
        authentication_type="phone",
        authentication_value="416-555-0101",
        customer_email="old@example.com",
    )
    page = f"/share/{link.code}/?{urlencode({'email': EMAIL})}"
    location = ada.sets_out(page).headers["Location"]
    assert "joe" not in location
    assert "auth-phone" in location
    assert ConnectAttempt.objects.get().offered_email == EMAIL


def test_a_utility_overrides_the_links_and_its_prefill_stays_behind(
    utility: Utility, ada: Person
) -> None:
    other = cast.make_utility("https://other.example", "other")
    link = ShareLink.objects.create(
        utility=utility, authentication_type="phone", authentication_value="416-555-0101"
    )
    location = ada.sets_out(f"/share/{link.code}/?utility=other").headers["Location"]
    assert location.startswith(other.authorize_url)
    assert "auth-phone" not in location


def test_the_connect_page_goes_on_to_the_utility_that_is_named(
    utility: Utility, registered: ReturnAddress, ada: Person
) -> None:
    cast.make_utility(slug="other")
    kept = urlencode({"redirect_uri": OURS, "state": "7"})
    for page in ("/connect/", f"/connect/{utility.slug}/"):
        answer = ada.browser.get(f"{page}?utility=OTHER&{kept}")
        assert answer.headers["Location"] == f"/connect/other/?{kept}"


# -- the addresses themselves ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["https://solar.example/", "https://solar.example:8443/a?b=c", "http://localhost:3000/back"],
)
def test_an_address_of_the_companys_can_be_registered(url: str) -> None:
    check_return_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "solar.example",
        "http://solar.example/",
        "ftp://solar.example/",
        "javascript:alert(1)",
        "https://",
        "https://a@solar.example/",
        "https://solar.example/#top",
        "https://solar.example/ü",
        "https://solar.example/a b\n",
        "https://solar.example\\@evil.example/",
    ],
)
def test_an_address_that_browsers_may_not_be_sent_to_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        check_return_url(url)
