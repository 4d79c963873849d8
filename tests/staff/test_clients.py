"""Registrations: what they show, how they are added, and the buttons that ask why."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client as Browser

from tests import cast
from tests.staff.conftest import SECRETS, page_of, press, says, signed_in
from utilities.models import Client, Utility

LIST = "/staff/utilities/client/"
BUTTONS = ["approve", "go-live", "back-to-sandbox", "pause", "resume", "retire"]


@pytest.fixture
def live(client_row: Client) -> Client:
    client_row.approve(None, "Their e-mail of today")
    client_row.go_live(None, "We start")
    return client_row


def registration(utility: Utility, **values: str) -> dict[str, str]:
    """The form for a new client, as staff fill it in."""
    return {
        "utility": str(utility.pk),
        "client_id": "DEMO_second",
        "company_name": "Test Company",
        "default_scope": "FB=4_16",
        "new_redirect_uris": "",
        "notify_url": "",
        "new_secret": "typed-in-secret",
        "new_registration_token": "typed-in-token",
        **values,
    }


def change(client: Client, **values: str) -> dict[str, str]:
    """The form of an existing client, unchanged but for these values."""
    return {
        "company_name": client.company_name,
        "default_scope": client.default_scope,
        "new_redirect_uris": "\n".join(client.redirect_uris),
        "notify_url": "",
        "changes-TOTAL_FORMS": "0",
        "changes-INITIAL_FORMS": "0",
        "checks-TOTAL_FORMS": "0",
        "checks-INITIAL_FORMS": "0",
        **values,
    }


def test_sandbox_and_live_are_told_apart_by_a_word(office: Browser, live: Client) -> None:
    cast.make_client(live.utility, client_id="DEMO_sandboxed")
    for path in (LIST, "/staff/"):
        page = says(office.get(path))
        assert ">Live</span>" in page
        assert ">Sandbox</span>" in page
    assert ">Sandbox</span>" not in says(office.get(page_of(live)))


def test_approval_alone_does_not_go_live(office: Browser, client_row: Client, boss: User) -> None:
    page = says(press(office, client_row, "approve", "E-mail of 12 November"))
    client_row.refresh_from_db()
    assert client_row.approved_at is not None
    assert client_row.is_sandbox
    assert "E-mail of 12 November" in page
    (change,) = client_row.changes.all()
    assert (change.what, change.by, change.why) == ("approved", boss, "E-mail of 12 November")


def test_an_approved_client_goes_live(office: Browser, client_row: Client, boss: User) -> None:
    client_row.approve(boss, "They said yes")
    client_row.registration_token = ""  # the utility takes no change by a program
    client_row.save()
    press(office, client_row, "go-live", "Launch day")
    client_row.refresh_from_db()
    assert not client_row.is_sandbox
    latest = client_row.changes.first()
    assert latest is not None
    assert (latest.what, latest.by, latest.why) == ("live", boss, "Launch day")
    assert "Launch day" in LogEntry.objects.get().change_message


def test_an_unapproved_client_does_not_go_live(office: Browser, client_row: Client) -> None:
    page = says(press(office, client_row, "go-live"))
    client_row.refresh_from_db()
    assert "has not approved this client yet. Approve it once they tell you." in page
    assert client_row.is_sandbox
    assert not client_row.changes.exists()


@pytest.mark.parametrize(
    ("button", "sentence"),
    [
        ("approve", "A public client is for the sandbox only and cannot be approved."),
        ("go-live", "A public client stays in the sandbox for ever."),
    ],
)
def test_a_public_client_never_leaves_the_sandbox(
    office: Browser, client_row: Client, button: str, sentence: str
) -> None:
    Client.objects.update(public=True)
    assert sentence in says(press(office, client_row, button))
    client_row.refresh_from_db()
    assert client_row.is_sandbox
    assert client_row.approved_at is None
    assert not client_row.changes.exists()


def test_a_live_client_goes_back(office: Browser, live: Client) -> None:
    press(office, live, "back-to-sandbox")
    live.refresh_from_db()
    assert live.is_sandbox
    assert live.approved_at is not None


def test_a_pause_shows_its_reason_until_it_ends(office: Browser, live: Client) -> None:
    page = says(press(office, live, "pause", "Their secret leaked"))
    live.refresh_from_db()
    assert not live.is_usable()
    assert "Their secret leaked" in page
    assert "Their secret leaked" in says(office.get(LIST))
    press(office, live, "resume", "They gave us another one")
    live.refresh_from_db()
    assert live.is_usable()
    assert [change.what for change in live.changes.all()][:2] == ["resumed", "paused"]


def test_a_retired_client_can_do_nothing_more(office: Browser, live: Client) -> None:
    press(office, live, "retire", "The programme ended")
    live.refresh_from_db()
    before = live.changes.count()
    for button in BUTTONS:
        assert "Nothing was done" in says(press(office, live, button))
    live.refresh_from_db()
    assert live.changes.count() == before
    assert live.paused_at is None


def test_a_button_is_shown_only_where_it_means_something(office: Browser, live: Client) -> None:
    page = says(office.get(page_of(live)))
    offered = [button for button in BUTTONS if f"/{button}/" in page]
    assert offered == ["back-to-sandbox", "pause", "retire"]


@pytest.mark.parametrize("button", BUTTONS)
def test_opening_a_button_does_nothing(office: Browser, client_row: Client, button: str) -> None:
    office.get(f"{page_of(client_row).removesuffix('change/')}{button}/")
    assert not client_row.changes.exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("why", ["", "   ", "x" * 301])
def test_no_button_works_without_a_reason(office: Browser, client_row: Client, why: str) -> None:
    response = press(office, client_row, "pause", why)
    assert response.status_code == 200
    client_row.refresh_from_db()
    assert client_row.paused_at is None


def test_htmx_is_told_to_load_the_page_anew(office: Browser, client_row: Client) -> None:
    response = office.post(
        f"{page_of(client_row).removesuffix('change/')}pause/",
        {"_form_submitted": "True", "why": "A break"},
        headers={"HX-Request": "true"},
    )
    assert response["HX-Redirect"] == page_of(client_row)


@pytest.mark.parametrize("button", BUTTONS)
def test_who_may_only_look_cannot_act(client_row: Client, button: str) -> None:
    looker = signed_in(cast.make_staff("looker", "view_client"))
    assert looker.get(page_of(client_row)).status_code == 200
    assert f"/{button}/" not in says(looker.get(page_of(client_row)))
    assert press(looker, client_row, button).status_code == 403
    assert not client_row.changes.exists()


def test_who_may_only_look_sees_no_field_for_a_secret(client_row: Client) -> None:
    looker = signed_in(cast.make_staff("looker", "view_client"))
    page = says(looker.get(page_of(client_row)))
    assert 'type="password"' not in page
    assert "Kept, encrypted." in page


def test_a_registration_typed_in_is_kept_and_not_shown(office: Browser, utility: Utility) -> None:
    page = says(office.post(f"{LIST}add/", registration(utility), follow=True))
    added = Client.objects.get(client_id="DEMO_second")
    assert added.client_secret == "typed-in-secret"
    assert added.registration_token == "typed-in-token"
    assert added.redirect_uris == [utility.callback_url]
    assert added.is_sandbox
    assert not added.public
    assert "typed-in" not in page
    assert "typed-in" not in says(office.get(page_of(added)))


def test_a_refused_form_does_not_send_the_secret_back(office: Browser, utility: Utility) -> None:
    page = says(office.post(f"{LIST}add/", registration(utility, default_scope="HistoryLength=1")))
    assert "A scope begins with its function blocks" in page
    assert "typed-in" not in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("new_secret", "", "This field is required."),
        ("client_id", "DEMO_client", "already exists"),
        ("default_scope", "FB=4;AdditionalScope=auth-phone-1", "Leave AdditionalScope out"),
        ("new_redirect_uris", "javascript:alert(1)", "is no address"),
        ("new_redirect_uris", "https://elsewhere.example/", "has to be among them"),
    ],
)
def test_a_registration_that_cannot_work_is_refused(
    office: Browser, utility: Utility, field: str, value: str, sentence: str
) -> None:
    page = says(office.post(f"{LIST}add/", registration(utility, **{field: value})))
    assert sentence in page
    assert Client.objects.count() == 1


def test_saving_without_typing_keeps_the_secrets(office: Browser, client_row: Client) -> None:
    office.post(page_of(client_row), change(client_row, company_name="Sunny Audits"))
    client_row.refresh_from_db()
    assert client_row.company_name == "Sunny Audits"
    assert client_row.client_secret == SECRETS["client secret"]
    assert client_row.registration_token == SECRETS["registration token"]


def test_no_form_replaces_a_secret_untried(office: Browser, client_row: Client) -> None:
    page = says(office.get(page_of(client_row)))
    assert "A client secret and a registration token. Kept, encrypted." in page
    assert 'name="new_secret"' not in page
    typed = {"new_secret": "another-secret", "new_registration_token": "another-token"}
    office.post(page_of(client_row), change(client_row, **typed))
    client_row.refresh_from_db()
    assert client_row.client_secret == SECRETS["client secret"]
    assert client_row.registration_token == SECRETS["registration token"]


def test_no_form_changes_the_status(office: Browser, client_row: Client) -> None:
    office.post(page_of(client_row), change(client_row, status="live", public="on", client_id="X"))
    client_row.refresh_from_db()
    assert (client_row.status, client_row.public) == ("sandbox", False)
    assert client_row.client_id == "DEMO_client"


def test_redirect_uris_are_there_to_copy(office: Browser, client_row: Client) -> None:
    page = says(office.get(page_of(client_row)))
    assert f'data-copy="{client_row.utility.callback_url}"' in page


def test_only_the_switch_of_a_utility_can_be_changed(office: Browser, utility: Utility) -> None:
    office.post(page_of(utility), {"name": "Another", "origins": "https://evil.example"})
    utility.refresh_from_db()
    assert utility.name == "Demo Power and Light"
    assert utility.origins == ["http://127.0.0.1:1"]
    assert not utility.enabled
