"""Celery's part of the work: to look, and to call (style rule 21)."""

from celery import shared_task

from authorizations import emails, standing
from authorizations.models import Authorization


@shared_task
def send_due_emails() -> int:
    """Hand the e-mails that are due to the mail server."""
    return emails.send_due()


@shared_task
def dispatch_standings() -> None:
    """Queue the consents of which the utility is to be asked how they stand."""
    for authorization_id in standing.claim():
        look_at_standing.delay(authorization_id)


@shared_task
def look_at_standing(authorization_id: int) -> str:
    """Ask the utility how one consent stands."""
    return standing.look(Authorization.objects.get(pk=authorization_id))
