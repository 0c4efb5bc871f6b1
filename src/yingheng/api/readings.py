"""Readings of instruments as JSON: one a message, with the instrument's own id; the same again adds nothing."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from yingheng.common.errors import error_text
from yingheng.common.ui.words import language
from yingheng.phantomqc.models import InstrumentReading
from yingheng.phantomqc.services import ReadingRefused, Sent, instrument_reading_take
from yingheng.registry.models import Device
from yingheng.registry.selectors import device_find
from yingheng.tenancy.api_access import api, refusal
from yingheng.tenancy.permissions import DEVICE_TEST
from yingheng.tenancy.scope import Scope

MOST_BYTES = 100_000
LONGEST = 120
_KEYS = {"instrument", "id", "device", "reading", "values", "certificate", "test_type", "item", "day"}


@api(DEVICE_TEST, methods=("POST",))
def readings(request: HttpRequest) -> HttpResponse:
    """One reading of an instrument, into the open test that asks for it or as a free reading of the device."""
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return refusal(413, "api.too_large", limit=MOST_BYTES)
    try:
        told = _told(body)
        sent = _sent(told)
        device = _device(request.scope, _text(told, "device"))
        row, new = instrument_reading_take(actor=request.actor, device=device, sent=sent)
    except ReadingRefused as exc:
        return _refused(exc)
    return JsonResponse(_answer(row, new=new), status=201 if new else 200)


def _device(scope: Scope, name: str) -> Device:
    found = device_find(scope, name)
    if found is None:
        raise ReadingRefused("registry.device_unknown", "device")
    return found


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise ReadingRefused("api.json_bad", "") from exc
    if not isinstance(told, dict):
        raise ReadingRefused("api.json_bad", "")
    for key in sorted(told.keys() - _KEYS):
        raise ReadingRefused("api.field_unknown", key, field=key)
    return told


def _text(told: dict[str, Any], key: str, default: str | None = None) -> str:
    """A text of the message; ReadingRefused names the field when it is missing, too long, or none."""
    value = told.get(key, default)
    if not isinstance(value, str) or len(value) > LONGEST or (default is None and not value.strip()):
        raise ReadingRefused("api.field_bad", key, field=key)
    return value.strip()


def _sent(told: dict[str, Any]) -> Sent:
    values = told.get("values")
    if not isinstance(values, dict):
        raise ReadingRefused("api.field_bad", "values", field="values")
    return Sent(
        instrument=_text(told, "instrument"),
        number=_text(told, "id"),
        reading=_text(told, "reading"),
        values=values,
        certificate=_text(told, "certificate", ""),
        test_type=_text(told, "test_type", "constancy"),
        item=_text(told, "item", ""),
        day=_day(_text(told, "day", "")),
    )


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as exc:
        raise ReadingRefused("api.field_bad", "day", field="day") from exc


def _answer(row: InstrumentReading, *, new: bool) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "status": "taken" if new else "known",
        "test": str(row.device_test_id) if row.device_test_id else None,
        "item": row.item or None,
        "test_type": row.test_type,
        "measurements": row.values,
        "verdicts": row.verdicts,
    }


def _refused(error: ReadingRefused) -> HttpResponse:
    reason = error.reason
    code, text = (reason.code, reason.text(language())) if reason else (error.code, error_text(error))
    return JsonResponse({"error": {"code": code, "text": text, "field": error.field}}, status=400)
