"""What a public client of the demo site is told, by all who try it: each visitor sees their own."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from django.conf import settings as configured
from django.test import Client as Browser
from django.utils import timezone

from authorizations.models import Authorization, Notification
from greenbutton.espi import write_bare
from greenbutton.espi.batch_list import BatchList
from portal.demo_site.models import Notice, PublicNotice, Visit
from portal.demo_site.tasks import forget_demo_visits
from tests import cast
from tests.at_the_sandbox import registered  # noqa: F401 (fixture)
from tests.portal.test_demo_site import (  # noqa: F401 (fixtures)
    SIGNS_IN,
    ask,
    at_utility,
    begin,
    consent,
    granted,
    page,
    switched_on,
    tester,
)
from utilities.models import Client, Utility

pytestmark = pytest.mark.django_db

BASE = "https://utility.example/resource"
HERE = "/demo/SSMPUC_ccccccccc/notify/"


@pytest.fixture
def public(utility: Utility) -> Client:
    client = utility.clients.get()
    client.public = True
    client.client_id = "SSMPUC_ccccccccc"
    client.redirect_uris = [f"{configured.PORTAL_URL}/demo/callback/"]
    client.notify_url = f"{configured.PORTAL_URL}{HERE}"
    client.save()
    return client


@pytest.fixture
def utility() -> Utility:
    return cast.make_utility()


@pytest.fixture
def stranger() -> Browser:
    return cast.browser()


def visit_with(browser: Browser, client: Client, number: int) -> Visit:
    """A visit whose grant has this number at the utility."""
    visit = begin(browser, client.client_id)
    visit.resource_uri = f"{BASE}/Batch/Subscription/{number}"
    visit.authorization_uri = f"{BASE}/Authorization/{number}"
    visit.customer_uri = f"{BASE}/Batch/RetailCustomer/{number}"
    visit.save()
    return visit


def post(*addresses: str, to: str = HERE) -> int:
    """The utility posts a notice; the status of the answer."""
    sent = write_bare(BatchList(addresses))
    return cast.browser().post(to, sent, "application/xml; charset=utf-8").status_code


def heard(browser: Browser, visit: Visit) -> str:
    answer = browser.get(f"/demo/visits/{visit.uid}/notices/")
    assert answer.status_code == 200
    assert answer.content.decode() in page(browser, visit)
    return answer.content.decode()


def test_a_visitor_sees_a_notice_of_their_own_consent_and_no_address_of_anybody_elses(
    public: Client,
    tester: Browser,  # noqa: F811
    stranger: Browser,
) -> None:
    mine, theirs = visit_with(tester, public, 111), visit_with(stranger, public, 222)
    third = begin(cast.browser(), public.client_id)
    assert post(f"{BASE}/Batch/Subscription/111?published-min=2026-11-01T00:00:00Z") == 200
    # One notice may name the consents of several customers.
    assert post(f"{BASE}/Authorization/111", f"{BASE}/Batch/RetailCustomer/222") == 200
    seen = heard(tester, mine)
    assert "Batch/Subscription/111?published-min=2026-11-01T00:00:00Z" in seen
    assert f"{BASE}/Authorization/111" in seen
    assert "222" not in seen
    assert f"{BASE}/Batch/RetailCustomer/222" in heard(stranger, theirs)
    assert "111" not in heard(stranger, theirs)
    assert not PublicNotice.objects.of(third).exists()
    # It fills the explorer with the window that is new.
    assert "published-min=2026-11-01T00%3A00%3A00Z#explore" in seen


def test_a_notice_that_comes_before_the_code_is_traded_waits_for_its_visit(
    public: Client,
    tester: Browser,  # noqa: F811
) -> None:
    visit = begin(tester, public.client_id)
    post(f"{BASE}/Batch/Subscription/111")
    assert "Nothing has come yet" in heard(tester, visit)
    visit.resource_uri = f"{BASE}/Batch/Subscription/111"
    visit.save()
    assert f"{BASE}/Batch/Subscription/111" in heard(tester, visit)


@pytest.mark.parametrize(
    "address",
    [
        f"{BASE}/Batch/Subscription/1112",
        f"{BASE}/Batch/Subscription/11",
        f"{BASE}/Batch/Subscription",
        f"{BASE}/Authorization",
        f"{BASE}/Batch/Bulk/all",
        "https://utility.example",
        "https://evil.example/resource/Batch/Subscription/111",
        "https://utility.example@evil.example/resource/Batch/Subscription/111",
        "javascript:alert(1)//Batch/Subscription/111",
        f"{BASE}/Batch/Subscription/111?{'x' * 500}",
    ],
)
def test_what_is_not_of_the_consent_is_not_shown(
    public: Client,
    tester: Browser,  # noqa: F811
    address: str,
) -> None:
    visit = visit_with(tester, public, 111)
    assert post(address) == 200
    assert "Nothing has come yet" in heard(tester, visit)


def test_what_lies_below_the_consent_is_of_it(
    public: Client,
    tester: Browser,  # noqa: F811
) -> None:
    visit = visit_with(tester, public, 111)
    post(f"{BASE}/Subscription/111/UsagePoint/7/MeterReading/1")
    assert "UsagePoint/7/MeterReading/1" in heard(tester, visit)


def test_a_pasted_client_sees_none_of_what_a_public_one_is_told(
    public: Client,
    tester: Browser,  # noqa: F811
) -> None:
    """Also if it is the same client: its secret was not ours to give."""
    sent = {"utility": "DEMO", "client_id": public.client_id, "client_secret": "guessed-secret"}
    assert tester.post("/demo/start/", sent).status_code == 302
    visit = Visit.objects.get()
    visit.resource_uri = f"{BASE}/Batch/Subscription/111"
    visit.save()
    post(f"{BASE}/Batch/Subscription/111")
    assert "Nothing has come yet" in heard(tester, visit)
    assert visit.notify_url in page(tester, visit)


def test_a_stranger_sees_nothing_at_all(
    public: Client,
    tester: Browser,  # noqa: F811
    stranger: Browser,
) -> None:
    visit = visit_with(tester, public, 111)
    stranger.get("/connect/")
    assert stranger.get(f"/demo/visits/{visit.uid}/notices/").status_code == 404


def test_a_page_that_shows_them_all_is_told_nothing_until_there_is_news(
    public: Client,
    tester: Browser,  # noqa: F811
) -> None:
    visit = visit_with(tester, public, 111)
    url = f"/demo/visits/{visit.uid}/notices/"
    assert tester.get(url, {"known": "0"}).status_code == 204
    post(f"{BASE}/Authorization/111")
    assert tester.get(url, {"known": "0"}).status_code == 200
    known = tester.get(url).content.decode().partition("?known=")[2].partition('"')[0]
    assert tester.get(url, {"known": known}).status_code == 204


def test_where_the_notices_go_elsewhere_the_page_says_so(
    public: Client,
    tester: Browser,  # noqa: F811
) -> None:
    for elsewhere in ("", "https://somebody.example/notify"):
        Client.objects.update(notify_url=elsewhere)
        html = page(tester, begin(tester, public.client_id))
        assert "go to the address that its owner registered" in html
        assert "/notify/" not in html


@pytest.mark.parametrize("body", [b"x", b"<a/>", b"<BatchList>", b"\xff\x00", b"{}"])
def test_what_is_no_notice_has_arrived_and_leaves_nothing(public: Client, body: bytes) -> None:
    assert cast.browser().post(HERE, body, "text/plain").status_code == 200
    assert not PublicNotice.objects.exists()


def test_what_is_too_large_or_for_nobody_is_refused(public: Client) -> None:
    poster = cast.browser()
    assert poster.post(HERE, b"x" * (32 * 1024 + 1), "application/xml").status_code == 413
    assert post(f"{BASE}/Authorization/1", to="/demo/NOBODY_ccc/notify/") == 404
    assert poster.get(HERE).status_code == 405
    Client.objects.update(public=False)
    assert post(f"{BASE}/Authorization/1") == 404
    assert not PublicNotice.objects.exists()


def test_a_storm_fills_a_bounded_room_and_the_newest_stay(
    public: Client,
    tester: Browser,  # noqa: F811
) -> None:
    visit = visit_with(tester, public, 111)
    for hundred in range(12):
        post(*(f"{BASE}/Authorization/{hundred}-{number}" for number in range(100)))
    post(f"{BASE}/Authorization/111")
    assert PublicNotice.objects.count() == 1000
    assert f"{BASE}/Authorization/111" in heard(tester, visit)


def test_they_are_forgotten_with_their_visit_or_after_a_day(
    public: Client,
    tester: Browser,  # noqa: F811
    stranger: Browser,
) -> None:
    mine = visit_with(tester, public, 111)
    visit_with(stranger, public, 222)
    post(f"{BASE}/Authorization/111", f"{BASE}/Authorization/222", f"{BASE}/Authorization/333")
    tester.post(f"/demo/visits/{mine.uid}/forget/")
    left = PublicNotice.objects.order_by("address").values_list("address", flat=True)
    assert list(left) == [f"{BASE}/Authorization/222", f"{BASE}/Authorization/333"]
    PublicNotice.objects.update(at=timezone.now() - timedelta(hours=25))
    forget_demo_visits()
    assert not PublicNotice.objects.exists()


def test_what_is_of_the_portals_own_customers_goes_the_usual_way(public: Client) -> None:
    """The registration is one, whether somebody tries it or a customer connects by it."""
    authorization = cast.authorize(cast.Person("Ada"), public.utility)
    Authorization.objects.update(resource_uri=f"{BASE}/Batch/Subscription/5")
    post(f"{BASE}/Batch/Subscription/6")
    assert not Notification.objects.exists()
    post(f"{BASE}/Batch/Subscription/5?published-min=2026-11-01T00:00:00Z")
    assert Notification.objects.get().utility == authorization.utility


def test_the_sandbox_has_the_address_of_this_site_for_its_public_clients(
    registered: None,  # noqa: F811
    tester: Browser,  # noqa: F811
    at_utility: httpx.Client,  # noqa: F811
) -> None:
    for client in Client.objects.filter(public=True):
        here = f"{configured.PORTAL_URL}/demo/{client.client_id}/notify/"
        assert client.notify_url == here
        assert here in page(tester, begin(tester, client.client_id))
    visit = granted(tester, at_utility, "SSMPUC")
    post(visit.authorization_uri, to="/demo/SSMPUC_ccccccccc/notify/")
    post(visit.resource_uri, to="/demo/SVCE_ccccccccc/notify/")
    assert visit.authorization_uri in heard(tester, visit)
    assert PublicNotice.objects.of(visit).count() == 1


def test_a_notice_to_a_pasted_client_fills_the_explorer_too(tester: Browser) -> None:  # noqa: F811
    cast.make_utility()
    sent = {"utility": "DEMO", "client_id": "mine", "client_secret": "a-secret-of-mine"}
    tester.post("/demo/start/", sent)
    visit = Visit.objects.get()
    own = f"/demo/notify/{visit.notify_code}/"
    post(f"{BASE}/Batch/Subscription/9?depth=2", "https://evil.example/resource/x", to=own)
    seen = heard(tester, visit)
    assert "?address=https%3A%2F%2Futility.example%2Fresource%2FBatch%2FSubscription%2F9" in seen
    assert "address=https%3A%2F%2Fevil" not in seen
    assert Notice.objects.count() == 1
