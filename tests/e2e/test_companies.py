"""A company's way in a real browser: registered, reviewed, live; and the pages that it reads."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal.stack import Stack
from tests.e2e.conftest import AT_A_DESK, Look, Troubles

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), AT_A_DESK]

PASSWORD = "a long and quiet afternoon"


def register(page: Page, stack: Stack, utility: str, email: str) -> None:
    page.goto(f"{stack.sandbox.url}/{utility}/register/")
    page.fill("[name=account_email]", email)
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=company_name]", "Ada’s Audits")
    page.fill("[name=website]", "https://ada.example/")
    page.fill("[name=email]", "office@ada.example")
    page.fill("[name=purpose]", "Energy audits of homes that ask for one.")
    page.fill("[name=redirect_uris]", "https://ada.example/back\nhttp://localhost:5000/back")
    page.check("[name=terms]")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada’s Audits")


def staff_of(stack: Stack, page: Page, utility: str) -> None:
    member = next(one for one in stack.utility_staff if one["utility"] == utility)
    page.goto(member["url"])
    page.fill("[name=email]", member["email"])
    page.fill("[name=password]", member["password"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Companies")


def test_a_company_registers_is_approved_and_goes_live(
    page: Page, context: BrowserContext, stack: Stack, look: Look, viewport: str, troubles: Troubles
) -> None:
    page.goto(f"{stack.sandbox.url}/ssmpuc/")
    look(page, "sandbox-landing")
    page.get_by_role("link", name="Register your company").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Register your company")
    look(page, "sandbox-register")
    register(page, stack, "ssmpuc", f"ada@{viewport}.example")
    look(page, "sandbox-registration")
    client_id = page.locator("#client-id").inner_text()
    page.locator("#show-secret button").click()
    expect(page.locator("#client-secret")).to_have_text(re.compile(r"^[\w-]{43}$"))
    look(page, "sandbox-registration-secret")
    for tab in ("Notices", "Test conditions"):
        page.get_by_role("link", name=tab, exact=True).click()
        expect(page.get_by_role("link", name=tab, exact=True)).to_have_attribute(
            "aria-current", "page"
        )
        look(page, f"sandbox-{tab.replace(' ', '-').lower()}")
    page.goto(f"{stack.sandbox.url}/ssmpuc/docs/")
    expect(page.locator("#try")).to_contain_text(client_id)
    look(page, "sandbox-docs-signed-in")

    assert context.browser
    theirs = context.browser.new_context(viewport=page.viewport_size)
    office = theirs.new_page()
    troubles.watch(office)
    office.goto(f"{stack.sandbox.url}/ssmpuc/staff/")
    look(office, "sandbox-sign-in")
    staff_of(stack, office, "SSMPUC")
    look(office, "sandbox-review")
    office.goto(f"{stack.sandbox.url}/ssmpuc/staff/{client_id}/")
    look(office, "sandbox-review-company")
    office.get_by_role("button", name="Approve").click()
    expect(office.get_by_role("status")).to_contain_text("Approved")
    look(office, "sandbox-review-approved")
    theirs.close()

    page.goto(f"{stack.sandbox.url}/ssmpuc/registrations/{client_id}/")
    page.get_by_text("Switch to live", exact=True).click()
    look(page, "sandbox-registration-approved")
    page.get_by_role("button", name="Yes, switch to live").click()
    expect(page.get_by_role("status")).to_contain_text("You are live")
    page.goto(f"{stack.sandbox.url}/ssmpuc/registrations/")
    look(page, "sandbox-registrations")


def test_the_other_pages_can_be_read(
    page: Page, stack: Stack, look: Look, troubles: Troubles
) -> None:
    for address, name in {
        "svce/": "svce-landing",
        "svce/docs/": "svce-docs",
        "svce/docs/otp/": "svce-otp-guide",
        "demo/": "demo-landing",
        "demo/docs/": "demo-docs",
        "svce/terms/": "terms",
        "ssmpuc/docs/": "docs",
        "": "home",
    }.items():
        page.goto(f"{stack.sandbox.url}/{address}")
        look(page, f"sandbox-{name}")
    page.goto(f"{stack.sandbox.url}/svce/docs/")
    page.get_by_role("link", name="Open the demo site").click()
    expect(page.get_by_label("Utility")).to_have_value("SVCE")
    look(page, "demo-site-chosen")
    page.goto(f"{stack.portal.url}/demo/callback/?code=none&state=none")
    look(page, "demo-callback")
    page.goto(f"{stack.sandbox.url}/ssmpuc/register/")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("alert")).to_be_visible()
    look(page, "sandbox-register-wrong")
    # Chromium notes down every answer that is an error.
    assert all("422" in line or "400" in line for line in troubles.seen)
    troubles.seen.clear()
