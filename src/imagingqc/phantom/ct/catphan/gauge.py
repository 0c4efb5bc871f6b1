"""The line pairs: modulation transfer by the fundamental wave of each group of bars.

A row of bars of full contrast C holds a cosine of amplitude 2 C / pi at its own frequency f (Fourier series of a
square wave); what the picture shows of it is MTF(f) times that (Coltman, J Opt Soc Am 44 (1954) 468).  The amplitude is
fitted over whole periods between the outer bars of a group, so that neither phase nor higher harmonics enter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imagingqc.dicom.model import Slice
from imagingqc.errors import AnalysisError
from imagingqc.image import FloatArray
from imagingqc.imaging.morphology import interpolated
from imagingqc.phantom.ct.catphan import models
from imagingqc.phantom.ct.catphan.locate import Found, position
from imagingqc.phantom.frames import Frames

Floats = NDArray[np.float64]

BAND_MM = 1.5  # on either side of the circle: the bars are 5 mm long
SEARCH_MM = 2.0  # a group may be so far from where it should be
GAP = (172.0, 188.0)  # degrees: no bars there
BAR_HU = 200.0  # of the first group over its surroundings; less is no gauge


@dataclass(frozen=True, slots=True)
class Gauge:
    """Modulation transfer (0-1) at 1, 2, … lp/cm, and the contrast of a bar in HU."""

    modulation: tuple[float, ...]
    contrast_hu: float

    def where(self, level: float) -> float | None:
        """Frequency in lp/cm at which the modulation first falls to `level`; None when it never does.

        Straight lines between the groups, from 1 at 0.
        """
        before = 1.0
        for frequency, value in enumerate(self.modulation, start=1):
            if value <= level:
                return frequency - 1 + (before - level) / (before - value)
            before = value
        return None


def gauge(found: Found, frames: Frames, pieces: list[Slice]) -> Gauge:
    """Modulation of every group in the mean of `pieces`; AnalysisError `phantom_structure` without bright bars."""
    profiles = [_profile(frames.image(piece).pixels, found, piece) for piece in pieces]
    values = np.mean(profiles, axis=0)
    background = float(values[round(_at(GAP[0])) : round(_at(GAP[1]))].mean())
    contrast = _contrast(values, background)
    if contrast < BAR_HU:
        raise AnalysisError("phantom_structure", what="1 lp/cm")
    amplitudes = [_amplitude(values, pairs, *models.GAUGE[pairs]) for pairs in models.GAUGE]
    return Gauge(tuple(a / (2 / math.pi * contrast) for a in amplitudes), contrast)


_STEP_MM = 0.05
_COUNT = round(2 * math.pi * models.GAUGE_RADIUS_MM / _STEP_MM)


def _profile(values: FloatArray, found: Found, piece: Slice) -> Floats:
    """CT numbers along the circle of the line pairs, in the phantom's own angles, from 0 on in steps of 0.05 mm."""
    x, y = found.axis.centre(position(piece))
    angle = np.arange(_COUNT) * (2 * math.pi / _COUNT)
    turned = math.radians(found.roll_deg) + (math.pi - angle if found.mirrored else angle)
    radius = models.GAUGE_RADIUS_MM + np.arange(-BAND_MM, BAND_MM + 0.1, 0.5)[:, np.newaxis]
    right, down = x + radius * np.cos(turned), y + radius * np.sin(turned)
    seen = interpolated(values, down / found.spacing_mm[0] - 0.5, right / found.spacing_mm[1] - 0.5, order=5)
    return np.asarray(seen.mean(axis=0))


def _at(angle_deg: float) -> float:
    """Place on the circle, in samples."""
    return math.radians(angle_deg) * models.GAUGE_RADIUS_MM / _STEP_MM


def _contrast(values: Floats, background: float) -> float:
    """Contrast of a bar: the middle of the two of the first group, each 5 mm wide, over the background."""
    middle = _at(models.GAUGE[1][0])
    half = round(2.0 * SEARCH_MM / _STEP_MM)
    tops = []
    for side in (-1, 1):
        at = round(middle + side * 5.0 / _STEP_MM)
        near = values.take(np.arange(at - half, at + half), mode="wrap")
        tops.append(float(np.sort(near)[-round(2.0 / _STEP_MM) :].mean()))  # the flat 2 mm of its top
    return sum(tops) / 2 - background


def _amplitude(values: Floats, pairs: int, angle_deg: float, bars: int) -> float:
    """Amplitude in HU of the wave of `pairs` lp/cm, over whole periods about the middle of the group.

    The middle is the place of highest mean within SEARCH_MM of where it should be: the group is a bright patch even
    where its bars can no longer be told apart.
    """
    period = 10.0 / pairs / _STEP_MM
    length, whole = round(max(1, bars - 2) * period), round(bars * period)
    shift = round(SEARCH_MM / _STEP_MM)
    first = round(_at(angle_deg) - whole / 2) - shift
    around = values.take(np.arange(first, first + whole + 2 * shift), mode="wrap")
    sums = np.convolve(around, np.ones(whole), mode="valid")
    middle = int(np.argmax(sums)) + whole / 2
    start = round(middle - length / 2)
    chosen = around[start : start + length]
    phase = 2 * math.pi * np.arange(length) / period
    real, imaginary = float((chosen * np.cos(phase)).sum()), float((chosen * np.sin(phase)).sum())
    return 2 / length * math.hypot(real, imaginary)
