from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from greenbutton.espi.enums import CommodityKind, Currency, ServiceKind, UnitSymbol

# espi.xsd MeasurementKind.
ENERGY = 12
VOLUME = 58
# espi.xsd PhaseCode S12N: a split phase, as homes have.
SPLIT_PHASE = 769

DAY = 86_400
# From here on, a reading is a calendar month, however long that is.
MONTH = 28 * DAY


class PlanError(ValueError):
    """A feed that cannot be generated. Its text is a sentence for people."""


@dataclass(frozen=True, slots=True)
class Service:
    """What is metered, in the numbers of espi.xsd.

    `typical` is a day's use in raw units, `price` what one costs in 10^-5 of the currency.
    """

    name: str
    service_kind: int
    commodity: int
    kind: int
    uom: int
    power_of_ten: int
    typical: int
    price: int
    phase: int | None = None


ELECTRICITY = Service(
    name="electricity",
    service_kind=ServiceKind.ELECTRICITY,
    commodity=CommodityKind.ELECTRICITY_SECONDARY_METERED,
    kind=ENERGY,
    uom=UnitSymbol.WATT_HOUR,
    power_of_ten=0,
    typical=24_000,
    price=15,
    phase=SPLIT_PHASE,
)
GAS_THERMS = Service(
    name="gas-therms",
    service_kind=ServiceKind.GAS,
    commodity=CommodityKind.NATURAL_GAS,
    kind=ENERGY,
    uom=UnitSymbol.THERM,
    power_of_ten=-3,
    typical=2_000,
    price=120,
)
GAS_M3 = Service(
    name="gas-m3",
    service_kind=ServiceKind.GAS,
    commodity=CommodityKind.NATURAL_GAS,
    kind=VOLUME,
    uom=UnitSymbol.CUBIC_METRE,
    power_of_ten=-3,
    typical=5_500,
    price=40,
)
WATER_GALLONS = Service(
    name="water-gallons",
    service_kind=ServiceKind.WATER,
    commodity=CommodityKind.POTABLE_WATER,
    kind=VOLUME,
    uom=UnitSymbol.US_GALLON,
    power_of_ten=0,
    typical=300,
    price=1_000,
)
WATER_LITRES = Service(
    name="water-litres",
    service_kind=ServiceKind.WATER,
    commodity=CommodityKind.POTABLE_WATER,
    kind=VOLUME,
    uom=UnitSymbol.LITRE,
    power_of_ten=0,
    typical=1_100,
    price=300,
)
SERVICES = {
    service.name: service
    for service in (ELECTRICITY, GAS_THERMS, GAS_M3, WATER_GALLONS, WATER_LITRES)
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a generated feed is to be; the same plan gives the same bytes everywhere.

    `interval` is a reading's length in seconds. A day or more becomes whole local days, 28 days
    or more a calendar month. A reading ends with its local day or month, so the last of a day
    may be shorter. `currency` is an ISO 4217 number; `oddities` are names of ODDITIES.
    """

    usage_points: int = 1
    interval: int = 3600
    days: int = 365
    start: date = date(2025, 1, 1)
    time_zone: str = "America/Toronto"
    service: Service = ELECTRICITY
    currency: int = Currency.CAD
    oddities: tuple[str, ...] = ()
    seed: int = 0

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def check(self) -> None:
        """Raise PlanError for what no feed can be."""
        for name in ("usage_points", "interval", "days"):
            if getattr(self, name) < 1:
                raise PlanError(f"{name.replace('_', ' ').capitalize()} must be 1 or more.")
        try:
            _ = self.zone
        except (KeyError, ValueError, OSError) as error:
            raise PlanError(f"There is no time zone {self.time_zone!r}.") from error
        try:
            last = self.start + timedelta(days=self.days)
        except OverflowError:
            last = date.max
        if self.start.year < 1970 or last.year > 2199:
            raise PlanError("The feed must begin in 1970 or later and end before 2200.")
