"""A company that a customer shares with, and what it reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from tests.sandbox.walk import Company, Feed, get, path_of

TORONTO = ZoneInfo("America/Toronto")


class Shared:
    """A company with one customer's consent."""

    def __init__(self, company: Company, scope: str = "FB=4_16", **choices: Any) -> None:
        self.company = company
        self.answer = company.authorized(scope, **choices)
        self.access: str = self.answer["access_token"]
        self.usage = path_of(self.answer["resourceURI"])
        self.authorization = path_of(self.answer["authorizationURI"])

    def tokens(self) -> dict[str, str]:
        return {
            "registration": self.company.registration.registration_access_token,
            "client": self.company.client_token(),
            "access": self.access,
        }

    def feed(self, **query: str) -> Feed:
        names = {name.replace("_", "-"): value for name, value in query.items()}
        return Feed.of(get(self.usage, self.access, **names))


def days_ago(days: int) -> str:
    """Local midnight so many days ago, as ISO 8601 in UTC."""
    day = timezone.now().astimezone(TORONTO).date() - timedelta(days=days)
    midnight = datetime.combine(day, datetime.min.time(), TORONTO)
    return midnight.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
