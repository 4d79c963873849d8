"""Client certificates: what is typed in, and what a connection is made with."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection

from tests import cast
from tests.laboratory import Laboratory
from tests.lying_utility import LyingUtility
from utilities import certificates
from utilities.certificates import CertificateError
from utilities.client import GreenButtonClient, Problem, UtilityError, tls
from utilities.models import Client, Utility

TOKEN = {"token_type": "Bearer", "access_token": "the-token"}


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    return Laboratory(tmp_path)


@pytest.fixture
def trusted(laboratory: Laboratory, settings: LazySettings) -> Iterator[None]:
    """The operator said that the laboratory is to be believed."""
    settings.EXTRA_CA_FILE = str(laboratory.authority)
    tls._public.cache_clear()
    tls._with_certificate.cache_clear()
    yield
    tls._public.cache_clear()
    tls._with_certificate.cache_clear()


@pytest.fixture
def demanding(laboratory: Laboratory) -> Iterator[LyingUtility]:
    """A utility that makes no connection without a certificate of the laboratory."""
    with LyingUtility(laboratory.server(demands_certificate=True)) as server:
        server.answer("/token", json=TOKEN)
        yield server


def door(
    lying: LyingUtility, certificate: str = "", key: str = "", **quirks: object
) -> GreenButtonClient:
    utility = Utility(
        slug="demo",
        name="Demo Power",
        token_url=f"{lying.url}/token",
        origins=[lying.url],
        quirks=quirks,
    )
    return GreenButtonClient(
        Client(
            utility=utility,
            client_id="DEMO_client",
            client_secret="the-secret",
            certificate=certificate,
            certificate_key=key,
        )
    )


def refused(client: GreenButtonClient) -> UtilityError:
    with pytest.raises(UtilityError) as caught:
        client.refresh("the-refresh-token")
    return caught.value


# -- connections ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("trusted")
def test_a_connection_is_made_with_our_certificate(
    demanding: LyingUtility, laboratory: Laboratory
) -> None:
    client = door(demanding, *laboratory.sign("us"), sends_certificate=True)
    assert client.refresh("the-refresh-token").access_token == "the-token"
    (request,) = demanding.requests
    assert request.headers["authorization"].startswith("Basic ")


@pytest.mark.usefixtures("trusted")
@pytest.mark.spec("RFC 8705", "2")
def test_a_client_that_its_certificate_proves_sends_its_id_and_no_secret(
    demanding: LyingUtility, laboratory: Laboratory
) -> None:
    client = door(demanding, *laboratory.sign("us"), client_authentication="tls")
    client.refresh("the-refresh-token")
    (request,) = demanding.requests
    assert "authorization" not in request.headers
    assert request.body == (
        b"grant_type=refresh_token&refresh_token=the-refresh-token&client_id=DEMO_client"
    )


@pytest.mark.usefixtures("trusted")
def test_a_certificate_is_shown_only_where_the_utility_wants_one(
    demanding: LyingUtility, laboratory: Laboratory
) -> None:
    assert refused(door(demanding, *laboratory.sign("us"))).permanent is False
    assert demanding.requests == []


@pytest.mark.usefixtures("trusted")
def test_another_laboratorys_certificate_makes_no_connection(
    demanding: LyingUtility, tmp_path: Path
) -> None:
    folder = tmp_path / "another"
    folder.mkdir()
    client = door(demanding, *Laboratory(folder).sign("us"), sends_certificate=True)
    assert refused(client).permanent is False
    assert demanding.requests == []


def test_a_utility_that_nobody_vouches_for_gets_nothing(laboratory: Laboratory) -> None:
    with LyingUtility(laboratory.server(demands_certificate=False)) as stranger:
        error = refused(door(stranger))
        assert error.code == Problem.CONNECTION
        assert "certificate verify failed" in error.to_log
        assert stranger.requests == []


@pytest.mark.usefixtures("trusted")
def test_a_key_of_another_certificate_is_for_our_staff_to_mend(
    demanding: LyingUtility, laboratory: Laboratory
) -> None:
    (certificate, _), (_, key) = laboratory.sign("us"), laboratory.sign("others")
    error = refused(door(demanding, certificate, key, sends_certificate=True))
    assert (error.code, error.permanent) == (Problem.CERTIFICATE, False)
    assert "Our registration" in error.to_customer
    assert demanding.requests == []


@pytest.mark.parametrize("has_memory_files", [True, False])
def test_the_key_lies_in_no_file_afterwards(
    laboratory: Laboratory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    has_memory_files: bool,
) -> None:
    if not has_memory_files:
        monkeypatch.delattr("os.memfd_create", raising=False)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    assert tls.context(*laboratory.sign("us")).get_ca_certs()
    assert list(folder.iterdir()) == []


# -- what is typed in ----------------------------------------------------------------------------


def test_a_certificate_says_whose_it_is_and_until_when(laboratory: Laboratory) -> None:
    facts = certificates.check(*laboratory.sign("us"))
    assert (facts.subject, facts.issuer) == ("CN=us", "CN=the laboratory")


def test_those_that_it_hangs_on_may_follow(laboratory: Laboratory) -> None:
    certificate, key = laboratory.sign("us")
    assert certificates.check(certificate + laboratory.authority.read_text(), key)
    with pytest.raises(CertificateError, match="comes first"):
        certificates.check(laboratory.authority.read_text() + certificate, key)


def test_what_is_not_right_is_refused_without_repeating_the_key(laboratory: Laboratory) -> None:
    certificate, key = laboratory.sign("us")
    over, its_key = laboratory.sign("us", days=-1)
    attempts = {
        "not a certificate": ("hello", key),
        "not a private key": (certificate, certificate),
        "is not that of the certificate": (certificate, its_key),
        "ended on": (over, its_key),
        "longer than any chain": ("x" * 60_000, key),
        "longer than any key": (certificate, "x" * 60_000),
    }
    for says, attempt in attempts.items():
        with pytest.raises(CertificateError, match=says) as caught:
            certificates.check(*attempt)
        assert "BEGIN EC" not in str(caught.value)
        assert key.splitlines()[1] not in str(caught.value)


@pytest.mark.django_db
def test_both_are_encrypted_at_rest(laboratory: Laboratory) -> None:
    certificate, key = laboratory.sign("us")
    client = cast.make_client(
        cast.make_utility(), client_id="with-one", certificate=certificate, certificate_key=key
    )
    assert Client.objects.get(pk=client.pk).certificate_key == key
    with connection.cursor() as cursor:
        cursor.execute("SELECT certificate, certificate_key FROM utilities_client")
        stored = str(cursor.fetchall())
    assert "BEGIN" not in stored
