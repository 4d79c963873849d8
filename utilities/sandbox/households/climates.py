"""The weather of a place, the same for everybody who lives there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from random import Random

from utilities.sandbox.households.days import day_of_year


@dataclass(frozen=True)
class Climate:
    """Degrees Celsius: the year's mean, half the swing of the year and of the day, the weather.

    `sun` is how many hours longer than half a day the longest day is.
    """

    name: str
    mean: float
    year: float
    day: float
    weather: float
    sun: float = 2.6


ONTARIO = Climate("ontario", mean=5, year=14.5, day=4.5, weather=4.5, sun=3.7)
CALIFORNIA = Climate("california", mean=15.5, year=5.5, day=6.5, weather=2.5)
PRAIRIE = Climate("prairie", mean=10.5, year=14, day=5.5, weather=4, sun=3)

# How warm an hour is within its day, from -1 before sunrise to 1 in the afternoon.
WARMTH = tuple(math.cos(math.tau * (hour - 15) / 24) for hour in range(24))
# When the sun is highest; clocks are ahead of it, in summer above all.
NOON = 12.7


@lru_cache(maxsize=8192)
def day_temperature(climate: Climate, day: date) -> float:
    """The day's mean. Weather lasts for some days."""
    season = climate.mean - climate.year * math.cos(math.tau * (day_of_year(day) - 22) / 365.25)
    return season + sum(_weather(climate, day.toordinal() - back) for back in range(4)) / 2


def sunshine(climate: Climate, day: date) -> list[float]:
    """How much of the best a solar panel gives in each hour of the local clock, from 0 to 1."""
    season = math.cos(math.tau * (day_of_year(day) - 172) / 365.25)
    half = (12 + climate.sun * season) / 2
    sky = _clearness(climate, day.toordinal()) * (0.82 + 0.18 * season)
    return [sky * _height((hour + 0.5 - NOON) / half) for hour in range(24)]


def _height(along: float) -> float:
    """How high the sun stands between its rise at -1 and its setting at 1."""
    return math.cos(math.pi / 2 * along) ** 1.3 if -1 < along < 1 else 0.0


def _clearness(climate: Climate, ordinal: int) -> float:
    """Clear days are more frequent than grey ones."""
    luck = Random(f"{climate.name}:sky:{ordinal}").random()  # noqa: S311 (a simulation)
    return 0.18 + 0.82 * math.sqrt(luck)


@lru_cache(maxsize=8192)
def _weather(climate: Climate, ordinal: int) -> float:
    return Random(f"{climate.name}:{ordinal}").gauss(0, climate.weather)  # noqa: S311
