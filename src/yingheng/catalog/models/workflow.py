"""Orders, reports, performed steps and retakes: what the information systems say of an exam."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7


class Order(models.Model):
    """A request for an exam; exams link to it by accession number, whichever arrives first."""

    class Urgency(models.TextChoices):
        ROUTINE = "routine", _("routine")
        URGENT = "urgent", _("urgent")
        EMERGENCY = "emergency", _("emergency")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=64, help_text="placer number, or the accession number where there is none")
    accession = models.CharField(max_length=64, blank=True)
    patient = models.ForeignKey("catalog.Patient", null=True, on_delete=models.PROTECT, related_name="orders")
    item = models.ForeignKey("registry.ExamItem", null=True, on_delete=models.PROTECT, related_name="+")
    requested = models.CharField(max_length=200, blank=True, help_text="the item as the request words it")
    ordered_at = models.DateTimeField(null=True, blank=True)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    urgency = models.CharField(max_length=16, choices=Urgency.choices, default=Urgency.ROUTINE)
    purpose = models.TextField(blank=True)
    history = models.TextField(blank=True)
    source = models.CharField(max_length=200, blank=True, help_text="the message it came from")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["hospital", "number"], name="order_natural_key"),)
        indexes = (models.Index(fields=["hospital", "accession"], name="order_hospital_accession"),)

    def __str__(self) -> str:
        return self.number


class Report(models.Model):
    """One version of the report of an exam; an edited report is a new version."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    exam = models.ForeignKey("catalog.Exam", on_delete=models.PROTECT, related_name="reports")
    version = models.PositiveIntegerField()
    findings = models.TextField(blank=True)
    impression = models.TextField(blank=True)
    written_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    signers = models.JSONField(default=list)
    is_critical = models.BooleanField(default=False)
    source = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["exam", "version"], name="report_natural_key"),)

    def __str__(self) -> str:
        return f"{self.exam_id} v{self.version}"


class PerformedStep(models.Model):
    """A modality performed procedure step (MPPS)."""

    class State(models.TextChoices):
        IN_PROGRESS = "in_progress", _("in progress")
        COMPLETED = "completed", _("completed")
        DISCONTINUED = "discontinued", _("discontinued")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    sop_uid = models.CharField(max_length=64)
    study_uid = models.CharField(max_length=64, blank=True)
    exam = models.ForeignKey("catalog.Exam", null=True, on_delete=models.PROTECT, related_name="steps")
    state = models.CharField(max_length=16, choices=State.choices)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    series = models.JSONField(default=list, help_text="Series Instance UIDs with their numbers of images")
    discontinuation_reason = models.CharField(max_length=200, blank=True)
    rejected_exposures = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["hospital", "sop_uid"], name="performed_step_natural_key"),
            models.CheckConstraint(
                condition=Q(state__in=["in_progress", "completed", "discontinued"]), name="performed_step_state_known"
            ),
        )
        indexes = (models.Index(fields=["hospital", "study_uid"], name="performed_step_study"),)

    def __str__(self) -> str:
        return self.sop_uid


class Retake(models.Model):
    """One retake of an exam for one reason and from one origin: the only register of retakes."""

    class Origin(models.TextChoices):
        CONSOLE = "console", _("at the console")
        REVIEW = "review", _("asked for by a review")
        REPORTING = "reporting", _("asked for by the reporting physician")
        AUTOMATIC = "automatic", _("recognised in the images")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    exam = models.ForeignKey("catalog.Exam", on_delete=models.PROTECT, related_name="retakes")
    reason = models.CharField(max_length=64, help_text="code of the dictionary of retake reasons")
    origin = models.CharField(max_length=16, choices=Origin.choices)
    asked_by = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    note = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["exam", "reason", "origin"], name="retake_natural_key"),
            models.CheckConstraint(
                condition=Q(origin__in=["console", "review", "reporting", "automatic"]), name="retake_origin_known"
            ),
        )
        indexes = (models.Index(fields=["hospital", "-asked_at"], name="retake_newest"),)

    def __str__(self) -> str:
        return f"{self.exam_id} {self.reason}"
