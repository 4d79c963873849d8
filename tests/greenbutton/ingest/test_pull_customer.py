"""Whose account it is comes with each pull; what goes wrong with it stops no usage."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from authorizations.models import Authorization
from greenbutton.espi.customer.customer import Customer as EspiCustomer
from greenbutton.ingest.pull import pull
from greenbutton.models import Customer, Pull, RawFeed, ReadingDay
from tests import cast
from tests.greenbutton.ingest.documents import block, document, entry, hours, meter
from tests.greenbutton.ingest.test_pull import elsewhere
from tests.lying_utility import LyingUtility

pytestmark = pytest.mark.django_db

USAGE = "/resource/Batch/Subscription/1"
CUSTOMER = "/resource/Batch/RetailCustomer/1"
TOKEN = "/token"
numbers = itertools.count(1)


@pytest.fixture
def authorization(lying: LyingUtility) -> Authorization:
    utility = cast.make_utility(lying.url, slug=f"customer{next(numbers)}")
    made = cast.authorize(cast.ada(), utility)
    made.customer_uri = f"{lying.url}{CUSTOMER}"
    made.save()
    lying.answer(USAGE, body=document(meter(), block(*hours([1]))).getvalue())
    return made


def named(name: str) -> bytes:
    return document(entry(EspiCustomer(customer_name=name), "Customer/1")).getvalue()


def pulled(authorization: Authorization) -> Pull:
    done = pull(Authorization.objects.get(pk=authorization.pk))
    assert done is not None
    return done


def codes(done: Pull) -> list[str]:
    """What was odd about the customer's side; the tests' own feeds are odd in other ways."""
    found = [finding["code"] for finding in done.findings]
    return [code for code in found if code.startswith("customer.")]


def test_whose_account_it_is_comes_after_the_usage_and_without_a_window(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(CUSTOMER, body=named("Ada Lovelace"))
    done = pulled(authorization)
    assert (done.state, codes(done)) == (Pull.State.DONE, [])
    assert done.windows_done == done.windows_planned == 3
    assert Customer.objects.get().name == "Ada Lovelace"
    assert [request.path for request in lying.requests] == [USAGE] * 3 + [CUSTOMER]
    [asked] = lying.asked(CUSTOMER)
    assert asked.query == {}
    assert asked.headers["authorization"] == "Bearer the-access-token"
    assert RawFeed.objects.filter(pull=done, window_start=None).count() == 1


def test_the_next_pull_tells_of_a_change(lying: LyingUtility, authorization: Authorization) -> None:
    lying.answer(CUSTOMER, body=named("Ada Byron"))
    lying.answer(CUSTOMER, body=named("Ada Lovelace"))
    pulled(authorization)
    pulled(authorization)
    assert Customer.objects.get().name == "Ada Lovelace"


@pytest.mark.parametrize("missing", ["address", "grant"])
def test_it_is_not_asked_for_where_it_is_not_shared(
    lying: LyingUtility, authorization: Authorization, missing: str
) -> None:
    if missing == "address":
        authorization.customer_uri = ""
    else:
        authorization.scope = "FB=4_16"
    authorization.save()
    assert pulled(authorization).state == Pull.State.DONE
    assert lying.asked(CUSTOMER) == []


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_refusal_is_a_finding_and_the_usage_goes_on(
    lying: LyingUtility, authorization: Authorization, status: int
) -> None:
    lying.answer(CUSTOMER, status=status)
    done = pulled(authorization)
    assert (done.state, done.error, codes(done)) == (Pull.State.DONE, "", ["customer.refused"])
    assert f"answered {status}" in done.findings[-1]["detail"]
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.ACTIVE
    assert (authorization.failures, authorization.pulled_to is None) == (0, False)
    assert ReadingDay.objects.exists()


def test_a_refused_token_is_renewed_once_and_then_it_is_a_finding(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(CUSTOMER, status=401)
    new = {"token_type": "Bearer", "access_token": "second", "refresh_token": "next"}
    lying.answer(TOKEN, json={**new, "expires_in": 3600})
    done = pulled(authorization)
    assert (done.state, codes(done)) == (Pull.State.DONE, ["customer.refused"])
    assert len(lying.asked(CUSTOMER)) == 2


def test_a_document_that_cannot_be_read_is_kept_and_is_a_finding(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(CUSTOMER, body=named("Ada Lovelace")[:-30])
    done = pulled(authorization)
    assert (done.state, codes(done)) == (Pull.State.DONE, ["customer.unreadable"])
    assert not Customer.objects.exists()
    assert RawFeed.objects.exclude(error="").filter(pull=done).count() == 1


def test_a_moments_patience_is_granted_once(
    lying: LyingUtility, authorization: Authorization
) -> None:
    """The platform's general pace is one request a second."""
    lying.answer(CUSTOMER, status=429, headers={"Retry-After": "1"})
    lying.answer(CUSTOMER, body=named("Ada Lovelace"))
    assert codes(pulled(authorization)) == []
    assert Customer.objects.get().name == "Ada Lovelace"


def test_who_asks_for_more_patience_than_that_is_asked_with_the_next_pull(
    lying: LyingUtility, authorization: Authorization
) -> None:
    lying.answer(CUSTOMER, status=202, headers={"Retry-After": "3600"})
    done = pulled(authorization)
    assert (done.state, codes(done)) == (Pull.State.DONE, ["customer.refused"])
    assert len(lying.asked(CUSTOMER)) == 1
    authorization.refresh_from_db()
    assert authorization.next_pull_at is not None
    assert authorization.next_pull_at - done.started > timedelta(hours=20)


def test_an_address_that_is_not_the_utilitys_is_never_asked(
    lying: LyingUtility, authorization: Authorization
) -> None:
    with LyingUtility() as other:
        authorization.customer_uri = f"{other.url}{CUSTOMER}"
        authorization.save()
        done = pulled(authorization)
        assert (done.state, codes(done)) == (Pull.State.DONE, ["customer.refused"])
        assert other.requests == []


@pytest.mark.django_db(transaction=True)
def test_sharing_that_is_stopped_meanwhile_stores_nothing_of_it(
    lying: LyingUtility, authorization: Authorization
) -> None:
    def stop() -> None:
        Authorization.objects.get(pk=authorization.pk).mark_revoked(by="customer")

    lying.answer(CUSTOMER, body=named("Ada Lovelace"), before=elsewhere(stop))
    assert pulled(authorization).state == Pull.State.ABANDONED
    assert not Customer.objects.exists()
