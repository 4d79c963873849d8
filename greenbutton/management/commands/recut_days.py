"""Cut the stored days of an authorization, or of a utility's customers, anew in their time zone."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from authorizations.models import Authorization
from greenbutton import zones
from greenbutton.ingest.recut import Recut, RecutError, recut, recut_utility
from utilities.models import Utility


class Command(BaseCommand):
    """`manage.py recut_days (--authorization UID | --utility ID) [--time-zone ZONE]`."""

    help = (
        "Cut the stored days anew in their time zone, or in another one that is theirs from then "
        "on. No reading changes: totals are compared before and after, and where they differ "
        "nothing is done."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--authorization", metavar="UID", help="The days of this one.")
        whose.add_argument(
            "--utility", metavar="ID", help="Those of everybody at this utility, as with SSMPUC."
        )
        parser.add_argument(
            "--time-zone", metavar="ZONE", default="", help="As in America/Toronto."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Cut, and say what was cut; the exit code is 1 if something could not be."""
        zone = options["time_zone"]
        if zone and not zones.is_zone(zone):
            raise CommandError(f"There is no time zone {zone}. One is called America/Toronto.")
        try:
            if options["authorization"]:
                done = self._one(options["authorization"], zone)
            else:
                done = self._all_at(options["utility"], zone)
        except RecutError as e:
            raise CommandError(str(e)) from e
        self.stdout.write(str(done))

    def _one(self, uid: str, zone: str) -> Recut:
        authorization = Authorization.objects.filter(uid=uid).first()
        if authorization is None:
            raise CommandError(f"There is no authorization {uid}. Staff pages list their uids.")
        if zone and not authorization.is_from_file():
            raise CommandError(
                f"{authorization} is in the time zone of its utility. To change that, with the "
                "days of all its customers, use --utility."
            )
        return recut(authorization, zone)

    def _all_at(self, name: str, zone: str) -> Recut:
        utility = Utility.objects.filter(utility_id__iexact=name).first()
        if utility is None:
            known = ", ".join(Utility.objects.values_list("utility_id", flat=True)) or "none yet"
            raise CommandError(f"There is no utility {name} (known: {known}).")
        return recut_utility(utility, zone)
