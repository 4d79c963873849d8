"""What test accounts simulate once they are found: where else a utility can fail its customers."""

from __future__ import annotations

from dataclasses import dataclass

from utilities.sandbox.models import Grant, UtilityAccount
from utilities.sandbox.refusals import Refusal

Scenario = UtilityAccount.Scenario
RETRY_AFTER = "3600"


@dataclass(frozen=True)
class Breakdown:
    """How the way to a consent ends before the customer can decide anything."""

    # For software that reads the page.
    code: str
    status: int
    title: str
    says: str
    # RFC 6749 §4.1.2.1: what the company is told, once the customer chooses to go back.
    error: str
    description: str


BREAKDOWNS = {
    Scenario.WEBSITEDOWN: Breakdown(
        "website_down",
        503,
        "We are closed for maintenance",
        "Our website is being looked after and cannot show your account at the moment. "
        "Nothing was shared. Please try again in an hour.",
        "temporarily_unavailable",
        "The utility's website is down for maintenance.",
    ),
    Scenario.UTILITYERROR: Breakdown(
        "utility_error",
        502,
        "Our own systems gave no proper answer",
        "We know you, but our customer records cannot be read. That is our fault, not yours. "
        "Nothing was shared. Please try again later, or call us if it lasts.",
        "server_error",
        "The utility's own systems failed.",
    ),
    Scenario.EMPTY: Breakdown(
        "nothing_to_share",
        200,
        "There is nothing to share yet",
        "You are signed in, but none of your accounts has a meter whose data could be shared. "
        "That is so for accounts that are new or closed.",
        "access_denied",
        "The customer has no account whose data could be shared.",
    ),
}


def breakdown_of(account: UtilityAccount | None) -> Breakdown | None:
    """How the way ends for this customer; None for those who may decide."""
    return BREAKDOWNS.get(Scenario(account.scenario)) if account else None


def can_visit(account: UtilityAccount) -> bool:
    """Whether the customer gets to see what they share; somebody who shares nothing does."""
    breakdown = breakdown_of(account)
    return breakdown is None or breakdown.status == 200


def check_collecting(grant: Grant) -> None:
    """Let nobody have readings, bills or details of a customer who simulates that. Raises Refusal.

    The consent itself and the list of meters stay readable: a meter was found.
    """
    if refusal := refusal_of(grant):
        raise refusal


def refusal_of(grant: Grant) -> Refusal | None:
    """What a request for the grant's data is told; None where they are served."""
    match grant.account.scenario:
        case Scenario.BADLOGIN_AFTER:
            says = "The customer cannot sign in to this account any more. Ask for a new consent."
            return Refusal(403, "access_denied", says)
        case Scenario.WEBSITEDOWN_AFTER:
            says = "The utility's data service is down for maintenance."
            return Refusal(503, "temporarily_unavailable", says, **{"Retry-After": RETRY_AFTER})
    return None
