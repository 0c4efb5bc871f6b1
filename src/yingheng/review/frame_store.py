"""The frame of a draw as bytes: keys, strata and risks of what could be drawn, packed for keeping."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable

from imagingqc.stats.sampling import Unit


def packed(units: Iterable[Unit]) -> bytes:
    """JSON {"strata": [[…], …], "units": [[key, number of its stratum, risk], …]} by key, compressed by zlib."""
    ordered = sorted(units, key=lambda unit: unit.key)
    strata = sorted({unit.stratum for unit in ordered})
    number = {stratum: n for n, stratum in enumerate(strata)}
    rows = [[unit.key, number[unit.stratum], unit.risk] for unit in ordered]
    return zlib.compress(json.dumps({"strata": strata, "units": rows}, separators=(",", ":")).encode(), 9)


def unpacked(data: bytes) -> list[Unit]:
    """What `packed` was given, by key."""
    raw = json.loads(zlib.decompress(bytes(data)))
    strata = [tuple(stratum) for stratum in raw["strata"]]
    return [Unit(key, strata[number], risk) for key, number, risk in raw["units"]]
