"""A meter and its life, hour by hour.

Every value follows from the meter's seed, its profile, the calendar and the weather, and from
nothing else: the same hour is the same whatever window asks for it, and nothing is stored. There
are documents of millions of readings, so a day is worked out by the column, in whole numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b, shake_128
from statistics import NormalDist
from typing import NamedTuple
from zoneinfo import ZoneInfo

from greenbutton.espi.interval_block import Readings
from utilities.sandbox.households.channels import (
    NET,
    REGISTER,
    REVERSE,
    VARS,
    VOLT_AMPERES,
    WATTS,
    Channel,
)
from utilities.sandbox.households.climates import WARMTH, day_temperature, sunshine
from utilities.sandbox.households.days import (
    DAY,
    HOUR,
    day_of_year,
    days_between,
    is_working_day,
    local_hours,
    midnight,
    next_month,
)
from utilities.sandbox.households.profiles import Profile

# Uses are planned in sixteenths; factors bring them to whole numbers.
FINE = 16
SHIFT = 20
HALF = 1 << (SHIFT - 1)
ONE = (1 << SHIFT) // FINE
# A byte of luck, and how much of the year a family is on holiday, in such.
LUCK = 256
AWAY = 10
# What a motor or a compressor draws beside its power, in thousandths of it: cos φ is 0.94.
APPARENT, REACTIVE = 1064, 363
# When the meters of today were put up; their registers began there.
INSTALLED = date(2021, 3, 1)


class Plan(NamedTuple):
    """What a day has in store for every meter of a profile: a number for each slot.

    `uses` and `idle` are in sixteenths; below `bursts` a byte of luck switches something on, from
    `rests` upward there is nothing but what runs all the time.
    """

    uses: list[int]
    idle: list[int]
    bursts: list[int]
    rests: list[int]
    sun: list[int]
    prices: list[int]
    tou: list[int]


class Lived(NamedTuple):
    """A day of one meter: what came from the grid in each slot, and what went there."""

    used: list[int]
    sent: list[int]
    plan: Plan


@dataclass(frozen=True)
class Meter:
    """A meter with its life: days of readings."""

    seed: int
    profile: Profile
    zone: ZoneInfo

    def day(self, day: date, channel: Channel | None = None) -> Readings:
        """The readings of a local day: of 23, 24 or 25 hours. Without a channel, what is used."""
        if channel is not None and channel.is_daily:
            return self._reading_of(day, channel)
        lived = self.lived(day)
        if channel is REVERSE:
            return self._priced(day, lived.sent, lived.plan, -1)
        if channel is NET:
            net = [used - sent for used, sent in zip(lived.used, lived.sent, strict=True)]
            return self._priced(day, net, lived.plan)
        return self._priced(day, lived.used, lived.plan)

    def lived(self, day: date) -> Lived:
        """The day as it went, by the slot."""
        plan = _plan(self.profile, self.zone, day, self._is_away(day))
        count = len(plan.uses)
        # One stream of luck a day, whatever channels are asked for.
        stream = shake_128(b"%d:%d" % (self.seed, day.toordinal())).digest(2 * count)
        noise, luck = stream[:count], stream[count:]
        uses = plan.uses
        if self.profile.burst_chance or self.profile.quiet:
            bump = self.profile.burst * FINE * self.profile.seconds // HOUR
            uses = [
                idle
                if lot >= rest
                else use + bump * (burst + 2 * lot) // (2 * burst)
                if lot < burst
                else use
                for use, idle, burst, rest, lot in zip(
                    uses, plan.idle, plan.bursts, plan.rests, luck, strict=True
                )
            ]
        factors = _factors(self.profile.noise, self._size)
        used = [
            (use * factors[byte] + HALF) >> SHIFT for use, byte in zip(uses, noise, strict=True)
        ]
        if not self.profile.solar:
            return Lived(used, [], plan)
        # Small clouds take up to a quarter.
        made = [
            (sun * (192 + (lot >> 2)) // 256 * ONE + HALF) >> SHIFT
            for sun, lot in zip(plan.sun, luck, strict=True)
        ]
        net = [use - sun for use, sun in zip(used, made, strict=True)]
        return Lived([max(0, it) for it in net], [-it if it < 0 else 0 for it in net], plan)

    def peak(self, lived: Lived) -> int:
        """The day's highest demand: the busiest slot's use, as if it went on for an hour."""
        return max(lived.used) * HOUR // self.profile.seconds * self.profile.commodity.demand_scale

    def register(self, day: date) -> int:
        """What the meter's face shows when the day ends."""
        if day < INSTALLED:
            return 0
        first = day.replace(day=1)
        month = sum(_totals(self, one).used for one in days_between(first, day + DAY))
        return _register_before(self, first) + month

    def _priced(self, day: date, values: list[int], plan: Plan, sign: int = 1) -> Readings:
        """The values with their times and prices; what is sent to the grid earns its price."""
        seconds = self.profile.seconds
        start = midnight(day, self.zone)
        return _readings(
            list(range(start, start + seconds * len(values), seconds)),
            [seconds] * len(values),
            values,
            [
                (sign * value * price + 500) // 1000
                for value, price in zip(values, plan.prices, strict=True)
            ],
            plan.tou if plan.tou[0] else None,
        )

    def _reading_of(self, day: date, channel: Channel) -> Readings:
        """One reading for the whole day. It costs nothing itself: the bill charges for it."""
        start, end = midnight(day, self.zone), midnight(day + DAY, self.zone)
        if channel is REGISTER:
            value = self.register(day)
        else:
            value = _totals(self, day).peak * _OF_PEAK[channel] // 1000
        return _readings([start], [end - start], [value], [0])

    @property
    def _size(self) -> int:
        """How large the home or business is, in thousandths of the profile's: 800 to 1249."""
        return 800 + self.seed % 1000 * 450 // 1000

    def _is_away(self, day: date) -> bool:
        """Whether the family is on holiday: some weeks of the year."""
        if self.profile.is_business:
            return False
        year, week, _ = day.isocalendar()
        luck = blake2b(b"%d:away:%d:%d" % (self.seed, year, week), digest_size=1).digest()
        return luck[0] < AWAY


_OF_PEAK = {WATTS: 1000, VOLT_AMPERES: APPARENT, VARS: REACTIVE}


def _readings(
    starts: Sequence[int],
    seconds: Sequence[int],
    values: Sequence[int],
    costs: Sequence[int],
    tou: Sequence[int] | None = None,
) -> Readings:
    return Readings(
        starts=[*starts],
        seconds=[*seconds],
        values=[*values],
        costs=[*costs],
        qualities=None,
        tou=None if tou is None else [*tou],
        cpp=None,
        tiers=None,
        several_qualities={},
    )


class Totals(NamedTuple):
    """What comes of a day."""

    used: int
    peak: int


# Some years of some meters: every channel that has one reading a day asks for the same days.
@lru_cache(maxsize=16_384)
def _totals(meter: Meter, day: date) -> Totals:
    lived = meter.lived(day)
    return Totals(sum(lived.used), meter.peak(lived))


@lru_cache(maxsize=4096)
def _register_before(meter: Meter, first: date) -> int:
    """The register at the beginning of a month."""
    # What the digits stood at when the meter was put up: few are new.
    if first <= INSTALLED:
        return meter.seed % 90_000_000
    last = (first - DAY).replace(day=1)
    used = sum(_totals(meter, day).used for day in days_between(last, next_month(last)))
    return _register_before(meter, last) + used


@lru_cache(maxsize=256)
def _factors(noise: float, size: int) -> list[int]:
    """By a byte of luck: how much a slot differs from the plan, times the size."""
    normal = NormalDist()
    return [
        round(ONE * size / 1000 * math.exp(noise * normal.inv_cdf((byte + 0.5) / LUCK)))
        for byte in range(LUCK)
    ]


@lru_cache(maxsize=4096)
def _plan(profile: Profile, zone: ZoneInfo, day: date, away: bool) -> Plan:
    """The day of everybody of a profile; half as long a slot takes half as much."""
    hours = local_hours(day, zone, profile.seconds)
    part = FINE * profile.seconds / HOUR
    busy = [0.05 * it for it in _busy(profile, day)] if away else _busy(profile, day)
    weather = day_temperature(profile.climate, day)
    for_air = [
        _for_air(profile, busy[hour], weather + profile.climate.day * WARMTH[hour])
        for hour in range(24)
    ]
    uses = [
        round(part * (profile.base + profile.active * busy[hour] + for_air[hour]))
        for hour in range(24)
    ]
    idle = [round(part * (profile.base + for_air[hour])) for hour in range(24)]
    bursts = [round(LUCK * profile.burst_chance * it) for it in busy]
    rests = [LUCK - round(LUCK * profile.quiet * (1 - it)) for it in busy]
    sun = [round(part * profile.solar * it) for it in sunshine(profile.climate, day)]
    tou = _time_of_use(profile, day)
    prices = [profile.tariff.prices[code] for code in tou]
    return Plan(
        *([it[hour] for hour in hours] for it in (uses, idle, bursts, rests, sun, prices, tou))
    )


def _time_of_use(profile: Profile, day: date) -> list[int]:
    working = is_working_day(day)
    return [profile.tariff.tou(day, hour, is_working_day=working) for hour in range(24)]


def _busy(profile: Profile, day: date) -> list[float]:
    if profile.is_lighting:
        # Around 37 degrees north the sun sets between 17 and 20:30 o'clock.
        half_night = 6 + 1.3 * math.cos(math.tau * (day_of_year(day) - 355) / 365.25)
        return [1.0 if min(hour, 24 - hour) < half_night else 0.0 for hour in range(24)]
    shape = profile.working_day if is_working_day(day) else profile.free_day
    return [int(digit) / 9 for digit in shape]


def _for_air(profile: Profile, busy: float, temperature: float) -> float:
    """What heating or cooling takes in an hour."""
    if temperature < profile.heat_below:
        return profile.heating * (profile.heat_below - temperature) * (0.55 + 0.45 * busy)
    if temperature > profile.cool_above:
        return profile.cooling * (temperature - profile.cool_above) * (0.2 + 0.8 * busy)
    return 0.0
