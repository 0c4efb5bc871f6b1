"""Cataloguing a batch of arrived objects: one transaction, any order, any number of importers at once.

Rows are inserted with ON CONFLICT DO NOTHING and changed by conditional updates and database arithmetic alone.
What is chosen among several headers is that of the lowest `source_key`; the rest only widens or adds up.  So the
rows are the same whichever object came first and however many processes share the work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction

from imagingqc.errors import Reason
from yingheng.catalog.arrivals import Arrival, CatalogueItem, arrival, integer, position_mm
from yingheng.catalog.models import Instance, Patient, Quarantine, Series
from yingheng.catalog.models.exams import Exam
from yingheng.catalog.selectors.patients import same_person
from yingheng.catalog.services import ensure, widening
from yingheng.catalog.services.announcing import exams_tell
from yingheng.catalog.services.operators import operators_note
from yingheng.catalog.services.returning import pixels_back, returned
from yingheng.catalog.services.sameness import Twins, twins_compare
from yingheng.catalog.storage import Storage, default_storage
from yingheng.common import events
from yingheng.common.errors import Invalid
from yingheng.jobs import services as jobs
from yingheng.tenancy.models import Organisation

LARGEST_BATCH = 2000
_TRIES = 5  # each time another transaction got on, so the circle is smaller
Refusal = Quarantine.Reason


@dataclass(frozen=True, slots=True)
class CatalogueResult:
    """What became of a batch: numbers of objects, and the series and exams that received new ones.

    `spare`: storage keys of duplicates whose bytes are stored once already in another wrapping.
    """

    n_created: int
    n_duplicates: int
    n_quarantined: int
    series_ids: tuple[UUID, ...]
    exam_ids: tuple[UUID, ...]
    spare: tuple[str, ...] = ()


@dataclass(slots=True)
class Batch:
    """A batch on its way: what is still to be catalogued, what was refused and why."""

    hospital: Organisation
    fresh: list[Arrival]
    twins: Twins = field(default_factory=dict)
    refused: list[tuple[Arrival, Refusal, Reason | None]] = field(default_factory=list)
    n_duplicates: int = 0
    spare: set[str] = field(default_factory=set)
    persons: dict[tuple[str, str], bool] = field(default_factory=dict)

    def one_person(self, key: str, other: str) -> bool:
        """Whether two patient keys are linked as one person."""
        if (key, other) not in self.persons:
            ids = dict(Patient.objects.filter(hospital=self.hospital, key__in=(key, other)).values_list("key", "pk"))
            self.persons[key, other] = len(ids) == 2 and ids[other] in same_person(ids[key])
        return self.persons[key, other]

    def refuse(self, arrivals: Iterable[Arrival], reason: Refusal) -> None:
        gone = list(arrivals)
        self.refused += [(a, reason, None) for a in gone]
        refused = {id(a) for a in gone}
        self.fresh = [a for a in self.fresh if id(a) not in refused]

    def meet(self, a: Arrival, known: str) -> None:
        """An object of a UID whose bytes with that hash are known already: a duplicate, or it contradicts them."""
        different = self.twins.get((a.sop_uid, known, a.item.sha256), Reason("object_not_comparable"))
        if known == a.item.sha256:
            self.n_duplicates += 1
        elif different is None:
            self.n_duplicates += 1
            self.spare.add(a.item.storage_key)
        else:
            self.refused.append((a, Refusal.CONTENT_DIFFERS, different))


def instances_catalogue(
    *, hospital: Organisation, items: Sequence[CatalogueItem], storage: Storage | None = None
) -> CatalogueResult:
    """Catalogue received objects of one hospital; at most LARGEST_BATCH at once (else Invalid).

    An object that is there already (same SOP Instance UID, same object though perhaps in another wrapping) changes
    nothing.  One that contradicts the catalog becomes a Quarantine row: another object under a known UID, a known
    series in another exam, a known exam with another patient id (linked ids are one patient).  An exam or series that
    was closed is open again when something new arrives.

    Should the database break a circle of importers that wait for each other, the whole batch is done again: it is
    one transaction and idempotent.
    """
    if len(items) > LARGEST_BATCH:
        raise Invalid("catalog.batch_too_large", most=LARGEST_BATCH)
    twins = twins_compare(hospital, items, storage or default_storage())
    for _try in range(_TRIES - 1):
        try:
            return _catalogue(hospital, items, twins)
        except OperationalError as error:
            if connection.in_atomic_block or not _broke_a_circle(error):
                raise
    return _catalogue(hospital, items, twins)


def _broke_a_circle(error: OperationalError) -> bool:
    """Whether PostgreSQL ended this transaction so that another could go on (deadlock, failed serialisation)."""
    return getattr(error.__cause__, "sqlstate", None) in {"40P01", "40001"}


@transaction.atomic
def _catalogue(hospital: Organisation, items: Sequence[CatalogueItem], twins: Twins) -> CatalogueResult:
    batch = Batch(hospital, [arrival(item, hospital.zone) for item in items], twins)
    _sort_out(batch)
    _take_back(batch)
    exams: dict[str, Exam] = {}
    series: dict[str, Series] = {}
    created: list[Arrival] = []
    new_series: set[str] = set()
    if batch.fresh:
        patients = ensure.patients(hospital, batch.fresh)
        devices = ensure.devices(hospital, batch.fresh)
        exams = ensure.exams(hospital, batch.fresh, patients)
        batch.refuse([a for a in batch.fresh if _other_patient(batch, a, exams[a.study_uid])], Refusal.OTHER_PATIENT)
        series, new_series = ensure.series(hospital, batch.fresh, exams)
        wrong = [a for a in batch.fresh if series[a.series_uid].exam_id != exams[a.study_uid].pk]
        batch.refuse(wrong, Refusal.SERIES_ELSEWHERE)
        created = _instances_insert(batch, series)
        widening.series_update(created, series, devices)
        widening.exams_update(created, exams, devices, new_series=new_series, zone=hospital.zone)
        ensure.orders_link(hospital, created)
        operators_note(hospital, created, exams)
    _quarantine(batch)
    exams_tell({exams[a.study_uid].pk for a in created})
    return CatalogueResult(
        n_created=len(created),
        n_duplicates=batch.n_duplicates,
        n_quarantined=len(batch.refused),
        series_ids=tuple(sorted({series[a.series_uid].pk for a in created})),
        exam_ids=tuple(sorted({exams[a.study_uid].pk for a in created})),
        spare=tuple(sorted(batch.spare)),
    )


def _take_back(batch: Batch) -> None:
    """Objects whose pixels retention removed: their rows are made again, and nothing is counted or closed anew."""
    back, series = returned(batch.hospital, batch.fresh)
    pixels_back(batch.fresh, series)
    rows = [_instance(batch.hospital, a, series[a.series_uid]) for a in sorted(back, key=lambda a: a.sop_uid)]
    Instance.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    batch.n_duplicates += len(back)
    again = {id(a) for a in back}
    batch.fresh = [a for a in batch.fresh if id(a) not in again]


def _sort_out(batch: Batch) -> None:
    """Part duplicates and contradictions from what is new, before any row is made for them."""
    hospital, arrivals = batch.hospital, batch.fresh
    hashes = _known_hashes(hospital, [a.sop_uid for a in arrivals])
    series = Series.objects.filter(hospital=hospital, series_uid__in={a.series_uid for a in arrivals})
    study_of = dict(series.values_list("series_uid", "exam__study_uid"))
    exams = Exam.objects.filter(hospital=hospital, study_uid__in={a.study_uid for a in arrivals})
    patient_of = {uid: key or "" for uid, key in exams.values_list("study_uid", "patient__key")}
    fresh = []
    for a in arrivals:
        patient = patient_of.get(a.study_uid) or a.patient_key
        if a.sop_uid in hashes:
            batch.meet(a, hashes[a.sop_uid])
        elif study_of.get(a.series_uid, a.study_uid) != a.study_uid:
            batch.refused.append((a, Refusal.SERIES_ELSEWHERE, None))
        elif a.patient_key and a.patient_key != patient and not batch.one_person(a.patient_key, patient):
            batch.refused.append((a, Refusal.OTHER_PATIENT, None))
        else:
            hashes[a.sop_uid] = a.item.sha256
            study_of[a.series_uid], patient_of[a.study_uid] = a.study_uid, patient
            fresh.append(a)
    batch.fresh = fresh


def _known_hashes(hospital: Organisation, uids: Sequence[str]) -> dict[str, str]:
    rows = Instance.objects.filter(hospital=hospital, sop_uid__in=uids)
    return dict(rows.values_list("sop_uid", "sha256"))


def _other_patient(batch: Batch, a: Arrival, exam: Exam) -> bool:
    """Only for an exam that another process made meanwhile; `_sort_out` saw the rest."""
    if not a.patient_key or exam.patient is None or exam.patient.key == a.patient_key:
        return False
    return not batch.one_person(a.patient_key, exam.patient.key)


def _instances_insert(batch: Batch, series: dict[str, Series]) -> list[Arrival]:
    """Insert what is not there yet; returns the arrivals whose row is ours, refuses the contradicting rest."""
    rows = {a.sop_uid: _instance(batch.hospital, a, series[a.series_uid]) for a in batch.fresh}
    Instance.objects.bulk_create([rows[uid] for uid in sorted(rows)], ignore_conflicts=True, batch_size=500)
    found = Instance.objects.filter(hospital=batch.hospital, sop_uid__in=rows).values_list("sop_uid", "id", "sha256")
    stored = {uid: (pk, sha256) for uid, pk, sha256 in found}
    created = []
    for a in batch.fresh:
        pk, sha256 = stored[a.sop_uid]
        if pk == rows[a.sop_uid].pk:
            created.append(a)
        else:
            batch.meet(a, sha256)
    return created


def _instance(hospital: Organisation, a: Arrival, series: Series) -> Instance:
    facts = a.item.instance
    return Instance(
        hospital=hospital,
        series=series,
        sop_uid=facts.sop_uid,
        sop_class_uid=facts.sop_class_uid,
        storage_key=a.item.storage_key,
        sha256=a.item.sha256,
        size=a.item.size,
        transfer_syntax_uid=facts.transfer_syntax_uid,
        number=integer(facts.number("InstanceNumber")),
        position_mm=position_mm(facts),
        rows=facts.rows,
        columns=facts.columns,
        n_frames=max(len(facts.frames), 1),
        received_at=a.item.received_at,
    )


def _quarantine(batch: Batch) -> None:
    """One row per object and content, however often it comes; a job tells whoever cares of each new one."""
    rows = [
        Quarantine(
            hospital=batch.hospital,
            sop_uid=a.sop_uid,
            series_uid=a.series_uid,
            study_uid=a.study_uid,
            sha256=a.item.sha256,
            storage_key=a.item.storage_key,
            size=a.item.size,
            reason=refusal,
            details=_details(a, different),
            received_at=a.item.received_at,
        )
        for a, refusal, different in sorted(batch.refused, key=lambda one: (one[0].sop_uid, one[0].item.sha256))
    ]
    Quarantine.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    ours = Quarantine.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True) if rows else ()
    for pk in ours:
        jobs.emit(events.INSTANCE_QUARANTINED, str(pk), scope=batch.hospital.path)


def _details(a: Arrival, different: Reason | None) -> dict[str, Any]:
    details: dict[str, Any] = {"calling": a.item.ae_title} if a.item.ae_title else {}
    if different is not None:
        details |= {"reason": different.code, "values": dict(different.values)}
    return details
