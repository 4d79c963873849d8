"""A client of the sandbox: a new one, or other conditions for one that there is."""

from __future__ import annotations

import json
import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from utilities.sandbox.management.commands.sandbox_seed import describe
from utilities.sandbox.models import Fault, Registration
from utilities.sandbox.programmes import all_programmes
from utilities.sandbox.registering import addresses


class Command(BaseCommand):
    help = "Sets what goes wrong for a client, how it is served and where it is notified."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client_id", nargs="?", help="the client; none with --new")
        parser.add_argument(
            "--new",
            metavar="UTILITY",
            help="register a new client in sandbox status with this utility (its id, such as SVCE)",
        )
        parser.add_argument(
            "--redirect-uri",
            action="append",
            dest="redirect_uris",
            metavar="URI",
            help="in place of all that it has; may be given several times",
        )
        parser.add_argument("--profile", choices=Registration.Profile.values)
        parser.add_argument(
            "--fault",
            action="extend",
            nargs="+",
            dest="faults",
            choices=Fault.values,
            help="what goes wrong from now on, in place of all that did; several are allowed",
        )
        parser.add_argument(
            "--no-faults", action="store_true", help="from now on, nothing goes wrong"
        )
        parser.add_argument(
            "--notify-uri", metavar="URI", help="where push notices go; empty for nowhere"
        )
        parser.add_argument(
            "--json", action="store_true", help="print the client, with its secrets, as JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Find or make it, change what is named, and say what it is like now."""
        if options["faults"] and options["no_faults"]:
            raise CommandError("Give --fault or --no-faults, not both.")
        if bool(options["client_id"]) == bool(options["new"]):
            raise CommandError("Name a client, or make one by --new UTILITY.")
        client = _new(options) if options["new"] else _find(options["client_id"])
        _change(client, options)
        self.stdout.write(
            json.dumps(_described(client), indent=2) if options["json"] else _in_words(client)
        )


def _find(client_id: str) -> Registration:
    found = Registration.objects.filter(client_id=client_id).first()
    if found is None:
        known = ", ".join(Registration.objects.values_list("client_id", flat=True)[:20])
        raise CommandError(f"There is no client {client_id}. There are: {known or 'none yet'}.")
    return found


def _new(options: dict[str, Any]) -> Registration:
    programme = all_programmes().get(options["new"].lower())
    if programme is None:
        known = ", ".join(each.utility_id for each in all_programmes().values())
        raise CommandError(f"There is no utility {options['new']}. There are: {known}.")
    if not options["redirect_uris"]:
        raise CommandError("A new client needs a --redirect-uri.")
    return Registration(
        utility=programme.slug,
        client_id=f"{programme.utility_id}_{secrets.token_hex(8)}",
        company_name="Another Company",
        email="developer@another-company.example",
        website="https://another-company.example/",
        purpose="Trying the sandbox",
        default_scope=programme.client.default_scope,
    )


def _change(client: Registration, options: dict[str, Any]) -> None:
    if options["redirect_uris"]:
        for uri in options["redirect_uris"]:
            _check_address(uri)
        client.redirect_uris = options["redirect_uris"]
    if (notify_uri := options["notify_uri"]) is not None:
        if notify_uri:
            _check_address(notify_uri)
        client.notify_uri = notify_uri
    client.save()
    faults = [] if options["no_faults"] else options["faults"] or client.faults
    client.serve_under(options["profile"] or client.profile, faults)


def _check_address(uri: str) -> None:
    try:
        addresses.check(uri)
    except addresses.AddressError as e:
        raise CommandError(f"{uri}: {e}") from e


def _described(client: Registration) -> dict[str, Any]:
    return {
        **describe(client),
        "profile": client.profile,
        "faults": client.faults,
        "notify_uri": client.notify_uri,
    }


def _in_words(client: Registration) -> str:
    lines = [f"{client.client_id} of {client.programme.name}, profile {client.profile}."]
    lines += [f"{Fault(fault).label}." for fault in client.faults] or ["Nothing goes wrong."]
    lines.append(f"Notices go to {client.notify_uri or 'nowhere'}.")
    return "\n".join(lines)
