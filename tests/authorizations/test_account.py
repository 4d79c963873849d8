"""A customer's account: another address for it, and its end."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection

from authorizations.models import Authorization, EmailCode
from tests.cast import Person, authorize, code_sent_to, make_staff, new_address
from tests.lying_utility import LyingUtility
from utilities.models import Utility

pytestmark = pytest.mark.django_db

CLIENT_TOKEN = {"token_type": "Bearer", "access_token": "client-token"}


@pytest.fixture
def address() -> str:
    return new_address("ada")


@pytest.fixture
def shared(utility: Utility, ada: Person, address: str) -> Authorization:
    """Ada's, in her account; she is signed in."""
    authorization = authorize(ada, utility)
    ada.signs_in(address)
    authorization.claim(User.objects.get(email=address))
    return authorization


def wants(person: Person, address: str) -> int:
    """Ask that the account have this address."""
    return int(person.browser.post("/account/address/send/", {"email": address}).status_code)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/account/"),
        ("get", "/account/address/"),
        ("post", "/account/address/send/"),
        ("get", "/account/end/"),
        ("post", "/account/end/stop/"),
        ("post", "/account/end/keep/"),
    ],
)
def test_who_is_not_signed_in_as_a_customer_is_sent_to_sign_in(
    ada: Person, ben: Person, method: str, path: str
) -> None:
    ben.browser.force_login(make_staff("clerk"))
    for person in (ada, ben):
        answer = getattr(person.browser, method)(path)
        assert answer.headers["Location"] == "/account/sign-in/?next=%2Faccount%2F"
    assert User.objects.filter(username="clerk").exists()


# -- another address -----------------------------------------------------------------------------


def test_another_address_takes_its_place_once_it_is_proved(
    ada: Person, shared: Authorization, address: str
) -> None:
    new = new_address("lovelace")
    assert wants(ada, new) == 302
    assert User.objects.get().email == address
    assert ada.types_code(code_sent_to(new)).headers["Location"] == "/account/"
    assert User.objects.get().email == new
    assert [row.email for row in EmailAddress.objects.all()] == [new]
    shared.refresh_from_db()
    assert shared.customer_email == new
    assert ada.sees(shared)


def test_the_old_address_is_told_and_opens_nothing_any_more(
    ada: Person, ben: Person, shared: Authorization, address: str
) -> None:
    new = new_address("lovelace")
    wants(ada, new)
    ada.types_code(code_sent_to(new))
    told = mail.outbox[-1]
    assert told.to == [address]
    assert "l•••@example.org" in told.body
    assert new not in told.body
    ben.signs_in(address)
    assert not ben.sees(shared)


def test_an_address_of_another_account_is_refused_only_once_it_is_proved(
    ada: Person, ben: Person, shared: Authorization, address: str
) -> None:
    taken = new_address("ben")
    ben.signs_in(taken)
    assert wants(ada, taken) == 302
    answer = ada.types_code(code_sent_to(taken))
    assert answer.status_code == 409
    assert "There is another account with this address" in answer.content.decode()
    assert [user.email for user in User.objects.filter(authorizations=shared)] == [address]


def test_an_address_of_staff_is_not_to_be_had(
    ada: Person, shared: Authorization, address: str
) -> None:
    boss = new_address("boss")
    User.objects.create_user("boss", boss, is_staff=True)
    assert wants(ada, boss) == 302
    assert ada.types_code("0000-0000").status_code == 422
    assert [user.email for user in User.objects.filter(authorizations=shared)] == [address]


def test_a_code_for_another_address_does_not_sign_in(
    ada: Person, shared: Authorization, address: str
) -> None:
    new = new_address("lovelace")
    wants(ada, new)
    ada.browser.post("/account/sign-out/")
    assert ada.types_code(code_sent_to(new)).status_code == 410
    assert "_auth_user_id" not in ada.browser.session
    assert User.objects.get().email == address


def test_a_code_for_adas_other_address_does_nothing_to_the_account_of_ben(
    ada: Person, shared: Authorization, address: str
) -> None:
    new, bens = new_address("lovelace"), new_address("ben")
    wants(ada, new)
    waiting = EmailCode.objects.get()
    code = code_sent_to(new)
    ada.browser.post("/account/sign-out/")
    ada.signs_in(bens)
    waiting.pk = None
    waiting.save(force_insert=True)
    assert ada.types_code(code).status_code == 410
    assert sorted(User.objects.values_list("email", flat=True)) == sorted([address, bens])


@pytest.mark.parametrize("typed", ["", "ada", "ada@example.org\nBcc: ben@example.org"])
def test_what_is_no_address_is_told_beside_the_form(
    ada: Person, shared: Authorization, typed: str
) -> None:
    mail.outbox.clear()
    assert wants(ada, typed) == 422
    assert mail.outbox == []


# -- its end -------------------------------------------------------------------------------------


def test_the_page_says_what_is_shared_and_offers_both_ends(
    ada: Person, shared: Authorization
) -> None:
    page = ada.browser.get("/account/end/").content.decode()
    assert shared.source_name in page
    assert "Stop sharing and delete my account" in page
    assert "Delete my account only" in page
    assert "does not stop sharing by itself" in page


def test_ended_with_its_sharing_the_utility_is_told_and_nothing_is_left(
    lying: LyingUtility, ada: Person, shared: Authorization, address: str
) -> None:
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/Authorization/1", 200)
    answer = ada.browser.post("/account/end/stop/", follow=True)
    assert "All sharing has stopped" in answer.content.decode()
    assert not User.objects.exists()
    assert not EmailAddress.objects.exists()
    shared.refresh_from_db()
    assert (shared.status, shared.revoked_by, shared.owner) == ("revoked", "customer", None)
    assert [one.method for one in lying.asked("/resource/Authorization/1")] == ["DELETE"]
    assert not ada.sees(shared)
    assert "_auth_user_id" not in ada.browser.session


def test_a_utility_that_cannot_be_told_stops_nothing_from_ending(
    lying: LyingUtility, ada: Person, shared: Authorization
) -> None:
    lying.answer("/token", 503)
    answer = ada.browser.post("/account/end/stop/", follow=True)
    assert "We could not reach" in answer.content.decode()
    shared.refresh_from_db()
    assert shared.status == Authorization.Status.REVOKED
    assert not User.objects.exists()


def test_ended_without_its_sharing_it_is_a_guests_in_this_browser(
    lying: LyingUtility, utility: Utility, ada: Person, ben: Person, address: str
) -> None:
    elsewhere = authorize(ben, utility)
    ada.signs_in(address)
    elsewhere.claim(User.objects.get())
    answer = ada.browser.post("/account/end/keep/", follow=True)
    assert "Sharing goes on" in answer.content.decode()
    assert not User.objects.exists()
    elsewhere.refresh_from_db()
    assert elsewhere.status == Authorization.Status.ACTIVE
    assert (elsewhere.customer_email, elsewhere.customer_email_digest) == ("", "")
    assert ada.sees(elsewhere)
    assert not ben.sees(elsewhere)
    assert lying.requests == []
    phone = Person("Ada's phone")
    phone.signs_in(address)
    assert not phone.sees(elsewhere)


def test_ending_an_account_touches_nobody_elses(
    utility: Utility, ada: Person, ben: Person, shared: Authorization
) -> None:
    bens, guests = authorize(ben, utility), authorize(ada, utility)
    ben.signs_in(new_address("ben"))
    bens.claim(User.objects.get(email__startswith="ben"))
    ada.browser.post("/account/end/stop/")
    for other in (bens, guests):
        other.refresh_from_db()
        assert other.status == Authorization.Status.ACTIVE
    assert ben.sees(bens)
    assert ada.sees(guests)


def test_a_session_elsewhere_ends_with_the_account(
    ada: Person, shared: Authorization, address: str
) -> None:
    phone = Person("Ada's phone")
    phone.signs_in(address)
    ada.browser.post("/account/end/keep/")
    assert phone.browser.get("/account/").status_code == 302
    assert not phone.sees(shared)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("again", ["stop", "keep"])
def test_a_second_click_finds_the_account_gone_and_says_so_calmly(
    lying: LyingUtility, ada: Person, shared: Authorization, again: str
) -> None:
    """It comes while the first one still tells the utility, and is through before it."""
    twin = Person("Ada's other tab", cookie=ada.cookie)
    twin.browser.cookies = ada.browser.cookies
    statuses: list[int] = []

    def clicks_again() -> None:
        statuses.append(twin.browser.post(f"/account/end/{again}/").status_code)
        connection.close()

    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/Authorization/1", 200, before=clicks_again)
    lying.answer("/resource/Authorization/1", 200)
    statuses.append(ada.browser.post("/account/end/stop/").status_code)
    assert statuses == [302, 302]
    assert not User.objects.exists()
    shared.refresh_from_db()
    assert (shared.status, shared.owner) == (Authorization.Status.REVOKED, None)
