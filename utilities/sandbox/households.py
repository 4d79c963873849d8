"""The simulated lives behind the meters.

Every hour's value follows from the meter's seed, its profile, the calendar and the weather, and
from nothing else: the same hour is the same whatever window asks for it, and nothing is stored.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

from greenbutton.espi.enums import CommodityKind, ServiceKind, UnitSymbol
from greenbutton.espi.interval_block import IntervalReading

HOUR = 3600
# 10^-5 of the currency in a cent; bills are in whole cents.
CENT = 1000
ON_PEAK, MID_PEAK, OFF_PEAK = 1, 2, 3
ENERGY, VOLUME = 12, 58


@dataclass(frozen=True)
class Commodity:
    """What is measured. A reading is in thousandths of the unit that is billed."""

    kind: ServiceKind
    commodity: CommodityKind
    # espi.xsd MeasurementKind: energy or volume.
    measurement: int
    uom: UnitSymbol
    power_of_ten: int


# Wh are thousandths of the billed kWh; litres of the cubic metre; millitherms of the therm.
ELECTRICITY = Commodity(
    ServiceKind.ELECTRICITY,
    CommodityKind.ELECTRICITY_SECONDARY_METERED,
    ENERGY,
    UnitSymbol.WATT_HOUR,
    0,
)
WATER = Commodity(
    ServiceKind.WATER,
    CommodityKind.POTABLE_WATER,
    VOLUME,
    UnitSymbol.CUBIC_METRE,
    -3,
)
GAS = Commodity(
    ServiceKind.GAS,
    CommodityKind.NATURAL_GAS,
    ENERGY,
    UnitSymbol.THERM,
    -3,
)


@dataclass(frozen=True)
class Climate:
    """Degrees Celsius: the year's mean, half the swing of the year and of the day, the weather."""

    name: str
    mean: float
    year: float
    day: float
    weather: float


ONTARIO = Climate("ontario", mean=5, year=14.5, day=4.5, weather=4.5)
CALIFORNIA = Climate("california", mean=15.5, year=5.5, day=6.5, weather=2.5)


@dataclass(frozen=True)
class Tariff:
    """Prices in 10^-5 of the currency: by time of use for each billed unit, fixed for each bill."""

    name: str
    # By the reading's tou code; a flat tariff has one price, under 0.
    prices: dict[int, int]
    delivery: int
    fixed: int
    tax_percent: int
    # Local hours by tou code: "summer" and "winter" weekdays; other days are off-peak.
    summer: str = ""
    winter: str = ""
    has_weekend_peak: bool = False

    def tou(self, day: date, hour: int, *, is_working_day: bool) -> int:
        """The time-of-use code of a local hour; 0 for a flat tariff."""
        if not self.summer:
            return 0
        if not is_working_day and not self.has_weekend_peak:
            return OFF_PEAK
        return int((self.summer if 5 <= day.month <= 10 else self.winter)[hour])


# Ontario's peaks move with the season: noon in summer, morning and evening in winter.
ONTARIO_TOU = Tariff(
    "Residential time-of-use",
    {ON_PEAK: 15_800, MID_PEAK: 12_200, OFF_PEAK: 7_600},
    delivery=1_600,
    fixed=2_850_000,
    tax_percent=13,
    summer="333333322221111112233333",
    winter="333333311112222221133333",
)
ONTARIO_BUSINESS = Tariff(
    "General service below 50 kW",
    ONTARIO_TOU.prices,
    delivery=2_300,
    fixed=4_200_000,
    tax_percent=13,
    summer=ONTARIO_TOU.summer,
    winter=ONTARIO_TOU.winter,
)
ONTARIO_WATER = Tariff(
    "Metered water", {0: 148_000}, delivery=171_000, fixed=2_390_000, tax_percent=0
)
CALIFORNIA_TOU = Tariff(
    "E-TOU-C GreenStart",
    {ON_PEAK: 17_400, OFF_PEAK: 11_200},
    delivery=21_500,
    fixed=1_215_000,
    tax_percent=2,
    summer="333333333333333311111333",
    winter="333333333333333311111333",
    has_weekend_peak=True,
)
CALIFORNIA_BUSINESS = Tariff(
    "B-1 GreenStart",
    {ON_PEAK: 19_100, MID_PEAK: 14_300, OFF_PEAK: 11_900},
    delivery=19_800,
    fixed=1_050_000,
    tax_percent=2,
    summer="333333333333332211111223",
    winter="333333333333333311111333",
    has_weekend_peak=True,
)
CALIFORNIA_GAS = Tariff("G-1", {0: 122_000}, delivery=96_000, fixed=400_000, tax_percent=2)


@dataclass(frozen=True)
class Profile:
    """How a home or a business uses something, in thousandths of the billed unit an hour.

    A shape has a digit for each local hour: 0 is asleep or closed, 9 is as busy as it gets.
    """

    commodity: Commodity
    climate: Climate
    tariff: Tariff
    base: int
    active: int
    working_day: str
    free_day: str
    # For each degree below, and above, these temperatures.
    heating: int = 0
    heat_below: float = 16
    cooling: int = 0
    cool_above: float = 22
    # Now and then, more at busy hours: an oven, a dryer, a bath.
    burst: int = 0
    burst_chance: float = 0
    # How often a sleeping hour uses nothing at all.
    quiet: float = 0
    noise: float = 0.12
    is_business: bool = False
    # Outdoor lights: on while it is dark.
    is_lighting: bool = False


HOME_DAY = "211111364333334347998764"
HOME_FREE = "211111135776666678998764"
SHOP_DAY = "000000158999999998410000"
SHOP_FREE = "000000001367777630000000"
OFFICE_DAY = "000000147999899998520000"
OFFICE_FREE = "000000001111111100000000"
WATER_DAY = "000001498532233346786431"
WATER_FREE = "000000026898654456775431"

PROFILES = {
    "ontario_home_electricity": Profile(
        ELECTRICITY,
        ONTARIO,
        ONTARIO_TOU,
        base=210,
        active=950,
        working_day=HOME_DAY,
        free_day=HOME_FREE,
        heating=22,
        cooling=95,
        burst=2200,
        burst_chance=0.16,
    ),
    "ontario_home_water": Profile(
        WATER,
        ONTARIO,
        ONTARIO_WATER,
        base=0,
        active=62,
        working_day=WATER_DAY,
        free_day=WATER_FREE,
        cooling=9,
        cool_above=17,
        burst=90,
        burst_chance=0.18,
        quiet=0.8,
        noise=0.45,
    ),
    "ontario_shop_electricity": Profile(
        ELECTRICITY,
        ONTARIO,
        ONTARIO_BUSINESS,
        base=1900,
        active=8800,
        working_day=SHOP_DAY,
        free_day=SHOP_FREE,
        heating=120,
        cooling=420,
        cool_above=18,
        noise=0.06,
        is_business=True,
    ),
    "ontario_shop_water": Profile(
        WATER,
        ONTARIO,
        ONTARIO_WATER,
        base=2,
        active=210,
        working_day=SHOP_DAY,
        free_day=SHOP_FREE,
        quiet=0.7,
        noise=0.3,
        is_business=True,
    ),
    "california_home_electricity": Profile(
        ELECTRICITY,
        CALIFORNIA,
        CALIFORNIA_TOU,
        base=180,
        active=700,
        working_day=HOME_DAY,
        free_day=HOME_FREE,
        cooling=170,
        cool_above=23,
        burst=1800,
        burst_chance=0.12,
    ),
    "california_home_gas": Profile(
        GAS,
        CALIFORNIA,
        CALIFORNIA_GAS,
        base=2,
        active=30,
        working_day=WATER_DAY,
        free_day=WATER_FREE,
        heating=13,
        heat_below=14.5,
        burst=70,
        burst_chance=0.12,
        quiet=0.5,
        noise=0.25,
    ),
    "california_office_electricity": Profile(
        ELECTRICITY,
        CALIFORNIA,
        CALIFORNIA_BUSINESS,
        base=3200,
        active=14500,
        working_day=OFFICE_DAY,
        free_day=OFFICE_FREE,
        cooling=900,
        cool_above=17,
        noise=0.05,
        is_business=True,
    ),
    "california_workshop_electricity": Profile(
        ELECTRICITY,
        CALIFORNIA,
        CALIFORNIA_BUSINESS,
        base=900,
        active=9200,
        working_day="000000268999399997300000",
        free_day="000000000000000000000000",
        burst=6500,
        burst_chance=0.3,
        noise=0.1,
        is_business=True,
    ),
    "california_lights_electricity": Profile(
        ELECTRICITY,
        CALIFORNIA,
        CALIFORNIA_BUSINESS,
        base=60,
        active=2600,
        working_day="9" * 24,
        free_day="9" * 24,
        noise=0.02,
        is_business=True,
        is_lighting=True,
    ),
    "california_office_gas": Profile(
        GAS,
        CALIFORNIA,
        CALIFORNIA_GAS,
        base=15,
        active=160,
        working_day=OFFICE_DAY,
        free_day=OFFICE_FREE,
        heating=110,
        heat_below=15,
        noise=0.12,
        is_business=True,
    ),
}


@dataclass(frozen=True)
class Bill:
    """One month's bill. Dates are local, the end excluded; money in 10^-5 of the currency."""

    first: date
    end: date
    start: int
    seconds: int
    consumption: int
    usage: int
    delivery: int
    fixed: int
    tax: int

    @property
    def amount(self) -> int:
        """What the customer pays."""
        return self.usage + self.delivery + self.fixed + self.tax


@dataclass(frozen=True)
class Meter:
    """A meter with its life: days of readings and months of bills."""

    seed: int
    profile: Profile
    zone: ZoneInfo

    def day(self, day: date) -> list[IntervalReading]:
        """The hours of a local day: 23, 24 or 25 of them."""
        start, end = midnight(day, self.zone), midnight(day + timedelta(days=1), self.zone)
        starts = range(start, end, HOUR)
        if len(starts) == 24:
            return self._readings(day, zip(starts, range(24), strict=True))
        # The clocks change today: an hour is missing, or one comes twice.
        return self._readings(
            day, ((at, datetime.fromtimestamp(at, self.zone).hour) for at in starts)
        )

    def _readings(self, day: date, hours: Iterator[tuple[int, int]]) -> list[IntervalReading]:
        profile, tariff = self.profile, self.profile.tariff
        random = Random(f"{self.seed}:{day.toordinal()}")  # noqa: S311 (a simulation)
        size = 0.8 + self.seed % 1000 / 2222
        working = is_working_day(day)
        shape = profile.working_day if working else profile.free_day
        away = self._is_away(day)
        weather = day_temperature(profile.climate, day)
        readings = []
        for start, hour in hours:
            busy = _busy(profile, shape, day, hour)
            temperature = weather + profile.climate.day * _WARMTH[hour]
            use = _use(profile, 0.05 * busy if away else busy, temperature, random)
            value = round(size * use)
            tou = tariff.tou(day, hour, is_working_day=working)
            cost = (value * tariff.prices[tou] + 500) // 1000
            readings.append(IntervalReading(start, HOUR, value, cost, (), tou or None))
        return readings

    def _is_away(self, day: date) -> bool:
        """Whether the family is on holiday: some weeks of the year."""
        if self.profile.is_business:
            return False
        year, week, _ = day.isocalendar()
        return Random(f"{self.seed}:away:{year}:{week}").random() < 0.04  # noqa: S311

    @property
    def reading_day(self) -> int:
        """The day of the month on which the meter is read for the bill."""
        return 2 + self.seed % 26

    def billing_periods(self, start: int, end: int) -> Iterator[tuple[date, date]]:
        """The months, as local dates, that begin at or after `start` and are over by `end`."""
        first = datetime.fromtimestamp(start, self.zone).date().replace(day=self.reading_day)
        while midnight(after := _next_month(first), self.zone) <= end:
            if midnight(first, self.zone) >= start:
                yield first, after
            first = after

    def bill(self, first: date, end: date) -> Bill:
        """The bill for the local days from `first` until before `end`."""
        tariff = self.profile.tariff
        days = (first + timedelta(days=n) for n in range((end - first).days))
        readings = [reading for day in days for reading in self.day(day)]
        consumption = sum(reading.value or 0 for reading in readings)
        usage = _to_cents(sum(reading.cost or 0 for reading in readings))
        delivery = _to_cents(consumption * tariff.delivery // 1000)
        start = midnight(first, self.zone)
        return Bill(
            first=first,
            end=end,
            start=start,
            seconds=midnight(end, self.zone) - start,
            consumption=consumption,
            usage=usage,
            delivery=delivery,
            fixed=tariff.fixed,
            tax=_to_cents((usage + delivery + tariff.fixed) * tariff.tax_percent // 100),
        )


@lru_cache(maxsize=8192)
def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant at which the local day begins, in UTC seconds."""
    return int(datetime.combine(day, time(), zone).timestamp())


def is_working_day(day: date) -> bool:
    """Monday to Friday, but for the holidays that never move."""
    return day.weekday() < 5 and (day.month, day.day) not in {(1, 1), (7, 1), (12, 25), (12, 26)}


@lru_cache(maxsize=8192)
def day_temperature(climate: Climate, day: date) -> float:
    """The day's mean, the same for everybody who lives there. Weather lasts for some days."""
    season = climate.mean - climate.year * math.cos(math.tau * (_day_of_year(day) - 22) / 365.25)
    return season + sum(_weather(climate, day.toordinal() - back) for back in range(4)) / 2


@lru_cache(maxsize=8192)
def _weather(climate: Climate, ordinal: int) -> float:
    return Random(f"{climate.name}:{ordinal}").gauss(0, climate.weather)  # noqa: S311


def _day_of_year(day: date) -> int:
    return day.timetuple().tm_yday


# How warm an hour is within its day, from -1 before sunrise to 1 in the afternoon.
_WARMTH = tuple(math.cos(math.tau * (hour - 15) / 24) for hour in range(24))


def _busy(profile: Profile, shape: str, day: date, hour: int) -> float:
    if profile.is_lighting:
        # Around 37 degrees north the sun sets between 17 and 20:30 o'clock.
        half_night = 6 + 1.3 * math.cos(math.tau * (_day_of_year(day) - 355) / 365.25)
        return 1.0 if min(hour % 24, 24 - hour) < half_night else 0.0
    return int(shape[hour]) / 9


def _use(profile: Profile, busy: float, temperature: float, random: Random) -> float:
    """What an hour takes, before the size of the home or business."""
    use = profile.base + profile.active * busy
    if profile.quiet and random.random() < profile.quiet * (1 - busy):
        use = profile.base
    if profile.burst_chance and random.random() < profile.burst_chance * busy:
        use += profile.burst * (0.5 + random.random())
    if temperature < profile.heat_below:
        use += profile.heating * (profile.heat_below - temperature) * (0.55 + 0.45 * busy)
    elif temperature > profile.cool_above:
        use += profile.cooling * (temperature - profile.cool_above) * (0.2 + 0.8 * busy)
    return use * math.exp(random.gauss(0, profile.noise))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=day.day)


def _to_cents(amount: int) -> int:
    return (amount + CENT // 2) // CENT * CENT
