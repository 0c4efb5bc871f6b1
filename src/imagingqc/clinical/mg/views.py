"""What a mammogram shows by its header: view, side, kind of picture, and which pictures are one exposure."""

from __future__ import annotations

from collections.abc import Sequence

from imagingqc.clinical.dx.repeats import acquisition_time
from imagingqc.clinical.dx.tags import laterality
from imagingqc.dicom.model import Instance
from imagingqc.errors import AnalysisError

# PS3.16 CID 4014, by SNOMED CT code and by the older SNOMED-RT identifier that most files still carry.
_VIEW_CODES = {
    "399162004": "CC", "R-10242": "CC", "399368009": "MLO", "R-10226": "MLO", "399260004": "ML", "R-10224": "ML",
    "399352003": "LM", "R-10228": "LM", "399099002": "LMO", "R-10230": "LMO", "399196006": "FB", "R-10244": "FB",
    "399192008": "XCCL", "R-1024A": "XCCL", "399101009": "XCCM", "R-1024B": "XCCM", "399188001": "SIO",
    "R-102D0": "SIO", "441555000": "ISO", "R-40AAA": "ISO", "127457009": "SPECIMEN", "G-8310": "SPECIMEN",
}  # fmt: skip
_VIEW_WORDS = {**{name: name for name in _VIEW_CODES.values()}, "XCC": "XCCL", "SPEC": "SPECIMEN"}
# PS3.16 CID 4015: what shows part of the breast, or shows it again in another way
_PARTS = frozenset(
    {"399055006", "R-102D7", "399163009", "R-102D6", "399161006", "R-102D2", "399011000", "R-102D1", "442580003",
     "R-40AB2", "399110001", "R-102C2", "442593008", "R-40ABE", "414493004", "R-102CA", "399197002", "R-102D3",
     "399226006", "R-102D4", "415670009", "R-102C9"}
)  # fmt: skip
_MAGNIFIED = 1.3  # contact mammograms are enlarged by less than 1.1 on the detector
_TOMOSYNTHESIS = "1.2.840.10008.5.1.4.1.1.13.1.3"
_PROJECTIONS = frozenset({"1.2.840.10008.5.1.4.1.1.13.1.4", "1.2.840.10008.5.1.4.1.1.13.1.5"})
STANDARD = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))


def view(instance: Instance) -> str:
    """View of the breast: CC, MLO, ML ..., by View Code Sequence (0054,0220) and View Position (0018,5101).

    Raises AnalysisError `missing_tag`, `unknown_value`, or `contradictory_tags` when the two name different views.
    """
    code = next((text.split(":")[1] for text in instance.texts("ViewCodeSequence") if text.count(":") >= 2), "")
    word = (instance.text("ViewPosition") or "").strip().upper()
    by_code, by_word = _VIEW_CODES.get(code), _VIEW_WORDS.get(word)
    if by_code and by_word and by_code != by_word:
        raise AnalysisError(
            "contradictory_tags", tags="ViewCodeSequence, ViewPosition", values=f"{by_code} / {by_word}"
        )
    found = by_code or by_word
    if found:
        return found
    if word or code:
        raise AnalysisError("unknown_value", tag="ViewPosition" if word else "ViewCodeSequence", value=word or code)
    raise AnalysisError("missing_tag", tag="ViewCodeSequence")


def side(instance: Instance) -> str:
    """L, R or B (both).  AnalysisError `missing_tag`, `unknown_value`, `contradictory_tags`."""
    found, contradiction = laterality(instance)
    if contradiction:
        values = f"{instance.text('ImageLaterality')} / {instance.text('Laterality')}"
        raise AnalysisError("contradictory_tags", tags="ImageLaterality, Laterality", values=values)
    if found is None:
        raise AnalysisError("missing_tag", tag="ImageLaterality")
    if found not in {"L", "R", "B"}:
        raise AnalysisError("unknown_value", tag="ImageLaterality", value=found)
    return found


def picture_kind(instance: Instance) -> str:
    """ "2d", "synthetic" (a 2D picture computed from tomosynthesis), "tomosynthesis" or its raw "projection"."""
    words = {word.strip().upper() for word in instance.texts("ImageType")}
    if instance.sop_class_uid in _PROJECTIONS or words & {"TOMO_PROJ", "PROJECTION"}:
        return "projection"
    if "GENERATED_2D" in words:
        return "synthetic"
    return "tomosynthesis" if instance.sop_class_uid == _TOMOSYNTHESIS else "2d"


def shows_whole_view(instance: Instance) -> bool:
    """Whether the picture is of a patient and shows its view as such: no spot, magnified, rolled or cleavage view."""
    if (instance.text("QualityControlImage") or "").upper() == "YES" or picture_kind(instance) == "projection":
        return False
    codes = {text.split(":")[1] for text in instance.texts("ViewModifierCodeSequence") if text.count(":") >= 2}
    magnified = (instance.number("EstimatedRadiographicMagnificationFactor") or 1.0) > _MAGNIFIED
    return not codes & _PARTS and not magnified


def is_partial(instance: Instance) -> bool:
    """Partial View (0028,1350): the breast is larger than the detector, and this is one of its pieces."""
    return (instance.text("PartialView") or "").strip().upper() == "YES"


def exposures(instances: Sequence[Instance]) -> list[Instance]:
    """One picture of each exposure: raw and processed pictures of it count once, the processed one stands for both.

    Pictures are of one exposure by Irradiation Event UID, else by acquisition time together with side and view; those
    without any time count as exposures of their own.
    """
    kept: dict[tuple[str, ...], Instance] = {}
    for instance in sorted(instances, key=_processed_first):
        kept.setdefault(_event(instance), instance)
    return list(kept.values())


def _processed_first(instance: Instance) -> tuple[bool, str]:
    return (instance.text("PresentationIntentType") or "").upper() == "FOR PROCESSING", instance.sop_uid


def _event(instance: Instance) -> tuple[str, ...]:
    if event := instance.text("IrradiationEventUID"):
        return (event,)
    time = acquisition_time(instance)
    if time is None:
        return (instance.sop_uid,)
    shown = (instance.text("ViewPosition"), *instance.texts("ViewCodeSequence"), laterality(instance)[0])
    return (time.isoformat(), *(part or "" for part in shown))
