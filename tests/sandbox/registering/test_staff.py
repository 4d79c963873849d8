"""The review of companies by the utility's staff."""

from typing import Any

import pytest
from django.core import mail

from tests.sandbox.companies import Person, decided, registered
from tests.sandbox.walk import PUC_HOME, Company, Walk, error, get, path_of
from utilities.sandbox.models import Grant, Registration
from utilities.sandbox.registering import reviewing
from utilities.sandbox.registering.reviewing import Action

VERBS = ["approve", "reject", "hold", "revoke", "live"]
ORDINARY = {
    "type": "lastbill",
    "value": "41002773-03",
    "bill_amount": "148.36",
    "bill_date": "2026-10-21",
}


@pytest.fixture
def dana() -> Person:
    """Dana works for PUC Distribution."""
    return Person.staff("ssmpuc")


@pytest.fixture
def company() -> Registration:
    return registered(Person.named("ada"))


def act(person: Person, registration: Registration, verb: str, reason: str = "") -> Any:
    address = f"/{registration.utility}/staff/{registration.client_id}/{verb}/"
    return person.post(address, {"reason": reason})


class TestDeciding:
    def test_an_approved_company_of_puc_is_told_to_switch_itself(
        self, dana: Person, company: Registration
    ) -> None:
        act(dana, company, "approve")
        company.refresh_from_db()
        assert (company.review, company.status) == ("approved", "sandbox")
        (message,) = mail.outbox
        assert message.to == ["office@ada.example"]
        assert "You can now switch to live yourself" in message.body
        assert company.settings_url in message.body

    def test_an_approved_company_of_svce_is_switched_and_told_so(self) -> None:
        company = registered(Person.named("ada"), "svce")
        act(Person.staff("svce"), company, "approve")
        company.refresh_from_db()
        assert company.is_live
        (message,) = mail.outbox
        assert "We have switched you to live" in message.body
        assert "you can switch back to sandbox" in message.body

    @pytest.mark.parametrize(
        ("verb", "review"), [("reject", "rejected"), ("hold", "held"), ("revoke", "revoked")]
    )
    def test_every_other_decision_needs_a_reason_that_the_company_reads(
        self, dana: Person, company: Registration, verb: str, review: str
    ) -> None:
        assert act(dana, company, verb, "  ").status_code == 422
        assert "Please give the reason" in dana.text
        assert mail.outbox == []
        act(dana, company, verb, "Your website\0 says <nothing>.")
        company.refresh_from_db()
        assert company.review == review
        assert "Your website says <nothing>." in mail.outbox[0].body

    def test_each_step_says_who_when_and_why(self, dana: Person, company: Registration) -> None:
        act(dana, company, "hold", "A complaint.")
        act(dana, company, "approve", "It is settled.")
        steps = list(company.steps.all())
        assert [step.action for step in steps] == ["approved", "held", "registered"]
        assert [step.by for step in steps[:2]] == [dana.user, dana.user]
        assert [step.reason for step in steps[:2]] == ["It is settled.", "A complaint."]
        assert "A complaint." in dana.html

    def test_a_hold_of_a_live_company_ends_with_its_approval(self) -> None:
        ada = Person.named("ada")
        company = decided(registered(ada), Action.APPROVED)
        company = reviewing.go_live(company, ada.user).registration
        company = decided(company, Action.HELD)
        assert not company.is_live
        company = decided(company, Action.APPROVED)
        assert company.is_live

    def test_a_revoked_company_can_be_taken_back_but_is_in_sandbox(self) -> None:
        ada = Person.named("ada")
        company = decided(registered(ada), Action.APPROVED)
        company = reviewing.go_live(company, ada.user).registration
        assert decided(company, Action.REVOKED).status == "sandbox"
        assert decided(company, Action.APPROVED).status == "sandbox"

    @pytest.mark.parametrize(
        ("first", "verb"),
        [
            (Action.APPROVED, "approve"),
            (Action.APPROVED, "reject"),
            (Action.HELD, "reject"),
            (Action.HELD, "hold"),
            (Action.REVOKED, "hold"),
            (Action.REVOKED, "revoke"),
        ],
    )
    def test_what_makes_no_sense_is_not_done(
        self, dana: Person, company: Registration, first: Action, verb: str
    ) -> None:
        decided(company, first)
        assert act(dana, company, verb, "Again.").status_code == 422
        assert company.steps.count() == 2

    def test_the_public_client_is_not_reviewed(self, dana: Person) -> None:
        public = Registration.objects.get(client_id="SSMPUC_ccccccccc")
        assert act(dana, public, "revoke", "Out.").status_code == 422
        public.refresh_from_db()
        assert public.review == "waiting"

    def test_a_mail_server_that_is_down_undoes_no_decision(
        self, dana: Person, company: Registration, settings: Any
    ) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
        act(dana, company, "approve")
        company.refresh_from_db()
        assert company.review == "approved"
        assert "could not be sent" in dana.text


class TestSwitching:
    def test_staff_of_svce_switch_an_approved_company(self) -> None:
        ada = Person.named("ada")
        company = decided(registered(ada, "svce"), Action.APPROVED)
        company = reviewing.go_back(company, ada.user).registration
        act(Person.staff("svce"), company, "live")
        company.refresh_from_db()
        assert company.is_live
        assert "We have switched" in mail.outbox[-1].body

    def test_staff_of_puc_do_not(self, dana: Person, company: Registration) -> None:
        decided(company, Action.APPROVED)
        assert act(dana, company, "live").status_code == 422
        company.refresh_from_db()
        assert company.status == "sandbox"

    def test_nobody_switches_a_company_that_is_not_approved(self) -> None:
        company = registered(Person.named("ada"), "svce")
        assert act(Person.staff("svce"), company, "live").status_code == 422
        company.refresh_from_db()
        assert company.status == "sandbox"


class TestHeldAndRevoked:
    @pytest.mark.parametrize("action", [Action.HELD, Action.REVOKED])
    def test_nobody_can_authorize_it(self, company: Registration, action: Action) -> None:
        company = decided(company, action)
        walk = Walk(Company(company))
        assert walk.page.status_code in {400, 401}
        assert not walk.shows("authenticate")
        assert "Location" not in walk.page

    @pytest.mark.parametrize("action", [Action.HELD, Action.REVOKED])
    def test_it_gets_no_token_and_no_data(self, company: Registration, action: Action) -> None:
        third_party = Company(company)
        answer = third_party.authorized()
        client_token = third_party.client_token()
        decided(company, action)
        refused = third_party.ask_token(grant_type="client_credentials")
        assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
        again = third_party.ask_token(
            grant_type="refresh_token", refresh_token=answer["refresh_token"]
        )
        assert again.status_code == 400
        usage = get(path_of(answer["resourceURI"]), answer["access_token"])
        listed = get("/DataCustodian/espi/1_1/resource/Authorization", client_token)
        expected = 403 if action == Action.HELD else 401
        assert (usage.status_code, listed.status_code) == (expected, expected)

    def test_after_a_hold_everything_goes_on(self, company: Registration) -> None:
        third_party = Company(company)
        answer = third_party.authorized()
        decided(company, Action.HELD)
        decided(company, Action.APPROVED)
        assert get(path_of(answer["resourceURI"]), answer["access_token"]).status_code == 200

    def test_revoking_ends_every_consent(self, company: Registration) -> None:
        Company(company).authorized()
        decided(company, Action.REVOKED)
        assert not company.grants.get().is_active

    def test_what_the_company_had_ended_itself_is_not_restored_after_it_is_taken_back(
        self, company: Registration
    ) -> None:
        Company(company).authorized()
        company.grants.get().revoke(Grant.Party.COMPANY)
        decided(company, Action.REVOKED)
        decided(company, Action.APPROVED)
        assert not company.grants.get().restore()

    @pytest.mark.parametrize("action", [Action.HELD, Action.REVOKED])
    def test_who_stands_on_the_consent_page_meanwhile_cannot_share(
        self, company: Registration, action: Action
    ) -> None:
        walk = Walk(Company(company))
        walk.sign_in()
        decided(company, action)
        walk.allow()
        assert walk.page.status_code == 403
        assert error(walk) == "not_in_use"
        assert not company.grants.exists()
        walk.submit("cancel", {}, follow=False)
        assert walk.returned()["error"] == "access_denied"

    def test_a_company_that_took_itself_off_the_list_meanwhile_gets_nothing(
        self, company: Registration
    ) -> None:
        walk = Walk(Company(company))
        walk.sign_in()
        reviewing.remove(company, company.owner)
        assert walk.client.get(walk.page.request["PATH_INFO"]).status_code == 403
        walk.allow()
        assert walk.page.status_code == 403
        assert not company.grants.exists()


def test_a_company_that_went_back_to_sandbox_meanwhile_gets_no_real_customer(
    company: Registration,
) -> None:
    ada = company.owner
    company = reviewing.go_live(decided(company, Action.APPROVED), ada).registration
    walk = Walk(Company(company))
    walk.authenticate(**ORDINARY)
    reviewing.go_back(company, ada)
    walk.allow()
    assert walk.page.status_code == 403
    assert error(walk) == "not_live"
    assert not company.grants.exists()


def test_real_customers_come_with_live(company: Registration) -> None:
    ada = company.owner
    company = decided(company, Action.APPROVED)
    walk = Walk(Company(company))
    walk.authenticate(**ORDINARY)
    assert "not live yet" in walk.html
    company = reviewing.go_live(company, ada).registration
    walk = Walk(Company(company))
    walk.authenticate(**ORDINARY)
    assert walk.shows("consent")
    reviewing.go_back(company, ada)
    walk = Walk(Company(Registration.objects.get(pk=company.pk)))
    walk.authenticate(**PUC_HOME)
    assert walk.shows("consent")


class TestList:
    def test_those_that_wait_come_first(self, dana: Person) -> None:
        ada = Person.named("ada")
        decided(registered(ada, company_name="Second Co"), Action.APPROVED)
        registered(ada, company_name="First Co")
        decided(registered(ada, company_name="Third Co"), Action.APPROVED)
        html = dana.open("/ssmpuc/staff/")
        assert html.index("First Co") < html.index("Third Co") < html.index("Second Co")

    def test_it_is_narrowed_by_review_and_by_words(self, dana: Person) -> None:
        ada = Person.named("ada")
        registered(ada, company_name="Waiting Co")
        decided(registered(ada, company_name="Approved Co"), Action.APPROVED)
        html = dana.open("/ssmpuc/staff/?review=approved")
        assert "Approved Co" in html
        assert "Waiting Co" not in html
        assert "Waiting Co" in dana.open("/ssmpuc/staff/?q=waiting")
        assert "Approved Co" not in dana.html

    @pytest.mark.parametrize("query", ["review=nothing", "q=%00", "q=%25", f"q={'x' * 5000}"])
    def test_odd_words_find_what_they_find(self, dana: Person, query: str) -> None:
        dana.open(f"/ssmpuc/staff/?{query}")
        assert dana.page.status_code == 200

    def test_it_has_this_utilitys_companies_only(self, dana: Person) -> None:
        registered(Person.named("ada"), "svce", company_name="Californian Co")
        assert "Californian Co" not in dana.open("/ssmpuc/staff/")


class TestStrangers:
    @pytest.mark.parametrize("verb", VERBS)
    @pytest.mark.parametrize("who", ["owner", "another utility", "nobody"])
    def test_nobody_else_decides(self, company: Registration, verb: str, who: str) -> None:
        assert company.owner
        person = Person.stranger()
        if who == "owner":
            person = Person.signed_in(company.owner)
        elif who == "another utility":
            person = Person.staff("svce")
        act(person, company, verb, "Because.")
        assert person.page.status_code == 403 or "/sign-in/" in person.page.request["PATH_INFO"]
        company.refresh_from_db()
        assert company.review == "waiting"

    @pytest.mark.parametrize("address", ["/ssmpuc/staff/", "/ssmpuc/staff/{}/"])
    def test_nobody_else_looks(self, company: Registration, address: str) -> None:
        assert company.owner
        owner = Person.signed_in(company.owner)
        assert owner.client.get(address.format(company.client_id)).status_code == 403
        assert browser_status(address.format(company.client_id)) == 302

    def test_the_page_shows_no_secret(self, dana: Person, company: Registration) -> None:
        html = dana.open(f"/ssmpuc/staff/{company.client_id}/")
        assert company.client_secret not in html
        assert company.registration_access_token not in html


def browser_status(address: str) -> int:
    status: int = Person.stranger().client.get(address).status_code
    return status
