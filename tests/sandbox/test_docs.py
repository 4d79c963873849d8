"""Each utility's documentation against its page on the platform: all of it, in other words."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings

from greenbutton.espi import scope as scopes
from tests.sandbox.companies import Person, decided, registered
from tests.sandbox.walk import HOST, Walk, browser
from utilities.sandbox.models import Fault, Registration
from utilities.sandbox.programmes import all_programmes
from utilities.sandbox.registering.reviewing import Action

SEEDS = Path(settings.BASE_DIR).parent / "shared" / "seeds"
SEED_PAGES = {"ssmpuc": "000_e62438d5e9dde67e.txt", "svce": "003_879a3df8169d2882.txt"}
# What the two pages say, fact by fact; each stands in the seed and has to stand in ours.
SEED_FACTS = {
    "ssmpuc": [
        "PUC Distribution Inc.",
        "local distribution company (LDC)",
        "Ontario, Canada",
        "https://greenbutton.ssmpuc.com/",
        "SSMPUC",
        "Green Button Connect My Data (GBCMD)",
        "UtilityAPI’s EE/DER Engagement Platform",
        "Green Button OAuth process",
        "client_id",
        "Form",
        "dashboard",
        "JSON API",
        "Green Button API",
        "lastbill",
        "auth-{type}[-{value}]",
        "scope=FB%3D4_16_51%3BAdditionalScope%3Dauth-test-test_residential",
        "auth-lastbill-111111111-1",
        "auth-test-test_residential",
        "APUC0000-00",
        "180.92",
        "2023-02-22",
        "APUC0000-01",
        "111.71",
        "2023-02-28",
        "APUC0000-02",
        "300.00",
        "N/A",
        "badlogin",
        "test_residential",
        "test_commercial",
        "test_badlogin",
        "SSMPUC_ccccccccc",
        "Test Company",
    ],
    "svce": [
        "Silicon Valley Clean Energy (SVCE)",
        "Community Choice Aggregation (CCA)",
        "California bay area",
        "https://data.svcleanenergy.org/",
        "Innovation Onramp",
        "UtilityAPI’s EE/DER Engagement Platform",
        "Green Button OAuth process",
        "client_id",
        "dashboard",
        "JSON API",
        "Green Button API",
        "auth-{type}[-{value}]",
        "scope=FB%3D4_16_51%3BAdditionalScope%3Dauth-phone-1111111111",
        "auth-account-111111111-1",
        "auth-phone-111-111-1111",
        "auth-email-uapi-test-residential%40example.com",
        "auth-address-333%20W%20EL%20CAMINO%20REAL%20STE%20600%2C%20SUNNYVALE%20CA%2094087",
        "111-111-1111",
        "222-222-2222",
        "333-333-3333",
        "uapi-test-residential@example.com",
        "uapi-test-commercial@example.com",
        "uapi-test-badlogin@example.com",
        "333 W EL CAMINO REAL STE 600, SUNNYVALE CA 94087",
        "333 W EL CAMINO REAL STE 700, SUNNYVALE CA 94087",
        "333 W EL CAMINO REAL STE 800, SUNNYVALE CA 94087",
        "111111111-1",
        "222222222-2",
        "333333333-3",
        "TEST_residential_<your_phone_number>",
        "TEST_residential_<your_email>",
        "TEST_commercial_<your_phone_number>",
        "TEST_commercial_<your_email>",
        "TEST_badlogin_<your_phone_number>",
        "TEST_badlogin_<your_email>",
        "/test-submit",
        "SVCE_ccccccccc",
        "Test Company",
    ],
}
# What they say in sentences, by words of ours that say it.
SAID = {
    "ssmpuc": [
        "Only companies that are registered",
        "Once you are registered",
        "utility parameter in the URL",
        "stands on your dashboard",
        "Test accounts can authorize it",
        "real customers cannot",
        "reviews the registration",
        "you can switch to live in your settings",
        "proves by the latest bill",
        "has no customer’s bill at hand",
        "with which of the two",
        "For automated tests",
        "The prefill value is the account number",
        "the platform’s usual test user names do not work here",
        "Try one with your own share link",
        "one electric and one water service",
        "cannot find this customer",
        "takes on any client of yours",
        "one of its redirect URIs",
        "in sandbox for ever",
    ],
    "svce": [
        "Only companies that are registered",
        "Once you are registered",
        "it switches you to live and writes you an e-mail",
        "the switch is in your settings as well",
        "in one of several ways",
        "need not search and goes straight to the one-time passcode",
        "If nobody is found, our ordinary page opens",
        "ask for no user name and no password",
        "For them no passcode is sent: it stands on the page",
        "Try one with your own share link",
        "one electric and one gas meter",
        "four electric meters and one gas meter",
        "cannot find this customer",
        "the passcode really goes out",
        "That is for trying by hand",
        "takes on any client of yours",
    ],
}
slugs = pytest.mark.parametrize("slug", ["ssmpuc", "svce"])


def words(html: str) -> str:
    """What can be read, with one space between words."""
    html = re.sub(r"</?(?:p|li|td|th|dt|dd|h\d|br|tr|section)\b[^>]*>", " ", html)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html)))


def docs(slug: str, person: Person | None = None) -> str:
    response = (person.client if person else browser()).get(f"/{slug}/docs/")
    assert response.status_code == 200
    return response.content.decode()


@slugs
def test_every_fact_of_the_utilitys_own_page_stands_in_ours(slug: str) -> None:
    text = words(docs(slug))
    for fact in [*SEED_FACTS[slug], *SAID[slug]]:
        assert fact in text, fact


@slugs
def test_the_facts_are_the_utilitys(slug: str) -> None:
    seed = re.sub(r"\s+", " ", seed_of(slug)).replace("'", "’")
    for fact in SEED_FACTS[slug]:
        assert fact in seed, fact


@slugs
def test_no_sentence_is_copied(slug: str) -> None:
    text = words(docs(slug)).lower()
    sentences = re.split(r"(?<=[.:)])\s+|\n|\t|\|", seed_of(slug).replace("'", "’"))
    long = [sentence.strip().lower() for sentence in sentences if len(sentence.split()) >= 7]
    assert len(long) > 15
    for sentence in long:
        if not re.match(r"[a-z_]*\d", sentence):  # an address, an identifier
            assert sentence.rstrip(".:") not in text, sentence


def seed_of(slug: str) -> str:
    if not SEEDS.is_dir():
        pytest.skip("the utilities' own pages (../shared/seeds) are not here")
    return (SEEDS / SEED_PAGES[slug]).read_text(encoding="utf-8")


@slugs
def test_every_part_of_the_contents_is_there(slug: str) -> None:
    html = docs(slug)
    parts = re.findall(r'href="#([a-z-]+)"', html)
    assert len(parts) >= 9
    assert all(f'id="{part}"' in html for part in parts)


@slugs
def test_every_link_of_ours_leads_somewhere(slug: str) -> None:
    for page in (f"/{slug}/", f"/{slug}/docs/", f"/{slug}/register/", f"/{slug}/sign-in/"):
        html = browser().get(page).content.decode()
        for href in set(re.findall(r'href="(/[^"#]*)', html)):
            if not href.startswith("/static/"):
                assert browser().get(unescape(href), follow=True).status_code == 200, href


@pytest.mark.parametrize("slug", sorted(all_programmes()))
def test_what_this_sandbox_adds_is_said_everywhere(slug: str) -> None:
    text, programme = words(docs(slug)), all_programmes()[slug]
    said = [
        programme.test_submit_url,
        programme.revoke_url,
        "a bare ESPI BatchList as application/xml",
        "Answer 2xx within 5 seconds",
        "every hour for 72 hours",
        "daily, weekly, monthly, a number of whole days, or billingPeriod",
        *Registration.Profile.values,
        *Fault.values,
        *(account.scenario for account in programme.accounts if account.test),
    ]
    for fact in said:
        assert fact in text, fact


@slugs
def test_the_demo_link_is_set_up_for_the_public_client(slug: str) -> None:
    programme = all_programmes()[slug]
    (link,) = re.findall(r'href="([^"]+)">Open the demo site', docs(slug))
    address = urlsplit(unescape(link))
    assert link.startswith(settings.DEMO_SITE_URL)
    assert parse_qs(address.query) == {
        "utility": [programme.utility_id],
        "client_id": [programme.client.client_id],
    }


class TestTryingOne:
    def links(self, html: str) -> dict[str, str]:
        """The links of the rows, by the account that they fill in."""
        rows = re.findall(r'<tr><td><code>([^<]+)</code>.*?<a href="([^"]+)">Try</a>', html)
        return {unescape(name): unescape(link) for name, link in rows}

    @slugs
    def test_a_visitor_is_told_to_sign_in(self, slug: str) -> None:
        html = docs(slug)
        assert "you are not" in words(html)
        assert self.links(html) == {}

    @slugs
    def test_signed_in_without_a_client_one_is_told_the_same(self, slug: str) -> None:
        html = docs(slug, Person.named("ada"))
        assert "you are not" in words(html)
        assert self.links(html) == {}

    def test_a_client_of_another_utility_does_not_count(self) -> None:
        ada = Person.named("ada")
        registered(ada, "svce")
        assert self.links(docs("ssmpuc", ada)) == {}

    def test_a_client_that_is_stopped_does_not_count(self) -> None:
        ada = Person.named("ada")
        decided(registered(ada), Action.HELD)
        assert self.links(docs("ssmpuc", ada)) == {}

    @slugs
    def test_every_test_account_is_linked_with_ones_own_client(self, slug: str) -> None:
        ada = Person.named("ada")
        mine = registered(ada, slug)
        links = self.links(docs(slug, ada))
        tests = [account for account in all_programmes()[slug].accounts if account.test]
        assert set(links) == {
            name
            for account in tests
            for name in (
                account.number if slug == "svce" or account.bill_date else "",
                account.test_name,
                account.phone,
                account.email,
                account.address if slug == "svce" else "",
            )
            if name
        }
        for name, link in links.items():
            query = parse_qs(urlsplit(link).query)
            assert query["client_id"] == [mine.client_id]
            auth = scopes.parse(query["scope"][0]).authentication
            assert auth is not None
            assert auth.value == name

    def test_such_a_link_opens_with_the_account_and_ends_on_the_receipt(self) -> None:
        ada = Person.named("ada")
        mine = registered(ada)
        link = self.links(docs("ssmpuc", ada))["test_residential"]
        assert urlsplit(link).netloc == HOST
        walk = Walk.__new__(Walk)
        walk.client = browser()
        walk.page = walk.client.get(link.removeprefix(f"http://{HOST}"), follow=True)
        assert walk.shows("consent")
        walk.allow()
        page = walk.client.get(walk.page["Location"])
        assert "You are sharing with" in page.content.decode()
        assert mine.grants.count() == 1


class TestLanding:
    @slugs
    def test_it_lists_live_companies_and_the_public_client(self, slug: str) -> None:
        ada = Person.named("ada")
        live = registered(ada, slug, company_name="Lively Co", website="https://lively.example/")
        decided(live, Action.APPROVED)
        Registration.objects.filter(pk=live.pk).update(status="live")
        registered(ada, slug, company_name="Waiting Co")
        held = registered(ada, slug, company_name="Held Co")
        decided(held, Action.APPROVED)
        Registration.objects.filter(pk=held.pk).update(status="live")
        decided(held, Action.HELD)
        text = words(browser().get(f"/{slug}/").content.decode())
        assert "Lively Co" in text
        assert "Energy audits." in text
        assert "Test Company" in text
        assert "Waiting Co" not in text
        assert "Held Co" not in text

    @slugs
    def test_it_says_how_to_stop(self, slug: str) -> None:
        text = words(browser().get(f"/{slug}/").content.decode())
        assert "How to stop sharing" in text
        assert all_programmes()[slug].support_phone in text

    def test_what_a_company_says_is_text_and_no_markup(self) -> None:
        company = registered(Person.named("ada"), company_name="<script>alert(1)</script>")
        decided(company, Action.APPROVED)
        Registration.objects.filter(pk=company.pk).update(status="live")
        html = browser().get("/ssmpuc/").content.decode()
        assert "<script>" not in html
