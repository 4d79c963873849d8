"""Celery's part of the work: to look, and to call (style rule 21)."""

from celery import shared_task

from authorizations import emails, expiring, giving_back


@shared_task
def send_due_emails() -> int:
    """Hand the e-mails that are due to the mail server."""
    return emails.send_due()


@shared_task
def tell_utilities() -> int:
    """Tell utilities that do not know it yet what their customers have stopped sharing."""
    return giving_back.tell_due()


@shared_task
def warn_of_ends() -> int:
    """Tell of what is going to end soon."""
    return expiring.warn()
