"""What the results of many cases come to: means and shares with their intervals, by whatever they are grouped."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

import scipy
from django.db.models import F, QuerySet

from imagingqc.stats.agreement import wilson
from yingheng.common.ui.tiles import Rate
from yingheng.review.models import Case, Ruling
from yingheng.review.results import REAL_CASES

Interval = tuple[float, float]
MINIMUM_N = 30  # below it a figure is shown in grey
EXCELLENT_TARGET, MEAN_TARGET = 60.0, 92.0  # of the year (annual plan of 2026); % and points
_MOST = 20_000
_COLUMNS = {
    "device_id": F("case__device_id"), "device_name": F("case__device__name"), "maker": F("case__device__maker"),
    "model": F("case__device__model"), "performer_id": F("case__performer_id"),
    "performer": F("case__performer__name"), "body_part": F("case__body_part"), "position": F("case__position"),
    "modality": F("case__modality"), "place": F("case__hospital__name"), "flags": F("details__flags"),
    "conform": F("details__conform"),
    "number": F("case__number"), "day": F("case__local_day"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summary:
    """What a group of results comes to.  `best` counts the first grade of their sheets."""

    n: int
    scores: tuple[float, ...]
    n_excellent: int
    n_excellent_of: int
    n_waste: int
    n_graded: int
    n_best: int
    n_trace: int
    n_conform: int = 0
    n_conform_of: int = 0
    n_waste_of: int = 0  # graded by a sheet that knows waste

    @property
    def conform(self) -> Rate:
        """Of reports alone: how many conform (review.conformity)."""
        return rate(self.n_conform, self.n_conform_of)

    @property
    def mean(self) -> float | None:
        return fmean(self.scores) if self.scores else None

    @property
    def mean_interval(self) -> Interval | None:
        """95 % interval of the mean (Student's t); None for fewer than two scores."""
        return mean_interval(self.scores)

    @property
    def excellent(self) -> Rate:
        return rate(self.n_excellent, self.n_excellent_of)

    @property
    def best(self) -> Rate:
        return rate(self.n_best, self.n_graded)

    @property
    def waste(self) -> Rate:
        return rate(self.n_waste, self.n_waste_of, better="low")


def mean_interval(scores: Sequence[float]) -> Interval | None:
    """95 % interval of a mean by Student's t, within 0 to 100; None for fewer than two scores, or all alike."""
    n = len(scores)
    if n < 2 or min(scores) == max(scores):
        return None
    half = float(scipy.special.stdtrit(n - 1, 0.975)) * stdev(scores) / math.sqrt(n)
    middle = fmean(scores)
    return max(0.0, middle - half), min(100.0, middle + half)


def rate(k: int, n: int, **more: Any) -> Rate:
    """A share with its 95 % interval (Wilson) in percent."""
    low, high = wilson(k, n) if n else (0.0, 0.0)
    return Rate(k, n, (100 * low, 100 * high) if n else None, minimum_n=MINIMUM_N, **more)


def result_rows(cases: QuerySet[Case]) -> list[dict[str, Any]]:
    """What holds about each settled case that tells of a hospital: one query, at most 20 000 rows."""
    wanted = cases.filter(REAL_CASES, state=Case.State.SETTLED).order_by().values("pk")
    rows = Ruling.objects.filter(case__in=wanted).order_by("version")
    found = rows.values("case_id", "score", "grade", "faults", **_COLUMNS)[:_MOST]
    newest = {row["case_id"]: row for row in found}
    for row in newest.values():
        row["device"] = row["device_name"] or " ".join(filter(None, (row["maker"], row["model"])))
    return sorted(newest.values(), key=lambda row: row["number"])


def summary_of(rows: Sequence[dict[str, Any]], best: str) -> Summary:
    """The sums of results; `best` is the key of the first grade."""
    flags = [row["flags"] or {} for row in rows]
    return Summary(
        n=len(rows),
        scores=tuple(row["score"] for row in rows if row["score"] is not None),
        n_excellent=sum(one.get("excellent") is True for one in flags),
        n_excellent_of=sum(one.get("excellent") is not None for one in flags),
        n_waste=sum(one.get("waste") is True for one in flags),
        n_graded=sum(bool(row["grade"]) for row in rows),
        n_best=sum(bool(best) and row["grade"] == best for row in rows),
        n_trace=sum(one.get("trace") is True for one in flags),
        n_conform=sum(row.get("conform") is True for row in rows),
        n_conform_of=sum(row.get("conform") is not None for row in rows),
        n_waste_of=sum(one.get("waste") is not None for one in flags),
    )


def grouped(rows: Sequence[dict[str, Any]], by: str, best: str) -> list[tuple[str, Summary]]:
    """Summaries by device, performer, body part …, the largest groups first; the name is "" where it is not known.

    Two of one name stay two.
    """
    key = f"{by}_id" if by in {"device", "performer"} else by
    several = by == "device" and len({row["place"] for row in rows}) > 1
    names = {
        str(row[key] or ""): " · ".join(filter(None, (str(row[by] or ""), row["place"] if several else "")))
        for row in rows
    }
    return [(names[one], found) for one, found in grouped_by(rows, lambda row: str(row[key] or ""), best)]


def grouped_by(
    rows: Sequence[dict[str, Any]], key: Callable[[dict[str, Any]], str], best: str
) -> list[tuple[str, Summary]]:
    """The same by anything that can be told of a row, by its key."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    found = [(name, summary_of(own, best)) for name, own in groups.items()]
    return sorted(found, key=lambda one: (-one[1].n, one[0]))


def fault_counts(rows: Iterable[dict[str, Any]]) -> list[tuple[str, int]]:
    """How many cases each defect was found in, the most frequent first."""
    counts = Counter(code for row in rows for code in set(row["faults"] or ()))
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))


def grade_counts(rows: Iterable[dict[str, Any]]) -> Counter[str]:
    """How many cases have each grade; those without one are left out."""
    return Counter(row["grade"] for row in rows if row["grade"])
