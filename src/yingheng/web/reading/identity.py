"""What must not stand in the texts of a blind case: who was examined, who works there, where, under what numbers."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import CharField, Expression, Func, Q, QuerySet, Value

from imagingqc.dicom.deidentify_values import cleaned
from yingheng.catalog.keys import text_unsealed
from yingheng.catalog.models import Exam, ExamOperator, Operator, Order, PatientLink, PatientName, Report
from yingheng.catalog.pseudonyms import identity_loaded, pseudonym
from yingheng.registry.models import Person
from yingheng.review.readers import upward
from yingheng.review.veiling import Known, known_of
from yingheng.tenancy.models import Organisation, User

_NUMBER = 4  # digits and letters of a staff number that is none of a vertebra (T12) or a sequence (T2)
_LETTERS = 4  # of a Latin name: a shorter text may be a mark of a device or a technique
_AROUND = dt.timedelta(days=400)  # before and after an exam: who made others then may be named in its texts
_STAFF, _ACCOUNT, _PLACE, _OPERATOR, _PATIENT = "staff", "account", "place", "operator", "patient"


def known_about(exam: Exam, hospital: Organisation, reports: Sequence[Report] = ()) -> Known:
    """Names and numbers around an exam: of its patient under every id, the staff, accounts and signers, the operators
    of the exam and of the hospital (also those whom nobody of the staff was found to be), the hospital and those above.

    One query, and one more where the patient was not read with the exam; names are in clear only here, on the way to
    being covered.
    """
    names = _names(exam, hospital)
    patient = exam.patient
    own = [*identity_loaded(patient), pseudonym(patient)] if patient is not None else []
    others = [text for pair in names[_PATIENT] for text in map(text_unsealed, pair)]
    makers = [text_unsealed(text) for text, _again in names[_OPERATOR]]
    staff = [number for _name, number in names[_STAFF] if len(number) >= _NUMBER]
    return known_of(
        patient=[*own[:2], *others],
        people=[
            *(text for text in makers if _is_name(text)),
            *(name for kind in (_STAFF, _ACCOUNT) for name, _number in names[kind]),
            *(str(signer) for report in reports for signer in report.signers),
        ],
        places=[name for row in names[_PLACE] for name in row],
        numbers=[
            *(*own, *others, exam.accession, exam.study_uid),
            *(*_order_numbers(exam.order), *_report_numbers(reports), *staff),
            *(number for text in makers for number in _numbers_in(text)),
        ],
        is_plain=is_plain,
    )


def _is_name(text: str) -> bool:
    """Whether a text of an operator names somebody: in Chinese characters, or in Latin words that are no short mark
    of a device or a technique."""
    letters = [char for char in text if char.isalpha()]
    if any(not char.isascii() for char in letters):
        return True
    return len(letters) >= _LETTERS and not any(char.isdigit() for char in text)


def _numbers_in(text: str) -> list[str]:
    """Words of an operator's text that can be staff numbers."""
    parts = re.split(r"[\s^=,，()（）]+", text)
    return [one for one in parts if len(one) >= _NUMBER and one.isascii() and any(map(str.isdigit, one))]


def _names(exam: Exam, hospital: Organisation) -> dict[str, list[tuple[str, str]]]:
    """Staff with their numbers, accounts, the hospital with those above it in both languages; sealed: operators, and
    the patient under other ids.  One query."""
    accounts = User.objects.filter(home__path__startswith=hospital.path, is_machine=False)
    places = Organisation.objects.filter(path__in=upward(hospital.path))
    links = PatientLink.objects.filter(undone_at=None)
    kept = PatientName.objects.filter(pk__in=links.filter(merged=exam.patient_id).values("kept"))
    merged = PatientName.objects.filter(pk__in=links.filter(kept=exam.patient_id).values("merged"))
    sealed = (_Text("name_cipher"), _Text("number_cipher"))
    rows = _told(Person.objects.filter(hospital=hospital), _STAFF, "name", "staff_number").union(
        _told(accounts, _ACCOUNT, "display_name", "display_name"),
        _told(places, _PLACE, "name", "name_en"),
        _told(_operators(exam, hospital), _OPERATOR, _Text("text_cipher"), Value("")),
        _told(kept, _PATIENT, *sealed),
        _told(merged, _PATIENT, *sealed),
    )
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for kind, first, second in rows:
        found[kind].append((first, second))
    return found


def _operators(exam: Exam, hospital: Organisation) -> QuerySet[Operator]:
    """Those who make exams there about that time, as scanners and information systems write it, and those of the exam
    whenever they were seen."""
    own = Operator.objects.filter(pk__in=ExamOperator.objects.filter(exam=exam).values("operator"))
    lately = Q(last_seen=None) | Q(last_seen__gte=exam.sort_at - _AROUND, first_seen__lte=exam.sort_at + _AROUND)
    rows = Operator.objects.filter(hospital=hospital).exclude(state=Operator.State.PLACEHOLDER)
    return rows.filter(lately | Q(pk__in=own.values("pk")))


class _Text(Func):
    """Bytes of a sealed text, which are ASCII, as a text: in a union all columns are of one kind."""

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="CAST(%(expressions)s AS TEXT)", **more)

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, template="convert_from(%(expressions)s, 'UTF8')", **more)


def _told(rows: QuerySet, kind: str, first: str | Expression, second: str | Expression) -> QuerySet:
    told = rows.order_by().annotate(told_kind=Value(kind, output_field=CharField()))
    return told.values_list("told_kind", first, second)


def _order_numbers(order: Order | None) -> list[str]:
    return [order.number, order.accession] if order is not None else []


def _report_numbers(reports: Sequence[Report]) -> list[str]:
    return [report.number for report in reports]


def is_plain(word: str) -> bool:
    """Whether a word is nothing but anatomy and technique."""
    return cleaned(word).replace(" ", "") == word
