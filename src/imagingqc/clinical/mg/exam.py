"""A mammography exam as a whole: the four standard views, and left against right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from imagingqc.clinical.dx.repeats import acquisition_time
from imagingqc.clinical.method import ExamMethod, StacksBySeries
from imagingqc.clinical.mg.image import THICKNESS_MM
from imagingqc.clinical.mg.views import (
    STANDARD,
    exposures,
    is_partial,
    picture_kind,
    shows_whole_view,
    side,
    view,
)
from imagingqc.dicom.model import Exam, Instance
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "mg.exam", "1"
MISSING, THICKNESS, EXPOSURE = "mg.views.missing", "mg.symmetry.thickness", "mg.symmetry.exposure"
MODALITIES = frozenset({"MG"})
FEWEST_PIECES = 2  # of a breast larger than the detector
Shown = dict[tuple[str, str], list[Instance]]


def shown_views(instances: Sequence[Instance]) -> Shown:
    """Exposures by (side, view), newest last; pictures of parts, tests and specimens are left out.

    Raises AnalysisError `no_images` when nothing is left, and `mg_unplaced` when a picture has no usable side or view:
    it may be one of those that seem to be missing.
    """
    found: Shown = defaultdict(list)
    whole = [i for i in instances if shows_whole_view(i)]
    unplaced = 0
    for instance in exposures(whole):
        try:
            found[(side(instance), view(instance))].append(instance)
        except AnalysisError:
            unplaced += 1
    if not whole:
        raise AnalysisError("no_images", kinds="-")
    if unplaced:
        raise AnalysisError("mg_unplaced", n=unplaced)
    return {key: sorted(group, key=_when) for key, group in found.items()}


def _when(instance: Instance) -> tuple[str, str]:
    time = acquisition_time(instance)
    return time.isoformat() if time else "", instance.sop_uid


def is_shown(group: Sequence[Instance]) -> bool:
    """A view counts with one picture of the whole breast, or with at least two pieces of a large one."""
    pieces = sum(is_partial(instance) for instance in group)
    return len(group) > pieces or pieces >= FEWEST_PIECES


def _run(exam: Exam, _stacks: StacksBySeries) -> list[Measurement]:
    instances = [i for s in exam.series if s.modality in MODALITIES for i in s.instances if _is_picture(i)]
    shown = shown_views(instances)
    place = Evidence(shape={"kind": "series_list", "rows": _rows(shown)})
    sources = tuple(sorted(i.sop_uid for group in shown.values() for i in group))
    record = Recorder(NAME, VERSION, sources, place)
    return [_missing(record, shown), *_symmetry(record, shown)]


def _is_picture(instance: Instance) -> bool:
    secondary = instance.texts("ImageType")[:2] == ("DERIVED", "SECONDARY")
    return bool(instance.frames) and instance.modality in MODALITIES and not secondary


def _missing(record: Recorder, shown: Shown) -> Measurement:
    """How many of the four standard views are not there.

    An exam of one breast alone may be after a mastectomy or a follow-up of one side: headers do not tell, so nothing
    is called missing.
    """
    seen = [key for key in STANDARD if is_shown(shown.get(key, ()))]
    sides = {key[0] for key in shown if key[0] in {"L", "R"}}
    if len(sides) < 2:
        return record.refuse(MISSING, "mg_one_side", side="、".join(sorted(sides)) or "-")
    if not seen:
        return record.refuse(MISSING, "mg_no_standard_view", views=", ".join(sorted({key[1] for key in shown})))
    return record.value(MISSING, len(STANDARD) - len(seen))


def _rows(shown: Shown) -> list[dict[str, Any]]:
    """One row for each standard view and each further one: what shows it."""
    rows = []
    for key in [*STANDARD, *sorted(set(shown) - set(STANDARD))]:
        group = shown.get(key, [])
        state = "found" if is_shown(group) else "missing"
        row: dict[str, Any] = {"name": "".join(key), "state": state if key in STANDARD else "extra"}
        if group:
            row |= {"instance": group[-1].sop_uid, "n": len(group)}
            row["kinds"] = ", ".join(sorted({picture_kind(i) for i in group}))
            row["implant"] = any((i.text("BreastImplantPresent") or "").upper() == "YES" for i in group)
        rows.append(row)
    return rows


def _symmetry(record: Recorder, shown: Shown) -> list[Measurement]:
    pairs = [(shown[("L", v)][-1], shown[("R", v)][-1]) for v in ("CC", "MLO") if _both(shown, v)]
    if not pairs:
        return [record.refuse(q, "mg_no_pair") for q in (THICKNESS, EXPOSURE)]
    return [_difference(record, THICKNESS, pairs), _difference(record, EXPOSURE, pairs)]


def _both(shown: Shown, name: str) -> bool:
    """Whether left and right show this view without pieces, whose thickness is not that of the breast."""
    groups = [shown.get((one, name), []) for one in ("L", "R")]
    return all(group and not any(is_partial(i) for i in group) for group in groups)


def _difference(record: Recorder, quantity: str, pairs: Iterable[tuple[Instance, Instance]]) -> Measurement:
    """The largest difference of left and right over the views: mm of thickness, or % of their mean mAs."""
    found = []
    for left, right in pairs:
        a, b = (_thickness(i) if quantity == THICKNESS else _mas(i) for i in (left, right))
        if a is None or b is None:
            keyword = "BodyPartThickness" if quantity == THICKNESS else "Exposure"
            return record.refuse(quantity, "missing_tag", tag=keyword)
        found.append(abs(a - b) if quantity == THICKNESS else 200 * abs(a - b) / (a + b))
    return record.value(quantity, max(found))


def _thickness(instance: Instance) -> float | None:
    value = instance.number("BodyPartThickness")
    return value if value is not None and THICKNESS_MM[0] <= value <= THICKNESS_MM[1] else None


def _mas(instance: Instance) -> float | None:
    fine, coarse = instance.number("ExposureInuAs"), instance.number("Exposure")
    return fine / 1000 if fine else coarse or None


METHOD = ExamMethod(NAME, VERSION, MODALITIES, (MISSING, THICKNESS, EXPOSURE), _run)
