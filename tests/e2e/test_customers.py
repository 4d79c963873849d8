"""Customers at the utilities' own pages in a real browser: who they are, sharing, stopping."""

import json
import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from portal.stack import OUTBOX, Stack
from tests.e2e.conftest import Look

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# Ordinary customers with two contacts on file, one a window size: a new passcode has to wait.
WITH_TWO_CONTACTS = {
    "phone": ("408-555-0136", "priya.raman@example.org"),
    "desktop": ("408-555-0185", "amara.osei@example.org"),
}


def ask(page: Page, stack: Stack, utility: str, scope: str = "FB=4_16_51") -> None:
    """Follow the public client's link, which ends on the utility's receipt."""
    client = next(one for one in stack.clients if one["utility"] == utility and one["public"])
    query = urlencode({"response_type": "code", "client_id": client["client_id"], "scope": scope})
    page.goto(f"{client['authorize_url']}?{query}")


def choose(page: Page, way: str) -> None:
    page.locator("label", has=page.locator(f"input[name=type][value={way}]")).click()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def headed(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def sent_to(stack: Stack, contact: str) -> str:
    """The passcode of the latest message to this contact."""
    files = sorted((stack.state / OUTBOX).glob("*.json"), reverse=True)
    messages = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    text = next(message["text"] for message in messages if message["to"] == contact)
    found = re.search(r"\b\d{6}\b", text)
    assert found
    return found[0]


def test_a_customer_with_a_bill_at_hand_shares_and_gets_a_receipt(
    page: Page, stack: Stack, look: Look
) -> None:
    ask(page, stack, "SSMPUC")
    headed(page, "Test Company would like to see your energy data")
    page.get_by_label("Account number").fill("apuc 0000-00")
    page.get_by_label("Amount of the latest bill").fill("$180.92")
    page.get_by_label("Date of the latest bill").fill("2023-02-22")
    press(page, "Continue")
    headed(page, "What may Test Company see?")
    press(page, "Allow")
    headed(page, "You are sharing with Test Company")
    look(page, "sandbox-receipt")


def test_a_customer_picks_where_the_passcode_goes(
    page: Page, stack: Stack, look: Look, viewport: str
) -> None:
    phone, email = WITH_TWO_CONTACTS[viewport]
    page.goto(f"{stack.sandbox.url}/svce/")
    page.get_by_role("link", name="See what you share").click()
    press(page, "Sign in")
    page.get_by_label("Phone number").fill(phone)
    press(page, "Continue")
    headed(page, "Where shall we send your passcode?")
    look(page, "sandbox-contact")
    page.get_by_text("E-mail", exact=True).click()
    press(page, "Send the passcode")
    look(page, "sandbox-passcode-sent")
    page.get_by_label("Passcode").fill(sent_to(stack, email))
    press(page, "Continue")
    headed(page, "Who can see your energy data")
    expect(page.get_by_role("heading", level=2)).to_have_text("Nobody can")


def test_a_customer_signs_in_shares_then_shares_less_and_stops(
    page: Page, stack: Stack, look: Look
) -> None:
    ask(page, stack, "DEMO")
    page.get_by_label("User name").fill("UAPI_TEST_commercial")
    page.get_by_label("Password", exact=True).last.fill("anything")
    press(page, "Continue")
    press(page, "Allow")
    page.get_by_role("link", name="what you share", exact=True).click()
    headed(page, "See what you share")
    press(page, "Sign in")
    page.get_by_label("User name").fill("UAPI_TEST_commercial")
    page.get_by_label("Password", exact=True).last.fill("anything")
    press(page, "Continue")
    headed(page, "Who can see your energy data")
    look(page, "sandbox-my")
    page.get_by_role("link", name="Test Company").first.click()
    headed(page, "Test Company can see your data")
    expect(page.locator(".ticks")).to_contain_text("Bills")
    page.get_by_role("link", name="Share less").click()
    page.locator("label", has_text="Bills").click()
    look(page, "sandbox-my-change")
    press(page, "Save")
    expect(page.get_by_role("status")).to_contain_text("Saved")
    expect(page.locator(".ticks")).not_to_contain_text("Bills")
    look(page, "sandbox-my-authorization")
    press(page, "Stop sharing with Test Company")
    headed(page, "Test Company cannot see your data any more")
    look(page, "sandbox-my-stopped")


def test_a_customer_signs_in_once_at_demo_id_and_says_no(
    page: Page, stack: Stack, look: Look
) -> None:
    ask(page, stack, "DEMO", "FB=4_16;AdditionalScope=auth-sso-UAPI_TEST_residential")
    headed(page, "Sign in")
    expect(page.get_by_label("User name")).to_have_value("UAPI_TEST_residential")
    page.get_by_label("Password").fill("anything")
    look(page, "sandbox-demo-id")
    press(page, "Sign in")
    headed(page, "What may Test Company see?")
    # Whoever is signed in there is not asked again.
    ask(page, stack, "DEMO", "FB=4_16;AdditionalScope=auth-sso")
    headed(page, "What may Test Company see?")
    press(page, "Don’t allow")
    headed(page, "Nothing was shared")
