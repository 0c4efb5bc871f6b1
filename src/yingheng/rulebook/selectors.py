"""What a hospital is judged by."""

from __future__ import annotations

import datetime as dt

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Standard
from imagingqc.evaluate import DEFAULT_STANDARDS
from yingheng.tenancy.models import Organisation


def standards_for(hospital: Organisation, day: dt.date) -> tuple[Standard, ...]:  # noqa: ARG001 - until hospitals choose
    """The editions that exams of `hospital` of that local day are judged by."""
    builtin = load_builtin()
    return tuple(builtin[name] for name in DEFAULT_STANDARDS)
