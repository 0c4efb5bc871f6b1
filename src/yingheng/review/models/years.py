"""What film review of a year came to, once nothing about it is open any more."""

from __future__ import annotations

from django.db import models

from yingheng.common.ids import uuid7


class YearResult(models.Model):
    """The closed result of a hospital's year.  Insert only (triggers see to it).

    `facts_sha256` is of every ruling that counted, so that a recount can be held against it for good; `sha256` of the
    content with it.  What changes afterwards is shown beside the record and never written into it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    content = models.JSONField(help_text="figures, targets of then, whether they were met, what was left open")
    facts_sha256 = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    closed_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hospital", "year"], name="review_year_natural_key"),)

    def __str__(self) -> str:
        return f"{self.hospital_id} {self.year}"
