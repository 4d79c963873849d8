"""Staff pages of what utilities tell us: notifications, and their lists beside ours."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from authorizations.models import Authorization, Notification, Reconciliation
from utilities.models import Client
from utilities.staff import (
    Colour,
    ReadOnlyAdmin,
    badge,
    link_to,
    sentences,
    signed_in,
    staff_action,
)

NOTIFICATION_COLOURS: dict[str, Colour] = {
    Notification.State.WAITING: "info",
    Notification.State.READING: "info",
    Notification.State.READ: "success",
    Notification.State.GARBLED: "warning",
}
RECONCILIATION_COLOURS: dict[str, Colour] = {
    Reconciliation.State.WAITING: "info",
    Reconciliation.State.DONE: "success",
    Reconciliation.State.FAILED: "danger",
}
# What was brought forward, for one and for several.
BROUGHT_WORDS = {
    "usage": ("authorization is collected", "authorizations are collected"),
    "consent": ("consent is asked for", "consents are asked for"),
    "registration": ("registration is read again", "registrations are read again"),
    "bulk": ("Bulk feed is read", "Bulk feeds are read"),
}


class UnknownFilter(admin.SimpleListFilter):
    """Those that name what nobody here knows."""

    title = "what they name"
    parameter_name = "named"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("unknown", "Something unknown"), ("known", "Only what is known")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Notification]
    ) -> QuerySet[Notification]:
        if self.value() == "unknown":
            return queryset.filter(unknown__gt=0)
        return queryset.filter(unknown=0) if self.value() == "known" else queryset


class NotificationAdmin(ReadOnlyAdmin):
    """What utilities posted. Nobody signs it, so it only says where to look."""

    nothing_yet = "No notification has come yet. Some utilities send one when there is new data."
    list_display = ["received", "state_now", "utility", "what_came", "unknown_count"]
    list_display_links = ["received"]
    list_filter = ["utility", "state", UnknownFilter, "received"]
    list_select_related = ["utility"]
    fieldsets = [
        ("What came", {"fields": ["utility", "state_now", "how_often", "error"]}),
        ("What came of it", {"fields": ["named", "brought_words", "unknown_words"]}),
    ]
    readonly_fields = [
        *("utility", "state_now", "how_often", "error"),
        *("named", "brought_words", "unknown_words"),
    ]

    @admin.display(description="State", ordering="state")
    def state_now(self, row: Notification) -> SafeString:
        return badge(row.get_state_display(), NOTIFICATION_COLOURS[row.state])

    @admin.display(description="What came of it")
    def what_came(self, row: Notification) -> str:
        return "; ".join(brought_words(row)) or row.error or "–"

    @admin.display(description="Unknown", ordering="unknown")
    def unknown_count(self, row: Notification) -> str:
        return intcomma(row.unknown) if row.unknown else "–"

    @admin.display(description="Received")
    def how_often(self, row: Notification) -> str:
        first = f"{row.received:%d %B %Y, %H:%M:%S} UTC"
        if row.times == 1:
            return first
        return f"{first}, and {intcomma(row.times - 1)} times more until {row.last_received:%H:%M}"

    @admin.display(description="Which brought forward")
    def brought_words(self, row: Notification) -> SafeString | str:
        lines = brought_words(row)
        return sentences([f"{line}." for line in lines]) if lines else "Nothing"

    @admin.display(description="Unknown, so not asked for")
    def unknown_words(self, row: Notification) -> SafeString | str:
        if not row.findings:
            return "Nothing"
        return sentences([f"{intcomma(one['count'])} at {one['place']}" for one in row.findings])


def brought_words(row: Notification) -> list[str]:
    """What a notification brought forward: `2 authorizations are collected`."""
    return [
        f"{intcomma(row.brought[kind])} {one if row.brought[kind] == 1 else several}"
        for kind, (one, several) in BROUGHT_WORDS.items()
        if row.brought.get(kind)
    ]


class ReconciliationForm(ModelForm[Reconciliation]):
    """Which registration is to be compared."""

    class Meta:
        model = Reconciliation
        fields = ["client"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        client = self.fields["client"]
        assert isinstance(client, forms.ModelChoiceField)
        client.queryset = Client.objects.filter(paused_at=None, retired_at=None)
        client.help_text = "Its list of authorizations at the utility is compared with ours."


class ReconciliationAdmin(ReadOnlyAdmin):
    """Each registration's list at the utility beside what is here; nightly, and when staff ask."""

    list_display = ["asked", "state_now", "client", "in_short"]
    list_display_links = ["asked"]
    list_filter = ["client__utility", "state"]
    list_select_related = ["client__utility"]
    nothing_yet = (
        "Nothing was compared yet. Each night, what a utility lists as given to you is compared "
        "with what is here."
    )
    actions_detail = ["compare_again"]
    shown = [
        *("client", "state_now", "asked", "asked_by", "finished", "error"),
        *("listed_words", "found_words", "missing_words", "lingering_words", "narrowed_words"),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return signed_in(request).has_perm("authorizations.add_reconciliation")

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = ReconciliationForm
        return super().get_form(request, obj, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Reconciliation | None = None) -> list[Any]:
        if obj is None:
            return [("Compare with the utility's list", {"fields": ["client"]})]
        return [
            ("The comparison", {"fields": self.shown[:6]}),
            ("What it found", {"fields": self.shown[6:]}),
        ]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Reconciliation | None = None
    ) -> list[str]:
        return self.shown if obj else []

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Reconciliation:
        """One that waits already serves whoever asks."""
        super().save_form(request, form, change)
        client: Client = form.cleaned_data["client"]
        asked = Reconciliation.ask(client, by=signed_in(request))
        form.instance = asked
        return asked

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """It is saved by then."""

    @admin.display(description="State", ordering="state")
    def state_now(self, row: Reconciliation) -> SafeString:
        return badge(row.get_state_display(), RECONCILIATION_COLOURS[row.state])

    @admin.display(description="In short")
    def in_short(self, row: Reconciliation) -> str:
        if row.state != Reconciliation.State.DONE:
            return row.error or "A worker does it within seconds of its time."
        parts = {
            "not known here": row.found,
            "missing there": row.missing,
            "ended here only": row.lingering,
            "narrowed": row.narrowed,
        }
        odd = [f"{count} {words}" for words, count in parts.items() if count]
        return ", ".join(odd) or f"All {row.listed} as here"

    @admin.display(description="Active in the utility's list")
    def listed_words(self, row: Reconciliation) -> str:
        return f"{intcomma(row.listed)}, of which {intcomma(row.known)} are known here"

    @admin.display(description="Less shared there than here")
    def narrowed_words(self, row: Reconciliation) -> str:
        return f"{row.narrowed}, taken over" if row.narrowed else "0"

    @admin.display(description="Not known here")
    def found_words(self, row: Reconciliation) -> str:
        return f"{row.found}: see “Found at utilities”" if row.found else "0"

    @admin.display(description="Active here, not there")
    def missing_words(self, row: Reconciliation) -> SafeString:
        return counted(row.missing, row.missing_uids, "The utility is asked about each.")

    @admin.display(description="Ended here, active there")
    def lingering_words(self, row: Reconciliation) -> SafeString:
        says = "The utility did not hear, or did not heed, that they ended."
        return counted(row.lingering, row.lingering_uids, says)

    @staff_action(
        "Compare again",
        "A worker reads the utility's list once more, within seconds.",
        icon="sync",
        offered=lambda row: not row.is_waiting() and row.client.is_usable(),
    )
    def compare_again(self, request: HttpRequest, row: Reconciliation, why: str) -> str:
        Reconciliation.ask(row.client, by=signed_in(request))
        return "It is asked for. The new comparison is the first in the list."


def counted(count: int, uids: list[str], says: str) -> SafeString:
    """How many, what follows, and a link to each that is known by its uid."""
    if not count:
        return format_html("{}", 0)
    rows = Authorization.objects.filter(uid__in=uids).select_related("utility").defer("feed_key")
    links = format_html_join(", ", "{}", ((link_to(row, str(row)),) for row in rows))
    return format_html("{}. {} {}", intcomma(count), says, links)
