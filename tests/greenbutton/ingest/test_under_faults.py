"""What this portal makes of a utility that goes wrong: the sandbox's faults of transport."""

from __future__ import annotations

import io
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from django.core.management import call_command
from django.utils import timezone

from authorizations.models import Authorization, PullTrigger
from greenbutton.ingest.pull import pull
from greenbutton.models import Pull
from portal.processes import until
from tests import cast
from tests.at_the_sandbox import connect, follow, seen, submit
from tests.conftest import SandboxSite
from utilities.client import GreenButtonClient, Problem, Token, UtilityError
from utilities.models import Client, Utility

CALLBACK = "http://localhost:8000/connect/callback/svce/"
MOST = 100_000_000


@dataclass
class Company:
    """A client of its own at the sandbox, whose faults are its own too."""

    site: SandboxSite
    told: dict[str, Any]

    @classmethod
    def registered(cls, site: SandboxSite) -> Company:
        told = site.manage("sandbox_client", "--new", "SVCE", "--redirect-uri", CALLBACK, "--json")
        return cls(site, json.loads(told))

    def meets(self, *faults: str) -> None:
        chosen = ["--fault", *faults] if faults else ["--no-faults"]
        self.site.manage("sandbox_client", self.told["client_id"], *chosen)

    @property
    def door(self) -> GreenButtonClient:
        """The portal's own client, as it would be after loading the registration."""
        utility = Utility(
            slug="svce",
            utility_id="SVCE",
            name="Silicon Valley Clean Energy",
            authorize_url=self.told["authorize_url"],
            token_url=self.told["token_url"],
            resource_url=self.told["resource_url"],
            origins=[self.told["origin"]],
        )
        secret = self.told["client_secret"]
        return GreenButtonClient(
            Client(utility=utility, client_id=self.told["client_id"], client_secret=secret)
        )

    def consented(self) -> Token:
        """The tokens after a customer's walk through the pages."""
        query = {
            "response_type": "code",
            "client_id": self.told["client_id"],
            "redirect_uri": CALLBACK,
            "scope": "FB=4_16;AdditionalScope=auth-phone-1111111111",
        }
        with httpx.Client(timeout=60, trust_env=False) as browser:
            page = follow(browser, browser.get(f"{self.told['authorize_url']}?{urlencode(query)}"))
            passcode = seen(page).texts["test-passcode"]
            page = submit(browser, page, "passcode", passcode=passcode)
            page = submit(browser, page, "consent", decision="allow")
        code = re.search(r"[?&]code=([^&]+)", page.headers["Location"])
        assert code
        return self.door.exchange_code(code[1], CALLBACK)


@pytest.fixture(scope="module")
def company(sandbox_site: SandboxSite) -> Company:
    return Company.registered(sandbox_site)


@pytest.fixture(scope="module")
def token(company: Company) -> Token:
    return company.consented()


def fetch(company: Company, token: Token, seconds: float = 60) -> int:
    """Download everything; the size."""
    return company.door.fetch_feed(
        token.resource_uri,
        token.access_token,
        into=io.BytesIO(),
        max_bytes=MOST,
        deadline_seconds=seconds,
    )


def refused(company: Company, token: Token, seconds: float = 60) -> UtilityError:
    with pytest.raises(UtilityError) as raised:
        fetch(company, token, seconds)
    assert not raised.value.permanent
    return raised.value


def test_a_cut_download_ends_without_the_last_chunk_and_is_known_for_one(
    company: Company, token: Token
) -> None:
    company.meets()
    whole = ask(token)
    company.meets("cut_half_way")
    half = ask(token)
    # RFC 9112 §7.1: a body in chunks ends with an empty one.
    assert whole.endswith(b"0\r\n\r\n")
    assert not half.endswith(b"0\r\n\r\n")
    assert b"</feed>" in whole
    assert b"</feed>" not in half
    assert 10_000 < len(half) < len(whole)
    assert refused(company, token).code == Problem.CUT_OFF


def ask(token: Token) -> bytes:
    """The body of the download, as it comes from the socket until it ends."""
    parts = urlsplit(token.resource_uri)
    assert parts.hostname
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=60) as connection:
        connection.sendall(
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Authorization: Bearer {token.access_token}\r\nConnection: close\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"transfer-encoding: chunked" in head.lower()
    return body


@pytest.mark.parametrize(
    ("fault", "code", "after"),
    [
        ("too_many_requests", Problem.COME_LATER, timedelta(seconds=60)),
        ("gateway_timeout", Problem.HTTP_504, None),
    ],
)
def test_a_refusal_says_when_to_come_again(
    company: Company, token: Token, fault: str, code: str, after: timedelta | None
) -> None:
    company.meets(fault)
    error = refused(company, token)
    assert (error.code, error.after) == (code, after)


def test_in_maintenance_nothing_is_had_and_no_refresh_token_is_lost(
    company: Company, token: Token
) -> None:
    company.meets("unavailable")
    error = refused(company, token)
    assert (error.code, error.after) == (Problem.HTTP_503, timedelta(seconds=120))
    with pytest.raises(UtilityError) as raised:
        company.door.refresh(token.refresh_token)
    assert (raised.value.code, raised.value.permanent) == (Problem.HTTP_503, False)


def test_a_download_that_is_accepted_first_is_ready_a_moment_later(
    company: Company, token: Token
) -> None:
    company.meets("accepted_first")
    error = refused(company, token)
    assert error.code == Problem.COME_LATER
    assert error.after is not None
    assert timedelta(seconds=1) <= error.after <= timedelta(seconds=5)

    def is_ready() -> bool:
        try:
            return fetch(company, token) > 0
        except UtilityError as e:
            assert e.code == Problem.COME_LATER  # noqa: PT017 (others must not be waited away)
            return False

    assert until(is_ready, 60, pause=1)


def test_the_second_download_within_a_minute_comes_too_soon(company: Company, token: Token) -> None:
    company.meets("pace_limits")
    fetch(company, token)
    error = refused(company, token)
    assert error.code == Problem.COME_LATER
    assert error.after is not None
    assert error.after <= timedelta(minutes=1)


def test_slow_drops_end_at_our_own_deadline(company: Company, token: Token) -> None:
    company.meets("slow_trickle")
    assert refused(company, token, seconds=2).code == Problem.TIMEOUT


@pytest.fixture
def consent(db: None, company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[Authorization]:
    """A customer of this company's, whose next pull meets whatever is chosen then."""
    yield consented(company, monkeypatch)
    company.meets()


def consented(company: Company, monkeypatch: pytest.MonkeyPatch) -> Authorization:
    conditions = {"profile", "faults", "notify_uri"}
    told = {name: value for name, value in company.told.items() if name not in conditions}
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"clients": [told]})))
    call_command("load_utilities", "--from-sandbox", "-", stdout=io.StringIO())
    company.meets()
    with httpx.Client(timeout=60, trust_env=False) as browser:
        return connect(browser, Utility.objects.get(utility_id="SVCE"), cast.ada())


def pulled(authorization: Authorization) -> Pull:
    """Pull, and the authorization as it is then."""
    done = pull(Authorization.objects.get(pk=authorization.pk))
    assert done is not None
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.ACTIVE
    return done


def due_in(authorization: Authorization) -> timedelta:
    assert authorization.next_pull_at is not None
    return authorization.next_pull_at - timezone.now()


@pytest.mark.parametrize("fault", ["accepted_first", "too_many_requests"])
def test_a_pull_waits_for_what_is_being_prepared_and_then_takes_it(
    company: Company, consent: Authorization, fault: str
) -> None:
    company.meets(fault)
    first = pulled(consent)
    assert (first.state, first.new) == (Pull.State.WAITING, 0)
    assert first.steps[-1]["result"] == "come_later"
    assert due_in(consent) < timedelta(minutes=2)
    assert consent.failures == 0
    company.meets()
    again = pulled(consent)
    assert (again.state, again.trigger) == (Pull.State.DONE, PullTrigger.RESUMED)
    assert again.new > 0


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        ("unavailable", "http_503"),
        ("gateway_timeout", "http_504"),
        ("cut_half_way", "cut_off"),
        ("slow_trickle", "timeout"),
    ],
)
def test_a_pull_that_meets_a_utility_in_trouble_comes_again_and_has_lost_nothing(
    company: Company, consent: Authorization, settings: Any, fault: str, result: str
) -> None:
    company.meets(fault)
    if fault == "slow_trickle":
        settings.FEED_DEADLINE_SECONDS = 2
    failed = pulled(consent)
    assert (failed.state, failed.new) == (Pull.State.FAILED, 0)
    assert [step["result"] for step in failed.steps] == [result]
    assert (consent.failures, consent.pulled_to) == (1, None)
    assert timedelta(seconds=40) < due_in(consent) < timedelta(minutes=10)
    assert failed.next_at == consent.next_pull_at
    # Of a first history the customer still waits.
    assert consent.somebody_waits
    company.meets()
    settings.FEED_DEADLINE_SECONDS = 300
    again = pulled(consent)
    assert (again.state, again.trigger) == (Pull.State.DONE, PullTrigger.RESUMED)
    assert again.new > 0
    assert (consent.failures, consent.somebody_waits) == (0, False)


@pytest.mark.django_db
def test_at_a_utility_with_a_pace_a_first_history_goes_on_window_by_window(
    sandbox_site: SandboxSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The pace is its own, too, and other tests have used up theirs.
    company = Company.registered(sandbox_site)
    consent = consented(company, monkeypatch)
    company.meets("pace_limits")
    first = pulled(consent)
    assert (first.state, first.windows_done) == (Pull.State.WAITING, 1)
    assert first.new > 0
    # One download a minute, of which the first one has used up a part.
    assert timedelta(0) < due_in(consent) < timedelta(seconds=70)
    assert consent.delays == 0
    company.meets()
    again = pulled(consent)
    assert (again.state, again.windows_done) == (Pull.State.DONE, 3)
    assert len([step for step in again.steps if step["what"] == "usage"]) == 2


def test_a_one_time_refresh_token_is_rotated_and_kept(
    company: Company, consent: Authorization
) -> None:
    company.meets("one_time_refresh")
    for _ in range(3):
        before = consent.refresh_token
        Authorization.objects.update(access_expires_at=timezone.now())
        assert pulled(consent).state == Pull.State.DONE
        assert consent.refresh_token != before


def test_a_one_time_refresh_token_whose_answer_was_lost_ends_in_words(
    company: Company, consent: Authorization
) -> None:
    """As after a kill between the answer and the save: the utility has rotated, and we have not."""
    company.meets("one_time_refresh")
    assert consent.client is not None
    began = timezone.now() - timedelta(minutes=2)
    GreenButtonClient(consent.client).refresh(consent.refresh_token)
    Authorization.objects.update(
        refreshing_since=began, refreshing_until=timezone.now(), access_expires_at=timezone.now()
    )
    failed = pull(Authorization.objects.get())
    assert failed is not None
    assert "interrupted before its answer was saved" in failed.error
    consent.refresh_from_db()
    assert consent.status == Authorization.Status.NEEDS_CONSENT
    [event] = consent.events.filter(type="authorization_update_finished_errored")
    assert event.detail["refresh_interrupted"] == began.isoformat()
