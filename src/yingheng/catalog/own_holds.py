"""What the catalog itself still needs pixels for: work under way, quarantine, retakes to confirm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from yingheng.catalog.holds import register_hold
from yingheng.catalog.models import Quarantine, Retake, Series
from yingheng.jobs.models import Job

_WAITING = (Job.State.QUEUED, Job.State.RUNNING)


def working(series_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Jobs that wait or run on the series or its exam."""
    owners: dict[str, list[UUID]] = {}
    for pk, exam_id in Series.objects.filter(pk__in=series_ids).values_list("pk", "exam_id"):
        for key in (pk, exam_id):
            owners.setdefault(str(key), []).append(pk)
    busy = Job.objects.filter(natural_key__in=list(owners), state__in=_WAITING).values_list("natural_key", flat=True)
    return {pk: "job" for key in busy for pk in owners[key]}


def quarantined(series_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Objects put aside that claim to belong to the series or its exam."""
    rows = Series.objects.filter(pk__in=series_ids).values_list("pk", "hospital", "series_uid", "exam__study_uid")
    known = {pk: (hospital, series, study) for pk, hospital, series, study in rows}
    waiting = Quarantine.objects.filter(state=Quarantine.State.WAITING, hospital__in={k[0] for k in known.values()})
    waiting = waiting.filter(
        Q(series_uid__in=[k[1] for k in known.values()]) | Q(study_uid__in=[k[2] for k in known.values()])
    )
    found = set()
    for hospital, series, study in waiting.values_list("hospital", "series_uid", "study_uid"):
        found |= {(hospital, series), (hospital, study)}
    return {pk: "quarantine" for pk, (h, series, study) in known.items() if {(h, series), (h, study)} & found}


def retaken(series_ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Exams with a retake that a machine saw and nobody settled."""
    waiting = Retake.objects.filter(state=Retake.State.SUGGESTED, exam__series__in=series_ids)
    exams = set(waiting.values_list("exam_id", flat=True))
    rows = Series.objects.filter(pk__in=series_ids, exam__in=exams).values_list("pk", flat=True)
    return dict.fromkeys(rows, "retake")


def register() -> None:
    """Add them to the registry."""
    register_hold("jobs", working, {"job": _("Work on it waits or runs")})
    register_hold("quarantine", quarantined, {"quarantine": _("An object put aside contradicts it")})
    register_hold("retakes", retaken, {"retake": _("A retake waits to be confirmed")})
