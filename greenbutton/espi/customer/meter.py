from dataclasses import dataclass
from decimal import Decimal

from greenbutton.espi.customer.end_device import END_DEVICE, EndDevice
from greenbutton.espi.customer.enums import MeterMultiplierKind
from greenbutton.espi.element import CUSTOMER
from greenbutton.espi.shape import DECIMAL, SECONDS, TEXT, Field, Shape, word


@dataclass(frozen=True, slots=True)
class MeterMultiplier:
    """customer.xsd MeterMultiplier. `kind` is a MeterMultiplierKind; SCE sends no `value`."""

    kind: str | None = None
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Meter(EndDevice):
    """customer.xsd Meter. `interval_length` in seconds; `serial_number` is what people read on it.

    It hangs below a service location; SCE puts it below the agreement.
    """

    form_number: str | None = None
    meter_multipliers: tuple[MeterMultiplier, ...] = ()
    interval_length: int | None = None


MULTIPLIER = Shape(
    MeterMultiplier,
    Field("kind", "kind", word(MeterMultiplierKind)),
    Field("value", "value", DECIMAL),
    namespace=CUSTOMER,
).nested()
SHAPE = Shape(
    Meter,
    *END_DEVICE,
    Field("formNumber", "form_number", TEXT),
    Field("MeterMultipliers", "meter_multipliers", MULTIPLIER, many=True),
    Field("intervalLength", "interval_length", SECONDS),
    namespace=CUSTOMER,
    through=("endDevice", "asset"),
)
read = SHAPE.read
write = SHAPE.write
