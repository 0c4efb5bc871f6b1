"""Images that are being copied into the teaching library."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7
from yingheng.review.models.teaching import TeachingCase


class TeachingCopy(models.Model):
    """Copies that somebody asked for: of which frames, and what is said of the case that they make.

    `frames` holds [id of a series, [[id of an object, frame, mm], …]] in the order of the case, `ruled` the id of the
    ruling whose answer is taken over.  Once the copies are made, nothing here leads to the exam any more.
    """

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("teaching copy", "being copied")
        DONE = "done", pgettext_lazy("teaching copy", "copied")
        FAILED = "failed", pgettext_lazy("teaching copy", "not copied")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    exam = models.ForeignKey("catalog.Exam", null=True, on_delete=models.SET_NULL, related_name="+")
    frames = models.JSONField(default=list)
    n_images = models.PositiveIntegerField()
    told = models.JSONField(default=dict, help_text="fields of the form, by name")
    ruled = models.CharField(max_length=36, blank=True)
    language = models.CharField(max_length=2, default="zh")
    state = models.CharField(max_length=6, choices=State.choices, default=State.ASKED)
    error = models.CharField(max_length=64, blank=True)
    why = models.TextField(blank=True)
    case = models.ForeignKey(TeachingCase, null=True, on_delete=models.PROTECT, related_name="+")
    made_by_id = models.CharField(max_length=64)
    made_by_name = models.CharField(max_length=150)
    made_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state="asked", finished_at__isnull=True)
                | Q(state="done", case__isnull=False, exam__isnull=True, ruled="")
                | (Q(state="failed") & ~Q(error="")),
                name="review_teaching_copy_state",
            ),
        )
        indexes = (models.Index(fields=["made_by_id", "state"], name="review_teaching_copy_mine"),)

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.state}"
