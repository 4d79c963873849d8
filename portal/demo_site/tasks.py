"""Celery's part of the demo site."""

from celery import shared_task
from django.utils import timezone

from portal.demo_site.models import KEPT_FOR, PublicNotice, Visit


@shared_task
def forget_demo_visits() -> int:
    """Delete what visitors of the demo site pasted, read and heard a day ago."""
    old = PublicNotice.objects.filter(at__lte=timezone.now() - KEPT_FOR)
    return Visit.objects.over().delete()[0] + old.delete()[0]
