"""What film review adds to the pages of exams."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.catalog.models import Exam
from yingheng.common.ui.parts import Action, KeyValues, Many, Section, When
from yingheng.common.ui.words import language
from yingheng.evidence.panels import exam_history
from yingheng.review.faults import fault_list
from yingheng.review.services.evidencing import STANDARD
from yingheng.review.shown import placed_tag, score_text
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import REVIEW_VIEW


def exam_review(request: HttpRequest, subject: Any) -> Section | None:
    """The grade of an exam once results are open, for who sees results and for who took the images.

    It comes from the evidence that the page reads anyway: no query of its own but for who sees no results of others.
    """
    if not isinstance(subject, Exam):
        return None
    row = next((one for one in exam_history(request, subject) if one.standard == STANDARD and one.is_current), None)
    if row is None:
        return None
    told = row.run["parameters"]
    sees = scope_of(request, REVIEW_VIEW).contains(subject.hospital.path)
    if not sees and not _is_own(request, subject):
        return None
    words = {key: (en if language() == "en" and en else zh) for key, zh, en in told["grades"]}
    grade = placed_tag(list(words), told["grade"], words.get(told["grade"], told["grade"]))
    result = [grade, score_text(told["score"])] if grade else [score_text(told["score"])]
    rows: list[tuple[str, Any]] = [(_("Result"), Many(result)), (_("Campaign"), told["campaign"])]
    if told["faults"]:
        rows.append((_("Defects"), fault_list(told["faults"])))
    rows.append((_("When"), When(row.created_at)))
    to = Action(_("Open"), reverse("review:case", args=[told["case"]]), "arrow-right", kind="quiet")
    return Section(_("Film review"), KeyValues(rows), actions=[to])


def _is_own(request: HttpRequest, exam: Exam) -> bool:
    return exam.performer is not None and exam.performer.user_id == request.user.pk
