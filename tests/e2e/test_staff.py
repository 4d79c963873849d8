"""Staff at work in a real browser: signing in, making a link, and a button that asks why."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portal.stack import Stack
from tests.e2e.conftest import AT_A_DESK, Look
from tests.e2e.test_main_job import use_test_account, wait_for_chart

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), AT_A_DESK]


def open_row(page: Page, address: str, text: str) -> None:
    """Open a row's page from its list."""
    page.goto(address)
    page.locator("#result_list a").filter(has_text=text).first.click()
    expect(page.locator("#content-main form")).to_be_visible()


def press(page: Page, button: str) -> None:
    """Press one of the row's buttons, which a phone keeps in a menu; some are behind “More”."""
    action = page.locator("ul a, nav a").filter(has_text=button)
    if not action.is_visible():
        if page.get_by_text("more_horiz").is_visible():
            page.get_by_text("more_horiz").click()
        if not action.is_visible():
            page.locator("ul a").filter(has_text="More").click()
    action.click()


def test_staff_make_a_link_and_see_the_scope_in_words(
    office: Page, stack: Stack, look: Look
) -> None:
    look(office, "staff-dashboard")
    office.get_by_role("link", name="Make a share link").click()
    office.select_option("[name=utility]", label="Silicon Valley Clean Energy")
    words = office.locator("#scope-words")
    expect(words).to_contain_text("Your account details")
    office.fill("[name=scope]", "FB=4;HistoryLength=31536000")
    expect(words).to_contain_text("Up to 1 year of history")
    expect(words).not_to_contain_text("Your account details")
    office.fill("[name=note]", "Made in a browser")
    look(office, "staff-new-link")
    office.get_by_role("button", name="Save").click()
    address = office.locator("[data-copy]")
    expect(address).to_be_visible()
    assert (address.get_attribute("data-copy") or "").startswith(f"{stack.portal.url}/share/")
    look(office, "staff-link")


def test_a_public_client_is_refused_to_go_live_in_words(
    office: Page, stack: Stack, look: Look
) -> None:
    clients = f"{stack.portal.url}/staff/utilities/client/"
    office.goto(clients)
    look(office, "staff-clients")
    open_row(office, clients, "SVCE_ccccccccc")
    press(office, "Go live")
    dialog = office.locator("#dialog")
    dialog.get_by_role("button", name="Go live").click()
    expect(dialog).to_contain_text("This field is required.")
    dialog.locator("[name=why]").fill("We want to")
    dialog.get_by_role("button", name="Go live").click()
    expect(office.get_by_text("A public client stays in the sandbox for ever.")).to_be_visible()
    expect(office.get_by_text("Sandbox", exact=True).first).to_be_visible()
    look(office, "staff-client")


def test_staff_read_the_story_of_a_pull_and_have_it_read_again(
    office: Page, stack: Stack, look: Look
) -> None:
    office.goto(f"{stack.portal.url}/connect/ssmpuc/")
    office.get_by_role("button", name="Continue to").click()
    use_test_account(office, "test_residential")
    office.locator("#consent button[value=allow]").click()
    wait_for_chart(office)
    uid = office.url.rstrip("/").rpartition("/")[2]
    open_row(office, f"{stack.portal.url}/staff/authorizations/authorization/", uid)
    look(office, "staff-authorization")
    press(office, "Collect its history")
    expect(office.locator("#dialog [name=why]")).to_be_visible()
    look(office, "staff-authorization-dialog", full_page=False)
    pulls = f"{stack.portal.url}/staff/greenbutton/pull/"
    office.goto(f"{pulls}?first__exact=1")
    office.locator("#result_list tbody a").first.click()
    expect(office.get_by_text("The customer has just connected")).to_be_visible()
    expect(office.get_by_text("Readings and bills from").first).to_be_visible()
    press(office, "Read again")
    dialog = office.locator("#dialog")
    dialog.locator("[name=why]").fill("The reader was mended")
    dialog.get_by_role("button", name="Read again").click()
    expect(office.get_by_text("A worker reads it again.")).to_be_visible()
    replay = office.get_by_role("link", name="replay of").first
    expect(replay).to_be_visible()
    look(office, "staff-pull")
    replay.click()
    done = office.get_by_text("Kept document").first
    for _ in range(30):
        if done.is_visible() and office.get_by_text("Done", exact=True).first.is_visible():
            break
        office.wait_for_timeout(1_000)
        office.reload()
    expect(done).to_contain_text("(0 new)")
    look(office, "staff-replay")
