"""Each run of an angiography or fluoroscopy exam, from its header: frames, rate, kind, dose."""

from __future__ import annotations

from collections.abc import Callable

from imagingqc.clinical.method import SeriesMethod
from imagingqc.clinical.per_image import from_header
from imagingqc.clinical.results import number_text
from imagingqc.dicom.model import Instance
from imagingqc.errors import AnalysisError

NAME, VERSION = "xa.runs", "1"
KEYWORDS = {
    "xa.frames": ("NumberOfFrames",),
    "xa.frame_rate": ("FrameTime", "CineRate", "RecommendedDisplayFrameRate"),
    "xa.kind": ("RadiationSetting", "FluoroscopyFlag", "MaskOperation", "RecommendedViewingMode", "ImageType"),
    "xa.radiation_mode": ("RadiationMode", "AveragePulseWidth"),
    "xa.dap": ("ImageAndFluoroscopyAreaDoseProduct",),
    "xa.entrance_dose": ("EntranceDoseInmGy", "EntranceDose"),
}
QUANTITIES = tuple(KEYWORDS)
MODALITIES = frozenset({"XA", "RF"})
RATES = (0.1, 120.0)  # frames a second
RATES_AGREE = 0.1
DGYCM2_TO_GYCM2 = 0.1
DAP_GYCM2 = (1e-5, 500.0)  # of one run; a whole intervention may reach several hundred
ENTRANCE_MGY = (1e-4, 5000.0)
_KINDS = {("SC", False): "fluoroscopy", ("SC", True): "roadmap", ("GR", False): "acquisition", ("GR", True): "dsa"}


def frame_rate(instance: Instance) -> float:
    """Frames a second while the run was taken: 1000 / Frame Time (0018,1063, ms), else Cine Rate (0018,0040).

    Recommended Display Frame Rate is for showing and does not count.  Raises AnalysisError `single_frame`,
    `missing_tag`, `implausible`, and `contradictory_tags` when the two differ by more than a tenth.
    """
    if len(instance.frames) < 2:
        raise AnalysisError("single_frame")
    time, cine = instance.number("FrameTime"), instance.number("CineRate")
    by_time = 1000 / time if time else None
    if by_time and cine and abs(by_time - cine) > RATES_AGREE * by_time:
        values = f"{number_text(by_time)} / {number_text(cine)} 1/s"
        raise AnalysisError("contradictory_tags", tags="FrameTime, CineRate", values=values)
    rate = by_time or cine
    if not rate:
        raise AnalysisError("missing_tag", tag="FrameTime")
    if not RATES[0] <= rate <= RATES[1]:
        raise AnalysisError("implausible", tag="FrameTime" if by_time else "CineRate", value=number_text(rate))
    return rate


def run_kind(instance: Instance) -> str:
    """ "fluoroscopy", "roadmap" (fluoroscopy with a mask), "acquisition" or "dsa" (acquisition with a mask).

    By Radiation Setting (0018,1155: SC low-dose, GR diagnostic), in enhanced objects Fluoroscopy Flag, and whether a
    mask is to be subtracted (0028,6101; 0028,1090).  AnalysisError `missing_tag`, `unknown_value`.
    """
    setting = (instance.text("RadiationSetting") or "").strip().upper()
    if not setting:
        flag = (instance.text("FluoroscopyFlag") or "").strip().upper()
        setting = {"YES": "SC", "NO": "GR"}.get(flag, "")
    if not setting:
        raise AnalysisError("missing_tag", tag="RadiationSetting")
    masked = (instance.text("RecommendedViewingMode") or "").strip().upper() == "SUB"
    operation = (instance.text("MaskOperation") or "NONE").strip().upper()
    kind = _KINDS.get((setting, masked or operation != "NONE"))
    if kind is None:
        raise AnalysisError("unknown_value", tag="RadiationSetting", value=setting)
    return kind


def radiation_mode(instance: Instance) -> str:
    """ "pulsed" or "continuous" by Radiation Mode (0018,115A)."""
    stated = (instance.text("RadiationMode") or "").strip().upper()
    if not stated:
        raise AnalysisError("missing_tag", tag="RadiationMode")
    if stated not in {"PULSED", "CONTINUOUS"}:
        raise AnalysisError("unknown_value", tag="RadiationMode", value=stated)
    return stated.lower()


def area_dose(instance: Instance) -> float:
    """Dose area product of the run in Gy.cm2; the attribute (0018,115E) is in dGy.cm2 (PS3.3 C.8.7.2)."""
    stated = instance.number("ImageAndFluoroscopyAreaDoseProduct")
    return _dose(stated, DGYCM2_TO_GYCM2, DAP_GYCM2, "ImageAndFluoroscopyAreaDoseProduct")


def entrance_dose(instance: Instance) -> float:
    """Dose at the patient's skin in mGy: (0040,8302) in mGy, else (0040,0302) in dGy.

    This is no reference air kerma: no attribute of an image holds that, only the dose report does.
    """
    stated = instance.number("EntranceDoseInmGy")
    if stated:
        return _dose(stated, 1.0, ENTRANCE_MGY, "EntranceDoseInmGy")
    return _dose(instance.number("EntranceDose"), 100.0, ENTRANCE_MGY, "EntranceDose")


def _dose(stated: float | None, factor: float, bounds: tuple[float, float], keyword: str) -> float:
    if not stated:  # 0 is written for "not measured"
        raise AnalysisError("missing_tag", tag=keyword)
    if not bounds[0] <= stated * factor <= bounds[1]:
        raise AnalysisError("implausible", tag=keyword, value=number_text(stated))
    return stated * factor


_READERS: dict[str, Callable[[Instance], float | str]] = {
    "xa.frames": lambda instance: len(instance.frames),
    "xa.frame_rate": frame_rate,
    "xa.kind": run_kind,
    "xa.radiation_mode": radiation_mode,
    "xa.dap": area_dose,
    "xa.entrance_dose": entrance_dose,
}


METHOD = SeriesMethod(
    NAME,
    VERSION,
    MODALITIES,
    needs_pixels=False,
    quantities=QUANTITIES,
    run=from_header((NAME, VERSION), _READERS, KEYWORDS),
)
