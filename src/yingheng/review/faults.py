"""Defects and positions by code, as results name them: entries of the product, and those that a hospital added."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from yingheng.common.ui.words import language
from yingheng.review.dictionary import CAUSES, Defect, Position, named
from yingheng.review.dictionary.table import OWN
from yingheng.review.models import Case
from yingheng.review.positioning import WHY
from yingheng.sheets.spec import Words


def fault_known(code: str, at: dt.datetime | None = None) -> Defect | None:
    """The entry of that code as it was worded `at` that time, of the product or of an organisation; None when nobody
    has one."""
    found = named(code, at)
    return found if isinstance(found, Defect) else None


def fault_name(code: str) -> Words | None:
    """What a sheet calls a defect: its name, or the code itself for one that only a hospital's sheet knows."""
    known = fault_known(code)
    return known.name if known else Words(code, code) if OWN.fullmatch(code) else None


def fault_text(code: str, at: dt.datetime | None = None) -> str:
    """The name of a defect in the reader's language; a code that nobody knows stands for itself."""
    known = fault_known(code, at)
    return known.name.text(language()) if known else code


def fault_list(codes: Iterable[str], at: dt.datetime | None = None) -> str:
    """Several defects in one line."""
    return ("、" if language() == "zh" else ", ").join(fault_text(code, at) for code in codes)


def fault_advice(code: str) -> str:
    """What to do so that it does not come again; "" where the dictionary says nothing."""
    known = fault_known(code)
    return known.advice.text(language()) if known else ""


def fault_cause(code: str) -> str:
    """What such a defect mostly comes from; "" where that depends on the case."""
    known = fault_known(code)
    return str(CAUSES[known.cause]) if known and known.cause else ""


def position_known(code: str) -> Position | None:
    """The position of that code, of the product or of an organisation; None when nobody has one."""
    found = named(code)
    return found if isinstance(found, Position) else None


def position_text(code: str) -> str:
    """The name of a position in the reader's language; a code that nobody knows stands for itself."""
    known = position_known(code)
    return known.name.text(language()) if known else code


def position_line(case: Case) -> str:
    """The position of a case and how it was found, or why there is none."""
    why = str(WHY.get(case.position_why, case.position_why))
    if not case.position:
        return why
    name = position_text(case.position)
    return f"{name}（{why}）" if language() == "zh" else f"{name} ({why})"
