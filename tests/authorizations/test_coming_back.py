"""Guests who want to come back: whose an authorization is, before and after somebody claims it."""

from __future__ import annotations

import threading
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import override_settings

from authorizations.access import COOKIE, SIGNED_OUT
from authorizations.models import Authorization, EmailCode, ShareLink, email_digest
from tests import cast
from tests.cast import Person, authorize, code_sent_to, make_staff, new_address
from tests.lying_utility import LyingUtility
from utilities.models import Utility

pytestmark = pytest.mark.django_db


@pytest.fixture
def address() -> str:
    return new_address("ada")


def panel(person: Person, authorization: Authorization) -> str:
    """The page that offers to come back, with the panel of the usage page on it."""
    page: str = person.browser.get(f"/connections/{authorization.uid}/come-back/").content.decode()
    return page


def gives(person: Person, authorization: Authorization, address: str) -> int:
    answer = person.browser.post(
        f"/connections/{authorization.uid}/come-back/give/", {"email": address}
    )
    return int(answer.status_code)


def confirms(person: Person, authorization: Authorization) -> int:
    answer = person.browser.post(f"/connections/{authorization.uid}/come-back/confirm/")
    return int(answer.status_code)


def claims(person: Person, authorization: Authorization) -> int:
    answer = person.browser.post(f"/connections/{authorization.uid}/claim/")
    return int(answer.status_code)


def stops(person: Person, authorization: Authorization) -> int:
    answer = person.browser.post(f"/connections/{authorization.uid}/disconnect/")
    return int(answer.status_code)


def owner_of(authorization: Authorization) -> str:
    """The address of the account that has it; empty for none."""
    authorization.refresh_from_db()
    return authorization.owner.email if authorization.owner else ""


def sent_by_link(person: Person, utility: Utility, address: str) -> Authorization:
    """What the person made with a link that was sent to this address."""
    authorization = authorize(person, utility)
    authorization.share_link = ShareLink.objects.create(utility=utility, customer_email=address)
    authorization.save()
    return authorization


# -- giving an address ---------------------------------------------------------------------------


def test_a_guest_gives_an_address_proves_it_and_comes_back_from_another_device(
    utility: Utility, ada: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    page = ada.browser.get(f"/usage/{authorization.uid}/").content.decode()
    assert "Come back later, from any device" in page
    assert gives(ada, authorization, address.upper()) == 302
    answer = ada.types_code(code_sent_to(address))
    assert answer.headers["Location"] == f"/usage/{authorization.uid}/"
    assert owner_of(authorization) == address
    phone = Person("Ada's phone")
    assert not phone.sees(authorization)
    phone.signs_in(address)
    assert phone.sees(authorization)
    assert authorization.uid in phone.browser.get("/connections/").content.decode()
    assert authorization.uid in phone.browser.get("/").content.decode()


def test_who_mistyped_goes_back_to_where_it_was_typed(
    utility: Utility, ada: Person, ben: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    gives(ada, authorization, new_address("adda"))
    page = ada.browser.get("/account/code/").content.decode()
    assert f'href="/connections/{authorization.uid}/come-back/">Use another address' in page
    gives(ada, authorization, address)
    ada.types_code(code_sent_to(address))
    assert owner_of(authorization) == address
    # Whoever only wanted to look at it gets the door again, and still comes there.
    usage = f"/usage/{authorization.uid}/"
    ben.browser.post("/account/sign-in/send/", {"email": new_address("ben"), "next": usage})
    page = ben.browser.get("/account/code/").content.decode()
    assert f'href="/account/sign-in/?next={quote(usage, safe="")}">Use another address' in page


def test_whoever_proves_a_given_address_has_it_across_browsers(
    utility: Utility, ada: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    gives(ada, authorization, address)
    phone = Person("Ada's phone")
    phone.signs_in(address)
    assert phone.sees(authorization)
    assert not ada.sees(authorization)


def test_until_somebody_proves_it_a_given_address_changes_nothing(
    utility: Utility, ada: Person, ben: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    gives(ada, authorization, address)
    assert owner_of(authorization) == ""
    assert ada.sees(authorization)
    ben.signs_in(new_address("ben"))
    assert not ben.sees(authorization)
    shown = panel(ada, authorization)
    assert "a•••@example.org" in shown
    assert address not in shown


def test_a_mistyped_address_can_be_given_anew_and_the_first_one_proves_nothing_then(
    utility: Utility, ada: Person, ben: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    mistyped = new_address("ben")
    gives(ada, authorization, mistyped)
    gives(ada, authorization, address)
    ben.signs_in(mistyped)
    assert not ben.sees(authorization)
    assert owner_of(authorization) == ""


def test_a_given_address_is_encrypted_and_its_hash_is_keyed(
    utility: Utility, ada: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    gives(ada, authorization, address)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM authorizations_authorization t")
        (row,) = cursor.fetchone()
    assert address not in row
    assert email_digest(address) in row
    authorization.refresh_from_db()
    assert authorization.customer_email == address


@pytest.mark.parametrize("typed", ["", "ada", "ada@example.org\nBcc: x@example.org", "a@b@c.org"])
def test_what_is_no_address_is_told_beside_the_form(
    utility: Utility, ada: Person, typed: str
) -> None:
    authorization = authorize(ada, utility)
    assert gives(ada, authorization, typed) == 422
    authorization.refresh_from_db()
    assert authorization.customer_email == ""
    assert mail.outbox == []


def test_only_the_guest_who_made_it_gives_confirms_and_claims(
    utility: Utility, ada: Person, ben: Person, cy: Person, address: str
) -> None:
    authorization = sent_by_link(ada, utility, address)
    ben.signs_in(new_address("ben"))
    cy.browser.force_login(make_staff("clerk", "view_authorization", "change_authorization"))
    for stranger in (ben, cy):
        assert gives(stranger, authorization, address) == 404
        assert confirms(stranger, authorization) == 404
        assert claims(stranger, authorization) == 404
    assert owner_of(authorization) == ""
    assert authorization.customer_email == ""


def test_what_was_stopped_is_nobodys_to_give_or_claim(
    lying: LyingUtility, utility: Utility, ada: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    gives(ada, authorization, address)
    stops(ada, authorization)
    assert gives(ada, authorization, address) == 404
    ada.types_code(code_sent_to(address))
    assert claims(ada, authorization) == 404
    assert owner_of(authorization) == ""
    assert ada.sees(authorization)


def test_giving_addresses_is_limited_like_asking_for_codes(
    utility: Utility, ada: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    with override_settings(CODES_AN_HOUR_PER_EMAIL=1):
        assert [gives(ada, authorization, address) for _ in range(2)] == [302, 429]


# -- links are forwarded -------------------------------------------------------------------------


def test_the_links_address_is_offered_masked_and_confirming_it_makes_it_count(
    utility: Utility, ada: Person, address: str
) -> None:
    authorization = sent_by_link(ada, utility, address)
    page = ada.browser.get(f"/usage/{authorization.uid}/").content.decode()
    assert "Is <strong>a•••@example.org</strong> yours?" in page
    assert confirms(ada, authorization) == 302
    code_page = ada.browser.get("/account/code/").content.decode()
    for shown in (page, code_page, panel(ada, authorization)):
        assert address not in shown
    ada.browser.post("/account/code/again/")
    assert address not in ada.browser.get("/account/code/").content.decode()
    ada.types_code(code_sent_to(address))
    assert owner_of(authorization) == address


def test_a_forwarded_link_gives_its_first_reader_nothing(
    utility: Utility, ada: Person, ben: Person, address: str
) -> None:
    """Ada forwards her link; Ben consents with his own account at the utility."""
    bens = sent_by_link(ben, utility, address)
    ada.signs_in(address)
    assert not ada.sees(bens)
    assert bens.uid not in ada.browser.get("/connections/").content.decode()
    assert owner_of(bens) == ""
    assert (bens.customer_email, bens.customer_email_digest) == ("", "")
    ben.signs_in(new_address("ben"))
    assert ben.sees(bens)


def test_ben_may_say_that_the_links_address_is_his_and_then_it_counts(
    utility: Utility, ada: Person, ben: Person, address: str
) -> None:
    bens = sent_by_link(ben, utility, address)
    confirms(ben, bens)
    ada.signs_in(address)
    assert ada.sees(bens)


def test_without_an_offer_there_is_nothing_to_confirm(utility: Utility, ada: Person) -> None:
    assert confirms(ada, authorize(ada, utility)) == 404
    assert confirms(ada, sent_by_link(ada, utility, "no address at all")) == 404


# -- claiming ------------------------------------------------------------------------------------


def test_signing_in_alone_takes_nothing_that_another_guest_left_in_the_browser(
    utility: Utility, ada: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    ada.signs_in(address)
    assert owner_of(authorization) == ""
    page = ada.browser.get("/connections/").content.decode()
    assert "Not in your account" in page
    assert claims(ada, authorization) == 302
    assert owner_of(authorization) == address
    authorization.refresh_from_db()
    assert authorization.customer_email == address
    assert next(event.type for event in authorization.events.all()) == "authorization_claimed"
    assert "Not in your account" not in ada.browser.get("/connections/").content.decode()


def test_a_guest_without_an_account_cannot_claim(utility: Utility, ada: Person) -> None:
    authorization = authorize(ada, utility)
    assert claims(ada, authorization) == 404
    assert owner_of(authorization) == ""


def test_a_second_account_in_the_same_browser_is_refused(
    utility: Utility, ada: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    ada.signs_in(address)
    claims(ada, authorization)
    ada.browser.post("/account/sign-out/")
    ada.signs_in(new_address("second"))
    assert claims(ada, authorization) == 404
    assert gives(ada, authorization, new_address("third")) == 404
    assert stops(ada, authorization) == 404
    assert not ada.sees(authorization)
    assert owner_of(authorization) == address


def test_a_claimed_one_is_not_had_by_an_address_that_was_given_before(
    utility: Utility, ada: Person, ben: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    other = new_address("other")
    gives(ada, authorization, other)
    ada.signs_in(address)
    claims(ada, authorization)
    ben.signs_in(other)
    assert not ben.sees(authorization)
    assert owner_of(authorization) == address


@pytest.mark.django_db(transaction=True)
def test_of_accounts_that_claim_at_once_one_has_it(utility: Utility, ada: Person) -> None:
    authorization = authorize(ada, utility)
    users = [User.objects.create_user(str(n), new_address(str(n))) for n in range(6)]
    claimed: list[str] = []

    def claim(user: User) -> None:
        try:
            if Authorization.objects.get(pk=authorization.pk).claim(user):
                claimed.append(user.email)
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert claimed == [owner_of(authorization)]
    assert authorization.events.filter(type="authorization_claimed").count() == 1


def test_a_stolen_cookie_opens_nothing_once_it_is_claimed(
    utility: Utility, ada: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    thief = Person("a thief", cookie=ada.cookie)
    assert thief.sees(authorization)
    gives(ada, authorization, address)
    ada.types_code(code_sent_to(address))
    assert ada.sees(authorization)
    assert not thief.sees(authorization)
    assert stops(thief, authorization) == 302  # to the sign-in page
    for path in ("usage/{}/", "usage/{}/progress/", "usage/{}/chart/", "connections/{}/stopped/"):
        answer = thief.browser.get(f"/{path.format(authorization.uid)}")
        assert answer.headers["Location"].startswith("/account/sign-in/?next="), path
    assert authorization.uid not in thief.browser.get("/connections/").content.decode()
    assert authorization.uid not in thief.browser.get("/").content.decode()
    authorization.refresh_from_db()
    assert authorization.can_be_stopped()
    thief.signs_in(new_address("thief"))
    assert thief.browser.get(f"/usage/{authorization.uid}/").status_code == 404
    assert stops(thief, authorization) == 404


def test_no_cookie_opens_what_an_account_had_that_is_gone(
    utility: Utility, ada: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    gives(ada, authorization, address)
    ada.types_code(code_sent_to(address))
    User.objects.all().delete()  # as staff may
    assert owner_of(authorization) == ""
    assert ada.browser.get(f"/usage/{authorization.uid}/").status_code == 404
    ada.signs_in(address)
    assert not ada.sees(authorization)


def test_what_is_connected_while_signed_in_is_in_the_account(
    lying: LyingUtility, utility: Utility, ada: Person, address: str, granted: dict[str, str]
) -> None:
    lying.answer("/token", json=granted)
    ada.signs_in(address)
    ada.comes_back(utility, state=ada.begins(utility), code="a-code")
    assert owner_of(Authorization.objects.get()) == address


def test_what_staff_connect_while_signed_in_stays_their_browsers(
    lying: LyingUtility, utility: Utility, ada: Person, granted: dict[str, str]
) -> None:
    lying.answer("/token", json=granted)
    ada.browser.force_login(make_staff("clerk"))
    ada.comes_back(utility, state=ada.begins(utility), code="a-code")
    assert owner_of(Authorization.objects.get()) == ""
    assert ada.sees(Authorization.objects.get())


def test_the_owner_stops_sharing_from_another_device(
    lying: LyingUtility, utility: Utility, ada: Person, address: str
) -> None:
    authorization = authorize(ada, utility)
    gives(ada, authorization, address)
    phone = Person("Ada's phone")
    phone.signs_in(address)
    assert stops(phone, authorization) == 302
    authorization.refresh_from_db()
    assert (authorization.status, authorization.revoked_by) == ("revoked", "customer")
    assert phone.sees(authorization)


def test_a_file_can_be_claimed_alike(ada: Person, address: str) -> None:
    authorization = Authorization.for_file(ada.cookie, None, "")
    gives(ada, authorization, address)
    ada.types_code(code_sent_to(address))
    assert owner_of(authorization) == address
    assert "only your account can see it" in (
        ada.browser.get(f"/usage/{authorization.uid}/").content.decode()
    )


def test_staff_see_no_panel_and_still_look(utility: Utility, ada: Person, cy: Person) -> None:
    authorization = authorize(ada, utility)
    cy.browser.force_login(make_staff("clerk", "view_authorization"))
    page = cy.browser.get(f"/usage/{authorization.uid}/").content.decode()
    assert "Come back later" not in page
    authorization.claim(User.objects.create_user("ada", new_address("ada")))
    assert cy.sees(authorization)


# -- signed out ----------------------------------------------------------------------------------


@pytest.fixture
def claimed(utility: Utility, ada: Person, address: str) -> Authorization:
    """Ada's, whose session has ended."""
    authorization = authorize(ada, utility)
    gives(ada, authorization, address)
    ada.types_code(code_sent_to(address))
    ada.browser.post("/account/sign-out/")
    return authorization


def test_the_browser_that_made_it_is_asked_to_sign_in_and_led_back(
    ada: Person, claimed: Authorization, address: str
) -> None:
    page = f"/usage/{claimed.uid}/"
    answer = ada.browser.get(page, follow=True)
    assert answer.redirect_chain == [(f"/account/sign-in/?next=%2Fusage%2F{claimed.uid}%2F", 302)]
    assert SIGNED_OUT in answer.content.decode()
    assert ada.signs_in(address, next=page).headers["Location"] == page


def test_a_page_in_pieces_goes_to_sign_in_as_a_whole(ada: Person, claimed: Authorization) -> None:
    answer = ada.browser.get(
        f"/usage/{claimed.uid}/progress/",
        headers={
            "HX-Request": "true",
            "HX-Current-URL": f"http://localhost:8000/usage/{claimed.uid}/",
        },
    )
    assert answer.headers["HX-Redirect"] == f"/account/sign-in/?next=%2Fusage%2F{claimed.uid}%2F"


def test_a_script_is_told_in_its_own_words(ada: Person, claimed: Authorization) -> None:
    answer = ada.browser.get(f"/usage/{claimed.uid}/chart/", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()) == (401, {"problem": SIGNED_OUT})


def test_everybody_else_gets_the_answer_of_what_does_not_exist(
    cy: Person, claimed: Authorization
) -> None:
    there = cy.browser.get(f"/usage/{claimed.uid}/")
    nowhere = cy.browser.get("/usage/nothing/")
    assert there.status_code == nowhere.status_code == 404
    assert there.content == nowhere.content
    assert "sign in" in there.content.decode()


@pytest.mark.parametrize("page", ["https://evil.example//evil.example/", "https://[evil", "", "x"])
def test_a_forged_current_page_leads_nowhere_else(
    ada: Person, claimed: Authorization, page: str
) -> None:
    answer = ada.browser.get(
        f"/usage/{claimed.uid}/progress/",
        headers={"HX-Request": "true", "HX-Current-URL": page},
    )
    follow = ada.browser.get(answer.headers["HX-Redirect"]).content.decode()
    assert "evil" not in follow


def test_a_waiting_code_can_be_forgotten_by_the_hash_of_its_address(
    ada: Person, address: str
) -> None:
    ada.asks_for_code(address)
    EmailCode.forget(email_digest(address))
    assert ada.types_code(code_sent_to(address)).status_code == 410


@pytest.mark.parametrize("cookie", ["", "x", "x" * 22])
def test_a_browser_without_a_name_gives_nothing(
    utility: Utility, ada: Person, cookie: str, address: str
) -> None:
    Authorization.objects.create(utility=utility, origin=Authorization.Origin.FILE)
    visitor = cast.browser()
    visitor.cookies[COOKIE] = cookie
    uid = Authorization.objects.get().uid
    answer = visitor.post(f"/connections/{uid}/come-back/give/", {"email": address})
    assert answer.status_code == 404
