"""What an arbiter sees beside the sheet: both readings without their readers, and in what they differ."""

from __future__ import annotations

from django.utils.translation import gettext as _

from yingheng.common.ui.parts import KeyValues, Lines, Many, Section, Tag
from yingheng.review.faults import fault_list, fault_text
from yingheng.review.following import arbitration_of
from yingheng.review.models import Assignment, Reading, SubjectKind
from yingheng.review.shown import grade_tag, listed, reader_text, score_text, veto_texts
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.spec import Spec
from yingheng.web.reading.content import Texts
from yingheng.web.reading.report import earlier_marks, quoted
from yingheng.web.reading.veil import Veil


def earlier_readings(assignment: Assignment) -> Section | None:
    """The two readings that differed; None for anybody but the arbiter."""
    told = arbitration_of(assignment)
    if told is None:
        return None
    spec = spec_of(assignment.case.template)
    kinds = {"points": _("Points"), "grade": _("Grade"), "veto": _("Veto")}
    apart = Many([Tag(kinds[one.kind], "human", "git-compare") for one in told.differences])
    rows = [(_("They differ in"), apart), *((reader_text(one.slot), _reading(spec, one)) for one in told.readings)]
    rows += _in_text(assignment)
    return Section(_("Readings that differ"), KeyValues(rows))


def _in_text(assignment: Assignment) -> list[tuple[str, Lines]]:
    """The words of a report that each of them marked."""
    if assignment.campaign.subject_kind != SubjectKind.REPORT or assignment.case.exam_id is None:
        return []
    texts = Texts(Veil(assignment))
    name = _("%(reader)s marked")
    return [
        (
            name % {"reader": reader_text(mark.assignment.slot)},
            Lines(quoted(texts, mark.shape), fault_text(mark.defect) if mark.defect else ""),
        )
        for mark in earlier_marks(texts)
    ]


def _reading(spec: Spec, one: Reading) -> Lines:
    grade = grade_tag(spec, one.grade)
    result = Many([grade, score_text(one.score)] if grade else [score_text(one.score)])
    vetoes = listed(veto_texts(spec, one.vetoed))
    return Lines(result, " · ".join(filter(None, (vetoes, fault_list(one.faults)))))
