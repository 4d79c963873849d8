"""The registry: one TOML file a utility, with everything that a third party knows of it.

The files are read strictly: see `utilities.described`.
"""

from __future__ import annotations

import tomllib
import zoneinfo
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from utilities.described import Described, RegistryError
from utilities.models import origin_of
from utilities.quirks import Quirks

__all__ = ["Described", "Endpoints", "RegistryError", "UtilityDescription", "descriptions", "read"]

FOLDER = Path(__file__).resolve().parent
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SANDBOX = "{SANDBOX_URL}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticationWay(Described):
    """A way in which customers tell the utility who they are: `auth-{type}[-{value}]`."""

    type: str
    label: str
    takes_value: bool
    description: str
    example: str = ""
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints(Described):
    """Whole addresses, and the origins that may receive our tokens."""

    authorize: str = ""
    token: str = ""
    # Left out where only the answers of the token endpoint tell.
    resource: str = ""
    origins: list[str] = field(default_factory=list)
    # As its metadata has it (RFC 8414 §2); left out where it does not name itself in its answers.
    issuer: str = ""
    # RFC 7009; left out where tokens end by DELETE of the Authorization only, as there.
    revoke: str = ""
    # Where a program gets a test customer's consent; left out where only a person can give it.
    test_submit: str = ""

    def check(self, where: str, *, complete: bool = True) -> None:
        """https, but for this machine; every address on one of the origins.

        They are complete unless the utility cannot be connected anyway.
        """
        needed = {"authorize": self.authorize, "token": self.token, "origins": self.origins}
        if missing := [name for name, value in needed.items() if complete and not value]:
            raise RegistryError(f"{where} lacks {', '.join(missing)}.")
        for origin in self.origins:
            parts = urlsplit(origin)
            if origin_of(origin) is None or parts.path or parts.query:
                raise RegistryError(f"{where}: {origin} is not scheme, host and port.")
            if parts.scheme != "https" and parts.hostname not in LOOPBACK:
                raise RegistryError(f"{where}: {origin} must be https; tokens go there.")
        owned = {origin_of(origin) for origin in self.origins}
        for url in filter(
            None, (self.authorize, self.token, self.resource, self.revoke, self.test_submit)
        ):
            if origin_of(url) not in owned:
                raise RegistryError(f"{where}: {url} lies on none of the origins.")
        # One that was left over from another server would have every answer refused.
        if self.issuer and (origin_of(self.issuer) not in owned or {*"?#"} & {*self.issuer}):
            raise RegistryError(
                f"{where}: {self.issuer} is not the issuer: an address on one of the origins, "
                "without ? and #. Leave it out where the utility does not name itself."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts(Described):
    """The plain values of a file."""

    id: str
    name: str
    short_name: str
    description: str
    website: str
    programme: str
    services: list[str]
    time_zone: str
    # Why it cannot be connected; empty for one that can.
    unavailable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilityDescription:
    """One utility, as its file describes it."""

    slug: str
    facts: _Facts
    endpoints: Endpoints
    ways: list[AuthenticationWay]
    quirks: dict[str, Any] = field(default_factory=dict)
    # Why we think so, for each quirk.
    evidence: dict[str, str] = field(default_factory=dict)
    # Whether customers may choose it from the beginning; from then on staff say so.
    enabled: bool
    # Whether the file points at the sandbox rather than at the utility's own addresses.
    in_sandbox: bool

    def as_row(self, endpoints: Endpoints) -> dict[str, Any]:
        """The fields of a Utility row; whether customers may choose it is for staff to decide."""
        facts = asdict(self.facts)
        return {
            "utility_id": facts.pop("id"),
            **facts,
            "authorize_url": endpoints.authorize,
            "token_url": endpoints.token,
            "resource_url": endpoints.resource,
            "revocation_url": endpoints.revoke,
            "origins": endpoints.origins,
            "issuer": endpoints.issuer,
            "test_submit_url": endpoints.test_submit,
            "authentication_ways": [asdict(way) for way in self.ways],
            "quirks": self.quirks,
            "evidence": self.evidence,
        }


def descriptions(sandbox_url: str, folder: Path = FOLDER) -> Iterator[UtilityDescription]:
    """Every utility of the registry; `{SANDBOX_URL}` in a file becomes `sandbox_url`."""
    for path in sorted(folder.glob("*.toml")):
        yield read(path.read_text(encoding="utf-8"), path.stem, sandbox_url)


def read(text: str, slug: str, sandbox_url: str) -> UtilityDescription:
    """One file; raises RegistryError with a sentence."""
    where = f"{slug}.toml"
    try:
        values = tomllib.loads(text.replace(SANDBOX, sandbox_url))
    except tomllib.TOMLDecodeError as e:
        raise RegistryError(f"{where} is not TOML: {e}") from e
    endpoints = Endpoints.read(values.pop("endpoints", {}), f"{where}, [endpoints]")
    ways = _ways(values.pop("authentication", []), where)
    quirks = _quirks(values.pop("quirks", {}), where)
    evidence = _evidence(values.pop("evidence", {}), quirks, where)
    enabled = values.pop("enabled", True)
    facts = _Facts.read(values, where)
    if facts.time_zone not in zoneinfo.available_timezones():
        raise RegistryError(f"{where}: {facts.time_zone} is not a time zone.")
    endpoints.check(f"{where}, [endpoints]", complete=not facts.unavailable)
    if type(enabled) is not bool or (enabled and facts.unavailable):
        raise RegistryError(
            f"{where}, enabled must be true or false, and false where “unavailable” says why."
        )
    return UtilityDescription(
        slug=slug,
        facts=facts,
        endpoints=endpoints,
        ways=ways,
        quirks=quirks,
        evidence=evidence,
        enabled=enabled,
        in_sandbox=SANDBOX in text,
    )


def _ways(values: object, where: str) -> list[AuthenticationWay]:
    """The ways to sign in that a scope can name; most custodians have none and simply ask."""
    if not isinstance(values, list):
        raise RegistryError(f"{where}, [[authentication]] must be a list of ways to sign in.")
    ways = [AuthenticationWay.read(value, f"{where}, [[authentication]]") for value in values]
    if len({way.type for way in ways}) < len(ways):
        raise RegistryError(f"{where} names a way to sign in twice.")
    if ways and [way.default for way in ways].count(True) != 1:
        raise RegistryError(f"{where} must have one way to sign in that is the default.")
    return ways


def _quirks(values: object, where: str) -> dict[str, Any]:
    """As the file has them, since a row keeps them so."""
    Quirks.read(values, f"{where}, [quirks]")
    assert isinstance(values, dict)
    return values


def _evidence(values: object, quirks: dict[str, Any], where: str) -> dict[str, str]:
    """A sentence for each quirk: who found it out, by trying what, and when if that is known."""
    where = f"{where}, [evidence]"
    if not isinstance(values, dict) or not all(isinstance(one, str) for one in values.values()):
        raise RegistryError(f"{where} must be a table of names and texts.")
    if missing := sorted(set(quirks) - set(values)):
        raise RegistryError(f"{where} lacks {', '.join(missing)}.")
    if unknown := sorted(set(values) - set(quirks)):
        raise RegistryError(f"{where} tells of what is no quirk of it: {', '.join(unknown)}.")
    return values
