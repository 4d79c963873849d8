"""The staff page of an authorization, with what was collected for it.

It never shows a token, and stops sharing by the same verb as the customer's own page.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget

from authorizations.customers.addresses import masked
from authorizations.emails import ADDRESS_MAX_LENGTH
from authorizations.links.renewal import renewal_link
from authorizations.links.sending import send_link
from authorizations.models import (
    Authorization,
    AuthorizationQuerySet,
    PullTrigger,
)
from authorizations.timeline import staff_timeline
from greenbutton import flows, zones
from greenbutton.display.accounts import accounts_of
from greenbutton.display.quality_reports import all_reports_of
from greenbutton.display.quality_words import said_of
from greenbutton.ingest import history
from greenbutton.ingest.recut import ask
from greenbutton.models import Pull
from greenbutton.staff_pages.meters import AGAIN, HistoryForm, MeterInline, can_ask, histories_words
from greenbutton.staff_pages.pulls import PullInline
from greenbutton.staff_pages.words import (
    RECUTTINGS_SHOWN,
    knows_words,
    pull_badge,
    recutting_words,
    renewal_words,
    status_badges,
    test_badge,
)
from utilities.staff import (
    ReadOnlyAdmin,
    WhyForm,
    more,
    page_of,
    scope_in_words,
    sentences,
    signed_in,
    staff_action,
)


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
        "hold",
        "release",
        "stop_sharing",
        "told_by_phone",
        more("collect_history", "renew", "ask_utility", "recut_days", "archive", "unarchive"),
    ]
    nothing_yet = "No customer has consented yet. Make a share link, and send it to one."
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
            return f"Kept with each pull, for {settings.RAW_FEEDS_KEPT_FOR_DAYS} days"
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
        flows.release(authorization)
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
