"""The ACR MR phantom, large and medium: the seven tests of the guidance, and the signal-to-noise ratio.

Source: ACR, Large and Medium Phantom Test Guidance for the MRI Accreditation Program.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from imagingqc.dicom.model import Stack
from imagingqc.errors import AnalysisError, DataError
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.hand import chosen_image
from imagingqc.phantom.model import Curve, Parameter, PhantomFound, PhantomInput, PhantomTest, at_slice, recorder
from imagingqc.phantom.mr import acr_contrast, acr_length, acr_resolution, acr_slices, signal
from imagingqc.phantom.mr.acr_find import LARGE, MEDIUM, Phantom, locate
from imagingqc.phantom.mr.acr_geometry import DIAMETERS, PREFIX, diameters
from imagingqc.phantom.mr.acr_series import axial_stack, one_each
from imagingqc.phantom.mr.facts import device_facts, thickness_mm
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "mr.acr", "2"

LENGTH, ERROR = f"{PREFIX}.length", f"{PREFIX}.error"
RESOLUTION, ACROSS, DOWN = (f"mr.phantom.resolution.acr{x}" for x in ("", ".across", ".down"))
THICKNESS, POSITION = "mr.phantom.slice_thickness", "mr.phantom.slice_position.difference"
PIU, GHOSTING, SPOKES = "mr.phantom.piu", "mr.phantom.ghosting", "mr.phantom.low_contrast.spokes"
SNR, SNR_IMAGE, SNR_LOCAL = "mr.phantom.snr", "mr.phantom.snr.background", "mr.phantom.snr.local"
QUANTITIES = (*(q for q, _, _ in DIAMETERS), LENGTH, ERROR, RESOLUTION, ACROSS, DOWN, THICKNESS, POSITION, PIU,
              GHOSTING, SPOKES, SNR, SNR_IMAGE, SNR_LOCAL)  # fmt: skip

FIRST = Parameter("first", "第 1 层（手工选定）", "slice 1 (chosen by hand)", kind="text", pick="image")
PARAMETERS = (
    Parameter("series", "轴位序列（UID、序列号或名称）", "axial series (UID, number or name)", kind="text"),
    FIRST,
)
UNIFORM_SLICE = 7


@dataclass(frozen=True, slots=True)
class _Run:
    """What all parts of the test need."""

    phantom: Phantom
    axial: Stack
    given: PhantomInput
    record: Recorder


def run(given: PhantomInput) -> PhantomFound:
    """All seven tests on the eleven axial slices; the length too where a sagittal localizer is among the images.

    A slice 1 chosen by hand is of the series to measure.
    AnalysisError when the phantom, its model, its scale or one of its slices is not there (`acr_series`, `acr_find`).
    """
    wanted, first = given.parameters.get("series"), chosen_image(given, FIRST)
    axial = axial_stack((first[0],) if first else given.stacks, str(wanted) if wanted else None)
    decode = Frames(keep=2 * len(axial.slices))
    phantom = locate(one_each(axial.slices, decode), decode, first[1] if first else None)
    run_ = _Run(phantom, axial, given, recorder((NAME, VERSION), [f.piece for f in phantom.frames]))
    thickness, curves = _thickness(run_)
    measurements = (*_geometry(run_), *_resolution(run_), thickness, *_position(run_), *_signal(run_), _spokes(run_))
    return PhantomFound(
        phantom=phantom.model.key,
        measurements=measurements,
        evidence=tuple(_outline(phantom, number) for number in (1, 5, UNIFORM_SLICE)),
        facts=device_facts(phantom.slice(1).piece),
        checks=_checks(phantom),
        curves=curves,
    )


def _checks(phantom: Phantom) -> dict[str, float]:
    radii = sorted(f.disc.radius_mm for f in phantom.frames)
    return {
        "diameter_mm": round(2 * radii[len(radii) // 2], 2),
        "scale": round(2 * radii[len(radii) // 2] / phantom.model.diameter_mm, 4),
        "outline_residual_mm": round(max(f.disc.residual_mm for f in phantom.frames), 3),
        "outline_seen": round(min(f.disc.inliers for f in phantom.frames), 3),
        "roll_deg": round(math.degrees(phantom.slice(1).roll), 2),
        "mirrored": float(phantom.slice(1).mirror < 0),
        "tilt_deg": round(phantom.tilt_deg, 2),
        "bar_mm": round(phantom.bar_mm, 1),
    }


def _outline(phantom: Phantom, number: int) -> Evidence:
    frame = phantom.slice(number)
    return frame.circle(0.0, 0.0, frame.disc.radius_mm)


def _tried(record: Recorder, quantity: str, measure: Callable[[], Measurement]) -> Measurement:
    """The measurement, or the reason that it was refused for."""
    try:
        return measure()
    except (AnalysisError, DataError) as error:
        return record.refuse_for(quantity, error.reason)


def _geometry(run_: _Run) -> list[Measurement]:
    phantom, record = run_.phantom, run_.record
    found = diameters(phantom)
    truth = phantom.model.diameter_mm
    lengths = [record.value(d.quantity, round(d.mm, 2), evidence=d.evidence, nominal=truth) for d in found]
    errors = [(d.mm - truth, d.evidence) for d in found]

    def length() -> Measurement:
        piece = acr_length.localizer(run_.given.stacks, run_.axial)
        if piece is None or run_.axial.normal is None:
            raise AnalysisError("localizer_missing")
        end_to_end = acr_length.length(piece, run_.axial.normal, run_.given.frames, phantom.model)
        errors.append((end_to_end.mm - phantom.model.length_mm, end_to_end.evidence))
        whole = recorder((NAME, VERSION), [piece])
        nominal = phantom.model.length_mm
        return whole.value(LENGTH, round(end_to_end.mm, 2), evidence=end_to_end.evidence, nominal=nominal)

    lengths.append(_tried(record, LENGTH, length))
    worst, shown = max(errors, key=lambda e: abs(e[0]))
    return [*lengths, record.value(ERROR, round(worst, 2), evidence=shown)]


def _resolution(run_: _Run) -> list[Measurement]:
    frame, record = run_.phantom.slice(1), run_.record
    own, other = (LARGE, MEDIUM) if run_.phantom.model is LARGE else (MEDIUM, LARGE)
    try:
        pairs = acr_resolution.read_holes(frame, acr_resolution.LAYOUTS[own.key])
    except AnalysisError as error:
        if acr_resolution.fits(frame, acr_resolution.LAYOUTS[other.key], other.diameter_mm / own.diameter_mm):
            measured, expected = f"{2 * frame.disc.radius_mm:.1f}", f"{other.diameter_mm:g}"
            raise AnalysisError("phantom_scale", measured=measured, expected=expected) from error
        return [record.refuse_for(q, error.reason) for q in (RESOLUTION, ACROSS, DOWN)]
    limits = {p.diameter_mm: p.limit for p in pairs}
    ways = (
        acr_resolution.smallest({p.diameter_mm: p.across for p in pairs}, limits),
        acr_resolution.smallest({p.diameter_mm: p.down for p in pairs}, limits),
    )
    corners = frame.corners([(p.u, p.v) for p in pairs])
    shown = frame.shown({"kind": "points", "points": corners})
    both = None if None in ways else max(w for w in ways if w is not None)
    largest = f"{max(limits):g}"
    return [
        record.refuse(quantity, "holes_unresolved", shown, diameter=largest)
        if value is None
        else record.value(quantity, value, evidence=shown)
        for quantity, value in ((RESOLUTION, both), (ACROSS, ways[0]), (DOWN, ways[1]))
    ]


def _thickness(run_: _Run) -> tuple[Measurement, tuple[Curve, ...]]:
    frame, record = run_.phantom.slice(1), run_.record
    try:
        ramps = acr_slices.thickness(frame)
    except AnalysisError as error:
        return record.refuse_for(THICKNESS, error.reason), ()
    high, low = ramps.v - acr_slices.RAMP_MM, ramps.v + acr_slices.RAMP_MM
    lines = [[(ramps.upper[0], high), (ramps.upper[1], high)], [(ramps.lower[1], low), (ramps.lower[0], low)]]
    shown = frame.line([*lines[0], *lines[1]], closed=True)
    value = record.value(
        THICKNESS, round(ramps.thickness_mm, 2), evidence=shown, nominal=thickness_mm(frame.piece)
    )  # fmt: skip
    u = [round(float(x), 2) for x in ramps.profiles[0]]
    curves = tuple(
        {"key": key, "x": u, "y": [round(float(y), 2) for y in values], "x_unit": "mm", "y_unit": "1"}
        for key, values in (("ramp_upper", ramps.profiles[1]), ("ramp_lower", ramps.profiles[2]))
    )
    return value, curves


def _position(run_: _Run) -> list[Measurement]:
    """The bar difference of slice 1 and of slice 11, each a measurement of its own."""

    def measure(number: int) -> Measurement:
        frame = run_.phantom.slice(number)
        own = recorder((NAME, VERSION), [frame.piece])
        wedges = acr_slices.position(frame, run_.phantom.model.diameter_mm / LARGE.diameter_mm)
        left, right = wedges.middle_mm - acr_slices.WEDGE_MM, wedges.middle_mm + acr_slices.WEDGE_MM
        top = acr_slices.WEDGE_FROM_MM - frame.disc.radius_mm
        shown = frame.line([(left, top), (left, wedges.left_mm), (right, wedges.right_mm), (right, top)])
        return own.value(POSITION, round(wedges.difference_mm, 2), evidence=shown)

    return [_tried(run_.record, POSITION, partial(measure, number)) for number in (1, 11)]


def _signal(run_: _Run) -> list[Measurement]:
    """Uniformity, ghosting and signal to noise of slice 7."""
    frame, area = run_.phantom.slice(UNIFORM_SLICE), run_.phantom.model.roi_cm2
    record = recorder((NAME, VERSION), [frame.piece])
    region = frame.circle(0.0, 0.0, math.sqrt(100 * area / math.pi))

    def piu() -> Measurement:
        found = signal.integral_uniformity(frame, area, notched=run_.phantom.model.notched)
        points = frame.corners([found.low_at, found.high_at])
        return record.value(PIU, round(found.percent, 2), evidence=frame.shown({"kind": "points", "points": points}))

    def ghost() -> Measurement:
        found = signal.ghosting(frame, area)
        points = [[round(e[0], 2), round(e[1], 2)] for e in found.ellipses]
        shown = frame.shown({"kind": "points", "points": points})
        return record.value(GHOSTING, round(found.percent, 3), evidence=shown)

    @cache
    def local() -> float:
        return signal.local_snr(frame)

    @cache
    def ratio() -> float:
        return signal.background_snr(frame, area, local)

    def rounded(quantity: str, value: Callable[[], float], factor: float = 1.0) -> Measurement:
        return _tried(record, quantity, lambda: record.value(quantity, round(factor * value(), 1), evidence=region))

    return [
        _tried(record, PIU, piu),
        _tried(record, GHOSTING, ghost),
        rounded(SNR, ratio),
        rounded(SNR_IMAGE, ratio, signal.RAYLEIGH),
        rounded(SNR_LOCAL, local),
    ]


def _spokes(run_: _Run) -> Measurement:
    """Complete spokes of slices 8 to 11 in all, with the disks of the last slice as evidence."""
    frames = [run_.phantom.slice(number) for number in (8, 9, 10, 11)]

    def measure() -> Measurement:
        if run_.phantom.model is not LARGE:
            raise AnalysisError("layout_unknown")
        slices = acr_contrast.read_spokes(frames)
        last = slices[-1]
        points = frames[-1].corners([(float(u), float(v)) for u, v in last.places.reshape(-1, 2)])
        shown = at_slice(frames[-1].piece, {"kind": "points", "points": points})
        own = recorder((NAME, VERSION), [f.piece for f in frames])
        return own.value(SPOKES, sum(s.count for s in slices), evidence=shown)

    return _tried(run_.record, SPOKES, measure)


TEST = PhantomTest(
    name=NAME,
    version=VERSION,
    zh="磁共振：ACR 体模",
    en="MR: ACR phantom",
    modalities=frozenset({"MR"}),
    phantoms=(LARGE.key, MEDIUM.key),
    quantities=QUANTITIES,
    run=run,
    parameters=PARAMETERS,
    real=True,
)
