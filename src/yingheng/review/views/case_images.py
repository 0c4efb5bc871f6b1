"""The images of a case with what its readers marked on them."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.catalog.models import Series
from yingheng.catalog.selectors import instances_of_series
from yingheng.common.ui.parts import Action, Section
from yingheng.common.ui.stage import Overlay, Stage, Window
from yingheng.review.faults import fault_text
from yingheng.review.models import Case, Mark
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import EXAM_VIEW

_ROWS, _COLUMNS = 512, 512  # of a stage whose images tell no size
_FRAMES = 2000


def marked_images(request: HttpRequest, case: Case, marks: list[Mark]) -> list[Section]:
    """The series with most marks; only for those who may see exams."""
    if case.exam_id is None or not scope_of(request, EXAM_VIEW).contains(case.hospital.path):
        return []
    counts = Counter(mark.series_id for mark in marks)
    rows = list(Series.objects.filter(exam_id=case.exam_id, pixels_gone_at__isnull=True).order_by("number", "pk"))
    series = max(rows, key=lambda one: counts[one.pk], default=None)
    if series is None:
        return []
    instances = instances_of_series(scope_of(request, EXAM_VIEW), series)
    frames = [(one.pk, frame) for one in instances[:_FRAMES] for frame in range(one.n_frames or 1)]
    overlays = _overlays([mark for mark in marks if mark.series_id == series.pk], frames)
    url = reverse("web:slice", args=[series.pk, 0]).replace("/0.png", "/{index}.png") + "?window={window}"
    stage = Stage(
        image_url=url,
        columns=int(series.geometry.get("columns") or _COLUMNS),
        rows=int(series.geometry.get("rows") or _ROWS),
        count=len(frames),
        title=series.description or series.modality,
        windows=[Window("", _("As sent"))],
        overlays=overlays,
        start=next((one.index for one in overlays if one.index is not None), len(frames) // 2),
    )
    if not frames:
        return []
    other = len(marks) - len(overlays)
    hint = _("%(n)s marks are on other series") % {"n": other} if other else ""
    action = Action(_("Exam"), reverse("web:exam", args=[case.exam_id]), "photo-scan", kind="quiet")
    return [Section(_("Images with the marks of the readers"), stage, hint=hint, actions=[action], flush=True)]


def _overlays(marks: list[Mark], frames: list[tuple[UUID, int]]) -> list[Overlay]:
    place = {one: n for n, one in enumerate(frames)}
    found = []
    for mark in marks:
        index = place.get((mark.instance_id, mark.frame))
        shape = _drawn(mark.shape)
        if shape and index is not None:
            label = " · ".join(filter(None, (fault_text(mark.defect) if mark.defect else "", mark.note)))
            found.append(Overlay(shape, index, label, "FAIL"))
    return found


def _drawn(shape: dict[str, Any]) -> dict[str, Any] | None:
    """A mark as the stage draws it."""
    points = shape.get("points") or []
    if shape.get("kind") == "rect" and len(points) == 2:
        (x0, y0), (x1, y1) = points
        return {"kind": "rect", "x": min(x0, x1), "y": min(y0, y1), "width": abs(x1 - x0), "height": abs(y1 - y0)}
    if shape.get("kind") == "arrow" and len(points) == 2:
        return {"kind": "polyline", "points": points, "closed": False}
    return {"kind": "points", "points": points} if points else None
