"""Which standards judge a performance test when nobody chooses."""

from __future__ import annotations

from collections.abc import Mapping

TAIYUAN = "taiyuan-mutual-recognition-trial"

BY_MODALITY: Mapping[str, tuple[str, ...]] = {
    "CT": ("ws-519-2019", TAIYUAN),
    "MR": ("ws-t-263-2006", TAIYUAN),
    "DX": ("ws-76-2020", TAIYUAN),
    "CR": ("ws-76-2020", TAIYUAN),
    "RF": ("ws-76-2020",),
    "XA": ("ws-76-2020",),
    "MG": ("ws-76-2020",),
    "IO": ("ws-76-2020",),
    "PX": ("ws-76-2020",),
    "US": ("image-quality-1",),
}
BY_PHANTOM: Mapping[str, tuple[str, ...]] = {
    "acr-ct-464": ("acr-ct-phantom",),
    "acr-mr-large": ("acr-mr-2022", "acr-mr-weekly"),
    "acr-mr-medium": ("acr-mr-medium",),
}


def phantom_standards(phantom: str | None) -> tuple[str, ...]:
    """Ids of the built-in standards written for one phantom: its maker's tolerances hold for nothing else."""
    return BY_PHANTOM.get(phantom or "", ())


def default_standards(modality: str, phantom: str | None = None) -> tuple[str, ...]:
    """Ids of the built-in standards for a device of `modality`, and those written for `phantom` after them.

    () for a modality that no standard of performance tests names.
    """
    return BY_MODALITY.get(modality, ()) + phantom_standards(phantom)
