"""Events: what happened, for timelines, webhooks and the API."""

from __future__ import annotations

from django.db import models

from authorizations.models.share_links import ShareLink
from utilities.models import Utility, new_uid


class EventType(models.TextChoices):
    """Every type that an event may have: the platform's own, and ours where it has none.

    Each has its sentences in `authorizations.timeline`.
    """

    # The platform's, as its users know them.
    PING = "ping", "Ping"
    FORM_CREATED = "form_created", "Link made"
    CREATED = "authorization_created", "Authorized"
    DECLINED = "authorization_declined", "Declined"
    RENEWED = "authorization_renewed", "Renewed"
    UPDATE_STARTED = "authorization_update_started", "Collecting started"
    UPDATE_DELAYED = "authorization_update_delayed", "Collecting delayed"
    UPDATE_RETRYING = "authorization_update_retrying", "Collecting tried again"
    UPDATE_PROGRESS = "authorization_update_progress", "Collecting goes on"
    UPDATE_SUCCESSFUL = "authorization_update_finished_successful", "Collected"
    UPDATE_ERRORED = "authorization_update_finished_errored", "Collecting failed"
    EXPIRING_SOON = "authorization_expiring_soon", "Ends soon"
    EXPIRED = "authorization_expired", "Ended"
    REVOKED = "authorization_revoked", "Stopped"
    METER_CREATED = "meter_created", "Meter found"
    BILLS_ADDED = "meter_bills_added", "Bills added"
    INTERVALS_ADDED = "meter_intervals_added", "Readings added"
    HISTORY_STARTED = "meter_historical_collection_started", "History started"
    HISTORY_DELAYED = "meter_historical_collection_delayed", "History delayed"
    HISTORY_RETRYING = "meter_historical_collection_retrying", "History tried again"
    HISTORY_PROGRESS = "meter_historical_collection_progress", "History goes on"
    HISTORY_SUCCESSFUL = "meter_historical_collection_finished_successful", "History collected"
    HISTORY_ERRORED = "meter_historical_collection_finished_errored", "History failed"

    # Ours. What staff do to a link, and staff and customers to an authorization,
    FORM_DISABLED = "form_disabled", "Link disabled"
    HELD = "authorization_held", "Put on hold"
    RELEASED = "authorization_released", "Released"
    ARCHIVED = "authorization_archived", "Archived"
    UNARCHIVED = "authorization_unarchived", "Brought back"
    MERGED = "authorization_merged", "Taken into an earlier one"
    NOT_MERGED = "authorization_not_merged", "Kept apart from an earlier one"
    CLAIMED = "authorization_claimed", "Claimed"
    UNCLAIMED = "authorization_unclaimed", "Given up by its account"
    # what the utility says of it,
    NARROWED = "authorization_narrowed", "Narrowed"
    EXPECTATION_MET = "authorization_expectation_met", "Expected account"
    EXPECTATION_NOT_MET = "authorization_expectation_not_met", "Another account"
    # its end at the utility, and here,
    UTILITY_TOLD = "authorization_utility_told", "Utility told"
    UTILITY_UNTOLD = "authorization_utility_untold", "Utility not told"
    DELETED = "authorization_data_deleted", "Data deleted"
    # its meters,
    METER_CLOSED = "meter_closed", "Meter closed"
    METER_REOPENED = "meter_reopened", "Meter came back"
    METER_MONITORING_STOPPED = "meter_monitoring_stopped", "Meter no longer monitored"
    METER_MONITORING_STARTED = "meter_monitoring_started", "Meter monitored again"
    METER_SHARING_STOPPED = "meter_sharing_stopped", "Meter no longer shared"
    # and e-mails to its customer.
    EMAIL_SENT = "email_sent", "E-mail sent"
    EMAIL_UNDELIVERED = "email_undelivered", "E-mail not delivered"


class Event(models.Model):
    """Something that happened. `detail` never holds personal data: events are handed on."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    # An EventType. Not as choices: a new word is no change of the table.
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
