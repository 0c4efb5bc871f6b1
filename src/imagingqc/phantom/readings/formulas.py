"""The arithmetic behind readings: each formula once, in plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, stdev

from imagingqc.errors import AnalysisError


def variation_percent(values: Sequence[float]) -> float:
    """Coefficient of variation, %: sample standard deviation (n - 1) / mean x 100; two or more values, mean above 0."""
    return stdev(values) / fmean(values) * 100


def deviation_percent(value: float, reference: float) -> float:
    """(value - reference) / reference x 100, %."""
    return (value - reference) / reference * 100


def largest(values: Sequence[float]) -> float:
    """The value of the largest magnitude, with its sign."""
    return max(values, key=abs)


def largest_from_mean_percent(values: Sequence[float]) -> float:
    """The largest deviation of any value from the mean of all, %, with its sign."""
    mean = fmean(values)
    return largest([deviation_percent(v, mean) for v in values])


def at_distance(reading: float, measured_mm: float, wanted_mm: float) -> float:
    """A reading taken at one distance from the focus, for another: inverse-square law."""
    return reading * (measured_mm / wanted_mm) ** 2


def linearity_percent(loads: Sequence[float], outputs: Sequence[float]) -> float:
    """Output linearity, %: the largest (X1 - X2) / (X1 + X2) x 100 of neighbouring loads, X = output / load.

    Source: the pairwise coefficient of IEC 60601-2-54 and WS 76, which both compare neighbouring settings.
    """
    specific = [out / load for load, out in sorted(zip(loads, outputs, strict=True))]
    return largest([(a - b) / (a + b) * 100 for a, b in pairwise(specific)])


def half_value_layer(thickness_mm: Sequence[float], kerma: Sequence[float]) -> float:
    """Half-value layer, mm, by logarithmic interpolation between the two filters around half of the open reading.

    HVL = t1 + (t2 - t1) ln(2 K1 / K0) / ln(K1 / K2), with K1 at t1 at or above K0 / 2 and K2 at t2 below it; several
    readings at one thickness are averaged.  AnalysisError `hvl_no_open` without a reading at 0 mm,
    `hvl_not_falling` when a thicker filter lets more through, `hvl_not_reached` when no reading falls below half.
    """
    by_thickness: dict[float, list[float]] = {}
    for t, k in zip(thickness_mm, kerma, strict=True):
        by_thickness.setdefault(t, []).append(k)
    steps = sorted((t, fmean(ks)) for t, ks in by_thickness.items())
    if steps[0][0] != 0:
        raise AnalysisError("hvl_no_open")
    half = steps[0][1] / 2
    for (t1, k1), (t2, k2) in pairwise(steps):
        if k2 >= k1:
            raise AnalysisError("hvl_not_falling", thin=f"{t1:g}", thick=f"{t2:g}")
        if k2 < half:
            return t1 + (t2 - t1) * math.log(k1 / half) / math.log(k1 / k2)
    raise AnalysisError("hvl_not_reached", thickest=f"{steps[-1][0]:g}", share=f"{50 * steps[-1][1] / half:.0f}")
