"""The door out: to where a notice may be posted, and how."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import override_settings

from tests.lying_utility import Answer, LyingUtility
from utilities.sandbox.push import posting
from utilities.sandbox.push.posting import Outcome

RESOURCE = "https://sandbox.example/DataCustodian/espi/1_1/resource/Batch/Subscription/1?a=1&b=2"

# Stands for this machine where somebody connects to it.
ANY = "0.0.0.0"  # noqa: S104


def post(uri: str) -> Outcome:
    (outcome,) = posting.post_all([(uri, RESOURCE)])
    return outcome


@pytest.fixture
def public_sandbox() -> Iterator[None]:
    with override_settings(SANDBOX_URL="https://sandbox.example.org"):
        yield


def test_the_body_is_escaped_and_the_query_of_the_notify_address_is_kept(
    lying: LyingUtility,
) -> None:
    lying.answer("/in/box", 202)
    assert post(f"{lying.url}/in/box?client=7&x=%20").trouble == ""
    (request,) = lying.requests
    assert request.query == {"client": ["7"], "x": [" "]}
    assert b"/1?a=1&amp;b=2</" in request.body


def test_the_name_is_sent_though_the_number_is_called(lying: LyingUtility) -> None:
    lying.answer("/", 200)
    port = lying.url.rpartition(":")[2]
    assert post(f"http://localhost:{port}").status == 200
    assert lying.requests[0].headers["host"] == f"localhost:{port}"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "//127.0.0.1/x",
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "https://[::1",
        "https://127.0.0.1:99999/",
        "https://127.0.0.1:port/",
        "https://user@127.0.0.1/",
        "https://user:secret@127.0.0.1/",
        "https://127.0.0.1/a b",
        "https://127.0.0.1/\x00",
        "https://127.0.0.1/ä",
        "https://a..b/",
        f"https://{'a' * 64}.example/",
    ],
)
def test_an_address_that_cannot_be_one_is_refused_by_its_spelling(uri: str) -> None:
    outcome = post(uri)
    assert outcome.status is None
    assert outcome.trouble.endswith(".")


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "169.254.169.254", "8.8.8.8", "[::ffff:8.8.8.8]", ANY]
)
def test_in_the_clear_a_notice_goes_to_this_machine_only(host: str) -> None:
    outcome = post(f"http://{host}/")
    assert (outcome.status, outcome.trouble) == (
        None,
        "Notices go by https only; http is for this very machine.",
    )


@pytest.mark.usefixtures("public_sandbox")
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",  # 127.0.0.1 as a number
        "0x7f.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        ANY,
        "255.255.255.255",
        "224.0.0.1",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "[::ffff:10.0.0.1]",
        "[2002:a00:1::1]",  # 6to4 of 10.0.0.1
        "[64:ff9b::a00:1]",
        "[64:ff9b:1::a00:1]",  # RFC 8215: translated within one network
        "[::7f00:1]",  # 127.0.0.1, as IPv6 once had it
        "[fec0::1]",  # RFC 3879: of one site
    ],
)
def test_a_public_sandbox_posts_to_no_private_machine(host: str) -> None:
    outcome = post(f"https://{host}/latest/meta-data")
    assert outcome.status is None
    assert outcome.trouble.endswith("is not a machine on the public internet."), outcome


@pytest.mark.usefixtures("public_sandbox")
def test_a_public_sandbox_posts_to_no_receiver_on_its_own_machine(lying: LyingUtility) -> None:
    lying.answer("/", 200)
    assert post(lying.url).status is None
    assert lying.requests == []


def test_an_unknown_name_is_a_trouble_and_no_crash() -> None:
    assert post("https://no-such-machine.invalid/").trouble == (
        "There is no machine called no-such-machine.invalid."
    )


def test_a_redirect_is_not_followed(lying: LyingUtility) -> None:
    lying.answer("/a", 307, headers={"Location": "/b"})
    lying.answer("/b", 200)
    assert post(f"{lying.url}/a").trouble.startswith("It answered with a redirect")
    assert lying.asked("/b") == []


def test_an_endless_answer_is_not_read(lying: LyingUtility) -> None:
    lying.trickle("/")
    outcome = post(lying.url)
    assert (outcome.status, outcome.trouble) == (200, "")
    assert outcome.seconds < posting.ANSWER_SECONDS


def test_whoever_says_nothing_is_not_waited_for(lying: LyingUtility) -> None:
    lying.answer_exactly("/", Answer(200, before=lambda: lying.leaving.wait(60)))
    outcome = post(lying.url)
    lying.leaving.set()
    assert outcome.status is None
    assert outcome.trouble == f"It did not answer within {posting.ANSWER_SECONDS} seconds."


def test_an_answer_that_is_no_http_is_a_trouble(lying: LyingUtility) -> None:
    lying.answer_exactly("/", Answer(200, {"Bad": "\x00"}))
    assert post(lying.url).trouble.startswith("It broke off without an answer")


def test_a_certificate_that_nobody_signed_is_not_trusted(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            caller, _ = listener.accept()
            with caller, suppress(ssl.SSLError):
                context.wrap_socket(caller, server_side=True).close()

        thread = threading.Thread(target=answer)
        thread.start()
        outcome = post(f"https://localhost:{listener.getsockname()[1]}/")
        thread.join()
    assert outcome.status is None
    assert outcome.trouble.startswith("Its certificate is not trusted")


def self_signed(folder: Path) -> Path:
    """A certificate of localhost with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "localhost.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file
