"""What a consent is, at which utility, and how its story is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from authorizations.models.authorizations.queryset import AuthorizationQuerySet
from authorizations.models.events import Event
from authorizations.models.share_links import REFERENCE_LENGTH, ShareLink
from utilities.models import Client, Utility, new_uid

# Days of a file of which nobody has said yet where it was metered.
NO_ZONE = "UTC"


class Consent(models.Model):
    """What all that is said of an authorization rests on: whose data it opens, and its status."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        NEEDS_CONSENT = "needs_consent", "Needs consent"
        EXPIRED = "expired", "Expired"
        REVOKED = "revoked", "Revoked"

    class Origin(models.TextChoices):
        CONNECT = "connect", "Connect"
        FILE = "file", "File"
        ADOPTED = "adopted", "Adopted"

    class Expectation(models.TextChoices):
        """Whether what arrived is of the account that the link was made for."""

        UNKNOWN = "unknown", "Not known"
        MET = "met", "As expected"
        NOT_MET = "not_met", "Not as expected"

    uid = models.CharField(max_length=32, unique=True, default=new_uid, editable=False)
    utility = models.ForeignKey(
        Utility, on_delete=models.PROTECT, null=True, blank=True, related_name="authorizations"
    )
    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, null=True, blank=True, related_name="authorizations"
    )
    share_link = models.ForeignKey(
        ShareLink, on_delete=models.SET_NULL, null=True, blank=True, related_name="authorizations"
    )
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.CONNECT)
    status = models.CharField(max_length=16, choices=Status, default=Status.ACTIVE)
    is_test = models.BooleanField(default=False)
    # The company's own name for it, from the link.
    reference = models.CharField(max_length=REFERENCE_LENGTH, blank=True, db_index=True)
    expectation = models.CharField(max_length=8, choices=Expectation, default=Expectation.UNKNOWN)
    created = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    # The zone in which its days are cut; blank for the utility's. Only files have one of their own,
    # and until the customer has confirmed it, it is what we took from the file or the browser.
    time_zone = models.CharField(max_length=64, blank=True)
    time_zone_is_proposed = models.BooleanField(default=False)

    objects = AuthorizationQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.utility.short_name if self.utility else 'File'} {self.uid}"

    @property
    def source_name(self) -> str:
        """Where the data is from, as its customer knows it."""
        return self.utility.name if self.utility else "Your Green Button file"

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which its days and bills are cut."""
        return ZoneInfo(self.time_zone or (self.utility.time_zone if self.utility else NO_ZONE))

    def is_from_file(self) -> bool:
        """Whether the customer brought it, so that there is no utility to ask."""
        return self.origin == self.Origin.FILE

    def is_pulled(self) -> bool:
        """Whether it is collected by itself; not a file, nor what only a Bulk feed brings."""
        return self.origin == self.Origin.CONNECT or self.is_opened_by_client()

    def is_opened_by_client(self) -> bool:
        """Whether it has no tokens of its own, and those of its registration open it."""
        return (
            self.origin == self.Origin.ADOPTED
            and self.utility is not None
            and self.utility.behaviour.client_token_reads_subscriptions
        )

    def can_be_stopped(self) -> bool:
        """Whether there is anything to stop sharing."""
        return self.status != self.Status.REVOKED

    def expected(self, met: bool) -> None:
        """Note whether it is of the account that was expected, and tell if that is news."""
        answer = self.Expectation.MET if met else self.Expectation.NOT_MET
        if self.expectation == answer:
            return
        self.expectation = answer
        with transaction.atomic():
            self.save(update_fields=["expectation"])
            self.tell(f"authorization_expectation_{answer}")

    def propose_time_zone(self, name: str) -> None:
        """Cut days in this zone from now on, until the customer says which it is."""
        self._take_time_zone(name, is_proposed=True)

    def settle_time_zone(self, name: str) -> None:
        """This is the zone. Whoever says so cuts the days that are stored anew."""
        self._take_time_zone(name, is_proposed=False)

    def _take_time_zone(self, name: str, *, is_proposed: bool) -> None:
        is_the_utilitys = self.utility is not None and name == self.utility.time_zone
        self.time_zone = "" if is_the_utilitys else name
        self.time_zone_is_proposed = is_proposed
        self.save(update_fields=["time_zone", "time_zone_is_proposed"])

    def archive(self) -> None:
        """Put it away from lists and figures; refuses while data still flows in unseen."""
        if self.status == self.Status.ACTIVE and not self.is_from_file():
            raise ValidationError("This authorization is active. Stop sharing before archiving it.")
        self._write("authorization_archived", {}, {"archived_at": timezone.now()})

    def unarchive(self) -> None:
        """Bring it back into lists and figures."""
        self._write("authorization_unarchived", {}, {"archived_at": None})

    def _write(self, event: str, detail: dict[str, Any], fields: dict[str, Any]) -> None:
        """Change the row and tell of it, both or neither."""
        with transaction.atomic():
            for name, value in fields.items():
                setattr(self, name, value)
            self.save(update_fields=list(fields))
            self.tell(event, **detail)

    def tell(self, type: str, **detail: Any) -> Event:  # noqa: A002 (the platform's word)
        """Write an event about this authorization; `detail` holds no personal data."""
        [event] = self.tell_all([(type, detail)])
        return event

    def tell_all(self, told: Iterable[tuple[str, dict[str, Any]]]) -> list[Event]:
        """Write several events, each a type and its detail, in this order and at once."""
        return Event.objects.bulk_create(
            Event(authorization_id=self.pk, type=type_, detail=detail) for type_, detail in told
        )
