"""Differences between a registration here and there, in words, and what may be done about them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.utilities.registration.documents import said_of
from utilities.models import Client
from utilities.registration import Difference, Remedy, Standing
from utilities.registration.standing import differences


def found(client: Client, **changes: Any) -> list[Difference]:
    standing = Standing.read(said_of(client, **changes), client, [])
    client.standing = standing.as_json()
    assert Standing.of(client) == standing
    return differences(client, standing, timezone.now())


def only(client: Client, **changes: Any) -> Difference:
    (difference,) = found(client, **changes)
    return difference


def test_a_client_that_was_never_read_has_no_standing(client: Client) -> None:
    assert Standing.of(client) is None


def test_fields_of_another_version_of_this_software_are_passed_over(client: Client) -> None:
    client.standing = {"client_name": "Company", "something_newer": 1}
    assert Standing.of(client) == Standing(client_name="Company")


@pytest.mark.parametrize("name", ["token_url", "authorize_url", "resource_url"])
def test_an_endpoint_on_a_known_origin_may_be_taken_over(client: Client, name: str) -> None:
    elements = {
        "token_url": "authorization_server_token_endpoint",
        "authorize_url": "authorization_server_authorization_endpoint",
        "resource_url": "data_custodian_resource_endpoint",
    }
    url = f"{client.utility.origins[0]}/another/place"
    difference = only(client, **{elements[name]: url})
    assert (difference.key, difference.theirs) == (name, url)
    assert difference.remedy == Remedy.TAKE_OVER


@pytest.mark.parametrize(
    ("url", "remedy"),
    [
        ("https://elsewhere.example/token", Remedy.TAKE_OVER_ORIGIN),
        ("http://elsewhere.example/token", Remedy.BY_HAND),
        ("https://me@elsewhere.example/token", Remedy.BY_HAND),
        ("https://else\twhere.example/token", Remedy.BY_HAND),
        ("https://elsewhere.example\\@127.0.0.1/", Remedy.BY_HAND),
        ("https://elsewhere.example/token#x", Remedy.BY_HAND),
        ("https://elsewhere.example/" + "x" * 500, Remedy.BY_HAND),
        ("https://évil.example/token", Remedy.BY_HAND),
        ("javascript:alert(1)", Remedy.BY_HAND),
        ("//elsewhere.example/token", Remedy.BY_HAND),
        ("file:///etc/passwd", Remedy.BY_HAND),
    ],
)
def test_tokens_go_elsewhere_only_by_a_decision_of_its_own(
    client: Client, url: str, remedy: Remedy
) -> None:
    difference = only(client, authorization_server_token_endpoint=url)
    assert difference.remedy == remedy
    if remedy == Remedy.TAKE_OVER_ORIGIN:
        assert difference.origin == "https://elsewhere.example:443"
        assert "Whoever owns it could then read all that customers share" in difference.says
    else:
        assert not difference.may_be_taken_over


def test_this_machine_is_no_address_of_a_utility_elsewhere(client: Client) -> None:
    utility = client.utility
    utility.token_url = "https://utility.example/token"
    utility.origins = ["https://utility.example"]
    difference = only(client, authorization_server_token_endpoint="http://127.0.0.1:6379/")
    assert difference.remedy == Remedy.BY_HAND


def test_a_missing_callback_is_told_to_the_utility_and_not_taken_over(client: Client) -> None:
    difference = only(client, redirect_uris=("https://old.example/back",))
    assert (difference.key, difference.remedy) == ("redirect_uris", Remedy.TELL)
    assert difference.ours == client.utility.callback_url


def test_further_redirect_uris_are_taken_over(client: Client) -> None:
    uris = (client.utility.callback_url, "https://other.example/back")
    difference = only(client, redirect_uris=uris)
    assert difference.remedy == Remedy.TAKE_OVER
    assert difference.theirs == "\n".join(uris)


def test_a_script_among_the_redirect_uris_is_not_taken_over(client: Client) -> None:
    uris = (client.utility.callback_url, "javascript:alert(1)")
    assert only(client, redirect_uris=uris).remedy == Remedy.BY_HAND


@pytest.mark.parametrize(
    ("scopes", "remedy"),
    [
        (("FB=4_51",), Remedy.TAKE_OVER),
        (("FB=4", "FB=51"), Remedy.BY_HAND),
        (("FB=4;AdditionalScope=auth-phone-1",), Remedy.BY_HAND),
        (("whatever you like",), Remedy.BY_HAND),
    ],
)
def test_a_scope_that_is_not_offered(
    client: Client, scopes: tuple[str, ...], remedy: Remedy
) -> None:
    difference = only(client, scopes=scopes)
    assert (difference.key, difference.remedy) == ("default_scope", remedy)
    assert "FB 16" in difference.says


def test_a_scope_that_offers_more_than_we_ask_is_no_difference(client: Client) -> None:
    assert found(client, scopes=("FB=1_3_4_5_15_16_39_51;HistoryLength=94608000",)) == []


def test_a_notify_address_that_is_not_ours_is_told(client: Client) -> None:
    assert only(client, third_party_notify_uri="").remedy == Remedy.TELL
    assert only(client, third_party_notify_uri="https://x.example/").key == "notify_url"


def test_pages_that_a_utility_does_not_have_are_no_difference(client: Client) -> None:
    blank = {
        "third_party_scope_selection_screen_uri": "",
        "third_party_user_portal_screen_uri": None,
    }
    assert found(client, **blank) == []
    difference = only(client, third_party_user_portal_screen_uri="https://x.example/")
    assert difference.remedy == Remedy.TELL


def test_nobody_is_told_anything_of_a_public_client(client: Client) -> None:
    client.public = True
    assert found(client, third_party_notify_uri="") == []


def test_a_secret_that_ends_soon_is_told_before(client: Client) -> None:
    soon, later = (timezone.now() + timedelta(days=days) for days in (20, 40))
    assert found(client, client_secret_expires_at=int(later.timestamp())) == []
    difference = only(client, client_secret_expires_at=int(soon.timestamp()))
    assert difference.theirs == f"ends on {soon.astimezone(UTC):%-d %B %Y}"
    assert only(client, client_secret_expires_at=1).theirs == "ends on 1 January 1970"


@pytest.mark.parametrize("never", [None, 0, -5, 10**15])
def test_a_secret_without_an_end_has_none(client: Client, never: int | None) -> None:
    assert found(client, client_secret_expires_at=never) == []


def test_another_way_to_authenticate_is_for_the_registry(client: Client) -> None:
    difference = only(client, token_endpoint_auth_method="tls_client_auth")
    assert difference.remedy == Remedy.BY_HAND


def test_the_way_that_the_registry_knows_is_no_difference(client: Client) -> None:
    client.utility.quirks = {"client_authentication": "body"}
    assert found(client, token_endpoint_auth_method="client_secret_post") == []


def test_live_here_and_not_there_and_the_reverse(client: Client) -> None:
    difference = only(client, third_party_application_status=3)
    assert "every customer" in difference.says
    assert difference.remedy == Remedy.TELL
    client.approved_at, client.status = datetime(2026, 1, 1, tzinfo=UTC), Client.Status.LIVE
    assert [one.key for one in found(client)] == ["custodian_status", "third_party_status"]
    assert (
        found(client, data_custodian_application_status=2, third_party_application_status=3) == []
    )


def test_signs_that_no_page_can_show_are_replaced(client: Client) -> None:
    difference = only(client, client_name="Nice\u202eCompany\u0007")
    assert "\u0007" not in difference.theirs
    assert difference.theirs.startswith("Nice")
