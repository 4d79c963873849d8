"""The client certificate and the end of the secret, as staff see them and type them in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client as Browser
from django.utils import timezone

from tests.laboratory import Laboratory
from tests.staff.conftest import page_of, says
from tests.staff.test_clients import change
from utilities.models import Client


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    return Laboratory(tmp_path)


def test_a_certificate_is_kept_with_its_key_and_only_its_name_and_end_are_shown(
    office: Browser, client_row: Client, laboratory: Laboratory
) -> None:
    certificate, key = laboratory.sign("our company", days=90)
    typed = {"new_certificate": certificate, "new_certificate_key": key}
    office.post(page_of(client_row), change(client_row, **typed))
    client_row.refresh_from_db()
    # As a form sends a text: lines end with CR LF, which PEM allows.
    assert client_row.certificate.split() == certificate.split()
    assert client_row.certificate_key.split() == key.split()
    page = says(office.get(page_of(client_row)))
    assert "is of CN=our company, signed by CN=the laboratory." in page
    assert f"It ends on {timezone.now() + timedelta(days=90):%Y-%m-%d}" in page
    assert "BEGIN PRIVATE KEY" not in page
    assert key.splitlines()[1] not in page
    assert certificate.splitlines()[1] not in page


def test_nothing_typed_keeps_what_there_is(
    office: Browser, client_row: Client, laboratory: Laboratory
) -> None:
    client_row.certificate, client_row.certificate_key = laboratory.sign("us")
    client_row.save()
    office.post(page_of(client_row), change(client_row))
    before = client_row.certificate_key
    client_row.refresh_from_db()
    assert client_row.certificate_key == before


@pytest.mark.parametrize(
    ("which", "sentence"),
    [
        ("no key", "A certificate and its key are replaced together."),
        ("no certificate", "A certificate and its key are replaced together."),
        ("another's key", "The key is not that of the certificate."),
        ("over", "This certificate ended on "),
        ("nonsense", "This is not a certificate in PEM"),
    ],
)
def test_what_is_not_right_is_refused_and_the_key_is_not_sent_back(
    office: Browser, client_row: Client, laboratory: Laboratory, which: str, sentence: str
) -> None:
    certificate, key = laboratory.sign("us")
    _, others = laboratory.sign("others")
    typed = {
        "no key": (certificate, ""),
        "no certificate": ("", key),
        "another's key": (certificate, others),
        "over": laboratory.sign("us", days=-1),
        "nonsense": ("hello", key),
    }[which]
    form = change(client_row, new_certificate=typed[0], new_certificate_key=typed[1])
    page = says(office.post(page_of(client_row), form))
    assert sentence in page
    assert "BEGIN PRIVATE KEY" not in page
    client_row.refresh_from_db()
    assert client_row.certificate == client_row.certificate_key == ""


@pytest.mark.parametrize(
    ("days", "word"), [(200, None), (29, "Ends soon"), (-1, "Ended"), (None, None)]
)
def test_a_secret_that_ends_soon_is_said(
    office: Browser, client_row: Client, days: int | None, word: str | None
) -> None:
    ends = None if days is None else timezone.now() + timedelta(days=days)
    Client.objects.update(secret_expires_at=ends)
    page = says(office.get(page_of(client_row)))
    if word is None:
        assert "Get a new one on the utility" not in page
    else:
        assert f"{word}\n</span>" in page
        assert "Get a new one on the utility" in page
