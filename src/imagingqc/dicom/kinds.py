"""What a frame is for: localizer, secondary capture, projection, slice of a volume, or something else."""

from __future__ import annotations

from collections.abc import Mapping

from imagingqc.dicom.model import Fact, Instance, StackKind

SLICE_MODALITIES = frozenset({"CT", "MR", "PT"})
PROJECTION_MODALITIES = frozenset({"DX", "CR", "MG", "XA", "RF", "IO", "PX", "RG"})
_LOCALIZER = frozenset({"LOCALIZER", "SCOUT", "TOPOGRAM", "SURVIEW", "SCANOGRAM", "SCANO"})
_SCREENS = frozenset(
    {
        "SCREEN SAVE",
        "SCREENSAVE",
        "DOSE_INFO",
        "DOSE",
        "DOSEREPORT",
        "PROTOCOL",
        "PATIENT PROTOCOL",
        "RESULT",
        "GSP EVAL",
    }
)
_TILED = frozenset({"MOSAIC", "VFRAME"})  # many slices in one picture, as some makers store functional MR
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # and its multi-frame children .7.1 to .7.4 (PS3.6 table A-1)
_COLOUR = ("RGB", "YBR", "PALETTE")


def image_type(instance: Instance, own: Mapping[str, Fact] | None = None) -> tuple[str, ...]:
    """Image Type in capitals; a frame's own Frame Type goes before the instance's (which says MIXED then)."""
    value = (own or {}).get("FrameType") or instance.facts.get("FrameType") or instance.facts.get("ImageType") or ()
    values = value if isinstance(value, tuple) else (value,)
    return tuple(str(v).strip().upper() for v in values)


def is_secondary_capture(sop_class_uid: str) -> bool:
    """Whether the class is one of the Secondary Capture storage classes."""
    return sop_class_uid == _SECONDARY_CAPTURE or sop_class_uid.startswith(_SECONDARY_CAPTURE + ".")


def kind_of(instance: Instance, frame: int) -> StackKind:
    """Kind of one frame; "volume" means a slice with geometry, whether or not others join it.

    Source: Image Type values of PS3.3 C.7.6.1.1.2, C.8.2.1.1.1 and C.8.16.1; vendors' words for scouts and screens.
    """
    geometry = instance.frames[frame]
    words = image_type(instance, geometry.facts)
    located = geometry.position_mm is not None and geometry.orientation is not None
    if _LOCALIZER.intersection(words):
        return "localizer"
    # ORIGINAL\\SECONDARY is no screenshot: some CT makers write it on thin slices reconstructed afterwards.
    derived = words[:2] == ("DERIVED", "SECONDARY")
    if is_secondary_capture(instance.sop_class_uid) or _SCREENS.intersection(words) or derived:
        return "secondary"
    if instance.modality in PROJECTION_MODALITIES:
        return "projection"
    if instance.modality not in SLICE_MODALITIES or _TILED.intersection(words):
        return "other"
    if not located or (instance.text("PhotometricInterpretation") or "").startswith(_COLOUR):
        return "secondary"
    return "volume"
