"""Words, icons and tones of the closed vocabularies: outcome, confidence, severity, grade, units."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from imagingqc.criteria.explain import SMALLEST_SHOWN, quantity_name, unit_symbol


@dataclass(frozen=True)
class Word:
    label: str | Promise
    tone: str
    icon: str
    hint: str | Promise = ""


OUTCOMES: Mapping[str, Word] = {
    "PASS": Word(pgettext_lazy("outcome", "Pass"), "pass", "check"),
    "FAIL": Word(pgettext_lazy("outcome", "Fail"), "fail", "x"),
    "NEEDS_HUMAN": Word(pgettext_lazy("outcome", "Needs review"), "human", "circle-half-2"),
    "NOT_ASSESSABLE": Word(pgettext_lazy("outcome", "Not assessable"), "none", "circle-off"),
}
CONFIDENCES: Mapping[str, Word] = {
    "verified": Word(_("Verified"), "accent", "shield-check", _("The limit was checked against the document itself.")),
    "secondary": Word(_("Second-hand"), "neutral", "shield", _("The limit comes from a text that cites the document.")),
    "memory": Word(_("From memory"), "human", "shield-question", _("The limit was written from memory.")),
    "expert": Word(
        _("Expert"), "human", "shield-question", _("The limit rests on experience and never fails anything by itself.")
    ),
    "unconfirmed": Word(
        _("Unconfirmed"), "none", "shield-x", _("Nobody has confirmed the limit; it never fails anything by itself.")
    ),
}
SEVERITIES: Mapping[str, Word] = {
    "veto": Word(_("Veto"), "fail", "ban"),
    "major": Word(_("Major"), "neutral", "alert-triangle"),
    "minor": Word(_("Minor"), "neutral", "info-circle"),
}
GRADES: Mapping[str, Word] = {
    "A": Word(_("Fails automatically"), "neutral", "robot"),
    "B": Word(_("Against own baseline"), "neutral", "chart-line"),
    "C": Word(_("Queued for a person"), "human", "user-check"),
    "manual": Word(_("Judged by a person"), "human", "user-check"),
}
FLAGS: Mapping[bool, str | Promise] = {True: _("Yes"), False: _("No")}
SERIES_STATES: Mapping[str, str | Promise] = {
    "present": _("present"),
    "found": _("present"),
    "missing": _("missing"),
    "extra": _("not expected"),
}
LEVELS: Mapping[str, str | Promise] = {
    "international": _("International"),
    "national": _("National"),
    "province": _("Province"),
    "city": _("City"),
    "hospital": _("Hospital"),
    "product": _("Product"),
}


def language() -> str:
    """ "zh" or "en", as imagingqc names its languages."""
    return "en" if (get_language() or "zh").startswith("en") else "zh"


def unit_text(ucum: str | None) -> str:
    """The unit as people write it in the current language; an unknown code is shown as it is."""
    return unit_symbol(ucum or "", language())


def number_text(value: float, digits: int | None = None) -> str:
    """A number without exponent: whole numbers as they are, others with four significant figures."""
    if digits is not None:
        return f"{value:.{digits}f}"
    if isinstance(value, int) or (value == int(value) and abs(value) < 1e15):
        return str(int(value))
    if abs(value) >= 1000:
        return f"{value:.0f}"
    if abs(value) < SMALLEST_SHOWN:
        return "0"
    text = f"{value:.4g}"
    return text if "e" not in text else f"{value:.8f}".rstrip("0")


def quantity_text(key: str | None) -> str:
    """Name of a quantity in the current language; an unknown key is shown as it is."""
    return quantity_name(key, language()) if key else ""


# Header attributes that decide something, as people call them.
TAGS: Mapping[str, Promise] = {
    "BurnedInAnnotation": _("annotation burned into the image"),
    "Columns": _("image columns"),
    "DeviationIndex": _("deviation index"),
    "ExposureIndex": _("exposure index"),
    "ImageOrientationPatient": _("orientation of the image"),
    "ImagePositionPatient": _("position of the image"),
    "InstanceNumber": _("image numbers in the order of position"),
    "KVP": _("tube voltage"),
    "LossyImageCompression": _("lossy compression"),
    "LossyImageCompressionRatio": _("compression ratio"),
    "PatientID": _("patient id"),
    "PatientName": _("patient's name"),
    "PixelSpacing": _("pixel spacing"),
    "Rows": _("image rows"),
    "SliceThickness": _("slice thickness"),
    "TargetExposureIndex": _("target exposure index"),
}
