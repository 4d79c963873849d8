"""The button “Test this client”, and the page that tells each step."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from django.utils import timezone

from greenbutton.models import ClientCheck
from tests import cast
from tests.staff.conftest import page_of, press, says, signed_in
from utilities.models import Client, Utility

STEP = {"name": "client_token", "state": "ok", "words": "The utility takes it.", "seconds": 1.2}


@pytest.fixture
def utility(utility: Utility) -> Utility:
    utility.test_submit_url = "http://127.0.0.1:1/test-submit"
    utility.save()
    return utility


def test_the_button_asks_for_a_check(office: Browser, client_row: Client, boss: User) -> None:
    page = says(press(office, client_row, "test-client"))
    assert "A worker tests it now" in page
    assert "Waiting for a worker" in page
    check = ClientCheck.objects.get()
    assert (check.client, check.asked_by) == (client_row, boss)
    assert "being tested already" in says(press(office, client_row, "test-client"))


def test_who_cannot_be_tested_has_no_button_but_words(office: Browser, client_row: Client) -> None:
    Utility.objects.update(test_submit_url="")
    page = says(office.get(page_of(client_row)))
    assert "/test-client/" not in page
    assert "has no way to consent for a test customer" in page
    assert "Nothing was done" in says(press(office, client_row, "test-client"))
    assert not ClientCheck.objects.exists()


def test_who_may_only_look_cannot_test(client_row: Client) -> None:
    looker = signed_in(cast.make_staff("looker", "view_client"))
    assert "/test-client/" not in says(looker.get(page_of(client_row)))
    assert press(looker, client_row, "test-client").status_code == 403
    assert not ClientCheck.objects.exists()


def test_a_running_check_looks_again_by_itself(office: Browser, client_row: Client) -> None:
    check = ClientCheck.objects.create(client=client_row, state="running", steps=[STEP])
    page = says(office.get(page_of(check)))
    assert f'hx-get="{page_of(check)}"' in page
    assert "load delay:2s" in page
    assert "The utility takes it." in page
    assert "To come" in page


def test_a_check_that_is_over_stands_still_and_says_what_failed(
    office: Browser, client_row: Client
) -> None:
    failed = {**STEP, "state": "failed", "words": "<b>Refused</b>. Do this."}
    check = ClientCheck.objects.create(
        client=client_row, state="failed", steps=[failed], finished=timezone.now()
    )
    page = says(office.get(page_of(check)))
    assert "load delay:2s" not in page
    assert "&lt;b&gt;Refused&lt;/b&gt;. Do this." in page
    assert "The utility gives a client token" in says(office.get("/staff/greenbutton/clientcheck/"))
