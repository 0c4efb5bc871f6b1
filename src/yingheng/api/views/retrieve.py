"""WADO-RS: original objects, as stored or in explicit little endian (PS3.18 10.4).

They carry the patient's name, so they are for those who may see it; every request leaves one entry in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.http import HttpRequest, HttpResponseBase

from imagingqc.dicom.codecs import DECODERS
from imagingqc.dicom.stored import explicit_little
from yingheng.api.negotiation import ANY_SYNTAX, DICOM, MULTIPART, NATIVE_SYNTAX, Wanted, accepted, not_acceptable
from yingheng.api.selectors import Gone, Uids
from yingheng.api.streaming import Part, multipart, streamed
from yingheng.api.views.common import demand_names, found, object_path, service_root
from yingheng.audit.services import record
from yingheng.catalog.models import Instance, Series
from yingheng.tenancy.api_access import api
from yingheng.tenancy.permissions import EXAM_VIEW

_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class _Object:
    """An object to send: its row, its file, and the transfer syntax to send it in."""

    row: Instance
    path: Path
    syntax: str

    @property
    def as_stored(self) -> bool:
        return self.syntax == self.row.transfer_syntax_uid

    def chunks(self) -> Iterator[bytes]:
        if not self.as_stored:
            yield explicit_little(str(self.path))
            return
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block


@api(EXAM_VIEW)
def study(request: HttpRequest, study: str) -> HttpResponseBase:
    return _retrieve(request, Uids(study))


@api(EXAM_VIEW)
def series(request: HttpRequest, study: str, series: str) -> HttpResponseBase:
    return _retrieve(request, Uids(study, series))


@api(EXAM_VIEW)
def instance(request: HttpRequest, study: str, series: str, instance: str) -> HttpResponseBase:
    return _retrieve(request, Uids(study, series, instance))


def _retrieve(request: HttpRequest, uids: Uids) -> HttpResponseBase:
    all_series, rows = found(request, uids)
    demand_names(request, all_series[0].exam)
    chosen = _chosen(request, rows)
    if chosen is None:
        return not_acceptable([f'{MULTIPART}; type="{DICOM}"', DICOM])
    wanted, syntax_of = chosen
    objects, n_gone = _objects(rows, syntax_of)
    _note(request, uids, all_series[0], objects)
    if not wanted.multipart and wanted.media == DICOM:
        response = streamed(request, objects[0].chunks(), f"{DICOM};transfer-syntax={objects[0].syntax}")
    else:
        response = multipart(request, _parts(request, objects), DICOM, sized=all(one.as_stored for one in objects))
    if n_gone:
        response.status_code = 206  # some are not kept any more
    response["Cache-Control"] = "no-store"
    return response


def _chosen(request: HttpRequest, rows: Sequence[Instance]) -> tuple[Wanted, Callable[[Instance], str]] | None:
    """The first entry of Accept that can be had for every object, and the transfer syntax it gives each."""
    for wanted in accepted(request):
        alone = not wanted.multipart and wanted.media == DICOM
        if not wanted.covers(DICOM) or (alone and len(rows) > 1):
            continue
        syntax_of = _syntaxes(wanted.syntax)
        if all(syntax_of(row) for row in rows):
            return wanted, syntax_of
    return None


def _syntaxes(asked: str) -> Callable[[Instance], str]:
    """What to send an object in: as stored when nothing or anything is asked; "" when it cannot be had."""

    def syntax_of(row: Instance) -> str:
        stored = row.transfer_syntax_uid
        if asked in {"", ANY_SYNTAX, stored}:
            return stored
        return NATIVE_SYNTAX if asked == NATIVE_SYNTAX and stored in DECODERS else ""

    return syntax_of


def _objects(rows: Sequence[Instance], syntax_of: Callable[[Instance], str]) -> tuple[list[_Object], int]:
    """Those that are still there, and how many are not.  Gone when none is."""
    objects, n_gone = [], 0
    for row in rows:
        try:
            objects.append(_Object(row, object_path(row), syntax_of(row)))
        except Gone:
            n_gone += 1
    if not objects:
        raise Gone("api.pixels_gone")
    return objects, n_gone


def _parts(request: HttpRequest, objects: Sequence[_Object]) -> list[Part]:
    root = service_root(request)
    return [
        Part(
            content_type=f"{DICOM};transfer-syntax={one.syntax}",
            location=f"{root}/studies/{one.row.series.exam.study_uid}/series/{one.row.series.series_uid}"
            f"/instances/{one.row.sop_uid}",
            chunks=one.chunks,
            size=one.row.size if one.as_stored else None,
        )
        for one in objects
    ]


def _note(request: HttpRequest, uids: Uids, series: Series, objects: Sequence[_Object]) -> None:
    record(
        actor=request.actor,
        action="dicomweb.retrieve",
        subject=f"exam:{series.exam_id}",
        scope=series.hospital.path,
        after={
            "series": uids.series,
            "instance": uids.instance,
            "objects": len(objects),
            "bytes": sum(one.row.size for one in objects),
            "address": request.META.get("REMOTE_ADDR", ""),
        },
    )
