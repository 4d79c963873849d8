"""The table itself: nothing that failed may hide behind what passed or was skipped."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.conformance.table import PROPERTY, Outcome, as_markdown, as_text, rows_of, totals


def report(
    id: str,  # noqa: A002 (the suite's word)
    profile: str,
    outcome: Literal["passed", "failed", "skipped"],
    when: Literal["setup", "call"] = "call",
) -> pytest.TestReport:
    """What pytest says of one case."""
    why = ("file", 1, "Skipped: because") if outcome == "skipped" else None
    value = f"FB_0\n{id}\nA sentence.\n{profile}"
    return pytest.TestReport(
        "a test", ("file", 1, "a test"), {}, outcome, why, when, user_properties=[(PROPERTY, value)]
    )


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["passed", "failed", "passed"], "failed"),
        (["skipped", "failed"], "failed"),
        (["skipped", "passed"], "passed"),
        (["skipped", "skipped"], "not applicable"),
    ],
)
def test_the_worst_case_of_a_test_counts(
    outcomes: list[Literal["passed", "failed", "skipped"]], expected: Outcome
) -> None:
    (row,) = rows_of(report("X1", "certified", each) for each in outcomes)
    assert row.outcomes == {"certified": expected}


def test_a_target_that_cannot_be_set_up_is_a_failure() -> None:
    (row,) = rows_of([report("X1", "export", "failed", "setup")])
    assert row.outcomes == {"export": "failed"}


def test_what_has_no_target_counts_for_both_profiles() -> None:
    (row,) = rows_of([report("X1", "", "skipped")])
    assert row.outcomes == {"certified": "not applicable", "export": "not applicable"}
    assert row.reasons == {"because"}


def test_the_table_is_in_the_suites_order_and_adds_up() -> None:
    rows = rows_of([report("X2", "certified", "passed"), report("X1", "certified", "failed")])
    assert [row.id for row in rows] == ["X1", "X2"]
    assert totals(rows)[0] == "certified: 1 passed, 1 failed, 0 not applicable"
    assert "| FB_0 | X1 | A sentence. | failed |  |" in as_markdown(rows)
    assert any("X2  passed" in line for line in as_text(rows))
