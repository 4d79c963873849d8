"""User names and passwords, at the utility's own form and at its single sign-on."""

from __future__ import annotations

from django.contrib.auth.hashers import check_password, make_password

from utilities.sandbox.authenticating import identifiers
from utilities.sandbox.models import UtilityAccount, WrongTries
from utilities.sandbox.programmes import Programme

# Nobody types more; hashing a megabyte would be work for nothing.
LONGEST = 200


class LockedError(Exception):
    """Too many wrong passwords for this user name, whether or not anybody has it."""


def sign_in(programme: Programme, username: str, password: str) -> UtilityAccount | None:
    """The customer with this user name and password, or None. Raises LockedError.

    A test account takes any password that is not empty, and is never locked.
    """
    key = identifiers.key("username", username, programme)
    account = _of_key(programme, key)
    if account is not None and account.is_test:
        return account if password and account.can_be_found else None
    tried = f"username:{key}"
    # Counted before it is compared, which takes long: many at once do not get more than five.
    if not WrongTries.add(programme.slug, tried):
        raise LockedError
    if not _is_right(account, password):
        return None
    WrongTries.forget(programme.slug, tried)
    return account


def _of_key(programme: Programme, key: str) -> UtilityAccount | None:
    if not key:
        return None
    return UtilityAccount.objects.filter(utility=programme.slug, username_key=key).first()


def _is_right(account: UtilityAccount | None, password: str) -> bool:
    # PBKDF2 fills a short password up with NULs: with some behind it, it would be right too.
    if len(password) > LONGEST or "\0" in password:
        return False
    if account is None or not account.password:
        # As much work as for somebody whom we know: the time must not tell which names exist.
        make_password(password)
        return False
    return check_password(password, account.password)
