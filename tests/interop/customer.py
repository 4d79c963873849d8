"""A customer of SVCE who follows a stranger's link and says yes."""

from __future__ import annotations

import httpx

from tests.at_the_sandbox import follow, seen, submit

SCOPE = "FB=4_16_51;AdditionalScope=auth-phone-1111111111"


def consent(browser: httpx.Client, authorize: str) -> str:
    """The address that the browser is sent back to, which is not opened."""
    page = follow(browser, browser.get(authorize))
    page = submit(browser, page, "passcode", passcode=seen(page).texts["test-passcode"])
    return submit(browser, page, "consent", decision="allow").headers["Location"]
