"""`ct.catphan`: the CatPhan 504 or 604 from a volume to all of its quantities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imagingqc.dicom.model import Slice
from imagingqc.errors import AnalysisError, Reason
from imagingqc.image import FloatArray
from imagingqc.phantom.ct import spectrum
from imagingqc.phantom.ct.catphan import gauge as line_pairs
from imagingqc.phantom.ct.catphan import inserts, models, uniform
from imagingqc.phantom.ct.catphan.locate import Found, locate, position, turned_by
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.model import Curve, Parameter, PhantomFound, PhantomInput, PhantomTest, at_slice, the_volume
from imagingqc.phantom.model import recorder as recorder_of
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "ct.catphan", "1"
FIRST_GUESS_MM = 5.0  # the wires may move the middle of the module so far, no further
THICK_MM = 10.0  # low contrast is told for slices as thick as this, WS 519-2019
STANDARD, SHARP = "standard", "sharp"
_SHARPNESS = ("ct.phantom.resolution.high_contrast", "ct.phantom.resolution.high_contrast_sharp")
_MTF = ("ct.phantom.mtf50", "ct.phantom.mtf10", *_SHARPNESS)
_UNIFORM = (
    "ct.phantom.uniformity", "ct.phantom.uniformity.integral", "ct.phantom.noise", "ct.phantom.noise.hu",
    "ct.phantom.low_contrast.statistical", *spectrum.QUANTITIES,
)  # fmt: skip
_MATERIALS = tuple(f"ct.phantom.material.{name}" for name in models.MATERIALS)
QUANTITIES = (
    *_MATERIALS, "ct.phantom.linearity", "ct.phantom.diameter", "ct.phantom.distance", "ct.phantom.slice_thickness",
    *_UNIFORM, *_MTF, "ct.phantom.resolution.low_contrast",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Part:
    """What one module gave."""

    measurements: list[Measurement]
    curves: tuple[Curve, ...] = ()


def run(given: PhantomInput) -> PhantomFound:
    """Locate the phantom, refine roll and place by its finer structures, measure every module that was scanned."""
    stack = the_volume(given.stacks)
    found = locate(stack, given.frames)
    record = recorder_of((NAME, VERSION), stack.slices)
    middle = _piece(found, found.inserts_mm, "CTP404 / CTP732")
    square = inserts.square(found, given.frames, middle)
    wires = _or_reason(lambda: inserts.wires(found, given.frames, middle))
    along = wires.along_mm if isinstance(wires, inserts.Wires) else 0.0
    if abs(along) > FIRST_GUESS_MM:
        raise AnalysisError("phantom_module", what="CTP404 / CTP732")
    found = turned_by(found, square.turned_deg, along)
    parts = [
        _inserts(found, given.frames, record, square, wires),
        _gauge(found, given, record),
        _uniform(found, given.frames, record),
        _details(found, given.frames, record),
    ]
    return PhantomFound(
        phantom=found.model.key,
        measurements=tuple(m for part in parts for m in part.measurements),
        evidence=_overview(found),
        facts=_facts(found),
        checks={
            "likeness": round(found.likeness, 3),
            "roll_deg": round(found.roll_deg, 2),
            "tilt_deg": round(found.axis.tilt_deg, 2),
            "diameter_mm": round(found.axis.diameter_mm, 1),
            "square_spread_mm": round(square.spread_mm, 2),
            "axis_residual_mm": round(found.axis.residual_mm, 2),
        },
        curves=tuple(curve for part in parts for curve in part.curves),
    )


def _or_reason(measure: Callable[[], inserts.Wires]) -> inserts.Wires | Reason:
    try:
        return measure()
    except AnalysisError as error:
        return error.reason


def _piece(found: Found, z_mm: float, module: str) -> Slice:
    piece = found.slice_at(z_mm)
    if piece is None:
        raise AnalysisError("phantom_module", what=module)
    return piece


def _thickness(found: Found) -> float | None:
    return found.stack.slices[0].instance.number("SliceThickness") or None


def _facts(found: Found) -> dict[str, str | float]:
    nominal = _thickness(found)
    return {"slice_thickness": nominal} if nominal else {}


def _circle(found: Found, piece: Slice, radius_mm: float, angle: float, diameter_mm: float) -> Evidence:
    x, y = found.place(piece, radius_mm, angle)
    return at_slice(piece, {"kind": "circle", "x": x, "y": y, "r": diameter_mm / 2 / found.spacing_mm[1]})


def _overview(found: Found) -> tuple[Evidence, ...]:
    piece = found.slice_at(found.inserts_mm)
    return () if piece is None else (_circle(found, piece, 0, 0, found.axis.diameter_mm),)


def _inserts(
    found: Found, frames: Frames, record: Recorder, square: inserts.Square, wires: inserts.Wires | Reason
) -> _Part:
    piece = _piece(found, found.inserts_mm, "CTP404 / CTP732")
    seen = inserts.materials(found, frames, piece)
    nominal = dict(found.model.inserts.values())
    angles = {name: angle for angle, (name, _hu) in found.model.inserts.items()}
    out = []
    for name in models.MATERIALS:
        if name in seen:
            size = inserts.INSERT_SHARE * models.INSERT_MM
            shown = _circle(found, piece, models.INSERT_RADIUS_MM, angles[name], size)
            out.append(record.value(f"ct.phantom.material.{name}", seen[name], evidence=shown, nominal=nominal[name]))
        else:
            what = {"phantom": found.model.name, "what": name.replace("_", " ")}
            out.append(record.refuse_for(f"ct.phantom.material.{name}", Reason("phantom_has_none", what)))
    worst = max(seen, key=lambda name: abs(seen[name] - nominal[name]))
    shown = _circle(found, piece, models.INSERT_RADIUS_MM, angles[worst], models.INSERT_MM)
    out.append(record.value("ct.phantom.linearity", seen[worst] - nominal[worst], evidence=shown))
    outline = _circle(found, piece, 0, 0, found.axis.diameter_mm)
    out.append(record.value("ct.phantom.diameter", found.axis.diameter_mm, evidence=outline, nominal=models.HOUSING_MM))
    corners = {"kind": "polyline", "points": [list(corner) for corner in square.corners], "closed": True}
    holes = at_slice(piece, corners)
    out.append(record.value("ct.phantom.distance", square.side_mm, evidence=holes, nominal=models.SQUARE_MM))
    out.append(_thick(found, record, piece, wires))
    return _Part(out)


def _thick(found: Found, record: Recorder, piece: Slice, wires: inserts.Wires | Reason) -> Measurement:
    if isinstance(wires, Reason):
        return record.refuse_for("ct.phantom.slice_thickness", wires)
    points = [[round(v, 2) for v in end] for ends in wires.ends for end in ends]
    shown = at_slice(piece, {"kind": "points", "points": points})
    mean = sum(wires.thickness_mm) / len(wires.thickness_mm)
    return record.value("ct.phantom.slice_thickness", mean, evidence=shown, nominal=_thickness(found))


def _gauge(found: Found, given: PhantomInput, record: Recorder) -> _Part:
    sharp = given.parameters.get("kernel") == SHARP
    measured, other = (_SHARPNESS[1], _SHARPNESS[0]) if sharp else _SHARPNESS
    left_out = record.refuse_for(other, Reason("kernel_other"))
    where = found.gauge_mm if found.gauge_mm is not None else found.inserts_mm + found.side * found.model.gauge_mm
    try:
        piece = _piece(found, where, "CTP528")
        seen = line_pairs.gauge(found, given.frames, [piece])
    except AnalysisError as error:
        rest = [name for name in _MTF if name != other]
        return _Part([left_out, *(record.refuse_for(name, error.reason) for name in rest)])
    shown = _circle(found, piece, 0, 0, 2 * models.GAUGE_RADIUS_MM)
    out = [left_out]
    for name, level in (("ct.phantom.mtf50", 0.5), ("ct.phantom.mtf10", 0.1), (measured, 0.1)):
        value = seen.where(level)
        if value is None:
            reason = Reason("mtf_not_reached", {"frequency": max(models.GAUGE), "level": round(level * 100)})
            out.append(record.refuse_for(name, reason, shown))
        else:
            out.append(record.value(name, value, evidence=shown))
    curve = {
        "key": "mtf", "x_unit": "{lp}/cm", "y_unit": "1",
        "x": [0, *models.GAUGE], "y": [1.0, *(round(v, 4) for v in seen.modulation)],
    }  # fmt: skip
    return _Part(out, (curve,))


def _uniform(found: Found, frames: Frames, record: Recorder) -> _Part:
    try:
        where = found.inserts_mm - found.side * found.model.uniform_mm
        piece = _piece(found, where, "CTP486 / CTP729")
        seen = uniform.uniform(found, frames, piece)
    except AnalysisError as error:
        return _Part([record.refuse_for(name, error.reason) for name in _UNIFORM])
    shown = _circle(found, piece, 0, 0, uniform.NOISE_MM)
    nominal = _thickness(found)
    noise = (
        record.value("ct.phantom.noise", uniform.noise_percent(seen.noise, nominal), evidence=shown)
        if nominal
        else record.refuse("ct.phantom.noise", "missing_tag", tag="SliceThickness")
    )
    ring = _circle(found, piece, 0, 0, models.DISC_MM - 2 * uniform.FROM_EDGE_MM)
    values, pieces = _averaged(found, frames, position(piece))
    smallest = uniform.smallest_by_statistics(found, values, pieces[len(pieces) // 2])
    name = "ct.phantom.low_contrast.statistical"
    radius, centre = models.DISC_MM / 2 - uniform.FROM_EDGE_MM, found.place(piece, 0, 0)
    grain = _circle(found, piece, 0, 0, 2 * radius)
    return _Part([
        *spectrum.spectrum(record, frames.image(piece).pixels, centre, radius, found.spacing_mm, grain),
        record.value("ct.phantom.uniformity", seen.difference, evidence=ring),
        record.value("ct.phantom.uniformity.integral", seen.integral, evidence=ring),
        noise,
        record.value("ct.phantom.noise.hu", seen.noise, evidence=shown),
        record.refuse(name, "nothing_visible", shown)
        if smallest is None
        else record.value(name, smallest, evidence=shown),
    ])  # fmt: skip


def _averaged(found: Found, frames: Frames, z_mm: float) -> tuple[FloatArray, list[Slice]]:
    """The picture of a slice 10 mm thick about a place, and the slices it is the mean of."""
    half = THICK_MM / 2
    pieces = [p for p in found.stack.slices if abs(position(p) - z_mm) < half - 1e-3]
    pieces = pieces or [_piece(found, z_mm, "-")]
    return uniform.thick(frames, pieces), pieces


def _details(found: Found, frames: Frames, record: Recorder) -> _Part:
    name = "ct.phantom.resolution.low_contrast"
    try:
        where = found.inserts_mm - found.side * found.model.detail_mm
        piece = _piece(found, where, "CTP515 / CTP730")
    except AnalysisError as error:
        return _Part([record.refuse_for(name, error.reason)])
    values, _pieces = _averaged(found, frames, position(piece))
    smallest, whole = uniform.smallest_detail(found, values, piece)
    known = min(models.DETAILS)
    if smallest is None:
        return _Part([record.refuse(name, "nothing_visible", at_slice(piece, {}))])
    shown = _circle(found, piece, models.DETAIL_RADIUS_MM, models.DETAILS[smallest], smallest)
    if whole:
        return _Part([record.refuse(name, "smaller_by_eye", shown, smallest=known)])
    return _Part([record.value(name, smallest, evidence=shown)])


TEST = PhantomTest(
    name=NAME,
    version=VERSION,
    zh="CT CatPhan 504 / 604 体模",
    en="CT, CatPhan 504 / 604",
    modalities=frozenset({"CT"}),
    phantoms=tuple(model.key for model in models.MODELS),
    quantities=QUANTITIES,
    run=run,
    parameters=(Parameter("kernel", "重建算法", "kernel", kind="choice", default=STANDARD, choices=(STANDARD, SHARP)),),
    real=True,
)
