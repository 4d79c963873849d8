"""What staff pages say of an authorization and of its pulls, in badges and words."""

from __future__ import annotations

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from authorizations.models import (
    Authorization,
)
from greenbutton.models import Pull, Recutting
from utilities.staff import (
    Colour,
    badge,
    link_to,
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
    return format_html_join(BREAK, "{} {}", lines) or mark_safe("None")


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
