"""The demo site with a sandbox that is another process: every step, and whom it must refuse."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from authorizations.models import Authorization
from portal.demo_site import masking
from portal.demo_site.models import Conversation, Notice, Visit
from portal.demo_site.pretty import pretty
from portal.demo_site.tasks import forget_demo_visits
from tests import cast
from tests.at_the_sandbox import follow, registered, seen, submit  # noqa: F401 (fixtures)
from tests.conftest import SandboxSite
from utilities.encrypted import EncryptedTextField, decrypt
from utilities.models import Client, Utility

pytestmark = pytest.mark.django_db

PUBLIC = {"SSMPUC": "SSMPUC_ccccccccc", "SVCE": "SVCE_ccccccccc"}
SIGNS_IN = {
    "SSMPUC": {"way": "test", "value": "test_residential"},
    "SVCE": {"way": "phone", "value": "111-111-1111"},
}


@pytest.fixture(autouse=True)
def switched_on(settings: LazySettings) -> None:
    settings.DEMO_SITE = True


@pytest.fixture
def tester() -> Browser:
    return cast.browser()


@pytest.fixture
def at_utility() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60, trust_env=False) as browser:
        yield browser


def begin(tester: Browser, client_id: str) -> Visit:
    answer = tester.post(f"/demo/{client_id}/start/")
    assert answer.status_code == 302
    return Visit.objects.get(uid=answer["Location"].split("/")[3])


def page(tester: Browser, visit: Visit) -> str:
    answer = tester.get(f"/demo/visits/{visit.uid}/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


def consent(at_utility: httpx.Client, visit: Visit, decision: str = "allow") -> str:
    """From the authorize URL through the utility's pages to the callback's query."""
    visit.refresh_from_db()
    response = follow(at_utility, at_utility.get(visit.authorize_url))
    if seen(response).has_form("passcode"):
        passcode = seen(response).texts["test-passcode"]
        response = submit(at_utility, response, "passcode", passcode=passcode)
    response = submit(at_utility, response, "consent", decision=decision)
    return urlsplit(response.headers["Location"]).query


def ask(tester: Browser, visit: Visit, **fields: str) -> None:
    sent = {"scope": "FB=4_16_51;HistoryLength=864000", **fields}
    assert tester.post(f"/demo/visits/{visit.uid}/ask/", sent).status_code == 302


def granted(tester: Browser, at_utility: httpx.Client, utility: str) -> Visit:
    """A visit that has tokens."""
    visit = begin(tester, PUBLIC[utility])
    ask(tester, visit, **SIGNS_IN[utility])
    assert tester.get(f"/demo/callback/?{consent(at_utility, visit)}").status_code == 302
    assert tester.post(f"/demo/visits/{visit.uid}/trade/").status_code == 302
    visit.refresh_from_db()
    assert visit.access_token
    return visit


def read(tester: Browser, visit: Visit, address: str, token: str, **query: str) -> Conversation:
    sent = {"address": address, "token": token, **query}
    answer = tester.post(f"/demo/visits/{visit.uid}/read/", sent)
    assert answer.status_code == 302, answer.content.decode()
    shown = tester.get(answer["Location"])
    assert shown.status_code == 200
    talk = visit.conversations.first()
    assert talk is not None
    return talk


@pytest.mark.parametrize("utility", PUBLIC)
def test_a_public_client_walks_the_whole_way(
    registered: None,  # noqa: F811
    tester: Browser,
    at_utility: httpx.Client,
    utility: str,
) -> None:
    visit = begin(tester, PUBLIC[utility])
    assert "Make the authorize URL" in page(tester, visit)
    ask(tester, visit, **SIGNS_IN[utility])
    html = page(tester, visit)
    assert "AdditionalScope" in html
    assert "http://localhost" in html

    assert tester.get(f"/demo/callback/?{consent(at_utility, visit)}").status_code == 302
    assert "Trade the code for tokens" in page(tester, visit)
    traded = tester.post(f"/demo/visits/{visit.uid}/trade/")
    assert "grant_type" in tester.get(traded["Location"]).content.decode()
    visit.refresh_from_db()
    assert "FB=" in visit.granted_scope
    assert visit.resource_uri

    usage = read(tester, visit, visit.resource_uri, "access")
    assert usage.status == 200
    assert usage.parsed is not None
    assert usage.parsed["readings"] > 100
    assert usage.parsed["types"]["UsagePoint"] == 2
    old = visit.access_token
    tester.post(f"/demo/visits/{visit.uid}/refresh/")
    visit.refresh_from_db()
    assert visit.access_token not in {"", old}

    consents = read(tester, visit, visit.authorization_uri, "client")
    assert consents.parsed is not None
    assert consents.parsed["types"] == {"Authorization": 1}
    tester.post(f"/demo/visits/{visit.uid}/revoke/")
    visit.refresh_from_db()
    assert visit.revoked_at is not None
    assert visit.access_token == visit.refresh_token == ""
    assert read(tester, visit, visit.resource_uri, "access").status == 401
    # It is a third party of its own: the portal knows nothing of all this.
    assert not Authorization.objects.exists()


def test_a_client_that_was_pasted_works_as_well(
    registered: None,  # noqa: F811
    sandbox_site: SandboxSite,
    tester: Browser,
) -> None:
    told = sandbox_site.manage(
        "sandbox_client", "--new", "SVCE", "--redirect-uri", "http://localhost:8000/demo/callback/",
        "--json",
    )  # fmt: skip
    made = json.loads(told)
    answer = tester.post(
        "/demo/start/",
        {
            "utility": "SVCE",
            "client_id": made["client_id"],
            "client_secret": made["client_secret"],
            "registration_token": made["registration_access_token"],
        },
    )
    visit = Visit.objects.get()
    assert answer["Location"] == f"/demo/visits/{visit.uid}/"
    assert not visit.is_ready_made
    application = read(tester, visit, "ApplicationInformation", "registration")
    assert application.parsed is not None
    assert application.parsed["types"] == {"ApplicationInformation": 1}
    assert read(tester, visit, "ReadServiceStatus", "client").status == 200


def test_a_wrong_class_of_token_is_seen_to_be_refused(
    registered: None,  # noqa: F811
    tester: Browser,
    at_utility: httpx.Client,
) -> None:
    visit = granted(tester, at_utility, "SSMPUC")
    assert read(tester, visit, "ApplicationInformation", "access").status == 403
    assert read(tester, visit, visit.resource_uri, "client").status == 403
    assert read(tester, visit, visit.resource_uri, "unknown").status == 401
    assert read(tester, visit, "Authorization", "registration").status == 403
    wrong = {"published-min": "yesterday"}
    assert read(tester, visit, visit.resource_uri, "access", **wrong).status == 400


def test_no_secret_is_in_a_page_or_plain_in_the_database(
    registered: None,  # noqa: F811
    tester: Browser,
    at_utility: httpx.Client,
) -> None:
    visit = begin(tester, PUBLIC["SSMPUC"])
    ask(tester, visit, **SIGNS_IN["SSMPUC"])
    query = consent(at_utility, visit)
    code = parse_qs(query)["code"][0]
    tester.get(f"/demo/callback/?{query}")
    tester.post(f"/demo/visits/{visit.uid}/trade/")
    visit.refresh_from_db()
    before = [visit.access_token, visit.refresh_token]
    tester.post(f"/demo/visits/{visit.uid}/refresh/")
    tester.post(f"/demo/visits/{visit.uid}/client-token/")
    read(tester, visit, "ApplicationInformation", "registration")
    read(tester, visit, visit.resource_uri, "access")
    visit.refresh_from_db()
    secrets = {code, *before, *visit.known_secrets}
    assert len(secrets) >= 6

    pages = page(tester, visit) + tester.get("/demo/").content.decode()
    for talk in visit.conversations.all():
        pages += tester.get(f"/demo/visits/{visit.uid}/talks/{talk.number}/").content.decode()
        pages += talk.said + talk.read
    stored = "".join(
        _plain_columns(Visit),
    ) + "".join(_plain_columns(Conversation))
    for secret in secrets:
        assert secret not in pages
        assert secret not in stored
    assert "111-111-1111" not in stored


def _plain_columns(model: type[Any]) -> Iterator[str]:
    """Every column as it lies in the database."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')  # noqa: S608
        yield from (row[0] for row in cursor.fetchall())


def test_somebody_elses_visit_is_not_there(tester: Browser) -> None:
    visit = a_visit(tester)
    stranger = cast.browser()
    stranger.get("/connect/")
    for way in ("", "talks/1/"):
        assert stranger.get(f"/demo/visits/{visit.uid}/{way}").status_code == 404
    for verb in ("ask", "trade", "refresh", "client-token", "revoke", "forget", "read"):
        assert stranger.post(f"/demo/visits/{visit.uid}/{verb}/").status_code == 404
        assert tester.get(f"/demo/visits/{visit.uid}/{verb}/").status_code == 405


def a_visit(tester: Browser, **fields: str) -> Visit:
    utility = cast.make_utility()
    sent = {"utility": "DEMO", "client_id": "mine", "client_secret": "a-secret-of-mine", **fields}
    answer = tester.post("/demo/start/", sent)
    assert answer.status_code == 302, answer.content.decode()
    visit = Visit.objects.get()
    assert visit.utility == utility
    return visit


@pytest.mark.parametrize(
    "address",
    [
        "http://evil.example/resource/Batch/Subscription/1",
        "//evil.example/x",
        "https://utility.example@evil.example/resource/x",
        "https://utility.example/resource/../token",
        "https://utility.example/resource/..%2f..%2ftoken",
        "https://utility.example/resource/.hidden",
        "https://utility.example/resourcex/y",
        "https://utility.example/resource/x?token=1",
        "https://utility.example/resource/x#y",
        "..",
        "Batch//Subscription",
        "Batch\\Subscription",
        "file:///etc/passwd",
        "https://utility.example/authorize",
        "ReadServiceStatus\r\nX-Header: 1",
    ],
)
def test_the_explorer_reads_nothing_but_the_utilitys_resources(
    tester: Browser, address: str
) -> None:
    visit = a_visit(tester)
    sent = {"address": address, "token": "access"}
    answer = tester.post(f"/demo/visits/{visit.uid}/read/", sent)
    assert answer.status_code == 422
    assert not visit.conversations.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("utility", "NOBODY"),
        ("utility", ""),
        ("client_id", ""),
        ("client_id", "two words"),
        ("client_id", "line\nbreak"),
        ("client_secret", ""),
        ("client_secret", "s\x00s"),
        ("client_secret", "s" * 1001),
        ("registration_token", "naïve"),
    ],
)
def test_what_cannot_be_a_client_is_told_and_not_shown_again(
    tester: Browser, field: str, value: str
) -> None:
    cast.make_utility()
    sent = {"utility": "DEMO", "client_id": "mine", "client_secret": "a-secret-of-mine"}
    answer = tester.post("/demo/start/", {**sent, field: value})
    assert answer.status_code == 422
    assert not Visit.objects.exists()
    assert "a-secret-of-mine" not in answer.content.decode()


def test_a_utility_without_addresses_is_not_offered(tester: Browser) -> None:
    utility = cast.make_utility()
    Utility.objects.filter(pk=utility.pk).update(authorize_url="", token_url="")
    assert utility.name not in tester.get("/demo/").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?code=a-secret-code",
        "?code=a-secret-code&state=",
        "?code=a-secret-code&state=unknown",
        "?error=access_denied&state=unknown",
        "?code=a&code=b&state=STATE",
        "?code=%00&state=%00",
    ],
)
def test_a_callback_that_nobody_asked_for_is_thrown_away(tester: Browser, query: str) -> None:
    visit = a_visit(tester)
    ask(tester, visit)
    visit.refresh_from_db()
    state = parse_qs(urlsplit(visit.authorize_url).query)["state"][0]
    answer = tester.get(f"/demo/callback/{query.replace('STATE', state)}")
    assert answer.status_code == 400
    assert "a-secret-code" not in answer.content.decode()
    visit.refresh_from_db()
    assert visit.code == ""


def test_a_state_counts_once_and_in_its_own_browser(tester: Browser) -> None:
    visit = a_visit(tester)
    ask(tester, visit)
    visit.refresh_from_db()
    state = parse_qs(urlsplit(visit.authorize_url).query)["state"][0]
    stranger = cast.browser()
    stranger.post("/demo/start/", {})
    assert stranger.get("/demo/callback/", {"code": "x", "state": state}).status_code == 400
    assert tester.get("/demo/callback/", {"code": "x", "state": state}).status_code == 302
    assert tester.get("/demo/callback/", {"code": "y", "state": state}).status_code == 400
    visit.refresh_from_db()
    assert visit.code == "x"


def test_a_callback_with_a_nul_in_it_is_shown_without(tester: Browser) -> None:
    visit = a_visit(tester)
    ask(tester, visit)
    visit.refresh_from_db()
    state = parse_qs(urlsplit(visit.authorize_url).query)["state"][0]
    brought = {"code": "x", "state": state, "od\0d": "a\0b"}
    assert tester.get("/demo/callback/", brought).status_code == 302
    visit.refresh_from_db()
    assert visit.came_back_with["odd"] == "ab"
    assert visit.code == "x"


def test_only_so_many_conversations_of_a_visit_are_kept(tester: Browser) -> None:
    visit = a_visit(tester)
    for _ in range(102):
        Conversation.keep(visit, step="explore", method="GET", title="/x", seconds=0, said="{}")
    numbers = list(visit.conversations.values_list("number", flat=True))
    assert (len(numbers), numbers[0], numbers[-1]) == (100, 102, 3)


def test_a_state_ends_after_an_hour(tester: Browser) -> None:
    visit = a_visit(tester)
    ask(tester, visit)
    visit.refresh_from_db()
    state = parse_qs(urlsplit(visit.authorize_url).query)["state"][0]
    Visit.objects.update(state_until=timezone.now())
    assert tester.get("/demo/callback/", {"code": "x", "state": state}).status_code == 400


def test_an_answer_of_another_issuer_is_not_taken(tester: Browser) -> None:
    visit = a_visit(tester)
    ask(tester, visit)
    visit.refresh_from_db()
    state = parse_qs(urlsplit(visit.authorize_url).query)["state"][0]
    brought = {"code": "x", "state": state, "iss": "https://evil.example"}
    answer = tester.get("/demo/callback/", brought, follow=True)
    assert "another issuer" in answer.content.decode()
    visit.refresh_from_db()
    assert visit.code == ""


def test_a_refusal_is_shown_with_its_parameters(
    registered: None,  # noqa: F811
    tester: Browser,
    at_utility: httpx.Client,
) -> None:
    visit = begin(tester, PUBLIC["SSMPUC"])
    ask(tester, visit, **SIGNS_IN["SSMPUC"])
    tester.get(f"/demo/callback/?{consent(at_utility, visit, 'deny')}")
    html = page(tester, visit)
    assert "came back with a refusal" not in html
    assert "sent the customer back with a refusal" in html
    assert "access_denied" in html
    assert "Trade the code" not in html


@pytest.mark.parametrize("scope", ["", "4_16", "FB=", "FB=4;HistoryLength=x", "FB=4;A=b\x00"])
def test_a_scope_that_cannot_be_read_makes_no_address(tester: Browser, scope: str) -> None:
    visit = a_visit(tester)
    answer = tester.post(f"/demo/visits/{visit.uid}/ask/", {"scope": scope})
    assert answer.status_code == 422
    visit.refresh_from_db()
    assert visit.authorize_url == ""


def test_everything_is_forgotten_after_a_day(tester: Browser) -> None:
    visit = a_visit(tester)
    ask(tester, visit)
    Visit.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert tester.get(f"/demo/visits/{visit.uid}/").status_code == 404
    assert tester.post(f"/demo/notify/{visit.notify_code}/", b"<x/>", "text/xml").status_code == 404
    forget_demo_visits()
    assert not Visit.objects.exists()


def test_everything_is_forgotten_when_the_visitor_says_so(tester: Browser) -> None:
    visit = a_visit(tester)
    tester.post(f"/demo/notify/{visit.notify_code}/", b"<x/>", "text/xml")
    tester.post(f"/demo/visits/{visit.uid}/forget/")
    assert not Visit.objects.exists()
    assert not Notice.objects.exists()


def test_a_notice_is_kept_and_shown_and_never_followed(tester: Browser) -> None:
    visit = a_visit(tester)
    poster = cast.browser()
    sent = b"<BatchList><resources>https://utility.example/x</resources><script/></BatchList>"
    url = urlsplit(visit.notify_url).path
    assert poster.post(url, sent, "application/xml").status_code == 200
    assert poster.get(url).status_code == 405
    assert "&lt;BatchList&gt;" in page(tester, visit)
    assert not visit.conversations.exists()


def test_a_storm_of_notices_fills_a_bounded_room(tester: Browser) -> None:
    visit = a_visit(tester)
    for number in range(55):
        tester.post(f"/demo/notify/{visit.notify_code}/", f"<n>{number}</n>", "text/xml")
    assert visit.notices.count() == 50
    too_large = b"x" * (32 * 1024 + 1)
    answer = tester.post(f"/demo/notify/{visit.notify_code}/", too_large, "text/xml")
    assert answer.status_code == 413
    assert cast.browser().post("/demo/notify/unknown/", b"", "text/xml").status_code == 404


def test_a_visitor_who_brings_client_after_client_is_slowed_down(tester: Browser) -> None:
    cast.make_utility()
    sent = {"utility": "DEMO", "client_id": "mine", "client_secret": "a-secret-of-mine"}
    answers = [tester.post("/demo/start/", sent).status_code for _ in range(22)]
    assert answers.count(302) == 20
    assert answers[-1] == 429


def test_nothing_works_without_the_csrf_token() -> None:
    cast.make_utility()
    strict = Browser(enforce_csrf_checks=True, headers={"host": "localhost:8000"})
    for path in ("start/", "SSMPUC_ccccccccc/start/", "visits/x/ask/", "visits/x/read/"):
        assert strict.post(f"/demo/{path}").status_code == 403


def test_a_private_client_is_not_ready_made(tester: Browser) -> None:
    utility = cast.make_utility()
    client = Client.objects.get(utility=utility)
    assert tester.get(f"/demo/{client.client_id}/").status_code == 404
    assert tester.post(f"/demo/{client.client_id}/start/").status_code == 404


def test_switched_off_it_is_not_there(settings: LazySettings, tester: Browser) -> None:
    settings.DEMO_SITE = False
    for path in ("", "callback/", "SSMPUC_ccccccccc/", "visits/x/"):
        assert tester.get(f"/demo/{path}").status_code == 404
    assert tester.post("/demo/start/").status_code == 404
    assert tester.post("/demo/notify/x/").status_code == 404


@pytest.mark.parametrize("query", ["", "?utility=NOBODY", "?utility=%00", "?utility=<script>"])
def test_a_link_of_the_sandbox_chooses_its_utility(tester: Browser, query: str) -> None:
    utility = cast.make_utility(slug="puc")
    assert '<option value="PUC" selected>' not in tester.get(f"/demo/{query}").content.decode()
    chosen = tester.get(f"/demo/?utility={utility.utility_id}&client_id=SSMPUC_x").content.decode()
    assert '<option value="PUC" selected>' in chosen
    assert 'value="SSMPUC_x"' in chosen


def test_every_secret_column_is_encrypted() -> None:
    kept = {field.name for field in Visit._meta.fields if isinstance(field, EncryptedTextField)}
    assert {"client_secret", "registration_token", "access_token", "refresh_token", "code"} <= kept
    utility = cast.make_utility()
    Visit.objects.create(utility=utility, client_id="x", client_secret="s3cret")
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret FROM demo_site_visit")
        stored = cursor.fetchone()[0]
    assert decrypt(stored.encode()) == b"s3cret"


def test_the_line_for_a_terminal_runs_nothing_that_a_utility_wrote(tester: Browser) -> None:
    visit = a_visit(tester)
    url = "https://utility.example/a'$(echo${IFS}ran)'b"
    form = [["redirect_uri", "x`id`'$HOME"], ["code", masking.masked("the-code-of-the-customer")]]
    sent = {"url": url, "query": [], "headers": [], "form": form, "body": ""}
    received = {"status": 200, "headers": [], "body": "", "was_cut": False}
    Conversation.keep(
        visit,
        step="explore",
        method="GET",
        title="/a",
        seconds=0.1,
        said=json.dumps({"sent": sent, "received": received}),
    )
    answer = tester.get(f"/demo/visits/{visit.uid}/talks/1/")
    words = shlex.split(answer.context["curl"].replace("\\\n", " "))
    assert url in words
    assert "redirect_uri=x`id`'$HOME" in words
    assert '"code=$CODE"' in answer.context["curl"]


@pytest.mark.parametrize(
    ("text", "shows"),
    [
        ('{"access_token": "abcdefghijklmnop"}', '{"access_token": "abcd•••(16 characters)"}'),
        ('{"code":"short"}', '{"code":"•••(5 characters)"}'),
        ('{"refresh_token":"a\\"bcdefghijkl"}', '{"refresh_token":"•••(13 characters)"}'),
        (
            "<client_secret>abcdefghijkl</client_secret>",
            "<client_secret>abcd•••(12 characters)</client_secret>",
        ),
        # Of a utility that writes JSON as nobody reads it, and of an answer that is cut.
        (r'{"code":"a\qb"}', '{"code":"•••(4 characters)"}'),
        ('{"code":"a\nb"}', '{"code":"•••(3 characters)"}'),
        ('{"access_token":"abcdefghijkl', '{"access_token":"abcd•••(12 characters)'),
        ('{"access_token":"abcdefghijkl\\', '{"access_token":"abcd•••(12 characters)'),
        ("<e:client_secret>cut off he", "<e:client_secret>•••(10 characters)"),
        ("nothing secret", "nothing secret"),
    ],
)
def test_what_is_named_for_a_secret_is_masked(text: str, shows: str) -> None:
    assert masking.hide(text, []) == shows


def test_xml_is_laid_out_a_line_an_element_even_if_it_is_cut_off() -> None:
    shown, was_shortened = pretty("<?xml version='1.0'?><a><b x='1'>text</b><c/><d></d><e><f>cut")
    assert shown.splitlines() == [
        "<?xml version='1.0'?>",
        "<a>",
        "  <b x='1'>text</b>",
        "  <c/>",
        "  <d></d>",
        "  <e>",
        "    <f>",
        "      cut",
    ]
    assert not was_shortened
