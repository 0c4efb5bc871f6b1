"""What intake adds to the page of an exam: whether all of it has come, by the word of those who sent it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from yingheng.catalog.models import Exam, PerformedStep
from yingheng.common.ui.parts import KeyValues, Many, Section, Tag, When

_STEP_TONES = {"in_progress": "accent", "completed": "neutral", "discontinued": "human"}
_SHOWN = 10


def exam_arrival(_request: HttpRequest, subject: Any) -> Section | None:
    """Performed steps, what they name and what came, storage commitment, and doubtful clocks; None when nobody told."""
    if not isinstance(subject, Exam):
        return None
    rows = [
        *_steps(subject),
        *_counted(subject),
        *_commitments(subject),
        *_clock(subject),
    ]
    return Section(_("Completeness"), KeyValues(rows)) if rows else None


_Rows = list[tuple[str, Any]]


def _steps(exam: Exam) -> _Rows:
    told = exam.arrival.get("steps") or []
    return [(_("Performed step"), Many(_step_words(step))) for step in told[:_SHOWN]]


def _step_words(step: Mapping[str, Any]) -> list[Any]:
    state = PerformedStep.State(step["state"])
    words: list[Any] = [Tag(str(state.label), _STEP_TONES[state])]
    words += [When(dt.datetime.fromisoformat(step[name])) for name in ("started_at", "ended_at") if name in step]
    if "reason" in step:
        words.append(step["reason"])
    if "rejected" in step:
        words.append(_("%(n)s exposures without an image") % {"n": step["rejected"]})
    return words


def _counted(exam: Exam) -> _Rows:
    if exam.n_expected is None:
        return []
    missing = exam.n_missing or 0
    told = _("%(listed)s named, %(found)s arrived") % {"listed": exam.n_expected, "found": exam.n_expected - missing}
    words: list[Any] = [told]
    if missing:
        words.append(Tag(_("%(n)s missing") % {"n": missing}, "human"))
    return [(_("Objects by the scanner's account"), Many(words))]


def _commitments(exam: Exam) -> _Rows:
    rows = []
    for one in exam.arrival.get("commitments") or []:
        listed, found = one["n_listed"], one["n_found"]
        words: list[Any] = [_("%(listed)s listed, %(found)s held") % {"listed": listed, "found": found}]
        if found < listed:
            words.append(Tag(_("%(n)s missing") % {"n": listed - found}, "human"))
        rows.append((_("Storage commitment of %(sender)s") % {"sender": one["sender"]}, Many(words)))
    return rows


def _clock(exam: Exam) -> _Rows:
    if not exam.is_clock_doubtful:
        return []
    words = _("A date in the headers cannot be true and was not used: check the clock of the device.")
    return [(_("Clock"), Tag(words, "human"))]
