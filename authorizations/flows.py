"""From the click to the consent and back, and the end of it; each flow told top to bottom."""

from __future__ import annotations

import logging
import re

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import QueryDict
from django.utils.translation import get_language, gettext, override

from authorizations.connecting import prefill
from authorizations.connecting.consent_text import Shown
from authorizations.ending import giving_back, receipts
from authorizations.links import parameters as link_parameters
from authorizations.links.parameters import LinkParameters
from authorizations.models import (
    Authorization,
    ConnectAttempt,
    Event,
    LinkUsedUpError,
    ShareLink,
)
from authorizations.tokens import pause_if_refused
from greenbutton.espi import scope as espi_scope
from greenbutton.espi.scope import Authentication
from utilities.client import GreenButtonClient, IncompleteGrantError, UtilityError
from utilities.models import Client, Utility

logger = logging.getLogger(__name__)

# RFC 6749 appendix A.11: a code is VSCHAR; the length is ours.
_CODE = re.compile(r"[\x20-\x7e]{1,4096}")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


class ConnectError(Exception):
    """Why a customer could not be connected: a sentence for them, one for the log, a status.

    `code` is what the company's own page is told (RFC 6749 §4.1.2.1), if `attempt` leads there.
    """

    status = 400
    code = "server_error"
    attempt: ConnectAttempt | None = None

    def __init__(self, to_customer: str, to_log: str) -> None:
        super().__init__(to_log)
        self.to_customer = to_customer
        self.to_log = to_log


class ConnectUnavailable(ConnectError):  # noqa: N818 (named for what the customer finds)
    """Nobody can be sent to this utility at the moment."""

    status = 503


class ConnectExpired(ConnectError):  # noqa: N818
    """The state is unknown, used, stale, or another browser's or utility's: one answer for all, so
    that it reveals nothing."""

    def __init__(self) -> None:
        super().__init__(
            gettext(
                "We could not match this answer to a request from this browser, or too much time "
                "has passed. Please open your link again in this browser."
            ),
            "unknown, used, stale or foreign state",
        )


class ConnectGarbled(ConnectError):  # noqa: N818
    """The callback is not as a utility sends it."""

    def __init__(self, utility: Utility, to_log: str) -> None:
        super().__init__(
            gettext("The answer of %(utility)s came back garbled. Please open your link again.")
            % {"utility": utility.name},
            to_log,
        )


class ConnectDenied(ConnectError):  # noqa: N818
    """The customer said no. `attempt` tells where they came from."""

    code = "access_denied"
    attempt: ConnectAttempt

    def __init__(self, attempt: ConnectAttempt, to_log: str) -> None:
        super().__init__(
            gettext("Nothing was shared. You can come back whenever you like."),
            to_log,
        )
        self.attempt = attempt


class ConnectUsedUp(ConnectError):  # noqa: N818
    """The link was for one customer, and another one was first."""

    status = 410
    code = "access_denied"

    def __init__(self, attempt: ConnectAttempt) -> None:
        super().__init__(
            gettext(
                "This link was for one customer, and somebody else has used it meanwhile. Nothing "
                "of yours was kept. Please ask for a link of your own."
            ),
            "a link for one customer was used by another one first",
        )
        self.attempt = attempt


class ConnectFailed(ConnectError):  # noqa: N818
    """The utility could not go on, or gave an answer that we cannot use."""

    status = 502

    def __init__(self, attempt: ConnectAttempt, to_customer: str, to_log: str) -> None:
        super().__init__(to_customer, to_log)
        self.attempt = attempt


def asked_scope(client: Client, link: ShareLink | None = None) -> espi_scope.Scope:
    """What is asked for, as the utility takes it: what the link says, else the registration."""
    text = link.scope if link and link.scope else client.default_scope
    return GreenButtonClient(client).as_taken(espi_scope.parse(text).without_additional())


def prefill_of(link: ShareLink, utility: Utility, email: str = "") -> Authentication | None:
    """Who the link says is going to sign in at this utility; an `email` in its address comes first.

    The address is told only to a utility that finds its customers by it.
    """
    own = None
    if link.authentication_type and link.utility_id == utility.pk:
        own = Authentication(link.authentication_type, link.authentication_value or None)
    if email and (own is None or own.type == "email") and prefill.takes_email(utility):
        return Authentication("email", email)
    return own


def client_of(utility: Utility) -> Client:
    """The registration to connect with; raises ConnectUnavailable."""
    client = utility.client_for_customers()
    if client is None:
        raise ConnectUnavailable(
            _not_now(utility),
            f"{utility.slug}: there is no registration in use",
        )
    if utility.callback_url not in client.redirect_uris:
        raise ConnectUnavailable(
            _not_now(utility),
            f"{client.client_id}: {utility.callback_url} is not one of its redirect URIs",
        )
    return client


def _not_now(utility: Utility) -> str:
    words = gettext("%(utility)s cannot be connected at the moment. Please try again later.")
    return words % {"utility": utility.name}


def preview(client: Client, chosen: Authentication | None) -> str:
    """The authorize URL as `begin` would make it, with a word in the place of the state."""
    verifier = GreenButtonClient(client).new_verifier()
    return _address(client, asked_scope(client), chosen, "STATE", verifier)


def begin(
    browser: str,
    utility: Utility,
    *,
    link: ShareLink | None = None,
    chosen: Authentication | None = None,
    scope: espi_scope.Scope | None = None,
    shown: Shown | None = None,
    parameters: LinkParameters = link_parameters.NONE,
) -> str:
    """Start a way to the utility and return the address that the browser goes to.

    1. Find the registration; without one nobody is sent anywhere.
    2. Write the attempt. It keeps what is asked for, without who is going to sign in, what the
       customer was shown, and where they are taken at the end.
    3. Put the prefill into the address only.
    """
    client = client_of(utility)
    scope = scope or asked_scope(client, link)
    chosen = prefill_of(link, utility, parameters.email) if link else chosen
    verifier = GreenButtonClient(client).new_verifier()
    with transaction.atomic():  # no address, no attempt
        _, state = ConnectAttempt.begin(
            browser,
            client,
            espi_scope.build(scope),
            utility.callback_url,
            link,
            verifier,
            return_url=parameters.return_url(),
            return_state=parameters.state,
            stays_here=parameters.noredirect,
            customer_email=parameters.email,
            **(shown.columns() if shown else {}),
        )
        return _address(client, scope, chosen, state, verifier)


def _address(
    client: Client,
    scope: espi_scope.Scope,
    chosen: Authentication | None,
    state: str,
    pkce_verifier: str,
) -> str:
    """The authorize URL; raises ConnectUnavailable where the registry or the link is at fault."""
    try:
        return GreenButtonClient(client).authorize_url(
            redirect_uri=client.utility.callback_url,
            scope=prefill.asked(scope, chosen),
            state=state,
            pkce_verifier=pkce_verifier,
        )
    except UtilityError as e:
        raise ConnectUnavailable(e.to_customer, e.to_log) from e
    except ValidationError as e:
        raise ConnectUnavailable(
            gettext(
                "What this link fills in beforehand cannot be sent. Please ask for a new link."
            ),
            f"{client.utility.slug}: {e.messages[0]}",
        ) from e


def complete(browser: str, utility: Utility, params: QueryDict) -> Authorization:
    """Finish what begin() started.

    1. Refuse what is said twice (RFC 6749 §3.1), and what another server says (RFC 9207 §2.4). The
       attempt stays good for the true answer.
    2. Spend the attempt. Denials carry state too (§4.1.2.1), so state comes first. A repeated
       callback of the same browser finds what it made.
    3. Stop if the customer, or the utility, said no.
    4. Trade the code for tokens (§4.1.3).
    5. Keep them. The authorization is due for its first pull from that moment. Where a link for
       one customer had its customer meanwhile, nothing is kept and the grant is given back.
    """
    if any(len(values) > 1 for _, values in params.lists()):
        raise ConnectGarbled(utility, "a parameter is given twice")
    if not utility.may_have_answered(params.get("iss")):
        raise ConnectExpired
    state = params.get("state", "")
    attempt = ConnectAttempt.consume(state, browser, utility)
    if attempt is None:
        if made := ConnectAttempt.made_before(state, browser, utility):
            return made
        raise ConnectExpired
    # What is said from here on is said in the language of the page that they came from.
    with override(attempt.language or get_language()):
        return _traded(attempt, params)


def _traded(attempt: ConnectAttempt, params: QueryDict) -> Authorization:
    """From a spent attempt to the authorization: steps 3 to 5 of `complete`."""
    utility = attempt.client.utility
    if error := params.get("error"):
        raise _turned_away(attempt, error, params.get("error_description", ""))
    code = params.get("code", "")
    if not _CODE.fullmatch(code):
        attempt.failed("The callback has neither a usable code nor an error.")
        raise ConnectGarbled(utility, attempt.reason)
    try:
        token = GreenButtonClient(attempt.client).exchange_code(
            code, attempt.redirect_uri, attempt.pkce_verifier
        )
    except UtilityError as e:
        if isinstance(e, IncompleteGrantError):
            giving_back.give_back(attempt.client, e.authorization_uri)
        pause_if_refused(attempt.client, e)
        attempt.failed(e.to_log)
        raise ConnectFailed(attempt, _while_waiting(utility, e), e.to_log) from e
    try:
        return Authorization.activate(attempt, token)
    except LinkUsedUpError as e:
        giving_back.give_back(attempt.client, token.authorization_uri)
        used_up = ConnectUsedUp(attempt)
        attempt.failed(used_up.to_log)
        raise used_up from e


def end(authorization: Authorization, by: str) -> str | None:
    """Stop sharing here, for `customer` or `staff`, or because the `utility` says so.

    Tokens go, what was collected is due to be deleted, the row stays as a receipt, which also goes
    to the customer's address, if they gave one. Returns the token that ends the grant at a utility
    that takes tokens back, for `giving_back.tell`; None if sharing had stopped before.
    """
    with transaction.atomic():
        row = (
            Authorization.objects.select_for_update(of=("self",))
            .select_related("client", "utility")
            .get(pk=authorization.pk)
        )
        if not row.can_be_stopped():
            return None
        token = row.refresh_token or row.access_token
        row.mark_revoked(by)
        receipts.send(row)
    authorization.refresh_from_db()
    return token


def disconnect(authorization: Authorization, by: str) -> bool:
    """Stop sharing, for `customer` or `staff`; returns whether the utility knows of it, too.

    1. End it here.
    2. Tell the utility, quickly. If it does not answer, sharing has stopped all the same: nothing
       is left here to collect with. Workers go on telling it.

    What was collected goes when a worker finds it due: `greenbutton.flows.stop_sharing` does not
    wait for that.
    """
    token = end(authorization, by)
    if authorization.client_id is None:
        return True  # it came from a file, so there is no grant to end
    return giving_back.tell(authorization, token or "", quickly=True)


def _turned_away(attempt: ConnectAttempt, error: str, description: str) -> ConnectError:
    """What an `error=` callback means (RFC 6749 §4.1.2.1); the attempt keeps the reason."""
    reason = _UNPRINTABLE.sub("", f"{error}: {description}" if description else error)[:300]
    with transaction.atomic():
        attempt.failed(reason)
        utility = attempt.client.utility
        if error == "access_denied":
            Event.objects.create(
                type="authorization_declined", utility=utility, share_link=attempt.share_link
            )
            return ConnectDenied(attempt, reason)
    sentence = gettext("%(utility)s could not go on. Please try again later.")
    sentence %= {"utility": utility.name}
    return ConnectFailed(attempt, sentence, reason)


def _while_waiting(utility: Utility, error: UtilityError) -> str:
    """For a customer who is on the way back: what a pull tries again by itself, only they can."""
    if error.permanent or error.code == "invalid_client":
        return error.to_customer
    return gettext(
        "%(utility)s did not finish the connection. Please open your link again in a few minutes."
    ) % {"utility": utility.name}
