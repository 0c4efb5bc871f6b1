"""Drawing a sample: once for a plan and period, by a seed, and again whenever somebody wants to see that it holds."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from imagingqc.errors import AnalysisError, RuleError
from imagingqc.stats.sampling import Draw, Drawn, draw
from imagingqc.stats.sampling_plan import Plan as CorePlan
from imagingqc.stats.seeded import shuffled
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.review.confidence import confidence_of
from yingheng.review.fitting import Sheets
from yingheng.review.frame import Subject, campaign_subjects, plan_subjects, units
from yingheng.review.frame_store import packed, unpacked
from yingheng.review.models import Campaign, Case, Frame, Plan
from yingheng.review.periods import rolls
from yingheng.review.services.again import copy_of, known_of
from yingheng.review.services.planning import template_of
from yingheng.review.services.positioning import cases_position
from yingheng.review.spec import MOST_DRAWN, ReadingSpec, SamplingSpec
from yingheng.sheets.models import Template

AT_ONCE = 500
Origin = Case.Origin


@dataclass(frozen=True, slots=True)
class Recheck:
    """A draw run again from what was kept of it.

    `same`: it gives the same cases for the same reasons, under the same blind numbers.  `missing` are ids that are in
    the sample and should not be, `added` those that should be and are not.  `later` of what can be drawn today came
    after the draw, `gone` of what could be drawn then cannot any more: both may be, and change nothing.
    """

    same: bool
    same_frame: bool
    missing: tuple[str, ...]
    added: tuple[str, ...]
    n_cases: int
    n_frame: int
    later: int
    gone: int


def campaign_key(plan: Plan, first_day: dt.date, last_day: dt.date) -> str:
    """What names the sample of a plan and period: there is one of each."""
    return f"{plan.pk}:{first_day.isoformat()}:{last_day.isoformat()}"


def core_plan(sampling: SamplingSpec, present: Iterable[str] | None = None) -> CorePlan:
    """The plan as the draw takes it.  Shares and quotas go by the first stratum; within it the sample is spread over
    the others.  Quotas of strata that are not `present` are left out.
    """
    named = dict(sampling.quotas)
    quotas = named if present is None else {key: n for key, n in named.items() if key in set(present)}
    if sampling.allocation in {"all", "quotas"}:
        return CorePlan(sampling.allocation, quotas=quotas, risk_share=sampling.risk_share)
    if sampling.share:
        kind = "share" if sampling.strata else "simple"
    else:
        kind = sampling.allocation if sampling.strata else "simple"
    return CorePlan(kind, n=sampling.size, least=sampling.minimum, share=sampling.share, risk_share=sampling.risk_share)  # type: ignore[arg-type]


def drawn_of(found: Sequence[Subject], sampling: SamplingSpec, seed: str) -> Draw:
    """The draw from those subjects.  Conflict when there is nothing to draw, Invalid when the plan cannot be met."""
    if sampling.share and not sampling.strata:
        sampling = _sized(sampling, len(found))
    level = 1 if sampling.strata else 0
    frame = units(found, sampling.strata)
    plan = core_plan(sampling, {unit.stratum[0] for unit in frame} if level else ())
    try:
        return draw(frame, plan, seed)
    except AnalysisError as exc:
        raise Conflict("review.frame_empty") from exc
    except RuleError as exc:
        raise Invalid("review.plan_draw", reason=exc.reason.text("zh")) from exc


def _sized(sampling: SamplingSpec, n: int) -> SamplingSpec:
    """A share of the whole frame as a number."""
    size = min(MOST_DRAWN, max(1, math.ceil(round(sampling.share * n, 9))))
    return SamplingSpec.from_dict(sampling.as_dict() | {"share": 0.0, "size": size})


def campaign_draw(
    *, actor: Actor | None, plan: Plan, first_day: dt.date, last_day: dt.date, seed: str = ""
) -> Campaign:
    """Draw the sample of a plan for those local days; the one that there is when it was drawn already.

    Without a seed an unforeseeable one is made and kept.  Conflict `review.frame_empty`; Invalid for days that are not
    over yet or the wrong way round.
    """
    key = campaign_key(plan, first_day, last_day)
    present = Campaign.objects.filter(organisation=plan.organisation, key=key).first()
    if present is not None:
        return present
    if rolls(plan):
        raise Conflict("review.plan_rolls")
    if first_day > last_day or last_day > local_day(plan.organisation.zone):
        raise Invalid("review.period")
    try:
        with transaction.atomic():
            return _draw(actor, plan, (first_day, last_day), seed or secrets.token_hex(16))
    except IntegrityError:
        present = Campaign.objects.filter(organisation=plan.organisation, key=key).first()
        if present is None:
            raise
        return present


def _draw(actor: Actor | None, plan: Plan, days: tuple[dt.date, dt.date], seed: str) -> Campaign:
    sampling = SamplingSpec.from_dict(plan.sampling)
    found = plan_subjects(plan, *days)
    result = drawn_of(found, sampling, seed)
    if len(result.units) > MOST_DRAWN:
        raise Invalid("review.size")
    campaign = _campaign(actor, plan, days, result)
    campaign.save(force_insert=True)
    Frame.objects.create(campaign=campaign, units=packed(units(found, sampling.strata)))
    cases = _cases(campaign, {one.key: one for one in found}, result, plan)
    cases_position([case for case in cases if not case.position_why])
    _number(cases, seed)
    Case.objects.bulk_create(sorted(cases, key=lambda case: case.repeat_of_id is not None), batch_size=AT_ONCE)
    campaign.n_cases = len(cases)
    campaign.save(update_fields=["n_cases"])
    kept = {"seed": seed, "frame": result.frame_digest, "cases": len(cases), "list": _digest(result.keys)}
    _record(actor, campaign, "draw", after=kept)
    return campaign


def _campaign(actor: Actor | None, plan: Plan, days: tuple[dt.date, dt.date], result: Draw) -> Campaign:
    reading = ReadingSpec.from_dict(plan.reading)
    told = {name: value for name, value in result.as_dict().items() if name != "units"}
    asked = SamplingSpec.from_dict(plan.sampling).quotas if result.plan.allocation == "quotas" else {}
    told["absent"] = sorted(set(asked) - set(result.plan.quotas))
    told["confidence"] = confidence_of(result)
    return campaign_of(
        plan,
        days,
        seed=result.seed,
        frame_digest=result.frame_digest,
        n_frame=result.size,
        draw=told,
        due_on=local_day(plan.organisation.zone) + dt.timedelta(days=reading.days),
        drawn_by_name=actor.name if actor else "",
    )


def campaign_of(plan: Plan, days: tuple[dt.date, dt.date], **columns: Any) -> Campaign:
    """The campaign of a plan for those local days, with what the plan says copied; not saved."""
    first, last = days
    span = f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} – {last:%Y-%m-%d}"
    return Campaign(
        organisation=plan.organisation,
        plan=plan,
        key=campaign_key(plan, first, last),
        title=f"{plan.name} {span}",
        purpose=plan.purpose,
        subject_kind=plan.subject_kind,
        template=template_of(plan.organisation, plan.template),
        first_day=first,
        last_day=last,
        sampling=plan.sampling,
        reading=plan.reading,
        drawn_at=now(),
        is_demo=plan.is_demo,
        **columns,
    )


def _cases(campaign: Campaign, found: Mapping[str, Subject], result: Draw, plan: Plan) -> list[Case]:
    """Cases of the sample, then what is shown again, then what has a known answer.  Numbers come later."""
    sampling = SamplingSpec.from_dict(plan.sampling)
    sheets = Sheets(plan, campaign.template)
    sheets.prepare(found[one.key] for one in result.units)
    drawn = [case_of(campaign, found[one.key], one, sheets.of(found[one.key])) for one in result.units]
    n = int(sampling.repeats * len(drawn) + 0.5)
    again = set(shuffled(campaign.seed, "repeats", [str(case.subject_id) for case in drawn])[:n])
    repeats = [copy_of(campaign, case, origin=Origin.REPEAT, repeat_of=case) for case in drawn
               if str(case.subject_id) in again]  # fmt: skip
    return [*drawn, *repeats, *known_of(campaign, sampling.known, {case.subject_id for case in drawn})]


def sheet_of(plan: Plan, one: Subject) -> Template:
    """The score sheet that a plan has for one subject."""
    sheets = Sheets(plan)
    sheets.prepare([one])
    return sheets.of(one)


def case_of(campaign: Campaign, one: Subject, drawn: Drawn, template: Template, **columns: Any) -> Case:
    """A case for a subject that was drawn; not saved, without a number."""
    fixed = {"origin": Origin.DRAWN, "reason": drawn.reason, "stratum": list(drawn.stratum), "p": drawn.p}
    return Case(
        campaign=campaign,
        hospital_id=one.hospital,
        subject_id=one.key,
        exam_id=one.exam,
        device_id=one.device,
        performer_id=one.performer,
        item_id=one.item,
        template=template,
        modality=one.modality,
        body_part=one.body_part,
        local_day=one.day,
        **fixed | columns,
    )


def _number(cases: Sequence[Case], seed: str) -> None:
    """Blind numbers from 1 on, in an order that tells nothing."""
    named = {number_name(case): case for case in cases}
    for number, name in enumerate(shuffled(seed, "number", named), start=1):
        named[name].number = number


def number_name(case: Case) -> str:
    """By what a case gets its blind number."""
    return f"{case.origin}:{case.subject_id}"


def campaign_check(campaign: Campaign) -> Recheck:
    """Draw a sample again from its frame and seed, and compare; changes nothing."""
    frame = unpacked(Frame.objects.get(campaign=campaign).units)
    again = draw(frame, CorePlan.from_dict(campaign.draw["plan"]), campaign.seed)
    first = [case for case in campaign.cases.order_by("number") if case.origin != Origin.SWAPPED]
    drawn = [case for case in first if case.origin == Origin.DRAWN]
    wanted = {(one.key, one.reason) for one in again.units}
    there = {(str(case.subject_id), case.reason) for case in drawn}
    names = shuffled(campaign.seed, "number", [number_name(case) for case in first])
    numbered = [number_name(case) for case in first] == names
    today = {one.key for one in campaign_subjects(campaign)}
    then = {unit.key for unit in frame}
    same_frame = again.frame_digest == campaign.frame_digest
    return Recheck(
        same=same_frame and numbered and wanted == there and len(drawn) == len(there),
        same_frame=same_frame,
        missing=tuple(sorted(key for key, _why in there - wanted)),
        added=tuple(sorted(key for key, _why in wanted - there)),
        n_cases=len(drawn),
        n_frame=len(frame),
        later=len(today - then),
        gone=len(then - today),
    )


def _digest(keys: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(keys), separators=(",", ":")).encode()).hexdigest()


def _record(actor: Actor | None, campaign: Campaign, verb: str, **more: Any) -> None:
    subject, path = f"review_sample:{campaign.pk}", campaign.organisation.path
    audit.record(actor=actor, action=f"review_sample.{verb}", subject=subject, scope=path, **more)
