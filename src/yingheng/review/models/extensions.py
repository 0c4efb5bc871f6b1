"""Deadlines of samples that were moved, with the reason."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from yingheng.common.ids import uuid7
from yingheng.review.models.campaigns import Campaign


class Extension(models.Model):
    """A deadline moved to a later local day, for everybody or for one reader.  Insert only (triggers see to it)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="extensions")
    reader = models.ForeignKey(
        "tenancy.User", null=True, on_delete=models.PROTECT, related_name="+", help_text="empty: everybody"
    )
    before = models.DateField()
    due_on = models.DateField()
    n_moved = models.PositiveIntegerField(help_text="open readings that are due later now")
    reason = models.TextField()
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=150)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(reason="") & Q(due_on__gt=F("before")), name="review_extension_whole"),
        )
        indexes = (models.Index(fields=["campaign", "made_at"], name="review_extension_of"),)

    def __str__(self) -> str:
        return f"{self.campaign_id} {self.due_on}"
