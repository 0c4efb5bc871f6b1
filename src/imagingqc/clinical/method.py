"""What a measuring method is, and which stacks of a series it may look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from imagingqc.clinical.reader import PixelReader
from imagingqc.dicom.model import Exam, Series, Slice, Stack
from imagingqc.errors import AnalysisError
from imagingqc.quantity import Measurement

Stacks: TypeAlias = tuple[Stack, ...]
StacksBySeries: TypeAlias = Mapping[str, Stacks]

Pace = Literal["fast", "full"]
"""fast: seconds, before the patient leaves; full: also what takes minutes."""

ANY = "*"  # among the modalities of a method: it measures series of every modality, documents too


@dataclass(frozen=True, slots=True)
class SeriesMethod:
    """Measures one series.

    `run` gives every quantity of `quantities` at least once: once for the series, or once per volume stack (CT and
    MR geometry) or per image (projections); those say which by their evidence.  What `run` leaves out is filled in
    as not measured, and an AnalysisError or DataError becomes the reason of all of them.
    """

    name: str
    version: str
    modalities: frozenset[str]
    needs_pixels: bool
    quantities: tuple[str, ...]
    run: Callable[[Series, Stacks, PixelReader], list[Measurement]]
    pace: Pace = "fast"


@dataclass(frozen=True, slots=True)
class ExamMethod:
    """Measures one exam as a whole; the same promise as `SeriesMethod`."""

    name: str
    version: str
    modalities: frozenset[str]
    quantities: tuple[str, ...]
    run: Callable[[Exam, StacksBySeries], list[Measurement]]


@dataclass(frozen=True, slots=True)
class DeviceMethod:
    """Measures one device by many images of patients: what stays in its place while the patients change.

    `run` takes one frame of each of at least `fewest` and at most `most` exams, newest first, all from one detector
    or probe (the value of `part`, a DICOM keyword) and of one matrix, and gives every quantity of `quantities`.
    """

    name: str
    version: str
    modalities: frozenset[str]
    part: str
    fewest: int
    most: int
    quantities: tuple[str, ...]
    run: Callable[[Sequence[Slice], PixelReader], list[Measurement]]


def volumes(stacks: Stacks) -> Stacks:
    """The volume stacks; AnalysisError `not_a_volume` when a series holds none (scout, capture, single image)."""
    found = tuple(stack for stack in stacks if stack.kind == "volume")
    if not found:
        kinds = ", ".join(sorted({stack.kind for stack in stacks})) or "-"
        raise AnalysisError("not_a_volume", kinds=kinds)
    return found


def images(stacks: Stacks) -> Stacks:
    """Stacks of true images (no scout, no capture); AnalysisError `no_images` when there is none."""
    found = tuple(stack for stack in stacks if stack.kind in {"volume", "single", "projection", "other"})
    if not found:
        kinds = ", ".join(sorted({stack.kind for stack in stacks})) or "-"
        raise AnalysisError("no_images", kinds=kinds)
    return found
