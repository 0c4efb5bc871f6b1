"""What stands beside the images of a case: the answer, why, and, after an exercise, one's own answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yingheng.common.ui.parts import KeyValues, Lines, Many, Section, Tag
from yingheng.common.ui.words import number_text
from yingheng.review.faults import fault_advice, fault_text
from yingheng.review.library import GRADE_KEYS, GRADES
from yingheng.review.models import AttemptAnswer, TeachingCase
from yingheng.review.scoring import said_of
from yingheng.review.shown import placed_tag, score_text
from yingheng.web.teaching.shown import Mark, mark_words

PARTS = {
    "grade": gettext_lazy("Grade"),
    "defects": gettext_lazy("Defects"),
    "veto": gettext_lazy("Veto"),
    "place": gettext_lazy("Place of the defects"),
}


def side_html(request: HttpRequest, case: TeachingCase, n: int, answer: AttemptAnswer | None = None) -> str:
    """The side of series `n`: marks on it lead to their image."""
    context = {
        "answer": _agreed(case),
        "own": _own(answer, case) if answer is not None else None,
        "explanation": case.explanation,
        "lessons": [line for line in case.lessons.splitlines() if line.strip()],
        "marks": [(mark["index"], mark_words(mark)) for mark in case.marks if mark["series"] == n],
        "advice": [(fault_text(code), fault_advice(code)) for code in case.defects if fault_advice(code)],
    }
    return render_to_string("web/_teaching_side.html", context, request)


def grade_tag(grade: str) -> Tag | str:
    """A grade as colour, icon and word."""
    return placed_tag(GRADE_KEYS, grade, str(GRADES.get(grade, grade))) or "—"


def defect_tags(codes: Mapping[str, str] | list[str]) -> Many | str:
    """Defects as words; with tones by code where there are some."""
    tones = codes if isinstance(codes, Mapping) else dict.fromkeys(codes, "neutral")
    return Many([Tag(fault_text(code), tone) for code, tone in tones.items()]) if tones else "—"  # type: ignore[arg-type]


def _agreed(case: TeachingCase) -> Section:
    rows: list[tuple[str, Any]] = [(_("Grade"), grade_tag(case.grade))]
    if case.score is not None:
        rows.append((_("Points"), score_text(case.score)))
    if case.vetoed:
        rows.append((_("Veto"), Tag(_("one fault alone rejects the film"), "fail", "ban")))
    rows.append((_("Defects"), defect_tags(list(case.defects))))
    basis = Lines(str(case.get_basis_display()), case.basis_reason if case.basis == "expert" else "")
    return Section(_("Agreed answer"), KeyValues([*rows, (_("Rests on"), basis)]))


def _own(answer: AttemptAnswer, case: TeachingCase) -> Section:
    said, told = said_of(answer), answer.result
    tones = {code: "pass" if code in case.defects else "fail" for code in sorted(said.defects)}
    parts = "  ·  ".join(
        f"{PARTS[name]} {number_text(round(100 * value))}" for name, value in (told.get("parts") or {}).items()
    )
    rows: list[tuple[str, Any]] = [
        (_("Points"), Lines(score_text(told.get("points")), parts)),
        (_("Grade"), grade_tag(answer.grade)),
        (_("Defects"), defect_tags(tones)),
    ]
    if told.get("missed"):
        rows.append((_("Missed"), defect_tags(dict.fromkeys(told["missed"], "human"))))
    if answer.veto:
        rows.append((_("Veto"), Tag(_("one fault alone rejects the film"), "neutral", "ban")))
    return Section(_("My answer"), KeyValues(rows))


def both_marks(case: TeachingCase, answer: AttemptAnswer | None) -> list[tuple[Mark, str]]:
    """The marks of the answer in one colour, one's own in another."""
    own = [(mark, "own") for mark in answer.marks] if answer is not None else []
    return [*((mark, "NEEDS_HUMAN") for mark in case.marks), *own]
