"""A person accepts an object that was kept aside: it is catalogued after all, or takes the place of the known one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from imagingqc.dicom.header import read_instance
from imagingqc.errors import DataError
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.arrivals import Arrival, CatalogueItem, arrival, integer, position_mm
from yingheng.catalog.models import Exam, Instance, Patient, Quarantine, Series
from yingheng.catalog.selectors.patients import same_person
from yingheng.catalog.services import ensure, widening
from yingheng.catalog.services.catalogue import instances_catalogue
from yingheng.catalog.services.closing import exam_close, series_close
from yingheng.catalog.services.operators import operators_note
from yingheng.catalog.storage import Storage, default_storage
from yingheng.common.errors import Conflict, Invalid, NotFound

ASKED = 10  # priority of what a person waits for
Refusal, State = Quarantine.Reason, Quarantine.State


@transaction.atomic
def quarantine_accept(
    *, actor: Actor, quarantine: Quarantine, reason: str, storage: Storage | None = None
) -> Quarantine:
    """Have an object catalogued that was kept aside.

    Other content under a known UID takes the place of the known object: its bytes stay in the store, named by a
    discarded Quarantine row and the audit entry, and series and exam are evaluated anew.  What contradicted its series
    or patient is catalogued if it does not contradict any more (the patients were merged meanwhile), else Conflict
    `catalog.quarantine_still`.  Files that were never read are tried again by intake, not here: Conflict.
    """
    if not reason.strip():
        raise Invalid("catalog.reason_missing")
    rows = Quarantine.objects.select_for_update(of=("self",), no_key=True).select_related("hospital")
    row = rows.get(pk=quarantine.pk)
    if row.state != State.WAITING:
        raise Conflict("catalog.quarantine_settled")
    if row.reason not in _WAYS or row.hospital is None:
        raise Conflict("catalog.quarantine_not_here")
    store = storage or default_storage()
    item = _item(row, store)
    before, after = _WAYS[Refusal(row.reason)](row, item, store)
    row.state = State.ACCEPTED
    row.save(update_fields=["state"])
    audit.record(
        actor=actor,
        action="catalog.quarantine_accept",
        subject=f"quarantine:{row.pk}",
        scope=row.path,
        before=before,
        after={"sop_uid": row.sop_uid, "sha256": row.sha256, **after},
        reason=reason.strip(),
    )
    return row


def _item(row: Quarantine, store: Storage) -> CatalogueItem:
    try:
        facts = read_instance(store.local_path(row.storage_key))
    except DataError as exc:
        raise Conflict("catalog.object_differs") from exc
    return CatalogueItem(
        instance=facts,
        storage_key=row.storage_key,
        sha256=row.sha256,
        size=row.size,
        received_at=row.received_at,
        ae_title=row.details.get("calling", ""),
    )


_Told = tuple[dict[str, Any] | None, dict[str, Any]]


def _catalogue_again(row: Quarantine, item: CatalogueItem, store: Storage) -> _Told:
    result = instances_catalogue(hospital=row.hospital, items=[item], storage=store)
    if result.n_quarantined:
        raise Conflict("catalog.quarantine_still")
    return None, {"exam": [str(pk) for pk in result.exam_ids]}


def _replace(row: Quarantine, item: CatalogueItem, store: Storage) -> _Told:
    rows = Instance.objects.select_for_update(of=("self",), no_key=True).filter(hospital=row.hospital)
    known = rows.select_related("series__exam__patient", "series__exam__hospital").filter(sop_uid=row.sop_uid).first()
    if known is None:  # retention has removed it: nothing is in the way any more
        return _catalogue_again(row, item, store)
    series, exam = known.series, known.series.exam
    a = arrival(item, exam.hospital.zone)
    _refuse_elsewhere(a, series, exam)
    before = {"sop_uid": known.sop_uid, "sha256": known.sha256, "storage_key": known.storage_key}
    source = _source_key(known, exam, store)
    _keep(known, row)
    n_frames = max(len(item.instance.frames), 1)
    Series.objects.filter(pk=series.pk).update(
        n_frames=series.n_frames - known.n_frames + n_frames, state=Series.State.RECEIVING, completed_at=None
    )
    Exam.objects.filter(pk=exam.pk).update(state=Exam.State.RECEIVING, closed_at=None)
    Instance.objects.filter(pk=known.pk).update(**_columns(item), n_frames=n_frames)
    device = ensure.devices(exam.hospital, [a])[a.sop_uid]
    widening.header_restate(a, source, series=series, exam=exam, device=device)
    operators_note(exam.hospital, [a], {exam.study_uid: exam})
    _evaluate_anew(series, exam)
    return before, {"exam": str(exam.pk)}


def _refuse_elsewhere(a: Arrival, series: Series, exam: Exam) -> None:
    """An object may take the place of another only where that one is: same series, same exam, same patient."""
    if (a.series_uid, a.study_uid) != (series.series_uid, exam.study_uid):
        raise Conflict("catalog.quarantine_elsewhere")
    if exam.patient is None or not a.patient_key or exam.patient.key == a.patient_key:
        return
    person = same_person(exam.patient.pk)
    if not Patient.objects.filter(pk__in=person, key=a.patient_key).exists():
        raise Conflict("catalog.quarantine_other_patient")


def _source_key(known: Instance, exam: Exam, store: Storage) -> str:
    """The source key of the known object; "" when its bytes cannot be read any more."""
    try:
        facts = read_instance(store.local_path(known.storage_key))
    except (DataError, NotFound):
        return ""
    item = CatalogueItem(facts, known.storage_key, known.sha256, known.size, known.received_at)
    return arrival(item, exam.hospital.zone).source_key


def _keep(known: Instance, row: Quarantine) -> None:
    """The replaced object stays on record and in the store."""
    Quarantine.objects.update_or_create(
        hospital=row.hospital,
        sop_uid=known.sop_uid,
        sha256=known.sha256,
        defaults={
            "series_uid": row.series_uid,
            "study_uid": row.study_uid,
            "storage_key": known.storage_key,
            "size": known.size,
            "reason": Refusal.CONTENT_DIFFERS,
            "details": {"replaced_by": row.sha256},
            "received_at": known.received_at,
            "state": State.DISCARDED,
        },
    )


def _columns(item: CatalogueItem) -> dict[str, Any]:
    facts = item.instance
    return {
        "sop_class_uid": facts.sop_class_uid,
        "storage_key": item.storage_key,
        "sha256": item.sha256,
        "size": item.size,
        "transfer_syntax_uid": facts.transfer_syntax_uid,
        "number": integer(facts.number("InstanceNumber")),
        "position_mm": position_mm(facts),
        "rows": facts.rows,
        "columns": facts.columns,
        "received_at": item.received_at,
    }


def _evaluate_anew(series: Series, exam: Exam) -> None:
    """Close what was closed before; what was still receiving is closed in its own time."""
    if series.state == Series.State.COMPLETE:
        series_close(series=Series.objects.get(pk=series.pk), priority=ASKED)
    if exam.state == Exam.State.CLOSED:
        exam_close(exam=Exam.objects.get(pk=exam.pk), priority=ASKED)


_WAYS: dict[Quarantine.Reason, Callable[[Quarantine, CatalogueItem, Storage], _Told]] = {
    Refusal.CONTENT_DIFFERS: _replace,
    Refusal.SERIES_ELSEWHERE: _catalogue_again,
    Refusal.OTHER_PATIENT: _catalogue_again,
}
