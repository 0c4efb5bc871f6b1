"""Inputs that many forms have in common."""

from __future__ import annotations

from imagingqc.phantom.readings.model import Input

RADIOGRAPHY = frozenset({"DX", "CR"})
PROJECTION = frozenset({"DX", "CR", "IO", "PX", "MG"})
FLUOROSCOPY = frozenset({"RF", "XA"})


def column(  # noqa: PLR0913 - one argument for each property of the field
    key: str, zh: str, en: str, unit: str, low: float, high: float, *, fewest: int = 1, most: int = 30, table: str = ""
) -> Input:
    """A list of readings; with `table` a column of it."""
    return Input(key, zh, en, unit, "numbers", low, high, fewest=fewest, most=most, table=table)


def kerma_readings(fewest: int, *, table: str = "", most: int = 20) -> Input:
    """Air kerma at the instrument, µGy; relative readings in another unit do as well where only ratios count."""
    zh, en = "空气比释动能读数", "air kerma readings"
    return column("kerma", zh, en, "uGy", 1e-3, 1e6, fewest=fewest, most=most, table=table)


def distance(key: str, zh: str, en: str, default: float | None, low: float = 100, high: float = 3000) -> Input:
    """A distance from the focus, mm."""
    return Input(key, zh, en, "mm", "number", low, high, default=default)


def factor(key: str = "factor", zh: str = "校准因子", en: str = "calibration factor") -> Input:
    """What readings are multiplied with: calibration, air density."""
    return Input(key, zh, en, "1", "number", 0.5, 2.0, default=1.0)
