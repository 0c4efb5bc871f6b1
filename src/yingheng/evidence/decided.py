"""What people decided beside what the machine said, for comparing both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import CharField, F, Model, QuerySet, TextField
from django.db.models.functions import Cast, Right

from yingheng.evidence.models import Assessment, Decision
from yingheng.evidence.truth import standard_family
from yingheng.tenancy.scope import Scope

MOST_DECISIONS = 20_000
MOST_VALUES = 1_000
COUNTED = 300  # assessments whose verdicts are counted; more are estimated from as many
SAMPLE_ONE_IN = 20
_TAIL_DIGITS = 8  # the end of an id of version 7 is random, whatever the subject is like
_TAIL_BELOW = 16**_TAIL_DIGITS // SAMPLE_ONE_IN
_M = TypeVar("_M", bound=Model)


@dataclass(frozen=True, slots=True)
class Period:
    """Which subjects are compared: their local days, both included, and where they were made."""

    first: dt.date
    last: dt.date
    modality: str = ""
    device_id: UUID | None = None

    def filter(self, rows: QuerySet[_M]) -> QuerySet[_M]:
        rows = rows.filter(local_day__range=(self.first, self.last))
        rows = rows.filter(modality=self.modality) if self.modality else rows
        return rows.filter(device_id=self.device_id) if self.device_id else rows


@dataclass(frozen=True, slots=True)
class DecidedVerdict:
    """One verdict as the machine gave it and the decision in force on it, about the same input."""

    family: str
    criterion: str
    standard: str
    automatic: str
    human: str
    subject: tuple[str, UUID]
    input_hash: str

    @property
    def key(self) -> tuple[str, str]:
        return self.family, self.criterion


def in_sample(subject_id: UUID) -> bool:
    """Whether a subject belongs to the random one in twenty whose passes are offered for decision.

    It follows from the random end of the id alone, so that neither the result nor a person chooses.
    """
    return subject_id.int % 16**_TAIL_DIGITS < _TAIL_BELOW


def decided_verdicts(scope: Scope, period: Period) -> list[DecidedVerdict]:
    """Every verdict with a decision in force, newest decision first; of the newest 20 000 decisions.  One query."""
    rows = period.filter(scope.filter(Decision.objects.all())).order_by("-made_at", "-pk")
    found = rows.values_list(
        "pk", "withdraws_id", "criteria", "outcome", "subject_type", "subject_id", "input_hash", "assessment__standard"
    )[:MOST_DECISIONS]
    withdrawn: set[UUID] = set()
    newest: dict[tuple[str, str, UUID, str, str], DecidedVerdict] = {}
    for pk, withdraws, criteria, outcome, kind, subject, inputs, standard in found:
        if withdraws:
            withdrawn.add(withdraws)
        if withdraws or pk in withdrawn:
            continue
        for entry in criteria:
            family, criterion = entry["family"], entry["criterion"]
            same = standard if standard_family(standard) == family else ""
            decided = DecidedVerdict(family, criterion, same, entry["automatic"], outcome, (kind, subject), inputs)
            newest.setdefault((kind, inputs, subject, family, criterion), decided)
    return list(newest.values())


def verdicts_behind(scope: Scope, decided: Sequence[DecidedVerdict]) -> list[tuple[DecidedVerdict, Mapping[str, Any]]]:
    """The stored verdict of each decision on one criterion; of the newest 1 000.  One query.

    Of several runs on the same input the newest that says what was decided on.
    """
    wanted = {(d.subject, d.input_hash): d for d in reversed(decided[:MOST_VALUES])}
    if not wanted:
        return []
    rows = Assessment.objects.filter(family=decided[0].family, subject_id__in={d.subject[1] for d in wanted.values()})
    rows = scope.filter(rows.exclude(run_kind=Assessment.RunKind.SHADOW)).order_by("created_at", "pk")
    found: dict[DecidedVerdict, Mapping[str, Any]] = {}
    for kind, subject, inputs, verdicts in rows.values_list("subject_type", "subject_id", "input_hash", "verdicts"):
        d = wanted.get(((kind, subject), inputs))
        for v in verdicts if d is not None else ():
            if v["criterion"] == d.criterion and v["outcome"] == d.automatic:
                found[d] = v
    return list(found.items())


@dataclass(frozen=True, slots=True)
class Automatic:
    """Automatic verdicts of one criterion by outcome, counted among a random `fraction` of `assessments`."""

    assessments: int
    fraction: float
    by_outcome: Mapping[str, int]


def automatic_counts(scope: Scope, period: Period, family: str, criterion: str) -> Automatic:
    """How often a criterion passed, failed or asked for a person; of more than 300 assessments estimated.

    Two queries; the verdicts of about 300 assessments are read, those with a small random end of the id.
    """
    rows = _current(scope, period, family)
    total = rows.count()
    below = 16**_TAIL_DIGITS * COUNTED // total if total > COUNTED else 0
    part = _below(rows, below) if below else rows
    read = part.values_list("verdicts", flat=True)
    counts: dict[str, int] = {}
    for outcome in (v["outcome"] for verdicts in read for v in verdicts if v["criterion"] == criterion):
        counts[outcome] = counts.get(outcome, 0) + 1
    return Automatic(total, below / 16**_TAIL_DIGITS if below else 1.0, counts)


def passes_to_decide(
    scope: Scope, period: Period, family: str, criterion: str, decided: Iterable[DecidedVerdict], limit: int = 20
) -> list[Assessment]:
    """Assessments of the random sample in which the criterion passed and nobody decided yet, newest day first.

    One query; at most 100 assessments are read.
    """
    done = {d.subject for d in decided}
    rows = _below(_current(scope, period, family), _TAIL_BELOW)
    rows = rows.filter(exam__isnull=False, n_pass__gt=0).select_related("exam", "exam__hospital", "exam__device")
    found = []
    for row in rows.order_by("-local_day", "pk").defer("run", "failed")[:100]:
        passed = any(v["criterion"] == criterion and v["outcome"] == "PASS" for v in row.verdicts)
        if passed and (row.subject_type, row.subject_id) not in done:
            found.append(row)
    return found[:limit]


def failed_count(scope: Scope, period: Period, family: str, criterion: str) -> int:
    """How many current assessments the criterion failed.  One query, without reading verdicts."""
    rows = _current(scope, period, family).filter(n_fail__gt=0)
    named = rows.annotate(failed_text=Cast("failed", TextField()))
    return named.filter(failed_text__contains=f'"{criterion}"').count()


def _current(scope: Scope, period: Period, family: str) -> QuerySet[Assessment]:
    rows = Assessment.objects.filter(is_current=True, family=family)
    return period.filter(scope.filter(rows.exclude(run_kind=Assessment.RunKind.SHADOW)))


def _below(rows: QuerySet[Assessment], bound: int) -> QuerySet[Assessment]:
    """Assessments of subjects whose identifier ends in a number below `bound`."""
    tail = Right(Cast(F("subject_id"), CharField(max_length=36)), _TAIL_DIGITS)
    return rows.annotate(tail=tail).filter(tail__lt=f"{bound:0{_TAIL_DIGITS}x}")
