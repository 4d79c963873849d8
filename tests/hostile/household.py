"""What Ada has, for walks over every page: a row behind each argument of an address."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.conf import settings as django_settings

from authorizations.connecting.consent_text import consent_text
from authorizations.models import Authorization, ConsentRecord, ShareLink, digest
from greenbutton.espi import scope as espi_scope
from portal.demo_site.models import Visit
from tests.cast import Person, authorize
from tests.greenbutton.metering import add_point
from tests.hostile.walking import known_arguments
from utilities.models import Utility


@dataclass(frozen=True)
class Household:
    """Ada's rows, and what her addresses are made of."""

    owner: Person
    authorization: Authorization
    # Of a file that she brought.
    file: Authorization
    visit: Visit
    known: dict[str, str]


def make_household(person: Person, utility: Utility) -> Household:
    """A consent with its record, a file, a share link and a visit of the demo site."""
    authorization = authorize(person, utility)
    attempt = authorization.attempts.get()
    shown = consent_text("Test Company", utility.name, espi_scope.parse(attempt.scope))
    attempt.text_version, attempt.sentences = "1", shown.sentences
    attempt.shown_at = attempt.created
    attempt.save()
    assert ConsentRecord.keep(attempt, authorization)
    meter = add_point(authorization, title="House")
    file = Authorization.for_file(person.cookie, utility, "America/Toronto")
    client = utility.clients.get()
    client.public = True
    client.redirect_uris = [
        utility.callback_url,
        f"{django_settings.PORTAL_URL}/demo/callback/",
    ]
    client.save()
    visit = Visit.objects.create(
        browser_hash=digest(person.cookie),
        utility=utility,
        client_id=client.client_id,
        client_secret=client.client_secret,
    )
    link = ShareLink.objects.create(utility=utility, customer_email="ada@example.org")
    known = known_arguments(authorization, link, meter, visit)
    known["notify_code"] = visit.notify_code
    return Household(person, authorization, file, visit, known)


@pytest.fixture
def household(utility: Utility, ada: Person, settings: object) -> Household:
    """Ada's, at a portal that has the demo site."""
    settings.DEMO_SITE = True  # type: ignore[attr-defined]
    return make_household(ada, utility)
