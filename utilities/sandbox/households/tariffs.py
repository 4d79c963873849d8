"""What a unit costs, when, and who is paid for what. All prices are invented."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

# 10^-5 of the currency in a cent; bills are in whole cents.
CENT = 1000
ON_PEAK, MID_PEAK, OFF_PEAK = 1, 2, 3
TOU_WORDS = {ON_PEAK: "on-peak", MID_PEAK: "mid-peak", OFF_PEAK: "off-peak"}


@dataclass(frozen=True, eq=False)
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
    # For each kW of the highest demand.
    demand: int = 0

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
    demand=410_000,
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
    demand=590_000,
    summer="333333333333332211111223",
    winter="333333333333333311111333",
    has_weekend_peak=True,
)
CALIFORNIA_GAS = Tariff("G-1", {0: 122_000}, delivery=96_000, fixed=400_000, tax_percent=2)
PRAIRIE_HOME = Tariff("Single rate", {0: 8_900}, delivery=5_600, fixed=1_420_000, tax_percent=5)
PRAIRIE_BUSINESS = Tariff(
    "General service time-of-use",
    {ON_PEAK: 13_400, MID_PEAK: 9_700, OFF_PEAK: 6_100},
    delivery=4_900,
    fixed=2_650_000,
    tax_percent=5,
    demand=520_000,
    summer="333333322222211111122233",
    winter="333333322222222211122233",
)
PRAIRIE_GAS = Tariff("Heating", {0: 58_000}, delivery=34_000, fixed=2_100_000, tax_percent=5)
