"""Celery's part of the work: to look, and to call (style rule 21)."""

from celery import shared_task

from authorizations.models import Authorization
from greenbutton import adoption, client_check, notices
from greenbutton.ingest import bulk, due, purge, stopping
from greenbutton.ingest.import_file import import_uploads
from greenbutton.ingest.pull import pull
from greenbutton.ingest.recut import recut_asked
from greenbutton.models import BulkCollection, ClientCheck


@shared_task
def dispatch_due_pulls() -> None:
    """Queue what is due. What cannot be queued is due again when its claim runs out."""
    for authorization_id in due.claim():
        pull_authorization.delay(authorization_id)


@shared_task
def pull_authorization(authorization_id: int) -> str:
    """Collect for one authorization."""
    return str(pull(Authorization.objects.get(pk=authorization_id), only_if_due=True))


@shared_task
def dispatch_uploads() -> None:
    """Queue what customers uploaded. What cannot be queued is found again, as with pulls."""
    for authorization_id in due.claim_uploads():
        import_uploads_of.delay(authorization_id)


@shared_task
def import_uploads_of(authorization_id: int) -> int:
    """Read what was uploaded for one authorization."""
    return import_uploads(Authorization.objects.get(pk=authorization_id))


@shared_task
def dispatch_recuttings() -> None:
    """Queue the days that are to be cut anew. What cannot be queued is found again."""
    for authorization_id in due.claim_recuttings():
        recut_days_of.delay(authorization_id)


@shared_task
def recut_days_of(authorization_id: int) -> str:
    """Cut the days of one authorization anew, as somebody asked."""
    return str(recut_asked(Authorization.objects.get(pk=authorization_id)))


@shared_task
def read_notifications() -> int:
    """Read what utilities posted, and have come due what they name."""
    return notices.read_waiting()


@shared_task
def dispatch_bulks() -> None:
    """Queue the Bulk addresses that are to be read. What cannot be queued is found again."""
    for collection_id in due.claim_bulks():
        collect_bulk.delay(collection_id)


@shared_task
def collect_bulk(collection_id: int) -> str:
    """Read one Bulk feed, and spread it to its authorizations."""
    found = BulkCollection.objects.select_related("client__utility")
    return str(bulk.collect_due(found.get(pk=collection_id)))


@shared_task
def forget_stopped() -> int:
    """Delete what workers left of meters that are no longer shared."""
    return stopping.forget_stopped()


@shared_task
def read_bulk_nightly() -> int:
    """Have the Bulk feeds read that bring adopted customers."""
    return adoption.read_bulk_nightly()


@shared_task
def expire_due() -> int:
    """Mark the authorizations whose agreed end has passed."""
    return due.expire()


@shared_task
def purge_due() -> int:
    """Delete what was collected for authorizations that were revoked."""
    return purge.purge_due()


@shared_task
def forget_refused() -> int:
    """Delete what is left of uploads that could not be read."""
    return purge.forget_refused()


@shared_task
def dispatch_client_checks() -> None:
    """Queue the clients that are to be tested. What cannot be queued is found again."""
    for check_id in client_check.claim():
        check_client.delay(check_id)


@shared_task
def check_client(check_id: int) -> str:
    """Do what is left of one check."""
    return str(client_check.run(ClientCheck.objects.get(pk=check_id)))
