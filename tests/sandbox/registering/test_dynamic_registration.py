"""Registering by a program: RFC 7591, and RFC 7592 for what comes after."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as limited_to
from hypothesis import strategies as st

from tests.sandbox.companies import Person, decided, registered
from tests.sandbox.walk import HOST, Company, Walk, path_of
from utilities.sandbox import rate_limits
from utilities.sandbox.models import Registration
from utilities.sandbox.registering.reviewing import Action

ENDPOINT = "/DataCustodian/{}/oauth/register"
ADA = {
    "client_name": "Ada's Audits",
    "redirect_uris": ["https://ada.example/back"],
    "contacts": ["office@ada.example"],
}


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    settings.REGISTRATIONS_AN_HOUR_PER_ADDRESS = 10_000


def register(said: Any = None, *, utility: str = "ssmpuc", **more: Any) -> Any:
    sent = said if isinstance(said, bytes) else json.dumps((said or ADA) | more)
    return post(sent, utility)


def post(sent: str | bytes, utility: str = "ssmpuc", content_type: str = "application/json") -> Any:
    return Client().post(
        ENDPOINT.format(utility), sent, content_type=content_type, headers={"host": HOST}
    )


def manage(answer: dict[str, Any], method: str, said: Any = None, token: str = "") -> Any:
    bearer = token or answer["registration_access_token"]
    return Client().generic(
        method,
        path_of(answer["registration_client_uri"]),
        "" if said is None else json.dumps(said),
        content_type="application/json",
        headers={"host": HOST, "authorization": f"Bearer {bearer}"},
    )


class TestRegistering:
    @pytest.mark.spec("RFC 7591", "3.2.1")
    def test_the_answer_has_what_a_program_needs(self) -> None:
        response = register(client_uri="https://ada.example/", purpose="Audits.")
        assert response.status_code == 201
        assert "no-store" in response["Cache-Control"]
        answer = response.json()
        registration = Registration.objects.get(client_id=answer["client_id"])
        assert registration.has_secret(answer["client_secret"])
        assert answer["client_secret_expires_at"] == 0
        assert answer["redirect_uris"] == ADA["redirect_uris"]
        assert answer["client_name"] == "Ada's Audits"
        assert answer["purpose"] == "Audits."
        assert answer["scope"] == "FB=4_16_51"
        assert (answer["status"], answer["review"]) == ("sandbox", "waiting")
        assert registration.owner is None
        assert "your program has them already" in mail.outbox[0].body

    def test_the_client_can_be_authorized_at_once_by_test_accounts(self) -> None:
        client_id = register(utility="svce").json()["client_id"]
        company = Company(Registration.objects.get(client_id=client_id))
        assert company.authorized()["token_type"] == "Bearer"
        assert Walk(company).shows("authenticate")

    @pytest.mark.spec("RFC 7591", "2")
    def test_what_is_not_known_is_passed_over(self) -> None:
        assert register(jwks_uri="https://ada.example/jwks", client_id="mine").status_code == 201
        assert not Registration.objects.filter(client_id="mine").exists()

    @pytest.mark.spec("RFC 7591", "3.2.2")
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("redirect_uris", ["http://ada.example/back"]),
            ("redirect_uris", ["https://ada.example/back#here"]),
            ("redirect_uris", ["https://ada.example/a\nhttps://ada.example/b"]),
            ("redirect_uris", "https://ada.example/back"),
            ("redirect_uris", [{}]),
            ("redirect_uris", [""]),
            ("redirect_uris", []),
            ("redirect_uris", None),
        ],
    )
    def test_a_bad_redirect_uri_has_an_error_of_its_own(self, name: str, value: Any) -> None:
        response = register(**{name: value})
        assert response.status_code == 400
        assert response.json()["error"] == "invalid_redirect_uri"

    @pytest.mark.spec("RFC 7591", "3.2.2")
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("client_name", ""),
            ("client_name", None),
            ("client_name", 7),
            ("client_name", "a\0b"),
            ("client_name", "\ud800"),
            ("client_name", "x" * 201),
            ("contacts", []),
            ("contacts", ["nobody"]),
            ("contacts", [f"c{n}@ada.example" for n in range(20)]),
            ("scope", "openid profile"),
            ("scope", "FB=1"),
            ("scope", ["FB=4"]),
            ("client_uri", "javascript:alert(1)"),
            ("logo_uri", "data:image/png,x"),
            ("notify_uri", "http://ada.example/"),
            ("require_pkce", "yes"),
            ("token_endpoint_auth_method", "none"),
            ("token_endpoint_auth_method", {}),
            ("grant_types", ["implicit"]),
            ("grant_types", "authorization_code"),
            ("response_types", ["token"]),
        ],
    )
    def test_what_cannot_be_taken_is_named(self, name: str, value: Any) -> None:
        response = register(**{name: value})
        assert response.status_code == 400, response.content
        assert response.json()["error"] == "invalid_client_metadata"
        assert name in response.json()["error_description"]
        assert not Registration.objects.filter(is_public=False).exists()

    @pytest.mark.parametrize(
        "sent",
        [
            b"",
            b"null",
            b"[]",
            b"7",
            b'{"client_name": NaN}',
            b'{"client_name": "a", "client_name": "b"}',
            b"\xff\xfe",
            b"[" * 50_000,
            b'{"a":' * 5_000,
            b"1" * 5_000,
            b'{"client_name": "' + b"x" * 100_000 + b'"}',
        ],
    )
    def test_what_is_no_json_object_is_refused(self, sent: bytes) -> None:
        response = post(sent)
        assert response.status_code == 400
        assert response.json()["error"] == "invalid_client_metadata"

    def test_other_methods_and_types_are_not_taken(self) -> None:
        assert post("client_name=Ada", content_type="text/plain").status_code == 400
        response = Client().get(ENDPOINT.format("ssmpuc"), headers={"host": HOST})
        assert (response.status_code, response["Allow"]) == (405, "POST")
        assert post(json.dumps(ADA), utility="nobody").status_code == 404

    def test_an_address_can_register_so_many_an_hour(self, settings: Any) -> None:
        settings.REGISTRATIONS_AN_HOUR_PER_ADDRESS = 1
        assert register().status_code == 201
        response = register()
        assert (response.status_code, response["Retry-After"]) == (429, "3600")

    @limited_to(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        said=st.dictionaries(
            st.sampled_from([*ADA, "scope", "client_uri", "grant_types", "phone", "software_id"]),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=50),
                lambda inner: st.lists(inner, max_size=3),
                max_leaves=4,
            ),
        )
    )
    def test_nothing_that_is_sent_breaks_it(self, said: dict[str, Any]) -> None:
        assert post(json.dumps(ADA | said)).status_code in {201, 400}


class TestManaging:
    @pytest.fixture
    def answer(self) -> dict[str, Any]:
        made: dict[str, Any] = register().json()
        return made

    @pytest.mark.spec("RFC 7592", "2.1")
    def test_it_is_read_by_its_token(self, answer: dict[str, Any]) -> None:
        assert manage(answer, "GET").json() == answer

    @pytest.mark.spec("RFC 7592", "2.2")
    def test_it_is_replaced_as_a_whole(self, answer: dict[str, Any]) -> None:
        said = ADA | {"client_id": answer["client_id"], "phone": "705-555-0173"}
        assert manage(answer, "PUT", said).json()["phone"] == "705-555-0173"
        del said["phone"]
        assert "phone" not in manage(answer, "PUT", said).json()

    @pytest.mark.spec("RFC 7592", "2.2")
    @pytest.mark.parametrize(
        "said", [{}, {"client_id": "another"}, {"client_id": None}, {"client_secret": "chosen"}]
    )
    def test_an_update_names_its_own_client(
        self, answer: dict[str, Any], said: dict[str, Any]
    ) -> None:
        if "client_secret" in said:
            said = said | {"client_id": answer["client_id"]}
        response = manage(answer, "PUT", ADA | said)
        assert response.status_code == 400

    @pytest.mark.spec("RFC 7592", "2.3")
    def test_it_is_deleted_and_gone(self, answer: dict[str, Any]) -> None:
        response = manage(answer, "DELETE")
        assert (response.status_code, response.content) == (204, b"")
        assert manage(answer, "GET").status_code == 401
        company = Company(Registration.objects.get(client_id=answer["client_id"]))
        assert company.ask_token(grant_type="client_credentials").status_code == 400

    def test_another_token_opens_nothing(self, answer: dict[str, Any]) -> None:
        other = registered(Person.named("ben"))
        for method in ("GET", "PUT", "DELETE"):
            refused = manage(answer, method, {}, other.registration_access_token)
            assert refused.status_code == 403
            assert manage(answer, method, {}, "nonsense").status_code == 401

    def test_a_revoked_company_changes_nothing(self, answer: dict[str, Any]) -> None:
        registration = Registration.objects.get(client_id=answer["client_id"])
        decided(registration, Action.REVOKED)
        said = ADA | {"client_id": answer["client_id"]}
        assert manage(answer, "PUT", said).status_code == 403

    def test_other_methods_are_not_taken(self, answer: dict[str, Any]) -> None:
        assert manage(answer, "POST", {}).status_code == 405


class TestWhatNoDocumentCanHold:
    @pytest.mark.spec("XML 1.0", "2.2")
    @pytest.mark.parametrize(
        "said",
        [
            {"client_name": "Ada\ufffe"},
            {"software_id": "\uffff"},
            {"purpose": "one line\u2028another"},
            {"scope": "FB=4_16;SubscriptionFrequency=\uffff"},
            {"contacts": ['"\x01"@ada.example']},
            {"contacts": ["office@ada.example", '"\x01"@ada.example']},
        ],
        ids=ascii,
    )
    def test_it_is_refused_at_the_door(self, said: dict[str, Any]) -> None:
        assert register(**said).status_code == 400
        assert not mail.outbox

    @pytest.mark.parametrize("turn", ["\u202e", "\u2066", "\u202a"], ids=ascii)
    def test_a_name_that_reads_as_another_is_refused(self, turn: str) -> None:
        assert register(client_name=f"Ada{turn}yticilE").status_code == 400


class TestLettersToStrangers:
    """Whoever registers names whom we write to."""

    def test_only_the_first_contact_is_written_to(self) -> None:
        strangers = [f"stranger-{number}@elsewhere.example" for number in range(9)]
        assert register(contacts=["office@ada.example", *strangers]).status_code == 201
        assert [message.to for message in mail.outbox] == [["office@ada.example"]]

    def test_one_of_them_gets_five_an_hour_whoever_registers(self) -> None:
        for number in range(7):
            name = "stranger" if number % 2 else "STRANGER"
            assert register(contacts=[f"{name}@elsewhere.example"]).status_code == 201
        assert len(mail.outbox) == 5
        register(contacts=["another@elsewhere.example"])
        assert len(mail.outbox) == 6

    def test_what_staff_decide_is_told_all_the_same_and_to_everybody(self) -> None:
        for _ in range(6):
            answer = register(contacts=["office@ada.example", "ada@ada.example"]).json()
        company = Registration.objects.get(client_id=answer["client_id"])
        mail.outbox.clear()
        Person.staff("ssmpuc").post(f"/ssmpuc/staff/{company.client_id}/approve/", {})
        assert [message.to for message in mail.outbox] == [
            ["office@ada.example", "ada@ada.example"]
        ]

    def test_nothing_is_sent_while_it_cannot_be_counted(self, settings: Any) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        rate_limits._limiter.cache_clear()
        assert register().status_code == 201
        assert not mail.outbox
