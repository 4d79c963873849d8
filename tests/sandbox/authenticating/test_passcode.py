"""One-time passcodes: what is sent, what is shown, and when there is no other."""

import re
from typing import Any

import pytest
from django.core import mail

from tests.sandbox.walk import Company, Walk, error, later, sent_code
from utilities.sandbox.models import ConsentRequest, OneTimeCode

PRIYA = "408-555-0136"


def at_passcode(contact: str = "email") -> Walk:
    """Priya, an ordinary customer, who picked where her passcode goes."""
    walk = Walk(Company.live("svce"))
    look_up(walk, contact)
    return walk


def look_up(walk: Walk, contact: str = "email") -> None:
    walk.open()
    walk.look_up("phone", PRIYA)
    walk.pick(contact)


def again(walk: Walk) -> None:
    walk.submit("again", {})


def wrong(code: str) -> str:
    """Six digits that are not the code."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


class TestSending:
    def test_an_ordinary_customer_gets_it_by_mail_and_not_on_the_page(self) -> None:
        walk = at_passcode()
        assert mail.outbox[0].to == ["priya.raman@example.org"]
        assert mail.outbox[0].from_email == "Silicon Valley Clean Energy <no-reply@svce.invalid>"
        assert "Ada's Audits asked you" in mail.outbox[0].body
        assert sent_code() not in walk.html
        assert "priya.raman" not in walk.html
        assert "p•••@e•••.org" in walk.html
        walk.enter(sent_code())
        assert walk.shows("consent")

    def test_or_by_text_message(self, phone: list[tuple[str, str]]) -> None:
        walk = at_passcode("phone")
        ((number, text),) = phone
        assert number == "+14085550136"
        assert "•••-•••-••36" in walk.html
        assert not mail.outbox
        walk.enter(text[:6])
        assert walk.shows("consent")

    def test_a_new_one_comes_after_thirty_seconds_and_ends_the_one_before(self) -> None:
        walk = at_passcode()
        old = sent_code()
        again(walk)
        assert error(walk) == "too_soon"
        assert walk.page.status_code == 429
        assert len(mail.outbox) == 1
        later(seconds=31)
        again(walk)
        assert walk.alert() is None
        assert len(mail.outbox) == 2
        if old != sent_code():  # one in a million is the same
            walk.enter(old)
            assert not walk.shows("consent")
        walk.enter(sent_code())
        assert walk.shows("consent")

    def test_the_page_says_how_long_to_wait(self) -> None:
        walk = at_passcode()
        later(seconds=10)
        again(walk)
        alert = walk.alert()
        assert alert
        assert re.search(r"in (1\d|20) seconds", alert[1])

    def test_there_are_five_in_an_hour(self) -> None:
        walk = at_passcode()
        for _ in range(4):
            later(seconds=31)
            again(walk)
            assert walk.alert() is None
        later(seconds=31)
        again(walk)
        assert error(walk) == "too_many_codes"
        assert walk.page.status_code == 429
        assert len(mail.outbox) == 5

    def test_neither_limit_is_got_around_by_cancelling_or_in_another_browser(self) -> None:
        company = Company.live("svce")
        for number in range(7):
            walk = Walk(company)
            look_up(walk)
            assert error(walk) == ("too_many_codes" if number >= 5 else "")
            if number == 0:
                walk.submit("cancel", {}, follow=False)
                look_up(walk := Walk(company))
                assert error(walk) == "too_soon"
            later(seconds=31)
        assert len(mail.outbox) == 5

    def test_an_hour_later_there_are_more(self) -> None:
        walk = at_passcode()
        later(minutes=61)
        look_up(walk)
        assert len(mail.outbox) == 2
        assert OneTimeCode.objects.count() == 1

    def test_what_cannot_be_sent_is_said_and_does_not_count(self, settings: Any) -> None:
        settings.SMS_BACKEND = "tests.sandbox.phone.be_out_of_reach"
        walk = at_passcode("phone")
        assert error(walk) == "not_sent"
        assert walk.page.status_code == 503
        assert not OneTimeCode.objects.exists()
        walk.pick("email")
        walk.enter(sent_code())
        assert walk.shows("consent")

    def test_neither_the_contact_nor_the_code_of_an_email_is_in_the_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level("DEBUG"):
            at_passcode()
        assert sent_code() not in caplog.text
        assert "priya" not in caplog.text

    def test_without_a_backend_a_text_message_is_in_the_log_but_not_its_number(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level("INFO"):
            walk = at_passcode("phone")
        found = re.search(r"ends in 36: (\d{6}) is your SVCE passcode", caplog.text)
        assert found
        assert "5550136" not in caplog.text
        walk.enter(found[1])
        assert walk.shows("consent")

    def test_a_test_account_gets_as_many_as_it_likes(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("phone", "111-111-1111")
        for _ in range(9):
            again(walk)
            assert walk.alert() is None
        walk.enter(walk.shown_passcode())
        assert walk.shows("consent")


class TestEntering:
    def test_a_wrong_one_is_refused(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("phone", "111-111-1111")
        wrong = f"{(int(walk.shown_passcode()) + 1) % 1_000_000:06d}"
        for attempt in (wrong, "", "abc", "\0"):
            walk.enter(attempt)
            alert = walk.alert()
            assert alert
            assert alert[0] == "wrong_passcode"

    def test_blanks_in_it_do_not_matter(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("phone", "111-111-1111")
        code = walk.shown_passcode()
        walk.enter(f" {code[:3]} {code[3:]} ")
        assert walk.shows("consent")

    def test_after_ten_minutes_it_has_expired(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("phone", "111-111-1111")
        code = walk.shown_passcode()
        later(minutes=11)
        walk.enter(code)
        alert = walk.alert()
        assert alert
        assert alert[0] == "passcode_expired"

    def test_a_test_account_may_be_wrong_as_often_as_it_likes(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("phone", "111-111-1111")
        code = walk.shown_passcode()
        for _ in range(9):
            walk.enter("not it")
        walk.enter(code)
        assert walk.shows("consent")

    def test_a_new_passcode_ends_the_one_before(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("phone", "111-111-1111")
        old = walk.shown_passcode()
        walk.submit("again", {})
        assert walk.shown_passcode() != old
        walk.enter(old)
        assert not walk.shows("consent")

    def test_the_passcode_of_one_customer_does_not_open_another(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("phone", "111-111-1111")
        code, page = walk.shown_passcode(), walk.page
        uid = ConsentRequest.objects.get().uid
        walk.page = walk.client.get(f"/svce/share/{uid}/authenticate/")
        walk.look_up("phone", "222-222-2222")
        assert walk.shown_passcode() != code
        walk.page = page
        walk.enter(code)
        assert not walk.shows("consent")

    def test_its_page_without_a_look_up_leads_to_the_look_up(self, svce: Company) -> None:
        walk = Walk(svce)
        uid = ConsentRequest.objects.get().uid
        walk.page = walk.client.get(f"/svce/share/{uid}/passcode/", follow=True)
        assert walk.shows("authenticate")

    def test_the_consent_page_is_closed_until_it_is_right(self, svce: Company) -> None:
        walk = Walk(svce)
        walk.look_up("phone", "111-111-1111")
        uid = ConsentRequest.objects.get().uid
        walk.page = walk.client.get(f"/svce/share/{uid}/consent/", follow=True)
        assert walk.shows("authenticate")

    def test_five_wrong_tries_lock_an_ordinary_account_even_for_a_new_code(self) -> None:
        walk = at_passcode()
        for _ in range(5):
            walk.enter(wrong(sent_code()))
            assert error(walk) == "wrong_passcode"
        walk.enter(sent_code())
        assert error(walk) == "locked"
        later(seconds=31)
        again(walk)
        assert error(walk) == "locked"
        look_up(walk)
        walk.enter(sent_code())
        assert error(walk) == "locked"
        later(minutes=16)
        look_up(walk)
        walk.enter(sent_code())
        assert walk.shows("consent")

    def test_a_right_one_works_once(self) -> None:
        at_passcode()
        passcode = OneTimeCode.objects.get()
        assert passcode.try_with(sent_code())
        assert not passcode.try_with(sent_code())
