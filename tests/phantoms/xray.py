"""Running a test of a detector on files."""

from __future__ import annotations

from imagingqc.dicom.series import scan
from imagingqc.phantom.run import analyse


def examined(test, *paths, **parameters):
    return analyse(test, [s for exam in scan(paths).exams for s in exam.series], parameters)


def values(result):
    """Quantity -> value; what was found must not have been refused.  Of several of one quantity a list."""
    assert result.refused is None, result.refused and result.refused.text("en")
    out = {}
    for m in result.found.measurements:
        out.setdefault(m.quantity, []).append(m.value)
    return {key: v[0] if len(v) == 1 else v for key, v in out.items()}


def refusal(result):
    assert result.found is None
    assert result.refused.text("zh")
    assert result.refused.text("en")
    return result.refused.code
