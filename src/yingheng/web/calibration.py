"""Automatic verdicts against people's decisions, criterion by criterion: the figures behind the calibration pages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Criterion, Known, Limit
from imagingqc.criteria.one_sided import breaks_when_equal, excess, require_one_sided, rounded_between
from imagingqc.errors import AnalysisError, Reason
from imagingqc.stats.agreement import Kappa, Sensitivity, Verified, cohen_kappa, corrected_sensitivity
from imagingqc.stats.threshold import FEWEST, Comparison, compare_thresholds
from yingheng.common.ui.judged import limit_of
from yingheng.evidence.decided import Automatic, DecidedVerdict, in_sample
from yingheng.evidence.truth import standard_family

FLAGGED = ("FAIL", "NEEDS_HUMAN")
AUTOMATIC, HUMAN = ("PASS", *FLAGGED), ("PASS", "FAIL")
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """One criterion: how often each automatic outcome met each decision.

    Flagged is an automatic verdict that failed, or broke its limit and asked for a person.
    """

    key: Key
    standard: str
    cells: Mapping[tuple[str, str], int]

    def count(self, automatic: Sequence[str], human: Sequence[str] = HUMAN) -> int:
        return sum(self.cells.get((a, h), 0) for a in automatic for h in human)

    @property
    def n(self) -> int:
        """Decisions that told sound from faulty, on verdicts that told something too."""
        return self.count(AUTOMATIC)

    @property
    def agreed(self) -> int:
        return self.count(["PASS"], ["PASS"]) + self.count(FLAGGED, ["FAIL"])

    @property
    def flagged(self) -> int:
        return self.count(FLAGGED)

    @property
    def false_alarms(self) -> int:
        return self.count(FLAGGED, ["PASS"])

    @property
    def missed(self) -> int:
        return self.count(["PASS"], ["FAIL"])

    @property
    def enough(self) -> bool:
        return self.n >= FEWEST

    @property
    def kappa(self) -> Kappa | None:
        """None where one of both judged everything alike, or with too few decisions."""
        table = [[self.count([*a], [h]) for h in HUMAN] for a in (("PASS",), FLAGGED)]
        try:
            return cohen_kappa(table) if self.enough else None
        except AnalysisError:
            return None


def records(decided: Sequence[DecidedVerdict]) -> list[Record]:
    """Every criterion that people decided on, those with most decisions first; clauses for people alone left out."""
    cells: dict[Key, Counter[tuple[str, str]]] = defaultdict(Counter)
    standards: dict[Key, str] = {}
    for d in decided:
        cells[d.key][d.automatic, d.human] += 1
        if d.standard:
            standards.setdefault(d.key, d.standard)
    found = [Record(key, standards.get(key) or builtin_standard(key[0]), counts) for key, counts in cells.items()]
    return sorted((r for r in found if not _is_manual(r)), key=lambda r: (-r.n, r.key))


@cache
def builtin_standard(family: str) -> str:
    """The newest edition of a family among the built-in standards; the family itself when it is none of them."""
    editions = [s for s in load_builtin().values() if standard_family(s.id) == family]
    return max(editions, key=lambda s: (s.valid_from is not None, s.valid_from, s.id)).id if editions else family


def builtin_criterion(standard: str, criterion: str) -> Criterion | None:
    document = load_builtin().get(standard)
    return next((c for c in document.criteria if c.id == criterion), None) if document else None


def _is_manual(record: Record) -> bool:
    known = builtin_criterion(record.standard, record.key[1])
    return known is not None and known.grade == "manual"


@dataclass(frozen=True, slots=True)
class Estimated:
    """Sensitivity over all exams of the period, from decided flags and decided passes of the random sample."""

    found: Sensitivity | Reason
    sampled_decided: int
    sampled_faulty: int


def estimated_sensitivity(decided: Sequence[DecidedVerdict], automatic: Automatic, failed: int) -> Estimated:
    """The share of faulty exams that the criterion flags; a Reason instead where too little was decided.

    `failed` is the number of failures, known exactly; how many passed or asked for a person is `automatic`'s count.
    """
    told = [d for d in decided if d.human in HUMAN]
    flags = [d for d in told if d.automatic in FLAGGED]
    passes = [d for d in told if d.automatic == "PASS" and in_sample(d.subject[1])]
    n, faulty = len(passes), sum(d.human == "FAIL" for d in passes)
    for cases in (passes, flags):
        if len(cases) < FEWEST:
            return Estimated(Reason("few_cases", {"n": len(cases), "fewest": FEWEST}), n, faulty)
    bad_flags = sum(d.human == "FAIL" for d in flags)
    seen = automatic.by_outcome
    if seen.get("NEEDS_HUMAN"):
        flagged = _verified(seen.get("FAIL", 0) + seen["NEEDS_HUMAN"], len(flags), bad_flags, automatic.fraction)
    else:
        flagged = _verified(failed, len(flags), bad_flags, 1.0)
    passed = _verified(seen.get("PASS", 0), n, faulty, automatic.fraction)
    try:
        return Estimated(corrected_sensitivity(failed=flagged, passed=passed), n, faulty)
    except AnalysisError as refused:
        return Estimated(refused.reason, n, faulty)


def _verified(seen: int, decided: int, faulty: int, fraction: float) -> Verified:
    """Decisions on inputs that were judged anew since are no longer among those seen."""
    return Verified(max(seen, decided) if fraction == 1 else seen, decided, faulty, fraction)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The limit in use against the best one for the decided values."""

    limit: Limit
    best: Limit
    unit: str
    comparison: Comparison


def suggestion(behind: Sequence[tuple[DecidedVerdict, Mapping[str, Any]]]) -> Suggestion | Reason:
    """Which number of the newest limit would separate what people held to be sound and faulty best.

    A Reason where there are too few values, or the criterion has no limit that can be moved.
    """
    told = [(d, v) for d, v in behind if d.human in HUMAN]
    if not told:
        return Reason("few_cases", {"n": 0, "fewest": FEWEST})
    try:
        limit = require_one_sided(limit_of(told[-1][1].get("limit")))
        scored = [(excess(limit, v["value"], _known(v)), d.human == "FAIL") for d, v in told if v["value"] is not None]
        cases = [(score, bad) for score, bad in scored if score is not None]
        scores, bad = [score for score, _bad in cases], [faulty for _score, faulty in cases]
        compared = compare_thresholds(scores, bad, present=0.0, inclusive=breaks_when_equal(limit))
    except AnalysisError as refused:
        return refused.reason
    best = rounded_between(limit, compared.best.low, compared.best.high)
    return Suggestion(limit, best, str(told[-1][1].get("unit") or ""), compared)


def _known(verdict: Mapping[str, Any]) -> Known | None:
    stored = verdict.get("reference")
    return Known(**stored) if stored else None
