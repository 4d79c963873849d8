"""The front doors, the documentation, and what the seeds' pages say."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import IntegrityError, transaction

from tests.sandbox.walk import browser
from utilities.sandbox import programmes
from utilities.sandbox.households import PROFILES
from utilities.sandbox.models import Registration, Service, UtilityAccount
from utilities.sandbox.programmes import all_programmes

SANDBOX = Path(programmes.__file__).resolve().parents[1]
SHARED = Path(settings.BASE_DIR).parent / "shared" / "seeds"
# The pages know these; the sandbox's other scenarios have test accounts of their own.
SEED_SCENARIOS = {"residential", "commercial", "badlogin"}
SEED_PAGES = {"ssmpuc": "000_e62438d5e9dde67e.txt", "svce": "003_879a3df8169d2882.txt"}


def html(address: str) -> str:
    response = browser().get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_sandbox_lists_its_utilities() -> None:
    page = html("/")
    assert "PUC Distribution" in page
    assert "Silicon Valley Clean Energy" in page
    assert "Demo Utility" in page


def test_it_says_that_it_is_up() -> None:
    assert html("/health/") == "ok"


@pytest.mark.parametrize("slug", ["ssmpuc", "svce", "demo"])
@pytest.mark.parametrize("address", ["/{}/", "/{}/docs/", "/{}/my/"])
def test_every_page_says_that_it_is_a_sandbox(slug: str, address: str) -> None:
    assert "Sandbox: test data only" in html(address.format(slug))


@pytest.mark.parametrize("slug", ["ssmpuc", "svce", "demo"])
def test_the_documentation_names_every_test_account_of_the_programme(slug: str) -> None:
    page = html(f"/{slug}/docs/")
    programme = all_programmes()[slug]
    for account in programme.accounts:
        identifiers = (account.test_name, account.username, account.phone, account.email)
        for identifier in filter(None, identifiers):
            assert (identifier in page) == account.test, identifier
    assert programme.client.client_id in page
    assert programme.scope_example in page


def test_the_documentation_names_every_error_and_no_other() -> None:
    """The codes that clients read are constants in the code; the page is written by hand."""
    raised = re.compile(r'(?:NotFoundError|NotSentError|TermsError|Breakdown)\(\s*"([a-z_]+)"')
    shown = re.compile(r'data-error="([a-z_]+)"')
    codes: set[str] = set()
    for path in SANDBOX.rglob("*.py"):
        codes |= set(raised.findall(path.read_text(encoding="utf-8")))
    for path in SANDBOX.rglob("*.html"):
        codes |= set(shown.findall(path.read_text(encoding="utf-8")))
    (row,) = re.findall(
        r"<code>data-error</code> says what is wrong: (.*)</td>", html("/svce/docs/")
    )
    assert set(re.findall(r"<code>([a-z_]+)</code>", row)) == codes


@pytest.mark.parametrize("slug", ["ssmpuc", "svce"])
def test_every_test_identifier_stands_in_the_utilitys_own_page(slug: str) -> None:
    if not SHARED.is_dir():
        pytest.skip("the utilities' own pages (../shared/seeds) are not here")
    seed = (SHARED / SEED_PAGES[slug]).read_text(encoding="utf-8")
    programme = all_programmes()[slug]
    assert programme.client.client_id in seed
    assert programme.scope_example in seed
    for account in programme.accounts:
        if account.scenario not in SEED_SCENARIOS:
            continue
        typed = [account.test_name, account.phone, account.email]
        typed += [account.number] if slug == "svce" or account.bill_date else []
        for identifier in filter(None, typed):
            assert (identifier in seed) == account.test, identifier


@pytest.mark.parametrize("address", ["/", "/ssmpuc/", "/svce/docs/", "/nowhere/"])
def test_every_page_may_load_our_own_files_only(address: str) -> None:
    response = browser().get(address)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("address", ["/nowhere/", "/ssmpuc/nothing/", "/nowhere/docs/"])
def test_an_address_that_is_not_there_gets_a_page_with_a_way_on(address: str) -> None:
    response = browser().get(address)
    assert response.status_code == 404
    assert 'href="/ssmpuc/"' in response.content.decode()


def test_the_demo_accounts_have_the_services_that_the_pages_promise() -> None:
    promised = {
        ("ssmpuc", "residential"): ["electricity", "water"],
        ("ssmpuc", "commercial"): ["electricity", "water"],
        ("svce", "residential"): ["electricity", "gas"],
        ("svce", "commercial"): ["electricity"] * 4 + ["gas"],
        ("demo", "residential"): ["electricity", "gas"],
        ("demo", "commercial"): ["electricity", "electricity", "gas"],
        ("ssmpuc", "badlogin"): [],
        ("svce", "badlogin"): [],
        ("demo", "badlogin"): [],
    }
    accounts = UtilityAccount.objects.filter(is_test=True, scenario__in=SEED_SCENARIOS)
    assert accounts.count() == 6 + 3 + 3
    for account in accounts:
        kinds = [service.kind for service in account.services.all()]
        assert kinds == promised[account.utility, account.scenario]


@pytest.mark.parametrize("slug", ["ssmpuc", "svce", "demo"])
def test_every_utility_has_a_test_account_for_every_scenario(slug: str) -> None:
    accounts = UtilityAccount.objects.filter(utility=slug, is_test=True)
    assert {account.scenario for account in accounts} == set(UtilityAccount.Scenario.values)
    for account in accounts.exclude(scenario__in=SEED_SCENARIOS):
        assert account.services.exists() == (account.scenario != "empty")


def test_every_meter_leads_a_life_that_fits_what_it_measures() -> None:
    for service in Service.objects.select_related("account"):
        assert PROFILES[service.profile].commodity.kind.name.lower() == service.kind
    seeds = [service.seed for service in Service.objects.select_related("account")]
    assert len(set(seeds)) == len(seeds)


class TestSeed:
    def seed(self) -> str:
        out = StringIO()
        call_command("sandbox_seed", "--json", stdout=out)
        return out.getvalue()

    def test_it_prints_the_clients_and_nothing_else(self) -> None:
        clients = json.loads(self.seed())["clients"]
        assert [client["client_id"] for client in clients] == [
            "SSMPUC_ccccccccc",
            "SVCE_ccccccccc",
            "DEMO_ccccccccc",
        ]
        for client in clients:
            assert client["public"] is True
            assert client["status"] == "sandbox"
            assert client["company_name"] == "Test Company"
            assert client["origin"] == settings.SANDBOX_URL
            assert client["authorize_url"].startswith(f"{settings.SANDBOX_URL}/DataCustodian/")
            slug = client["utility"].lower()
            callback = f"{settings.PORTAL_URL}/connect/callback/{slug}/"
            assert client["redirect_uris"] == [callback, f"{settings.PORTAL_URL}/demo/callback/"]
            shown_at = f"{settings.PORTAL_URL}/demo/{client['client_id']}/notify/"
            assert client["notify_uri"] == shown_at

    def test_a_second_time_changes_nothing(self) -> None:
        before = list(Service.objects.values_list("uid", "meter_number"))
        assert self.seed() == self.seed()
        assert list(Service.objects.values_list("uid", "meter_number")) == before

    def test_addresses_of_the_demo_site_are_registered_anew_at_each_start(
        self, settings: pytest.FixtureRequest
    ) -> None:
        settings.PORTAL_URL = "http://localhost:8123"  # type: ignore[attr-defined]
        settings.DEMO_SITE_URL = "https://demo.example/"  # type: ignore[attr-defined]
        clients = json.loads(self.seed())["clients"]
        expected = [
            "http://localhost:8123/connect/callback/svce/",
            "https://demo.example/callback/",
        ]
        assert clients[1]["redirect_uris"] == expected
        assert clients[1]["notify_uri"] == "https://demo.example/SVCE_ccccccccc/notify/"

    def test_secrets_differ_by_client_and_by_installation(
        self, settings: pytest.FixtureRequest
    ) -> None:
        def secrets() -> set[str]:
            clients = json.loads(self.seed())["clients"]
            names = ("client_secret", "registration_access_token")
            return {client[name] for client in clients for name in names}

        here = secrets()
        settings.SECRET_KEY = "another installation's key, just as long and random"  # type: ignore[attr-defined]
        there = secrets()
        assert len(here) == len(there) == 6
        assert not here & there
        assert all(len(secret) >= 43 for secret in here | there)

    def test_each_utility_gets_somebody_who_reviews_companies(self) -> None:
        staff = json.loads(self.seed())["staff"]
        assert [member["utility"] for member in staff] == ["SSMPUC", "SVCE", "DEMO"]
        for member in staff:
            user = User.objects.get(username=member["email"])
            assert user.check_password(member["password"])
            assert user.staff_member.programme.utility_id == member["utility"]
            assert member["url"].startswith(settings.SANDBOX_URL)
        assert len({member["password"] for member in staff}) == 3

    def test_the_staffs_passwords_follow_from_the_installation(
        self, settings: pytest.FixtureRequest
    ) -> None:
        here = json.loads(self.seed())["staff"]
        settings.SECRET_KEY = "another installation's key, just as long and random"  # type: ignore[attr-defined]
        there = json.loads(self.seed())["staff"]
        assert not {m["password"] for m in here} & {m["password"] for m in there}
        user = User.objects.get(username=there[0]["email"])
        assert user.check_password(there[0]["password"])
        assert not user.check_password(here[0]["password"])

    def test_a_password_that_was_used_stays_as_it_is_stored(self) -> None:
        member = json.loads(self.seed())["staff"][0]
        user = User.objects.get(username=member["email"])
        user.set_password(member["password"])
        user.save()
        self.seed()
        assert User.objects.get(username=member["email"]).password == user.password

    def test_with_another_key_registrations_are_still_found_by_their_token(
        self, settings: pytest.FixtureRequest
    ) -> None:
        settings.SECRET_KEY = "another installation's key, just as long and random"  # type: ignore[attr-defined]
        self.seed()
        client = Registration.objects.get(client_id="SVCE_ccccccccc")
        assert Registration.of_registration_token(client.registration_access_token) == client

    def test_a_public_client_can_never_go_live(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Registration.objects.filter(is_public=True).update(status="live")
