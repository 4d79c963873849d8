"""A real Chromium, and what it is pointed at."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from portal.processes import until
from portal.stack import Stack

# Quiet switches: a browser under test has nobody else to talk to.
SWITCHES = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1280, height=1040)
VIEWPORTS = {"phone": PHONE, "desktop": DESKTOP}
# For walks whose steps are the same on either: once at a desk, where `look` narrows the window to a
# phone's for a second picture.
AT_A_DESK = pytest.mark.parametrize("viewport", ["desk"], indirect=True)


def chromium() -> str | None:
    """Where Chromium is on this machine."""
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser")


# Not longer than the folder's tests: while Playwright runs, its event loop is this thread's, and
# the other tests of the process want one of their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for the run; without it the test is skipped, or fails with BROWSER=required."""
    path = chromium()
    if path is None:
        if os.environ.get("BROWSER") == "required":
            pytest.fail("BROWSER=required, but there is no Chromium: apt install chromium.")
        pytest.skip("There is no Chromium on this machine: apt install chromium.")
    # Chromium's own sandbox needs privileges that root cannot drop to.
    switches = [*SWITCHES, "--no-sandbox"] if os.geteuid() == 0 else SWITCHES
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=switches)
        yield running
        running.close()


class Troubles:
    """What went wrong in a page without anybody clicking it: console errors, refused resources."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def watch(self, page: Page) -> None:
        """Listen to a page from now on."""
        page.on("console", lambda m: self.seen.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.seen.append(str(error)))


@pytest.fixture(params=VIEWPORTS, ids=list(VIEWPORTS))
def viewport(request: pytest.FixtureRequest) -> str:
    """On a phone, and on a desk."""
    return str(request.param)


@pytest.fixture
def troubles() -> Iterator[Troubles]:
    """Every page of a test is watched; a violation of the CSP or a script error fails the test."""
    watcher = Troubles()
    yield watcher
    assert watcher.seen == []


@pytest.fixture
def context(browser: Browser, viewport: str) -> Iterator[BrowserContext]:
    """A browser without a past, in the size of the viewport."""
    size = VIEWPORTS.get(viewport, DESKTOP)
    opened = browser.new_context(viewport=size, is_mobile=viewport == "phone", has_touch=True)
    opened.set_default_timeout(15_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, troubles: Troubles) -> Page:
    """The customer's tab."""
    tab = context.new_page()
    troubles.watch(tab)
    return tab


@pytest.fixture(scope="session")
def seeded(stack: Stack) -> dict[str, Any]:
    """Staff account and share links, as the demo makes them."""
    made: dict[str, Any] = json.loads(stack.portal.manage("seed_demo", "--json"))
    return made


@pytest.fixture
def office(page: Page, stack: Stack, seeded: dict[str, Any]) -> Page:
    """The tab of somebody of the staff, signed in, on the dashboard."""
    page.goto(f"{stack.portal.url}/staff/")
    page.fill("[name=login]", seeded["staff_email"])
    page.fill("[name=password]", seeded["staff_password"])
    page.press("[name=password]", "Enter")
    expect(page.get_by_role("link", name="Make a share link")).to_be_visible()
    return page


class Look(Protocol):
    """Takes a picture of the page: of all of it, or of what the window shows."""

    def __call__(self, page: Page, name: str, *, full_page: bool = True) -> None: ...


@pytest.fixture
def look(viewport: str) -> Look:
    """Take a picture of the page into the folder that SCREENSHOTS names (`make screenshots`).

    Also without pictures, a page that is wider than its window is a fault.
    """
    folder = os.environ.get("SCREENSHOTS")

    def take(page: Page, name: str, *, full_page: bool = True) -> None:
        for size in (viewport,) if viewport in VIEWPORTS else ("phone", "desktop"):
            if size != viewport:
                page.set_viewport_size(VIEWPORTS[size])
            take_in(size, page, name, full_page=full_page)

    def take_in(size: str, page: Page, name: str, *, full_page: bool) -> None:
        def wider() -> int:
            # Not than window.innerWidth: a phone zooms out as far as such a page is wide.
            # By a locator, which waits for its element: for a moment the next page has none.
            width: int = page.locator("html").evaluate("html => html.scrollWidth")
            return width - VIEWPORTS[size]["width"]

        # A chart follows its window a moment later.
        fits = until(lambda: wider() <= 0, 3)
        assert fits, f"{name} is {wider()} px wider than the {size}"
        if folder:
            page.screenshot(path=Path(folder) / f"{name}-{size}.png", full_page=full_page)

    return take
