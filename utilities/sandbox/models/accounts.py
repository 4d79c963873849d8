"""The utility's customers and what is metered at their place."""

from __future__ import annotations

import hashlib

from django.db import models

from utilities.sandbox.models.naming import new_uid


class UtilityAccount(models.Model):
    """A customer of a utility, or a test account."""

    class Scenario(models.TextChoices):
        RESIDENTIAL = "residential"
        COMMERCIAL = "commercial"
        # Simulates that the utility cannot find this customer.
        BADLOGIN = "badlogin"
        # Panels on the roof: a meter that counts both ways.
        SOLAR = "solar"
        # The others let the customer in first: see `scenarios`.
        BADLOGIN_AFTER = "badlogin_after"
        WEBSITEDOWN = "websitedown"
        WEBSITEDOWN_AFTER = "websitedown_after"
        UTILITYERROR = "utilityerror"
        EMPTY = "empty"

    utility = models.CharField(max_length=40)
    number = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    scenario = models.CharField(max_length=20, choices=Scenario.choices)
    is_test = models.BooleanField(default=False)
    address = models.CharField(max_length=300, blank=True)
    email = models.EmailField(blank=True)
    bill_amount = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    bill_date = models.DateField(null=True)
    # Hashed as Django hashes its users'; empty where the utility has none, as for test accounts.
    password = models.CharField(max_length=128, blank=True)
    # What customers can be looked up by, as `identifiers.key` writes it.
    account_key = models.CharField(max_length=40)
    test_key = models.CharField(max_length=40, blank=True)
    username_key = models.CharField(max_length=40, blank=True, db_index=True)
    phone_key = models.CharField(max_length=40, blank=True, db_index=True)
    email_key = models.CharField(max_length=254, blank=True, db_index=True)
    address_key = models.CharField(max_length=300, blank=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["utility", "account_key"], name="sandbox_account_once")
        ]

    def __str__(self) -> str:
        return f"{self.utility} {self.number}"

    @property
    def can_be_found(self) -> bool:
        """False for the test accounts that simulate a failed look-up."""
        return self.scenario != self.Scenario.BADLOGIN


class Service(models.Model):
    """One metered service of an account."""

    class Kind(models.TextChoices):
        ELECTRICITY = "electricity", "Electricity"
        GAS = "gas", "Gas"
        WATER = "water", "Water"

    uid = models.CharField(max_length=40, unique=True, default=new_uid)
    account = models.ForeignKey(UtilityAccount, models.CASCADE, related_name="services")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    profile = models.CharField(max_length=60)
    meter_number = models.CharField(max_length=40)
    address = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "meter_number"], name="sandbox_meter_once_an_account"
            )
        ]
        ordering = ["kind", "meter_number"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.meter_number}"

    @property
    def seed(self) -> int:
        """The number from which the meter's simulated life follows, on every installation alike."""
        name = f"{self.account.utility}:{self.meter_number}"
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6])
