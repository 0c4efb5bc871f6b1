"""Automatic verdicts against what readers settled on, defect by defect, and limits that readers' results suggest."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from imagingqc.criteria.model import Known, Limit
from imagingqc.criteria.one_sided import excess, moved, number_of, require_one_sided
from imagingqc.errors import AnalysisError
from imagingqc.stats.accuracy import Judged, Rate, accuracy
from imagingqc.stats.agreement import cohen_kappa
from imagingqc.stats.suggestion import Limit as Suggested
from imagingqc.stats.suggestion import limit_suggestion
from yingheng.common.ui.judged import limit_of
from yingheng.evidence.models import Assessment
from yingheng.review.models import Case, Ruling
from yingheng.review.models.campaigns import SubjectKind
from yingheng.review.periods import ONE
from yingheng.review.results import OPEN_CASES, REAL_CASES
from yingheng.review.statistics.figures import Figure, figure, refused, valued
from yingheng.review.statistics.rows import month_number, month_of
from yingheng.tenancy.models import Organisation

MOST = 5000  # cases, the newest
_AT_ONCE = 500
WHOLE = "whole"
_FLAGGED = ("FAIL", "NEEDS_HUMAN")  # of exams and of single defects alike: the machine did not let it pass
_TOLD = ("PASS", *_FLAGGED)
_FEWEST = 20


@dataclass(frozen=True, slots=True)
class PairOf:
    """Quantities that the machine judges and defects that readers name, about the same thing."""

    key: str
    zh: str
    en: str
    quantities: frozenset[str]
    defects: frozenset[str]


@dataclass(slots=True)
class Seen:
    """One exam: what people settled, how many exams it stands for, and the automatic verdicts by quantity."""

    faults: frozenset[str]
    poor: bool
    weight: float
    verdicts: dict[str, list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    failed: bool = False
    judged: bool = False


@cache
def pair_list() -> tuple[PairOf, ...]:
    """Which defects stand beside which quantities (learning.toml)."""
    raw = tomllib.loads(files(__package__).joinpath("learning.toml").read_text(encoding="utf-8"))
    return tuple(
        PairOf(one["key"], one["zh"], one["en"], frozenset(one["quantities"]), frozenset(one["defects"]))
        for one in raw["pair"]
    )


def learned(organisation: Organisation, month: dt.date, months: int) -> tuple[dict[str, Any], int, str]:
    """(content, cases, digest) of the months that end with `month`."""
    seen = _seen(organisation, month, months)
    _judge(seen)
    content = {"n": len(seen), "pairs": [_pair(one, list(seen.values())) for one in pair_list()],
               "whole": _whole(list(seen.values()))}  # fmt: skip
    told = json.dumps(content, sort_keys=True, default=str)
    return content, len(seen), hashlib.sha256(told.encode()).hexdigest()


def _seen(organisation: Organisation, month: dt.date, months: int) -> dict[UUID, Seen]:
    """Exams by id, each once with its newest result; one drawn with an unknown chance stands for itself."""
    first, after = month_of(month_number(month) - months + 1), month_of(month_number(month) + 1)
    cases = Case.objects.filter(OPEN_CASES, REAL_CASES, state=Case.State.SETTLED, exam__isnull=False)
    cases = cases.filter(campaign__organisation=organisation, campaign__subject_kind=SubjectKind.EXAM)
    cases = cases.filter(local_day__range=(first, after - ONE))
    rows = Ruling.objects.filter(case__in=cases.order_by().values("pk")).order_by("case__settled_at", "version")
    told = rows.values_list("case__exam_id", "case__p", "faults", "details__flags").reverse()
    found: dict[UUID, Seen] = {}
    for exam, p, faults, flags in told.iterator(1000):
        if exam not in found and len(found) < MOST:
            poor = any((flags or {}).get(name) for name in ("trace", "waste"))
            found[exam] = Seen(frozenset(faults or ()), poor, 1 / p if p else 1.0)
    return found


def _judge(seen: dict[UUID, Seen]) -> None:
    """Add the automatic verdicts in force.  One query for 500 exams."""
    wanted = frozenset().union(*(one.quantities for one in pair_list()))
    ids = list(seen)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        rows = Assessment.objects.filter(exam__in=some, is_current=True, run_kind=Assessment.RunKind.AUTO)
        for exam, standard, outcome, verdicts in rows.values_list("exam_id", "standard", "outcome", "verdicts"):
            one = seen[exam]
            one.judged |= outcome in _TOLD
            one.failed |= outcome in _FLAGGED
            for verdict in verdicts:
                if verdict.get("quantity") in wanted and verdict["outcome"] in _TOLD:
                    one.verdicts[verdict["quantity"]].append({**verdict, "standard": standard})


def _whole(seen: Sequence[Seen]) -> dict[str, Any]:
    cases = [Judged(one.failed, one.poor, one.weight) for one in seen if one.judged]
    return {"key": WHOLE, **_figures(cases)}


def _pair(pair: PairOf, seen: Sequence[Seen]) -> dict[str, Any]:
    cases = []
    for one in seen:
        verdicts = [v for quantity in pair.quantities for v in one.verdicts.get(quantity, ())]
        if verdicts:
            flagged = any(v["outcome"] != "PASS" for v in verdicts)
            cases.append(Judged(flagged, bool(one.faults & pair.defects), one.weight))
    limits = [_limit(quantity, pair, seen) for quantity in sorted(pair.quantities)] if len(cases) >= _FEWEST else []
    return {"key": pair.key, **_figures(cases), "limits": [one for one in limits if one]}


def _figures(cases: Sequence[Judged]) -> dict[str, Any]:
    """Rates of the frame, weighted by 1 / p; kappa of the cases as they were drawn."""
    table = [[0, 0], [0, 0]]
    for case in cases:
        table[case.flagged][case.faulty] += 1

    def kappa() -> Figure:
        if len(cases) < _FEWEST:
            raise AnalysisError("few_cases", n=len(cases), fewest=_FEWEST)
        one = cohen_kappa(table)
        return valued(one.value, one.interval, one.n)

    found: dict[str, Any] = {"n": len(cases), "table": table, "kappa": figure(kappa)}
    try:
        told = accuracy(cases)
    except AnalysisError as exc:
        return found | {"refused": refused(exc.reason)}
    names = ("agreement", "sensitivity", "specificity", "ppv", "npv", "prevalence")
    return found | {name: _rate(getattr(told, name)) for name in names}


def _rate(one: Rate) -> Figure:
    if one.value is None:
        return refused(one.reason) if one.reason else valued(0.0, None, one.n)
    return valued(one.value, one.interval, one.n)


def _limit(quantity: str, pair: PairOf, seen: Sequence[Seen]) -> dict[str, Any] | None:
    """What limit readers' results suggest for a quantity; None where no exam has a verdict on it.

    Of the newest criterion alone, and every value against its limit of now: a limit for bodies says nothing of heads,
    and one that was moved during the year must not move what is suggested.
    """
    told = [(one, verdicts) for one in seen if (verdicts := one.verdicts.get(quantity))]
    if not told:
        return None
    newest = told[0][1][0]
    found = {"quantity": quantity, "criterion": newest["criterion"],
             "standard": newest["standard"]}  # fmt: skip

    def suggested() -> Figure:
        limit = require_one_sided(limit_of(newest.get("limit")))
        cases = []
        for one, verdicts in told:
            own = [v for v in verdicts if v["criterion"] == newest["criterion"]]
            worst = [e for v in own if (e := _excess(limit, v)) is not None]
            if worst:
                cases.append((max(worst), bool(one.faults & pair.defects), one.weight))
        best = limit_suggestion([e for e, _f, _w in cases], [f for _e, f, _w in cases], [w for _e, _f, w in cases])

        def told_of(which: Suggested) -> Figure:
            ends = sorted(number_of(moved(limit, end)) for end in which.interval)
            return {"limit": number_of(moved(limit, which.limit)), "interval": ends, "sensitivity": which.sensitivity,
                    "sensitivity_interval": list(which.sensitivity_interval), "specificity": which.specificity,
                    "specificity_interval": list(which.specificity_interval)}  # fmt: skip

        return {"n": best.n, "faulty": best.faulty, "area": best.area, "area_interval": list(best.area_interval),
                "now": number_of(limit), "op": limit.op, "youden": told_of(best.youden),
                "wanted": told_of(best.wanted) if best.wanted else None,
                "why": refused(best.reason) if best.reason else None}  # fmt: skip

    return found | figure(suggested)


def _excess(limit: Limit, verdict: Mapping[str, Any]) -> float | None:
    stored = verdict.get("reference")
    if verdict.get("value") is None:
        return None
    return excess(limit, verdict["value"], Known(**stored) if stored else None)
