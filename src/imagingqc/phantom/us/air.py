"""In-air reverberation of an ultrasound probe: evenness over its elements, and elements that are dead or weak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom import pixels
from imagingqc.dicom.model import Slice
from imagingqc.errors import AnalysisError
from imagingqc.imaging.fixed_pattern import robust_spread
from imagingqc.imaging.morphology import BoolArray, closed_across, labelled, median_along, opened, sampled
from imagingqc.imaging.probe_face import Face, find_face
from imagingqc.phantom.hand import IMAGE, drawn_box, only_chosen
from imagingqc.phantom.model import Parameter, PhantomFound, PhantomInput, PhantomTest, at_slice, recorder
from imagingqc.quantity import Evidence

NAME, VERSION = "us.air", "1"
CV, DEAD, SHARE, DARKEST = (f"us.phantom.air.{key}" for key in ("cv", "dead", "dead_share", "darkest"))
ELEMENTS = Parameter("elements", "探头阵元数", "elements of the probe", "1", "integer")
AREA = Parameter(
    "area", "扫查区（手工圈定：x, y, 宽, 高，像素）", "scanned area (by hand: x, y, width, height in pixels)",
    kind="numbers", pick="rect",
)  # fmt: skip
AREA_PX = 32.0  # smallest side of that area
Numbers = NDArray[np.float64]

SAMPLES = 256  # along the face
LIT = 0.12  # of the brightest: less is no reverberation
SMALLEST_AREA = 0.005  # of the picture
DEEP = 0.5  # of the lit depth: the bands near the face, before they fade
SAME_EVERYWHERE = 0.85  # share of the variance that depth alone explains: bands, no tissue
COLOURED = 24  # of 255 between red, green and blue: a picture with colour on it
DARK, SURE = 0.80, 5.0  # of the neighbours; robust SDs
SMALLEST_SPREAD = 0.01
WINDOW = 51  # samples of the running median
EDGE = 0.04  # of the face at either end: the last elements transmit alone
MOST_FRAMES = 8


@dataclass(frozen=True, slots=True)
class _Place:
    """A dark run along the face: from and to as shares, brightness over its neighbours'."""

    start: float
    end: float
    ratio: float


def run(given: PhantomInput) -> PhantomFound:
    """Evenness of the bands along the face (CV of the inner part without dark runs, %), dark runs and the darkest.

    A picture of the clean probe in air, without coupling: bright bands of reverberation parallel to the face.  The
    mean over the upper half of their depth, along the face in 256 places, over its own running median; dark is below
    80 % and beyond 5 robust SDs.  An image chosen by hand is measured alone, an area drawn by hand is the scanned one.
    AnalysisError: `image_count`, `us_colour_on`, `us_not_air` when the picture is not the same all along the face
    (tissue, a phantom, noise), and those of `probe_face.find_face`.
    Source: in-air reverberation test of probes (van Horssen et al 2017; AAPM practice guideline for ultrasound QC).
    """
    pieces = [piece for stack in only_chosen(given).stacks for piece in stack.slices]
    if not pieces:
        raise AnalysisError("image_count", n=0, fewest=1, most=MOST_FRAMES)
    if len({piece.instance.sop_uid for piece in pieces}) > 1:
        raise AnalysisError("image_count", n=len({p.instance.sop_uid for p in pieces}), fewest=1, most=1)
    piece = pieces[0]
    grey, left, top = _picture(pieces, given)
    face, depth = _face(grey)
    bands = _bands(grey, face, depth)
    _require_bands(bands)
    profile = bands[: max(2, round(DEEP * bands.shape[0]))].mean(axis=0)
    places, ratio = _dark_places(profile)
    record = recorder((NAME, VERSION), [piece])
    shown = tuple(_evidence(piece, face, depth, place, (left, top)) for place in places)
    first = shown[0] if shown else _evidence(piece, face, depth, _Place(0, 1, 1), (left, top))
    inner = _inner(profile)[_alive(places)]
    share = sum(place.end - place.start for place in places)
    measurements = (
        record.value(CV, float(inner.std(ddof=1) / inner.mean() * 100), evidence=first),
        record.value(DEAD, _count(places, given.number(ELEMENTS.key)), evidence=first),
        record.value(SHARE, 100 * share, evidence=first),
        record.value(DARKEST, 100 * float(_inner(ratio).min()), evidence=first),
    )
    checks = {"bands": _explained(bands), "depth_px": depth}
    curve = {"key": "air.profile", "x": np.linspace(0, 1, SAMPLES).tolist(), "y": profile.tolist(),
             "x_unit": "1", "y_unit": "1"}  # fmt: skip
    return PhantomFound("air", measurements, shown or (first,), checks=checks, curves=(curve,))


def _count(places: list[_Place], elements: float | None) -> int:
    """Dark runs; with the number of elements known, the elements that they cover, each run at least one."""
    if elements is None:
        return len(places)
    return sum(max(1, round((place.end - place.start) * elements)) for place in places)


def _picture(pieces: list[Slice], given: PhantomInput) -> tuple[Numbers, int, int]:
    """Mean grey of the first frames, cut to the area drawn by hand or that of the header, and where it begins."""
    frames = [pixels.decode_rgb(piece.instance, piece.frame) for piece in pieces[:MOST_FRAMES]]
    drawn = drawn_box(given, AREA, frames[0].shape[:2], (AREA_PX, AREA_PX))
    region = (drawn.x, drawn.y, drawn.x + drawn.width - 1, drawn.y + drawn.height - 1) if drawn else _region(pieces[0])
    if region is not None:
        x0, y0, x1, y1 = region
        frames = [frame[y0 : y1 + 1, x0 : x1 + 1] for frame in frames]
    spread = max(float((f.max(axis=2).astype(int) - f.min(axis=2) > COLOURED).mean()) for f in frames)
    if spread > 0.02:
        raise AnalysisError("us_colour_on")
    grey = np.mean([frame.mean(axis=2) for frame in frames], axis=0)
    return np.asarray(grey, dtype=np.float64), *(region[:2] if region else (0, 0))


def _region(piece: Slice) -> tuple[int, int, int, int] | None:
    """Box of the first two-dimensional tissue region (0018,6011); None when the header has none."""
    facts = piece.instance.facts
    keys = ("RegionSpatialFormat", "RegionDataType", "RegionLocationMinX0", "RegionLocationMinY0",
            "RegionLocationMaxX1", "RegionLocationMaxY1")  # fmt: skip
    columns = [facts.get(key) for key in keys]
    if any(not isinstance(column, tuple) for column in columns):
        return None
    rows = zip(*(c for c in columns if isinstance(c, tuple)), strict=False)
    boxes = [tuple(int(float(v)) for v in row[2:]) for row in rows if float(row[0]) == 1 and float(row[1]) == 1]
    kept = [(b[0], b[1], b[2], b[3]) for b in boxes if b[2] > b[0] + 16 and b[3] > b[1] + 16]
    return kept[0] if kept else None


def _face(grey: Numbers) -> tuple[Face, float]:
    """The face along the upper edge of what is lit, and how deep it is lit, pixels."""
    lit = closed_across(opened(grey > LIT * float(np.percentile(grey, 99.5))), max(2, grey.shape[1] // 30))
    area = _joined(lit)
    face = find_face(area)
    rows = np.nonzero(area.any(axis=1))[0]
    start = face.y if face.centre is None else face.centre[1] + face.radius
    return face, max(6.0, float(rows[-1]) - start)


def _joined(lit: BoolArray) -> BoolArray:
    """The largest lit part with every other one below it that is as wide: the bands of one probe."""
    labels, count = labelled(lit)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    if count == 0 or sizes.max() < SMALLEST_AREA * lit.size:
        raise AnalysisError("us_not_air", explained=0)
    kept = [n for n in range(1, count + 1) if sizes[n] >= 0.2 * sizes.max()]
    return np.asarray(np.isin(labels, kept))


def _bands(grey: Numbers, face: Face, depth: float) -> Numbers:
    """Brightness in (depth, place along the face)."""
    share = (np.arange(SAMPLES) + 0.5) / SAMPLES
    down = np.arange(1.0, depth)
    x, y = face.at(share[np.newaxis, :], down[:, np.newaxis])
    y, x = np.broadcast_arrays(y, x)
    return sampled(grey, np.asarray(y, dtype=np.float64), np.asarray(x, dtype=np.float64))


def _explained(bands: Numbers) -> float:
    """Share of the variance of the inner part that the mean at each depth explains, 0 to 1; deaf to dark runs."""
    inner = np.apply_along_axis(_inner, 1, bands)
    usual = np.median(inner, axis=1, keepdims=True)
    left = inner - usual
    limit = np.percentile(np.abs(left), 90)
    total = float(np.var(inner))
    return 1 - float(np.mean(np.clip(left, -limit, limit) ** 2)) / total if total > 0 else 0.0


def _require_bands(bands: Numbers) -> None:
    explained = _explained(bands)
    if explained < SAME_EVERYWHERE:
        raise AnalysisError("us_not_air", explained=round(100 * explained))


def _inner(row: Numbers) -> Numbers:
    margin = round(EDGE * SAMPLES)
    return row[margin:-margin]


def _alive(places: list[_Place]) -> BoolArray:
    alive = np.ones(SAMPLES, dtype=bool)
    for place in places:
        alive[max(0, round(place.start * SAMPLES) - 2) : round(place.end * SAMPLES) + 2] = False
    margin = round(EDGE * SAMPLES)
    return alive[margin:-margin]


def _dark_places(profile: Numbers) -> tuple[list[_Place], Numbers]:
    ratio = profile / np.maximum(median_along(profile, WINDOW), 1e-6)
    spread = max(SMALLEST_SPREAD, robust_spread(_inner(ratio)))
    dark = (ratio < DARK) & (1 - ratio > SURE * spread)
    margin = round(EDGE * SAMPLES)
    dark[:margin] = dark[-margin:] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dark.astype(int), [0]])))
    runs = zip(edges[::2], edges[1::2], strict=True)
    return [_half_depth(ratio, int(a), int(b)) for a, b in runs], ratio


def _half_depth(ratio: Numbers, start: int, end: int) -> _Place:
    """A run from where it is half as deep as at its deepest: there its edges lie, however soft they are."""
    low = float(ratio[start:end].min())
    deep = start + np.flatnonzero(ratio[start:end] < (1 + low) / 2)
    return _Place(int(deep[0]) / SAMPLES, (int(deep[-1]) + 1) / SAMPLES, low)


def _evidence(piece: Slice, face: Face, depth: float, place: _Place, origin: tuple[int, int]) -> Evidence:
    """The outline of a run: along the face and back below it."""
    share = np.linspace(place.start, place.end, 9)
    top, bottom = face.at(share, np.zeros(9)), face.at(share[::-1], np.full(9, depth))
    x, y = np.concatenate([top[0], bottom[0]]) + origin[0], np.concatenate([top[1], bottom[1]]) + origin[1]
    points = [[round(float(a), 1), round(float(b), 1)] for a, b in zip(x, y, strict=True)]
    shape = {"kind": "polyline", "points": points, "closed": True, "ratio": round(place.ratio, 3)}
    return at_slice(piece, shape)


TEST = PhantomTest(
    NAME, VERSION, "超声探头空气混响（均匀性、坏阵元）", "Ultrasound probe in air (evenness, dead elements)",
    frozenset({"US"}), ("air",), (CV, DEAD, SHARE, DARKEST), run,
    (ELEMENTS, IMAGE, AREA),
)  # fmt: skip
