"""Telling people what is due, what is overdue, and those above them when nothing happens: each step once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.urls import reverse

from yingheng.common.clock import local_day
from yingheng.notify.services import notify
from yingheng.schedule.kinds import Ref, subject_names
from yingheng.schedule.models import Due, Step
from yingheng.tenancy.models import Organisation

AT_ONCE = 200


def dues_escalate() -> int:
    """Chore: tell every step whose day has come, by the calendar of each hospital; returns how many were told."""
    told = 0
    zones = Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL).order_by("zone").values_list("zone", flat=True)
    for zone in zones.distinct():
        today = local_day(zone)
        rows = Due.objects.filter(hospital__zone=zone, state=Due.State.OPEN, next_step_on__lte=today)
        for pk in list(rows.order_by("next_step_on", "pk").values_list("pk", flat=True)[:AT_ONCE]):
            told += _tell(pk, today)
    return told


@transaction.atomic
def _tell(pk: object, today: dt.date) -> int:
    rows = Due.objects.select_for_update(of=("self",), no_key=True).select_related("plan__owner", "hospital")
    row = rows.filter(pk=pk, state=Due.State.OPEN).first()
    if row is None:
        return 0
    steps = row.plan.steps(row.day)
    reached = sum(step.on <= today for step in steps)
    pending = list(enumerate(steps))[row.n_told : reached]
    late = any(step.kind != "soon" for _n, step in pending)
    sent = [(n, step) for n, step in pending if not (late and step.kind == "soon")]
    for n, step in sent:
        _notify(row, n, step, today)
    row.n_told = max(row.n_told, reached)
    row.next_step_on = _next(steps, row.n_told)
    row.save(update_fields=["n_told", "next_step_on"])
    return len(sent)


def _next(steps: Sequence[Step], n: int) -> dt.date | None:
    return steps[n].on if n < len(steps) else None


def _notify(row: Due, n: int, step: Step, today: dt.date) -> None:
    plan = row.plan
    ref = Ref(plan.subject_type, plan.subject_id)
    role = step.role or plan.owner_role
    notify(
        key=f"due:{row.pk}:{n}:{step.kind}",
        kind=f"due.{step.kind}",
        params={
            "title": plan.title,
            "subject": subject_names([ref])[ref].label,
            "day": row.day.isoformat(),
            "days": (today - row.late_after).days,
        },
        recipients=[plan.owner] if plan.owner and not step.role else [],
        roles=[role] if role else [],
        scope=row.hospital.path,
        subject=f"due:{row.pk}",
        link=reverse("schedule:due", args=[row.pk]),
    )
