"""Slices of a series as pictures."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from imagingqc.dicom.header import read_instance
from imagingqc.errors import AnalysisError, DataError
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.selectors import instances_of_series, series_get
from yingheng.catalog.storage import default_storage
from yingheng.common.rendering import Window, slice_png
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import EXAM_VIEW
from yingheng.tenancy.scope import Scope

THUMBNAIL_SIDE = 200
_ONE_HOUR = 3600


@page(EXAM_VIEW)
@require_safe
def slice_picture(request: HttpRequest, series_id: UUID, index: int) -> HttpResponse:
    """One slice as PNG; `window` is "centre,width", else what the header says.  404 when there is no such picture."""
    series = series_get(request.scope, series_id)
    return _picture(*slice_at(request.scope, series, index), window=_window(request.GET.get("window", "")))


@page(EXAM_VIEW)
@require_safe
def thumbnail(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """The middle slice, small."""
    series = series_get(request.scope, series_id)
    return _picture(*slice_at(request.scope, series, max(0, series.n_frames // 2)), max_side=THUMBNAIL_SIDE)


def slice_at(scope: Scope, series: Series, index: int) -> tuple[Instance, int]:
    """Instance and frame of a slice, counted as the stage counts; Http404 beyond the end."""
    rows = instances_of_series(scope, series)
    if series.n_frames == series.n_instances:
        found = list(rows[index : index + 1])
        if found:
            return found[0], 0
        raise Http404
    for row in rows:
        if index < row.n_frames:
            return row, index
        index -= row.n_frames
    raise Http404


def _picture(row: Instance, frame: int, *, window: Window | None = None, max_side: int | None = None) -> HttpResponse:
    try:
        instance = read_instance(str(default_storage().local_path(row.storage_key)))
        if not instance.frames:
            raise Http404
        png = slice_png(instance, frame, window=window, max_side=max_side)
    except (DataError, AnalysisError) as error:
        raise Http404(error.reason.code) from error
    response = HttpResponse(png, content_type="image/png")
    # The bytes of an instance never change, but who may see them can: only the viewer's own browser keeps them.
    patch_cache_control(response, private=True, max_age=_ONE_HOUR)
    return response


def _window(text: str) -> Window | None:
    try:
        centre, width = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (centre, width) if width >= 1 and abs(centre) < 1e6 and width < 1e6 else None
