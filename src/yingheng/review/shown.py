"""How results look: grades as colour, icon and word, points, bases, who read without names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from imagingqc.protocol.parts import body_part_name
from yingheng.common.ui.parts import Tag, Tone
from yingheng.common.ui.words import language
from yingheng.review.grading import grade_keys
from yingheng.review.models import Case, Ruling, Tracing
from yingheng.review.models.reading import ARBITER
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.spec import Spec, Words

_LOOKS: Mapping[str, tuple[Tone, str]] = {
    "best": ("pass", "circle-check"),
    "good": ("accent", "check"),
    "poor": ("human", "alert-triangle"),
    "last": ("fail", "x"),
}
_TRACING: Mapping[str, tuple[Tone, str]] = {
    Tracing.State.OPEN: ("fail", "alert-circle"),
    Tracing.State.ACTING: ("human", "tool"),
    Tracing.State.DONE: ("accent", "eye-check"),
    Tracing.State.CLOSED: ("pass", "circle-check"),
    Tracing.State.DROPPED: ("none", "circle-off"),
}
_APPEAL: Mapping[str, tuple[Tone, str]] = {
    "filed": ("human", "clock"),
    "upheld": ("neutral", "shield-check"),
    "changed": ("accent", "pencil"),
    "withdrawn": ("none", "circle-off"),
}


def words_of(words: Words) -> str:
    """The text in the reader's language."""
    return words.en if language() == "en" and words.en else words.zh


def grade_text(spec: Spec, grade: str) -> str:
    """What a grade is called; "" without one."""
    return next((words_of(step.label) for step in spec.grades if step.key == grade), grade)


def grade_tag(spec: Spec, grade: str) -> Tag | None:
    """A grade as colour, icon and word; None where the sheet gives none."""
    return placed_tag(grade_keys(spec), grade, grade_text(spec, grade))


def placed_tag(keys: Sequence[str], grade: str, text: str) -> Tag | None:
    """A grade by its place among all grades, from the best to the worst."""
    if not grade:
        return None
    place = keys.index(grade) if grade in keys else len(keys) - 1
    look = "best" if place == 0 else "last" if place == len(keys) - 1 else "good" if place == 1 else "poor"
    tone, icon = _LOOKS[look]
    return Tag(text, tone, icon)


def case_grade(case: Case) -> Tag | None:
    """The grade that holds about a case."""
    return grade_tag(spec_of(case.template), case.grade)


def score_text(score: float | None) -> str:
    """Points as people write them; a dash where there are none.

    One digit, but never more points than there are: 94.96 is not shown as the 95 that it does not reach.
    """
    if score is None:
        return "—"
    digits = next((n for n in range(1, 6) if round(score, n) <= score), 6)
    return f"{score:.{digits}f}".rstrip("0").rstrip(".")


def reader_text(slot: int) -> str:
    """Who read, without a name."""
    names = {1: _("Reader one"), 2: _("Reader two"), ARBITER: pgettext("reader", "Arbiter")}
    return names.get(slot, str(slot))


def case_text(case: Case) -> str:
    """What a case is called: what was examined, and its number in the campaign."""
    return " · ".join(filter(None, (exam_text(case), _("case %(n)s") % {"n": case.number})))


def exam_text(case: Case) -> str:
    """What was examined, without the patient."""
    if case.item is not None:
        return case.item.label
    return " ".join(filter(None, (case.modality, part_text(case.body_part)))) or (
        case.exam.description if case.exam else ""
    )


def part_text(code: str) -> str:
    """The name of a body part in the reader's language, as far as it is known."""
    return (body_part_name(code) if language() == "zh" else code.capitalize()) or code


def tracing_tag(state: str, label: object) -> Tag:
    """Where a tracing stands."""
    tone, icon = _TRACING[state]
    return Tag(str(label), tone, icon)


def appeal_tag(state: str, label: object) -> Tag:
    """Where an appeal stands."""
    tone, icon = _APPEAL[state]
    return Tag(str(label), tone, icon)


def listed(words: Sequence[str]) -> str:
    """Several texts in one line."""
    return ("、" if language() == "zh" else ", ").join(words)


def veto_texts(spec: Spec, vetoed: list[str]) -> list[str]:
    """Vetoes ("item.fault", "item.no") in words."""
    found = []
    items = {item.key: item for item in spec.items()}
    for key in vetoed:
        name, _dot, fault = key.partition(".")
        item = items.get(name)
        if item is None:
            found.append(key)
            continue
        told = next((words_of(one.label) for one in (*item.deductions, *item.levels) if one.key == fault), "")
        between = "：" if language() == "zh" else ": "
        found.append(between.join(filter(None, (words_of(item.label), told))))
    return found


def item_rows(spec: Spec, ruling: Ruling) -> list[tuple[str, Mapping[str, Any], list[str]]]:
    """Items of a ruling: name, what was stored, faults in words."""
    items = {item.key: item for item in spec.items()}
    found = []
    for row in ruling.details.get("items") or ():
        item = items.get(row["key"])
        label = words_of(item.label) if item else row["key"]
        faults = [words_of(d.label) for d in item.deductions if d.key in (row.get("faults") or ())] if item else []
        level = next((words_of(one.label) for one in item.levels if one.key == row.get("level")), "") if item else ""
        found.append((label, row, [*faults, *([level] if level else [])]))
    return found


def dimension_text(spec: Spec, key: str) -> str:
    """What a dimension is called."""
    return next((words_of(one.label) for one in spec.dimensions if one.key == key), key)
