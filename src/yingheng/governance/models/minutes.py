"""Minutes: a draft that is typed, and versions that stay."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from yingheng.common.ids import uuid7
from yingheng.governance.models.meetings import Meeting


class MinutesDraft(models.Model):
    """What is being typed.  `replaced` keeps what one recorder saved over another's: nothing typed is lost.

    `reason` says why signed or recorded minutes are being written anew.
    """

    meeting = models.OneToOneField(Meeting, primary_key=True, on_delete=models.CASCADE, related_name="draft")
    typed = models.JSONField(default=dict)
    revision = models.PositiveIntegerField(default=0)
    replaced = models.JSONField(default=list)
    reason = models.TextField(blank=True)
    saved_by_name = models.CharField(max_length=150, blank=True)
    saved_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.meeting_id} {self.revision}"


class Minutes(models.Model):
    """A version of the minutes with all they rest on: figures, attendance, text, action items.  Insert only.

    `sha256` is of `content`; who signed is among the signatures of documents.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="minutes_versions")
    version = models.PositiveSmallIntegerField()
    content = models.JSONField()
    sha256 = models.CharField(max_length=64)
    reason = models.TextField(blank=True)
    recorded_by_id = models.CharField(max_length=64)
    recorded_by_name = models.CharField(max_length=150)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["meeting", "version"], name="minutes_version"),
            models.CheckConstraint(condition=Q(version=1) | ~Q(reason=""), name="minutes_correction_explained"),
        )

    def __str__(self) -> str:
        return f"{self.meeting_id} v{self.version}"
