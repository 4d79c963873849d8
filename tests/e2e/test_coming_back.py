"""A guest who makes an account in a real browser, with the CSP on, and what is in it afterwards."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from portal.stack import Stack
from tests.cast import new_address
from tests.e2e.conftest import Look, Troubles
from tests.e2e.test_main_job import starting, use_test_account, wait_for_chart

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LINK = """
from authorizations.models import ShareLink
from utilities.models import Utility
utility = Utility.objects.get(slug="ssmpuc")
print("made:" + ShareLink.objects.create(utility=utility, customer_email={address!r}).url)
"""


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def headed(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def code_printed_for(stack: Stack, address: str) -> str:
    """The code in the latest e-mail to this address, which a demo prints."""
    (portal,) = [child for child in stack.children.running if child.name == "portal"]
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        printed = "\n".join(portal.tail).rpartition(f"To: {address}")[2]
        if found := re.search(r"^ +(\d{4}-\d{4})$", printed, re.MULTILINE):
            return found[1]
        time.sleep(0.05)
    raise AssertionError("no code was printed")


def share(page: Page, link: str) -> None:
    """Follow a link, consent as a test account, and come to the usage page."""
    page.goto(link)
    page.get_by_role("button", name="Continue to").click()
    use_test_account(page, "test_residential")
    page.locator("#consent button[value=allow]").click()
    wait_for_chart(page)


def test_a_guest_confirms_the_links_address_and_comes_back_from_elsewhere(
    page: Page, stack: Stack, look: Look, troubles: Troubles
) -> None:
    address = new_address("diana")
    made = stack.portal.manage("shell", "-c", LINK.format(address=address))
    share(page, made.partition("made:")[2].strip())
    usage = page.url
    look(page, "come-back-offered", full_page=False)
    page.get_by_text("Use another address").click()
    look(page, "come-back-offered-other", full_page=False)
    press(page, "Yes, use it")
    headed(page, "Look into your e-mail")
    expect(page.get_by_text(address)).to_have_count(0)
    look(page, "code")
    page.goto(usage)
    look(page, "come-back-given", full_page=False)

    page.goto(f"{stack.portal.url}/account/code/")
    page.get_by_label("The code").fill("0000-0000")
    press(page, "Go on")
    expect(page.get_by_role("alert")).to_contain_text("You can try 4 more times")
    look(page, "code-wrong")
    page.get_by_label("The code").fill(code_printed_for(stack, address))
    page.get_by_label("The code").press("Enter")
    expect(page).to_have_url(usage)
    expect(page.get_by_text("Your account is ready")).to_be_visible()
    expect(page.get_by_text("Come back later")).to_have_count(0)
    look(page, "account-ready", full_page=False)

    page.context.clear_cookies()  # another device
    page.goto(usage)
    headed(page, "This page does not exist")
    look(page, "not-found")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    look(page, "sign-in")
    page.get_by_label("Your e-mail address").fill(address)
    press(page, "Send me a code")
    page.get_by_label("The code").fill(code_printed_for(stack, address))
    press(page, "Go on")
    headed(page, "Your connections")
    look(page, "account-connections")
    page.get_by_role("link", name="PUC Distribution").click()
    expect(page).to_have_url(usage)
    # Chromium notes every answer of 400 and above as an error; these two are meant.
    troubles.seen = [one for one in troubles.seen if "422" not in one and "404" not in one]


def test_a_guest_gives_an_address_and_ends_the_account_again(
    page: Page, stack: Stack, look: Look, troubles: Troubles
) -> None:
    address = new_address("erin")
    share(page, f"{stack.portal.url}/connect/ssmpuc/")
    usage = page.url
    look(page, "come-back", full_page=False)
    page.get_by_text("Give your e-mail address").click()
    look(page, "come-back-form", full_page=False)
    page.get_by_label("Your e-mail address").fill(address)
    press(page, "Send me a code")
    expect(page.get_by_text(address)).to_be_visible()
    page.get_by_label("The code").fill(code_printed_for(stack, address))
    press(page, "Go on")
    expect(page).to_have_url(usage)

    page.get_by_role("link", name="Your account").click()
    headed(page, "Your account")
    look(page, "account")
    press(page, "Sign out")
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto(usage)
    expect(page).to_have_url(starting(f"{stack.portal.url}/account/sign-in/"))
    look(page, "signed-out")
    page.get_by_label("Your e-mail address").fill(address)
    press(page, "Send me a code")
    page.get_by_label("The code").fill(code_printed_for(stack, address))
    press(page, "Go on")
    expect(page).to_have_url(usage)

    page.goto(f"{stack.portal.url}/account/")
    page.get_by_role("link", name="Use another address").click()
    look(page, "account-address")
    page.get_by_role("link", name="Leave it").click()
    page.get_by_role("link", name="Delete your account").click()
    headed(page, "Delete your account")
    look(page, "account-end")
    press(page, "Delete my account only")
    expect(page.get_by_text("Sharing goes on")).to_be_visible()
    look(page, "account-ended")
    page.goto(f"{stack.portal.url}/account/code/")
    headed(page, "This did not work")
    look(page, "code-over")
    troubles.seen = [one for one in troubles.seen if "410" not in one]
