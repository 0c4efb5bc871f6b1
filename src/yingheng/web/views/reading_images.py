"""What the reading room shows of an exam: data, frames and small pictures by assignment and number, never by id."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.cache import patch_cache_control
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_safe

from imagingqc.dicom.blind_frame import BLIND_VERSION, blind_frame
from imagingqc.dicom.single_frame import VERSION, single_frame
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.storage import default_storage
from yingheng.review.letters import covers_of
from yingheng.review.views.dictionary.pictures import picture_response
from yingheng.review.worklist import assignment_in_room
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import REVIEW_READ
from yingheng.web.images import THUMBNAIL_SIDE, frame_answer, picture_answer
from yingheng.web.reading.references import reference_picture
from yingheng.web.reading.veil import Veil


@page(REVIEW_READ)
@require_safe
def exam_data(request: HttpRequest, assignment_id: UUID, which: int) -> HttpResponse:
    """The exam of a case (0) or an earlier one of the patient, as the viewer lists it."""
    return _kept(JsonResponse(_veil(request, assignment_id).exam_data(which)))


@page(REVIEW_READ)
@require_safe
def priors(request: HttpRequest, assignment_id: UUID) -> HttpResponse:
    """Earlier exams of the same patient."""
    return _kept(JsonResponse({"exams": _veil(request, assignment_id).priors()}))


@page(REVIEW_READ)
@require_safe
def reference(request: HttpRequest, assignment_id: UUID, picture_id: UUID) -> HttpResponse:
    """A reference picture of the dictionary by which the case is read."""
    row = reference_picture(assignment_in_room(request.user, assignment_id), picture_id)
    if row is None:
        raise Http404
    return picture_response(row, small=False)


@page(REVIEW_READ)
@require_safe
def series_data(request: HttpRequest, assignment_id: UUID, which: int, n: int) -> HttpResponse:
    """One series as the viewer reads it."""
    veil = _veil(request, assignment_id)
    return _kept(JsonResponse(veil.series_data(veil.one_series(which, n), which, n)))


@page(REVIEW_READ)
@require_safe
def frame_file(
    request: HttpRequest, assignment_id: UUID, which: int, n: int, index: int
) -> HttpResponseBase:  # fmt: skip
    """One slice as a small DICOM file without anything of the patient, its letters painted over.

    422 with the reason as text when it cannot be had, 404 when the bytes are gone.
    """
    veil = _veil(request, assignment_id)
    series = veil.one_series(which, n)
    row, frame = veil.frame(series, index)
    return frame_answer(request, _tag(veil, row, frame), lambda: _bytes(veil, series, row, frame))


def _bytes(veil: Veil, series: Series, row: Instance, frame: int) -> bytes:
    path = str(default_storage().local_path(row.storage_key))
    if veil.is_open:
        return single_frame(path, frame)
    return blind_frame(path, frame, covers_of(row, series).boxes)


def _tag(veil: Veil, row: Instance, frame: int) -> str:
    """Changes with the bytes, and tells nothing of the object to somebody who has it."""
    known = f"{veil.assignment.pk} {veil.blind} {row.sha256} {frame} {VERSION} {BLIND_VERSION}"
    return salted_hmac("yingheng.web.reading_images", known, algorithm="sha256").hexdigest()[:32]


@page(REVIEW_READ)
@require_safe
def thumbnail(request: HttpRequest, assignment_id: UUID, which: int, n: int) -> HttpResponse:
    """The middle slice of a series, small, its letters painted over."""
    veil = _veil(request, assignment_id)
    series = veil.one_series(which, n)
    row, frame = veil.frame(series, max(0, series.n_frames // 2))
    covers = None if veil.is_open else lambda: covers_of(row, series).boxes
    return picture_answer(row, frame, max_side=THUMBNAIL_SIDE, covers=covers)


def _veil(request: HttpRequest, assignment_id: UUID) -> Veil:
    """Only while the case is to be read: afterwards its images are not the reader's to look at any more."""
    return Veil(assignment_in_room(request.user, assignment_id))


def _kept(response: HttpResponse) -> HttpResponse:
    patch_cache_control(response, private=True, no_cache=True)
    return response
