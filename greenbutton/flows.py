"""Stopping to share, told top to bottom: the consent ends, the data goes, the utility is told."""

from __future__ import annotations

from authorizations import flows
from authorizations.ending import giving_back
from authorizations.models import Authorization
from greenbutton.ingest import purge


def stop_sharing(authorization: Authorization, by: str) -> bool:
    """Stop sharing, for `customer` or `staff`; returns whether the utility knows of it, too.

    1. End it here: tokens go, and a receipt is on its way.
    2. Delete what was collected. A worker looks once more afterwards.
    3. Tell the utility, quickly; workers go on where it does not answer.
    """
    token = flows.end(authorization, by)
    if token is not None:
        purge.purge_now(authorization)
    if authorization.client_id is None:
        return True  # it came from a file, so there is no grant to end
    return giving_back.tell(authorization, token or "", quickly=True)
