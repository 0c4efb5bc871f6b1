"""What rules would change: stored measurements judged by them and by what holds now.  Nothing is written."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from imagingqc.criteria.judge import References
from imagingqc.criteria.model import Criterion, Known, Of, Standard, Verdict
from imagingqc.evaluate import judge_measurements
from imagingqc.phantom.run import judge_device
from imagingqc.quantity import Measurement
from yingheng.catalog.models import Exam
from yingheng.evidence.courses import baseline_in_force
from yingheng.evidence.epochs import boundaries_of, window_at
from yingheng.evidence.models import Baseline, DevicePart, Epoch, MeasurementSet
from yingheng.evidence.selectors import context_of
from yingheng.evidence.truth import worst
from yingheng.rulebook.rules import Rules, edition_standard
from yingheng.rulebook.selectors import rules_of
from yingheng.rulebook.services.device_tests import TESTED, TestRules, of_tests
from yingheng.tenancy.models import Organisation

EXAMPLES, EXAMPLES_EACH = 200, 20
NOT_ASKED = ""
_CHANGES = {"FAIL": "newly_fail", "NEEDS_HUMAN": "newly_human", "PASS": "newly_pass", "NOT_ASSESSABLE": "newly_gap"}
_AT_ONCE = 500
_COLUMNS = ("id", "hospital_id", "subject_type", "subject_id", "exam", "device_id", "modality", "local_day", "values",
            "context", "protocol_key", "exam__state", "exam__sort_at", "exam__item__code")  # fmt: skip

Told = Callable[[int, int], None]


@dataclass
class Tally:
    """One criterion over all subjects that it concerns.  `dropped`: asked now, and no longer by the rules tried."""

    criterion: str
    quantity: str
    dropped: bool = False
    asked: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    changes: Counter[str] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "criterion": self.criterion,
            "quantity": self.quantity,
            "dropped": self.dropped,
            "asked": self.asked,
            "outcomes": dict(self.outcomes),
            "changes": dict(self.changes),
        }


@dataclass
class ShadowResult:
    """What would change.  Counted are pairs of criterion and subject: `before` and `after` by the outcome that holds
    for the criterion's quantity under all standards together ("" where nothing was asked)."""

    n_sets: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    tallies: dict[str, Tally] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)
    exams_failing: set[UUID] = field(default_factory=set)
    _shown: Counter[tuple[str, str]] = field(default_factory=Counter)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON; keys are only ever added."""
        return {
            "n_sets": self.n_sets,
            "before": dict(self.before),
            "after": dict(self.after),
            "exams_newly_failing": len(self.exams_failing),
            "criteria": [tally.as_dict() for tally in self.tallies.values()],
            "examples": self.examples,
        }

    def add(self, row: MeasurementSet, verdict: Verdict, before: str, after: str, *, dropped: bool = False) -> None:
        """Count one criterion of one subject."""
        key = f"-{verdict.criterion}" if dropped else verdict.criterion
        tally = self.tallies.setdefault(key, Tally(verdict.criterion, verdict.quantity or "", dropped))
        tally.asked += 1
        tally.outcomes[verdict.outcome.value] += 1
        if verdict.quantity is None:  # a person answers: nothing to compare
            return
        self.before[before] += 1
        self.after[after] += 1
        change = "same" if before == after else _CHANGES.get(after, "no_longer_asked")
        tally.changes[change] += 1
        if change == "newly_fail" and row.exam_id:
            self.exams_failing.add(row.exam_id)
        if change != "same":
            self._show(key, change, row, verdict, before, after)

    def _show(self, key: str, change: str, row: MeasurementSet, verdict: Verdict, before: str, after: str) -> None:
        if len(self.examples) >= EXAMPLES or self._shown[key, change] >= EXAMPLES_EACH:
            return
        self._shown[key, change] += 1
        said = verdict.as_dict()
        kept = ("criterion", "quantity", "value", "unit", "limit", "reason_code", "reason_values")
        self.examples.append(
            {name: said[name] for name in kept}
            | {
                "change": change,
                "before": before,
                "after": after,
                "subject": row.subject_type,
                "subject_id": str(row.subject_id),
                "device": str(row.device_id) if row.device_id else None,
                "exam": str(row.exam_id) if row.exam_id else None,
                "day": row.local_day.isoformat(),
            }
        )


def shadow_compare(
    *, hospital: Organisation, standard: Standard, first_day: dt.date, last_day: dt.date, told: Told | None = None
) -> ShadowResult:
    """Judge what is stored of the hospital's exams of those local days by `standard` beside what holds now.

    Where rules speak of performance tests, the tests of devices too (of each the newest is stored).  `standard` stands
    in the place of the hospital's own rules of each day; built-in standards in use stay.  Compared is, per criterion
    and subject, the worst automatic outcome for the criterion's quantity; what people decided is
    left out.  `told` hears (sets done, sets in all).
    """
    rules = rules_of(hospital)
    trial = _Trial(standard, rules)
    rows = _sets(hospital, trial.concerned, first_day, last_day)
    total, result = rows.count(), ShadowResult()
    references = _References(hospital, trial.quantities if total else ())
    for row in _chunked(rows):
        result.n_sets += 1
        trial.compare(row, references.of(row), result)
        if told and result.n_sets % _AT_ONCE == 0:
            told(result.n_sets, total)
    if told:
        told(total, total)
    return result


class _Trial:
    """The rules tried and those that hold, cut down to the quantities in question."""

    def __init__(self, standard: Standard, rules: Rules) -> None:
        own = [edition_standard(edition) for edition in rules.editions]
        self.quantities = {c.quantity for s in (standard, *own) for c in s.criteria if c.quantity}
        self.new, self.rules = standard, rules
        self.ids = {c.id for c in standard.criteria}
        self.concerned = [c for s in (standard, *own) for c in s.criteria]
        self._days: dict[dt.date, tuple[list[Standard], list[Standard]]] = {}
        self._tests = TestRules()

    def compare(self, row: MeasurementSet, references: References, result: ShadowResult) -> None:
        """Add what would change for one subject."""
        found = [Measurement.from_dict(v) for v in row.values if v["quantity"] in self.quantities]
        exam = row.exam
        item = exam.item.code if exam and exam.item else ""
        context = context_of(row, item=item, complete=exam is None or exam.state == Exam.State.CLOSED)

        tested = row.subject_type == TESTED

        def judged(standards: Sequence[Standard]) -> tuple[Verdict, ...]:
            if tested:
                return judge_device(found, context, [s for s in standards if of_tests(s)], references)
            return judge_measurements(found, context, standards, references)

        used, mine_now = self._on(row.local_day)
        builtin, own = (
            judged([*used, *map(self._cut, self._tests.more(row, used))] if tested else used),
            judged(mine_now),
        )
        new = judged((self.new,))
        others, mine = _by_quantity(builtin), _by_quantity(own)
        for v in new:
            before = _held(others[v.quantity] + mine[v.quantity])
            result.add(row, v, before, _held([*others[v.quantity], v.outcome.value]))
        tried = _by_quantity(new)
        for v in own:
            if v.criterion not in self.ids:
                after = _held(others[v.quantity] + tried[v.quantity])
                result.add(row, v, _held([*others[v.quantity], v.outcome.value]), after, dropped=True)

    def _on(self, day: dt.date) -> tuple[list[Standard], list[Standard]]:
        if day not in self._days:
            edition = self.rules.edition_on(day)
            own = [edition_standard(edition)] if edition else []
            self._days[day] = ([self._cut(s) for s in self.rules.builtin_on(day)], own)
        return self._days[day]

    def _cut(self, standard: Standard) -> Standard:
        return replace(standard, criteria=tuple(c for c in standard.criteria if c.quantity in self.quantities))


def _by_quantity(verdicts: Iterable[Verdict]) -> defaultdict[str | None, list[str]]:
    found: defaultdict[str | None, list[str]] = defaultdict(list)
    for v in verdicts:
        found[v.quantity].append(v.outcome.value)
    return found


def _held(outcomes: Sequence[str]) -> str:
    return worst(outcomes) if outcomes else NOT_ASKED


def _sets(
    hospital: Organisation, concerned: Sequence[Criterion], first_day: dt.date, last_day: dt.date
) -> QuerySet[MeasurementSet]:
    """Current sets of those days that one of the criteria may concern."""
    rows = MeasurementSet.objects.filter(
        hospital=hospital, is_current=True, local_day__gte=first_day, local_day__lte=last_day
    )
    wanted = Q(pk__in=[])
    for subject in {c.subject for c in concerned}:
        asked = [c.applies.get("modality") for c in concerned if c.subject == subject]
        of_subject = Q(subject_type=subject)
        if subject == "device" and any("test" in c.applies for c in concerned):
            of_subject |= Q(subject_type=TESTED)
        if all(asked):
            of_subject &= Q(modality__in=sorted({m for several in asked for m in several}))
        wanted |= of_subject
    return rows.filter(wanted)


def _chunked(rows: QuerySet[MeasurementSet]) -> Iterator[MeasurementSet]:
    """Row by row, in short reads: an open one would keep SQLite's writers apart for the whole run."""
    rows = rows.select_related("exam__item").only(*_COLUMNS).order_by("pk")
    chunk = list(rows[:_AT_ONCE])
    while chunk:
        yield from chunk
        chunk = list(rows.filter(pk__gt=chunk[-1].pk)[:_AT_ONCE]) if len(chunk) == _AT_ONCE else []


class _References:
    """The baselines of the hospital's devices, each in force between two changes of its device.  At most 3 queries.

    Those that are still forming are left out: with either nothing can be said yet.
    """

    def __init__(self, hospital: Organisation, quantities: Iterable[str]) -> None:
        self._rows: defaultdict[tuple[UUID, str], defaultdict[str, list[Baseline]]]
        self._rows = defaultdict(lambda: defaultdict(list))
        for b in Baseline.objects.filter(hospital=hospital, quantity__in=sorted(quantities)):
            self._rows[b.device_id, b.protocol_key][b.quantity].append(b)
        epochs: defaultdict[UUID, list[Epoch]] = defaultdict(list)
        parts: defaultdict[UUID, list[DevicePart]] = defaultdict(list)
        devices = {device for device, _protocol in self._rows}
        if devices:
            for e in Epoch.objects.filter(hospital=hospital, withdrawn_at__isnull=True):
                epochs[e.device_id].append(e)
            for p in DevicePart.objects.filter(hospital=hospital):
                parts[p.device_id].append(p)
        self._boundaries = {device: boundaries_of(epochs[device], parts[device]) for device in devices}

    def of(self, row: MeasurementSet) -> References:
        """What the values of a set are compared with, at the time of its exam."""
        known: dict[tuple[str, Of], Known] = {}
        if row.device_id is None or (row.device_id, row.protocol_key) not in self._rows:
            return known
        boundaries, at = self._boundaries[row.device_id], row.exam.sort_at if row.exam else None
        for quantity, rows in self._rows[row.device_id, row.protocol_key].items():
            b = baseline_in_force(rows, window_at(boundaries, row.protocol_key, quantity, at))
            if b is not None and row.subject_type == TESTED:  # a person vouches for it, however few its values
                known[quantity, "baseline"] = Known(b.median, b.mad or None, None, b.version)
            elif b is not None:
                known[quantity, "baseline"] = Known(b.median, b.mad, b.n, b.version)
        return known
