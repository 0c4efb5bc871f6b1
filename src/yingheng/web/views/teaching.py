"""A case of the teaching library in the viewer, and the files behind it: by case and number, never by an exam."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe

from yingheng.common.errors import NotAllowed
from yingheng.common.ui import words
from yingheng.review.library import is_examined, related_to, teaching_get
from yingheng.review.models import TeachingCase
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import REVIEW_LEARN, REVIEW_TEACH
from yingheng.web.reading.references import defect_list
from yingheng.web.teaching.shown import Shown, picture_answer
from yingheng.web.teaching.side import both_marks, side_html
from yingheng.web.viewer_texts import KEYS, texts

THUMBNAIL = 200
_WHY = {"standard": gettext_lazy("standard film of the position"), "defect": gettext_lazy("the same defect")}
_BACK = gettext_lazy("back to the case")
#: Keys of the viewer, less those of verdicts, which are not shown here.
TEACHING_KEYS = [(key, label) for key, label in KEYS if key not in {"j / k", "v", "x"}] + [("x", _BACK)]


def case_of(request: HttpRequest, case_id: UUID) -> TeachingCase:
    """A case that the requester may see now."""
    row = teaching_get(request.scope, scope_of(request, REVIEW_TEACH), case_id)
    if is_examined(request.user, row):
        raise NotAllowed("review.teaching_in_exam")
    return row


def shown_of(row: TeachingCase) -> Shown:
    """A case under its own address."""
    return Shown(
        row,
        str(row.pk),
        frame=lambda n: reverse("web:teaching_frame", args=[row.pk, n, 0]).replace("/0.dcm", "/{instance}.dcm"),
        picture=lambda n: reverse("web:teaching_thumbnail", args=[row.pk, n]),
    )


@page(REVIEW_LEARN)
@require_safe
def viewer(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The page: images with the marks of the answer, and the answer beside them."""
    row = case_of(request, case_id)
    shown = shown_of(row)
    n = _asked(request, shown, row)
    request.demo = row.is_demo
    return viewer_page(
        request,
        shown,
        {
            "name": row.title,
            "about": " · ".join(filter(None, (str(row.get_kind_display()), row.modality, row.organisation.name))),
            "back": reverse("review:teaching_case", args=[row.pk]),
            "back_label": _BACK,
            "compare": reverse("web:teaching_compare", args=[row.pk]),
            "base": reverse("review:teaching"),
        },
        (n, shown.series_data(n, both_marks(row, None), side_html(request, row, n)), shown.start(n, row.marks)),
    )


def viewer_page(
    request: HttpRequest, shown: Shown, told: dict[str, Any], opened: tuple[int, dict[str, Any], int]
) -> TemplateResponse:
    """The viewer around a case; `told` has name, about, back, back_label, compare and base, `opened` what is shown."""
    _n, series, start = opened
    asked = request.GET.get("slice", "")
    start = max(0, min(int(asked[:6]) - 1, len(series["slices"]) - 1)) if asked.isdecimal() else start
    said = texts() | {"nothing_judged": "", "same_exam": pgettext("teaching", "Another series of this case")}
    context = told | {
        "page": {"title": told["name"], "scheme": "dark", "keys": TEACHING_KEYS},
        "config": {
            "exam": shown.exam_data(),
            "series": series,
            "start": start,
            "texts": said,
            "lang": words.language(),
            "overlay": request.GET.get("overlay", "1") != "0",
            "addresses": {
                "exam": told["back"],
                "exam_data": told["base"] + "{id}/exam.json",
                "viewer": "",
                "series": told["base"] + "{id}.json",
                "compare": told["compare"],
            },
        },
        "first_frame": series["file"].replace("{instance}", series["slices"][start][0]) if series["slices"] else "",
    }
    return TemplateResponse(request, "web/teaching.html", context)


def _asked(request: HttpRequest, shown: Shown, row: TeachingCase) -> int:
    """The series that the address names, else that of the first mark."""
    name = request.GET.get("series", "").rsplit("/", 1)[-1]
    return int(name) if name.isdecimal() and int(name) < len(shown.series) else shown.first(row.marks)


@page(REVIEW_LEARN)
@require_safe
def exam_data(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """The case as the viewer lists it."""
    return kept(JsonResponse(shown_of(case_of(request, case_id)).exam_data()))


@page(REVIEW_LEARN)
@require_safe
def series_data(request: HttpRequest, case_id: UUID, n: int) -> HttpResponse:
    """One series as the viewer reads it, with the answer."""
    row = case_of(request, case_id)
    return kept(JsonResponse(shown_of(row).series_data(n, both_marks(row, None), side_html(request, row, n))))


@page(REVIEW_LEARN)
@require_safe
def compare(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Standard films of the same position, and other cases of the same defect."""
    found = related_to(request.scope, case_of(request, case_id))
    return kept(JsonResponse({"exams": [candidate(one, str(_WHY[why])) for why, one in found]}))


def candidate(row: TeachingCase, why: str) -> dict[str, str]:
    """A case as something to compare with."""
    return {"id": str(row.pk), "name": row.title, "when": "", "modality": row.modality, "why": why}


@page(REVIEW_LEARN)
@require_safe
def frame_file(request: HttpRequest, case_id: UUID, n: int, index: int) -> HttpResponseBase:
    """One image as a small DICOM file without anything of a patient."""
    return shown_of(case_of(request, case_id)).frame_answer(request, n, index)


@page(REVIEW_LEARN)
@require_safe
def picture(request: HttpRequest, case_id: UUID, n: int, index: int) -> HttpResponse:
    """One image as PNG, as large as it is kept: what a checker looks at."""
    return picture_answer(shown_of(case_of(request, case_id)).image(n, index))


@page(REVIEW_LEARN)
@require_safe
def thumbnail(request: HttpRequest, case_id: UUID, n: int) -> HttpResponse:
    """The first marked image of a series, else the middle one, small."""
    row = case_of(request, case_id)
    shown = shown_of(row)
    return picture_answer(shown.image(n, shown.one_series(n)[shown.start(n, row.marks)].index), THUMBNAIL)


@page(REVIEW_LEARN)
@require_safe
def defects(request: HttpRequest) -> HttpResponse:
    """The defects that can be marked on images of a modality."""
    return JsonResponse({"defects": defect_list(request.GET.get("modality", "")[:16], request.user)})


def kept(response: HttpResponse) -> HttpResponse:
    """Of one's own browser alone, and asked for anew."""
    patch_cache_control(response, private=True, no_cache=True)
    return response
