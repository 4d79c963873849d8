"""A new client in sandbox status, for tests that want one of their own."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from utilities.sandbox.management.commands.sandbox_seed import describe
from utilities.sandbox.models import Registration
from utilities.sandbox.programmes import all_programmes


class Command(BaseCommand):
    help = "Registers a new client in sandbox status."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new", metavar="UTILITY", required=True, help="such as SVCE")
        parser.add_argument(
            "--redirect-uri", action="append", dest="redirect_uris", metavar="URI", required=True
        )
        parser.add_argument(
            "--profile",
            choices=Registration.Profile.values,
            default=Registration.Profile.CERTIFIED.value,
        )
        parser.add_argument(
            "--json", action="store_true", help="print the client, with its secrets, as JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        programme = all_programmes().get(options["new"].lower())
        if programme is None:
            raise CommandError(f"There is no utility {options['new']}.")
        client = Registration.objects.create(
            utility=programme.slug,
            client_id=f"{programme.utility_id}_{secrets.token_hex(8)}",
            company_name="Another Company",
            default_scope=programme.client.default_scope,
            redirect_uris=options["redirect_uris"],
            profile=options["profile"],
        )
        described = describe(client)
        self.stdout.write(json.dumps(described) if options["json"] else client.client_id)
