"""The main job in a real browser, with the CSP on: from a share link to the chart, and back out."""

import re

import pytest
from playwright.sync_api import Page, expect

from portal.stack import Stack
from tests.e2e.conftest import AT_A_DESK, Look, Troubles

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def starting(address: str) -> re.Pattern[str]:
    """Any address below this one."""
    return re.compile(f"^{re.escape(address)}")


def use_test_account(page: Page, account: str) -> None:
    """At PUC Distribution: say who one is by the name of a test account."""
    page.locator("label", has=page.locator("input[name=type][value=test]")).click()
    page.locator("input[name=value]").fill(account)
    page.locator("#authenticate button[type=submit]").click()


def wait_for_chart(page: Page) -> None:
    """The page reloads by itself when the collection is over; then Bokeh has drawn a canvas."""
    expect(page.locator("#progress")).to_have_count(0, timeout=60_000)
    expect(page.locator(".chart-place canvas").first).to_be_visible(timeout=30_000)


def turn_to(page: Page, view: str) -> None:
    """Choose year, month or day; the part of the page is swapped, then its chart is drawn."""
    link = page.get_by_role("link", name=view, exact=True)
    link.click()
    expect(link).to_have_attribute("aria-current", "page")
    expect(page.locator(".chart-place canvas").first).to_be_visible()


def test_staff_make_a_link_and_a_customer_walks_from_it_to_the_chart(
    office: Page, stack: Stack, look: Look
) -> None:
    office.goto(f"{stack.portal.url}/staff/authorizations/sharelink/add/")
    office.select_option("[name=utility]", label="PUC Distribution")
    office.fill("[name=note]", "A walk in the browser")
    office.get_by_role("button", name="Save", exact=True).click()
    link = office.get_by_text(f"{stack.portal.url}/share/").first.inner_text()
    office.context.clear_cookies()

    page = office  # the customer's from here on
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_contain_text("asks for your data")
    look(page, "share")
    page.get_by_role("button", name="Continue to").click()
    expect(page).to_have_url(starting(stack.sandbox.url))
    look(page, "sandbox-authenticate")
    use_test_account(page, "test_residential")
    expect(page.locator("#consent")).to_be_visible()
    look(page, "sandbox-consent")
    page.locator("#consent button[value=allow]").click()

    expect(page).to_have_url(starting(f"{stack.portal.url}/usage/"))
    look(page, "usage-collecting")
    wait_for_chart(page)
    for view in ("Year", "Month", "Day"):
        turn_to(page, view)
        look(page, f"usage-{view.lower()}")
        look(page, f"usage-{view.lower()}-top", full_page=False)
    page.get_by_text("How complete is this?").click()
    expect(page.locator(".quality-report")).to_contain_text("Covered")
    look(page, "usage-quality")
    page.get_by_role("link", name="Water", exact=True).click()
    expect(page.locator("#energy-title")).to_contain_text("Water")
    look(page, "usage-water")


@AT_A_DESK
def test_a_prefilled_phone_number_needs_the_passcode_only(
    page: Page, stack: Stack, look: Look
) -> None:
    page.goto(f"{stack.portal.url}/")
    look(page, "home")
    page.goto(f"{stack.portal.url}/connect/")
    look(page, "connect")
    page.goto(f"{stack.portal.url}/connect/svce/")
    page.get_by_text("Fill in beforehand").click()
    page.locator("select[name=type]").select_option("phone")
    page.locator("input[name=value]").fill("222-222-2222")
    look(page, "connect-svce")
    page.get_by_role("button", name="Continue to").click()
    passcode = page.locator("#test-passcode").inner_text()
    look(page, "sandbox-passcode")
    page.locator("input[name=passcode]").fill(passcode)
    page.locator("#passcode button[type=submit]").click()
    page.locator("#consent button[value=allow]").click()
    wait_for_chart(page)
    expect(page.get_by_role("navigation", name="Meter").get_by_role("link")).to_have_count(5)
    look(page, "usage-svce-commercial")


def test_an_unknown_customer_is_told_so_on_the_utilitys_page(
    page: Page, stack: Stack, look: Look, troubles: Troubles
) -> None:
    page.goto(f"{stack.portal.url}/connect/ssmpuc/")
    page.get_by_role("button", name="Continue to").click()
    use_test_account(page, "test_badlogin")
    expect(page.locator("[role=alert][data-error=not_found]")).to_be_visible()
    look(page, "sandbox-not-found")
    # Chromium notes every answer of 400 and above as an error; the page answers 422 on purpose.
    troubles.seen = [seen for seen in troubles.seen if "422" not in seen]


def test_a_customer_says_no_and_comes_back_calmly(page: Page, stack: Stack, look: Look) -> None:
    page.goto(f"{stack.portal.url}/connect/ssmpuc/")
    page.get_by_role("button", name="Continue to").click()
    use_test_account(page, "test_commercial")
    page.locator("#consent button[value=deny]").click()
    expect(page).to_have_url(f"{stack.portal.url}/connect/ssmpuc/")
    expect(page.get_by_text("Nothing was shared")).to_be_visible()
    look(page, "declined")


@AT_A_DESK
def test_a_customer_narrows_the_grant_and_then_stops_sharing(
    page: Page, stack: Stack, look: Look
) -> None:
    page.goto(f"{stack.portal.url}/connect/ssmpuc/")
    page.get_by_role("button", name="Continue to").click()
    use_test_account(page, "test_residential")
    page.locator("#consent input[name=data][value='16']").uncheck()
    page.locator("#consent input[name=service]").nth(1).uncheck()
    page.locator("#consent button[value=allow]").click()
    wait_for_chart(page)
    expect(page.locator(".left-out").first).to_contain_text("Not shared")
    look(page, "usage-narrowed")
    page.get_by_text("Stop sharing", exact=True).click()
    page.get_by_role("button", name="Stop sharing and delete my data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sharing has stopped")
    look(page, "stopped")
    page.goto(f"{stack.portal.url}/connections/")
    look(page, "connections")


@AT_A_DESK
def test_a_stranger_sees_nothing_of_a_customers_page(
    page: Page, stack: Stack, look: Look, troubles: Troubles
) -> None:
    page.goto(f"{stack.portal.url}/connect/ssmpuc/")
    page.get_by_role("button", name="Continue to").click()
    use_test_account(page, "test_residential")
    page.locator("#consent button[value=allow]").click()
    expect(page).to_have_url(starting(f"{stack.portal.url}/usage/"))
    mine = page.url
    page.context.clear_cookies()
    answer = page.goto(mine)
    assert answer is not None
    assert answer.status == 404
    look(page, "not-found")
    troubles.seen = [seen for seen in troubles.seen if "404" not in seen]
