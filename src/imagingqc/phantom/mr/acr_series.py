"""Which of the images given are the eleven axial slices of the ACR phantom."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from imagingqc.dicom.model import Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.mr.acr_find import SLICES

SAME_MM = 0.05


def axial_stack(stacks: Sequence[Stack], wanted: str | None) -> Stack:
    """The only volume with at least eleven slices, or that which `wanted` names (UID, number or label of its series).

    AnalysisError `not_a_volume`, `phantom_incomplete` (fewer slices), `phantom_choose_series` (several; names them),
    `phantom_series_unknown` (none is called so).
    """
    volumes = [stack for stack in stacks if stack.kind == "volume"]
    if not volumes:
        raise AnalysisError("not_a_volume", kinds=", ".join(sorted({stack.kind for stack in stacks})) or "-")
    enough = [stack for stack in volumes if _places(stack) >= SLICES]
    if not enough:
        most = max(_places(stack) for stack in volumes)
        raise AnalysisError("phantom_incomplete", missing=f"{SLICES - most} / {SLICES}")
    names = "; ".join(sorted(label(stack) for stack in enough))
    if wanted:
        called = [stack for stack in enough if wanted in _names(stack)]
        if not called:
            raise AnalysisError("phantom_series_unknown", series=wanted, names=names)
        enough, names = called, "; ".join(sorted(label(stack) for stack in called))
    if len(enough) > 1:
        raise AnalysisError("phantom_choose_series", names=names)
    return enough[0]


def label(stack: Stack) -> str:
    """Number, description and echo time of a stack's series: "3 ACR T2 TE 80"."""
    piece = stack.slices[0]
    first = piece.instance
    number, description = first.number("SeriesNumber"), first.text("SeriesDescription") or first.text("ProtocolName")
    echo = piece.instance.frames[piece.frame].facts.get("EchoTime", first.number("EchoTime"))
    parts = [f"{number:.0f}" if number is not None else "", description or ""]
    if isinstance(echo, int | float):
        parts.append(f"TE {echo:.4g}")
    return " ".join(part for part in parts if part) or first.series_uid


def _names(stack: Stack) -> set[str]:
    first = stack.slices[0].instance
    number = first.number("SeriesNumber")
    return {label(stack), first.series_uid, "" if number is None else f"{number:.0f}", first.text("SeriesDescription")
            or ""} - {""}  # fmt: skip


def _places(stack: Stack) -> int:
    positions = sorted(piece.position_mm or 0.0 for piece in stack.slices)
    return 1 + sum(b - a > SAME_MM for a, b in itertools.pairwise(positions))


def one_each(slices: Sequence[Slice], decode: Frames) -> list[Slice]:
    """The slices with one for each place; AnalysisError `phantom_same_place` when two at one place differ."""
    kept: list[Slice] = []
    for piece in slices:
        last = kept[-1] if kept else None
        if last is None or abs((piece.position_mm or 0.0) - (last.position_mm or 0.0)) > SAME_MM:
            kept.append(piece)
        elif not np.array_equal(decode.image(piece).pixels, decode.image(last).pixels):
            raise AnalysisError("phantom_same_place", position=f"{piece.position_mm or 0.0:.1f}")
    return kept
