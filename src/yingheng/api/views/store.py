"""STOW-RS: receiving objects (PS3.18 10.5)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse

from imagingqc.dicom.attribute_json import attributes_json
from imagingqc.dicom.object_head import ObjectHead
from yingheng.api.multipart_reader import MultipartReader, boundary_of
from yingheng.api.negotiation import DICOM, DICOM_JSON, not_acceptable, takes_json
from yingheng.api.selectors import hospital_only
from yingheng.api.storing import NOT_UNDERSTOOD, OUT_OF_RESOURCES, Outcome, Sender, object_store
from yingheng.api.views.common import hospital_asked, service_root
from yingheng.audit.services import record
from yingheng.common.errors import Invalid
from yingheng.ingest.spool import Spool
from yingheng.tenancy.api_access import api, refusal
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.permissions import INGEST_SEND

_LISTED = 20  # studies named in the audit entry
logger = logging.getLogger(__name__)


@api(INGEST_SEND, methods=("POST",))
def store(request: HttpRequest, study: str = "") -> HttpResponse:
    """Objects of one study when the address names it, else of any; 200, 202 (some refused) or 409 (all refused).

    What was stored before the message turned out to be damaged (400) or too large (413) stays: sending it again
    changes nothing.
    """
    if not takes_json(request):
        return not_acceptable([DICOM_JSON])
    try:
        boundary = boundary_of(request.headers.get("Content-Type", ""), DICOM)
    except Invalid as exc:
        return refusal(415, exc.code)
    hospital = hospital_only(request.scope, hospital_asked(request))
    limit = settings.YINGHENG_STOW_MOST_BYTES
    if int(request.headers.get("Content-Length") or 0) > limit:
        return refusal(413, "api.too_large", limit=limit)
    outcomes: list[Outcome] = []
    try:
        outcomes += _outcomes(request, MultipartReader(request.read, boundary, limit=limit), hospital, study)
    except RequestDataTooBig:
        return refusal(413, "api.too_large", limit=limit)
    finally:
        if outcomes:
            _note(request, hospital, outcomes)
    if not outcomes:
        raise Invalid("api.nothing_sent")
    return _answer(request, outcomes)


def _outcomes(request: HttpRequest, reader: MultipartReader, hospital: Organisation, study: str) -> Iterator[Outcome]:
    sender = Sender(hospital.pk, _calling(request), study)
    try:
        spool = Spool(Path(settings.YINGHENG_HOME))
    except OSError:
        logger.exception("the spool cannot be written to")
        spool = None
    for header, blocks in reader.parts():
        media = header.get("content-type", DICOM).partition(";")[0].strip().lower()
        if spool is None:
            yield Outcome(None, OUT_OF_RESOURCES)
        elif media != DICOM:
            yield Outcome(None, NOT_UNDERSTOOD)
        else:
            yield object_store(spool, sender, blocks)


def _calling(request: HttpRequest) -> str:
    """Stands for the calling AE title: the account."""
    return request.user.username.upper().encode("ascii", "replace").decode()[:16]


def _answer(request: HttpRequest, outcomes: Sequence[Outcome]) -> HttpResponse:
    root = service_root(request)
    stored = [one.head for one in outcomes if one.head is not None and not one.reason]
    failed = [one for one in outcomes if one.reason]
    studies = {head.study_uid for head in stored}
    values: list[tuple[str, Any]] = []
    if len(studies) == 1:
        values.append(("RetrieveURL", f"{root}/studies/{next(iter(studies))}"))
    if failed:
        values.append(("FailedSOPSequence", [_failed(one) for one in failed]))
    if stored:
        values.append(("ReferencedSOPSequence", [_stored(head, root) for head in stored]))
    body = json.dumps(attributes_json(values))
    return HttpResponse(body, content_type=DICOM_JSON, status=_status(stored=len(stored), failed=failed))


def _status(*, stored: int, failed: Sequence[Outcome]) -> int:
    if not failed:
        return 200
    if stored:
        return 202
    return 503 if all(one.reason == OUT_OF_RESOURCES for one in failed) else 409


def _stored(head: ObjectHead, root: str) -> dict[str, Any]:
    address = f"{root}/studies/{head.study_uid}/series/{head.series_uid}/instances/{head.sop_uid}"
    return attributes_json(
        [
            ("ReferencedSOPClassUID", head.sop_class_uid),
            ("ReferencedSOPInstanceUID", head.sop_uid),
            ("RetrieveURL", address),
        ]
    )


def _failed(one: Outcome) -> dict[str, Any]:
    return attributes_json(
        [
            ("ReferencedSOPClassUID", one.head.sop_class_uid if one.head else None),
            ("ReferencedSOPInstanceUID", one.head.sop_uid if one.head else None),
            ("FailureReason", one.reason),
        ]
    )


def _note(request: HttpRequest, hospital: Organisation, outcomes: Sequence[Outcome]) -> None:
    stored = [one.head for one in outcomes if one.head is not None and not one.reason]
    record(
        actor=request.actor,
        action="dicomweb.store",
        subject=f"organisation:{hospital.pk}",
        scope=hospital.path,
        after={
            "stored": len(stored),
            "refused": len(outcomes) - len(stored),
            "studies": sorted({head.study_uid for head in stored})[:_LISTED],
            "address": request.META.get("REMOTE_ADDR", ""),
        },
    )
