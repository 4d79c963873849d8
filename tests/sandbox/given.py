"""Consents as the consent page leaves them, without the walk through its pages."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone

from greenbutton.espi import Entry, read_feed
from greenbutton.espi.scope import Option, Scope
from greenbutton.espi.validate import Report, schema, validate
from greenbutton.espi.validate.schema import Breach
from tests.sandbox.walk import Feed
from utilities.sandbox import documents
from utilities.sandbox.consenting.terms import Choice, Terms
from utilities.sandbox.documents.branch import Branch
from utilities.sandbox.documents.certificate import CERTIFICATE
from utilities.sandbox.documents.window import EVERYTHING, Window
from utilities.sandbox.models import RESOURCES, Fault, Grant, Registration, Service, UtilityAccount

DAY = 86_400
PUC_HOME, PUC_SHOP, PUC_SOLAR = "APUC0000-00", "APUC0000-01", "TEST-SOLAR"
SVCE_HOME, SVCE_BUSINESS, SVCE_SOLAR = "111111111-1", "222222222-2", "999999999-9"


def account(number: str) -> UtilityAccount:
    return UtilityAccount.objects.get(number=number)


def company(
    utility: str,
    profile: Registration.Profile = Registration.Profile.CERTIFIED,
    faults: Collection[Fault] = (),
) -> Registration:
    """A company of the test's own."""
    registration, _ = Registration.objects.update_or_create(
        client_id=f"{utility}-{profile}-{'-'.join(sorted(faults))}",
        defaults={
            "utility": utility,
            "company_name": "Ada's Audits",
            "profile": profile,
            "faults": [fault.value for fault in faults],
            "default_scope": "FB=4_16",
        },
    )
    return registration


def consent(
    of: UtilityAccount,
    data: Sequence[int] = (4, 16),
    *,
    days: int = 100,
    services: Sequence[Service] | None = None,
    to: Registration | None = None,
    at: datetime | None = None,
) -> Grant:
    """What the customer agreed to: everything of these kinds, so many days back."""
    to = to or company(of.utility)
    chosen = list(of.services.all()) if services is None else list(services)
    asked = Scope(tuple(data), (Option("HistoryLength", str(days * DAY)),))
    terms = Terms(asked, to.programme.zone)
    at = at or timezone.now()
    grant = Grant.objects.create(
        registration=to,
        account=of,
        scope=terms.granted(Choice(list(data), days * DAY, 0), chosen),
        created_at=at,
        updated_at=at,
    )
    grant.services.set(chosen)
    return grant


def narrowed(grant: Grant, *blocks: int) -> Scope:
    """The grant's scope, as a token may have it: with these function blocks only."""
    return replace(grant.granted, function_blocks=blocks)


def usage_entries(
    grant: Grant,
    window: Window = EVERYTHING,
    *,
    branch: Branch | None = None,
    scope: Scope | None = None,
) -> list[Entry]:
    branch = branch or Branch(f"{RESOURCES}/Subscription/{grant.uid}/UsagePoint", companions=True)
    now = timezone.now()
    return list(documents.usage_entries(grant, scope or grant.granted, window, branch, now))


def customer_entries(grant: Grant, scope: Scope | None = None) -> list[Entry]:
    branch = Branch(f"{RESOURCES}/RetailCustomer/{grant.uid}/Customer")
    return list(documents.customer_entries(grant, scope or grant.granted, branch))


def written(grant: Grant, entries: Sequence[Entry]) -> bytes:
    """The entries as the company gets them."""
    return b"".join(
        documents.write_feed(
            grant.registration,
            entries,
            self_href=grant.resource_uri,
            title="Usage",
            updated=timezone.now(),
            id=documents.entry_id(grant.resource_uri),
            related=[CERTIFICATE],
        )
    )


def read(document: bytes) -> Feed:
    """The document as the portal's library reads it."""
    feed = read_feed(io.BytesIO(document), max_bytes=200_000_000)
    return Feed(list(feed), list(feed.findings))


def judged(document: bytes, blocks: Collection[int] | None = None) -> Report:
    """What the content checks of the certification say."""
    return Report(validate(read_feed(io.BytesIO(document), max_bytes=200_000_000), blocks))


def breaches(document: bytes) -> list[Breach]:
    """Where the document is not as the schemas have it."""
    return list(schema.check(io.BytesIO(document)))


def ago(days: int) -> datetime:
    return timezone.now() - timedelta(days=days)
