"""How to try one-time passcodes, and what they look like when they arrive."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from utilities.sandbox.authenticating import passcodes
from utilities.sandbox.authenticating.contacts import SCENARIOS, Contact
from utilities.sandbox.models import OneTimeCode
from utilities.sandbox.programmes import Programme
from utilities.sandbox.views.pages import page

# An example; the name of a passcode that nobody was ever sent.
EXAMPLE = "0" * 34
EXAMPLE_CONTACTS = (Contact("phone", "+14085550136"), Contact("email", "priya.raman@example.org"))


@dataclass(frozen=True)
class Format:
    """What a tester puts in front of a contact of their own."""

    prefix: str
    scenario: str
    description: str


@require_safe
def otp_guide(request: HttpRequest, programme: Programme) -> HttpResponse:
    """The guide, for a utility that sends passcodes."""
    if not programme.sends_passcodes:
        raise Http404
    prints = settings.EMAIL_BACKEND != "django.core.mail.backends.smtp.EmailBackend"
    return page(
        request,
        "otp_guide",
        programme,
        formats=_formats(programme),
        kinds=("phone_number", "email"),
        country_code=phonenumbers.country_code_for_region(programme.country),
        prints=prints,
        message=passcodes.write(programme, programme.client.company_name, OneTimeCode(uid=EXAMPLE)),
        masked=[contact.masked for contact in EXAMPLE_CONTACTS],
        per_browser=settings.PASSCODES_AN_HOUR_PER_BROWSER,
        per_address=settings.PASSCODES_AN_HOUR_PER_ADDRESS,
    )


def _formats(programme: Programme) -> list[Format]:
    described = {a.scenario: a.description for a in reversed(programme.accounts) if a.test}
    return [Format(f"TEST_{scenario}_", scenario, described[scenario]) for scenario in SCENARIOS]
