"""Do all series of an MR exam show the patient the same way round?  Exam level, from orientations alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from imagingqc.clinical.method import ExamMethod, StacksBySeries
from imagingqc.dicom import geometry
from imagingqc.dicom.model import Exam, Stack
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "mr.orientation", "1"
QUANTITY = "mr.orientation.inconsistent"
_LETTERS = ("L", "R"), ("P", "A"), ("H", "F")  # towards +x / -x, +y / -y, +z / -z of the patient (PS3.3 C.7.6.2)
STANDARD = {"axial": "L/P", "coronal": "L/F", "sagittal": "P/F"}  # to the right of the row / down the column


@dataclass(frozen=True, slots=True)
class Shown:
    """How one series is shown: nearest plane, and where its rows and columns lead, such as "L/P"."""

    series: str
    plane: str
    direction: str


def direction(orientation: tuple[float, float, float, float, float, float]) -> str:
    """Patient letters to which a row and a column lead, such as "L/P" for the usual axial image."""
    return "/".join(_letter(part) for part in (orientation[:3], orientation[3:]))


def _letter(vector: tuple[float, ...]) -> str:
    axis = max(range(3), key=lambda i: abs(vector[i]))
    return _LETTERS[axis][0 if vector[axis] > 0 else 1]


def usual(group: list[Shown]) -> str:
    """The direction of most series of one plane; at a tie the standard one, else the first in the alphabet."""
    counts = Counter(shown.direction for shown in group)
    most = max(counts.values())
    leading = sorted(name for name, n in counts.items() if n == most)
    standard = STANDARD[group[0].plane]
    return standard if standard in leading else leading[0]


def _run(exam: Exam, stacks_by_series: StacksBySeries) -> list[Measurement]:
    shown = _shown(exam, stacks_by_series)
    groups = {plane: [s for s in shown if s.plane == plane] for plane in STANDARD}
    compared = {plane: group for plane, group in groups.items() if len({s.series for s in group}) > 1}
    if not compared:
        raise AnalysisError("nothing_to_compare", n=len({s.series for s in shown}))
    rows, odd = [], set()
    for plane, group in compared.items():
        expected = usual(group)
        for one in group:
            same = one.direction == expected
            odd |= set() if same else {one.series}
            state = "consistent" if same else "inconsistent"
            rows.append({"name": f"{plane} {one.direction}", "state": state, "series": one.series})
    sources = tuple(sorted({i.instances[0].sop_uid for i in exam.series if i.uid in {s.series for s in shown}}))
    record = Recorder(NAME, VERSION, sources, Evidence(shape={"kind": "series_list", "rows": rows}))
    return [record.value(QUANTITY, len(odd))]


def _shown(exam: Exam, stacks_by_series: StacksBySeries) -> list[Shown]:
    found: dict[tuple[str, str, str], Shown] = {}
    for series in exam.series:
        if series.modality != "MR":
            continue
        for stack in stacks_by_series.get(series.uid, ()):
            one = _of_stack(series.uid, stack)
            if one is not None:
                found[(one.series, one.plane, one.direction)] = one
    return list(found.values())


def _of_stack(series_uid: str, stack: Stack) -> Shown | None:
    if stack.kind not in {"volume", "single"} or stack.orientation is None:
        return None
    return Shown(series_uid, geometry.plane(stack.orientation).nearest, direction(stack.orientation))


METHOD = ExamMethod(NAME, VERSION, frozenset({"MR"}), (QUANTITY,), _run)
