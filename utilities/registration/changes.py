"""What staff decide: to have what the utility has, or to tell it what we have."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from greenbutton.espi.enums import ThirdPartyApplicationStatus
from utilities.models import TAKEN_OVER, Client
from utilities.registration import credentials, document
from utilities.registration.document import Information, NoSuchWayError, RegistrationError
from utilities.registration.looking import differences_of, look
from utilities.registration.standing import Difference, Remedy, Standing

logger = logging.getLogger(__name__)

SECRETS = {
    "client_secret": credentials.take_over_secret,
    "registration_token": credentials.take_over_registration_token,
}


def take_over(
    client: Client, key: str, seen: str, by: User, why: str, *, accepts_origin: bool = False
) -> str:
    """Have what the utility has, as staff saw it; returns what was done, in words.

    `seen` is what the page showed, so that nobody takes over what came in between. An address on an
    origin to which no token has gone yet is a decision of its own: `accepts_origin`.
    Raises RegistrationError, and nothing has changed.
    """
    if key in SECRETS:
        return SECRETS[key](client, by, why)
    with transaction.atomic():
        row = Client.objects.locked(client)
        found = {one.key: one for one in differences_of(row)}.get(key)
        if found is None or found.theirs != seen or not found.may_be_taken_over:
            raise RegistrationError("Nothing was done: this page had changed. Look at it again.")
        if found.remedy == Remedy.TAKE_OVER_ORIGIN and not accepts_origin:
            raise RegistrationError(
                f"Nothing was done. Our tokens would go to {found.origin}: say that you have made "
                "sure that it is the utility's."
            )
        _have(row, found, by, why)
    client.refresh_from_db()
    return f"{found.label}: we have what {client.utility} has."


def _have(client: Client, found: Difference, by: User, why: str) -> None:
    standing = Standing.of(client)
    assert standing is not None, "a difference comes of a standing"
    fields: dict[str, Any] = {}
    match found.key:
        case key if key in TAKEN_OVER:
            client.utility.take_over(key, found.theirs)
        case "redirect_uris":
            fields["redirect_uris"] = standing.redirect_uris
        case "default_scope":
            [fields["default_scope"]] = standing.scopes
        case "company_name":
            fields["company_name"] = standing.client_name
        case other:
            raise AssertionError(f"{other} cannot be taken over")
    client.take_over(f"{found.label}: {found.theirs}", by, why, **fields)


def tell(client: Client, by: User, why: str) -> None:
    """Send the utility our addresses and our status, in its own document with ours changed.

    Raises RegistrationError.
    """

    def with_ours(said: Information) -> Information:
        utility, uris = client.utility, said.redirect_uris
        known = utility.callback_url in uris
        return replace(
            said,
            redirect_uris=uris if known else (utility.callback_url, *uris),
            third_party_notify_uri=utility.notify_url,
            third_party_scope_selection_screen_uri=utility.scope_selection_url,
            third_party_user_portal_screen_uri=utility.portal_url,
            third_party_application_status=_status(said, live=not client.is_sandbox),
        )

    sent = document.change(client, with_ours)
    uris = list(sent.redirect_uris)
    client.told_utility(by, why, redirect_uris=uris, notify_url=client.utility.notify_url)
    try:
        look(client)
    except RegistrationError as e:
        # It has taken the change all the same, and the client keeps why it could not be read.
        logger.warning("%s was told, but not read again: %s", client.client_id, e)


def _status(said: Information, *, live: bool) -> int | None:
    """Live or not, as we say; which of the others it is stays as it is."""
    is_live = said.third_party_application_status == ThirdPartyApplicationStatus.LIVE
    if is_live == live:
        return said.third_party_application_status
    return ThirdPartyApplicationStatus.LIVE if live else ThirdPartyApplicationStatus.REVIEW


def go_live(client: Client, by: User, why: str) -> str:
    """Switch to live at the utility, where a program may, and here; what came of it, in words.

    1. Refuse what can never be (ValidationError).
    2. Tell the utility. If it says no, or cannot be reached, nothing changes here either
       (RegistrationError). One that takes no changes by a program is left to staff.
    3. Switch here.
    """
    client.check_may_go_live()
    knows = _tell_status(client, live=True)
    client.go_live(by, why)
    if knows:
        return f"{client.client_id} is live, here and at {client.utility}."
    return f"{client.client_id} is live here. Switch it to live on {client.utility}'s page, too."


def back_to_sandbox(client: Client, by: User, why: str) -> str:
    """Take it back from live, here at once and at the utility if it can be told; in words."""
    client.back_to_sandbox(by, why)
    try:
        knows = _tell_status(client, live=False)
    except RegistrationError as e:
        logger.warning("%s could not be taken back at the utility: %s", client.client_id, e)
        knows = False
    if knows:
        return f"{client.client_id} is back in the sandbox, here and at {client.utility}."
    return (
        f"{client.client_id} is back in the sandbox here. Take it back on {client.utility}'s page, "
        "too."
    )


def _tell_status(client: Client, *, live: bool) -> bool:
    """Whether the utility has it from us now; raises RegistrationError where it says no."""
    if not client.registration_token:
        return False

    def with_status(said: Information) -> Information:
        return replace(said, third_party_application_status=_status(said, live=live))

    try:
        document.change(client, with_status)
    except NoSuchWayError:
        return False
    Client.objects.filter(pk=client.pk).update(look_at=timezone.now())
    return True
