"""What the facts of a device's month come to: its days, which rejected exposures count, and its cells.  Pure."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID
from zoneinfo import ZoneInfo

from imagingqc.stats.rejects import DayCounted, ExamTold, LogTold, day_counted
from yingheng.rejects.facts import EXPOSED, LATER, Facts, Row, day_chosen, exams_linked
from yingheng.rejects.logs.positions import position_key
from yingheng.rejects.models import ExposureDay, RejectedExposure
from yingheng.rejects.month_cells import Cells, Part
from yingheng.rejects.reasons import NOT_TOLD, UNKNOWN, reason_counts


@dataclass(slots=True)
class Counted:
    """A rejected exposure of some source, and how many of it are in the rate.  `row` is the one of a log."""

    source: str
    key: str
    n: int
    counted: int
    day: dt.date
    at: dt.datetime | None = None
    hour: int | None = None
    reason: str = ""
    position: str = ""
    performer: str = ""
    exam: UUID | None = None
    retake: UUID | None = None
    text_told: bool = False
    row: RejectedExposure | None = None

    @property
    def reason_cell(self) -> str:
        """The reason under which it is counted: its code, or that nobody told it, or that its text is not known."""
        return self.reason or (UNKNOWN if self.text_told else NOT_TOLD)


@dataclass(slots=True)
class Day:
    day: dt.date
    told: DayCounted
    kept: int


@dataclass(slots=True)
class Month:
    """`days` with exposures, `rows` of every source, and `parts` for the cells."""

    days: list[Day] = field(default_factory=list)
    rows: list[Counted] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


def month_counted(facts: Facts, zone: ZoneInfo) -> Month:
    """Count a month by the rule of `imagingqc.stats.rejects`."""
    links = exams_linked(facts)
    logs: dict[dt.date, list[RejectedExposure]] = defaultdict(list)
    told: dict[dt.date, list[ExposureDay]] = defaultdict(list)
    for row in facts.logged:
        logs[row.local_day].append(row)
    for one in facts.days:
        told[one.day].append(one)
    found, cells = Month(), Cells(str(facts.device.pk))
    for day in sorted({*facts.by_day, *logs, *told}):
        one = OneDay(facts, zone, day, logs[day], day_chosen(told[day]), links)
        if not (one.exams or logs[day] or told[day]):
            continue
        found.days.append(Day(day, one.told, sum(e.kept for e in one.exams)))
        found.rows += one.rows
        cells.add_day(one)
    cells.add_repeats(facts)
    found.parts = cells.parts()
    return found


class OneDay:
    """One day: the numbers of its exams, what they come to, and the rows behind."""

    def __init__(self, facts: Facts, zone: ZoneInfo, day: dt.date, logged: list[RejectedExposure],
                 chosen: ExposureDay | None, links: dict[UUID, UUID | None]) -> None:  # fmt: skip
        self.facts, self.zone, self.day, self.chosen, self.links = facts, zone, day, chosen, links
        self.logged = logged
        self.of_day = [e for e in facts.by_day.get(day, ()) if e["modality"] in EXPOSED]
        ids = {e["pk"] for e in self.of_day}
        self.retakes: dict[UUID, list[Row]] = _grouped(r for r in facts.retakes if r["exam_id"] in ids)
        self.steps: dict[UUID, list[Row]] = _grouped(s for s in facts.steps if s["exam_id"] in ids)
        self.by_exam: dict[UUID | None, list[RejectedExposure]] = defaultdict(list)
        for row in logged:
            self.by_exam[links[row.pk]].append(row)
        self.exams = [self._told(e["pk"]) for e in self.of_day]
        self.told = day_counted(self.exams, self._log(), register_kept=facts.register_kept)
        self.rows: list[Counted] = self._rows()

    def _told(self, exam: UUID) -> ExamTold:
        entries = [r for r in self.retakes.get(exam, ()) if reason_counts(r["reason"])]
        steps = self.steps.get(exam)
        return ExamTold(
            kept=self.facts.kept_of(exam),
            logged=sum(reason_counts(row.reason) for row in self.by_exam.get(exam, ())),
            stepped=sum(s["rejected_exposures"] for s in steps) if steps else None,
            registered=sum(r["n_exposures"] for r in entries if r["origin"] not in LATER),
            recalled=sum(r["n_exposures"] for r in entries if r["origin"] in LATER),
        )

    def _log(self) -> LogTold | None:
        if self.chosen is None:
            return None
        if self.chosen.is_total:
            return LogTold(self.chosen.rejected, self.chosen.acquired, is_total=True)
        return LogTold(sum(reason_counts(row.reason) for row in self.logged), self.chosen.acquired)

    def _rows(self) -> list[Counted]:
        """Rows whose `counted` add up to the rejected exposures of the day."""
        found: list[Counted] = []
        performers = {e["pk"]: str(e["performer_id"] or "") for e in self.of_day}
        by_log = self.told.source == "log" and self.chosen is not None and not self.chosen.is_total
        for exam, counted in zip(self.of_day, self.told.exams, strict=True):
            pk = exam["pk"]
            entries = self.retakes.get(pk, [])
            spare = _Reasons(entries)
            found += [self._logged(row, pk, performers[pk], spare, counts=by_log) for row in self.by_exam.get(pk, ())]
            by_steps = counted.machine if self.told.source in {"mpps", "mixed"} else 0
            found += self._stepped(exam, by_steps, performers[pk], spare)
            found += self._entered(exam, entries, counted.register, performers[pk])
        for pk, rows in self.by_exam.items():
            if pk not in performers:
                found += [self._logged(row, pk, "", _Reasons([]), counts=by_log) for row in rows]
        if self.told.source == "log" and self.chosen is not None and self.chosen.is_total:
            found.append(self._total(self.chosen))
        return found

    def _logged(self, row: RejectedExposure, exam: UUID | None, performer: str, spare: _Reasons, *,
                counts: bool) -> Counted:  # fmt: skip
        entry = spare.take()
        return Counted(
            "log", row.key, 1, int(counts and reason_counts(row.reason)), row.local_day, row.at, row.hour,
            reason=row.reason or (entry["reason"] if entry else ""),
            position=position_key(row.body_part, row.view),
            performer=self.facts.people.get(str(row.operator_id), "") or performer,
            exam=exam,
            retake=entry["pk"] if entry else None,
            text_told=bool(row.reason_text),
            row=row,
        )  # fmt: skip

    def _stepped(self, exam: Row, counted: int, performer: str, spare: _Reasons) -> list[Counted]:
        found = []
        for step in self.steps.get(exam["pk"], ()):
            at = step["ended_at"] or step["started_at"] or exam["sort_at"]
            for number in range(step["rejected_exposures"]):
                entry = spare.take() if counted > 0 else None
                found.append(
                    Counted(
                        "mpps", f"{step['sop_uid']}#{number}", 1, int(counted > 0), self.day, at, self._hour(at),
                        reason=entry["reason"] if entry else "",
                        position=self._position(exam["pk"]),
                        performer=performer,
                        exam=exam["pk"],
                        retake=entry["pk"] if entry else None,
                    )
                )  # fmt: skip
                counted -= 1
        return found

    def _entered(self, exam: Row, entries: Sequence[Row], left: int, performer: str) -> list[Counted]:
        """Entries of the register; those asked for later always count, the others as far as no machine told of them.

        The first ones of the console are those that a machine told of, too.
        """
        found = []
        for entry in _by_register(entries):
            take = min(left, entry["n_exposures"]) if reason_counts(entry["reason"]) else 0
            left -= take
            found.append(
                Counted(
                    "register", str(entry["pk"]), entry["n_exposures"], take, self.day, exam["sort_at"],
                    self._hour(exam["sort_at"]),
                    reason=entry["reason"],
                    position=self._position(exam["pk"]),
                    performer=performer,
                    exam=exam["pk"],
                    retake=entry["pk"],
                )
            )  # fmt: skip
        return found

    def _total(self, day: ExposureDay) -> Counted:
        return Counted("log", f"total:{day.pk}", day.rejected, day.rejected, self.day)

    def _hour(self, at: dt.datetime) -> int:
        return at.astimezone(self.zone).hour

    def _position(self, exam: UUID) -> str:
        """That of the exam where it has one alone; else nobody knows which was repeated."""
        positions = self.facts.kept.get(exam, {})
        return next(iter(positions)) if len(positions) == 1 else ""


class _Reasons:
    """The entries of the console of one exam, one for each exposure, for machine-told ones that lack a reason."""

    def __init__(self, entries: Sequence[Row]) -> None:
        console = [e for e in entries if e["origin"] not in LATER and reason_counts(e["reason"])]
        self._left = [e for e in console for _n in range(e["n_exposures"])]

    def take(self) -> Row | None:
        return self._left.pop(0) if self._left else None


def _by_register(entries: Sequence[Row]) -> list[Row]:
    """Those asked for later, then those of the console, the last first."""
    later = [e for e in entries if e["origin"] in LATER]
    return later + [e for e in reversed(entries) if e["origin"] not in LATER]


def _grouped(rows: Iterable[Row]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["exam_id"]].append(row)
    return dict(found)
