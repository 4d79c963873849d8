"""A scope as one utility takes it."""

from __future__ import annotations

from dataclasses import replace

from greenbutton.espi import scope as espi_scope
from greenbutton.espi.scope import Option, Scope
from utilities.quirks import Quirks


def as_taken(scope: Scope, quirks: Quirks) -> Scope:
    """Without the options that are refused, with those that are demanded, spelt its own way."""
    if takes_any(quirks):
        return scope
    for option in quirks.demanded_options:
        name, _, value = option.partition("=")
        if scope.option(name) is None:
            scope = scope.with_option(name, value)
    options = scope.options
    if quirks.known_options is not None:
        known = {name.lower() for name in quirks.known_options}
        options = tuple(one for one in options if one.name.lower() in known)
    spelt = {name.lower(): name for name in quirks.option_spellings}
    return replace(
        scope,
        options=tuple(Option(spelt.get(name.lower(), name), value) for name, value in options),
    )


def text_as_taken(scope: str, quirks: Quirks) -> str:
    """The same of a text, which stays byte for byte what it is where the utility takes any."""
    if takes_any(quirks):
        return scope
    return espi_scope.build(as_taken(espi_scope.parse(scope), quirks))


def takes_any(quirks: Quirks) -> bool:
    """Whether the utility is content with whatever the standard allows."""
    return not (
        quirks.demanded_options or quirks.option_spellings or quirks.known_options is not None
    )
