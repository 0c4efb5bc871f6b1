"""How a series was taken, in plain words: what its header says of voltage, dose, thickness and times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from yingheng.catalog.models import Series

_DIGITAL = {"CR": "DX", "DR": "DX", "RG": "DX", "PX": "DX", "IO": "DX", "XA": "XA", "RF": "XA"}


class _Fact(NamedTuple):
    """What one or the other of several attributes says; `scale` brings it to the unit."""

    keywords: tuple[str, ...]
    name: Promise | str
    unit: str = ""
    scale: float = 1.0


_THICKNESS = _Fact(("SliceThickness",), gettext_lazy("Slice thickness"), "mm")
_TECHNIQUE: Mapping[str, tuple[_Fact, ...]] = {
    "CT": (
        _Fact(("KVP",), "", "kV"),
        _Fact(("Exposure", "ExposureInmAs"), "", "mAs"),
        _Fact(("XRayTubeCurrent", "XRayTubeCurrentInmA"), "", "mA"),
        _THICKNESS,
        _Fact(("SpiralPitchFactor",), gettext_lazy("Pitch")),
        _Fact(("ConvolutionKernel",), gettext_lazy("Kernel")),
        _Fact(("ReconstructionDiameter",), "FOV", "mm"),
    ),
    "MR": (
        _Fact(("MagneticFieldStrength",), "", "T"),
        _Fact(("RepetitionTime",), "TR", "ms"),
        _Fact(("EchoTime", "EffectiveEchoTime"), "TE", "ms"),
        _Fact(("InversionTime",), "TI", "ms"),
        _Fact(("FlipAngle",), gettext_lazy("Flip angle"), "°"),
        _THICKNESS,
        _Fact(("SpacingBetweenSlices",), gettext_lazy("Slice distance"), "mm"),
        _Fact(("DiffusionBValue",), "b", "s/mm²"),
    ),
    "DX": (
        _Fact(("KVP",), "", "kV"),
        _Fact(("Exposure", "ExposureInmAs"), "", "mAs"),
        _Fact(("ExposureInuAs",), "", "mAs", 0.001),
        _Fact(("DistanceSourceToDetector",), "SID", "mm"),
        _Fact(("ViewPosition",), pgettext_lazy("x-ray", "View")),
        _Fact(("ExposureIndex",), "EI"),
        _Fact(("DeviationIndex",), "DI"),
    ),
    "MG": (
        _Fact(("KVP",), "", "kV"),
        _Fact(("Exposure", "ExposureInmAs"), "", "mAs"),
        _Fact(("AnodeTargetMaterial",), pgettext_lazy("x-ray", "Target")),
        _Fact(("FilterMaterial",), pgettext_lazy("x-ray", "Filter")),
        _Fact(("BodyPartThickness",), gettext_lazy("Compressed to"), "mm"),
        _Fact(("CompressionForce",), gettext_lazy("Compression"), "N"),
        _Fact(("ViewPosition",), pgettext_lazy("x-ray", "View")),
    ),
    "XA": (_Fact(("KVP",), "", "kV"), _Fact(("CineRate",), gettext_lazy("Frames"), "/s")),
    "US": (_Fact(("DepthOfScanField",), gettext_lazy("Depth"), "mm"),),
}
_DOSE = (
    _Fact(("CTDIvol",), "CTDIvol", "mGy"),
    _Fact(("EntranceDoseInmGy",), gettext_lazy("Entrance dose"), "mGy"),
    _Fact(("OrganDose",), gettext_lazy("Mean glandular dose"), "mGy", 100.0),
    _Fact(("ImageAndFluoroscopyAreaDoseProduct",), "DAP", "dGy·cm²"),
)
_CONTRAST = (
    _Fact(("ContrastBolusVolume",), gettext_lazy("Volume"), "ml"),
    _Fact(("ContrastFlowRate",), gettext_lazy("Flow"), "ml/s"),
    _Fact(("ContrastBolusRoute",), pgettext_lazy("contrast medium", "Route")),
)


def technique_words(series: Series) -> str:
    """ "120 kV · 250 mAs · slice thickness 1.25 mm"; "" where the header tells nothing."""
    wanted = _TECHNIQUE.get(_DIGITAL.get(series.modality, series.modality), ())
    return " · ".join(_told(series.facts, wanted))


def dose_words(series: Series) -> str:
    """What the header says of dose; "" where it says nothing.  Organ Dose is in dGy (PS3.3 C.8.7.2)."""
    return " · ".join(_told(series.facts, _DOSE))


def contrast_words(series: Series) -> str:
    """Volume, flow and route of a contrast medium; its agent is told apart, as it is free text."""
    return " · ".join(_told(series.facts, _CONTRAST))


def geometry_words(series: Series) -> str:
    """Number of pictures, and their size."""
    rows, columns = series.geometry.get("rows"), series.geometry.get("columns")
    size = f" · {rows} × {columns}" if rows and columns else ""
    return _("%(n)d images") % {"n": series.n_frames} + size


def _told(facts: Mapping[str, Any], wanted: tuple[_Fact, ...]) -> list[str]:
    found = []
    for one in wanted:
        value = next((facts[name] for name in one.keywords if facts.get(name) not in (None, "")), None)
        text = _value(value, one.scale)
        if text and not (one.unit == "mAs" and any(row.endswith(" mAs") for row in found)):
            found.append(" ".join(filter(None, (str(one.name), text, one.unit))))
    return found


def _value(value: object, scale: float) -> str:
    values = value if isinstance(value, list | tuple) else [value]
    return "/".join(
        f"{one * scale:.4g}" if isinstance(one, int | float) else str(one) for one in values[:2] if one is not None
    )
