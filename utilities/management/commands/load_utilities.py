"""`manage.py load_utilities`: the registry's files become rows, as often as one likes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from utilities.models import Client, Utility
from utilities.registry import RegistryError, UtilityDescription, descriptions
from utilities.registry.form import RegisteredClient, read_clients


class Command(BaseCommand):
    help = (
        "Read the utilities of utilities/registry into the database. Rows that exist are brought "
        "up to date; whether customers may choose a utility is left as staff set it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from-sandbox",
            metavar="FILE",
            help="what “SITE=sandbox manage.py sandbox_seed --json” printed, or - for the standard "
            "input: its clients are registered here, and their utilities point at the sandbox",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        given = options["from_sandbox"]
        try:
            described = list(descriptions(settings.SANDBOX_URL))
            clients = read_clients(text_of(given)) if given else []
            with transaction.atomic():
                self.load(described, clients)
        except RegistryError as e:
            raise CommandError(str(e)) from e

    def load(self, described: list[UtilityDescription], clients: list[RegisteredClient]) -> None:
        """All or nothing: a registration without its utility would help nobody."""
        registered = {client.utility: client for client in clients}
        for description in described:
            client = registered.pop(description.facts.id, None)
            endpoints = client.endpoints if client else description.endpoints
            values = description.as_row(endpoints)
            if description.facts.unavailable:
                values["enabled"] = False  # it may have been one that could be connected
            known = Utility.objects.filter(slug=description.slug).first()
            if known is not None:
                values = self.what_was_taken_over(known, values)
            if known is not None and values["time_zone"] != known.time_zone:
                values |= self.zone_that_stays(known, values["time_zone"])
            utility, _ = Utility.objects.update_or_create(
                slug=description.slug,
                defaults=values,
                create_defaults={**values, "enabled": description.enabled},
            )
            self.stdout.write(f"{utility.utility_id}: {utility.name}")
            if client:
                self.register(utility, client)
            elif description.in_sandbox and not settings.DEMO:
                self.stderr.write(
                    f"{description.slug}.toml points at the sandbox. For the real utility, put the "
                    "addresses of your registration there."
                )
        if registered:
            names = ", ".join(sorted(registered))
            raise RegistryError(f"The registry has no file for {names}.")

    def what_was_taken_over(self, utility: Utility, values: dict[str, Any]) -> dict[str, Any]:
        """Addresses that staff took over from the utility's own word stay as they are."""
        for name, url in utility.taken_over.items():
            if values[name] != url:
                self.stderr.write(
                    f"{utility.utility_id}: {name} stays {url}, as staff took it over. Put it into "
                    f"{utility.slug}.toml, or press “Back to the registry” on the utility's page."
                )
        return utility.outlasting(values)

    def zone_that_stays(self, utility: Utility, said: str) -> dict[str, str]:
        """What is stored is kept by local days, which a zone alone does not move."""
        if not utility.authorizations.exists():
            return {}
        self.stderr.write(
            f"{utility.utility_id} stays in {utility.time_zone}, in which the days of its "
            f"customers are kept. “manage.py recut_days --utility {utility.utility_id} "
            f"--time-zone {said}” brings both to the registry's."
        )
        return {"time_zone": utility.time_zone}

    def register(self, utility: Utility, client: RegisteredClient) -> None:
        """Keep the registration, and see that the customer can come back from the utility."""
        if utility.callback_url not in client.redirect_uris:
            raise RegistryError(
                f"{client.client_id} is registered with {', '.join(client.redirect_uris)}, but "
                f"this portal answers at {utility.callback_url}. Give both sites one PORTAL_URL."
            )
        row, created = Client.objects.update_or_create(
            utility=utility,
            client_id=client.client_id,
            defaults={
                "company_name": client.company_name,
                "client_secret": client.client_secret,
                "registration_token": client.registration_access_token,
                "redirect_uris": client.redirect_uris,
                "notify_url": client.notify_uri,
                "public": client.public,
            },
        )
        self.stdout.write(f"  {row} {'registered' if created else 'brought up to date'}")


def text_of(name: str) -> str:
    """What the file holds; - is the standard input."""
    if name == "-":
        return sys.stdin.read()
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as e:
        raise CommandError(f"{name} cannot be read: {e.strerror}") from e
