"""Defects of an ultrasound probe from the pictures of many patients: what stays dark at one place of its face."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from imagingqc.clinical.method import DeviceMethod
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.us.average import Average
from imagingqc.clinical.us.dark import SAMPLES, Dark, Profile, dark_places, near_strip, profile
from imagingqc.clinical.us.face import Face, find_face, scan_area
from imagingqc.clinical.us.picture import Region, flat_regions, grey_of, probe_name
from imagingqc.dicom.model import Slice
from imagingqc.errors import AnalysisError, DataError
from imagingqc.quantity import Evidence, Measurement, Recorder

NAME, VERSION = "us.probe", "1"
COLUMNS, SHARE, DARKEST = "us.probe.dark_columns", "us.probe.dark_share", "us.probe.darkest"
PART = "TransducerData"
FEWEST, MOST = 50, 150
SMALLEST_PX = 64  # of the tissue region, either way
FEWEST_ALIKE = 8  # frames of one depth setting: fewer do not show what moves and what does not

Layout = tuple[Region, ...] | None  # tissue regions alone: the box of a colour flow moves from frame to frame


@dataclass(frozen=True, slots=True)
class Seen:
    """One layout (depth setting): its profile, and where the face lies in the whole picture."""

    profile: Profile
    face: Face
    corner: tuple[int, int]
    middle: float  # depth of the strip in pixels
    piece: Slice
    n: int


def probe_defects(slices: Sequence[Slice], reader: PixelReader) -> tuple[list[Dark], Seen, int]:
    """(dark places along the face, the layout that shows most frames, frames used).

    Frames of each layout are averaged apart, brought onto the face (0 left to 1 right) and then joined.
    Raises AnalysisError `missing_tag` (no probe named), `mixed_values`, `too_few_exams` and, when no layout can be
    used, the reason of the one with most frames.
    Source: principle of detecting defective transducers from clinical pictures; own definition of the profile.
    """
    one_each = _one_per_patient(_one_probe(slices))
    _require_enough(len(one_each))
    _require_one_matrix(one_each)
    seen: list[Seen] = []
    refused: list[AnalysisError] = []
    for layout, pieces in _layouts(one_each):  # one after the other: the sums of one are tens of megabytes
        try:
            seen += _seen(layout, pieces, reader)
        except AnalysisError as error:
            refused.append(error)
    used = sum(one.n for one in seen)
    if used < FEWEST and refused:
        raise refused[0]
    _require_enough(used)
    return dark_places(_joined(seen)), seen[0], used


def _one_per_patient(slices: Sequence[Slice]) -> list[Slice]:
    """The newest frame of each patient that shows one tissue region, or whose header has no regions."""
    kept: dict[str, Slice] = {}
    for piece in slices:
        layout = _layout(piece)
        if layout is None or len(layout) == 1:
            kept.setdefault(piece.instance.text("PatientID") or piece.instance.study_uid, piece)
    return list(kept.values())


def _one_probe(slices: Sequence[Slice]) -> list[Slice]:
    """The frames of the named probe with most of them; a second value of the attribute may be its serial number."""
    named = [(piece, name) for piece in slices if (name := probe_name(piece.instance))]
    if slices and not named:
        raise AnalysisError("missing_tag", tag=PART)
    usual = Counter(name for _, name in named).most_common(1)[0][0] if named else ""
    return [piece for piece, name in named if name == usual]


def _require_one_matrix(slices: Sequence[Slice]) -> None:
    found = sorted({f"{piece.instance.rows} × {piece.instance.columns}" for piece in slices})
    if len(found) > 1:
        raise AnalysisError("mixed_values", tag="Rows × Columns", values=", ".join(found[:5]))


def _require_enough(n: int) -> None:
    if n < FEWEST:
        raise AnalysisError("too_few_exams", n=n, need=FEWEST)


def _layouts(slices: Sequence[Slice]) -> list[tuple[Layout, list[Slice]]]:
    """The frames of each layout that has enough of them, most frames first."""
    groups: dict[Layout, list[Slice]] = {}
    for piece in slices:
        groups.setdefault(_layout(piece), []).append(piece)
    enough = [(layout, pieces) for layout, pieces in groups.items() if len(pieces) >= FEWEST_ALIKE]
    return sorted(enough, key=lambda item: (-len(item[1]), repr(item[0])))


def _layout(piece: Slice) -> Layout:
    regions = flat_regions(piece.instance)
    return None if regions is None else tuple(region for region in regions if region.tissue)


def _box(layout: Layout, piece: Slice) -> tuple[int, int, int, int]:
    if layout:
        return layout[0].box
    return 0, 0, piece.instance.columns - 1, piece.instance.rows - 1


def _seen(layout: Layout, pieces: Sequence[Slice], reader: PixelReader) -> list[Seen]:
    """What one layout shows; nothing when too few of its frames can be read."""
    x0, y0, x1, y1 = _box(layout, pieces[0])
    average: Average | None = None
    for piece in pieces:
        try:
            grey, coloured = grey_of(piece, reader)
        except (AnalysisError, DataError):
            continue  # a frame whose pixels are gone or damaged is one frame less
        grey, coloured = grey[y0 : y1 + 1, x0 : x1 + 1], coloured[y0 : y1 + 1, x0 : x1 + 1]
        if min(grey.shape) < SMALLEST_PX:
            raise AnalysisError("picture_too_small", need=SMALLEST_PX)
        average = average or Average((grey.shape[0], grey.shape[1]))
        average.add(grey, coloured)
    if average is None or average.n < FEWEST_ALIKE:
        return []
    face = find_face(scan_area(average.deviation()))
    strip = near_strip(face, layout[0].spacing_mm[1] if layout and layout[0].spacing_mm else None)
    return [Seen(profile(average, face, strip), face, (x0, y0), sum(strip) / 2, pieces[0], average.n)]


def _joined(seen: Sequence[Seen]) -> Profile:
    """Mean of the profiles, each by the number of its frames."""
    weights = np.array([one.n for one in seen], dtype=np.float64)
    rows = [np.stack([one.profile.whole, *one.profile.halves]) for one in seen]
    whole, even, odd = np.average(np.stack(rows), axis=0, weights=weights)
    return Profile(whole, (even, odd))


def _run(slices: Sequence[Slice], reader: PixelReader) -> list[Measurement]:
    sources = tuple(dict.fromkeys(piece.instance.sop_uid for piece in (*slices[:1], *slices[-1:])))
    record = Recorder(NAME, VERSION, sources)
    try:
        places, seen, n = probe_defects(slices, reader)
    except (AnalysisError, DataError) as error:
        return [record.refuse_for(quantity, error.reason) for quantity in (COLUMNS, SHARE, DARKEST)]
    shown = _shown(places, seen, n)
    darkest = min((place.ratio for place in places), default=1.0)
    return [
        record.value(COLUMNS, len(places), evidence=shown),
        record.value(SHARE, 100 * sum(place.end - place.start for place in places), evidence=shown),
        record.value(DARKEST, 100 * darkest, evidence=shown),
    ]


def _shown(places: Sequence[Dark], seen: Seen, n: int) -> Evidence:
    """A point in the middle of each dark place on the newest frame, and the places as shares of the face in %."""
    middle = np.array([(place.start + place.end) / 2 for place in places])
    x, y = seen.face.at(middle, np.full(len(places), seen.middle))
    dx, dy = seen.corner[0] + 0.5, seen.corner[1] + 0.5  # from pixel centres of the cut-out to the whole picture
    points = [[round(a + dx, 1), round(b + dy, 1)] for a, b in zip(x, y, strict=True)]
    rows = [
        {"from": round(100 * p.start, 1), "to": round(100 * p.end, 1), "ratio": round(100 * p.ratio, 1)} for p in places
    ]
    instance = seen.piece.instance
    shape = {"kind": "points", "points": points, "exams": n, "columns": rows, "samples": SAMPLES}
    return Evidence(instance.series_uid, instance.sop_uid, seen.piece.frame, shape)


METHOD = DeviceMethod(
    NAME, VERSION, frozenset({"US"}), part=PART, fewest=FEWEST, most=MOST, quantities=(COLUMNS, SHARE, DARKEST),
    run=_run,
)  # fmt: skip
