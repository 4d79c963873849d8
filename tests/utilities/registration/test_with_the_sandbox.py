"""A company of our own at a sandbox that is another process: reviewed, live, on hold, rotated."""

from __future__ import annotations

import json

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from psycopg import sql

from tests.conftest import SandboxSite
from utilities import registration
from utilities.models import Client, Utility
from utilities.registration import RegistrationError


@pytest.fixture
def ours(registered: None, sandbox_site: SandboxSite) -> Client:
    """Registered as a company registers itself: nobody reviewed it yet."""
    back = f"{settings.PORTAL_URL}/connect/callback/svce/"
    told = json.loads(
        sandbox_site.manage("sandbox_client", "--new", "SVCE", "--redirect-uri", back, "--json")
    )
    return Client.objects.create(
        utility=Utility.objects.get(utility_id="SVCE"),
        client_id=told["client_id"],
        company_name=told["company_name"],
        client_secret=told["client_secret"],
        registration_token=told["registration_access_token"],
        redirect_uris=told["redirect_uris"],
    )


def at_sandbox(sandbox_site: SandboxSite, client: Client, column: str, value: object) -> None:
    """What the utility's staff, or somebody on the utility's page, would do."""
    change = sql.SQL("UPDATE sandbox_registration SET {} = %s WHERE client_id = %s")
    with psycopg.connect(sandbox_site.database, autocommit=True) as connection:
        connection.execute(change.format(sql.Identifier(column)), [value, client.client_id])


def test_from_review_to_live_and_back(ours: Client, sandbox_site: SandboxSite, boss: User) -> None:
    assert registration.look(ours).custodian_words == "review"
    assert not Client.objects.filter(pk=ours.pk, approved_at__isnull=False).exists()
    at_sandbox(sandbox_site, ours, "review", "approved")
    registration.look(ours)
    assert ours.approved_at is not None
    assert ours.is_sandbox
    said = registration.go_live(ours, boss, "Launch day")
    assert "is live, here and at" in said
    assert registration.look(ours).is_live
    said = registration.back_to_sandbox(ours, boss, "Something is wrong")
    assert "here and at" in said
    assert not registration.look(ours).is_live


def test_a_utility_that_has_not_approved_us_keeps_us_from_going_live(
    ours: Client, boss: User
) -> None:
    ours.approve(boss, "They said so by telephone")
    with pytest.raises(RegistrationError, match="did not take the change"):
        registration.go_live(ours, boss, "Launch day")
    ours.refresh_from_db()
    assert ours.is_sandbox


@pytest.mark.parametrize("review", ["held", "revoked"])
def test_a_hold_pauses_and_its_end_resumes(
    ours: Client, sandbox_site: SandboxSite, review: str
) -> None:
    at_sandbox(sandbox_site, ours, "review", review)
    registration.look(ours)
    assert not ours.is_usable()
    at_sandbox(sandbox_site, ours, "review", "approved")
    registration.look(ours)
    assert ours.is_usable()


def test_our_addresses_are_told_and_then_both_sides_have_the_same(
    ours: Client, sandbox_site: SandboxSite, boss: User
) -> None:
    at_sandbox(sandbox_site, ours, "redirect_uris", '["https://old.example/back"]')
    registration.look(ours)
    keys = {one.key for one in registration.differences_of(ours)}
    assert keys == {"redirect_uris", "notify_url"}
    registration.tell(ours, boss, "We have moved")
    assert registration.differences_of(ours) == []
    assert ours.redirect_uris == [ours.utility.callback_url, "https://old.example/back"]


def test_a_secret_that_was_rotated_there_is_taken_over(
    ours: Client, sandbox_site: SandboxSite, boss: User
) -> None:
    before = ours.client_secret
    at_sandbox(sandbox_site, ours, "secret_version", 2)
    registration.look(ours)
    assert "client_secret" in {one.key for one in registration.differences_of(ours)}
    registration.take_over(ours, "client_secret", "", boss, "Rotated on their page")
    assert ours.client_secret != before
    registration.look(ours)
    assert "client_secret" not in {one.key for one in registration.differences_of(ours)}
    with pytest.raises(RegistrationError, match="The old secret is kept"):
        registration.keep_secret(ours, before, boss, "Back again")


def test_nobody_changes_the_client_that_everybody_knows(registered: None, boss: User) -> None:
    public = Client.objects.get(utility__utility_id="SVCE", public=True)
    registration.look(public)
    with pytest.raises(RegistrationError, match="Everybody knows"):
        registration.tell(public, boss, "Try it")
