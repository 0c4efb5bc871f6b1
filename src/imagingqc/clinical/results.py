"""Building measurements: unit from the catalogue, one value or one reason, never both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from imagingqc.dicom.model import Instance, Slice
from imagingqc.quantity import Evidence, Recorder


def recorder(method: tuple[str, str], slices: Sequence[Slice], shape: Mapping[str, Any] | None = None) -> Recorder:
    """A recorder whose sources are the first and last of `slices` and whose place is their series."""
    first, last = slices[0].instance, slices[-1].instance
    sources = (first.sop_uid,) if first.sop_uid == last.sop_uid else (first.sop_uid, last.sop_uid)
    single = len(slices) == 1
    evidence = Evidence(
        series=first.series_uid,
        instance=first.sop_uid if single else None,
        frame=slices[0].frame if single else None,
        shape=shape or {},
    )
    return Recorder(*method, sources, evidence)


def tags(instance: Instance, keywords: Iterable[str]) -> dict[str, Any]:
    """Evidence shape `tags`: the attributes that decided, in the order asked; absent ones are left out."""
    rows = [{"keyword": k, "value": written(instance, k)} for k in keywords if k in instance.facts]
    return {"kind": "tags", "tags": rows}


def written(instance: Instance, keyword: str) -> str:
    """All values of an attribute as DICOM writes them, numbers without needless zeros; "" when absent."""
    value = instance.facts.get(keyword, ())
    values = value if isinstance(value, tuple) else (value,)
    return "\\".join(f"{v:.10g}" if isinstance(v, float) else str(v) for v in values)


def fact(piece: Slice, keyword: str) -> float | None:
    """A number of one frame: what the frame says, else what its instance says."""
    frame = piece.instance.frames[piece.frame].facts if piece.frame < len(piece.instance.frames) else {}
    value = frame.get(keyword)
    if isinstance(value, tuple):
        value = value[0] if value else None
    return float(value) if isinstance(value, int | float) else piece.instance.number(keyword)


def thickness(piece: Slice) -> float | None:
    """Slice thickness of one frame in mm, None when the header gives none."""
    frames = piece.instance.frames
    own = frames[piece.frame].thickness_mm if piece.frame < len(frames) else None
    return own if own is not None else piece.instance.number("SliceThickness")


def number_text(value: float) -> str:
    """A number for a sentence: four significant digits, no trailing zeros."""
    return f"{value:.4g}"
