"""Staff pages for pulls."""

from __future__ import annotations

import re

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from greenbutton.display.story import in_words
from greenbutton.ingest import replay
from greenbutton.models import Pull
from greenbutton.staff_pages.words import (
    BREAK,
    LIST_ERROR_LENGTH,
    findings_counted,
    pull_badge,
    test_badge,
    where_from,
)
from utilities.staff import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    link_to,
    sentences,
    staff_action,
)

ADDRESS = re.compile(r"https?://\S+")


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
    nothing_yet = "Nothing was collected yet. It begins by itself as soon as a customer consents."
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

    @admin.display(description="Asked, and what came")
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
        # Nor is an address of the utility's what staff look for here.
        short = Truncator(ADDRESS.sub("…", pull.error)).chars(LIST_ERROR_LENGTH)
        return format_html('<div style="min-width: min(13rem, 50vw)">{}</div>', short or "–")

    @admin.display(description="Findings")
    def findings_table(self, pull: Pull) -> SafeString:
        return render_to_string("admin/_findings.html", {"findings": pull.findings})
