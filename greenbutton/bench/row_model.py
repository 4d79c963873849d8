"""Readings as most people store them, for comparison: a table that only the bench has."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class BenchRow(models.Model):
    """One row a reading. Its table is made by the contenders, and by no migration."""

    pk = models.CompositePrimaryKey("meter_reading", "start")
    meter_reading = models.BigIntegerField()
    start = models.DateTimeField()
    seconds = models.IntegerField()
    value = models.BigIntegerField(null=True)
    cost = models.BigIntegerField(null=True)
    quality = models.SmallIntegerField(null=True)
    tou = models.SmallIntegerField(null=True)

    # The app is not installed, so nobody tells a type checker that there is one.
    objects: ClassVar[models.Manager[BenchRow]] = models.Manager()

    class Meta:
        app_label = "greenbutton_bench"
        db_table = "bench_row"
        managed = False

    def __str__(self) -> str:
        return f"{self.start}: {self.value}"
