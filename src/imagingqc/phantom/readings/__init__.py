"""Readings entered by people: forms as data, their formulas, the quantities they give."""

from imagingqc.phantom.readings.model import Choice, Found, Given, Input, Reading
from imagingqc.phantom.readings.registry import READINGS, measure, reading_named

__all__ = ["READINGS", "Choice", "Found", "Given", "Input", "Reading", "measure", "reading_named"]
