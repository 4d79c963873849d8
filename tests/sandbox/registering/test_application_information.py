"""The registration as an ESPI resource (field guide 1.6; FND002, CERT001, MGT001 to MGT003)."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from greenbutton.espi import read_feed
from greenbutton.espi.application_information import ApplicationInformation
from tests.sandbox.companies import Person, decided, registered
from tests.sandbox.walk import HOST, Company, Walk, body, delete, get
from utilities.sandbox.documents.certificate import CERTIFICATE
from utilities.sandbox.models import Registration
from utilities.sandbox.registering import reviewing
from utilities.sandbox.registering.reviewing import Action

COLLECTION = "/DataCustodian/espi/1_1/resource/ApplicationInformation"
ATOM = "application/atom+xml"
REQUIRED = [
    "dataCustodianId",
    "dataCustodianApplicationStatus",
    "thirdPartyNotifyUri",
    "authorizationServerAuthorizationEndpoint",
    "authorizationServerTokenEndpoint",
    "dataCustodianBulkRequestURI",
    "dataCustodianResourceEndpoint",
    "client_secret",
    "client_name",
    "redirect_uri",
    "client_id",
    "software_id",
    "software_version",
    "client_id_issued_at",
    "client_secret_expires_at",
    "token_endpoint_auth_method",
    "scope",
    "grant_types",
    "response_types",
    "registration_client_uri",
    "registration_access_token",
    "dataCustodianScopeSelectionScreenURI",
    "thirdPartyScopeSelectionScreenURI",
]


@pytest.fixture
def mine() -> Registration:
    return registered(Person.named("ada"))


def address(registration: Registration) -> str:
    return f"{COLLECTION}/{registration.application_uid}"


def document(registration: Registration) -> str:
    response = get(address(registration), registration.registration_access_token)
    assert response.status_code == 200
    return body(response).decode()


def read(registration: Registration) -> ApplicationInformation:
    (entry,) = read_feed(io.BytesIO(document(registration).encode()), max_bytes=100_000)
    assert isinstance(entry.resource, ApplicationInformation)
    return entry.resource


def put(registration: Registration, xml: str | bytes, token: str = "", **headers: str) -> Any:
    bearer = token or registration.registration_access_token
    return Client().put(
        address(registration),
        xml,
        content_type=headers.pop("content_type", ATOM),
        headers={"host": HOST, "authorization": f"Bearer {bearer}"} | headers,
    )


def with_text(xml: str, tag: str, text: str) -> str:
    """The document with another text in an element, or with the element added."""
    changed, times = re.subn(rf"(<espi:{tag}>)[^<]*|<espi:{tag}/>", rf"<espi:{tag}>{text}", xml)
    if times and f"<espi:{tag}>{text}</espi:{tag}>" not in changed:
        changed = changed.replace(f"<espi:{tag}>{text}", f"<espi:{tag}>{text}</espi:{tag}>")
    if not times:
        end = "</espi:ApplicationInformation>"
        changed = xml.replace(end, f"<espi:{tag}>{text}</espi:{tag}>{end}")
    return changed


def without(xml: str, tag: str) -> str:
    return re.sub(rf"<espi:{tag}(?:>.*?</espi:{tag}>|/>)", "", xml)


class TestReading:
    def test_it_has_every_required_element(self, mine: Registration) -> None:
        xml = document(mine)
        for tag in REQUIRED:
            assert re.search(rf"<espi:{tag}[>/]", xml), tag

    def test_it_tells_what_the_pages_tell(self, mine: Registration) -> None:
        information, programme = read(mine), mine.programme
        assert information.data_custodian_id == "SSMPUC"
        assert information.client_id == mine.client_id
        assert information.client_secret == mine.client_secret
        assert information.client_name == "Ada's Audits"
        assert information.third_party_application_description == "Energy audits."
        assert information.redirect_uris == ("https://ada.example/back",)
        assert information.contacts == ("office@ada.example",)
        assert information.scopes == ("FB=4_16",)
        assert information.token_endpoint_auth_method == "client_secret_basic"
        assert set(information.grant_types) == {
            "authorization_code",
            "refresh_token",
            "client_credentials",
        }
        assert information.response_types == "code"
        assert information.client_secret_expires_at == 0
        assert information.authorization_server_authorization_endpoint == programme.authorize_url
        assert information.authorization_server_token_endpoint == programme.token_url
        assert information.authorization_server_registration_endpoint == programme.registration_url
        assert information.registration_access_token == mine.registration_access_token
        assert information.registration_client_uri == mine.application_url

    def test_its_name_is_opaque_lasting_and_in_the_platforms_style(
        self, mine: Registration
    ) -> None:
        assert re.fullmatch(rf"[0-9a-f]{{12}}_{mine.client_id}", mine.application_uid)
        before = re.findall(r"<id>(.*?)</id>", document(mine))
        reviewing.rotate_token(mine, None)
        mine.refresh_from_db()
        assert re.findall(r"<id>(.*?)</id>", document(mine)) == before

    def test_entry_and_feed_hold_the_same_with_their_links(self, mine: Registration) -> None:
        feed = body(get(COLLECTION, mine.registration_access_token)).decode()
        entry = document(mine)
        assert re.findall(r"<id>(urn:uuid:[0-9a-f-]{36})</id>", entry)[0] in feed
        for xml in (feed, entry):
            assert f'<link rel="self" href="{mine.application_url}"/>' in xml
            assert f'<link rel="up" href="{mine.application_url.rpartition("/")[0]}"/>' in xml
            assert f'<link rel="related" href="{CERTIFICATE}"/>' in xml
        assert feed.count("<entry") == 1

    def test_the_public_client_can_be_read_too(self, puc: Company) -> None:
        assert read(puc.registration).client_id == "SSMPUC_ccccccccc"

    @pytest.mark.parametrize(
        ("steps", "custodian", "third_party"),
        [
            ([], 1, 2),
            ([Action.REJECTED], 1, 1),
            ([Action.APPROVED], 2, 2),
            (["live"], 2, 3),
            (["live", Action.HELD], 3, 3),
            ([Action.HELD], 3, 2),
            ([Action.REVOKED], 4, 2),
            (["live", Action.REVOKED], 4, 2),
            (["removed"], 1, 4),
            (["live", "removed"], 2, 4),
            (["live", "back"], 2, 2),
        ],
    )
    def test_the_two_statuses_tell_the_same_truth(
        self, mine: Registration, steps: list[Any], custodian: int, third_party: int
    ) -> None:
        for step in steps:
            if step == "live":
                decided(mine, Action.APPROVED)
                reviewing.go_live(mine, None)
            elif step == "back":
                reviewing.go_back(mine, None)
            elif step == "removed":
                reviewing.remove(mine, None)
            else:
                decided(mine, step)
        information = read(mine)
        assert information.data_custodian_application_status == custodian
        assert information.third_party_application_status == third_party


class TestTokens:
    def tokens(self, mine: Registration) -> dict[str, str]:
        third_party = Company(mine)
        access = third_party.authorized()["access_token"]
        return {"access": access, "client": third_party.client_token()}

    @pytest.mark.parametrize("path", ["", "/{}"])
    def test_the_wrong_class_is_refused_and_no_token_too(
        self, mine: Registration, path: str
    ) -> None:
        at = COLLECTION + path.format(mine.application_uid)
        for token in self.tokens(mine).values():
            assert get(at, token).status_code == 403
            assert delete(at, token).status_code == 403
        assert get(at, "nonsense").status_code == 401
        assert Client().get(at, headers={"host": HOST}).status_code == 401
        assert Client().delete(at, headers={"host": HOST}).status_code == 401

    def test_mgt003_only_the_registration_token_changes_it(self, mine: Registration) -> None:
        xml = with_text(document(mine), "client_name", "Taken over")
        for token in [*self.tokens(mine).values(), "nonsense"]:
            assert put(mine, xml, token).status_code in {401, 403}
        mine.refresh_from_db()
        assert mine.company_name == "Ada's Audits"
        assert mine.removed_at is None

    def test_anothers_registration_is_not_there(self, mine: Registration) -> None:
        other = registered(Person.named("ben"))
        token = other.registration_access_token
        assert get(address(mine), token).status_code == 404
        assert put(mine, document(mine), token).status_code == 404
        assert delete(address(mine), token).status_code == 404

    def test_a_token_is_looked_up_and_not_searched(
        self, mine: Registration, django_assert_num_queries: Any
    ) -> None:
        with django_assert_num_queries(1):
            assert Registration.of_registration_token(mine.registration_access_token) == mine


class TestChanging:
    def test_mgt001_what_was_read_can_be_sent_back(self, mine: Registration) -> None:
        before = document(mine)
        response = put(mine, before)
        assert response.status_code == 200
        after = body(response).decode()
        undated = re.compile(r"<updated>.*?</updated>")
        assert undated.sub("", after) == undated.sub("", before)

    def test_what_is_the_companys_to_say_changes(self, mine: Registration) -> None:
        xml = document(mine)
        for tag, text in {
            "client_name": "Ada &amp; Co",
            "redirect_uri": "https://ada.example/new",
            "thirdPartyNotifyUri": "https://ada.example/notify",
            "thirdPartyApplicationDescription": "Something else.",
            "thirdPartyApplicationUse": "2",
            "thirdPartyPhone": "705-555-0172",
            "scope": "FB=4_16_39",
            "contacts": "new@ada.example",
            "software_id": "ada-audits",
            "software_version": "2.0",
            "logo_uri": "https://ada.example/logo.png",
            "client_uri": "https://ada.example/",
        }.items():
            xml = with_text(xml, tag, text)
        assert put(mine, xml).status_code == 200
        mine.refresh_from_db()
        assert mine.company_name == "Ada & Co"
        assert mine.redirect_uris == ["https://ada.example/new"]
        assert mine.notify_uri == "https://ada.example/notify"
        assert mine.purpose == "Something else."
        assert mine.application_use == 2
        assert mine.default_scope == "FB=4_16_39"
        assert mine.email == "new@ada.example"
        assert (mine.software_id, mine.software_version) == ("ada-audits", "2.0")
        assert mine.logo_uri == "https://ada.example/logo.png"
        assert mine.steps.first().action == "changed"  # type: ignore[union-attr]
        assert not Walk(Company(mine)).alert()

    @pytest.mark.spec("RFC 9110", "9.3.4")
    def test_what_is_left_out_is_empty_from_then_on(self, mine: Registration) -> None:
        put(mine, with_text(document(mine), "thirdPartyPhone", "705-555-0172"))
        put(mine, without(document(mine), "thirdPartyPhone"))
        mine.refresh_from_db()
        assert mine.phone == ""

    def test_what_is_the_utilitys_to_say_is_passed_over(self, mine: Registration) -> None:
        xml = with_text(document(mine), "dataCustodianApplicationStatus", "2")
        xml = with_text(xml, "registration_access_token", "chosen")
        xml = with_text(xml, "authorizationServerTokenEndpoint", "https://evil.example/token")
        assert put(mine, xml).status_code == 200
        information = read(mine)
        assert information.data_custodian_application_status == 1
        assert information.authorization_server_token_endpoint == mine.programme.token_url
        assert information.registration_access_token == mine.registration_access_token

    @pytest.mark.parametrize(
        ("tag", "text"),
        [
            ("client_id", "SSMPUC_ccccccccc"),
            ("client_secret", "chosen"),
            ("redirect_uri", "http://ada.example/back"),
            ("redirect_uri", "https://ada.example/back#here"),
            ("redirect_uri", "javascript:alert(1)"),
            ("thirdPartyNotifyUri", "http://ada.example/notify"),
            ("scope", "FB=????"),
            ("contacts", "nobody"),
            ("client_name", ""),
            ("client_name", "A" * 201),
            ("thirdPartyApplicationDescription", "x" * 257),
            ("thirdPartyPhone", "1" * 33),
            ("thirdPartyApplicationStatus", "9"),
            ("thirdPartyApplicationStatus", "live"),
            ("thirdPartyApplicationStatus", "99999999999999999999"),
            ("thirdPartyApplicationUse", "0"),
            ("thirdPartyApplicationType", "-1"),
            ("token_endpoint_auth_method", "none"),
        ],
    )
    def test_what_cannot_be_taken_changes_nothing(
        self, mine: Registration, tag: str, text: str
    ) -> None:
        xml = with_text(with_text(document(mine), tag, text), "software_version", "9")
        response = put(mine, xml)
        assert response.status_code == 400
        assert response.json()["error"] == "invalid_request"
        mine.refresh_from_db()
        assert mine.software_version == ""

    @pytest.mark.parametrize(
        "sent",
        [
            b" ",
            b"not xml",
            b"\0",
            b"<entry xmlns='http://www.w3.org/2005/Atom'/>",
            b"<feed xmlns='http://www.w3.org/2005/Atom'/>",
            b"<!DOCTYPE e [<!ENTITY a 'b'>]><e>&a;</e>",
            b"<x" * 1000,
            "<entry>é</entry>".encode("latin-1"),
        ],
    )
    def test_what_is_no_application_information_is_refused(
        self, mine: Registration, sent: bytes
    ) -> None:
        assert put(mine, sent).status_code == 400

    def test_two_at_once_are_refused(self, mine: Registration) -> None:
        entry = document(mine).partition("?>")[2]
        feed = f"<feed xmlns='http://www.w3.org/2005/Atom'>{entry}{entry}</feed>"
        assert put(mine, feed).status_code == 400

    def test_what_is_too_large_or_no_xml_is_refused(self, mine: Registration) -> None:
        assert put(mine, " " * 300_000).status_code == 413
        assert put(mine, document(mine), content_type="application/json").status_code == 415

    def test_other_methods_are_not_taken(self, mine: Registration) -> None:
        headers = {"host": HOST, "authorization": f"Bearer {mine.registration_access_token}"}
        response = Client().post(address(mine), headers=headers)
        assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, PUT, DELETE")
        assert Client().put(COLLECTION, headers=headers).status_code == 405

    def test_a_head_has_no_body(self, mine: Registration) -> None:
        headers = {"host": HOST, "authorization": f"Bearer {mine.registration_access_token}"}
        response = Client().head(address(mine), headers=headers)
        assert (response.status_code, response.content) == (200, b"")


class TestStatus:
    def test_live_and_back_where_it_is_approved(self, mine: Registration) -> None:
        decided(mine, Action.APPROVED)
        live = with_text(document(mine), "thirdPartyApplicationStatus", "3")
        assert put(mine, live).status_code == 200
        mine.refresh_from_db()
        assert mine.is_live
        assert "with its registration token" in mail.outbox[-1].body
        assert put(mine, live).status_code == 200
        assert len(mail.outbox) == 1
        back = with_text(document(mine), "thirdPartyApplicationStatus", "2")
        assert put(mine, back).status_code == 200
        mine.refresh_from_db()
        assert mine.status == "sandbox"

    @pytest.mark.parametrize("action", [None, Action.REJECTED, Action.HELD])
    def test_not_live_where_it_is_not(self, mine: Registration, action: Action | None) -> None:
        if action:
            decided(mine, action)
        xml = with_text(document(mine), "thirdPartyApplicationStatus", "3")
        assert put(mine, with_text(xml, "software_version", "9")).status_code == 403
        mine.refresh_from_db()
        assert (mine.status, mine.software_version) == ("sandbox", "")

    def test_a_revoked_company_changes_nothing(self, mine: Registration) -> None:
        decided(mine, Action.REVOKED)
        assert put(mine, document(mine)).status_code == 403

    def test_mgt002_what_was_deleted_comes_back_by_a_put(self, mine: Registration) -> None:
        before = document(mine)
        deleted = delete(address(mine), mine.registration_access_token)
        assert deleted.status_code == 200
        assert b"<espi:thirdPartyApplicationStatus>4<" in body(deleted)
        mine.refresh_from_db()
        assert not mine.is_usable
        third_party = Company(mine)
        assert third_party.ask_token(grant_type="client_credentials").status_code == 400
        assert put(mine, before).status_code == 200
        assert Registration.objects.get(pk=mine.pk).is_usable
        assert third_party.ask_token(grant_type="client_credentials").status_code == 200
        assert [step.action for step in mine.steps.all()[:2]] == ["restored", "changed"]

    def test_four_removes_it_too(self, mine: Registration) -> None:
        xml = with_text(document(mine), "thirdPartyApplicationStatus", "4")
        assert put(mine, xml).status_code == 200
        mine.refresh_from_db()
        assert mine.removed_at is not None

    def test_a_live_company_that_comes_back_is_live(self, mine: Registration) -> None:
        decided(mine, Action.APPROVED)
        reviewing.go_live(mine, None)
        before = document(mine)
        delete(address(mine), mine.registration_access_token)
        assert put(mine, before).status_code == 200
        mine.refresh_from_db()
        assert mine.is_live

    def test_nobody_changes_the_public_client(self, puc: Company) -> None:
        public = puc.registration
        assert put(public, document(public)).status_code == 403
        assert delete(address(public), public.registration_access_token).status_code == 403
        public.refresh_from_db()
        assert public.is_usable
