"""What the header of each mammogram says of its making: side, view, compression, dose, beam."""

from __future__ import annotations

from collections.abc import Callable

from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.mg.views import side, view
from imagingqc.clinical.per_image import from_header
from imagingqc.clinical.results import number_text
from imagingqc.dicom.model import Instance
from imagingqc.errors import AnalysisError

NAME, VERSION = "mg.image", "1"
QUANTITIES = (
    "mg.laterality", "mg.view", "mg.compression.force", "mg.compression.thickness", "mg.compression.pressure",
    "mg.agd", "mg.hvl", "mg.kvp", "mg.target_filter",
)  # fmt: skip
KEYWORDS = {
    "mg.laterality": ("ImageLaterality", "Laterality"),
    "mg.view": ("ViewCodeSequence", "ViewModifierCodeSequence", "ViewPosition"),
    "mg.compression.force": ("CompressionForce", "PaddleDescription"),
    "mg.compression.thickness": ("BodyPartThickness",),
    "mg.compression.pressure": ("CompressionPressure", "CompressionForce", "CompressionContactArea"),
    "mg.agd": ("OrganDose", "OrganExposed", "EntranceDoseInmGy"),
    "mg.hvl": ("HalfValueLayer",),
    "mg.kvp": ("KVP",),
    "mg.target_filter": ("AnodeTargetMaterial", "FilterMaterial"),
}
# Believable values of patients' pictures.  Outside of them the unit is wrong or nobody was there.
FORCE_N, THICKNESS_MM, PRESSURE_KPA = (15.0, 350.0), (5.0, 180.0), (0.5, 60.0)
AGD_MGY, HVL_MM, KVP = (0.05, 20.0), (0.15, 1.5), (15.0, 60.0)
DGY_TO_MGY = 100.0
_SYMBOLS = {
    "MOLYBDENUM": "Mo", "RHODIUM": "Rh", "TUNGSTEN": "W", "SILVER": "Ag", "ALUMINUM": "Al", "ALUMINIUM": "Al",
    "COPPER": "Cu", "TITANIUM": "Ti", "NIOBIUM": "Nb",
}  # fmt: skip


def glandular_dose(instance: Instance) -> float:
    """Average glandular dose in mGy from Organ Dose (0040,0316), which is in dGy.  Lower is better.

    Raises AnalysisError `missing_tag` (0 counts as not filled) and `dose_unit_unclear`, with both readings, when the
    value in dGy is not believable: some systems write mGy.
    Source: PS3.3 C.4.16 (unit).
    """
    stated = instance.number("OrganDose")
    if not stated:
        raise AnalysisError("missing_tag", tag="OrganDose")
    dose = DGY_TO_MGY * stated
    if not AGD_MGY[0] <= dose <= AGD_MGY[1]:
        raise AnalysisError(
            "dose_unit_unclear", tag="OrganDose", value=number_text(stated), standard=number_text(dose),
            other=number_text(stated),
        )  # fmt: skip
    return dose


def compression_force(instance: Instance) -> float:
    """Compression Force (0018,11A2) in N.

    Raises AnalysisError `missing_tag` and `force_unit_unclear` below 15 N, which old systems write for daN or kg.
    """
    stated = instance.number("CompressionForce")
    if not stated:
        raise AnalysisError("missing_tag", tag="CompressionForce")
    if stated < FORCE_N[0]:
        raise AnalysisError("force_unit_unclear", value=number_text(stated), other=number_text(10 * stated))
    return _believable(stated, "CompressionForce", FORCE_N)


def compression_pressure(instance: Instance) -> float:
    """Compression Pressure (0018,11A3) in kPa, else force over contact area (0018,11A5, mm2)."""
    stated = instance.number("CompressionPressure")
    area = instance.number("CompressionContactArea")
    if not stated and area:
        stated = 1000 * compression_force(instance) / area
    if not stated:
        raise AnalysisError("missing_tag", tag="CompressionPressure")
    return _believable(stated, "CompressionPressure", PRESSURE_KPA)


def target_filter(instance: Instance) -> str:
    """Anode target and filter material as symbols, such as "Rh/Rh"."""
    target, foil = instance.text("AnodeTargetMaterial"), instance.text("FilterMaterial")
    if not target or not foil:
        raise AnalysisError("missing_tag", tag="FilterMaterial" if target else "AnodeTargetMaterial")
    return "/".join(_SYMBOLS.get(name.strip().upper(), name.strip()) for name in (target, foil))


def _stated(keyword: str, bounds: tuple[float, float]) -> Callable[[Instance], float]:
    def read(instance: Instance) -> float:
        value = instance.number(keyword)
        if not value:
            raise AnalysisError("missing_tag", tag=keyword)
        return _believable(value, keyword, bounds)

    return read


def _believable(value: float, keyword: str, bounds: tuple[float, float]) -> float:
    if not bounds[0] <= value <= bounds[1]:
        raise AnalysisError("implausible", tag=keyword, value=number_text(value))
    return value


_READERS: dict[str, Callable[[Instance], float | str]] = {
    "mg.laterality": side,
    "mg.view": view,
    "mg.compression.force": compression_force,
    "mg.compression.thickness": _stated("BodyPartThickness", THICKNESS_MM),
    "mg.compression.pressure": compression_pressure,
    "mg.agd": glandular_dose,
    "mg.hvl": _stated("HalfValueLayer", HVL_MM),
    "mg.kvp": _stated("KVP", KVP),
    "mg.target_filter": target_filter,
}


METHOD = SeriesMethod(
    NAME,
    VERSION,
    frozenset({"MG"}),
    needs_pixels=False,
    quantities=QUANTITIES,
    run=from_header((NAME, VERSION), _READERS, KEYWORDS),
)
