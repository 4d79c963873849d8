"""User name and password at Demo Utility: forgiving about the name, strict about the password."""

from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, identify_hasher
from django.utils import timezone

from tests.sandbox.walk import Company, Walk, error
from utilities.sandbox.models import LOCK_TIME, TRIES, Grant, UtilityAccount, WrongTries

WALTER, PASSWORD = "walter.lindqvist", "blue heron on the levee"


def at_form(company: Company, prefill: str = "") -> Walk:
    return Walk(company, scope=f"FB=4_16{prefill and ';AdditionalScope=' + prefill}")


@pytest.fixture
def live() -> Company:
    return Company.live("demo")


@pytest.mark.parametrize("name", ["UAPI_TEST_residential", " uapi_test_RESIDENTIAL "])
@pytest.mark.parametrize("password", ["x", "any password at all"])
def test_a_test_account_takes_any_password(demo: Company, name: str, password: str) -> None:
    walk = at_form(demo)
    walk.give_password(name, password)
    assert walk.shows("consent")
    assert "Robin Demoperson" in walk.html


def test_the_whole_way_ends_in_a_grant_of_its_meters(demo: Company) -> None:
    assert demo.authorized()["access_token"]
    (grant,) = Grant.objects.all()
    assert grant.account.utility == "demo"
    assert [service.kind for service in grant.services.all()] == ["electricity", "gas"]


@pytest.mark.parametrize(
    ("name", "password", "code"),
    [
        ("", "x", "incomplete"),
        ("UAPI_TEST_residential", "", "incomplete"),
        ("UAPI_TEST_badlogin", "x", "not_found"),
        ("UAPI_TEST_nobody", "x", "not_found"),
        ("test_residential", "x", "not_found"),
        ("\0", "x", "not_found"),
        (WALTER, "x", "not_found"),
        (WALTER, PASSWORD.upper(), "not_found"),
        (WALTER, PASSWORD + "\0", "not_found"),
        (WALTER, "x" * 100_000, "not_found"),
        ("x" * 100_000, "x", "not_found"),
    ],
)
def test_everything_else_is_refused(live: Company, name: str, password: str, code: str) -> None:
    walk = at_form(live)
    walk.give_password(name, password)
    assert walk.page.status_code == 422
    alert = walk.alert()
    assert alert
    assert alert[0] == code
    if password and password != "x":
        assert password not in walk.html


def test_an_ordinary_customer_needs_their_own_password(live: Company) -> None:
    walk = at_form(live)
    walk.give_password("Walter.Lindqvist", PASSWORD)
    assert walk.shows("consent")


def test_passwords_are_kept_hashed_and_test_accounts_have_none() -> None:
    for account in UtilityAccount.objects.filter(utility="demo"):
        assert bool(account.password) != account.is_test
        if account.password:
            assert identify_hasher(account.password)


def test_an_ordinary_customer_cannot_share_with_a_company_in_sandbox_status(demo: Company) -> None:
    walk = at_form(demo)
    walk.give_password(WALTER, PASSWORD)
    assert error(walk) == "not_live"


@pytest.mark.parametrize("name", [WALTER, "nobody.at.all"])
def test_five_wrong_passwords_lock_the_name_whether_or_not_anybody_has_it(
    live: Company, name: str
) -> None:
    walk = at_form(live)
    for _ in range(TRIES):
        walk.give_password(name, "wrong")
        assert error(walk) == "not_found"
    walk.give_password(name, PASSWORD)
    assert walk.page.status_code == 429
    assert error(walk) == "locked"


class Counting(PBKDF2PasswordHasher):
    """Notes how many tries were counted when a password comes to be compared."""

    counted: ClassVar[list[int]] = []

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        self.counted.append(WrongTries.objects.get().tries)
        return super().encode(password, salt, 1)


def test_a_try_is_counted_before_the_password_is_compared(live: Company, settings: Any) -> None:
    """Comparing takes long: otherwise many tries at once would be more than five."""
    walk = at_form(live)
    settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]
    Counting.counted.clear()
    walk.give_password("nobody.at.all", "wrong")
    walk.give_password("nobody.at.all", "wrong")
    assert Counting.counted == [1, 2]


def test_the_lock_ends_after_a_quarter_of_an_hour(live: Company) -> None:
    walk = at_form(live)
    for _ in range(TRIES):
        walk.give_password(WALTER, "wrong")
    WrongTries.objects.update(last_at=timezone.now() - LOCK_TIME - timedelta(seconds=1))
    walk.give_password(WALTER, PASSWORD)
    assert walk.shows("consent")


def test_a_test_account_is_never_locked(demo: Company) -> None:
    walk = at_form(demo)
    for _ in range(TRIES + 1):
        walk.give_password("UAPI_TEST_badlogin", "x")
        assert error(walk) == "not_found"
    assert not WrongTries.objects.exists()


@pytest.mark.parametrize("name", ["UAPI_TEST_residential", WALTER, "nobody.at.all"])
def test_a_prefilled_name_is_filled_in_and_the_page_does_not_tell_whether_anybody_has_it(
    demo: Company, name: str
) -> None:
    walk = at_form(demo, f"auth-username-{name}")
    assert walk.shows("authenticate")
    assert f'value="{name}"' in walk.html
    assert walk.alert() is None


def test_a_prefilled_test_account_that_cannot_be_found_says_so_at_once(demo: Company) -> None:
    walk = at_form(demo, "auth-username-UAPI_TEST_badlogin")
    assert error(walk) == "not_found"


def test_a_way_of_another_utility_opens_the_ordinary_form(demo: Company) -> None:
    walk = at_form(demo, "auth-phone-111-111-1111")
    assert walk.shows("authenticate")
    assert 'value="username" checked' in walk.html
