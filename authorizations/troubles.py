"""Why collecting failed and why it is due again when it is: codes for events, words for staff.

The codes are of this program alone, so that an event repeats nothing that a utility wrote.
"""

from __future__ import annotations

import re

from authorizations.models import PullTrigger
from utilities.client import Problem, UtilityError

# Why it failed, beside the Problems of the conversation and `http_<status>`.
REFUSED, UNREADABLE, OUR_ERROR = "refused", "not_espi", "our_error"
# Nobody tries again before somebody has mended these.
NEEDS_CONSENT, CLIENT_PAUSED = "needs_consent", "client_paused"
# Why it is due again then, beside the triggers of those who asked meanwhile.
AS_ASKED, EVER_LATER = "as_asked", "ever_later"

_STATUS = re.compile(r"http_([0-9]{3})")

PROBLEMS: dict[str, str] = {
    REFUSED: "the utility refused",
    UNREADABLE: "what came could not be read",
    OUR_ERROR: "an error in the portal itself",
    Problem.TIMEOUT: "the utility took longer than allowed",
    Problem.CONNECTION: "the utility could not be reached",
    Problem.CUT_OFF: "the answer broke off",
    Problem.REDIRECT: "the utility sent us elsewhere, where we do not go",
    Problem.NOT_OURS: "the address is not the utility's",
    Problem.TOO_LARGE: "the answer was larger than we take",
    Problem.UNREADABLE: "the answer could not be read",
    Problem.BAD_TOKEN: "the answer to the refresh of the token could not be used",
    Problem.NOT_ACTIVE: "it was not active any more",
    Problem.NO_REFRESH_TOKEN: "the token was over and cannot be refreshed",
    Problem.CERTIFICATE: "the utility does not accept our certificate, or we have none",
    "invalid_grant": "the utility no longer accepts our tokens",
    "invalid_client": "the utility does not accept our registration",
}
TIMES: dict[str, str] = {
    AS_ASKED: "as {source} asked",
    EVER_LATER: "later with each failure",
    PullTrigger.NOTIFICATION: "since {source} told of something new",
    PullTrigger.STAFF: "since staff asked for it",
    PullTrigger.CUSTOMER: "since the customer asked for it",
    PullTrigger.HISTORY: "since staff asked for the history",
}


def reason_of(error: UtilityError) -> str:
    """The code of what came of a conversation; an OAuth error's text is the utility's own."""
    is_ours = error.code in PROBLEMS or _STATUS.fullmatch(error.code)
    return error.code if is_ours else REFUSED


def problem_words(code: str) -> str:
    """What went wrong, as the middle of a sentence for staff; empty for what is not known."""
    if status := _STATUS.fullmatch(code):
        return f"the utility answered {status[1]}"
    return PROBLEMS.get(code, "")


def time_words(because: str, source: str) -> str:
    """Why it is due again just then, as the end of a sentence; empty for what is not known."""
    return TIMES.get(because, "").format(source=source)
