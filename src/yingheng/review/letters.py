"""Where letters are burned into a stored picture: looked for once, and remembered beside the data.

    <home>/cache/letters/<first two digits>/<sha256>-<version>-<with or without a reader of text>.json

Pictures that tend to carry text, of which nothing can tell where, have the bands covered in which makers write: a
case with such a picture is marked, for what stands elsewhere stays.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from imagingqc.dicom.blind_frame import BLIND_VERSION, lettering
from imagingqc.dicom.deidentify_rules import Box, word_lists
from imagingqc.errors import DataError
from imagingqc.imaging.text import side_of
from imagingqc.imaging.text_rapidocr import default_text_reader
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.storage import default_storage
from yingheng.common.durable import write_durably
from yingheng.common.errors import NotFound

_TOP, _FOOT, _EDGE = 0.12, 0.08, 0.12  # of height and width: where ultrasound and captures name the patient
_WRITTEN = frozenset({"US", "IVUS", "SC", "OT", "ES", "XC", "XA", "RF", ""})
_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # Secondary Capture Image Storage and its multi-frame kinds
_MARKER = 5  # characters of a side marker at most


@dataclass(frozen=True)
class Covers:
    """Rectangles painted over; `is_known` is false where it could not be told whether these are all."""

    boxes: tuple[Box, ...]
    is_known: bool


def reads_text() -> bool:
    """Whether this installation can look for text in pictures."""
    return default_text_reader() is not None


def is_lettered(series: Series) -> bool:
    """Whether pictures of that kind tend to carry text."""
    return series.modality in word_lists()["lettered"] or is_capture(series)


def is_capture(series: Series) -> bool:
    """Whether it is a picture of a screen or paper: a secondary picture with a plane in the patient is none."""
    kind = str(series.facts.get("ImageType") or "").upper()
    secondary = "SECONDARY" in kind and not series.geometry.get("orientation")
    return series.sop_class_uid.startswith(_CAPTURE) or "SCREEN" in kind or secondary


def shown_blind(rows: Sequence[Series]) -> list[Series]:
    """Of the series of an exam those for readers who may not know whose it is: no picture of a screen beside others."""
    return [one for one in rows if not is_capture(one)] or list(rows)


def covers_of(row: Instance, series: Series) -> Covers:
    """What is to be covered in every frame of an object.  NotFound when its bytes are gone, DataError as reading."""
    if not is_lettered(series):
        return Covers((), is_known=True)
    kept = _path(row)
    try:
        told = json.loads(kept.read_text(encoding="ascii"))
    except (OSError, ValueError):
        told = _looked(row)
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_durably(kept, json.dumps(told).encode("ascii"))
    boxes = tuple(Box(*box) for box in told["boxes"])
    if told["known"] or (series.modality not in _WRITTEN and not is_capture(series)):
        return Covers(boxes, is_known=told["known"])
    return Covers((*boxes, *_bands(row.rows, row.columns)), is_known=False)


def is_unchecked(series: Series, first: Instance | None) -> bool:
    """Whether a series may carry text that nobody looked for.  Reads one object at most."""
    if first is None or reads_text() or not is_lettered(series):
        return False
    try:
        return not covers_of(first, series).is_known
    except (DataError, NotFound):
        return False


def _looked(row: Instance) -> dict[str, object]:
    path = str(default_storage().local_path(row.storage_key))
    found = lettering(path, default_text_reader(), _is_marker)
    return {"known": found.is_known, "boxes": [[b.x, b.y, b.width, b.height] for b in found.boxes]}


def _is_marker(text: str) -> bool:
    """Whether a piece of text names a side and nothing else: readers judge by it."""
    return bool(side_of(text)) and sum(map(str.isalnum, text)) <= _MARKER


def _bands(rows: int, columns: int) -> tuple[Box, ...]:
    top, foot, edge = round(_TOP * rows), round(_FOOT * rows), round(_EDGE * columns)
    return Box(0, 0, columns, top), Box(0, rows - foot, columns, foot), Box(0, 0, edge, rows)


def _path(row: Instance) -> Path:
    way = "read" if reads_text() else "told"
    folder = Path(settings.YINGHENG_HOME) / "cache" / "letters" / row.sha256[:2]
    return folder / f"{row.sha256}-{BLIND_VERSION}-{way}.json"
