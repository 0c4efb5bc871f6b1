"""Calibration of readers: sets of cases with known answers, and what readers make of them.

Every reader has a sample of their own (at most three people can read one case); `draw["set"]` names the set.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.urls import reverse

from imagingqc.errors import Reason
from imagingqc.stats.reader_calibration import Answer, CalibrationResult, Demands, calibration_result
from imagingqc.stats.seeded import shuffled
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.ids import uuid7
from yingheng.notify.services import notify
from yingheng.review.demands import lines
from yingheng.review.models import Assignment, Campaign, Case, Qualification, Reading, Ruling, SubjectKind
from yingheng.review.models.campaigns import Purpose
from yingheng.review.readers import Reader, conflicts_of, readers_of
from yingheng.review.results import is_open, is_real
from yingheng.review.services.lettering import letters_ask
from yingheng.review.services.picking import OPEN, tell_assigned
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.spec import Spec
from yingheng.tenancy.models import Organisation

Reference = Mapping[str, Any]
_DAYS = 30
_READ = 0.9  # of a set, at least: a few cases may be handed back
_NO_GRADES = ("", "-")


@transaction.atomic
def calibration_make(
    *,
    actor: Actor,
    organisation: Organisation,
    title: str,
    cases: Sequence[Case],
    readers: Sequence[str],
    references: Mapping[str, Reference] | None = None,
    reason: str = "",
) -> list[Campaign]:
    """Give a set of cases with known answers to each of the readers (ids of accounts); they are told.

    The answer is what holds about an announced case, or one given by hand in `references` (by case id: score, grade,
    vetoed), for a `reason`.  Nobody gets their own work or what they read before; Conflict for a reader who would be
    left with too few.  Invalid for too few cases, several score sheets, or a case without an answer.
    """
    told, name = references or {}, title.strip()
    if not name:
        raise Invalid("review.name_missing")
    if told and not reason.strip():
        raise Invalid("review.reason_missing")
    if len(cases) < lines().cases:
        raise Invalid("review.calibration_few", n=lines().cases)
    if len({case.template.key for case in cases}) > 1 or len({case.subject_id for case in cases}) < len(cases):
        raise Invalid("review.calibration_sheets")
    answers = {str(case.pk): told.get(str(case.pk)) or _settled(case) for case in cases}
    people = readers_of(organisation, list(readers), above=True) if readers else {}
    if not people:
        raise Invalid("review.pool_small", n=1)
    barred, group = _barred(cases, people), uuid7().hex
    made = []
    for pk, reader in people.items():
        own = [case for case in cases if pk not in barred[str(case.pk)]]
        if len(own) < lines().cases:
            raise Conflict("review.calibration_known", name=reader.user.display_name, n=len(own))
        made.append(_sample(organisation, group, name, reader, [(case, answers[str(case.pk)]) for case in own]))
    audit.record(
        actor=actor,
        action="review_sample.calibrate",
        subject=f"review_sample:{made[0].pk}",
        scope=organisation.path,
        after={"set": group, "cases": len(cases), "readers": sorted(people), "by_hand": len(told)},
        reason=reason.strip(),
    )
    return made


def _settled(case: Case) -> Reference:
    """What holds about a case whose results are open."""
    if case.state != Case.State.SETTLED or not is_real(case) or not is_open(case.campaign):
        raise Invalid("review.calibration_answer", n=case.number)
    ruling = Ruling.objects.filter(case=case).order_by("-version").first()
    if ruling is None:
        raise Invalid("review.calibration_answer", n=case.number)
    return {"score": ruling.score, "grade": ruling.grade, "vetoed": list(ruling.vetoed)}


def _barred(cases: Sequence[Case], people: Mapping[str, Reader]) -> dict[str, set[str]]:
    """Case id -> who must not read it: own work, or read before and so no longer a test."""
    barred = conflicts_of(cases, people, ReadingSpec(readers=1), Purpose.CALIBRATION)
    by_subject = {case.subject_id: str(case.pk) for case in cases}
    had = Assignment.objects.filter(reader_id__in=list(people), case__subject_id__in=list(by_subject))
    for subject, reader in had.values_list("case__subject_id", "reader_id"):
        barred[by_subject[subject]].add(str(reader))
    return barred


def _sample(
    organisation: Organisation, group: str, title: str, reader: Reader, told: Sequence[tuple[Case, Reference]]
) -> Campaign:
    first, today, moment = told[0][0], local_day(organisation.zone), now()
    days, seed = [case.local_day for case, _reference in told], secrets.token_hex(16)
    keys = "\n".join(sorted(str(case.subject_id) for case, _reference in told))
    campaign = Campaign.objects.create(
        organisation=organisation,
        key=f"calibration:{group}:{reader.id}",
        title=title,
        purpose=Purpose.CALIBRATION,
        subject_kind=first.campaign.subject_kind if first.campaign else SubjectKind.EXAM,
        template=first.template,
        first_day=min(days),
        last_day=max(days),
        sampling=SamplingSpec(size=len(told)).as_dict(),
        reading=ReadingSpec(readers=1, days=_DAYS, appeal_days=0, pool=(reader.id,)).as_dict(),
        seed=seed,
        frame_digest=hashlib.sha256(keys.encode()).hexdigest(),
        n_frame=len(told),
        n_cases=len(told),
        draw={"set": group},
        state=Campaign.State.READING,
        due_on=today + dt.timedelta(days=_DAYS),
        drawn_at=moment,
        is_demo=first.campaign.is_demo,
    )
    by_id = {str(case.pk): (case, reference) for case, reference in told}
    order = [by_id[pk] for pk in shuffled(seed, "numbers", by_id)]
    rows = [_case(campaign, case, reference, number) for number, (case, reference) in enumerate(order, start=1)]
    Case.objects.bulk_create(rows, batch_size=500)
    Assignment.objects.bulk_create(
        [
            Assignment(case=row, campaign=campaign, hospital_id=row.hospital_id, slot=1, reader=reader.user,
                       place=row.number, due_on=campaign.due_on, assigned_at=moment)
            for row in rows
        ],
        batch_size=500,
    )  # fmt: skip
    tell_assigned(campaign, reader.user, len(rows), campaign.due_on, key=f"{campaign.pk}:{reader.id}")
    letters_ask(campaign)
    return campaign


def _case(campaign: Campaign, case: Case, reference: Reference, number: int) -> Case:
    return Case(
        campaign=campaign, hospital_id=case.hospital_id, subject_id=case.subject_id, exam_id=case.exam_id,
        device_id=case.device_id, performer_id=case.performer_id, item_id=case.item_id, template=campaign.template,
        modality=case.modality, body_part=case.body_part, position=case.position, position_why=case.position_why,
        local_day=case.local_day,
        number=number, origin=Case.Origin.KNOWN, reference=dict(reference),
    )  # fmt: skip


def qualifications_due() -> int:
    """Chore: judge the readers who have finished their set; returns how many."""
    rows = Campaign.objects.filter(purpose=Purpose.CALIBRATION, state=Campaign.State.READING, draw__has_key="set")
    waiting = Assignment.objects.filter(campaign__in=rows, state__in=OPEN)
    done = rows.exclude(pk__in=waiting.values("campaign")).select_related("organisation", "template")
    return sum(qualification_make(campaign=row) is not None for row in done.order_by("pk")[:100])


@transaction.atomic
def qualification_make(*, campaign: Campaign) -> Qualification | None:
    """What a reader made of their set, once all of it is read; kept once, and the reader is told.

    None while cases wait, and for a set that nobody has read a case of: it is closed.
    """
    rows = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("organisation", "template")
    row = rows.get(pk=campaign.pk)
    if row.purpose != Purpose.CALIBRATION or row.state != Campaign.State.READING:
        return Qualification.objects.filter(campaign=row).first()
    if row.assignments.filter(state__in=OPEN).exists():
        return None
    readings = list(Reading.objects.filter(campaign=row).select_related("case", "reader").order_by("case__number"))
    moment = now()
    Campaign.objects.filter(pk=row.pk).update(state=Campaign.State.PUBLISHED, published_at=moment)
    if not readings:
        return None
    given = Case.objects.filter(campaign=row).exclude(assignments__state=Assignment.State.WITHDRAWN)
    result, demands = _judged(readings, spec_of(row.template), [case.reference or {} for case in given])
    today = local_day(row.organisation.zone)
    made = Qualification.objects.create(
        reader=readings[0].reader,
        organisation=row.organisation,
        template_key=row.template.key,
        campaign=row,
        passed=result.outcome == "passed",
        result=_kept(result, demands),
        valid_until=today + dt.timedelta(days=lines().valid_days),
        made_at=moment,
    )
    _record(row, made)
    return made


def _judged(readings: Sequence[Reading], spec: Spec, given: Sequence[Reference]) -> tuple[CalibrationResult, Demands]:
    """Compared with the known answers; of points, grades and vetoes what sheet and set can tell.

    What the reader left open takes no demand away: with a case less than the set has, nothing is said.  Of what was
    `given` most is to be read, and its vetoes are asked for: nobody passes by handing back what is difficult.
    """
    known_of = [(one, one.case.reference) for one in readings if one.case.reference]
    grades = [step.key for step in spec.grades]
    points = all(known.get("score") is not None for _one, known in known_of)
    graded = len(grades) > 1 and all(known.get("grade") in grades for _one, known in known_of)
    told = [
        (one, known)
        for one, known in known_of
        if (one.score is not None or not points) and (one.grade in grades or not graded)
    ]
    asked = lines()
    fewest = max(asked.cases, math.ceil(_READ * len(given)))
    demands = Demands(
        cases=fewest if len(told) == len(known_of) else max(fewest, len(known_of)),
        bias=asked.bias if points else None,
        sd=asked.sd if points else None,
        kappa=asked.kappa if graded else None,
        vetoes=asked.vetoes if any(known.get("vetoed") for known in given) else None,
    )
    answers = [
        Answer(
            case=str(one.case_id),
            known_score=known["score"] if points else 0.0,
            score=one.score if points and one.score is not None else 0.0,
            known_grade=known["grade"] if graded else "",
            grade=one.grade if graded else "",
            known_veto=bool(known.get("vetoed")),
            veto=bool(one.vetoed),
        )
        for one, known in told
    ]
    return calibration_result(answers, grades if graded else _NO_GRADES, demands), demands


def _kept(result: CalibrationResult, demands: Demands) -> dict[str, Any]:
    """The result as plain JSON, with the lines it was held against."""
    points = demands.bias is not None
    return {
        "outcome": result.outcome,
        "n": result.n,
        "bias": result.bias if points else None,
        "bias_interval": list(result.bias_interval) if points and result.bias_interval else None,
        "sd": result.sd if points else None,
        "kappa": result.kappa.value if result.kappa else None,
        "kappa_interval": list(result.kappa.interval) if result.kappa else None,
        "vetoes": result.vetoes.value if result.vetoes else None,
        "n_vetoes": result.vetoes.n if result.vetoes else 0,
        "false_vetoes": result.false_vetoes,
        "demands": {"cases": demands.cases, "bias": demands.bias, "sd": demands.sd, "kappa": demands.kappa,
                    "vetoes": demands.vetoes, "source": lines().source, "source_en": lines().source_en},
        "reasons": [{"reason": one.code, "values": dict(one.values)} for one in result.reasons],
    }  # fmt: skip


def reasons_text(result: Mapping[str, Any], lang: str) -> list[str]:
    """Why a reader did not pass, for people."""
    return [Reason(one["reason"], one["values"]).text(lang) for one in result.get("reasons", ())]


def _record(row: Campaign, made: Qualification) -> None:
    audit.record(
        actor=None,
        action="review.qualify",
        subject=f"review_sample:{row.pk}",
        scope=row.organisation.path,
        after={"reader": str(made.reader_id), "passed": made.passed, "template": made.template_key},
    )
    notify(
        key=f"review.qualified:{made.pk}",
        kind="review.qualified" if made.passed else "review.not_qualified",
        params={"sheet": row.template.title, "until": made.valid_until.isoformat(), "campaign": row.title},
        recipients=[made.reader],
        scope=row.organisation.path,
        subject=f"review_sample:{row.pk}",
        link=reverse("review:reader"),
    )
