"""The page about how the utility sees a registration, and its buttons."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client as Browser

from tests import cast
from tests.lying_utility import LyingUtility
from tests.staff.conftest import page_of, press, says, signed_in
from tests.utilities.registration import documents
from utilities import registration
from utilities.models import Client, Utility

TOKEN = {"access_token": "a-client-token", "token_type": "Bearer", "expires_in": 60}
ELSEWHERE = "https://elsewhere.example/token"


@pytest.fixture
def utility(db: None, lying: LyingUtility) -> Utility:
    return cast.make_utility(lying.url)


def page(client: Client) -> str:
    return f"{page_of(client).removesuffix('change/')}registration/"


def seen(client: Client, lying: LyingUtility, **changes: Any) -> None:
    body = documents.document(client, **changes)
    for path in ("", f"/abc_{client.client_id}"):
        lying.forget(f"/resource/ApplicationInformation{path}")
        lying.answer(f"/resource/ApplicationInformation{path}", body=body)
    registration.look(client)


def post(browser: Browser, client: Client, verb: str, **values: str) -> Any:
    return browser.post(f"{page(client)}{verb}/", values, follow=True)


def test_it_says_when_nothing_was_read_yet(office: Browser, client_row: Client) -> None:
    assert "It has not been read there yet." in says(office.get(page(client_row)))
    assert "It has not been read there yet." in says(office.get(page_of(client_row)))


def test_a_look_shows_what_the_utility_says(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    lying.answer(
        "/resource/ApplicationInformation",
        body=documents.document(client_row, client_secret="planted-secret", client_name="Sunny"),
    )
    text = says(post(office, client_row, "look"))
    assert "Demo Power and Light says: review." in text
    assert "another one (not shown)" in text
    assert "Sunny" in text
    assert "planted-secret" not in text
    assert "the-client-secret" not in text
    assert "Review, 2 differences." in says(office.get(page_of(client_row)))


def test_a_look_that_fails_says_why(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    lying.answer("/resource/ApplicationInformation", 401)
    text = says(post(office, client_row, "look"))
    assert "does not accept our registration token" in text
    assert "The latest look came to nothing" in text


def test_markup_in_the_document_is_only_text(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    seen(client_row, lying, client_name="<script>alert(1)</script>", scopes=("<b>FB=4</b>",))
    text = says(office.get(page(client_row)))
    assert "<script>alert(1)" not in text
    assert "<b>FB=4" not in text


def test_a_difference_is_taken_over_with_a_reason(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    seen(client_row, lying, client_name="Sunny Audits")
    values = {"seen": "Sunny Audits", "why": "So we are called now"}
    text = says(post(office, client_row, "take-over/company_name", **values))
    client_row.refresh_from_db()
    assert client_row.company_name == "Sunny Audits"
    assert "we have what Demo Power and Light has" in text
    assert "So we are called now" in LogEntry.objects.get().change_message


def test_several_lines_are_taken_over_as_they_were_shown(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    uris = (client_row.utility.callback_url, "https://other.example/back")
    seen(client_row, lying, redirect_uris=uris)
    values = {"seen": "\r\n".join(uris), "why": "Theirs is right"}
    post(office, client_row, "take-over/redirect_uris", **values)
    client_row.refresh_from_db()
    assert client_row.redirect_uris == list(uris)


def test_nothing_is_taken_over_without_a_reason(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    seen(client_row, lying, client_name="Sunny Audits")
    text = says(post(office, client_row, "take-over/company_name", seen="Sunny Audits", why=" "))
    assert "please say why" in text
    client_row.refresh_from_db()
    assert client_row.company_name == "Test Company"


def test_another_origin_has_a_warning_and_a_box_to_tick(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    seen(client_row, lying, authorization_server_token_endpoint=ELSEWHERE)
    text = says(office.get(page(client_row)))
    assert "Our tokens and our secret would go to https://elsewhere.example:443" in text
    values = {"seen": ELSEWHERE, "why": "They moved"}
    text = says(post(office, client_row, "take-over/token_url", **values))
    assert "Nothing was done. Our tokens would go to https://elsewhere.example:443" in text
    utility = Utility.objects.get()
    assert not utility.owns(ELSEWHERE)
    post(office, client_row, "take-over/token_url", accepts_origin="on", **values)
    utility.refresh_from_db()
    assert utility.owns(ELSEWHERE)
    assert f"token_url: {ELSEWHERE}" in says(office.get(page_of(utility)))


def test_what_was_taken_over_can_be_forgotten(office: Browser, utility: Utility) -> None:
    utility.take_over("token_url", ELSEWHERE)
    assert "They are forgotten" in says(press(office, utility, "back-to-registry"))
    utility.refresh_from_db()
    assert utility.taken_over == {}


def test_the_utility_is_told_with_a_reason(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    seen(client_row, lying, third_party_notify_uri="")
    assert "please say why" in says(post(office, client_row, "tell", why=""))
    assert "has our details" in says(post(office, client_row, "tell", why="We are new"))
    puts = [request for request in lying.requests if request.method == "PUT"]
    assert len(puts) == 1
    assert client_row.utility.notify_url.encode() in puts[0].body


VERBS = [
    "look",
    "tell",
    "take-over/company_name",
    "take-over/client_secret",
    "secret",
    "registration-token",
]


@pytest.mark.parametrize("verb", VERBS)
def test_opening_an_address_does_nothing(
    office: Browser, client_row: Client, lying: LyingUtility, verb: str
) -> None:
    assert office.get(f"{page(client_row)}{verb}/").status_code == 405
    assert lying.requests == []


@pytest.mark.parametrize("verb", VERBS)
def test_who_may_only_look_on_cannot_act(
    client_row: Client, lying: LyingUtility, verb: str
) -> None:
    looker = signed_in(cast.make_staff("looker", "view_client"))
    text = says(looker.get(page(client_row)))
    assert "Look now" not in text
    assert post(looker, client_row, verb, why="Why").status_code == 403
    assert lying.requests == []


def test_who_works_elsewhere_sees_nothing(client_row: Client) -> None:
    newcomer = signed_in(cast.make_staff("newcomer"))
    assert newcomer.get(page(client_row)).status_code == 403
    assert newcomer.get("/staff/utilities/client/999999/registration/").status_code in {403, 404}


def test_a_request_from_another_site_is_refused(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    strict = Browser(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    strict.cookies = office.cookies
    assert strict.post(f"{page(client_row)}tell/", {"why": "x"}).status_code == 403
    assert lying.requests == []


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_done_with_a_retired_client(
    office: Browser, client_row: Client, lying: LyingUtility, verb: str
) -> None:
    client_row.retire(None, "Over")
    text = says(post(office, client_row, verb, why="Why", seen="x", credential="x"))
    assert "This client is retired" in text
    assert lying.requests == []


def paste(browser: Browser, client: Client, verb: str, credential: str) -> str:
    return says(post(browser, client, verb, credential=credential, why="Rotated"))


def test_nothing_pasted_is_nothing_done(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    assert "please paste it" in paste(office, client_row, "secret", "  ")
    assert "please say why" in says(post(office, client_row, "secret", credential="x", why=""))
    assert lying.requests == []


def test_a_pasted_secret_that_works_is_kept_and_shown_to_nobody(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    lying.answer("/token", json=TOKEN)
    text = paste(office, client_row, "secret", "pasted-secret")
    assert "The new secret works, and is kept." in text
    assert "pasted-secret" not in text
    client_row.refresh_from_db()
    assert client_row.client_secret == "pasted-secret"
    assert "pasted-secret" not in LogEntry.objects.get().change_message


def test_a_pasted_secret_that_fails_leaves_the_old_one(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    lying.answer("/token", 401, json={"error": "invalid_client"})
    text = paste(office, client_row, "secret", "pasted-secret")
    assert "The old secret is kept" in text
    assert "pasted-secret" not in text
    client_row.refresh_from_db()
    assert client_row.client_secret == "the-client-secret"


def test_a_pasted_registration_token_is_tried(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    text = paste(office, client_row, "registration-token", "pasted-token")
    assert "The new token is not kept" in text
    lying.answer("/resource/ApplicationInformation", body=documents.document(client_row))
    assert "is kept" in paste(office, client_row, "registration-token", "pasted-token")
    client_row.refresh_from_db()
    assert client_row.registration_token == "pasted-token"


def test_going_live_is_told_to_the_utility(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    seen(client_row, lying, data_custodian_application_status=2)
    text = says(press(office, client_row, "go-live", "Launch day"))
    assert "is live, here and at Demo Power and Light." in text
    text = says(press(office, client_row, "back-to-sandbox", "Trouble"))
    assert "is back in the sandbox, here and at" in text


def test_a_utility_that_says_no_keeps_it_from_going_live(
    office: Browser, client_row: Client, lying: LyingUtility
) -> None:
    seen(client_row, lying, data_custodian_application_status=2)
    lying.forget("/resource/ApplicationInformation/abc_DEMO_client")
    lying.answer(
        "/resource/ApplicationInformation/abc_DEMO_client",
        body=documents.document(client_row, data_custodian_application_status=2),
    )
    lying.answer("/resource/ApplicationInformation/abc_DEMO_client", 403)
    assert "did not take the change" in says(press(office, client_row, "go-live", "Launch day"))
    client_row.refresh_from_db()
    assert client_row.is_sandbox
