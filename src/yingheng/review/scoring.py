"""Answers to cases of the teaching library scored against the agreed ones, as JSON that is kept with them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from imagingqc.stats.exercise import Place, Said, Scored, score_answer, summary
from yingheng.review.library import GRADE_KEYS
from yingheng.review.models import AttemptAnswer, TeachingCase


def answer_scored(
    answer: AttemptAnswer, case: TeachingCase, size: tuple[int, int], *, with_places: bool
) -> dict[str, Any]:
    """{"points", "parts", "missed", "added"} of one answer; `size` are rows and columns of the image."""
    scored = score_answer(said_of(answer), agreed_of(case), GRADE_KEYS, diagonal=math.hypot(*size),
                          with_places=with_places)  # fmt: skip
    return {"points": round(scored.points, 2), "parts": dict(scored.parts), "missed": list(scored.missed),
            "added": list(scored.added)}  # fmt: skip


def attempt_result(answers: Sequence[AttemptAnswer], cases: Mapping[UUID, TeachingCase]) -> dict[str, Any]:
    """What an attempt comes to: {"score", "n", "confusion", "ungraded", "missed", "added"}."""
    told = [(said_of(one), agreed_of(cases[one.case_id]), scored_of(one.result)) for one in answers]
    found = summary(told, GRADE_KEYS)
    return {"score": found.score, "n": found.n, "confusion": [list(row) for row in found.confusion],
            "ungraded": found.ungraded, "missed": {code: list(pair) for code, pair in found.missed.items()},
            "added": dict(found.added)}  # fmt: skip


def said_of(answer: AttemptAnswer) -> Said:
    """What somebody said; a mark with a defect names it."""
    marked = {str(one["defect"]) for one in answer.marks if one.get("defect")}
    return Said(answer.grade, frozenset({*answer.defects, *marked}), answer.veto, places_of(answer.marks))


def agreed_of(case: TeachingCase) -> Said:
    """The agreed answer of a case."""
    return Said(case.grade, frozenset(case.defects), bool(case.vetoed), places_of(case.marks))


def scored_of(result: Mapping[str, Any]) -> Scored:
    """What `answer_scored` kept."""
    return Scored(float(result["points"]), result["parts"], tuple(result["missed"]), tuple(result["added"]))


def places_of(marks: Iterable[Mapping[str, Any]]) -> tuple[Place, ...]:
    """Marks as places: a box by its corners, a point as a box without size, of an arrow its tip."""
    found = []
    for one in marks:
        points = one["shape"]["points"]
        last = points[-1]
        first = points[0] if one["shape"]["kind"] == "rect" else last
        found.append(Place(int(one["series"]), int(one["index"]), (first[0], first[1], last[0], last[1])))
    return tuple(found)
