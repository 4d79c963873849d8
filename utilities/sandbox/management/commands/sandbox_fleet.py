"""A customer with many meters, to see how the sandbox bears a large download."""

from __future__ import annotations

import json
import secrets
from datetime import timedelta
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from utilities.sandbox.documents.sharing import Sharing
from utilities.sandbox.documents.window import EVERYTHING
from utilities.sandbox.households import DAY, PROFILES
from utilities.sandbox.models import (
    Clock,
    Grant,
    Registration,
    Service,
    Token,
    UtilityAccount,
    digest,
)
from utilities.sandbox.models.tokens import TOKEN_LIFETIME

UTILITY = "svce"
# Readings of 15 minutes.
PROFILE = "california_office_electricity"
# Intervals of electricity and what they cost, and nothing else.
SCOPE = "FB=4_5_12;HistoryLength={seconds}"


class Command(BaseCommand):
    help = (
        "Makes a test customer with so many meters, who shares all their readings with a company "
        "of its own. Prints where they are, a token, and how many readings there are."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--meters", type=int, default=40)
        parser.add_argument("--days", type=int, default=730)
        parser.add_argument(
            "--migrate", action="store_true", help="bring the database up to date first"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["migrate"]:
            call_command("migrate", interactive=False, verbosity=0)
        with transaction.atomic():
            grant = share(options["meters"], options["days"])
            token = access_token(grant)
        described = {
            "resource_uri": grant.resource_uri,
            "access_token": token,
            "readings": count(grant),
        }
        self.stdout.write(json.dumps(described))


def share(meters: int, days: int) -> Grant:
    """The consent of a new customer."""
    registration, _ = Registration.objects.get_or_create(
        client_id=f"{UTILITY}_fleet", defaults={"utility": UTILITY, "company_name": "Fleet"}
    )
    number = f"fleet-{secrets.token_hex(4)}"
    account = UtilityAccount.objects.create(
        utility=UTILITY,
        number=number,
        account_key=number,
        name="Fleet",
        scenario=UtilityAccount.Scenario.COMMERCIAL,
        is_test=True,
    )
    services = [
        Service(
            account=account,
            kind=Service.Kind.ELECTRICITY,
            profile=PROFILE,
            meter_number=f"{number}-{meter}",
        )
        for meter in range(1, meters + 1)
    ]
    grant = Grant.objects.create(
        registration=registration,
        account=account,
        # The first day is a part of one, which is not shared.
        scope=SCOPE.format(seconds=int(timedelta(days=days + 1).total_seconds())),
    )
    grant.services.set(Service.objects.bulk_create(services))
    return grant


def access_token(grant: Grant) -> str:
    """A token that opens it."""
    token = secrets.token_urlsafe(32)
    Token.objects.create(
        kind=Token.Kind.ACCESS,
        digest=digest(token),
        registration=grant.registration,
        grant=grant,
        expires_at=timezone.now() + TOKEN_LIFETIME,
    )
    return token


def count(grant: Grant) -> int:
    """How many readings the document has, by the calendar."""
    sharing = Sharing.of(grant, grant.granted, EVERYTHING, Clock.now())
    spans = (sharing.span(day, day + DAY) for day in sharing.days())
    seconds = sum(end - start for start, end in spans)
    return seconds // PROFILES[PROFILE].seconds * len(sharing.services)
