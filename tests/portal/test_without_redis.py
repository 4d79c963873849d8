"""A portal whose Redis is not there, goes away, or hangs: real processes, asked over HTTP."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from django.contrib.auth.models import User
from django.db import connection

from authorizations.access import COOKIE
from authorizations.models import Authorization, ConnectAttempt, ShareLink
from portal.embedded.ownership import discard, temporary_servers
from portal.embedded.servers import Redis
from portal.processes import Children
from portal.rehearsal.browser import read_page
from portal.stack import CHECKOUT, Site
from tests import cast
from tests.cast import Person, authorize
from utilities.models import Client, Utility

NOWHERE = "redis://127.0.0.1:1/0"  # port 1 answers nobody

Serve = Callable[[str], str]


@pytest.fixture
def serve(transactional_db: None, state_folder: Path, worker_name: str) -> Iterator[Serve]:
    """Start a portal on the test's own database with this REDIS_URL; its address."""
    said: list[str] = []
    children = Children(
        lambda name, line: said.append(line), CHECKOUT, state_folder / f"redis-{worker_name}.proc"
    )
    database = urlsplit(os.environ["DATABASE_URL"])._replace(
        path=f"/{connection.settings_dict['NAME']}"
    )

    def start(redis_url: str) -> str:
        site = Site("portal", "localhost", 0, children, demo=False)
        site.use(
            {
                **os.environ,
                "DATABASE_URL": database.geturl(),
                "REDIS_URL": redis_url,
                "PORTAL_URL": site.url,
            }
        )
        child = site.serve()
        children.wait_for_url(child, f"{site.url}/accounts/login/")
        for client in Client.objects.select_related("utility"):
            client.redirect_uris = [f"{site.url}/connect/callback/{client.utility.slug}/"]
            client.save()
        return site.url

    yield start
    children.stop()


@pytest.fixture
def utility(transactional_db: None) -> Utility:
    return cast.make_utility("http://127.0.0.1:1")


@pytest.fixture
def ada() -> Person:
    return cast.ada()


class Visitor:
    """Ada's browser at a portal that is a process."""

    def __init__(self, url: str, ada: Person) -> None:
        self.browser = httpx.Client(base_url=url, cookies={COOKIE: ada.cookie}, timeout=30)

    def sees(self, path: str) -> httpx.Response:
        return self.browser.get(path)

    def sends(self, page: str, path: str, **fields: str) -> httpx.Response:
        """Send a form of this page."""
        opened = self.browser.get(page)
        forms = read_page(page, opened.status_code, opened.text).forms
        [form] = [one for one in forms if one.action == path]
        return self.browser.post(path, data=form.filled(fields))


def pages_open(visitor: Visitor, authorization: Authorization, link: ShareLink) -> None:
    """What needs no limit opens as always."""
    assert link.utility is not None
    for path in (
        "/",
        "/connect/",
        f"/connect/{link.utility.slug}/",
        f"/share/{link.code}/",
        f"/usage/{authorization.uid}/",
        f"/usage/{authorization.uid}/progress/",
        "/connections/",
        "/upload/",
        "/account/sign-in/",
        "/accounts/login/",
    ):
        assert visitor.sees(path).status_code == 200, path


def is_put_off(answer: httpx.Response) -> bool:
    """Whether it is the calm page that says when to come back."""
    assert "redis" not in answer.text.lower()
    return (
        answer.status_code == 503
        and answer.headers["Retry-After"] == "60"
        and "This does not work for the moment" in answer.text
    )


def limited(visitor: Visitor, link: ShareLink) -> list[httpx.Response]:
    """Each thing that has a limit, tried once."""
    assert link.utility is not None
    share, slug = f"/share/{link.code}/", link.utility.slug
    return [
        visitor.sends(share, f"{share}start/"),
        visitor.sends(f"/connect/{slug}/", f"/connect/{slug}/start/"),
        visitor.sends("/account/sign-in/", "/account/sign-in/send/", email="ada@example.org"),
        # allauth's limits lie in Django's cache.
        visitor.sends("/accounts/login/", "/accounts/login/", login="a@example.org", password="x"),
    ]


def test_without_redis_pages_open_and_what_needs_a_limit_is_put_off(
    serve: Serve, utility: Utility, ada: Person
) -> None:
    authorization = authorize(ada, utility)
    link = ShareLink.objects.create(utility=utility)
    attempts = ConnectAttempt.objects.count()
    visitor = Visitor(serve(NOWHERE), ada)
    pages_open(visitor, authorization, link)
    assert [is_put_off(answer) for answer in limited(visitor, link)] == [True] * 4
    assert ConnectAttempt.objects.count() == attempts
    assert not User.objects.exists()
    come_back = f"/connections/{authorization.uid}/come-back/"
    assert is_put_off(visitor.sends(come_back, f"{come_back}give/", email="ada@example.org"))
    authorization.refresh_from_db()
    assert authorization.customer_email == ""


def test_a_file_is_refused_on_its_own_page_and_to_our_script(
    serve: Serve, utility: Utility, ada: Person
) -> None:
    visitor = Visitor(serve(NOWHERE), ada)
    page = visitor.sends("/upload/", "/upload/send/")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "60")
    assert "We cannot take files for the moment" in page.text
    told = visitor.browser.post(
        "/upload/send/", data={"utility": ""}, headers={"Accept": "application/json"}
    )
    assert told.status_code == 503
    assert told.json()["problem"].startswith("We cannot take files for the moment")
    assert not Authorization.objects.exists()


def test_stopping_needs_no_redis(serve: Serve, utility: Utility, ada: Person) -> None:
    authorization = authorize(ada, utility)
    visitor = Visitor(serve(NOWHERE), ada)
    answer = visitor.sends("/connections/", f"/connections/{authorization.uid}/disconnect/")
    assert answer.status_code == 302
    authorization.refresh_from_db()
    assert authorization.status == Authorization.Status.REVOKED


def test_a_redis_that_goes_away_hangs_and_comes_back(
    serve: Serve, utility: Utility, ada: Person
) -> None:
    link = ShareLink.objects.create(utility=utility)
    authorization = authorize(ada, utility)
    servers = temporary_servers(names=("redis",))
    try:
        running = servers.running["redis"]
        visitor = Visitor(serve(servers.urls["REDIS_URL"]), ada)
        share = f"/share/{link.code}/"
        assert visitor.sends(share, f"{share}start/").status_code == 302

        running.process.send(signal.SIGSTOP)
        assert is_put_off(visitor.sends(share, f"{share}start/"))
        pages_open(visitor, authorization, link)
        running.process.send(signal.SIGCONT)
        assert visitor.sends(share, f"{share}start/").status_code == 302

        server = Redis(servers.home)
        server.end(running.process)
        assert is_put_off(visitor.sends(share, f"{share}start/"))
        pages_open(visitor, authorization, link)
        server.ensure(running)
        assert visitor.sends(share, f"{share}start/").status_code == 302
    finally:
        discard(servers)
