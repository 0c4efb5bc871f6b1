"""Conformity of reports as the national indicator 3 of 2024 (放射影像报告书写规范率) asks for it.

A report conforms when no defect of the dictionary that touches this indicator was named of it: signature missing,
conclusion against findings, wrong organ, part, side, unit or data, template text left over, data of another patient.
What a sheet does not ask cannot be denied: where it offers none of these defects, nothing is said.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from yingheng.review.dictionary import defects
from yingheng.review.faults import fault_known
from yingheng.sheets.spec import Spec

INDICATOR = 3


@cache
def _touching() -> frozenset[str]:
    return frozenset(code for code, one in defects(about="report").items() if one.indicator == INDICATOR)


def conforms(spec: Spec, faults: Collection[str]) -> bool | None:
    """Whether a report with those defects conforms; None where the sheet does not ask for them."""
    offered = {one.defect for item in spec.items() for one in item.deductions if one.defect}
    touched = any(code in _touching() or _own(code) for code in faults)
    if touched:
        return False
    return True if offered & _touching() else None


def _own(code: str) -> bool:
    """Whether an entry of a hospital touches the indicator."""
    known = fault_known(code)
    return known is not None and known.indicator == INDICATOR
