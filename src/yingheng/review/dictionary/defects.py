"""Defects of images (defects.tsv) and of reports (report_defects.tsv).  Codes are never reused.

Columns: code; names; class (what it spoils); cause (as of retake reasons); severity; whether it is a veto by itself;
modalities; the retake reason it leads to (catalog/retake_reasons.tsv); advice; how sure the entry is and its source.
Of reports: the national indicator of 2024 that it touches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from yingheng.catalog.retake_reasons import CAUSES, retake_reasons
from yingheng.review.dictionary.letters import letters_of
from yingheng.review.dictionary.table import (
    CONFIDENCES,
    OWN,
    DictionaryError,
    Row,
    known,
    listed,
    own_rows,
    rows,
)
from yingheng.sheets.spec import Words

CLASSES: Mapping[str, Promise] = {
    "coverage": pgettext_lazy("defect", "coverage"),
    "position": pgettext_lazy("defect", "position"),
    "exposure": pgettext_lazy("defect", "exposure and contrast"),
    "noise": pgettext_lazy("defect", "noise"),
    "sharpness": pgettext_lazy("defect", "sharpness"),
    "artefact": pgettext_lazy("defect", "artefact"),
    "identity": pgettext_lazy("defect", "identity and marks"),
    "protocol": pgettext_lazy("defect", "protocol and series"),
    "processing": pgettext_lazy("defect", "processing and transfer"),
    "dose": pgettext_lazy("defect", "dose"),
}
REPORT_CLASSES: Mapping[str, Promise] = {
    "completeness": pgettext_lazy("defect", "completeness"),
    "consistency": pgettext_lazy("defect", "consistency"),
    "wording": pgettext_lazy("defect", "wording"),
    "structure": pgettext_lazy("defect", "structure"),
    "timeliness": pgettext_lazy("defect", "timeliness"),
    "critical": pgettext_lazy("defect", "critical values"),
    "content": pgettext_lazy("defect", "content"),
    "privacy": pgettext_lazy("defect", "privacy"),
}
SEVERITIES: Mapping[str, Promise] = {
    "minor": pgettext_lazy("defect", "minor"),
    "moderate": pgettext_lazy("defect", "moderate"),
    "major": pgettext_lazy("defect", "major"),
}
#: The worst grade that an image with the defect can have; "" where the sheet alone decides.
GRADES = ("a", "b", "c", "waste")
COLUMNS = ("code", "zh", "en", "class", "cause", "severity", "veto", "modalities", "retake", "grade", "advice",
           "advice_en", "confidence", "source")  # fmt: skip
REPORT_COLUMNS = ("code", "zh", "en", "class", "severity", "veto", "indicator", "grade", "advice", "advice_en",
                  "confidence", "source")  # fmt: skip
_NEEDED = ("code", "zh", "class", "severity")
_DIGITAL = {"CR": "DX", "DR": "DX", "PX": "DX", "IO": "DX", "RG": "DX"}
ALL = "*"


@dataclass(frozen=True, slots=True)
class Defect:
    """One defect.  `about` is "image" or "report"; `cause` is "" where it depends on the case; `own`: a hospital's."""

    code: str
    name: Words
    about: str
    kind: str
    cause: str
    severity: str
    veto: bool
    modalities: frozenset[str]
    retake: str
    advice: Words
    confidence: str
    source: str
    indicator: int | None = None
    own: bool = False
    grade: str = ""

    @property
    def letters(self) -> str:
        """The first letters of its Chinese name as they are spoken."""
        return letters_of(self.name.zh)

    def fits(self, modality: str) -> bool:
        """Whether it can be found on images of that modality."""
        return bool({ALL, _DIGITAL.get(modality, modality)} & self.modalities)


def defects(extra: Iterable[Row] = (), *, about: str = "") -> Mapping[str, Defect]:
    """Every defect by code, then those of `extra` (rows of a hospital, codes H-…); DictionaryError for a bad one.

    `about` "image" or "report" leaves the others out.
    """
    own = [_defect(row, "image", own=True) for row in own_rows(extra, COLUMNS, _NEEDED)]
    found = {**_all(), **{one.code: one for one in own}}
    return {code: one for code, one in found.items() if not about or one.about == about}


def own_defect(row: Row, about: str = "image") -> Defect:
    """A defect that a hospital adds, `about` an "image" or a "report"; DictionaryError for a bad one."""
    columns = COLUMNS if about == "image" else REPORT_COLUMNS
    return _defect(own_rows([row], columns, _NEEDED)[0], about, own=True)


def defects_for(modality: str, extra: Iterable[Row] = ()) -> list[Defect]:
    """The defects that images of a modality can have, in the order of the table."""
    return [one for one in defects(extra, about="image").values() if one.fits(modality)]


def defect_words(code: str) -> Words | None:
    """The name of a defect of the product; None for a code it does not have.

    A code that a hospital gives is taken as it is: its names are in the database (`catalogue.named`), and beside it in
    the sheet.
    """
    if OWN.fullmatch(code):
        return Words(code, code)
    found = _all().get(code)
    return found.name if found else None


@cache
def _all() -> Mapping[str, Defect]:
    images = [_defect(row, "image") for row in rows("defects")]
    reports = [_defect(row, "report") for row in rows("report_defects")]
    found = {one.code: one for one in (*images, *reports)}
    if len(found) != len(images) + len(reports):
        raise DictionaryError("defects", _("This code is there twice."))
    return found


def _defect(row: Row, about: str, *, own: bool = False) -> Defect:
    code = row["code"]
    retake, cause = row.get("retake", ""), row.get("cause", "")
    if retake and retake not in retake_reasons():
        raise DictionaryError(code, _("There is no such retake reason."))
    return Defect(
        code=code,
        name=Words(row["zh"], row["en"] or row["zh"]),
        about=about,
        kind=known(code, "class", row["class"], CLASSES if about == "image" else REPORT_CLASSES),
        cause=known(code, "cause", cause, ("", *CAUSES)),
        severity=known(code, "severity", row["severity"], SEVERITIES),
        veto=known(code, "veto", row.get("veto", "") or "no", ("yes", "no")) == "yes",
        modalities=frozenset(listed(row.get("modalities", "")) or (ALL,)),
        retake=retake,
        advice=Words(row.get("advice", ""), row.get("advice_en", "") or row.get("advice", "")),
        confidence=known(code, "confidence", row.get("confidence", "") or "expert", CONFIDENCES),
        source=row.get("source", ""),
        indicator=_number(code, row.get("indicator", "")),
        own=own,
        grade=known(code, "grade", row.get("grade", ""), ("", *GRADES)),
    )


def _number(code: str, text: str) -> int | None:
    if text and not (text.isascii() and text.isdigit()):
        raise DictionaryError(code, _("indicator is a number."))
    return int(text) if text else None
