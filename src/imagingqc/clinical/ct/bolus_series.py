"""Which images of a CT series watch a bolus of contrast medium pass: one place, one time after the other."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from imagingqc.clinical.ct.sweep import slice_stacks
from imagingqc.clinical.dx.repeats import moment_of
from imagingqc.clinical.method import Stacks
from imagingqc.clinical.reader import PixelReader
from imagingqc.clinical.results import fact, number_text, thickness
from imagingqc.dicom.geometry import in_plane
from imagingqc.dicom.model import Instance, Slice
from imagingqc.errors import AnalysisError
from imagingqc.stats.bolus import FEWEST

SAME_PLACE_MM = 1.0
MOST_PLACES = 4  # of a detector read out in a few thick slices; more are a perfusion or a cardiac series
LONGEST_S = 300.0
LARGEST_DLP = 150.0  # mGy*cm
HALF_DAY = dt.timedelta(hours=12)

Place = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """The images of one place in order of time, and when each was taken (seconds after the first)."""

    pieces: tuple[Slice, ...]
    seconds: tuple[float, ...]
    start: dt.datetime


def watched(stacks: Stacks, reader: PixelReader) -> Watched:
    """The images of a test bolus or of bolus tracking, by place and time alone: descriptions are not asked.

    The order of files and instance numbers does not matter; a picture that is there twice counts once.  Raises
    AnalysisError: `bolus_not_watched` when fewer than FEWEST images share a place; `bolus_many_places` and `bolus_dose`
    for perfusion and cardiac series; `missing_tag` (AcquisitionTime); `bolus_times` when different images have one
    time; `bolus_too_long`; and those of `slice_stacks`.
    """
    pieces = [piece for stack in slice_stacks(stacks) for piece in stack.slices]
    places = _places(pieces)
    full = [group for group in places if len(group) >= FEWEST]
    if not full:
        raise AnalysisError("bolus_not_watched", n=max(map(len, places), default=0), need=FEWEST)
    if len(full) > MOST_PLACES:
        raise AnalysisError("bolus_many_places", n=len(full), most=MOST_PLACES)
    _require_little_dose(pieces)
    return _in_time(max(full, key=len), reader)


def is_watching(stacks: Stacks) -> bool:
    """Whether a series holds nothing but images of such places, as far as headers tell: no slices of a volume."""
    pieces = [piece for stack in stacks if stack.kind in {"volume", "single"} for piece in stack.slices]
    full = [group for group in _places(pieces) if len(group) >= FEWEST]
    return 0 < len(full) <= MOST_PLACES and sum(map(len, full)) == len(pieces)


def _places(pieces: Sequence[Slice]) -> list[list[Slice]]:
    """Groups of images of one place, matrix, spacing and reconstruction, from the feet up."""
    alike: defaultdict[Place, list[Slice]] = defaultdict(list)
    for piece in pieces:
        if piece.position_mm is not None:
            alike[_alike(piece)].append(piece)
    groups: list[list[Slice]] = []
    for members in alike.values():
        members.sort(key=lambda p: (p.position_mm or 0.0, p.instance.sop_uid, p.frame))
        groups.append(members[:1])
        for below, piece in pairwise(members):
            if (piece.position_mm or 0.0) - (below.position_mm or 0.0) > SAME_PLACE_MM:
                groups.append([])
            groups[-1].append(piece)
    return groups


def _alike(piece: Slice) -> Place:
    frame = piece.instance.frames[piece.frame]
    spacing = tuple(round(v, 3) for v in frame.spacing_mm or ())
    turned = tuple(round(v, 2) + 0.0 for v in frame.orientation or ())
    beside = in_plane(frame.position_mm, frame.orientation) if frame.position_mm and frame.orientation else ()
    return (
        piece.instance.rows, piece.instance.columns, spacing, turned, tuple(round(v) for v in beside),
        round(thickness(piece) or 0.0, 1), piece.instance.text("ConvolutionKernel") or "",
    )  # fmt: skip


def _require_little_dose(pieces: Sequence[Slice]) -> None:
    """A perfusion study at one place gives ten times the dose.  Headers give CTDIvol of an image or of all so far."""
    doses = [dose for piece in pieces for dose in [fact(piece, "CTDIvol")] if dose]
    widths = [w for piece in pieces for w in [fact(piece, "TotalCollimationWidth") or thickness(piece)] if w]
    if doses and widths and max(doses) * max(widths) / 10 > LARGEST_DLP:
        dlp = number_text(max(doses) * max(widths) / 10)
        raise AnalysisError("bolus_dose", dlp=dlp, most=f"{LARGEST_DLP:g}")


def _in_time(pieces: Sequence[Slice], reader: PixelReader) -> Watched:
    known = [(taken(piece), piece) for piece in pieces]
    dated = [(moment, piece) for moment, piece in known if moment is not None]
    if len(dated) < len(known):
        raise AnalysisError("missing_tag", tag="AcquisitionTime")
    dated = _over_midnight(dated)
    dated.sort(key=lambda pair: (pair[0], pair[1].instance.sop_uid, pair[1].frame))
    kept = dated[:1]
    for moment, piece in dated[1:]:
        if moment > kept[-1][0]:
            kept.append((moment, piece))
        elif reader.pixel_hash(piece) != reader.pixel_hash(kept[-1][1]):
            raise AnalysisError("bolus_times", time=moment.strftime("%H:%M:%S"))
    if len(kept) < FEWEST:
        raise AnalysisError("bolus_not_watched", n=len(kept), need=FEWEST)
    start = kept[0][0]
    seconds = tuple((moment - start).total_seconds() for moment, _ in kept)
    if seconds[-1] > LONGEST_S:
        raise AnalysisError("bolus_too_long", seconds=round(seconds[-1]), most=f"{LONGEST_S:g}")
    return Watched(tuple(piece for _, piece in kept), seconds, start)


def taken(piece: Slice) -> dt.datetime | None:
    """When a frame was taken; None when the header does not say.

    Content Date and Time are not asked: they are those of the reconstruction.  A missing date is that of the study.
    """
    instance = piece.instance
    frame = instance.frames[piece.frame].facts if piece.frame < len(instance.frames) else {}
    day = instance.text("AcquisitionDate") or instance.text("StudyDate") or ""
    stated = (
        str(frame.get("FrameAcquisitionDateTime") or ""), instance.text("AcquisitionDateTime") or "",
        day + (instance.text("AcquisitionTime") or ""),
    )  # fmt: skip
    return next((moment for text in stated for moment in [moment_of(text)] if moment is not None), None)


def _over_midnight(dated: list[tuple[dt.datetime, Slice]]) -> list[tuple[dt.datetime, Slice]]:
    """Times without a date of their own that go on after midnight belong to the next day."""
    latest = max(moment for moment, _ in dated)
    if any(piece.instance.text("AcquisitionDate") for _, piece in dated):
        return dated
    return [(m + dt.timedelta(days=1) if latest - m > HALF_DAY else m, piece) for m, piece in dated]


def injected(instance: Instance, start: dt.datetime) -> float:
    """Seconds from the stated start of the injection to `start`, the first image.

    AnalysisError: `missing_tag`; `implausible` for a start more than LONGEST_S away.
    """
    stated = instance.text("ContrastBolusStartTime")
    if not stated:
        raise AnalysisError("missing_tag", tag="ContrastBolusStartTime")
    moment = moment_of(start.strftime("%Y%m%d") + stated)
    if moment is None:
        raise AnalysisError("implausible", tag="ContrastBolusStartTime", value=stated)
    if moment - start > HALF_DAY:  # begun before midnight
        moment -= dt.timedelta(days=1)
    before = (start - moment).total_seconds()
    if abs(before) > LONGEST_S:
        raise AnalysisError("implausible", tag="ContrastBolusStartTime", value=stated)
    return before
