"""Who made an exam, as scanners and information systems name them, and which member of the staff that is."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7


class Operator(models.Model):
    """One text of one hospital that names who makes exams.

    `key` is a keyed hash of the text in its canonical spelling; the text itself is kept encrypted alone.  What a person
    decided (`linked`, `nobody`) is changed by persons alone; `matched`, `waiting` and `placeholder` are found by
    `catalog.services.operators`.  It stays when pixels go.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("operator", "waiting")
        MATCHED = "matched", pgettext_lazy("operator", "matched")
        LINKED = "linked", pgettext_lazy("operator", "linked by a person")
        NOBODY = "nobody", pgettext_lazy("operator", "nobody")
        PLACEHOLDER = "placeholder", pgettext_lazy("operator", "placeholder")

    class Reason(models.TextChoices):
        """Why it waits."""

        NONE = "", ""
        NO_PERSON = "no_person", _("nobody of the staff has this name or number")
        SEVERAL = "several", _("several of the staff have this name")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=64, editable=False)
    text_cipher = models.BinaryField()
    person = models.ForeignKey("registry.Person", null=True, on_delete=models.PROTECT, related_name="operators")
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=16, choices=Reason.choices, blank=True)
    devices = models.ManyToManyField("registry.Device", related_name="+", help_text="whose exams name it")
    n_exams = models.PositiveIntegerField(default=0)
    first_seen = models.DateTimeField(null=True, help_text="when the earliest of its exams was made")
    last_seen = models.DateTimeField(null=True)
    decided_by_id = models.CharField(max_length=64, blank=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["hospital", "key"], name="operator_natural_key"),
            models.CheckConstraint(
                condition=Q(state__in=["matched", "linked"], person__isnull=False)
                | Q(state__in=["waiting", "nobody", "placeholder"], person__isnull=True),
                name="operator_state_and_person",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["linked", "nobody"], decided_at__isnull=False)
                | Q(state__in=["waiting", "matched", "placeholder"]),
                name="operator_decided",
            ),
        )
        indexes = (models.Index(fields=["hospital", "state", "-n_exams"], name="operator_hospital_state"),)

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What stands for the text wherever it may not be shown."""
        return f"OP-{self.key[:6].upper()}"

    @property
    def is_decided(self) -> bool:
        """Whether a person said whose it is."""
        return self.state in {self.State.LINKED, self.State.NOBODY}


class ExamOperator(models.Model):
    """That an operator made an exam; `source` is who told so first."""

    class Source(models.TextChoices):
        HEADER = "header", _("image headers")
        MPPS = "mpps", _("performed step (MPPS)")
        HL7 = "hl7", _("message (HL7)")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    exam = models.ForeignKey("catalog.Exam", on_delete=models.CASCADE, related_name="operators")
    operator = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="+", db_index=False)
    source = models.CharField(max_length=8, choices=Source.choices)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["operator", "exam"], name="exam_operator_natural_key"),)

    def __str__(self) -> str:
        return f"{self.exam_id} {self.operator_id}"


class OperatorWalk(models.Model):
    """How far the exams of a hospital were gone through that were catalogued before operators were kept.

    `at` is the last exam looked at; with `finished_at` there is nothing left to look at.
    """

    hospital = models.OneToOneField(
        "tenancy.Organisation", primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    at = models.UUIDField(null=True)
    n_exams = models.PositiveIntegerField(default=0)
    n_unreadable = models.PositiveIntegerField(default=0, help_text="headers that could not be read any more")
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.hospital_id}: {self.n_exams}"
