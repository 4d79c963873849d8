"""What a company is told of, and when: rows with a due time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.lying_utility import LyingUtility
from tests.sandbox.receiver import DAILY, Receiver
from tests.sandbox.walk import Feed, delete, get, path_of
from utilities.sandbox.models import Clock, Grant, Notice
from utilities.sandbox.models.notices import LEASE
from utilities.sandbox.push import clerk, notices

MINUTE = timedelta(minutes=1)
DATA, AUTHORIZATION = Notice.Kind.DATA, Notice.Kind.AUTHORIZATION


@pytest.fixture
def ada(lying: LyingUtility) -> Receiver:
    """Ada's Audits, which listens."""
    return Receiver.at(lying)


def kinds(receiver: Receiver) -> list[str]:
    return [notice.kind for notice in receiver.notices]


def test_a_consent_is_told_at_once_and_its_data_a_moment_later(ada: Receiver) -> None:
    grant = ada.authorized()
    began, data = ada.notices
    assert (began.kind, began.address) == (AUTHORIZATION, grant.authorization_uri)
    assert (data.kind, data.address) == (DATA, grant.resource_uri)
    assert began.due_at == began.made_at
    assert data.due_at == data.made_at + notices.FIRST_DATA_AFTER


def test_a_company_without_a_notify_address_is_told_nothing(ada: Receiver) -> None:
    ada.company.registration.notify_uri = ""
    ada.company.registration.save()
    grant = ada.authorized()
    grant.revoke()
    assert notices.registration_changed(ada.company.registration) is None
    assert ada.notices == []


def test_without_function_block_39_nothing_is_told_of_data(ada: Receiver) -> None:
    grant = ada.authorized("FB=4_16;SubscriptionFrequency=daily")
    Clock.advance(timedelta(days=3))
    assert clerk.make_notices() == []
    assert notices.new_data(grant) is None
    assert kinds(ada) == [AUTHORIZATION]


def test_an_ended_grant_has_no_news(ada: Receiver) -> None:
    grant = ada.authorized()
    grant.revoke()
    assert notices.new_data(grant) is None


def test_revoking_is_told_once(ada: Receiver) -> None:
    grant = ada.authorized()
    grant.revoke()
    grant.revoke()
    assert kinds(ada) == [AUTHORIZATION, DATA, AUTHORIZATION]
    assert ada.notices[-1].address == grant.authorization_uri


def test_ending_it_by_the_authorization_is_told_too(ada: Receiver) -> None:
    grant = ada.authorized()
    delete(path_of(grant.authorization_uri), ada.company.client_token())
    assert kinds(ada)[2:] == [AUTHORIZATION]


def test_a_registration_that_changed_is_told_by_its_information(ada: Receiver) -> None:
    notice = notices.registration_changed(ada.company.registration)
    assert notice is not None
    assert notice.kind == Notice.Kind.REGISTRATION
    assert notice.address == ada.company.registration.application_url


@pytest.mark.parametrize(
    ("frequency", "told"),
    [
        ("daily", "2026-03-04T05:00"),
        ("DAILY", "2026-03-04T05:00"),
        ("1", "2026-03-04T05:00"),
        ("0", "2026-03-04T05:00"),
        # The clocks change on March 8th: a local midnight is a midnight before and after.
        ("7", "2026-03-10T04:00"),
        ("weekly", "2026-03-10T04:00"),
        ("monthly", "2026-04-01T04:00"),
        ("999999999999999", "2036-02-29T05:00"),
    ],
)
def test_the_frequency_says_when_the_next_notice_comes(
    ada: Receiver, frequency: str, told: str
) -> None:
    grant = Grant(
        registration=ada.company.registration, scope=f"FB=4_39;SubscriptionFrequency={frequency}"
    )
    told_at = datetime(2026, 3, 3, 15, tzinfo=UTC)
    assert clerk.next_notice(grant, told_at) == datetime.fromisoformat(f"{told}+00:00")


@pytest.mark.parametrize("frequency", ["billingPeriod", "BILLINGPERIOD", "whenever"])
def test_by_billing_period_a_notice_comes_with_the_next_bill(ada: Receiver, frequency: str) -> None:
    grant = ada.authorized(f"FB=4_16_39;SubscriptionFrequency={frequency}")
    due = clerk.next_notice(grant, grant.created_at)
    assert due is not None
    assert grant.created_at < due <= grant.created_at + timedelta(days=32)
    Clock.advance(due - Clock.now() - MINUTE)
    assert clerk.make_notices() == []
    Clock.advance(2 * MINUTE)
    (notice,) = clerk.make_notices()
    assert notice.address.startswith(f"{grant.resource_uri}?published-min=")
    assert clerk.make_notices() == []
    # What it names holds the bill that it is about.
    token = ada.company.authorized(DAILY)["access_token"]
    query = urlsplit(notice.address).query
    newest = Grant.objects.latest("id")
    feed = get(f"{path_of(newest.resource_uri)}?{query}", token)
    assert due in {
        datetime.fromtimestamp(bill.status_time_stamp or 0, UTC) for bill in Feed.of(feed).bills()
    }


def test_each_notice_names_what_came_since_the_last(ada: Receiver) -> None:
    grant = ada.authorized()
    Clock.advance(timedelta(days=1))
    (first,) = clerk.make_notices()
    Clock.advance(timedelta(days=1))
    (second,) = clerk.make_notices()
    windows = [parse_qs(urlsplit(notice.address).query) for notice in (first, second)]
    zone = grant.registration.programme.zone
    for notice, window in zip((first, second), windows, strict=True):
        since = datetime.fromisoformat(window["published-min"][0]).astimezone(zone)
        until = datetime.fromisoformat(window["published-max"][0])
        # From a local midnight, so that no block of a day begins before the window.
        assert (since.hour, since.minute, since.second) == (0, 0, 0)
        assert until <= notice.made_at < until + timedelta(seconds=1)
        assert timedelta(days=1) <= until - since < timedelta(days=2, hours=2)


def test_what_was_missed_while_no_clerk_ran_comes_as_one_notice(ada: Receiver) -> None:
    ada.authorized()
    Clock.advance(timedelta(days=5))
    assert len(clerk.make_notices()) == 1


def test_a_company_that_listens_late_is_told_of_everything(ada: Receiver) -> None:
    registration = ada.company.registration
    uri, registration.notify_uri = registration.notify_uri, ""
    registration.save()
    grant = ada.authorized()
    Clock.advance(timedelta(days=1))
    assert clerk.make_notices() == []
    registration.notify_uri = uri
    registration.save()
    (notice,) = clerk.make_notices()
    assert notice.address == grant.resource_uri


def test_a_grant_that_ends_by_itself_is_told_once(ada: Receiver) -> None:
    grant = ada.authorized("FB=4_16")
    grant.until = Clock.now() + timedelta(hours=1)
    grant.save()
    assert clerk.make_notices() == []
    Clock.advance(timedelta(hours=2))
    (notice,) = clerk.make_notices()
    assert (notice.kind, notice.address) == (AUTHORIZATION, grant.authorization_uri)
    assert clerk.make_notices() == []


def test_a_notice_that_is_taken_is_not_taken_again_until_its_lease_is_over(ada: Receiver) -> None:
    ada.authorized("FB=4_16")
    (delivery,) = Notice.claim(10)
    assert Notice.claim(10) == []
    Clock.advance(LEASE)
    assert [again.notice for again in Notice.claim(10)] == [delivery.notice]


def test_sending_again_is_a_notice_of_its_own_and_moves_no_window(ada: Receiver) -> None:
    grant = ada.authorized()
    _, data = ada.notices
    again = data.again()
    assert (again.address, again.told_until, again.uid != data.uid) == (data.address, None, True)
    assert notices.told_until(grant) == data.told_until
