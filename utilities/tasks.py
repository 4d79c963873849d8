"""Celery's part of the work: to look, and to call (style rule 21)."""

from celery import shared_task

from utilities import registration


@shared_task
def look_at_due_registrations() -> None:
    """Queue the registrations that are to be read at their utilities."""
    for client_id in registration.claim_due():
        look_at_registration.delay(client_id)


@shared_task
def look_at_registration(client_id: int) -> str:
    """Read one registration at its utility."""
    return registration.look_at_due(client_id)
