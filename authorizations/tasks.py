"""Celery's part of the work: to look, and to call (style rule 21)."""

from celery import shared_task

from authorizations import emails


@shared_task
def send_due_emails() -> int:
    """Hand the e-mails that are due to the mail server."""
    return emails.send_due()
