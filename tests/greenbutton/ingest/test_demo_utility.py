"""From our page through Demo Utility's ways and scenarios, and what a pull makes of each."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
from django.utils import timezone

from authorizations.models import Authorization
from greenbutton.ingest.pull import pull
from greenbutton.models import Pull
from tests import cast
from tests.at_the_sandbox import follow, seen, submit
from tests.cast import Person
from utilities.models import Utility


def set_out(
    browser: httpx.Client, utility: Utility, person: Person, way: str, value: str
) -> httpx.Response:
    """From our page to the utility's, with a way chosen and a name filled in."""
    sent = person.sets_out(f"/connect/{utility.slug}/", type=way, value=value)
    return follow(browser, browser.get(sent.headers["Location"]))


def come_back(utility: Utility, person: Person, response: httpx.Response) -> Authorization | None:
    """What the utility sent us, taken as the portal takes it; the authorization, if one came."""
    target = urlsplit(response.headers["Location"])
    assert target.geturl().startswith(utility.callback_url)
    person.comes_back(utility, **parse_qs(target.query))
    return Authorization.objects.first()


def consented(
    browser: httpx.Client, utility: Utility, person: Person, scenario: str
) -> Authorization:
    name = f"UAPI_TEST_{scenario}"
    page = set_out(browser, utility, person, "username", name)
    page = submit(browser, page, "authenticate", type="username", value=name, password="x")
    authorization = come_back(utility, person, submit(browser, page, "consent", decision="allow"))
    assert authorization
    return authorization


def test_single_sign_on_ends_in_a_household_with_electricity_and_gas(
    demo_utility: Utility, at_utility: httpx.Client
) -> None:
    ada = cast.ada()
    page = set_out(at_utility, demo_utility, ada, "sso", "UAPI_TEST_residential")
    page = submit(at_utility, page, "login", password="x")
    authorization = come_back(
        demo_utility, ada, submit(at_utility, page, "consent", decision="allow")
    )
    assert authorization
    collected = pull(authorization)
    assert collected is not None
    assert (collected.state, collected.error, collected.findings) == (Pull.State.DONE, "", [])
    points = authorization.usage_points.order_by("kind")
    assert list(points.values_list("kind", flat=True)) == [0, 1]


def test_a_login_that_went_bad_afterwards_asks_for_a_new_consent(
    demo_utility: Utility, at_utility: httpx.Client
) -> None:
    authorization = consented(at_utility, demo_utility, cast.ada(), "badlogin_after")
    failed = pull(authorization)
    assert failed is not None
    assert failed.state == Pull.State.FAILED
    assert "connect again" in failed.message
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.NEEDS_CONSENT


def test_a_website_that_went_down_afterwards_is_asked_again_when_it_said(
    demo_utility: Utility, at_utility: httpx.Client
) -> None:
    authorization = consented(at_utility, demo_utility, cast.ada(), "websitedown_after")
    failed = pull(authorization)
    assert failed is not None
    assert failed.state == Pull.State.FAILED
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.ACTIVE
    assert authorization.next_pull_at
    wait = authorization.next_pull_at - timezone.now()
    assert timedelta(minutes=50) < wait <= timedelta(minutes=90)


def test_a_utility_that_is_down_sends_the_customer_back_without_anything(
    demo_utility: Utility, at_utility: httpx.Client
) -> None:
    ada, name = cast.ada(), "UAPI_TEST_websitedown"
    page = set_out(at_utility, demo_utility, ada, "username", name)
    page = submit(at_utility, page, "authenticate", type="username", value=name, password="x")
    assert page.status_code == 503
    assert seen(page).alert()
    assert come_back(demo_utility, ada, submit(at_utility, page, "cancel")) is None
