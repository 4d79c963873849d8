"""Tables of named values from outside the code, read strictly into dataclasses.

A key that is missing, unknown or of another type is refused with a sentence, since an origin or an
address that is read wrongly sends tokens to strangers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from types import NoneType
from typing import Any, Literal, Self, get_args, get_origin, get_type_hints

_WORDS = {str: "a text", bool: "true or false", int: "a whole number"}


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
        wanted = _types_of(cls)  # type: ignore[arg-type]  # a class is Hashable all the same
        return cls(
            **{
                name: _checked(value, wanted[name], f"{where}, {name}")
                for name, value in values.items()
            }
        )


@cache
def _types_of(described: type[Described]) -> dict[str, Any]:
    return get_type_hints(described)


def _checked(value: object, wanted: Any, where: str) -> object:
    """The value, if its type is the wanted one; a list becomes a tuple where one is wanted."""
    if NoneType in get_args(wanted):  # what may be left out cannot be written as nothing
        (wanted,) = (one for one in get_args(wanted) if one is not NoneType)
    if get_origin(wanted) is Literal:
        if value not in get_args(wanted):
            words = " or ".join(f"“{one}”" for one in get_args(wanted))
            raise RegistryError(f"{where} must be {words}.")
        return value
    if get_origin(wanted) in {list, tuple}:
        each = get_args(wanted)[0]
        if not isinstance(value, list | tuple) or not all(type(one) is each for one in value):
            words = "texts" if each is str else "whole numbers"
            raise RegistryError(f"{where} must be a list of {words}.")
        return tuple(value) if get_origin(wanted) is tuple else list(value)
    if type(value) is not wanted:
        raise RegistryError(f"{where} must be {_WORDS[wanted]}.")
    return value
