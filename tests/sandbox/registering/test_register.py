"""How a company registers on a page, and signs in afterwards."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail

from tests.sandbox.companies import DETAILS, PASSWORD, Person
from utilities.sandbox.models import Registration, ReviewStep

NEW = {"account_email": "Ada@Ada.example", "password": PASSWORD, "terms": "on"}


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def send(person: Person, **changed: Any) -> Any:
    fields = DETAILS | (NEW if person.user is None else {"terms": "on"}) | changed
    return person.post("/ssmpuc/register/send/", fields)


def ours() -> Registration:
    return Registration.objects.get(is_public=False)


class TestRegistering:
    def test_a_newcomer_gets_an_account_a_client_and_sandbox_status(self) -> None:
        ada = Person.stranger()
        response = send(ada)
        assert response.status_code == 200
        registration = ours()
        assert response.request["PATH_INFO"] == f"/ssmpuc/registrations/{registration.client_id}/"
        assert re.fullmatch(r"SSMPUC_[0-9a-f]{20}", registration.client_id)
        assert registration.owner == User.objects.get(username="ada@ada.example")
        assert (registration.status, registration.review) == ("sandbox", "waiting")
        assert registration.redirect_uris == [
            "https://ada.example/back",
            "http://localhost:5000/back",
        ]
        assert [step.action for step in registration.steps.all()] == ["registered"]
        assert "in sandbox" in ada.text

    def test_an_e_mail_says_what_comes_next_and_no_secret(self) -> None:
        send(Person.stranger())
        (message,) = mail.outbox
        registration = ours()
        assert message.to == ["office@ada.example"]
        assert message.from_email == "PUC Distribution <no-reply@ssmpuc.invalid>"
        assert registration.client_id in message.body
        assert registration.settings_url in message.body
        assert "Ada's Audits" in message.body
        assert registration.client_secret not in message.body
        assert registration.registration_access_token not in message.body

    def test_whoever_is_signed_in_needs_no_second_account(self) -> None:
        ada = Person.named("ada")
        assert 'name="password"' not in ada.open("/ssmpuc/register/")
        send(ada)
        assert ours().owner == ada.user

    def test_an_account_that_exists_is_not_taken_over(self) -> None:
        Person.named("ada")
        stranger = Person.stranger()
        assert send(stranger).status_code == 422
        assert "Please sign in first" in stranger.text
        assert not Registration.objects.filter(is_public=False).exists()

    @pytest.mark.parametrize("name", ["company_name", "email", "purpose", "redirect_uris", "terms"])
    def test_what_is_needed_cannot_be_left_out(self, name: str) -> None:
        ada = Person.stranger()
        assert send(ada, **{name: ""}).status_code == 422
        assert not Registration.objects.filter(is_public=False).exists()
        assert not User.objects.filter(username="ada@ada.example").exists()

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("company_name", "Ada\r\nBcc: everybody@example.org"),
            ("company_name", "Ada\0"),
            ("company_name", "A" * 201),
            ("email", "nobody"),
            ("website", "javascript:alert(1)"),
            ("website", "ftp://ada.example/"),
            ("notify_uri", "http://ada.example/notify"),
            ("notify_uri", "https://ada.example/notify#here"),
            ("default_scope", "4_16"),
            ("default_scope", "FB=1_3"),
            ("default_scope", "FB=4\0"),
            ("redirect_uris", "\n".join(f"https://ada.example/{n}" for n in range(21))),
            ("password", "12345678"),
            ("password", "short"),
            ("account_email", "x" * 300 + "@example.org"),
        ],
    )
    def test_what_cannot_be_taken_is_told_beside_the_field(self, name: str, value: str) -> None:
        ada = Person.stranger()
        assert send(ada, **{name: value}).status_code == 422
        assert 'class="error"' in ada.html
        assert PASSWORD not in ada.html
        assert not Registration.objects.filter(is_public=False).exists()

    @pytest.mark.spec("RFC 6749", "3.1.2")
    @pytest.mark.parametrize(
        "uri",
        [
            "http://ada.example/back",
            "https://ada.example/back#fragment",
            "https://ada.example/back#",
            "https://ada@ada.example/back",
            "https://*.ada.example/back",
            "https://ada.example;script-src/back",
            "https:///back",
            "https://ada.example:99999/",
            "https://[::1/back",
            "ada.example/back",
            "/back",
            "myapp://back",
            "https://ada.example/ba ck",
            "https://ada.example/\\evil.example",
            "https://ada.example/café",
            "https://ada.example/" + "a" * 2000,
            "http://127.0.0.1.evil.example/",
        ],
    )
    def test_a_redirect_uri_is_https_or_on_ones_own_machine(self, uri: str) -> None:
        ada = Person.stranger()
        assert send(ada, redirect_uris=uri).status_code == 422
        assert not Registration.objects.filter(is_public=False).exists()

    def test_the_hosts_of_ones_own_machine_may_speak_http(self) -> None:
        uris = ["http://localhost/a", "http://127.0.0.1:3000/b?c=d", "http://[::1]:8080/e"]
        send(Person.stranger(), redirect_uris="\n".join(uris))
        assert ours().redirect_uris == uris

    def test_an_address_can_register_so_many_companies_an_hour(self, settings: Any) -> None:
        settings.REGISTRATIONS_AN_HOUR_PER_ADDRESS = 1
        ada = Person.named("ada")
        assert send(ada).status_code == 200
        assert send(ada).status_code == 429
        assert Registration.objects.filter(owner=ada.user).count() == 1

    def test_nobody_tries_out_who_has_an_account(self) -> None:
        stranger = Person.stranger()
        statuses = [send(stranger, terms="").status_code for _ in range(11)]
        assert statuses == [422] * 10 + [429]

    def test_a_form_without_its_token_is_refused(self) -> None:
        response = Person.stranger().client.post("/ssmpuc/register/send/", DETAILS | NEW)
        assert response.status_code == 403
        assert not ReviewStep.objects.exists()


class TestSigningIn:
    def ada(self) -> User:
        return User.objects.create_user("ada@ada.example", "ada@ada.example", PASSWORD)

    def sign_in(self, person: Person, **data: str) -> Any:
        typed = {"email": "ada@ada.example", "password": PASSWORD} | data
        return person.post("/svce/sign-in/check/", typed, follow=False)

    def test_a_company_comes_to_its_registrations(self) -> None:
        self.ada()
        response = self.sign_in(Person.stranger(), email=" Ada@Ada.example ")
        assert response["Location"] == "/svce/registrations/"

    def test_staff_come_to_their_list_and_elsewhere_to_none(self) -> None:
        user = self.ada()
        user.staff_member = Person.staff("svce").user.staff_member  # type: ignore[union-attr]
        user.staff_member.user = user
        user.staff_member.save()
        person = Person.stranger()
        assert self.sign_in(person)["Location"] == "/svce/staff/"
        assert person.client.get("/ssmpuc/staff/").status_code == 403

    def test_it_leads_on_to_where_one_wanted_to_be(self) -> None:
        self.ada()
        response = self.sign_in(Person.stranger(), next="/svce/docs/")
        assert response["Location"] == "/svce/docs/"

    @pytest.mark.parametrize(
        "onward",
        ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"],
    )
    def test_it_leads_to_no_other_site(self, onward: str) -> None:
        self.ada()
        response = self.sign_in(Person.stranger(), next=onward)
        assert response["Location"] == "/svce/registrations/"

    @pytest.mark.parametrize(
        "typed",
        [
            {"password": "wrong"},
            {"email": "nobody@ada.example"},
            {"password": "\0"},
            {"email": "\0"},
            {"password": "x" * 100_000},
            {"email": "", "password": ""},
        ],
    )
    def test_what_is_wrong_is_not_told_in_detail(self, typed: dict[str, str]) -> None:
        self.ada()
        person = Person.stranger()
        assert self.sign_in(person, **typed).status_code == 422
        assert "do not belong together" in person.text
        assert person.client.get("/svce/registrations/").status_code == 302

    def test_an_account_is_tried_so_often_and_then_left_alone(self) -> None:
        self.ada()
        person = Person.stranger()
        email = "busy@ada.example"
        statuses = [self.sign_in(person, email=email, password="x").status_code for _ in range(11)]
        assert statuses == [422] * 10 + [429]
        assert self.sign_in(person).status_code == 302  # another account

    def test_signing_out_forgets_who_it_was(self) -> None:
        ada = Person.named("ada")
        assert ada.client.get("/svce/registrations/").status_code == 200
        ada.post("/svce/sign-out/")
        assert ada.client.get("/svce/registrations/").status_code == 302

    @pytest.mark.parametrize("address", ["sign-in/check/", "sign-out/", "register/send/"])
    def test_nothing_is_done_by_a_link(self, address: str) -> None:
        assert Person.stranger().client.get(f"/svce/{address}").status_code == 405
