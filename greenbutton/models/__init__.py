"""What was collected, and how the collecting went.

The nouns are ESPI's. Raw integers are stored as they came; units are applied where people look
(style rule 12).
"""

from greenbutton.models.bulk import BulkCollection
from greenbutton.models.client_checks import ClientCheck
from greenbutton.models.customer import (
    Address,
    Customer,
    CustomerAccount,
    CustomerAgreement,
    CustomerSide,
    Meter,
    ServiceLocation,
)
from greenbutton.models.pulls import Pull, RawFeed, RawFeedPart
from greenbutton.models.usage import (
    LONGEST_PERIOD,
    MeterReading,
    ReadingCorrection,
    ReadingDay,
    UsagePoint,
    UsagePointQuerySet,
    UsageSummary,
)
from greenbutton.models.wishes import HistoricalCollection, Recutting

__all__ = [
    "LONGEST_PERIOD",
    "Address",
    "BulkCollection",
    "ClientCheck",
    "Customer",
    "CustomerAccount",
    "CustomerAgreement",
    "CustomerSide",
    "HistoricalCollection",
    "Meter",
    "MeterReading",
    "Pull",
    "RawFeed",
    "RawFeedPart",
    "ReadingCorrection",
    "ReadingDay",
    "Recutting",
    "ServiceLocation",
    "UsagePoint",
    "UsagePointQuerySet",
    "UsageSummary",
]
