"""What staff take over, what the utility is told, and what neither side does by itself."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from greenbutton.espi import read_feed
from greenbutton.espi.application_information import ApplicationInformation
from tests.lying_utility import LyingUtility
from tests.utilities.registration import documents
from tests.utilities.registration.conftest import COLLECTION, Says
from utilities import registration
from utilities.models import Client
from utilities.registration import RegistrationError

ELSEWHERE = "https://elsewhere.example/token"


@pytest.fixture
def seen(client: Client, says: Says) -> Any:
    """The utility says this, and it was read."""

    def see(**changes: Any) -> None:
        says(**changes)
        registration.look(client)

    return see


def own_path(client: Client) -> str:
    return f"{COLLECTION}/abc_{client.client_id}"


def told(lying: LyingUtility) -> list[ApplicationInformation]:
    """What was sent to the utility."""
    found = []
    for request in lying.requests:
        if request.method == "PUT":
            (entry,) = read_feed(BytesIO(request.body), max_bytes=10**6)
            assert isinstance(entry.resource, ApplicationInformation)
            found.append(entry.resource)
    return found


# -- taking over -----------------------------------------------------------------------------------


def test_an_address_on_a_known_origin_is_taken_over(
    client: Client, seen: Any, boss: User, lying: LyingUtility
) -> None:
    url = f"{lying.url}/v2/token"
    seen(authorization_server_token_endpoint=url)
    registration.take_over(client, "token_url", url, boss, "Their letter of 3 November")
    client.utility.refresh_from_db()
    assert client.utility.token_url == url
    assert client.utility.origins == [lying.url]
    change = client.changes.first()
    assert change is not None
    assert (change.what, change.by) == ("took over", boss)
    assert url in change.why
    assert "Their letter of 3 November" in change.why
    assert registration.differences_of(client) == []


def test_another_origin_needs_a_decision_of_its_own(
    client: Client, seen: Any, boss: User, lying: LyingUtility
) -> None:
    seen(authorization_server_token_endpoint=ELSEWHERE)
    with pytest.raises(RegistrationError, match=r"https://elsewhere\.example"):
        registration.take_over(client, "token_url", ELSEWHERE, boss, "It says so")
    client.utility.refresh_from_db()
    assert not client.utility.owns(ELSEWHERE)
    assert client.utility.token_url == f"{lying.url}/token"
    registration.take_over(
        client, "token_url", ELSEWHERE, boss, "They moved; I called them", accepts_origin=True
    )
    client.utility.refresh_from_db()
    assert client.utility.token_url == ELSEWHERE
    assert client.utility.owns(ELSEWHERE)
    assert client.utility.owns(f"{lying.url}/anything")


@pytest.mark.parametrize(
    "url", ["http://elsewhere.example/token", "https://a@elsewhere.example/", "javascript:1"]
)
def test_no_decision_sends_tokens_where_anybody_reads_them(
    client: Client, seen: Any, boss: User, url: str
) -> None:
    seen(authorization_server_token_endpoint=url)
    with pytest.raises(RegistrationError):
        registration.take_over(client, "token_url", url, boss, "Why", accepts_origin=True)
    client.utility.refresh_from_db()
    assert client.utility.taken_over == {}
    assert not client.utility.owns(url)


def test_what_came_in_after_the_page_was_shown_is_not_taken_over(
    client: Client, seen: Any, boss: User
) -> None:
    shown = f"{client.utility.origins[0]}/shown"
    seen(authorization_server_token_endpoint=f"{client.utility.origins[0]}/later")
    with pytest.raises(RegistrationError, match="this page had changed"):
        registration.take_over(client, "token_url", shown, boss, "Why")
    assert not client.changes.exists()


@pytest.mark.parametrize("key", ["notify_url", "custodian_status", "status", "", "__class__"])
def test_only_what_is_offered_can_be_taken_over(
    client: Client, seen: Any, boss: User, key: str
) -> None:
    seen(third_party_notify_uri="https://evil.example/")
    with pytest.raises(RegistrationError, match="this page had changed"):
        registration.take_over(client, key, "https://evil.example/", boss, "Why")
    assert not client.changes.exists()


def test_name_scope_and_redirect_uris_are_taken_over(client: Client, seen: Any, boss: User) -> None:
    uris = (client.utility.callback_url, "https://other.example/back")
    seen(client_name="Sunny Audits", scopes=("FB=4_51",), redirect_uris=uris)
    for difference in registration.differences_of(client):
        registration.take_over(client, difference.key, difference.theirs, boss, "Theirs is right")
    assert client.company_name == "Sunny Audits"
    assert client.default_scope == "FB=4_51"
    assert client.redirect_uris == list(uris)
    assert client.changes.count() == 3


def test_a_secret_is_read_tried_and_kept_without_being_seen(
    client: Client, seen: Any, boss: User, lying: LyingUtility
) -> None:
    seen(client_secret="the-new-secret")
    lying.answer("/token", json={"access_token": "a", "token_type": "Bearer", "expires_in": 60})
    said = registration.take_over(client, "client_secret", "", boss, "They rotated it")
    client.refresh_from_db()
    assert client.client_secret == "the-new-secret"
    assert registration.differences_of(client) == []
    change = client.changes.first()
    assert change is not None
    assert (change.what, change.why) == ("new secret", "They rotated it")
    assert "the-new-secret" not in said


def test_a_secret_that_does_not_work_is_not_taken_over(
    client: Client, seen: Any, boss: User, lying: LyingUtility
) -> None:
    seen(client_secret="the-new-secret")
    lying.answer("/token", 401, json={"error": "invalid_client"})
    with pytest.raises(RegistrationError, match="The old secret is kept") as caught:
        registration.take_over(client, "client_secret", "", boss, "They rotated it")
    client.refresh_from_db()
    assert client.client_secret == "the-client-secret"
    assert client.is_usable()
    assert "the-new-secret" not in str(caught.value)


def test_a_registration_token_is_read_tried_and_kept(
    client: Client, seen: Any, boss: User, lying: LyingUtility
) -> None:
    seen(registration_access_token="the-new-token")
    registration.take_over(client, "registration_token", "", boss, "They rotated it")
    client.refresh_from_db()
    assert client.registration_token == "the-new-token"
    assert lying.requests[-1].headers["authorization"] == "Bearer the-new-token"


# -- telling ---------------------------------------------------------------------------------------


def test_the_utility_gets_its_own_document_with_our_addresses(
    client: Client, seen: Any, says: Says, boss: User, lying: LyingUtility
) -> None:
    seen(
        redirect_uris=("https://old.example/back",), third_party_notify_uri="", tos_uri="https://t"
    )
    both = (client.utility.callback_url, "https://old.example/back")
    lying.answer(own_path(client), 200)
    registration.tell(client, boss, "We have moved")
    (sent,) = told(lying)
    assert sent.redirect_uris == both
    assert sent.third_party_notify_uri == client.utility.notify_url
    assert sent.third_party_scope_selection_screen_uri == client.utility.scope_selection_url
    assert sent.third_party_user_portal_screen_uri == client.utility.portal_url
    assert (sent.tos_uri, sent.client_secret) == ("https://t", client.client_secret)
    assert sent.third_party_application_status == 2
    client.refresh_from_db()
    assert client.redirect_uris == list(both)
    assert client.notify_url == client.utility.notify_url
    change = client.changes.first()
    assert change is not None
    assert (change.what, change.by, change.why) == ("told the utility", boss, "We have moved")


def test_what_has_all_of_ours_is_not_sent_again(
    client: Client, seen: Any, boss: User, lying: LyingUtility
) -> None:
    seen()
    registration.tell(client, boss, "To be sure")
    assert told(lying) == []


def test_a_document_that_would_lose_something_is_left_alone(
    client: Client, boss: User, lying: LyingUtility
) -> None:
    body = documents.document(client, third_party_notify_uri="")
    extra = b"<espi:somethingOfTheirs>1</espi:somethingOfTheirs><espi:client_id>"
    lying.answer(COLLECTION, body=body.replace(b"<espi:client_id>", extra))
    with pytest.raises(RegistrationError, match="make the change on the utility's page"):
        registration.tell(client, boss, "Why")
    assert told(lying) == []


def test_a_refusal_is_told_and_nothing_changes_here(
    client: Client, seen: Any, boss: User, lying: LyingUtility
) -> None:
    seen(third_party_notify_uri="")
    body = documents.document(client, third_party_notify_uri="")
    lying.forget(own_path(client))
    lying.answer(own_path(client), body=body)
    lying.answer(own_path(client), 400, json={"error": "invalid_request"})
    with pytest.raises(RegistrationError, match="did not take the change"):
        registration.tell(client, boss, "Why")
    client.refresh_from_db()
    assert client.notify_url == ""
    assert not client.changes.exists()


# -- live ------------------------------------------------------------------------------------------


@pytest.fixture
def approved(client: Client) -> Client:
    client.approve(None, "Their e-mail")
    return client


def answers(lying: LyingUtility, client: Client, put_status: int, **says: Any) -> None:
    """The document in the list, and this status for the change at its own address."""
    lying.answer(COLLECTION, body=documents.collection(documents.entry_of(client, **says)))
    lying.answer(own_path(client), put_status, json={"error": "access_denied"})


def test_the_utility_is_told_that_we_are_live(
    approved: Client, boss: User, lying: LyingUtility
) -> None:
    answers(lying, approved, 200)
    said = registration.go_live(approved, boss, "Launch day")
    assert not approved.is_sandbox
    assert [sent.third_party_application_status for sent in told(lying)] == [3]
    assert said.endswith("is live, here and at Demo Power and Light.")


@pytest.mark.parametrize("status", [400, 401, 403, 409, 500, 503])
def test_a_utility_that_says_no_keeps_it_in_the_sandbox(
    approved: Client, boss: User, lying: LyingUtility, status: int
) -> None:
    answers(lying, approved, status)
    with pytest.raises(RegistrationError):
        registration.go_live(approved, boss, "Launch day")
    approved.refresh_from_db()
    assert approved.is_sandbox


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_utility_that_takes_no_changes_by_a_program_leaves_it_to_staff(
    approved: Client, boss: User, lying: LyingUtility, status: int
) -> None:
    answers(lying, approved, status)
    said = registration.go_live(approved, boss, "Launch day")
    assert "Switch it to live on Demo Power and Light's page, too." in said
    assert not approved.is_sandbox


def test_without_a_registration_token_it_is_left_to_staff(
    approved: Client, boss: User, lying: LyingUtility
) -> None:
    approved.registration_token = ""
    approved.save()
    assert "page, too." in registration.go_live(approved, boss, "Launch day")
    assert lying.requests == []


def test_what_can_never_be_live_is_not_told_to_anybody(
    client: Client, boss: User, lying: LyingUtility
) -> None:
    with pytest.raises(ValidationError):
        registration.go_live(client, boss, "Launch day")
    assert lying.requests == []


def test_going_back_is_done_here_even_if_the_utility_does_not_answer(
    approved: Client, boss: User, lying: LyingUtility
) -> None:
    approved.go_live(boss, "Launch day")
    answers(lying, approved, 503, third_party_application_status=3)
    said = registration.back_to_sandbox(approved, boss, "Something is wrong")
    assert approved.is_sandbox
    assert "Take it back on Demo Power and Light's page, too." in said


def test_going_back_is_told_to_the_utility(
    approved: Client, boss: User, lying: LyingUtility
) -> None:
    approved.go_live(boss, "Launch day")
    answers(lying, approved, 200, third_party_application_status=3)
    said = registration.back_to_sandbox(approved, boss, "Something is wrong")
    assert [sent.third_party_application_status for sent in told(lying)] == [2]
    assert said.endswith("here and at Demo Power and Light.")
