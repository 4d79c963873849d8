"""The registry: one TOML file a utility, with everything that a third party knows of it.

The files are read strictly. A key that is missing, unknown or of another type is refused with a
sentence, since an origin or an address that is read wrongly sends tokens to strangers.
"""

from __future__ import annotations

import tomllib
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self, get_type_hints
from urllib.parse import urlsplit

from utilities.models import origin_of
from utilities.quirks import Quirks

FOLDER = Path(__file__).resolve().parent
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SANDBOX = "{SANDBOX_URL}"


class RegistryError(ValueError):
    """A description that is refused; its text is a sentence that says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A table of named values, read strictly into the fields of a subclass."""

    @classmethod
    def read(cls, values: object, where: str) -> Self:
        """From TOML or JSON, whose types are the fields' own; raises RegistryError."""
        if not isinstance(values, Mapping):
            raise RegistryError(f"{where} must be a table of names and values.")
        known = {one.name: one for one in fields(cls)}
        if unknown := sorted(set(values) - set(known)):
            raise RegistryError(f"{where} has a key that is not known: {', '.join(unknown)}.")
        required = {
            name
            for name, one in known.items()
            if one.default is MISSING and one.default_factory is MISSING
        }
        if missing := sorted(required - set(values)):
            raise RegistryError(f"{where} lacks {', '.join(missing)}.")
        for name, value in values.items():
            _check_type(value, get_type_hints(cls)[name], f"{where}, {name}")
        return cls(**values)


def _check_type(value: object, wanted: Any, where: str) -> None:
    if wanted == list[str]:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise RegistryError(f"{where} must be a list of texts.")
    elif type(value) is not wanted:
        word = {str: "a text", bool: "true or false"}[wanted]
        raise RegistryError(f"{where} must be {word}.")


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

    authorize: str
    token: str
    resource: str
    origins: list[str]
    # As its metadata has it (RFC 8414 §2); left out where it does not name itself in its answers.
    issuer: str = ""
    # Where a program gets a test customer's consent; left out where only a person can give it.
    test_submit: str = ""

    def check(self, where: str) -> None:
        """https, but for this machine; every address on one of the origins."""
        for origin in self.origins:
            parts = urlsplit(origin)
            if origin_of(origin) is None or parts.path or parts.query:
                raise RegistryError(f"{where}: {origin} is not scheme, host and port.")
            if parts.scheme != "https" and parts.hostname not in LOOPBACK:
                raise RegistryError(f"{where}: {origin} must be https; tokens go there.")
        owned = {origin_of(origin) for origin in self.origins}
        for url in filter(None, (self.authorize, self.token, self.resource, self.test_submit)):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class UtilityDescription:
    """One utility, as its file describes it."""

    slug: str
    facts: _Facts
    endpoints: Endpoints
    ways: list[AuthenticationWay]
    quirks: dict[str, Any] = field(default_factory=dict)
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
            "origins": endpoints.origins,
            "issuer": endpoints.issuer,
            "test_submit_url": endpoints.test_submit,
            "authentication_ways": [asdict(way) for way in self.ways],
            "quirks": self.quirks,
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
    endpoints.check(f"{where}, [endpoints]")
    ways = _ways(values.pop("authentication", None), where)
    quirks = _quirks(values.pop("quirks", {}), where)
    facts = _Facts.read(values, where)
    if facts.time_zone not in zoneinfo.available_timezones():
        raise RegistryError(f"{where}: {facts.time_zone} is not a time zone.")
    return UtilityDescription(
        slug=slug,
        facts=facts,
        endpoints=endpoints,
        ways=ways,
        quirks=quirks,
        in_sandbox=SANDBOX in text,
    )


def _ways(values: object, where: str) -> list[AuthenticationWay]:
    if not isinstance(values, list) or not values:
        raise RegistryError(f"{where} lacks [[authentication]]: a way to sign in.")
    ways = [AuthenticationWay.read(value, f"{where}, [[authentication]]") for value in values]
    if len({way.type for way in ways}) < len(ways):
        raise RegistryError(f"{where} names a way to sign in twice.")
    if [way.default for way in ways].count(True) != 1:
        raise RegistryError(f"{where} must have one way to sign in that is the default.")
    return ways


def _quirks(values: object, where: str) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise RegistryError(f"{where}, [quirks] must be a table of names and values.")
    try:
        Quirks.read(values)
    except KeyError as e:
        raise RegistryError(f"{where}, [quirks]: {e.args[0]}.") from e
    return values
