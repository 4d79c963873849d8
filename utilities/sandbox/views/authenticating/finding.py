"""What each way to authenticate gives back, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass

from utilities.sandbox.authenticating.contacts import Contact
from utilities.sandbox.models import UtilityAccount
from utilities.sandbox.programmes import Way


@dataclass(frozen=True)
class Found:
    """A customer; one who was only looked up has yet to enter a passcode."""

    account: UtilityAccount
    needs_passcode: bool
    # Where the passcode goes instead of to the contact on file.
    contact: Contact | None = None


class NotFoundError(Exception):
    """The form again, with the reason. The text tells the customer what to do."""

    def __init__(self, code: str, says: str, status: int = 422) -> None:
        super().__init__(says)
        self.code = code
        self.says = says
        self.status = status


def not_found(way: Way) -> NotFoundError:
    """No such customer."""
    return NotFoundError("not_found", way.not_found)


def locked() -> NotFoundError:
    """Too many wrong tries. Said of unknown identifiers too, so that it tells nothing."""
    return NotFoundError(
        "locked",
        "That was wrong too often. For your safety, please wait 15 minutes and try again.",
        429,
    )
