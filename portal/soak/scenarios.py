"""What is played, as data: who does what, in which order, and what must come of it.

Nothing here is read from the code that is held against it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from portal.soak import customers as c
from portal.soak import incidents as i
from portal.soak import moments as m
from portal.soak import office as o
from portal.soak.plays import Each, Once, each, once

CERTIFIED, EXPORT = "certified", "export"
# 75 days of a home's hours are some 3,500 readings, in two windows, with a bill or two.
USUAL = "FB=4_16;HistoryLength=6480000"
# As much as comes in one window.
SHORT = "FB=4_16;HistoryLength=1728000"
ACCOUNT_TOO = "FB=4_16_51;HistoryLength=6480000"
WITH_NOTICES = "FB=4_16_39;HistoryLength=6480000;SubscriptionFrequency=daily"

Phase = Literal["calm", "incident", "tomorrow"]
Data = Literal["all", "all but bills", "one meter", "none"]

CREATED = "authorization_created"
STARTED = "authorization_update_started"
COLLECTED = "authorization_update_finished_successful"
FAILED = "authorization_update_finished_errored"
DELAYED = "authorization_update_delayed"
RETRYING = "authorization_update_retrying"
PROGRESS = "authorization_update_progress"
REVOKED, EXPIRED = "authorization_revoked", "authorization_expired"
NARROWED = "authorization_narrowed"
TOLD, DELETED = "authorization_utility_told", "authorization_data_deleted"

CONNECTED = "You connected {source}."
ARRIVED = "New readings and bills arrived."
NO_BILLS = "New readings arrived."
GO_ON = "{source} no longer lets us collect. Connect again to go on."
AGAIN = "We could not collect new readings. We try again by ourselves."
NOTHING_NEW = "We looked for new readings. There were none."


@dataclass(frozen=True, slots=True)
class Expected:
    """How each row of a scenario must end."""

    # Empty where no authorization may come of it; the customer then reads `says` on the page.
    status: str = "active"
    data: Data = "all"
    # Why the attempt came to nothing, as it keeps it.
    reason: str = ""
    # Event types that its timeline must have, beside that of its beginning, and may not have.
    events: tuple[str, ...] = (COLLECTED,)
    never: tuple[str, ...] = ("authorization_revoked", "authorization_expired")
    # A line of its customer's timeline.
    says: str = ARRIVED
    # How many failures in a row stand on it at the end; None where that does not matter.
    failures: int | None = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story, for as many customers as there are."""

    name: str
    stages: tuple[Each | Once, ...]
    expected: Expected = field(default_factory=Expected)
    programme: str = "demo"
    household: str = "residential"
    profiles: tuple[str, ...] = (CERTIFIED, EXPORT)
    faults: tuple[str, ...] = ()
    quirks: tuple[tuple[str, Any], ...] = ()
    scope: str = USUAL
    is_notified: bool = False
    phase: Phase = "calm"
    # The share of customers that it gets of what is left, and how many it needs at least.
    weight: int = 1
    least: int = 1
    most: int = 1000

    @property
    def history(self) -> str:
        """How far back is asked for, in seconds."""
        return self.scope.partition("HistoryLength=")[2].partition(";")[0]


def _fault(name: str, *stages: Each | Once, **fields: Any) -> Scenario:
    return Scenario(f"fault {name}", stages, faults=(name,), **fields)


MET = each(c.connects(), m.is_collected)
AGAIN_COLLECTED = each(m.comes_due, m.is_collected)
STOPPED = Expected(
    status="revoked",
    data="none",
    events=(REVOKED, TOLD, DELETED),
    never=(EXPIRED,),
    says="You stopped sharing.",
    failures=None,
)
ENDED_THERE = Expected(
    status="revoked",
    data="none",
    events=(REVOKED, DELETED),
    never=(EXPIRED,),
    says="{source} told us that you no longer share.",
    failures=None,
)

# What mends itself within a few tries has not failed.
GOT_OVER = Expected(events=(RETRYING, COLLECTED), never=(REVOKED, EXPIRED, FAILED))

# Whom others are held against: played first, and always.
HAPPY = [
    Scenario("happy", (MET,), Expected(events=(PROGRESS, COLLECTED)), weight=4, least=2),
    Scenario("happy, with a short history", (MET,), Expected(says=NO_BILLS), scope=SHORT),
]

CALM = [
    Scenario("through the pages", (each(c.connects_by_pages, m.is_collected),)),
    Scenario(
        "a business",
        (each(c.connects("commercial"), m.is_collected),),
        household="commercial",
        least=2,
    ),
    Scenario(
        "panels on the roof",
        (each(c.connects("solar"), m.is_collected),),
        household="solar",
        least=2,
    ),
    Scenario(
        "another utility, with the account", (MET,), programme="svce", scope=ACCOUNT_TOO, least=2
    ),
    Scenario("water, and a utility in another zone", (MET,), programme="ssmpuc", least=2),
    Scenario("the way back is loaded twice", (each(c.comes_back_twice, m.is_collected),)),
    Scenario(
        "asked for many times at once",
        (MET, each(o.asks_many_times, m.is_collected)),
        Expected(says=NOTHING_NEW),
    ),
    # Who gets no further than the utility's pages.
    Scenario(
        "declined",
        (each(c.says_no),),
        Expected(status="", reason="access_denied", says="Nothing was shared."),
    ),
    Scenario(
        "badlogin",
        (each(c.is_turned_away("badlogin")),),
        Expected(status="", reason="access_denied", says="Nothing was shared."),
    ),
    Scenario(
        "websitedown",
        (each(c.is_turned_away("websitedown")),),
        Expected(
            status="",
            reason="temporarily_unavailable",
            says="Demo Utility could not go on. Please try again later.",
        ),
    ),
    Scenario(
        "utilityerror",
        (each(c.is_turned_away("utilityerror")),),
        Expected(
            status="",
            reason="server_error",
            says="Demo Utility could not go on. Please try again later.",
        ),
    ),
    Scenario(
        "nothing to share",
        (each(c.is_turned_away("empty")),),
        Expected(status="", reason="access_denied", says="Nothing was shared."),
    ),
    # Who consents, and whose data cannot be had.
    Scenario(
        "badlogin_after",
        (each(c.connects("badlogin_after"), m.becomes("needs_consent")),),
        Expected(
            status="needs_consent", data="none", events=(STARTED, FAILED), says=GO_ON, failures=None
        ),
        household="badlogin_after",
    ),
    Scenario(
        "websitedown_after",
        (each(c.connects("websitedown_after"), m.is_put_off("failed")),),
        Expected(data="none", events=(STARTED, RETRYING), says=AGAIN, failures=1),
        household="websitedown_after",
    ),
    # Each fault of the sandbox, and how it is got over.
    _fault(
        "accepted_first",
        each(c.connects(), m.is_put_off("waiting"), m.is_collected),
        expected=Expected(events=(DELAYED, COLLECTED)),
    ),
    _fault(
        "too_many_requests",
        each(c.connects(), m.is_put_off("waiting")),
        once(i.is_mended),
        AGAIN_COLLECTED,
        expected=Expected(events=(DELAYED, COLLECTED)),
    ),
    _fault(
        "gateway_timeout",
        each(c.connects(), m.is_put_off("failed")),
        once(i.is_mended),
        AGAIN_COLLECTED,
        expected=GOT_OVER,
    ),
    _fault("slow_trickle", MET, scope=SHORT, most=2, expected=Expected(says=NO_BILLS)),
    _fault(
        "cut_half_way",
        each(c.connects(), m.is_put_off("failed")),
        once(i.is_mended),
        AGAIN_COLLECTED,
        expected=GOT_OVER,
    ),
    _fault("pace_limits", MET, scope=SHORT, most=2, expected=Expected(says=NO_BILLS)),
    Scenario(
        "pace_limits that the registry knows",
        (MET,),
        Expected(says=NO_BILLS),
        faults=("pace_limits",),
        scope=SHORT,
        most=2,
        quirks=(("requests_a_second", 1), ("requests_a_minute", 4), ("downloads_a_minute", 1)),
    ),
    _fault(
        "one_time_refresh",
        MET,
        each(m.token_ends, m.comes_due, m.is_collected),
        each(m.token_ends, m.comes_due, m.is_collected),
        expected=Expected(says=NOTHING_NEW),
    ),
    _fault(
        "narrower_scope", MET, expected=Expected(data="all but bills", says="New readings arrived.")
    ),
    _fault("no_scope_in_answer", MET),
    _fault("shared_block_links", MET),
    _fault("prefix_style", MET),
    Scenario(
        "fault unavailable",
        (
            each(c.consents),
            once(i.goes_wrong("unavailable")),
            each(c.comes_back_in_vain),
            once(i.is_mended),
            MET,
        ),
    ),
    Scenario(
        "token endpoint down",
        (
            MET,
            once(i.goes_wrong("unavailable")),
            each(m.token_ends, m.comes_due, m.is_put_off("failed", bare=False)),
            once(i.is_mended),
            AGAIN_COLLECTED,
        ),
        Expected(events=(COLLECTED, RETRYING), says=NOTHING_NEW),
    ),
    # What the customer changes at the utility.
    Scenario(
        "narrowed there, and we are told",
        (
            MET,
            each(
                m.was_asked_for_there, m.a_quarter_passes, c.narrows_at_utility, m.is_told(NARROWED)
            ),
        ),
        Expected(events=(COLLECTED, NARROWED), says="You share less than before."),
        is_notified=True,
    ),
    Scenario(
        "narrowed there, and the night finds it",
        (MET, each(c.narrows_at_utility), once(i.lists_are_compared), each(m.is_told(NARROWED))),
        Expected(events=(COLLECTED, NARROWED), says="You share less than before."),
    ),
    Scenario(
        "revoked there, and we are told",
        (
            MET,
            each(
                m.was_asked_for_there,
                m.a_quarter_passes,
                c.revokes_at_utility,
                m.becomes("revoked"),
                m.is_told(DELETED),
            ),
        ),
        ENDED_THERE,
        is_notified=True,
        weight=2,
    ),
    Scenario(
        "revoked there, and the next pull finds it",
        (MET, each(c.revokes_at_utility, m.comes_due, m.becomes("revoked"), m.is_told(DELETED))),
        ENDED_THERE,
        weight=2,
    ),
    Scenario(
        "revoked there, and the night finds it",
        (
            MET,
            each(c.revokes_at_utility),
            once(i.lists_are_compared),
            each(m.becomes("revoked"), m.is_told(DELETED)),
        ),
        ENDED_THERE,
    ),
    # What ends by itself.
    Scenario(
        "expired",
        (MET, each(m.ends_in(seconds=-1), m.becomes("expired"))),
        Expected(
            status="expired",
            events=(COLLECTED, EXPIRED),
            never=(REVOKED,),
            says="The time that you agreed to was over. "
            "What was collected stays until you delete it.",
        ),
        weight=2,
    ),
    Scenario(
        "ends soon, and its customer is told",
        (
            MET,
            each(
                c.gives_address,
                m.ends_in(hours=20),
                m.is_told("authorization_expiring_soon"),
                m.is_told("email_sent"),
            ),
        ),
        Expected(
            events=(COLLECTED, "authorization_expiring_soon", "email_sent"),
            says="Your permission ends in a day.",
        ),
    ),
    # What customers and staff do here.
    Scenario("stopped by the customer", (MET, each(c.stops, m.is_told(TOLD))), STOPPED, weight=2),
    Scenario(
        "stopped, with a receipt",
        (MET, each(c.gives_address, c.stops, m.is_told("email_sent"))),
        STOPPED,
    ),
    Scenario(
        "stopped while it is collected",
        (each(c.connects(), c.stops, m.is_told(TOLD)),),
        STOPPED,
        weight=2,
    ),
    Scenario(
        "stopped while the utility is down",
        (
            MET,
            once(i.goes_wrong("unavailable")),
            each(c.stops),
            once(i.is_mended),
            each(o.another_try_is_due, m.is_told(TOLD)),
        ),
        STOPPED,
    ),
    Scenario(
        "stopped, and put away",
        (MET, each(c.stops, m.is_told(TOLD), o.archives)),
        Expected(
            status="revoked",
            data="none",
            events=(REVOKED, TOLD, DELETED, "authorization_archived"),
            never=(EXPIRED,),
            says="This was put away.",
            failures=None,
        ),
    ),
    Scenario(
        "one meter stopped",
        (MET, each(c.stops_one_meter, m.comes_due, m.is_collected)),
        Expected(
            data="one meter",
            events=(COLLECTED, "meter_sharing_stopped"),
            says="One meter is no longer shared. What we collected of it is deleted.",
        ),
    ),
    Scenario(
        "held, and released",
        (MET, each(o.holds, m.comes_due, m.nothing_is_collected, o.releases, m.is_collected)),
        Expected(
            events=(COLLECTED, "authorization_held", "authorization_released"),
            says="{company} collects again.",
        ),
    ),
    Scenario(
        "older readings asked for once more",
        (MET, each(o.asks_for_history, m.is_collected)),
        Expected(
            events=(COLLECTED, "meter_historical_collection_finished_successful"),
            says="Older readings arrived.",
        ),
    ),
    # Other ways for data to come.
    Scenario(
        "in Bulk",
        (MET, once(i.bulk_is_asked_for), each(m.is_collected_in_bulk)),
        Expected(says=NOTHING_NEW),
        scope=WITH_NOTICES,
        least=2,
    ),
    Scenario(
        "adopted",
        (
            each(c.consents_elsewhere),
            once(i.lists_are_compared),
            once(i.strangers_are_adopted),
            each(m.is_collected_in_bulk),
        ),
        scope=WITH_NOTICES,
    ),
    # Our registration is at fault.
    Scenario(
        "registration refused",
        (
            MET,
            once(i.a_wrong_secret_is_noted),
            each(m.token_ends, m.comes_due),
            once(i.client_is_paused),
            once(i.secret_is_put_right),
            AGAIN_COLLECTED,
        ),
        Expected(says=NOTHING_NEW, events=(COLLECTED, FAILED)),
    ),
]

RENEWED = Expected(
    events=(COLLECTED, "authorization_renewed"),
    never=(REVOKED,),
    says="You agreed to go on sharing.",
)
GOES_ON = each(c.renews(), m.is_taken_in, m.is_collected)
ENDED_BY_ITSELF = each(m.ends_in(seconds=-1), m.becomes("expired"))
RENEWING = [
    Scenario("renewed after its end", (MET, ENDED_BY_ITSELF, GOES_ON), RENEWED, weight=2),
    Scenario("renewed before its end", (MET, GOES_ON), RENEWED),
    Scenario(
        "renewed in another browser",
        (MET, ENDED_BY_ITSELF, each(c.renews(elsewhere=True), m.is_taken_in, m.is_collected)),
        RENEWED,
    ),
    Scenario(
        "renewed with the account",
        (MET, ENDED_BY_ITSELF, GOES_ON),
        RENEWED,
        programme="svce",
        scope=ACCOUNT_TOO,
    ),
    Scenario(
        "renewed after the utility let us collect no more",
        (MET, each(m.token_is_lost, m.comes_due, m.becomes("needs_consent")), GOES_ON),
        RENEWED,
    ),
    Scenario(
        "renewed after it was narrowed",
        (
            MET,
            each(c.narrows_at_utility),
            once(i.lists_are_compared),
            each(m.is_told(NARROWED)),
            GOES_ON,
        ),
        RENEWED,
    ),
    Scenario(
        "renewed by another customer",
        (MET, ENDED_BY_ITSELF, each(c.renews("solar", elsewhere=True), m.is_kept_apart)),
        Expected(
            status="expired",
            events=(COLLECTED, EXPIRED),
            never=(REVOKED,),
            says="A new permission did not fit what was shared before, so the two are kept apart.",
        ),
    ),
]


def _incident(name: str, *stages: Each | Once, least: int = 4) -> Scenario:
    """In the middle of downloads that come in slow drops, with every hand of the workers busy.

    The drops end with the incident: whoever had read them is gone.
    """
    return Scenario(
        name,
        (each(c.connects()), *stages, each(m.is_collected)),
        # With bills or without: those may have come with what was stored before the incident.
        Expected(says="New readings"),
        faults=("slow_trickle",),
        phase="incident",
        least=least,
        most=6,
    )


INCIDENTS = [
    _incident(
        "a worker is killed", once(i.a_worker_is_killed), once(i.is_mended), once(m.leases_end)
    ),
    # Two wait in the queue meanwhile, and are lost with it. Claims run out: nobody helps here,
    # nor where what was cut is put off.
    _incident("Redis is emptied", once(i.redis_is_emptied), once(i.is_mended), least=6),
    _incident("PostgreSQL cuts all connections", once(i.connections_are_cut), once(i.is_mended)),
]

TOMORROW = [
    Scenario(
        "a notice brings what is new",
        (
            MET,
            each(m.a_notice_brought_it, m.a_quarter_passes),
            once(i.a_day_passes_there),
            each(m.brings_another_day),
        ),
        is_notified=True,
        scope=WITH_NOTICES,
        phase="tomorrow",
        least=2,
    ),
]

ALL = [*HAPPY, *CALM, *RENEWING, *INCIDENTS, *TOMORROW]
