"""Celery's part of the work: to look, and to call (style rule 21)."""

from celery import shared_task

from authorizations.models import EmailCode


@shared_task
def forget_stale_codes() -> int:
    """Delete the codes whose time is over, with the addresses that they were sent to."""
    return EmailCode.forget_stale()
