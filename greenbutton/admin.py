"""Staff pages for authorizations, with what was collected for them, and for pulls.

They never show a token, and stop sharing by the same verb as the customer's own page.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.views.decorators.http import require_safe
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget

from authorizations.addresses import masked
from authorizations.emails import ADDRESS_MAX_LENGTH
from authorizations.models import (
    Authorization,
    AuthorizationQuerySet,
    ForeignAuthorization,
    PullTrigger,
)
from authorizations.renewal import renewal_link
from authorizations.sending import send_link
from authorizations.timeline import staff_timeline
from greenbutton import flows, zones
from greenbutton.client_check.pages import ClientCheckAdmin, ClientPage
from greenbutton.display.accounts import accounts_of
from greenbutton.display.quality_reports import all_reports_of
from greenbutton.display.quality_words import said_of
from greenbutton.display.story import in_words
from greenbutton.found_page import ForeignAuthorizationAdmin
from greenbutton.ingest import history, replay
from greenbutton.ingest.recut import ask
from greenbutton.meters_admin import AGAIN, HistoryForm, MeterInline, can_ask, histories_words
from greenbutton.models import ClientCheck, Pull, Recutting
from utilities.models import Client
from utilities.staff import (
    Colour,
    ReadOnlyAdmin,
    ReadOnlyInline,
    WhyForm,
    badge,
    link_to,
    page_of,
    scope_in_words,
    sentences,
    signed_in,
    staff_action,
)

# Two lines of a list; the pull's own page has all of it.
LIST_ERROR_LENGTH = 70
RECUTTINGS_SHOWN = 3
RENEWAL_LINKS_SHOWN = 3
BREAK = mark_safe("<br>")

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
    if authorization.expectation == Authorization.Expectation.NOT_MET:
        words.append(badge("Another account", "danger"))
    if authorization.archived_at:
        words.append(badge("Archived"))
    return format_html("{} " * len(words), *words)


def test_badge(authorization: Authorization) -> SafeString:
    """Whether a test account or a real customer stands behind it."""
    return badge("Test", "warning") if authorization.is_test else badge("Customer", "info")


def pull_badge(state: str) -> SafeString:
    """A pull's state in a word."""
    return badge(Pull.State(state).label, PULL_COLOURS[state])


def where_from(pull: Pull) -> SafeString | str:
    """`Utility`, how a file came and what it was called, or what was read again."""
    source = pull.get_source_display()
    if pull.replay_of is not None:
        return format_html("{} of the {}", source, link_to(pull.replay_of, str(pull.replay_of)))
    return f"{source}: {pull.file_name}" if pull.file_name else source


def recutting_words(recutting: Recutting) -> str:
    """When it was asked for, and what came of it."""
    asked = f"{timezone.localtime(recutting.asked):%d %B %Y, %H:%M}"
    if recutting.state == Recutting.State.WAITING:
        return f"{asked}: a worker does it, as soon as nothing else is brought in."
    return f"{asked}: {recutting.words}"


def renewal_words(authorization: Authorization) -> SafeString:
    """What it was to renew and what came of that; by what it is, or may be, renewed itself."""
    lines = []
    if authorization.renewal:
        words = f"{authorization.get_renewal_display()}. {authorization.renewal_said}".strip()
        earlier = authorization.renews
        lines.append((words, link_to(earlier, str(earlier)) if earlier else ""))
    lines += [
        (f"{other.get_renewal_display()}:", link_to(other, str(other)))
        for other in authorization.renewals.select_related("utility")
    ]
    for link in authorization.renewal_links.all()[:RENEWAL_LINKS_SHOWN]:
        state = "open" if link.is_open() else "closed"
        lines.append((f"A link to renew it, {state}:", link_to(link, str(link))))
    return format_html_join(BREAK, "{} {}", lines) or format_html("None")


def knows_words(authorization: Authorization) -> str:
    """Whether the utility knows that sharing has stopped."""
    if authorization.utility_told_at:
        return f"Knows since {timezone.localtime(authorization.utility_told_at):%d %B %Y, %H:%M}"
    if authorization.could_not_be_told():
        return "Could not be told. Tell it in another way, then press “The utility knows”."
    if authorization.is_being_told():
        return f"Is being told; tried {authorization.tell_tries} times so far"
    return "–"


def findings_counted(pull: Pull) -> str:
    """How many oddities of how many kinds: `1,204 of 2 kinds`."""
    if not pull.findings:
        return "–"
    kinds = len(pull.findings)
    found = intcomma(sum(finding["count"] for finding in pull.findings))
    return found if kinds == 1 else f"{found} of {kinds} kinds"


admin.site.register(Client, ClientPage)
admin.site.register(ClientCheck, ClientCheckAdmin)


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


class ZoneForm(WhyForm):
    """The question before days are cut anew, with the zone for what came from a file."""

    time_zone = forms.ChoiceField(
        label="Time zone",
        required=False,
        choices=[("", "As it is"), *zones.COMMON.items()],
        help_text="Only for what came from a file; all else is in its utility's.",
        widget=UnfoldAdminSelectWidget(),
    )


class RenewForm(WhyForm):
    """To whom a link to renew is sent, if by us."""

    to = forms.CharField(
        label="Send it by e-mail to",
        required=False,
        max_length=ADDRESS_MAX_LENGTH,
        help_text="Empty if you hand it on yourself.",
        widget=UnfoldAdminEmailInputWidget(attrs={"autocomplete": "off"}),
    )


class PullInline(ReadOnlyInline):
    """How collecting went, the latest first."""

    model = Pull
    fields = readonly_fields = [
        "started",
        "how",
        "from_where",
        "brought",
        "bills",
        "oddities",
        "error",
    ]
    per_page = 10
    show_change_link = True

    @admin.display(description="State")
    def how(self, pull: Pull) -> SafeString:
        return pull_badge(pull.state)

    @admin.display(description="From")
    def from_where(self, pull: Pull) -> SafeString | str:
        return where_from(pull)

    @admin.display(description="Findings")
    def oddities(self, pull: Pull) -> str:
        return findings_counted(pull)

    @admin.display(description="Readings")
    def brought(self, pull: Pull) -> str:
        readings, new, changed = map(intcomma, (pull.readings, pull.new, pull.changed))
        return f"{readings} ({new} new, {changed} changed)"


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
        "reference",
        "share_link",
    ]
    list_filter = [
        AttentionFilter,
        "status",
        "expectation",
        "is_test",
        "utility",
        "origin",
        ArchivedFilter,
    ]
    list_select_related = ["utility", "share_link__utility"]
    search_fields = [
        "uid",
        "reference",
        "share_link__note",
        "share_link__uid",
        "share_link__code",
    ]
    inlines = [MeterInline, PullInline]
    actions_detail = [
        "collect_now",
        "collect_history",
        "renew",
        "ask_utility",
        "hold",
        "release",
        "recut_days",
        "stop_sharing",
        "told_by_phone",
        "archive",
        "unarchive",
    ]
    fieldsets = [
        (
            "Now",
            {
                "fields": [
                    ("status_now", "for_whom"),
                    "customer",
                    "last_pull",
                    "usage_page",
                    "quality_page",
                ]
            },
        ),
        ("What the customer granted", {"fields": ["granted", "left_out", "expires_at"]}),
        ("Whose account it is", {"fields": ["expected_words", "account_details"]}),
        (
            "Where it comes from",
            {
                "fields": [
                    ("utility", "client"),
                    ("share_link", "origin"),
                    ("created", "uid"),
                    ("reference", "consent_link"),
                    "renewal_words",
                    "zone_words",
                    "days_cut_anew",
                ]
            },
        ),
        (
            "Collecting",
            {
                "fields": [
                    ("next_pull_at", "pulled_to"),
                    ("failures", "held_at"),
                    ("leased_until", "purge_at"),
                    "histories",
                    "raw_feeds_kept",
                ]
            },
        ),
        (
            "What the utility says of it",
            {"fields": ["standing_said", ("standing_asked_at", "standing_at")]},
        ),
        ("Its end", {"fields": [("revoked_at", "revoked_by"), "utility_knows", "archived_at"]}),
        ("What happened", {"fields": ["happened"]}),
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

    @admin.display(description="Who can see it")
    def customer(self, authorization: Authorization) -> str:
        if authorization.owner is not None:
            return f"The account {masked(authorization.owner.email)}"
        if authorization.is_claimed():
            return "Staff only: the account that had it is gone"
        if authorization.customer_email:
            given = masked(authorization.customer_email)
            return f"A guest, in one browser; gave {given}, which nobody has proved yet"
        return "A guest, in one browser"

    @admin.display(description="For whom", ordering="is_test")
    def for_whom(self, authorization: Authorization) -> SafeString:
        return test_badge(authorization)

    @admin.display(description="Last pull")
    def last_pull(self, authorization: Authorization) -> SafeString | str:
        state = getattr(authorization, "last_state", None)
        return pull_badge(state) if state else "None yet"

    @admin.display(description="The utility")
    def utility_knows(self, authorization: Authorization) -> str:
        return knows_words(authorization)

    @admin.display(description="The newest first")
    def happened(self, authorization: Authorization) -> SafeString:
        lines = staff_timeline(authorization)
        return render_to_string("admin/_timeline.html", {"lines": lines})

    @admin.display(description="Usage page")
    def usage_page(self, authorization: Authorization) -> SafeString:
        url = reverse("usage", args=[authorization.uid])
        link = '<a class="text-primary-600 underline" href="{}">What the customer sees</a>'
        return format_html(link, url)

    @admin.display(description="Data quality")
    def quality_page(self, authorization: Authorization) -> SafeString:
        url = reverse("admin:authorizations_authorization_quality", args=[authorization.pk])
        link = '<a class="text-primary-600 underline" href="{}">How complete the readings are</a>'
        return format_html(link, url)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.quality))
        name = "authorizations_authorization_quality"
        urls: list[URLPattern] = super().get_urls()
        return [path("<path:object_id>/quality/", view, name=name), *urls]

    def quality(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A line for each of its meter readings, counted out when the page is opened."""
        authorization = self.get_object(request, object_id)
        if authorization is None:
            raise Http404
        if not self.has_view_permission(request, authorization):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Data quality",
            "opts": self.opts,
            "original": authorization,
            "back": page_of(authorization),
            "reports": said_of(all_reports_of(authorization), authorization.zone),
        }
        return render(request, "admin/quality.html", context)

    @admin.display(description="Time zone")
    def zone_words(self, authorization: Authorization) -> str:
        of_utility = "the utility's" if authorization.utility else "none is known"
        whose = "its own" if authorization.time_zone else of_utility
        asked = ", not confirmed by the customer" if authorization.time_zone_is_proposed else ""
        return f"{authorization.zone.key} ({whose}{asked})"

    @admin.display(description="Days cut anew")
    def days_cut_anew(self, authorization: Authorization) -> SafeString | str:
        latest = authorization.recuttings.all()[:RECUTTINGS_SHOWN]
        return sentences([recutting_words(one) for one in latest]) if latest else "Never"

    @admin.display(description="Histories asked for again")
    def histories(self, authorization: Authorization) -> SafeString | str:
        return histories_words(authorization.histories.all())

    @admin.display(description="Raw feeds")
    def raw_feeds_kept(self, authorization: Authorization) -> str:
        if authorization.keeps_raw_feeds():
            return "Kept with each pull"
        return "None are kept, since one of its meters is no longer shared"

    @admin.display(description="Granted")
    def granted(self, authorization: Authorization) -> SafeString | str:
        if not authorization.scope:
            return "–"
        return scope_in_words(authorization.scope, granted=True)

    @admin.display(description="Account, numbers masked")
    def account_details(self, authorization: Authorization) -> SafeString:
        accounts = [account.masked() for account in accounts_of(authorization)]
        return render_to_string("admin/_accounts.html", {"accounts": accounts})

    @admin.display(description="Is it the account that was expected?")
    def expected_words(self, authorization: Authorization) -> str:
        link = authorization.share_link
        if authorization.expectation == Authorization.Expectation.NOT_MET:
            return "No. Ask the customer before you use this data."
        if authorization.expectation == Authorization.Expectation.MET:
            return "Yes"
        if link is None or not link.expects_somebody():
            return "The link did not say"
        return "Not known: the account details have not come, or do not say"

    @admin.display(description="Consent")
    def consent_link(self, authorization: Authorization) -> SafeString | str:
        if not authorization.consent_records.exists():
            return "Not recorded"
        link = '<a class="text-primary-600 underline" href="{}">What was shown and agreed to</a>'
        return format_html(link, reverse("consent", args=[authorization.uid]))

    @admin.display(description="Renewal")
    def renewal_words(self, authorization: Authorization) -> SafeString:
        return renewal_words(authorization)

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
        authorization.collect_now(PullTrigger.STAFF)
        return "It is due now. The pull shows below once a worker has taken it."

    @staff_action(
        "Collect its history",
        f"{AGAIN} Meters that are not monitored are left as they are.",
        icon="history",
        offered=can_ask,
        form_class=HistoryForm,
    )
    def collect_history(
        self, request: HttpRequest, authorization: Authorization, why: str, since: date | None
    ) -> str:
        history.ask(authorization, since=since, by=signed_in(request), why=why)
        return "Its history is asked for. How it goes shows below."

    @staff_action(
        "Make a link to renew",
        "Its customer goes on sharing by this link, on this same authorization. If somebody else "
        "consents by it, or for other meters, that becomes an authorization of its own.",
        icon="autorenew",
        offered=Authorization.can_be_renewed,
        form_class=RenewForm,
    )
    def renew(self, request: HttpRequest, authorization: Authorization, why: str, to: str) -> str:
        by = signed_in(request)
        with transaction.atomic():  # an address that is none makes no link
            link = renewal_link(authorization, by=by)
            if to:
                send_link(link, by, to)
        # Not its address, which is a secret, and this is kept in the history.
        return "The e-mail is on its way." if to else "The link is ready. It shows below, to copy."

    @staff_action(
        "Ask the utility",
        "The utility is asked how this consent stands there, as soon as 15 minutes have passed "
        "since it was asked last. What ended there ends here.",
        icon="contact_support",
        offered=lambda one: Authorization.objects.askable().filter(pk=one.pk).exists(),
    )
    def ask_utility(self, request: HttpRequest, authorization: Authorization, why: str) -> str:
        Authorization.objects.filter(pk=authorization.pk).ask_standing()
        return "The utility is asked. What it says shows below within minutes."

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
        "Cut days anew",
        "A worker cuts what is stored into the days of the time zone, reading by reading. No "
        "reading changes: if a total is not the same afterwards, nothing is done.",
        icon="calendar_today",
        offered=Authorization.can_be_stopped,
        form_class=ZoneForm,
    )
    def recut_days(
        self, request: HttpRequest, authorization: Authorization, why: str, time_zone: str
    ) -> str:
        if time_zone and not authorization.is_from_file():
            raise ValidationError(
                "Its time zone is its utility's. “manage.py recut_days --utility” changes that, "
                "with the days of all its customers."
            )
        ask(authorization, time_zone)
        return "A worker cuts the days anew. What comes of it shows below, beside its time zone."

    @staff_action(
        "Stop sharing",
        "The utility is told, our tokens are destroyed, and what was collected is deleted. "
        "Only the customer can undo this, by consenting again.",
        icon="block",
        variant=ActionVariant.DANGER,
        offered=Authorization.can_be_stopped,
    )
    def stop_sharing(self, request: HttpRequest, authorization: Authorization, why: str) -> str:
        if flows.stop_sharing(authorization, by="staff"):
            return "Sharing is stopped, and what was collected is deleted."
        return (
            "Sharing is stopped here, and what was collected is deleted. The utility could not be "
            "told yet; we go on telling it for three days."
        )

    @staff_action(
        "The utility knows",
        "For one that we could not tell: somebody has, in another way.",
        icon="call",
        offered=Authorization.could_not_be_told,
    )
    def told_by_phone(self, request: HttpRequest, authorization: Authorization, why: str) -> str:
        authorization.mark_told()
        return "It is noted that the utility knows."

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
        "source",
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
                    "from_where",
                    ("trigger_words", "next_at"),
                    ("first", "windows"),
                    "uid",
                ]
            },
        ),
        ("Step by step", {"fields": ["steps_words", ("requests", "kept"), "read_again_as"]}),
        ("What it brought", {"fields": [("readings", "new"), ("changed", "bills")]}),
        ("What was odd in the feeds", {"fields": ["findings_table"]}),
    ]

    @admin.display(description="State", ordering="state")
    def how(self, pull: Pull) -> SafeString:
        return pull_badge(pull.state)

    actions_detail = ["read_again"]

    @admin.display(description="Why then")
    def trigger_words(self, pull: Pull) -> str:
        return pull.get_trigger_display() or "–"

    @admin.display(description="What was asked, and what came of it")
    def steps_words(self, pull: Pull) -> SafeString | str:
        lines = in_words(pull)
        return sentences(lines) if lines else "Nothing was asked for."

    @admin.display(description="Kept documents")
    def kept(self, pull: Pull) -> str:
        return intcomma(pull.raw_feeds.count())

    @admin.display(description="Read again")
    def read_again_as(self, pull: Pull) -> SafeString | str:
        links = [(link_to(one, str(one)),) for one in pull.replays.all()]
        return format_html_join(BREAK, "{}", links) if links else "Never"

    @staff_action(
        "Read again",
        "A worker reads what this pull kept, and all that came after it, once more: for a feed "
        "that could not be read. Nothing is fetched, and what is stored already changes nothing.",
        icon="replay",
        offered=lambda pull: pull.source != Pull.Source.REPLAY,
    )
    def read_again(self, request: HttpRequest, pull: Pull, why: str) -> str:
        try:
            replay.ask(pull)
        except replay.ReplayError as e:
            raise ValidationError(str(e)) from e
        return "A worker reads it again. How that goes shows below, as “Read again”."

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
        return findings_counted(pull)

    @admin.display(description="From")
    def from_where(self, pull: Pull) -> SafeString | str:
        return where_from(pull)

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


admin.site.register(ForeignAuthorization, ForeignAuthorizationAdmin)
