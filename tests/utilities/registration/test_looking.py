"""Reading our registration at a utility: what is kept, what is refused, how the status follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from tests import cast
from tests.lying_utility import LyingUtility
from tests.utilities.registration import documents
from tests.utilities.registration.conftest import COLLECTION, Says
from utilities import registration, tasks
from utilities.models import Client
from utilities.registration import RegistrationError

REVIEW, PRODUCTION, ON_HOLD, REVOKED = 1, 2, 3, 4


def test_it_is_found_in_the_list_first_and_by_its_own_address_then(
    client: Client, says: Says, lying: LyingUtility
) -> None:
    says()
    registration.look(client)
    assert client.application_url == documents.address_of(client)
    registration.look(client)
    paths = [request.path for request in lying.requests]
    assert paths == [COLLECTION, f"{COLLECTION}/abc_{client.client_id}"]
    sent = {request.headers["authorization"] for request in lying.requests}
    assert sent == {"Bearer the-registration-token"}


def test_a_document_that_moved_is_found_again(
    client: Client, says: Says, lying: LyingUtility
) -> None:
    says()
    client.application_url = f"{client.utility.resource_url}/ApplicationInformation/gone"
    client.save()
    registration.look(client)
    assert client.application_url == documents.address_of(client)


def test_what_is_the_same_on_both_sides_is_no_difference(client: Client, says: Says) -> None:
    says()
    standing = registration.look(client)
    assert standing.custodian_words == "review"
    assert registration.differences_of(client) == []
    assert client.looked_at is not None
    assert client.look_error == ""


def test_no_secret_is_kept_with_what_was_read(client: Client, says: Says) -> None:
    says(client_secret="planted-secret", registration_access_token="planted-token")
    registration.look(client)
    with connection.cursor() as cursor:
        cursor.execute("SELECT utilities_client::text FROM utilities_client")
        row: str = cursor.fetchone()[0]
    assert "planted" not in row
    keys = {one.key for one in registration.differences_of(client)}
    assert keys == {"client_secret", "registration_token"}
    assert not [one for one in registration.differences_of(client) if "planted" in str(one)]


def test_approval_comes_from_the_document_and_live_does_not(client: Client, says: Says) -> None:
    says(data_custodian_application_status=PRODUCTION)
    registration.look(client)
    assert client.approved_at is not None
    assert client.is_sandbox
    (change,) = client.changes.all()
    assert (change.what, change.by) == ("approved", None)
    assert change.why == "The utility's ApplicationInformation says so."
    registration.look(client)
    assert client.changes.count() == 1


def test_a_public_client_is_never_approved(client: Client, says: Says) -> None:
    Client.objects.update(public=True)
    says(data_custodian_application_status=PRODUCTION)
    registration.look(client)
    assert client.approved_at is None


@pytest.mark.parametrize("status", [ON_HOLD, REVOKED])
def test_a_client_that_the_utility_stops_rests_until_it_is_back(
    client: Client, says: Says, status: int
) -> None:
    says(data_custodian_application_status=status)
    registration.look(client)
    assert not client.is_usable()
    assert "The utility's ApplicationInformation says so." in client.paused_reason
    assert [one.key for one in registration.differences_of(client)] == ["custodian_status"]
    says(data_custodian_application_status=PRODUCTION)
    registration.look(client)
    assert client.is_usable()
    whats = [change.what for change in client.changes.all()]
    assert whats == ["resumed", "approved", "paused"]


@pytest.mark.parametrize("status", [None, 7])
def test_a_status_that_says_nothing_resumes_nothing(
    client: Client, says: Says, status: int | None
) -> None:
    client.pause("It said so", by_utility=True)
    says(data_custodian_application_status=status)
    registration.look(client)
    assert not client.is_usable()


def test_what_staff_paused_only_staff_resume(client: Client, says: Says, boss: User) -> None:
    client.pause("The secret leaked", boss)
    says(data_custodian_application_status=PRODUCTION)
    registration.look(client)
    assert client.paused_reason == "The secret leaked"


def test_a_retired_client_is_moved_by_nothing(client: Client, says: Says, boss: User) -> None:
    client.retire(boss, "The programme ended")
    says(data_custodian_application_status=PRODUCTION)
    registration.look(client)
    assert client.approved_at is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"client_id": "DEMO_other"}, "DEMO_client stands nowhere"),
        ({"client_id": None}, "DEMO_client stands nowhere"),
        ({"client_name": "N" * 5000}, "a text in it that is longer than any real one"),
        ({"redirect_uris": ("https://a.example/",) * 200}, "a list in it that is longer"),
    ],
)
def test_a_document_that_cannot_be_ours_is_refused(
    client: Client, says: Says, changes: dict[str, Any], sentence: str
) -> None:
    says(data_custodian_application_status=PRODUCTION, **changes)
    with pytest.raises(RegistrationError, match=sentence):
        registration.look(client)
    client.refresh_from_db()
    assert sentence in client.look_error
    assert (client.standing, client.approved_at) == ({}, None)


HOSTILE = {
    "billion laughs": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>',
    "a page": b"<html><body>Please sign in</body></html>",
    "nothing": b"",
    "cut off": b'<entry xmlns="http://www.w3.org/2005/Atom"><id>',
    "another resource": b'<entry xmlns="http://www.w3.org/2005/Atom"><content/></entry>',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_document_changes_nothing(
    client: Client, lying: LyingUtility, body: bytes
) -> None:
    lying.answer(COLLECTION, body=body)
    with pytest.raises(RegistrationError):
        registration.look(client)
    client.refresh_from_db()
    assert client.look_error
    assert client.standing == {}


def test_a_document_that_says_two_things_is_refused(client: Client, lying: LyingUtility) -> None:
    body = documents.document(client, data_custodian_application_status=PRODUCTION)
    one = b"<espi:client_id>DEMO_client</espi:client_id>"
    assert one in body
    lying.answer(COLLECTION, body=body.replace(one, one + one))
    with pytest.raises(RegistrationError, match="in two ways"):
        registration.look(client)
    client.refresh_from_db()
    assert client.approved_at is None


def test_of_several_clients_of_ours_each_is_told_by_its_own_entry(
    client: Client, lying: LyingUtility
) -> None:
    second = cast.make_client(client.utility, client_id="DEMO_second", registration_token="t")
    first = documents.entry_of(client)
    other = documents.entry_of(second, data_custodian_application_status=PRODUCTION)
    lying.answer(COLLECTION, body=documents.collection(other, first))
    registration.look(client)
    assert client.approved_at is None
    lying.forget(COLLECTION)
    lying.answer(COLLECTION, body=documents.collection(first, first))
    client.application_url = ""
    with pytest.raises(RegistrationError, match="several times"):
        registration.look(client)


def test_the_end_of_the_secret_is_kept_as_the_utility_says_it(client: Client, says: Says) -> None:
    typed_in = timezone.now() + timedelta(days=90)
    client.secret_expires_at = typed_in
    client.save()
    says(client_secret_expires_at=None)
    registration.look(client)
    assert client.secret_expires_at == typed_in
    says(client_secret_expires_at=1_800_000_000)
    registration.look(client)
    assert client.secret_expires_at == datetime.fromtimestamp(1_800_000_000, UTC)
    says(client_secret_expires_at=0)
    registration.look(client)
    assert client.secret_expires_at is None


def test_a_self_link_to_elsewhere_is_not_kept(
    client: Client, says: Says, lying: LyingUtility
) -> None:
    says(self_href="https://evil.example/ApplicationInformation/1")
    registration.look(client)
    assert client.application_url == f"{lying.url}{COLLECTION}"


def test_a_huge_document_is_cut_short(client: Client, lying: LyingUtility) -> None:
    lying.answer(COLLECTION, body=b" " * (300 * 1024))
    with pytest.raises(RegistrationError, match="more than"):
        registration.look(client)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_told_and_pauses_nobody(
    client: Client, lying: LyingUtility, status: int
) -> None:
    lying.answer(COLLECTION, status, json={"error": "no", "error_description": "Bad token"})
    with pytest.raises(RegistrationError, match="does not accept our registration token"):
        registration.look(client)
    client.refresh_from_db()
    assert client.is_usable()
    assert "the-registration-token" not in client.look_error


def test_what_was_seen_before_stays_when_the_utility_is_down(
    client: Client, says: Says, lying: LyingUtility
) -> None:
    says()
    registration.look(client)
    before = client.standing
    lying.forget(f"{COLLECTION}/abc_{client.client_id}")
    lying.answer(f"{COLLECTION}/abc_{client.client_id}", 503)
    with pytest.raises(RegistrationError, match="503"):
        registration.look(client)
    client.refresh_from_db()
    assert client.standing == before
    assert "503" in client.look_error


def test_a_new_registration_is_due_at_once_and_then_nightly(client: Client, says: Says) -> None:
    assert registration.claim_due() == [client.pk]
    assert registration.claim_due() == []
    says()
    registration.look_at_due(client.pk)
    client.refresh_from_db()
    assert client.look_at is not None
    night = client.look_at - timezone.now()
    assert timedelta(hours=21) < night < timedelta(hours=27)


@pytest.mark.django_db(transaction=True)
def test_who_asks_for_a_look_while_one_runs_gets_another(
    client: Client, lying: LyingUtility
) -> None:
    def ask_again() -> None:
        Client.objects.update(look_at=timezone.now())
        connection.close()  # of the server's own thread

    lying.answer(COLLECTION, body=documents.document(client), before=ask_again)
    registration.look_at_due(client.pk)
    assert registration.claim_due() == [client.pk]


def test_nothing_is_asked_without_a_registration_token(client: Client, lying: LyingUtility) -> None:
    client.registration_token = ""
    client.save()
    assert registration.look_at_due(client.pk) == "no registration token"
    assert registration.claim_due() == []
    assert lying.requests == []
    with pytest.raises(RegistrationError, match="no registration access token"):
        registration.look(client)


def test_a_look_that_fails_leaves_the_others_to_be_looked_at(
    client: Client, lying: LyingUtility
) -> None:
    lying.answer(COLLECTION, 500)
    assert "500" in tasks.look_at_registration(client.pk)


def test_retired_clients_are_not_due(client: Client, boss: User) -> None:
    client.retire(boss, "Over")
    assert registration.claim_due() == []
