"""Readings of digital detectors (DR, CR): indicators, distances, automatic exposure, what is seen on test objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from imagingqc.phantom.dr.transfer import fit_response
from imagingqc.phantom.readings.fields import column, distance
from imagingqc.phantom.readings.formulas import (
    deviation_percent,
    largest,
    largest_from_mean_percent,
    variation_percent,
)
from imagingqc.phantom.readings.model import Choice, Found, Given, Input, Reading

_WS76 = "WS 76-2020"
_DR, _CR = frozenset({"DX"}), frozenset({"CR"})


def detector_dose_indicator(given: Given) -> Sequence[Found]:
    """Mean of the indicated values; with the calculated one also (calculated - indicated) / indicated x 100, %."""
    mean = fmean(given.numbers("indicated"))
    found = [Found("dr.phantom.ddi", mean)]
    calculated = given.maybe("calculated")
    if calculated is not None:
        found.append(Found("dr.phantom.ddi.deviation", deviation_percent(calculated, mean)))
    return found


def dark_noise(given: Given, quantity: str = "dr.phantom.dark_noise") -> Sequence[Found]:
    """Mean of pixel values or indicators without radiation."""
    return [Found(quantity, fmean(given.numbers("values")))]


def distance_error(given: Given, quantity: str = "dr.phantom.distance.error") -> Sequence[Found]:
    """(Dm - D0) / D0 x 100 of both directions, %, after taking the magnification of a raised ruler out.

    A ruler on a table at a height h above the detector looks larger by SID / (SID - h); measured lengths are
    multiplied with (SID - h) / SID.  Gives the error of the larger magnitude.
    """
    scale = (given.number("sid") - given.number("height")) / given.number("sid")
    rows = zip(given.numbers("measured"), given.numbers("true"), strict=True)
    return [Found(quantity, largest([deviation_percent(m * scale, t) for m, t in rows]))]


def limiting_resolution(given: Given) -> Sequence[Found]:
    """Finest resolved group of each direction, lp/mm; nominal is the Nyquist frequency 1 / (2 p)."""
    nyquist = 1 / (2 * given.number("pitch"))
    return [Found("dr.phantom.resolution.limit", v, nyquist) for v in given.numbers("resolved")]


def low_contrast_details(given: Given) -> Sequence[Found]:
    """Number of visible details."""
    return [Found("dr.phantom.low_contrast.details", given.number("visible"))]


def aec_sensitivity(given: Given) -> Sequence[Found]:
    """Mean of mAs or indicator."""
    return [Found("dr.phantom.aec.sensitivity", fmean(given.numbers("values")))]


def aec_chambers(given: Given) -> Sequence[Found]:
    """Largest deviation of a chamber from the mean of all, %."""
    return [Found("dr.phantom.aec.chambers", largest_from_mean_percent(given.numbers("values")))]


def aec_voltages(given: Given) -> Sequence[Found]:
    """Mean of dose or indicator over the tube voltages."""
    return [Found("dr.phantom.aec.voltages", fmean(given.numbers("values")))]


def aec_repeatability(given: Given) -> Sequence[Found]:
    """CV of equal automatic exposures, %."""
    return [Found("dr.phantom.aec.repeatability", variation_percent(given.numbers("values")))]


def signal_transfer(given: Given, quantity: str = "dr.phantom.signal_transfer.r2") -> Sequence[Found]:
    """R² of the fit of pixel value or indicator against kerma; the law as chosen, else the best of the three."""
    law = None if given.text("law") == "auto" else given.text("law")
    fit = fit_response(given.numbers("kerma"), given.numbers("pixel"), law)
    return [Found(quantity, fit.r2)]


def uniformity(given: Given) -> Sequence[Found]:
    """CV of the five region means, %: SD (n - 1) / mean."""
    return [Found("dr.phantom.uniformity.cv", variation_percent(given.numbers("means")))]


def lag(given: Given) -> Sequence[Found]:
    """(ghost - surroundings) / surroundings x 100, %."""
    return [Found("dr.phantom.lag", deviation_percent(given.number("ghost"), given.number("around")))]


def plate_uniformity(given: Given) -> Sequence[Found]:
    """Largest deviation of a region of one plate from the mean of its regions, %."""
    return [Found("cr.phantom.uniformity.single", largest_from_mean_percent(given.numbers("means")))]


def plates(given: Given) -> Sequence[Found]:
    """Largest deviation of a plate from the mean of all plates, %."""
    return [Found("cr.phantom.uniformity.between", largest_from_mean_percent(given.numbers("means")))]


def cr_dark_noise(given: Given) -> Sequence[Found]:
    """Mean of pixel values or indicators of an erased plate."""
    return dark_noise(given, "cr.phantom.dark_noise")


def cr_distance_error(given: Given) -> Sequence[Found]:
    """Distance error of a CR system, %."""
    return distance_error(given, "cr.phantom.distance.error")


def cr_signal_transfer(given: Given) -> Sequence[Found]:
    """R² of the response of an imaging plate."""
    return signal_transfer(given, "cr.phantom.signal_transfer.r2")


def values(zh: str, en: str, fewest: int) -> tuple[Input]:
    """A list of pixel values, indicators or mAs."""
    return (column("values", zh, en, "1", 1e-3, 1e6, fewest=fewest),)


def means(zh: str, en: str, fewest: int, most: int = 30) -> tuple[Input]:
    """A list of mean pixel values or linearised doses."""
    return (column("means", zh, en, "1", 1e-3, 1e6, fewest=fewest, most=most),)


LAWS = (
    Choice("auto", "取拟合最好者", "best fit"),
    Choice("linear", "线性", "linear"),
    Choice("log", "对数", "logarithmic"),
    Choice("power", "幂", "power"),
)
RESPONSE = (
    column("kerma", "空气比释动能", "air kerma", "uGy", 0.01, 10000, fewest=4, table="rows"),
    column("pixel", "像素均值或 DDI", "mean pixel value or DDI", "1", 0, 1e6, fewest=4, table="rows"),
    Input("law", "响应关系", "response law", kind="choice", default="auto", choices=LAWS),
)
_RULER = (
    column("true", "铅尺上的真实长度", "true length on the ruler", "mm", 50, 500, most=10, table="rows"),
    column("measured", "图像上测得的长度", "length measured in the image", "mm", 25, 1000, most=10, table="rows"),
    distance("sid", "焦点到探测器距离 SID", "focus to detector distance", 1800.0, 500),
    Input("height", "铅尺高出探测器的距离", "ruler above the detector", "mm", low=0, high=300, default=0.0),
)


def _one(  # noqa: PLR0913, PLR0917 - the fields of a reading that most of these share
    key: str, zh: str, en: str, modalities: frozenset[str], inputs: tuple[Input, ...], quantity: str,
    function: Callable[[Given], Sequence[Found]], formula: str,
) -> Reading:  # fmt: skip
    return Reading(key, zh, en, modalities, inputs, (quantity,), function, formula, _WS76)


_AEC = "各次曝光的 mAs 或 DDI", "mAs or DDI of the exposures"

DETECTOR = (
    Reading(
        "dr.ddi", "探测器剂量指示（10 μGy）", "Detector dose indicator (10 µGy)", _DR,
        (
            column("indicated", "DDI 或像素均值", "DDI or mean pixel value", "1", 1e-3, 1e6),
            Input("calculated", "按厂家公式计算的 DDI", "DDI by the maker's formula", low=1e-3, high=1e6,
                optional=True),
        ),
        ("dr.phantom.ddi", "dr.phantom.ddi.deviation"), detector_dose_indicator,
        "x̄；(x_calc − x̄) / x̄ × 100 %", _WS76,
    ),
    _one("dr.dark_noise", "暗噪声", "Dark noise", _DR,
        (column("values", "像素均值或 DDI", "pixel value or DDI", "1", 0, 1e6),),
         "dr.phantom.dark_noise", dark_noise, "x̄"),
    _one("dr.distance", "测距误差", "Distance error", _DR, _RULER, "dr.phantom.distance.error", distance_error,
         "E = (Dm·(SID − h)/SID − D₀) / D₀ × 100 %"),
    _one("dr.resolution_visual", "极限空间分辨力（目视）", "Limiting resolution, by eye", _DR,
         (
             column("resolved", "各方向可分辨的最高线对", "finest resolved group of each direction", "{lp}/mm", 0.2,
                 20, most=4),
             Input("pitch", "像素间距", "pixel pitch", "mm", low=0.02, high=0.5),
         ),
         "dr.phantom.resolution.limit", limiting_resolution, "f_N = 1/(2p)"),
    _one("dr.low_contrast", "低对比度细节", "Low-contrast details", _DR,
         (Input("visible", "可见细节数", "visible details", kind="integer", low=0, high=500),),
         "dr.phantom.low_contrast.details", low_contrast_details, "n"),
    _one("dr.aec_sensitivity", "AEC 灵敏度", "AEC sensitivity", _DR, values(*_AEC, 1),
         "dr.phantom.aec.sensitivity", aec_sensitivity, "x̄"),
    _one("dr.aec_chambers", "AEC 电离室之间一致性", "AEC: chambers", _DR,
         values("各电离室的 mAs 或 DDI", "mAs or DDI of each chamber", 2),
         "dr.phantom.aec.chambers", aec_chambers, "(xᵢ − x̄) / x̄ × 100 %"),
    _one("dr.aec_voltages", "AEC 管电压之间一致性", "AEC: tube voltages", _DR,
         values("各管电压的剂量或 DDI", "dose or DDI of each tube voltage", 2),
         "dr.phantom.aec.voltages", aec_voltages, "x̄"),
    _one("dr.aec_repeatability", "AEC 重复性", "AEC repeatability", _DR, values(*_AEC, 3),
         "dr.phantom.aec.repeatability", aec_repeatability, "CV = s(n−1) / x̄ × 100 %"),
    _one("dr.signal_transfer", "信号传递特性", "Signal transfer", _DR, RESPONSE, "dr.phantom.signal_transfer.r2",
         signal_transfer, "P = a + bK, a + b ln K, a K^b；R² = 1 − Σ(P − P̂)² / Σ(P − P̄)²"),
    _one("dr.uniformity_readings", "响应均匀性（读数）", "Response uniformity, readings", _DR,
         means("五个区域的像素均值（已线性化）", "means of five regions (linearised)", 5, 5),
         "dr.phantom.uniformity.cv", uniformity, "CV = s(n−1) / P̄ × 100 %"),
    _one("dr.lag_readings", "残影（读数）", "Ghost image, readings", _DR,
         (
             Input("ghost", "残影区像素均值", "mean of the ghost", low=1e-3, high=1e6),
             Input("around", "非残影区像素均值", "mean of the surroundings", low=1e-3, high=1e6),
         ),
         "dr.phantom.lag", lag, "(P_ghost − P_around) / P_around × 100 %"),
    _one("cr.dark_noise", "IP 暗噪声", "Dark noise of a plate", _CR,
         (column("values", "像素均值或指示值", "pixel value or indicator", "1", 0, 1e6),),
         "cr.phantom.dark_noise", cr_dark_noise, "x̄"),
    _one("cr.uniformity", "IP 响应均匀性", "Plate uniformity", _CR,
         means("一块 IP 各区域的读数", "regions of one plate", 3), "cr.phantom.uniformity.single",
         plate_uniformity, "(xᵢ − x̄) / x̄ × 100 %"),
    _one("cr.plates", "IP 响应一致性", "Consistency of plates", _CR,
         means("各块 IP 的读数", "reading of each plate", 2), "cr.phantom.uniformity.between",
         plates, "(xᵢ − x̄) / x̄ × 100 %"),
    _one("cr.signal_transfer", "IP 响应线性", "Response of a plate", _CR, RESPONSE, "cr.phantom.signal_transfer.r2",
         cr_signal_transfer, "P = a + bK, a + b ln K, a K^b；R²"),
    _one("cr.distance", "CR 测距误差", "CR distance error", _CR, _RULER, "cr.phantom.distance.error",
         cr_distance_error, "E = (Dm·(SID − h)/SID − D₀) / D₀ × 100 %"),
)  # fmt: skip
