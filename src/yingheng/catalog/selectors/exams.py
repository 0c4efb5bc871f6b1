"""Reading exams, series, instances and what surrounds them, within a scope."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from yingheng.catalog import keys
from yingheng.catalog.models import (
    Exam,
    Instance,
    Patient,
    PatientName,
    PerformedStep,
    Quarantine,
    Series,
)
from yingheng.catalog.pseudonyms import pseudonym_read
from yingheng.catalog.selectors.patients import same_person
from yingheng.common.clock import now
from yingheng.common.errors import Invalid, NotFound
from yingheng.common.rows import row_or_not_found
from yingheng.tenancy.models import Organisation
from yingheng.tenancy.scope import Scope

PAGE = 50
_IDENTIFIER_DIGITS = 4

# name of the order -> (column, newest or largest first)
EXAM_SORTS: Mapping[str, tuple[str, bool]] = {
    "newest": ("sort_at", True),
    "oldest": ("sort_at", False),
    "received": ("last_received_at", True),
    "failed": ("n_fail", True),
}


@dataclass(frozen=True, slots=True)
class ExamFilter:
    """Conditions on exams; an empty field asks for nothing.

    `text` with four digits or more is the beginning of an accession number, a whole Study Instance UID or a whole
    patient id, found by index; any other text may also be part of the description, which reads every exam in reach.
    A patient id finds only the exams of hospitals in `identify`, where the reader may see it; the pseudonym of a
    patient finds his everywhere.  `first` and `last` are local days, both included.  `flag` is emergency, contrast,
    paediatric or demo.
    """

    text: str = ""
    modality: str = ""
    outcome: str = ""
    state: str = ""
    flag: str = ""
    device_id: UUID | str | None = None
    item_id: UUID | str | None = None
    item_state: str = ""
    item_key: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    with_findings: bool = False
    identify: Scope = Scope()  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True)
class ExamPage:
    """At most PAGE exams with device, item and hospital loaded, and the cursors of the neighbouring pages."""

    rows: tuple[Exam, ...]
    next_cursor: str | None
    previous_cursor: str | None


def exam_list(
    scope: Scope, filters: ExamFilter | None = None, *, sort: str = "newest", cursor: str = "", limit: int = PAGE
) -> ExamPage:
    """One page of exams, by keyset: its cost does not grow with the number of exams or pages.

    `cursor` comes from a page read before with the same sort.  Raises Invalid for an unknown sort or cursor.
    """
    if sort not in EXAM_SORTS:
        raise Invalid("catalog.sort_unknown")
    column, descending = EXAM_SORTS[sort]
    rows = _filtered(scope, filters or ExamFilter()).select_related("device", "item", "hospital")
    backwards, position = _cursor_read(cursor, column)
    down = descending is not backwards
    if position is not None:
        rows = _after(rows, column, position, down=down)
    sign = "-" if down else ""
    found = list(rows.order_by(f"{sign}{column}", f"{sign}id")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, more) if backwards else (more, position is not None)
    return ExamPage(
        rows=tuple(found),
        next_cursor=_cursor_write(found[-1], column, backwards=False) if found and has_next else None,
        previous_cursor=_cursor_write(found[0], column, backwards=True) if found and has_previous else None,
    )


def exam_outcome_counts(scope: Scope, filters: ExamFilter | None = None) -> dict[str, int]:
    """Numbers of exams by outcome ("" is not judged yet), plus "all".  Give a period: it counts rows."""
    rows = _filtered(scope, filters or ExamFilter()).order_by().values("outcome").annotate(n=Count("pk"))
    counts = {row["outcome"]: row["n"] for row in rows}
    return {"all": sum(counts.values()), **counts}


def exam_recent_counts(scope: Scope, *, hours: float) -> dict[str, int]:
    """Numbers of exams received within the last `hours`, by outcome ("" is not judged yet), plus "all".  One query."""
    rows = scope.filter(Exam.objects.filter(last_received_at__gte=now() - dt.timedelta(hours=hours)))
    counts = dict.fromkeys(("PASS", "FAIL", "NEEDS_HUMAN", "NOT_ASSESSABLE", ""), 0)
    counts |= dict(rows.order_by().values_list("outcome").annotate(n=Count("pk")))
    return {"all": sum(counts.values()), **counts}


def exam_modalities(scope: Scope) -> list[str]:
    """The modalities that occur, sorted."""
    rows = scope.filter(Exam.objects.all()).order_by("modality")
    return list(rows.values_list("modality", flat=True).distinct())


_RELATED = ("patient__secret", "device__room", "item", "order", "performer", "hospital")


def exam_get(scope: Scope, exam_id: UUID | str) -> Exam:
    """One exam with patient, device, item, order and hospital; NotFound when there is none in the scope."""
    return row_or_not_found(scope.filter(Exam.objects.select_related(*_RELATED)), exam_id, "catalog.exam_unknown")


def exam_neighbours(scope: Scope, exam: Exam) -> tuple[Exam | None, Exam | None]:
    """The exam before and the exam after this one in time, within the scope.  One query."""
    rows, here = scope.filter(Exam.objects.all()), (exam.sort_at, exam.pk)
    earlier = _after(rows, "sort_at", here, down=True).order_by("-sort_at", "-id").values("pk")[:1]
    later = _after(rows, "sort_at", here, down=False).order_by("sort_at", "id").values("pk")[:1]
    found = sorted(
        Exam.objects.filter(Q(pk=Subquery(earlier)) | Q(pk=Subquery(later))), key=lambda e: (e.sort_at, e.pk)
    )
    before = [one for one in found if (one.sort_at, one.pk) < here]
    after = [one for one in found if (one.sort_at, one.pk) > here]
    return before[0] if before else None, after[0] if after else None


def exam_get_amid(scope: Scope, exam_id: UUID | str) -> Exam:
    """As `exam_get`, with `earlier_id` and `later_id` of the exams beside it in time, within the scope.  One query."""
    rows, at = scope.filter(Exam.objects.all()), (OuterRef("sort_at"), OuterRef("pk"))
    earlier = _after(rows, "sort_at", at, down=True).order_by("-sort_at", "-id").values("pk")[:1]
    later = _after(rows, "sort_at", at, down=False).order_by("sort_at", "id").values("pk")[:1]
    found = scope.filter(Exam.objects.select_related(*_RELATED))
    found = found.annotate(earlier_id=Subquery(earlier), later_id=Subquery(later))
    return row_or_not_found(found, exam_id, "catalog.exam_unknown")


def patient_exams(scope: Scope, exam: Exam) -> QuerySet[Exam]:
    """All exams of the same patient, linked patient ids included, newest first; none without a patient id."""
    rows = scope.filter(Exam.objects.select_related("device", "item", "hospital"))
    if exam.patient_id is None:
        return rows.none()
    return rows.filter(patient__in=same_person(exam.patient_id)).order_by("-sort_at", "-id")


def patient_identity(scope: Scope, exam: Exam) -> tuple[str, str]:
    """Name and patient id in clear, for pages whose viewer may see them; empty texts when unknown."""
    rows = scope.filter(PatientName.objects.filter(patient=exam.patient_id), "patient__hospital__path")
    secret = rows.first()
    if secret is None:
        return "", ""
    return keys.text_decrypt(secret.name_cipher), keys.text_decrypt(secret.number_cipher)


def series_of_exam(scope: Scope, exam: Exam) -> QuerySet[Series]:
    """Series of an exam by number, with device."""
    rows = scope.filter(Series.objects.filter(exam=exam).select_related("device"))
    return rows.order_by(F("number").asc(nulls_last=True), "series_uid")


def series_get(scope: Scope, series_id: UUID | str) -> Series:
    """One series with exam, device and hospital; NotFound when there is none in the scope."""
    rows = scope.filter(Series.objects.select_related("exam", "device", "hospital"))
    return row_or_not_found(rows, series_id, "catalog.series_unknown")


def instances_of_series(scope: Scope, series: Series) -> QuerySet[Instance]:
    """Instances of a series by position along the normal, then number, then UID."""
    rows = scope.filter(Instance.objects.filter(series=series))
    return rows.order_by(F("position_mm").asc(nulls_last=True), F("number").asc(nulls_last=True), "sop_uid")


def instance_get(scope: Scope, sop_uid: str) -> Instance:
    """One instance by SOP Instance UID, with series and exam; NotFound when there is none in the scope."""
    rows = scope.filter(Instance.objects.filter(sop_uid=sop_uid).select_related("series__exam"))
    row = rows.first()
    if row is None:
        raise NotFound("catalog.object_missing")
    return row


def instance_of_id(scope: Scope, instance_id: UUID | str) -> Instance:
    """One instance by its id; NotFound when there is none in the scope."""
    return row_or_not_found(scope.filter(Instance.objects.all()), instance_id, "catalog.object_missing")


def series_quiet_list(
    scope: Scope, *, quiet_seconds: float, patient_seconds: float = 0.0, limit: int = 500
) -> list[Series]:
    """Series still receiving to which nothing was added for that long: due for `series_close`.

    One that is smaller than its performed step says is waited for `patient_seconds` instead, when that is longer.
    """
    before, long_before = _before(quiet_seconds), _before(max(patient_seconds, quiet_seconds))
    rows = Series.objects.filter(state=Series.State.RECEIVING, last_received_at__lte=before)
    whole = Q(n_expected__isnull=True) | Q(n_instances__gte=F("n_expected"))
    rows = rows.filter(whole | Q(last_received_at__lte=long_before))
    return list(scope.filter(rows).order_by("last_received_at")[:limit])


def exam_quiet_list(
    scope: Scope, *, quiet_seconds: float, patient_seconds: float = 0.0, limit: int = 500
) -> list[Exam]:
    """Exams still receiving to which nothing was added for that long: due for `exam_close`.

    One with a performed step in progress, or with fewer objects than its ended steps name, is waited for
    `patient_seconds` instead, when that is longer.
    """
    before, long_before = _before(quiet_seconds), _before(max(patient_seconds, quiet_seconds))
    rows = Exam.objects.filter(state=Exam.State.RECEIVING, last_received_at__lte=before)
    going_on = PerformedStep.objects.filter(exam=OuterRef("pk"), state=PerformedStep.State.IN_PROGRESS)
    whole = (Q(n_missing__isnull=True) | Q(n_missing=0)) & ~Exists(going_on)
    rows = rows.filter(whole | Q(last_received_at__lte=long_before))
    return list(scope.filter(rows).order_by("last_received_at")[:limit])


def _before(seconds: float) -> dt.datetime:
    return now() - dt.timedelta(seconds=seconds)


def quarantine_list(scope: Scope, *, state: str = Quarantine.State.WAITING) -> QuerySet[Quarantine]:
    """Quarantined objects, newest first."""
    rows = _quarantined(scope)
    return (rows.filter(state=state) if state else rows).order_by("-received_at", "-id")


def quarantine_counts(scope: Scope) -> dict[str, int]:
    """Numbers of quarantined objects by state.  One query."""
    return dict(_quarantined(scope).order_by().values_list("state").annotate(n=Count("pk")))


def _quarantined(scope: Scope) -> QuerySet[Quarantine]:
    """Within the scope; those of a hospital that is gone for who administers the whole installation."""
    rows = Quarantine.objects.select_related("hospital")
    found = scope.filter(rows)
    return found | rows.filter(hospital__isnull=True) if scope.system and "/" not in scope.paths else found


def quarantine_get(scope: Scope, quarantine_id: UUID | str) -> Quarantine:
    """One quarantined object; NotFound when there is none in the scope."""
    return row_or_not_found(_quarantined(scope), quarantine_id, "catalog.object_missing")


def _filtered(scope: Scope, f: ExamFilter) -> QuerySet[Exam]:
    rows = exams_within(scope)
    equal = {"modality": f.modality, "state": f.state, "device_id": f.device_id, "item_id": f.item_id}
    equal["item_key"] = f.item_key
    rows = rows.filter(**{name: value for name, value in equal.items() if value})
    if f.outcome:
        rows = rows.filter(outcome="" if f.outcome == "none" else f.outcome)
    if f.flag in {"emergency", "contrast", "paediatric", "demo"}:
        rows = rows.filter(**{f"is_{f.flag}": True})
    if f.item_state:  # what nobody looked at yet is not mapped either
        states = (f.item_state, "") if f.item_state == Exam.ItemState.UNMAPPED else (f.item_state,)
        rows = rows.filter(item_state__in=states)
    if f.first:
        rows = rows.filter(local_day__gte=f.first)
    if f.last:
        rows = rows.filter(local_day__lte=f.last)
    if f.with_findings:
        rows = rows.filter(n_findings__gt=0)
    if text := f.text.strip():
        rows = rows.filter(_text_match(scope, text, f.identify))
    return rows


def exams_within(scope: Scope) -> QuerySet[Exam]:
    """Exams in the scope.  One hospital is named by its id, so that its exams are read by its own index."""
    if "/" in scope.paths:
        return Exam.objects.all()
    hospitals = Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL)
    ids = list(scope.filter(hospitals, "path").values_list("pk", flat=True)[:2])
    return Exam.objects.filter(hospital=ids[0]) if len(ids) == 1 else scope.filter(Exam.objects.all())


def _text_match(scope: Scope, text: str, identify: Scope) -> Q:
    # a range, not a pattern: the index on accession numbers serves it in every database
    match = Q(accession__gte=text, accession__lt=f"{text}\uffff") | Q(study_uid=text)
    match |= Q(patient__in=_patients_named(scope, text, identify))
    if sum(c.isdigit() for c in text) >= _IDENTIFIER_DIGITS:
        return match
    return match | Q(description__icontains=text)


def _patients_named(scope: Scope, text: str, identify: Scope) -> set[UUID]:
    """Patient ids of the person whose pseudonym, or for those who may see it whose patient id, this is."""
    if shown := pseudonym_read(text):
        same = scope.filter(Patient.objects.filter(pseudonym=shown))
    elif identify:
        same = identify.filter(scope.filter(Patient.objects.filter(key=keys.patient_key(text))))
    else:
        return set()
    return {pk for found in same.values_list("pk", flat=True)[:_MOST_SAME] for pk in same_person(found)}


_MOST_SAME = 20  # hospitals of a region in which one patient id occurs
_Position = tuple[object, UUID]


def _after(
    rows: QuerySet[Exam], column: str, position: _Position | tuple[OuterRef, OuterRef], *, down: bool
) -> QuerySet[Exam]:
    """Rows beyond a position; written so that the leading column alone can use its index."""
    way = "lt" if down else "gt"
    value, pk = position
    return rows.filter(Q(**{f"{column}__{way}e": value}) & (Q(**{f"{column}__{way}": value}) | Q(**{f"id__{way}": pk})))


def _cursor_write(exam: Exam, column: str, *, backwards: bool) -> str:
    value = getattr(exam, column)
    text = value.isoformat() if isinstance(value, dt.datetime) else value
    raw = json.dumps([backwards, text, str(exam.pk)]).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _cursor_read(cursor: str, column: str) -> tuple[bool, _Position | None]:
    if not cursor:
        return False, None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        backwards, value, pk = json.loads(raw)
        typed = int(value) if column == "n_fail" else dt.datetime.fromisoformat(value)
        return bool(backwards), (typed, UUID(pk))
    except (ValueError, TypeError, AttributeError, binascii.Error) as exc:
        raise Invalid("catalog.cursor_damaged") from exc
