"""The dictionary of retake reasons (data: retake_reasons.tsv), and the short list of reasons for accepting an exam.

Columns of the table: code; names; cause (technique, patient, equipment, processing, system, clinical); modalities for
which it is offered ("*": all); whether it counts as a rejected image; whether it could have been prevented; and the
key 1 to 9 under which it is offered for a modality ("CT:3").  Codes are never reused.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

CAUSES: Mapping[str, Promise] = {
    "technique": _("technique"),
    "patient": _("patient"),
    "equipment": _("equipment"),
    "processing": _("processing"),
    "system": _("transfer and storage"),
    "clinical": _("clinical wish"),
}
# What an exam is accepted for although something about it failed.
ACCEPT_REASONS: Mapping[str, Promise] = {
    "diagnostic": _("Sufficient for the question asked"),
    "patient": _("The patient cannot do better"),
    "emergency": _("Emergency: no time to repeat"),
    "dose": _("A repeat would not be worth the dose"),
    "agreed": _("Agreed with the reporting physician"),
    "measured": _("The measurement does not fit this exam"),
}
_GROUPS = {"CR": "DX", "DR": "DX", "PX": "DX", "IO": "DX", "RG": "DX"}
KEYS = 9


@dataclass(frozen=True, slots=True)
class RetakeReason:
    """One reason; `counts` whether a retake for it counts as a rejected image."""

    code: str
    zh: str
    en: str
    cause: str
    modalities: frozenset[str]
    counts: bool
    preventable: str
    keys: Mapping[str, int]

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return self.en if (get_language() or "").startswith("en") else self.zh


@cache
def retake_reasons() -> Mapping[str, RetakeReason]:
    """Every reason by code, in the order of the table."""
    text = files("yingheng.catalog").joinpath("retake_reasons.tsv").read_text(encoding="utf-8")
    return {row["code"]: _reason(row) for row in csv.DictReader(text.splitlines(), delimiter="\t")}


def _reason(row: Mapping[str, str]) -> RetakeReason:
    keys = (pair.split(":") for pair in row["keys"].split(",") if pair)
    return RetakeReason(
        code=row["code"],
        zh=row["zh"],
        en=row["en"],
        cause=row["cause"],
        modalities=frozenset(row["modalities"].split(",")),
        counts=row["counts"] == "yes",
        preventable=row["preventable"],
        keys={group: int(key) for group, key in keys},
    )


def reasons_for(modality: str) -> list[RetakeReason]:
    """The reasons offered for a modality: those with a key first, in the order of their keys, then the rest."""
    group = _GROUPS.get(modality, modality)
    offered = [r for r in retake_reasons().values() if {"*", group} & r.modalities]
    return sorted(offered, key=lambda r: r.keys.get(group, KEYS + 1))


def reason_label(code: str) -> str:
    """The name of a reason; a code that the dictionary does not know stands for itself."""
    known = retake_reasons().get(code)
    return known.label if known else code
