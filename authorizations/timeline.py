"""What happened to an authorization, in words: for its customer, and for staff.

Every event type has a sentence in each voice. What belongs together is one line: all of collecting
until it comes to an end, with what it brought, and the same thing day after day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from authorizations.models import Authorization, Event, EventType
from authorizations.troubles import CLIENT_PAUSED, NEEDS_CONSENT, problem_words, time_words

Voice = Literal["customer", "staff"]

# As many events as are looked at: some three years of daily collecting.
LOOKED_AT = 3000
LINES_SHOWN = 40

BROUGHT = {EventType.INTERVALS_ADDED, EventType.BILLS_ADDED}
PULL_ENDS = {
    EventType.UPDATE_SUCCESSFUL,
    EventType.UPDATE_ERRORED,
    EventType.UPDATE_DELAYED,
    EventType.UPDATE_RETRYING,
}
FAILURES = {EventType.UPDATE_ERRORED, EventType.UPDATE_RETRYING}
# Of what passes, the later words that leave nothing of it. Of waits several are one line.
PASSED_BY: dict[str, set[EventType]] = {
    EventType.UPDATE_STARTED: {EventType.UPDATE_STARTED, *PULL_ENDS},
    EventType.UPDATE_PROGRESS: {EventType.UPDATE_STARTED, EventType.UPDATE_PROGRESS, *PULL_ENDS},
    EventType.UPDATE_RETRYING: PULL_ENDS,
    EventType.UPDATE_DELAYED: PULL_ENDS - {EventType.UPDATE_DELAYED},
}
# Their sentences say what came until then.
SAY_WHAT_CAME = {*PULL_ENDS, EventType.UPDATE_PROGRESS} - {EventType.UPDATE_DELAYED}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, or one that happened several times running: first and last."""

    at: datetime
    words: str
    times: int = 1
    since: datetime | None = None
    # Who of the staff did it.
    who: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An event as its sentence needs it."""

    type: str
    at: datetime
    source: str
    detail: dict[str, Any] = field(default_factory=dict)
    # What a pull brought, as the meters that it was for: readings and bills.
    readings: frozenset[str] = frozenset()
    bills: frozenset[str] = frozenset()
    # How many events of this type this stands for.
    count: int = 1
    # Whether it is about a file that a customer brought.
    is_file: bool = False

    @property
    def company(self) -> str:
        """This company, as its customers know it."""
        return settings.COMPANY_NAME


Sentence = str | Callable[[Told], str]


def customers_timeline(authorization: Authorization) -> list[Line]:
    """What its customer reads, the newest first."""
    return lines_of(authorization, "customer")[:LINES_SHOWN]


def staff_timeline(authorization: Authorization) -> list[Line]:
    """What staff read, the newest first; what they did stands there with their reasons."""
    lines = [*lines_of(authorization, "staff"), *_done_by_staff(authorization)]
    return sorted(lines, key=lambda line: line.at, reverse=True)[:LINES_SHOWN]


def lines_of(authorization: Authorization, voice: Voice) -> list[Line]:
    """The authorization's events in this voice, the newest first."""
    events = list(authorization.events.order_by("-ts", "-id")[:LOOKED_AT])
    told = [_told(event, authorization) for event in reversed(events)]
    lines: list[Line] = []
    for one in _several(_pulls(told)):
        line = Line(one.at, words_of(one, voice))
        if lines and lines[-1].words == line.words:
            before = lines[-1]
            since = before.since or before.at
            lines[-1] = replace(line, times=before.times + 1, since=since)
        else:
            lines.append(line)
    return lines[::-1]


def _told(event: Event, authorization: Authorization) -> Told:
    source, is_file = authorization.source_name, authorization.is_from_file()
    return Told(event.type, event.ts, source, event.detail, is_file=is_file)


def event_words(event: Event) -> str:
    """One event by itself, for staff."""
    if event.authorization is not None:
        return words_of(_told(event, event.authorization), "staff")
    source = event.utility.name if event.utility else "a utility"
    return words_of(Told(event.type, event.ts, source, event.detail), "staff")


def words_of(told: Told, voice: Voice) -> str:
    """The sentence of its type in this voice."""
    if told.type not in SENTENCES:
        # Written by an older or newer version of this program.
        return told.type.replace("_", " ").capitalize() + "."
    type_ = EventType(told.type)
    of_file = FILE_SENTENCES.get(type_) if told.is_file else None
    for_staff, for_customer = of_file or SENTENCES[type_]
    sentence = for_customer if voice == "customer" else for_staff
    if callable(sentence):
        return sentence(told)
    return sentence.format(source=told.source, company=told.company)


def _pulls(told: list[Told]) -> list[Told]:
    """Collecting in few words: what passes is passed over when it has, and what came adds up."""
    found: list[Told] = []
    brought: list[Told] = []
    for one, has_passed in zip(told, _have_passed(told), strict=True):
        if one.type in BROUGHT:
            brought.append(one)
        elif one.type in SAY_WHAT_CAME and not has_passed:
            found.append(
                replace(one, readings=_meters(brought), bills=_meters(brought, bills=True))
            )
            brought.clear()
        elif not has_passed:
            found.append(one)
    # What has come since the last of them, as by a pull that still runs.
    return sorted([*found, *brought], key=lambda one: one.at)


def _have_passed(told: list[Told]) -> list[bool]:
    """Of each, whether a later word on collecting leaves nothing of it.

    One worker at a time collects for an authorization, so that each word says how it stands from
    then on: an end leaves nothing of a beginning, of how far it was, of a wait, or of a failure
    that was to be tried again. Failures in a row are counted, and the last speaks for all.
    """
    passed: list[bool] = []
    later: set[str] = set()
    failures = 0
    for one in reversed(told):
        counted = one.detail.get("failures", 0) if one.type in FAILURES else 0
        is_over = not later.isdisjoint(PASSED_BY.get(one.type, ()))
        passed.append(is_over or 0 < counted < failures)
        later.add(one.type)
        if one.type in PULL_ENDS and one.type != EventType.UPDATE_DELAYED:
            failures = counted
    return passed[::-1]


def _meters(brought: list[Told], *, bills: bool = False) -> frozenset[str]:
    wanted = EventType.BILLS_ADDED if bills else EventType.INTERVALS_ADDED
    return frozenset(one.detail.get("usage_point", "") for one in brought if one.type == wanted)


def _several(told: list[Told]) -> list[Told]:
    """Meters that were found, or added to, one right after the other count together."""
    found: list[Told] = []
    counted = {*BROUGHT, EventType.METER_CREATED}
    for one in told:
        if found and found[-1].type == one.type and one.type in counted:
            found[-1] = replace(one, count=found[-1].count + 1)
        else:
            found.append(one)
    return found


def _done_by_staff(authorization: Authorization) -> list[Line]:
    entries = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Authorization),
        object_id=str(authorization.pk),
    ).select_related("user")
    return [
        Line(entry.action_time, entry.get_change_message(), who=entry.user.get_username())
        for entry in entries[:LOOKED_AT]
    ]


# -- sentences -----------------------------------------------------------------------------------


def _meters_words(count: int) -> str:
    return "a meter" if count == 1 else f"{count} meters"


def _created(told: Told) -> str:
    if told.detail.get("origin") == "adopted":
        return f"It was found at {told.source}, and taken over from there."
    return f"The customer authorized us at {told.source}."


def _created_for_customer(told: Told) -> str:
    if told.detail.get("origin") == "adopted":
        return f"{told.company} took over your permission from {told.source}."
    return f"You connected {told.source}."


def _brought(told: Told) -> str:
    parts = []
    if told.readings:
        parts.append(f"new readings for {_meters_words(len(told.readings))}")
    if told.bills:
        parts.append(f"new bills for {_meters_words(len(told.bills))}")
    return " and ".join(parts)


def _collected(told: Told) -> str:
    brought = _brought(told)
    return f"Collected: {brought}." if brought else "Collected: there was nothing new."


def _collected_for_customer(told: Told) -> str:
    if told.readings and told.bills:
        return "New readings and bills arrived."
    if told.readings or told.bills:
        return "New readings arrived." if told.readings else "New bills arrived."
    return "We looked for new readings. There were none."


def _progress(told: Told) -> str:
    detail = told.detail
    if "windows_done" not in detail:
        return "Collecting goes on."
    readings = f"{detail['readings']:,} reading{'' if detail['readings'] == 1 else 's'}"
    parts = f"{detail['windows_done']} of {detail['windows_planned']} windows"
    return f"Collecting goes on: {parts} so far, with {readings}."


def _progress_for_customer(told: Told) -> str:
    detail = told.detail
    if "windows_done" not in detail:
        return "Your readings are arriving."
    part = f"part {detail['windows_done']} of {detail['windows_planned']}"
    return f"Your readings are arriving: {part} is here."


def _failed(told: Told) -> str:
    """That it failed, how often by now, what it brought all the same, and why."""
    failures = told.detail.get("failures", 1)
    times = f" {failures} times running" if failures > 1 else ""
    brought = _brought(told)
    brought = f", after it brought {brought}" if brought else ""
    why = problem_words(told.detail.get("reason", ""))
    return f"Collecting failed{times}{brought}{f': {why}' if why else ''}."


def _due_again(told: Told) -> str:
    """When it is tried again, and why then."""
    if "next_at" not in told.detail:
        return ""
    at = timezone.localtime(datetime.fromisoformat(told.detail["next_at"]))
    why = time_words(told.detail.get("because", ""), told.source)
    when = f"{at.day} {at:%B at %H:%M}"
    return f"It is due again on {when}{f', {why}' if why else ''}."


def _retrying(told: Told) -> str:
    return f"{_failed(told)} {_due_again(told) or 'It is tried again.'}"


def _errored(told: Told) -> str:
    reason = told.detail.get("reason")
    if reason == NEEDS_CONSENT:
        return f"{told.source} no longer accepts our tokens: the customer has to consent again."
    if reason == CLIENT_PAUSED:
        failed = _failed(told)
        return f"{failed} Our registration is paused: it goes on when somebody resumes that."
    return f"{_failed(told)} {_due_again(told)}".rstrip()


def _not_everything(told: Told) -> str:
    """For the customer, what came before it failed; or that nothing did."""
    if not told.readings and not told.bills:
        return "We could not collect new readings"
    came = _collected_for_customer(told).removesuffix(".")
    return f"{came}, but not everything"


def _retrying_for_customer(told: Told) -> str:
    return f"{_not_everything(told)}. We try again by ourselves."


def _errored_for_customer(told: Told) -> str:
    reason = told.detail.get("reason")
    if reason == NEEDS_CONSENT:
        return f"{told.source} no longer lets us collect. Connect again to go on."
    if reason == CLIENT_PAUSED:
        return f"{_not_everything(told)}. We are looking into it."
    if told.detail.get("failures", 1) > 1:
        return f"{_not_everything(told)}, though we tried several times. We go on trying."
    return _retrying_for_customer(told)


def _revoked(told: Told) -> str:
    by = told.detail.get("by")
    if by == "utility":
        return f"{told.source} said that the permission has ended. Our tokens are destroyed."
    who = "The customer" if by == "customer" else "Staff"
    return f"{who} stopped sharing. Our tokens are destroyed."


def _revoked_for_customer(told: Told) -> str:
    by = told.detail.get("by")
    if by == "customer":
        return "You stopped sharing."
    if by == "utility":
        return f"{told.source} told us that you no longer share."
    return f"{told.company} stopped sharing."


def _left_out(told: Told) -> str:
    return " ".join(str(one) for one in told.detail.get("left_out", []))


def _narrowed(told: Told) -> str:
    return f"The customer shares less than before. {_left_out(told)}".strip()


def _narrowed_for_customer(told: Told) -> str:
    return f"You share less than before. {_left_out(told)}".strip()


def _found(told: Told) -> str:
    return "A meter was found." if told.count == 1 else f"{told.count} meters were found."


def _readings_added(told: Told) -> str:
    return f"Readings were added for {_meters_words(told.count)}."


def _bills_added(told: Told) -> str:
    return f"Bills were added for {_meters_words(told.count)}."


def _days(told: Told) -> str:
    days = told.detail.get("days", 1)
    return "in a day" if days == 1 else f"in {days} days"


def _renewed(told: Told) -> str:
    return " ".join(["The customer consented anew.", *told.detail.get("reasons", [])])


def _not_merged(told: Told) -> str:
    first = "A new consent was meant to renew an authorization, and is kept apart from it."
    return " ".join([first, *told.detail.get("reasons", [])])


def _not_merged_for_customer(told: Told) -> str:
    return "A new permission did not fit what was shared before, so the two are kept apart."


# What an e-mail was about, by its kind.
EMAILS = {
    "receipt": "the receipt",
    "expiring_soon": "a reminder that sharing ends soon",
    "share_link": "the link",
}


def _email(told: Told) -> str:
    return EMAILS.get(told.detail.get("kind", ""), "an e-mail")


# For staff, and for the customer.
SENTENCES: dict[EventType, tuple[Sentence, Sentence]] = {
    EventType.PING: ("A test event was sent.", "A test message was sent."),
    EventType.FORM_CREATED: ("The link was made.", "{company} made a link for you."),
    EventType.FORM_DISABLED: ("The link was disabled.", "{company} closed the link."),
    EventType.CREATED: (_created, _created_for_customer),
    EventType.DECLINED: ("A customer declined at {source}.", "You said no at {source}."),
    EventType.RENEWED: (_renewed, "You agreed to go on sharing."),
    EventType.MERGED: (
        "It was recognised as a renewal: the earlier authorization goes on with it.",
        "This goes on where you shared before.",
    ),
    EventType.NOT_MERGED: (_not_merged, _not_merged_for_customer),
    EventType.UPDATE_STARTED: ("Collecting began.", "We began to collect your readings."),
    EventType.UPDATE_DELAYED: (
        "{source} asked us to come back later.",
        "{source} is preparing your data. We come back for it.",
    ),
    EventType.UPDATE_RETRYING: (_retrying, _retrying_for_customer),
    EventType.UPDATE_PROGRESS: (_progress, _progress_for_customer),
    EventType.UPDATE_SUCCESSFUL: (_collected, _collected_for_customer),
    EventType.UPDATE_ERRORED: (_errored, _errored_for_customer),
    EventType.EXPIRING_SOON: (
        lambda told: f"The customer's permission ends {_days(told)}.",
        lambda told: f"Your permission ends {_days(told)}.",
    ),
    EventType.EXPIRED: (
        "The time that was agreed to is over. Our tokens are destroyed, the data stays.",
        "The time that you agreed to was over. What was collected stays until you delete it.",
    ),
    EventType.REVOKED: (_revoked, _revoked_for_customer),
    EventType.METER_CREATED: (_found, _found),
    EventType.BILLS_ADDED: (_bills_added, "New bills arrived."),
    EventType.INTERVALS_ADDED: (_readings_added, "New readings arrived."),
    EventType.HISTORY_STARTED: (
        "Collecting a meter's history began.",
        "We began to collect older readings.",
    ),
    EventType.HISTORY_DELAYED: (
        "{source} asked us to come back later for a meter's history.",
        "{source} is preparing your older readings. We come back for them.",
    ),
    EventType.HISTORY_RETRYING: (
        "A meter's history is tried again.",
        "We try again to collect older readings.",
    ),
    EventType.HISTORY_PROGRESS: (
        "Collecting a meter's history goes on.",
        "Your older readings are arriving.",
    ),
    EventType.HISTORY_SUCCESSFUL: ("A meter's history was collected.", "Older readings arrived."),
    EventType.HISTORY_ERRORED: (
        "A meter's history could not be collected.",
        "We could not collect older readings.",
    ),
    EventType.HELD: ("Collecting was put on hold.", "{company} paused collecting."),
    EventType.RELEASED: ("Collecting goes on after the hold.", "{company} collects again."),
    EventType.ARCHIVED: ("It was archived.", "This was put away."),
    EventType.UNARCHIVED: (
        "It was brought back from the archive.",
        "This was taken up again.",
    ),
    EventType.CLAIMED: (
        "The customer claimed it with an account.",
        "You put this into your account.",
    ),
    EventType.UNCLAIMED: (
        "The account that had it gave it up.",
        "The account that had this gave it up.",
    ),
    EventType.NARROWED: (_narrowed, _narrowed_for_customer),
    EventType.EXPECTATION_MET: (
        "What arrived is of the account that was expected.",
        "What arrived is of the account that {company} asked for.",
    ),
    EventType.EXPECTATION_NOT_MET: (
        "What arrived is of another account than was expected.",
        "What arrived is of another account than {company} asked for.",
    ),
    EventType.UTILITY_TOLD: (
        "{source} knows that sharing has stopped.",
        "{source} knows that you no longer share.",
    ),
    EventType.UTILITY_UNTOLD: (
        "{source} could not be told that sharing has stopped. Somebody has to tell them.",
        "We could not tell {source} that you no longer share. You can end it on their pages, too.",
    ),
    EventType.DELETED: (
        "What was collected is deleted.",
        "Everything that we collected is deleted.",
    ),
    EventType.METER_CLOSED: (
        "A meter is no longer among those that {source} lists. What was collected stays.",
        "{source} no longer lists one of your meters. What was collected stays.",
    ),
    EventType.METER_REOPENED: (
        "A meter that was closed is listed again.",
        "{source} lists one of your meters again.",
    ),
    EventType.METER_MONITORING_STOPPED: (
        "Nothing new of one meter is stored.",
        "{company} no longer stores what is new of one meter.",
    ),
    EventType.METER_MONITORING_STARTED: (
        "What is new of a meter is stored again.",
        "{company} stores again what is new of a meter.",
    ),
    EventType.METER_SHARING_STOPPED: (
        "One meter is no longer shared. What was collected of it is deleted.",
        "One meter is no longer shared. What we collected of it is deleted.",
    ),
    EventType.EMAIL_SENT: (
        lambda told: f"The customer was sent {_email(told)}.",
        lambda told: f"We sent you {_email(told)}.",
    ),
    EventType.EMAIL_UNDELIVERED: (
        lambda told: f"The customer could not be sent {_email(told)}: nobody took the e-mail.",
        lambda told: f"We could not send you {_email(told)}: nobody took the e-mail.",
    ),
}

# The same for what a customer brought as a file: there is no utility, and nothing is tried again.
FILE_SENTENCES: dict[EventType, tuple[Sentence, Sentence]] = {
    EventType.CREATED: ("The customer brought a file.", "You brought a file."),
    EventType.UPDATE_STARTED: ("Reading the file began.", "We began to read your file."),
    EventType.UPDATE_SUCCESSFUL: ("The file was read.", "Your file was read."),
    EventType.UPDATE_ERRORED: ("The file could not be read.", "We could not read your file."),
    EventType.REVOKED: ("What came from files was ended.", "You deleted this data."),
    EventType.ARCHIVED: (
        "It was put away: nothing could be read.",
        "Nothing could be read, so it was put away.",
    ),
    EventType.UNARCHIVED: ("Another file came for it.", "Another file came for it."),
}
