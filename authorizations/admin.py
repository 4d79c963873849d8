"""Staff pages for share links, attempts to connect, and events.

Authorizations are shown with what was collected for them, so their page lies in greenbutton.admin.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from unfold.enums import ActionVariant

from authorizations.at_utility.pages import NotificationAdmin, ReconciliationAdmin
from authorizations.connecting import prefill
from authorizations.links.forms import NewShareLinkForm, ReturnAddressForm, SendForm, asked_in
from authorizations.links.qr import qr_code
from authorizations.links.sending import send_link
from authorizations.models import (
    ConnectAttempt,
    Event,
    EventType,
    Notification,
    Reconciliation,
    ReturnAddress,
    ShareLink,
    email_digest,
)
from authorizations.timeline import event_words
from authorizations.views import share
from greenbutton.espi.errors import ScopeError
from utilities.models import Utility
from utilities.staff import (
    ReadOnlyAdmin,
    StaffAdmin,
    badge,
    copyable,
    link_to,
    page_of,
    scope_in_words,
    sentences,
    signed_in,
    staff_action,
)

LINK_LIFETIME = timedelta(days=30)
SENDINGS_SHOWN = 10
SCOPE = '<code style="overflow-wrap: anywhere">{}</code>{}'


@admin.register(ShareLink)
class ShareLinkAdmin(StaffAdmin):
    """Links that staff send to customers. What a sent link asks for never changes."""

    list_display = [
        "name",
        "state",
        "utility_name",
        "reference",
        "prefill_masked",
        "expires_at",
        "created_by",
    ]
    list_display_links = ["name"]
    list_filter = ["utility", "single_use", "language", "created_by"]
    list_select_related = ["utility", "created_by"]
    search_fields = ["note", "uid", "reference"]
    search_help_text = "Note, reference, link, or a customer's whole e-mail address"
    nothing_yet = "There is no link yet. Make one, and send it by e-mail or as a QR code."
    actions_detail = ["send", "disable"]

    new_fieldsets = [
        ("For whom", {"fields": ["utility", "customer_email", "language", "reference", "note"]}),
        (
            "What is asked for",
            {"fields": ["kinds", "history", "ends", "ends_on", "often", "scope"]},
        ),
        (
            "Who the customer is",
            {"fields": ["way", "prefill", "expected_account", "expected_address"]},
        ),
        ("Until when", {"fields": ["expires_at", "single_use"]}),
    ]
    fieldsets = [
        ("To send", {"fields": ["address", "state", "preview_link", "qr", "sent"]}),
        (
            "For whom",
            {
                "fields": [
                    "utility_name",
                    ("email_masked", "language"),
                    "reference",
                    "note",
                ]
            },
        ),
        ("What is asked for", {"fields": ["scope_words"]}),
        ("Who the customer is", {"fields": [("way", "prefill_masked"), "expected"]}),
        ("Until when", {"fields": ["expires_at", "single_use"]}),
        ("Made", {"fields": [("created", "created_by")]}),
    ]
    readonly_fields = [
        "address",
        "state",
        "preview_link",
        "qr",
        "sent",
        "utility_name",
        "email_masked",
        "way",
        "prefill_masked",
        "expected",
        "scope_words",
    ]
    # What was settled when it was made, and is shown as it is.
    settled = ["language", "single_use", "created", "created_by"]

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewShareLinkForm
        return super().get_form(request, obj, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: ShareLink | None = None) -> list[Any]:
        return self.fieldsets if obj else self.new_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: ShareLink | None = None) -> list[str]:
        return [*self.readonly_fields, *self.settled] if obj else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        end = (timezone.now() + LINK_LIFETIME).replace(second=0, microsecond=0)
        return {"expires_at": end, **super().get_changeform_initial_data(request)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ShareLink]:
        found: QuerySet[ShareLink] = super().get_queryset(request)
        return found.annotate(times_used=Count("authorizations"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By an e-mail address as well; whole, since only its keyed hash can be compared."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if "@" in search_term:
            found |= queryset.filter(customer_email_digest=email_digest(search_term))
        return found, may_repeat

    def get_custom_urls(self) -> tuple[Any, ...]:
        return (("scope-words/", "scope_words", scope_words),)

    def get_urls(self) -> list[URLPattern]:
        pages = (("preview", self.preview), ("qr.svg", self.qr_svg), ("qr.png", self.qr_png))
        own = [
            path(
                f"<path:object_id>/{name}/" if name == "preview" else f"<path:object_id>/{name}",
                self.admin_site.admin_view(require_safe(view)),
                name=f"authorizations_sharelink_{name.replace('.', '_')}",
            )
            for name, view in pages
        ]
        urls: list[URLPattern] = super().get_urls()
        return [*own, *urls]

    def preview(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """What the customer will see, with buttons that do nothing."""
        link = self._link(request, object_id)
        with translation.override(link.language):
            return share.preview(request, link, page_of(link))

    def qr_svg(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The address as a picture to print."""
        link = self._link(request, object_id)
        return picture(qr_code(link.url, "svg"), "image/svg+xml", f"link-{link.uid}.svg")

    def qr_png(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same for programs that take no SVG."""
        link = self._link(request, object_id)
        return picture(qr_code(link.url, "png"), "image/png", f"link-{link.uid}.png")

    def _link(self, request: HttpRequest, object_id: str) -> ShareLink:
        link: ShareLink | None = self.get_object(request, object_id)
        if link is None:
            raise Http404
        if not self.has_view_permission(request, link):
            raise PermissionDenied
        return link

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
        self.message_user(request, "The link is ready. Copy its address, or send it by e-mail.")
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

    @admin.display(description="Utility", ordering="utility")
    def utility_name(self, link: ShareLink) -> str:
        return link.utility.name if link.utility else "The customer chooses"

    @admin.display(description="Preview")
    def preview_link(self, link: ShareLink) -> SafeString:
        url = reverse("admin:authorizations_sharelink_preview", args=[link.pk])
        words = '<a class="text-primary-600 underline" href="{}">What the customer will see</a>'
        return format_html(words, url)

    @admin.display(description="QR code")
    def qr(self, link: ShareLink) -> SafeString:
        svg, png = (
            reverse(f"admin:authorizations_sharelink_qr_{kind}", args=[link.pk])
            for kind in ("svg", "png")
        )
        return render_to_string("admin/_qr.html", {"svg": svg, "png": png})

    @admin.display(description="Sent by e-mail")
    def sent(self, link: ShareLink) -> SafeString | str:
        lines = [
            f"{timezone.localtime(one.at):%d %B %Y, %H:%M} by {one.by or 'somebody'}"
            for one in link.sendings.select_related("by")[:SENDINGS_SHOWN]
        ]
        # What became of them, once a mail server was asked.
        ended = link.events.filter(type__in=[EventType.EMAIL_SENT, EventType.EMAIL_UNDELIVERED])
        lines += [
            f"{timezone.localtime(one.ts):%d %B %Y, %H:%M}: {event_words(one)}"
            for one in ended[:SENDINGS_SHOWN]
        ]
        return sentences(lines) if lines else "Not yet"

    @admin.display(description="Customer's e-mail address")
    def email_masked(self, link: ShareLink) -> str:
        return prefill.mask("email", link.customer_email) if link.customer_email else "–"

    @admin.display(description="How the customer says who they are")
    def way(self, link: ShareLink) -> str:
        kind = link.authentication_type
        label = link.utility.way_label(kind) if link.utility else ""
        return label or kind or "As the utility prefers"

    @admin.display(description="Prefilled with")
    def prefill_masked(self, link: ShareLink) -> str:
        kind, value = link.authentication_type, link.authentication_value
        return prefill.mask(kind, value) if value else "–"

    @admin.display(description="Expected account")
    def expected(self, link: ShareLink) -> str:
        number, place = link.expected_account, link.expected_address
        said = [prefill.mask("account", number)] if number else []
        said += [prefill.mask("address", place)] if place else []
        return "; ".join(said) or "Not said"

    @admin.display(description="In words")
    def scope_words(self, link: ShareLink) -> SafeString | str:
        if link.scope:
            return scope_in_words(link.scope)
        if link.utility is None:
            return "What the registration with the chosen utility says."
        return scope_in_words(default_scope(link.utility))

    @staff_action(
        "Send by e-mail",
        "The customer gets an e-mail with the link, in the link's language. It proves nothing that "
        "they can read it: e-mails are forwarded.",
        icon="mail",
        variant=ActionVariant.PRIMARY,
        offered=lambda link: link.is_open(),
        form_class=SendForm,
    )
    def send(self, request: HttpRequest, link: ShareLink, why: str, to: str) -> str:
        send_link(link, signed_in(request), to)
        return "The e-mail is on its way."

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


def picture(content: bytes, kind: str, name: str) -> HttpResponse:
    """A file that shows in a page and can be saved."""
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def state_badge(link: ShareLink) -> SafeString:
    """Open, used, expired or disabled."""
    if link.disabled_at is not None:
        return badge("Disabled", "danger")
    if link.is_used_up():
        return badge("Used", "info")
    return badge("Expired", "warning") if link.is_expired() else badge("Open", "success")


def used_words(times: int) -> str:
    """How often customers authorized with a link."""
    return {0: "not used yet", 1: "used once"}.get(times, f"used {times} times")


def default_scope(utility: Utility) -> str:
    """What a link that says nothing asks for."""
    client = utility.client_for_customers()
    return client.default_scope if client else ""


def scope_words(request: HttpRequest, model_admin: ShareLinkAdmin) -> HttpResponse:
    """What is being chosen or typed, as a scope and in words: a fragment for the page."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    try:
        text = asked_in(request.GET)
    except ScopeError as e:
        return HttpResponse(sentences([str(e)]))
    chosen = request.GET.get("utility", "")
    if not text and chosen.isdecimal():
        utility = Utility.objects.filter(pk=chosen).first()
        text = default_scope(utility) if utility else ""
    if not text:
        return HttpResponse("What the registration with the utility says.")
    return HttpResponse(format_html(SCOPE, text, scope_in_words(text)))


@admin.register(ReturnAddress)
class ReturnAddressAdmin(StaffAdmin):
    """The company's own pages to which links may lead at the end."""

    form = ReturnAddressForm
    list_display = ["name", "url", "use", "is_default"]
    nothing_yet = "No page of yours is named yet. Links lead customers back to pages that are."
    actions_detail = ["withdraw"]
    fields = ["name", "url", "is_default"]

    def get_readonly_fields(
        self, request: HttpRequest, obj: ReturnAddress | None = None
    ) -> list[str]:
        """Links name it to the letter, so another address is another row."""
        return ["url", "use", "created", "created_by"] if obj else []

    def get_fields(self, request: HttpRequest, obj: ReturnAddress | None = None) -> list[str]:
        return [*self.fields, "use", "created", "created_by"] if obj else list(self.fields)

    def save_model(self, request: HttpRequest, obj: ReturnAddress, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = signed_in(request)
        super().save_model(request, obj, form, change)

    @admin.display(description="State")
    def use(self, address: ReturnAddress) -> SafeString:
        if address.withdrawn_at is not None:
            return badge("Withdrawn", "danger")
        return badge("In use", "success")

    @staff_action(
        "Withdraw",
        "Nobody is sent there any more, and links that name it are refused.",
        icon="link_off",
        variant=ActionVariant.DANGER,
        offered=lambda address: address.withdrawn_at is None,
    )
    def withdraw(self, request: HttpRequest, address: ReturnAddress, why: str) -> str:
        address.withdraw()
        return "The address is withdrawn."


@admin.register(ConnectAttempt)
class ConnectAttemptAdmin(ReadOnlyAdmin):
    """Who set out to connect and what came of it; a refusal is told here with its reason."""

    list_display = ["created", "client", "share_link", "outcome"]
    list_filter = ["client__utility", "created"]
    list_select_related = ["client", "share_link__utility", "authorization__utility"]
    fields = readonly_fields = ["created", "expires_at", "client", "share_link", "outcome"]
    nothing_yet = "Nobody has set out for a utility yet. Whoever does stands here."

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

    nothing_yet = "Nothing has happened yet."
    list_display = ["when", "what", "utility", "authorization_link", "reference"]
    list_display_links = ["when"]
    list_filter = ["type", "utility", "ts"]
    list_select_related = ["utility", "authorization__utility"]
    search_fields = ["uid", "authorization__uid", "authorization__reference"]
    fields = readonly_fields = [
        "when",
        "uid",
        "type",
        "utility",
        "authorization_link",
        "reference",
        "detail",
    ]

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

    @admin.display(description="Your reference")
    def reference(self, event: Event) -> str:
        return event.authorization.reference if event.authorization else ""


admin.site.register(Notification, NotificationAdmin)
admin.site.register(Reconciliation, ReconciliationAdmin)
