"""Readings of MR: magnet, frequency, table, and lengths read on the console."""

from __future__ import annotations

from collections.abc import Sequence

from imagingqc.errors import AnalysisError
from imagingqc.phantom.readings.ct import TRAVEL, table_error
from imagingqc.phantom.readings.fields import column
from imagingqc.phantom.readings.formulas import deviation_percent, largest
from imagingqc.phantom.readings.model import Found, Given, Input, Reading

_WST263 = "WS/T 263-2006"
_MR = frozenset({"MR"})
MHZ_PER_T = 42.577478518  # gyromagnetic ratio of the proton by 2 pi (CODATA 2018)
_FAR = 0.1  # of the nominal field: further off it is a wrong unit or a wrong magnet


def centre_frequency(given: Given) -> Sequence[Found]:
    """Centre frequency, MHz; field strength f / 42.577 MHz/T, T; change since the last test, ppm of that one."""
    frequency, field = given.number("frequency"), given.number("nominal")
    strength = frequency / MHZ_PER_T
    if abs(strength - field) > _FAR * field:
        raise AnalysisError("frequency_not_field", frequency=f"{frequency:g}", field=f"{field:g}")
    found = [
        Found("mr.phantom.centre_frequency", frequency),
        Found("mr.phantom.field_strength", strength, field),
    ]
    last = given.maybe("last")
    if last is not None:
        found.append(Found("mr.phantom.centre_frequency.change", (frequency - last) / last * 1e6))
    return found


def boil_off(given: Given) -> Sequence[Found]:
    """Helium level, %; with an earlier level also the loss (before - now) / days, % per day.

    AnalysisError `helium_rose` when the level rose: it was filled in between, and there is no rate to tell.
    """
    level = given.number("level")
    found = [Found("mr.magnet.helium_level", level)]
    before, days = given.maybe("before"), given.maybe("days")
    if before is not None and days is not None:
        if level > before:
            raise AnalysisError("helium_rose", before=f"{before:g}", now=f"{level:g}")
        found.append(Found("mr.magnet.boil_off", (before - level) / days))
    return found


def mr_table_error(given: Given) -> Sequence[Found]:
    """Measured minus set travel of every row, mm."""
    return table_error(given, "mr.phantom.table.error")


def homogeneity(given: Given) -> Sequence[Found]:
    """Full width at half maximum of the water line by the centre frequency, ppm (Hz / MHz)."""
    return [Found("mr.phantom.homogeneity", given.number("width") / given.number("frequency"))]


def distortion(given: Given) -> Sequence[Found]:
    """The largest (measured - true) / true x 100 of all lengths, %."""
    rows = zip(given.numbers("measured"), given.numbers("true"), strict=True)
    return [Found("mr.phantom.distortion", largest([deviation_percent(m, t) for m, t in rows]))]


def aspect_ratio(given: Given) -> Sequence[Found]:
    """Measured width by measured height of a square or round object x 100, %."""
    return [Found("mr.phantom.aspect_ratio", given.number("width") / given.number("height") * 100)]


def slice_gap(given: Given) -> Sequence[Found]:
    """Measured gap of slices, mm, with the set one as nominal."""
    return [Found("mr.phantom.slice_gap", given.number("measured"), given.number("nominal"))]


def slice_position(given: Given) -> Sequence[Found]:
    """Measured minus set position of every slice, mm."""
    rows = zip(given.numbers("set"), given.numbers("measured"), strict=True)
    return [Found("mr.phantom.slice_position.error", m - s) for s, m in rows]


def _length(key: str, zh: str, en: str) -> Input:
    return Input(key, zh, en, "mm", low=10, high=500)


def _frequency(key: str, zh: str, en: str, *, optional: bool = False) -> Input:
    return Input(key, zh, en, "MHz", low=2, high=500, optional=optional)


def _level(key: str, zh: str, en: str, *, optional: bool = False) -> Input:
    return Input(key, zh, en, "%", low=0, high=110, optional=optional)


MR = (
    Reading(
        "mr.centre_frequency", "中心频率", "Centre frequency", _MR,
        (
            _frequency("frequency", "中心频率", "centre frequency"),
            Input("nominal", "标称场强", "nominal field strength", "T", low=0.05, high=11.7),
            _frequency("last", "上次的中心频率", "centre frequency of the last test", optional=True),
        ),
        ("mr.phantom.centre_frequency", "mr.phantom.field_strength", "mr.phantom.centre_frequency.change"),
        centre_frequency, "B₀ = f / 42.577 MHz/T；Δf = (f − f₀)/f₀ × 10⁶", f"{_WST263}；ACR MR QC Manual",
    ),
    Reading(
        "mr.boil_off", "液氦水平与挥发", "Helium level and boil-off", _MR,
        (
            _level("level", "液氦水平", "helium level"),
            _level("before", "上次液氦水平", "helium level before", optional=True),
            Input("days", "间隔天数", "days in between", "d", low=0.5, high=400, optional=True),
        ),
        ("mr.magnet.helium_level", "mr.magnet.boil_off"), boil_off, "(L₀ − L) / d", _WST263,
    ),
    Reading("mr.table", "检查床定位误差", "Table positioning", _MR, TRAVEL, ("mr.phantom.table.error",),
            mr_table_error, "ΔL = L − L₀", "ACR MR QC Manual"),
    Reading(
        "mr.homogeneity_width", "磁场均匀性（线宽）", "Field homogeneity, line width", _MR,
        (Input("width", "水峰半高宽", "width of the water line at half height", "Hz", low=0.5, high=5000),
         _frequency("frequency", "中心频率", "centre frequency")),
        ("mr.phantom.homogeneity",), homogeneity, "FWHM / f", f"{_WST263}；ACR MR QC Manual",
    ),
    Reading(
        "mr.distortion_readings", "几何畸变率（读数）", "Geometric distortion, readings", _MR,
        (
            column("true", "真实长度", "true length", "mm", 10, 500, table="rows"),
            column("measured", "测得长度", "measured length", "mm", 5, 1000, table="rows"),
        ),
        ("mr.phantom.distortion",), distortion, "(Lm − L₀) / L₀ × 100 %", _WST263,
    ),
    Reading("mr.aspect_ratio", "纵横比", "Aspect ratio", _MR,
            (_length("width", "测得宽度", "measured width"), _length("height", "测得高度", "measured height")),
            ("mr.phantom.aspect_ratio",), aspect_ratio, "W / H × 100 %", _WST263),
    Reading(
        "mr.slice_gap", "层间隔", "Slice gap", _MR,
        (Input("nominal", "设定层间隔", "set gap", "mm", low=0.1, high=50),
         Input("measured", "实测层间隔", "measured gap", "mm", low=0, high=60)),
        ("mr.phantom.slice_gap",), slice_gap, "g − g₀", _WST263,
    ),
    Reading(
        "mr.slice_position", "层面定位误差", "Slice position", _MR,
        (
            column("set", "设定层面位置", "set position", "mm", -500, 500, table="rows"),
            column("measured", "实测层面位置", "measured position", "mm", -500, 500, table="rows"),
        ),
        ("mr.phantom.slice_position.error",), slice_position, "z − z₀", _WST263,
    ),
)  # fmt: skip
