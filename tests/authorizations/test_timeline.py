"""Every change is an event, and every event is a sentence: for its customer, and for staff."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from authorizations.models import Authorization, Event, EventType
from authorizations.timeline import (
    SENTENCES,
    Line,
    Told,
    customers_timeline,
    event_words,
    staff_timeline,
    words_of,
)
from tests import cast
from tests.cast import Person
from tests.staff.conftest import page_of, press, says, signed_in
from utilities.models import Utility

OURS = ("authorizations", "greenbutton", "portal", "utilities")
# Words that a customer never reads.
JARGON = re.compile(r"token|webhook|scope|oauth|interval|authoriz|revok|pull\b", re.IGNORECASE)


@pytest.fixture
def ada() -> Person:
    return cast.ada()


@pytest.fixture
def utility(db: None) -> Utility:
    return cast.make_utility("http://127.0.0.1:1")


@pytest.fixture
def authorization(utility: Utility, ada: Person) -> Authorization:
    return cast.authorize(ada, utility)


def told(type: str, **detail: Any) -> Told:  # noqa: A002 (the platform's word)
    return Told(type, Event(type=type).ts, "PUC Distribution", detail)


def words(lines: list[Line]) -> list[str]:
    return [line.words for line in lines]


# -- every type has its sentences -----------------------------------------------------------------


@pytest.mark.parametrize("type", list(EventType))
def test_each_type_has_a_sentence_in_both_voices(type: EventType) -> None:  # noqa: A002
    assert type in SENTENCES
    for voice in ("staff", "customer"):
        said = words_of(told(type), voice)
        assert re.fullmatch(r"[A-Z].*\.", said), said
        assert "{" not in said
        assert "_" not in said


@pytest.mark.parametrize("type", list(EventType))
def test_customers_read_no_jargon(type: EventType) -> None:  # noqa: A002
    assert not JARGON.search(words_of(told(type), "customer"))


def test_the_platforms_own_types_are_all_there() -> None:
    authorization = [
        "created",
        "declined",
        "renewed",
        "update_started",
        "update_delayed",
        "update_retrying",
        "update_progress",
        "update_finished_successful",
        "update_finished_errored",
        "expiring_soon",
        "expired",
        "revoked",
    ]
    history = [
        "started",
        "delayed",
        "retrying",
        "progress",
        "finished_successful",
        "finished_errored",
    ]
    platform = {
        *("ping", "form_created", "meter_created", "meter_bills_added", "meter_intervals_added"),
        *(f"authorization_{one}" for one in authorization),
        *(f"meter_historical_collection_{one}" for one in history),
    }
    assert platform <= set(EventType.values)


def test_every_event_that_the_code_tells_has_a_known_type() -> None:
    """Whoever tells of something new adds its type, and its sentences."""
    found = {
        (path.name, type_)
        for app in OURS
        for path in (settings.BASE_DIR / app).rglob("*.py")
        if "sandbox" not in path.parts and "migrations" not in path.parts
        for type_ in types_told_in(path)
    }
    assert len(found) > 15
    assert {(name, type_) for name, type_ in found if type_ not in EventType.values} == set()


def types_told_in(path: Path) -> Iterator[str]:
    """Texts that look like a type: of events, in files that tell of some."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from types_in(node)


def types_in(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    for keyword in call.keywords:
        if keyword.arg == "tells" or (keyword.arg == "type" and name == "create"):
            yield from texts_of(keyword.value)
    if name in {"tell", "_write", "_end", "_telling_ends"}:
        for argument in call.args[:2]:
            yield from texts_of(argument)


def texts_of(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


# -- in words, and together -----------------------------------------------------------------------


def test_a_pull_is_one_line_with_what_it_brought(authorization: Authorization) -> None:
    authorization.tell("authorization_update_started", pull="a")
    for point in ("one", "two"):
        authorization.tell("meter_created", usage_point=point)
    for point in ("one", "two", "one"):
        authorization.tell("meter_intervals_added", usage_point=point)
    authorization.tell("meter_bills_added", usage_point="one")
    authorization.tell("authorization_update_finished_successful", pull="a")
    assert words(staff_timeline(authorization)) == [
        "Collected: new readings for 2 meters and new bills for a meter.",
        "2 meters were found.",
        "The customer authorized us at Demo Power and Light.",
    ]
    assert words(customers_timeline(authorization)) == [
        "New readings and bills arrived.",
        "2 meters were found.",
        "You connected Demo Power and Light.",
    ]


def test_a_pull_that_fails_half_way_tells_what_it_brought(authorization: Authorization) -> None:
    authorization.tell("authorization_update_started", pull="a")
    authorization.tell("meter_intervals_added", usage_point="one")
    authorization.tell("meter_bills_added", usage_point="one")
    authorization.tell("authorization_update_finished_errored", pull="a")
    assert words(customers_timeline(authorization))[0] == (
        "New readings and bills arrived, but not everything. We try again by ourselves."
    )


def test_what_came_of_a_file_is_told_as_of_a_file(utility: Utility) -> None:
    brought = Authorization.for_file("a-browser", None, "")
    brought.tell("authorization_update_finished_errored")
    brought.archive()
    assert words(customers_timeline(brought)) == [
        "Nothing could be read, so it was put away.",
        "We could not read your file.",
        "You brought a file.",
    ]


def test_a_pull_that_runs_has_begun(authorization: Authorization) -> None:
    authorization.tell("authorization_update_started", pull="a")
    authorization.tell("meter_intervals_added", usage_point="one")
    assert words(staff_timeline(authorization))[:2] == [
        "Readings were added for a meter.",
        "Collecting began.",
    ]


def test_how_far_it_is_stands_there_while_it_runs(authorization: Authorization) -> None:
    authorization.tell("authorization_update_started", pull="a")
    for done in (1, 2):
        authorization.tell("meter_intervals_added", usage_point="one")
        authorization.tell(
            "authorization_update_progress",
            pull="a",
            windows_done=done,
            windows_planned=3,
            readings=744 * done,
        )
    assert words(staff_timeline(authorization))[:2] == [
        "Collecting goes on: 2 of 3 windows so far, with 1,488 readings.",
        "Collecting began.",
    ]
    assert words(customers_timeline(authorization))[:2] == [
        "Your readings are arriving: part 2 of 3 is here.",
        "We began to collect your readings.",
    ]
    authorization.tell("authorization_update_finished_successful", pull="a")
    assert words(customers_timeline(authorization)) == [
        "New readings arrived.",
        "You connected Demo Power and Light.",
    ]


def failure(authorization: Authorization, type: str, failures: int) -> None:  # noqa: A002
    authorization.tell(
        f"authorization_update_{type}",
        pull=str(failures),
        reason="http_503",
        failures=failures,
        next_at="2026-11-26T14:05:00+00:00",
        because="ever_later",
    )


def test_a_failure_that_is_tried_again_says_when_and_why(authorization: Authorization) -> None:
    failure(authorization, "retrying", 1)
    assert words(staff_timeline(authorization))[0] == (
        "Collecting failed: the utility answered 503. "
        "It is due again on 26 November at 14:05, later with each failure."
    )
    assert words(customers_timeline(authorization))[0] == (
        "We could not collect new readings. We try again by ourselves."
    )


def test_of_failures_in_a_row_the_last_speaks_for_all(authorization: Authorization) -> None:
    for failures in range(1, 5):
        failure(authorization, "retrying", failures)
        # It may have been put off between them.
        authorization.tell("authorization_update_delayed", pull="waits")
    for failures in range(5, 30):
        failure(authorization, "finished_errored", failures)
    newest, first = staff_timeline(authorization)
    assert newest.words.startswith("Collecting failed 29 times running: ")
    assert first.words.startswith("The customer authorized us")


def test_a_failure_that_was_made_good_is_passed_over(authorization: Authorization) -> None:
    for _ in range(10):
        authorization.tell("meter_intervals_added", usage_point="one")
        failure(authorization, "retrying", 1)
        authorization.tell("authorization_update_finished_successful", pull="b")
    newest, _first = staff_timeline(authorization)
    assert (newest.words, newest.times) == ("Collected: new readings for a meter.", 10)


def test_failures_of_two_times_are_two_lines(authorization: Authorization) -> None:
    for failures in (5, 6):
        failure(authorization, "finished_errored", failures)
    authorization.tell("authorization_update_finished_successful", pull="b")
    failure(authorization, "finished_errored", 5)
    assert [line.words[:26] for line in staff_timeline(authorization)[:3]] == [
        "Collecting failed 5 times ",
        "Collected: there was nothi",
        "Collecting failed 6 times ",
    ]


def test_what_came_before_a_wait_is_told_with_the_rest(authorization: Authorization) -> None:
    authorization.tell("authorization_update_started", pull="a")
    authorization.tell("meter_intervals_added", usage_point="one")
    authorization.tell("authorization_update_delayed", pull="a")
    assert words(customers_timeline(authorization))[:2] == [
        "Demo Power and Light is preparing your data. We come back for it.",
        "New readings arrived.",
    ]
    authorization.tell("authorization_update_finished_successful", pull="b")
    assert words(customers_timeline(authorization)) == [
        "New readings arrived.",
        "You connected Demo Power and Light.",
    ]


def test_a_registration_that_is_paused_is_no_matter_of_time(authorization: Authorization) -> None:
    authorization.tell(
        "authorization_update_finished_errored", pull="a", reason="client_paused", failures=1
    )
    assert words(staff_timeline(authorization))[0] == (
        "Collecting failed. Our registration is paused: it goes on when somebody resumes that."
    )
    assert words(customers_timeline(authorization))[0] == (
        "We could not collect new readings. We are looking into it."
    )


def test_the_same_day_after_day_is_one_line(authorization: Authorization) -> None:
    for number in range(30):
        authorization.tell("authorization_update_started", pull=str(number))
        authorization.tell("authorization_update_finished_successful", pull=str(number))
    newest, first = customers_timeline(authorization)
    assert (newest.words, newest.times) == ("We looked for new readings. There were none.", 30)
    assert newest.since is not None
    assert first.at <= newest.since < newest.at


def test_what_lies_between_parts_them(authorization: Authorization) -> None:
    authorization.tell("authorization_update_delayed", pull="a")
    authorization.tell("authorization_update_delayed", pull="b")
    authorization.hold()
    authorization.release()
    authorization.tell("authorization_update_delayed", pull="c")
    assert [line.times for line in staff_timeline(authorization)] == [1, 1, 1, 2, 1]


@pytest.mark.parametrize(
    ("by", "customers", "staffs"),
    [
        ("customer", "You stopped sharing.", "The customer stopped sharing."),
        ("staff", "Test Company stopped sharing.", "Staff stopped sharing."),
        (
            "utility",
            "Demo Power and Light told us that you no longer share.",
            "Demo Power and Light said that the permission has ended.",
        ),
    ],
)
def test_it_says_who_stopped(
    authorization: Authorization, by: str, customers: str, staffs: str
) -> None:
    authorization.mark_revoked(by)
    assert words(customers_timeline(authorization))[0] == customers
    assert words(staff_timeline(authorization))[0].startswith(staffs)


def test_a_consent_that_is_needed_again_is_no_mere_failure(authorization: Authorization) -> None:
    authorization.mark_needs_consent()
    assert "has to consent again" in words(staff_timeline(authorization))[0]
    assert "Connect again" in words(customers_timeline(authorization))[0]


def test_an_event_of_another_version_is_read_as_it_stands(authorization: Authorization) -> None:
    authorization.tell("authorization_of_the_future")
    assert words(customers_timeline(authorization))[0] == "Authorization of the future."


def test_one_event_by_itself_names_the_utility(authorization: Authorization) -> None:
    declined = Event.objects.create(type=EventType.DECLINED, utility=authorization.utility)
    assert event_words(declined) == "A customer declined at Demo Power and Light."
    assert event_words(Event(type=EventType.PING)) == "A test event was sent."


# -- who reads it ---------------------------------------------------------------------------------


def test_what_staff_did_stands_there_with_their_reasons_for_staff_only(
    authorization: Authorization, ada: Person
) -> None:
    office = signed_in(cast.make_staff("grace", "view_authorization", "change_authorization"))
    press(office, authorization, "hold", "The meter is being replaced")
    press(office, authorization, "release", "It is in place")
    authorization.mark_needs_consent()
    press(office, authorization, "archive", "She moved")
    page = says(office.get(page_of(authorization)))
    for said in (
        "Collecting was put on hold.",
        "Collecting is on hold. Why: The meter is being replaced",
        "Collecting goes on after the hold.",
        "It was archived.",
        "Why: She moved",
        "<strong>grace</strong>",
    ):
        assert said in page
    page = ada.browser.get(f"/usage/{authorization.uid}/").content.decode()
    assert "Test Company paused collecting." in page
    assert "The meter is being replaced" not in page
    assert "grace" not in page


def test_customers_read_what_happened_on_their_pages(
    authorization: Authorization, ada: Person
) -> None:
    page = ada.browser.get(f"/usage/{authorization.uid}/").content.decode()
    assert "What happened" in page
    assert "You connected Demo Power and Light." in page
    ada.browser.post(f"/connections/{authorization.uid}/disconnect/")
    page = ada.browser.get(f"/connections/{authorization.uid}/stopped/").content.decode()
    assert "You connected Demo Power and Light." in page
    assert "You stopped sharing." in page
    assert "Everything that we collected is deleted." in page


def test_names_in_it_are_escaped(authorization: Authorization, ada: Person) -> None:
    Utility.objects.update(name="<b>Power</b>")
    page = ada.browser.get(f"/usage/{authorization.uid}/").content.decode()
    assert "You connected &lt;b&gt;Power&lt;/b&gt;." in page


def test_it_takes_few_queries_however_much_happened(
    authorization: Authorization, django_assert_num_queries: Any
) -> None:
    for number in range(50):
        authorization.tell("authorization_update_finished_successful", pull=str(number))
    with django_assert_num_queries(1):
        customers_timeline(authorization)
