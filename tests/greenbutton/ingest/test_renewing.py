"""A new consent at a utility that is another process; an earlier authorization goes on with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.db.models import Sum
from django.utils import timezone

from authorizations.links.renewal import renewal_link
from authorizations.models import Authorization, ConsentRecord, EventType, ShareLink
from authorizations.tasks import tell_utilities
from greenbutton.flows import stop_sharing
from greenbutton.ingest.pull import pull
from greenbutton.models import (
    Customer,
    CustomerAccount,
    MeterReading,
    Pull,
    RawFeed,
    ReadingDay,
    UsagePoint,
    UsageSummary,
)
from tests import cast
from tests.at_the_sandbox import follow, seen, submit
from tests.cast import Person
from tests.conftest import SandboxSite
from utilities.client import GreenButtonClient, UtilityError
from utilities.models import Utility

Status = Authorization.Status
Renewal = Authorization.Renewal


@pytest.fixture
def ada() -> Person:
    return cast.ada()


@pytest.fixture
def ben() -> Person:
    return cast.ben()


def comes(
    browser: httpx.Client,
    utility: Utility,
    person: Person,
    page: str,
    scenario: str = "residential",
    *,
    only_first_service: bool = False,
    **choices: str,
) -> Authorization:
    """From one of our pages through the utility's, and back; what came of it."""
    name = f"UAPI_TEST_{scenario}"
    # The sandbox has its own cookies: another customer is another browser there, too.
    browser.cookies.clear()
    if page.startswith("/share/"):
        link = ShareLink.objects.get(code=page.split("/")[2])
        link.authentication_type, link.authentication_value = "username", name
        link.save()
        sent = person.sets_out(page)
    else:
        sent = person.sets_out(page, type="username", value=name)
    at = follow(browser, browser.get(sent.headers["Location"]))
    at = submit(browser, at, "authenticate", type="username", value=name, password="x")
    if only_first_service:
        fields = seen(at).form("consent").fields
        choices["service"] = next(value for name, value in fields if name == "service")
    at = submit(browser, at, "consent", decision="allow", **choices)
    target = urlsplit(at.headers["Location"])
    assert target.geturl().startswith(utility.callback_url)
    person.comes_back(utility, **parse_qs(target.query))
    return Authorization.objects.latest("id")


def first(
    browser: httpx.Client, utility: Utility, person: Person, scenario: str = "residential"
) -> Authorization:
    made = comes(browser, utility, person, f"/connect/{utility.slug}/", scenario)
    collected(made)
    return made


def collected(authorization: Authorization) -> Pull:
    done = pull(authorization)
    assert done is not None
    assert (done.state, done.error) == (Pull.State.DONE, "")
    authorization.refresh_from_db()
    return done


def link_page(authorization: Authorization) -> str:
    return f"/share/{renewal_link(authorization).code}/"


def counts(authorization: Authorization) -> dict[str, Any]:
    """How many there are of all that must not double."""
    of = {"usage_point__authorization": authorization}
    days = ReadingDay.objects.filter(authorization=authorization)
    return {
        "meters": authorization.usage_points.count(),
        "series": MeterReading.objects.filter(**of).count(),
        "bills": UsageSummary.objects.filter(**of).count(),
        "periods": UsageSummary.objects.filter(**of)
        .values("usage_point", "start", "seconds")
        .distinct()
        .count(),
        "readings": days.aggregate(sum=Sum("count"))["sum"],
        "accounts": CustomerAccount.objects.filter(authorization=authorization).count(),
        "customers": Customer.objects.filter(authorization=authorization).count(),
    }


def events(authorization: Authorization, type_: str) -> list[dict[str, Any]]:
    return list(authorization.events.filter(type=type_).values_list("detail", flat=True))


@pytest.fixture(params=["certified", "export"])
def profile(
    request: pytest.FixtureRequest, sandbox_site: SandboxSite, demo_utility: Utility
) -> Any:
    client = demo_utility.client_for_customers()
    assert client is not None
    sandbox_site.manage("sandbox_client", client.client_id, "--profile", request.param)
    yield request.param
    sandbox_site.manage("sandbox_client", client.client_id, "--profile", "certified")


def test_an_expired_one_goes_on_and_nothing_doubles(
    demo_utility: Utility, at_utility: httpx.Client, ada: Person, profile: str
) -> None:
    hers = first(at_utility, demo_utility, ada)
    before, uids = counts(hers), set(hers.usage_points.values_list("uid", flat=True))
    missed = forget_latest(hers, days=5)
    hers.mark_expired()
    candidate = comes(at_utility, demo_utility, ada, link_page(hers))
    assert (candidate.renews, candidate.renewal) == (hers, Renewal.WAITING)
    collected(candidate)
    hers.refresh_from_db()
    assert candidate.renewal == Renewal.MERGED, candidate.renewal_said
    assert (hers.status, hers.renewed_at) == (Status.ACTIVE, candidate.created)
    again = collected(hers)
    assert (again.new, again.changed, again.bills) == (missed, 0, 0)
    assert counts(hers) == before
    # Each consent gives its meters other names, and they are the same meters.
    assert set(hers.usage_points.values_list("uid", flat=True)) == uids
    assert (collected(hers).new, counts(hers)) == (0, before)


def forget_latest(authorization: Authorization, days: int) -> int:
    """As if it had ended so many days ago: how many readings came since."""
    past = timezone.now() - timedelta(days=days)
    later = ReadingDay.objects.filter(authorization=authorization, day__gte=past.date())
    readings: int = later.aggregate(sum=Sum("count"))["sum"]
    later.delete()
    Authorization.objects.filter(pk=authorization.pk).update(pulled_to=past)
    authorization.refresh_from_db()
    return readings


def test_of_the_candidate_nothing_is_left_but_a_signpost(
    demo_utility: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    hers = first(at_utility, demo_utility, ada)
    hers.mark_expired()
    candidate = comes(at_utility, demo_utility, ada, link_page(hers))
    collected(candidate)
    for table in (UsagePoint, ReadingDay, Customer, CustomerAccount):
        assert not table._default_manager.filter(authorization=candidate).exists()
    assert not RawFeed.objects.filter(pull__authorization=candidate).exists()
    assert candidate.access_token == candidate.refresh_token == candidate.resource_uri == ""
    # An expired grant is over at the utility, too.
    assert (candidate.authorization_uri, candidate.tell_utility_at) == ("", None)
    assert ConsentRecord.objects.filter(authorization=hers).count() == 2
    page = ada.browser.get(f"/usage/{candidate.uid}/")
    assert page.headers["Location"] == f"/usage/{hers.uid}/"
    listed = ada.browser.get("/connections/").content.decode()
    assert (hers.uid in listed, candidate.uid in listed) == (True, False)
    [told] = events(hers, EventType.RENEWED)
    assert told["by"] == candidate.uid
    assert "The account number is the same." in told["reasons"]


def test_two_meters_of_one_service_keep_their_readings(
    demo_utility: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    hers = first(at_utility, demo_utility, ada, "commercial")
    before = counts(hers)
    hers.mark_expired()
    collected(comes(at_utility, demo_utility, ada, link_page(hers), "commercial"))
    hers.refresh_from_db()
    again = collected(hers)
    assert (again.new, again.changed, again.bills) == (0, 0, 0)
    assert counts(hers) == before


def test_a_narrower_grant_is_taken_and_the_meter_that_is_missing_keeps_what_it_has(
    demo_utility: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    hers = first(at_utility, demo_utility, ada)
    before = counts(hers)
    hers.mark_expired()
    page = link_page(hers)
    candidate = comes(at_utility, demo_utility, ada, page, only_first_service=True)
    collected(candidate)
    assert candidate.renewal == Renewal.MERGED, candidate.renewal_said
    hers.refresh_from_db()
    for _ in range(2):
        collected(hers)
    assert {**counts(hers), "series": 0} == {**before, "series": 0}
    [gone] = hers.usage_points.exclude(closed_at=None)
    assert ReadingDay.objects.filter(meter_reading__usage_point=gone).exists()
    assert gone.service_location is not None


def test_another_customers_consent_is_kept_apart_and_staff_see_why_on_both(
    demo_utility: Utility, at_utility: httpx.Client, ada: Person, ben: Person
) -> None:
    hers = first(at_utility, demo_utility, ada)
    before = counts(hers)
    hers.mark_expired()
    his = comes(at_utility, demo_utility, ben, link_page(hers), "solar")
    collected(his)
    hers.refresh_from_db()
    assert (his.renewal, his.renewal_said) == (Renewal.APART, "The account numbers are others.")
    assert (his.status, hers.status, counts(hers)) == (Status.ACTIVE, Status.EXPIRED, before)
    [told] = events(his, EventType.NOT_MERGED)
    assert told == {"reasons": ["The account numbers are others."], "other": hers.uid}
    assert events(hers, EventType.NOT_MERGED)[0]["other"] == his.uid
    assert (ada.sees(his), ben.sees(hers)) == (False, False)
    # It is as any other from now on: with its whole history.
    history = collected(his)
    assert (history.first, his.pulled_to is not None) == (True, True)
    assert ReadingDay.objects.filter(authorization=his).count() > 1000


def test_without_account_details_the_readings_prove_it_from_another_browser(
    demo_utility: Utility, at_utility: httpx.Client, ada: Person, ben: Person
) -> None:
    hers = first(at_utility, demo_utility, ada)
    Customer.objects.all().delete()
    CustomerAccount.objects.all().delete()
    before = counts(hers)
    candidate = comes(at_utility, demo_utility, ben, link_page(hers))
    Authorization.objects.filter(pk=candidate.pk).update(customer_uri="")
    collected(candidate)
    assert candidate.renewal == Renewal.MERGED, candidate.renewal_said
    assert "2 by their readings" in candidate.renewal_said
    assert counts(hers) == before


def test_one_that_is_active_is_collected_until_it_goes_on_and_the_old_grant_ends(
    demo_utility: Utility, at_utility: httpx.Client, ada: Person, ben: Person
) -> None:
    hers = first(at_utility, demo_utility, ada)
    old = hers.refresh_token
    candidate = comes(at_utility, demo_utility, ben, link_page(hers))
    assert collected(hers).new == 0
    assert hers.refresh_token == old
    assert not ben.sees(hers)
    collected(candidate)
    hers.refresh_from_db()
    assert hers.refresh_token not in {"", old}
    assert candidate.tell_utility_at is not None
    assert tell_utilities() == 1
    candidate.refresh_from_db()
    assert candidate.utility_told_at is not None
    assert hers.client is not None
    with pytest.raises(UtilityError) as caught:
        GreenButtonClient(hers.client).refresh(old)
    assert caught.value.code == "invalid_grant"
    # The new grant lives, and whoever consented now sees it as well as whoever did before.
    assert collected(hers).new == 0
    assert [one.sees(hers) for one in (ada, ben, cast.cy())] == [True, True, False]


def test_what_an_account_has_is_shown_to_another_browser_only_after_signing_in(
    demo_utility: Utility, at_utility: httpx.Client, ada: Person, ben: Person
) -> None:
    hers = first(at_utility, demo_utility, ada)
    address = cast.new_address("ada")
    ada.signs_in(address)
    ada.browser.post(f"/connections/{hers.uid}/claim/")
    hers.refresh_from_db()
    assert hers.is_claimed()
    candidate = comes(at_utility, demo_utility, ben, link_page(hers))
    collected(candidate)
    assert candidate.renewal == Renewal.MERGED, candidate.renewal_said
    assert (ada.sees(hers), ben.sees(hers)) == (True, False)
    page = ben.browser.get(f"/usage/{candidate.uid}/", follow=True)
    assert page.redirect_chain[-1][0].startswith("/account/sign-in/")
    ben.signs_in(address)
    assert ben.sees(hers)


def test_who_stopped_while_it_was_compared_goes_on_with_nothing_of_the_old_one(
    demo_utility: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    hers = first(at_utility, demo_utility, ada)
    page = link_page(hers)
    candidate = comes(at_utility, demo_utility, ada, page)
    stop_sharing(hers, "customer")
    collected(candidate)
    assert (candidate.renewal, candidate.status) == (Renewal.APART, Status.ACTIVE)
    assert "stopped sharing the earlier one" in candidate.renewal_said
    hers.refresh_from_db()
    assert hers.status == Status.REVOKED
    assert not hers.usage_points.exists()


def test_a_grant_that_shares_more_has_its_history_asked_for(
    demo_utility: Utility, at_utility: httpx.Client, ada: Person
) -> None:
    page = f"/connect/{demo_utility.slug}/"
    hers = comes(at_utility, demo_utility, ada, page, only_first_service=True)
    collected(hers)
    assert hers.usage_points.count() == 1
    answer = ada.browser.post(f"/connections/{hers.uid}/renew/")
    collected(comes(at_utility, demo_utility, ada, answer.headers["Location"]))
    hers.refresh_from_db()
    asked = collected(hers)
    assert asked.history is not None
    assert hers.usage_points.count() == 2
    for point in hers.usage_points.all():
        assert ReadingDay.objects.filter(meter_reading__usage_point=point).count() > 700
