from dataclasses import dataclass

from greenbutton.espi.enums import CommodityKind, Currency, QualityOfReading
from greenbutton.espi.line_item import LINE_ITEM, LineItem
from greenbutton.espi.period import PERIOD, Period
from greenbutton.espi.shape import NUMBER, SECONDS, TEXT, Field, Shape, code
from greenbutton.espi.summary_measurement import MEASUREMENT, SummaryMeasurement
from greenbutton.espi.tariff_rider_ref import TARIFF_RIDER_REFS, TariffRiderRef


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """espi.xsd UsageSummary, and its deprecated twin ElectricPowerUsageSummary: a bill.

    Money is in 10^-5 of `currency` (an ISO 4217 number); times are UTC seconds.
    `billing_charge_source` is the agency's name, where several bill one period.
    """

    billing_period: Period | None = None
    bill_last_period: int | None = None
    bill_to_date: int | None = None
    cost_additional_last_period: int | None = None
    line_items: tuple[LineItem, ...] = ()
    currency: int | None = None
    overall_consumption: SummaryMeasurement | None = None
    current_billing_period_consumption: SummaryMeasurement | None = None
    current_day_last_year_net_consumption: SummaryMeasurement | None = None
    current_day_net_consumption: SummaryMeasurement | None = None
    current_day_overall_consumption: SummaryMeasurement | None = None
    peak_demand: SummaryMeasurement | None = None
    previous_day_last_year_overall_consumption: SummaryMeasurement | None = None
    previous_day_net_consumption: SummaryMeasurement | None = None
    previous_day_overall_consumption: SummaryMeasurement | None = None
    quality_of_reading: int | None = None
    ratchet_demand: SummaryMeasurement | None = None
    ratchet_demand_period: Period | None = None
    status_time_stamp: int | None = None
    commodity: int | None = None
    tariff_profile: str | None = None
    read_cycle: str | None = None
    tariff_rider_refs: tuple[TariffRiderRef, ...] = ()
    billing_charge_source: str | None = None


SHAPE = Shape(
    UsageSummary,
    Field("billingPeriod", "billing_period", PERIOD),
    Field("billLastPeriod", "bill_last_period", NUMBER),
    Field("billToDate", "bill_to_date", NUMBER),
    Field("costAdditionalLastPeriod", "cost_additional_last_period", NUMBER),
    Field("costAdditionalDetailLastPeriod", "line_items", LINE_ITEM, many=True),
    Field("currency", "currency", code(Currency)),
    Field("overallConsumptionLastPeriod", "overall_consumption", MEASUREMENT),
    # The capital A is the schema's.
    Field(
        "currentBillingPeriodOverAllConsumption", "current_billing_period_consumption", MEASUREMENT
    ),
    Field("currentDayLastYearNetConsumption", "current_day_last_year_net_consumption", MEASUREMENT),
    Field("currentDayNetConsumption", "current_day_net_consumption", MEASUREMENT),
    Field("currentDayOverallConsumption", "current_day_overall_consumption", MEASUREMENT),
    Field("peakDemand", "peak_demand", MEASUREMENT),
    Field(
        "previousDayLastYearOverallConsumption",
        "previous_day_last_year_overall_consumption",
        MEASUREMENT,
    ),
    Field("previousDayNetConsumption", "previous_day_net_consumption", MEASUREMENT),
    Field("previousDayOverallConsumption", "previous_day_overall_consumption", MEASUREMENT),
    Field("qualityOfReading", "quality_of_reading", code(QualityOfReading)),
    Field("ratchetDemand", "ratchet_demand", MEASUREMENT),
    Field("ratchetDemandPeriod", "ratchet_demand_period", PERIOD),
    Field("statusTimeStamp", "status_time_stamp", SECONDS),
    Field("commodity", "commodity", code(CommodityKind)),
    Field("tariffProfile", "tariff_profile", TEXT),
    Field("readCycle", "read_cycle", TEXT),
    TARIFF_RIDER_REFS,
    Field("agencyName", "billing_charge_source", TEXT, within="billingChargeSource"),
)
read = SHAPE.read
write = SHAPE.write
