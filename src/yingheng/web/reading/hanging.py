"""How a case is hung when it is opened, by rules kept as data (hanging.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from imagingqc.dicom.geometry import plane
from yingheng.catalog.models import Series

_SHARP = re.compile(r"(?i)bone|lung|edge|sharp|detail|\b[BH](?:r|l|v)?[5-9]\d|\bFC[5-9]\d|\bY[A-D]\b|\bL$")


@dataclass(frozen=True)
class Preference:
    """What a series should have to come first; empty conditions ask for nothing."""

    plane: str = ""
    view: str = ""
    kernel: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Protocol:
    """One way of hanging.  `window` is a preset of the viewer, "" the one that was sent."""

    modality: tuple[str, ...] = ()
    body_part: tuple[str, ...] = ()
    panes: int = 1
    window: str = ""
    prefer: tuple[Preference, ...] = ()


@dataclass(frozen=True)
class Hung:
    """What is shown first: places of the series in the list they came in, and the window.

    `paired`: both panes show the series, its first picture and its second.
    """

    first: int
    second: int | None = None
    paired: bool = False
    window: str = ""


def hang(modality: str, body_part: str, series: Sequence[Series]) -> Hung | None:
    """Which of the series are shown first; None when there is none.  Only those with pictures are to be given."""
    if not series:
        return None
    protocol = protocol_for(modality, body_part)
    ranked = sorted(range(len(series)), key=lambda n: (_rank(series[n], protocol.prefer), -series[n].n_frames, n))
    first, two = ranked[0], protocol.panes > 1
    if two and len(ranked) > 1:
        return Hung(first, ranked[1], window=protocol.window)
    paired = two and series[first].n_frames > 1
    return Hung(first, first if paired else None, paired, protocol.window)


def protocol_for(modality: str, body_part: str) -> Protocol:
    """The first protocol that fits; one that asks for nothing when none does."""
    part = body_part.upper()
    for one in protocols():
        if (not one.modality or modality in one.modality) and (not one.body_part or part in one.body_part):
            return one
    return Protocol()


@cache
def protocols() -> tuple[Protocol, ...]:
    """The protocols of the product in their order."""
    raw = tomllib.loads(Path(__file__).with_name("hanging.toml").read_text(encoding="utf-8"))
    return tuple(_protocol(one) for one in raw["protocol"])


def _protocol(raw: Mapping[str, object]) -> Protocol:
    told = {key: tuple(value) if isinstance(value, list) else value for key, value in raw.items() if key != "prefer"}
    wanted = raw.get("prefer", [])
    rules = [
        Preference(**{k: tuple(v) if isinstance(v, list) else v for k, v in one.items()})
        for one in (wanted if isinstance(wanted, list) else [])
    ]
    return Protocol(**told, prefer=tuple(rules))  # type: ignore[arg-type]


def plane_of(series: Series) -> str:
    """axial, sagittal, coronal or oblique; "" where the header does not tell."""
    orientation = series.geometry.get("orientation")
    if not isinstance(orientation, list) or len(orientation) != 6:
        return ""
    return str(plane(tuple(float(v) for v in orientation)).name)  # type: ignore[arg-type]


def kernel_of(series: Series) -> str:
    """sharp or soft by the name of the kernel; "" without one."""
    name = str(series.facts.get("ConvolutionKernel") or "")
    return ("sharp" if _SHARP.search(name) else "soft") if name else ""


def _rank(series: Series, rules: Sequence[Preference]) -> int:
    return next((n for n, rule in enumerate(rules) if _fits(series, rule)), len(rules))


def _fits(series: Series, rule: Preference) -> bool:
    described = f"{series.description} {series.protocol_name}".lower()
    return (
        (not rule.plane or plane_of(series) == rule.plane)
        and (not rule.view or str(series.facts.get("ViewPosition") or "").upper() == rule.view)
        and (not rule.kernel or kernel_of(series) == rule.kernel)
        and all(word in described for word in rule.words)
    )
