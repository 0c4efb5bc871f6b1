"""Which device made an object, by its header alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Values that stand for "not filled in" or come from anonymisers; they would merge different devices into one.
_PLACEHOLDER = re.compile(r"^(0+|X+|-+|N/?A|NONE|NULL|UNKNOWN|ANON(YMOUS|YMIZED)?|REMOVED|SN|SERIAL|NOT SET)$")

# The longest maker, serial, AE title and station that DICOM allows (LO 64, AE 16, SH 16), kept with some room.
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What a header says of its device, cleaned; empty text where it says nothing."""

    identity: str
    maker: str
    serial: str
    model: str
    modality: str
    station_name: str
    ae_title: str


def device_facts(facts: Mapping[str, Any], *, modality: str = "", ae_title: str = "") -> DeviceFacts | None:
    """Cleaned identity from header facts by DICOM keyword; None when the header names no device.

    The serial number counts only together with a maker; without it a device is known by AE title and station,
    of which at least one must be present.  Letter case and repeated blanks do not matter.
    """
    maker, serial = _clean(facts, "Manufacturer"), _clean(facts, "DeviceSerialNumber")
    station = _clean(facts, "StationName")
    title = " ".join(ae_title.split())[:_LONGEST]
    if maker and serial:
        identity = f"sn:{maker.upper()}|{serial.upper()}"
    elif station or title:
        identity = f"ae:{title.upper()}|{station.upper()}"
    else:
        return None
    model = _clean(facts, "ManufacturerModelName")
    return DeviceFacts(identity, maker, serial, model, modality or _clean(facts, "Modality"), station, title)


def _clean(facts: Mapping[str, Any], keyword: str) -> str:
    value = facts.get(keyword)
    if isinstance(value, tuple | list):
        value = value[0] if value else None
    text = "" if value is None else " ".join(str(value).split())[:_LONGEST]
    return "" if _PLACEHOLDER.match(text.upper()) else text
