"""Signal of a uniform slice: integral uniformity, ghosting and signal-to-noise ratio."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError
from imagingqc.imaging.morphology import BoolArray, box_mean, dilated
from imagingqc.phantom.mr.frame import Frame

Floats = NDArray[np.float64]

SMALL_CM2 = 1.0
GHOST_CM2, GHOST_LONG = 10.0, 4.0  # area and length over width of a background ellipse
GHOST_GAP_MM = 2.0
NARROWEST_MM = 6.0
RAYLEIGH_RATIO, RATIO_TOLERANCE = math.sqrt(math.pi / (4 - math.pi)), 0.25
RAYLEIGH = math.sqrt((4 - math.pi) / 2)  # 0.655: SD of the magnitude of noise over that of the noise
HOLLOW = 0.5  # of the mean: a reading below is a bubble or an insert, not shading
LEAST_LEFT = 0.9  # of the places for small regions, when those over a notch are left out
NOISE_BOX_MM = 9.0
SAME_NOISE = 1.5
NOISE_RADIUS = 0.6  # of the phantom's: farther out the box meets inserts and ringing


@dataclass(frozen=True, slots=True)
class Uniformity:
    """Percent integral uniformity with the means of the darkest and brightest small region and their centres (u, v)."""

    percent: float
    low: float
    high: float
    low_at: tuple[float, float]
    high_at: tuple[float, float]
    radius_mm: float


@dataclass(frozen=True, slots=True)
class Ghosting:
    """Percent signal ghosting; `means` of the regions above, below, left and right of the phantom in the picture.

    `ellipses` are (x, y, half width, half height) of the four in image pixels from the outer corner.
    """

    percent: float
    means: tuple[float, float, float, float]
    ellipses: tuple[tuple[float, float, float, float], ...]


def integral_uniformity(frame: Frame, area_cm2: float, *, notched: bool = False) -> Uniformity:
    """100 (1 - (high - low) / (high + low)), of regions of 1 cm2 anywhere within a round region of `area_cm2`.

    Percent, higher is better.  AnalysisError `roi_not_uniform` when the darkest is below half of the mean: a bubble or
    an insert.  `notched` leaves out the places over a notch of the phantom, a tenth of them at most.
    Source: ACR MRI phantom test guidance, image intensity uniformity.
    """
    radius, small = (math.sqrt(100 * a / math.pi) for a in (area_cm2, SMALL_CM2))
    frame = frame.within(radius + max(frame.disc.spacing_mm))
    u, v = frame.coordinates()
    rows, columns = frame.disc.spacing_mm
    kernel = _disc(small, rows, columns)
    means = _convolved(frame.pixels, kernel / kernel.sum())
    allowed = u * u + v * v <= (radius - small) ** 2
    if notched:
        allowed = _beside_notch(frame, kernel, allowed, HOLLOW * float(np.median(means[allowed])))
    low_k = int(np.argmin(np.where(allowed, means, np.inf)))
    high_k = int(np.argmax(np.where(allowed, means, -np.inf)))
    low, high = float(means.ravel()[low_k]), float(means.ravel()[high_k])
    if low < HOLLOW * float(np.median(means[allowed])):
        raise AnalysisError("roi_not_uniform")
    place = [(float(u.ravel()[k]), float(v.ravel()[k])) for k in (low_k, high_k)]
    return Uniformity(100 * (1 - (high - low) / (high + low)), low, high, place[0], place[1], radius)


def _beside_notch(frame: Frame, kernel: Floats, allowed: BoolArray, level: float) -> BoolArray:
    """The places whose small region holds nothing darker than `level`."""
    hollow = dilated(np.asarray(frame.pixels < level, dtype=bool))
    beside = allowed & (_convolved(hollow.astype(np.float64), kernel) < 0.5)
    if beside.sum() < LEAST_LEFT * allowed.sum():
        raise AnalysisError("roi_not_uniform")
    return np.asarray(beside, dtype=bool)


def _convolved(values: Floats, kernel: Floats) -> Floats:
    """Convolution of the size of `values`, zeros beyond them; the kernel has odd sides."""
    size = [scipy.fft.next_fast_len(a + b - 1, real=True) for a, b in zip(values.shape, kernel.shape, strict=True)]
    whole = scipy.fft.irfft2(scipy.fft.rfft2(values, size) * scipy.fft.rfft2(kernel, size), size)
    top, left = (side // 2 for side in kernel.shape)
    return np.asarray(whole[top : top + values.shape[0], left : left + values.shape[1]], dtype=np.float64)


def _disc(radius_mm: float, rows: float, columns: float) -> Floats:
    down = np.arange(-math.ceil(radius_mm / rows), math.ceil(radius_mm / rows) + 1)[:, np.newaxis] * rows
    across = np.arange(-math.ceil(radius_mm / columns), math.ceil(radius_mm / columns) + 1)[np.newaxis, :] * columns
    return np.asarray(np.hypot(down, across) <= radius_mm, dtype=np.float64)


def roi_mask(frame: Frame, area_cm2: float) -> BoolArray:
    """The round region of `area_cm2` about the centre."""
    u, v = frame.coordinates()
    return np.asarray(u * u + v * v <= 100 * area_cm2 / math.pi, dtype=bool)


def _signal(frame: Frame, area_cm2: float) -> float:
    """Mean of the round region of `area_cm2`."""
    part = frame.within(math.sqrt(100 * area_cm2 / math.pi))
    return float(part.pixels[roi_mask(part, area_cm2)].mean())


def ghosting(frame: Frame, area_cm2: float) -> Ghosting:
    """100 |(top + bottom) - (left + right)| / (2 x mean signal), of four ellipses of 10 cm2 beside the phantom.

    Percent, lower is better.  An ellipse is 4 times as long as wide, or narrower where there is less room.
    AnalysisError `background_small` when a strip beside the phantom is narrower than 6 mm, `background_zeroed` when
    the scanner has blanked them all.
    Source: ACR MRI phantom test guidance, percent-signal ghosting.
    """
    mean = _signal(frame, area_cm2)
    ellipses = _ellipses(frame)
    top, bottom, left, right = (_mean(frame.pixels, e) for e in ellipses)
    if max(top, bottom, left, right) <= 0:
        raise AnalysisError("background_zeroed")
    percent = 100 * abs((top + bottom) - (left + right)) / (2 * mean)
    return Ghosting(percent, (top, bottom, left, right), ellipses)


def _ellipses(frame: Frame) -> tuple[tuple[float, float, float, float], ...]:
    disc = frame.disc
    rows, columns = disc.spacing_mm
    y0, y1, x0, x1 = _field(frame.pixels)
    found = []
    for across, down in ((0, -1), (0, 1), (-1, 0), (1, 0)):
        spacing = rows if down else columns
        edge = {(0, -1): disc.y - y0, (0, 1): y1 - disc.y, (-1, 0): disc.x - x0, (1, 0): x1 - disc.x}[across, down]
        room = edge * spacing - disc.radius_mm - 2 * GHOST_GAP_MM
        if room < NARROWEST_MM:
            raise AnalysisError("background_small")
        narrow = min(room / 2, math.sqrt(100 * GHOST_CM2 / math.pi / GHOST_LONG))
        long = min(100 * GHOST_CM2 / math.pi / narrow, 0.8 * disc.radius_mm)
        middle = disc.radius_mm + GHOST_GAP_MM + room / 2
        x, y = disc.x + across * middle / columns, disc.y + down * middle / rows
        width, height = (long, narrow) if down else (narrow, long)
        found.append((x + 0.5, y + 0.5, width / columns, height / rows))
    return tuple(found)


def _field(pixels: Floats) -> tuple[int, int, int, int]:
    """First and last row and column without the margin of zeros that the correction of distortion leaves.

    A margin is at most a sixteenth of the picture: background of zeros within it stays.
    """
    found = []
    for axis in (1, 0):
        n = pixels.shape[1 - axis]
        filled = (pixels != 0).mean(axis=axis) > 0.01
        low, high = int(np.argmax(filled)), n - 1 - int(np.argmax(filled[::-1]))
        found += [low if low <= n // 16 else 0, high if high >= n - 1 - n // 16 else n - 1]
    return found[0], found[1], found[2], found[3]


def _mean(pixels: Floats, ellipse: tuple[float, float, float, float]) -> float:
    x, y, width, height = ellipse
    top, left = max(0, math.floor(y - height) - 1), max(0, math.floor(x - width) - 1)
    part = pixels[top : math.ceil(y + height) + 1, left : math.ceil(x + width) + 1]
    down = (np.arange(top, top + part.shape[0]) + 0.5 - y)[:, np.newaxis] / height
    across = (np.arange(left, left + part.shape[1]) + 0.5 - x)[np.newaxis, :] / width
    return float(part[down**2 + across**2 <= 1].mean())


def background(frame: Frame) -> tuple[float, float]:
    """Mean and SD of the four corners of the picture, away from the phantom by 15 % of its radius.

    AnalysisError `no_air` without them, `air_not_rayleigh` when the noise is not that of a magnitude image: zeroed,
    filtered or combined from many coils.  Source: Dietrich et al., J Magn Reson Imaging 26 (2007) 375.
    """
    y0, y1, x0, x1 = _field(frame.pixels)
    u, v = frame.coordinates()
    far = u * u + v * v > (1.15 * frame.disc.radius_mm) ** 2
    height, width = max(8, (y1 - y0) // 10), max(8, (x1 - x0) // 10)
    rows = (slice(y0 + 2, y0 + 2 + height), slice(y1 - 1 - height, y1 - 1))
    columns = (slice(x0 + 2, x0 + 2 + width), slice(x1 - 1 - width, x1 - 1))
    boxes = [frame.pixels[a, b] for a in rows for b in columns if far[a, b].all()]
    if len(boxes) < 2:
        raise AnalysisError("no_air")
    spread = float(np.median([box.std(ddof=1) for box in boxes]))
    mean = float(np.median([box.mean() for box in boxes]))
    ratio = mean / spread if spread > 0 else 0.0
    if abs(ratio - RAYLEIGH_RATIO) > RATIO_TOLERANCE:
        raise AnalysisError("air_not_rayleigh", ratio=f"{ratio:.2f}")
    return mean, spread


def background_snr(frame: Frame, area_cm2: float, local: Callable[[], float] | None = None) -> float:
    """Mean signal over the SD of the background, as WS/T 263-2006 defines it; times RAYLEIGH it is that of the image.

    AnalysisError as of `background`, and `background_scaled` when the noise within the phantom is another than that of
    the background by more than a factor of 1.5: intensity correction or filters have changed one of them.
    `local` gives what `local_snr` gives, where that is known already.
    """
    mean = _signal(frame, area_cm2)
    _, spread = background(frame)
    ratio, within = mean / spread, local() if local else local_snr(frame)
    if not 1 / SAME_NOISE <= ratio * RAYLEIGH / within <= SAME_NOISE:
        raise AnalysisError("background_scaled", background=f"{ratio * RAYLEIGH:.0f}", within=f"{within:.0f}")
    return ratio


def local_snr(frame: Frame) -> float:
    """Mean signal over the SD of what differs from the mean in a box of 9 mm; for one device over time only.

    The box keeps (1 - 1/n) of white noise of n pixels, which is corrected for.
    """
    reach = NOISE_RADIUS * frame.disc.radius_mm
    frame = frame.within(reach + NOISE_BOX_MM)
    u, v = frame.coordinates()
    mask = u * u + v * v < reach**2
    size = [max(3, round(NOISE_BOX_MM / s) | 1) for s in frame.disc.spacing_mm]
    centred = frame.pixels - float(frame.pixels[mask].mean())
    rest = (centred - box_mean(np.asarray(centred, np.float32), size))[mask]
    noise = float(rest.std(ddof=1)) / math.sqrt(1 - 1 / (size[0] * size[1]))
    if noise <= 0:
        raise AnalysisError("no_noise")
    return float(frame.pixels[mask].mean()) / noise


def difference_snr(one: Frame, two: Frame, area_cm2: float) -> float:
    """sqrt(2) x mean signal / SD of the difference of two images taken alike; higher is better.

    AnalysisError `images_differ` when the mean signals are apart by more than 5 % or the phantom lies elsewhere.
    Source: NEMA MS 1, method of two acquisitions.
    """
    if one.pixels.shape != two.pixels.shape or one.disc.spacing_mm != two.disc.spacing_mm:
        raise AnalysisError("images_differ")
    mask = roi_mask(one, area_cm2)
    a, b = one.pixels[mask], two.pixels[mask]
    moved = math.hypot(one.disc.x - two.disc.x, one.disc.y - two.disc.y)
    if moved > 0.5 or abs(float(a.mean()) - float(b.mean())) > 0.05 * float(a.mean()):
        raise AnalysisError("images_differ")
    spread = float((a - b).std(ddof=1))
    if spread <= 0:
        raise AnalysisError("images_identical")
    return math.sqrt(2) * float(a.mean() + b.mean()) / 2 / spread
