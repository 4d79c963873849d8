"""Addresses on another origin: where a utility's answer, or a notice, would have our tokens sent.

Whatever it is spelt like, a token goes to the utility's own origins only (style of the attack: what
one reader takes for the utility's host, another one takes for a user name, a path or a query).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from authorizations.at_utility import standing
from authorizations.models import Authorization, ConnectAttempt, Notification
from greenbutton import notices
from greenbutton.espi import write_bare
from greenbutton.espi.batch_list import BatchList
from greenbutton.ingest.pull import pull
from greenbutton.models import Pull
from tests.authorizations.consents import CLIENT_TOKEN, document
from tests.cast import Person, authorize
from tests.lying_utility import LyingUtility
from utilities.models import Utility

# {own} is the utility's origin, {host} its host and port, {port} its port, {evil} another server
# that listens, {evil_host} that one's host and port.
ELSEWHERE = [
    "{evil}/resource/Batch/Subscription/1",
    "//{evil_host}/resource/Batch/Subscription/1",
    "{own}@{evil_host}/",
    "http://{host}@{evil_host}/",
    "http://{host}:80@{evil_host}/",
    "http://{host}%40{evil_host}/",
    "http://{evil_host}\\@{host}/",
    "http://{evil_host}/\\@{host}/",
    "{own}\\@{evil_host}/",
    "{own}\\.{evil_host}/",
    "http://{evil_host}#@{host}/",
    "http://{evil_host}?@{host}/",
    "http://{evil_host};{host}/",
    "http://{host}.{evil_host}/",
    "http://127.0.0.1.evil.example:{port}/",
    "http://127.0.0.1:{port}.evil.example/",
    "https://{host}/",
    "ftp://{host}/",
    "file:///etc/passwd",
    "gopher://{host}/",
    "http://127.0.0.1/",
    "http://127.0.0.1:0{port}1/",
    "http://localhost:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://2130706433:{port}/",
    "http://0x7f.1:{port}/",
    "http://127.1:{port}/",
    "http://127\u30020\u30020\u30021:{port}/",
    "http://\u2460\u2461\u2466.0.0.1:{port}/",
    "http://127.0.0.1\u2044:{port}/",
    "http://127.0.0.1\uff0f@{evil_host}/",
    "http://127.0.0.1\uff03@{evil_host}/",
    "http://\uff11\uff12\uff17.0.0.1:{port}/",
    "http://127.0.0.1.:{port}/",
    "http://127.0.0.1%2e:{port}/",
    "http://%31%32%37.0.0.1:{port}/",
    "http:/{host}/",
    "http:{host}/",
    "http:///{host}/",
    "{own}\t@{evil_host}/",
    "http://{evil_host}\t/@{host}/",
    "{own}/\r\nHost: {evil_host}",
    "{own}/\x00",
    "{own}/\ud800",
    "h\ntt\np://{host}/",
    "\u00a0{own}/",
    "http://[{host}/",
    "http://{host}]/",
    "http://127.0.0.1:99999999/",
    "http://127.0.0.1:{port}{port}/",
    "http://127.0.0.1:\u0661/",
    "{own}:{port}/",
    "javascript:alert(1)",
    "",
    " ",
]


@pytest.fixture
def evil() -> Iterator[LyingUtility]:
    """Another server, which would take anything."""
    with LyingUtility() as server:
        server.answer("/resource/Batch/Subscription/1", body=b"<feed/>")
        yield server


def spelt(text: str, lying: LyingUtility, evil: LyingUtility) -> str:
    own = urlsplit(lying.url)
    return (
        text.replace("{own}", lying.url)
        .replace("{host}", own.netloc)
        .replace("{port}", str(own.port))
        .replace("{evil}", evil.url)
        .replace("{evil_host}", urlsplit(evil.url).netloc)
    )


def asked_of(lying: LyingUtility) -> set[str]:
    return {request.path for request in lying.requests}


@pytest.mark.parametrize("name", ["resourceURI", "authorizationURI", "customerResourceURI"])
@pytest.mark.parametrize("text", ELSEWHERE, ids=ascii)
def test_a_token_answer_that_names_one_is_no_grant(
    utility: Utility,
    lying: LyingUtility,
    evil: LyingUtility,
    ada: Person,
    granted: dict[str, Any],
    text: str,
    name: str,
) -> None:
    address = spelt(text, lying, evil)
    lying.answer("/token", json={**granted, name: address})
    lying.answer("/token", json=CLIENT_TOKEN)
    lying.answer("/resource/Authorization/1", 204)
    answer = ada.comes_back(utility, state=ada.begins(utility), code="a-code")
    assert evil.requests == []
    if address == "" and name != "resourceURI":  # which says that there is none
        assert answer.status_code == 302
        return
    assert answer.status_code == 502
    assert not Authorization.objects.exists()
    assert "cannot be used" in ConnectAttempt.objects.get().reason
    assert asked_of(lying) <= {"/token", "/resource/Authorization/1"}


@pytest.mark.parametrize("kind", ["resource_uri", "customer_uri"])
@pytest.mark.parametrize("text", [text for text in ELSEWHERE if text.strip()], ids=ascii)
def test_a_row_that_has_one_all_the_same_is_not_collected_there(
    utility: Utility, lying: LyingUtility, evil: LyingUtility, ada: Person, text: str, kind: str
) -> None:
    """As one from before its utility moved, or that somebody wrote into the database."""
    address = spelt(text, lying, evil).replace("\x00", "").replace("\ud800", "\ufffd")
    authorization = authorize(ada, utility)
    Authorization.objects.update(**{kind: address})
    if utility.owns(address):
        return  # without what the database does not hold, it is the utility's own
    done = pull(Authorization.objects.get(pk=authorization.pk))
    assert done is not None
    assert evil.requests == []
    if kind == "resource_uri":
        assert done.state == Pull.State.FAILED
        assert lying.requests == []


@pytest.mark.parametrize("text", [text for text in ELSEWHERE if text.strip()], ids=ascii)
def test_stopping_tells_nobody_else(
    utility: Utility, lying: LyingUtility, evil: LyingUtility, ada: Person, text: str
) -> None:
    address = spelt(text, lying, evil).replace("\x00", "").replace("\ud800", "\ufffd")
    lying.answer("/token", json=CLIENT_TOKEN)
    authorization = authorize(ada, utility)
    Authorization.objects.update(authorization_uri=address)
    stopped = ada.browser.post(f"/connections/{authorization.uid}/disconnect/")
    assert stopped.status_code == 302
    assert evil.requests == []
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.REVOKED


def test_a_notice_is_a_key_to_look_up_and_no_address_to_fetch(
    utility: Utility, lying: LyingUtility, evil: LyingUtility, ada: Person
) -> None:
    authorization = authorize(ada, utility)
    Authorization.objects.update(next_pull_at=None)
    writable = [text for text in ELSEWHERE if text.isprintable() and text.strip()]
    uris = tuple(spelt(text, lying, evil) for text in writable)
    ada.browser.post("/espi/demo/notify/", write_bare(BatchList(uris)), "application/xml")
    assert notices.read_waiting() == 1
    told = Notification.objects.get()
    assert told.named == len(set(uris))
    assert told.matched == 0
    authorization.refresh_from_db()
    assert authorization.next_pull_at is None
    assert evil.requests == lying.requests == []
    # What is shown of them to staff names hosts and collections at most.
    for found in told.findings:
        assert "@" not in found["place"]


def test_what_an_authorization_entry_names_is_not_followed(
    utility: Utility, lying: LyingUtility, evil: LyingUtility, ada: Person
) -> None:
    """The utility's own word of a consent, read with our client token, names another server."""
    authorization = authorize(ada, utility)
    Authorization.objects.update(standing_at=timezone.now())
    lying.answer("/token", json=CLIENT_TOKEN)
    entry = document(
        authorization,
        resource_uri=f"{evil.url}/resource/Batch/Subscription/1",
        authorization_uri=f"{evil.url}/resource/Authorization/1",
    )
    lying.answer("/resource/Authorization/1", body=entry)
    standing.look(authorization)
    authorization.refresh_from_db()
    assert authorization.resource_uri == f"{lying.url}/resource/Batch/Subscription/1"
    assert authorization.authorization_uri == f"{lying.url}/resource/Authorization/1"
    assert evil.requests == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_feed_that_redirects_elsewhere_is_not_followed(
    utility: Utility, lying: LyingUtility, evil: LyingUtility, ada: Person, status: int
) -> None:
    location = f"{evil.url}/resource/Batch/Subscription/1"
    lying.answer("/resource/Batch/Subscription/1", status, headers={"Location": location})
    assert pull(authorize(ada, utility)) is not None
    assert evil.requests == []
