"""By the name of a test account, for developers."""

from __future__ import annotations

from django.http import QueryDict

from utilities.sandbox.authenticating import prefill
from utilities.sandbox.programmes import Programme, Way
from utilities.sandbox.views.authenticating.finding import Found, not_found


def find(programme: Programme, way: Way, form: QueryDict) -> Found:
    """The test account of this name."""
    account = prefill.find(programme, way, form.get("value", ""))
    if account is None or not account.can_be_found:
        raise not_found(way)
    return Found(account, needs_passcode=False)
