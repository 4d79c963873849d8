"""The homes and businesses of the sandbox: how each uses what it is supplied with."""

from __future__ import annotations

from dataclasses import dataclass

from utilities.sandbox.households.channels import (
    FORWARD,
    NET,
    REGISTER,
    REVERSE,
    VARS,
    VOLT_AMPERES,
    WATTS,
    Channel,
)
from utilities.sandbox.households.climates import CALIFORNIA, ONTARIO, PRAIRIE, Climate
from utilities.sandbox.households.commodities import ELECTRICITY, GAS, WATER, Commodity
from utilities.sandbox.households.days import HOUR, QUARTER
from utilities.sandbox.households.tariffs import (
    CALIFORNIA_BUSINESS,
    CALIFORNIA_GAS,
    CALIFORNIA_TOU,
    ONTARIO_BUSINESS,
    ONTARIO_TOU,
    ONTARIO_WATER,
    PRAIRIE_BUSINESS,
    PRAIRIE_GAS,
    PRAIRIE_HOME,
    Tariff,
)


@dataclass(frozen=True, eq=False)
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
    # How long a reading lasts.
    seconds: int = HOUR
    # What the panels on the roof give in an hour of full sun; what is not used goes to the grid.
    solar: int = 0
    # The highest power of each day is measured, since the bill depends on it.
    has_demand: bool = False
    # What the meter's face shows is read each day.
    has_register: bool = False

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What its meter measures."""
        return (
            FORWARD,
            *((REVERSE, NET) if self.solar else ()),
            *((WATTS, VOLT_AMPERES, VARS) if self.has_demand else ()),
            *((REGISTER,) if self.has_register else ()),
        )

    @property
    def device(self) -> str:
        """What there is at the customer's beside the meter; "" for nothing."""
        if self.solar:
            return "Solar inverter"
        return "" if self.commodity.is_electricity else "Radio module"

    def seconds_of(self, channel: Channel) -> int:
        """How long a reading of the channel lasts, where no clock changes."""
        return 24 * HOUR if channel.is_daily else self.seconds


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
        has_demand=True,
        has_register=True,
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
        seconds=QUARTER,
        has_demand=True,
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
        seconds=QUARTER,
        has_demand=True,
        has_register=True,
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
    "ontario_farm_electricity": Profile(
        ELECTRICITY,
        ONTARIO,
        ONTARIO_BUSINESS,
        base=700,
        active=2600,
        working_day="222269886554445569865322",
        free_day="222269886554445569865322",
        heating=45,
        cooling=60,
        burst=3500,
        burst_chance=0.2,
        noise=0.1,
        is_business=True,
        seconds=QUARTER,
        solar=9400,
        has_register=True,
    ),
    "california_solar_home_electricity": Profile(
        ELECTRICITY,
        CALIFORNIA,
        CALIFORNIA_TOU,
        base=190,
        active=720,
        working_day=HOME_DAY,
        free_day=HOME_FREE,
        cooling=170,
        cool_above=23,
        burst=1900,
        burst_chance=0.12,
        seconds=QUARTER,
        solar=5200,
    ),
    "prairie_home_electricity": Profile(
        ELECTRICITY,
        PRAIRIE,
        PRAIRIE_HOME,
        base=230,
        active=820,
        working_day=HOME_DAY,
        free_day=HOME_FREE,
        cooling=190,
        burst=2000,
        burst_chance=0.14,
    ),
    "prairie_solar_home_electricity": Profile(
        ELECTRICITY,
        PRAIRIE,
        PRAIRIE_HOME,
        base=240,
        active=840,
        working_day=HOME_DAY,
        free_day=HOME_FREE,
        cooling=190,
        burst=2000,
        burst_chance=0.14,
        seconds=QUARTER,
        solar=4800,
    ),
    "prairie_home_gas": Profile(
        GAS,
        PRAIRIE,
        PRAIRIE_GAS,
        base=3,
        active=28,
        working_day=WATER_DAY,
        free_day=WATER_FREE,
        heating=9,
        heat_below=17,
        burst=65,
        burst_chance=0.12,
        quiet=0.4,
        noise=0.22,
    ),
    "prairie_shop_electricity": Profile(
        ELECTRICITY,
        PRAIRIE,
        PRAIRIE_BUSINESS,
        base=1500,
        active=7600,
        working_day=SHOP_DAY,
        free_day=SHOP_FREE,
        cooling=480,
        cool_above=19,
        noise=0.06,
        has_demand=True,
        is_business=True,
    ),
    "prairie_shop_gas": Profile(
        GAS,
        PRAIRIE,
        PRAIRIE_GAS,
        base=10,
        active=90,
        working_day=SHOP_DAY,
        free_day=SHOP_FREE,
        heating=60,
        heat_below=16,
        noise=0.14,
        is_business=True,
    ),
}
