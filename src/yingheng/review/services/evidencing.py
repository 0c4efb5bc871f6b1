"""What a ruling says of its exam, as evidence: measurements, and verdicts of the product's own rules on film review."""

from __future__ import annotations

from functools import cache
from typing import Any

from imagingqc import __version__
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Context, Standard
from imagingqc.evaluate import judge_measurements
from imagingqc.quantity import Measurement, Value
from yingheng.evidence.models import Finding
from yingheng.evidence.services import Run, assessment_store, measurements_store, subject_of_exam
from yingheng.review.models import Case, Ruling, SubjectKind
from yingheng.sheets.selectors import spec_of

STANDARD = "film-review-1"
METHOD_SET = "review"
SCORE, GRADE, WASTE = "exam.image_score", "exam.image_grade", "exam.image_waste"
_DIMENSIONS = ("coverage", "contrast", "noise", "artefact")


@cache
def standard() -> Standard:
    """The rules on film review."""
    return load_builtin()[STANDARD]


def is_of_review(quantity: str) -> bool:
    """Whether a quantity is what film review itself comes to."""
    return quantity in {SCORE, GRADE, WASTE} or quantity.startswith(f"{SCORE}.")


def measurements_of(ruling: Ruling) -> list[Measurement]:
    """Score, grade and points by dimension, as far as the sheet gives them."""
    found = []

    def add(quantity: str, value: Value) -> None:
        found.append(Measurement(quantity, value, "1", METHOD_SET, "1"))

    if ruling.score is not None:
        add(SCORE, ruling.score)
    if ruling.grade:
        add(GRADE, ruling.grade)
    waste = (ruling.details.get("flags") or {}).get("waste")
    if waste is not None:
        add(WASTE, bool(waste))
    for row in ruling.details.get("dimensions") or ():
        if row["key"] in _DIMENSIONS and row.get("points") is not None:
            add(f"{SCORE}.{row['key']}", float(row["points"]))
    return found


def evidence_keep(case: Case, ruling: Ruling) -> None:
    """Store what the ruling says of the exam, in the caller's transaction; the ruling stored last holds.

    A later ruling that passes settles the finding that an earlier one opened.
    """
    if case.exam is None:
        return
    subject, told = subject_of_exam(case.exam), measurements_of(ruling)
    if not told:
        return
    context = Context("exam", {"modality": case.modality})
    source = ruling.pk.hex
    measurements_store(
        subject=subject, method_set=METHOD_SET, version="1", input_hash=source, values=told, context=context
    )
    known = {m.quantity for m in told}
    verdicts = [v for v in judge_measurements(told, context, [standard()]) if v.quantity in known]
    if verdicts:
        run = Run(__version__, source, told_of(case, ruling))
        assessment_store(subject=subject, standard=standard(), verdicts=verdicts, run=run, run_kind="sheet")


def told_of(case: Case, ruling: Ruling) -> dict[str, Any]:
    """What a page shows of the result without asking again; never a reader."""
    return {
        "case": str(case.pk),
        "campaign": case.campaign.title,
        "basis": ruling.basis,
        "score": ruling.score,
        "grade": ruling.grade,
        "template": case.template.key,
        "version": case.template.version,
        "grades": [[step.key, step.label.zh, step.label.en] for step in spec_of(case.template).grades],
        "faults": list(ruling.faults),
        "performer": str(case.performer_id or ""),
    }


def findings_of(case: Case) -> list[Finding]:
    """The live findings that film review opened on the exam of a case, with their hospital; an audit opens none."""
    if case.campaign.subject_kind != SubjectKind.EXAM:
        return []
    live = ("open", "confirmed", "in_action", "verified")
    rows = Finding.objects.filter(exam_id=case.exam_id, quantity__in=(SCORE, WASTE), state__in=live)
    return list(rows.select_related("hospital").order_by("quantity")) if case.exam_id else []
