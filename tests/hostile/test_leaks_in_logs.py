"""Logs, as a thief of logs reads them: a whole life of a consent, with all that goes wrong in it.

At DEBUG, in the words that our formatter writes; no token, code, secret, name, number, address or
key of a cookie may be among them.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.conf import settings
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client as Browser

from authorizations.access import COOKIE
from authorizations.models import Authorization, ConnectAttempt, ShareLink
from authorizations.tasks import send_due_emails, tell_utilities
from greenbutton import notices
from greenbutton.espi import write_bare
from greenbutton.espi.batch_list import BatchList
from greenbutton.ingest.pull import pull
from greenbutton.models import Customer, CustomerAccount, Meter, Pull
from portal.logs import DiscreetFormatter
from portal.processes import Children
from portal.stack import CHECKOUT, Site
from tests.at_the_sandbox import follow, seen, submit
from tests.cast import Person, code_sent_to, new_address
from tests.hostile.household import Household
from utilities.models import Utility

PHONE = "111-111-1111"


class Everything(logging.Handler):
    """Keeps each line as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(DiscreetFormatter("{levelname} {name}: {message}", style="{"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log() -> Iterator[Everything]:
    """All that is logged meanwhile, at the level that says most."""
    handler, root = Everything(), logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


def leaked(lines: list[str], secrets: dict[str, str]) -> dict[str, str]:
    """Which secret stands in which line."""
    assert all(len(secret) > 5 for secret in secrets.values()), secrets
    return {name: line for name, secret in secrets.items() for line in lines if secret in line}


def test_a_whole_life_of_a_consent_leaves_no_secret_in_the_log(
    svce: Utility, at_utility: httpx.Client, ada: Person, cy: Person, log: Everything
) -> None:
    address, secrets = new_address("ada"), {"phone": PHONE, "digits": "1111111111"}
    client = svce.clients.get()
    link = ShareLink.objects.create(
        utility=svce,
        note="Mrs Lovelace",
        reference="Job 7731",
        customer_email="countess@lovelace.example",
        authentication_type="phone",
        authentication_value=PHONE,
    )
    # The way there and back, with another browser's try and a repeated callback.
    sent = ada.sets_out(f"/share/{link.code}/?email={address}")
    page = follow(at_utility, at_utility.get(sent.headers["Location"]))
    passcode = seen(page).texts["test-passcode"]
    page = submit(at_utility, page, "passcode", passcode=passcode)
    back = submit(at_utility, page, "consent", decision="allow").headers["Location"]
    callback = back.removeprefix(settings.PORTAL_URL)
    for browser in (cy.browser, ada.browser, ada.browser):
        browser.get(callback)
    query = httpx.URL(back).params
    authorization = Authorization.objects.get()
    secrets |= {"state": query["state"], "code": query["code"], "passcode": passcode}
    secrets |= tokens_of(authorization, "first")
    # Collecting, a refresh, a refusal of what was refreshed, a notice.
    assert pull(authorization) is not None
    Authorization.objects.update(access_expires_at=None)
    assert pull(Authorization.objects.get()) is not None
    authorization.refresh_from_db()
    secrets |= tokens_of(authorization, "second")
    Authorization.objects.update(access_token="a-token-that-is-none", access_expires_at=None)
    pull(Authorization.objects.get())
    notice = write_bare(BatchList((authorization.resource_uri, f"{authorization.resource_uri}x")))
    ada.browser.post(f"/espi/{svce.slug}/notify/", notice, "application/xml")
    notices.read_waiting()
    # Coming back by a code, with a wrong one first; strangers at her pages.
    ada.browser.post(f"/connections/{authorization.uid}/come-back/give/", {"email": address})
    secrets["e-mailed code"] = code_sent_to(address)
    ada.types_code("0000-0000")
    ada.types_code(secrets["e-mailed code"])
    secrets["session"] = ada.browser.cookies[settings.SESSION_COOKIE_NAME].value
    refused_in_every_way(cy.browser, link)
    # The end, told to the utility and by e-mail.
    ada.browser.post(f"/connections/{authorization.uid}/disconnect/")
    send_due_emails()
    tell_utilities()
    customer = Customer.objects.filter(authorization=authorization).first()
    if customer is not None:
        secrets |= {"name": customer.name, "street": customer.street.splitlines()[0]}
        secrets["account"] = CustomerAccount.objects.get(customer=customer).account_id
        secrets |= {f"meter {one.pk}": one.serial_number for one in Meter.objects.all()}
    secrets |= {"address": address, "link address": "countess@lovelace.example"}
    secrets |= {"note": "Mrs Lovelace", "reference": "Job 7731", "link": link.code}
    secrets |= {"browser": ada.cookie, "feed key": authorization.feed_key}
    secrets |= {"client": client.client_secret, "registration": client.registration_token}
    secrets |= {f"verifier {one.pk}": one.pkce_verifier for one in ConnectAttempt.objects.all()}
    assert len(log.lines) > 10
    assert leaked(log.lines, {name: one for name, one in secrets.items() if one}) == {}
    # And what is kept to be read by staff is as discreet.
    told = [f"{pull_.error} {pull_.findings}" for pull_ in Pull.objects.all()]
    told += [attempt.reason for attempt in ConnectAttempt.objects.all()]
    told += [str(event.detail) for event in authorization.events.all()]
    assert leaked(told, {name: one for name, one in secrets.items() if one}) == {}


def tokens_of(authorization: Authorization, when: str) -> dict[str, str]:
    return {
        f"{when} access token": authorization.access_token,
        f"{when} refresh token": authorization.refresh_token,
    }


def refused_in_every_way(browser: Browser, link: ShareLink) -> None:
    """What Django logs by itself: its lines name the path of whatever it refuses."""
    browser.handler.enforce_csrf_checks = True
    for path in (f"/share/{link.code}/start/", f"/share/{link.code}/nowhere/"):
        browser.post(path, {"value": PHONE})
        browser.get(path)
    browser.put(f"/share/{link.code}/")


def test_the_key_of_a_forgotten_password_and_a_visits_code_are_left_out(
    household: Household, boss: User, cy: Person, log: Everything
) -> None:
    EmailAddress.objects.create(user=boss, email=boss.email, verified=True, primary=True)
    boss.set_password("correct horse battery")
    boss.save()
    cy.browser.post("/accounts/password/reset/", {"email": boss.email})
    found = re.search(r"/accounts/password/reset/key/(\S+)/", str(mail.outbox[-1].body))
    assert found
    cy.browser.handler.enforce_csrf_checks = True
    cy.browser.post(f"/accounts/password/reset/key/{found[1]}/")
    cy.browser.get(f"/accounts/password/reset/key/{found[1]}/nowhere/")
    address = EmailAddress(user=boss, email="new@example.org")
    address.save()
    proof = EmailConfirmationHMAC(address).key
    cy.browser.post(f"/accounts/confirm-email/{proof}/")
    cy.browser.get(f"/accounts/confirm-email/{proof}/nowhere/")
    cy.browser.get(f"/demo/notify/{household.visit.notify_code}/")
    cy.browser.post(f"/demo/notify/{household.visit.notify_code}/", b"x" * 99_999, "text/plain")
    secrets = {"key": found[1], "proof": proof, "visit": household.visit.notify_code}
    assert len(log.lines) > 2
    assert leaked(log.lines, secrets) == {}


def test_a_line_of_the_log_cannot_be_written_by_an_address(
    utility: Utility, cy: Person, log: Everything
) -> None:
    forged = "x\nERROR portal: everything is lost"
    cy.browser.get(f"/usage/{forged}/")
    cy.browser.get(f"/staff/{forged}/")
    cy.browser.get(f"/share/x/{forged}")
    state = cy.begins(utility)
    cy.comes_back(utility, state=state, error="access_denied", error_description=forged)
    cy.comes_back(utility, state=forged, code=forged)
    assert not [line for line in log.lines if "\nERROR portal" in line]


def test_a_process_writes_no_query_cookie_or_form_of_a_request(
    transactional_db: None, state_folder: Path, worker_name: str, ada: Person
) -> None:
    """The server's own lines, which no formatter of ours sees; errors among them."""
    said: list[str] = []
    children = Children(
        lambda name, line: said.append(line), CHECKOUT, state_folder / f"log-{worker_name}.proc"
    )
    database = urlsplit(os.environ["DATABASE_URL"])._replace(
        path=f"/{connection.settings_dict['NAME']}"
    )
    site = Site("portal", "localhost", 0, children, demo=False)
    site.use({**os.environ, "DATABASE_URL": database.geturl(), "PORTAL_URL": site.url})
    secret = "the-secret-of-ada"
    try:
        child = site.serve()
        children.wait_for_url(child, f"{site.url}/accounts/login/")
        with httpx.Client(base_url=site.url, cookies={COOKIE: ada.cookie}) as browser:
            for path in ("/connect/callback/demo/", "/connect/", "/nowhere/", f"/share/{secret}/"):
                browser.get(path, params={"state": secret, "code": secret})
                browser.post(path, data={"email": f"{secret}@example.org"})
            browser.post("/espi/demo/notify/", content=b"x", headers={"Authorization": secret})
            browser.get("/", headers={"Cookie": f"{COOKIE}={secret}; \x01={secret}"})
            browser.get("/", headers={"Host": secret})
    finally:
        children.stop()
    assert leaked(said, {"secret": secret, "browser": ada.cookie}) == {}
