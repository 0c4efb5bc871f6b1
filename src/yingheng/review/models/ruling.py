"""What holds about a case."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7
from yingheng.review.models.campaigns import Case


class Ruling(models.Model):
    """What was settled about a case, and by what.  Insert only: a later one (an appeal) has the next version."""

    class Basis(models.TextChoices):
        SINGLE = "single", pgettext_lazy("ruling", "one reader")
        AGREEMENT = "agreement", pgettext_lazy("ruling", "two readers agree")
        ARBITRATION = "arbitration", pgettext_lazy("ruling", "arbitration")
        APPEAL = "appeal", pgettext_lazy("ruling", "appeal")
        LEADER = "leader", pgettext_lazy("ruling", "leader's daily review")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="rulings")
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    basis = models.CharField(max_length=12, choices=Basis.choices)
    score = models.FloatField(null=True)
    grade = models.CharField(max_length=16, blank=True)
    vetoed = models.JSONField(default=list)
    faults = models.JSONField(default=list, help_text="codes of defects, sorted")
    details = models.JSONField(default=dict, help_text="points by item and by dimension")
    readings = models.JSONField(default=list, help_text="ids of the readings it rests on")
    reason = models.TextField(blank=True)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=150, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["case", "version"], name="review_ruling_history"),
            models.CheckConstraint(
                condition=~Q(basis__in=["arbitration", "appeal"]) | ~Q(reason=""), name="review_ruling_reason"
            ),
        )
        indexes = (models.Index(fields=["hospital", "-made_at"], name="review_ruling_newest"),)

    def __str__(self) -> str:
        return f"{self.case_id} v{self.version} {self.grade}"
