"""`manage.py load_utilities`, alone and with what the sandbox's registration form answered."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from tests import cast
from utilities.models import Client, Utility
from utilities.registry import FOLDER

pytestmark = pytest.mark.django_db
SANDBOX = "http://127.0.0.1:9123"


def registered(utility: str, /, **changes: object) -> dict[str, Any]:
    slug = utility.lower()
    return {
        "utility": utility,
        "client_id": f"{utility}_ccccccccc",
        "client_secret": f"secret-of-{slug}",
        "registration_access_token": f"registration-of-{slug}",
        "company_name": "Test Company",
        "public": True,
        "status": "sandbox",
        "redirect_uris": [f"{settings.PORTAL_URL}/connect/callback/{slug}/"],
        "authorize_url": f"{SANDBOX}/DataCustodian/{slug}/oauth/authorize",
        "token_url": f"{SANDBOX}/DataCustodian/{slug}/oauth/token",
        "resource_url": f"{SANDBOX}/DataCustodian/espi/1_1/resource",
        "origin": SANDBOX,
        "issuer": f"{SANDBOX}/DataCustodian/{slug}",
        **changes,
    }


def load(folder: Path, *clients: object) -> None:
    file = folder / "clients.json"
    file.write_text(json.dumps({"clients": clients}), encoding="utf-8")
    call_command("load_utilities", "--from-sandbox", str(file), stdout=io.StringIO())


def refused(folder: Path, *clients: object) -> str:
    with pytest.raises(CommandError) as caught:
        load(folder, *clients)
    assert not Utility.objects.exists()
    assert not Client.objects.exists()
    return str(caught.value)


def test_utilities_are_loaded_once_however_often_it_runs() -> None:
    for _ in range(2):
        call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    known = [path.stem for path in sorted(FOLDER.glob("*.toml"))]
    assert sorted(Utility.objects.values_list("slug", flat=True)) == known
    enabled = Utility.objects.enabled().values_list("slug", flat=True)
    assert list(enabled) == ["demo", "ssmpuc", "svce"]
    puc = Utility.objects.get(utility_id="SSMPUC")
    assert puc.authorize_url == f"{settings.SANDBOX_URL}/DataCustodian/ssmpuc/oauth/authorize"
    assert puc.owns(puc.token_url)
    assert [way["type"] for way in puc.authentication_ways] == ["lastbill", "test"]
    assert puc.zone.key == "America/Toronto"


def test_what_staff_switched_off_stays_off() -> None:
    call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    Utility.objects.update(enabled=False)
    call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    assert not Utility.objects.enabled().exists()


def test_what_staff_switched_on_stays_on_unless_it_cannot_be_connected_any_more() -> None:
    call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    Utility.objects.filter(slug="pge").update(enabled=True)
    Utility.objects.filter(slug="sce").update(enabled=True, unavailable="")
    call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    assert Utility.objects.get(slug="pge").enabled
    assert not Utility.objects.get(slug="sce").enabled


def test_customers_are_offered_none_that_nobody_switched_on() -> None:
    call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    for slug in ("ssmpuc", "burlington", "oakville"):
        cast.make_client(Utility.objects.get(slug=slug))
    browser = cast.browser()
    page = browser.get("/connect/").content.decode()
    assert "PUC Distribution" in page
    assert "Burlington" not in page
    assert "Oakville" not in page
    for slug in ("burlington", "oakville"):
        assert browser.get(f"/connect/{slug}/").status_code == 404


def test_who_looks_for_one_of_them_is_told_that_it_cannot_be_connected_yet() -> None:
    call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    page = cast.browser().get("/connect/", {"q": "elk"}).content.decode()
    assert "E.L.K. Energy cannot be connected yet." in page
    assert 'href="/connect/elk/"' not in page
    page = cast.browser().get("/connect/", {"q": "hydro"}).content.decode()
    assert page.count("cannot be connected yet.") == 1
    for name in ("Hydro Ottawa", "Burlington Hydro", "Festival Hydro", "London Hydro"):
        assert page.count(f"<li>{name}</li>") == 1


def test_the_quirks_of_a_file_are_kept_with_their_evidence() -> None:
    call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    lge = Utility.objects.get(slug="lge_ku")
    assert lge.behaviour.resends_scope_on_refresh
    assert lge.behaviour.demanded_options == ("HistoryLength=94608000",)
    assert lge.behaviour.first_history_seconds == 63_072_000
    assert "invalid_scope" in lge.evidence["resends_scope_on_refresh"]


def test_a_portal_outside_the_demo_is_told_that_files_point_at_the_sandbox() -> None:
    said = io.StringIO()
    call_command("load_utilities", stdout=io.StringIO(), stderr=said)
    assert "ssmpuc.toml points at the sandbox" in said.getvalue()


def test_the_sandbox_clients_are_registered_and_their_utilities_point_there(tmp_path: Path) -> None:
    load(tmp_path, registered("SSMPUC"), registered("SVCE"))
    client = Client.objects.get(client_id="SVCE_ccccccccc")
    assert (client.client_secret, client.registration_token) == (
        "secret-of-svce",
        "registration-of-svce",
    )
    assert (client.public, client.is_sandbox, client.company_name) == (True, True, "Test Company")
    assert client.default_scope == "FB=4_16_51"
    assert client.utility.callback_url in client.redirect_uris
    assert client.utility.token_url == f"{SANDBOX}/DataCustodian/svce/oauth/token"
    assert client.utility.origins == [SANDBOX]
    assert client.utility.issuer == f"{SANDBOX}/DataCustodian/svce"


def test_where_notices_go_is_known_from_the_registration(tmp_path: Path) -> None:
    load(tmp_path, registered("SSMPUC"), registered("SVCE", notify_uri="http://localhost:1/n/"))
    assert Client.objects.get(client_id="SVCE_ccccccccc").notify_url == "http://localhost:1/n/"
    load(tmp_path, registered("SSMPUC"), registered("SVCE"))
    assert Client.objects.get(client_id="SVCE_ccccccccc").notify_url == ""


def test_a_second_registration_form_updates_the_same_clients(tmp_path: Path) -> None:
    load(tmp_path, registered("SSMPUC"), registered("SVCE"))
    before = Client.objects.get(client_id="SVCE_ccccccccc")
    before.pause("to see that this stays")
    moved = "http://127.0.0.1:9999"
    load(
        tmp_path,
        registered("SSMPUC"),
        registered(
            "SVCE",
            client_secret="another",
            origin=moved,
            issuer=f"{moved}/i",
            authorize_url=f"{moved}/a",
            token_url=f"{moved}/t",
            resource_url=f"{moved}/r",
        ),
    )
    assert Client.objects.count() == 2
    after = Client.objects.get(pk=before.pk)
    assert after.client_secret == "another"
    assert after.utility.origins == [moved]
    assert after.paused_at is not None


def test_the_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = json.dumps({"clients": [registered("SVCE")]})
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    call_command(
        "load_utilities", "--from-sandbox", "-", stdout=io.StringIO(), stderr=io.StringIO()
    )
    assert Client.objects.get().client_id == "SVCE_ccccccccc"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"colour": "green"}, "not known: colour"),
        ({"public": "yes"}, "public must be true or false"),
        ({"redirect_uris": "http://a/"}, "redirect_uris must be a list of texts"),
        ({"client_secret": ""}, "no id or no secret"),
        ({"status": "live"}, "only sandbox ones are loaded"),
        ({"utility": "NOBODY"}, "no file for NOBODY"),
        ({"origin": "http://sandbox.example"}, "must be https"),
        ({"token_url": "https://elsewhere.example/token"}, "lies on none of the origins"),
        ({"redirect_uris": ["http://localhost:1/"]}, "Give both sites one PORTAL_URL"),
    ],
)
def test_a_registration_that_is_not_right_loads_nothing(
    tmp_path: Path, changes: dict[str, object], says: str
) -> None:
    assert says in refused(tmp_path, registered("SVCE", **changes))


def test_the_utilities_own_staff_are_no_concern_of_ours(tmp_path: Path) -> None:
    file = tmp_path / "clients.json"
    text = json.dumps({"clients": [registered("SVCE")], "staff": [{"password": "a-secret"}]})
    file.write_text(text, encoding="utf-8")
    call_command("load_utilities", "--from-sandbox", str(file))
    assert Client.objects.get().utility.slug == "svce"


@pytest.mark.parametrize("text", ["", "[]", '{"clients": 7}', '{"clients": ["x"]}', "{}"])
def test_an_answer_of_another_shape_loads_nothing(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clients.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("load_utilities", "--from-sandbox", str(file))
    assert not Utility.objects.exists()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("load_utilities", "--from-sandbox", str(tmp_path / "nothing.json"))


def test_secrets_are_encrypted_at_rest_and_printed_nowhere(tmp_path: Path) -> None:
    file = tmp_path / "clients.json"
    file.write_text(json.dumps({"clients": [registered("SVCE")]}), encoding="utf-8")
    said = io.StringIO()
    call_command("load_utilities", "--from-sandbox", str(file), stdout=said, stderr=said)
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret, registration_token FROM utilities_client")
        stored = " ".join(cursor.fetchone())
    for secret in ("secret-of-svce", "registration-of-svce"):
        assert secret not in stored
        assert secret not in said.getvalue()


def test_a_zone_stays_with_the_days_that_are_kept_in_it() -> None:
    call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    Utility.objects.update(time_zone="America/Halifax")
    call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    puc = Utility.objects.get(utility_id="SSMPUC")
    assert puc.time_zone == "America/Toronto"
    Utility.objects.update(time_zone="America/Halifax")
    cast.authorize(cast.ada(), cast.make_client(puc).utility)
    said = io.StringIO()
    call_command("load_utilities", stdout=io.StringIO(), stderr=said)
    puc.refresh_from_db()
    assert puc.time_zone == "America/Halifax"
    assert "recut_days --utility SSMPUC --time-zone America/Toronto" in said.getvalue()
    assert Utility.objects.get(utility_id="SVCE").time_zone == "America/Los_Angeles"


def test_what_staff_took_over_outlasts_the_registry(tmp_path: Path) -> None:
    load(tmp_path, registered("SVCE"))
    utility = Utility.objects.get(utility_id="SVCE")
    utility.take_over("token_url", "https://elsewhere.example/token")
    said = io.StringIO()
    call_command("load_utilities", stdout=io.StringIO(), stderr=said)
    utility.refresh_from_db()
    assert utility.token_url == "https://elsewhere.example/token"
    assert utility.owns(utility.token_url)
    assert utility.owns(utility.authorize_url)
    assert "token_url stays https://elsewhere.example/token" in said.getvalue()
    utility.give_back()
    call_command("load_utilities", stdout=io.StringIO(), stderr=io.StringIO())
    utility.refresh_from_db()
    assert utility.token_url.startswith(settings.SANDBOX_URL)
    assert not utility.owns("https://elsewhere.example/token")


def test_where_a_test_customer_consents_comes_with_the_registration(tmp_path: Path) -> None:
    url = f"{SANDBOX}/DataCustodian/svce/test-submit"
    load(tmp_path, registered("SVCE", test_submit_url=url), registered("DEMO"))
    found = dict(Utility.objects.values_list("utility_id", "test_submit_url"))
    assert (found["SVCE"], found["DEMO"]) == (url, "")


def test_a_test_customer_elsewhere_is_refused(tmp_path: Path) -> None:
    client = registered("SVCE", test_submit_url="https://evil.example/test-submit")
    assert "lies on none of the origins" in refused(tmp_path, client)
