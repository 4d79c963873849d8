"""Where a passcode may go: contacts on file, and a tester's own."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import RequestFactory
from limits.storage import RedisStorage

from tests.sandbox.walk import Company, Walk, error, later, sent_code, services
from utilities.sandbox import rate_limits
from utilities.sandbox.authenticating import contacts
from utilities.sandbox.models import ConsentRequest, OneTimeCode
from utilities.sandbox.programmes import get_programme

SVCE = get_programme("svce")
PRIYA = "408-555-0136"
HOME = ["Electricity", "Gas"]
BUSINESS = ["Electricity"] * 4 + ["Gas"]


@pytest.fixture
def picking() -> Walk:
    """Priya, an ordinary customer, who was looked up."""
    walk = Walk(Company.live("svce"))
    walk.look_up("phone", PRIYA)
    assert walk.shows("contact")
    return walk


class TestPicking:
    @pytest.mark.parametrize("contact", ["", "fax", "\0", "p•••@e•••.org", "priya@evil.example"])
    def test_only_what_is_on_file_is_sent_to(self, picking: Walk, contact: str) -> None:
        picking.pick(contact)
        assert error(picking) == "no_contact"
        assert picking.page.status_code == 422
        assert picking.shows("contact")
        assert not mail.outbox

    def test_another_one_can_be_picked_later(
        self, picking: Walk, phone: list[tuple[str, str]]
    ) -> None:
        picking.pick("phone")
        assert "Send it somewhere else" in picking.html
        later(seconds=31)
        uid = ConsentRequest.objects.get().uid
        picking.page = picking.client.get(f"/svce/share/{uid}/contact/")
        picking.pick("email")
        assert len(phone) == len(mail.outbox) == 1
        picking.enter(sent_code())
        assert picking.shows("consent")

    @pytest.mark.parametrize("looked_up", ["", "111-111-1111"])
    def test_the_page_is_closed_to_whom_nothing_is_sent(
        self, svce: Company, looked_up: str
    ) -> None:
        walk = Walk(svce)
        if looked_up:
            walk.look_up("phone", looked_up)
        uid = ConsentRequest.objects.get().uid
        walk.page = walk.client.get(f"/svce/share/{uid}/contact/", follow=True)
        assert walk.shows("authenticate")
        form = walk.html
        csrf = re.search(r'csrfmiddlewaretoken" value="(\w+)"', form)
        assert csrf
        data = {"contact": "email", "csrfmiddlewaretoken": csrf[1]}
        walk.page = walk.client.post(f"/svce/share/{uid}/contact/send/", data, follow=True)
        assert walk.shows("authenticate")
        assert not mail.outbox

    def test_it_is_another_browsers_page_to_nobody_else(self, picking: Walk) -> None:
        uid = ConsentRequest.objects.get().uid
        stranger = Walk(picking.company)
        assert stranger.client.get(f"/svce/share/{uid}/contact/").status_code == 404

    def test_a_reload_of_the_sending_leads_back_to_the_choice(self, picking: Walk) -> None:
        uid = ConsentRequest.objects.get().uid
        picking.page = picking.client.get(f"/svce/share/{uid}/contact/send/", follow=True)
        assert picking.shows("contact")
        assert not mail.outbox


class TestOwnContact:
    @pytest.mark.parametrize(
        ("type", "value", "recipient", "kinds"),
        [
            ("email", "TEST_residential_cy@example.net", "cy@example.net", HOME),
            ("email", " test_COMMERCIAL_cy@example.net ", "cy@example.net", BUSINESS),
            ("phone", "TEST_residential_cy_b@example.net", "cy_b@example.net", HOME),
            ("phone", "TEST_commercial_408-555-0101", "+14085550101", BUSINESS),
            ("phone", "TEST_residential_+44 20 7946 0958", "+442079460958", HOME),
            ("email", "TEST_residential_(408) 555 0101", "+14085550101", HOME),
        ],
    )
    def test_it_really_gets_the_passcode(
        self,
        svce: Company,
        phone: list[tuple[str, str]],
        type: str,  # noqa: A002
        value: str,
        recipient: str,
        kinds: list[str],
    ) -> None:
        walk = Walk(svce)
        walk.look_up(type, value)
        assert walk.shows("passcode")
        assert "test-passcode" not in walk.html
        assert recipient not in walk.html
        received = [(to, str(m.body)) for m in mail.outbox for to in m.to] + phone
        ((to, text),) = received
        assert to == recipient
        walk.enter(text[:6])
        assert services(walk) == kinds

    @pytest.mark.parametrize(
        ("type", "value"),
        [
            ("email", "TEST_badlogin_cy@example.net"),
            ("phone", "TEST_badlogin_408-555-0101"),
            ("email", "TEST_residential_nobody"),
            ("email", "TEST_residential_"),
            ("email", "TEST_residential_root@localhost"),
            ("email", "TEST_residential_cy@[127.0.0.1]"),
            ("email", "TEST_residential_cy@example.net,ben@example.net"),
            ("email", "TEST_residential_cy@example.net\nbcc:ben@example.net"),
            ("email", "TEST_residential_Cy <cy@example.net>"),
            ("email", f"TEST_residential_{'c' * 250}@example.net"),
            ("phone", "TEST_residential_12"),
            ("phone", "TEST_residential_" + "4" * 200),
            ("phone", "TEST_other_408-555-0101"),
            ("account", "TEST_residential_408-555-0101"),
            ("address", "TEST_residential_cy@example.net"),
        ],
    )
    def test_anything_else_sends_nothing(
        self,
        svce: Company,
        phone: list[tuple[str, str]],
        type: str,  # noqa: A002
        value: str,
    ) -> None:
        walk = Walk(svce)
        walk.look_up(type, value)
        assert error(walk) == "not_found"
        assert not mail.outbox
        assert not phone
        assert not OneTimeCode.objects.exists()

    def test_another_one_is_sent_after_thirty_seconds(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("email", "TEST_residential_cy@example.net")
        walk.submit("again", {})
        assert error(walk) == "too_soon"
        later(seconds=31)
        walk.submit("again", {})
        assert [message.to for message in mail.outbox] == [["cy@example.net"]] * 2

    def test_testers_do_not_wait_for_each_other(self, svce: Company) -> None:
        for name in ("cy", "ben"):
            walk = Walk(svce)
            walk.look_up("email", f"TEST_residential_{name}@example.net")
            assert walk.shows("passcode")

    def test_it_is_forgotten_with_the_request(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("email", "TEST_residential_cy@example.net")
        asking = ConsentRequest.objects.get()
        assert asking.own_contact == "cy@example.net"
        walk.page = walk.client.get(f"/svce/share/{asking.uid}/authenticate/")
        walk.look_up("phone", "111-111-1111")
        assert walk.shown_passcode()
        asking.refresh_from_db()
        assert asking.own_contact == ""
        walk.submit("cancel", {}, follow=False)
        assert not ConsentRequest.objects.exists()


class TestLimits:
    def test_one_contact_gets_five_an_hour_whoever_asks(self, svce: Company) -> None:
        for number in range(6):
            walk = Walk(svce)
            # Case makes no other mailbox of it.
            name = "cy" if number % 2 else "CY"
            walk.look_up("email", f"TEST_residential_{name}@example.net")
            assert error(walk) == ("" if number < 5 else "too_many_codes")
        assert walk.page.status_code == 429
        assert len(mail.outbox) == 5

    def test_one_browser_causes_ten_an_hour(self, svce: Company) -> None:
        walk = Walk(svce)
        for number in range(11):
            walk.open()
            walk.look_up("email", f"TEST_residential_cy{number}@example.net")
        assert error(walk) == "too_many_codes"
        assert len(mail.outbox) == 10
        other = Walk(svce)
        other.look_up("email", "TEST_residential_cy@example.net")
        assert other.shows("passcode")

    def test_one_network_address_causes_no_more_than_the_settings_say(
        self, svce: Company, settings: Any
    ) -> None:
        settings.PASSCODES_AN_HOUR_PER_ADDRESS = 2
        for number in range(3):
            walk = Walk(svce)
            walk.look_up("email", f"TEST_residential_cy{number}@example.net")
        assert error(walk) == "too_many_codes"
        assert len(mail.outbox) == 2
        walk.look_up("phone", "111-111-1111")
        assert walk.shown_passcode()

    def test_nothing_is_sent_while_it_cannot_be_counted(
        self, svce: Company, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        rate_limits._limiter.cache_clear()
        try:
            walk = Walk(svce)
            walk.look_up("phone", "650-555-0199")
            assert error(walk) == "not_found"
            walk.look_up("email", "TEST_residential_cy@example.net")
        finally:
            rate_limits._limiter.cache_clear()
        assert error(walk) == "too_many_codes"
        assert not mail.outbox
        assert "Redis does not answer" in caplog.text
        assert "cy@" not in caplog.text

    def test_neither_contact_nor_address_is_kept_where_it_is_counted(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("email", "TEST_residential_cy@example.net")
        storage = rate_limits._limiter().storage
        assert isinstance(storage, RedisStorage)
        names = b" ".join(storage.storage.scan_iter(match="*limits*"))
        assert b"code-contact" in names
        assert b"cy@" not in names
        assert b"127.0.0.1" not in names


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("408-555-0136", "•••-•••-••36"),
        ("priya.raman@example.org", "p•••@e•••.org"),
        ("p@x.co", "p•••@x•••.co"),
    ],
)
def test_a_contact_is_named_without_telling_it(text: str, masked: str) -> None:
    contact = contacts.read(text, SVCE)
    assert contact
    assert contact.masked == masked


class TestLinksThatNameACustomer:
    """A link can be made up: what it tells of who is on file is limited as at the form."""

    def link(self, svce: Company, value: str) -> Walk:
        return Walk(svce, scope=f"FB=4_16;AdditionalScope=auth-phone-{value}")

    @pytest.mark.parametrize("value", [PRIYA, "408-555-0199"])
    def test_beyond_the_limit_they_open_the_ordinary_form(
        self, svce: Company, settings: Any, value: str
    ) -> None:
        settings.LOOKUPS_AN_HOUR_PER_ADDRESS = 1
        assert self.link(svce, PRIYA).shows("contact")
        walk = self.link(svce, value)
        assert walk.shows("authenticate")
        assert value not in walk.html
        assert "auth-phone" not in ConsentRequest.objects.order_by("-id")[0].scope
        assert self.link(svce, value).html.count("checked") == walk.html.count("checked")

    def test_the_ones_that_find_nobody_are_counted_too(self, svce: Company, settings: Any) -> None:
        settings.LOOKUPS_AN_HOUR_PER_ADDRESS = 1
        self.link(svce, "408-555-0199")
        assert self.link(svce, PRIYA).shows("authenticate")

    def test_test_identifiers_are_not(self, svce: Company, settings: Any) -> None:
        settings.LOOKUPS_AN_HOUR_PER_ADDRESS = 1
        for _ in range(3):
            assert self.link(svce, "111-111-1111").shows("passcode")
        assert self.link(svce, PRIYA).shows("contact")

    def test_the_customer_can_still_go_on_by_hand(self, svce: Company, settings: Any) -> None:
        settings.LOOKUPS_AN_HOUR_PER_ADDRESS = 1
        self.link(svce, PRIYA)
        walk = self.link(svce, PRIYA)
        walk.look_up("phone", "111-111-1111")
        walk.enter(walk.shown_passcode())
        assert walk.shows("consent")


@pytest.mark.parametrize(
    ("one", "another", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "unix:", False),
    ],
)
def test_a_line_of_ipv6_counts_as_one_network_address(one: str, another: str, same: bool) -> None:
    requests = [RequestFactory().get("/", REMOTE_ADDR=text) for text in (one, another)]
    first, second = map(rate_limits.address_of, requests)
    assert (first == second) is same
