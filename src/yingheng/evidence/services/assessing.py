"""Storing an assessment: verdicts, the findings that follow from them, the exam's summary and the cells."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction

from imagingqc.criteria.model import Standard, Verdict
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.evidence.models import Assessment, Decision
from yingheng.evidence.services.exploding import findings_update
from yingheng.evidence.services.recounting import assessment_cells
from yingheng.evidence.services.subject import Subject, subject_lock
from yingheng.evidence.services.summing import exam_outcome_refresh
from yingheng.evidence.truth import effective, is_major_pass, is_minor_gap, standard_family, worst
from yingheng.jobs import services as jobs
from yingheng.rollups.services import cells_change


@dataclass(frozen=True, slots=True)
class Run:
    """Provenance of an assessment.  `input_hash` names the inputs: while it stays, people's decisions hold."""

    code_version: str
    input_hash: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()
    pixel_hash: str = ""


@transaction.atomic
def assessment_store(
    *,
    subject: Subject,
    standard: Standard,
    verdicts: Sequence[Verdict],
    run: Run,
    run_kind: str = "auto",
    holds: bool = False,
) -> tuple[Assessment, bool]:
    """Store all verdicts of a subject under one edition; returns the row, and whether it is new.

    Same verdicts from the same inputs and code: nothing changes, but that a row which was let go becomes current
    again.  An edition older than the current one of its family is kept but does not become current, unless it
    `holds`: the rules in force say so, since a newer edition was withdrawn.  Otherwise the row supersedes the current
    one, failures become findings, passes close them, and the exam's summary and the cells follow, all in one
    transaction.  What a person decided on these inputs goes before the machine's verdict.  A shadow run changes
    nothing but itself.
    """
    subject_lock(subject)
    row = _assessment(subject, standard, verdicts, run, run_kind)
    same = Assessment.objects.filter(**subject.key, family=row.family, run_kind=run_kind)
    current = same.filter(is_current=True).first()
    newest = same.filter(standard=standard.id).order_by("-created_at", "-id").first()
    gives_way = current is not None and not holds and _older(row, current)
    known = newest is not None and newest.content_hash == row.content_hash
    if newest is not None and known and (newest.is_current or gives_way):
        return newest, False
    if current is not None and not gives_way:
        row.supersedes = current
        same.filter(pk=current.pk).update(is_current=False)
    if newest is not None and known:
        row = newest
        same.filter(pk=row.pk).update(is_current=True)
    row.is_current = not gives_way
    if not known:
        row.save(force_insert=True)
    if row.is_current and run_kind != Assessment.RunKind.SHADOW:
        decisions = list(Decision.objects.filter(**subject.key))
        findings_update(row, effective(row, decisions))
        cells_change(removed=assessment_cells(current), added=assessment_cells(row))
        exam_outcome_refresh(subject.exam_id)
    jobs.emit(events.ASSESSMENT_STORED, str(row.pk), scope=subject.hospital.path)
    return row, not known


def _older(row: Assessment, current: Assessment) -> bool:
    return bool(row.valid_from and current.valid_from and row.valid_from < current.valid_from)


def _assessment(
    subject: Subject, standard: Standard, verdicts: Sequence[Verdict], run: Run, run_kind: str
) -> Assessment:
    rows = [v.as_dict() for v in verdicts]
    automatic = Counter(v["outcome"] for v in rows if v["grade"] != "manual")
    n_manual = len(rows) - automatic.total()
    outcome = "NEEDS_HUMAN" if n_manual and not automatic else worst(automatic)
    provenance = {**asdict(run), "inputs": list(run.inputs), "parameters": dict(run.parameters)}
    content = json.dumps([standard.id, provenance, rows], sort_keys=True, ensure_ascii=False, default=str)
    return Assessment(
        **subject.columns,
        standard=standard.id,
        family=standard_family(standard.id),
        valid_from=standard.valid_from,
        run_kind=run_kind,
        outcome=outcome,
        n_pass=automatic["PASS"],
        n_pass_major=sum(is_major_pass(v["outcome"], v) for v in rows if v["grade"] != "manual"),
        n_fail=automatic["FAIL"],
        n_human=automatic["NEEDS_HUMAN"],
        n_unassessable=automatic["NOT_ASSESSABLE"],
        n_unassessable_minor=sum(is_minor_gap(v["outcome"], v) for v in rows if v["grade"] != "manual"),
        n_manual=n_manual,
        failed=[v["criterion"] for v in rows if v["outcome"] == "FAIL"],
        verdicts=rows,
        run=provenance,
        input_hash=run.input_hash,
        content_hash=hashlib.sha256(content.encode()).hexdigest(),
        created_at=now(),
    )
