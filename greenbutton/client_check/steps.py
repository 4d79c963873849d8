"""The steps of a check, in their order: what each does, and what to do should it fail."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db.models import Sum
from django.http import QueryDict
from django.utils import timezone

from authorizations import flows
from authorizations.models import Authorization, ConnectAttempt
from authorizations.tokens import fresh_access_token
from greenbutton.espi import EspiError, read_feed
from greenbutton.espi import authorization as espi_authorization
from greenbutton.espi import scope as espi_scope
from greenbutton.espi.enums import AuthorizationStatus
from greenbutton.ingest.pull import pull
from greenbutton.ingest.purge import purge
from greenbutton.models import (
    ClientCheck,
    Customer,
    CustomerAccount,
    MeterReading,
    Pull,
    RawFeed,
    ReadingDay,
    UsagePoint,
    UsageSummary,
)
from utilities import registration
from utilities.client import GreenButtonClient, UtilityError, of_status
from utilities.models import Client

# The platform's own name for the customer that every one of its utilities has.
SCENARIO = "residential"
INTERVALS, BILLS, ACCOUNT = 4, 16, 51
# Another worker is at it, or the utility was only just told.
A_MOMENT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=5)
ENTRY_MAX_BYTES = 256 * 1024
GONE = {of_status(404), of_status(410)}


class StepError(Exception):
    """The step failed; the text says what was found."""


class StepSkipped(Exception):  # noqa: N818 (nothing went wrong)
    """There is nothing to try; the text says why."""


class NotYet(Exception):  # noqa: N818 (nothing went wrong)
    """The step goes on after a while, by whichever worker takes it then."""

    def __init__(self, after: timedelta) -> None:
        super().__init__(f"in {after}")
        self.after = after


@dataclass
class Walk:
    """One worker's part of a check. What the utility answered to the consent is in memory only."""

    check: ClientCheck
    answer: dict[str, str] = field(default_factory=dict)
    browser: str = ""

    @property
    def client(self) -> Client:
        """The registration that is tested."""
        return self.check.client

    @property
    def door(self) -> GreenButtonClient:
        """The way to the utility."""
        return GreenButtonClient(self.client)

    @property
    def authorization(self) -> Authorization:
        """The test customer's consent, as it is now."""
        key = self.check.authorization_id
        assert key is not None, "the steps that need it come after the code was traded"
        return Authorization.objects.get(pk=key)

    def granted(self, block: int) -> bool:
        """Whether the function block is in what was granted."""
        scope = self.authorization.scope
        return bool(scope) and block in espi_scope.parse(scope).function_blocks


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is called, how it is done, what it needs, and what mends it."""

    name: str
    label: str
    act: Callable[[Walk], str]
    mend: str
    needs: tuple[str, ...] = ()


def read_registration(walk: Walk) -> str:
    if not walk.client.registration_token:
        raise StepSkipped("We have no registration token that would open it.")
    standing = registration.look(walk.client)
    found = registration.differences_of(walk.client)
    there = f"The utility says: {standing.custodian_words}."
    if not found:
        return f"{there} Both sides have the same."
    return f"{there} Otherwise than here: {', '.join(one.label for one in found)}."


def ask_client_token(walk: Walk) -> str:
    walk.door.client_token(fresh=True)
    return "The utility takes our id and secret."


def ask_consent(walk: Walk) -> str:
    """As a customer's browser goes there, but for the pages: its address, sent by ourselves."""
    client, utility = walk.client, walk.client.utility
    scope = espi_scope.build(flows.asked_scope(client))
    verifier = walk.door.new_verifier()
    walk.browser = secrets.token_urlsafe(16)  # nobody's: no cookie holds it
    attempt, state = ConnectAttempt.begin(
        walk.browser, client, scope, utility.callback_url, None, verifier
    )
    walk.check.attempt = attempt
    walk.check.save(update_fields=["attempt"])
    address = walk.door.authorize_url(
        redirect_uri=utility.callback_url, scope=scope, state=state, pkce_verifier=verifier
    )
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    answer = walk.door.post_json(utility.test_submit_url, {**asked, "scenario": SCENARIO})
    walk.answer = {
        name: value
        for name in ("code", "state", "iss", "error", "error_description")
        if isinstance(value := answer.get(name), str)
    }
    return f"The test customer “{SCENARIO}” agreed to everything that was asked."


def trade_code(walk: Walk) -> str:
    """By the flow that a customer's callback goes; a worker that ended may have done it already."""
    check = walk.check
    made = check.attempt.authorization if check.attempt else None
    if made is None:
        params = QueryDict(mutable=True)
        params.update(walk.answer)
        made = flows.complete(walk.browser, walk.client.utility, params)
    check.authorization = made
    check.save(update_fields=["authorization"])
    return f"Tokens came for the code, and are kept. The test authorization is {made.uid}."


def compare_scope(walk: Walk) -> str:
    left_out = walk.authorization.granted_less_than_asked()
    return " ".join(left_out) if left_out else "Everything that was asked for was granted."


def collect(walk: Walk) -> str:
    """A pull like any other; a worker that was quicker than this one has done it as well."""
    authorization = walk.authorization
    done = authorization.pulls.filter(state=Pull.State.DONE).first() or pull(authorization)
    if done is None:
        raise NotYet(A_MOMENT)
    if done.state == Pull.State.WAITING:
        raise NotYet(_wait_of(walk.authorization))
    if done.state != Pull.State.DONE:
        raise StepError(done.error)
    days = ReadingDay.objects.filter(authorization=authorization)
    readings = days.aggregate(total=Sum("count"))["total"] or 0
    if walk.granted(INTERVALS) and not readings:
        raise StepError("The utility sent no reading, though energy use was granted.")
    meters = UsagePoint.objects.filter(authorization=authorization).count()
    odd = f" {len(done.findings)} kinds of oddities were found in it." if done.findings else ""
    return f"Readings stored: {readings:,}, of {_count(meters, 'meter')}.{odd}"


def _wait_of(authorization: Authorization) -> timedelta:
    due = authorization.next_pull_at or timezone.now()
    return min(max(due - timezone.now(), timedelta(seconds=1)), LONGEST_WAIT)


def count_bills(walk: Walk) -> str:
    if not walk.granted(BILLS):
        raise StepSkipped("Bills are not in the scope.")
    bills = UsageSummary.objects.filter(usage_point__authorization=walk.authorization).count()
    if not bills:
        raise StepError("The utility sent no bill, though bills were granted.")
    return f"{_count(bills, 'bill')} stored."


def count_accounts(walk: Walk) -> str:
    if not walk.granted(ACCOUNT):
        raise StepSkipped("Account details are not in the scope.")
    of = {"authorization": walk.authorization}
    if not Customer.objects.filter(**of).exists():
        raise StepError("The utility did not say whose account it is, though that was granted.")
    accounts = CustomerAccount.objects.filter(**of).count()
    return f"Stored, encrypted: a customer with {_count(accounts, 'account')}."


def refresh(walk: Walk) -> str:
    """As if the utility had refused the token that we have."""
    before = walk.authorization.access_token
    if fresh_access_token(walk.authorization, refused=before) == before:
        raise StepError("The utility gave the same access token again.")
    return "A new access token came for the refresh token."


def read_entry(walk: Walk) -> str:
    entry = _entry_at(walk, walk.authorization.authorization_uri)
    if entry.status != AuthorizationStatus.ACTIVE:
        words = AuthorizationStatus.words(entry.status) or "without a status"
        raise StepError(f"The utility has the consent as {words}, though it was only just given.")
    if entry.resource_uri not in {None, walk.authorization.resource_uri}:
        raise StepError("What lies at the address is another consent than ours.")
    return "The client token opens it, and it says: active."


def _entry_at(walk: Walk, address: str) -> espi_authorization.Authorization:
    """The utility's own record of the consent; raises UtilityError or StepError."""
    if not address:
        raise StepError("The utility has not said where its record of the consent is.")
    body = walk.door.read_document(address, token="client", max_bytes=ENTRY_MAX_BYTES)
    try:
        entries = list(read_feed(BytesIO(body), max_bytes=ENTRY_MAX_BYTES, quick=False))
    except EspiError as e:
        raise StepError(f"The utility's record of the consent cannot be read: {e.says}") from e
    found = [entry.resource for entry in entries]
    if len(found) != 1 or not isinstance(found[0], espi_authorization.Authorization):
        raise StepError("The utility sent something other than one record of the consent.")
    return found[0]


def end(walk: Walk) -> str:
    """As staff stop sharing; then the utility is asked whether it is so there.

    Where it was not told at once, workers go on telling it, and this waits for them.
    """
    # It goes from the row when the utility knows.
    address = walk.authorization.authorization_uri
    if walk.authorization.can_be_stopped():
        flows.disconnect(walk.authorization, "staff")
    if walk.authorization.utility_told_at is None:
        if not address:
            raise StepError("It is ended here, but nobody at the utility can be told.")
        raise NotYet(A_MOMENT)
    if address and not _is_ended_at(walk, address):
        raise StepError("It is ended here, but the utility, which was told, still has it.")
    return "The consent is ended here and at the utility; our tokens are destroyed."


def _is_ended_at(walk: Walk, address: str) -> bool:
    try:
        return _entry_at(walk, address).status != AuthorizationStatus.ACTIVE
    except UtilityError as e:
        if e.code not in GONE:
            raise
        return True


def delete(walk: Walk) -> str:
    """As for every customer who stops sharing; then it is counted what is left."""
    purge(walk.authorization)  # unless a worker was quicker
    authorization = walk.authorization
    if authorization.archived_at is None:
        authorization.archive()
    left = _left_of(authorization)
    if any(left.values()):
        kinds = ", ".join(f"{name}: {count:,}" for name, count in left.items() if count)
        raise StepError(f"Something is left of the test customer: {kinds}.")
    return "Nothing of the test customer is left but the receipt, which is archived."


def _left_of(authorization: Authorization) -> dict[str, int]:
    of: dict[str, Any] = {"authorization": authorization}
    return {
        "days of readings": ReadingDay.objects.filter(**of).count(),
        "meter readings": MeterReading.objects.filter(
            usage_point__authorization=authorization
        ).count(),
        "meters": UsagePoint.objects.filter(**of).count(),
        "bills": UsageSummary.objects.filter(usage_point__authorization=authorization).count(),
        "customers": Customer.objects.filter(**of).count(),
        "raw feeds": RawFeed.objects.filter(pull__authorization=authorization).count(),
        "tokens": bool(authorization.access_token) + bool(authorization.refresh_token),
        "keys": int(bool(authorization.feed_key)),
    }


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


ASK_UTILITY = "If it happens again, show this to the utility's support."
STEPS = (
    Step(
        "registration",
        "The registration can be read",
        read_registration,
        "See “How the utility sees it” on the client's page.",
    ),
    Step(
        "client_token",
        "The utility gives a client token",
        ask_client_token,
        "Compare client id, secret and token address with the utility's page. “How the utility "
        "sees it” takes another secret.",
    ),
    Step(
        "consent",
        "The test customer consents",
        ask_consent,
        "See whether the utility has our redirect URI and offers the scope that we ask for: “How "
        "the utility sees it” tells, and “Tell the utility” mends the first.",
        ("client_token",),
    ),
    Step(
        "code",
        "The code is traded for tokens",
        trade_code,
        "A worker may have ended in between: test again. " + ASK_UTILITY,
        ("consent",),
    ),
    Step(
        "scope",
        "What was granted",
        compare_scope,
        ASK_UTILITY,
        ("code",),
    ),
    Step(
        "usage",
        "Energy use is fetched and stored",
        collect,
        "The pull of the test authorization tells more. " + ASK_UTILITY,
        ("code",),
    ),
    Step("bills", "Bills are stored", count_bills, ASK_UTILITY, ("usage",)),
    Step("account", "Account details are stored", count_accounts, ASK_UTILITY, ("usage",)),
    Step(
        "refresh",
        "The access token is refreshed",
        refresh,
        "Without it every consent ends within the hour. " + ASK_UTILITY,
        ("code",),
    ),
    Step(
        "entry",
        "The utility's record of the consent is read",
        read_entry,
        "Without it nobody can be told when a customer stops at the utility. " + ASK_UTILITY,
        ("code",),
    ),
    Step(
        "end",
        "The consent is ended",
        end,
        "Here it is ended in any case. End it on the utility's page, too.",
        ("code",),
    ),
    Step(
        "purge",
        "Everything is deleted",
        delete,
        "Open the test authorization: it is deleted again and again until nothing is left.",
        ("code",),
    ),
)
