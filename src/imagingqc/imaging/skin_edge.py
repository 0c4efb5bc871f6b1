"""The edge between air and skin in an axial CT slice, and the sharpness that it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.image import FloatArray
from imagingqc.imaging.mask import AIR_HU, Body
from imagingqc.imaging.morphology import blurred, interpolated, running_quadratic
from imagingqc.imaging.polar import mask_radius

Floats = NDArray[np.float64]

EDGE_HU = -500.0  # halfway between air and skin
ANGLES, SECTORS = 1024, 48  # directions in which the contour is looked for, and pieces of it that are judged
SEARCH_MM, SEARCH_STEP_MM, SMOOTH_MM, CONTOUR_MM = 8.0, 0.5, 1.0, 15.0
WRINKLED_MM = 0.35  # RMS of the contour about its smooth course
SLANT = 1.0  # tangent of the angle between contour and the direction from the centre: beyond, distances go wrong
FLANK_MM = (2.5, 8.0)  # where the levels on both sides are taken
AIR_MOST_HU, SKIN_LEAST_HU = -900.0, -250.0  # clothes, blanket, table outside; lung or air inside
LEAST_VARIANCE = 1e-3  # HU2; air without any noise was painted, and the edge is that of a mask
FRONT = 0.2  # cosine to the upward direction from which on a sector belongs to the free half
BIN_MM, REACH_MM, LSF_MM, PEAK_MM = 0.1, 8.0, 6.0, 1.5
FEWEST_SECTORS = 6  # in one slice


@dataclass(frozen=True, slots=True)
class SkinEdge:
    """What the contour of one slice gave: f50 in 1/mm, the sectors used, where they lie (x, y in image pixels)."""

    f50_per_mm: float
    sectors: int
    places: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class _Contour:
    """Smooth course over ANGLES directions: radius, tangent of the slant, distance of the true course from it, mm."""

    radius: Floats
    slant: Floats
    rest: Floats


def skin_edge(
    hu: FloatArray, body: Body, spacing_mm: tuple[float, float], up: tuple[float, float] | None
) -> SkinEdge | None:
    """Frequency in 1/mm at which the MTF of the air-skin edge falls to one half; higher is sharper.

    hu : (rows, columns) in HU, anything but air beyond the field; `up` is the direction (x, y in the picture) away from
    the table, None when it is not known: then the whole contour counts.  Contour at -500 HU about the centroid of the
    body, to a fraction of a pixel; in sectors of 7.5 degrees the pixels as they are go by their distance from it into
    bins of 0.1 mm.  Sectors with anything but air outside, with air that holds no noise, or with wrinkles are left out.
    None when fewer than 6 sectors are good.
    Source: Sanders et al., Med Phys 43 (2016), patient-based resolution by the air-skin edge; own contour and bins.
    """
    contour = _contour(hu, body, spacing_mm)
    if contour is None:
        return None
    distance, sector, values = _near(hu, body, spacing_mm, contour)
    good, levels = _good_sectors(distance, sector, values, contour, up)
    if len(good) < FEWEST_SECTORS:
        return None
    f50 = half_frequency(_spread(distance, sector, values, levels))
    if f50 is None:
        return None
    return SkinEdge(f50, len(good), tuple(_place(body, spacing_mm, contour, s) for s in good))


def half_frequency(spread: Floats) -> float | None:
    """Frequency in 1/mm where the MTF of an edge spread (bins of 0.1 mm, 0 outside to 1 inside) is 0.5; None if never.

    The line spread is that of the outer flank, mirrored about its peak: skin is denser than the fat below it, which
    bends the inner flank.  Its window is flat for 3 mm and ends at 6 mm.
    """
    line = np.diff(spread)
    peak = _peak(line)
    flank = np.interp(peak - np.arange(round(LSF_MM / BIN_MM) + 1), np.arange(len(line)), line, left=0.0)
    taper = np.clip(2 - 2 * np.arange(len(flank)) / (len(flank) - 1), 0, 1)
    flank *= 0.5 - 0.5 * np.cos(math.pi * taper)
    frequency = np.arange(0, 2.0, 0.002)
    waves = np.cos(2 * math.pi * frequency[:, np.newaxis] * np.arange(len(flank)) * BIN_MM)
    power = 2 * waves @ flank - flank[0]
    if power[0] <= 0:
        return None
    mtf = power / power[0] / np.sinc(frequency * BIN_MM) ** 2  # of the bin, and of the difference of two bins
    below = np.nonzero(mtf < 0.5)[0]
    if below.size == 0 or below[0] == 0:
        return None
    k = int(below[0])
    share = (mtf[k - 1] - 0.5) / (mtf[k - 1] - mtf[k])
    return float(frequency[k - 1] + share * (frequency[k] - frequency[k - 1]))


def _peak(line: Floats) -> float:
    """Place of the steepest point near the contour, to a fraction of a bin: a parabola through the top 1.1 mm.

    Bone below the skin may be a steeper edge yet, some millimetres further in.
    """
    smooth = np.convolve(line, np.hanning(9)[1:-1], mode="same")
    first = round((REACH_MM - PEAK_MM) / BIN_MM)
    top = first + int(np.argmax(smooth[first : len(line) - first]))
    low, high = max(0, top - 5), min(len(line), top + 6)
    bend, slope, _ = np.polyfit(np.arange(low, high) - top, smooth[low:high], 2)
    return top + (float(np.clip(-slope / (2 * bend), -5, 5)) if bend < 0 else 0.0)


def _angles() -> Floats:
    return np.asarray((np.arange(ANGLES) + 0.5) * (2 * math.pi / ANGLES) - math.pi)


def _contour(hu: FloatArray, body: Body, spacing: tuple[float, float]) -> _Contour | None:
    """The outermost crossing of -500 HU in every direction; None when it is not there in most of them."""
    start = _start(body, spacing)
    smooth = blurred(hu, (SMOOTH_MM / spacing[0], SMOOTH_MM / spacing[1]))
    along = np.arange(-SEARCH_MM, SEARCH_MM + 1e-9, SEARCH_STEP_MM)
    radius = start[:, np.newaxis] + along
    angle = _angles()[:, np.newaxis]
    x = body.x - 0.5 + radius * np.cos(angle) / spacing[1]
    y = body.y - 0.5 + radius * np.sin(angle) / spacing[0]
    level = interpolated(smooth, y, x)
    falls = (level[:, :-1] >= EDGE_HU) & (level[:, 1:] < EDGE_HU)
    found = falls.any(axis=1)
    if found.mean() < 0.5:
        return None
    last = falls.shape[1] - 1 - np.argmax(falls[:, ::-1], axis=1)
    rows = np.arange(ANGLES)
    inner, outer = level[rows, last], level[rows, last + 1]
    share = np.where(found, (inner - EDGE_HU) / np.where(found, inner - outer, 1.0), 0.0)
    raw = np.where(found, start + along[last] + share * SEARCH_STEP_MM, start)
    step = 2 * math.pi * float(np.median(raw)) / ANGLES
    course, change = running_quadratic(raw, max(5, 2 * round(CONTOUR_MM / step / 2) + 1))
    slant = change / (2 * math.pi / ANGLES) / np.maximum(course, 1.0)
    return _Contour(course, slant, np.where(found, raw - course, math.inf))


def _start(body: Body, spacing: tuple[float, float]) -> Floats:
    """The outermost pixel of the mask, in a quarter of the directions and those between by interpolation."""
    angle = _angles()
    few = angle[::4]
    return np.interp(angle, few, mask_radius(body, spacing, few), period=2 * math.pi)


def _near(
    hu: FloatArray, body: Body, spacing: tuple[float, float], contour: _Contour
) -> tuple[Floats, NDArray[np.intp], Floats]:
    """Distance to the contour (mm, outside positive), sector and CT number of every pixel near to it."""
    rows, columns = hu.shape
    reach = float(np.nanmax(contour.radius)) + REACH_MM + 2
    top, left = (max(0, int(c - 0.5 - reach / s)) for c, s in ((body.y, spacing[0]), (body.x, spacing[1])))
    bottom = min(rows, int(body.y + reach / spacing[0]) + 2)
    right = min(columns, int(body.x + reach / spacing[1]) + 2)
    down = ((np.arange(top, bottom) + 0.5 - body.y) * spacing[0])[:, np.newaxis]
    across = ((np.arange(left, right) + 0.5 - body.x) * spacing[1])[np.newaxis]
    radius = np.hypot(down, across)
    near = (radius > float(contour.radius.min()) - REACH_MM - 2) & (radius < reach)
    angle = np.arctan2(np.broadcast_to(down, near.shape)[near], np.broadcast_to(across, near.shape)[near])
    at = (angle + math.pi) * (ANGLES / (2 * math.pi)) - 0.5
    low = np.floor(at).astype(np.intp)
    share = at - low
    low %= ANGLES
    high = (low + 1) % ANGLES
    course = contour.radius[low] * (1 - share) + contour.radius[high] * share
    slant = contour.slant[low] * (1 - share) + contour.slant[high] * share
    distance = (radius[near] - course) / np.sqrt(1 + slant * slant)
    close = np.abs(distance) < REACH_MM
    values = np.asarray(hu[top:bottom, left:right][near][close], dtype=np.float64)
    return distance[close], (low * SECTORS // ANGLES)[close], values


def _good_sectors(
    distance: Floats,
    sector: NDArray[np.intp],
    values: Floats,
    contour: _Contour,
    up: tuple[float, float] | None,
) -> tuple[list[int], dict[int, tuple[float, float]]]:
    outside, inside = distance > FLANK_MM[0], distance < -FLANK_MM[0]
    air = _means(values, sector, outside)
    skin = _means(values, sector, inside)
    rough = _grouped(contour.rest**2) ** 0.5
    slant = np.abs(_grouped(contour.slant))
    lively = _means(np.square(values - AIR_HU), sector, outside) > np.square(air - AIR_HU) + LEAST_VARIANCE
    good = lively & (air < AIR_MOST_HU) & (skin > SKIN_LEAST_HU) & (rough < WRINKLED_MM) & (slant < SLANT)
    if up is not None:
        middle = (np.arange(SECTORS) + 0.5) * (2 * math.pi / SECTORS) - math.pi
        good &= np.cos(middle) * up[0] + np.sin(middle) * up[1] > FRONT
    chosen = [int(s) for s in np.nonzero(good)[0]]
    return chosen, {s: (float(air[s]), float(skin[s])) for s in chosen}


def _grouped(values: Floats) -> Floats:
    """Mean over the directions of each sector."""
    sector = np.arange(ANGLES) * SECTORS // ANGLES
    return np.asarray(np.bincount(sector, values, SECTORS) / np.bincount(sector, minlength=SECTORS))


def _means(values: Floats, sector: NDArray[np.intp], chosen: NDArray[np.bool_]) -> Floats:
    """Mean per sector; NaN, and so never good, where a sector holds no such pixel."""
    count = np.bincount(sector[chosen], minlength=SECTORS)
    total = np.bincount(sector[chosen], values[chosen], SECTORS)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), math.nan))


def _spread(
    distance: Floats, sector: NDArray[np.intp], values: Floats, levels: dict[int, tuple[float, float]]
) -> Floats:
    """The edge spread: mean of the values, 0 outside and 1 inside, in bins of distance from the outside in."""
    low, high, used = (np.zeros(SECTORS) for _ in range(3))
    for s, (air, skin) in levels.items():
        low[s], high[s], used[s] = air, skin, 1
    kept = used[sector] > 0
    place = sector[kept]
    share = (values[kept] - low[place]) / (high[place] - low[place])
    bins = round(2 * REACH_MM / BIN_MM)
    at = np.clip(((REACH_MM - distance[kept]) / BIN_MM).astype(np.intp), 0, bins - 1)
    count, total = np.bincount(at, minlength=bins), np.bincount(at, share, bins)
    filled = count > 0
    return np.interp(np.arange(bins), np.nonzero(filled)[0], total[filled] / count[filled])


def _place(body: Body, spacing: tuple[float, float], contour: _Contour, sector: int) -> tuple[float, float]:
    k = (2 * sector + 1) * ANGLES // (2 * SECTORS)
    angle, radius = float(_angles()[k]), float(contour.radius[k])
    return body.x + radius * math.cos(angle) / spacing[1], body.y + radius * math.sin(angle) / spacing[0]
