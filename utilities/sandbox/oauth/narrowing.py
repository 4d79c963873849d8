"""When a token opens less than the consent: asked for at a refresh, held to at every request."""

from __future__ import annotations

from dataclasses import replace

from greenbutton.espi import ScopeError
from greenbutton.espi import scope as scopes
from greenbutton.espi.scope import Scope

# What the platform adds to each kind of data that is asked for, and which goes when that goes.
PARTS = {
    4: {*range(5, 13), 17},
    16: {15, 27, 28},
    39: {69},
    51: set(range(53, 64)),
}
INTERVALS = 4
ABOUT_INTERVALS = ("IntervalDuration", "BlockDuration")


def narrowed(granted: Scope, asked: Scope) -> Scope:
    """What a refresh gets that asks for less (RFC 6749 §6). Raises ScopeError for more.

    Data and history can be less. How the customer was to sign in is no part of it.
    """
    asked = asked.without_additional()
    wider = sorted(set(asked.function_blocks) - set(granted.function_blocks))
    if wider:
        raise ScopeError(f"The customer did not agree to function block {wider[0]}.")
    if not set(scopes.REQUESTABLE) & set(asked.function_blocks):
        raise ScopeError("The scope asks for no data: it needs one of FB 4, 16, 39 and 51.")
    for name, value in asked.options:
        if name.lower() != scopes.HISTORY_LENGTH.lower() and granted.option(name) != value:
            raise ScopeError(f"A refresh narrows data and history only: {name} cannot be changed.")
    dropped = set(scopes.REQUESTABLE) - set(asked.function_blocks)
    gone = dropped.union(*(PARTS[block] for block in dropped))
    kept = [block for block in granted.function_blocks if block not in gone]
    scope = granted.narrow(function_blocks=kept, history_length=asked.history_length)
    for name in ABOUT_INTERVALS if INTERVALS in dropped else ():
        scope = scope.with_option(name, None)
    return scope


def at_most(granted: Scope, issued: Scope) -> Scope:
    """What a token of a narrower scope opens, now that the consent may be narrower itself."""
    blocks = tuple(each for each in granted.function_blocks if each in issued.function_blocks)
    history = min(granted.history_length or 0, issued.history_length or 0)
    return replace(granted, function_blocks=blocks).with_option(scopes.HISTORY_LENGTH, str(history))
