"""The plain water phantom of any maker: CT number, uniformity, noise and rings.

Source: WS 519-2019, items CT number of water, uniformity and noise (sizes of the regions and formula as its test
records give them).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imagingqc.dicom.model import Stack
from imagingqc.errors import AnalysisError, Reason
from imagingqc.imaging.cylinder import Cylinder
from imagingqc.imaging.round_object import radial_mean
from imagingqc.phantom.ct import spectrum
from imagingqc.phantom.ct.acr_find import looks_like
from imagingqc.phantom.ct.rounds import (
    RoundSlice,
    isocentre,
    require_axis,
    require_round,
    round_slice,
    slice_thickness_mm,
    the_stack,
)
from imagingqc.phantom.ct.water_parts import clock_places, evenness, strongest_ring, wall_mm
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.hand import IMAGE, OUTLINE, Circle, chosen_image, drawn_circle
from imagingqc.phantom.model import Curve, Parameter, PhantomFound, PhantomInput, PhantomTest
from imagingqc.quantity import Evidence, Measurement, quantity_catalogue

NAME, VERSION = "ct.water", "1"
PHANTOM = "water"

DIAMETERS_MM = (150.0, 350.0)
DIAMETER_AGREES = 0.02  # of the diameter that a person gave
MOST_SLICES = 25  # looked at, evenly over the stack
WATER_HU = 60.0  # about 0: a scanner may be out of calibration, but plastics begin at 90
EVEN_SHARE, EVEN_LARGEST_HU = 0.01, 60.0
END_MM = 15.0  # of the phantom, where lids and partial volume are
WHOLE_SHARE = 2 / 3  # of the slices between the ends that have to be even water
CYLINDER_MM = 3.0
CENTRE_SHARE, NOISE_SHARE, EDGE_MM = 0.10, 0.40, 10.0
CONTRAST_SCALE_HU, NOISE_SLICE_MM = 1000.0, 10.0

CT_NUMBER, UNIFORMITY = "ct.phantom.ct_number", "ct.phantom.uniformity"
NOISE, NOISE_HU = "ct.phantom.noise", "ct.phantom.noise.hu"
DIAMETER, RING = "ct.phantom.diameter", "ct.phantom.ring"

PARAMETERS = (
    Parameter("diameter_mm", "体模外径标称值", "nominal outer diameter of the phantom", "mm"),
    Parameter(
        "slice", "测量层面（从 1 起，按位置）", "slice to measure (from 1, by position)", kind="integer", pick="number"
    ),
    IMAGE,
    OUTLINE,
)


@dataclass(frozen=True, slots=True)
class Water:
    """One slice with even water in a wall of `wall_mm`."""

    piece: RoundSlice
    wall_mm: float

    @property
    def radius_mm(self) -> float:
        """Radius of the water, without the wall."""
        return self.piece.diameter_mm / 2 - self.wall_mm


def run(given: PhantomInput) -> PhantomFound:
    """Measure one slice of a water phantom: that of the parameter `slice`, or the middle one of the even slices.

    AnalysisError when there is no round object, when it is not as wide as water phantoms are or as the person says,
    when its inside is not even water, when it changes its diameter, is cut or tilted.  Of several single slices the
    only one that shows even water is measured.  Choices made by hand (`phantom.hand`): `image`, the slice to measure,
    and `outline`, the circle in which the phantom is looked for.
    """
    if (by_hand := chosen_image(given)) is not None:
        return _run(by_hand[0], given)
    singles = [stack for stack in given.stacks if stack.kind == "single"]
    if len(singles) < 2 or any(stack.kind == "volume" for stack in given.stacks):
        return _run(the_stack(given.stacks), given)
    found: list[PhantomFound] = []
    refused: list[AnalysisError] = []
    for stack in singles:
        try:
            found.append(_run(stack, given))
        except AnalysisError as error:
            refused.append(error)
    if not found:
        raise refused[0]
    if len(found) > 1:
        raise AnalysisError("phantom_several_series", n=len(found))
    return found[0]


def _run(stack: Stack, given: PhantomInput) -> PhantomFound:
    drawn = drawn_circle(given)
    slices = require_round(_seen(stack, given.frames, drawn))
    _require_size(slices, given.number("diameter_mm"))
    good = _require_water(slices)
    axis = require_axis([w.piece for w in good])
    _require_cylinder([w.piece for w in good])
    chosen = _chosen(stack, given, good)
    if drawn is not None:
        piece = chosen.piece
        drawn.require_agrees(piece.found.x, piece.found.y, piece.diameter_mm / 2, piece.spacing_mm)
    return PhantomFound(
        phantom=PHANTOM,
        measurements=_measurements(chosen),
        evidence=(chosen.piece.circle_evidence(chosen.piece.diameter_mm / 2),),
        facts=_facts(chosen.piece),
        checks=_checks(chosen, good, axis),
        curves=(_profile(chosen),),
    )


def _seen(stack: Stack, frames: Frames, drawn: Circle | None) -> list[RoundSlice]:
    count = len(stack.slices)
    step = max(1, math.ceil(count / MOST_SLICES))
    found = (round_slice(piece, stack, frames, drawn) for piece in stack.slices[(count - 1) % step // 2 :: step])
    return [one for one in found if one is not None]


def _require_size(slices: Sequence[RoundSlice], nominal_mm: float | None) -> None:
    measured = float(np.median([s.diameter_mm for s in slices]))
    low, high = DIAMETERS_MM
    if not low <= measured <= high:
        raise AnalysisError("phantom_scale", measured=round(measured, 1), expected=f"{low:g}–{high:g}")
    if nominal_mm is not None and abs(measured - nominal_mm) > DIAMETER_AGREES * nominal_mm:
        raise AnalysisError("phantom_scale", measured=round(measured, 1), expected=nominal_mm)


def _require_water(slices: Sequence[RoundSlice]) -> list[Water]:
    """The slices of even water; AnalysisError `phantom_other` when too many between the ends are something else."""
    judged = {id(s): _water(s) for s in slices}
    first, last = slices[0].z_mm + END_MM, slices[-1].z_mm - END_MM
    between = [s for s in slices if first <= s.z_mm <= last] or list(slices)
    good = [w for s in slices if isinstance(w := judged[id(s)], Water)]
    if not good or sum(isinstance(judged[id(s)], Water) for s in between) < WHOLE_SHARE * len(between):
        reasons = [w for s in between if isinstance(w := judged[id(s)], str)]
        why = looks_like(slices) or max(sorted(set(reasons)), key=reasons.count)
        raise AnalysisError("phantom_other", wanted="water_phantom", why=why)
    return good


def _water(piece: RoundSlice) -> Water | str:
    """The slice as water, or the word for what it is instead."""
    wall = wall_mm(piece)
    found = evenness(piece, piece.diameter_mm / 2 - wall)
    if found.odd_share > EVEN_SHARE or found.largest_hu > EVEN_LARGEST_HU:
        return "not_even"
    middle = float(piece.disc(CENTRE_SHARE * piece.diameter_mm / 2).mean())
    return Water(piece, wall) if abs(middle) <= WATER_HU else "not_water_hu"


def _require_cylinder(slices: Sequence[RoundSlice]) -> None:
    diameters = [s.diameter_mm for s in slices]
    if max(diameters) - min(diameters) > CYLINDER_MM:
        raise AnalysisError("phantom_other", wanted="water_phantom", why="not_a_cylinder")


def _chosen(stack: Stack, given: PhantomInput, good: Sequence[Water]) -> Water:
    """The slice that a person asked for, or the middle one of the even slices."""
    wanted = _number_of_slice(stack, given)
    if wanted is None:
        return good[len(good) // 2]
    piece = round_slice(stack.slices[wanted - 1], stack, given.frames, drawn_circle(given))
    water = _water(piece) if piece is not None and piece.round else "not_round"
    if isinstance(water, str):
        usable = sorted(stack.slices.index(w.piece.piece) + 1 for w in good)
        raise AnalysisError("phantom_slice_unfit", slice=wanted, usable=f"{usable[0]}–{usable[-1]}")
    return water


def _number_of_slice(stack: Stack, given: PhantomInput) -> int | None:
    """The slice that a person typed or chose in the images, from 1; both at once have to be the same."""
    typed, chosen = given.number("slice"), chosen_image(given)
    if typed is not None and (not float(typed).is_integer() or not 1 <= typed <= len(stack.slices)):
        raise AnalysisError("parameter_bad", parameter="slice", value=typed)
    number = None if chosen is None else stack.slices.index(chosen[1]) + 1
    if typed is not None and number not in {None, int(typed)}:
        raise AnalysisError("hand_slice_twice", slice=int(typed), image=number)
    return number if typed is None else int(typed)


def _measurements(water: Water) -> tuple[Measurement, ...]:
    piece = water.piece
    radius = CENTRE_SHARE * piece.diameter_mm / 2
    centre = float(piece.disc(radius).mean())
    distance = water.radius_mm - EDGE_MM - radius
    edges = {hour: (at, float(piece.disc(radius, *at).mean())) for hour, at in clock_places(distance).items()}
    _, (place, value) = max(edges.items(), key=lambda item: abs(item[1][1] - centre))
    noise_radius = NOISE_SHARE * piece.diameter_mm / 2
    deviation = float(piece.disc(noise_radius).std(ddof=1))
    noise_place = piece.circle_evidence(noise_radius)
    return (
        _measured(piece, CT_NUMBER, centre, piece.circle_evidence(radius)),
        _measured(piece, UNIFORMITY, value - centre, piece.circle_evidence(radius, *place)),
        _noise(piece, deviation, noise_place),
        _measured(piece, NOISE_HU, deviation, noise_place),
        _measured(piece, DIAMETER, piece.diameter_mm, piece.circle_evidence(piece.diameter_mm / 2)),
        _ring(water),
        *spectrum.of_round((NAME, VERSION), piece, water.radius_mm - EDGE_MM),
    )


def _measured(
    piece: RoundSlice, quantity: str, value: float | None, evidence: Evidence | None, reason: Reason | None = None
) -> Measurement:
    return Measurement(
        quantity=quantity,
        value=None if value is None else round(value, 4),
        unit=quantity_catalogue()[quantity].unit,
        method=NAME,
        version=VERSION,
        sources=(piece.piece.instance.sop_uid,),
        evidence=evidence,
        reason=reason,
    )


def _noise(piece: RoundSlice, deviation: float, place: Evidence) -> Measurement:
    """n = SD · sqrt(T / 10 mm) / 1000 HU · 100 %: as a slice of 10 mm would show it.  Source: WS 519-2019, noise."""
    thickness = slice_thickness_mm(piece.piece)
    if thickness is None:
        return _measured(piece, NOISE, None, place, Reason("missing_tag", {"tag": "SliceThickness"}))
    share = deviation * math.sqrt(thickness / NOISE_SLICE_MM) / CONTRAST_SCALE_HU
    return _measured(piece, NOISE, 100 * share, place)


def _ring(water: Water) -> Measurement:
    """The strongest ring about the isocentre; height without sign."""
    piece = water.piece
    centre = isocentre(piece.piece, piece.spacing_mm)
    if centre is None:
        return _measured(piece, RING, None, None, Reason("missing_tag", {"tag": "DataCollectionCenterPatient"}))
    right = (centre[0] - piece.found.x) * piece.spacing_mm[1]
    down = (centre[1] - piece.found.y) * piece.spacing_mm[0]
    inside = water.radius_mm - math.hypot(right, down) - max(piece.spacing_mm)
    height, radius = strongest_ring(piece, centre, inside)
    return _measured(piece, RING, abs(height), piece.circle_evidence(radius, right, down) if radius else None)


def _facts(piece: RoundSlice) -> dict[str, str | float]:
    thickness = slice_thickness_mm(piece.piece)
    return {} if thickness is None else {"slice_thickness": thickness}


def _checks(water: Water, good: Sequence[Water], axis: Cylinder | None) -> dict[str, float]:
    circle = water.piece.found.circle
    even = evenness(water.piece, water.radius_mm)
    checks = {
        "diameter_mm": round(circle.diameter, 2),
        "wall_mm": round(water.wall_mm, 2),
        "outline_residual_mm": round(circle.residual, 3),
        "outline_on_circle_share": round(circle.kept, 3),
        "uneven_share": round(even.odd_share, 4),
        "uneven_largest_hu": round(even.largest_hu, 2),
        "even_slices": float(len(good)),
    }
    return checks | ({"tilt_deg": round(axis.tilt_deg, 2)} if axis is not None else {})


def _profile(water: Water) -> Curve:
    """CT number against the distance from the phantom's centre, in steps of 1 mm."""
    piece = water.piece
    place = (piece.found.x, piece.found.y)
    at, mean = radial_mean(piece.image.pixels, place, piece.spacing_mm, water.radius_mm, 1.0)
    known = np.isfinite(mean)
    return {
        "key": "radial_mean",
        "x": [round(float(v), 2) for v in at[known]],
        "y": [round(float(v), 3) for v in mean[known]],
        "x_unit": "mm",
        "y_unit": "[hnsf'U]",
    }


TEST = PhantomTest(
    name=NAME,
    version=VERSION,
    zh="CT 水模",
    en="CT water phantom",
    modalities=frozenset({"CT"}),
    phantoms=(PHANTOM,),
    quantities=(CT_NUMBER, UNIFORMITY, NOISE, NOISE_HU, DIAMETER, RING, *spectrum.QUANTITIES),
    run=run,
    parameters=PARAMETERS,
    real=True,
)
