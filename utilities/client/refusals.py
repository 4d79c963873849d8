"""What an answer other than the hoped-for one means ("When it goes wrong" in the design)."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from utilities.client.errors import Problem, UtilityError, of_status
from utilities.client.token_answers import read_error
from utilities.client.transport import DEFAULT_WAIT, Answer, place
from utilities.models import Client, Utility

# Which of the three classes of token opens an address.
TokenClass = Literal["client", "registration", "access"]


def unheard(utility: Utility, code: str, to_log: str) -> UtilityError:
    """Nothing that can be used came back; it is asked again later."""
    return UtilityError(
        code,
        to_customer=f"{utility.name} is not answering at the moment. "
        "We will try again by ourselves.",
        to_log=to_log,
    )


def needs_attention(client: Client, code: str, to_log: str) -> UtilityError:
    """What our own staff have to mend; no customer can."""
    return UtilityError(
        code,
        to_customer=f"Our registration with {client.utility.name} needs attention. "
        "We have been told; please try again later.",
        to_log=to_log,
    )


def come_later(utility: Utility, to_log: str, after: timedelta) -> UtilityError:
    """The data is not there yet, or there is no room to ask for it now."""
    return UtilityError(
        Problem.COME_LATER,
        to_customer=f"{utility.name} is preparing the data. We will ask again by ourselves.",
        to_log=to_log,
        after=after,
    )


def not_ours(utility: Utility, url: str) -> UtilityError:
    """An address to which nothing is ever sent."""
    return UtilityError(
        Problem.NOT_OURS,
        to_customer=f"{utility.name} named an address that is not its own. We have stopped there.",
        to_log=f"{utility.slug}: not one of its origins: {place(url)}",
    )


def too_large(utility: Utility, to_log: str) -> UtilityError:
    """More than may be taken at once."""
    return UtilityError(
        Problem.TOO_LARGE,
        to_customer=f"{utility.name} sent more than we can take at once. We have been told.",
        to_log=to_log,
    )


def unusable(utility: Utility, code: str, why: str) -> UtilityError:
    """An answer that came well and cannot be used."""
    return UtilityError(
        code,
        to_customer=f"{utility.name} sent an answer that we cannot use. "
        "Please try again, or tell us if it happens again.",
        to_log=f"{utility.slug}: {why}",
    )


def refusal(
    utility: Utility,
    answer: Answer,
    url: str,
    sent: tuple[str, ...],
    token: TokenClass = "access",  # noqa: S107 (a class of tokens)
) -> UtilityError:
    """What a status means, for a request that a token of this class was to open."""
    status, after = answer.status, answer.retry_after
    _, described = told(answer, sent)
    said = f"{utility.slug}: {place(url)} answered {status} {described}".rstrip()
    if status in {202, 429}:
        return come_later(utility, said, after or DEFAULT_WAIT)
    if 300 <= status < 400:
        return unheard(utility, Problem.REDIRECT, f"{said}: redirects are not followed")
    if status == 403 and token == "access":  # noqa: S105
        return UtilityError(
            Problem.HTTP_403,
            to_customer=f"{utility.name} does not let us see this any more. Please connect again.",
            to_log=said,
            permanent=True,
        )
    error = unheard(utility, of_status(status), said)
    error.after = after
    return error


def oauth_refusal(client: Client, answer: Answer, url: str, sent: tuple[str, ...]) -> UtilityError:
    """What the refusal of an address means that our id and secret open (RFC 6749 §5.2)."""
    utility = client.utility
    if answer.status not in {400, 401, 403}:
        return refusal(utility, answer, url, sent)
    error, described = told(answer, sent)
    said = f"{answer.status} {described}".strip()
    if error == "invalid_client":
        to_log = f"{utility.slug}: {client.client_id} is refused: {said}"
        return needs_attention(client, error, to_log)
    return UtilityError(
        error or of_status(answer.status),
        to_customer=f"{utility.name} did not accept this. Please connect again.",
        to_log=f"{utility.slug}: no token: {said}",
        permanent=True,
    )


def told(answer: Answer, sent: tuple[str, ...]) -> tuple[str, str]:
    """The `error` of the reply, and what to log of it: without the secrets that we sent."""
    error, description = read_error(answer.body)
    described = f"{error}: {description}" if description else error
    for secret in filter(None, sent):
        described = described.replace(secret, "…")
    return error, described
