"""The viewer: a page of its own for one exam, and what it loads: series as data and frames as small files."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from imagingqc.dicom.single_frame import VERSION, single_frame
from yingheng.catalog.models import Exam, Series
from yingheng.catalog.selectors import exam_get, instance_of_id, series_get, series_of_exam
from yingheng.catalog.storage import default_storage
from yingheng.common.ui import words
from yingheng.evidence.selectors import verdicts_effective_of_exam
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import EXAM_VIEW
from yingheng.web.images import frame_answer
from yingheng.web.viewer_data import ExamData, compared_with, series_data
from yingheng.web.viewer_texts import KEYS, texts
from yingheng.web.views.exams import exam_name


@page(EXAM_VIEW)
@require_safe
def viewer(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """The page; `series`, `slice` (counted from 1) or `instance` and `frame`, and `with` choose what is shown."""
    row = exam_get(request.scope, exam_id)
    data = _exam_data(request, row)
    chosen = data.chosen(request.GET.get("series", ""))
    request.demo = row.is_demo
    first = series_data(request, row, chosen, data.verdicts_of(chosen)) if chosen is not None else None
    start = _start(request, first) if first else 0
    frame = data.frame_address(first, start) if first else ""
    context = {
        "page": {"title": _("Viewer · %(exam)s") % {"exam": exam_name(row)}, "scheme": "dark", "keys": KEYS},
        "exam": row,
        "name": exam_name(row),
        "config": {
            "exam": data.as_dict(),
            "series": first,
            "start": start,
            "texts": texts(),
            "lang": words.language(),
            "overlay": request.GET.get("overlay", "1") != "0",
            "addresses": _addresses(row),
        },
        "first_frame": frame,
    }
    return TemplateResponse(request, "web/viewer.html", context)


def _exam_data(request: HttpRequest, row: Exam) -> ExamData:
    series = list(series_of_exam(request.scope, row))
    return ExamData(row, series, verdicts_effective_of_exam(request.scope, row))


def _addresses(row: Exam) -> dict[str, str]:
    """Where the page finds things; {id} stands for the id of the thing."""
    nil = UUID(int=0)
    holder = {"exam": "web:exam", "exam_data": "web:viewer_exam", "viewer": "web:viewer", "series": "web:viewer_series"}
    found = {name: reverse(view, args=[nil]).replace(str(nil), "{id}") for name, view in holder.items()}
    return found | {"compare": reverse("web:viewer_compare", args=[row.pk])}


def _start(request: HttpRequest, data: dict[str, Any]) -> int:
    """The slice asked for (0-based), else the middle one."""
    asked = request.GET
    count = len(data["slices"])
    if asked.get("slice", "").isdecimal():
        return max(0, min(int(asked["slice"][:6]) - 1, count - 1))
    if first := data["places"].get(asked.get("instance", "")):
        frame = asked.get("frame", "")
        return min(first - 1 + (int(frame[:6]) if frame.isdecimal() else 0), count - 1)
    return count // 2


@page(EXAM_VIEW)
@require_safe
def exam_data(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """Another exam as data, to be compared with the one on the page."""
    return _kept(JsonResponse(_exam_data(request, exam_get(request.scope, exam_id)).as_dict()))


@page(EXAM_VIEW)
@require_safe
def exam_compare(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """A short list of exams worth comparing with: the patient's others first, then the last of the device."""
    return _kept(JsonResponse({"exams": compared_with(request.scope, exam_get(request.scope, exam_id))}))


@page(EXAM_VIEW)
@require_safe
def series_view_data(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """One series as data: slices in order, presets, evidence and verdicts."""
    series: Series = series_get(request.scope, series_id)
    row = exam_get(request.scope, series.exam_id)
    verdicts = [v for v in verdicts_effective_of_exam(request.scope, row) if v.assessment.subject_id == series.pk]
    return _kept(JsonResponse(series_data(request, row, series, verdicts)))


@page(EXAM_VIEW)
@require_safe
def frame_file(request: HttpRequest, instance_id: UUID, frame: int) -> HttpResponseBase:
    """One frame as a DICOM file that holds what drawing needs and nothing of the patient.

    422 with the reason as text when the frame cannot be had, 404 when the bytes are gone.
    """
    row = instance_of_id(request.scope, instance_id)
    return frame_answer(
        request,
        f"{row.sha256[:32]}-{frame}-{VERSION}",
        lambda: single_frame(str(default_storage().local_path(row.storage_key)), frame),
    )


def _kept(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, private=True, no_cache=True)
    return response
