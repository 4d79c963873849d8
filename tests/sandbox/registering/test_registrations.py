"""The settings of a registration, for its owner."""

import re
from typing import Any

import pytest

from tests.sandbox.companies import DETAILS, Person, decided, registered
from tests.sandbox.walk import Company, Walk, browser, get
from utilities.sandbox.models import Registration
from utilities.sandbox.registering import reviewing
from utilities.sandbox.registering.forms import Details
from utilities.sandbox.registering.reviewing import Action

VERBS = [
    "save",
    "secret/show",
    "secret/rotate",
    "token/show",
    "token/rotate",
    "live",
    "sandbox",
    "review",
    "remove",
    "restore",
]


@pytest.fixture
def ada() -> Person:
    return Person.named("ada")


@pytest.fixture
def mine(ada: Person) -> Registration:
    return registered(ada)


def act(person: Person, registration: Registration, verb: str, **data: Any) -> Any:
    return person.post(
        f"/{registration.utility}/registrations/{registration.client_id}/{verb}/", data
    )


def test_the_page_has_everything_that_software_needs(ada: Person, mine: Registration) -> None:
    html = ada.open(mine.settings_url.removeprefix("http://127.0.0.1:8001"))
    programme = mine.programme
    for fact in (
        mine.client_id,
        programme.authorize_url,
        programme.token_url,
        programme.metadata_url,
        "/DataCustodian/espi/1_1/resource",
        mine.application_url,
        "https://ada.example/back",
        "FB=4_16",
    ):
        assert fact in html
    assert "no-store" in ada.page["Cache-Control"]


def test_secret_and_token_are_shown_on_demand_only(ada: Person, mine: Registration) -> None:
    html = ada.open(f"/ssmpuc/registrations/{mine.client_id}/")
    assert mine.client_secret not in html
    assert mine.registration_access_token not in html
    act(ada, mine, "secret/show")
    assert mine.client_secret in ada.html
    assert mine.registration_access_token not in ada.html
    act(ada, mine, "token/show")
    assert mine.registration_access_token in ada.html
    assert "no-store" in ada.page["Cache-Control"]


def test_a_rotated_secret_replaces_the_old_one(ada: Person, mine: Registration) -> None:
    old = Company(mine).basic()
    act(ada, mine, "secret/rotate")
    shown = re.search(r'id="client-secret">([^<]+)<', ada.html)
    assert shown
    mine.refresh_from_db()
    assert mine.has_secret(shown[1])
    refused = Company(mine).ask_token({"authorization": old}, grant_type="client_credentials")
    assert refused.status_code == 401
    assert Company(mine).ask_token(grant_type="client_credentials").status_code == 200


def test_a_rotated_token_replaces_the_old_one(ada: Person, mine: Registration) -> None:
    old = mine.registration_access_token
    act(ada, mine, "token/rotate")
    mine.refresh_from_db()
    assert mine.registration_access_token in ada.html
    address = mine.application_url.removeprefix("http://127.0.0.1:8001")
    assert get(address, old).status_code == 401
    assert get(address, mine.registration_access_token).status_code == 200


def test_what_the_company_says_can_be_changed(ada: Person, mine: Registration) -> None:
    act(ada, mine, "save", **DETAILS, requires_pkce="on")
    mine.refresh_from_db()
    assert mine.redirect_uris == ["https://ada.example/back", "http://localhost:5000/back"]
    assert mine.notify_uri == "https://ada.example/notify"
    assert mine.requires_pkce
    assert [step.action for step in mine.steps.all()] == ["changed", "registered"]


def test_what_cannot_be_taken_changes_nothing(ada: Person, mine: Registration) -> None:
    response = act(ada, mine, "save", **DETAILS | {"redirect_uris": "http://ada.example/"})
    assert response.status_code == 422
    assert "Nothing was saved yet" in ada.text
    mine.refresh_from_db()
    assert mine.redirect_uris == ["https://ada.example/back"]
    assert mine.phone == ""


def test_saving_does_not_undo_what_the_utility_decided_meanwhile(
    ada: Person, mine: Registration
) -> None:
    stale = Registration.objects.get(pk=mine.pk)
    decided(mine, Action.REVOKED)
    form = Details(DETAILS, instance=stale)
    assert form.is_valid()
    reviewing.change(form, ada.user)
    mine.refresh_from_db()
    assert mine.review == "revoked"


@pytest.mark.parametrize("action", [None, Action.REJECTED, Action.HELD, Action.REVOKED])
def test_nobody_goes_live_without_approval(
    ada: Person, mine: Registration, action: Action | None
) -> None:
    if action:
        decided(mine, action)
    act(ada, mine, "live")
    assert "cannot be switched to live" in ada.text
    mine.refresh_from_db()
    assert mine.status == "sandbox"


@pytest.mark.parametrize("utility", ["ssmpuc", "svce"])
def test_an_approved_company_switches_back_and_forth(ada: Person, utility: str) -> None:
    registration = decided(registered(ada, utility), Action.APPROVED)
    if utility == "ssmpuc":
        act(ada, registration, "live")
    act(ada, registration, "sandbox")
    registration.refresh_from_db()
    assert registration.status == "sandbox"
    act(ada, registration, "live")
    registration.refresh_from_db()
    assert registration.is_live
    assert "You are live" in ada.text


def test_a_rejected_company_asks_for_another_review(ada: Person, mine: Registration) -> None:
    decided(mine, Action.REJECTED, "The website is empty.")
    assert "The website is empty." in ada.open(f"/ssmpuc/registrations/{mine.client_id}/")
    act(ada, mine, "review")
    mine.refresh_from_db()
    assert mine.review == "waiting"


def test_nobody_else_asks_for_another_review(ada: Person, mine: Registration) -> None:
    decided(mine, Action.REVOKED)
    act(ada, mine, "review")
    mine.refresh_from_db()
    assert mine.review == "revoked"


def test_what_is_taken_off_the_list_can_be_put_back(ada: Person, mine: Registration) -> None:
    act(ada, mine, "remove")
    mine.refresh_from_db()
    assert not mine.is_usable
    walk = Walk(Company(mine))
    assert walk.page.status_code in {400, 401}
    act(ada, mine, "restore")
    assert Registration.objects.get(pk=mine.pk).is_usable
    assert Walk(Company(mine)).shows("authenticate")


def test_the_dashboard_lists_what_was_authorized(ada: Person, mine: Registration) -> None:
    Company(mine).authorized()
    html = ada.open(f"/ssmpuc/registrations/{mine.client_id}/")
    grant = mine.grants.get()
    assert grant.uid in html
    assert grant.account.name not in html
    assert grant.account.number not in html


class TestStrangers:
    @pytest.mark.parametrize("verb", VERBS)
    def test_nobody_acts_on_anothers_registration(self, mine: Registration, verb: str) -> None:
        ben = Person.named("ben")
        assert act(ben, mine, verb).status_code == 404
        before = Registration.objects.get(pk=mine.pk)
        assert (before.secret_version, before.token_version, before.removed_at) == (1, 1, None)

    @pytest.mark.parametrize("verb", VERBS)
    def test_cy_is_asked_to_sign_in(self, mine: Registration, verb: str) -> None:
        cy = Person.stranger()
        act(cy, mine, verb)
        assert "/sign-in/" in cy.page.request["PATH_INFO"]

    @pytest.mark.parametrize("verb", VERBS)
    def test_nothing_is_done_by_a_link(self, ada: Person, mine: Registration, verb: str) -> None:
        address = f"/ssmpuc/registrations/{mine.client_id}/{verb}/"
        assert ada.client.get(address).status_code == 405

    def test_staff_do_not_see_a_companys_secrets(self, mine: Registration) -> None:
        staff = Person.staff("ssmpuc")
        assert act(staff, mine, "secret/show").status_code == 404

    def test_a_registration_belongs_to_its_utility(self, ada: Person, mine: Registration) -> None:
        assert ada.client.get(f"/svce/registrations/{mine.client_id}/").status_code == 404

    def test_the_list_has_ones_own_only(self, ada: Person, mine: Registration) -> None:
        assert mine.client_id in ada.open("/ssmpuc/registrations/")
        assert mine.client_id not in Person.named("ben").open("/ssmpuc/registrations/")

    def test_a_public_client_has_no_settings(self, ada: Person) -> None:
        assert ada.client.get("/ssmpuc/registrations/SSMPUC_ccccccccc/").status_code == 404

    @pytest.mark.parametrize("name", ["%00", "a%00b", "x" * 200, "..%2f", "%F0%28%8C%28"])
    def test_an_odd_name_is_not_there(self, ada: Person, name: str) -> None:
        assert ada.client.get(f"/ssmpuc/registrations/{name}/").status_code == 404
        assert browser().get(f"/ssmpuc/staff/{name}/").status_code == 404
