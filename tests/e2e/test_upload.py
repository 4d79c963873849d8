"""A Green Button file in a real browser, with the CSP on: brought, seen, put right, deleted."""

import base64

import pytest
from playwright.sync_api import FilePayload, Page, expect

from portal.stack import Stack
from tests.e2e.conftest import AT_A_DESK, Look, Troubles
from tests.e2e.test_main_job import starting, wait_for_chart
from tests.greenbutton.ingest.documents import MIDNIGHT, bill, block, document, hours, meter
from tests.greenbutton.ingest.test_import_file import local_time

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

DAY = 86_400


def feed(days: int, first: int = MIDNIGHT) -> bytes:
    """Days of hours that begin at midnight in Toronto, told as Pacific time, with oddities."""
    blocks = [
        block(*hours([300 + 40 * hour for hour in range(24)], first + n * DAY), number=n)
        for n in range(days)
    ]
    again = block(*hours([300 + 40 * hour for hour in range(24)], first), number=days)
    return document(
        local_time(-8), meter(title="88 Queen Street"), blocks, again, bill(first)
    ).getvalue()


def usage_file(data: bytes, name: str = "green-button-usage-2026.xml") -> FilePayload:
    return FilePayload(name=name, mimeType="application/xml", buffer=data)


def drop(page: Page, data: bytes, name: str) -> None:
    """Let a file fall onto the page's place for it."""
    # Whoever follows a link is on the page before its script is.
    page.wait_for_load_state()
    transfer = page.evaluate_handle(
        """([body, name]) => {
            const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], name, { type: "application/xml" }));
            return transfer;
        }""",
        [base64.b64encode(data).decode(), name],
    )
    page.dispatch_event("#drop", "dragover", {"dataTransfer": transfer})
    expect(page.locator("#drop")).to_have_class("drop drop-over")
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})


def test_a_customer_drops_a_file_and_puts_its_time_right(
    page: Page, stack: Stack, look: Look
) -> None:
    page.goto(f"{stack.portal.url}/")
    page.get_by_role("link", name="I have a Green Button file").click()
    look(page, "upload")
    drop(page, feed(40), "green-button-usage-2026.xml")
    page.select_option("[name=utility]", label="Another utility")
    page.get_by_role("button", name="Send it").click()

    expect(page).to_have_url(starting(f"{stack.portal.url}/usage/"))
    look(page, "upload-reading")
    wait_for_chart(page)
    expect(page.get_by_text("Is this the time where the meter is?")).to_be_visible()
    page.get_by_text("What is unusual about it").click()
    look(page, "upload-found")
    page.get_by_text("No, another one").click()
    look(page, "upload-time-zone")
    page.locator(".ask select[name=time_zone]").select_option(label="Eastern (Toronto)")
    page.get_by_role("button", name="Show it in this time").click()
    settled = page.get_by_text("Days and times are those of Eastern (Toronto) now")
    expect(settled).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Is this the time where the meter is?")).to_have_count(0)
    wait_for_chart(page)
    look(page, "upload-settled")

    page.get_by_role("link", name="Add another file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Add another file")
    look(page, "upload-more")
    page.set_input_files("#file", usage_file(feed(20, MIDNIGHT + 30 * DAY), "the-next.xml"))
    page.get_by_role("button", name="Send it").click()
    expect(page).to_have_url(starting(f"{stack.portal.url}/usage/"))
    expect(page.get_by_text("From 2 files that you brought")).to_be_visible(timeout=60_000)

    page.get_by_text("Delete this data").click()
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your files are deleted")
    look(page, "upload-deleted")


@AT_A_DESK
def test_a_file_that_cannot_be_read_is_told_in_words(
    page: Page, stack: Stack, look: Look, troubles: Troubles
) -> None:
    page.goto(f"{stack.portal.url}/upload/")
    page.set_input_files("#file", usage_file(b"%PDF-1.7", "bill.pdf"))
    page.get_by_role("button", name="Send it").click()
    expect(page.locator("#problem")).to_contain_text("This is a PDF")
    look(page, "upload-no-file")
    page.set_input_files("#file", usage_file(feed(3)[:-200]))
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_text("We could not read this file")).to_be_visible(timeout=60_000)
    look(page, "upload-refused")
    page.get_by_role("link", name="Send another file").click()
    page.set_input_files("#file", usage_file(feed(3)))
    page.get_by_role("button", name="Send it").click()
    wait_for_chart(page)
    # Chromium notes every answer of 400 and above as an error; a refusal is a 422 on purpose.
    troubles.seen = [seen for seen in troubles.seen if "422" not in seen]


def test_a_file_that_is_too_large_is_not_even_sent(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.portal.url}/upload/")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    page.evaluate("Object.defineProperty(File.prototype, 'size', { value: 300 * 2 ** 20 })")
    page.set_input_files("#file", usage_file(feed(1)))
    expect(page.locator("#problem")).to_contain_text("we take up to 256 MB")
    page.get_by_role("button", name="Send it").click()
    expect(page.locator("#sending")).to_be_hidden()
    assert "POST" not in sent


@AT_A_DESK
def test_without_scripts_it_is_a_form_like_any_other(page: Page, stack: Stack, look: Look) -> None:
    browser = page.context.browser
    assert browser is not None
    plain = browser.new_context(java_script_enabled=False)
    tab = plain.new_page()
    tab.goto(f"{stack.portal.url}/upload/")
    tab.set_input_files("#file", usage_file(feed(2)))
    tab.get_by_role("button", name="Send it").click()
    expect(tab).to_have_url(starting(f"{stack.portal.url}/usage/"))
    # The page asks again by itself.
    expect(tab.get_by_text("What was found")).to_be_visible(timeout=60_000)
    plain.close()
