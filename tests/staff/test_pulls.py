"""A pull's own page: its story in words, and reading again what it kept."""

from __future__ import annotations

import pytest
from django.test import Client as Browser

from authorizations.models import Authorization
from greenbutton.ingest.pull import pull
from greenbutton.ingest.replay import replay_asked
from greenbutton.models import Pull
from tests import cast
from tests.greenbutton.ingest.test_pull import first_feeds
from tests.lying_utility import LyingUtility
from tests.staff.conftest import page_of, press, says, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def collected() -> Pull:
    """A first pull of three windows."""
    with LyingUtility() as lying:
        first_feeds(lying)
        authorization = cast.authorize(cast.ada(), cast.make_utility(lying.url, slug="story"))
        done = pull(authorization)
    assert done is not None
    return done


def test_the_page_tells_why_what_and_when_again(office: Browser, collected: Pull) -> None:
    page = says(office.get(page_of(collected)))
    assert "The customer has just connected" in page
    assert "24 readings (24 new). 1 request" in page
    assert "0 readings (0 new), 1 new bill. 1 request" in page
    assert page.count("Readings and bills from") == 3


def test_the_list_says_what_went_wrong_without_the_utilitys_long_address(
    office: Browser, collected: Pull
) -> None:
    collected.error = "demo: https://utility.example/Batch/Subscription/7 answered 503 busy"
    collected.save()
    page = says(office.get("/staff/greenbutton/pull/"))
    assert "demo: … answered 503 busy" in page
    assert "utility.example/Batch" not in page
    assert collected.error in says(office.get(page_of(collected)))


def test_read_again_asks_a_worker_and_both_pages_lead_to_each_other(
    office: Browser, collected: Pull
) -> None:
    assert "A worker reads it again." in says(press(office, collected, "read-again"))
    asked = Pull.objects.get(source="replay")
    assert page_of(asked) in says(office.get(page_of(collected)))
    assert replay_asked(collected.authorization) == asked
    page = says(office.get(page_of(asked)))
    assert page_of(collected) in page
    assert "Kept document" in page
    assert "/read-again/" not in page


def test_read_again_says_why_it_cannot(office: Browser, collected: Pull) -> None:
    Authorization.objects.get().mark_revoked("customer")
    assert "destroyed when sharing was stopped" in says(press(office, collected, "read-again"))
    assert not Pull.objects.filter(source="replay").exists()


def test_whoever_may_only_look_reads_nothing_again(collected: Pull) -> None:
    clerk = signed_in(cast.make_staff("clerk", "view_pull", "view_authorization"))
    assert "/read-again/" not in says(clerk.get(page_of(collected)))
    press(clerk, collected, "read-again")
    assert not Pull.objects.filter(source="replay").exists()
