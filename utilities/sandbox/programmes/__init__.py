"""The utilities of the sandbox: brand, words, time zone, ways to authenticate, accounts.

One TOML file a utility. Nothing here is shared with the portal, which has its own registry of what
a third party knows of a utility.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.conf import settings

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Way:
    """One way to authenticate, as the utility's page offers it."""

    type: str
    # What the customer chooses, what the field is called, what stands below it.
    label: str
    field: str
    hint: str
    description: str
    example: str
    # What a customer is told whom it does not find.
    not_found: str

    @property
    def takes_value(self) -> bool:
        """Whether a company can fill something in for the customer."""
        return self.example.startswith(f"auth-{self.type}-")

    @property
    def is_lookup(self) -> bool:
        """Whether it only says who the customer is, so that a passcode must prove it."""
        return self.type in {"account", "phone", "email", "address"}


@dataclass(frozen=True)
class ServiceData:
    """A meter of an account: what it measures, and which simulated life it leads."""

    kind: str
    profile: str
    meter: str
    address: str = ""


@dataclass(frozen=True)
class AccountData:
    """A customer of the utility, or a test account."""

    number: str
    name: str
    scenario: str
    address: str
    description: str = ""
    test: bool = False
    test_name: str = ""
    username: str = ""
    # Of invented people, whom developers may play. A test account takes any password.
    password: str = ""
    phone: str = ""
    email: str = ""
    bill_amount: Decimal | None = None
    bill_date: date | None = None
    services: tuple[ServiceData, ...] = ()


@dataclass(frozen=True)
class ClientData:
    """A public client that everybody may try."""

    client_id: str
    company_name: str
    website: str
    default_scope: str
    redirect_path: str


@dataclass(frozen=True)
class Programme:
    """A utility's Green Button programme."""

    slug: str
    utility_id: str
    name: str
    short_name: str
    legal_name: str
    description: str
    region: str
    website: str
    support_phone: str
    welcome: str
    find_account: str
    time_zone: str
    # ISO 4217: the number that ESPI wants, and the sign that people read.
    currency: int
    currency_sign: str
    # ISO 3166, for reading telephone numbers.
    country: str
    scope_example: str
    ways: tuple[Way, ...]
    accounts: tuple[AccountData, ...]
    client: ClientData
    # What the utility calls it.
    program: str = "Green Button Connect My Data (GBCMD)"
    # Who switches an approved company to live: itself in its settings, or the utility.
    live_switch: Literal["third_party", "utility"] = "third_party"
    # RFC 7591 §2: how a company may authenticate at the token endpoint.
    token_auth_methods: tuple[str, ...] = ("client_secret_basic",)
    # Who owns the wires, the pipes and the meters, where that is another company, as at a community
    # choice utility; it bills beside the utility.
    distributor: str = ""
    # A programme of the utility for which its customers enrol, and lower their use on request.
    demand_response: str = ""
    # Whether there is no such utility outside the sandbox.
    is_invented: bool = False
    # The parts of the written logo.
    wordmark: tuple[str, str] = field(default=("", ""))

    @property
    def zone(self) -> ZoneInfo:
        """Where its customers' days begin and end."""
        return ZoneInfo(self.time_zone)

    @property
    def default_way(self) -> Way:
        """The first one."""
        return self.ways[0]

    @property
    def asks_for_bill(self) -> bool:
        """Whether the form has the fields of the last bill."""
        return any(way.type == "lastbill" for way in self.ways)

    @property
    def sends_passcodes(self) -> bool:
        """Whether a customer proves by a passcode who they are."""
        return any(way.is_lookup for way in self.ways)

    @property
    def asks_for_password(self) -> bool:
        """Whether customers have a user name and a password."""
        return any(way.type == "username" for way in self.ways)

    @property
    def has_single_sign_on(self) -> bool:
        """Whether customers may sign in at the OpenID provider."""
        return any(way.type == "sso" for way in self.ways)

    @property
    def stylesheet(self) -> str:
        """The brand's own sheet."""
        return f"sandbox/{self.slug}.css"

    @property
    def sender(self) -> str:
        """Whom its e-mails are from; RFC 2606 §2: no such host can exist."""
        address = settings.DEFAULT_FROM_EMAIL or f"no-reply@{self.slug}.invalid"
        return f"{self.name} <{address}>"

    @property
    def switches_to_live(self) -> bool:
        """Whether the utility switches an approved company to live, not the company itself."""
        return self.live_switch == "utility"

    @property
    def authorize_url(self) -> str:
        """Where a third party sends its customers."""
        return f"{settings.SANDBOX_URL}/DataCustodian/{self.slug}/oauth/authorize"

    @property
    def token_url(self) -> str:
        """Where a third party trades codes for tokens."""
        return f"{settings.SANDBOX_URL}/DataCustodian/{self.slug}/oauth/token"

    @property
    def revoke_url(self) -> str:
        """Where a third party gives a token back (RFC 7009)."""
        return f"{settings.SANDBOX_URL}/DataCustodian/{self.slug}/oauth/revoke"

    @property
    def issuer(self) -> str:
        """The name of its authorization server (RFC 8414 §2)."""
        return f"{settings.SANDBOX_URL}/DataCustodian/{self.slug}"

    @property
    def metadata_url(self) -> str:
        """Where the authorization server describes itself (RFC 8414 §3.1)."""
        path = f"/.well-known/oauth-authorization-server/DataCustodian/{self.slug}"
        return f"{settings.SANDBOX_URL}{path}"

    @property
    def test_submit_url(self) -> str:
        """Where a third party gets a code without any page, for test accounts."""
        return f"{settings.SANDBOX_URL}/DataCustodian/{self.slug}/test-submit"

    @property
    def registration_url(self) -> str:
        """Where a program registers a third party (RFC 7591 §3)."""
        return f"{settings.SANDBOX_URL}/DataCustodian/{self.slug}/oauth/register"

    def way(self, type: str) -> Way | None:  # noqa: A002 (the seeds' word)
        """The way of this type, if the utility offers it."""
        return next((way for way in self.ways if way.type == type), None)


@cache
def all_programmes() -> dict[str, Programme]:
    """Every utility of the sandbox by its slug; those that exist stand first."""
    files = sorted(FOLDER.glob("*.toml"))
    programmes = sorted((_load(file) for file in files), key=lambda each: each.is_invented)
    return {programme.slug: programme for programme in programmes}


def get_programme(slug: str) -> Programme:
    """The utility with this slug; KeyError if there is none."""
    return all_programmes()[slug]


def _load(file: Path) -> Programme:
    data: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    return Programme(
        slug=file.stem,
        ways=tuple(Way(**way) for way in data.pop("ways")),
        accounts=tuple(_account(account) for account in data.pop("accounts")),
        client=ClientData(**data.pop("client")),
        wordmark=tuple(data.pop("wordmark")),
        token_auth_methods=tuple(data.pop("token_auth_methods", ["client_secret_basic"])),
        **data,
    )


def _account(data: dict[str, Any]) -> AccountData:
    services = tuple(ServiceData(**service) for service in data.pop("services", []))
    amount = data.pop("bill_amount", None)
    return AccountData(
        **data, services=services, bill_amount=None if amount is None else Decimal(amount)
    )
