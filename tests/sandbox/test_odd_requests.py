"""Requests that are odd before any view reads them: none of them breaks anything."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import Client, RequestFactory

from portal.wsgi import application
from tests.sandbox.walk import FORM, HOST, RESOURCE

# The first is no charset of any text, the others are none that forms come in.
CHARSETS = ["hex", "idna", "undefined", "punycode", "unicode_escape", '"HEX"', "utf-16"]


def ask(page: str, content_type: str, body: bytes = b"") -> tuple[int, str]:
    """Status and media type, as the site's server gets them."""
    path, _, query = page.partition("?")
    environ = RequestFactory().generic("POST" if body else "GET", path, body).environ
    told: list[Any] = []
    hear: Any = lambda *said: told.extend(said)  # noqa: E731 (WSGI's start_response)
    changes: dict[str, Any] = {
        "HTTP_HOST": HOST,
        "QUERY_STRING": query,
        "CONTENT_TYPE": content_type,
        "wsgi.input": io.BytesIO(body),
    }
    # As Django's test client does: the connection is the one that the test is rolled back on.
    request_started.disconnect(close_old_connections)
    try:
        b"".join(application(environ | changes, hear))
    finally:
        request_started.connect(close_old_connections)
    return int(told[0].partition(" ")[0]), dict(told[1])["Content-Type"]


@pytest.mark.spec("RFC 3987", "3.1")
@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("/?next=%41", 200),
        ("/ssmpuc/sign-in/?next=%41", 200),
        ("/DataCustodian/ssmpuc/oauth/authorize?client_id=%41", 401),
        ("/DataCustodian/ssmpuc/oauth/token?a=%41", 405),
        (f"{RESOURCE}/ReadServiceStatus?a=%41", 401),
    ],
)
def test_an_address_is_read_whatever_the_body_is_said_to_be_in(
    page: str, status: int, charset: str
) -> None:
    assert ask(page, f"text/plain; charset={charset}")[0] == status
    assert ask(page, f"{FORM};CHARSET = {charset}")[0] == status


@pytest.mark.parametrize("charset", [*CHARSETS, "iso-8859-1"])
def test_a_form_that_is_not_in_utf_8_is_refused(charset: str) -> None:
    address = "/DataCustodian/ssmpuc/oauth/token"
    refused = ask(address, f"{FORM}; charset={charset}", b"grant_type=client_credentials")
    assert refused == (400, "application/json")


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
def test_a_form_in_utf_8_may_say_so(charset: str) -> None:
    address = "/DataCustodian/ssmpuc/oauth/token"
    status, _ = ask(address, f"{FORM}; charset={charset}", b"grant_type=client_credentials")
    assert status == 401


@pytest.mark.parametrize("name", ["sandbox_session", "sandbox_csrf", "messages", "another"])
@pytest.mark.parametrize("text", [r'"abcdefgh\000"', r'"\000\000\000\000\000\000\000\000\000"'])
def test_a_cookie_that_spells_a_nul_is_none(name: str, text: str) -> None:
    for page in ("/ssmpuc/my/", "/ssmpuc/sign-in/", "/ssmpuc/registrations/"):
        odd = Client().get(page, headers={"host": HOST, "cookie": f"{name}={text}"})
        plain = Client().get(page, headers={"host": HOST})
        assert odd.status_code == plain.status_code < 500
