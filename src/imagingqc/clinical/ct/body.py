"""Water-equivalent diameter, SSDE, truncation and centring of the body in CT slices, per stack."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean, median
from typing import Any

from imagingqc.clinical.ct.isocentre import UP, axes, in_picture, isocentre
from imagingqc.clinical.ct.per_stack import per_stack
from imagingqc.clinical.ct.region import HEAD, regions_of
from imagingqc.clinical.ct.sweep import Look, Sweep, require_body, sweep
from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import fact, number_text, tags
from imagingqc.dicom.model import Stack
from imagingqc.errors import AnalysisError
from imagingqc.imaging.mask import Body
from imagingqc.imaging.roi import outline
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "ct.body", "1"
DIAMETER, SSDE, TRUNCATED = "ct.body.water_diameter", "ct.dose.ssde", "ct.body.truncated"
CENTRING = ("ct.centring.vertical", "ct.centring.lateral")
QUANTITIES = (DIAMETER, SSDE, TRUNCATED, *CENTRING)
CUT_SHARE = 0.05  # of the outline on the edge of the field: that slice is cut
CUT_SLICES = 0.1  # of the slices cut: size and centre of what is left say nothing of the patient

# AAPM Report 204, exponential fits of the conversion factor over the diameter in cm, for CTDIvol in a phantom of ...
FACTORS = {"113691": (3.704369, 0.03671937), "113690": (1.874799, 0.03871313)}  # ... 32 cm (DCM), 16 cm
SMALL_PHANTOM = "113690"
FITTED_CM = (8.0, 45.0)


def water_diameter(body: Body) -> float:
    """Diameter in mm of the water cylinder that attenuates as the slice does: 2 sqrt((HU/1000 + 1) A / pi).

    Source: AAPM Report 220 (2014), equation 4.
    """
    return 2 * math.sqrt(max(0.0, (body.mean_hu / 1000 + 1) * body.area_mm2) / math.pi)


def ssde_factor(phantom_code: str, diameter_mm: float) -> float:
    """SSDE over CTDIvol.  `phantom_code` is the DCM code of the CTDI phantom.  Source: AAPM Report 204 (2011).

    Raises AnalysisError `implausible` outside of 8 to 45 cm, where the fit was made.
    """
    scale, slope = FACTORS[phantom_code]
    if not FITTED_CM[0] <= diameter_mm / 10 <= FITTED_CM[1]:
        raise AnalysisError("implausible", tag="water-equivalent diameter", value=f"{diameter_mm / 10:.1f} cm")
    return scale * math.exp(-slope * diameter_mm / 10)


def _measure(record: Recorder, stack: Stack, reader: PixelReader) -> list[Measurement]:
    found = sweep(stack, reader)
    looks = require_body(found)
    whole = [look for look in looks if _body(look).edge_share <= CUT_SHARE]
    return [
        _truncated(record, looks),
        _tried(record, DIAMETER, lambda: _diameter(record, looks, whole)),
        _tried(record, SSDE, lambda: _ssde(record, found, looks, whole)),
        *(_tried(record, q, lambda q=q: _centring(record, q, looks, whole)) for q in CENTRING),  # type: ignore[misc]
    ]


def _tried(record: Recorder, quantity: str, measure: Callable[[], Measurement]) -> Measurement:
    try:
        return measure()
    except AnalysisError as error:
        return record.refuse_for(quantity, error.reason)


def _body(look: Look) -> Body:
    if look.body is None:
        raise AnalysisError("no_body")
    return look.body


def outlined(look: Look) -> Evidence:
    """Evidence: the outline of the body in one slice."""
    body, instance = _body(look), look.piece.instance
    points = [[x * body.step, y * body.step] for x, y in outline(body.mask)]
    shape: dict[str, Any] = {"kind": "polyline", "points": points, "closed": True}
    return Evidence(instance.series_uid, instance.sop_uid, look.piece.frame, shape)


def _truncated(record: Recorder, looks: Sequence[Look]) -> Measurement:
    """95th percentile (nearest rank) over the slices of the share of the outline on the edge of the field, %."""
    ranked = sorted(looks, key=lambda look: _body(look).edge_share)
    worst = ranked[max(0, math.ceil(0.95 * len(ranked)) - 1)]
    return record.value(TRUNCATED, 100 * _body(worst).edge_share, evidence=outlined(worst))


def _require_whole(looks: Sequence[Look], whole: Sequence[Look]) -> None:
    cut = len(looks) - len(whole)
    if not whole or cut > CUT_SLICES * len(looks):
        raise AnalysisError("body_truncated", n=cut, of=len(looks))


def _diameter(record: Recorder, looks: Sequence[Look], whole: Sequence[Look]) -> Measurement:
    """Mean over the slices; Water Equivalent Diameter (0018,1271) of the header is the nominal value."""
    _require_whole(looks, whole)
    diameters = [water_diameter(_body(look)) for look in whole]
    mean = fmean(diameters)
    shown = min(zip(diameters, whole, strict=True), key=lambda pair: abs(pair[0] - mean))[1]
    stated = [v for look in whole for v in [fact(look.piece, "WaterEquivalentDiameter")] if v is not None]
    nominal = fmean(stated) if len(stated) == len(whole) else None
    return record.value(DIAMETER, mean, evidence=outlined(shown), nominal=nominal)


def _ssde(record: Recorder, found: Sweep, looks: Sequence[Look], whole: Sequence[Look]) -> Measurement:
    """Mean over the slices of factor x CTDIvol, the CTDIvol being that of each slice.  Source: AAPM Report 220."""
    _require_whole(looks, whole)
    first = found.stack.slices[0].instance
    phantom = _phantom(found)
    doses = [fact(look.piece, "CTDIvol") for look in whole]
    known = [dose for dose in doses if dose is not None]
    if len(known) < len(doses):
        raise AnalysisError("missing_tag", tag="CTDIvol")
    if min(known) <= 0:
        raise AnalysisError("implausible", tag="CTDIvol", value=number_text(min(known)))
    values = [ssde_factor(phantom, water_diameter(_body(look))) * dose for look, dose in zip(whole, known, strict=True)]
    shape = tags(first, ["CTDIvol", "CTDIPhantomTypeCodeSequence", "WaterEquivalentDiameter"])
    return record.value(SSDE, fmean(values), evidence=Evidence(first.series_uid, first.sop_uid, None, shape))


def _phantom(found: Sweep) -> str:
    """DCM code of the CTDI phantom, one for all slices; refuses heads, whose factors are another report's."""
    tag = "CTDIPhantomTypeCodeSequence"
    names = {piece.instance.texts(tag)[:1] for piece in found.stack.slices}
    if () in names:
        raise AnalysisError("missing_tag", tag=tag)
    if len(names) > 1:
        raise AnalysisError("mixed_values", tag=tag, values=", ".join(sorted(n[0] for n in names)[:4]))
    text = names.pop()[0]
    scheme, _, rest = text.partition(":")
    code = rest.partition(":")[0]
    if scheme != "DCM" or code not in FACTORS:
        raise AnalysisError("unknown_value", tag=tag, value=text)
    first = found.stack.slices[0].instance
    if HEAD in _regions_or_none(first, code):
        raise AnalysisError("ssde_head")
    return code


def _regions_or_none(instance: Any, code: str) -> frozenset[str]:
    """Regions by the header.  A 16 cm phantom without any named region may be a head or a child: `missing_tag`."""
    try:
        found = regions_of(instance)
    except AnalysisError:
        found = frozenset()
    if code == SMALL_PHANTOM and not found:
        raise AnalysisError("missing_tag", tag="BodyPartExamined")
    return found


# --- centring ------------------------------------------------------------------------------------


def _centring(record: Recorder, quantity: str, looks: Sequence[Look], whole: Sequence[Look]) -> Measurement:
    """Median over the slices of the body's centroid minus the isocentre: up, or towards the patient's left (back)."""
    _require_whole(looks, whole)
    axis, sign = _direction(whole, vertical=quantity.endswith("vertical"))
    offsets = [(sign * (_centroid(look)[axis] - isocentre(look.piece)[axis]), look) for look in whole]
    middle = median(offset for offset, _ in offsets)
    shown = min(offsets, key=lambda pair: abs(pair[0] - middle))[1]
    return record.value(quantity, middle, evidence=_line(shown))


def _direction(looks: Sequence[Look], *, vertical: bool) -> tuple[int, float]:
    """(axis of patient coordinates, sign).  AnalysisError `missing_tag`, `mixed_values`, `unknown_value`."""
    names = {(look.piece.instance.text("PatientPosition") or "").strip().upper() for look in looks}
    if "" in names:
        raise AnalysisError("missing_tag", tag="PatientPosition")
    if len(names) > 1:
        raise AnalysisError("mixed_values", tag="PatientPosition", values=", ".join(sorted(names)))
    name = names.pop()
    up = UP.get(name[2:]) if name[:2] in {"HF", "FF"} else None
    if up is None:
        raise AnalysisError("unknown_value", tag="PatientPosition", value=name)
    return up if vertical else (1 - up[0], 1.0)


def _centroid(look: Look) -> tuple[float, ...]:
    """Centroid of the body in patient coordinates, mm."""
    origin, right, down = axes(look.piece, look.spacing_mm)
    x, y = _body(look).x - 0.5, _body(look).y - 0.5
    return tuple(o + x * r + y * d for o, r, d in zip(origin, right, down, strict=True))


def _line(look: Look) -> Evidence:
    """Evidence: from the isocentre to the centroid of the body in one slice."""
    centre = in_picture(look.piece, look.spacing_mm, isocentre(look.piece))
    points = [list(centre), [_body(look).x, _body(look).y]]
    instance = look.piece.instance
    shape = {"kind": "polyline", "points": points, "closed": False}
    return Evidence(instance.series_uid, instance.sop_uid, look.piece.frame, shape)


_RUN = per_stack((NAME, VERSION), QUANTITIES, _measure)
METHOD = SeriesMethod(NAME, VERSION, frozenset({"CT"}), needs_pixels=True, quantities=QUANTITIES, run=_RUN)
