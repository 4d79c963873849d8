"""Staff pages for meters, for the histories that are asked for again, and for Bulk addresses."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminDateWidget

from authorizations.models import Authorization, PullTrigger
from greenbutton.display.standing import kind_of
from greenbutton.ingest import bulk, history
from greenbutton.ingest.stopping import can_be_stopped_alone, stop_sharing
from greenbutton.models import BulkCollection, HistoricalCollection, UsagePoint
from utilities.registration import Standing
from utilities.staff import (
    Colour,
    ReadOnlyAdmin,
    ReadOnlyInline,
    WhyForm,
    badge,
    link_to,
    sentences,
    signed_in,
    staff_action,
)

HISTORIES_SHOWN = 3
BULK_COLOURS: dict[str, Colour] = {
    BulkCollection.State.WAITING: "neutral",
    BulkCollection.State.RUNNING: "info",
    BulkCollection.State.DONE: "success",
    BulkCollection.State.DELAYED: "warning",
    BulkCollection.State.GONE: "neutral",
    BulkCollection.State.FAILED: "danger",
}
# What the counts of a Bulk feed are called, in their order.
COUNTED = {
    "stored": "authorizations stored",
    "not_active": "not active, so not stored",
    "refused": "refused, as their part could not be read",
    "busy": "busy, to be read again",
    "entries": "entries in all",
    "unknown": "entries of nobody that is known here",
    "disputed": "entries that point at several customers, given to none",
    "new": "new readings",
}
AGAIN = (
    "The utility is asked again for what the customer granted, window by window, the newest first. "
    "What is there already is not stored twice."
)


class HistoryForm(WhyForm):
    """The question before a history is collected again, with the day from which on."""

    since = forms.DateField(
        label="From this day on",
        required=False,
        help_text="Empty for all that the customer granted.",
        widget=UnfoldAdminDateWidget(),
    )


def history_words(asked: HistoricalCollection) -> str:
    """When a history was asked for, of what, and what came of it."""
    point = asked.usage_point
    what = f"of {point.title or point}" if point else "of all meters"
    since = f" from {asked.since:%d %B %Y}" if asked.since else ""
    begin = f"{timezone.localtime(asked.asked):%d %B %Y, %H:%M}: {what}{since}"
    if asked.state == HistoricalCollection.State.DONE:
        return f"{begin}, done."
    if asked.state == HistoricalCollection.State.FAILED:
        return f"{begin}, ended before it was done. {asked.error}".strip()
    windows = f"{asked.windows_done} windows stored so far" if asked.started else "not begun"
    return f"{begin}, {windows}."


def histories_words(histories: QuerySet[HistoricalCollection]) -> SafeString | str:
    """The latest histories that somebody asked for."""
    latest = histories.select_related("usage_point")[:HISTORIES_SHOWN]
    return sentences([history_words(one) for one in latest]) if latest else "Never"


def can_ask(authorization: Authorization) -> bool:
    """Whether there is a utility to ask for a history."""
    is_active = authorization.status == Authorization.Status.ACTIVE
    return is_active and not authorization.is_from_file()


def standing_badges(usage_point: UsagePoint) -> SafeString:
    """Whether it is shared, monitored, and still sent."""
    if not usage_point.is_shared():
        return badge("No longer shared", "neutral")
    words = [
        badge("Monitored", "success") if usage_point.is_monitored() else badge("Not monitored")
    ]
    if usage_point.closed_at:
        words.append(badge("Closed", "warning"))
    return format_html("{} " * len(words), *words)


class MeterInline(ReadOnlyInline):
    """The meters of an authorization; their buttons are on their own pages."""

    model = UsagePoint
    verbose_name_plural = "meters"
    fields = readonly_fields = ["meter", "service", "standing", "closed_at", "stopped_at"]
    per_page = 10

    @admin.display(description="Meter")
    def meter(self, usage_point: UsagePoint) -> SafeString:
        return link_to(usage_point, usage_point.title or usage_point.uid)

    @admin.display(description="Service")
    def service(self, usage_point: UsagePoint) -> str:
        return kind_of(usage_point)

    @admin.display(description="How it stands")
    def standing(self, usage_point: UsagePoint) -> SafeString:
        return standing_badges(usage_point)


class UsagePointAdmin(ReadOnlyAdmin):
    """Meters: read here, moved only by their verbs."""

    ordering = ["-id"]
    list_display = ["name", "standing", "service", "whose", "closed_at", "stopped_at"]
    list_display_links = ["name"]
    list_filter = ["kind", "authorization__is_test", "authorization__utility"]
    list_select_related = ["authorization__utility"]
    search_fields = ["uid", "authorization__uid", "authorization__share_link__note"]
    nothing_yet = "There is no meter yet. They come with the first readings of a customer."
    actions_detail = [
        "collect_history",
        "stop_monitoring",
        "start_monitoring",
        "stop_sharing_meter",
    ]
    fieldsets = [
        ("Now", {"fields": ["standing", "service", "whose", "histories"]}),
        (
            "Monitoring",
            {
                "fields": [
                    ("monitoring_stopped_at", "monitoring_stopped_by"),
                    "monitoring_stopped_why",
                ]
            },
        ),
        ("Its end", {"fields": [("closed_at", "missed_pulls"), ("stopped_at", "stopped_by")]}),
        ("At the utility", {"fields": ["title", "identity", "tariff_profile", ("created", "uid")]}),
    ]

    @admin.display(description="Meter", ordering="title")
    def name(self, usage_point: UsagePoint) -> str:
        return usage_point.title or usage_point.uid

    @admin.display(description="How it stands")
    def standing(self, usage_point: UsagePoint) -> SafeString:
        return standing_badges(usage_point)

    @admin.display(description="Service", ordering="kind")
    def service(self, usage_point: UsagePoint) -> str:
        return kind_of(usage_point)

    @admin.display(description="Authorization")
    def whose(self, usage_point: UsagePoint) -> SafeString:
        return link_to(usage_point.authorization, str(usage_point.authorization))

    @admin.display(description="Histories asked for again")
    def histories(self, usage_point: UsagePoint) -> SafeString | str:
        return histories_words(usage_point.histories.all())

    @staff_action(
        "Collect its history",
        f"{AGAIN} Only this meter’s is stored, also while it is not monitored.",
        icon="history",
        variant=ActionVariant.PRIMARY,
        offered=lambda one: one.is_shared() and can_ask(one.authorization),
        form_class=HistoryForm,
    )
    def collect_history(
        self, request: HttpRequest, usage_point: UsagePoint, why: str, since: date | None
    ) -> str:
        history.ask(
            usage_point.authorization,
            usage_point=usage_point,
            since=since,
            by=signed_in(request),
            why=why,
        )
        return "Its history is asked for. How it goes shows below, and at the authorization."

    @staff_action(
        "Stop monitoring",
        "What the utility sends of this meter is not stored from now on. What is there stays.",
        icon="visibility_off",
        offered=UsagePoint.is_monitored,
    )
    def stop_monitoring(self, request: HttpRequest, usage_point: UsagePoint, why: str) -> str:
        usage_point.stop_monitoring(signed_in(request), why)
        return "Nothing new of it is stored any more."

    @staff_action(
        "Monitor again",
        "What comes is stored again, and what came meanwhile is asked for.",
        icon="visibility",
        offered=lambda one: one.is_shared() and not one.is_monitored(),
    )
    def start_monitoring(self, request: HttpRequest, usage_point: UsagePoint, why: str) -> str:
        if history.start_monitoring(usage_point, by=signed_in(request), why=why):
            return "It is monitored again, and what came meanwhile is asked for."
        return (
            "It is monitored again. What came meanwhile cannot be asked for now: collect its "
            "history later."
        )

    @staff_action(
        "Stop sharing this meter",
        "Its readings, bills and corrections are deleted at once, with its place if it is no other "
        "meter’s, and nothing of it is ever stored again. So are all raw feeds of this "
        "authorization, which hold it beside the others; from now on none are kept for it, so that "
        "its pulls cannot be replayed. Nobody can undo this.",
        icon="block",
        variant=ActionVariant.DANGER,
        offered=lambda one: one.is_shared() and can_be_stopped_alone(one),
    )
    def stop_sharing_meter(self, request: HttpRequest, usage_point: UsagePoint, why: str) -> str:
        if not can_be_stopped_alone(usage_point):
            raise ValidationError("It is the last meter. Stop the whole authorization instead.")
        stop_sharing(usage_point, by="staff")
        return "It is no longer shared, and what was collected of it is deleted."


class BulkCollectionAdmin(ReadOnlyAdmin):
    """Bulk addresses of our registrations, and how reading them went last."""

    list_display = ["name", "state_now", "due_at", "finished", "stored", "unknown"]
    list_display_links = ["name"]
    list_filter = ["state", "client__utility"]
    list_select_related = ["client__utility"]
    search_fields = ["uid", "client__client_id"]
    nothing_yet = "No utility has told of a Bulk feed for a registration of yours."
    actions_detail = ["read_now"]
    fieldsets = [
        ("Now", {"fields": ["state_now", "error", ("due_at", "failures")]}),
        ("What it held last", {"fields": ["counted", ("started", "finished"), "collected_to"]}),
        ("Where", {"fields": ["client", "uri", "registered", "uid"]}),
    ]

    @admin.display(description="Bulk of", ordering="client")
    def name(self, collection: BulkCollection) -> str:
        return f"{collection.client.utility.short_name} {collection.client.client_id}"

    @admin.display(description="State", ordering="state")
    def state_now(self, collection: BulkCollection) -> SafeString:
        return badge(collection.get_state_display(), BULK_COLOURS[collection.state])

    @admin.display(description="Authorizations stored")
    def stored(self, collection: BulkCollection) -> Any:
        return collection.counts.get("stored", "–")

    @admin.display(description="Entries of nobody known")
    def unknown(self, collection: BulkCollection) -> Any:
        return collection.counts.get("unknown", "–")

    @admin.display(description="In the registration's document")
    def registered(self, collection: BulkCollection) -> str:
        standing = Standing.of(collection.client)
        named = standing.bulk_url.rstrip("/") if standing else ""
        if not named:
            return "It names none."
        is_same = collection.uri in {named, bulk.registered_uri(collection.client)}
        if is_same or collection.uri.startswith(f"{named}/"):
            return "It names the same."
        return (
            f"It names another one: {named}. What the utility says with our token goes first. Ask "
            "it which is right."
        )

    @admin.display(description="Counted")
    def counted(self, collection: BulkCollection) -> SafeString | str:
        counts = collection.counts
        lines = [f"{counts[name]:,} {words}" for name, words in COUNTED.items() if name in counts]
        return sentences(lines) if lines else "It has not been read yet"

    @staff_action(
        "Read now",
        "A worker reads this address, at most once in 15 minutes.",
        icon="download",
        variant=ActionVariant.PRIMARY,
    )
    def read_now(self, request: HttpRequest, collection: BulkCollection, why: str) -> str:
        row = BulkCollection.bring_forward(collection.client, collection.uri, PullTrigger.STAFF)
        due = row.due_at
        assert due is not None
        return f"It is due at {timezone.localtime(due):%H:%M} UTC."
