"""WADO-RS: pixels of frames and other bulk data (PS3.18 10.4.1.1.3, 10.4.1.1.6).

Pixels carry no header, so they are for everybody who may see the exam; other bulk data (documents, overlays, curves)
may name the patient and are for those who may see names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from imagingqc.dicom.codecs import DECODERS
from imagingqc.dicom.stored import NATIVE, StoredFrame, bulk_value, is_native, is_pixel_tag, stored_frames
from imagingqc.errors import DataError
from yingheng.api.negotiation import (
    ANY_SYNTAX,
    FRAME_TYPES,
    MULTIPART,
    OCTETS,
    Wanted,
    accepted,
    not_acceptable,
)
from yingheng.api.selectors import Uids
from yingheng.api.streaming import Part, multipart, streamed
from yingheng.api.views.common import demand_names, found, object_path, service_root
from yingheng.catalog.models import Instance
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.tenancy.api_access import api
from yingheng.tenancy.permissions import EXAM_VIEW

_MOST_FRAMES = 20_000
_PLACE = re.compile(r"[0-9A-Fa-f]{8}(/[0-9]{1,5}/[0-9A-Fa-f]{8}){0,8}")


@api(EXAM_VIEW)
def frames(request: HttpRequest, study: str, series: str, instance: str, frames: str) -> HttpResponseBase:
    """Frames by their numbers from 1, comma-separated: as stored or decoded, as Accept says."""
    row = found(request, Uids(study, series, instance))[1][0]
    numbers = frame_numbers(frames, row)
    return _frames(request, row, [number - 1 for number in numbers])


@api(EXAM_VIEW)
def bulkdata(request: HttpRequest, study: str, series: str, instance: str, place: str) -> HttpResponseBase:
    """One bulk value by its place: a tag, below sequences `SEQUENCE/ITEM/TAG`, items from 1 as in the metadata."""
    row = found(request, Uids(study, series, instance))[1][0]
    if not _PLACE.fullmatch(place.strip("/")):
        raise NotFound("api.no_bulk")
    tags = place.strip("/").upper().split("/")
    if is_pixel_tag(tags) and not is_native(row.transfer_syntax_uid):
        return _frames(request, row, range(row.n_frames))
    if not is_pixel_tag(tags):
        demand_names(request, row.series.exam)
    wanted = next((one for one in accepted(request) if one.covers(OCTETS)), None)
    if wanted is None:
        return not_acceptable([f'{MULTIPART}; type="{OCTETS}"', OCTETS])
    try:
        blocks = bulk_value(str(object_path(row)), tags)
        blocks = chain([next(blocks)], blocks)
    except (DataError, StopIteration) as exc:
        raise NotFound("api.no_bulk") from exc
    return _octets(request, blocks, alone=not wanted.multipart and wanted.media == OCTETS)


def frame_numbers(text: str, row: Instance) -> list[int]:
    """Numbers from 1.  Invalid when they cannot be read, NotFound beyond the end."""
    parts = text.split(",")
    if len(parts) > _MOST_FRAMES or not all(part.isdecimal() and len(part) < 7 for part in parts):
        raise Invalid("api.bad_parameter", name="frames")
    numbers = [int(part) for part in parts]
    if not row.rows or not all(1 <= number <= row.n_frames for number in numbers):
        raise NotFound("api.no_such_frame")
    return numbers


def _frames(request: HttpRequest, row: Instance, indexes: Sequence[int]) -> HttpResponseBase:
    chosen = _chosen(request, row, single=len(indexes) == 1)
    if chosen is None:
        return not_acceptable(_offered(row))
    wanted, native = chosen
    try:
        made = stored_frames(str(object_path(row)), indexes, native=native)
        first = next(made)
    except DataError as exc:
        if native and not is_native(row.transfer_syntax_uid):
            return not_acceptable(_offered(row)[:1])
        raise Conflict("api.cannot_draw", reason=exc.reason.code) from exc
    media = _media(first.syntax) if wanted.media != OCTETS else OCTETS
    if not wanted.multipart and wanted.media != "*/*":
        return HttpResponse(first.data, content_type=f"{media}; transfer-syntax={first.syntax}")
    location = f"{service_root(request)}/studies/{row.series.exam.study_uid}/series/{row.series.series_uid}"
    location += f"/instances/{row.sop_uid}/frames/"
    numbered = zip(indexes, chain([first], made), strict=True)
    parts = (_part(frame, f"{location}{index + 1}", media) for index, frame in numbered)
    return multipart(request, parts, media)


def _part(frame: StoredFrame, location: str, media: str) -> Part:
    return Part(f"{media}; transfer-syntax={frame.syntax}", location, lambda: (frame.data,), len(frame.data))


def _chosen(request: HttpRequest, row: Instance, *, single: bool) -> tuple[Wanted, bool] | None:
    """The first entry of Accept that can be had, and whether frames are decoded for it."""
    stored = row.transfer_syntax_uid
    for wanted in accepted(request):
        if not wanted.multipart and wanted.media != "*/*" and not single:
            continue
        if wanted.covers(_media(stored)) and wanted.syntax in {"", ANY_SYNTAX, _syntax(stored)}:
            return wanted, is_native(stored)
        if wanted.covers(OCTETS):
            if wanted.syntax in {ANY_SYNTAX, stored}:
                return wanted, is_native(stored)
            if wanted.syntax in {"", NATIVE} and stored in DECODERS:
                return wanted, True
    return None


def _media(syntax: str) -> str:
    return OCTETS if is_native(syntax) else FRAME_TYPES.get(syntax, OCTETS)


def _syntax(stored: str) -> str:
    """What frames of a stored syntax are in when they are sent as they are."""
    return NATIVE if is_native(stored) else stored


def _offered(row: Instance) -> list[str]:
    stored = row.transfer_syntax_uid
    found = [f'{MULTIPART}; type="{_media(stored)}"; transfer-syntax={_syntax(stored)}']
    return found if is_native(stored) else [*found, f'{MULTIPART}; type="{OCTETS}"; transfer-syntax={NATIVE}']


def _octets(request: HttpRequest, blocks: Iterator[bytes], *, alone: bool) -> HttpResponseBase:
    content_type = f"{OCTETS}; transfer-syntax={NATIVE}"
    if alone:
        return streamed(request, blocks, content_type)
    return multipart(request, [Part(content_type, "", lambda: blocks)], OCTETS)
