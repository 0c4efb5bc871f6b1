"""What is to be done regularly, and each time that it falls due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from yingheng.common.ids import uuid7
from yingheng.schedule.recurrence import Recurrence


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody is told on a day: `kind` "soon", "overdue" or "escalated"; `role` "" is the owner of the plan."""

    on: dt.date
    kind: str
    role: str = ""


class Plan(models.Model):
    """Something to be done with a subject, once or again and again.  Days are local days of the hospital.

    A due may be done from `lead_days` before its day on; it is overdue when `grace_days` have passed since.
    `escalation` is a list of {"days": days overdue, "role": who is told}.
    """

    class Unit(models.TextChoices):
        ONCE = "once", _("once")
        DAY = "day", _("days")
        WEEK = "week", _("weeks")
        MONTH = "month", _("months")
        YEAR = "year", _("years")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    subject_type = models.CharField(max_length=16)
    subject_id = models.UUIDField()
    kind = models.CharField(max_length=32, help_text="see schedule.kinds")
    rule = models.CharField(max_length=120, blank=True, help_text="tells plans of one kind and subject apart")
    title = models.CharField(max_length=200)
    owner_role = models.CharField(max_length=32, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    first_date = models.DateField()
    unit = models.CharField(max_length=8, choices=Unit.choices)
    every = models.PositiveSmallIntegerField(default=1)
    lead_days = models.PositiveSmallIntegerField(default=0)
    grace_days = models.PositiveSmallIntegerField(default=0)
    escalation = models.JSONField(default=list, blank=True)
    active = models.BooleanField(default=True)
    created_by_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by_name = models.CharField(max_length=150, blank=True)
    ended_reason = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "kind", "rule"],
                condition=Q(active=True),
                name="plan_one_active",
            ),
            models.CheckConstraint(
                condition=Q(unit__in=["once", "day", "week", "month", "year"], every__gte=1), name="plan_recurrence"
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=False, owner_role="") | (Q(owner__isnull=True) & ~Q(owner_role="")),
                name="plan_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(active=True, ended_at__isnull=True)
                | (Q(active=False, ended_at__isnull=False) & ~Q(ended_reason="")),
                name="plan_end_explained",
            ),
        )
        indexes = (models.Index(fields=["hospital", "active"], name="plan_hospital"),)

    def __str__(self) -> str:
        return self.title

    @property
    def recurrence(self) -> Recurrence:
        return Recurrence(self.first_date, self.unit, self.every)

    def closes(self, day: dt.date) -> dt.date | None:
        """The last day on which what is done counts for the due of `day`: before the next one, or within its grace."""
        following = self.recurrence.after(day)
        if following is None:
            return None
        return max(following - dt.timedelta(days=1), self.late_after(day))

    def opens(self, day: dt.date) -> dt.date:
        return day - dt.timedelta(days=self.lead_days)

    def late_after(self, day: dt.date) -> dt.date:
        """The last day on which the due of `day` is not overdue yet."""
        return day + dt.timedelta(days=self.grace_days)

    def steps(self, day: dt.date) -> Sequence[Step]:
        """Who is told when about the due of `day`, in order."""
        late = self.late_after(day)
        found = [Step(self.opens(day), "soon"), Step(late + dt.timedelta(days=1), "overdue")]
        found += [Step(late + dt.timedelta(days=s["days"]), "escalated", s["role"]) for s in self.escalation]
        return sorted(found, key=lambda step: step.on)


class Due(models.Model):
    """One time that a plan falls due.  `n_told` are the steps that were told; `next_step_on` is the day of the next."""

    class State(models.TextChoices):
        OPEN = "open", _("due")
        DONE = "done", _("done")
        SKIPPED = "skipped", _("skipped")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="dues")
    hospital = models.ForeignKey("tenancy.Organisation", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    opens_on = models.DateField()
    late_after = models.DateField()
    closes_on = models.DateField(null=True, help_text="last day that counts for this due; empty: until it is done")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    done_on = models.DateField(null=True)
    satisfied_by_type = models.CharField(max_length=16, blank=True)
    satisfied_by_id = models.UUIDField(null=True)
    reason = models.TextField(blank=True)
    settled_by_name = models.CharField(max_length=150, blank=True)
    settled_at = models.DateTimeField(null=True)
    n_told = models.PositiveSmallIntegerField(default=0)
    next_step_on = models.DateField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["plan", "day"], name="due_natural_key"),
            models.CheckConstraint(
                condition=Q(state="open", settled_at__isnull=True, done_on__isnull=True)
                | Q(state="done", settled_at__isnull=False, done_on__isnull=False)
                | (Q(state__in=["skipped", "cancelled"], settled_at__isnull=False) & ~Q(reason="")),
                name="due_settled",
            ),
            models.CheckConstraint(condition=Q(opens_on__lte=F("day"), late_after__gte=F("day")), name="due_window"),
        )
        indexes = (
            models.Index(fields=["hospital", "state", "day"], name="due_calendar"),
            models.Index(fields=["next_step_on"], condition=Q(state="open"), name="due_next_step"),
            models.Index(fields=["satisfied_by_type", "satisfied_by_id"], name="due_satisfied_by"),
        )

    def __str__(self) -> str:
        return f"{self.plan_id} {self.day}"

    def is_overdue(self, today: dt.date) -> bool:
        return self.state == self.State.OPEN and today > self.late_after

    def is_missed(self, today: dt.date) -> bool:
        """Whether nothing that is done now counts for it any more."""
        return self.state == self.State.OPEN and self.closes_on is not None and today > self.closes_on
