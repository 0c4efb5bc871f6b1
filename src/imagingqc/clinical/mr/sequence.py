"""What kind of MR sequence a series is, from its times and tags first and its description second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from imagingqc.clinical.method import SeriesMethod, Stacks
from imagingqc.clinical.mr.facts import KEYWORDS, SequenceFacts, sequence_facts
from imagingqc.clinical.mr.text import says_contrast, says_fat_suppression, says_three_d, text_class
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder, tags
from imagingqc.dicom import geometry
from imagingqc.dicom.geometry import PlaneName
from imagingqc.dicom.model import Series, Slice
from imagingqc.errors import AnalysisError, Reason
from imagingqc.quantity import Evidence, Measurement

NAME, VERSION = "mr.sequence", "1"
QUANTITY = "mr.sequence.class"

Test: TypeAlias = Callable[[SequenceFacts], bool]


@dataclass(frozen=True, slots=True)
class Sequence:
    """What a series is.

    `name` is the class and `decided_by` "tags", "description" or "both"; both are None, and `reason` is set, when
    the class could not be told.  `plane` is the nearest of axial, sagittal, coronal (None: several or unknown).
    Flags are None where the header is silent.
    """

    name: str | None
    decided_by: str | None
    reason: Reason | None
    plane: str | None
    fat_suppressed: bool | None
    contrast: bool | None
    three_d: bool | None


def _within(value: float | None, low: float, high: float = float("inf")) -> bool:
    return value is not None and low <= value <= high


def _special(f: SequenceFacts, *names: str) -> bool:
    return bool(f.image_type & set(names))


def _stir(f: SequenceFacts) -> bool:
    """The null point of fat moves with the field: about 60-150 ms below 0.7 T, 120-300 ms above."""
    low, high = (50.0, 180.0) if f.field is not None and f.field < 0.7 else (100.0, 300.0)
    return f.inverted and not f.gradient and _within(f.ti, low, high) and _within(f.tr, 1000)


def _spoiled(f: SequenceFacts) -> bool:
    """Gradient echo without steady state; 3D at TR 15-60 ms may be a time-of-flight angiogram: words must tell."""
    flight = f.acquisition == "3D" and _within(f.tr, 15, 60) and not f.inverted
    return f.gradient and not f.planar and not f.variant & {"SS"} and not flight


# Order matters: what an image was made into, then how, then the contrast of the times.
TAG_RULES: tuple[tuple[str, Test], ...] = (
    ("localizer", lambda f: _special(f, "LOCALIZER")),
    ("ADC", lambda f: _special(f, "ADC", "ADC_MAP", "EADC")),
    ("derived", lambda f: _special(f, "DERIVED") and _special(f, "MIP", "MPR", "SUBTRACTION", "SUB", "REFORMATTED")),
    ("PWI", lambda f: _special(f, "PERFUSION", "CBF", "CBV", "MTT", "TTP", "TMAX", "RCBV", "RCBF", "ASL")),
    ("SWI", lambda f: _special(f, "SWI", "SWAN", "MNIP")),
    ("DWI", lambda f: _special(f, "DIFFUSION", "TRACEW", "TRACE", "FA") or _within(f.b_value, 1)),
    ("TOF", lambda f: _special(f, "TOF") or (f.angio and f.gradient and not _special(f, "PHASE CONTRAST"))),
    ("PC", lambda f: _special(f, "PHASE CONTRAST", "VELOCITY", "PCA") or bool(f.options & {"PC", "FLOW_ENCODED"})),
    ("STIR", _stir),
    ("T2-FLAIR", lambda f: f.inverted and _within(f.ti, 1400, 3200) and _within(f.te, 60) and _within(f.tr, 3500)),
    ("T1", lambda f: f.inverted and _within(f.ti, 300, 1400) and _within(f.te, 0, 45) and _within(f.tr, 0, 4000)),
    ("T1", lambda f: _spoiled(f) and _within(f.te, 0, 10) and _within(f.tr, 0, 400)),
    ("T2*", lambda f: f.gradient and not f.planar and _within(f.te, 12) and not f.inverted),
    ("T2", lambda f: _spin(f) and _within(f.te, 60) and (_within(f.tr, 1800) or _within(f.echo_train, 60))),
    ("PD", lambda f: _spin(f) and _within(f.te, 0, 50) and _within(f.tr, 1500)),
    ("T1", lambda f: _spin(f) and _within(f.te, 0, 30) and _within(f.tr, 0, 999.5)),
)  # fmt: skip

# Acquisition Contrast of enhanced MR, heard when the times alone do not decide (PS3.3 C.8.13.3.1)
STATED = {
    "T1": "T1", "T2": "T2", "T2_STAR": "T2*", "PROTON_DENSITY": "PD", "FLUID_ATTENUATED": "T2-FLAIR", "STIR": "STIR",
    "DIFFUSION": "DWI", "PERFUSION": "PWI", "TOF": "TOF", "FLOW_ENCODED": "PC",
}  # fmt: skip

# What the description may say beside what the times say: it knows more, and it does not contradict.
FINER: dict[str, frozenset[str]] = {
    "T1": frozenset({"DCE", "PWI", "LGE", "TOF", "PC", "bSSFP", "cine"}),
    "T2": frozenset({"heavy T2", "bSSFP", "cine", "derived"}),
    "T2*": frozenset({"SWI", "PWI", "fMRI", "cine"}),
    "DWI": frozenset({"ADC"}),
    "T2-FLAIR": frozenset({"heavy T2"}),
}
HIDDEN_INVERSION = frozenset({"STIR", "T2-FLAIR"})  # scanners may leave the inversion time out
TIMED = frozenset({"T1", "T2", "PD", "STIR", "T2-FLAIR", "T2*"})


def _spin(f: SequenceFacts) -> bool:
    return "SE" in f.scanning and not f.planar and not f.inverted


def tag_class(facts: SequenceFacts) -> str | None:
    """The class that the tags alone give, None when no rule fits."""
    found = next((name for name, test in TAG_RULES if test(facts)), None)
    stated = [STATED[word] for word in sorted(facts.stated_contrast) if word in STATED]
    return found or (stated[0] if len(stated) == 1 else None)


def sequence_class(facts: SequenceFacts) -> tuple[str, str]:
    """(class, who decided).  AnalysisError `sequence_contradictory` or `sequence_unclear`."""
    by_tags, by_text = tag_class(facts), text_class(facts.text)
    if by_tags is None and by_text is None:
        raise AnalysisError("sequence_unclear", tr=_ms(facts.tr), te=_ms(facts.te), ti=_ms(facts.ti))
    if by_tags is None or by_text is None:
        return (by_tags or by_text or ""), ("tags" if by_text is None else "description")
    if by_tags == by_text:
        return by_tags, "both"
    if by_tags not in TIMED and by_text not in FINER.get(by_tags, ()):
        return by_tags, "tags"
    if _description_wins(facts, by_tags, by_text):
        return by_text, "description"
    raise AnalysisError("sequence_contradictory", tags=by_tags, text=by_text)


def _description_wins(facts: SequenceFacts, by_tags: str, by_text: str) -> bool:
    if by_text in {"localizer", "derived", "ADC"} or by_text in FINER.get(by_tags, ()):
        return True
    if by_text in HIDDEN_INVERSION and by_tags in {"T2", "PD"} and not facts.ti:
        return True
    # echo times of 35 to 70 ms with fat suppression are called PD by some and T2 by others
    return {by_tags, by_text} == {"PD", "T2"} and _within(facts.te, 35, 70)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def fat_suppressed(facts: SequenceFacts, name: str | None) -> bool | None:
    """True when a tag or the description says so, False when the tag says none, else None."""
    if name == "STIR" or facts.options & {"FS", "SFS", "FATSAT", "FAT_SAT", "FSS", "FATSAT_GEMS", "SAT_FAT"}:
        return True
    if facts.suppression in {"FAT", "FAT_AND_WATER", "SILICON_AND_FAT", "MULTIPLE"}:
        return True
    if says_fat_suppression(facts.text):
        return True
    return False if facts.suppression == "NONE" or facts.options else None


def three_d(facts: SequenceFacts) -> bool | None:
    """From MR Acquisition Type; else the description may say 3D, but its silence says nothing."""
    if facts.acquisition in {"2D", "3D"}:
        return facts.acquisition == "3D"
    return True if says_three_d(facts.text) else None


def classify(series: Series, stacks: Stacks) -> Sequence:
    """What a series is; never raises: a class that cannot be told carries its reason.

    Source: TR / TE / TI ranges of clinical practice at 0.2-3 T, listed in `docs/methods/mr-sequence.md`.
    """
    facts = sequence_facts(series, _pieces(series, stacks))
    planes = {geometry.plane(s.orientation).nearest for s in stacks if s.orientation is not None}
    name, decided_by, reason = _class_of(facts, stacks, planes)
    return Sequence(
        name,
        decided_by,
        reason,
        plane=planes.pop() if len(planes) == 1 else None,
        fat_suppressed=fat_suppressed(facts, name),
        contrast=True if facts.contrast_tag or says_contrast(facts.text) else None,
        three_d=three_d(facts),
    )


def _class_of(
    facts: SequenceFacts, stacks: Stacks, planes: set[PlaneName]
) -> tuple[str | None, str | None, Reason | None]:
    if {stack.kind for stack in stacks} == {"localizer"} or len(planes) == 3:  # three planes at once: for planning
        return "localizer", "tags", None
    try:
        return *sequence_class(facts), None
    except AnalysisError as error:
        return None, None, error.reason


def _pieces(series: Series, stacks: Stacks) -> list[Slice]:
    return [piece for stack in stacks for piece in stack.slices] or [Slice(series.first, 0, None)]


def _run(series: Series, stacks: Stacks, _reader: PixelReader) -> list[Measurement]:
    found = classify(series, stacks)
    shape = tags(series.first, KEYWORDS)
    shape["sequence"] = {
        "decided_by": found.decided_by,
        "plane": found.plane,
        "fat_suppressed": found.fat_suppressed,
        "contrast": found.contrast,
        "three_d": found.three_d,
    }
    record = recorder((NAME, VERSION), _pieces(series, stacks))
    place = Evidence(series.uid, None, None, shape)
    if found.name is None:
        return [record.refuse_for(QUANTITY, found.reason or Reason("no_measurement", {"quantity": QUANTITY}), place)]
    return [record.value(QUANTITY, found.name, evidence=place)]


METHOD = SeriesMethod(NAME, VERSION, frozenset({"MR"}), needs_pixels=False, quantities=(QUANTITY,), run=_run)
