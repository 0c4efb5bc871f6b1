"""After a ruling: appeals against it and the tracing of causes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.common.ids import uuid7
from yingheng.review.models.campaigns import Case
from yingheng.review.models.ruling import Ruling


class Appeal(models.Model):
    """An objection to a ruling.  Level 2 goes against the decision of level 1."""

    class State(models.TextChoices):
        FILED = "filed", pgettext_lazy("appeal", "filed")
        UPHELD = "upheld", pgettext_lazy("appeal", "ruling stands")
        CHANGED = "changed", pgettext_lazy("appeal", "ruling changed")
        WITHDRAWN = "withdrawn", pgettext_lazy("appeal", "withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="appeals")
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    ruling = models.ForeignKey(Ruling, on_delete=models.PROTECT, related_name="appeals")
    level = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.FILED)
    reason = models.TextField()
    filed_by_id = models.CharField(max_length=64)
    filed_by_name = models.CharField(max_length=150)
    filed_at = models.DateTimeField()
    due_on = models.DateField()
    decided_by_id = models.CharField(max_length=64, blank=True)
    decided_by_name = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.TextField(blank=True)
    new_ruling = models.OneToOneField(Ruling, null=True, on_delete=models.PROTECT, related_name="appeal")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["case", "level"], name="review_appeal_natural_key"),
            models.CheckConstraint(condition=Q(level__in=[1, 2]) & ~Q(reason=""), name="review_appeal_complete"),
            models.CheckConstraint(
                condition=Q(state__in=["filed", "withdrawn"], new_ruling__isnull=True)
                | (Q(state="upheld", new_ruling__isnull=True) & ~Q(decision_reason=""))
                | (Q(state="changed", new_ruling__isnull=False) & ~Q(decision_reason="")),
                name="review_appeal_decided",
            ),
        )
        indexes = (models.Index(fields=["hospital", "state", "due_on"], name="review_appeal_queue"),)

    def __str__(self) -> str:
        return f"{self.case_id} {self.level}"


class Tracing(models.Model):
    """Why a case was poor, what is done about it, and the later case that shows that it helped."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("tracing", "cause wanted")
        ACTING = "acting", pgettext_lazy("tracing", "in action")
        DONE = "done", pgettext_lazy("tracing", "to be verified")
        CLOSED = "closed", pgettext_lazy("tracing", "verified")
        DROPPED = "dropped", pgettext_lazy("tracing", "dropped")

    class Cause(models.TextChoices):
        OPERATION = "operation", _("operation")
        EQUIPMENT = "equipment", _("equipment")
        PATIENT = "patient", _("patient")
        PROTOCOL = "protocol", _("protocol or method")
        ENVIRONMENT = "environment", _("environment")
        OTHER = "other", pgettext_lazy("cause", "other")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="tracing")
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    ruling = models.ForeignKey(Ruling, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    cause = models.CharField(max_length=12, choices=Cause.choices, blank=True)
    cause_text = models.TextField(blank=True)
    action = models.TextField(blank=True)
    responsible = models.ForeignKey("tenancy.User", null=True, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True)
    proof = models.TextField(blank=True)
    verified_by = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="verifies")
    verified_by_name = models.CharField(max_length=150, blank=True)
    closing_reason = models.TextField(blank=True)
    opened_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, help_text="when what shows the action was given")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state="open")
                | (Q(state__in=["acting", "done", "closed"]) & ~Q(cause="") & ~Q(action=""))
                | (Q(state="dropped") & ~Q(closing_reason="")),
                name="review_tracing_state",
            ),
        )
        indexes = (models.Index(fields=["hospital", "state", "due_on"], name="review_tracing_queue"),)

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"
