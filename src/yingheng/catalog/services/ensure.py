"""Making sure that the rows an arriving object belongs to exist: insert or leave alone, then read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db.models import Q

from yingheng.catalog import keys
from yingheng.catalog.arrivals import Arrival
from yingheng.catalog.models import Exam, Order, Patient, PatientName, Series
from yingheng.catalog.pseudonyms import match_key, pseudonym_of
from yingheng.catalog.times import dicom_date
from yingheng.common.clock import local_day
from yingheng.registry.identity import device_facts
from yingheng.registry.models import Device
from yingheng.registry.services import device_from_headers
from yingheng.tenancy.models import Organisation

# Higher than any source key in every collation (keys begin with a digit): the first update replaces it.
UNSET = "z"


def lowest(arrivals: Iterable[Arrival]) -> Arrival:
    """The arrival whose header counts."""
    return min(arrivals, key=lambda a: a.source_key)


def grouped(arrivals: Iterable[Arrival], name: str) -> dict[str, list[Arrival]]:
    """Arrivals by an attribute, keys in ascending order: every process locks rows in the same order."""
    out: dict[str, list[Arrival]] = {}
    for a in arrivals:
        out.setdefault(getattr(a, name), []).append(a)
    return dict(sorted(out.items()))


def patients(hospital: Organisation, arrivals: Sequence[Arrival]) -> dict[str, Patient]:
    """Patients by key; arrivals without a patient id have none.  The lowest source decides year, sex and name."""
    sources = {key: lowest(group) for key, group in grouped(arrivals, "patient_key").items() if key}
    if not sources:
        return {}
    fresh = {key: _patient(hospital, key, a) for key, a in sources.items()}
    Patient.objects.bulk_create(fresh.values(), ignore_conflicts=True)
    _match_keys_lower(fresh)
    rows = {p.key: p for p in Patient.objects.filter(hospital=hospital, key__in=sources)}
    ours = [rows[key] for key in sources if rows[key].pk == fresh[key].pk]
    PatientName.objects.bulk_create([_name(row.pk, sources[row.key]) for row in ours])
    for key, a in sources.items():
        if a.source_key < rows[key].source_key:
            _patient_replace(rows[key].pk, a)
    return rows


def _patient(hospital: Organisation, key: str, a: Arrival) -> Patient:
    return Patient(
        hospital=hospital,
        key=key,
        birth_year=a.birth_year,
        sex=a.sex,
        source_key=a.source_key,
        pseudonym=pseudonym_of(hospital.pk, key),
        match_key=match_key(a.patient.name, dicom_date(a.patient.birth_date), a.sex),
    )


def _match_keys_lower(fresh: Mapping[str, Patient]) -> None:
    """Of several match keys that headers of one patient give, the lowest counts: the order of arrival does not."""
    for key, row in fresh.items():
        if row.match_key:
            same = Patient.objects.filter(hospital_id=row.hospital_id, key=key, told="")
            same.filter(Q(match_key="") | Q(match_key__gt=row.match_key)).update(match_key=row.match_key)


def _name(patient_id: UUID, a: Arrival) -> PatientName:
    return PatientName(
        patient_id=patient_id,
        name_cipher=keys.text_encrypt(a.patient.name),
        number_cipher=keys.text_encrypt(a.patient.patient_id.strip()),
    )


def _patient_replace(patient_id: UUID, a: Arrival) -> None:
    """Take the facts of a better header, unless another process has found a better one still."""
    rows = Patient.objects.filter(pk=patient_id, source_key__gt=a.source_key)
    if rows.update(birth_year=a.birth_year, sex=a.sex, source_key=a.source_key):
        PatientName.objects.filter(pk=patient_id).update(name_cipher=keys.text_encrypt(a.patient.name))


def devices(hospital: Organisation, arrivals: Sequence[Arrival]) -> dict[str, Device | None]:
    """The device of each arrival by SOP Instance UID; documents and secondary captures name none."""
    by_identity: dict[str, list[Arrival]] = {}
    for a in arrivals:
        facts = _device_facts(a)
        if facts is not None:
            by_identity.setdefault(facts.identity, []).append(a)
    out: dict[str, Device | None] = {a.sop_uid: None for a in arrivals}
    for _, group in sorted(by_identity.items()):
        received = [a.item.received_at for a in group]
        best = lowest(group).item
        device = device_from_headers(
            hospital,
            best.instance.facts,
            modality=best.instance.modality,
            ae_title=best.ae_title,
            seen=min(received),
            seen_until=max(received),
        )
        out |= {a.sop_uid: device for a in group}
    return out


def _device_facts(a: Arrival) -> object:
    if not a.has_device:
        return None
    return device_facts(a.item.instance.facts, modality=a.item.instance.modality, ae_title=a.item.ae_title)


def exams(hospital: Organisation, arrivals: Sequence[Arrival], known: dict[str, Patient]) -> dict[str, Exam]:
    """Exams by Study Instance UID, with patient; one without a patient takes the first that a header names."""
    groups = grouped(arrivals, "study_uid")
    fresh = [_exam(hospital, lowest(group), _patient_of(group, known)) for group in groups.values()]
    Exam.objects.bulk_create(fresh, ignore_conflicts=True)
    wanted = Exam.objects.filter(hospital=hospital, study_uid__in=groups).select_related("patient")
    rows = {row.study_uid: row for row in wanted}
    filled = False
    for uid, group in groups.items():
        patient = _patient_of(group, known)
        if rows[uid].patient_id is None and patient is not None:
            Exam.objects.filter(pk=rows[uid].pk, patient__isnull=True).update(patient=patient)
            filled = True
    return {row.study_uid: row for row in wanted.all()} if filled else rows


def _patient_of(group: Sequence[Arrival], known: dict[str, Patient]) -> Patient | None:
    return next((known[a.patient_key] for a in group if a.patient_key), None)


def _exam(hospital: Organisation, a: Arrival, patient: Patient | None) -> Exam:
    """A new exam as its lowest arrival tells it; counts, times and flags follow by `widening`."""
    sort_at = a.started_at or a.item.received_at
    return Exam(
        hospital=hospital,
        study_uid=a.study_uid,
        patient=patient,
        modality=a.item.instance.modality[:16],
        source_key=UNSET,  # the update that follows takes the lowest arrival's header
        received_at=a.item.received_at,
        last_received_at=a.item.received_at,
        started_at=a.started_at,
        sort_at=sort_at,
        local_day=local_day(hospital.zone, sort_at),
    )


def series(
    hospital: Organisation, arrivals: Sequence[Arrival], found: dict[str, Exam]
) -> tuple[dict[str, Series], set[str]]:
    """Series by Series Instance UID, and the UIDs of those that this call made."""
    groups = grouped(arrivals, "series_uid")
    fresh = {}
    for uid, group in groups.items():
        a = lowest(group)
        fresh[uid] = Series(
            hospital=hospital,
            exam=found[a.study_uid],
            series_uid=uid,
            modality=a.item.instance.modality[:16],
            sop_class_uid=a.item.instance.sop_class_uid,
            source_key=UNSET,
            received_at=a.item.received_at,
            last_received_at=a.item.received_at,
        )
    Series.objects.bulk_create(fresh.values(), ignore_conflicts=True, batch_size=500)
    rows = {row.series_uid: row for row in Series.objects.filter(hospital=hospital, series_uid__in=groups)}
    return rows, {uid for uid, row in rows.items() if row.pk == fresh[uid].pk}


def orders_link(hospital: Organisation, arrivals: Sequence[Arrival]) -> None:
    """Link exams to orders that came before them, by accession number."""
    numbers = {n for a in arrivals if (n := a.text("AccessionNumber", 64))}
    if not numbers:
        return
    orders = Order.objects.filter(hospital=hospital).filter(accession__in=numbers)
    for order in orders.order_by("number"):
        order_exams_link(order)


def order_exams_link(order: Order) -> None:
    """Give the order's exams their link, time of request and urgency; an exam linked already stays linked."""
    if not order.accession:
        return
    rows = Exam.objects.filter(hospital_id=order.hospital_id, accession=order.accession)
    rows.filter(order__isnull=True).update(order=order)
    linked = rows.filter(order=order)
    linked.update(ordered_at=order.ordered_at)
    if order.urgency == Order.Urgency.EMERGENCY:
        linked.filter(is_emergency=False).update(is_emergency=True)
