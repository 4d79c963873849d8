"""What the documents say: the content rules of all function blocks that are claimed.

Each is held to every document whose granted scope claims its function block. A rule that the
export breaks is one of the quirks that it is there for; which ones they are is held as well.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property

import pytest

from greenbutton.espi import read_feed
from greenbutton.espi import scope as scopes
from greenbutton.espi.validate import FUNCTION_BLOCKS, RULES, Rule, schema, validate
from tests.conformance.target import Target
from tests.conftest import SandboxSite

SCENARIOS = [
    (utility, scenario)
    for utility in ("SSMPUC", "SVCE")
    for scenario in ("residential", "commercial", "solar")
]
SCOPE = "FB=4_16_51;HistoryLength=8035200"
QUIRK = "export: a real export is like that"
NOT_CLAIMED = "no meter of the test accounts has what function block {} is about"
# What the real export of PUC Distribution lacks: most of Atom, local times, the intervals of
# blocks, and most of what a reading type says.
QUIRKS = {
    "D001",
    "D002",
    "D003",
    "D007",
    "D009",
    "D010",
    "D011",
    "D012",
    "D018",
    "D019",
    "D029",
    "D030",
    "D031",
    "D033",
    "D038",
    "D039",
    "D040",
    "D041",
    "D048",
    "D050",
    "D054",
    "D058",
    "D062",
    "D063",
    "D064",
    "D069",
    "D070",
    "D071",
    "D072",
    "D073",
    "D074",
    "D076",
    "D077",
    "D078",
    "D079",
    "D080",
    "D082",
    "D084",
    "D101",
    "D102",
    "D127",
    "D128",
    "D131",
    "D132",
    "D136",
}


@dataclass(frozen=True)
class Document:
    """What one test account shares, and what the granted scope says that it is."""

    of: str
    content: bytes
    blocks: frozenset[int]

    @cached_property
    def broken(self) -> dict[str, str]:
        """The rules of its function blocks that it breaks: where, and how."""
        feed = read_feed(io.BytesIO(self.content), max_bytes=len(self.content))
        checked = self.blocks & FUNCTION_BLOCKS
        return {
            problem.rule: f"{self.of}: {problem.where}: {problem.detail}"
            for problem in validate(feed, checked)
        }


@pytest.fixture(scope="session")
def documents(target: Target) -> list[Document]:
    """The usage of test accounts that between them have all that there is."""
    return [document(target.sandbox, target, *each) for each in SCENARIOS]


def document(sandbox: SandboxSite, target: Target, utility: str, scenario: str) -> Document:
    at = Target.register(sandbox, target.profile, target.http, utility)
    answer = at.consent(SCOPE, scenario)
    response = at.get(answer["resourceURI"], answer["access_token"])
    assert response.status_code == 200
    blocks = frozenset(scopes.parse(answer["scope"]).function_blocks)
    return Document(f"{utility} {scenario}", response.content, blocks)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(
            rule,
            marks=pytest.mark.conformance(
                f"Content FB_{rule.block:02}", rule.id, f"Not: {rule.says}"
            ),
            id=rule.id,
        )
        for rule in RULES.values()
    ],
)
def test_content(target: Target, documents: list[Document], rule: Rule) -> None:
    claiming = [document for document in documents if rule.block in document.blocks]
    if not claiming:
        pytest.skip(NOT_CLAIMED.format(rule.block))
    broken = [document.broken[rule.id] for document in claiming if rule.id in document.broken]
    if not target.is_certified and rule.id in QUIRKS:
        assert broken
        pytest.skip(QUIRK)
    assert not broken


@pytest.mark.conformance("Content", "XSD", "Names, order, number and type of all elements")
def test_schema(target: Target, documents: list[Document]) -> None:
    breaches = {
        document.of: [*schema.check(io.BytesIO(document.content))][:3] for document in documents
    }
    if not target.is_certified:
        assert all(breaches.values())
        pytest.skip(QUIRK)
    assert not any(breaches.values()), breaches
