"""What was collected, and how the collecting went.

The nouns are ESPI's. Raw integers are stored as they came; units are applied where people look
(style rule 12).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from authorizations.models import LEASE, Authorization, ConnectAttempt, PullTrigger
from utilities.encrypted import EncryptedTextField
from utilities.models import Client, new_uid

# A storm of notices makes one reading of a Bulk feed in so much time.
BRING_FORWARD_EVERY = timedelta(minutes=15)
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


class CustomerSide(models.Model):
    """What every resource of the customer's side has (http://naesb.org/espi/customer).

    A level that the feed leaves out is null. What says who or where the customer is, is encrypted:
    it is shown and compared, never searched. Identities and links are plain, as they are looked
    up: certified feeds may have nothing personal in them.
    """

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    authorization = models.ForeignKey(Authorization, on_delete=models.CASCADE, related_name="+")
    # The persistent UUID, else the self link.
    identity = models.CharField(max_length=500)
    # By these a later document's entries find it, and it finds a parent that comes later.
    self_link = models.TextField(blank=True)
    up_link = models.TextField(blank=True)
    related_links = ArrayField(models.TextField(), default=list)

    class Meta:
        abstract = True
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["authorization", "identity"], name="one_%(class)s_an_identity"
            )
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.uid}"


class Address(models.Model):
    """customer.xsd StreetAddress, as people write it; `street` may have several lines."""

    street = EncryptedTextField(blank=True)
    city = EncryptedTextField(blank=True)
    state = EncryptedTextField(blank=True)
    postal_code = EncryptedTextField(blank=True)

    class Meta:
        abstract = True

    @property
    def address_lines(self) -> list[str]:
        """The lines of an envelope, without the name; none where nothing is known."""
        region = " ".join(part for part in (self.state, self.postal_code) if part)
        town = ", ".join(part for part in (self.city, region) if part)
        return [line for line in (*self.street.splitlines(), town) if line]


class Customer(CustomerSide, Address):
    """Whose the accounts are (customer.xsd Customer)."""

    name = EncryptedTextField(blank=True)
    # A CustomerKind; other words are kept.
    kind = models.CharField(max_length=64, blank=True)


class CustomerAccount(CustomerSide):
    """What is billed together (customer.xsd CustomerAccount)."""

    customer = models.ForeignKey(
        Customer, on_delete=models.CASCADE, null=True, related_name="accounts"
    )
    account_id = EncryptedTextField(blank=True)
    # Before ESPI 4.0, and at PG&E and SCE to this day, the number is the name.
    name = EncryptedTextField(blank=True)

    @property
    def number(self) -> str:
        """What a customer knows as the account number."""
        return self.account_id or self.name


class CustomerAgreement(CustomerSide):
    """The contract for a service at a place (customer.xsd CustomerAgreement)."""

    account = models.ForeignKey(
        CustomerAccount, on_delete=models.CASCADE, null=True, related_name="agreements"
    )
    agreement_id = EncryptedTextField(blank=True)
    name = EncryptedTextField(blank=True)
    # {identity: {"kind", "name"}} of its ServiceSuppliers: companies, nobody's personal data.
    suppliers = models.JSONField(default=dict)

    @property
    def number(self) -> str:
        """What a customer knows as the agreement or service number."""
        return self.agreement_id or self.name


class ServiceLocation(CustomerSide, Address):
    """Where a service is delivered (customer.xsd ServiceLocation)."""

    agreement = models.ForeignKey(
        CustomerAgreement, on_delete=models.CASCADE, null=True, related_name="service_locations"
    )
    # Its links to usage points, as written: one of them may be collected later.
    usage_point_links = ArrayField(models.TextField(), default=list)


class Meter(CustomerSide):
    """A device at the customer's (customer.xsd Meter, or the EndDevice that it is).

    SCE puts it below the agreement.
    """

    service_location = models.ForeignKey(
        ServiceLocation, on_delete=models.CASCADE, null=True, related_name="meters"
    )
    agreement = models.ForeignKey(
        CustomerAgreement, on_delete=models.CASCADE, null=True, related_name="meters"
    )
    is_meter = models.BooleanField(default=True)
    serial_number = EncryptedTextField(blank=True)
    name = models.CharField(max_length=256, blank=True)
    type = models.CharField(max_length=256, blank=True)
    form_number = models.CharField(max_length=256, blank=True)
    installed = models.DateTimeField(null=True)


class Pull(models.Model):
    """One attempt to bring data in for an authorization, written as running before anything else.

    Most collect from the utility, by themselves or out of a Bulk feed of many customers; the others
    read a file that a customer or somebody of the staff brought.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        WAITING = "waiting", "Utility is preparing"
        FAILED = "failed", "Failed"
        ABANDONED = "abandoned", "Abandoned"

    class Source(models.TextChoices):
        UTILITY = "utility", "Utility"
        UPLOAD = "upload", "Upload"
        COMMAND = "command", "Command"
        BULK = "bulk", "Bulk"
        REPLAY = "replay", "What was kept"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    authorization = models.ForeignKey(Authorization, on_delete=models.CASCADE, related_name="pulls")
    started = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    source = models.CharField(max_length=8, choices=Source, default=Source.UTILITY)
    # Why it was due; blank for what is no collecting.
    trigger = models.CharField(max_length=16, choices=PullTrigger, blank=True)
    # Of a replay: the pull whose feeds, with all that came after them, were read again.
    replay_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="replays"
    )
    # What a file was called where it came from, shortened; blank for what the utility sent.
    file_name = models.CharField(max_length=100, blank=True)
    first = models.BooleanField(default=False)
    # The history that somebody asked for, where it collects that and not what is new.
    history = models.ForeignKey(
        "HistoricalCollection", on_delete=models.SET_NULL, null=True, related_name="pulls"
    )
    windows_planned = models.PositiveIntegerField(default=0)
    windows_done = models.PositiveIntegerField(default=0)
    # Readings seen in the feeds; of those, how many were new and how many changed a stored one.
    readings = models.PositiveBigIntegerField(default=0)
    new = models.PositiveBigIntegerField(default=0)
    changed = models.PositiveBigIntegerField(default=0)
    bills = models.PositiveIntegerField(default=0)
    # The reader's Findings, grouped: [{"code", "count", "where", "detail"}], the first of a kind.
    findings = models.JSONField(default=list)
    # Requests to the utility, tokens among them.
    requests = models.PositiveIntegerField(default=0)
    # What was asked for and what came of it, in order: each a `greenbutton.ingest.story.Step`.
    steps = models.JSONField(default=list)
    # When the utility is asked again, as far as this attempt had a say in it.
    next_at = models.DateTimeField(null=True)
    # What went wrong, in words for staff; never a token, never the customer's data.
    error = models.TextField(blank=True)
    # The same in words for the customer.
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["-started", "-id"]
        indexes = [
            models.Index(
                fields=["authorization"],
                name="uploads_to_read",
                condition=models.Q(source="upload", state="running"),
            ),
            models.Index(
                fields=["authorization"],
                name="replays_to_do",
                condition=models.Q(source="replay", state="running"),
            ),
        ]

    def __str__(self) -> str:
        what = {
            self.Source.UPLOAD.value: "import",
            self.Source.COMMAND.value: "import",
            self.Source.REPLAY.value: "replay",
        }.get(self.source, "pull")
        return f"{what} of {self.started:%Y-%m-%d %H:%M} ({self.get_state_display()})"


class Recutting(models.Model):
    """Days that are to be cut anew, because somebody asked for it, and what came of it.

    While one waits, whoever asks again changes what it is for.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    authorization = models.ForeignKey(
        Authorization, on_delete=models.CASCADE, related_name="recuttings"
    )
    # The authorization's own from then on; blank where it keeps the one that it has.
    time_zone = models.CharField(max_length=64, blank=True)
    asked = models.DateTimeField(default=timezone.now)
    # How often a worker began it.
    tries = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    finished = models.DateTimeField(null=True)
    # What was cut, or why nothing was, in words for staff.
    words = models.TextField(blank=True)

    class Meta:
        ordering = ["-asked", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["authorization"],
                name="one_recutting_waits",
                condition=models.Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"days cut anew, asked {self.asked:%Y-%m-%d %H:%M} ({self.get_state_display()})"


class HistoricalCollection(models.Model):
    """A history that is to be asked for once more, for a whole authorization or for one meter.

    It goes through the windows of a first history, in as many pulls as it takes; the cursor of the
    ordinary collecting does not move.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    authorization = models.ForeignKey(
        Authorization, on_delete=models.CASCADE, related_name="histories"
    )
    # The only meter that it is about; null for all of them.
    usage_point = models.ForeignKey(
        UsagePoint, on_delete=models.SET_NULL, null=True, related_name="histories"
    )
    # Where its windows end; also which of several comes first.
    asked = models.DateTimeField(default=timezone.now)
    asked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    why = models.CharField(max_length=300, blank=True)
    # Null for all that was granted.
    since = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    started = models.DateTimeField(null=True)
    windows_done = models.PositiveIntegerField(default=0)
    # How often it failed since a window was last stored.
    tries = models.PositiveSmallIntegerField(default=0)
    finished = models.DateTimeField(null=True)
    # Why it ended before it was done, in words for staff.
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-asked", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["authorization", "usage_point"],
                name="one_history_waits",
                condition=models.Q(state="waiting"),
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"history asked {self.asked:%Y-%m-%d %H:%M} ({self.get_state_display()})"


class BulkCollection(models.Model):
    """One registration's Bulk address, when it is to be read again, and how that went last.

    A Bulk feed holds what several customers share (FB 35). It is work of the registration: what
    goes wrong with it says nothing of any customer's consent.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        DELAYED = "delayed", "Utility is preparing"
        GONE = "gone", "Gone"
        FAILED = "failed", "Failed"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="bulk_collections")
    # Without a query: what is asked for follows from what was collected before.
    uri = models.CharField(max_length=500)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    due_at = models.DateTimeField(null=True)
    # When it was, or is to be, read because somebody said that there is something new.
    brought_forward_to = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    run_id = models.CharField(max_length=32, blank=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    # Up to when all that was published is stored.
    collected_to = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    # What the last one held: {"authorizations", "entries", "unknown", "disputed", …}.
    counts = models.JSONField(default=dict)
    # What went wrong, in words for staff; never a token, never a customer's data.
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-due_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["client", "uri"], name="one_bulk_collection_an_address")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], name="due_bulks", condition=models.Q(due_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"Bulk of {self.client.client_id} ({self.get_state_display()})"

    @classmethod
    def bring_forward(cls, client: Client, uri: str) -> BulkCollection:
        """Have this address read now, or as soon as its last bringing forward is 15 minutes old.

        Whoever calls it knows the address: as this registration's own, and as the utility's.
        """
        now = timezone.now()
        address = uri.partition("#")[0].partition("?")[0]
        with transaction.atomic():
            cls.objects.get_or_create(client=client, uri=address)
            row = cls.objects.select_for_update(of=("self",)).get(client=client, uri=address)
            before = row.brought_forward_to
            turn = now if before is None else max(now, before + BRING_FORWARD_EVERY)
            # One that waits for its turn has it already.
            turn = before if before is not None and before > now else turn
            row.brought_forward_to, row.due_at = turn, min(turn, row.due_at or turn)
            row.save(update_fields=["brought_forward_to", "due_at"])
        return row

    def from_the_beginning(self) -> None:
        """Read all of it, and now: it was told of a customer of whom nothing was stored so far.

        A run that is on now is of the time before, so its end no longer counts.
        """
        now = timezone.now()
        fresh = {"collected_to": None, "run_id": "", "claimed_until": None, "due_at": now}
        BulkCollection.objects.filter(pk=self.pk).update(**fresh)

    def take(self, run_id: str) -> bool:
        """Begin to read it, unless somebody else is at it, or has been since it was queued."""
        now = timezone.now()
        # Whoever queued it has claimed it for a moment, without a run.
        free = models.Q(run_id="") | models.Q(claimed_until=None) | models.Q(claimed_until__lte=now)
        mine = BulkCollection.objects.filter(free, pk=self.pk, due_at__lte=now)
        return bool(
            mine.update(
                run_id=run_id,
                claimed_until=now + LEASE,
                started=now,
                finished=None,
                state=self.State.RUNNING,
            )
        )

    def renew(self, run_id: str) -> bool:
        """Keep it for as long again; False if somebody else is at it by now."""
        mine = BulkCollection.objects.filter(pk=self.pk, run_id=run_id)
        return bool(mine.update(claimed_until=timezone.now() + LEASE))

    def ended(
        self,
        run_id: str,
        state: State,
        *,
        due_at: datetime | None = None,
        error: str = "",
        **fields: object,
    ) -> None:
        """Say how it went, and when it is read again; news that came meanwhile keep their time."""
        with transaction.atomic():
            rows = BulkCollection.objects.select_for_update(of=("self",))
            row = rows.filter(pk=self.pk, run_id=run_id).first()
            if row is None:
                return
            news, started = row.brought_forward_to, row.started
            times = [due_at, news if news and started and news > started else None]
            BulkCollection.objects.filter(pk=row.pk).update(
                state=state,
                error=error,
                finished=timezone.now(),
                due_at=min((at for at in times if at), default=None),
                claimed_until=None,
                run_id="",
                **fields,
            )


class ClientCheck(models.Model):
    """A registration that is tested: a test customer goes the whole way, and each step is told.

    It is what a worker needs to go on with what another one began.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for a worker"
        RUNNING = "running", "Running"
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="checks")
    asked_by = models.ForeignKey("auth.User", on_delete=models.SET_NULL, null=True)
    asked = models.DateTimeField(default=timezone.now)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    # [{"name", "state": ok, failed or skipped, "words", "seconds"}], those that are over.
    steps = models.JSONField(default=list)
    # The test customer's way to the utility, which is forgotten with the data, and what came of it.
    attempt = models.ForeignKey(
        ConnectAttempt, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    authorization = models.ForeignKey(
        Authorization, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # When a worker is to take it, or to go on with it; null when it is over.
    due_at = models.DateTimeField(null=True, default=timezone.now)
    # Until when the worker that has it may keep it without a word.
    taken_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["client"],
                name="one_check_a_client_at_a_time",
                condition=models.Q(state__in=["waiting", "running"]),
            )
        ]

    def __str__(self) -> str:
        return f"check of {self.client.client_id}, {self.asked:%Y-%m-%d %H:%M}"

    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in {self.State.PASSED, self.State.FAILED}


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
