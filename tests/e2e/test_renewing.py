"""Sharing more on the same connection, in a real browser, with real workers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portal.stack import Stack
from tests.e2e.conftest import Look
from tests.e2e.test_main_job import starting, use_test_account

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

PATIENCE = 90_000


def test_a_customer_shares_more_and_her_page_is_the_one_that_she_had(
    page: Page, stack: Stack, look: Look
) -> None:
    page.goto(f"{stack.portal.url}/connect/ssmpuc/")
    page.get_by_role("button", name="Continue to").click()
    use_test_account(page, "test_residential")
    page.locator("#consent [name=data]").last.uncheck()
    page.locator("#consent button[value=allow]").click()
    expect(page).to_have_url(starting(f"{stack.portal.url}/usage/"))
    first = page.url
    expect(page.locator("#progress")).to_have_count(0, timeout=PATIENCE)
    look(page, "renewing-narrower")
    page.get_by_role("button", name="Share more").click()
    expect(page.get_by_text("You have shared this before.")).to_be_visible()
    look(page, "renewing-share")
    page.get_by_role("button", name="Continue to").click()
    use_test_account(page, "test_residential")
    page.locator("#consent button[value=allow]").click()
    expect(page).to_have_url(starting(f"{stack.portal.url}/usage/"))
    look(page, "renewing-candidate")
    # Once it is recognised, the page goes on as the one that she had.
    expect(page).to_have_url(first, timeout=PATIENCE)
    expect(page.get_by_role("button", name="Share more")).to_have_count(0)
    expect(page.get_by_text("You agreed to go on sharing.")).to_be_visible()
    look(page, "renewing-goes-on")
    page.goto(f"{stack.portal.url}/connections/")
    expect(page.get_by_role("heading", level=2)).to_have_count(1)
