"""Orders, reports, performed steps and retakes: what the information systems say of an exam."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7


class Order(models.Model):
    """A request for an exam; exams link to it by accession number, whichever arrives first.

    `told` is the time of the newest message behind these facts: what is older only fills gaps.  `item` and the fields
    named `item_...` follow the requested text by `catalog.services.order_items` alone.
    """

    class State(models.TextChoices):
        PLACED = "placed", _("placed")
        SCHEDULED = "scheduled", _("scheduled")
        PERFORMED = "performed", _("performed")
        CANCELLED = "cancelled", _("cancelled")

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
    item_state = models.CharField(max_length=16, blank=True, help_text="mapped, unmapped, excluded; empty: no text")
    item_key = models.CharField(max_length=220, blank=True, help_text="modality and text by which it is mapped")
    requested = models.CharField(max_length=200, blank=True, help_text="the item as the request words it")
    requested_code = models.CharField(max_length=64, blank=True, help_text="its code in the sending system")
    modality = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PLACED)
    department = models.CharField(max_length=120, blank=True, help_text="who asks for it")
    patient_class = models.CharField(max_length=16, blank=True, help_text="emergency, inpatient, outpatient, checkup")
    ordered_at = models.DateTimeField(null=True, blank=True)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    urgency = models.CharField(max_length=16, choices=Urgency.choices, default=Urgency.ROUTINE)
    purpose = models.TextField(blank=True)
    history = models.TextField(blank=True)
    source = models.CharField(max_length=200, blank=True, help_text="the message it came from")
    operators = models.JSONField(default=list, blank=True, help_text="ids of the operators that messages name")
    told = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["hospital", "number"], name="order_natural_key"),
            models.CheckConstraint(
                condition=Q(state__in=["placed", "scheduled", "performed", "cancelled"]), name="order_state_known"
            ),
            models.CheckConstraint(
                condition=Q(item_state__in=["", "mapped", "unmapped", "excluded"]), name="order_item_state_known"
            ),
        )
        indexes = (
            models.Index(fields=["hospital", "accession"], name="order_hospital_accession"),
            models.Index(fields=["hospital", "item_state", "item_key"], name="order_hospital_item_key"),
        )

    def __str__(self) -> str:
        return self.number


class Report(models.Model):
    """One version of the report of an exam; an edited report is a new version."""

    class State(models.TextChoices):
        PRELIMINARY = "preliminary", _("preliminary")
        FINAL = "final", _("final")
        CORRECTED = "corrected", _("corrected")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    exam = models.ForeignKey("catalog.Exam", on_delete=models.PROTECT, related_name="reports")
    version = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.FINAL)
    number = models.CharField(max_length=64, blank=True, help_text="of the report in the sending system")
    findings = models.TextField(blank=True)
    impression = models.TextField(blank=True)
    written_at = models.DateTimeField(null=True, blank=True)
    signed_at = models.DateTimeField(null=True, blank=True)
    signers = models.JSONField(default=list)
    is_critical = models.BooleanField(default=False)
    source = models.CharField(max_length=200, blank=True)
    told = models.CharField(max_length=64, blank=True, editable=False, help_text="time of the message behind it")
    received_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["exam", "version"], name="report_natural_key"),
            models.CheckConstraint(
                condition=Q(state__in=["preliminary", "final", "corrected", "cancelled"]), name="report_state_known"
            ),
        )

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
    modality = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=16, choices=State.choices)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    series = models.JSONField(default=list, help_text="of each series_uid, n_instances, description")
    discontinuation_reason = models.CharField(max_length=200, blank=True)
    rejected_exposures = models.PositiveIntegerField(null=True, blank=True)
    operators = models.JSONField(default=list, blank=True, help_text="ids of the operators it names")

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
    """One retake of an exam for one reason and from one origin: the only register of retakes.

    A machine that sees a repeated exposure only suggests it, without a reason; a person records or rejects it.
    """

    class Origin(models.TextChoices):
        CONSOLE = "console", _("at the console")
        REVIEW = "review", _("asked for by a review")
        REPORTING = "reporting", _("asked for by the reporting physician")
        AUTOMATIC = "automatic", _("recognised in the images")

    class State(models.TextChoices):
        SUGGESTED = "suggested", pgettext_lazy("retake", "to confirm")
        RECORDED = "recorded", pgettext_lazy("retake", "recorded")
        REJECTED = "rejected", pgettext_lazy("retake", "not a retake")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    exam = models.ForeignKey("catalog.Exam", on_delete=models.PROTECT, related_name="retakes")
    reason = models.CharField(max_length=64, blank=True, help_text="code of the dictionary of retake reasons")
    origin = models.CharField(max_length=16, choices=Origin.choices)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RECORDED)
    n_exposures = models.PositiveIntegerField(default=1, help_text="how many exposures were repeated")
    asked_by = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField()
    note = models.TextField(blank=True)
    details = models.JSONField(default=dict, blank=True, help_text="what a machine saw: kind, names, n")
    settled_by = models.CharField(max_length=200, blank=True, help_text="who recorded or rejected a suggestion")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["exam", "reason", "origin"], name="retake_natural_key"),
            models.CheckConstraint(
                condition=Q(origin__in=["console", "review", "reporting", "automatic"]), name="retake_origin_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["suggested", "recorded", "rejected"]), name="retake_state_known"
            ),
            models.CheckConstraint(condition=~Q(state="recorded") | ~Q(reason=""), name="retake_has_reason"),
        )
        indexes = (
            models.Index(fields=["hospital", "-asked_at"], name="retake_newest"),
            models.Index(fields=["hospital", "state", "-asked_at"], name="retake_hospital_state"),
        )

    def __str__(self) -> str:
        return f"{self.exam_id} {self.reason}"
