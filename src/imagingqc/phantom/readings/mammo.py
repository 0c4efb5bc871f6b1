"""Readings of mammography units, with the average glandular dose after Dance."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import numpy as np

from imagingqc.errors import AnalysisError
from imagingqc.phantom.readings.detector import RESPONSE, signal_transfer
from imagingqc.phantom.readings.fields import column, distance, factor, kerma_readings
from imagingqc.phantom.readings.formulas import at_distance, deviation_percent, largest, variation_percent
from imagingqc.phantom.readings.model import Choice, Found, Given, Input, Reading
from imagingqc.phantom.readings.xray import (
    attenuation,
    exposure_time,
    hvl,
    output_repeatability,
    set_and_measured,
    tube_voltage,
)

_WS76 = "WS 76-2020"
_MG = frozenset({"MG"})

# Dance 1990 and Dance et al 2000 (Phys Med Biol 35:1211, 45:3225): factors for 40 mm of PMMA, which stands for a
# breast of 45 mm, at half-value layers of mm Al.  g and s agree with a second public list, c awaits print.
_HVL = (0.30, 0.35, 0.40, 0.45, 0.50, 0.55, 0.60)
_G = (0.183, 0.208, 0.232, 0.258, 0.285, 0.311, 0.339)
_C = (1.043, 1.041, 1.040, 1.039, 1.037, 1.035, 1.034)
_S = {"mo_mo": 1.0, "mo_rh": 1.017, "rh_rh": 1.061, "rh_al": 1.044, "w_rh": 1.042}
_LONG_FROM_MS = 200.001  # the limit of short times holds up to 200 ms


def specific_output(given: Given) -> Sequence[Found]:
    """Air kerma at 1 m per mAs, µGy/mAs: K (d / 1000 mm)^2 / mAs."""
    kerma = fmean(given.numbers("kerma")) * given.number("factor")
    at_one_metre = at_distance(kerma, given.number("measured_at"), 1000)
    return [Found("mg.phantom.output.specific", at_one_metre / given.number("mas"))]


def glandular_dose(given: Given) -> Sequence[Found]:
    """Average glandular dose of 40 mm PMMA, mGy: D = K g c s (Dance).

    K is the air kerma at the upper surface of the PMMA without backscatter, from the reading by the inverse-square
    law.  g and c depend on the half-value layer and are interpolated between its tabulated values, s on target and
    filter; AnalysisError `dance_hvl` outside the table, `dance_filter` for a combination without a factor here,
    unless the three factors are given.
    """
    kerma = fmean(given.numbers("kerma")) * given.number("factor")
    kerma = at_distance(kerma, given.number("measured_at"), given.number("wanted_at"))
    g, c = _by_hvl(given, "g", _G), _by_hvl(given, "c", _C)
    return [Found("mg.phantom.agd", kerma * g * c * _spectrum(given))]


def _by_hvl(given: Given, key: str, table: Sequence[float]) -> float:
    stated = given.maybe(key)
    if stated is not None:
        return stated
    value = given.number("hvl")
    if not _HVL[0] <= value <= _HVL[-1]:
        raise AnalysisError("dance_hvl", hvl=f"{value:g}", low=_HVL[0], high=_HVL[-1])
    return float(np.interp(value, _HVL, table))


def _spectrum(given: Given) -> float:
    stated = given.maybe("s")
    if stated is not None:
        return stated
    combination = given.text("filter")
    if combination not in _S:
        raise AnalysisError("dance_filter", filter=combination.replace("_", "/").title())
    return _S[combination]


def mg_tube_voltage(given: Given) -> Sequence[Found]:
    """Every measured tube voltage, kV, with the set one as nominal."""
    return tube_voltage(given, "mg.phantom.tube_voltage")


def mg_output_repeatability(given: Given) -> Sequence[Found]:
    """CV of equal exposures, %."""
    return output_repeatability(given, "mg.phantom.output.repeatability")


def mg_hvl(given: Given) -> Sequence[Found]:
    """Half-value layer at 28 kV, mm Al, of the chosen target and filter."""
    return hvl(given, f"mg.phantom.hvl.{given.text('filter')}")


def mg_exposure_time(given: Given) -> Sequence[Found]:
    """Every measured time, ms, with the set one as nominal; up to 200 ms counts as short."""
    return exposure_time(given, "mg.phantom.exposure_time", _LONG_FROM_MS)


def mg_signal_transfer(given: Given) -> Sequence[Found]:
    """R² of the response of the receptor."""
    return signal_transfer(given, "mg.phantom.signal_transfer.r2")


def aec_repeatability(given: Given) -> Sequence[Found]:
    """CV of the mAs of equal automatic exposures, %."""
    return [Found("mg.phantom.aec.repeatability", variation_percent(given.numbers("mas")))]


def chest_wall(given: Given) -> Sequence[Found]:
    """Radiation field beyond the table's edge at the chest wall, mm; short of it negative."""
    return [Found("mg.phantom.chest_wall.excess", given.number("excess"))]


def field_edges(given: Given) -> Sequence[Found]:
    """The largest deviation of the three other sides, mm, with its sign."""
    return [Found("mg.phantom.field.edge", largest(given.numbers("sides")))]


def compression(given: Given) -> Sequence[Found]:
    """Largest forces, N, and error of the display (displayed - measured), N, of what was read."""
    found = []
    for key in ("power", "manual"):
        force = given.maybe(key)
        if force is not None:
            found.append(Found(f"mg.phantom.compression.{key}", force))
    shown, measured = given.numbers("shown"), given.numbers("measured")
    if shown and measured:
        differences = [s - m for s, m in zip(shown, measured, strict=True)]
        found.append(Found("mg.phantom.compression.display", largest(differences)))
    if not found:
        raise AnalysisError("compression_nothing")
    return found


def uniformity(given: Given) -> Sequence[Found]:
    """Largest difference of a corner from the centre, % of the centre."""
    centre = given.number("centre")
    return [Found("mg.phantom.uniformity", largest([deviation_percent(v, centre) for v in given.numbers("corners")]))]


def ghost(given: Given) -> Sequence[Found]:
    """Ghost factor |ghost - plain| / |object - plain|: the ghost against the contrast of 0.1 mm Al (EUREF)."""
    plain, target = given.number("plain"), given.number("object")
    if target == plain:
        raise AnalysisError("ghost_no_contrast")
    return [Found("mg.phantom.ghost", abs((given.number("ghost") - plain) / (target - plain)))]


def resolution(given: Given) -> Sequence[Found]:
    """Finest resolved group of each direction, lp/mm."""
    return [Found("mg.phantom.resolution", v) for v in given.numbers("resolved")]


def contrast_to_noise(given: Given) -> Sequence[Found]:
    """CNR = |plain - Al| / sqrt((SD_plain^2 + SD_Al^2) / 2), for 0.2 mm Al (EUREF)."""
    noise = ((given.number("plain_sd") ** 2 + given.number("object_sd") ** 2) / 2) ** 0.5
    return [Found("mg.phantom.cnr", abs(given.number("plain") - given.number("object")) / noise)]


def _pixel(key: str, zh: str, en: str, low: float = 1e-3) -> Input:
    return Input(key, zh, en, low=low, high=1e6)


def _force(key: str, zh: str, en: str) -> Input:
    return Input(key, zh, en, "N", low=10, high=500, optional=True)


def _display(key: str, zh: str, en: str) -> Input:
    return Input(key, zh, en, "N", "numbers", 0, 400, optional=True, most=10, table="rows")


def _share(key: str, low: float, high: float) -> Input:
    return Input(key, f"Dance {key} 因子（表外时填写）", f"Dance factor {key} (where the table ends)",
                 low=low, high=high, optional=True)  # fmt: skip


_FILTERS = tuple(
    Choice(key, name, name)
    for key, name in (
        ("mo_mo", "Mo/Mo"), ("mo_rh", "Mo/Rh"), ("rh_rh", "Rh/Rh"), ("w_rh", "W/Rh"),
        ("w_al", "W/Al"), ("w_ag", "W/Ag"), ("rh_al", "Rh/Al"),
    )
)  # fmt: skip
_FILTER = Input("filter", "靶/滤过", "target/filter", kind="choice", choices=_FILTERS)
_CHAMBER = distance("measured_at", "焦点到电离室的距离", "focus to chamber", None, 300, 1000)

MAMMO = (
    Reading("mg.tube_voltage", "乳腺机管电压", "Tube voltage, mammography", _MG,
            set_and_measured("管电压", "tube voltage", "kV", 20, 50), ("mg.phantom.tube_voltage",), mg_tube_voltage,
            "ΔU = U − U₀", _WS76),
    Reading("mg.hvl", "乳腺机半值层（28 kV）", "Half-value layer, mammography", _MG, (_FILTER, *attenuation(0, 2)),
            tuple(f"mg.phantom.hvl.{c.key}" for c in _FILTERS), mg_hvl,
            "HVL = t₁ + (t₂ − t₁) ln(2K₁/K₀) / ln(K₁/K₂)", _WS76),
    Reading("mg.output_repeatability", "乳腺机输出量重复性", "Output repeatability, mammography", _MG,
            (kerma_readings(3),), ("mg.phantom.output.repeatability",), mg_output_repeatability,
            "CV = s(n−1) / K̄ × 100 %", _WS76),
    Reading(
        "mg.output_specific", "特定辐射输出量", "Specific output", _MG,
        (kerma_readings(1), factor(),
            Input("mas", "管电流时间积", "tube current-time product", "mA.s", low=1, high=600), _CHAMBER),
        ("mg.phantom.output.specific",), specific_output, "Y = K̄·k·(d/1 m)² / mAs", _WS76,
    ),
    Reading("mg.exposure_time", "乳腺机曝光时间", "Exposure time, mammography", _MG,
            set_and_measured("曝光时间", "exposure time", "ms", 5, 10000),
            ("mg.phantom.exposure_time.long", "mg.phantom.exposure_time.short"), mg_exposure_time,
            "Δt = t − t₀；t₀ > 200 ms / t₀ ≤ 200 ms", _WS76),
    Reading("mg.aec_repeatability", "乳腺机 AEC 重复性", "AEC repeatability, mammography", _MG,
            (column("mas", "各次曝光 mAs", "mAs of the exposures", "mA.s", 1, 1000, fewest=3),),
            ("mg.phantom.aec.repeatability",), aec_repeatability, "CV = s(n−1) / x̄ × 100 %", _WS76),
    Reading("mg.chest_wall", "胸壁侧照射野", "Field at the chest wall", _MG,
            (Input("excess", "照射野超出台边（不足为负）", "field beyond the edge (short of it: negative)", "mm",
                low=-50, high=50),),
            ("mg.phantom.chest_wall.excess",), chest_wall, "Δ", _WS76),
    Reading("mg.field_edges", "三边照射野偏离", "Field at the other sides", _MG,
            (column("sides", "左、右、前侧的偏离（有正负）", "left, right and nipple side, signed", "mm", -50, 50,
                fewest=3, most=3),),
            ("mg.phantom.field.edge",), field_edges, "max |Δ|", _WS76),
    Reading(
        "mg.compression", "压迫力", "Compression force", _MG,
        (
            _force("power", "最大压迫力（电动）", "largest force, powered"),
            _force("manual", "最大压迫力（手动）", "largest force, manual"),
            _display("shown", "显示值", "displayed force"), _display("measured", "实测值", "measured force"),
        ),
        ("mg.phantom.compression.power", "mg.phantom.compression.manual", "mg.phantom.compression.display"),
        compression, "F；ΔF = F_shown − F", _WS76,
    ),
    Reading("mg.signal_transfer", "乳腺影像接收器响应", "Receptor response, mammography", _MG, RESPONSE,
            ("mg.phantom.signal_transfer.r2",), mg_signal_transfer, "P = a + bK, a + b ln K, a K^b；R²", _WS76),
    Reading(
        "mg.uniformity_readings", "乳腺影像接收器均匀性（读数）", "Receptor uniformity, readings", _MG,
        (_pixel("centre", "中心像素均值", "mean of the centre"),
            column("corners", "四角像素均值", "means of the corners", "1", 1e-3, 1e6, fewest=4, most=4)),
        ("mg.phantom.uniformity",), uniformity, "max (Pᵢ − P_c) / P_c × 100 %", _WS76,
    ),
    Reading(
        "mg.ghost", "乳腺残影因子", "Ghost factor, mammography", _MG,
        (
            _pixel("ghost", "残影区均值（无铝）", "mean of the ghost, no aluminium", 0),
            _pixel("plain", "无残影区均值（无铝）", "mean without ghost, no aluminium", 0),
            _pixel("object", "0.1 mm 铝片处均值（无残影）", "mean behind 0.1 mm Al, no ghost", 0),
        ),
        ("mg.phantom.ghost",), ghost, "|P_g − P₀| / |P_Al − P₀|", f"{_WS76}；EUREF 4th ed.",
    ),
    Reading("mg.resolution", "乳腺高对比分辨力（目视）", "High-contrast resolution, mammography", _MG,
            (column("resolved", "各方向可分辨的最高线对", "finest resolved group of each direction", "{lp}/mm", 1,
                30, most=4),),
            ("mg.phantom.resolution",), resolution, "lp/mm", _WS76),
    Reading(
        "mg.cnr_readings", "乳腺 CNR（读数）", "CNR, mammography, readings", _MG,
        (
            _pixel("plain", "背景均值", "mean, background"), _pixel("plain_sd", "背景标准差", "SD, background"),
            _pixel("object", "0.2 mm 铝片处均值", "mean behind 0.2 mm Al"),
            _pixel("object_sd", "0.2 mm 铝片处标准差", "SD behind 0.2 mm Al"),
        ),
        ("mg.phantom.cnr",), contrast_to_noise, "|P₀ − P_Al| / √[(s₀² + s_Al²)/2]", f"{_WS76}；EUREF 4th ed.",
    ),
    Reading(
        "mg.agd", "乳腺平均剂量（4 cm PMMA）", "Average glandular dose (4 cm PMMA)", _MG,
        (
            column("kerma", "空气比释动能（无反散射）", "air kerma without backscatter", "mGy", 0.01, 100),
            factor(), _CHAMBER,
            distance("wanted_at", "焦点到 PMMA 上表面的距离", "focus to upper surface of the PMMA", None, 300, 1000),
            Input("hvl", "半值层", "half-value layer", "mm", low=0.2, high=1.0), _FILTER,
            _share("g", 0.05, 0.8), _share("c", 0.8, 1.5), _share("s", 0.9, 1.3),
        ),
        ("mg.phantom.agd",), glandular_dose, "D = K·g·c·s", "Dance 1990；Dance 2000；EUREF 4th ed.",
    ),
)  # fmt: skip
