"""Usage as it was collected: usage points, their readings a day a row, and their bills."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from authorizations.models import Authorization
from utilities.encrypted import EncryptedTextField
from utilities.models import new_uid

# Seconds, 68 years: a length as long as the column of a reading's holds, within all calendars.
LONGEST_PERIOD = 2**31 - 1


class UsagePointQuerySet(models.QuerySet["UsagePoint"]):
    """Questions that pages and the store ask."""

    def shared(self) -> UsagePointQuerySet:
        """Those of which the customer has not stopped sharing."""
        return self.filter(stopped_at=None)


class UsagePoint(models.Model):
    """A place where a service is measured (espi.xsd UsagePoint), within one authorization.

    Customers and pages call it a meter. Three things may end, each by itself: staff stop monitoring
    it (what is there stays), the utility no longer sends it (closed; what is there stays), or its
    customer stops sharing it (what is there goes, and nothing of it is ever stored again).
    """

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    authorization = models.ForeignKey(
        Authorization, on_delete=models.CASCADE, related_name="usage_points"
    )
    # The persistent UUID, else the self link, else the link that its children point up to.
    identity = models.CharField(max_length=500)
    title = models.CharField(max_length=256, blank=True)
    # espi.xsd ServiceKind; unknown numbers are kept, absence is null.
    kind = models.IntegerField(null=True)
    status = models.IntegerField(null=True)
    role_flags = models.CharField(max_length=16, blank=True)
    # The links that its entry had last, by which a later feed without that entry points at it.
    links = ArrayField(models.TextField(), default=list)
    created = models.DateTimeField(auto_now_add=True)
    # espi.xsd ServiceDeliveryPoint: its name, and the tariff by the utility's name for it.
    delivery_point = models.CharField(max_length=256, blank=True)
    tariff_profile = models.CharField(max_length=256, blank=True)
    # Where it is, once a service location has pointed at it: the bridge to the customer's side.
    service_location = models.ForeignKey(
        "ServiceLocation", on_delete=models.SET_NULL, null=True, related_name="usage_points"
    )

    # Since when staff have nothing new of it stored, and why.
    monitoring_stopped_at = models.DateTimeField(null=True, blank=True)
    monitoring_stopped_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    monitoring_stopped_why = models.CharField(max_length=300, blank=True)

    # In how many pulls running it was missing where others of its authorization were listed, and
    # since when that is taken for its end.
    missed_pulls = models.PositiveSmallIntegerField(default=0)
    closed_at = models.DateTimeField(null=True, blank=True)

    # Since when it is no longer shared, stopped by `customer` or `staff`. The row stays, without
    # what the utility said of it, so that it is recognised and passed over: by keyed hashes of the
    # names and links that it, its series and its place had. The key is the row's own.
    stopped_at = models.DateTimeField(null=True, blank=True)
    stopped_by = models.CharField(max_length=16, blank=True)
    stopped_names = ArrayField(models.CharField(max_length=64), default=list)
    names_key = EncryptedTextField(blank=True)
    # When a worker looks once more whether anything of it was left behind.
    forget_at = models.DateTimeField(null=True, blank=True)

    objects = UsagePointQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        # What people call it; the standard's Meter is the device there.
        verbose_name = "meter"
        constraints = [
            models.UniqueConstraint(
                fields=["authorization", "identity"], name="one_usage_point_an_identity"
            )
        ]
        indexes = [
            models.Index(
                fields=["forget_at"],
                name="meters_to_forget",
                condition=models.Q(forget_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        # Not its title, which may be an address: the staff's history keeps what a row was called.
        return f"usage point {self.uid}"

    def is_shared(self) -> bool:
        """Whether its customer has not stopped sharing it."""
        return self.stopped_at is None

    def is_monitored(self) -> bool:
        """Whether what the utility sends of it is stored."""
        return self.stopped_at is None and self.monitoring_stopped_at is None

    def stop_monitoring(self, by: User | None, why: str) -> None:
        """Store nothing new of it from the next document on; what is there stays."""
        if not self.is_monitored():
            raise ValidationError("It is not monitored.")
        self._monitoring(timezone.now(), by, why, "meter_monitoring_stopped")

    def start_monitoring(self) -> None:
        """Store what comes of it again; what came meanwhile has to be asked for by itself."""
        if self.is_monitored() or not self.is_shared():
            raise ValidationError("It is monitored, or no longer shared.")
        self._monitoring(None, None, "", "meter_monitoring_started")

    def _monitoring(self, at: datetime | None, by: User | None, why: str, event: str) -> None:
        self.monitoring_stopped_at, self.monitoring_stopped_by = at, by
        self.monitoring_stopped_why = why
        with transaction.atomic():
            self.save(
                update_fields=[
                    "monitoring_stopped_at",
                    "monitoring_stopped_by",
                    "monitoring_stopped_why",
                ]
            )
            self.tell(event)

    def tell(self, event: str) -> None:
        """Write an event about this meter, which it names by its uid only."""
        self.authorization.tell(event, usage_point=self.uid)


class MeterReading(models.Model):
    """One series of readings of a usage point (espi.xsd MeterReading), with its ReadingType."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    usage_point = models.ForeignKey(
        UsagePoint, on_delete=models.CASCADE, related_name="meter_readings"
    )
    identity = models.CharField(max_length=500)
    title = models.CharField(max_length=256, blank=True)
    links = ArrayField(models.TextField(), default=list)
    # Its customer consented anew since it came last, and perhaps it has another name by now: what
    # comes of the same meter and of the same kind is this one.
    of_earlier_grant = models.BooleanField(default=False)

    # espi.xsd ReadingType, as numbers; null where the feed says nothing.
    uom = models.IntegerField(null=True)
    power_of_ten = models.IntegerField(null=True)
    commodity = models.IntegerField(null=True)
    currency = models.IntegerField(null=True)
    flow_direction = models.IntegerField(null=True)
    accumulation_behaviour = models.IntegerField(null=True)
    interval_length = models.BigIntegerField(null=True)
    measurement_kind = models.IntegerField(null=True)
    default_quality = models.IntegerField(null=True)
    # What tells apart two series of one unit and direction.
    tou = models.SmallIntegerField(null=True)
    cpp = models.SmallIntegerField(null=True)
    consumption_tier = models.SmallIntegerField(null=True)
    phase = models.IntegerField(null=True)
    data_qualifier = models.IntegerField(null=True)
    time_attribute = models.IntegerField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["usage_point", "identity"], name="one_meter_reading_an_identity"
            )
        ]

    def __str__(self) -> str:
        return self.title or f"meter reading {self.uid}"


class ReadingDay(models.Model):
    """All readings of one meter reading that start on one local day of its utility.

    Reading i starts `offsets[i]` seconds after `start` and lasts `durations[i]`; where those arrays
    are null the day is uniform and gapless, and reading i starts `i * seconds` after `start`.
    `values`, `costs` (10^-5 of the currency), `qualities`, `tou`, `cpp` and `tiers` have an element
    a reading; each array is null where no reading of the day has such a thing.

    Partitioned by the authorization's hash (see the first migration), so the key is composite and
    the foreign keys delete in the database.
    """

    pk = models.CompositePrimaryKey("authorization_id", "meter_reading_id", "day")
    # The primary key begins with it, so it needs no index of its own.
    authorization = models.ForeignKey(
        Authorization, on_delete=models.DO_NOTHING, related_name="reading_days", db_index=False
    )
    meter_reading = models.ForeignKey(
        MeterReading, on_delete=models.DO_NOTHING, related_name="days"
    )
    day = models.DateField()
    start = models.DateTimeField()
    seconds = models.IntegerField()
    values = ArrayField(models.BigIntegerField(null=True))
    costs = ArrayField(models.BigIntegerField(null=True), null=True)
    qualities = ArrayField(models.SmallIntegerField(null=True), null=True)
    tou = ArrayField(models.SmallIntegerField(null=True), null=True)
    cpp = ArrayField(models.SmallIntegerField(null=True), null=True)
    tiers = ArrayField(models.SmallIntegerField(null=True), null=True)
    offsets = ArrayField(models.IntegerField(), null=True)
    durations = ArrayField(models.IntegerField(), null=True)
    count = models.IntegerField()
    total = models.BigIntegerField()
    total_cost = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.day}: {self.count} readings"


class ReadingCorrection(models.Model):
    """A reading that the utility changed after it was stored: what it was, is, and since when."""

    authorization = models.ForeignKey(
        Authorization, on_delete=models.CASCADE, related_name="corrections"
    )
    meter_reading = models.ForeignKey(
        MeterReading, on_delete=models.CASCADE, related_name="corrections"
    )
    start = models.DateTimeField()
    seconds = models.IntegerField()
    old_value = models.BigIntegerField(null=True)
    new_value = models.BigIntegerField(null=True)
    old_cost = models.BigIntegerField(null=True)
    new_cost = models.BigIntegerField(null=True)
    # Often all that changes: what was estimated is validated (espi.xsd QualityOfReading).
    old_quality = models.SmallIntegerField(null=True)
    new_quality = models.SmallIntegerField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.start}: {self.old_value} became {self.new_value}"


class UsageSummary(models.Model):
    """A bill (espi.xsd UsageSummary, or its older twin ElectricPowerUsageSummary)."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    usage_point = models.ForeignKey(UsagePoint, on_delete=models.CASCADE, related_name="summaries")
    identity = models.CharField(max_length=500)
    start = models.DateTimeField(null=True)
    seconds = models.BigIntegerField(null=True)
    # Hundred-thousandths of the currency, an ISO 4217 number.
    bill_last_period = models.BigIntegerField(null=True)
    bill_to_date = models.BigIntegerField(null=True)
    currency = models.IntegerField(null=True)
    consumption = models.BigIntegerField(null=True)
    consumption_power_of_ten = models.IntegerField(null=True)
    consumption_uom = models.IntegerField(null=True)
    line_items = models.JSONField(default=list)
    tariff_profile = models.CharField(max_length=256, blank=True)
    agency = models.CharField(max_length=256, blank=True)
    # As of a meter reading: what comes of the same meter and for the same period is this one.
    of_earlier_grant = models.BooleanField(default=False)

    class Meta:
        ordering = ["-start", "-id"]
        verbose_name_plural = "usage summaries"
        constraints = [
            models.UniqueConstraint(
                fields=["usage_point", "identity"], name="one_usage_summary_an_identity"
            )
        ]

    def __str__(self) -> str:
        return f"bill from {self.start:%Y-%m-%d}" if self.start else "bill without a period"

    @property
    def end(self) -> datetime | None:
        """The first instant after the billing period; None for one that outlasts all meters."""
        if self.start is None or self.seconds is None or abs(self.seconds) > LONGEST_PERIOD:
            return None
        return self.start + timedelta(seconds=self.seconds)
