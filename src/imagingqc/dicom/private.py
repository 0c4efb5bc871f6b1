"""The few private attributes that carry what the standard ones leave out.

Diffusion weighting of makers who do not fill (0018,9087), as their conformance statements name it.
"""

from __future__ import annotations

import math

from pydicom.dataset import Dataset

from imagingqc.dicom.attributes import ATTRIBUTES
from imagingqc.dicom.fast import Elements, Header
from imagingqc.dicom.faults import PARSER_ERRORS
from imagingqc.dicom.model import Fact

# private creator, group, element: the b-value in s/mm2 is the first value
_B_VALUES = (
    ("SIEMENS MR HEADER", 0x0019, 0x0C),
    ("GEMS_PARM_01", 0x0043, 0x39),
    ("Image Private Header", 0x0065, 0x09),  # UIH
)
_GE_OFFSET = 1_000_000_000  # GE adds it to b-values it has scaled by gradient direction


def private_facts(dataset: Elements) -> dict[str, Fact]:
    """Facts under their standard keyword, for the makers listed; absurd and unreadable values are left out."""
    if not isinstance(dataset, Header):
        return _b_value(dataset)
    tags = [tag for creator, group, element in _B_VALUES for tag in dataset.private_tags(group, creator, element)]
    return dataset.derived("private", tags, _b_value) if tags else {}


def _b_value(dataset: Dataset) -> dict[str, Fact]:
    spec = ATTRIBUTES["DiffusionBValue"]
    for creator, group, element in _B_VALUES:
        try:
            value = dataset.private_block(group, creator)[element].value
            if isinstance(value, bytes):
                value = value.decode("ascii").strip("\x00 ").split("\\")
            first = value[0] if not isinstance(value, str) and hasattr(value, "__getitem__") else value
            number = float(first) % _GE_OFFSET
        except PARSER_ERRORS:
            continue
        if math.isfinite(number) and spec.low <= number <= spec.high:
            return {"DiffusionBValue": number}
    return {}
