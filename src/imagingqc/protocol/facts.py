"""What headers say of a series or exam that rules may ask for, and which protocol a series was made by."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from imagingqc.dicom.model import Exam, Instance, Series

Facts = dict[str, str | float]

ADULT_FROM_YEARS = 18.0  # of age, as the Civil Code has it; limits by narrower ages say so in their own text
KEY_LENGTH = 120
_AGE = re.compile(r"(\d{1,3})([DWMY])")
_YEARS = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1.0}
_NO_AGENT = re.compile(r"no(?:ne)?|n|0|without|无|平扫|-+", re.IGNORECASE)


def image_modality(series: Series) -> str:
    """The modality of the images: a structure set or report filed under the same UID does not rename them."""
    found = [i.modality for i in series.instances if i.frames]
    return found[0] if found else series.modality


def series_facts(series: Series, item: str = "") -> Facts:
    """What `applies` may ask of a series; what the header does not say is left out.  `item` is that of its exam."""
    facts: Facts = {"modality": image_modality(series)}
    return facts | _subject_facts(series.instances, item)


def exam_facts(exam: Exam, item: str = "") -> Facts:
    """What `applies` may ask of an exam."""
    facts: Facts = {"modality": exam.modality}
    return facts | _subject_facts([i for s in exam.series for i in s.instances], item)


def _subject_facts(instances: Iterable[Instance], item: str) -> Facts:
    found = list(instances)
    facts: Facts = {"item": item} if item else {}
    band = age_band(found[0]) if found else None
    if band:
        facts["age_band"] = band
    given = contrast_given(found)
    if given is not None:
        facts["contrast"] = "yes" if given else "no"
    return facts


def age_years(instance: Instance) -> float | None:
    """Patient's Age (0010,1010) in years, None when absent or not written as the standard asks."""
    found = _AGE.fullmatch((instance.text("PatientAge") or "").strip().upper())
    return int(found[1]) * _YEARS[found[2]] if found else None


def age_band(instance: Instance) -> str | None:
    """ "paediatric" below ADULT_FROM_YEARS, else "adult"; None when the age is not known."""
    years = age_years(instance)
    if years is None:
        return None
    return "paediatric" if years < ADULT_FROM_YEARS else "adult"


def contrast_given(instances: Iterable[Instance]) -> bool | None:
    """Whether Contrast/Bolus Agent (0018,0010) names an agent: True, False ("none"), None when it is nowhere.

    An absent attribute says nothing: many scanners leave it out of contrast series too.
    """
    names = [name.strip() for i in instances if (name := i.text("ContrastBolusAgent"))]
    if not names:
        return None
    return not all(_NO_AGENT.fullmatch(name) for name in names)


# What keeps two series of one device apart when they are compared: the same anatomy, recipe and reconstruction.
_MATRIX = "Rows x Columns"  # of the picture: entropy and noise of MR change with it
_KEYWORDS = {
    "CT": ("BodyPartExamined", "ProtocolName", "ConvolutionKernel", "SliceThickness", "KVP"),
    "MR": ("BodyPartExamined", "ProtocolName", "SeriesDescription", "SliceThickness", "ReceiveCoilName", _MATRIX),
    "DX": ("BodyPartExamined", "ViewPosition", "ProtocolName"),
    "CR": ("BodyPartExamined", "ViewPosition", "ProtocolName"),
    "MG": ("ViewPosition", "PresentationIntentType"),
    "US": ("TransducerData", "TransducerType"),
}
_OTHERS = ("BodyPartExamined", "ProtocolName", "SeriesDescription")
_SPACES = re.compile(r"\s+")


def protocol_key(series: Series) -> str:
    """A name of the protocol and reconstruction of a series, equal for series that may share a baseline.

    "CT · CHEST · Thorax routine · B30f · 5 · 120": readable parts of the header, absent ones as "-"; at most
    KEY_LENGTH characters, longer ones end in a digest of the whole.
    """
    modality, first = image_modality(series), series.first
    parts = [modality, *(_part(first, keyword) for keyword in _KEYWORDS.get(modality, _OTHERS))]
    key = " · ".join(parts)
    if len(key) <= KEY_LENGTH:
        return key
    digest = hashlib.sha256(key.encode()).hexdigest()[:8]
    return f"{key[: KEY_LENGTH - len(digest) - 2]}… {digest}"[:KEY_LENGTH]


def _part(instance: Instance, keyword: str) -> str:
    if keyword == _MATRIX:
        return f"{instance.rows}x{instance.columns}"
    value = instance.facts.get(keyword)
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    texts = [f"{v:.4g}" if isinstance(v, int | float) else _SPACES.sub(" ", str(v)).strip() for v in values]
    return "/".join(text for text in texts if text) or "-"
