"""Images of a series as answers: which slice is which frame, frames as small files, slices as pictures.

The bytes of an instance never change, but who may see them can: only the viewer's own browser keeps them, for an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.utils.translation import gettext as _

from imagingqc.criteria.explain import reason_text
from imagingqc.dicom.deidentify_rules import Box
from imagingqc.dicom.header import read_instance
from imagingqc.errors import AnalysisError, DataError
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.selectors import instances_of_series
from yingheng.catalog.storage import default_storage
from yingheng.common.errors import NotFound
from yingheng.common.rendering import Window, slice_png
from yingheng.common.ui import words
from yingheng.tenancy.scope import Scope

THUMBNAIL_SIDE = 200
_ONE_HOUR = 3600


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


def frame_answer(request: HttpRequest, etag: str, make: Callable[[], bytes]) -> HttpResponseBase:
    """A frame as a DICOM file, which `make` gives; nothing is made for a browser that has what `etag` names.

    422 with the reason as text when the frame cannot be had, 404 when the bytes are gone.
    """
    tag = quote_etag(etag)
    answer: HttpResponseBase | None = get_conditional_response(request, etag=tag)
    if answer is None:
        try:
            data = make()
        except DataError as refused:
            return HttpResponse(reason_text(refused.reason, words.language()), status=422, content_type="text/plain")
        except NotFound:
            return HttpResponse(_("The pixels are no longer kept."), status=404, content_type="text/plain")
        answer = HttpResponse(data, content_type="application/dicom")
        answer["Content-Disposition"] = 'attachment; filename="frame.dcm"'
    answer["ETag"] = tag
    patch_cache_control(answer, private=True, max_age=_ONE_HOUR, immutable=True)
    return answer


def picture_answer(
    row: Instance,
    frame: int,
    *,
    window: Window | None = None,
    max_side: int | None = None,
    covers: Callable[[], Sequence[Box]] | None = None,
) -> HttpResponse:
    """A frame as PNG, the boxes that `covers` gives painted over; Http404 when there is no such picture."""
    try:
        boxes = covers() if covers else ()
        instance = read_instance(str(default_storage().local_path(row.storage_key)))
        if not instance.frames:
            raise Http404
        png = slice_png(instance, frame, window=window, max_side=max_side, covers=boxes)
    except (DataError, AnalysisError) as error:
        raise Http404(error.reason.code) from error
    response = HttpResponse(png, content_type="image/png")
    patch_cache_control(response, private=True, max_age=_ONE_HOUR)
    return response
