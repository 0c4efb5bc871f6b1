"""Slices of a series as pictures."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from yingheng.catalog.selectors import series_get
from yingheng.common.rendering import Window
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import EXAM_VIEW
from yingheng.web.images import THUMBNAIL_SIDE, picture_answer, slice_at


@page(EXAM_VIEW)
@require_safe
def slice_picture(request: HttpRequest, series_id: UUID, index: int) -> HttpResponse:
    """One slice as PNG; `window` is "centre,width", else what the header says.  404 when there is no such picture."""
    series = series_get(request.scope, series_id)
    return picture_answer(*slice_at(request.scope, series, index), window=_window(request.GET.get("window", "")))


@page(EXAM_VIEW)
@require_safe
def thumbnail(request: HttpRequest, series_id: UUID) -> HttpResponse:
    """The middle slice, small."""
    series = series_get(request.scope, series_id)
    return picture_answer(*slice_at(request.scope, series, max(0, series.n_frames // 2)), max_side=THUMBNAIL_SIDE)


def _window(text: str) -> Window | None:
    try:
        centre, width = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (centre, width) if width >= 1 and abs(centre) < 1e6 and width < 1e6 else None
