"""The whole way of a test customer, at a sandbox that is another process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton import client_check
from greenbutton.client_check import running
from greenbutton.client_check.steps import STEPS, Walk
from greenbutton.ingest import lease
from greenbutton.models import ClientCheck, Customer, Pull, RawFeed, ReadingDay, UsagePoint
from tests.conftest import SandboxSite
from utilities.models import Client

# A refresh is a transaction of its own, which no test may be around.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(registered: None) -> Client:
    return Client.objects.get(utility__utility_id="SVCE")


def told(check: ClientCheck) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in check.steps}


def states(check: ClientCheck) -> dict[str, str]:
    return {name: one["state"] for name, one in told(check).items()}


@pytest.mark.parametrize("utility_id", ["SSMPUC", "SVCE", "DEMO"])
def test_a_test_customer_goes_the_whole_way(registered: None, boss: User, utility_id: str) -> None:
    client = Client.objects.get(utility__utility_id=utility_id)
    check = client_check.run(client_check.ask(client, boss))
    assert check.state == ClientCheck.State.PASSED, check.steps
    assert [one["name"] for one in check.steps] == [step.name for step in STEPS]
    assert set(states(check).values()) == {"ok"}
    assert "Readings stored: 34,992, of 2 meters." in told(check)["usage"]["words"]
    assert check.finished is not None
    assert check.due_at is None


def test_nothing_is_left_of_the_test_customer(client: Client, boss: User) -> None:
    check = client_check.run(client_check.ask(client, boss))
    made = Authorization.objects.get()
    assert check.authorization == made
    assert (made.status, made.is_test) == (Authorization.Status.REVOKED, True)
    assert made.archived_at is not None
    assert (made.access_token, made.refresh_token, made.feed_key) == ("", "", "")
    for table in (ReadingDay, UsagePoint, Customer, RawFeed):
        assert not table.objects.exists(), table
    assert Authorization.objects.for_figures().count() == 0


@pytest.fixture
def fault(client: Client, sandbox_site: SandboxSite) -> Iterator[Callable[[str], None]]:
    """Have the sandbox go wrong in this way for this client, until the test is over."""

    def go_wrong(name: str) -> None:
        sandbox_site.manage("sandbox_client", client.client_id, "--fault", name)

    yield go_wrong
    sandbox_site.manage("sandbox_client", client.client_id, "--no-faults")


@pytest.mark.parametrize("name", ["gateway_timeout", "cut_half_way"])
def test_a_fault_is_told_by_its_step_and_the_consent_is_ended_all_the_same(
    client: Client, boss: User, fault: Callable[[str], None], name: str
) -> None:
    fault(name)
    check = client_check.run(client_check.ask(client, boss))
    assert check.state == ClientCheck.State.FAILED
    assert states(check)["usage"] == "failed", check.steps
    assert states(check)["bills"] == "skipped"
    assert states(check)["refresh"] == states(check)["end"] == states(check)["purge"] == "ok"
    assert not Authorization.objects.filter(status=Authorization.Status.ACTIVE).exists()


def test_what_is_down_fails_at_once(
    client: Client, boss: User, fault: Callable[[str], None]
) -> None:
    fault("unavailable")
    check = client_check.run(client_check.ask(client, boss))
    assert check.state == ClientCheck.State.FAILED
    assert "503" in told(check)["registration"]["words"]


def test_a_download_that_is_prepared_is_waited_for(
    client: Client, boss: User, fault: Callable[[str], None]
) -> None:
    fault("accepted_first")
    check = client_check.run(client_check.ask(client, boss))
    assert check.state == ClientCheck.State.RUNNING
    assert states(check)["scope"] == "ok"
    assert "usage" not in states(check)
    assert check.due_at is not None
    assert check.due_at > timezone.now()


def test_a_narrower_grant_is_told_and_passes(
    client: Client, boss: User, fault: Callable[[str], None]
) -> None:
    fault("narrower_scope")
    check = client_check.run(client_check.ask(client, boss))
    assert check.state == ClientCheck.State.PASSED, check.steps
    assert told(check)["scope"]["words"] != "Everything that was asked for was granted."


def test_too_many_requests_are_no_failure(
    client: Client, boss: User, fault: Callable[[str], None]
) -> None:
    fault("too_many_requests")
    check = client_check.run(client_check.ask(client, boss))
    assert check.state == ClientCheck.State.RUNNING
    assert check.steps == []
    assert check.due_at is not None
    assert check.due_at > timezone.now()


def test_a_wrong_secret_says_what_to_do_and_makes_no_consent(client: Client, boss: User) -> None:
    client.client_secret = "wrong"
    client.save()
    check = client_check.run(client_check.ask(client, boss))
    assert states(check)["registration"] == "ok"
    assert "takes another secret" in told(check)["client_token"]["words"]
    assert states(check)["consent"] == states(check)["purge"] == "skipped"
    assert "Needs what did not happen" in told(check)["consent"]["words"]
    assert not Authorization.objects.exists()


def test_bills_and_account_details_that_are_not_asked_for_are_skipped(
    client: Client, boss: User
) -> None:
    client.default_scope = "FB=4"
    client.save()
    check = client_check.run(client_check.ask(client, boss))
    assert check.state == ClientCheck.State.PASSED, check.steps
    assert states(check)["bills"] == states(check)["account"] == "skipped"


def test_a_worker_that_collects_already_is_waited_for(client: Client, boss: User) -> None:
    check = client_check.ask(client, boss)
    consented = [step for step in STEPS if step.name in {"consent", "code"}]
    walk = Walk(check)
    for step in consented:
        step.act(walk)
    made = Authorization.objects.get()
    other = lease.take(made)
    assert other is not None
    check.steps = [
        {"name": name, "state": "ok", "words": "", "seconds": 0}
        for name in ("registration", "client_token", "consent", "code", "scope")
    ]
    check.save()
    check = client_check.run(check)
    assert check.state == ClientCheck.State.RUNNING
    assert check.due_at is not None
    assert check.due_at > timezone.now()
    assert check.taken_until is None
    lease.give_back(made, other)
    check = client_check.run(check)
    assert check.state == ClientCheck.State.PASSED, check.steps
    assert Pull.objects.count() == 1


def test_what_is_never_ready_fails_and_is_cleared_away(client: Client, boss: User) -> None:
    check = client_check.ask(client, boss)
    walk = Walk(check)
    for step in STEPS:
        if step.name in {"consent", "code"}:
            step.act(walk)
    made = Authorization.objects.get()
    other = lease.take(made)
    check.started = timezone.now() - running.LONGEST - timedelta(minutes=1)
    check.steps = [
        {"name": name, "state": "ok", "words": "", "seconds": 0}
        for name in ("registration", "client_token", "consent", "code", "scope")
    ]
    check.save()
    check = client_check.run(check)
    assert check.state == ClientCheck.State.FAILED
    assert "not ready after 30 minutes" in told(check)["usage"]["words"]
    assert other is not None
    made.refresh_from_db()
    assert made.status == Authorization.Status.REVOKED
    assert made.purge_at is not None


def test_a_worker_that_ended_before_the_trade_costs_another_consent(
    client: Client, boss: User
) -> None:
    check = client_check.ask(client, boss)
    check.steps = [
        {"name": name, "state": "ok", "words": "", "seconds": 0}
        for name in ("registration", "client_token", "consent")
    ]
    check.save()
    check = client_check.run(check)
    assert check.state == ClientCheck.State.PASSED, check.steps
    assert Authorization.objects.count() == 1
