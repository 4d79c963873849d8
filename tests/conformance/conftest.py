"""The target in both profiles, and the table at the end of the run.

A test carries `pytest.mark.conformance(chapter, id)`; the first line of its docstring stands in the
table. One that does not apply is skipped with its reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Generator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.conformance import table
from tests.conformance.target import PROFILES, Target
from tests.conftest import SandboxSite


@pytest.fixture(scope="session", params=PROFILES)
def target(request: pytest.FixtureRequest, sandbox_site: SandboxSite) -> Iterator[Target]:
    """A new client of a running sandbox, once in each profile."""
    with httpx.Client(timeout=60, trust_env=False) as http:
        yield Target.register(sandbox_site, request.param, http)


@pytest.fixture(scope="session")
def other(target: Target) -> Target:
    """Another client of the same utility."""
    return Target.register(target.sandbox, target.profile, target.http)


@pytest.fixture
def newcomer(target: Target) -> Target:
    """A client of the same utility that has no consent yet."""
    return Target.register(target.sandbox, target.profile, target.http)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process of a run takes the whole suite: what it reads is made once."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("conformance"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--conformance-table", type=Path, metavar="FILE", help="write the table as Markdown"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the report say which test of the suite it is of."""
    report = yield
    if isinstance(item, pytest.Function) and (mark := item.get_closest_marker("conformance")):
        # A case of a test may be a row of its own, with a sentence of its own.
        chapter, id_, *sentence = mark.args
        sentence = sentence or [(inspect.getdoc(item.function) or "").partition("\n")[0]]
        profile = item.callspec.params.get("target", "") if hasattr(item, "callspec") else ""
        value = "\n".join([chapter, id_, *sentence, str(profile)])
        report.user_properties.append((table.PROPERTY, value))
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table, and write it where that is asked for."""
    stats = terminalreporter.stats
    reports = [
        report
        for category in ("passed", "failed", "error", "skipped")
        for report in stats.get(category, [])
        if isinstance(report, pytest.TestReport)
    ]
    rows = table.rows_of(reports)
    if not rows:
        return
    terminalreporter.section("Conformance of the sandbox")
    for line in table.as_text(rows):
        terminalreporter.line(line)
    if file := config.getoption("--conformance-table", default=None):
        file.write_text(table.as_markdown(rows), encoding="utf-8")
