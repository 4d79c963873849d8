"""What can go wrong in a conversation with a utility: one error, in two voices and with a tense."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum


class Problem(StrEnum):
    """Why a conversation came to nothing, where the utility gave no OAuth error of its own.

    Another HTTP status than those named here is `http_<status>`: see `of_status`.
    """

    COME_LATER = "come_later"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    CUT_OFF = "cut_off"
    REDIRECT = "redirect"
    NOT_OURS = "not_ours"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"
    BAD_TOKEN = "bad_token"  # noqa: S105 (the name of a problem)
    # Nothing could even be asked.
    NOT_ACTIVE = "not_active"
    NO_REFRESH_TOKEN = "no_refresh_token"  # noqa: S105
    NO_REGISTRATION_TOKEN = "no_registration_token"  # noqa: S105
    CERTIFICATE = "certificate"
    HTTP_400 = "http_400"
    HTTP_401 = "http_401"
    HTTP_403 = "http_403"
    HTTP_404 = "http_404"
    HTTP_500 = "http_500"
    HTTP_503 = "http_503"
    HTTP_504 = "http_504"


def of_status(status: int) -> str:
    """The code of a status that was not hoped for: a Problem where it has a name of its own."""
    code = f"http_{status}"
    return Problem(code) if code in set(Problem) else code


class UtilityError(Exception):
    """A conversation with a utility that came to nothing.

    `permanent` means that only a new consent can mend it; anything else is tried again, in `after`
    where the utility said when. `code` is the utility's own OAuth error where it gave one, else a
    Problem or `http_<status>`.
    """

    def __init__(
        self,
        code: str,
        *,
        to_customer: str,
        to_log: str,
        permanent: bool = False,
        after: timedelta | None = None,
    ) -> None:
        super().__init__(to_log)
        self.code = code
        self.to_customer = to_customer
        self.to_log = to_log
        self.permanent = permanent
        self.after = after


class IncompleteGrantError(UtilityError):
    """The customer said yes, but the answer cannot be used; the grant should be given back.

    `authorization_uri` says where, if the utility told.
    """

    def __init__(self, why: UtilityError, authorization_uri: str) -> None:
        super().__init__(why.code, to_customer=why.to_customer, to_log=why.to_log, permanent=True)
        self.authorization_uri = authorization_uri
