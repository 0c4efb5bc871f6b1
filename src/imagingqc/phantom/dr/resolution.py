"""Spatial resolution of a detector: MTF across the edges of a plate, or the finest resolved group of a bar pattern."""

from __future__ import annotations

import math

import numpy as np

from imagingqc.errors import AnalysisError, Reason
from imagingqc.imaging.bars import BarGroup, bar_groups
from imagingqc.phantom.dr.edge import EdgeMtf, edge_mtfs
from imagingqc.phantom.dr.flat import require_unclipped
from imagingqc.phantom.dr.raw import LAW_PARAMETERS, UNPROCESSED, Raw, linear_of, raw_images
from imagingqc.phantom.hand import IMAGE, drawn_box
from imagingqc.phantom.model import Curve, Parameter, PhantomFound, PhantomInput, PhantomTest, recorder
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "dr.resolution", "1"
LIMIT, MTF50, MTF10 = "dr.phantom.resolution.limit", "dr.phantom.mtf50", "dr.phantom.mtf10"
OBJECT = Parameter(
    "object", "检测体（刃边或线对卡）", "test object", kind="choice", default="edge", choices=("edge", "bars")
)
GROUPS = Parameter(
    "groups", "线对卡各组（由粗到细）", "groups of the bar pattern, from coarse to fine", "{lp}/mm", "numbers",
    default=(0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.1, 3.4, 3.7, 4.0, 4.3, 4.6, 5.0),
)  # fmt: skip
THRESHOLD = Parameter("threshold", "可分辨的最低调制度", "least modulation that counts as resolved", "%", default=10.0)
TARGET = Parameter(
    "target", "检测体所在区域（手工圈定：x, y, 宽, 高，像素）",
    "where the test object is (by hand: x, y, width, height in pixels)",
    kind="numbers", pick="rect",
)  # fmt: skip
TARGET_MM = 30.0  # smallest side of that place
ABOVE_NOISE, COARSE_ABOVE_NOISE = 4.0, 20.0
SECOND_LEAST = 0.4  # modulation of the second group by the first: less is no bar pattern of these groups
DRAWN = 120  # points of the drawn curve


def run(given: PhantomInput) -> PhantomFound:
    """MTF50 and MTF10 in 1/mm of a slanted plate, or the limiting resolution of a bar pattern; the other is refused.

    Of a place drawn by hand that part alone: for a picture with more than one thing in it.
    Source: IEC 62220-1 (edge); WS 76-2020, limiting spatial resolution (bar pattern).
    """
    (whole,) = raw_images(given, 1, 1)
    least = (TARGET_MM / whole.spacing_mm[0], TARGET_MM / whole.spacing_mm[1])
    raw = whole.part(drawn_box(given, TARGET, whole.image.pixels.shape, least))
    require_unclipped(raw)
    return _bars(raw, given) if given.parameters.get(OBJECT.key) == "bars" else _edge(raw, given)


def _edge(raw: Raw, given: PhantomInput) -> PhantomFound:
    """Across an upright and a level side of the plate, of those that are usable."""
    found = edge_mtfs(raw, linear_of(raw, given).signal(raw.values))
    record = recorder((NAME, VERSION), [raw.piece])
    measurements = [m for one in found for m in measured(raw, one, record)]
    measurements.append(record.refuse_for(LIMIT, Reason("limit_needs_bars")))
    checks = {
        f"{direction(one)}.{key}": round(value, 3)
        for one in found
        for key, value in (("tilt_deg", one.edge.tilt_deg), ("residual_px", one.edge.residual))
    }
    curves = tuple(_curve(one, raw) for one in found)
    return PhantomFound("edge", tuple(measurements), tuple(_evidence(raw, one) for one in found), {}, checks, curves)


def _bars(raw: Raw, given: PhantomInput) -> PhantomFound:
    """The finest group such that it and all coarser ones keep the modulation asked for; nominal is 1 / (2 p).

    Modulation is the amplitude over that of the coarsest group.  Groups beyond the Nyquist frequency in the direction
    across the bars do not count.
    """
    groups, threshold = _groups(given), (given.number(THRESHOLD.key) or 10.0) / 100
    pitch = math.sqrt(raw.spacing_mm[0] * raw.spacing_mm[1])
    found = bar_groups(raw.image.pixels, pitch, groups)
    if found is None:
        raise AnalysisError("bars_none")
    coarse = found.groups[0]
    modulation = [group.amplitude / coarse.amplitude if coarse.amplitude > 0 else 0.0 for group in found.groups]
    if coarse.amplitude < COARSE_ABOVE_NOISE * coarse.noise or not SECOND_LEAST <= modulation[1] <= 1.1:
        raise AnalysisError("bars_none")
    nyquist = 1 / (2 * pitch)
    # Along a diagonal the pixel grid carries finer lines than along its rows.
    reach = nyquist / max(abs(math.cos(found.normal)), abs(math.sin(found.normal)))
    resolved = [coarse]
    for group, value in zip(found.groups[1:], modulation[1:], strict=True):
        if group.frequency_per_mm > reach or value < threshold or group.amplitude < ABOVE_NOISE * group.noise:
            break
        resolved.append(group)
    record = recorder((NAME, VERSION), [raw.piece])
    x, y, width, height = found.box
    shown = raw.evidence({"kind": "rect", "x": x, "y": y, "width": width, "height": height})
    measurements = (
        record.value(LIMIT, resolved[-1].frequency_per_mm, evidence=shown, nominal=nyquist),
        *(record.refuse_for(quantity, Reason("mtf_needs_edge")) for quantity in (MTF50, MTF10)),
    )
    curve: Curve = {
        "key": "resolution.bars", "x": list(groups), "y": modulation, "x_unit": "{lp}/mm", "y_unit": "1",
    }  # fmt: skip
    checks = {"angle_deg": round(math.degrees(found.normal), 1), "groups_resolved": float(len(resolved))}
    evidence = (shown, raw.evidence({"kind": "points", "points": _places(resolved)}))
    return PhantomFound("bar-pattern", measurements, evidence, checks=checks, curves=(curve,))


def _places(groups: list[BarGroup]) -> list[list[float]]:
    return [[round(group.place[0], 1), round(group.place[1], 1)] for group in groups]


def _groups(given: PhantomInput) -> tuple[float, ...]:
    values = given.parameters.get(GROUPS.key, ())
    groups = tuple(float(v) for v in values if isinstance(v, int | float)) if isinstance(values, tuple | list) else ()
    if len(groups) < 2 or list(groups) != sorted(set(groups)) or not 0.1 <= groups[0] <= groups[-1] <= 30:
        raise AnalysisError("parameter_bad", parameter=GROUPS.key, value=str(values))
    return groups


def direction(one: EdgeMtf) -> str:
    """What the MTF runs along: across an upright edge it is horizontal."""
    return "horizontal" if one.edge.upright else "vertical"


def measured(raw: Raw, one: EdgeMtf, record: Recorder) -> list[Measurement]:
    """MTF50 and MTF10 of one direction; `edge_mtf_beyond` for one that the MTF never falls to."""
    shown = _evidence(raw, one)
    out = []
    for quantity, level in ((MTF50, 0.5), (MTF10, 0.1)):
        place = one.mtf.where(level)
        if place is None:
            out.append(record.refuse(quantity, "edge_mtf_beyond", evidence=shown, level=round(100 * level)))
        else:
            out.append(record.value(quantity, place, evidence=shown))
    return out


def _evidence(raw: Raw, one: EdgeMtf) -> Evidence:
    x, y = one.edge.point
    along, half = one.edge.normal + math.pi / 2, one.edge.length / 2
    ends = [[x + s * half * math.cos(along), y + s * half * math.sin(along)] for s in (-1, 1)]
    return raw.evidence({"kind": "polyline", "points": ends, "closed": False, "direction": direction(one)})


def _curve(one: EdgeMtf, raw: Raw) -> Curve:
    frequency = np.linspace(0, 1 / min(raw.spacing_mm), DRAWN)
    modulation = np.interp(frequency, one.mtf.frequency_per_mm, one.mtf.modulation)
    return {
        "key": f"mtf.{direction(one)}", "x": frequency.tolist(), "y": modulation.tolist(),
        "x_unit": "/mm", "y_unit": "1",
    }  # fmt: skip


TEST = PhantomTest(
    NAME, VERSION, "DR 空间分辨力（刃边 MTF、线对卡）", "DR spatial resolution (edge, bar pattern)",
    frozenset({"DX", "CR"}),
    ("edge", "bar-pattern"), (LIMIT, MTF50, MTF10), run,
    (OBJECT, GROUPS, THRESHOLD, UNPROCESSED, *LAW_PARAMETERS, IMAGE, TARGET),
)  # fmt: skip
