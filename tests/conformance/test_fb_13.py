"""FB_13: security and privacy."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from tests.conformance.reading import entries
from tests.conformance.target import Target

CHAPTER = "FB_13"
TLS = "the sandbox speaks plain HTTP on loopback; TLS belongs to the proxy in front of it"
LOOPBACK = {"127.0.0.1", "localhost"}
# What the residential test customers are called, and where they live.
PERSONAL = re.compile(
    r"Testperson|Robin|Maple|Scenario|Birch|Sault|P6A|APUC0000|TEST.?RESIDENTIAL", re.IGNORECASE
)
# RFC 6750's characters, of which each one is worth six bits at most, and a hexadecimal one four.
TOKEN, HEXADECIMAL = re.compile(r"[A-Za-z0-9_-]+"), re.compile(r"[0-9a-f]+")


def conformance(id: str) -> pytest.MarkDecorator:  # noqa: A002 (the suite's word)
    return pytest.mark.conformance(CHAPTER, id)


@conformance("TC001")
def test_tc001(target: Target) -> None:
    """Every address in ApplicationInformation is https; on loopback http counts as well."""
    response = target.get(target.resource("ApplicationInformation"), target.registration_token)
    assert response.status_code == 200
    addresses = re.findall(r">\s*([a-zA-Z][a-zA-Z0-9+.-]*://[^<\s]+)\s*<", response.text)
    assert addresses
    for address in addresses:
        parts = urlsplit(address)
        assert parts.scheme == "https" or parts.hostname in LOOPBACK, address


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(says, marks=pytest.mark.conformance(CHAPTER, id_, says), id=id_)
        for id_, says in {
            "TC003": "TLS 1.2 is supported.",
            "TC004": "The highest common version of TLS is negotiated.",
            "TC005": "A NULL-SHA cipher suite is refused.",
            "TC006": "AES_128_CBC_SHA is accepted.",
            "TC008": "The certificate has RSA of 2048 bits or more and has not expired.",
            "TC009": "The certificate's root is trusted.",
        }.items()
    ],
)
def test_tls(says: str) -> None:
    pytest.skip(TLS)


@conformance("TC010")
def test_tc010(target: Target) -> None:
    """Ids, links and titles hold nobody's name, address, account or e-mail."""
    answer = target.consent("FB=4_16_51;HistoryLength=5184000")
    documents = [
        target.get(answer["resourceURI"], answer["access_token"]),
        target.get(target.resource("Authorization"), target.client_token),
    ]
    addresses = [str(value) for name, value in answer.items() if name.endswith("URI")]
    for document in documents:
        for entry in entries(document):
            links = [entry.self_href, entry.up, *entry.related]
            addresses += [text for text in (entry.id, entry.title, *links) if text]
        # The feed's own, which no entry repeats.
        addresses += re.findall(r"<(?:\w+:)?(?:id|title)[^>]*>([^<]*)<", document.text)
        addresses += re.findall(r'href="([^"]*)"', document.text)
    assert len(addresses) > 20
    assert not [text for text in addresses if PERSONAL.search(text) or "@" in text]


@conformance("TC011")
def test_tc011(target: Target) -> None:
    """Tokens, codes and ids have 48 bits or more; ours have 128 or more, and never come twice."""
    codes = [target.code() for _ in range(3)]
    answers = [target.trade(code).json() for code in codes]
    tokens = [
        *codes,
        *(answer[name] for answer in answers for name in ("access_token", "refresh_token")),
        target.client_token,
        target.registration_token,
        target.client["client_secret"],
    ]
    ids = [answer["resourceURI"].rpartition("/")[2] for answer in answers]
    assert len({*tokens, *ids}) == len(tokens) + len(ids)
    for token in tokens:
        assert TOKEN.fullmatch(token)
        assert len(token) * 6 >= 128
    for id_ in ids:
        assert HEXADECIMAL.fullmatch(id_)
        assert len(id_) * 4 >= 128
