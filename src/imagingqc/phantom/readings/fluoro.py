"""Readings of fluoroscopy and DSA: kerma rates, brightness control, stray radiation, counts of what is seen."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from imagingqc.errors import AnalysisError
from imagingqc.phantom.readings.fields import FLUOROSCOPY, column, distance, factor
from imagingqc.phantom.readings.formulas import at_distance, largest_from_mean_percent
from imagingqc.phantom.readings.model import Choice, Found, Given, Input, Reading

_WS76 = "WS 76-2020"
_GRID_TRANSMISSION = 0.5  # what the method of WS 76 takes for a grid that stays in the beam


def entrance_rate(given: Given) -> Sequence[Found]:
    """Entrance air-kerma rate, mGy/min: mean reading x factor, taken from its distance to that of the surface."""
    rate = fmean(given.numbers("rates")) * given.number("factor")
    rate = at_distance(rate, given.number("measured_at"), given.number("wanted_at"))
    return [Found(f"rf.phantom.kerma_rate.{given.text('mode')}", rate)]


def screen_rate(given: Given) -> Sequence[Found]:
    """Air-kerma rate at the receptor, µGy/min: mean x factor at the receptor's distance, half behind a fixed grid."""
    rate = fmean(given.numbers("rates")) * given.number("factor")
    rate = at_distance(rate, given.number("measured_at"), given.number("wanted_at"))
    share = _GRID_TRANSMISSION if given.flag("grid") else 1.0
    return [Found(f"rf.phantom.screen_rate.{given.text('field')}", rate * share)]


def brightness_control(given: Given) -> Sequence[Found]:
    """Largest deviation of any reading from the mean of all, %."""
    return [Found("rf.phantom.brightness_control", largest_from_mean_percent(given.numbers("values")))]


def operator_dose_rate(given: Given) -> Sequence[Found]:
    """The largest reading of all places x factor, µSv/h, background taken off and never below 0."""
    net = max(given.numbers("rates")) * given.number("factor") - given.number("background")
    return [Found("rf.phantom.operator_dose_rate", max(0.0, net))]


def resolution(given: Given) -> Sequence[Found]:
    """Finest resolved group, lp/mm."""
    return [Found("rf.phantom.resolution.high_contrast", given.number("resolved"))]


def low_contrast(given: Given) -> Sequence[Found]:
    """Smallest visible contrast, %."""
    return [Found("rf.phantom.low_contrast", given.number("contrast"))]


def _missing(given: Given, quantity: str) -> Sequence[Found]:
    visible, total = given.number("visible"), given.number("total")
    if visible > total:
        raise AnalysisError("more_seen_than_there_are", visible=int(visible), total=int(total))
    return [Found(quantity, total - visible)]


def dynamic_range(given: Given) -> Sequence[Found]:
    """Grey steps on which the vessel is not seen."""
    return _missing(given, "xa.phantom.dynamic_range.missing")


def contrast_sensitivity(given: Given) -> Sequence[Found]:
    """Vessels that are not seen on the step asked for."""
    return _missing(given, "xa.phantom.contrast.missing")


def _rate(unit: str, high: float, zh: str, en: str, fewest: int = 1) -> Input:
    return column("rates", zh, en, unit, 1e-3, high, fewest=fewest)


def _counts(zh: str, en: str, total: int) -> tuple[Input, Input]:
    return (
        Input("visible", f"可见{zh}", f"visible {en}", kind="integer", low=0, high=50),
        Input("total", f"{zh}总数", f"{en} in all", kind="integer", low=1, high=50, default=total),
    )


_DISTANCES = (
    distance("measured_at", "焦点到电离室的距离", "focus to chamber", None, 200),
    distance("wanted_at", "焦点到规定测量点的距离", "focus to the point asked for", None, 200),
)
_MODES = (
    Choice("typical", "典型值", "typical"),
    Choice("typical_screen", "典型值（荧光屏）", "typical (fluorescent screen)"),
    Choice("max", "最大值（普通模式）", "largest (ordinary mode)"),
    Choice("max_high", "最大值（高剂量率模式）", "largest (high-dose mode)"),
)  # fmt: skip
_FIELDS = (
    Choice("field_400", "影像增强器 350 mm 或平板 400 mm", "intensifier 350 mm or flat panel 400 mm"),
    Choice("field_300", "影像增强器 310 mm 或平板 300 mm", "intensifier 310 mm or flat panel 300 mm"),
    Choice("field_250", "影像增强器 230 mm 或平板 250 mm", "intensifier 230 mm or flat panel 250 mm"),
    Choice("field_200", "影像增强器 150 mm 或平板 200 mm", "intensifier 150 mm or flat panel 200 mm"),
)

FLUORO = (
    Reading(
        "rf.entrance_rate", "入射体表空气比释动能率", "Entrance air-kerma rate", FLUOROSCOPY,
        (
            Input("mode", "工作方式", "mode", kind="choice", choices=_MODES),
            _rate("mGy/min", 1000, "比释动能率读数", "kerma rate readings"), factor(), *_DISTANCES,
        ),
        tuple(f"rf.phantom.kerma_rate.{c.key}" for c in _MODES), entrance_rate, "K̇ = M̄·k·(d/d₀)²", _WS76,
    ),
    Reading(
        "rf.screen_rate", "入射屏前空气比释动能率", "Air-kerma rate at the receptor", FLUOROSCOPY,
        (
            Input("field", "视野", "field", kind="choice", choices=_FIELDS),
            _rate("uGy/min", 10000, "比释动能率读数", "kerma rate readings"), factor(), *_DISTANCES,
            Input("grid", "滤线栅未取下", "grid in place", kind="flag", default=False),
        ),
        tuple(f"rf.phantom.screen_rate.{c.key}" for c in _FIELDS), screen_rate, "K̇ = M̄·k·(d/d₀)²·g；g = 0.5 / 1",
        _WS76,
    ),
    Reading(
        "rf.brightness_control", "自动亮度控制", "Automatic brightness control", FLUOROSCOPY,
        (column("values", "各衰减层的亮度或剂量率", "brightness or rate of each absorber", "1", 1e-3, 1e6,
            fewest=2),),
        ("rf.phantom.brightness_control",), brightness_control, "max (xᵢ − x̄) / x̄ × 100 %", _WS76,
    ),
    Reading(
        "rf.operator_dose_rate", "透视防护区周围剂量当量率", "Dose rate in the operator's area", FLUOROSCOPY,
        (
            _rate("uSv/h", 1e5, "各点读数（足、下肢、腹、胸、头）", "readings (foot, leg, abdomen, chest, head)",
                5), factor(),
            Input("background", "本底", "background", "uSv/h", low=0, high=10, default=0.0),
        ),
        ("rf.phantom.operator_dose_rate",), operator_dose_rate, "max(M)·k − B", "WS 76-2020；GBZ 130-2020",
    ),
    Reading(
        "rf.resolution", "透视高对比分辨力", "High-contrast resolution, fluoroscopy", FLUOROSCOPY,
        (Input("resolved", "可分辨的最高线对", "finest resolved group", "{lp}/mm", low=0.1, high=10),),
        ("rf.phantom.resolution.high_contrast",), resolution, "lp/mm", _WS76,
    ),
    Reading(
        "rf.low_contrast", "透视低对比分辨力", "Low-contrast resolution, fluoroscopy", FLUOROSCOPY,
        (Input("contrast", "可见的最低对比度", "smallest visible contrast", "%", low=0.1, high=50),),
        ("rf.phantom.low_contrast",), low_contrast, "%", _WS76,
    ),
    Reading(
        "xa.dynamic_range", "DSA 动态范围", "DSA dynamic range", frozenset({"XA"}),
        _counts("灰阶", "grey steps", 7), ("xa.phantom.dynamic_range.missing",), dynamic_range, "N − n", _WS76,
    ),
    Reading(
        "xa.contrast", "DSA 对比灵敏度", "DSA contrast sensitivity", frozenset({"XA"}),
        _counts("血管", "vessels", 4), ("xa.phantom.contrast.missing",), contrast_sensitivity, "N − n", _WS76,
    ),
)  # fmt: skip
