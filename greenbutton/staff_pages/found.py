"""The staff page of authorizations that were found at a utility and are not known here."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.enums import ActionVariant

from authorizations.models import ForeignAuthorization, ShareLink
from greenbutton import adoption
from utilities.client import UtilityError
from utilities.staff import (
    ReadOnlyAdmin,
    badge,
    scope_in_words,
    signed_in,
    staff_action,
)

LINK_LIFETIME = timedelta(days=30)


class ForeignAuthorizationAdmin(ReadOnlyAdmin):
    """Consents that a utility lists as given to this company, and that nobody here made."""

    list_display = ["first_seen", "way", "client", "ends_at", "last_seen"]
    list_display_links = ["first_seen"]
    list_filter = ["client__utility", "first_seen"]
    list_select_related = ["client__utility"]
    nothing_yet = "Nothing was found: no utility lists a consent that is missing here."
    actions_detail = ["adopt", "make_link"]
    fieldsets = [
        ("At the utility", {"fields": ["client", "scope_words", "ends_at"]}),
        ("Here", {"fields": ["way", "first_seen", "last_seen"]}),
    ]
    readonly_fields = ["client", "scope_words", "ends_at", "way", "first_seen", "last_seen"]

    @admin.display(description="How it could be collected")
    def way(self, found: ForeignAuthorization) -> SafeString:
        if found.client.utility.behaviour.client_token_reads_subscriptions:
            return badge("With our own token", "success")
        if adoption.comes_in_bulk(found.scope):
            return badge("In the Bulk feed", "success")
        return badge("Only with a new link", "warning")

    @admin.display(description="What it shares")
    def scope_words(self, found: ForeignAuthorization) -> SafeString | str:
        return scope_in_words(found.scope, granted=True) if found.scope else "It does not say"

    @staff_action(
        "Adopt",
        "From now on it is one of ours, and its data is collected. Do so only if the customer "
        "agreed to share with this company.",
        icon="person_add",
        variant=ActionVariant.PRIMARY,
        offered=adoption.can_be_collected,
    )
    def adopt(self, request: HttpRequest, found: ForeignAuthorization, why: str) -> str:
        try:
            adopted = adoption.adopt(ForeignAuthorization.objects.get(pk=found.pk))
        except UtilityError as e:
            raise ValidationError(f"Nothing was adopted: {e.to_customer}") from e
        return f"It is adopted as {adopted}, and its data is on its way."

    @staff_action(
        "Make a link",
        "A share link for this utility, to send to the customer: with a new consent, the data "
        "can be collected like everybody's.",
        icon="add_link",
        offered=lambda found: found.client.is_usable(),
    )
    def make_link(self, request: HttpRequest, found: ForeignAuthorization, why: str) -> str:
        ShareLink.objects.create(
            utility=found.client.utility,
            note=f"To renew what was found at {found.client.utility}: {why}"[:300],
            created_by=signed_in(request),
            expires_at=timezone.now() + LINK_LIFETIME,
        )
        return "The link is ready: it is the first one under “Share links”, to copy and send."
