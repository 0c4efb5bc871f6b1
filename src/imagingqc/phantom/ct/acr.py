"""The ACR CT accreditation phantom (464): all four modules of one scan.

Not yet met with images of a real phantom: proved on generated ones alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError, Reason
from imagingqc.imaging.circle import Floats
from imagingqc.imaging.edge_spread import Mtf
from imagingqc.phantom.ct import acr_parts as parts
from imagingqc.phantom.ct import spectrum
from imagingqc.phantom.ct.acr_find import MODULE_MM, Located, locate
from imagingqc.phantom.ct.acr_ramps import slice_width
from imagingqc.phantom.ct.rounds import RoundSlice, isocentre, round_slice, slice_thickness_mm
from imagingqc.phantom.hand import chosen_image
from imagingqc.phantom.model import Curve, Parameter, PhantomFound, PhantomInput, PhantomTest, the_volume
from imagingqc.quantity import Evidence, Measurement, Value, quantity_catalogue

T = TypeVar("T")

NAME, VERSION = "ct.acr", "1"
PHANTOM = "acr-ct-464"
PREFIX = "ct.phantom."
MATERIALS = {"polyethylene": "material.polyethylene", "bone": "material.bone", "acrylic": "material.acrylic",
             "air": "material.air", "water": "ct_number"}  # fmt: skip
PROTOCOLS = ("adult_head", "adult_abdomen", "child_head", "child_abdomen")
HIGH, SHARP = "resolution.high_contrast", "resolution.high_contrast_sharp"
NOISE_MM, SPECTRUM_MM, NOISE_SLICE_MM, CONTRAST_SCALE_HU = 40.0, 46.0, 10.0, 1000.0
MOST_RAMP_SLICES, MOST_BEAD_SLICES, BEAD_REACH_MM = 24, 24, 12.0
RAMP_MARGIN_MM = 1.0
QUANTITIES = (*spectrum.QUANTITIES, *(PREFIX + name for name in (
    *MATERIALS.values(), "slice_thickness", "cnr", *(f"cnr.{p}" for p in PROTOCOLS), "uniformity", "noise",
    "noise.hu", "distance", HIGH, SHARP, "mtf50", "mtf10", "diameter", "offset",
)))  # fmt: skip
MODULES = {
    module: Parameter(
        f"module_{module}", f"模块 {module} 的测量层（手工选定）", f"slice of module {module} (chosen by hand)",
        kind="text", pick="image",
    )
    for module in (1, 2, 3, 4)
}  # fmt: skip
PARAMETERS = (
    Parameter("protocol", "扫描方案", "protocol", kind="choice", choices=PROTOCOLS),
    Parameter("kernel", "重建算法", "kernel", kind="choice", choices=("standard", "sharp"), default="standard"),
    *MODULES.values(),
)


@dataclass(frozen=True, slots=True)
class Run:
    """What all parts need: the input, the volume, the phantom found, and the nominal slice thickness in mm."""

    given: PhantomInput
    stack: Stack
    found: Located
    thickness_mm: float | None

    def slice(self, module: int) -> RoundSlice:
        return self.found.chosen[module]


def run(given: PhantomInput) -> PhantomFound:
    """Measure the four modules of the largest volume; AnalysisError when it is not the whole phantom.

    Slices of modules may be chosen by hand; they are then of the volume to measure.
    """
    chosen = _by_hand(given)
    stack = next((stack for stack, _ in chosen.values()), None) or the_volume(given.stacks)
    found = locate(stack, given.frames, {module: piece for module, (_, piece) in chosen.items()})
    this = Run(given, stack, found, slice_thickness_mm(stack.slices[0]))
    mtf = _or_reason(lambda: parts.edge_mtf(found.chosen[1]))
    bars = _or_reason(lambda: parts.bar_modulations(found.chosen[4], found.turn))
    measurements = (
        *_materials(this),
        _thickness(this),
        *_contrast(this),
        *_even(this),
        _distance(this),
        *_bars(this, bars),
        *_edge(this, mtf),
        *_position(this),
    )
    return PhantomFound(
        phantom=PHANTOM,
        measurements=measurements,
        evidence=tuple(s.circle_evidence(s.diameter_mm / 2) for _, s in sorted(found.chosen.items())),
        facts={} if this.thickness_mm is None else {"slice_thickness": this.thickness_mm},
        checks=_checks(found),
        curves=_curves(mtf, bars),
    )


def _by_hand(given: PhantomInput) -> dict[int, tuple[Stack, Slice]]:
    """Module -> the slice that a person chose for it; AnalysisError `not_a_volume`, `phantom_several_series`."""
    named = {module: chosen_image(given, parameter) for module, parameter in MODULES.items()}
    chosen = {module: one for module, one in named.items() if one is not None}
    stacks = {id(stack): stack for stack, _ in chosen.values()}
    if len(stacks) > 1:
        raise AnalysisError("phantom_several_series", n=len(stacks))
    if others := [stack.kind for stack in stacks.values() if stack.kind != "volume"]:
        raise AnalysisError("not_a_volume", kinds=others[0])
    return chosen


def _or_reason(measure: Callable[[], T]) -> T | Reason:
    try:
        return measure()
    except AnalysisError as error:
        return error.reason


def _measured(
    piece: RoundSlice,
    name: str,
    value: float | Reason,
    evidence: Evidence | None = None,
    nominal: float | None = None,
) -> Measurement:
    """One quantity of this test, or why there is none."""
    reason = value if isinstance(value, Reason) else None
    number: Value | None = None if isinstance(value, Reason) else round(float(value), 4)
    return Measurement(
        quantity=PREFIX + name,
        value=number,
        unit=quantity_catalogue()[PREFIX + name].unit,
        method=NAME,
        version=VERSION,
        sources=(piece.piece.instance.sop_uid,),
        evidence=evidence,
        reason=reason,
        nominal=nominal,
    )


def _materials(this: Run) -> list[Measurement]:
    piece = this.slice(1)
    samples = parts.materials(piece, this.found.turn)
    return [
        _measured(piece, name, samples[m].value, piece.circle_evidence(samples[m].radius_mm, *samples[m].place))
        for m, name in MATERIALS.items()
    ]


def _thickness(this: Run) -> Measurement:
    piece, nominal = this.slice(1), this.thickness_mm
    if nominal is None:
        return _measured(piece, "slice_thickness", Reason("missing_tag", {"tag": "SliceThickness"}))
    reach = MODULE_MM / 2 - nominal / 2 + RAMP_MARGIN_MM
    inside = [p for p in this.found.inside[1] if abs((p.position_mm or 0.0) - this.found.middle_mm[1]) <= reach]
    step = max(1, math.ceil(len(inside) / MOST_RAMP_SLICES))
    slices = [s for p in inside[::step] if (s := round_slice(p, this.stack, this.given.frames)) is not None and s.round]
    width = _or_reason(lambda: slice_width(slices, this.found.turn, nominal))
    if isinstance(width, Reason):
        return _measured(piece, "slice_thickness", width, nominal=nominal)
    ramp = width.ramps[0]
    place = piece.circle_evidence(ramp.half_mm, ramp.x, ramp.y)
    return _measured(piece, "slice_thickness", width.width_mm, place, nominal)


def _contrast(this: Run) -> list[Measurement]:
    """The CNR, and again as that of the protocol that the person named."""
    piece, protocol = this.slice(2), this.given.parameters.get("protocol")
    found = _or_reason(lambda: parts.contrast_to_noise(piece, this.found.turn))
    if isinstance(found, Reason):
        return [_measured(piece, name, found) for name in ("cnr", *(f"cnr.{p}" for p in PROTOCOLS))]
    cnr, rod = found
    place = piece.circle_evidence(rod.radius_mm, *rod.place)
    other = Reason("other_protocol") if protocol else Reason("parameter_missing", {"parameter": "protocol"})
    return [_measured(piece, "cnr", cnr, place)] + [
        _measured(piece, f"cnr.{p}", cnr if p == protocol else other, place if p == protocol else None)
        for p in PROTOCOLS
    ]


def _even(this: Run) -> list[Measurement]:
    """Uniformity and noise in module 3; the noise as WS 519-2019 has it: n = SD · sqrt(T / 10 mm) / 1000 HU."""
    piece = this.slice(3)
    difference, sample = parts.uniformity(piece, this.found.turn)
    deviation = float(piece.disc(NOISE_MM).std(ddof=1))
    place = piece.circle_evidence(NOISE_MM)
    thickness = this.thickness_mm
    share: float | Reason = Reason("missing_tag", {"tag": "SliceThickness"})
    if thickness is not None:
        share = 100 * deviation * math.sqrt(thickness / NOISE_SLICE_MM) / CONTRAST_SCALE_HU
    return [
        _measured(piece, "uniformity", difference, piece.circle_evidence(sample.radius_mm, *sample.place)),
        _measured(piece, "noise", share, place),
        _measured(piece, "noise.hu", deviation, place),
        *spectrum.of_round((NAME, VERSION), piece, SPECTRUM_MM),
    ]


def _distance(this: Run) -> Measurement:
    piece = this.slice(3)
    near = [p for p in this.found.inside[3] if abs((p.position_mm or 0.0) - piece.z_mm) <= BEAD_REACH_MM]
    near.sort(key=lambda p: abs((p.position_mm or 0.0) - piece.z_mm))
    slices = [s for p in near[:MOST_BEAD_SLICES] if (s := round_slice(p, this.stack, this.given.frames)) is not None]
    found = _or_reason(lambda: parts.beads(slices))
    if isinstance(found, Reason):
        return _measured(piece, "distance", found, nominal=parts.BEADS_MM)
    ends = [list(found.slice.place(*at)) for at in (found.first, found.second)]
    shape = {"kind": "polyline", "points": [[round(v, 2) for v in end] for end in ends], "closed": False}
    source = found.slice.piece
    place = Evidence(source.instance.series_uid, source.instance.sop_uid, source.frame, shape)
    return _measured(found.slice, "distance", found.distance_mm, place, parts.BEADS_MM)


def _bars(this: Run, bars: dict[int, float] | Reason) -> list[Measurement]:
    piece = this.slice(4)
    best = bars if isinstance(bars, Reason) else _or_reason(lambda: parts.resolved(bars))
    place = None
    if not isinstance(best, Reason):
        place = piece.circle_evidence(parts.BAR_SAMPLE_MM, *this.found.turn.place(parts.BAR_MM, parts.BARS[best]))
    sharp = this.given.parameters.get("kernel") == "sharp"
    other = Reason("other_protocol")
    return [
        _measured(piece, HIGH, other if sharp else best, None if sharp else place),
        _measured(piece, SHARP, best if sharp else other, place if sharp else None),
    ]


def _edge(this: Run, mtf: Mtf | Reason) -> list[Measurement]:
    """Frequencies in line pairs per cm at which the MTF of the bone insert's edge is 50 and 10 %."""
    piece, out = this.slice(1), []
    samples = parts.materials(piece, this.found.turn)
    place = piece.circle_evidence(parts.INSERT_RADIUS_MM[0] + 1.5, *samples["bone"].place)
    for name, level in (("mtf50", 0.5), ("mtf10", 0.1)):
        value: float | Reason = mtf if isinstance(mtf, Reason) else math.nan
        if isinstance(mtf, Mtf):
            where = mtf.where(level)
            last = round(float(mtf.frequency_per_mm[-1]) * 10, 1)
            missed = Reason("mtf_not_reached", {"frequency": last, "level": 100 * level})
            value = missed if where is None else 10 * where
        out.append(_measured(piece, name, value, place))
    return out


def _position(this: Run) -> list[Measurement]:
    piece = this.slice(1)
    centre = isocentre(piece.piece, piece.spacing_mm)
    offset: float | Reason = Reason("missing_tag", {"tag": "DataCollectionCenterPatient"})
    if centre is not None:
        away = [(centre[i] - (piece.found.x, piece.found.y)[i]) * piece.spacing_mm[1 - i] for i in (0, 1)]
        offset = math.hypot(*away)
    outline = piece.circle_evidence(piece.diameter_mm / 2)
    return [_measured(piece, "diameter", piece.diameter_mm, outline, 200.0), _measured(piece, "offset", offset)]


def _checks(found: Located) -> dict[str, float]:
    piece = found.chosen[1]
    checks = {
        "diameter_mm": round(piece.diameter_mm, 2),
        "outline_residual_mm": round(piece.found.circle.residual, 3),
        "roll_deg": round(found.turn.roll_deg, 2),
        "mirrored": float(found.turn.mirrored),
        "insert_distance_mm": round(found.turn.insert_mm, 2),
        "modules_2_and_3_mm": round(found.inner_mm, 2),
    }
    return checks | ({"tilt_deg": round(found.axis.tilt_deg, 2)} if found.axis is not None else {})


def _curves(mtf: Mtf | Reason, bars: dict[int, float] | Reason) -> tuple[Curve, ...]:
    out: list[Curve] = []
    if isinstance(mtf, Mtf):
        kept = mtf.frequency_per_mm <= 1.5
        x, y = 10 * mtf.frequency_per_mm[kept], mtf.modulation[kept]
        out.append(_curve("mtf", x, y))
    if not isinstance(bars, Reason):
        pairs = sorted(bars)
        out.append(_curve("bar_modulation", np.array(pairs, dtype=float), np.array([bars[k] for k in pairs])))
    return tuple(out)


def _curve(key: str, x: Floats, y: Floats) -> Curve:
    points = {"x": [round(float(v), 3) for v in x], "y": [round(float(v), 4) for v in y]}
    return {"key": key, **points, "x_unit": "{lp}/cm", "y_unit": "1"}


TEST = PhantomTest(
    name=NAME,
    version=VERSION,
    zh="ACR CT 464 体模",
    en="ACR CT phantom 464",
    modalities=frozenset({"CT"}),
    phantoms=(PHANTOM,),
    quantities=QUANTITIES,
    run=run,
    parameters=PARAMETERS,
)
