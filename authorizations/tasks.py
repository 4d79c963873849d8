"""Celery's part of the work: to look, and to call (style rule 21)."""

from celery import shared_task

from authorizations import emails
from authorizations.at_utility import reconciliation, standing
from authorizations.ending import expiring, giving_back
from authorizations.models import (
    Authorization,
    ConnectAttempt,
    EmailCode,
    Notification,
    Reconciliation,
)


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


@shared_task
def dispatch_standings() -> None:
    """Queue the consents of which the utility is to be asked how they stand."""
    for authorization_id in standing.claim():
        look_at_standing.delay(authorization_id)


@shared_task
def look_at_standing(authorization_id: int) -> str:
    """Ask the utility how one consent stands."""
    # Its secrets are read by the look, which puts it off where one cannot be.
    return standing.look(Authorization.objects.only("pk").get(pk=authorization_id))


@shared_task
def ask_reconciliations() -> int:
    """Have each registration compared that was not for a night."""
    return reconciliation.ask_nightly()


@shared_task
def dispatch_reconciliations() -> None:
    """Queue the comparisons that are due. What cannot be queued is found again."""
    for reconciliation_id in Reconciliation.claim(reconciliation.BATCH):
        reconcile.delay(reconciliation_id)


@shared_task
def reconcile(reconciliation_id: int) -> str:
    """Compare one registration's list at the utility with what is here."""
    return reconciliation.reconcile(Reconciliation.objects.get(pk=reconciliation_id))


@shared_task
def forget_old_notices() -> int:
    """Delete what was noted of notifications and comparisons long ago."""
    return Notification.forget_old() + Reconciliation.forget_old()


@shared_task
def forget_stale_codes() -> int:
    """Delete the codes whose time is over, with the addresses that they were sent to."""
    return EmailCode.forget_stale()


@shared_task
def forget_old_attempts() -> int:
    """Delete old attempts to connect of which nothing came."""
    return ConnectAttempt.forget_old()
