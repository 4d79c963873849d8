"""What was collected, and how the collecting went.

The nouns are ESPI's. Raw integers are stored as they came; units are applied where people look
(style rule 12).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models

from authorizations.models import Authorization
from utilities.models import new_uid


class UsagePoint(models.Model):
    """A place where a service is measured (espi.xsd UsagePoint), within one authorization."""

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

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["authorization", "identity"], name="one_usage_point_an_identity"
            )
        ]

    def __str__(self) -> str:
        return self.title or f"usage point {self.uid}"


class MeterReading(models.Model):
    """One series of readings of a usage point (espi.xsd MeterReading), with its ReadingType."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    usage_point = models.ForeignKey(
        UsagePoint, on_delete=models.CASCADE, related_name="meter_readings"
    )
    identity = models.CharField(max_length=500)
    title = models.CharField(max_length=256, blank=True)
    links = ArrayField(models.TextField(), default=list)

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
        """The first instant after the billing period."""
        if self.start is None or self.seconds is None:
            return None
        return self.start + timedelta(seconds=self.seconds)


class Pull(models.Model):
    """One attempt to collect for an authorization, written as running before anything is asked."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        WAITING = "waiting", "Utility is preparing"
        FAILED = "failed", "Failed"
        ABANDONED = "abandoned", "Abandoned"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    authorization = models.ForeignKey(Authorization, on_delete=models.CASCADE, related_name="pulls")
    started = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    first = models.BooleanField(default=False)
    windows_planned = models.PositiveIntegerField(default=0)
    windows_done = models.PositiveIntegerField(default=0)
    # Readings seen in the feeds; of those, how many were new and how many changed a stored one.
    readings = models.PositiveBigIntegerField(default=0)
    new = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    bills = models.PositiveIntegerField(default=0)
    # The reader's Findings, grouped: [{"code", "count", "where", "detail"}], the first of a kind.
    findings = models.JSONField(default=list)
    # What went wrong, in words for staff; never a token, never the customer's data.
    error = models.TextField(blank=True)
    # The same in words for the customer.
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["-started", "-id"]

    def __str__(self) -> str:
        return f"pull of {self.started:%Y-%m-%d %H:%M} ({self.get_state_display()})"


class RawFeed(models.Model):
    """A feed exactly as it came, compressed and encrypted with its authorization's own key."""

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    pull = models.ForeignKey(Pull, on_delete=models.CASCADE, related_name="raw_feeds")
    received = models.DateTimeField(auto_now_add=True)
    window_start = models.DateTimeField(null=True)
    window_end = models.DateTimeField(null=True)
    size = models.PositiveBigIntegerField(help_text="Bytes before compression.")
    sha256 = models.CharField(max_length=64)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-received", "-id"]

    def __str__(self) -> str:
        return f"feed of {self.received:%Y-%m-%d %H:%M}, {self.size:,} bytes"


class RawFeedPart(models.Model):
    """A piece of a raw feed, so that a large one never has to lie in memory whole."""

    raw_feed = models.ForeignKey(RawFeed, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    body = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                fields=["raw_feed", "number"], name="one_raw_feed_part_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"part {self.number}"
