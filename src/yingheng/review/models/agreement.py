"""Stored results on how readers agree with each other, and the machine with them: too costly for a page."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7
from yingheng.review.models.campaigns import Campaign


class AgreementReport(models.Model):
    """What the open readings of a month or of a campaign say of those who read, by score sheet.

    Made by a job and made again when readings came (`digest` is of what it rests on).  `content` is what
    `review.statistics` calculated: figures with intervals, or the reason why there is none.
    """

    class Kind(models.TextChoices):
        MONTH = "month", pgettext_lazy("agreement", "readings of a month")
        CAMPAIGN = "campaign", pgettext_lazy("agreement", "readings of a sample")
        LEARNING = "learning", pgettext_lazy("agreement", "automatic verdicts against readers")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    month = models.DateField(help_text="its first day; of a campaign the month of its last readings")
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.PROTECT, related_name="agreement_reports")
    template_key = models.CharField(max_length=64, blank=True)
    title = models.CharField(max_length=200)
    n = models.PositiveIntegerField(help_text="readings, or cases, that it rests on")
    digest = models.CharField(max_length=64)
    content = models.JSONField()
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["organisation", "kind", "month", "template_key"],
                condition=Q(campaign__isnull=True),
                name="review_agreement_month",
            ),
            models.UniqueConstraint(
                fields=["campaign", "template_key"],
                condition=Q(campaign__isnull=False),
                name="review_agreement_campaign",
            ),
            models.CheckConstraint(
                condition=Q(kind="campaign", campaign__isnull=False)
                | Q(kind__in=["month", "learning"], campaign__isnull=True),
                name="review_agreement_kind",
            ),
        )
        indexes = (models.Index(fields=["organisation", "kind", "-month"], name="review_agreement_newest"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.month:%Y-%m} {self.template_key}"
