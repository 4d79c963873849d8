"""Celery's part of the work: to look, and to call (style rule 21)."""

from celery import current_app, shared_task
from django.conf import settings

from authorizations.models import Authorization
from greenbutton import adoption, client_check, notices
from greenbutton.ingest import bulk, due, purge, raw, stopping
from greenbutton.ingest.import_file import import_uploads
from greenbutton.ingest.pull import pull
from greenbutton.ingest.recut import recut_asked
from greenbutton.ingest.replay import replay_asked
from greenbutton.models import BulkCollection, ClientCheck

# A customer waits for what is in the first; a worker looks into it before it takes the other.
WAITING, NIGHTLY = "waiting", "nightly"


@shared_task
def dispatch_due_pulls() -> None:
    """Queue what is due. What cannot be queued is due again when its claim runs out."""
    for queue, waiting in ((WAITING, True), (NIGHTLY, False)):
        for authorization_id in due.claim(waiting=waiting, room=_room(queue, waiting)):
            pull_authorization.apply_async((authorization_id,), queue=queue)


def _room(queue: str, waiting: bool) -> int:
    """How many more may be queued: claims run out, so what is queued must be begun soon.

    A claim that ran out still has its message, and a claim may have lost it: both are counted.
    """
    with current_app.connection_for_write() as connection:
        # Every transport has it; kombu's types name only what all of AMQP has.
        declare = connection.default_channel.queue_declare  # type: ignore[attr-defined]
        messages = declare(queue).message_count
    return int(settings.PULLS_QUEUED - max(messages, due.queued(waiting=waiting)))


@shared_task
def pull_authorization(authorization_id: int) -> str:
    """Collect for one authorization."""
    # Its secrets are read by the pull, which tells it where one cannot be.
    only_key = Authorization.objects.only("pk")
    return str(pull(only_key.get(pk=authorization_id), only_if_due=True))


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
def dispatch_replays() -> None:
    """Queue what is to be read again. What cannot be queued is found again."""
    for authorization_id in due.claim_replays():
        replay_asked_of.delay(authorization_id)


@shared_task
def replay_asked_of(authorization_id: int) -> str:
    """Read again what was kept for one authorization, as somebody asked."""
    return str(replay_asked(Authorization.objects.get(pk=authorization_id)))


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
def forget_old_feeds() -> int:
    """Delete what was kept of feeds long ago."""
    return raw.forget_old()


@shared_task
def dispatch_client_checks() -> None:
    """Queue the clients that are to be tested. What cannot be queued is found again."""
    for check_id in client_check.claim():
        check_client.delay(check_id)


@shared_task
def check_client(check_id: int) -> str:
    """Do what is left of one check."""
    return str(client_check.run(ClientCheck.objects.get(pk=check_id)))
