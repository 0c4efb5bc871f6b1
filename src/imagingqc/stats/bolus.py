"""The passage of a contrast bolus through a vessel: arrival, threshold and peak of a curve of CT numbers over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError, Reason

FEWEST = 5  # images of a curve
BEFORE = 2  # images before the contrast medium arrives
UNENHANCED_HU = 120.0  # blood above this is not without contrast medium
LEAST_HU = 50.0  # less enhancement is no bolus
THRESHOLD_HU = 100.0  # above the baseline: where bolus tracking usually starts the scan
ARRIVAL_SIGMA, ARRIVAL_HU = 5.0, 15.0
FALL_SIGMA, FALL_SHARE = 4.0, 0.1  # of the enhancement: a curve that fell by less has not been seen to fall
AFTER = 2  # images after the highest one
WIDEST_S = 6.0  # between the images next to the peak
FIT_FROM, PARABOLA_FROM = 0.2, 0.6  # of the enhancement
FIT_FEWEST, PARABOLA_FEWEST = 5, 3
RESIDUAL_SHARE = 0.08

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Passage:
    """What a curve says.  Times in seconds after its first image, CT numbers in HU.

    `arrival` and `highest` are indices of the first image with contrast medium and of the brightest.  `threshold_s` is
    where the line between two images passes THRESHOLD_HU above the baseline.  `peak_s` comes from a curve through the
    images round the peak.  What cannot be said is a Reason.
    """

    baseline_hu: float
    enhancement_hu: float
    arrival: int
    highest: int
    threshold_s: float | Reason
    peak_s: float | Reason


def passage(seconds: Sequence[float], hu: Sequence[float], noise_hu: float) -> Passage:
    """Read a curve of a vessel's CT numbers, in order of time; `noise_hu` is the SD of one of its values by chance.

    Raises AnalysisError: `bolus_few_images`; `bolus_no_baseline` when the first images show contrast medium
    already; `bolus_no_enhancement` below LEAST_HU.
    """
    t, y = np.asarray(seconds, dtype=float), np.asarray(hu, dtype=float)
    if len(t) < FEWEST:
        raise AnalysisError("bolus_few_images", n=len(t), need=FEWEST)
    noise = max(noise_hu, 1.0)
    highest = int(np.argmax(y))
    arrival = _arrival(y, highest, noise)
    baseline = float(y[:arrival].mean())
    if baseline > UNENHANCED_HU:
        raise AnalysisError("bolus_no_baseline", hu=round(baseline))
    rise = y - baseline
    enhancement = float(rise[highest])
    found: float | Reason
    try:
        found = _peak(t, rise, highest, noise)
    except AnalysisError as error:
        found = error.reason
    return Passage(baseline, enhancement, arrival, highest, _threshold(t, rise, highest), found)


def _arrival(y: Floats, highest: int, noise: float) -> int:
    """Index of the first of the images that stay above the first ones until the highest."""
    first = float(y[:BEFORE].mean())
    least = max(ARRIVAL_SIGMA * noise, ARRIVAL_HU)
    if y[highest] - y.min() < LEAST_HU:
        raise AnalysisError("bolus_no_enhancement", hu=round(float(y[highest] - y.min())), least=f"{LEAST_HU:g}")
    below = np.nonzero(y[: highest + 1] - first <= least)[0]
    arrival = int(below[-1]) + 1 if len(below) else 0
    if arrival < BEFORE or abs(y[1] - y[0]) > least or y[highest] - first < LEAST_HU:
        raise AnalysisError("bolus_no_baseline", hu=round(first))
    return arrival


def _threshold(t: Floats, rise: Floats, highest: int) -> float | Reason:
    above = np.nonzero(rise[: highest + 1] >= THRESHOLD_HU)[0]
    if not len(above):
        reached, after = round(float(rise[highest])), f"{t[highest] - t[0]:.1f}"
        return Reason("bolus_below_threshold", {"hu": reached, "seconds": after, "wanted": THRESHOLD_HU})
    i = int(above[0])
    share = (THRESHOLD_HU - rise[i - 1]) / (rise[i] - rise[i - 1])
    return float(t[i - 1] + share * (t[i] - t[i - 1]) - t[0])


def _peak(t: Floats, rise: Floats, highest: int, noise: float) -> float:
    """Seconds from the first image to the peak.  AnalysisError: `bolus_no_peak`, `bolus_sampling`, `bolus_shape`."""
    top = float(rise[highest])
    after = rise[highest + 1 :]
    fallen = len(after) >= AFTER and top - float(np.sort(after)[:AFTER].max()) > max(
        FALL_SIGMA * noise, FALL_SHARE * top
    )
    if not fallen:
        raise AnalysisError("bolus_no_peak", hu=round(top), seconds=f"{t[highest] - t[0]:.1f}")
    gap = float(max(t[highest] - t[highest - 1], t[highest + 1] - t[highest]))
    if gap > WIDEST_S:
        raise AnalysisError("bolus_sampling", gap=f"{gap:.1f}", limit=f"{WIDEST_S:g}")
    for fit in (_gamma_variate, _parabola):
        found = fit(t, rise, highest, noise)
        if found is not None and t[highest - 1] <= found <= t[highest + 1]:
            return float(found - t[0])
    raise AnalysisError("bolus_shape")


def _around(rise: Floats, highest: int, share: float) -> slice:
    """The images round the highest one that are at least as bright as a share of it."""
    least = share * rise[highest]
    low, high = highest, highest
    while low > 0 and rise[low - 1] >= least:
        low -= 1
    while high + 1 < len(rise) and rise[high + 1] >= least:
        high += 1
    return slice(low, high + 1)


def _gamma_variate(t: Floats, rise: Floats, highest: int, noise: float) -> float | None:
    """Place of the peak of A x^a exp(a (1 - x)), x = (t - t0) / (tp - t0), fitted down to FIT_FROM; None when unfit.

    The form of the gamma variate by its peak is that of Madsen, Phys Med Biol 37 (1992) 1597.
    """
    near = _around(rise, highest, FIT_FROM)
    x, y = t[near], rise[near]
    if len(x) < FIT_FEWEST or near.start == highest or near.stop == highest + 1:
        return None
    width = float(x[-1] - x[0])

    def unlike(p: Floats) -> Floats:
        return np.asarray(_gamma(x, p) - y)

    start = [float(y.max()), float(t[highest]), 3.0, float(t[highest]) - width]
    bounds = ([0.0, float(x[0]), 0.3, float(t[highest]) - 6 * width], [np.inf, float(x[-1]), 40.0, float(x[0]) - 1e-3])
    start[3] = min(start[3], bounds[1][3] - 1e-3)
    result: Any = scipy.optimize.least_squares(unlike, start, bounds=bounds, x_scale=[start[0], width, 1.0, width])
    rms = math.sqrt(float((result.fun**2).mean()))
    return float(result.x[1]) if result.success and rms <= max(3 * noise, RESIDUAL_SHARE * start[0]) else None


def _gamma(x: Floats, p: Floats) -> Floats:
    ratio = np.maximum((x - p[3]) / max(p[1] - p[3], 1e-6), 1e-9)
    return np.asarray(p[0] * np.exp(p[2] * (np.log(ratio) + 1 - ratio)))


def _parabola(t: Floats, rise: Floats, highest: int, _noise: float) -> float | None:
    """Vertex of a parabola through the logarithms of the images at the top; None when it opens upwards."""
    near = _around(rise, highest, PARABOLA_FROM)
    near = slice(max(min(near.start, highest - 1), highest - 3), min(max(near.stop, highest + 2), highest + 4))
    x, y = t[near] - t[highest], rise[near]
    if len(x) < PARABOLA_FEWEST or y.min() <= 0:
        return None
    bend, slope, _level = np.polyfit(x, np.log(y), 2)
    return float(t[highest] - slope / (2 * bend)) if bend < 0 else None
