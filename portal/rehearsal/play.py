"""Play one row: share link → consent at the utility → collection → what is stored."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from django.conf import settings
from django.db import connection
from django.utils import timezone

from authorizations.models import Authorization, ShareLink
from greenbutton.models import Pull, ReadingDay, UsagePoint, UsageSummary
from portal.rehearsal.browser import Browser, Page
from portal.rehearsal.mailbox import Mailbox
from portal.rehearsal.rows import Row
from utilities.models import Utility

# How long a collection may take before the row counts as failed.
PATIENCE_SECONDS = 90
# espi.xsd ServiceKind
SERVICES = {0: "electricity", 1: "gas", 2: "water"}
# Two years of hours, less what a short month at either end may lack.
LEAST_READINGS_A_SERVICE = 17_000
LEAST_BILLS_A_SERVICE = 20


class RowFailedError(Exception):
    """The row did not go as the utility's documentation says; the message says where and how."""


@dataclass
class Outcome:
    """How one row went."""

    row: Row
    ok: bool = False
    detail: str = ""
    consent_seconds: float = 0.0
    total_seconds: float = 0.0
    usage_points: dict[str, int] = field(default_factory=dict)
    readings: int = 0
    bills: int = 0

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {**asdict(self), "row": {**asdict(self.row), "title": self.row.title}}


def play_all(rows: Iterable[Row], at_once: int = 2) -> Iterator[Outcome]:
    """Play the rows, a few at once, and yield how each went in the order of the rows."""
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        yield from pool.map(_play_in_thread, rows)


def _play_in_thread(row: Row) -> Outcome:
    try:
        return play(row)
    finally:
        connection.close()


def play(row: Row) -> Outcome:
    """Play one row; a row that fails is an outcome, not an exception."""
    outcome = Outcome(row)
    started = time.monotonic()
    link, mailbox = _make_link(row), Mailbox.new(row.way)
    try:
        with Browser() as browser:
            page = _authenticate(browser, row, link, mailbox)
            if row.refusal:
                outcome.detail = refused(page, link, row.refusal)
                if mailbox.messages():
                    raise RowFailedError("a passcode was sent all the same")
            else:
                authorization = _consent(browser, page, link)
                outcome.consent_seconds = time.monotonic() - started
                pull = _watch(browser, authorization)
                outcome.detail = _collected(outcome, authorization, pull)
        outcome.ok = True
    except (RowFailedError, LookupError, httpx.HTTPError) as e:
        outcome.detail = str(e) or type(e).__name__
    finally:
        link.disable()
    outcome.total_seconds = time.monotonic() - started
    return outcome


def _make_link(row: Row) -> ShareLink:
    return ShareLink.objects.create(
        utility=Utility.objects.get(utility_id=row.utility),
        authentication_type="" if row.prefill is None else row.way,
        authentication_value=row.prefill or "",
        note=f"demo --check: {row.utility} {row.way} {row.scenario}",
        expires_at=timezone.now() + timedelta(hours=1),
    )


def _authenticate(browser: Browser, row: Row, link: ShareLink, mailbox: Mailbox) -> Page:
    """From the share link to the consent page, or to the page that says that nobody was found."""
    page = browser.open(f"{settings.PORTAL_URL}/share/{link.code}/")
    if row.prefill and row.prefill in page.text:
        raise RowFailedError("the share page shows the prefilled value unmasked")
    starts = [form for form in page.forms if form.action.endswith("/start/")]
    if not starts:
        raise RowFailedError(f"no way to start from {page.describe()}")
    page = browser.submit(starts[0])
    if not page.url.startswith(settings.SANDBOX_URL):
        raise RowFailedError(f"the link leads to {page.describe()}, not to the utility")
    if row.prefill is None or row.falls_back:
        if not page.has_form("authenticate"):
            raise RowFailedError(f"expected the ordinary form, not {page.describe()}")
        if page.alert():
            raise RowFailedError(f"the ordinary form opens with an error: {page.describe()}")
    if page.has_form("authenticate"):
        page = browser.submit(page.form("authenticate"), _answers(row, mailbox))
    if page.has_form("login"):
        typed = {"username": row.value, "password": row.password}
        page = browser.submit(page.form("login"), typed)
    if page.has_form("passcode"):
        passcode = _sent_passcode(page, mailbox) if row.is_sent else _shown_passcode(page)
        page = browser.submit(page.form("passcode"), {"passcode": passcode})
    return page


def _shown_passcode(page: Page) -> str:
    shown = page.texts.get("test-passcode", "")
    if not shown.isdecimal():
        raise RowFailedError("the passcode page does not display the test passcode")
    return shown


def _sent_passcode(page: Page, mailbox: Mailbox) -> str:
    """The passcode as it arrived; the page must give away neither it nor the contact."""
    passcode = mailbox.wait_for_passcode()
    if passcode is None:
        raise RowFailedError(f"no passcode arrived within {mailbox.PATIENCE_SECONDS} seconds")
    if "test-passcode" in page.texts or passcode in page.text or mailbox.contact in page.text:
        raise RowFailedError("the passcode page shows what was sent, or where")
    return passcode


def _answers(row: Row, mailbox: Mailbox) -> dict[str, str]:
    """What the customer types into the utility's form."""
    answers = {"type": row.way, "value": row.typed(mailbox.contact)}
    if row.bill_amount:
        answers |= {"bill_amount": row.bill_amount, "bill_date": row.bill_date}
    if row.password and row.way != "sso":  # there it is asked for elsewhere
        answers |= {"password": row.password}
    return answers


def _consent(browser: Browser, page: Page, link: ShareLink) -> Authorization:
    """Allow everything that is asked for, and come back to the portal with an authorization."""
    if not page.has_form("consent"):
        raise RowFailedError(f"expected the consent page, not {page.describe()}")
    page = browser.submit(page.form("consent"), {"decision": "allow"})
    authorizations = list(link.authorizations.all())
    if len(authorizations) != 1:
        raise RowFailedError(f"{len(authorizations)} authorizations after {page.describe()}")
    if page.url != f"{settings.PORTAL_URL}/usage/{authorizations[0].uid}/":
        raise RowFailedError(f"the way back ended at {page.describe()}")
    return authorizations[0]


def _watch(browser: Browser, authorization: Authorization) -> Pull:
    """Wait, as the customer's page does, until the first collection is over."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < patience:
        page = browser.open(f"{settings.PORTAL_URL}/usage/{authorization.uid}/progress/")
        if page.status not in {200, 204, 286}:  # 286 tells htmx to stop asking
            raise RowFailedError(f"progress answered {page.describe()}")
        pull = authorization.pulls.first()
        if pull and pull.state in {Pull.State.FAILED, Pull.State.DONE}:
            return pull
        time.sleep(0.25)
    raise RowFailedError(f"nothing was collected within {PATIENCE_SECONDS} seconds")


def _collected(outcome: Outcome, authorization: Authorization, pull: Pull) -> str:
    """What came of the collection, in words; raises RowFailedError if it should have gone else."""
    failed = pull.state == Pull.State.FAILED
    if not outcome.row.is_collected:
        if not failed:
            raise RowFailedError("data were collected all the same")
        return pull.message
    if failed:
        raise RowFailedError(f"the collection failed: {pull.error}")
    compare(outcome, authorization)
    return f"{outcome.readings:,} readings, {outcome.bills} bills"


def name_of(kind: int | None) -> str:
    """A service by its espi.xsd ServiceKind."""
    return "unknown" if kind is None else SERVICES.get(kind, f"service {kind}")


def compare(outcome: Outcome, authorization: Authorization) -> None:
    """Hold what is stored against what the documentation promises; raises RowFailedError."""
    points = UsagePoint.objects.filter(authorization=authorization)
    outcome.usage_points = dict(Counter(name_of(p.kind) for p in points))
    if outcome.usage_points != dict(outcome.row.services):
        raise RowFailedError(f"usage points are {outcome.usage_points}")
    for point in points:
        days = ReadingDay.objects.filter(
            authorization=authorization, meter_reading__usage_point=point
        )
        readings = sum(days.values_list("count", flat=True))
        bills = UsageSummary.objects.filter(usage_point=point).count()
        if readings < LEAST_READINGS_A_SERVICE or bills < LEAST_BILLS_A_SERVICE:
            raise RowFailedError(f"{point} has {readings:,} readings and {bills} bills")
        outcome.readings += readings
        outcome.bills += bills


def refused(page: Page, link: ShareLink, code: str = "not_found") -> str:
    """The utility's words to a customer whose way ends at its page; raises RowFailedError.

    They must stand on its own page, and nothing may have come to the portal.
    """
    alert = page.alert()
    if not page.url.startswith(settings.SANDBOX_URL) or alert is None or alert[0] != code:
        raise RowFailedError(f"expected “{code}” at the utility, not {page.describe()}")
    if made := link.authorizations.first():
        raise RowFailedError(f"an authorization exists all the same: {made.uid}")
    return alert[1]
