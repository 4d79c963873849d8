"""Staff pages for share links, attempts to connect, and events.

Authorizations are shown with what was collected for them, so their page lies in greenbutton.admin.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from authorizations import prefill
from authorizations.models import (
    ConnectAttempt,
    Event,
    EventType,
    Notification,
    Reconciliation,
    ShareLink,
)
from authorizations.notices_page import NotificationAdmin, ReconciliationAdmin
from authorizations.timeline import event_words
from utilities.admin import checked_scope
from utilities.models import Utility
from utilities.staff import (
    ReadOnlyAdmin,
    StaffAdmin,
    badge,
    copyable,
    link_to,
    scope_in_words,
    signed_in,
    staff_action,
)

LINK_LIFETIME = timedelta(days=30)


def ways_to_choose() -> Iterator[tuple[str, Any]]:
    """The ways to authenticate, by utility; a choice names both, as in `svce:phone`."""
    yield "", "As the utility prefers"
    for utility in Utility.objects.enabled():
        ways = utility.authentication_ways
        yield utility.name, [(f"{utility.slug}:{way['type']}", way["label"]) for way in ways]


class NewShareLinkForm(ModelForm[ShareLink]):
    """Everything about a link that is settled when it is made."""

    way = forms.ChoiceField(
        label="How the customer says who they are",
        required=False,
        choices=ways_to_choose,
        widget=UnfoldAdminSelectWidget(),
    )
    prefill = forms.CharField(
        label="Prefilled with",
        required=False,
        max_length=prefill.MAX_LENGTH,
        help_text="For example the account number, if you know it. Kept encrypted, shown masked.",
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = ShareLink
        fields = ["utility", "scope", "note", "expires_at"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        utility = self.fields["utility"]
        assert isinstance(utility, forms.ModelChoiceField)
        utility.queryset = Utility.objects.enabled()
        self.fields["scope"].widget.attrs |= {
            "hx-get": reverse("admin:scope_words"),
            "hx-trigger": "load, input changed delay:300ms, change from:#id_utility",
            "hx-include": "#id_utility",
            "hx-target": "#scope-words",
        }
        self.fields["scope"].help_text = format_html(
            '{}<span id="scope-words" class="block mt-2" aria-live="polite"></span>',
            "Empty asks for what the registration with the utility says. In words:",
        )
        self.fields["note"].help_text = "For you and your colleagues; the customer never sees it."
        self.fields["expires_at"].help_text = "Times are in UTC. Empty for a link that stays open."

    def clean_utility(self) -> Utility:
        utility: Utility = self.cleaned_data["utility"]
        if utility.client_for_customers() is None:
            raise ValidationError(
                f"There is no registration in use with {utility}. Add one, or resume one, first."
            )
        return utility

    def clean_scope(self) -> str:
        text: str = self.cleaned_data["scope"].strip()
        return checked_scope(text) if text else ""

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise ValidationError("That moment has passed; choose a later one, or none.")
        return expires_at

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        utility, value = cleaned.get("utility"), cleaned.get("prefill", "")
        slug, _, kind = cleaned.get("way", "").partition(":")
        if utility is None or "prefill" in self.errors:
            return cleaned
        if slug and slug != utility.slug:
            self.add_error("way", f"{utility} does not offer this. Choose one of its own ways.")
            return cleaned
        try:
            prefill.read(utility, kind, value)
        except ValidationError as e:
            self.add_error("prefill", e)
        return cleaned

    def save(self, commit: bool = True) -> ShareLink:
        link = self.instance
        link.authentication_type = self.cleaned_data["way"].partition(":")[2]
        link.authentication_value = self.cleaned_data["prefill"]
        return super().save(commit)


@admin.register(ShareLink)
class ShareLinkAdmin(StaffAdmin):
    """Links that staff send to customers. What a sent link asks for never changes."""

    list_display = ["name", "state", "utility", "prefill_masked", "expires_at", "created_by"]
    list_display_links = ["name"]
    list_filter = ["utility", "created_by"]
    list_select_related = ["utility", "created_by"]
    search_fields = ["note", "uid"]
    actions_detail = ["disable"]

    new_fieldsets = [
        ("For whom", {"fields": ["utility", "note"]}),
        ("What is asked for", {"fields": ["scope"]}),
        ("Who the customer is", {"fields": ["way", "prefill"]}),
        ("Until when", {"fields": ["expires_at"]}),
    ]
    fieldsets = [
        ("To send", {"fields": ["address", "state"]}),
        ("For whom", {"fields": ["utility", ("way", "prefill_masked"), "note", "expires_at"]}),
        ("What is asked for", {"fields": ["scope_words"]}),
        ("Made", {"fields": [("created", "created_by")]}),
    ]
    readonly_fields = ["address", "state", "way", "prefill_masked", "scope_words"]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewShareLinkForm
        return super().get_form(request, obj, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: ShareLink | None = None) -> list[Any]:
        return self.fieldsets if obj else self.new_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: ShareLink | None = None) -> list[str]:
        return [*self.readonly_fields, "utility", "created", "created_by"] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        end = (timezone.now() + LINK_LIFETIME).replace(second=0, microsecond=0)
        return {"expires_at": end, **super().get_changeform_initial_data(request)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShareLink]:
        found: QuerySet[ShareLink] = super().get_queryset(request)
        return found.annotate(times_used=Count("authorizations"))

    def get_custom_urls(self) -> tuple[Any, ...]:
        return (("scope-words/", "scope_words", scope_words),)

    def save_model(self, request: HttpRequest, obj: ShareLink, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = signed_in(request)
        super().save_model(request, obj, form, change)
        if not change:
            Event.objects.create(type=EventType.FORM_CREATED, utility=obj.utility, share_link=obj)

    def response_add(
        self, request: HttpRequest, obj: ShareLink, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go to the link's page, where its address is to be copied."""
        self.message_user(request, "The link is ready. Copy its address and send it.")
        return HttpResponseRedirect(reverse("admin:authorizations_sharelink_change", args=[obj.pk]))

    @admin.display(description="Link", ordering="note")
    def name(self, link: ShareLink) -> str:
        return str(link)

    @admin.display(description="Address")
    def address(self, link: ShareLink) -> SafeString:
        return copyable(link.url)

    @admin.display(description="State")
    def state(self, link: ShareLink) -> SafeString:
        return format_html("{} {}", state_badge(link), used_words(getattr(link, "times_used", 0)))

    @admin.display(description="How the customer says who they are")
    def way(self, link: ShareLink) -> str:
        kind = link.authentication_type
        return link.utility.way_label(kind) or kind or "As the utility prefers"

    @admin.display(description="Prefilled with")
    def prefill_masked(self, link: ShareLink) -> str:
        kind, value = link.authentication_type, link.authentication_value
        return prefill.mask(kind, value) if value else "–"

    @admin.display(description="In words")
    def scope_words(self, link: ShareLink) -> SafeString:
        return scope_in_words(link.scope or default_scope(link.utility))

    @staff_action(
        "Disable",
        "The link stops working at once. What customers authorized with it stays.",
        icon="link_off",
        variant=ActionVariant.DANGER,
        offered=lambda link: link.disabled_at is None,
    )
    def disable(self, request: HttpRequest, link: ShareLink, why: str) -> str:
        link.disable()
        Event.objects.create(type=EventType.FORM_DISABLED, utility=link.utility, share_link=link)
        return "The link is disabled."


def state_badge(link: ShareLink) -> SafeString:
    """Open, expired or disabled."""
    if link.disabled_at is not None:
        return badge("Disabled", "danger")
    return badge("Expired", "warning") if link.is_expired() else badge("Open", "success")


def used_words(times: int) -> str:
    """How often customers authorized with a link."""
    return {0: "not used yet", 1: "used once"}.get(times, f"used {times} times")


def default_scope(utility: Utility) -> str:
    """What a link that says nothing asks for."""
    client = utility.client_for_customers()
    return client.default_scope if client else ""


def scope_words(request: HttpRequest, model_admin: ShareLinkAdmin) -> HttpResponse:
    """The scope that is being typed, in words: a fragment for the page that makes a link."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    text = request.GET.get("scope", "").strip()
    chosen = request.GET.get("utility", "")
    if not text and chosen.isdecimal():
        utility = Utility.objects.filter(pk=chosen).first()
        text = default_scope(utility) if utility else ""
    return HttpResponse(scope_in_words(text) if text else "Choose the utility, or type a scope.")


@admin.register(ConnectAttempt)
class ConnectAttemptAdmin(ReadOnlyAdmin):
    """Who set out to connect and what came of it; a refusal is told here with its reason."""

    list_display = ["created", "client", "share_link", "outcome"]
    list_filter = ["client__utility", "created"]
    list_select_related = ["client", "share_link__utility", "authorization__utility"]
    fields = readonly_fields = ["created", "expires_at", "client", "share_link", "outcome"]

    @admin.display(description="What came of it")
    def outcome(self, attempt: ConnectAttempt) -> SafeString | str:
        if attempt.authorization:
            return link_to(attempt.authorization, f"Connected: {attempt.authorization}")
        if attempt.reason:
            return attempt.reason
        if attempt.used_at is None and attempt.expires_at > timezone.now():
            return "On the utility's pages, or left there"
        return "Never came back from the utility"


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """What happened, newest first."""

    list_display = ["when", "what", "utility", "authorization_link"]
    list_display_links = ["when"]
    list_filter = ["type", "utility", "ts"]
    list_select_related = ["utility", "authorization__utility"]
    search_fields = ["uid", "authorization__uid"]
    fields = readonly_fields = ["when", "uid", "type", "utility", "authorization_link", "detail"]

    @admin.display(description="When", ordering="ts")
    def when(self, event: Event) -> datetime:
        return event.ts

    @admin.display(description="What", ordering="type")
    def what(self, event: Event) -> str:
        return event_words(event)

    @admin.display(description="Authorization")
    def authorization_link(self, event: Event) -> SafeString | str:
        return (
            link_to(event.authorization, str(event.authorization)) if event.authorization else "–"
        )


admin.site.register(Notification, NotificationAdmin)
admin.site.register(Reconciliation, ReconciliationAdmin)
