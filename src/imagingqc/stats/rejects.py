"""The reject rate of a device on a day: which source tells it, and how none is counted twice.

A rejected exposure is one that was made and not used.  Its rate is rejected over all exposures made (AAPM Report 151,
2015).  Three sources tell of them, and for each device and day one of them decides, in this order:

1. the log of the device, when it covers the whole day;
2. performed procedure steps (MPPS), when at least one exam of the day has one that tells of exposures;
3. the register of retakes against the images that are kept, when the register is kept for the device at all;
4. none: the rate of that day is not known, which is not 0.

The other sources add only what the deciding one cannot hold.  A retake entered at the console, or recognised in the
images, and a rejected exposure of the same exam are one fact: of an exam the larger number counts.  A retake that was
asked for later, by a review or by the reporting physician, is of an image that had been accepted: it always adds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from imagingqc.errors import AnalysisError
from imagingqc.stats.agreement import LEVEL, wilson

Source = Literal["log", "mpps", "mixed", "register", "none"]
SOURCES: tuple[Source, ...] = ("log", "mpps", "mixed", "register", "none")


@dataclass(frozen=True, slots=True)
class ExamTold:
    """Numbers of exposures of one exam.

    `kept` in the archive; `logged` rejected by the log; `stepped` rejected by MPPS, None where none tells; `registered`
    retaken by the register, at the console or as recognised; `recalled` retaken because somebody asked later.
    """

    kept: int = 0
    logged: int = 0
    stepped: int | None = None
    registered: int = 0
    recalled: int = 0


@dataclass(frozen=True, slots=True)
class LogTold:
    """What logs tell of a day: `acquired` None for a log of rejected exposures alone; `rejected` with those of exams.

    `is_total` marks totals of a day, of which nobody knows the exams.
    """

    rejected: int
    acquired: int | None
    is_whole: bool = True
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class ExamCounted:
    """Of the rejected exposures of one exam: those a machine told of, and those that only the register knows."""

    machine: int = 0
    register: int = 0


@dataclass(frozen=True, slots=True)
class DayCounted:
    """`rejected` of `acquired`; both 0 with source "none", which means not known.  `exams` in the given order."""

    source: Source
    rejected: int
    acquired: int
    exams: tuple[ExamCounted, ...]

    @property
    def rate(self) -> float | None:
        """A fraction; None where it is not known, or nothing was exposed."""
        return self.rejected / self.acquired if self.acquired else None


def day_counted(exams: Sequence[ExamTold], log: LogTold | None = None, *, register_kept: bool = False) -> DayCounted:
    """The rejected and all exposures of one device on one day by the rule above.  ValueError for negative numbers."""
    _require(exams, log)
    if log is not None and log.is_whole:
        return _by_log(exams, log)
    if any(e.stepped is not None for e in exams):
        return _by_steps(exams)
    if register_kept:
        counted = tuple(ExamCounted(0, e.registered + e.recalled) for e in exams)
        acquired = sum(max(e.kept, e.registered + e.recalled) for e in exams)
        return DayCounted("register", sum(c.register for c in counted), acquired, counted)
    return DayCounted("none", 0, 0, tuple(ExamCounted() for _e in exams))


def _by_log(exams: Sequence[ExamTold], log: LogTold) -> DayCounted:
    if log.is_total:
        return _by_totals(exams, log)
    counted = tuple(ExamCounted(e.logged, max(0, e.registered - e.logged) + e.recalled) for e in exams)
    rejected = log.rejected + sum(c.register for c in counted)
    made = log.acquired if log.acquired is not None else sum(e.kept for e in exams) + log.rejected
    return DayCounted("log", rejected, max(made, rejected), counted)


def _by_totals(exams: Sequence[ExamTold], log: LogTold) -> DayCounted:
    """Any entry of the console may be among the totals; what exceeds them goes to the first exams that have it."""
    left = max(0, sum(e.registered for e in exams) - log.rejected)
    counted = []
    for exam in exams:
        more = min(left, exam.registered)
        left -= more
        counted.append(ExamCounted(0, more + exam.recalled))
    rejected = log.rejected + sum(c.register for c in counted)
    made = log.acquired if log.acquired is not None else sum(e.kept for e in exams) + log.rejected
    return DayCounted("log", rejected, max(made, rejected), tuple(counted))


def _by_steps(exams: Sequence[ExamTold]) -> DayCounted:
    counted, acquired, told = [], 0, True
    for exam in exams:
        stepped = exam.stepped or 0
        one = ExamCounted(stepped, max(0, exam.registered - stepped) + exam.recalled)
        counted.append(one)
        acquired += max(exam.kept + stepped, one.machine + one.register)
        told = told and (exam.stepped is not None or not (exam.kept or exam.registered or exam.recalled))
    rejected = sum(c.machine + c.register for c in counted)
    return DayCounted("mpps" if told else "mixed", rejected, acquired, tuple(counted))


def kept_exposures(for_processing: int, for_presentation: int) -> int:
    """Exposures behind the images of an exam: an image for processing and the one made from it are one exposure.

    (0008,0068) Presentation Intent Type, PS3.3 C.8.11.1; images that do not say count as for presentation.
    """
    return max(for_processing, for_presentation)


def surely_above(rejected: int, acquired: int, limit: float, level: float = LEVEL) -> bool:
    """Whether a rate lies above `limit` (a fraction) beyond chance: the lower end of Wilson's interval does.

    False where nothing was exposed.
    """
    if not 0 <= limit <= 1 or math.isnan(limit):
        raise ValueError(f"{limit} is no share")
    return acquired > 0 and wilson(rejected, acquired, level)[0] > limit


def separable(first: tuple[int, int], second: tuple[int, int], level: float = LEVEL) -> bool:
    """Whether two rates (rejected, acquired) may be ranked: their intervals do not overlap.

    AnalysisError `no_cases` where one has no exposures.
    """
    if not first[1] or not second[1]:
        raise AnalysisError("no_cases")
    one, other = wilson(*first, level), wilson(*second, level)
    return one[1] < other[0] or other[1] < one[0]


def _require(exams: Sequence[ExamTold], log: LogTold | None) -> None:
    numbers = [n for e in exams for n in (e.kept, e.logged, e.stepped or 0, e.registered, e.recalled)]
    numbers += [log.rejected, log.acquired or 0] if log else []
    if any(n < 0 for n in numbers):
        raise ValueError("numbers of exposures are not negative")
