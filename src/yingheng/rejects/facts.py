"""The facts of one device in one month, as the tables of exams, MPPS, the register and the logs hold them."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.fields.json import KT

from imagingqc.stats.rejects import kept_exposures
from yingheng.catalog.models import Exam, Operator, PerformedStep, Retake, Series
from yingheng.registry.models import Device
from yingheng.rejects.logs.positions import position_key
from yingheng.rejects.models import ExposureDay, LogFile, RejectedExposure

EXPOSED = ("CR", "DX", "MG", "IO", "PX", "RF")  # one exposure makes one image, or one run of images
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
LATER = frozenset({Retake.Origin.REVIEW, Retake.Origin.REPORTING})
Row = dict[str, Any]


@dataclass(slots=True)
class Facts:
    """Everything of a device's month; `kept` numbers of exposures by exam and position, `people` of operators."""

    device: Device
    first: dt.date
    last: dt.date
    exams: list[Row]
    kept: Mapping[UUID, Mapping[str, int]]
    steps: list[Row]
    retakes: list[Row]
    register_kept: bool
    days: list[ExposureDay]
    logged: list[RejectedExposure]
    people: Mapping[str, str]
    by_day: dict[dt.date, list[Row]] = field(default_factory=dict)

    def kept_of(self, exam_id: UUID) -> int:
        return sum(self.kept.get(exam_id, {}).values())


def month_facts(device: Device, month: dt.date) -> Facts:
    """Read a month.  Eight queries, whatever its size."""
    first, last = month, month_end(month)
    of_month = {"device": device, "local_day__range": (first, last), "is_phantom": False}
    wanted = (
        "pk",
        "local_day",
        "sort_at",
        "started_at",
        "ended_at",
        "accession",
        "performer_id",
        "modality",
        "is_demo",
    )
    exams = list(Exam.objects.filter(**of_month).order_by("sort_at", "pk").values(*wanted))
    in_month = Q(exam__device=device, exam__local_day__range=(first, last), exam__is_phantom=False)
    steps = PerformedStep.objects.filter(in_month, rejected_exposures__isnull=False).order_by("sop_uid")
    retakes = Retake.objects.filter(in_month).exclude(state=Retake.State.SUGGESTED).order_by("asked_at", "pk")
    told = list(retakes.values("pk", "exam_id", "reason", "origin", "state", "n_exposures", "asked_at"))
    recorded = [row for row in told if row["state"] == Retake.State.RECORDED]
    days = ExposureDay.objects.filter(device=device, day__range=(first, last), file__state=LogFile.State.DONE)
    logged = RejectedExposure.objects.filter(
        device=device, local_day__range=(first, last), source=RejectedExposure.Source.LOG, withdrawn=False
    )
    found = Facts(
        device=device, first=first, last=last, exams=exams, kept=_kept(device, first, last),
        steps=list(steps.values("sop_uid", "exam_id", "rejected_exposures", "ended_at", "started_at")),
        retakes=recorded, register_kept=bool(told), days=list(days.order_by("day", "pk")),
        logged=list(logged.order_by("at", "pk")), people={},
    )  # fmt: skip
    found.people = _people(found)
    for exam in exams:
        found.by_day.setdefault(exam["local_day"], []).append(exam)
    return found


def month_start(day: dt.date) -> dt.date:
    return day.replace(day=1)


def month_end(month: dt.date) -> dt.date:
    """Its last day."""
    return (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)


def _kept(device: Device, first: dt.date, last: dt.date) -> dict[UUID, dict[str, int]]:
    """Exposures in the archive by exam and position.  Copies and derived images are none; see `kept_exposures`."""
    rows = Series.objects.filter(
        exam__device=device, exam__local_day__range=(first, last), exam__is_phantom=False, modality__in=EXPOSED
    ).exclude(sop_class_uid__startswith=_SECONDARY_CAPTURE)
    told: dict[UUID, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    columns = rows.annotate(view=KT("facts__ViewPosition"), intent=KT("facts__PresentationIntentType"))
    for row in columns.values("exam_id", "body_part", "view", "intent", "facts__ImageType", "n_instances").iterator():
        kind = [str(word).upper() for word in row["facts__ImageType"] or ()]
        intent = (row["intent"] or "").upper()
        if "SECONDARY" in kind[1:2] or (not intent and "DERIVED" in kind[:1]):
            continue
        name = "processing" if intent == "FOR PROCESSING" else "presentation"
        told[row["exam_id"]][position_key(row["body_part"], row["view"] or "")][name] += row["n_instances"]
    return {exam: _exposures(positions) for exam, positions in told.items()}


def _exposures(positions: Mapping[str, Counter[str]]) -> dict[str, int]:
    found = {name: kept_exposures(n["processing"], n["presentation"]) for name, n in positions.items()}
    return {name: n for name, n in found.items() if n}


def _people(facts: Facts) -> dict[str, str]:
    """Member of the staff (id) by operator (id), where somebody or something said whose it is."""
    told = {key for day in facts.days for key in day.marginals.get("operator", {}) if key}
    told |= {str(row.operator_id) for row in facts.logged if row.operator_id}
    rows = Operator.objects.filter(pk__in=told, person__isnull=False).values_list("pk", "person_id")
    return {str(pk): str(person) for pk, person in rows}


def exams_linked(facts: Facts) -> dict[UUID, UUID | None]:
    """The exam of each rejected exposure of a log: by accession number, else the only exam at that time."""
    by_number = {row["accession"]: row["pk"] for row in facts.exams if row["accession"]}
    return {
        row.pk: by_number.get(row.accession) or _at(row, facts.by_day.get(row.local_day, ())) for row in facts.logged
    }


_AROUND = dt.timedelta(minutes=10)  # an image may be rejected before the first that was kept, or after the last


def _at(row: RejectedExposure, exams: Iterable[Row]) -> UUID | None:
    if row.accession or row.at is None:
        return None
    moment = row.at
    around = [
        exam["pk"]
        for exam in exams
        if (exam["started_at"] or exam["sort_at"]) - _AROUND
        <= moment
        <= (exam["ended_at"] or exam["started_at"] or exam["sort_at"]) + _AROUND
    ]
    return around[0] if len(around) == 1 else None


def day_chosen(days: Sequence[ExposureDay]) -> ExposureDay | None:
    """Of the files that cover a day whole the one that tells most of it: a later export can only hold more."""
    whole = [day for day in days if day.is_whole]
    return max(whole, key=lambda d: (d.acquired is not None, d.acquired or 0, not d.is_total, d.rejected, str(d.pk)),
               default=None)  # fmt: skip
