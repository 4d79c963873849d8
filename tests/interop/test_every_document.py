"""Every kind of document that the sandbox serves, through other people's readers.

ReadServiceStatus alone is left out: it is a bare ServiceStatus, as the certification wants it, and
green-button-parser reads feeds and entries only.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from greenbutton_objects import enums
from greenbutton_objects.parse import parse_feed

from greenbutton.espi import Entry, read_feed
from greenbutton.espi.interval_block import IntervalBlock
from greenbutton.espi.reading_type import ReadingType
from greenbutton.espi.usage_point import UsagePoint
from tests.conformance.target import Target
from tests.conftest import SandboxSite
from tests.interop.conftest import Node

pytestmark = pytest.mark.xdist_group("interop")

SCOPE = "FB=4_16_51;HistoryLength=3024000"
ACCOUNTS = [
    (utility, scenario)
    for utility in ("SSMPUC", "SVCE")
    for scenario in ("residential", "commercial", "solar")
]
# Of a collection, so many entries are also asked for alone.
ALONE = 2


@pytest.fixture(params=ACCOUNTS, ids="-".join)
def company(request: pytest.FixtureRequest, sandbox_site: SandboxSite) -> Iterator[Target]:
    """A certified client of a utility."""
    with httpx.Client(timeout=60, trust_env=False) as http:
        yield Target.register(sandbox_site, "certified", http, request.param[0])


@pytest.fixture
def scenario(request: pytest.FixtureRequest) -> str:
    name: str = request.node.callspec.params["company"][1]
    return name


def entries(content: bytes) -> list[Entry]:
    return list(read_feed(io.BytesIO(content), max_bytes=len(content)))


def below(target: Target, batch: str, token: str) -> Iterator[bytes]:
    """The document, then the collections and some of the entries that it is made of."""
    response = target.get(batch, token)
    assert response.status_code == 200
    yield response.content
    asked: Counter[str] = Counter()
    for entry in entries(response.content):
        assert entry.self_href
        assert entry.up
        asked[entry.up] += 1
        addresses = [entry.self_href] if asked[entry.up] <= ALONE else []
        if asked[entry.up] == 1:
            addresses.append(entry.up)
        for address in addresses:
            part = target.get(address, token)
            assert part.status_code == 200, address
            yield part.content


def all_documents(target: Target, scenario: str) -> Iterator[bytes]:
    """By each class of token."""
    answer = target.consent(SCOPE, scenario)
    for path in ("ApplicationInformation", "Authorization"):
        token = target.registration_token if path[1] == "p" else target.client_token
        listed = target.get(target.resource(path), token).content
        yield listed
        for entry in entries(listed):
            assert entry.self_href
            yield target.get(entry.self_href, token).content
    bulk = target.token(grant_type="client_credentials").json()["resourceURI"]
    yield target.get(bulk, target.client_token).content
    for uri in ("resourceURI", "customerResourceURI"):
        yield from below(target, answer[uri], answer["access_token"])


def test_green_button_parser_reads_every_document(
    node: Node, company: Target, scenario: str, tmp_path: Path
) -> None:
    files, expected = [], []
    for number, content in enumerate(all_documents(company, scenario)):
        file = tmp_path / f"{number}.xml"
        file.write_bytes(content)
        files.append(str(file))
        found = entries(content)
        blocks = [entry.resource for entry in found if isinstance(entry.resource, IntervalBlock)]
        readings = [reading for block in blocks for reading in block.readings]
        expected.append(
            {
                "types": dict(Counter(entry.type.partition("@")[0] for entry in found)),
                "readings": len(readings),
                "values": str(sum(reading.value or 0 for reading in readings)),
                "costs": str(sum(reading.cost or 0 for reading in readings)),
            }
        )
    assert len(files) > 20
    found = node.run("documents.mjs", *files)
    for name, theirs, ours in zip(files, found, expected, strict=True):
        assert theirs == ours, name


# The farm's only meter also counts net, which the package has no name for.
@pytest.mark.parametrize(
    "company",
    [each for each in ACCOUNTS if each != ("SSMPUC", "solar")],
    indirect=True,
    ids="-".join,
)
def test_greenbutton_objects_reads_the_usage_feed_of_each_meter(
    company: Target, scenario: str, tmp_path: Path
) -> None:
    answer = company.consent(SCOPE, scenario)
    token = answer["access_token"]
    points = entries(company.get(f"{answer['resourceURI']}/UsagePoint?depth=1", token).content)
    read = 0
    for point in points:
        if not isinstance(point.resource, UsagePoint):
            continue
        uid = (point.self_href or "").rpartition("/")[2]
        document = company.get(f"{answer['resourceURI']}/UsagePoint/{uid}", token).content
        found = entries(document)
        if not all(is_known(entry.resource) for entry in found):
            continue
        file = tmp_path / f"{uid}.xml"
        file.write_bytes(document)
        [usage_point] = parse_feed(str(file))
        blocks = [entry.resource for entry in found if isinstance(entry.resource, IntervalBlock)]
        readings = [
            reading
            for meter_reading in usage_point.meterReadings
            for reading in meter_reading.intervalReadings
        ]
        assert len(readings) == sum(len(block.readings) for block in blocks)
        assert readings
        read += 1
    assert read


def is_known(resource: object) -> bool:
    """Whether the package has names for the codes; it knows no volume (kind 58) and no net flow.

    Both are in the standard: the certification wants water to be a volume (D080).
    """
    if not isinstance(resource, ReadingType):
        return True
    known = ((enums.KindType, resource.kind), (enums.FlowDirectionType, resource.flow_direction))
    return all(code in {member.value for member in kind} for kind, code in known)
