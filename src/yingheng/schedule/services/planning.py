"""Making plans, changing and ending them, and the dues that follow from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.schedule.kinds import Ref
from yingheng.schedule.models import Due, Plan
from yingheng.schedule.recurrence import UNITS, Unit
from yingheng.tenancy.models import Organisation, User
from yingheng.tenancy.roles import ROLES

HORIZON_DAYS = 92  # dues are there this far ahead, and the next one however far it is
PAST_DAYS = 366  # a plan may have begun this long ago
AT_ONCE = 200
LONGEST = 1000  # largest number of units, and of days of lead and grace
_EDITED = ("title", "owner", "owner_role", "first_date", "unit", "every", "lead_days", "grace_days", "escalation")


@dataclass(frozen=True, slots=True)
class PlanFields:
    """What a person says of a plan: what, who (a role or a person), when, and who is told when it is late.

    `escalation` are pairs of days overdue and role.
    """

    title: str
    first_date: dt.date
    unit: Unit = "once"
    every: int = 1
    owner_role: str = ""
    owner: User | None = None
    lead_days: int = 0
    grace_days: int = 0
    escalation: Sequence[tuple[int, str]] = ()

    def columns(self) -> dict[str, Any]:
        steps = sorted({(days, role) for days, role in self.escalation})
        return {
            "title": self.title.strip(),
            "first_date": self.first_date,
            "unit": self.unit,
            "every": 1 if self.unit == "once" else self.every,
            "owner_role": self.owner_role,
            "owner": self.owner,
            "lead_days": self.lead_days,
            "grace_days": self.grace_days,
            "escalation": [{"days": days, "role": role} for days, role in steps],
        }


@transaction.atomic
def plan_create(
    *, actor: Actor | None, hospital: Organisation, subject: Ref, kind: str, fields: PlanFields, rule: str = ""
) -> Plan:
    """Plan something with a subject; its dues are there at once.  Conflict when the same is planned already."""
    _require(fields, local_day(hospital.zone))
    plan = Plan(
        hospital=hospital,
        subject_type=subject.type,
        subject_id=subject.id,
        kind=kind,
        rule=rule,
        created_by_name=actor.name if actor else "",
        created_at=now(),
        **fields.columns(),
    )
    try:
        with transaction.atomic():
            plan.save(force_insert=True)
    except IntegrityError as exc:
        raise Conflict("schedule.planned_already") from exc
    _record(actor, plan, "plan.create", after=_shown(plan))
    _extend(plan, local_day(hospital.zone))
    return plan


@transaction.atomic
def plan_change(*, actor: Actor | None, plan: Plan, fields: PlanFields) -> Plan:
    """Change a plan.  Dues that lie ahead are made anew; those of the past and those settled stay as they are."""
    row = _locked(plan)
    today = local_day(row.hospital.zone)
    _require(fields, min(today, row.first_date))
    before = _shown(row)
    for name, value in fields.columns().items():
        setattr(row, name, value)
    row.save(update_fields=_EDITED)
    ahead = row.dues.filter(state=Due.State.OPEN)
    (ahead if row.unit == Plan.Unit.ONCE else ahead.filter(day__gt=today)).delete()
    _record(actor, row, "plan.change", before=before, after=_shown(row))
    _extend(row, today)
    return row


@transaction.atomic
def plan_end(*, actor: Actor | None, plan: Plan, reason: str) -> Plan:
    """End a plan; what is still open of it is cancelled with the reason."""
    if not reason.strip():
        raise Invalid("schedule.reason_missing")
    row = _locked(plan)
    who = actor.name if actor else ""
    row.active, row.ended_at, row.ended_by_name, row.ended_reason = False, now(), who, reason.strip()
    row.save(update_fields=["active", "ended_at", "ended_by_name", "ended_reason"])
    n = row.dues.filter(state=Due.State.OPEN).update(
        state=Due.State.CANCELLED, reason=reason.strip(), settled_by_name=who, settled_at=now(), next_step_on=None
    )
    _record(actor, row, "plan.end", after={"cancelled": n}, reason=reason.strip())
    return row


def dues_extend() -> int:
    """Chore: make the dues of every plan up to the horizon, and at least the next one; returns how many are new."""
    made = 0
    zones = Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL).order_by("zone").values_list("zone", flat=True)
    for zone in zones.distinct():
        today = local_day(zone)
        reached = Due.objects.filter(plan=OuterRef("pk"), day__gt=today + dt.timedelta(days=HORIZON_DAYS))
        plans = Plan.objects.filter(hospital__zone=zone, active=True).exclude(unit=Plan.Unit.ONCE)
        for plan in plans.exclude(Exists(reached)).select_related("hospital").order_by("pk"):
            with transaction.atomic():
                made += _extend(plan, today)
    return made


def _extend(plan: Plan, today: dt.date) -> int:
    """The dues after the last one there is, up to the first one beyond the horizon."""
    newest = plan.dues.aggregate(day=Max("day"))["day"]
    recurrence = plan.recurrence
    after = newest or recurrence.first - dt.timedelta(days=1)
    horizon = today + dt.timedelta(days=HORIZON_DAYS)
    days = list(recurrence.between(after, horizon))
    beyond = recurrence.after(max(after, horizon)) if after <= horizon else None
    new = [_due(plan, day) for day in (*days, beyond) if day is not None]
    return len(Due.objects.bulk_create(new, ignore_conflicts=True, batch_size=AT_ONCE))


def _due(plan: Plan, day: dt.date) -> Due:
    return Due(
        plan=plan,
        hospital_id=plan.hospital_id,
        day=day,
        opens_on=plan.opens(day),
        late_after=plan.late_after(day),
        closes_on=plan.closes(day),
        next_step_on=plan.steps(day)[0].on,
    )


def _locked(plan: Plan) -> Plan:
    row = Plan.objects.select_for_update(of=("self",), no_key=True).select_related("hospital").get(pk=plan.pk)
    if not row.active:
        raise Conflict("schedule.plan_ended")
    return row


def _require(fields: PlanFields, today: dt.date) -> None:
    """Invalid with the reason why these fields make no plan."""
    if not fields.title.strip():
        raise Invalid("schedule.title_missing")
    if fields.unit not in UNITS or not 1 <= fields.every <= LONGEST:
        raise Invalid("schedule.recurrence")
    if not (0 <= fields.lead_days <= LONGEST and 0 <= fields.grace_days <= LONGEST):
        raise Invalid("schedule.days")
    if bool(fields.owner_role) == (fields.owner is not None):
        raise Invalid("schedule.owner")
    roles = [role for _days, role in fields.escalation] + ([fields.owner_role] if fields.owner_role else [])
    if any(role not in ROLES for role in roles):
        raise Invalid("schedule.role_unknown")
    if any(not 1 <= days <= LONGEST for days, _role in fields.escalation):
        raise Invalid("schedule.escalation")
    if fields.first_date < today - dt.timedelta(days=PAST_DAYS):
        raise Invalid("schedule.first_date_past")


def _shown(plan: Plan) -> dict[str, object]:
    return {
        "title": plan.title,
        "kind": plan.kind,
        "rule": plan.rule,
        "subject": f"{plan.subject_type}:{plan.subject_id}",
        "owner": plan.owner.display_name if plan.owner else plan.owner_role,
        "first_date": plan.first_date.isoformat(),
        "every": f"{plan.every} {plan.unit}",
        "lead_days": plan.lead_days,
        "grace_days": plan.grace_days,
        "escalation": plan.escalation,
    }


def _record(actor: Actor | None, plan: Plan, action: str, **more: Any) -> None:
    audit.record(actor=actor, action=action, subject=f"plan:{plan.pk}", scope=plan.hospital.path, **more)
