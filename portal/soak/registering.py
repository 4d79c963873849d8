"""A registration for each group: made at the sandbox as a developer makes one, and kept here.

Each has a utility of its own here, which is the sandbox's under another name: so each has its own
redirect URI, its own quirks and its own address for notices.
"""

from __future__ import annotations

from typing import Any

import httpx
from django.conf import settings

from portal.soak.scenarios import Scenario
from portal.soak.world import World
from utilities.models import Client, Utility
from utilities.registry import descriptions

TIMEOUT_SECONDS = 30


def register(world: World, scenario: Scenario, profile: str, number: int) -> Client:
    """A registration under the scenario's conditions.

    1. Describe the utility under a name of its own.
    2. Register with the sandbox by its API (RFC 7591), with the redirect URI that follows.
    3. Have the utility's staff set the profile, and what goes wrong.
    """
    utility = _utility(scenario, number)
    said = _registered(utility, scenario)
    world.serve_under(scenario.programme, said["client_id"], profile, scenario.faults)
    return Client.objects.create(
        utility=utility,
        client_id=said["client_id"],
        company_name=settings.COMPANY_NAME,
        client_secret=said["client_secret"],
        registration_token=said["registration_access_token"],
        redirect_uris=said["redirect_uris"],
        default_scope=scenario.scope,
    )


def _utility(scenario: Scenario, number: int) -> Utility:
    described = next(
        one for one in descriptions(settings.SANDBOX_URL) if one.slug == scenario.programme
    )
    row = described.as_row(described.endpoints)
    own = {
        "slug": f"soak-{number}",
        "utility_id": f"SOAK-{number}",
        "quirks": {**described.quirks, **dict(scenario.quirks)},
    }
    return Utility.objects.create(**{**row, **own})


def _registered(utility: Utility, scenario: Scenario) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "client_name": settings.COMPANY_NAME,
        "client_uri": "https://company.example/",
        "contacts": ["developer@company.example"],
        "purpose": f"Soak: {scenario.name}",
        "redirect_uris": [utility.callback_url],
        "scope": scenario.scope,
    }
    if scenario.is_notified:
        asked["notify_uri"] = utility.notify_url
    address = f"{settings.SANDBOX_URL}/DataCustodian/{scenario.programme}/oauth/register"
    answer = httpx.post(address, json=asked, timeout=TIMEOUT_SECONDS, trust_env=False)
    if answer.status_code != 201:
        raise LookupError(f"{scenario.name} could not be registered: {answer.text[:300]}")
    said: dict[str, Any] = answer.json()
    return said
