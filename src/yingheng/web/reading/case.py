"""One case of the reading room as data: images, sheet, marks, and which case comes next."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from yingheng.catalog.models import Instance, Series
from yingheng.catalog.selectors import instances_of_series
from yingheng.common.ui.addresses import identifier
from yingheng.common.ui.words import language
from yingheng.review.letters import is_lettered, is_unchecked
from yingheng.review.models import Assignment, Mark, SubjectKind
from yingheng.review.sheet_subject import OCCASION, SUBJECT
from yingheng.review.worklist import next_of, progress_in
from yingheng.sheets.answers import read
from yingheng.sheets.judging import Basis, judge_sheet
from yingheng.sheets.models import Response
from yingheng.sheets.pages import score_text, sheet_groups
from yingheng.sheets.selectors import response_open, spec_of
from yingheng.web.reading.arbiter import earlier_readings
from yingheng.web.reading.content import content_data
from yingheng.web.reading.hanging import hang
from yingheng.web.reading.references import dictionary_of, film_positions, position_data
from yingheng.web.reading.veil import Veil
from yingheng.web.viewer_data import has_images

_WINDOWS = {"brain": (40, 80), "lung": (-600, 1500), "soft tissue": (40, 400), "bone": (400, 1800)}


def draft_of(assignment: Assignment) -> Response | None:
    """What was typed of a case so far, or submitted; None before anything was."""
    return response_open(assignment.case.template, SUBJECT, str(assignment.pk), OCCASION)


def local_key(assignment: Assignment) -> str:
    """Under which name a browser keeps what it could not send."""
    return f"sheet:reading:{assignment.pk}:{assignment.reader_id}"


def case_data(request: HttpRequest, assignment: Assignment) -> dict[str, Any]:
    """Everything the room needs of a case: its first images, its sheet, its marks, and which case comes next.

    Fetched ahead it is told by `past` which case is read before it.
    """
    veil = Veil(assignment)
    images = _images(veil)
    done, total = progress_in(request.user, assignment.campaign_id)
    after = next_of(request.user, assignment, past=identifier(request.GET.get("past", "")))
    response = draft_of(assignment)
    here = [assignment.pk]
    return {
        "id": str(assignment.pk),
        "number": assignment.case.number,
        "title": veil.title(),
        "about": " · ".join(veil.about()),
        "progress": {"done": done, "total": total},
        "due": assignment.due_on.isoformat(),
        "modality": assignment.case.modality,
        "dictionary": dictionary_of(assignment),
        **images,
        "content": content_data(veil),
        "marks": marks_of(veil, assignment),
        "position": position_data(assignment),
        "positions": film_positions(assignment, veil),
        "sheet": sheet_html(request, assignment, response),
        "addresses": {
            "page": reverse("web:reading", args=here),
            "open": reverse("web:reading_open", args=here),
            "seconds": reverse("web:reading_seconds", args=here),
            "submit": reverse("web:reading_submit", args=here),
            "marks": reverse("web:reading_marks", args=here),
            "priors": reverse("web:reading_priors", args=here),
            "decline": reverse("web:reading_decline", args=here),
        },
        "next": reverse("web:reading_case", args=[after.pk]) if after else "",
    }


def _images(veil: Veil) -> dict[str, Any]:
    """The exam, what is shown of it first, and whether text in it was looked for."""
    case = veil.assignment.case
    rows = veil.series(0) if case.exam_id else []
    shown = [n for n, one in enumerate(rows) if has_images(one)]
    hung = hang(case.modality, case.body_part, [rows[n] for n in shown])
    if hung is None:
        name, when = veil.exam_words(0) if case.exam_id else ("", "")
        exam = {"id": veil.key(0), "name": name, "when": when, "modality": case.modality, "series": []}
        first = veil.series_data(rows[0], 0, 0) if rows else None
        return {"exam": exam, "series": first, "start": 0, "second": None, "second_start": 0, "preset": 0,
                "unchecked": False}  # fmt: skip
    at = shown[hung.first]
    first = veil.series_data(rows[at], 0, at)
    second = None if hung.second is None else shown[hung.second]
    beside = first if second == at else veil.series_data(rows[second], 0, second) if second is not None else None
    middle = 0 if hung.paired else len(first["slices"]) // 2
    return {
        "exam": veil.exam_data(0),
        "series": first,
        "start": middle,
        "second": beside,
        "second_start": 1 if hung.paired else len(beside["slices"]) // 2 if beside else 0,
        "preset": _preset(first, hung.window),
        "unchecked": has_unread_letters(veil),
    }


def has_unread_letters(veil: Veil) -> bool:
    """Whether pictures of a blind case may carry text that nothing could look for."""
    if veil.is_open or veil.assignment.case.exam_id is None:
        return False
    lettered = next((one for one in veil.series(0) if has_images(one) and is_lettered(one)), None)
    return lettered is not None and is_unchecked(lettered, _first_object(veil, lettered))


def _first_object(veil: Veil, series: Series) -> Instance | None:
    return instances_of_series(veil.scope, series).first()


def _preset(series: dict[str, Any], window: str) -> int:
    """The place of a window among the presets of a series; 0, what was sent, where it has none such."""
    wanted = _WINDOWS.get(window)
    found = (n for n, one in enumerate(series["presets"]) if (one.get("center"), one.get("width")) == wanted)
    return next(found, 0) if wanted else 0


def sheet_html(
    request: HttpRequest, assignment: Assignment, response: Response | None, errors: dict[str, str] | None = None
) -> str:
    """The score sheet as a form of the room."""
    spec = spec_of(assignment.case.template)
    typed = response.typed if response else {}
    judged = judge_sheet(spec, read(spec, typed, whole=False).answers, Basis())
    context = {
        "groups": sheet_groups(spec, typed, judged, errors=errors, signer=request.actor.name),
        "title": spec.title.text(language()),
        "about": spec.about.text(language()),
        "earlier": earlier_readings(assignment),
        "revision": response.revision if response else 0,
        "score": score_text(spec, judged),
        "grades": [{"key": step.key, "label": step.label.text(language())} for step in spec.grades],
        "key": local_key(assignment),
        "save_url": reverse("web:reading_save", args=[assignment.pk]),
        "draft_url": reverse("web:reading_draft", args=[assignment.pk]),
        "login_url": f"{reverse('tenancy:login')}?next={reverse('web:reading', args=[assignment.pk])}",
        "readings_url": reverse("web:readings"),
        "in_text": assignment.campaign.subject_kind == SubjectKind.REPORT,
    }
    return render_to_string("web/_reading_sheet.html", context, request)


def marks_of(veil: Veil, assignment: Assignment) -> list[dict[str, Any]]:
    """The marks of a case by number of series and slice, those in a text by its part and characters.

    Two queries, and one for each series that has some.
    """
    marks = list(Mark.objects.filter(assignment=assignment).order_by("made_at", "pk"))
    if not marks:
        return []
    on_images = any(not mark.in_text for mark in marks)
    rows = {one.pk: (n, one) for n, one in enumerate(veil.series(0))} if on_images else {}
    slices: dict[Any, int] = {}
    for series_id in {mark.series_id for mark in marks if mark.series_id} & rows.keys():
        at = 0
        for instance in instances_of_series(veil.scope, rows[series_id][1]):
            slices[instance.pk] = at
            at += instance.n_frames
    found = []
    for mark in marks:
        told = {"id": str(mark.pk), "shape": mark.shape, "defect": mark.defect, "note": mark.note}
        if mark.in_text:
            found.append(told | {"series": "", "index": 0})
        elif mark.series_id in rows and mark.instance_id in slices:
            series = veil.key(0, rows[mark.series_id][0])
            found.append(told | {"series": series, "index": slices[mark.instance_id] + mark.frame})
    return found
