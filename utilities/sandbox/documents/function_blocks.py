"""What a granted scope opens of a service, and which function blocks a grant may claim."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from greenbutton.espi.enums import ServiceKind
from greenbutton.espi.scope import Scope
from utilities.sandbox.households import PROFILES, Channel, Profile

INTERVALS, BILLS, NOTICES, CUSTOMER = 4, 16, 39, 51
# How machines talk, rather than what is shared: common, connect, security, both ways to authorize,
# partial updates, single resources, bulk, query parameters, managed authorizations.
ALWAYS = {1, 3, 13, 14, 19, 31, 32, 35, 37, 41}
SEVERAL_USAGE_POINTS = 18
ELECTRICITY, GAS, WATER, COSTS = 5, 10, 11, 12
QUALITY = 17
# What the intervals of a meter may have beside the plain ones.
OF_INTERVALS = {ELECTRICITY, 6, 7, 8, 9, GAS, WATER, COSTS, QUALITY}
# Usage summaries: consumption, demands and the day before, costs to date.
OF_BILLS = {15, 27, 28}
CONNECT, PRIVACY, AUTHORIZATION = 53, 64, 65
BASIC, DEMOGRAPHIC, BILLING, AGREEMENT, LOCATION = 54, 55, 56, 57, 58
SUPPLIER, METER, DEVICE, PROGRAMMES = 59, 60, 61, 62
OF_CUSTOMER = {*range(BASIC, PROGRAMMES + 1)}
BY_SERVICE = {
    ServiceKind.ELECTRICITY: ELECTRICITY,
    ServiceKind.GAS: GAS,
    ServiceKind.WATER: WATER,
}


@dataclass(frozen=True)
class Shares:
    """What a scope opens. A scope that names none of a block's parts means all of them."""

    blocks: frozenset[int]

    @classmethod
    def of(cls, scope: Scope) -> Shares:
        """By the function blocks that the scope names."""
        return cls(frozenset(scope.function_blocks))

    @property
    def intervals(self) -> bool:
        """Whether readings are shared."""
        return INTERVALS in self.blocks

    @property
    def bills(self) -> bool:
        """Whether usage summaries are shared."""
        return BILLS in self.blocks

    @property
    def customer(self) -> bool:
        """Whether it is shared who the customer is."""
        return CUSTOMER in self.blocks

    @property
    def costs(self) -> bool:
        """Whether readings say what they cost."""
        return self._has(COSTS, OF_INTERVALS)

    def quality(self, profile: Profile) -> bool:
        """Whether the quality of the service's power is shared; only electricity has one."""
        has_any = profile.commodity.is_electricity and self.intervals
        return has_any and self._has(QUALITY, OF_INTERVALS)

    def channels(self, profile: Profile) -> list[Channel]:
        """The series of a meter that are shared."""
        return [
            channel
            for channel in profile.channels
            if channel.block is None or self._has(channel.block, OF_INTERVALS)
        ]

    def has_part(self, block: int) -> bool:
        """Whether a part of the customer's side is shared, by its function block."""
        return self.customer and self._has(block, OF_CUSTOMER)

    def _has(self, block: int, family: Collection[int]) -> bool:
        return block in self.blocks or self.blocks.isdisjoint(family)


def claimed(chosen: Collection[int], profiles: Collection[str], *, has_programme: bool) -> set[int]:
    """The function blocks that are true of what is served where the customer chose these.

    `profiles` are of the services that are shared; `has_programme` is whether the utility runs a
    programme that customers enrol in.
    """
    blocks = ALWAYS | set(chosen)
    its = [PROFILES[name] for name in profiles]
    if len(its) > 1:
        blocks.add(SEVERAL_USAGE_POINTS)
    if INTERVALS in blocks:
        blocks.add(COSTS)
        for profile in its:
            blocks.add(BY_SERVICE[profile.commodity.kind])
            blocks |= {channel.block for channel in profile.channels if channel.block}
            if profile.commodity.is_electricity:
                blocks.add(QUALITY)
    if BILLS in blocks:
        blocks |= OF_BILLS
    if CUSTOMER in blocks:
        blocks |= {CONNECT, PRIVACY, AUTHORIZATION} | OF_CUSTOMER
        if not any(profile.device for profile in its):
            blocks.discard(DEVICE)
        if not has_programme:
            blocks.discard(PROGRAMMES)
    return blocks


def durations(profiles: Collection[str]) -> list[int]:
    """How long the readings of these services last, each once."""
    its = [PROFILES[name] for name in profiles]
    return sorted({it.seconds_of(channel) for it in its for channel in it.channels})
