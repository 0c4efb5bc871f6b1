"""Split one series into stacks: frames of one kind, orientation, spacing, matrix and phase, in the order of space.

One Series Instance UID is not one volume: scouts, reformats and several phases hide in it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeAlias

from imagingqc.dicom import phases
from imagingqc.dicom.geometry import Orientation, normal, project, same_orientation
from imagingqc.dicom.kinds import image_type, kind_of
from imagingqc.dicom.model import Fact, Instance, Series, Slice, Stack, StackKind
from imagingqc.dicom.phases import Frame

Key: TypeAlias = dict[str, Fact]

# Words of Image Type that tell pictures apart which share their place: component, contrast, map, Dixon part.
_COMPONENT_WORDS = """
M P R I MAGNITUDE PHASE REAL IMAGINARY M_FFE M_SE M_IR P_FFE R_FFE I_FFE PHASE_MAP ADC FA TRACEW TRACE
EADC EXP_ADC DIFFUSION ISOTROPIC T1 T2 T1_MAP T2_MAP R2_MAP R2STAR_MAP T2_STAR_MAP PERFUSION SUBTRACTION SUB
W F IP OP WATER FAT IN_PHASE OUT_PHASE OPP_PHASE IN OUT MIP MINIP MPR AVERAGE MAX_IP MIN_IP VRT
"""
_COMPONENTS = frozenset(_COMPONENT_WORDS.split()) | {"PHASE MAP"}


def split_stacks(series: Series) -> tuple[Stack, ...]:
    """The stacks of a series, in the order kind, first instance number, key; objects without pictures give none.

    Volumes are split by orientation (all cosines within 1e-3), spacing, matrix, thickness, kernel, image component
    and enhanced stack; then, where positions repeat, by the phase attribute that explains it (`phases.SOFT_KEYS`).
    Positions that nothing explains stay together as duplicates.  A slice alone in its stack has kind "single".
    Lengths are mm.  The result does not depend on the order of the instances.
    """
    frames = [_frame(i, n) for i in sorted(series.instances, key=lambda i: i.sop_uid) for n in range(len(i.frames))]
    stacks: list[Stack] = []
    for kind in ("volume", "localizer", "projection", "secondary", "other"):
        members = [f for f in frames if kind_of(f.instance, f.frame) == kind]
        if kind == "volume":
            stacks += _volumes(members)
        elif members:
            stacks += _plain(kind, members)
    return tuple(stacks)


def _frame(instance: Instance, number: int) -> Frame:
    geometry = instance.frames[number]
    return Frame(instance, number, {**instance.facts, **geometry.facts}, geometry)


# --- volumes ------------------------------------------------------------------------------------


def _volumes(frames: Sequence[Frame]) -> list[Stack]:
    groups: list[tuple[Key, Orientation, list[Frame]]] = []
    for orientation, alike in _by_orientation(frames):
        for pairs, members in _partition(alike, _hard_key):
            groups.append(({k: v for k, v in pairs if v != ""}, orientation, members))
    varying = _varying([key for key, _, _ in groups])
    stacks = []
    for key, orientation, members in groups:
        told = {k: v for k, v in key.items() if k in varying}
        for soft, part in phases.split(members, orientation):
            stacks.append(_volume({**told, **soft}, orientation, part))
    return sorted(stacks, key=_stack_order)


def _by_orientation(frames: Sequence[Frame]) -> list[tuple[Orientation, list[Frame]]]:
    """Clusters of orientations within tolerance, joined through neighbours so that no order of files matters."""
    distinct = sorted({f.geometry.orientation for f in frames if f.geometry.orientation is not None})
    clusters: list[list[Orientation]] = []
    for orientation in distinct:
        touching = [c for c in clusters if any(same_orientation(orientation, o) for o in c)]
        clusters = [c for c in clusters if c not in touching]
        clusters.append([orientation, *(o for c in touching for o in c)])
    home = {o: min(cluster) for cluster in clusters for o in cluster}
    found: dict[Orientation, list[Frame]] = {}
    for frame in frames:
        if frame.geometry.orientation is not None:
            found.setdefault(home[frame.geometry.orientation], []).append(frame)
    return sorted(found.items())


def _hard_key(frame: Frame) -> tuple[tuple[str, Fact], ...]:
    """What always separates stacks of one orientation, as (keyword, value) pairs; "" where the header is silent."""
    words = image_type(frame.instance, frame.geometry.facts)
    spacing, thickness = frame.geometry.spacing_mm, frame.geometry.thickness_mm
    return (
        ("Rows", frame.instance.rows),
        ("Columns", frame.instance.columns),
        ("PixelSpacing", tuple(round(s, 3) for s in spacing) if spacing else ""),
        ("SliceThickness", round(thickness, 2) if thickness else ""),
        ("ConvolutionKernel", frame.text("ConvolutionKernel")),
        ("ImageType", " ".join(w for w in words if w in _COMPONENTS)),
        ("StackID", frame.text("StackID")),
        ("PhotometricInterpretation", frame.text("PhotometricInterpretation")),
    )


def _partition(
    frames: Iterable[Frame], key: Callable[[Frame], tuple[tuple[str, Fact], ...]]
) -> list[tuple[tuple[tuple[str, Fact], ...], list[Frame]]]:
    parts: dict[tuple[tuple[str, Fact], ...], list[Frame]] = {}
    for frame in frames:
        parts.setdefault(key(frame), []).append(frame)
    return sorted(parts.items(), key=lambda item: repr(item[0]))


def _varying(keys: Sequence[Mapping[str, Fact]]) -> set[str]:
    """The keywords by which the groups differ at all."""
    names = {name for key in keys for name in key}
    return {name for name in names if len({repr(key.get(name)) for key in keys}) > 1}


def _volume(key: Key, orientation: Orientation, frames: Sequence[Frame]) -> Stack:
    direction = normal(orientation)
    placed = [(project(f.place, direction), f) for f in frames]
    placed.sort(key=lambda item: (round(item[0], 4), _instance_order(item[1])))
    slices = tuple(Slice(f.instance, f.frame, position) for position, f in placed)
    return Stack(
        kind="volume" if len(slices) > 1 else "single",
        slices=slices,
        normal=direction,
        orientation=orientation,
        spacing_mm=frames[0].geometry.spacing_mm,
        key=key,
    )


def _instance_order(frame: Frame) -> tuple[float, str, int]:
    return (frame.number("InstanceNumber") or 0.0, frame.instance.sop_uid, frame.frame)


def _stack_order(stack: Stack) -> tuple[float, str, str]:
    first = min(s.instance.number("InstanceNumber") or 0.0 for s in stack.slices)
    return (first, repr(sorted(stack.key.items())), min(f"{s.instance.sop_uid}/{s.frame:06d}" for s in stack.slices))


# --- everything that is not a volume --------------------------------------------------------------


def _plain(kind: StackKind, frames: Sequence[Frame]) -> list[Stack]:
    """Stacks ordered by instance number: a projection alone with its own frames, others by matrix and orientation."""

    def key(frame: Frame) -> Hashable:
        if kind == "projection":
            return frame.instance.sop_uid
        orientation = tuple(round(v, 2) + 0.0 for v in frame.geometry.orientation or ())
        return (frame.instance.rows, frame.instance.columns, orientation)

    parts: dict[Hashable, list[Frame]] = {}
    for frame in sorted(frames, key=_instance_order):
        parts.setdefault(key(frame), []).append(frame)
    stacks = []
    for members in parts.values():
        geometry = members[0].geometry
        slices = tuple(Slice(f.instance, f.frame, None) for f in members)
        direction = normal(geometry.orientation) if geometry.orientation else None
        stacks.append(Stack(kind, slices, direction, geometry.orientation, geometry.spacing_mm))
    return sorted(stacks, key=_stack_order)
