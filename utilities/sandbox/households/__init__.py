"""The simulated lives behind the meters: what is used, sent back, and billed."""

from utilities.sandbox.households.bills import (
    Bill,
    Charge,
    Side,
    bill_of,
    billing_periods,
    reading_day,
)
from utilities.sandbox.households.channels import FORWARD, NET, REGISTER, REVERSE, WATTS, Channel
from utilities.sandbox.households.days import DAY, HOUR, QUARTER, days_between, midnight
from utilities.sandbox.households.meter import INSTALLED, Meter
from utilities.sandbox.households.profiles import PROFILES, Profile
from utilities.sandbox.households.tariffs import CENT, MID_PEAK, OFF_PEAK, ON_PEAK, Tariff

__all__ = [
    "CENT",
    "DAY",
    "FORWARD",
    "HOUR",
    "INSTALLED",
    "MID_PEAK",
    "NET",
    "OFF_PEAK",
    "ON_PEAK",
    "PROFILES",
    "QUARTER",
    "REGISTER",
    "REVERSE",
    "WATTS",
    "Bill",
    "Channel",
    "Charge",
    "Meter",
    "Profile",
    "Side",
    "Tariff",
    "bill_of",
    "billing_periods",
    "days_between",
    "midnight",
    "reading_day",
]
