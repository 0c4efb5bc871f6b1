"""Who led a meeting and who kept its minutes, put right afterwards."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7
from yingheng.governance.models.meetings import Meeting


class OfficerChange(models.Model):
    """Somebody said that another person led a held meeting, or keeps its minutes, and why.  Insert only."""

    class Office(models.TextChoices):
        CHAIR = "chair", pgettext_lazy("meeting", "Chair")
        RECORDER = "recorder", pgettext_lazy("meeting", "Recorder")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="officer_changes")
    office = models.CharField(max_length=8, choices=Office.choices)
    before = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    after = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    before_name = models.CharField(max_length=150)
    after_name = models.CharField(max_length=150)
    reason = models.TextField()
    made_by_id = models.CharField(max_length=64)
    made_by_name = models.CharField(max_length=150)
    made_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(reason="") & ~Q(before=F("after")) & Q(office__in=["chair", "recorder"]),
                name="officer_change_told",
            ),
        )

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.office} {self.after_name}"
