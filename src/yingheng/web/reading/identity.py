"""What must not stand in the texts of a blind case: who was examined, who works there, where, under what numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import CharField, QuerySet, Value

from imagingqc.dicom.deidentify_values import cleaned
from yingheng.catalog.models import Exam, Order, Report
from yingheng.catalog.pseudonyms import identity_loaded, pseudonym
from yingheng.registry.models import Person
from yingheng.review.readers import upward
from yingheng.review.veiling import Known, known_of
from yingheng.tenancy.models import Organisation, User

_NUMBER = 4  # digits and letters of a staff number that is none of a vertebra (T12) or a sequence (T2)
_STAFF, _ACCOUNT, _PLACE = "staff", "account", "place"


def known_about(exam: Exam, hospital: Organisation, reports: Sequence[Report] = ()) -> Known:
    """Names and numbers around an exam: of its patient, the staff, accounts and signers, the hospital and those above.

    One query, and one more where the patient was not read with the exam; names are in clear only here, on the way to
    being covered.
    """
    names = _names(hospital)
    patient = exam.patient
    own = (*identity_loaded(patient), pseudonym(patient)) if patient is not None else ()
    staff = [number for _name, number in names[_STAFF] if len(number) >= _NUMBER]
    return known_of(
        patient=own[:2],
        people=[
            *(name for kind in (_STAFF, _ACCOUNT) for name, _number in names[kind]),
            *(str(signer) for report in reports for signer in report.signers),
        ],
        places=[name for row in names[_PLACE] for name in row],
        numbers=[*own, exam.accession, exam.study_uid, *_order_numbers(exam.order), *_report_numbers(reports), *staff],
        is_plain=is_plain,
    )


def _names(hospital: Organisation) -> dict[str, list[tuple[str, str]]]:
    """Staff with their numbers, accounts, and the hospital with those above it in both languages.  One query."""
    accounts = User.objects.filter(home__path__startswith=hospital.path, is_machine=False)
    places = Organisation.objects.filter(path__in=upward(hospital.path))
    rows = _told(Person.objects.filter(hospital=hospital), _STAFF, "name", "staff_number").union(
        _told(accounts, _ACCOUNT, "display_name", "display_name"), _told(places, _PLACE, "name", "name_en")
    )
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for kind, first, second in rows:
        found[kind].append((first, second))
    return found


def _told(rows: QuerySet, kind: str, first: str, second: str) -> QuerySet:
    told = rows.order_by().annotate(told_kind=Value(kind, output_field=CharField()))
    return told.values_list("told_kind", first, second)


def _order_numbers(order: Order | None) -> list[str]:
    return [order.number, order.accession] if order is not None else []


def _report_numbers(reports: Sequence[Report]) -> list[str]:
    return [report.number for report in reports]


def is_plain(word: str) -> bool:
    """Whether a word is nothing but anatomy and technique."""
    return cleaned(word).replace(" ", "") == word
