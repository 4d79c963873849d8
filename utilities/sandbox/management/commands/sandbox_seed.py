"""Fill the sandbox with its utilities' accounts and public clients."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from utilities.sandbox import identifiers
from utilities.sandbox.models import RESOURCES, Registration, Service, UtilityAccount
from utilities.sandbox.programmes import AccountData, Programme, all_programmes


class Command(BaseCommand):
    help = "Creates the sandbox's accounts and public clients, or brings them up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json",
            action="store_true",
            help="print the public clients, with their secrets, as JSON and nothing else",
        )

        parser.add_argument(
            "--migrate",
            action="store_true",
            help="bring the database up to date first, for those who count the seconds of a start",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["migrate"]:
            call_command("migrate", interactive=False, verbosity=0)
        with transaction.atomic():
            clients = seed()
        if options["json"]:
            described = [describe(client) for client in clients]
            self.stdout.write(json.dumps({"clients": described}, indent=2))
            return
        for client in clients:
            self.stdout.write(f"{client.programme.name}: {client.client_id} is ready.")


def seed() -> list[Registration]:
    """Every programme's accounts and client; the clients."""
    programmes = all_programmes().values()
    for programme in programmes:
        for account in programme.accounts:
            seed_account(programme, account)
    return [seed_client(programme) for programme in programmes]


def seed_account(programme: Programme, data: AccountData) -> None:
    """One customer with their meters, as the programme's file has it."""
    account, _ = UtilityAccount.objects.update_or_create(
        utility=programme.slug,
        account_key=identifiers.key("account", data.number, programme),
        defaults={
            "number": data.number,
            "name": data.name,
            "scenario": data.scenario,
            "is_test": data.test,
            "address": data.address,
            "email": data.email,
            "bill_amount": data.bill_amount,
            "bill_date": data.bill_date,
            "test_key": identifiers.key("test", data.test_name, programme),
            "phone_key": identifiers.key("phone", data.phone, programme),
            "email_key": identifiers.key("email", data.email, programme),
            "address_key": identifiers.key("address", data.address, programme),
        },
    )
    for service in data.services:
        Service.objects.update_or_create(
            account=account,
            meter_number=service.meter,
            defaults={
                "kind": service.kind,
                "profile": service.profile,
                "address": service.address or data.address,
            },
        )


def seed_client(programme: Programme) -> Registration:
    """The public client. Where the portal is may change with each start, so it is written anew."""
    data = programme.client
    client, _ = Registration.objects.update_or_create(
        client_id=data.client_id,
        defaults={
            "utility": programme.slug,
            "company_name": data.company_name,
            "website": data.website,
            "status": Registration.Status.SANDBOX,
            "is_public": True,
            "redirect_uris": [f"{settings.PORTAL_URL}{data.redirect_path}"],
            "default_scope": data.default_scope,
        },
    )
    return client


def describe(client: Registration) -> dict[str, Any]:
    """What a company reads off its registration, as it is handed to the portal."""
    programme = client.programme
    return {
        "utility": programme.utility_id,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "registration_access_token": client.registration_access_token,
        "company_name": client.company_name,
        "public": client.is_public,
        "status": client.status,
        "redirect_uris": client.redirect_uris,
        "authorize_url": programme.authorize_url,
        "token_url": programme.token_url,
        "resource_url": RESOURCES,
        "origin": settings.SANDBOX_URL,
    }
