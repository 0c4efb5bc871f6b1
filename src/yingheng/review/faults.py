"""Defects by code, as results name them: entries of the product's dictionary, and codes that a hospital added."""

from __future__ import annotations

from collections.abc import Iterable

from yingheng.common.ui.words import language
from yingheng.review.dictionary import CAUSES, Defect, defects
from yingheng.sheets.defects import defect_name


def fault_known(code: str) -> Defect | None:
    """The entry of the product's dictionary; None for a code of somebody else's."""
    return defects().get(code)


def fault_text(code: str) -> str:
    """The name of a defect in the reader's language; a code that nobody knows stands for itself."""
    found = defect_name(code)
    if found is not None:
        return found.en if language() == "en" else found.zh
    known = fault_known(code)
    return known.name.text(language()) if known else code


def fault_list(codes: Iterable[str]) -> str:
    """Several defects in one line."""
    return ("、" if language() == "zh" else ", ").join(fault_text(code) for code in codes)


def fault_advice(code: str) -> str:
    """What to do so that it does not come again; "" where the dictionary says nothing."""
    known = fault_known(code)
    return known.advice.text(language()) if known else ""


def fault_cause(code: str) -> str:
    """What such a defect mostly comes from; "" where that depends on the case."""
    known = fault_known(code)
    return str(CAUSES[known.cause]) if known and known.cause else ""
