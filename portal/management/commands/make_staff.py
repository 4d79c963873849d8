"""`manage.py make_staff EMAIL`: the first staff account, or a new password for one."""

import secrets
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from portal.accounts import make_superuser


class Command(BaseCommand):
    help = "Make a staff account that may do everything, or give an existing one a new password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="The address to sign in with.")
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="Read the password from standard input instead of making a random one.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        email: str = options["email"]
        try:
            validate_email(email)
        except ValidationError as e:
            raise CommandError(f"{email} is not an e-mail address.") from e
        password = self._read(email) if options["password_stdin"] else secrets.token_urlsafe(15)
        _, is_new = make_superuser(email, password)
        self.stdout.write(f"{email} {'can now sign in' if is_new else 'has a new password'}.")
        if not options["password_stdin"]:
            self.stdout.write(f"Password, shown only this once: {password}")

    def _read(self, email: str) -> str:
        password = sys.stdin.readline().rstrip("\r\n")
        try:
            validate_password(password, User(username=email, email=email))
        except ValidationError as e:
            raise CommandError(" ".join(e.messages)) from e
        return password
