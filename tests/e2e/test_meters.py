"""One meter is stopped in a real browser, and staff see and move meters."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portal.stack import Stack
from tests.e2e.conftest import AT_A_DESK, Look
from tests.e2e.test_main_job import use_test_account, wait_for_chart
from tests.e2e.test_staff import open_row, press

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def connected(page: Page, stack: Stack) -> str:
    """Share two meters; the address of the usage page."""
    page.goto(f"{stack.portal.url}/connect/ssmpuc/")
    page.get_by_role("button", name="Continue to").click()
    use_test_account(page, "test_residential")
    page.locator("#consent button[value=allow]").click()
    wait_for_chart(page)
    return page.url


def test_a_customer_stops_sharing_one_meter_and_is_offered_to_stop_all(
    page: Page, stack: Stack, look: Look
) -> None:
    usage = connected(page, stack)
    meters = page.locator(".meter")
    expect(meters).to_have_count(2)
    look(page, "usage-meters")
    meters.last.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stop sharing this meter?")
    look(page, "stop-meter")
    page.get_by_role("button", name="Stop and delete its data").click()
    expect(page).to_have_url(usage.partition("?")[0])
    expect(page.locator(".meter-stopped")).to_contain_text("You stopped sharing it on")
    expect(page.get_by_role("navigation", name="Service")).to_have_count(0)
    look(page, "usage-meter-stopped")
    page.locator(".meter-collected").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("the last meter")
    look(page, "stop-last-meter")
    page.get_by_role("button", name="Stop sharing and delete my data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sharing has stopped")


@AT_A_DESK
def test_staff_see_the_meters_and_ask_for_a_history(office: Page, stack: Stack, look: Look) -> None:
    connected(office, stack)
    office.goto(f"{stack.portal.url}/staff/greenbutton/usagepoint/")
    look(office, "staff-meters")
    open_row(office, f"{stack.portal.url}/staff/greenbutton/usagepoint/", "Electricity service")
    press(office, "Stop monitoring")
    dialog = office.locator("#dialog")
    dialog.locator("[name=why]").fill("The study is over")
    dialog.get_by_role("button", name="Stop monitoring").click()
    expect(office.get_by_text("Nothing new of it is stored any more.")).to_be_visible()
    press(office, "Collect its history")
    dialog.locator("[name=why]").fill("A gap in March")
    look(office, "staff-meter-dialog", full_page=False)
    dialog.get_by_role("button", name="Collect its history").click()
    expect(office.get_by_text("Its history is asked for")).to_be_visible()
    look(office, "staff-meter")
