"""A customer begins at the utility's own page, in a real browser across both sites, CSP on."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portal.stack import Stack
from tests.e2e.conftest import Look
from tests.e2e.test_customers import headed, press
from tests.e2e.test_main_job import starting, use_test_account, wait_for_chart

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def sign_in_at_the_utility(page: Page, stack: Stack, account: str) -> None:
    """By the name of a test account, at PUC Distribution's page of what one shares."""
    page.goto(f"{stack.sandbox.url}/ssmpuc/")
    page.get_by_role("link", name="See what you share").click()
    press(page, "Sign in")
    use_test_account(page, account)
    headed(page, "Who can see your energy data")


def test_a_customer_begins_at_the_utility_and_sees_the_readings_arrive(
    page: Page, stack: Stack, look: Look
) -> None:
    sign_in_at_the_utility(page, stack, "test_residential")
    companies = page.get_by_role("region", name="Start sharing")
    look(page, "sandbox-my-companies")
    companies.get_by_role("link", name="Test Company").click()

    expect(page).to_have_url(starting(f"{stack.portal.url}/connect/ssmpuc/scope/?"))
    headed(page, "Test Company asks for your data from PUC Distribution")
    look(page, "started-there-scope")
    page.get_by_role("button", name="Continue to PUC Distribution").click()

    # Who is signed in there is not asked again who they are.
    expect(page).to_have_url(starting(stack.sandbox.url))
    headed(page, "What may Test Company see?")
    expect(page.get_by_text("You are signed in as Sam Scenario")).to_be_visible()
    look(page, "started-there-consent")
    page.locator("#consent button[value=allow]").click()

    expect(page).to_have_url(starting(f"{stack.portal.url}/usage/"))
    expect(page.get_by_text("PUC Distribution is connected.")).to_be_visible()
    wait_for_chart(page)
    look(page, "started-there-usage")
    page.goto(f"{stack.sandbox.url}/ssmpuc/my/")
    shared = page.locator(".share").first
    expect(shared).to_contain_text("Test Company")
    expect(shared).to_contain_text("Last read on")
    expect(companies).to_contain_text("It sees some of your data already.")
    look(page, "sandbox-my-shared")


def test_somebody_else_at_that_computer_says_so_and_shares_their_own(
    page: Page, stack: Stack, look: Look
) -> None:
    sign_in_at_the_utility(page, stack, "test_residential")
    page.get_by_role("region", name="Start sharing").get_by_role("link").first.click()
    page.get_by_role("button", name="Continue to PUC Distribution").click()
    page.get_by_role("link", name="Not you?").click()
    use_test_account(page, "test_commercial")
    headed(page, "What may Test Company see?")
    expect(page.get_by_text("You are signed in as Sam Scenario")).to_have_count(0)
    look(page, "started-there-somebody-else")
    page.locator("#consent button[value=deny]").click()
    expect(page.get_by_text("Nothing was shared")).to_be_visible()
