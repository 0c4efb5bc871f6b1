"""Cells, one indicator of one hospital on one local day for one set of dimensions, and their sums over months."""

from __future__ import annotations

from django.db import models

from yingheng.common.ids import uuid7

SUM_SCALE = 1_000_000


class Cell(models.Model):
    """Counts as integers and the sum in millionths, so that deltas add up to exactly what a recount gives."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    indicator = models.CharField(max_length=120)
    day = models.DateField(help_text="local date of the hospital")
    dimensions = models.JSONField(default=dict)
    dimensions_hash = models.CharField(max_length=64)
    numerator = models.BigIntegerField(default=0)
    denominator = models.BigIntegerField(default=0)
    sum_micro = models.BigIntegerField(default=0)
    histogram = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["indicator", "hospital", "day", "dimensions_hash"], name="cell_key"),
        )
        indexes = (models.Index(fields=["hospital", "indicator", "day"], name="cell_hospital_indicator"),)

    def __str__(self) -> str:
        return f"{self.indicator} {self.day} {self.dimensions}"

    @property
    def total(self) -> float:
        """Sum of the values, in the unit of the indicator."""
        return self.sum_micro / SUM_SCALE


class MonthSum(models.Model):
    """Cells of one month added up by one of their dimensions: what a page over years reads instead of cells.

    `kept` holds the values of the dimensions that stay apart, in the order of the plan of sums.  For the spread between
    cells: how many there are, and over them the sums of the squared total, of total times denominator and of the
    squared denominator, the total in hundredths of the unit, so that all of it is exact.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    indicator = models.CharField(max_length=120)
    month = models.DateField(help_text="its first day")
    kept = models.CharField(max_length=120)
    by = models.CharField(max_length=40, help_text="name of the dimension")
    value = models.CharField(max_length=120, blank=True, help_text="of the dimension; empty where it has none")
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()
    sum_micro = models.BigIntegerField()
    cells = models.PositiveIntegerField()
    tt = models.BigIntegerField()
    tn = models.BigIntegerField()
    nn = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["by", "hospital", "month", "indicator", "kept", "value"], name="rollups_month_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.indicator} {self.month:%Y-%m} {self.by} {self.value}"


class StaleMonth(models.Model):
    """A month of a hospital whose cells changed since they were added up: until then its cells are read themselves."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    month = models.DateField(help_text="its first day")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hospital", "month"], name="rollups_stale_month"),)

    def __str__(self) -> str:
        return f"{self.hospital_id} {self.month:%Y-%m}"
