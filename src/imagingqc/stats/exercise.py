"""How an answer to a case of the teaching library is scored against the agreed one, and what several of them show.

Four parts, each from 0 to 1: the grade, the defects, whether a veto was recognised, and where defects were marked.  A
part of which the agreed answer says nothing does not count; the others keep their weights among themselves.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from imagingqc.errors import AnalysisError
from imagingqc.stats.grades import cross_table

WEIGHTS: Mapping[str, float] = {"grade": 50.0, "defects": 30.0, "veto": 10.0, "place": 10.0}
ONE_STEP = 0.5  # of a grade that is one step off
NEAR = 0.05  # of the image's diagonal: how far beside a marked place still counts


@dataclass(frozen=True, slots=True)
class Place:
    """A place marked on an image: the image (series, index within it) and the corners of its box, in image pixels.

    A point has two equal corners; of an arrow it is the tip.
    """

    series: int
    index: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Said:
    """A grade ("": none given), codes of defects, whether one of them alone rejects the film, marked places."""

    grade: str
    defects: frozenset[str] = frozenset()
    veto: bool = False
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """Points of a hundred, and the parts they are made of (0 to 1); a part that does not count is absent."""

    points: float
    parts: Mapping[str, float]
    missed: tuple[str, ...]
    added: tuple[str, ...]


def score_answer(
    said: Said, agreed: Said, grades: Sequence[str], *, diagonal: float = 0.0, with_places: bool = False
) -> Scored:
    """What an answer is worth.

    `grades` go from the best to the worst; `diagonal` is that of the image in pixels.  Grade: 1 when the same, 0.5 one
    step off, else 0.  Defects: F1 over the codes, 1 when neither names any.  Veto: counts where either speaks of one.
    Place: the share of agreed places that a mark on the same image lies in, or within NEAR of the diagonal of; counts
    with `with_places` where there are some.  Without a grade an answer is none and worth nothing.
    Raises AnalysisError `exercise_no_reference` when the agreed answer has no grade of the list.
    """
    if agreed.grade not in grades:
        raise AnalysisError("exercise_no_reference")
    parts = {"grade": _grade(said.grade, agreed.grade, grades), "defects": f1(said.defects, agreed.defects)}
    if agreed.veto or said.veto:
        parts["veto"] = float(agreed.veto == said.veto)
    if with_places and agreed.places:
        hits = sum(any(is_hit(one, wanted, diagonal) for one in said.places) for wanted in agreed.places)
        parts["place"] = hits / len(agreed.places)
    if said.grade not in grades:
        parts = dict.fromkeys(parts, 0.0)
    whole = sum(WEIGHTS[name] for name in parts)
    points = 100.0 * sum(WEIGHTS[name] * value for name, value in parts.items()) / whole
    return Scored(
        points, parts, tuple(sorted(agreed.defects - said.defects)), tuple(sorted(said.defects - agreed.defects))
    )


def _grade(said: str, agreed: str, grades: Sequence[str]) -> float:
    apart = abs(grades.index(said) - grades.index(agreed)) if said in grades else len(grades)
    return {0: 1.0, 1: ONE_STEP}.get(apart, 0.0)


def f1(said: frozenset[str], agreed: frozenset[str]) -> float:
    """Harmonic mean of precision and recall, 2 |A ∩ B| / (|A| + |B|); 1 when both are empty.

    Source: van Rijsbergen, Information Retrieval (1979), chapter 7.
    """
    both = len(said) + len(agreed)
    return 2 * len(said & agreed) / both if both else 1.0


def is_hit(mark: Place, wanted: Place, diagonal: float) -> bool:
    """Whether the middle of a mark lies in the wanted box, or at most NEAR of the diagonal beside it."""
    if (mark.series, mark.index) != (wanted.series, wanted.index):
        return False
    x, y = (mark.box[0] + mark.box[2]) / 2, (mark.box[1] + mark.box[3]) / 2
    left, right = sorted((wanted.box[0], wanted.box[2]))
    top, foot = sorted((wanted.box[1], wanted.box[3]))
    beside = math.hypot(max(left - x, 0.0, x - right), max(top - y, 0.0, y - foot))
    return beside <= NEAR * diagonal


@dataclass(frozen=True, slots=True)
class Summary:
    """Of several answers: the mean in points, grades (rows: agreed, columns: given, in the order of the list), how
    often each defect was there and was missed, how often each was named where it was not."""

    score: float
    n: int
    confusion: Sequence[Sequence[int]]
    ungraded: int
    missed: Mapping[str, tuple[int, int]]
    added: Mapping[str, int]


def summary(answers: Sequence[tuple[Said, Said, Scored]], grades: Sequence[str]) -> Summary:
    """What the answers (given, agreed, scored) of an attempt or a person show.  Every case counts the same.

    Raises AnalysisError `no_cases` without any.
    """
    if not answers:
        raise AnalysisError("no_cases")
    graded = [(agreed.grade, said.grade) for said, agreed, _scored in answers if said.grade in grades]
    there = Counter(code for _said, agreed, _scored in answers for code in agreed.defects)
    missed = Counter(code for _said, _agreed, scored in answers for code in scored.missed)
    added = Counter(code for _said, _agreed, scored in answers for code in scored.added)
    return Summary(
        score=math.fsum(scored.points for *_both, scored in answers) / len(answers),
        n=len(answers),
        confusion=cross_table([a for a, _ in graded], [s for _, s in graded], grades),
        ungraded=len(answers) - len(graded),
        missed={code: (missed[code], n) for code, n in sorted(there.items())},
        added=dict(sorted(added.items())),
    )
