"""Who gets in."""

from __future__ import annotations

import io
import secrets
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.core import mail as django_mail
from django.core.management import CommandError, call_command

from portal.accounts import make_superuser
from tests import cast
from tests.staff.conftest import says, signed_in

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-password-of-the-boss"


@pytest.fixture
def boss(boss: User) -> User:
    """The same, with a password."""
    return make_superuser(boss.email, PASSWORD)[0]


@pytest.mark.parametrize("path", ["/staff/", "/staff/utilities/client/", "/staff/auth/user/add/"])
def test_a_stranger_is_sent_to_allauths_sign_in(path: str) -> None:
    response = cast.browser().get(path, follow=True)
    assert response.redirect_chain[-1] == (f"/accounts/login/?next={quote(path, safe='')}", 302)


def test_the_admins_own_form_takes_no_password(boss: User) -> None:
    answer = {"username": boss.username, "password": PASSWORD}
    response = cast.browser().post("/staff/login/?next=/staff/", answer, follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/")
    assert not response.wsgi_request.user.is_authenticated


def test_staff_sign_in_by_address_and_password(boss: User) -> None:
    browser = cast.browser()
    answer = {"login": boss.email, "password": PASSWORD}
    response = browser.post("/accounts/login/?next=/staff/", answer, follow=True)
    assert response.redirect_chain[-1] == ("/staff/", 302)
    assert "Make a share link" in says(response)


def test_a_wrong_password_stays_outside(boss: User) -> None:
    answer = {"login": boss.email, "password": "not-the-password"}
    response = cast.browser().post("/accounts/login/?next=/staff/", answer)
    assert response.status_code == 200
    assert not response.wsgi_request.user.is_authenticated


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "/\\evil.example"]
)
def test_signing_in_leads_nowhere_else(boss: User, elsewhere: str) -> None:
    answer = {"login": boss.email, "password": PASSWORD, "next": elsewhere}
    response = cast.browser().post("/accounts/login/", answer)
    assert (response.status_code, response.headers["Location"]) == (302, "/staff/")


def test_guessing_a_password_is_ended_even_for_who_knows_it_by_now() -> None:
    email = f"{secrets.token_hex(4)}@example.org"  # the count of tries outlives the test
    make_superuser(email, PASSWORD)
    browser = cast.browser()
    for number in range(6):
        wrong = {"login": email, "password": f"guess-{number}"}
        browser.post("/accounts/login/", wrong, REMOTE_ADDR=f"10.1.2.{number}")
    right = {"login": email, "password": PASSWORD}
    response = browser.post("/accounts/login/", right, REMOTE_ADDR="10.1.2.9")
    assert not response.wsgi_request.user.is_authenticated


def test_a_forgotten_password_tells_nobody_who_has_an_account(boss: User) -> None:
    said = []
    for email in (boss.email, "stranger@example.net"):
        answer = {"email": email}
        response = cast.browser().post("/accounts/password/reset/", answer, follow=True)
        said.append(says(response).replace(email, ""))
    assert said[0] == said[1]
    assert [mail.to for mail in django_mail.outbox] == [[boss.email]]
    assert "http://localhost:8000/accounts/password/reset/key/" in django_mail.outbox[0].body


def test_somebody_signed_in_who_is_not_staff_is_refused(db: None) -> None:
    nobody = User.objects.create_user("nobody", "nobody@example.org")
    response = signed_in(nobody).get("/staff/", follow=True)
    assert response.status_code == 403
    assert "Dashboard" not in says(response)


def test_staff_who_left_are_refused(boss: User) -> None:
    browser = signed_in(boss)
    boss.is_active = False
    boss.save()
    assert browser.get("/staff/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")


def test_nobody_can_sign_up() -> None:
    browser = cast.browser()
    answer = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
    browser.post("/accounts/signup/", answer)
    assert not User.objects.exists()


def test_second_factors_and_addresses_have_no_staff_page() -> None:
    shown = {model._meta.label for model in admin.site._registry}
    assert not shown & {"mfa.Authenticator", "account.EmailAddress"}


def test_staff_without_the_right_see_no_accounts() -> None:
    clerk = signed_in(cast.make_staff("clerk", "change_user", "add_user", "view_client"))
    assert clerk.get("/staff/auth/user/").status_code == 403
    assert clerk.get("/staff/auth/user/add/").status_code == 403


def test_customers_are_listed_apart_from_staff(boss: User) -> None:
    customer = User.objects.create_user("x", "customer@example.net")
    office = signed_in(boss)
    front = says(office.get("/staff/"))
    lists = {}
    for is_staff in (1, 0):
        address = f"/staff/auth/user/?is_staff__exact={is_staff}"
        assert address in front
        lists[is_staff] = says(office.get(address))
    assert customer.email in lists[0]
    assert customer.email not in lists[1]


def test_a_customers_address_changed_by_staff_still_opens_the_account(boss: User) -> None:
    ada, old, new = cast.ada(), cast.new_address("ada"), cast.new_address("lovelace")
    ada.signs_in(old)
    customer = User.objects.get(email=old)
    authorization = cast.authorize(ada, cast.make_utility("http://127.0.0.1:1"))
    authorization.claim(customer)
    form = {
        "username": customer.username,
        "email": new.upper(),
        "is_active": "on",
        "date_joined_0": "2026-11-25",
        "date_joined_1": "12:00:00",
    }
    answer = signed_in(boss).post(f"/staff/auth/user/{customer.pk}/change/", form)
    assert answer.status_code == 302
    phone = cast.Person("Ada's phone")
    phone.signs_in(new)
    assert phone.sees(authorization)
    authorization.refresh_from_db()
    assert authorization.customer_email == new


def test_a_new_account_signs_in_by_its_address(boss: User) -> None:
    answer = {
        "email": "New@Example.org",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    signed_in(boss).post("/staff/auth/user/add/", answer)
    made = User.objects.get(email="new@example.org")
    assert not made.is_staff
    answer = {"login": "new@example.org", "password": PASSWORD}
    response = cast.browser().post("/accounts/login/?next=/", answer)
    assert response.status_code == 302


def test_two_accounts_never_share_an_address(boss: User) -> None:
    answer = {"email": boss.email.upper(), "password1": PASSWORD, "password2": PASSWORD}
    answer["usable_password"] = "true"
    response = signed_in(boss).post("/staff/auth/user/add/", answer)
    assert "There is an account with this address already." in says(response)
    assert User.objects.count() == 1


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_make_staff_prints_a_password_that_works() -> None:
    password = run("make_staff", "ada@example.org").rsplit(" ", 1)[1].strip()
    user = User.objects.get()
    assert user.is_staff
    assert user.is_superuser
    assert user.check_password(password)
    assert len(password) >= 20


def test_make_staff_gives_an_account_a_new_password(boss: User) -> None:
    said = run("make_staff", boss.email)
    boss.refresh_from_db()
    assert "has a new password" in said
    assert not boss.check_password(PASSWORD)
    assert User.objects.count() == 1


def test_make_staff_reads_a_password_and_does_not_print_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    said = run("make_staff", "ada@example.org", "--password-stdin")
    assert PASSWORD not in said
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize("password", ["short", "password1234", "ada@example.org", ""])
def test_make_staff_refuses_a_weak_password(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    with pytest.raises(CommandError):
        run("make_staff", "ada@example.org", "--password-stdin")
    assert not User.objects.exists()


def test_make_staff_refuses_what_is_no_address() -> None:
    with pytest.raises(CommandError, match="ada is not an e-mail address"):
        run("make_staff", "ada")
    assert not User.objects.exists()
