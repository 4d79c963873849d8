"""The customer's side: who, under which contract, where, and at which meter."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from authorizations.models import Authorization
from utilities.encrypted import EncryptedTextField
from utilities.models import new_uid


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
