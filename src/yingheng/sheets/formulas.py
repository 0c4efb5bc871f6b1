"""The readings of the core whose formula is done for the person: the one place that knows where they are kept."""

from __future__ import annotations

from imagingqc.errors import AnalysisError
from imagingqc.phantom.readings import registry
from imagingqc.phantom.readings.model import Input, Reading


def reading_of(key: str) -> Reading | None:
    """The reading of that key; None when there is none."""
    try:
        return registry.reading_named(key)
    except AnalysisError:
        return None


__all__ = ["Input", "Reading", "reading_of"]
