"""A mark as the room sends it: series and slice as the room counts them, the shape in image pixels."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest

from yingheng.common.errors import Invalid
from yingheng.review.models import Mark
from yingheng.review.services.reading import Drawn
from yingheng.web.reading.report import text_lengths
from yingheng.web.reading.veil import Veil

_LONGEST = 100_000  # bytes of a mark as JSON


def mark_sent(request: HttpRequest) -> dict[str, Any]:
    """What was sent; Invalid when it is no mark at all."""
    try:
        told = json.loads(request.body[:_LONGEST])
    except ValueError as exc:
        raise Invalid("review.mark_shape") from exc
    if not isinstance(told, dict):
        raise Invalid("review.mark_shape")
    return told


def mark_id(text: object) -> UUID:
    """The id of a mark; Invalid when it is none."""
    try:
        return UUID(str(text))
    except ValueError as exc:
        raise Invalid("review.mark_shape") from exc


def drawn_of(veil: Veil, told: dict[str, Any]) -> Drawn:
    """A mark as it is stored; only the case's own exam is marked, not an earlier one."""
    shape = told.get("shape")
    if isinstance(shape, dict) and shape.get("kind") == Mark.TEXT:
        return _in_text(veil, shape, told)
    try:
        n, index = int(str(told.get("series", "")).rsplit("/", 1)[-1]), int(str(told.get("index", "")))
    except ValueError as exc:
        raise Invalid("review.mark_shape") from exc
    if not isinstance(shape, dict) or str(told.get("series")) != veil.key(0, n) or index < 0:
        raise Invalid("review.mark_shape")
    try:
        series = veil.one_series(0, n)
        instance, frame = veil.frame(series, index)
    except Http404 as exc:
        raise Invalid("review.mark_shape") from exc
    return Drawn(instance.pk, series.pk, frame, shape, str(told.get("defect") or ""), str(told.get("note") or ""))


def _in_text(veil: Veil, shape: dict[str, Any], told: dict[str, Any]) -> Drawn:
    """Words of the report that is read; Invalid beyond its end, and where no report is read."""
    length = text_lengths(veil).get(str(shape.get("part")))
    end = shape.get("end")
    if length is None or not isinstance(end, int) or end > length:
        raise Invalid("review.mark_shape")
    return Drawn(None, None, 0, shape, str(told.get("defect") or ""), str(told.get("note") or ""))
