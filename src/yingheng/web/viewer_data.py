"""Exams and series as the viewer reads them: plain data, in the reader's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from imagingqc.clinical.nm.suv import suv_factor
from imagingqc.criteria.explain import reason_text
from imagingqc.dicom.header import read_instance
from imagingqc.dicom.model import FrameGeometry
from imagingqc.errors import AnalysisError, DataError
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.selectors import exam_list, instances_of_series, patient_exams
from yingheng.catalog.selectors.exams import ExamFilter
from yingheng.catalog.storage import default_storage
from yingheng.common.errors import NotFound
from yingheng.common.ui import words
from yingheng.common.ui.judged import JudgedList
from yingheng.common.ui.stage import overlays_of
from yingheng.evidence.truth import EffectiveVerdict, is_minor_gap, worst
from yingheng.tenancy.scope import Scope
from yingheng.web.views.exam_series import ExamSections, Slices
from yingheng.web.views.exams import exam_name

MOST_COMPARED = 12
_NIL = UUID(int=0)
# (label key, centre, width): the windows of the exam page in the same order, and what the viewer adds behind them.
_CT = (("brain", 40, 80), ("lung", -600, 1500), ("soft tissue", 40, 400), ("bone", 400, 1800), ("liver", 60, 160),
       ("mediastinum", 50, 350))  # fmt: skip
_SUV = (5, 10)  # from zero to these: body and brain, and what takes up much
_FILMED = 25  # frames a second of a run that does not say how fast it was taken


class ExamData:
    """One exam with the lights of its series."""

    def __init__(self, exam: Exam, series: Sequence[Series], verdicts: Sequence[EffectiveVerdict]) -> None:
        self.exam = exam
        self.series = series
        self.verdicts = verdicts

    def verdicts_of(self, series: Series) -> list[EffectiveVerdict]:
        return [v for v in self.verdicts if v.assessment.subject_id == series.pk]

    def chosen(self, asked: str) -> Series | None:
        """The series asked for, else the first with the worst outcome among those with images, as on the exam page."""
        for one in self.series:
            if str(one.pk) == asked:
                return one
        with_images = [s for s in self.series if s.geometry.get("rows")]
        order = ("FAIL", "NEEDS_HUMAN", "PASS", "NOT_ASSESSABLE", "")
        return min(with_images or self.series, key=lambda s: order.index(self._outcome(s)), default=None)

    def _outcome(self, series: Series) -> str:
        counted = [v for v in self.verdicts_of(series) if v.counts]
        told = [v.outcome for v in counted if not is_minor_gap(v.outcome, v.verdict)]
        return worst(told or (v.outcome for v in counted)) if counted else ""

    def frame_address(self, data: Mapping[str, Any], index: int) -> str:
        """The address of one slice of a series' data; "" when there is none."""
        if not data["slices"]:
            return ""
        instance, frame, _position = data["slices"][index]
        return str(data["file"]).replace("{instance}", instance).replace("{frame}", str(frame))

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": str(self.exam.pk),
            "name": exam_name(self.exam),
            "when": _when(self.exam),
            "modality": self.exam.modality,
            "series": [self._card(one) for one in self.series],
        }

    def _card(self, one: Series) -> dict[str, Any]:
        outcome = self._outcome(one)
        flagged = Counter(v.outcome for v in self.verdicts_of(one) if v.counts)[outcome]
        word = words.OUTCOMES.get(outcome)
        return {
            "id": str(one.pk),
            "name": one.description or one.modality,
            "modality": one.modality,
            "count": one.n_frames,
            "picture": reverse("web:thumbnail", args=[one.pk]) if has_images(one) else "",
            "light": {
                "tone": word.tone if word else "neutral",
                "word": str(word.label) if word else _("not judged yet"),
                "icon": word.icon if word else "hourglass",
                "count": flagged if outcome in {"FAIL", "NEEDS_HUMAN"} else None,
            },
        }


def has_images(series: Series) -> bool:
    """Whether there is anything to look at: not a document, and its pixels are still kept."""
    return bool(series.geometry.get("rows")) and series.pixels_gone_at is None


def series_data(
    request: HttpRequest, exam: Exam, series: Series, verdicts: Sequence[EffectiveVerdict]
) -> dict[str, Any]:
    """Everything the viewer needs of one series.  Two queries beside those of the verdicts."""
    instances = list(instances_of_series(request.scope, series)) if series.geometry.get("rows") else []
    frames = [(i, f) for i in instances for f in range(i.n_frames)]
    sections = ExamSections(request, exam, [series])
    judged = sections.judged(verdicts, sections.values.get(series.pk, []), Slices(instances))
    first: dict[str, int] = {}
    for n, (instance, _frame) in enumerate(frames, start=1):
        first.setdefault(instance.sop_uid, n)
    overlays = overlays_of([v.verdict for v in verdicts], [i.sop_uid for i, _f in frames])
    shown = has_images(series)
    positions, seconds = frames_of(instances) if shown else ({}, None)
    scale = uptake_scale(series, instances) if shown else None
    return {
        "id": str(series.pk),
        "exam": str(exam.pk),
        "name": series.description or series.modality,
        "number": series.number,
        "modality": series.modality,
        "message": "" if shown else why_nothing(series),
        "facts": reverse("web:exam", args=[exam.pk]) + f"?series={series.pk}",
        "file": reverse("web:frame", args=[_NIL, 0]).replace(str(_NIL), "{instance}").replace("/0.dcm", "/{frame}.dcm"),
        "slices": [[str(i.pk), f, positions.get((i.pk, f), i.position_mm)] for i, f in frames] if shown else [],
        "places": first,
        "presets": presets(series, scale),
        "scale": scale,
        "overlays": [o.as_dict() | {"label": words.quantity_text(o.label)} for o in overlays],
        "seconds": seconds,
        "verdicts": render_to_string(
            "web/_viewer_verdicts.html", {"verdicts": JudgedList(judged, compact=True)}, request
        ),
    }


def why_nothing(series: Series) -> str:
    """Why there is nothing to look at."""
    if series.pixels_gone_at is not None:
        day = series.pixels_gone_at.date().isoformat()
        return _("The pixels were removed on %(day)s, after their time of keeping. What was measured is kept.") % {
            "day": day
        }
    return _("This series holds no images, only a document.")


def uptake_scale(series: Series, instances: Sequence[Instance]) -> dict[str, Any] | None:
    """PET: what pixels are to be multiplied by for SUV by body weight, or why that cannot be known."""
    if series.modality != "PT" or not instances:
        return None
    try:
        known = [
            read_instance(str(default_storage().local_path(row.storage_key)))
            for row in (instances[0], instances[len(instances) // 2], instances[-1])
        ]
        return {"factor": suv_factor(known), "unit": "SUVbw", "why": ""}
    except AnalysisError as refused:
        why = _("No SUV: %(why)s") % {"why": reason_text(refused.reason, words.language())}
        return {"factor": None, "unit": "", "why": why}
    except (DataError, NotFound):
        return None


def presets(series: Series, scale: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Windows by number key; "sent" is what the header says, "auto" follows the pixels of the slice."""
    named = {
        "brain": _("Brain"),
        "lung": _("Lung"),
        "soft tissue": _("Soft tissue"),
        "bone": _("Bone"),
        "liver": _("Liver"),
        "mediastinum": _("Mediastinum"),
    }
    found: list[dict[str, Any]] = [{"kind": "sent", "label": _("As sent")}]
    if series.modality == "CT":
        found += [{"kind": "fixed", "label": named[key], "center": c, "width": w} for key, c, w in _CT]
    if scale and scale["factor"]:
        found += [{"kind": "fixed", "label": f"SUV 0–{top}", "center": top / 2, "width": top} for top in _SUV]
    found.append({"kind": "auto", "label": _("By the image")})
    if series.modality in {"MR", "DX", "CR", "MG", "XA", "RF", "PT", "NM"}:
        found.append({"kind": "full", "label": _("Whole range")})
    return found


def frames_of(instances: Sequence[Instance]) -> tuple[dict[tuple[UUID, int], float | None], float | None]:
    """Positions in mm of frames that share an object, and the seconds between frames of a run."""
    several = [i for i in instances if i.n_frames > 1]
    positions: dict[tuple[UUID, int], float | None] = {}
    seconds: float | None = None
    for row in several[:20]:
        try:
            header = read_instance(str(default_storage().local_path(row.storage_key)))
        except (DataError, NotFound):
            continue
        places = [_position(g) for g in header.frames]
        positions |= {(row.pk, n): place for n, place in enumerate(places)}
        rate = header.number("RecommendedDisplayFrameRate") or header.number("CineRate")
        each = header.number("FrameTime")
        seconds = seconds or (1 / rate if rate else each / 1000 if each else None)
    if several and not any(p is not None for p in positions.values()):
        seconds = seconds or 1 / _FILMED
    return positions, seconds


def _position(geometry: FrameGeometry) -> float | None:
    """Projection of a frame's place on the normal of its plane."""
    if geometry.position_mm is None or geometry.orientation is None:
        return None
    (a, b, c), (d, e, f) = geometry.orientation[:3], geometry.orientation[3:]
    normal = (b * f - c * e, c * d - a * f, a * e - b * d)
    return sum(p * n for p, n in zip(geometry.position_mm, normal, strict=True))


def _when(exam: Exam) -> str:
    return localtime(exam.sort_at).strftime("%Y-%m-%d %H:%M")


def compared_with(scope: Scope, exam: Exam) -> list[dict[str, Any]]:
    """At most MOST_COMPARED exams: of the same patient, then of the same device and item (or modality)."""
    chosen: dict[UUID, dict[str, Any]] = {}
    for row in patient_exams(scope, exam).exclude(pk=exam.pk)[:MOST_COMPARED]:
        chosen[row.pk] = _candidate(row, _("same patient"))
    if exam.device_id:
        like = ExamFilter(
            device_id=exam.device_id, item_id=exam.item_id, modality="" if exam.item_id else exam.modality
        )
        for row in exam_list(scope, like, limit=MOST_COMPARED + 1).rows:
            if row.pk != exam.pk:
                why = _("same device and exam item") if exam.item_id else _("same device")
                chosen.setdefault(row.pk, _candidate(row, why))
    return list(chosen.values())[:MOST_COMPARED]


def _candidate(row: Exam, why: str) -> dict[str, Any]:
    return {"id": str(row.pk), "name": exam_name(row), "when": _when(row), "modality": row.modality, "why": why}
