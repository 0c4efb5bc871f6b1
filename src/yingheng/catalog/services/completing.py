"""Series and exams that are complete by count: what their performed steps name has arrived.

Only an ended step counts, since one in progress names what there is so far.  Time closes everything else
(`selectors.exam_quiet_list`), later where more was named than came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from yingheng.catalog.models import Exam, PerformedStep, Series
from yingheng.catalog.services.closing import exam_close, series_close
from yingheng.tenancy.models import Organisation

WAITED_FOR = 5  # priority of what somebody at the scanner waits for


@dataclass(frozen=True, slots=True)
class Named:
    """What the steps of one exam say: numbers of objects by Series Instance UID, and whether all steps have ended."""

    counts: Mapping[str, int]
    ended: bool
    told: Sequence[Mapping[str, Any]]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def exams_settle(*, hospital: Organisation, exam_ids: Iterable[UUID], series_ids: Iterable[UUID] = ()) -> int:
    """Close what is complete by count among exams that just changed; returns how many series and exams that were.

    `series_ids`: series that just received objects.  Notes on each exam how many objects its steps name and how many
    of them are missing.  Costs three queries for any number of exams of which nothing was told.
    """
    exams = {row.pk: row for row in Exam.objects.filter(hospital=hospital, pk__in=list(exam_ids)).order_by("study_uid")}
    if not exams:
        return 0
    named = _named(hospital, exams.values())
    closed = 0
    for exam in exams.values():
        if exam.study_uid in named:
            closed += _settle(exam, named[exam.study_uid])
    return closed + _by_header(series_ids)


def _by_header(series_ids: Iterable[UUID]) -> int:
    """Close series that are as many as their header says (0020,1209).

    (0020,1002) Images in Acquisition is not asked: a series may hold several acquisitions.
    """
    told = Series.objects.filter(
        pk__in=list(series_ids), state=Series.State.RECEIVING, facts__has_key="NumberOfSeriesRelatedInstances"
    )
    ready = [s for s in told.order_by("series_uid") if s.n_instances >= _told(s.facts) > 0]
    return sum(series_close(series=series, priority=WAITED_FOR) for series in ready)


def _told(facts: Mapping[str, object]) -> int:
    value = facts["NumberOfSeriesRelatedInstances"]
    return value if isinstance(value, int) else 0


def _named(hospital: Organisation, exams: Iterable[Exam]) -> dict[str, Named]:
    steps = PerformedStep.objects.filter(hospital=hospital, study_uid__in=[e.study_uid for e in exams])
    by_study: dict[str, list[PerformedStep]] = {}
    for step in steps.order_by("sop_uid"):
        by_study.setdefault(step.study_uid, []).append(step)
    for exam in exams:
        lost = [s.pk for s in by_study.get(exam.study_uid, ()) if s.exam_id is None]
        if lost:
            PerformedStep.objects.filter(pk__in=lost, exam__isnull=True).update(exam=exam)
    return {study: _counted(steps) for study, steps in by_study.items()}


def _counted(steps: Sequence[PerformedStep]) -> Named:
    counts: Counter[str] = Counter()
    for step in steps:
        if step.state != PerformedStep.State.IN_PROGRESS:
            for one in step.series:
                counts[one["series_uid"]] += one["n_instances"]
    return Named(counts, all(s.state != PerformedStep.State.IN_PROGRESS for s in steps), [_told_of(s) for s in steps])


def _told_of(step: PerformedStep) -> dict[str, Any]:
    """A step as the page of its exam shows it, which then needs no query for it."""
    times = {"started_at": step.started_at, "ended_at": step.ended_at}
    words: dict[str, Any] = {name: at.isoformat() for name, at in times.items() if at}
    if step.discontinuation_reason:
        words["reason"] = step.discontinuation_reason
    if step.rejected_exposures:
        words["rejected"] = step.rejected_exposures
    return {"state": step.state, **words}


@transaction.atomic
def exam_arrival_note(*, exam_id: UUID, name: str, told: object) -> None:
    """Keep on an exam what was told of its arrival: `steps`, or `commitments` (a list of mappings)."""
    row = Exam.objects.select_for_update(of=("self",), no_key=True).filter(pk=exam_id).first()
    if row is not None and row.arrival.get(name) != told:
        Exam.objects.filter(pk=exam_id).update(arrival={**row.arrival, name: told})


@transaction.atomic
def _settle(exam: Exam, named: Named) -> int:
    if exam.arrival.get("steps") != named.told:
        exam_arrival_note(exam_id=exam.pk, name="steps", told=named.told)
    if not named.counts:
        return 0
    rows = {s.series_uid: s for s in exam.series.order_by("series_uid")}
    missing = 0
    for uid, n in named.counts.items():
        row = rows.get(uid)
        missing += max(n - (row.n_instances if row else 0), 0)
        if row is not None and row.n_expected != n:
            Series.objects.filter(pk=row.pk).update(n_expected=n)
    if (exam.n_expected, exam.n_missing) != (named.total, missing):
        Exam.objects.filter(pk=exam.pk).update(n_expected=named.total, n_missing=missing)
    return _close(exam, rows.values(), named, missing)


def _close(exam: Exam, rows: Iterable[Series], named: Named, missing: int) -> int:
    """Series of which all named objects are here; the exam when nothing is missing and nothing else is coming in."""
    closed = 0
    going_on = False
    for row in rows:
        if row.state == Series.State.COMPLETE:
            continue
        if row.n_instances >= named.counts.get(row.series_uid, 0) > 0:
            closed += series_close(series=row, priority=WAITED_FOR)
        else:
            going_on = True
    if named.ended and named.total and not missing and not going_on:
        closed += exam_close(exam=exam, priority=WAITED_FOR)
    return closed
