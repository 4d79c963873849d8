"""The time that is asked for, as one utility takes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from django.utils import timezone

from utilities.quirks import Quirks


def period(
    published_min: datetime | None, published_max: datetime | None, quirks: Quirks
) -> dict[str, str]:
    """Query parameters as this custodian takes them, in UTC and whole seconds.

    Burlington Hydro answers 400 to fractions, savagedata to a maximum in the future.
    """
    if quirks.date_filter == "none":
        return {}
    asked = {}
    if published_min is not None:
        asked[f"{quirks.date_filter}-min"] = _written(published_min, quirks.dates_as)
    if published_max is not None and not quirks.leaves_maximum_out:
        latest = min(published_max, timezone.now())
        asked[f"{quirks.date_filter}-max"] = _written(latest, quirks.dates_as)
    return asked


def _written(moment: datetime, dates_as: Literal["iso", "epoch"]) -> str:
    if dates_as == "epoch":
        return str(int(moment.timestamp()))
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
