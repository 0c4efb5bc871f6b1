"""Geometry and varying facts of every frame, from classic headers and from functional groups alike.

Functional groups: PS3.3 C.7.6.16; what every frame says alike is lifted to the instance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import cast

from pydicom.dataset import Dataset

from imagingqc.dicom.attributes import ALIASES
from imagingqc.dicom.fast import Elements, Header, facts_in, tags_of
from imagingqc.dicom.faults import PARSER_ERRORS
from imagingqc.dicom.geometry import Orientation, is_orientation
from imagingqc.dicom.model import Fact, FrameGeometry, Problem
from imagingqc.errors import DataError, Reason

MAX_FRAMES = 20_000

# The macros whose attributes are kept, with those nested in them (PS3.3 C.7.6.16.2, C.8.13.5, C.8.15.3).
_MACRO_NAMES = """
PixelMeasuresSequence PlanePositionSequence PlaneOrientationSequence PlanePositionVolumeSequence
PlaneOrientationVolumeSequence FrameContentSequence FrameAnatomySequence FrameVOILUTSequence
PixelValueTransformationSequence CardiacSynchronizationSequence TemporalPositionSequence
RespiratorySynchronizationSequence ContrastBolusUsageSequence IrradiationEventIdentificationSequence
MRImageFrameTypeSequence MRTimingAndRelatedParametersSequence MREchoSequence MRModifierSequence
MRImagingModifierSequence MRReceiveCoilSequence MRTransmitCoilSequence MRFOVGeometrySequence MRAveragesSequence
MRDiffusionSequence DiffusionGradientDirectionSequence MRMetaboliteMapSequence
SpecificAbsorptionRateSequence OperatingModeSequence
CTImageFrameTypeSequence CTAcquisitionTypeSequence CTAcquisitionDetailsSequence CTTableDynamicsSequence
CTGeometrySequence CTPositionSequence CTReconstructionSequence CTExposureSequence CTXRayDetailsSequence
XRay3DFrameTypeSequence PositionerPositionSequence
"""
_MACROS = dict(zip(tags_of(_MACRO_NAMES.split()), _MACRO_NAMES.split(), strict=True))
_DEPTH = 3
_GEOMETRY = frozenset({"ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"})
_is_orientation = lru_cache(maxsize=1024)(is_orientation)  # a series has one for all of its slices
_NOT_LIFTED = frozenset({"SpecificCharacterSet", "ImagePositionPatient"})


def functional_groups(dataset: Elements, frames: int) -> tuple[dict[str, Fact], list[dict[str, Fact]], list[Problem]]:
    """Facts shared by all frames, facts of each frame (one entry per frame, or none at all), and what was wrong.

    Raises DataError `too_many_frames`.
    """
    if frames > MAX_FRAMES:
        raise DataError("too_many_frames", n=frames, limit=MAX_FRAMES)
    problems: list[Problem] = []
    shared: dict[str, Fact] = {}
    for item in _items(dataset, "SharedFunctionalGroupsSequence", problems)[:1]:
        _collect(item, shared, problems, _DEPTH)
    per_frame: list[dict[str, Fact]] = []
    items = _items(dataset, "PerFrameFunctionalGroupsSequence", problems)
    if len(items) >= frames:
        for item in items[:frames]:
            facts: dict[str, Fact] = {}
            _collect(item, facts, problems, _DEPTH)
            per_frame.append(facts)
    elif items:
        problems.append(Problem("PerFrameFunctionalGroupsSequence", Reason("frame_groups_missing", {"n": len(items)})))
    _lift(shared, per_frame)
    return shared, per_frame, list(dict.fromkeys(problems)) if len(problems) < MAX_FRAMES else problems[:1]


def _items(dataset: Elements, keyword: str, problems: list[Problem]) -> Sequence[Elements]:
    if isinstance(dataset, Header):
        return dataset.items(keyword)
    try:
        items = list(dataset.get(keyword) or ())
    except PARSER_ERRORS:
        items = [None]
    if all(isinstance(item, Dataset) for item in items):
        return items
    problems.append(Problem(keyword, Reason("unreadable_value", {"tag": keyword})))
    return []


def _collect(item: Elements, facts: dict[str, Fact], problems: list[Problem], depth: int) -> None:
    for keyword, fact in facts_in(item):
        if isinstance(fact, Problem):
            problems.append(fact)
        else:
            facts.setdefault(keyword, fact)
            if keyword in ALIASES:
                facts.setdefault(ALIASES[keyword], fact)
    if depth == 0:
        return
    for keyword in _nested(item):
        for inner in _items(item, keyword, problems)[:1]:
            _collect(inner, facts, problems, depth - 1)


def _nested(item: Elements) -> list[str]:
    return [_MACROS[tag] for tag in map(int, item.keys()) if tag in _MACROS]


def _lift(shared: dict[str, Fact], per_frame: list[dict[str, Fact]]) -> None:
    """Move what all frames say alike to `shared`."""
    if not per_frame:
        return
    for keyword, fact in list(per_frame[0].items()):
        if keyword not in _NOT_LIFTED and all(f.get(keyword) == fact for f in per_frame):
            shared.setdefault(keyword, fact)
            for facts in per_frame:
                del facts[keyword]


def geometries(
    facts: Mapping[str, Fact], per_frame: Sequence[Mapping[str, Fact]], frames: int
) -> tuple[tuple[FrameGeometry, ...], list[Problem]]:
    """Geometry of every frame from the instance's facts and the frames' own, and unusable orientations."""
    problems: list[Problem] = []
    if not per_frame:
        one = _geometry(facts, {}, problems)
        if frames > 1:  # one position cannot be that of many frames
            one = FrameGeometry(None, one.orientation, one.spacing_mm, one.thickness_mm)
        return (one,) * frames, problems
    return tuple(_geometry(facts, own, problems) for own in per_frame), list(dict.fromkeys(problems))


def _geometry(facts: Mapping[str, Fact], own: Mapping[str, Fact], problems: list[Problem]) -> FrameGeometry:
    def of(keyword: str) -> tuple[float, ...]:
        value = own.get(keyword, facts.get(keyword))
        values = value if isinstance(value, tuple) else (value,)
        return tuple(float(v) for v in values if isinstance(v, int | float))

    position, orientation = of("ImagePositionPatient"), of("ImageOrientationPatient")
    if orientation and not _is_orientation(orientation):
        problems.append(Problem("ImageOrientationPatient", Reason("bad_orientation")))
        orientation = ()
    spacing = of("PixelSpacing") or of("ImagerPixelSpacing") or of("NominalScannedPixelSpacing")
    thickness = of("SliceThickness")
    return FrameGeometry(
        position if len(position) == 3 else None,
        cast("Orientation", orientation) if orientation else None,
        (spacing[0], spacing[1]) if len(spacing) == 2 else None,
        thickness[0] if thickness else None,
        {k: v for k, v in own.items() if k not in _GEOMETRY},
    )
