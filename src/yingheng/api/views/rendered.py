"""WADO-RS: pictures to look at, of frames, instances, series and studies (PS3.18 10.4.1.1.4, 10.4.1.1.5).

A single picture of something larger is that of its middle: the middle slice of a series, the middle frame of an
instance.  As multipart/related there is a picture for each frame.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_cache_control

from imagingqc.errors import AnalysisError, DataError
from yingheng.api.drawing import OFFERED, Drawing, drawing_read, drawn
from yingheng.api.negotiation import image_type, not_acceptable
from yingheng.api.selectors import Uids
from yingheng.api.streaming import Part, multipart
from yingheng.api.views.common import found, object_path, service_root
from yingheng.api.views.frames import frame_numbers
from yingheng.catalog.models import Instance
from yingheng.common.errors import Conflict
from yingheng.tenancy.api_access import api, refusal
from yingheng.tenancy.permissions import EXAM_VIEW

_ONE_HOUR = 3600
_Frame = tuple[Instance, int]


@api(EXAM_VIEW)
def study(request: HttpRequest, study: str, *, thumbnail: bool) -> HttpResponseBase:
    return _render(request, Uids(study), thumbnail=thumbnail)


@api(EXAM_VIEW)
def series(request: HttpRequest, study: str, series: str, *, thumbnail: bool) -> HttpResponseBase:
    return _render(request, Uids(study, series), thumbnail=thumbnail)


@api(EXAM_VIEW)
def instance(request: HttpRequest, study: str, series: str, instance: str, *, thumbnail: bool) -> HttpResponseBase:
    return _render(request, Uids(study, series, instance), thumbnail=thumbnail)


@api(EXAM_VIEW)
def frames(
    request: HttpRequest, study: str, series: str, instance: str, frames: str, *, thumbnail: bool
) -> HttpResponseBase:
    row = found(request, Uids(study, series, instance))[1][0]
    chosen = [(row, number - 1) for number in frame_numbers(frames, row)]
    return _pictures(request, chosen, drawing_read(request.GET, thumbnail=thumbnail), thumbnail=thumbnail)


def _render(request: HttpRequest, uids: Uids, *, thumbnail: bool) -> HttpResponseBase:
    how = drawing_read(request.GET, thumbnail=thumbnail)
    rows = [row for row in found(request, uids)[1] if row.rows]
    if not rows:
        return refusal(406, "api.cannot_draw", reason="not_an_image")
    if not uids.series:  # one picture stands for the study: of its first series with pictures
        media = image_type(request, OFFERED)
        if thumbnail or (media and not media[1]):
            rows = [row for row in rows if row.series_id == rows[0].series_id]
    return _pictures(request, [(row, frame) for row in rows for frame in range(row.n_frames)], how, thumbnail=thumbnail)


def _pictures(request: HttpRequest, chosen: Sequence[_Frame], how: Drawing, *, thumbnail: bool) -> HttpResponseBase:
    media = image_type(request, OFFERED)
    if media is None:
        return not_acceptable(OFFERED)
    if media[1] and not thumbnail:
        return multipart(request, (_part(request, one, how, media[0]) for one in chosen), media[0])
    row, frame = chosen[len(chosen) // 2]
    try:
        picture = drawn(str(object_path(row)), frame, how, media[0])
    except (DataError, AnalysisError) as exc:
        raise Conflict("api.cannot_draw", reason=exc.reason.code) from exc
    response = HttpResponse(picture, content_type=media[0])
    # The bytes of an instance never change, but who may see them can: only the requester's own machine keeps them.
    patch_cache_control(response, private=True, max_age=_ONE_HOUR)
    return response


def _part(request: HttpRequest, one: _Frame, how: Drawing, media: str) -> Part:
    row, frame = one
    series = row.series
    location = f"{service_root(request)}/studies/{series.exam.study_uid}/series/{series.series_uid}"
    location += f"/instances/{row.sop_uid}/frames/{frame + 1}/rendered"
    return Part(media, location, lambda: (drawn(str(object_path(row)), frame, how, media),))
