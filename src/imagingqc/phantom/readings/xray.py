"""Readings of general X-ray units: radiography, CR, dental; the parts that mammography shares take a prefix."""

from __future__ import annotations

import math
from collections.abc import Sequence

from imagingqc.phantom.readings.fields import PROJECTION, RADIOGRAPHY, column, distance, kerma_readings
from imagingqc.phantom.readings.formulas import half_value_layer, largest, linearity_percent, variation_percent
from imagingqc.phantom.readings.model import Found, Given, Input, Reading

_WS76 = "WS 76-2020"


def tube_voltage(given: Given, quantity: str = "xr.phantom.tube_voltage") -> Sequence[Found]:
    """Every measured tube voltage, kV, with the set one as its nominal value."""
    rows = zip(given.numbers("set"), given.numbers("measured"), strict=True)
    return [Found(quantity, measured, nominal) for nominal, measured in rows]


def output_repeatability(given: Given, quantity: str = "xr.phantom.output.repeatability") -> Sequence[Found]:
    """CV of equal exposures, %: SD (n - 1) / mean."""
    return [Found(quantity, variation_percent(given.numbers("kerma")))]


def output_linearity(given: Given) -> Sequence[Found]:
    """Largest pairwise linearity coefficient of neighbouring mAs settings, %."""
    return [Found("xr.phantom.output.linearity", linearity_percent(given.numbers("mas"), given.numbers("kerma")))]


def hvl(given: Given, quantity: str = "xr.phantom.hvl") -> Sequence[Found]:
    """Half-value layer, mm Al, from attenuation readings by logarithmic interpolation."""
    return [Found(quantity, half_value_layer(given.numbers("thickness"), given.numbers("kerma")))]


def exposure_time(given: Given, prefix: str = "xr.phantom.exposure_time", long_from_ms: float = 100) -> Sequence[Found]:
    """Every measured time, ms, with the set one as nominal; short times have a limit of their own."""
    rows = zip(given.numbers("set"), given.numbers("measured"), strict=True)
    return [Found(f"{prefix}.{'long' if t >= long_from_ms else 'short'}", measured, t) for t, measured in rows]


def exposure_time_intraoral(given: Given) -> Sequence[Found]:
    """Every measured time of an intra-oral unit, ms, with the set one as nominal."""
    rows = zip(given.numbers("set"), given.numbers("measured"), strict=True)
    return [Found("xr.phantom.exposure_time.intraoral", measured, nominal) for nominal, measured in rows]


def beam_tilt(given: Given) -> Sequence[Found]:
    """Angle between beam and normal of the receptor, degrees.

    The image of the upper mark of an alignment tool of height h lies d from that of the lower mark; with the focus
    at a distance F of the image plane, tan(angle) = d (F - h) / (h F): the focus stands d (F - h) / h aside.
    """
    d, h, f = given.number("displacement"), given.number("height"), given.number("focus")
    return [Found("xr.phantom.beam.tilt", math.degrees(math.atan(d * (f - h) / (h * f))))]


def light_field(given: Given) -> Sequence[Found]:
    """Light against radiation field, cm: largest side deviation with its sign, and distance of the centres.

    A side counts positive where the radiation field reaches beyond the light.  The centre moves by half of the
    difference of opposite sides: sqrt(((right - left) / 2)^2 + ((bottom - top) / 2)^2).
    """
    left, right, top, bottom = (given.number(side) for side in ("left", "right", "top", "bottom"))
    centre = math.hypot((right - left) / 2, (bottom - top) / 2)
    return [
        Found("xr.phantom.light_field.edge", largest([left, right, top, bottom])),
        Found("xr.phantom.light_field.centre", centre),
    ]


def dental_resolution(given: Given) -> Sequence[Found]:
    """Finest resolved group of a bar pattern, lp/mm."""
    return [Found("xr.phantom.resolution.dental", given.number("resolved"))]


def hvl_of_intraoral(given: Given) -> Sequence[Found]:
    """Half-value layer of an intra-oral unit, mm Al."""
    return hvl(given, "xr.phantom.hvl.intraoral")


def set_and_measured(zh: str, en: str, unit: str, low: float, high: float) -> tuple[Input, Input]:
    """A table of set and measured values."""
    return (
        column("set", f"设定{zh}", f"{en}, set", unit, low, high, table="rows"),
        column("measured", f"实测{zh}", f"{en}, measured", unit, low, high, table="rows"),
    )


def attenuation(low_mm: float, high_mm: float) -> tuple[Input, Input]:
    """A table of filter thickness (0 = no filter) and reading."""
    zh, en = "铝片厚度（0 为无铝片）", "aluminium filter (0: none)"
    return (
        column("thickness", zh, en, "mm", low_mm, high_mm, fewest=3, table="rows"),
        kerma_readings(3, table="rows", most=30),
    )


def _side(key: str, zh: str, en: str) -> Input:
    label = f"{zh}边：照射野超出光野（不足为负）", f"{en}: radiation beyond light (short of it: negative)"
    return Input(key, *label, "cm", "number", -10, 10)


_TIME = set_and_measured("曝光时间", "exposure time", "ms", 0.5, 10000)

XRAY = (
    Reading(
        "xr.tube_voltage", "管电压指示的偏离", "Tube voltage", frozenset({"DX", "CR", "IO", "PX"}),
        set_and_measured("管电压", "tube voltage", "kV", 40, 160), ("xr.phantom.tube_voltage",), tube_voltage,
        "ΔU = U − U₀", _WS76,
    ),
    Reading(
        "xr.output_repeatability", "输出量重复性", "Output repeatability", PROJECTION - {"MG"},
        (kerma_readings(3),), ("xr.phantom.output.repeatability",), output_repeatability,
        "CV = s(n−1) / K̄ × 100 %", _WS76,
    ),
    Reading(
        "xr.output_linearity", "输出量线性", "Output linearity", RADIOGRAPHY,
        (
            column("mas", "管电流时间积", "tube current-time product", "mA.s", 0.1, 1000, fewest=2, table="rows"),
            kerma_readings(2, table="rows"),
        ),
        ("xr.phantom.output.linearity",), output_linearity,
        "X = K / mAs；L = max (Xᵢ − Xᵢ₊₁) / (Xᵢ + Xᵢ₊₁) × 100 %", f"{_WS76}；IEC 60601-2-54",
    ),
    Reading(
        "xr.hvl", "有用线束半值层（80 kV）", "Half-value layer (80 kV)", RADIOGRAPHY,
        attenuation(0, 20), ("xr.phantom.hvl",), hvl,
        "HVL = t₁ + (t₂ − t₁) ln(2K₁/K₀) / ln(K₁/K₂)", _WS76,
    ),
    Reading(
        "xr.hvl.intraoral", "有用线束半值层（口内机）", "Half-value layer, intra-oral", frozenset({"IO"}),
        attenuation(0, 20), ("xr.phantom.hvl.intraoral",), hvl_of_intraoral,
        "HVL = t₁ + (t₂ − t₁) ln(2K₁/K₀) / ln(K₁/K₂)", _WS76,
    ),
    Reading(
        "xr.exposure_time", "曝光时间指示的偏离", "Exposure time", RADIOGRAPHY,
        _TIME, ("xr.phantom.exposure_time.long", "xr.phantom.exposure_time.short"), exposure_time,
        "Δt = t − t₀；t₀ ≥ 100 ms / t₀ < 100 ms", _WS76,
    ),
    Reading(
        "xr.exposure_time.intraoral", "曝光时间指示的偏离（口内机）", "Exposure time, intra-oral", frozenset({"IO"}),
        _TIME, ("xr.phantom.exposure_time.intraoral",), exposure_time_intraoral,
        "Δt = t − t₀", _WS76,
    ),
    Reading(
        "xr.beam_tilt", "有用线束垂直度偏离", "Beam perpendicularity", RADIOGRAPHY,
        (
            Input("displacement", "上下标记影像的间距", "distance between the images of the marks", "mm", low=0,
                high=100),
            Input("height", "检测筒高度", "height of the tool", "mm", low=20, high=500, default=150.0),
            distance("focus", "焦点到影像平面的距离", "focus to image plane", 1000.0, 500),
        ),
        ("xr.phantom.beam.tilt",), beam_tilt, "θ = arctan[d (F − h) / (h F)]", _WS76,
    ),
    Reading(
        "xr.light_field", "光野与照射野的偏离", "Light and radiation field", RADIOGRAPHY,
        (_side("left", "左", "left"), _side("right", "右", "right"), _side("top", "上", "top"),
            _side("bottom", "下", "bottom")),
        ("xr.phantom.light_field.edge", "xr.phantom.light_field.centre"), light_field,
        "max(l, r, t, b)；√[((r − l)/2)² + ((b − t)/2)²]", _WS76,
    ),
    Reading(
        "xr.resolution.dental", "高对比分辨力（牙科）", "High-contrast resolution, dental", frozenset({"IO", "PX"}),
        (Input("resolved", "可分辨的最高线对", "finest resolved group", "{lp}/mm", low=0.1, high=30),),
        ("xr.phantom.resolution.dental",), dental_resolution, "lp/mm", _WS76,
    ),
)  # fmt: skip
