"""`manage.py seed_demo`: what the demo needs beside the utilities and their clients."""

import json
from argparse import ArgumentParser
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.crypto import salted_hmac

from authorizations.models import ShareLink
from portal.accounts import make_superuser
from utilities.models import Utility

STAFF_EMAIL = "staff@example.org"


class Sample(NamedTuple):
    """A share link of the demo; an empty way is a link without prefill."""

    utility_id: str
    note: str
    way: str = ""
    prefill: str = ""


SAMPLES = [
    Sample("SSMPUC", "PUC, test household, prefilled", "test", "test_residential"),
    Sample("SVCE", "SVCE, test household by phone, prefilled", "phone", "111-111-1111"),
    Sample("SSMPUC", "PUC, nothing prefilled"),
    Sample("DEMO", "Demo Utility, single sign-on, prefilled", "sso", "UAPI_TEST_residential"),
]


class Command(BaseCommand):
    help = "Make the demo's staff account and share links. Changes nothing the second time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Say what there is as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "seed_demo makes an account whose password it prints: it needs DEMO=true. "
                "To make a staff account, use make_staff."
            )
        with transaction.atomic():
            password = demo_password()
            staff, _ = make_superuser(STAFF_EMAIL, password)
            links = [open_link(sample, staff) for sample in SAMPLES]
        seeded = {
            "staff_email": STAFF_EMAIL,
            "staff_password": password,
            "share_links": [{"note": link.note, "url": link.url} for link in links],
        }
        self.stdout.write(json.dumps(seeded) if options["json"] else in_words(seeded))


def demo_password() -> str:
    """The same at each start, another in each installation."""
    return salted_hmac("portal.demo_staff_password", STAFF_EMAIL).hexdigest()[:16]


def open_link(sample: Sample, staff: User) -> ShareLink:
    """The sample's link if it is there and open, else a new one."""
    utility = Utility.objects.filter(utility_id=sample.utility_id).first()
    if utility is None:
        raise CommandError(f"{sample.utility_id} is not there yet. Run load_utilities first.")
    made = ShareLink.objects.filter(utility=utility, note=sample.note, disabled_at=None)
    return next((link for link in made if link.is_open()), None) or ShareLink.objects.create(
        utility=utility,
        note=sample.note,
        authentication_type=sample.way,
        authentication_value=sample.prefill,
        created_by=staff,
    )


def in_words(seeded: dict[str, Any]) -> str:
    """The same for people."""
    links = [f"{link['note']}: {link['url']}" for link in seeded["share_links"]]
    account = f"Staff: {seeded['staff_email']}, password {seeded['staff_password']}"
    return "\n".join([account, *links])
