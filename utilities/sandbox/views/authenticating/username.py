"""By user name and password."""

from __future__ import annotations

from django.http import QueryDict

from utilities.sandbox.authenticating import passwords
from utilities.sandbox.programmes import Programme, Way
from utilities.sandbox.views.authenticating.finding import Found, NotFoundError, locked, not_found


def find(programme: Programme, way: Way, form: QueryDict) -> Found:
    """The customer who has both. A wrong password reads like an unknown name."""
    username, password = form.get("value", "").strip(), form.get("password", "")
    if not username or not password:
        raise NotFoundError("incomplete", "Please enter your user name and your password.")
    try:
        account = passwords.sign_in(programme, username, password)
    except passwords.LockedError:
        raise locked() from None
    if account is None:
        raise not_found(way)
    return Found(account, needs_passcode=False)
