"""A whole soak: who plays, in which order, and what was found in the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from authorizations.models import ShareLink
from portal.processes import until
from portal.rehearsal.browser import Browser
from portal.soak import scenarios
from portal.soak.checking import Found, look, troubles_of_all
from portal.soak.plays import Act, Each, Group, Play
from portal.soak.registering import register
from portal.soak.sameness import Holdings, holdings_of
from portal.soak.scenarios import HAPPY, Scenario
from portal.soak.world import World

# Groups whose parts are under way, and customers who are: each has a connection to the database.
GROUPS_AT_ONCE, CUSTOMERS_AT_ONCE = 12, 20
SETTLED_SECONDS = 90
LINKS_LAST = timedelta(hours=6)

# Of which household, at which utility, in which profile, and with how much history.
Kind = tuple[str, str, str, str]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One customer at the end."""

    scenario: str
    profile: str
    number: int
    expected: str
    found: str
    explanation: str
    seconds: float
    troubles: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        return not self.troubles


@dataclass
class Cast:
    """A group, with the scenario that it plays."""

    scenario: Scenario
    group: Group

    @property
    def kind(self) -> Kind:
        scenario = self.scenario
        return scenario.programme, scenario.household, self.group.profile, scenario.history


@dataclass
class Result:
    """All rows, and what is wrong with all of them together."""

    rows: list[Row] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        return not self.troubles and all(row.is_right for row in self.rows)


def chosen(names: Iterable[str]) -> list[Scenario]:
    """The scenarios of these names, with the happy ones; all of them without a name.

    Raises KeyError for a name that none has.
    """
    by_name = {scenario.name: scenario for scenario in scenarios.ALL}
    wanted = {*(one.name for one in HAPPY), *names}
    if unknown := wanted - set(by_name):
        raise KeyError(min(unknown))
    return [one for one in scenarios.ALL if not names or one.name in wanted]


def shares(wanted: list[Scenario], customers: int) -> dict[tuple[str, str], int]:
    """How many customers each scenario gets in each profile: what it needs, and its share."""
    counts = {(one.name, profile): one.least for one in wanted for profile in one.profiles}
    turns = [
        (one, profile) for one in wanted for profile in one.profiles for _ in range(one.weight)
    ]
    while sum(counts.values()) < customers:
        before = sum(counts.values())
        for one, profile in turns:
            if sum(counts.values()) < customers and counts[one.name, profile] < one.most:
                counts[one.name, profile] += 1
        if sum(counts.values()) == before:
            break
    return counts


def play(world: World, wanted: list[Scenario], customers: int, say: Say) -> Result:
    """Play it all.

    1. Register each group with its utility, under its conditions.
    2. Play the calm ones beside each other, the happy ones among them.
    3. Play incidents one after the other: they happen to everybody.
    4. Play what needs another day, which nobody can take back.
    5. Wait until everything has settled, and hold each row against its scenario.
    """
    counts = shares(wanted, customers)
    cast = [
        Cast(one, _group(world, one, profile, counts[one.name, profile], number))
        for number, (one, profile) in enumerate(
            ((one, profile) for one in wanted for profile in one.profiles), start=1
        )
    ]
    say(f"{len(cast)} registrations are made, for {sum(counts.values())} customers.")
    _play_all(world, cast, say)
    return _judge(cast, say)


def _play_all(world: World, cast: list[Cast], say: Say) -> None:
    with (
        ThreadPoolExecutor(CUSTOMERS_AT_ONCE) as customers,
        ThreadPoolExecutor(GROUPS_AT_ONCE) as groups,
        world.until_stopped(),  # left first, so that nobody holds up the others' ends
    ):
        calm = [one for one in cast if one.scenario.phase == "calm"]
        list(groups.map(lambda one: _play(one, customers, say), calm))
        for phase in ("incident", "tomorrow"):
            for one in cast:
                if one.scenario.phase == phase:
                    _play(one, customers, say)


def _group(world: World, scenario: Scenario, profile: str, count: int, number: int) -> Group:
    client = register(world, scenario, profile, number)
    plays = []
    for place in range(1, count + 1):
        link = ShareLink.objects.create(
            utility=client.utility,
            scope=scenario.scope,
            note=f"soak: {scenario.name}, {profile}, {place}",
            reference=f"soak-{number}-{place}",
            expires_at=timezone.now() + LINKS_LAST,
        )
        plays.append(Play(place, link, Browser(), client, world))
    return Group(scenario.programme, profile, client, plays, world)


def _play(cast: Cast, customers: ThreadPoolExecutor, say: Say) -> None:
    """Play one group, part by part; customers whose play went otherwise stay where they are."""
    group = cast.group
    for stage in cast.scenario.stages:
        goes_on = [play for play in group.plays if not play.trouble]
        if not goes_on:
            break
        if isinstance(stage, Each):
            list(customers.map(lambda one, acts=stage.acts: _do(one, acts), goes_on))
            continue
        try:
            stage.turn(group)
        except Exception as e:  # it belongs to this group, and the others go on
            for play in goes_on:
                play.trouble = f"{type(e).__name__}: {e}"
        finally:
            connection.close()
    for play in group.plays:
        play.browser.close()
    wrong = [play.trouble for play in group.plays if play.trouble]
    mark = "[red]FAIL[/red]" if wrong else "[green]ok[/green]  "
    seconds = max(play.seconds for play in group.plays)
    say(f"{mark} {seconds:6.1f} s  {cast.scenario.name} ({group.profile}) {wrong[:1] or ''}")


def _do(play: Play, acts: tuple[Act, ...]) -> None:
    try:
        play.do(acts)
    finally:
        # Nobody holds a connection who is not at work: they may be cut meanwhile.
        connection.close()


def _judge(cast: list[Cast], say: Say) -> Result:
    settled = until(lambda: not list(troubles_of_all()), SETTLED_SECONDS, pause=2)
    result = Result(troubles=[] if settled else list(troubles_of_all()))
    fresh = dict(_fresh(cast))
    for one in cast:
        for play in one.group.plays:
            try:
                found = look(play, one.scenario, fresh.get(one.kind))
            except Exception as e:  # a row that cannot even be read is a row that is wrong
                found = Found("cannot be read", "", (f"{type(e).__name__}: {e}",))
            result.rows.append(_row(one, play, found))
    say("Every row was held against its scenario.")
    return result


def _fresh(cast: list[Cast]) -> Iterator[tuple[Kind, Holdings]]:
    """What the first customer of each kind has, of those whom nothing happens to."""
    seen: set[Kind] = set()
    for one in cast:
        if len(one.scenario.stages) == 1 and not one.scenario.faults and one.kind not in seen:
            rows = one.group.plays[0].rows()
            if len(rows) == 1:
                yield one.kind, holdings_of(rows[0])
                seen.add(one.kind)


def _row(cast: Cast, play: Play, found: Found) -> Row:
    expected = cast.scenario.expected
    ends = expected.status or f"nothing, {expected.reason}"
    data = f", {expected.data}" if expected.status else ""
    return Row(
        scenario=cast.scenario.name,
        profile=cast.group.profile,
        number=play.number,
        expected=f"{ends}{data}",
        found=found.words,
        explanation=found.explanation,
        seconds=round(play.seconds, 1),
        troubles=found.troubles,
    )


def as_json(result: Result) -> dict[str, Any]:
    """For `--json`."""
    rows = [
        {
            "scenario": row.scenario,
            "profile": row.profile,
            "number": row.number,
            "ok": row.is_right,
            "expected": row.expected,
            "found": row.found,
            "explanation": row.explanation,
            "seconds": row.seconds,
            "troubles": list(row.troubles),
        }
        for row in result.rows
    ]
    return {"ok": result.is_right, "troubles": result.troubles, "rows": rows}
