"""What a sheet is judged by when it is only tried out: no hospital, no device, the standards that it names."""

from __future__ import annotations

from imagingqc.criteria.load import load_builtin
from yingheng.sheets.judging import Basis, quantities_of
from yingheng.sheets.spec import Spec

MODALITIES = ("CT", "MR", "DX", "MG", "US", "XA")


def preview_basis(spec: Spec, modality: str) -> Basis:
    """The standards named by the sheet; without any, all that come with the product; for a device of that modality."""
    known = load_builtin()
    named = tuple(known[name] for name in spec.standards) if spec.standards else tuple(known.values())
    return Basis(named, {"modality": modality})


def preview_modalities(spec: Spec) -> tuple[str, ...]:
    """The modalities to choose from: none where the sheet is about one, or has nothing that limits judge."""
    return () if "modality" in spec.facts or not quantities_of(spec) else MODALITIES
