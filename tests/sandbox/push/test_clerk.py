"""From something new to the company that hears of it, over real HTTP."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from greenbutton.espi.authorization import Authorization
from greenbutton.espi.enums import AuthorizationStatus
from tests.lying_utility import LyingUtility
from tests.sandbox.receiver import PATH, Receiver
from tests.sandbox.walk import Feed, get, path_of
from utilities.sandbox.models import Clock, Delivery, Grant, Notice

HOUR = timedelta(hours=1)


@pytest.fixture
def ada(lying: LyingUtility) -> Receiver:
    receiver = Receiver.at(lying)
    receiver.answers(204)
    return receiver


def run(command: str, *arguments: str) -> str:
    printed = io.StringIO()
    call_command(command, *arguments, stdout=printed)
    return printed.getvalue()


def clerk() -> str:
    return run("sandbox_clerk", "--once")


def status_of(ada: Receiver, grant: Grant) -> int | None:
    """What the consent's own entry says, to the company."""
    answer = get(path_of(grant.authorization_uri), ada.company.client_token())
    (entry,) = Feed.of(answer).entries
    assert isinstance(entry.resource, Authorization)
    return entry.resource.status


@pytest.mark.spec("espi.xsd", "BatchList")
def test_a_notice_is_a_bare_batch_list_posted_to_the_registered_address(ada: Receiver) -> None:
    grant = ada.authorized("FB=4_16")
    assert clerk() == "1 posted.\n"
    (post,) = ada.posts
    assert post.method == "POST"
    assert post.headers["content-type"] == "application/xml; charset=utf-8"
    assert post.headers["user-agent"].startswith("green-button-sandbox/")
    assert "authorization" not in post.headers
    assert ada.told == [grant.authorization_uri]
    (notice,) = ada.notices
    assert (notice.delivered_at is not None, notice.due_at) == (True, None)
    (delivery,) = notice.deliveries.all()
    assert (delivery.status, delivery.trouble) == (204, "")
    assert delivery.seconds is not None
    assert clerk() == "0 posted.\n"


def test_three_days_bring_three_days_of_data_and_a_notice_of_each(ada: Receiver) -> None:
    answer = ada.company.authorized("FB=4_16_39;SubscriptionFrequency=daily")
    path = path_of(answer["resourceURI"])
    before = len(Feed.of(get(path, answer["access_token"])).blocks())
    said = run("sandbox_advance", "--days", "3")
    assert "3 to tell: new data." in said
    after = Feed.of(get(path, answer["access_token"])).blocks()
    services = Grant.objects.latest("id").services.count()
    assert len(after) == before + 3 * services
    clerk()
    began, first, *days = (notice.address for notice in ada.notices)
    # What is due at the same time goes out at once, and arrives in any order.
    assert sorted(ada.told) == sorted([began, first, *days])
    assert (began, first) == (answer["authorizationURI"], answer["resourceURI"])
    assert len(days) == 3
    # Each day once, and each in the document that its notice names.
    seen = {
        block.start
        for address in days
        for block in Feed.of(
            get(f"{path}?{address.partition('?')[2]}", answer["access_token"])
        ).blocks()
    }
    assert {block.start for block in after[-3:]} <= seen


def test_an_end_that_passes_is_told_and_closes_the_data(ada: Receiver) -> None:
    answer = ada.company.authorized("FB=4_16")
    grant = Grant.objects.latest("id")
    grant.until = Clock.now() + timedelta(days=2)
    grant.save()
    assert "1 to tell: an authorization began, changed or ended." in run(
        "sandbox_advance", "--days", "2", "--hours", "1"
    )
    clerk()
    assert ada.told == [grant.authorization_uri] * 2
    assert get(path_of(answer["resourceURI"]), answer["access_token"]).status_code == 401
    assert status_of(ada, grant) == AuthorizationStatus.REVOKED


def test_a_revocation_shows_as_status_0_as_401_and_as_a_push(ada: Receiver) -> None:
    answer = ada.company.authorized("FB=4_16")
    grant = Grant.objects.latest("id")
    clerk()
    assert status_of(ada, grant) == AuthorizationStatus.ACTIVE
    grant.revoke()
    clerk()
    assert ada.told == [grant.authorization_uri] * 2
    assert status_of(ada, grant) == 0
    assert get(path_of(answer["resourceURI"]), answer["access_token"]).status_code == 401
    refused = ada.company.ask_token(
        grant_type="refresh_token", refresh_token=answer["refresh_token"]
    )
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


def test_a_failed_notice_is_tried_every_hour_for_72_hours_and_then_given_up(
    ada: Receiver,
) -> None:
    ada.answers(503)
    ada.authorized("FB=4_16")
    for _ in range(80):
        clerk()
        clerk()  # not again within the hour
        Clock.advance(HOUR)
    assert len(ada.posts) == 73
    (notice,) = ada.notices
    assert notice.is_given_up
    tries = list(notice.deliveries.order_by("id"))
    assert {(each.status, each.trouble != "") for each in tries} == {(503, True)}
    assert timedelta(hours=72) <= tries[-1].at - tries[0].at < timedelta(hours=73)


def test_a_company_that_comes_back_hears_what_it_missed(ada: Receiver) -> None:
    ada.answers(500)
    grant = ada.authorized("FB=4_16")
    clerk()
    ada.answers(200)
    clerk()
    assert len(ada.posts) == 1
    Clock.advance(HOUR)
    clerk()
    assert ada.told == [grant.authorization_uri] * 2
    assert [d.status for d in Delivery.objects.order_by("id")] == [500, 200]
    assert ada.notices[0].delivered_at is not None


@pytest.mark.parametrize("status", [300, 302, 307, 400, 404, 410, 429, 500])
def test_anything_but_2xx_is_a_no(ada: Receiver, lying: LyingUtility, status: int) -> None:
    lying.forget(PATH)
    lying.answer(PATH, status, headers={"Location": f"{lying.url}/elsewhere"})
    ada.authorized("FB=4_16")
    clerk()
    (delivery,) = Delivery.objects.all()
    assert (delivery.status, delivery.trouble[-1]) == (status, ".")
    assert delivery.notice.due_at is not None
    assert lying.asked("/elsewhere") == []


def test_one_company_that_is_gone_keeps_no_other_from_hearing(
    ada: Receiver, lying: LyingUtility
) -> None:
    grant = ada.authorized("FB=4_16")
    with LyingUtility() as gone:
        ben = Receiver.at(gone, "svce")
    ben.authorized("FB=4_16")
    assert clerk() == "2 posted.\n"
    assert ada.told == [grant.authorization_uri]
    (notice,) = ben.notices
    assert "could not be reached" in notice.deliveries.get().trouble


def test_many_notices_arrive_each_once(ada: Receiver) -> None:
    grant = ada.authorized("FB=4_16")
    now = Clock.now()
    Notice.objects.bulk_create(
        Notice(
            registration=grant.registration,
            kind=Notice.Kind.DATA,
            address=f"https://sandbox.example/{n}",
            made_at=now,
            due_at=now,
        )
        for n in range(50)
    )
    assert clerk() == "51 posted.\n"
    assert sorted(set(ada.told)) == sorted(ada.told)


def test_a_check_fails_where_nobody_posts_what_is_due(ada: Receiver) -> None:
    ada.authorized("FB=4_16")
    run("sandbox_clerk", "--check")
    Clock.advance(timedelta(minutes=11))
    with pytest.raises(CommandError, match="is the clerk running"):
        run("sandbox_clerk", "--check")
    clerk()
    run("sandbox_clerk", "--check")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--days", "0"],
        ["--days", "-1"],
        ["--days", "2", "--hours", "-1"],
        ["--days", "3661"],
        ["--days", "9" * 30],
        ["--hours", "9" * 30],
    ],
)
def test_the_clock_moves_forward_and_not_for_ever(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="never goes back"):
        run("sandbox_advance", *arguments)
    assert not Clock.objects.exists()


@pytest.mark.parametrize("arguments", [["--days", "x"], ["--days", "1.5"]])
def test_only_whole_days_are_understood(arguments: list[Any]) -> None:
    with pytest.raises(CommandError):
        run("sandbox_advance", *arguments)
