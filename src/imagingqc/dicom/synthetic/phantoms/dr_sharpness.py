"""Synthetic test objects for the sharpness of a detector: a slanted plate and a bar pattern, with a known MTF.

The detector blurs with a Gaussian of SD `blur` mm and takes the mean of 3 x 3 points of each pixel, so that along the
pixel rows MTF(f) = exp(-2 pi^2 blur^2 f^2) |sinc(f p) / sinc(f p / 3)|.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from imagingqc.dicom.synthetic.base import Floats
from imagingqc.dicom.synthetic.phantoms.dr_raw import Detector, dr_raw

Fine = NDArray[np.float32]
FINE = 3  # samples per pixel and direction
BAR_GROUPS = (0.6, 1.0, 1.4, 1.8, 2.2, 2.5, 2.8, 3.1)
SHARP = Detector(rows=560, columns=560, spacing=0.15, noise=0.02)


def true_mtf(frequency: Floats, blur: float, pitch: float) -> Floats:
    """The presampled MTF that the pictures of this module have across an edge along the pixels."""
    aperture = np.sinc(frequency * pitch) / np.sinc(frequency * pitch / FINE)
    return np.asarray(np.exp(-2 * (math.pi * blur * frequency) ** 2) * np.abs(aperture))


def dr_edge(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    blur: float = 0.08,
    turn: float = 2.5,
    size: tuple[float, float] = (50.0, 50.0),
    shift: tuple[float, float] = (0.0, 0.0),
    lets_through: float = 0.02,
    kerma: float = 20.0,
    detector: Detector | None = None,
    seed: int = 0,
    **header: Any,
) -> Path:
    """Write a plate of `size` mm (down, right), turned by `turn` degrees, in an even field, and give its path."""
    detector = detector or SHARP
    y, x = _fine(detector)
    y, x = y - shift[0], x - shift[1]
    angle = math.radians(turn)
    u, v = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    plate = _bar(u, -size[1] / 2, size[1] / 2, blur) * _bar(v, -size[0] / 2, size[0] / 2, blur)
    return _written(folder, 1 - (1 - lets_through) * plate, kerma, detector, seed, header)


def dr_bars(  # noqa: PLR0913 - one argument for each known truth
    folder: Path,
    *,
    groups: Sequence[float] = BAR_GROUPS,
    blur: float = 0.08,
    turn: float = 0.0,
    lets_through: float = 0.3,
    kerma: float = 20.0,
    detector: Detector | None = None,
    seed: int = 0,
    **header: Any,
) -> Path:
    """Write a bar pattern and give its path: groups of 5 bars of 8 mm in two columns, turned by `turn` degrees."""
    detector = detector or SHARP
    y, x = _fine(detector)
    angle = math.radians(turn)
    cos, sin = math.cos(angle), math.sin(angle)
    lead = np.zeros((y.size, x.size), dtype=np.float32)
    half = (len(groups) + 1) // 2
    for n, f in enumerate(groups):
        top, left = (n % half - half / 2) * 10.0, -18.0 + 20.0 * (n // half)
        middle, reach = (left + 2.5 / f, top + 4), math.hypot(2.5 / f + 1, 5.0)
        here = _span(y, middle[0] * sin + middle[1] * cos, reach), _span(x, middle[0] * cos - middle[1] * sin, reach)
        u, v = x[:, here[1]] * cos + y[here[0]] * sin, y[here[0]] * cos - x[:, here[1]] * sin
        near = (np.abs(v - middle[1]) < 5) & (np.abs(u - middle[0]) < 2.5 / f + 1)
        across = sum(_bar(u[near], left + k / f, left + (k + 0.5) / f, blur) for k in range(5))
        lead[here][near] += across * _bar(v[near], top, top + 8.0, blur)
    return _written(folder, 1 - (1 - lets_through) * lead, kerma, detector, seed, header)


def _span(places: Fine, middle: float, reach: float) -> slice:
    """Where along an axis the places lie within `reach` of the middle."""
    first, last = np.searchsorted(places.ravel(), (middle - reach, middle + reach))
    return slice(int(first), int(last))


def _fine(detector: Detector) -> tuple[Fine, Fine]:
    step = detector.spacing / FINE
    down = (np.arange(detector.rows * FINE) - (detector.rows * FINE - 1) / 2) * step
    right = (np.arange(detector.columns * FINE) - (detector.columns * FINE - 1) / 2) * step
    return down.astype(np.float32)[:, np.newaxis], right.astype(np.float32)[np.newaxis, :]


def _bar(place: Fine, low: float, high: float, blur: float) -> Fine:
    """1 between low and high, with the edges of a Gaussian of SD `blur`."""
    return _step(place - low, blur) - _step(place - high, blur)


def _step(distance: Fine, blur: float) -> Fine:
    """0 far before the edge, 1 far behind it; the error function only where it is neither, for it takes long."""
    out = np.asarray(distance > 0, dtype=np.float32)
    near = np.abs(distance) < 6 * blur
    out[near] = 0.5 + 0.5 * scipy.special.erf(distance[near] / (max(blur, 1e-6) * math.sqrt(2)))
    return out


def _written(folder: Path, through: Fine, kerma: float, detector: Detector, seed: int, header: dict[str, Any]) -> Path:
    coarse = through.reshape(detector.rows, FINE, detector.columns, FINE).mean(axis=(1, 3), dtype=np.float64)
    values = detector.pixels(kerma * coarse, ("sharp", seed))
    header = {"relationship": "LOG" if detector.law == "log" else "LIN"} | header
    return dr_raw(folder, values, spacing=detector.spacing, bits=detector.bits, **header)
