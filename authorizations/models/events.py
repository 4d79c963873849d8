"""Events: what happened, for timelines, webhooks and the API."""

from __future__ import annotations

from django.db import models

from authorizations.models.share_links import ShareLink
from utilities.models import Utility, new_uid


class Event(models.Model):
    """Something that happened, in the platform's event types."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    type = models.CharField(max_length=60)
    ts = models.DateTimeField(auto_now_add=True)
    utility = models.ForeignKey(Utility, on_delete=models.CASCADE, null=True, blank=True)
    authorization = models.ForeignKey(
        "Authorization", on_delete=models.CASCADE, null=True, blank=True, related_name="events"
    )
    # The form of the platform's `form_` events, and of what is told of a link.
    share_link = models.ForeignKey(
        ShareLink, on_delete=models.CASCADE, null=True, blank=True, related_name="events"
    )
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-ts", "-id"]

    def __str__(self) -> str:
        return self.type
