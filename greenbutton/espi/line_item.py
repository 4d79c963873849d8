from dataclasses import dataclass

from greenbutton.espi.enums import ItemKind
from greenbutton.espi.period import PERIOD, Period
from greenbutton.espi.shape import NUMBER, SECONDS, TEXT, Field, Shape, code
from greenbutton.espi.summary_measurement import MEASUREMENT, SummaryMeasurement


@dataclass(frozen=True, slots=True)
class LineItem:
    """espi.xsd LineItem: one line of a bill. Its money has no stated scale; in practice 10^-5."""

    amount: int | None = None
    rounding: int | None = None
    date_time: int | None = None
    note: str | None = None
    measurement: SummaryMeasurement | None = None
    item_kind: int | None = None
    unit_cost: int | None = None
    item_period: Period | None = None


SHAPE = Shape(
    LineItem,
    Field("amount", "amount", NUMBER),
    Field("rounding", "rounding", NUMBER),
    Field("dateTime", "date_time", SECONDS),
    Field("note", "note", TEXT),
    Field("measurement", "measurement", MEASUREMENT),
    Field("itemKind", "item_kind", code(ItemKind)),
    Field("unitCost", "unit_cost", NUMBER),
    Field("itemPeriod", "item_period", PERIOD),
)
LINE_ITEM = SHAPE.nested()
