"""Plain facts of DICOM objects, free of any DICOM library: what the rest of the package works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from imagingqc.errors import Reason

Fact: TypeAlias = str | int | float | tuple[str, ...] | tuple[float, ...]
StackKind = Literal["volume", "localizer", "secondary", "projection", "single", "other"]


@dataclass(frozen=True, slots=True)
class FrameGeometry:
    """Geometry of one frame in the patient's coordinates (mm); None where the header says nothing usable."""

    position_mm: tuple[float, float, float] | None = None
    orientation: tuple[float, float, float, float, float, float] | None = None
    spacing_mm: tuple[float, float] | None = None
    thickness_mm: float | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)  # what differs per frame: echo, b-value, phase ...


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with one attribute that did not stop reading."""

    keyword: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Instance:
    """Header facts of one SOP instance.

    `facts` holds cleaned values of a closed list of attributes by DICOM keyword (`header.KEYWORDS`): absent,
    empty, unreadable and absurd values are left out (the last two with a `Problem`).  `path` is where its bytes
    are read from again; it is opaque to everything but `pixels`.
    """

    path: str
    sop_uid: str
    sop_class_uid: str
    series_uid: str
    study_uid: str
    modality: str
    transfer_syntax_uid: str
    rows: int
    columns: int
    frames: tuple[FrameGeometry, ...]
    facts: Mapping[str, Fact] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def text(self, keyword: str) -> str | None:
        """The attribute as text (first value of several), None when absent."""
        value = self.facts.get(keyword)
        if isinstance(value, tuple):
            value = value[0] if value else None
        return None if value is None else str(value)

    def texts(self, keyword: str) -> tuple[str, ...]:
        """All values as text, () when absent."""
        value = self.facts.get(keyword)
        if value is None:
            return ()
        return tuple(str(v) for v in value) if isinstance(value, tuple) else (str(value),)

    def number(self, keyword: str) -> float | None:
        """The attribute as a finite number (first value of several), None when absent or not a number."""
        value = self.facts.get(keyword)
        if isinstance(value, tuple):
            value = value[0] if value else None
        return float(value) if isinstance(value, int | float) else None

    def as_dict(self) -> dict[str, Any]:
        """Header facts as JSON for storage beside the series."""
        return {
            "sop_uid": self.sop_uid,
            "sop_class_uid": self.sop_class_uid,
            "transfer_syntax_uid": self.transfer_syntax_uid,
            "rows": self.rows,
            "columns": self.columns,
            "facts": {k: list(v) if isinstance(v, tuple) else v for k, v in self.facts.items()},
        }


@dataclass(frozen=True, slots=True)
class Series:
    """All instances of one Series Instance UID, in the order of instance number then SOP Instance UID."""

    uid: str
    study_uid: str
    modality: str
    instances: tuple[Instance, ...]

    @property
    def first(self) -> Instance:
        return self.instances[0]


@dataclass(frozen=True, slots=True)
class Exam:
    """All series of one Study Instance UID."""

    study_uid: str
    series: tuple[Series, ...]

    @property
    def modality(self) -> str:
        """The first image modality of the exam's series (SR, PR, KO ... only when nothing else is there)."""
        names = [s.modality for s in self.series]
        images = [m for m in names if m not in {"SR", "PR", "KO", "REG", "SEG", "DOC", "RTSTRUCT", "OT", "SC"}]
        return (images or names or ["OT"])[0]


@dataclass(frozen=True, slots=True)
class Slice:
    """One frame of a stack; `position_mm` is its projection on the stack's normal (None outside of volumes)."""

    instance: Instance
    frame: int
    position_mm: float | None


@dataclass(frozen=True, slots=True)
class Stack:
    """Frames of one series that belong together: same kind, orientation, spacing, matrix and phase.

    Volumes are ordered by projection on the normal, ascending; other kinds by instance number.
    `key` tells what set this stack apart (phase, echo, b-value, acquisition), for people to read.
    """

    kind: StackKind
    slices: tuple[Slice, ...]
    normal: tuple[float, float, float] | None = None
    orientation: tuple[float, float, float, float, float, float] | None = None
    spacing_mm: tuple[float, float] | None = None
    key: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A path that gave no instance, and why."""

    path: str
    reason: Reason
