"""Fill the sandbox with its utilities' accounts, public clients and staff."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from utilities.sandbox.authenticating import identifiers
from utilities.sandbox.models import (
    RESOURCES,
    Registration,
    Service,
    StaffMember,
    UtilityAccount,
    derive,
)
from utilities.sandbox.programmes import AccountData, Programme, all_programmes


class Command(BaseCommand):
    help = "Creates the sandbox's accounts, public clients and staff, or brings them up to date."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json",
            action="store_true",
            help="print the public clients and the staff, with their secrets, as JSON and nothing "
            "else",
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
            staff = [seed_staff(programme) for programme in all_programmes().values()]
        if options["json"]:
            described = {"clients": [describe(client) for client in clients], "staff": staff}
            self.stdout.write(json.dumps(described, indent=2))
            return
        for client, member in zip(clients, staff, strict=True):
            self.stdout.write(f"{client.programme.name}: {client.client_id} is ready.")
            self.stdout.write(
                f"  Staff: {member['url']} as {member['email']} with {member['password']}"
            )


def seed() -> list[Registration]:
    """Every programme's accounts and client; the clients."""
    programmes = all_programmes().values()
    for programme in programmes:
        for account in programme.accounts:
            seed_account(programme, account)
    Registration.renew_digests()
    return [seed_client(programme) for programme in programmes]


def seed_account(programme: Programme, data: AccountData) -> None:
    """One customer with their meters, as the programme's file has it."""
    known: dict[str, Any] = {
        "number": data.number,
        "name": data.name,
        "scenario": data.scenario,
        "is_test": data.test,
        "address": data.address,
        "email": data.email,
        "bill_amount": data.bill_amount,
        "bill_date": data.bill_date,
        "test_key": identifiers.key("test", data.test_name, programme),
        "username_key": identifiers.key("username", data.username, programme),
        "phone_key": identifiers.key("phone", data.phone, programme),
        "email_key": identifiers.key("email", data.email, programme),
        "address_key": identifiers.key("address", data.address, programme),
    }
    account, _ = UtilityAccount.objects.update_or_create(
        utility=programme.slug,
        account_key=identifiers.key("account", data.number, programme),
        defaults=known,
        # Hashing takes long on purpose: once, when the customer is new.
        create_defaults=known | {"password": make_password(data.password) if data.password else ""},
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
            "redirect_uris": [
                f"{settings.PORTAL_URL}{data.redirect_path}",
                f"{settings.DEMO_SITE_URL}callback/",
            ],
            # Whoever tries the client there sees the notices of their own consent.
            "notify_uri": f"{settings.DEMO_SITE_URL}{data.client_id}/notify/",
            "scope_selection_uri": f"{settings.PORTAL_URL}/connect/{programme.slug}/scope/",
            "default_scope": data.default_scope,
        },
    )
    return client


def seed_staff(programme: Programme) -> dict[str, str]:
    """Somebody who reviews companies for the utility; how they sign in.

    The password is random for each installation, and follows from its key, so that it can be said
    again. One round hides 120 random bits as well as a million, and a start does not wait for it.
    """
    email = f"staff@{programme.slug}.example"
    password = derive("staff_password", programme.slug).hex()[:30]
    user, _ = User.objects.get_or_create(username=email, defaults={"email": email})
    salt = derive("staff_salt", programme.slug).hex()
    stored = PBKDF2PasswordHasher().encode(password, salt, iterations=1)
    # Whoever signed in made Django hash it anew, which must not end their session.
    if user.password != stored and not check_password(password, user.password):
        user.password = stored
        user.save(update_fields=["password"])
    StaffMember.objects.update_or_create(user=user, defaults={"utility": programme.slug})
    url = f"{settings.SANDBOX_URL}/{programme.slug}/staff/"
    return {
        "utility": programme.utility_id,
        "url": url,
        "email": email,
        "password": password,
    }


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
        "notify_uri": client.notify_uri,
        "authorize_url": programme.authorize_url,
        "token_url": programme.token_url,
        "resource_url": RESOURCES,
        "origin": settings.SANDBOX_URL,
        "issuer": programme.issuer,
        "test_submit_url": programme.test_submit_url,
    }
