"""Notices as a utility that is another process posts them, over real HTTP, and what follows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import override_settings

from authorizations.at_utility import standing
from authorizations.models import Authorization, Notification
from greenbutton import notices
from greenbutton.ingest.pull import pull
from tests import cast
from tests.at_the_sandbox import at_utility, connect, registered, svce  # noqa: F401 (fixtures)
from tests.conftest import SandboxSite
from utilities.client import GreenButtonClient
from utilities.models import Client, Utility

pytestmark = pytest.mark.django_db(transaction=True)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *said: object) -> None:
        pass


@pytest.fixture
def portal(db: None) -> Iterator[str]:
    """This portal at an address of its own; what it keeps, the test sees."""

    def answer(environ: Any, start: Any) -> Any:
        try:
            return list(site(environ, start))
        finally:
            connection.close()

    server = make_server("127.0.0.1", 0, answer, server_class=_Server, handler_class=_Quiet)
    url = f"http://127.0.0.1:{server.server_address[1]}"
    with override_settings(SITE_URL=url):  # the middleware takes its name from it
        site = WSGIHandler()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with override_settings(ALLOWED_HOSTS=[*settings.ALLOWED_HOSTS, "127.0.0.1"]):
        yield url
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def told(portal: str, svce: Utility, sandbox_site: SandboxSite) -> Iterator[str]:  # noqa: F811
    """Our client at the sandbox, told of news at our notify address."""
    client_id = Client.objects.get(utility=svce).client_id
    address = f"{portal}/espi/{svce.slug}/notify/"
    sandbox_site.manage("sandbox_client", client_id, "--notify-uri", address)
    yield client_id
    sandbox_site.manage("sandbox_client", client_id, "--notify-uri", "")


def post_what_is_due(sandbox: SandboxSite) -> list[Notification]:
    """Let the sandbox's clerk post, and read what came; the new ones."""
    before = Notification.objects.count()
    sandbox.manage("sandbox_clerk", "--once")
    assert Notification.objects.count() > before
    notices.read_waiting()
    rows = list(Notification.objects.order_by("id")[before:])
    assert {row.state for row in rows} == {"read"}
    return rows


def test_news_bring_the_authorization_forward_and_its_end_ends_it(
    told: str,
    svce: Utility,  # noqa: F811
    at_utility: httpx.Client,  # noqa: F811
    sandbox_site: SandboxSite,
) -> None:
    svce.clients.update(default_scope="FB=4_16_39;HistoryLength=86400")
    authorization = connect(at_utility, svce, cast.ada())
    pull(authorization)
    # The first notice of data comes a moment after the consent. Other tests use this sandbox, too.
    sandbox_site.manage("sandbox_advance", "--hours", "1")
    rows = post_what_is_due(sandbox_site)
    assert sum(row.brought.get("usage", 0) for row in rows) >= 1
    authorization.refresh_from_db()
    assert authorization.pull_trigger == "notification"
    assert authorization.is_due()

    # Its grant ends at the utility, and the notice of that names the consent.
    assert authorization.client is not None
    Authorization.objects.update(standing_at=None, standing_asked_at=None)
    GreenButtonClient(authorization.client).revoke(authorization.authorization_uri)
    rows = post_what_is_due(sandbox_site)
    assert sum(row.brought.get("consent", 0) for row in rows) == 1
    assert standing.claim() == [authorization.pk]
    assert standing.look(authorization) == "It was revoked at the utility."
    authorization.refresh_from_db()
    assert (authorization.status, authorization.revoked_by) == ("revoked", "utility")


def test_a_customer_whom_nobody_here_knows_is_counted_and_not_asked_for(
    told: str,
    svce: Utility,  # noqa: F811
    sandbox_site: SandboxSite,
) -> None:
    client = Client.objects.get(utility=svce)
    GreenButtonClient(client).post_json(
        svce.test_submit_url,
        {
            "scenario": "residential",
            "scope": "FB=4_16_39",
            "redirect_uri": client.redirect_uris[-1],
        },
    )
    rows = post_what_is_due(sandbox_site)
    assert sum(row.unknown for row in rows) >= 1
    assert not Authorization.objects.exists()
    places = {finding["place"] for row in rows for finding in row.findings}
    assert all(place.startswith(svce.origins[0]) and place.endswith("…") for place in places)
