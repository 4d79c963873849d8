"""The guide to one-time passcodes says what really happens."""

from html import unescape

from django.core import mail

from tests.sandbox.walk import Company, Walk, browser


def guide() -> str:
    response = browser().get("/svce/docs/otp/")
    assert response.status_code == 200
    return unescape(response.content.decode())


def test_a_utility_that_sends_none_has_no_guide() -> None:
    assert browser().get("/ssmpuc/docs/otp/").status_code == 404


def test_it_names_all_six_formats() -> None:
    page = guide()
    for scenario in ("residential", "commercial", "badlogin"):
        for kind in ("phone_number", "email"):
            assert f"TEST_{scenario}_<your_{kind}>" in page


def test_its_messages_are_those_that_are_sent(svce: Company, phone: list[tuple[str, str]]) -> None:
    walk = Walk(svce)
    walk.look_up("email", "TEST_residential_cy@example.net")
    walk.open()
    walk.look_up("email", "TEST_residential_408-555-0101")
    page = guide()
    message = mail.outbox[0]
    assert str(message.subject) in page
    assert message.from_email in page
    for text in (str(message.body), phone[0][1]):
        assert all(line[6:] in page for line in text.splitlines())


def test_the_documentation_and_a_test_passcode_lead_to_it(svce: Company) -> None:
    link = 'href="/svce/docs/otp/"'
    assert link in browser().get("/svce/docs/").content.decode()
    walk = Walk(svce)
    walk.look_up("phone", "111-111-1111")
    assert link in walk.html
