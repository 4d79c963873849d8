"""Staff pages for authorizations, with what was collected for them, and for pulls.

They never show a token, and stop sharing by the same verb as the customer's own page.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.enums import ActionVariant

from authorizations import flows
from authorizations.admin import event_words
from authorizations.models import Authorization, AuthorizationQuerySet, Event
from greenbutton.models import Pull
from utilities.staff import (
    Colour,
    ReadOnlyAdmin,
    ReadOnlyInline,
    badge,
    link_to,
    scope_in_words,
    sentences,
    staff_action,
)

# Two lines of a list; the pull's own page has all of it.
LIST_ERROR_LENGTH = 70

AUTHORIZATION_COLOURS: dict[str, Colour] = {
    Authorization.Status.ACTIVE: "success",
    Authorization.Status.NEEDS_CONSENT: "danger",
    Authorization.Status.EXPIRED: "warning",
    Authorization.Status.REVOKED: "neutral",
}
PULL_COLOURS: dict[str, Colour] = {
    Pull.State.RUNNING: "info",
    Pull.State.DONE: "success",
    Pull.State.WAITING: "warning",
    Pull.State.FAILED: "danger",
    Pull.State.ABANDONED: "neutral",
}


def status_badges(authorization: Authorization) -> SafeString:
    """Its status, and whether it is held, put away, or only a test."""
    words = [badge(authorization.get_status_display(), AUTHORIZATION_COLOURS[authorization.status])]
    if authorization.held_at:
        words.append(badge("On hold", "warning"))
    if authorization.archived_at:
        words.append(badge("Archived"))
    return format_html("{} " * len(words), *words)


def test_badge(authorization: Authorization) -> SafeString:
    """Whether a test account or a real customer stands behind it."""
    return badge("Test", "warning") if authorization.is_test else badge("Customer", "info")


def pull_badge(state: str) -> SafeString:
    """A pull's state in a word."""
    return badge(Pull.State(state).label, PULL_COLOURS[state])


class ArchivedFilter(admin.SimpleListFilter):
    """Hides what was put away, unless asked."""

    title = "archived"
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Archived"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            yield {**choice, "display": "Not archived"} if self._is_none(choice) else choice

    def _is_none(self, choice: Any) -> bool:
        return "archived=" not in choice["query_string"]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Authorization]
    ) -> QuerySet[Authorization]:
        if self.value() == "all":
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "yes")


class AttentionFilter(admin.SimpleListFilter):
    """What the card on the dashboard counts."""

    title = "attention"
    parameter_name = "attention"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Needs attention"), ("collecting", "Collecting now")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        assert isinstance(queryset, AuthorizationQuerySet)
        if self.value() == "yes":
            return queryset.needing_attention()
        return queryset.being_collected() if self.value() == "collecting" else queryset


class PullInline(ReadOnlyInline):
    """How collecting went, the latest first."""

    model = Pull
    fields = readonly_fields = ["started", "how", "brought", "bills", "error"]
    per_page = 10
    show_change_link = True

    @admin.display(description="State")
    def how(self, pull: Pull) -> SafeString:
        return pull_badge(pull.state)

    @admin.display(description="Readings")
    def brought(self, pull: Pull) -> str:
        readings, new, changed = map(intcomma, (pull.readings, pull.new, pull.changed))
        return f"{readings} ({new} new, {changed} changed)"


class EventInline(ReadOnlyInline):
    """What happened to the authorization."""

    model = Event
    fields = readonly_fields = ["when", "what"]
    per_page = 10

    @admin.display(description="When")
    def when(self, event: Event) -> datetime:
        return event.ts

    @admin.display(description="What")
    def what(self, event: Event) -> str:
        return event_words(event)


@admin.register(Authorization)
class AuthorizationAdmin(ReadOnlyAdmin):
    """Consents: read here, moved only by their verbs."""

    list_display = [
        "name",
        "status_now",
        "for_whom",
        "utility",
        "origin",
        "next_pull_at",
        "last_pull",
        "share_link",
    ]
    list_filter = [AttentionFilter, "status", "is_test", "utility", "origin", ArchivedFilter]
    list_select_related = ["utility", "share_link__utility"]
    search_fields = ["uid", "share_link__note", "share_link__uid", "share_link__code"]
    inlines = [PullInline, EventInline]
    actions_detail = ["collect_now", "hold", "release", "stop_sharing", "archive", "unarchive"]
    fieldsets = [
        ("Now", {"fields": ["status_now", "for_whom", "last_pull", "usage_page"]}),
        ("What the customer granted", {"fields": ["granted", "left_out", "expires_at"]}),
        (
            "Where it comes from",
            {"fields": [("utility", "client"), ("share_link", "origin"), ("created", "uid")]},
        ),
        (
            "Collecting",
            {
                "fields": [
                    ("next_pull_at", "pulled_to"),
                    ("failures", "held_at"),
                    ("leased_until", "purge_at"),
                ]
            },
        ),
        ("Its end", {"fields": [("revoked_at", "revoked_by"), "archived_at"]}),
        (
            "Addresses at the utility",
            {"fields": ["resource_uri", "authorization_uri", "customer_uri"]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Authorization]:
        latest = Pull.objects.filter(authorization=OuterRef("pk")).order_by("-started", "-id")
        found: QuerySet[Authorization] = super().get_queryset(request)
        return found.annotate(last_state=Subquery(latest.values("state")[:1]))

    @admin.display(description="Authorization", ordering="uid")
    def name(self, authorization: Authorization) -> str:
        return authorization.uid

    @admin.display(description="Status", ordering="status")
    def status_now(self, authorization: Authorization) -> SafeString:
        return status_badges(authorization)

    @admin.display(description="For whom", ordering="is_test")
    def for_whom(self, authorization: Authorization) -> SafeString:
        return test_badge(authorization)

    @admin.display(description="Last pull")
    def last_pull(self, authorization: Authorization) -> SafeString | str:
        state = getattr(authorization, "last_state", None)
        return pull_badge(state) if state else "None yet"

    @admin.display(description="Usage page")
    def usage_page(self, authorization: Authorization) -> SafeString:
        url = reverse("usage", args=[authorization.uid])
        link = '<a class="text-primary-600 underline" href="{}">What the customer sees</a>'
        return format_html(link, url)

    @admin.display(description="Granted")
    def granted(self, authorization: Authorization) -> SafeString | str:
        if not authorization.scope:
            return "–"
        return scope_in_words(authorization.scope, granted=True)

    @admin.display(description="Left out of what was asked")
    def left_out(self, authorization: Authorization) -> SafeString | str:
        lines = authorization.granted_less_than_asked()
        return sentences(lines) if lines else "Nothing"

    @staff_action(
        "Collect now",
        "It becomes due at once, and a worker takes it within seconds.",
        icon="download",
        variant=ActionVariant.PRIMARY,
        offered=lambda one: one.status == Authorization.Status.ACTIVE,
    )
    def collect_now(self, request: HttpRequest, authorization: Authorization, why: str) -> str:
        authorization.collect_now()
        return "It is due now. The pull shows below once a worker has taken it."

    @staff_action(
        "Hold",
        "Nothing is collected until it is released. The customer's consent stays.",
        icon="pause",
        offered=lambda one: one.status == Authorization.Status.ACTIVE and one.held_at is None,
    )
    def hold(self, request: HttpRequest, authorization: Authorization, why: str) -> str:
        authorization.hold()
        return "Collecting is on hold."

    @staff_action(
        "Release",
        "Collecting goes on; what came due meanwhile is collected at once.",
        icon="play_arrow",
        offered=lambda one: one.held_at is not None,
    )
    def release(self, request: HttpRequest, authorization: Authorization, why: str) -> str:
        authorization.release()
        return "Collecting goes on."

    @staff_action(
        "Stop sharing",
        "The utility is told, our tokens are destroyed, and what was collected is deleted. "
        "Only the customer can undo this, by consenting again.",
        icon="block",
        variant=ActionVariant.DANGER,
        offered=Authorization.can_be_stopped,
    )
    def stop_sharing(self, request: HttpRequest, authorization: Authorization, why: str) -> str:
        if flows.disconnect(authorization, by="staff"):
            return "Sharing is stopped, and what was collected is being deleted."
        return (
            "Sharing is stopped here, and what was collected is being deleted. The utility could "
            "not be told: ask the customer to stop it there, too."
        )

    @staff_action(
        "Archive",
        "It leaves the lists and the figures. Nothing is deleted.",
        icon="archive",
        offered=lambda one: one.archived_at is None,
    )
    def archive(self, request: HttpRequest, authorization: Authorization, why: str) -> str:
        authorization.archive()
        return "It is archived."

    @staff_action(
        "Bring back",
        "It is shown in lists and counted in figures again.",
        icon="unarchive",
        offered=lambda one: one.archived_at is not None,
    )
    def unarchive(self, request: HttpRequest, authorization: Authorization, why: str) -> str:
        authorization.unarchive()
        return "It is back."


@admin.register(Pull)
class PullAdmin(ReadOnlyAdmin):
    """Each attempt to collect, and what it found."""

    list_display = [
        "started",
        "how",
        "whose",
        "readings_words",
        "oddities",
        "trouble",
    ]
    list_display_links = ["started"]
    list_filter = [
        "state",
        "first",
        "authorization__is_test",
        "authorization__utility",
        "started",
    ]
    list_select_related = ["authorization__utility"]
    search_fields = ["uid", "authorization__uid", "authorization__share_link__note"]
    fieldsets = [
        (
            "How it went",
            {
                "fields": [
                    "how",
                    "error",
                    "message",
                    ("authorization_link", "for_whom"),
                    ("started", "finished"),
                    ("first", "windows"),
                ]
            },
        ),
        ("What it brought", {"fields": [("readings", "new"), ("changed", "bills")]}),
        ("What was odd in the feeds", {"fields": ["findings_table"]}),
    ]

    @admin.display(description="State", ordering="state")
    def how(self, pull: Pull) -> SafeString:
        return pull_badge(pull.state)

    @admin.display(description="Authorization")
    def authorization_link(self, pull: Pull) -> SafeString:
        return link_to(pull.authorization, str(pull.authorization))

    @admin.display(description="For whom")
    def for_whom(self, pull: Pull) -> SafeString:
        return test_badge(pull.authorization)

    @admin.display(description="Windows")
    def windows(self, pull: Pull) -> str:
        return f"{pull.windows_done} of {pull.windows_planned}"

    @admin.display(description="Findings")
    def oddities(self, pull: Pull) -> str:
        found = sum(finding["count"] for finding in pull.findings)
        return intcomma(found) if found else "–"

    @admin.display(description="Authorization")
    def whose(self, pull: Pull) -> SafeString:
        return format_html("{} {}", self.authorization_link(pull), self.for_whom(pull))

    @admin.display(description="Readings", ordering="readings")
    def readings_words(self, pull: Pull) -> SafeString:
        news = f"{intcomma(pull.new)} new, {intcomma(pull.changed)} changed"
        return format_html("<div>{}<br>{}</div>", intcomma(pull.readings), news)

    @admin.display(description="Error")
    def trouble(self, pull: Pull) -> SafeString | str:
        # The last column of a wide table would get one word a line.
        short = Truncator(pull.error).chars(LIST_ERROR_LENGTH)
        return format_html('<div style="min-width: min(13rem, 50vw)">{}</div>', short or "–")

    @admin.display(description="Findings")
    def findings_table(self, pull: Pull) -> SafeString:
        return render_to_string("admin/_findings.html", {"findings": pull.findings})
