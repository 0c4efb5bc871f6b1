"""Standing plans: written, switched off and on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import IntegrityError, transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.review.models import Plan, SubjectKind
from yingheng.review.models.campaigns import Purpose
from yingheng.review.readers import readers_of, upward
from yingheng.review.spec import STRATA, ReadingSpec, SamplingSpec
from yingheng.sheets.models import Template
from yingheng.sheets.services import product_template
from yingheng.tenancy.models import Organisation

#: As the key of a plan's sheet: every case gets the one that fits it most closely, else the general one.
FITTING, GENERAL = "*", "s000-four-dimensions"
_EDITED = ("name", "purpose", "subject_kind", "template", "templates", "every", "sampling", "reading", "is_demo",
           "changed_at", "changed_by_name")  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlanFields:
    """What a person says of a plan.  `template` and the values of `templates` are keys of score sheets.

    `is_demo` draws demonstration data alone, False leaves them out; None decides by whether there is anything else.
    """

    name: str
    purpose: str
    template: str
    every: str
    sampling: SamplingSpec
    reading: ReadingSpec
    subject_kind: str = SubjectKind.EXAM.value
    templates: Mapping[str, str] = field(default_factory=dict)
    is_demo: bool | None = None

    def columns(self) -> dict[str, Any]:
        plain = asdict(self) | {"name": self.name.strip(), "templates": dict(self.templates)}
        return plain | {"sampling": self.sampling.as_dict(), "reading": self.reading.as_dict()}


@transaction.atomic
def plan_put(*, actor: Actor | None, organisation: Organisation, fields: PlanFields, row: Plan | None = None) -> Plan:
    """Write a plan, or change `row`.  Samples drawn already keep the plan they were drawn by.

    Invalid for a plan that cannot be (no such score sheet, too few readers, quotas without numbers); Conflict for a
    name that another plan of the organisation has.
    """
    _require(organisation, fields)
    plan = row or Plan(organisation=organisation, created_at=now())
    before = _shown(plan) if row else None
    for name, value in fields.columns().items():
        setattr(plan, name, value)
    if fields.is_demo is None:
        plan.is_demo = row_is_demo(organisation)
    plan.changed_at, plan.changed_by_name = now(), actor.name if actor else ""
    try:
        with transaction.atomic():
            plan.save(update_fields=_EDITED) if row else plan.save(force_insert=True)
    except IntegrityError as exc:
        raise Conflict("review.plan_name") from exc
    _record(actor, plan, "put", before=before, after=_shown(plan))
    return plan


@transaction.atomic
def plan_switch(*, actor: Actor | None, plan: Plan, active: bool) -> Plan:
    """Have a plan draw by itself, or no longer."""
    row = Plan.objects.select_for_update(of=("self",), no_key=True).select_related("organisation").get(pk=plan.pk)
    if row.is_active != active:
        row.is_active, row.changed_at, row.changed_by_name = active, now(), actor.name if actor else ""
        row.save(update_fields=["is_active", "changed_at", "changed_by_name"])
        _record(actor, row, "switch", after={"active": active})
    return row


def row_is_demo(organisation: Organisation) -> bool:
    """Whether all that an organisation has are demonstration data."""
    exams = Exam.objects.filter(hospital__path__startswith=organisation.path)
    return exams.filter(is_demo=True).exists() and not exams.filter(is_demo=False).exists()


def template_of(organisation: Organisation, key: str) -> Template:
    """The score sheet of that key: the newest published of the organisation, of those above it, of the product.

    Invalid when there is none, or when it is no score sheet for review.  For FITTING the general one.
    """
    key = GENERAL if key == FITTING else key
    own = Template.objects.filter(hospital__path__in=upward(organisation.path), key=key, state=Template.State.PUBLISHED)
    found = own.order_by("-hospital__path", "-version").first()
    if found is None:
        try:
            found = product_template(key=key)
        except NotFound as exc:
            raise Invalid("review.template_unknown") from exc
    if found.kind != "score" or found.subject != "review":
        raise Invalid("review.template_unknown")
    return found


def _require(organisation: Organisation, fields: PlanFields) -> None:
    if not fields.name.strip():
        raise Invalid("review.name_missing")
    if (
        fields.purpose not in Purpose.values
        or fields.subject_kind not in SubjectKind.values
        or fields.every not in Plan.Every.values
    ):
        raise Invalid("review.plan_words")
    if fields.template == FITTING and fields.subject_kind != SubjectKind.EXAM:
        raise Invalid("review.template_unknown")
    for key in {fields.template, *fields.templates.values()}:
        template_of(organisation, key)
    _require_quotas(fields.sampling)
    reading = fields.reading
    if reading.pool and len(readers_of(organisation, reading.pool)) < reading.readers:
        raise Invalid("review.pool_small", n=reading.readers)


def _require_quotas(sampling: SamplingSpec) -> None:
    quotas = sampling.quotas
    if sampling.allocation == "quotas" and (not quotas or not sampling.strata or min(quotas.values()) < 1):
        raise Invalid("review.quotas")
    if len(set(sampling.strata)) != len(sampling.strata) or not set(sampling.strata) <= set(STRATA):
        raise Invalid("review.strata")


def _shown(plan: Plan) -> dict[str, object]:
    same = ("name", "purpose", "subject_kind", "template", "templates", "every", "sampling", "reading")
    return {name: getattr(plan, name) for name in same}


def _record(actor: Actor | None, plan: Plan, verb: str, **more: Any) -> None:
    subject = f"review_plan:{plan.pk}"
    audit.record(actor=actor, action=f"review_plan.{verb}", subject=subject, scope=plan.organisation.path, **more)
