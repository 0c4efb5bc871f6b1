"""Signal transfer property: pixel value against air kerma at the detector, over several even fields."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from imagingqc.errors import AnalysisError
from imagingqc.phantom.dr.flat import centred, require_flat
from imagingqc.phantom.dr.raw import LAW, UNPROCESSED, Linear, Raw, raw_images, require_sign
from imagingqc.phantom.dr.transfer import ResponseFit, fit_response
from imagingqc.phantom.model import Curve, Parameter, PhantomFound, PhantomInput, PhantomTest, recorder

NAME, VERSION = "dr.response", "1"
R2 = "dr.phantom.signal_transfer.r2"
SIDE_MM = 100.0
KERMA = Parameter(
    "kerma", "各次曝光的空气比释动能（按采集时间排列）", "air kerma of the exposures, in the order of acquisition",
    "uGy", "numbers",
)  # fmt: skip
EI_PER_UGY = Parameter("ei_per_ugy", "每 μGy 的曝光指数（IEC 为 100）", "exposure index per µGy (IEC: 100)")
LEAST_UGY, MOST_UGY = 0.01, 10000.0
POINTS = 50  # of the drawn curve


def run(given: PhantomInput) -> PhantomFound:
    """R² of P(K) by the chosen law, or by the best of linear, log and power; its coefficients as a curve.

    Kerma is given, one value for each picture in the order of acquisition time, or follows from the Exposure Index
    when the exposure index of 1 µGy is given.  Every picture has to be an even field once linearised with the fit.
    Source: WS 76-2020, signal transfer property; IEC 62220-1; IEC 62494-1 (EI = 100 K for the calibration beam).
    """
    images = raw_images(given, 4, 30)
    kerma = _kerma(images, given)
    regions = [centred(raw, SIDE_MM) for raw in images]
    pixel = [float(r.of(raw.values).mean(dtype=np.float64)) for raw, r in zip(images, regions, strict=True)]
    law = str(given.parameters.get(LAW.key, "auto"))
    fit = fit_response(kerma, pixel, _stated(images) if law == "auto" else law)
    _require_rising(kerma, pixel)
    require_sign(images, fit.b)
    linear = Linear(fit.law, fit.a, fit.b)
    for raw in images:
        require_flat(raw, linear.signal(raw.values))
    record = recorder((NAME, VERSION), [raw.piece for raw in images])
    shown = [raw.evidence(region.shape()) for raw, region in zip(images, regions, strict=True)]
    return PhantomFound(
        "flat-field", (record.value(R2, fit.r2, evidence=shown[0]),), tuple(shown),
        checks={"levels": float(len(set(kerma))), "kerma_ratio": max(kerma) / min(kerma), "a": fit.a, "b": fit.b},
        curves=_curves(kerma, pixel, fit),
    )  # fmt: skip


def _kerma(images: Sequence[Raw], given: PhantomInput) -> list[float]:
    stated = given.parameters.get(KERMA.key)
    if isinstance(stated, tuple | list):
        if len(stated) != len(images):
            raise AnalysisError("kerma_count", n=len(stated), images=len(images))
        return [_plausible(v) for v in stated]
    scale = given.number(EI_PER_UGY.key)
    if scale is None:
        raise AnalysisError("parameter_missing", parameter=KERMA.key)
    if scale <= 0:
        raise AnalysisError("parameter_bad", parameter=EI_PER_UGY.key, value=f"{scale:g}")
    indices = [raw.piece.instance.number("ExposureIndex") for raw in images]
    if any(index is None or index <= 0 for index in indices):
        raise AnalysisError("missing_tag", tag="ExposureIndex")
    return [_plausible(index / scale) for index in indices if index is not None]


def _plausible(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not LEAST_UGY <= value <= MOST_UGY:
        raise AnalysisError("parameter_bad", parameter=KERMA.key, value=str(value))
    return float(value)


def _stated(images: Sequence[Raw]) -> str | None:
    """The law that every header states; None when they do not."""
    stated = {raw.relationship for raw in images}
    return {"LIN": "linear", "LOG": "log"}.get(stated.pop()) if len(stated) == 1 else None


def _require_rising(kerma: Sequence[float], pixel: Sequence[float]) -> None:
    """More dose, higher value (or always lower): else the order of the kerma is not that of the pictures."""
    values = np.array([p for _, p in sorted(zip(kerma, pixel, strict=True))])
    tolerance = 0.02 * float(np.ptp(values))
    steps = np.diff(values)
    if not ((steps > -tolerance).all() or (steps < tolerance).all()):
        raise AnalysisError("response_not_monotonic")


def _curves(kerma: Sequence[float], pixel: Sequence[float], fit: ResponseFit) -> tuple[Curve, ...]:
    order = np.argsort(kerma)
    x = np.geomspace(min(kerma), max(kerma), POINTS)
    units = {"x_unit": "uGy", "y_unit": "1"}
    measured = {"key": "response.measured", "x": [kerma[i] for i in order], "y": [pixel[i] for i in order], **units}
    fitted = {"key": "response.fit", "x": x.tolist(), "y": fit.predict(x).tolist(), **units}
    return measured, {**fitted, "law": fit.law, "a": fit.a, "b": fit.b, "r2": fit.r2}


TEST = PhantomTest(
    NAME, VERSION, "DR 信号传递特性", "DR signal transfer property", frozenset({"DX", "CR"}), ("flat-field",),
    (R2,), run,
    (KERMA, EI_PER_UGY, LAW, UNPROCESSED),
)  # fmt: skip
