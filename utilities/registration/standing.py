"""How a utility sees our registration, and where that differs from what we have.

Nothing here asks or stores anything: an ApplicationInformation goes in, sentences come out. What
the document says is a stranger's word, so each text is measured before it is kept or shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from urllib.parse import urlsplit

from greenbutton.espi import scope as espi_scope
from greenbutton.espi.application_information import ApplicationInformation
from greenbutton.espi.enums import DataCustodianApplicationStatus, ThirdPartyApplicationStatus
from greenbutton.espi.errors import ScopeError
from utilities.models import Client, Utility, origin_of

# As long as the columns that may come to hold them.
LONGEST_TEXT = 1000
LONGEST_ADDRESS = 500
MOST_TEXTS = 50
# How long before its end staff hear that a secret ends.
SECRET_ENDS_SOON = timedelta(days=30)
# UTC seconds of the year 9999: nothing later is a date.
LAST_SECOND = 253_402_300_799

PRODUCTION = DataCustodianApplicationStatus.PRODUCTION
SERVED = (DataCustodianApplicationStatus.REVIEW, PRODUCTION)
ENDED = (DataCustodianApplicationStatus.ON_HOLD, DataCustodianApplicationStatus.REVOKED)
LIVE = ThirdPartyApplicationStatus.LIVE

_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\U0010ffff]")
# What urlsplit would leave out, so that an address is another one than it looks.
_NOT_IN_ADDRESS = re.compile(r"[^\x21-\x7e]")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}

ENDPOINTS = {
    "authorize_url": "Where customers consent",
    "token_url": "Where tokens are given",
    "resource_url": "Where data is fetched",
}
# RFC 7591 §2 and RFC 8705 §2.1.1, by the words of `Quirks.client_authentication`.
METHODS = {
    "basic": "client_secret_basic",
    "body": "client_secret_post",
    "tls": "tls_client_auth",
}


class StandingError(ValueError):
    """A document that cannot be the ApplicationInformation of our registration. A sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an ApplicationInformation said, without its secrets; kept as JSON on the client."""

    custodian_status: int | None = None
    third_party_status: int | None = None
    client_name: str = ""
    scopes: list[str] = field(default_factory=list)
    authentication_method: str = ""
    authorize_url: str = ""
    token_url: str = ""
    resource_url: str = ""
    bulk_url: str = ""
    redirect_uris: list[str] = field(default_factory=list)
    notify_url: str = ""
    scope_selection_url: str = ""
    portal_url: str = ""
    # UTC seconds; 0 is never.
    secret_expires_at: int | None = None
    # Whether the document holds another one than we do; the secrets themselves are not kept.
    another_secret: bool = False
    another_registration_token: bool = False
    # What was odd about the document, a sentence each.
    odd: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, said: ApplicationInformation, client: Client, odd: list[str]) -> Self:
        """What the document says of this client; raises StandingError where it is another's."""
        if said.client_id != client.client_id:
            raise StandingError("The document is about another client, or says of none.")
        return cls(
            custodian_status=said.data_custodian_application_status,
            third_party_status=said.third_party_application_status,
            client_name=_text(said.client_name),
            scopes=_texts(said.scopes),
            authentication_method=_text(said.token_endpoint_auth_method),
            authorize_url=_text(said.authorization_server_authorization_endpoint),
            token_url=_text(said.authorization_server_token_endpoint),
            resource_url=_text(said.data_custodian_resource_endpoint),
            bulk_url=_text(said.data_custodian_bulk_request_uri),
            redirect_uris=_texts(said.redirect_uris),
            notify_url=_text(said.third_party_notify_uri),
            scope_selection_url=_text(said.third_party_scope_selection_screen_uri),
            portal_url=_text(said.third_party_user_portal_screen_uri),
            secret_expires_at=said.client_secret_expires_at,
            another_secret=said.client_secret not in {None, "", client.client_secret},
            another_registration_token=said.registration_access_token
            not in {None, "", client.registration_token},
            odd=_texts(odd),
        )

    @classmethod
    def of(cls, client: Client) -> Self | None:
        """What was read last; None if nothing ever was."""
        known = {one.name for one in fields(cls)}
        kept = {name: value for name, value in client.standing.items() if name in known}
        return cls(**kept) if kept else None

    def as_json(self) -> dict[str, Any]:
        """As `Client.standing` keeps it."""
        return asdict(self)

    @property
    def is_in_production(self) -> bool:
        """Whether the utility has approved us."""
        return self.custodian_status == PRODUCTION

    @property
    def is_ended(self) -> bool:
        """Whether the utility has put us on hold, or revoked us."""
        return self.custodian_status in ENDED

    @property
    def is_served(self) -> bool:
        """Whether the utility says that it deals with us."""
        return self.custodian_status in SERVED

    @property
    def is_live(self) -> bool:
        """Whether we have told the utility that we are live."""
        return self.third_party_status == LIVE

    @property
    def custodian_words(self) -> str:
        """What the utility makes of us."""
        return DataCustodianApplicationStatus.words(self.custodian_status) or "not said"

    @property
    def third_party_words(self) -> str:
        """What we are there by our own word."""
        return ThirdPartyApplicationStatus.words(self.third_party_status) or "not said"

    @property
    def secret_ends(self) -> datetime | None:
        """When our secret ends; None for one that stays, or of which nothing is said."""
        if not self.secret_expires_at or not 0 < self.secret_expires_at <= LAST_SECOND:
            return None
        return datetime.fromtimestamp(self.secret_expires_at, UTC)


def _text(value: str | None) -> str:
    """As it was said, if it is a text that a page can show; raises StandingError."""
    text = value or ""
    if len(text) > LONGEST_TEXT:
        raise StandingError("The document has a text in it that is longer than any real one.")
    return _UNPRINTABLE.sub("�", text)


def _texts(values: list[str] | tuple[str, ...]) -> list[str]:
    if len(values) > MOST_TEXTS:
        raise StandingError("The document has a list in it that is longer than any real one.")
    return [_text(value) for value in values]


class Remedy(StrEnum):
    """What can be done about a difference."""

    # Ours becomes theirs.
    TAKE_OVER = "take over"
    # The same, but tokens will go to an origin to which none have gone before.
    TAKE_OVER_ORIGIN = "take over an origin"
    # Theirs becomes ours.
    TELL = "tell"
    # Somebody has to talk to somebody, or to look at a page of the utility's.
    BY_HAND = "by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that the utility has otherwise than we do, and what can be done about it."""

    key: str
    label: str
    ours: str
    theirs: str
    says: str
    remedy: Remedy

    @property
    def may_be_taken_over(self) -> bool:
        """Whether ours can become theirs."""
        return self.remedy in {Remedy.TAKE_OVER, Remedy.TAKE_OVER_ORIGIN}

    @property
    def origin(self) -> str:
        """Where tokens would go from now on; empty where they go there already."""
        found = origin_of(self.theirs) if self.remedy == Remedy.TAKE_OVER_ORIGIN else None
        return found or ""


def differences(client: Client, standing: Standing, now: datetime) -> list[Difference]:
    """Everything that the utility has otherwise, what stops customers first."""
    return [
        *_status(client, standing),
        *_secrets(standing, now),
        *_redirect_uris(client, standing),
        *_endpoints(client.utility, standing),
        *_scope(client, standing),
        *_authentication(client.utility, standing),
        *_our_addresses(client, standing),
        *_name(client, standing),
    ]


def _status(client: Client, standing: Standing) -> Iterator[Difference]:
    said, utility = standing.custodian_words, client.utility
    ours = "approved" if client.approved_at else "not approved"
    if standing.is_ended:
        says = f"{utility} serves nobody who comes with this registration. Ask them why."
        yield _status_difference("custodian_status", ours, said, says, Remedy.BY_HAND)
    elif client.approved_at and standing.custodian_status and not standing.is_in_production:
        says = (
            f"We have it as approved, but {utility} says otherwise: it may refuse real customers. "
            "Ask them, or go back to the sandbox."
        )
        yield _status_difference("custodian_status", ours, said, says, Remedy.BY_HAND)
    if standing.third_party_status is None or standing.is_live == (not client.is_sandbox):
        return
    if standing.is_live:
        says = (
            "The utility lets every customer authorize it, while we take it for a sandbox. "
            "Press “Go live” on the client's page if that is right, or tell the utility."
        )
    else:
        says = "It is live here, but the utility does not have it as live: tell them."
    status = client.get_status_display().lower()
    yield _status_difference(
        "third_party_status", status, standing.third_party_words, says, Remedy.TELL
    )


def _status_difference(key: str, ours: str, theirs: str, says: str, remedy: Remedy) -> Difference:
    return Difference(key=key, label="Status", ours=ours, theirs=theirs, says=says, remedy=remedy)


def _secrets(standing: Standing, now: datetime) -> Iterator[Difference]:
    for is_another, key, label in (
        (standing.another_secret, "client_secret", "Client secret"),
        (
            standing.another_registration_token,
            "registration_token",
            "Registration access token",
        ),
    ):
        if is_another:
            yield Difference(
                key=key,
                label=label,
                ours="the one that we keep",
                theirs="another one (not shown)",
                says="The utility has another one. Taking it over reads it there, tries it, and "
                "keeps it only if it works.",
                remedy=Remedy.TAKE_OVER,
            )
    ends = standing.secret_ends
    if ends is not None and ends - now <= SECRET_ENDS_SOON:
        yield Difference(
            key="secret_expires_at",
            label="Client secret",
            ours="in use",
            theirs=f"ends on {ends:%-d %B %Y}",
            says="When it ends nobody can connect and nothing is collected. Make a new one on the "
            "utility's page, and paste it below.",
            remedy=Remedy.BY_HAND,
        )


def _redirect_uris(client: Client, standing: Standing) -> Iterator[Difference]:
    callback = client.utility.callback_url
    lacking = callback not in standing.redirect_uris
    if not lacking and set(standing.redirect_uris) == set(client.redirect_uris):
        return
    usable = all(_is_usable(uri) for uri in standing.redirect_uris)
    if lacking:
        says = (
            "The utility does not know the address to which its customers come back, so that it "
            "turns them away. Tell it."
        )
        remedy = Remedy.TELL
    else:
        says = "Our list is only a copy: the utility's decides."
        remedy = Remedy.TAKE_OVER if usable else Remedy.BY_HAND
    yield Difference(
        key="redirect_uris",
        label="Redirect URIs",
        ours=callback if lacking else "\n".join(client.redirect_uris),
        theirs="\n".join(standing.redirect_uris) or "none",
        says=says,
        remedy=remedy,
    )


def _is_usable(url: str) -> bool:
    is_short = len(url) <= LONGEST_ADDRESS
    return is_short and not _NOT_IN_ADDRESS.search(url) and origin_of(url) is not None


def _endpoints(utility: Utility, standing: Standing) -> Iterator[Difference]:
    for key, label in ENDPOINTS.items():
        ours, theirs = getattr(utility, key), getattr(standing, key)
        if theirs in {"", ours}:
            continue
        if refusal := why_no_endpoint(utility, theirs):
            remedy, says = Remedy.BY_HAND, refusal
        elif utility.owns(theirs):
            remedy, says = Remedy.TAKE_OVER, "It lies where our tokens go already."
        else:
            remedy = Remedy.TAKE_OVER_ORIGIN
            says = (
                f"Our tokens and our secret would go to {origin_of(theirs)}, where none have gone "
                "before. Whoever owns it could then read all that customers share. Ask the "
                "utility by a way that you know, not by what this document says."
            )
        yield Difference(key=key, label=label, ours=ours, theirs=theirs, says=says, remedy=remedy)


def why_no_endpoint(utility: Utility, url: str) -> str:
    """Why the address can be none of the utility's endpoints, in a sentence; empty if it can."""
    if not _is_usable(url) or "#" in url:
        return "It is no address that can be used. Ask the utility what it means."
    parts = urlsplit(url)
    if parts.scheme == "https":
        return ""
    # On this machine, plain http is for a utility that runs here; no real one names it.
    if parts.hostname in _LOOPBACK and _runs_here(utility):
        return ""
    return "It is not https, so that everybody on the way could read our tokens. Ask the utility."


def _runs_here(utility: Utility) -> bool:
    return urlsplit(utility.token_url).hostname in _LOOPBACK


def _scope(client: Client, standing: Standing) -> Iterator[Difference]:
    if not standing.scopes:
        return
    offered = [scope for text in standing.scopes if (scope := _parsed(text)) is not None]
    asked = espi_scope.parse(client.default_scope)
    blocks = {block for scope in offered for block in scope.function_blocks}
    missing = [block for block in asked.function_blocks if block not in blocks]
    if not missing:
        return
    can = len(offered) == len(standing.scopes) == 1 and not offered[0].additional
    names = ", ".join(f"FB {block}" for block in missing)
    yield Difference(
        key="default_scope",
        label="Scope",
        ours=client.default_scope,
        theirs="\n".join(standing.scopes),
        says=f"We ask customers for what the utility does not offer us: {names}."
        + ("" if can else " Choose one of its scopes on the client's page."),
        remedy=Remedy.TAKE_OVER if can else Remedy.BY_HAND,
    )


def _parsed(text: str) -> espi_scope.Scope | None:
    try:
        return espi_scope.parse(text)
    except ScopeError:
        return None


def _authentication(utility: Utility, standing: Standing) -> Iterator[Difference]:
    ours = METHODS[utility.behaviour.client_authentication]
    if standing.authentication_method in {"", ours}:
        return
    yield Difference(
        key="authentication_method",
        label="How we authenticate",
        ours=ours,
        theirs=standing.authentication_method,
        says="Set client_authentication in the utility's registry file; “manage.py load_utilities” "
        "reads it again.",
        remedy=Remedy.BY_HAND,
    )


def _our_addresses(client: Client, standing: Standing) -> Iterator[Difference]:
    """Where the utility comes to us. Nobody can change what it has of a public client."""
    if client.public:
        return
    elsewhere = "Customers who begin at the utility come to another address than ours."
    for key, label, says in (
        ("notify_url", "Where we are told of news", "The utility does not tell us of new data."),
        ("scope_selection_url", "Where customers choose what to share", elsewhere),
        ("portal_url", "Where customers begin with us", elsewhere),
    ):
        ours, theirs = getattr(client.utility, key), getattr(standing, key)
        # espi.xsd deprecates both pages, so that a utility may well have none.
        if theirs == ours or (not theirs and key != "notify_url"):
            continue
        yield Difference(
            key=key,
            label=label,
            ours=ours,
            theirs=theirs or "none",
            says=f"{says} Tell it.",
            remedy=Remedy.TELL,
        )


def _name(client: Client, standing: Standing) -> Iterator[Difference]:
    if standing.client_name in {"", client.company_name}:
        return
    fits = len(standing.client_name) <= 200 and "�" not in standing.client_name
    yield Difference(
        key="company_name",
        label="Name",
        ours=client.company_name,
        theirs=standing.client_name,
        says="This is how the utility calls us on its consent page.",
        remedy=Remedy.TAKE_OVER if fits else Remedy.BY_HAND,
    )
