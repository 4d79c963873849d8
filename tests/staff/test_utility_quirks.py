"""What staff read of a utility's own ways, and what they cannot switch on."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client as Browser

from tests.staff.conftest import page_of, says
from utilities.models import Utility


def test_each_quirk_is_told_in_words_with_its_evidence(office: Browser, utility: Utility) -> None:
    utility.quirks = {"downloads_a_minute": 1, "known_options": []}
    utility.evidence = {"downloads_a_minute": "Its documentation says so."}
    utility.save()
    page = says(office.get(page_of(utility)))
    assert "Downloads a minute, at most: 1." in page
    assert "Its documentation says so." in page
    assert "Takes these options in a scope and no other: none." in page


def test_a_utility_without_quirks_keeps_to_the_standard(office: Browser, utility: Utility) -> None:
    assert "it keeps to the standard" in says(office.get(page_of(utility)))


def test_what_cannot_be_connected_says_why_and_is_never_switched_on(
    office: Browser, utility: Utility
) -> None:
    Utility.objects.update(enabled=False, unavailable="It offers the download only.")
    assert "It offers the download only." in says(office.get(page_of(utility)))
    page = says(office.post(page_of(utility), {"enabled": "on"}))
    assert "cannot be connected, so customers cannot choose it." in page
    utility.refresh_from_db()
    assert not utility.enabled


def test_staff_read_of_a_custodian_why_it_cannot_be_connected_and_how_we_know_its_ways(
    office: Browser,
) -> None:
    call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    page = says(office.get(page_of(Utility.objects.get(slug="oshawa"))))
    assert "London Hydro runs its programme" in page
    assert "Takes these options in a scope and no other: none." in page
    assert "where it is commented out: London Hydro runs it" in page


def test_the_database_refuses_it_as_well(utility: Utility) -> None:
    Utility.objects.update(enabled=False, unavailable="It offers the download only.")
    with pytest.raises(IntegrityError), transaction.atomic():
        Utility.objects.update(enabled=True)
