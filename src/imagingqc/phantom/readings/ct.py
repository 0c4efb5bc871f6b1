"""Readings of CT: dose in the head and body phantoms, table, lasers, tilt, and values read on the console."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from imagingqc.errors import AnalysisError
from imagingqc.phantom.readings.fields import column, factor
from imagingqc.phantom.readings.formulas import largest
from imagingqc.phantom.readings.model import Choice, Found, Given, Input, Reading

_WS519 = "WS 519-2019"
_CT = frozenset({"CT"})
_RAMP = 0.42  # tan 23°: the wire ramps of the CatPhan


def ctdi_w(centre: float, edge: Sequence[float]) -> float:
    """CTDIw = 1/3 centre + 2/3 mean of the periphery, in the unit of the readings (IEC 60601-2-44)."""
    return centre / 3 + 2 / 3 * fmean(edge)


def ctdi(given: Given) -> Sequence[Found]:
    """CTDIw, mGy, with what follows from it: per mAs, CTDIvol with the pitch, DLP with the length.

    The chamber of 100 mm reads the dose-length product in mGy cm: CTDI100 = reading x factor x 10 / (N T), N T the
    nominal collimation in mm.  CTDIvol = CTDIw / pitch, DLP = CTDIvol x length (IEC 60601-2-44).
    """
    scale = given.number("factor") * 10 / given.number("collimation")
    weighted = ctdi_w(fmean(given.numbers("centre")) * scale, [v * scale for v in given.numbers("edge")])
    found = [Found(f"ct.phantom.ctdi.{given.text('phantom')}", weighted)]
    mas, pitch, length = given.maybe("mas"), given.maybe("pitch"), given.maybe("length")
    if mas is not None:
        found.append(Found("ct.phantom.ctdi.normalised", weighted / mas))
    if pitch is not None:
        found.append(Found("ct.phantom.ctdivol", weighted / pitch))
        if length is not None:
            found.append(Found("ct.phantom.dlp", weighted / pitch * length / 10))
    return found


def ctdivol_acr(given: Given) -> Sequence[Found]:
    """CTDIvol of one ACR protocol, mGy: CTDIw / pitch, or CTDIw N T / I for axial scans (pitch = I / N T)."""
    scale = given.number("factor") * 10 / given.number("collimation")
    weighted = ctdi_w(fmean(given.numbers("centre")) * scale, [v * scale for v in given.numbers("edge")])
    return [Found(f"ct.phantom.ctdivol.{given.text('protocol')}", weighted / given.number("pitch"))]


def table_error(given: Given, quantity: str = "ct.phantom.table.error") -> Sequence[Found]:
    """Measured minus set travel of every row, mm; 0 as set travel is the return to the start."""
    rows = zip(given.numbers("set"), given.numbers("measured"), strict=True)
    return [Found(quantity, measured - wanted) for wanted, measured in rows]


def laser_error(given: Given) -> Sequence[Found]:
    """The largest distance between a laser line and the plane it marks, mm, with its sign."""
    return [Found("ct.phantom.laser.error", largest(given.numbers("deviations")))]


def tilt_error(given: Given) -> Sequence[Found]:
    """arccos(L1 / L2) minus the set angle, degrees; L1 the untilted and L2 the tilted length of one object."""
    upright, tilted = given.number("upright"), given.number("tilted")
    if tilted < upright:
        raise AnalysisError("tilt_shorter", upright=f"{upright:g}", tilted=f"{tilted:g}")
    return [Found("ct.phantom.tilt.error", math.degrees(math.acos(upright / tilted)) - given.number("set"))]


def slice_thickness(given: Given) -> Sequence[Found]:
    """Mean full width at half maximum of the ramps times the tangent of their angle, mm."""
    measured = fmean(given.numbers("widths")) * given.number("slope")
    return [Found("ct.phantom.slice_thickness", measured, given.number("nominal"))]


def water(given: Given) -> Sequence[Found]:
    """CT number, HU; uniformity, the largest difference of the edge from the centre, HU; noise at 10 mm, %.

    Noise = SD x sqrt(T / 10 mm) / 1000 HU x 100 %, T the slice thickness.
    """
    centre = given.number("centre")
    noise = given.number("sd") * math.sqrt(given.number("thickness") / 10) / 1000 * 100
    return [
        Found("ct.phantom.ct_number", centre),
        Found("ct.phantom.uniformity", largest([edge - centre for edge in given.numbers("edge")])),
        Found("ct.phantom.noise", noise),
    ]


def linearity(given: Given) -> Sequence[Found]:
    """The largest difference of measured and nominal CT number over four or more materials, HU."""
    rows = zip(given.numbers("nominal"), given.numbers("measured"), strict=True)
    return [Found("ct.phantom.linearity", largest([m - n for n, m in rows]))]


def high_contrast(given: Given) -> Sequence[Found]:
    """Finest resolved group, lp/cm, by the kernel it was scanned with."""
    return [Found(f"ct.phantom.resolution.{given.text('kernel')}", given.number("resolved"))]


def low_contrast(given: Given) -> Sequence[Found]:
    """Smallest visible detail, mm, as it was seen: contrasts are not converted into one another."""
    return [Found("ct.phantom.resolution.low_contrast", given.number("detail"))]


def _chamber(key: str, zh: str, en: str, fewest: int, most: int) -> Input:
    return column(key, f"{zh}读数（100 mm 电离室）", f"{en}, readings (100 mm chamber)", "mGy.cm", 1e-3, 1000,
                  fewest=fewest, most=most)  # fmt: skip


def hounsfield(key: str, zh: str, en: str, **more: int) -> Input:
    """A CT number or a list of them."""
    if more:
        return column(key, zh, en, "[hnsf'U]", -1100, 4000, table="rows" if "table" in more else "",
                      fewest=more["fewest"], most=more.get("most", 30))  # fmt: skip
    return Input(key, zh, en, "[hnsf'U]", low=-1100, high=4000)


_CENTRE = _chamber("centre", "中心", "centre", 1, 5)
_EDGE = _chamber("edge", "外周（3、6、9、12 点）", "periphery (3, 6, 9, 12 o'clock)", 4, 4)
_COLLIMATION = Input("collimation", "标称准直宽度 N·T", "nominal collimation N·T", "mm", low=0.5, high=170)
_FACTOR = factor(zh="校准因子（含空气密度修正）", en="calibration factor (with air density)")
_PHANTOMS = (Choice("head", "头模（16 cm）", "head (16 cm)"), Choice("body", "体模（32 cm）", "body (32 cm)"))
_PROTOCOLS = (
    Choice("adult_head", "成人头部", "adult head"), Choice("adult_abdomen", "成人腹部", "adult abdomen"),
    Choice("child_head", "儿童头部", "paediatric head"), Choice("child_abdomen", "儿童腹部", "paediatric abdomen"),
)  # fmt: skip
_KERNELS = (
    Choice("high_contrast", "常规算法", "standard kernel"),
    Choice("high_contrast_sharp", "高分辨算法", "sharp kernel"),
)  # fmt: skip
TRAVEL = (
    column("set", "设定移动距离（归位填 0）", "set travel (0: return to the start)", "mm", -2000, 2000, table="rows"),
    column("measured", "实测移动距离", "measured travel", "mm", -2000, 2000, table="rows"),
)

CT = (
    Reading(
        "ct.ctdi", "CTDIw", "CTDIw", _CT,
        (
            Input("phantom", "体模", "phantom", kind="choice", choices=_PHANTOMS), _CENTRE, _EDGE, _COLLIMATION,
            _FACTOR,
            Input("mas", "管电流时间积", "tube current-time product", "mA.s", low=1, high=2000, optional=True),
            Input("pitch", "螺距", "pitch", low=0.1, high=4, optional=True),
            Input("length", "扫描长度", "scan length", "mm", low=1, high=2000, optional=True),
        ),
        ("ct.phantom.ctdi.head", "ct.phantom.ctdi.body", "ct.phantom.ctdi.normalised", "ct.phantom.ctdivol",
            "ct.phantom.dlp"),
        ctdi, "CTDI₁₀₀ = M·k·10/(N·T)；CTDIw = ⅓ C + ⅔ P̄；CTDIvol = CTDIw/p；DLP = CTDIvol·L",
        f"{_WS519}；IEC 60601-2-44",
    ),
    Reading(
        "ct.ctdivol.acr", "ACR 体模方案 CTDIvol", "CTDIvol of ACR protocols", _CT,
        (
            Input("protocol", "方案", "protocol", kind="choice", choices=_PROTOCOLS), _CENTRE, _EDGE, _COLLIMATION,
            _FACTOR,
            Input("pitch", "螺距（轴扫：层间移动 ÷ N·T）", "pitch (axial: increment by N·T)", low=0.1, high=4),
        ),
        tuple(f"ct.phantom.ctdivol.{c.key}" for c in _PROTOCOLS), ctdivol_acr,
        "CTDIvol = (⅓ C + ⅔ P̄) / p", "ACR CT QC Manual；IEC 60601-2-44",
    ),
    Reading("ct.table", "检查床定位误差", "Table positioning", _CT, TRAVEL, ("ct.phantom.table.error",), table_error,
            "ΔL = L − L₀", _WS519),
    Reading(
        "ct.laser", "定位光误差", "Laser alignment", _CT,
        (column("deviations", "各定位光的偏离（有正负）", "deviation of each laser, signed", "mm", -50, 50),),
        ("ct.phantom.laser.error",), laser_error, "max |Δ|", _WS519,
    ),
    Reading(
        "ct.tilt", "扫描架倾角误差", "Gantry tilt", _CT,
        (
            Input("set", "设定倾角", "set tilt", "deg", low=1, high=35),
            Input("upright", "不倾斜时的长度 L₁", "length without tilt L₁", "mm", low=5, high=500),
            Input("tilted", "倾斜时的长度 L₂", "length with tilt L₂", "mm", low=5, high=700),
        ),
        ("ct.phantom.tilt.error",), tilt_error, "Δα = arccos(L₁/L₂) − α₀", _WS519,
    ),
    Reading(
        "ct.slice_thickness", "重建层厚（斜线读数）", "Slice thickness, ramps", _CT,
        (
            column("widths", "斜线半高宽", "width of the ramps at half height", "mm", 0.5, 200),
            Input("slope", "斜线倾角的正切", "tangent of the ramp angle", low=0.05, high=2, default=_RAMP),
            Input("nominal", "标称层厚", "nominal thickness", "mm", low=0.2, high=20),
        ),
        ("ct.phantom.slice_thickness",), slice_thickness, "s = FWHM̄·tan θ", _WS519,
    ),
    Reading(
        "ct.water_readings", "水模 CT 值、均匀性、噪声（读数）", "Water phantom, readings", _CT,
        (
            hounsfield("centre", "中心 CT 值", "CT number, centre"),
            hounsfield("edge", "外周 CT 值（3、6、9、12 点）", "CT numbers at 3, 6, 9, 12 o'clock", fewest=4, most=4),
            Input("sd", "中心大区域标准差", "SD of the large central region", "[hnsf'U]", low=0.1, high=200),
            Input("thickness", "层厚", "slice thickness", "mm", low=0.2, high=20),
        ),
        ("ct.phantom.ct_number", "ct.phantom.uniformity", "ct.phantom.noise"), water,
        "max(Pᵢ − C)；n = SD·√(T/10)/1000 × 100 %", _WS519,
    ),
    Reading(
        "ct.linearity_readings", "CT 值线性（读数）", "CT number linearity, readings", _CT,
        (
            hounsfield("nominal", "标称 CT 值", "nominal CT number", fewest=4, table=1),
            hounsfield("measured", "实测 CT 值", "measured CT number", fewest=4, table=1),
        ),
        ("ct.phantom.linearity",), linearity, "max(m − n)", _WS519,
    ),
    Reading(
        "ct.high_contrast", "高对比分辨力（目视）", "High-contrast resolution, by eye", _CT,
        (
            Input("kernel", "重建算法", "kernel", kind="choice", choices=_KERNELS),
            Input("resolved", "可分辨的最高线对", "finest resolved group", "{lp}/cm", low=1, high=40),
        ),
        tuple(f"ct.phantom.resolution.{c.key}" for c in _KERNELS), high_contrast, "lp/cm", _WS519,
    ),
    Reading(
        "ct.low_contrast", "低对比可探测能力（目视）", "Low-contrast detail, by eye", _CT,
        (Input("detail", "可见的最小细节", "smallest visible detail", "mm", low=0.5, high=30),),
        ("ct.phantom.resolution.low_contrast",), low_contrast, "mm", _WS519,
    ),
)  # fmt: skip
