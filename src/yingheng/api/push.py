"""Requests and reports pushed as JSON: one or a list, each item answered by itself; the body is kept as it came.

The same body twice is one message: it is counted and answered as the first time.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from yingheng.api.selectors import hospital_only
from yingheng.api.views.common import hospital_asked
from yingheng.common.clock import now
from yingheng.ingest.message_texts import message_words
from yingheng.ingest.models import Message
from yingheng.ingest.services.messages import Arrived, message_keep
from yingheng.ingest.services.messages_json import ORDERS, REPORTS
from yingheng.tenancy.api_access import api, refusal
from yingheng.tenancy.permissions import INGEST_SEND

MOST_BYTES = 10_000_000
_MAIN = {"order", "report", "item"}


@api(INGEST_SEND, methods=("POST",))
def orders(request: HttpRequest) -> HttpResponse:
    """Requests for exams: new, changed, scheduled, cancelled."""
    return _push(request, ORDERS)


@api(INGEST_SEND, methods=("POST",))
def reports(request: HttpRequest) -> HttpResponse:
    """Reports of exams, by accession number or Study Instance UID; those that come before their exam wait for it."""
    return _push(request, REPORTS)


def _push(request: HttpRequest, kind: str) -> HttpResponse:
    hospital = hospital_only(request.scope, hospital_asked(request))
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        return refusal(413, "api.too_large", limit=MOST_BYTES)
    arrived = Arrived(
        body,
        now(),
        channel=Message.Channel.JSON,
        kind=kind,
        address=str(request.META.get("REMOTE_ADDR", ""))[:64],
    )
    row = message_keep(hospital=hospital, arrived=arrived)
    results = _results(row)
    if not results:
        error = {"code": row.reason, "text": message_words(row.reason, row.reason_values)}
        return JsonResponse({"message": str(row.pk), "error": error}, status=400)
    return JsonResponse({"message": str(row.pk), "results": results}, status=_status(results))


def _status(results: list[dict[str, Any]]) -> int:
    """200 when every item was taken, 400 when none was, 207 when some were."""
    n = sum(one["status"] == "rejected" for one in results)
    return 200 if not n else 400 if n == len(results) else 207


def _results(row: Message) -> list[dict[str, Any]]:
    """One answer for each item, in their order; a report of several exams has the answer of the last."""
    found: dict[int, dict[str, Any]] = {}
    for one in row.results:
        if one["what"] in _MAIN:
            found[int(one["index"])] = _result(one)
    return [found[index] for index in sorted(found)]


def _result(one: dict[str, Any]) -> dict[str, Any]:
    told = {"index": one["index"], "status": one["change"]}
    if one["change"] == "rejected":
        told["errors"] = [
            {"path": fault["path"], "code": fault["code"], "text": message_words(fault["code"], fault["values"])}
            for fault in one["faults"]
        ]
        return told
    told |= {"kind": one["what"], "id": one["id"] or None, "number": one["number"]}
    if "version" in one:
        told["version"] = one["version"]
    if one["change"] == "waiting":
        told["text"] = _("The exam is not here yet; the report is applied when it comes.")
    return told
