"""The images of a case on a stage: with what the analysis drew, and for choosing by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from imagingqc.phantom.model import PhantomTest
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.selectors import instances_of_series
from yingheng.common.ui.addresses import with_query
from yingheng.common.ui.parts import Tab
from yingheng.common.ui.stage import Overlay, Pick, Stage, Window
from yingheng.common.ui.words import language
from yingheng.phantomqc.forms import PREFIX, series_text
from yingheng.phantomqc.models import PhantomCase, PhantomRun
from yingheng.tenancy.access import scope_of
from yingheng.tenancy.permissions import EXAM_VIEW

_STAGED = ("rect", "circle", "polyline", "points")
_DRAWN = ("image", "circle", "rect")


def case_stage(request: HttpRequest, case: PhantomCase, test: PhantomTest | None = None) -> Stage | None:
    """The images of a case; None without any, or for those who may not see exams.

    With a `test` the choices that it takes are made on it, and the other series of the exam are a step away.
    """
    scope = scope_of(request, EXAM_VIEW)
    if not scope.contains(case.hospital.path):
        return None
    evidence = _evidence(case.run) if case.run is not None else []
    rows = _series(case, every=test is not None)
    series = _shown(request, case, rows, evidence)
    if series is None:
        return None
    frames = [(i, f) for i in instances_of_series(scope, series) for f in range(i.n_frames)]
    overlays = _overlays(evidence, frames)
    url = reverse("web:slice", args=[series.pk, 0]).replace("/0.png", "/{index}.png") + "?window={window}"
    return Stage(
        image_url=url,
        columns=int(series.geometry["columns"]),
        rows=int(series.geometry["rows"]),
        count=len(frames),
        title=series.description or series.modality,
        windows=[Window("", _("As sent"))],
        overlays=overlays,
        start=_start(test, case, frames, overlays),
        labels=[f"{i.position_mm:.1f} mm" if i.position_mm is not None else "" for i, _frame in frames],
        picks=_picks(test),
        references=[_reference(i, f) for i, f in frames] if test else (),
        places=_places(overlays) if test else {},
        others=_others(request, rows, series) if test else (),
    )


def _series(case: PhantomCase, *, every: bool) -> list[Series]:
    """The series of a case, of all its exam where a person is to choose; those that can be drawn."""
    rows = Series.objects.filter(exam_id=case.exam_id, pixels_gone_at__isnull=True).order_by("number", "pk")
    rows = rows if every else rows.filter(pk__in=case.run.series if case.run else case.series)
    return [one for one in rows if one.geometry.get("rows")]


def _shown(
    request: HttpRequest, case: PhantomCase, rows: Sequence[Series], evidence: Sequence[Mapping[str, Any]]
) -> Series | None:
    asked = request.GET.get("shown") or request.POST.get("shown")
    if chosen := next((s for s in rows if str(s.pk) == asked), None):
        return chosen
    wanted = {e["series"] for e in evidence}
    own = [s for s in rows if str(s.pk) in case.series]
    return next((s for s in rows if s.series_uid in wanted), next(iter([*own, *rows]), None))


def _picks(test: PhantomTest | None) -> list[Pick]:
    """What of the parameters of a test is chosen in the images."""
    lang = language()
    picks = [p for p in (test.parameters if test else ()) if p.pick in _DRAWN]
    one_image = sum(p.pick == "image" for p in picks) == 1
    found: list[Pick] = []
    for p in picks:
        name = (p.zh if lang == "zh" else p.en).split("（")[0].split(" (")[0]
        label = _("Use this slice") if p.pick == "image" and one_image else name
        key = "u" if p.pick == "image" else "h"
        free = key not in {one.key for one in found}
        found.append(Pick(p.pick, PREFIX + p.key, label, key if free else ""))
    return found


def _reference(instance: Instance, frame: int) -> str:
    """How an analysis names an image that was chosen."""
    return f"{instance.sop_uid}#{frame}" if frame else instance.sop_uid


def _start(
    test: PhantomTest | None, case: PhantomCase, frames: Sequence[tuple[Instance, int]], overlays: Sequence[Overlay]
) -> int:
    """The slice chosen before, else the first with something drawn on it, else the middle one."""
    keys = [p.key for p in (test.parameters if test else ()) if p.pick == "image"]
    chosen = [case.parameters[key] for key in keys if case.parameters.get(key)]
    known = {_reference(i, f): n for n, (i, f) in enumerate(frames)}
    if chosen and chosen[0] in known:
        return known[chosen[0]]
    return next((o.index for o in overlays if o.index is not None), len(frames) // 2)


def _places(overlays: Sequence[Overlay]) -> dict[str, list[float]]:
    """Where a new circle begins: at the largest that the analysis found."""
    circles = [o.shape for o in overlays if o.shape.get("kind") == "circle"]
    if not circles:
        return {}
    largest = max(circles, key=lambda shape: shape["r"])
    return {"circle": [largest["x"], largest["y"], largest["r"]]}


def _others(request: HttpRequest, rows: Sequence[Series], shown: Series) -> list[Tab]:
    if len(rows) < 2:
        return []
    return [Tab(series_text(s), with_query(request, shown=str(s.pk)), current=s.pk == shown.pk) for s in rows]


def _evidence(run: PhantomRun) -> list[Mapping[str, Any]]:
    """Every shape of a run that names its series: those of the run itself, and those behind single numbers."""
    own = list(run.result.get("evidence") or [])
    behind = [m["evidence"] for m in run.result["measurements"] if m.get("evidence")]
    return [e for e in (*own, *behind) if e.get("series")]


def _overlays(evidence: Sequence[Mapping[str, Any]], frames: Sequence[tuple[Instance, int]]) -> list[Overlay]:
    place = {(instance.sop_uid, frame): n for n, (instance, frame) in enumerate(frames)}
    found: list[Overlay] = []
    for one in evidence:
        shape = one.get("shape") or {}
        shapes = shape.get("shapes") or [shape]
        index = place.get((one.get("instance") or "", one.get("frame") or 0))
        found += [
            Overlay(part, index, str(part.get("label") or ""))
            for part in shapes
            if part.get("kind") in _STAGED and index is not None
        ]
    return list({repr(o): o for o in found}.values())
