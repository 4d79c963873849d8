"""FB_01: what all function blocks have in common."""

from __future__ import annotations

import httpx
import pytest
from lxml import etree

from tests.conformance.target import Target

CHAPTER = "FB_01"
ATOM = "{http://www.w3.org/2005/Atom}"
CERTIFICATES = "https://cert.greenbuttonalliance.org/certificate/"
MEDIA_TYPES = {"text/html", "text/xml"}
NO_CERTIFICATE = "export: a real export names no certificate"


def conformance(id: str) -> pytest.MarkDecorator:  # noqa: A002 (the suite's word)
    return pytest.mark.conformance(CHAPTER, id)


def certificates(response: httpx.Response) -> list[str]:
    """The certificate links that the document's root has, read without our library."""
    assert response.status_code == 200, response.text
    root = etree.fromstring(response.content)
    links = [link for link in root.findall(f"{ATOM}link") if link.get("rel") == "related"]
    found = [link for link in links if (link.get("href") or "").startswith(CERTIFICATES)]
    assert all(link.get("type") in {None, *MEDIA_TYPES} for link in found)
    return [link.get("href") or "" for link in found]


@conformance("FND001")
def test_fnd001(target: Target) -> None:
    """The target is configured: its ids, its endpoints, and a token of each class."""
    named = ("client_id", "client_secret", "authorize_url", "token_url", "resource_url")
    assert all(target.client[name] for name in named)
    answer = target.consent()
    tokens = {target.registration_token, target.client_token, answer["access_token"]}
    assert len(tokens) == 3


@conformance("TR_CPYRT001")
def test_tr_cpyrt001() -> None:
    """The implementer owns the standard."""
    pytest.skip("manual, and about whoever runs it, not about the software")


@conformance("CERT001")
def test_cert001(target: Target) -> None:
    """ApplicationInformation names the certificate."""
    feed = target.resource("ApplicationInformation")
    document = etree.fromstring(target.get(feed, target.registration_token).content)
    [href] = [
        link.get("href") or ""
        for link in document.iterfind(f"{ATOM}entry/{ATOM}link")
        if link.get("rel") == "self"
    ]
    assert certificates(target.get(href, target.registration_token))


@conformance("CERT002")
def test_cert002(target: Target) -> None:
    """The list of authorizations names the certificate."""
    assert certificates(target.get(target.resource("Authorization"), target.client_token))


@conformance("CERT003")
def test_cert003(target: Target) -> None:
    """An authorization names the certificate."""
    address = target.consent()["authorizationURI"]
    assert certificates(target.get(address, target.client_token))


@conformance("CERT004")
def test_cert004(target: Target) -> None:
    """The usage that a customer shares names the certificate."""
    answer = target.consent()
    found = certificates(target.get(answer["resourceURI"], answer["access_token"]))
    if not target.is_certified:
        assert not found
        pytest.skip(NO_CERTIFICATE)
    assert found
