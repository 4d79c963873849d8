"""Staff pages of checks, and the page of a client with its button “Test this client”."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.enums import ActionVariant

from greenbutton.client_check.running import ask, why_not
from greenbutton.client_check.steps import STEPS
from greenbutton.models import ClientCheck
from utilities.admin import ChangesInline, ClientAdmin
from utilities.models import Client
from utilities.staff import (
    Colour,
    ReadOnlyAdmin,
    ReadOnlyInline,
    badge,
    link_to,
    page_of,
    signed_in,
    staff_action,
)

COLOURS: dict[str, Colour] = {
    ClientCheck.State.WAITING: "info",
    ClientCheck.State.RUNNING: "info",
    ClientCheck.State.PASSED: "success",
    ClientCheck.State.FAILED: "danger",
    "ok": "success",
    "failed": "danger",
    "skipped": "neutral",
}


def check_badge(check: ClientCheck) -> SafeString:
    """The state of a check in a word."""
    return badge(check.get_state_display(), COLOURS[check.state])


def steps_of(check: ClientCheck) -> SafeString:
    """Every step: what came of it, and of those that are over how long they took.

    While it runs, the page asks again by itself where there is JavaScript.
    """
    over = {one["name"]: one for one in check.steps}
    lines = [(step, over.get(step.name), _step_badge(over.get(step.name))) for step in STEPS]
    made = check.authorization
    context = {
        "check": check,
        "lines": lines,
        "url": page_of(check),
        "authorization": link_to(made, made.uid) if made else None,
    }
    return render_to_string("admin/_client_check.html", context)


def _step_badge(told: dict[str, Any] | None) -> SafeString:
    if told is None:
        return badge("To come")
    return badge(str(told["state"]).capitalize(), COLOURS[told["state"]])


class CheckInline(ReadOnlyInline):
    """How the client was tested, the latest first."""

    model = ClientCheck
    fk_name = "client"
    verbose_name_plural = "Tests of this client"
    fields = readonly_fields = ["asked", "how", "failed_at", "asked_by"]
    per_page = 5
    show_change_link = True

    @admin.display(description="Outcome")
    def how(self, check: ClientCheck) -> SafeString:
        return check_badge(check)

    @admin.display(description="What failed")
    def failed_at(self, check: ClientCheck) -> str:
        return failed_steps(check)


def failed_steps(check: ClientCheck) -> str:
    """The steps that failed, by their names."""
    failed = {one["name"] for one in check.steps if one["state"] == "failed"}
    return "; ".join(step.label for step in STEPS if step.name in failed) or "–"


class ClientPage(ClientAdmin):
    """A registration, with the tests of it."""

    inlines = [CheckInline, ChangesInline]
    actions_detail = ["test_client", *ClientAdmin.actions_detail]

    def get_fieldsets(self, request: HttpRequest, obj: Client | None = None) -> list[Any]:
        sets = super().get_fieldsets(request, obj)
        return [*sets, ("Testing", {"fields": ["testing"]})] if obj else sets

    def get_readonly_fields(self, request: HttpRequest, obj: Client | None = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "testing"]

    @admin.display(description="Test this client")
    def testing(self, client: Client) -> str:
        return why_not(client) or (
            "A test customer of the utility's goes the whole way, from consent to the deletion of "
            "everything, and each step is told. Press “Test this client”."
        )

    @staff_action(
        "Test this client",
        "A test customer of the utility's goes the whole way: consent, tokens, energy use, bills, "
        "account details, and the end of it. Nothing of it is shown to customers.",
        icon="science",
        variant=ActionVariant.PRIMARY,
        offered=lambda client: not why_not(client),
    )
    def test_client(self, request: HttpRequest, client: Client, why: str) -> str:
        ask(client, signed_in(request))
        return "A worker tests it now: open the newest of its tests below."


class ClientCheckAdmin(ReadOnlyAdmin):
    """Each test of a registration, step by step."""

    list_display = ["asked", "how", "client", "what_failed", "asked_by"]
    list_display_links = ["asked"]
    list_filter = ["state", "client__utility"]
    list_select_related = ["client", "asked_by"]
    search_fields = ["uid", "client__client_id"]
    nothing_yet = "No client was tested yet. “Test this client” is a button on a client's page."
    fieldsets = [
        (None, {"fields": ["steps_told"]}),
        ("About it", {"fields": ["client_link", ("asked", "asked_by")]}),
    ]

    @admin.display(description="Outcome", ordering="state")
    def how(self, check: ClientCheck) -> SafeString:
        return check_badge(check)

    @admin.display(description="What failed")
    def what_failed(self, check: ClientCheck) -> str:
        return failed_steps(check)

    @admin.display(description="Steps")
    def steps_told(self, check: ClientCheck) -> SafeString:
        return steps_of(check)

    @admin.display(description="Client")
    def client_link(self, check: ClientCheck) -> SafeString:
        return link_to(check.client, str(check.client))
