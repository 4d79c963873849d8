"""What is done to an authorization and to what was collected of it, told top to bottom."""

from __future__ import annotations

from django.db import transaction

from authorizations import flows
from authorizations.ending import giving_back
from authorizations.models import Authorization
from greenbutton.ingest import bulk, purge


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


def release(authorization: Authorization) -> None:
    """Collect again after a hold.

    1. What is collected by itself, and came due meanwhile, is due now.
    2. What only Bulk feeds bring was passed over in them: they are read again for it.
    """
    with transaction.atomic():
        authorization.release()
        bulk.read_again_for(authorization)
