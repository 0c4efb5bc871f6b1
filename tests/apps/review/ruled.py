"""Readings and rulings for tests: what a reader would have submitted, without the reading room."""

from collections.abc import Sequence

from tests.apps.review.making import give

from yingheng.common.clock import local_day, now
from yingheng.review.models import Assignment, Reading
from yingheng.review.services.ruling import case_consider
from yingheng.sheets.models import Response
from yingheng.sheets.scoring import score_of
from yingheng.sheets.selectors import spec_of


def answers(position=60, contrast=40, *, wrong=False, cut=False):
    """Answers of the sheet of `making.FILM`: points of contrast, faults of position."""
    faults = [key for key, said in (("cut", cut), ("wrong", wrong)) if said]
    lost = 60 if wrong else 20 if cut else 0
    points = max(0, 60 - lost)
    return {"position": {"points": float(min(position, points)), "faults": faults},
            "contrast": {"points": float(contrast), "faults": []}}  # fmt: skip


def read(case, reader, slot=1, *, score=None, faults: Sequence[str] = (), note="", **given):
    """A reader's submitted reading: of a score, or of answers; then the case is considered.  The ruling, or None."""
    row = reading_of(case, reader, slot, score=score, faults=faults, note=note, **given)
    return case_consider(case=row.case)


def reading_of(case, reader, slot=1, *, score=None, faults: Sequence[str] = (), note="", **given):
    """The row alone."""
    told = answers(**given) if score is None else of_score(score)
    scored = score_of(spec_of(case.template), told)
    row = Assignment.objects.filter(case=case, reader=reader).first() or give(case, reader, slot)
    at = now()
    response = Response.objects.create(
        hospital=case.hospital, template=case.template, subject_type="review", subject_id=str(row.pk),
        occasion="reading", state="submitted", answers=told, score=scored.as_dict(), sha256="0" * 64,
        local_day=local_day(case.hospital.zone, at), begun_at=at, saved_at=at, submitted_at=at,
    )  # fmt: skip
    reading = Reading.objects.create(
        assignment=row, case=case, campaign=case.campaign, hospital=case.hospital, reader=reader, slot=slot,
        template=case.template, response=response, score=scored.points, grade=scored.grade,
        vetoed=sorted(scored.vetoed), faults=sorted({*scored.defects, *faults}),
        details={"dimensions": [], "items": scored.as_dict()["items"], **({"note": note} if note else {})},
        seconds=30, submitted_at=at, local_day=response.local_day,
    )  # fmt: skip
    row.state, row.submitted_at = Assignment.State.SUBMITTED, at
    row.save()
    return reading


def of_score(points):
    """Answers that come to so many points, without a fault."""
    contrast = max(0.0, points - 60)
    return {"position": {"points": float(points - contrast), "faults": []},
            "contrast": {"points": float(contrast), "faults": []}}  # fmt: skip
