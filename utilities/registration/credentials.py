"""Our secret and our registration token, rotated: another one is tried before it is kept."""

from __future__ import annotations

import re
from copy import copy

from django.contrib.auth.models import User
from django.utils import timezone

from utilities.client import GreenButtonClient, UtilityError
from utilities.models import Client
from utilities.registration import document
from utilities.registration.document import RegistrationError

# RFC 6749 appendix A.2 and A.12 (VSCHAR), the token without the space: it goes into a header.
_SECRET = re.compile(r"[\x20-\x7e]{1,512}")
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


def keep_secret(client: Client, secret: str, by: User, why: str) -> None:
    """Try another secret at once, and keep it only if the utility takes it.

    Raises RegistrationError, and the old one stays.
    """
    if secret == client.client_secret:
        raise RegistrationError("This is the secret that we have already.")
    if not _SECRET.fullmatch(secret):
        raise RegistrationError("This is no client secret: it has signs in it that none can have.")
    trial = copy(client)
    trial.client_secret = secret
    try:
        GreenButtonClient(trial).client_token(fresh=True)
    except UtilityError as e:
        raise RegistrationError(
            f"The old secret is kept: {client.utility} did not give a token for the new one. "
            f"{e.to_log}"
        ) from e
    client.replace_secret(secret, by, why)
    _no_difference_any_more(client, "another_secret")


def keep_registration_token(client: Client, token: str, by: User, why: str) -> None:
    """Try another registration token at once, and keep it only if it opens our registration.

    Raises RegistrationError, and the old one stays.
    """
    if token == client.registration_token:
        raise RegistrationError("This is the registration token that we have already.")
    if not _TOKEN.fullmatch(token):
        raise RegistrationError("This is no token: it has signs in it that none can have.")
    trial = copy(client)
    trial.registration_token = token
    try:
        document.read(trial)
    except RegistrationError as e:
        raise RegistrationError(f"The new token is not kept. {e}") from e
    client.replace_registration_token(token, by, why)
    _no_difference_any_more(client, "another_registration_token")


def take_over_secret(client: Client, by: User, why: str) -> str:
    """Read the secret where the utility keeps it; it goes through no page and no log."""
    secret = document.read(client).said.client_secret
    if not secret:
        raise RegistrationError("Nothing was done: the document holds no secret any more.")
    keep_secret(client, secret, by, why)
    return "The new secret works, and is kept. The old one is forgotten."


def take_over_registration_token(client: Client, by: User, why: str) -> str:
    """The same for the registration token, which a document may announce."""
    token = document.read(client).said.registration_access_token
    if not token:
        raise RegistrationError("Nothing was done: the document holds no token any more.")
    keep_registration_token(client, token, by, why)
    return "The new registration token works, and is kept. The old one is forgotten."


def _no_difference_any_more(client: Client, what: str) -> None:
    """What was just kept is no difference; the next look, which is due now, says the rest."""
    standing = {**client.standing, what: False} if client.standing else {}
    Client.objects.filter(pk=client.pk).update(standing=standing, look_at=timezone.now())
    client.refresh_from_db()
