"""Operators of exams that were catalogued before operators were kept: read once more from one header of each series.

The walk goes through the exams of a hospital by their ids, some at a time, and keeps how far it came; what arrives
meanwhile is catalogued with its operators anyway.  Where pixels are gone, nothing can be read any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from imagingqc.dicom.header import read_instance
from imagingqc.errors import DataError
from yingheng.catalog.arrivals import DOCUMENTS
from yingheng.catalog.models import Exam, ExamOperator, Instance, OperatorWalk, Series
from yingheng.catalog.operator_names import several_told
from yingheng.catalog.services.operators import exam_operators_tell
from yingheng.catalog.storage import Storage, default_storage
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Invalid, NotFound
from yingheng.jobs import services as jobs
from yingheng.tenancy.models import Organisation

EXAMS_AT_ONCE = 40


def operators_backfill() -> int:
    """Chore: some more exams of a hospital whose walk is not over; returns how many were looked at."""
    over = OperatorWalk.objects.filter(finished_at__isnull=False).values("hospital")
    kind = Organisation.Kind.HOSPITAL
    hospital = Organisation.objects.filter(kind=kind).exclude(pk__in=over).order_by("path").first()
    return operators_walk(hospital=hospital) if hospital is not None else 0


def operators_walk(*, hospital: Organisation, storage: Storage | None = None) -> int:
    """The next exams of a hospital; 0 when there are none left, and the walk is over."""
    walk, _made = OperatorWalk.objects.get_or_create(hospital=hospital)
    rows = Exam.objects.filter(hospital=hospital).order_by("pk")
    rows = rows.filter(pk__gt=walk.at) if walk.at is not None else rows
    exams = list(rows.values_list("pk", flat=True)[:EXAMS_AT_ONCE])
    mine = OperatorWalk.objects.filter(hospital=hospital, at=walk.at)
    if not exams:
        mine.filter(finished_at__isnull=True).update(finished_at=now())
        return 0
    told, unreadable = _read(exams, storage or default_storage())
    with transaction.atomic():
        changed = exam_operators_tell(hospital, told, ExamOperator.Source.HEADER)
        for exam in sorted(changed):
            jobs.emit(events.PERFORMER_SET, str(exam), scope=hospital.path)
        # of two walkers the first counts; the other one told the same
        mine.update(at=exams[-1], n_exams=F("n_exams") + len(exams), n_unreadable=F("n_unreadable") + unreadable)
    return len(exams)


def operators_walk_again(*, hospital: Organisation) -> None:
    """Have the walk begin anew."""
    OperatorWalk.objects.update_or_create(
        hospital=hospital, defaults={"at": None, "n_exams": 0, "n_unreadable": 0, "finished_at": None}
    )


def _read(exams: Sequence[UUID], storage: Storage) -> tuple[dict[UUID, set[str]], int]:
    """What one header of each series of those exams names, and how many could not be read.  Two queries."""
    known = ExamOperator.objects.filter(exam__in=exams, source=ExamOperator.Source.HEADER).values("exam")
    one = Instance.objects.filter(series=OuterRef("pk")).order_by("sop_uid").values("storage_key")[:1]
    series = Series.objects.filter(exam__in=exams, pixels_gone_at__isnull=True).exclude(exam__in=known)
    found = series.exclude(modality__in=DOCUMENTS).annotate(key=Subquery(one)).values_list("exam_id", "key")
    told: dict[UUID, set[str]] = defaultdict(set)
    unreadable = 0
    for exam, key in found:
        if key is None:
            continue
        try:
            facts = read_instance(storage.local_path(key)).facts
        except (DataError, NotFound, Invalid, OSError):
            unreadable += 1
            continue
        told[exam].update(several_told(facts.get("OperatorsName")))
    return told, unreadable
