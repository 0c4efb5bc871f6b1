"""Whether a gamma-camera object holds all the frames that its own header counts."""

from __future__ import annotations

from math import prod

from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.per_image import per_image
from imagingqc.clinical.results import tags
from imagingqc.dicom.model import Instance
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "nm.frames", "1"
QUANTITY, TOTAL = "nm.frames.missing", "nm.frames"
# Frame Increment Pointer (0028,0009) names the vectors that count the frames; the number belonging to each, and for
# views of a rotation and frames of a phase the numbers of every item.
_COUNTS = {
    "(0054,0010)": "NumberOfEnergyWindows", "(0054,0020)": "NumberOfDetectors", "(0054,0060)": "NumberOfRRIntervals",
    "(0054,0070)": "NumberOfTimeSlots", "(0054,0080)": "NumberOfSlices",
}  # fmt: skip
_SUMS = {"(0054,0090)": "NumberOfFramesInRotation", "(0054,0100)": "NumberOfFramesInPhase"}
_VIEWS = "(0054,0090)"
_COUNTED_ELSEWHERE = frozenset({"(0054,0050)", "(0054,0030)"})  # rotations and phases: their items are summed
_KEYWORDS = ("NumberOfFrames", "FrameIncrementPointer", *_COUNTS.values(), *_SUMS.values())


def expected_frames(instance: Instance) -> int:
    """How many frames the header's counts ask for.

    Raises AnalysisError `missing_tag` (no pointer, or a count it needs), `unknown_value` (another vector), and
    `contradictory_tags` when a rotation holds its views exactly once: some makers count those of all detectors
    together, and then nothing is missing.
    Source: PS3.3 C.8.4.8 (NM multi-frame: which vectors each type of image has).
    """
    pointers = [pointer.lower() for pointer in instance.texts("FrameIncrementPointer")]
    if not pointers:
        raise AnalysisError("missing_tag", tag="FrameIncrementPointer")
    expected = prod(_count(instance, pointer) for pointer in pointers if pointer not in _COUNTED_ELSEWHERE)
    detectors = int(instance.number("NumberOfDetectors") or 1)
    if _VIEWS in pointers and detectors > 1 and len(instance.frames) * detectors == expected:
        values = f"{detectors}, {expected // detectors}"
        raise AnalysisError("contradictory_tags", tags="NumberOfDetectors, NumberOfFramesInRotation", values=values)
    return expected


def _count(instance: Instance, pointer: str) -> int:
    keyword = _COUNTS.get(pointer) or _SUMS.get(pointer)
    if keyword is None:
        raise AnalysisError("unknown_value", tag="FrameIncrementPointer", value=pointer)
    value = instance.facts.get(keyword)
    numbers = value if isinstance(value, tuple) else (value,)
    counts = [int(n) for n in numbers if isinstance(n, int | float) and n > 0]
    if not counts:
        raise AnalysisError("missing_tag", tag=keyword)
    return sum(counts)


def _measure(record: Recorder, instance: Instance) -> list[Measurement]:
    place = Evidence(instance.series_uid, instance.sop_uid, None, tags(instance, _KEYWORDS))
    held = len(instance.frames)
    total = record.value(TOTAL, held, evidence=place)
    try:
        expected = expected_frames(instance)
    except AnalysisError as error:
        return [total, record.refuse_for(QUANTITY, error.reason, place)]
    if held > expected:
        values = f"{held} / {expected}"
        return [
            total,
            record.refuse(
                QUANTITY, "contradictory_tags", place, tags="NumberOfFrames, FrameIncrementPointer", values=values
            ),
        ]
    return [total, record.value(QUANTITY, expected - held, evidence=place)]


METHOD = SeriesMethod(
    NAME,
    VERSION,
    frozenset({"NM"}),
    needs_pixels=False,
    quantities=(TOTAL, QUANTITY),
    run=per_image((NAME, VERSION), _measure),
)
