"""What whoever made a link may say in its address, as the platform's own forms take it.

`utility`, `email`, `redirect_uri`, `state` and `noredirect=1`. They come with the address, so
anybody may have written them: a page to return to must be registered to the letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import QueryDict
from django.utils.translation import gettext

from authorizations.models import ReturnAddress
from utilities.models import Utility

STATE_LENGTH = 500
EMAIL_LENGTH = 254
NAMES = ("utility", "email", "redirect_uri", "state", "noredirect")


class ParameterError(Exception):
    """Why a link cannot be used as it is written, in a sentence for who follows it."""


@dataclass(frozen=True, slots=True)
class LinkParameters:
    """The parameters as they were given and found to be good; empty where they were not."""

    utility: str = ""
    email: str = ""
    redirect_uri: str = ""
    state: str = ""
    noredirect: bool = False

    @classmethod
    def read(cls, given: QueryDict) -> LinkParameters:
        """From an address, or from the form that carries them on; raises ParameterError."""
        said = {name: _once(given, name) for name in NAMES}
        _check_state(said["state"])
        _check_email(said["email"])
        if said["utility"] and find_utility(said["utility"]) is None:
            raise ParameterError(
                gettext("This link names a utility that cannot be connected here.")
            )
        if said["redirect_uri"] and ReturnAddress.registered(said["redirect_uri"]) is None:
            raise ParameterError(gettext("This link leads on to a page that we do not know."))
        if said["noredirect"] not in {"", "0", "1"}:
            raise ParameterError(gettext("This link says something that we do not understand."))
        return cls(
            utility=said["utility"],
            email=said["email"].strip(),
            redirect_uri=said["redirect_uri"],
            state=said["state"],
            noredirect=said["noredirect"] == "1",
        )

    def chosen_utility(self) -> Utility | None:
        """The utility that is named, if one is."""
        return find_utility(self.utility) if self.utility else None

    def fields(self) -> dict[str, str]:
        """What is carried on, in a form or an address; nothing that was not said."""
        said = {
            "utility": self.utility,
            "email": self.email,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "noredirect": "1" if self.noredirect else "",
        }
        return {name: value for name, value in said.items() if value}

    def without_utility(self) -> dict[str, str]:
        """The same for a page whose own address names the utility, or where it is chosen."""
        return {name: value for name, value in self.fields().items() if name != "utility"}

    def return_url(self) -> str:
        """The page of the company's to go to at the end: as the link says, or the usual one."""
        if self.redirect_uri:
            return self.redirect_uri
        usual = ReturnAddress.default()
        return usual.url if usual else ""


NONE = LinkParameters()


def find_utility(name: str) -> Utility | None:
    """The enabled utility of this id, or of this name in our addresses, in any case."""
    if not name.isprintable() or len(name) > 64:
        return None
    enabled = Utility.objects.enabled()
    by_id = enabled.filter(utility_id__iexact=name).first()
    return by_id or enabled.filter(slug__iexact=name).first()


def with_query(url: str, fields: Mapping[str, str]) -> str:
    """The address with these parameters behind those that it has (RFC 6749 §3.1.2)."""
    if not fields:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(fields))))
    return urlunsplit(parts._replace(query=query))


def _once(given: QueryDict, name: str) -> str:
    values = given.getlist(name)
    if len(values) > 1:
        raise ParameterError(
            gettext("This link says one thing twice, so we do not know what is meant.")
        )
    return values[0] if values else ""


def _check_state(state: str) -> None:
    if len(state) > STATE_LENGTH or not all(c.isprintable() for c in state):
        raise ParameterError(gettext("This link carries something that we cannot hand back."))


def _check_email(email: str) -> None:
    if not email:
        return
    try:
        validate_email(email.strip())
    except ValidationError:
        raise ParameterError(
            gettext("This link fills in an e-mail address that is none.")
        ) from None
    if len(email) > EMAIL_LENGTH:
        raise ParameterError(gettext("This link fills in an e-mail address that is too long."))
