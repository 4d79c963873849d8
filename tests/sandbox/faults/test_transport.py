"""What faults of the transport make of a company's requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache

from tests.lying_utility import LyingUtility
from tests.sandbox.receiver import Receiver
from tests.sandbox.walk import Company, Feed, body, delete, get, path_of
from utilities.sandbox.faults import transport
from utilities.sandbox.models import Clock, Fault, Grant, Notice, Registration, digest, new_uid
from utilities.sandbox.push import clerk

STATUS = "/DataCustodian/espi/1_1/resource/ReadServiceStatus"


@dataclass
class Served:
    """A company that has a customer's consent, and then meets faults."""

    company: Company
    answer: dict[str, Any]

    def meets(self, *faults: Fault) -> None:
        self.company.registration.serve_under("certified", set(faults))

    def download(self, **query: str) -> Any:
        return get(path_of(self.answer["resourceURI"]), self.answer["access_token"], **query)

    def asks_for_status(self) -> Any:
        return get(STATUS, self.company.client_token())


@pytest.fixture
def ada() -> Served:
    company = Company(
        Registration.objects.create(
            utility="ssmpuc",
            # Its pace is counted in Redis, which no transaction rolls back.
            client_id=f"ada_{new_uid()}",
            redirect_uris=["https://ada.example/back"],
            default_scope="FB=4_16",
        )
    )
    return Served(company, company.authorized())


def test_without_faults_nothing_goes_wrong(ada: Served) -> None:
    ada.meets()
    assert Feed.of(ada.download()).bills()
    assert ada.asks_for_status().status_code == 200


@pytest.mark.spec("RFC 9110", "10.2.3")
@pytest.mark.parametrize(
    ("fault", "status"), [(Fault.TOO_MANY_REQUESTS, 429), (Fault.UNAVAILABLE, 503)]
)
def test_every_request_is_refused_with_a_time_to_come_again(
    ada: Served, fault: Fault, status: int
) -> None:
    token = ada.company.client_token()
    ada.meets(fault)
    for answer in (ada.download(), get(STATUS, token)):
        assert answer.status_code == status
        assert int(answer["Retry-After"]) >= 60
        # Whatever stands in front of the platform writes no JSON.
        assert answer["Content-Type"].startswith("text/html")


def test_maintenance_closes_the_token_endpoint_too(ada: Served) -> None:
    ada.meets(Fault.UNAVAILABLE)
    refused = ada.company.ask_token(grant_type="client_credentials")
    assert (refused.status_code, refused["Retry-After"]) == (503, "120")
    ada.meets(Fault.TOO_MANY_REQUESTS)
    assert ada.company.ask_token(grant_type="client_credentials").status_code == 200


def test_maintenance_tells_a_stranger_nothing(ada: Served) -> None:
    ada.meets(Fault.UNAVAILABLE)
    assert get(path_of(ada.answer["resourceURI"]), "no-token").status_code == 401


def test_a_request_in_maintenance_changes_nothing(ada: Served) -> None:
    token = ada.company.client_token()
    ada.meets(Fault.UNAVAILABLE)
    assert delete(path_of(ada.answer["authorizationURI"]), token).status_code == 503
    assert Grant.objects.get(registration=ada.company.registration).is_active


def test_only_downloads_take_too_long(ada: Served) -> None:
    ada.meets(Fault.GATEWAY_TIMEOUT)
    assert ada.download().status_code == 504
    assert ada.asks_for_status().status_code == 200


def test_faults_of_one_company_are_not_anothers(ada: Served, svce: Company) -> None:
    ada.meets(Fault.UNAVAILABLE)
    answer = svce.authorized()
    assert get(path_of(answer["resourceURI"]), answer["access_token"]).status_code == 200


# -- 202 first --------------------------------------------------------------------------------


def ready(ada: Served) -> None:
    """As if the time of making the download had passed."""
    prefix = f"download:{ada.company.registration.pk}:"
    key = prefix + digest(path_of(ada.answer["resourceURI"]))
    cache.set(key, 0.0, 60)


def test_the_first_request_for_a_download_is_accepted_with_nothing_in_it(ada: Served) -> None:
    ada.meets(Fault.ACCEPTED_FIRST)
    for _ in range(2):
        answer = ada.download()
        assert (answer.status_code, body(answer)) == (202, b"")
        assert 1 <= int(answer["Retry-After"]) <= 5
    ready(ada)
    assert Feed.of(ada.download()).bills()


def test_who_comes_again_may_ask_for_another_window(ada: Served) -> None:
    ada.meets(Fault.ACCEPTED_FIRST)
    assert ada.download(**{"published-max": "2026-01-01T00:00:00Z"}).status_code == 202
    ready(ada)
    assert ada.download(**{"published-max": "2026-01-01T00:00:07Z"}).status_code == 200


def test_what_is_no_download_is_answered_at_once(ada: Served) -> None:
    ada.meets(Fault.ACCEPTED_FIRST)
    assert ada.asks_for_status().status_code == 200


def test_nothing_is_made_for_an_address_that_is_not_theirs(ada: Served) -> None:
    ada.meets(Fault.ACCEPTED_FIRST)
    foreign = "/DataCustodian/espi/1_1/resource/Batch/Subscription/" + "0" * 34
    assert get(foreign, ada.answer["access_token"]).status_code == 404


def test_a_download_that_is_ready_is_told_by_its_very_address(lying: LyingUtility) -> None:
    receiver = Receiver.at(lying)
    receiver.answers(200)
    ada = Served(receiver.company, receiver.company.authorized("FB=4_16_39"))
    clerk.deliver()
    ada.meets(Fault.ACCEPTED_FIRST)
    assert ada.download(**{"published-min": "2026-01-01T00:00:00Z"}).status_code == 202
    (notice,) = Notice.objects.filter(kind=Notice.Kind.READY)
    asked = f"{ada.answer['resourceURI']}?published-min=2026-01-01T00%3A00%3A00Z"
    assert notice.address == asked
    clerk.deliver()
    assert asked not in receiver.told
    Clock.advance(transport.READY_AFTER)
    clerk.deliver()
    assert receiver.told[-1] == asked


def test_without_function_block_39_a_ready_download_is_not_told(lying: LyingUtility) -> None:
    receiver = Receiver.at(lying)
    ada = Served(receiver.company, receiver.company.authorized("FB=4_16"))
    ada.meets(Fault.ACCEPTED_FIRST)
    assert ada.download().status_code == 202
    assert not Notice.objects.filter(kind=Notice.Kind.READY).exists()


# -- pace ---------------------------------------------------------------------------------------


def test_one_download_a_minute(ada: Served) -> None:
    ada.meets(Fault.PACE_LIMITS)
    answers = [ada.download() for _ in range(3)]
    refused = answers[-1]
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60


def test_one_request_a_second(ada: Served) -> None:
    token = ada.company.client_token()
    ada.meets(Fault.PACE_LIMITS)
    # However slow this machine is, some two of them come within a second.
    refused = next(answer for _ in range(50) if (answer := get(STATUS, token)).status_code == 429)
    assert refused["Retry-After"] == "1"


# -- slow, and cut ------------------------------------------------------------------------------


def test_slow_drops_are_bounded_and_lose_nothing() -> None:
    pauses: list[float] = []
    pieces = [b"a" * 1300, b"", b"b" * 10, b"c" * 100_000]
    drops = list(transport.trickle(pieces, pauses.append))
    assert b"".join(drops) == b"".join(pieces)
    assert [len(drop) for drop in drops[:3]] == [512, 512, 276]
    assert len(pauses) == transport.DROPS
    assert sum(pauses) <= 60


def test_a_cut_download_ends_after_its_half() -> None:
    pieces = iter([b"a" * 10, b"b" * 10])
    cut = transport.cut(pieces)
    assert next(cut) == b"a" * 10
    with pytest.raises(ConnectionResetError):
        next(cut)


def test_a_cut_download_is_never_held_as_a_whole() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 65_536

    assert len(next(transport.cut(endless()))) == transport.HELD_BYTES // 2
    assert taken == transport.HELD_BYTES // 65_536
