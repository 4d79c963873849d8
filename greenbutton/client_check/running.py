"""Checks are asked for by staff, claimed by workers, and done step after step."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from authorizations.flows import ConnectError
from greenbutton.client_check.steps import STEPS, NotYet, Step, StepError, StepSkipped, Walk
from greenbutton.models import ClientCheck
from utilities.client import Problem, UtilityError
from utilities.models import Client
from utilities.registration import RegistrationError

logger = logging.getLogger(__name__)

# What could not be queued is due again then.
CLAIM = timedelta(minutes=1)
# What a worker takes is nobody else's for so long; one that dies leaves it to the next then.
LEASE = timedelta(minutes=10)
# A check that takes longer than this has failed: a utility that prepares data takes minutes.
LONGEST = timedelta(minutes=30)
BATCH = 20
OK, FAILED, SKIPPED = "ok", "failed", "skipped"


def why_not(client: Client) -> str:
    """Why this client cannot be tested like this, and what to do instead; empty if it can."""
    if client.retired_at is not None:
        return "It is retired."
    if not client.is_sandbox:
        return (
            "A live client is not tested like this: real customers use it. Connect with an account "
            "of your own at the utility, or look at the latest pulls."
        )
    if not client.utility.test_submit_url:
        return (
            f"{client.utility} has no way to consent for a test customer without its pages. Open "
            "a share link yourself, and sign in there with one of the utility's test accounts."
        )
    if client.paused_at is not None:
        return "It is paused. Resume it first."
    return ""


def ask(client: Client, by: User) -> ClientCheck:
    """Have a worker test this client; raises a ValidationError where that cannot be."""
    if refusal := why_not(client):
        raise ValidationError(refusal)
    try:
        with transaction.atomic():
            return ClientCheck.objects.create(client=client, asked_by=by)
    except IntegrityError as e:
        raise ValidationError("It is being tested already: open its newest check.") from e


def claim() -> list[int]:
    """Claim the checks that are due and that no worker has; returns their ids."""
    now = timezone.now()
    with transaction.atomic():
        due = (
            ClientCheck.objects.filter(_free(now), due_at__lte=now)
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("due_at")
            .only("id")[:BATCH]
        )
        ids = [check.pk for check in due]
        ClientCheck.objects.filter(pk__in=ids).update(due_at=now + CLAIM)
    return ids


def _free(now: datetime) -> Q:
    return Q(taken_until=None) | Q(taken_until__lte=now)


def run(check: ClientCheck) -> ClientCheck:
    """Do what is left of a check, unless another worker is at it.

    1. Take step after step. One that needs a step that failed is skipped; the others go on, so that
       a failure does not keep the consent from being ended and the data from being deleted.
    2. A step that is not ready leaves the check to be taken up later, by anybody.
    3. Say how it ended.
    """
    if not _taken(check):
        return check
    walk = Walk(check)
    try:
        for step in _left(check):
            _note(check, step, *_take(step, walk))
    except NotYet as e:
        check.due_at, check.taken_until = timezone.now() + e.after, None
        check.save(update_fields=["due_at", "taken_until"])
        return check
    return _ended(check)


def _taken(check: ClientCheck) -> bool:
    """Whether it is this worker's now: of several that were sent, one gets it."""
    now = timezone.now()
    rows = ClientCheck.objects.filter(_free(now), pk=check.pk, finished=None)
    taken = rows.update(
        state=ClientCheck.State.RUNNING,
        started=Coalesce("started", Value(now)),
        taken_until=now + LEASE,
    )
    check.refresh_from_db()
    return bool(taken)


def _left(check: ClientCheck) -> list[Step]:
    """The steps that are not over, in their order.

    The answer to a consent is in the memory of the worker that got it: where that one ended before
    it traded the code, another consent is asked for.
    """
    states = _states(check)
    traded = check.attempt is not None and check.attempt.authorization is not None
    if "consent" in states and "code" not in states and not traded:
        check.steps = [one for one in check.steps if one["name"] != "consent"]
        states = _states(check)
    return [step for step in STEPS if step.name not in states]


def _states(check: ClientCheck) -> dict[str, str]:
    return {one["name"]: one["state"] for one in check.steps}


def _take(step: Step, walk: Walk) -> tuple[str, str, float]:
    """Its state, words about it, and how many seconds it took; raises NotYet."""
    states = _states(walk.check)
    if missing := [name for name in step.needs if states.get(name) != OK]:
        labels = [one.label for one in STEPS if one.name in missing]
        return SKIPPED, f"Needs what did not happen: {', '.join(labels)}.", 0.0
    began = time.monotonic()
    state, words = _outcome(step, walk)
    return state, words, round(time.monotonic() - began, 1)


def _outcome(step: Step, walk: Walk) -> tuple[str, str]:
    """Its state and words about it; raises NotYet, unless that was said for too long."""
    try:
        return OK, step.act(walk)
    except StepSkipped as e:
        return SKIPPED, str(e)
    except (NotYet, UtilityError, ConnectError, RegistrationError, StepError) as e:
        wait = _wait_in(e)
        if wait is None:
            return FAILED, f"{str(e).rstrip('.')}. {step.mend}"
        if not _is_late(walk.check):
            raise NotYet(wait) from e
        minutes = round(LONGEST.total_seconds() / 60)
        return FAILED, f"It was not ready after {minutes} minutes. {step.mend}"
    except Exception as e:
        # The consent that was given has to be ended all the same, by the steps that follow.
        logger.exception("check %s, step %s", walk.check.uid, step.name)
        return FAILED, f"An error in the portal itself: {type(e).__name__}. See the worker's log."


def _wait_in(error: BaseException) -> timedelta | None:
    """In what time to go on, where the utility only asks for patience (202, 429)."""
    if isinstance(error, NotYet):
        return error.after
    # What was raised from it says it in other words.
    asked = error if isinstance(error, UtilityError) else error.__cause__
    if isinstance(asked, UtilityError) and asked.code == Problem.COME_LATER:
        return asked.after or CLAIM
    return None


def _is_late(check: ClientCheck) -> bool:
    assert check.started is not None
    return timezone.now() - check.started > LONGEST


def _note(check: ClientCheck, step: Step, state: str, words: str, seconds: float) -> None:
    told: dict[str, Any] = {"name": step.name, "state": state, "words": words, "seconds": seconds}
    check.steps = [*check.steps, told]
    check.taken_until = timezone.now() + LEASE
    check.save(update_fields=["steps", "taken_until"])


def _ended(check: ClientCheck) -> ClientCheck:
    failed = FAILED in _states(check).values()
    check.state = ClientCheck.State.FAILED if failed else ClientCheck.State.PASSED
    check.finished, check.due_at, check.taken_until = timezone.now(), None, None
    check.save(update_fields=["state", "finished", "due_at", "taken_until"])
    return check
