"""A new consent at a utility that is another process, and the authorization that goes on with it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.db.models import Sum

from authorizations.models import Authorization, ShareLink
from authorizations.renewal import renewal_link
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
from tests.at_the_sandbox import follow, submit
from tests.cast import Person
from tests.conftest import SandboxSite
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
    before, uids = counts(hers), set(hers.usage_points.values_list("uid", "identity"))
    hers.mark_expired()
    candidate = comes(at_utility, demo_utility, ada, link_page(hers))
    assert (candidate.renews, candidate.renewal) == (hers, Renewal.WAITING)
    collected(candidate)
    hers.refresh_from_db()
    assert candidate.renewal == Renewal.MERGED, candidate.renewal_said
    assert (hers.status, hers.renewed_at) == (Status.ACTIVE, candidate.created)
    assert counts(hers) == before
    # Each consent gives its meters other names, and they are the same meters.
    now = set(hers.usage_points.values_list("uid", "identity"))
    assert {uid for uid, _ in now} == {uid for uid, _ in uids}
    again = collected(hers)
    assert (again.new, again.changed, again.bills) == (0, 0, 0)
    assert again.readings > 0
    assert counts(hers) == before
    assert not UsagePoint.objects.filter(authorization=candidate).exists()
    assert not ReadingDay.objects.filter(authorization=candidate).exists()
    assert not RawFeed.objects.filter(pull__authorization=candidate).exists()
