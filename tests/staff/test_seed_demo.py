"""What the demo starts with."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from authorizations.models import ShareLink
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings: Any) -> None:
    settings.DEMO = True
    call_command("load_utilities", stdout=io.StringIO())


def seed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("demo")
def test_the_account_and_the_links_work() -> None:
    seeded = json.loads(seed("--json"))
    answer = {"login": seeded["staff_email"], "password": seeded["staff_password"]}
    response = cast.browser().post("/accounts/login/?next=/staff/", answer)
    assert response["Location"] == "/staff/"
    assert len(seeded["share_links"]) == 4
    for link in seeded["share_links"]:
        row = ShareLink.objects.get(note=link["note"])
        assert link["url"] == row.url
        assert row.is_open()


@pytest.mark.usefixtures("demo")
def test_each_prefill_is_one_that_its_utility_takes() -> None:
    seed()
    for link in ShareLink.objects.exclude(authentication_type=""):
        assert link.utility is not None
        takes = {way["type"]: way["takes_value"] for way in link.utility.authentication_ways}
        assert takes[link.authentication_type]
    assert ShareLink.objects.filter(authentication_type="").count() == 1


@pytest.mark.usefixtures("demo")
def test_the_second_time_changes_nothing() -> None:
    first = seed("--json")
    links, password = set(ShareLink.objects.values_list("code")), User.objects.get().password
    assert seed("--json") == first
    assert set(ShareLink.objects.values_list("code")) == links
    assert User.objects.get().password == password


@pytest.mark.usefixtures("demo")
def test_a_link_that_was_closed_is_made_anew() -> None:
    seed()
    ShareLink.objects.order_by("pk")[0].disable()
    seed()
    assert len([link for link in ShareLink.objects.all() if link.is_open()]) == 4


@pytest.mark.usefixtures("demo")
def test_another_installation_has_another_password(settings: Any) -> None:
    here = json.loads(seed("--json"))["staff_password"]
    settings.SECRET_KEY = settings.SECRET_KEY[::-1]
    there = json.loads(seed("--json"))["staff_password"]
    assert here != there
    assert User.objects.get().check_password(there)


def test_it_refuses_outside_the_demo() -> None:
    with pytest.raises(CommandError, match="needs DEMO=true"):
        seed()
    assert not User.objects.exists()


def test_without_utilities_it_makes_nothing(settings: Any) -> None:
    settings.DEMO = True
    with pytest.raises(CommandError, match="Run load_utilities first"):
        seed()
    assert not User.objects.exists()
