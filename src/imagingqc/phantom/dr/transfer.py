"""The response of a detector: pixel value or indicator against air kerma, by three laws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from imagingqc.errors import AnalysisError

Law = Literal["linear", "log", "power"]
LAWS: tuple[Law, ...] = ("linear", "log", "power")
_ROUNDS = 50
_TIE = 1e-6
_SPREAD = 2.0  # the largest kerma is at least this many times the smallest: less tells nothing of a law


@dataclass(frozen=True, slots=True)
class ResponseFit:
    """P(K) with K in µGy: linear P = a + b K, log P = a + b ln K, power P = a K^b.  `r2` is that in pixel values."""

    law: Law
    a: float
    b: float
    r2: float

    def predict(self, kerma: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixel values at kerma (µGy, above 0)."""
        if self.law == "power":
            return np.asarray(self.a * kerma**self.b)
        return np.asarray(self.a + self.b * (np.log(kerma) if self.law == "log" else kerma))

    def kerma(self, pixel: NDArray[np.float64]) -> NDArray[np.float64]:
        """Inverse of `predict`: the kerma, µGy, of pixel values; NaN where a power law has none."""
        if self.law == "log":
            return np.asarray(np.exp((pixel - self.a) / self.b))
        if self.law == "linear":
            return np.asarray((pixel - self.a) / self.b)
        with np.errstate(invalid="ignore"):
            return np.asarray((pixel / self.a) ** (1 / self.b))


def fit_response(kerma: Sequence[float], pixel: Sequence[float], law: str | None = None) -> ResponseFit:
    """Least squares in pixel values by the given law, or by the one of the three with the highest R².

    Between laws that fit equally (R² within 1e-6) the first of linear, log, power is taken.
    AnalysisError: `response_few` for fewer than four kerma levels, `response_narrow` when the largest is less than
    twice the smallest, `response_flat` when the pixel value does not change.
    Source: IEC 62220-1 (signal transfer property); WS 76-2020 (R² of P against K, law as the maker states).
    """
    x, y = np.asarray(kerma, dtype=np.float64), np.asarray(pixel, dtype=np.float64)
    levels = len(np.unique(np.round(np.log(x), 2)))
    if levels < 4:
        raise AnalysisError("response_few", n=levels, need=4)
    if x.max() < _SPREAD * x.min():
        raise AnalysisError("response_narrow", low=f"{x.min():g}", high=f"{x.max():g}")
    if np.ptp(y) <= 1e-9 * max(1.0, float(np.abs(y).max())):
        raise AnalysisError("response_flat")
    if law is not None:
        return _fit(x, y, cast("Law", law))
    fits = [_fit(x, y, one) for one in LAWS if one != "power" or (y > 0).all()]
    best = max(fit.r2 for fit in fits)
    return next(fit for fit in fits if fit.r2 >= best - _TIE)


def _fit(x: NDArray[np.float64], y: NDArray[np.float64], law: Law) -> ResponseFit:
    if law == "power":
        if not (y > 0).all():
            raise AnalysisError("response_power_negative")
        a, b = _power(x, y)
    else:
        b, a = (float(v) for v in np.polyfit(np.log(x) if law == "log" else x, y, 1))
    blank = ResponseFit(law, a, b, 0.0)
    residual = float(np.sum((y - blank.predict(x)) ** 2))
    return ResponseFit(law, a, b, 1 - residual / float(np.sum((y - y.mean()) ** 2)))


def _power(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """a and b of y = a x^b: Gauss-Newton on the values from the fit of their logarithms."""
    b, log_a = np.polyfit(np.log(x), np.log(y), 1)
    guess = np.array([np.exp(log_a), b])
    best, least = guess, np.inf
    for _ in range(_ROUNDS):
        power = x ** guess[1]
        left = y - guess[0] * power
        miss = float(np.sum(left**2))
        if not miss < least * (1 - 1e-12):
            break
        best, least = guess, miss
        slopes = np.column_stack([power, guess[0] * power * np.log(x)])
        guess = guess + np.linalg.lstsq(slopes, left, rcond=None)[0]
    return float(best[0]), float(best[1])
