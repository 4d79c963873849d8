"""The customers' door: who comes in by a code, and what a stranger learns at it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authorizations.access import COOKIE
from authorizations.models import CODE_TRIES, EmailCode
from authorizations.tasks import forget_stale_codes
from tests import cast
from tests.cast import Person, code_sent_to, new_address
from tests.lying_utility import LyingUtility

pytestmark = pytest.mark.django_db


@pytest.fixture
def address() -> str:
    return new_address("ada")


def known(address: str, **values: Any) -> User:
    """An account with this address, without a password."""
    user = User.objects.create_user(address, address, **values)
    EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user


def who(person: Person) -> str:
    """The address that is signed in at the person's browser; empty for nobody."""
    found = re.search(
        r"You sign in with</dt><dd>([^<]*)<", person.browser.get("/account/").content.decode()
    )
    return found[1] if found else ""


# -- coming in -----------------------------------------------------------------------------------


def test_a_new_address_gets_an_account_once_its_code_is_typed(ada: Person, address: str) -> None:
    assert ada.asks_for_code(address).headers["Location"] == "/account/code/"
    assert not User.objects.exists()
    answer = ada.types_code(code_sent_to(address))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/connections/")
    user = User.objects.get()
    assert (user.email, user.is_staff, user.has_usable_password()) == (address, False, False)
    assert EmailAddress.objects.filter(user=user, email=address, verified=True).exists()
    assert who(ada) == address
    assert not EmailCode.objects.exists()


def test_the_same_address_comes_back_to_the_same_account(
    ada: Person, ben: Person, address: str
) -> None:
    ada.signs_in(address)
    ben.asks_for_code(f" {address.upper()} ")
    ben.types_code(code_sent_to(address))
    assert User.objects.count() == 1
    assert who(ben) == address


def test_a_code_may_be_typed_with_blanks_or_without_its_dash(ada: Person, address: str) -> None:
    ada.asks_for_code(address)
    ada.types_code(f"  {code_sent_to(address).replace('-', ' ')} ")
    assert who(ada) == address


def test_the_page_that_was_wanted_follows(ada: Person, address: str) -> None:
    page = ada.browser.get("/account/sign-in/?next=/upload/").content.decode()
    assert '<input type="hidden" name="next" value="/upload/">' in page
    assert ada.signs_in(address, next="/upload/").headers["Location"] == "/upload/"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "///evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "/\t/evil.example",
        "evil.example",
        "/caf\u00e9/",
        "/" + "a" * 600,
    ],
)
def test_signing_in_leads_nowhere_else(ada: Person, address: str, elsewhere: str) -> None:
    page = ada.browser.get("/account/sign-in/", {"next": elsewhere}).content.decode()
    assert 'name="next"' not in page
    assert ada.signs_in(address, next=elsewhere).headers["Location"] == "/connections/"


def test_who_is_signed_in_need_not_sign_in_again(ada: Person, address: str) -> None:
    ada.signs_in(address)
    answer = ada.browser.get("/account/sign-in/?next=//evil.example/")
    assert answer.headers["Location"] == "/account/"


def test_signing_out_ends_it(ada: Person, address: str) -> None:
    ada.signs_in(address)
    assert ada.browser.get("/account/sign-out/").status_code == 405
    assert ada.browser.post("/account/sign-out/").headers["Location"] == "/"
    assert who(ada) == ""
    assert ada.browser.get("/account/").headers["Location"].startswith("/account/sign-in/")


# -- what a stranger learns ----------------------------------------------------------------------


def everybody() -> dict[str, str]:
    """An address of each kind."""
    addresses = {
        kind: new_address(kind) for kind in ("new", "customer", "staff", "boss", "left", "closed")
    }
    known(addresses["customer"])
    known(addresses["staff"], is_staff=True)
    known(addresses["boss"], is_superuser=True)
    known(addresses["left"], is_staff=True, is_active=False)
    known(addresses["closed"], is_active=False)
    return addresses


def seen(answers: list[Any], address: str) -> list[tuple[int, str, str]]:
    """What came back, without what differs from one form to the next in any case."""
    return [
        (
            answer.status_code,
            answer.headers.get("Location", ""),
            re.sub(r'(csrfmiddlewaretoken" value=)"\w+"', r"\1", answer.content.decode()).replace(
                address, "ADDRESS"
            ),
        )
        for answer in answers
    ]


def test_every_address_gets_the_same_pages_and_one_email() -> None:
    told = {}
    for kind, address in everybody().items():
        person = Person(kind)
        mail.outbox.clear()
        answers = [
            person.asks_for_code(address),
            person.browser.get("/account/code/"),
            person.types_code("0000-0000"),
            person.browser.post("/account/code/again/"),
            person.browser.get("/account/code/"),
            *[person.types_code("0000-0000") for _ in range(CODE_TRIES + 1)],
        ]
        told[kind] = (seen(answers, address), [message.to == [address] for message in mail.outbox])
        assert answers[2].status_code == 422
        assert answers[-1].status_code == 410
    assert told["new"][1] == [True, True]
    assert all(one == told["new"] for one in told.values())


def test_every_address_costs_the_same_steps() -> None:
    steps = {}
    for kind, address in everybody().items():
        person = Person(kind)
        with CaptureQueriesContext(connection) as queries:
            person.asks_for_code(address)
        steps[kind] = [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in queries]
    assert all(one == steps["new"] for one in steps.values())


def test_staff_are_told_their_own_door_and_get_no_code(ada: Person) -> None:
    address = new_address("boss")
    known(address, is_staff=True)
    ada.asks_for_code(address)
    (message,) = mail.outbox
    assert f"{settings.PORTAL_URL}/staff/" in message.body
    assert not re.search(r"\d{4}-\d{4}", str(message.body))
    assert EmailCode.objects.get().code_hash == ""


def test_a_closed_account_is_told_so_in_its_email_only(ada: Person) -> None:
    address = new_address("closed")
    known(address, is_active=False)
    ada.asks_for_code(address)
    (message,) = mail.outbox
    assert settings.SUPPORT_EMAIL in message.body
    assert not re.search(r"\d{4}-\d{4}", str(message.body))


# -- a staff account is never entered by a code --------------------------------------------------


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
@pytest.mark.parametrize("typed", ["", "0000-0000", "\0", "-"])
def test_no_code_opens_a_staff_account(ada: Person, right: str, typed: str) -> None:
    address = new_address("boss")
    known(address, **{right: True})
    ada.asks_for_code(address)
    ada.types_code(typed)
    assert who(ada) == ""
    assert User.objects.count() == 1


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_who_became_staff_while_the_code_was_on_its_way_stays_outside(
    ada: Person, address: str, right: str
) -> None:
    user = known(address)
    ada.asks_for_code(address)
    User.objects.filter(pk=user.pk).update(**{right: True})
    assert ada.types_code(code_sent_to(address)).status_code == 410
    assert "_auth_user_id" not in ada.browser.session


def test_who_was_locked_out_while_the_code_was_on_its_way_stays_outside(
    ada: Person, address: str
) -> None:
    known(address)
    ada.asks_for_code(address)
    User.objects.update(is_active=False)
    assert ada.types_code(code_sent_to(address)).status_code == 410
    assert who(ada) == ""


def test_staff_in_another_spelling_are_staff(ada: Person) -> None:
    address = new_address("boss")
    User.objects.create_user("boss", address.capitalize(), is_staff=True)
    ada.asks_for_code(address)
    assert "/staff/" in mail.outbox[0].body


def test_an_address_that_only_folds_alike_opens_nobodys_account(ada: Person) -> None:
    """PostgreSQL's UPPER makes an I of ı, too."""
    plain = new_address("mike")
    User.objects.create_user("other", plain.replace("mike", "m\u0131ke"))
    ada.signs_in(plain)
    assert who(ada) == plain
    assert User.objects.count() == 2


def test_a_second_factor_comes_after_the_code(ada: Person, address: str) -> None:
    user = known(address)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    answer = ada.signs_in(address)
    assert answer.headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert who(ada) == ""


def test_a_customer_sees_none_of_the_staffs_own_pages(ada: Person, address: str) -> None:
    ada.signs_in(address)
    for path in ("email/", "password/change/", "password/set/", "2fa/", "2fa/totp/activate/"):
        assert ada.browser.get(f"/accounts/{path}").status_code == 404, path
    assert ada.browser.get("/staff/", follow=True).status_code == 403


@pytest.mark.parametrize("path", ["signup/", "login/code/confirm/"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_allauths_ways_by_email_are_for_nobody(ada: Person, path: str, method: str) -> None:
    assert getattr(ada.browser, method)(f"/accounts/{path}").status_code == 404


def test_a_customer_cannot_get_a_password_by_having_forgotten_one(
    ada: Person, address: str
) -> None:
    known(address)
    ada.browser.post("/accounts/password/reset/", {"email": address})
    assert [message for message in mail.outbox if "/reset/key/" in message.body] == []


# -- guessing ------------------------------------------------------------------------------------


def test_a_wrong_code_says_how_often_it_may_be_tried(ada: Person, address: str) -> None:
    ada.asks_for_code(address)
    answer = ada.types_code("1234-5678")
    assert answer.status_code == 422
    assert "You can try 4 more times." in answer.content.decode()
    assert who(ada) == ""


def test_after_five_guesses_even_the_right_code_is_over(ada: Person, address: str) -> None:
    ada.asks_for_code(address)
    right = code_sent_to(address)
    for _ in range(CODE_TRIES):
        ada.types_code("1234-5678")
    assert ada.types_code(right).status_code == 410
    assert who(ada) == ""
    assert ada.browser.get("/account/code/").status_code == 410


def test_asking_again_ends_the_code_before(ada: Person, address: str) -> None:
    ada.asks_for_code(address)
    first = code_sent_to(address)
    ada.browser.post("/account/code/again/")
    second = code_sent_to(address)
    assert first != second
    assert ada.types_code(first).status_code == 422
    assert ada.types_code(second).status_code == 302


def test_a_code_works_once(ada: Person, address: str) -> None:
    ada.signs_in(address)
    code = code_sent_to(address)
    ada.browser.post("/account/sign-out/")
    assert ada.types_code(code).status_code == 410
    assert who(ada) == ""


def test_a_code_is_good_for_ten_minutes(ada: Person, address: str) -> None:
    ada.asks_for_code(address)
    EmailCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ada.types_code(code_sent_to(address)).status_code == 410
    assert who(ada) == ""


def test_a_stale_code_is_deleted_with_its_address(ada: Person, ben: Person, address: str) -> None:
    ada.asks_for_code(address)
    EmailCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    ben.asks_for_code(new_address("ben"))
    assert EmailCode.objects.count() == 1


def test_codes_that_nobody_typed_are_forgotten_in_time(ada: Person, ben: Person) -> None:
    ada.asks_for_code(new_address("ada"))
    EmailCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert forget_stale_codes() == 1
    ben.asks_for_code(new_address("ben"))
    assert forget_stale_codes() == 0
    assert EmailCode.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_guesses_at_once_no_more_than_five_are_looked_at(ada: Person, address: str) -> None:
    ada.asks_for_code(address)
    answers: list[bool] = []

    def guess() -> None:
        try:
            waiting, is_right = EmailCode.try_code(ada.cookie, "1234-5678")
            answers.append(waiting is not None)
            assert not is_right
        finally:
            connection.close()

    threads = [threading.Thread(target=guess) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(True) == CODE_TRIES
    assert len(answers) == 20


def test_a_code_for_ada_does_nothing_in_bens_browser(
    ada: Person, ben: Person, address: str
) -> None:
    ada.asks_for_code(address)
    code = code_sent_to(address)
    assert ben.types_code(code).status_code == 410
    ben.asks_for_code(new_address("ben"))
    assert ben.types_code(code).status_code == 422
    assert who(ben) == ""


def test_a_browser_without_a_name_waits_for_nothing(address: str) -> None:
    nobody = cast.browser()
    assert nobody.post("/account/code/prove/", {"code": "1234-5678"}).status_code == 410
    assert nobody.get("/account/code/").status_code == 410


def test_codes_for_one_address_are_limited_from_wherever_they_are_asked(address: str) -> None:
    limit = settings.CODES_AN_HOUR_PER_EMAIL
    asked = [Person(str(number)).asks_for_code(address) for number in range(limit + 1)]
    assert [answer.status_code for answer in asked] == [302] * limit + [429]
    assert asked[-1].headers["Retry-After"] == "3600"
    assert len(mail.outbox) == limit


def test_asking_again_counts_as_well(ada: Person, address: str) -> None:
    ada.asks_for_code(address)
    again = [
        ada.browser.post("/account/code/again/").status_code
        for _ in range(settings.CODES_AN_HOUR_PER_EMAIL)
    ]
    assert again == [302] * (settings.CODES_AN_HOUR_PER_EMAIL - 1) + [429]


@override_settings(CODES_AN_HOUR_PER_ADDRESS=3)
def test_one_network_address_cannot_write_to_everybody(ada: Person) -> None:
    asked = [ada.asks_for_code(new_address("victim")).status_code for _ in range(4)]
    assert asked == [302, 302, 302, 429]
    assert len(mail.outbox) == 3


# -- hostile forms -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@example.org\nBcc: everybody@example.org",
        "ada@example.org\r\n\r\nBuy now",
        "ada@example.org,ben@example.org",
        "\0",
        '"><script>alert(1)</script>@example.org',
    ],
)
def test_what_is_no_address_is_said_and_nothing_is_sent(ada: Person, typed: str) -> None:
    answer = ada.asks_for_code(typed)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert "<script>alert" not in answer.content.decode()
    assert mail.outbox == []
    assert not EmailCode.objects.exists()


@override_settings(COMPANY_NAME="Evil\nBcc: everybody@example.org")
def test_a_name_with_a_line_break_writes_no_header(ada: Person, address: str) -> None:
    ada.asks_for_code(address)
    (message,) = mail.outbox
    assert set(message.message().keys()) >= {"Subject", "To", "From", "Auto-Submitted"}
    assert message.recipients() == [address]
    assert "Bcc" not in message.message()


@pytest.mark.parametrize(
    "path",
    [
        "/account/sign-in/send/",
        "/account/code/again/",
        "/account/code/prove/",
        "/account/sign-out/",
        "/account/address/send/",
        "/account/end/stop/",
        "/account/end/keep/",
        "/connections/x/come-back/give/",
        "/connections/x/come-back/confirm/",
        "/connections/x/claim/",
    ],
)
def test_every_verb_is_a_post_with_a_token(ada: Person, path: str) -> None:
    assert ada.browser.get(path).status_code == 405
    ada.browser.handler.enforce_csrf_checks = True
    assert ada.browser.post(path).status_code == 403


# -- the session ---------------------------------------------------------------------------------


def test_a_session_that_somebody_else_planted_is_worth_nothing_after_signing_in(
    ada: Person, cy: Person, address: str
) -> None:
    session = cy.browser.session
    session["planted"] = "by Cy"
    session.save()
    name = settings.SESSION_COOKIE_NAME
    planted = str(session.session_key)
    cy.browser.cookies[name] = planted
    ada.browser.cookies[name] = planted
    ada.signs_in(address)
    assert who(ada) == address
    assert ada.browser.cookies[name].value != planted
    assert who(cy) == ""
    assert not Session.objects.filter(session_key=planted).exists()


def test_one_who_signs_in_after_another_takes_nothing_over(ada: Person, address: str) -> None:
    ada.signs_in(address)
    before = ada.browser.cookies[settings.SESSION_COOKIE_NAME].value
    other = new_address("other")
    ada.browser.post("/account/sign-out/")
    ada.signs_in(other)
    assert who(ada) == other
    assert ada.browser.cookies[settings.SESSION_COOKIE_NAME].value != before


def test_neither_session_nor_row_tells_an_address_or_a_code_in_plain(
    ada: Person, address: str
) -> None:
    ada.asks_for_code(address)
    code = code_sent_to(address)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM authorizations_emailcode t")
        (row,) = cursor.fetchone()
    assert address not in row
    assert code not in row
    assert code.replace("-", "") not in row
    ada.types_code(code)
    for session in Session.objects.all():
        assert address not in str(session.get_decoded())


def test_nothing_of_it_is_logged(
    ada: Person, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="authorizations"):
        ada.asks_for_code(address)
        ada.types_code("1234-5678")
        ada.types_code(code_sent_to(address))
    assert address not in caplog.text
    assert code_sent_to(address) not in caplog.text


def test_two_browsers_that_prove_one_address_share_one_account(
    ada: Person, ben: Person, address: str
) -> None:
    ada.asks_for_code(address)
    first = code_sent_to(address)
    ben.asks_for_code(address)
    second = code_sent_to(address)
    ada.types_code(first)
    ben.types_code(second)
    assert User.objects.count() == EmailAddress.objects.count() == 1
    assert who(ada) == who(ben) == address


# -- when the mail server does not take it -------------------------------------------------------


@pytest.fixture
def no_mail_server() -> Iterator[None]:
    with override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=1,
    ):
        yield


@pytest.mark.usefixtures("no_mail_server")
def test_without_a_mail_server_the_customer_is_told(
    ada: Person, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = ada.asks_for_code(address)
    assert answer.status_code == 503
    assert "We could not send you an e-mail" in answer.content.decode()
    assert "could not be sent: ConnectionRefusedError" in caplog.text
    assert address not in caplog.text


def test_the_cookie_of_the_browser_is_set_where_there_was_none(
    lying: LyingUtility, address: str
) -> None:
    newcomer = cast.browser()
    answer = newcomer.post("/account/sign-in/send/", {"email": address})
    assert COOKIE in answer.cookies
    assert newcomer.post("/account/code/prove/", {"code": code_sent_to(address)}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_one_address_proved_in_many_browsers_at_once_makes_one_account(address: str) -> None:
    people = [Person(str(number)) for number in range(4)]
    codes = []
    for person in people:
        person.asks_for_code(address)
        codes.append(code_sent_to(address))
    answers: list[int] = []

    def prove(person: Person, code: str) -> None:
        try:
            answers.append(person.types_code(code).status_code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=prove, args=pair) for pair in zip(people, codes, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [302] * 4
    assert User.objects.count() == EmailAddress.objects.count() == 1
    assert {who(person) for person in people} == {address}
