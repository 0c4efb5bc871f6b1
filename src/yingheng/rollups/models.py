"""The cell: one indicator of one hospital on one local day for one set of dimensions."""

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
