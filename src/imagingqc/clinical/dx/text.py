"""Side markers and other text in a radiograph, read by the text reader of the installation, per image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from imagingqc.clinical.dx.tags import laterality
from imagingqc.clinical.method import SeriesMethod, Stacks, images
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import recorder
from imagingqc.dicom.model import Instance, Series, Slice
from imagingqc.dicom.pixels import display_8bit
from imagingqc.errors import AnalysisError, DataError, Reason
from imagingqc.imaging.text import (
    Bytes2D,
    Letter,
    TextBox,
    TextReader,
    cut_out,
    letter_shapes,
    overlapping,
    side_of,
)
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "dx.text", "1"
PRESENT, SIDE, AGREES = "dx.marker.present", "dx.marker.side", "dx.marker.agrees"
TEXT, IDENTITY = "image.burned_in.text", "image.burned_in.identity"
MARKERS, WORDS = (PRESENT, SIDE, AGREES), (TEXT, IDENTITY)
SURE_LETTER, SURE_TEXT = 0.9, 0.8  # confidence from which a single letter, a piece of text, counts
CENTRAL = 0.1  # of the width beside the middle: a marker there is on no side
SMALLEST = 128  # pixels of the shorter side: with less no letter can be made out
SHOWN = 100  # boxes in the evidence; the number counts all


@dataclass(frozen=True, slots=True)
class Marker:
    """A letter or word that names a side, where it lies and whether it is read in a mirror."""

    sides: frozenset[str]
    box: TextBox
    mirrored: bool = False


def read_markers(image8: Bytes2D, reader: TextReader) -> tuple[list[Marker], list[TextBox]]:
    """(side markers, other pieces of text) of a picture, white high.

    The whole picture is read once; then each shape that may be a letter and was not read is read alone, as it is and
    mirrored, for letters of lead may lie either way up.
    """
    texts = [box for box in reader.read(image8) if box.confidence >= SURE_TEXT]
    markers = [Marker(side_of(box.text), box) for box in texts if side_of(box.text)]
    words = [box for box in texts if not side_of(box.text) and sum(map(str.isalnum, box.text)) > 1]
    for letter in letter_shapes(image8):
        found = _alone(image8, letter, reader)
        if found is not None and not overlapping(found.box, texts):
            markers.append(found)
    return markers, words


def _alone(image8: Bytes2D, letter: Letter, reader: TextReader) -> Marker | None:
    """The letter as a marker, read the way that the reader is surer of."""
    best: Marker | None = None
    for mirrored in (False, True):
        read = reader.read_line(cut_out(image8, letter, mirrored=mirrored))
        if read is None or read.confidence < SURE_LETTER or not side_of(read.text):
            continue
        box = TextBox(read.text, read.confidence, letter.x, letter.y, letter.width, letter.height)
        if best is None or box.confidence > best.box.confidence:
            best = Marker(side_of(read.text), box, mirrored)
    return best


def agrees(markers: Sequence[Marker], instance: Instance) -> bool:
    """Whether the markers name the side of the header, or lie on the side of the picture that they name.

    With Image Laterality (or Laterality) L or R all markers must name that side.  Otherwise Patient Orientation tells
    which way left is, and every marker must lie there or opposite.
    Raises AnalysisError `no_marker`, `contradictory_tags`, `missing_tag` (neither attribute), `marker_central`.
    Source: PS3.3 C.7.6.1.1.1 (Patient Orientation), C.8.11.1 (Image Laterality).
    """
    if not markers:
        raise AnalysisError("no_marker")
    side, contradiction = laterality(instance)
    if contradiction:
        values = f"{instance.text('ImageLaterality')} / {instance.text('Laterality')}"
        raise AnalysisError("contradictory_tags", tags="ImageLaterality, Laterality", values=values)
    if side in {"L", "R"}:
        return all(marker.sides == {side} for marker in markers)
    towards = (instance.text("PatientOrientation") or "").strip().upper()[:1]
    if towards not in {"L", "R"}:
        raise AnalysisError("missing_tag", tag="ImageLaterality, PatientOrientation")
    return all(_placed(marker, instance.columns) == towards for marker in markers)


def _placed(marker: Marker, columns: int) -> str:
    """The side towards which the columns would have to run for this marker to lie where it says."""
    off = (marker.box.x + marker.box.width / 2) / columns - 0.5
    if abs(off) < CENTRAL or len(marker.sides) > 1:
        raise AnalysisError("marker_central")
    (side,) = marker.sides
    return side if off > 0 else {"L": "R", "R": "L"}[side]


def names_patient(texts: Sequence[TextBox], instance: Instance) -> list[TextBox]:
    """The pieces of text that hold the patient's name, number or birth date of the header.

    Raises AnalysisError `missing_tag` when the header has none of them to look for.
    """
    wanted = _identity(instance)
    if not wanted:
        raise AnalysisError("missing_tag", tag="PatientName, PatientID")
    return [box for box in texts if any(word in _plain(box.text) for word in wanted)]


def _identity(instance: Instance) -> set[str]:
    """What would betray the patient: parts of the name, ID and birth date, plain; too short ones fit anything."""
    name = (instance.text("PatientName") or "").replace("=", "^").replace(" ", "^").split("^")
    words = {_plain(part) for part in name}
    found = {w for w in words if len(w) >= (4 if w.isascii() else 2)}
    codes = {_plain(instance.text(k) or "") for k in ("PatientID", "PatientBirthDate")}
    return found | {code for code in codes if len(code) >= 4}


def _plain(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())


def _run(_series: Series, stacks: Stacks, reader: PixelReader) -> list[Measurement]:
    captures = [piece for stack in stacks if stack.kind == "secondary" for piece in stack.slices]
    try:
        pieces = [piece for stack in images(stacks) for piece in stack.slices]
    except AnalysisError as error:
        if not captures:
            raise
        record = recorder((NAME, VERSION), captures[:1])
        refused = [record.refuse_for(quantity, error.reason) for quantity in MARKERS]
        return refused + [m for piece in captures for m in _words(piece, reader)]
    return [m for piece in pieces for m in _all(piece, reader)] + [m for p in captures for m in _words(p, reader)]


def _all(piece: Slice, reader: PixelReader) -> list[Measurement]:
    record = recorder((NAME, VERSION), [piece])
    try:
        markers, words = _read(display_8bit(reader.image(piece)), reader.text_reader)
    except (AnalysisError, DataError) as error:
        return [record.refuse_for(quantity, error.reason) for quantity in (*MARKERS, *WORDS)]
    shown = _shown(piece, markers)
    record = Recorder(record.method, record.version, record.sources, shown)
    sides = "".join(sorted({side for marker in markers for side in marker.sides}))
    side = record.value(SIDE, sides) if sides else record.refuse_for(SIDE, Reason("no_marker"))
    return [
        record.value(PRESENT, value=bool(markers)),
        side,
        _judged(record, AGREES, lambda: agrees(markers, piece.instance)),
        *_said(piece, words),
    ]


def _words(piece: Slice, reader: PixelReader) -> list[Measurement]:
    """Of a capture the text alone: a letter there is no marker beside the patient."""
    record = recorder((NAME, VERSION), [piece])
    try:
        _, words = _read(_capture(piece, reader), reader.text_reader)
    except (AnalysisError, DataError) as error:
        return [record.refuse_for(quantity, error.reason) for quantity in WORDS]
    return _said(piece, words)


def _read(image8: Bytes2D, reader: TextReader | None) -> tuple[list[Marker], list[TextBox]]:
    if reader is None:
        raise AnalysisError("no_text_reader")
    if min(image8.shape) < SMALLEST:
        raise AnalysisError("picture_too_small", need=SMALLEST)
    return read_markers(image8, reader)


def _capture(piece: Slice, reader: PixelReader) -> Bytes2D:
    """A capture in grey, whether it is stored so or in colour."""
    if (piece.instance.number("SamplesPerPixel") or 1) == 1:
        return display_8bit(reader.image(piece))
    return np.asarray(reader.colour(piece).max(axis=2), np.uint8)


def _said(piece: Slice, words: Sequence[TextBox]) -> list[Measurement]:
    """How much other text there is, and whether it names the patient.  The text itself is never kept."""
    record = recorder((NAME, VERSION), [piece])
    named: list[TextBox] = []
    refused: Reason | None = None
    try:
        named = names_patient(words, piece.instance)
    except AnalysisError as error:
        refused = error.reason
    boxes = [[*_box(word), "identity" if word in named else "text"] for word in words[:SHOWN]]
    points = [[word.x + word.width / 2, word.y + word.height / 2] for word in words[:SHOWN]]
    shape = {"kind": "points", "points": points, "boxes": boxes}
    place = Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)
    identity = (
        record.refuse_for(IDENTITY, refused, place) if refused else record.value(IDENTITY, bool(named), evidence=place)
    )
    return [record.value(TEXT, len(words), evidence=place), identity]


def _shown(piece: Slice, markers: Sequence[Marker]) -> Evidence:
    """The box of the first marker, and all of them with what they say."""
    shape: dict[str, Any] = {}
    if markers:
        x, y, width, height = _box(markers[0].box)
        found = [[*_box(m.box), "".join(sorted(m.sides)), m.mirrored] for m in markers]
        shape = {"kind": "rect", "x": x, "y": y, "width": width, "height": height, "markers": found}
    return Evidence(piece.instance.series_uid, piece.instance.sop_uid, piece.frame, shape)


def _box(box: TextBox) -> list[float]:
    return [round(value, 1) for value in (box.x, box.y, box.width, box.height)]


def _judged(record: Recorder, quantity: str, ask: Callable[[], bool]) -> Measurement:
    try:
        return record.value(quantity, value=ask())
    except AnalysisError as error:
        return record.refuse_for(quantity, error.reason)


METHOD = SeriesMethod(
    NAME, VERSION, frozenset({"DX", "CR"}), needs_pixels=True, quantities=(*MARKERS, *WORDS), run=_run, pace="full"
)
