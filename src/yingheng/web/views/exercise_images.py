"""The images of an exercise: by attempt and place, so that they lead neither to an exam nor to the case itself."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from yingheng.common.errors import NotFound
from yingheng.review.models import Attempt, AttemptAnswer, ExerciseCase
from yingheng.review.training import attempt_seen
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import REVIEW_LEARN, REVIEW_TEACH
from yingheng.web.teaching.shown import Shown, picture_answer
from yingheng.web.teaching.side import both_marks, side_html
from yingheng.web.views.teaching import THUMBNAIL, kept


@page(REVIEW_LEARN)
@require_safe
def exam_data(request: HttpRequest, attempt_id: UUID, place: int) -> HttpResponse:
    """The case as the viewer lists it."""
    row = attempt_seen(request.user, scope_of(request, REVIEW_TEACH), attempt_id)
    return kept(JsonResponse(shown_at(row, place).exam_data()))


@page(REVIEW_LEARN)
@require_safe
def series_data(request: HttpRequest, attempt_id: UUID, place: int, n: int) -> HttpResponse:
    """One series; with marks and the answer once it was given."""
    row = attempt_seen(request.user, scope_of(request, REVIEW_TEACH), attempt_id)
    shown, given = shown_at(row, place), answered(row, place)
    if given is None:
        return kept(JsonResponse(shown.series_data(n)))
    side = side_html(request, given.case, n, given)
    return kept(JsonResponse(shown.series_data(n, both_marks(given.case, given), side)))


@page(REVIEW_LEARN)
@require_safe
def frame_file(
    request: HttpRequest, attempt_id: UUID, place: int, n: int, index: int
) -> HttpResponseBase:  # fmt: skip
    """One image as a small DICOM file."""
    row = attempt_seen(request.user, scope_of(request, REVIEW_TEACH), attempt_id)
    return shown_at(row, place).frame_answer(request, n, index)


@page(REVIEW_LEARN)
@require_safe
def thumbnail(request: HttpRequest, attempt_id: UUID, place: int, n: int) -> HttpResponse:
    """The middle image of a series, small: where marks are is not told."""
    row = attempt_seen(request.user, scope_of(request, REVIEW_TEACH), attempt_id)
    images = shown_at(row, place).one_series(n)
    return picture_answer(images[len(images) // 2], THUMBNAIL)


def answered(row: Attempt, place: int) -> AttemptAnswer | None:
    """The answer at a place once the agreed one may be seen."""
    rows = AttemptAnswer.objects.filter(attempt=row, place=place, is_final=True)
    return rows.select_related("case", "attempt__exercise").first()


def shown_at(row: Attempt, place: int, name: str = "") -> Shown:
    """The case at a place under the address of the attempt."""
    found = ExerciseCase.objects.filter(exercise=row.exercise_id, place=place).select_related("case").first()
    if found is None:
        raise NotFound("review.attempt_unknown")
    return Shown(
        found.case,
        f"{row.pk}/{place}",
        frame=lambda n: reverse("web:exercise_frame", args=[row.pk, place, n, 0]).replace("/0.dcm", "/{instance}.dcm"),
        picture=lambda n: reverse("web:exercise_thumbnail", args=[row.pk, place, n]),
        name=name or _("Case %(n)s") % {"n": place},
    )
