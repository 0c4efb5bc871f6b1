"""Who can read: accounts with the right to, where they belong, and which cases they must not see."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from yingheng.catalog.models import Report
from yingheng.common.clock import local_day
from yingheng.registry.models import Person
from yingheng.review.models import Case, Qualification
from yingheng.review.models.campaigns import Purpose
from yingheng.review.own_work import own_work_of
from yingheng.review.signers import signing_words
from yingheng.review.spec import ReadingSpec
from yingheng.tenancy.models import Membership, Organisation, User
from yingheng.tenancy.permissions import REVIEW_READ
from yingheng.tenancy.roles import roles_with


@dataclass(frozen=True, slots=True)
class Reader:
    """An account that may read today; `paths` are those of the organisations that it belongs to, `hospitals` those of
    the hospitals among and above them: none for somebody who belongs to a region alone."""

    id: str
    user: User
    paths: tuple[str, ...]
    hospitals: frozenset[str] = frozenset()

    def belongs_to(self, hospital: Organisation) -> bool:
        return any(path.startswith(hospital.path) for path in self.paths)


def readers_of(organisation: Organisation, ids: Collection[str] = (), *, above: bool = False) -> dict[str, Reader]:
    """Those of the accounts that may read today, by id; without ids all who hold such a role in the organisation.

    With `above` also those who hold it for a region that the organisation belongs to.  One query.
    """
    rows = Membership.objects.filter(revoked_at__isnull=True, user__is_active=True, user__is_machine=False)
    rows = rows.select_related("organisation", "user__home")
    inside = Q(organisation__path__startswith=organisation.path)
    inside |= Q(organisation__path__in=upward(organisation.path)) if above else Q()
    rows = rows.filter(user_id__in=list(ids)) if ids else rows.filter(inside)
    reading = roles_with(REVIEW_READ)
    held: dict[str, list[Membership]] = defaultdict(list)
    for row in rows:
        today = local_day(row.organisation.zone)
        if row.valid_from <= today and (row.valid_to is None or today <= row.valid_to):
            held[str(row.user_id)].append(row)
    return {
        pk: _reader(pk, several) for pk, several in sorted(held.items()) if any(row.role in reading for row in several)
    }


def upward(path: str) -> list[str]:
    """Paths of an organisation and of those above it: `/a/b/` is in `/a/` and `/a/b/`."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[: n + 1]) + "/" for n in range(len(parts))]


def _reader(pk: str, held: Sequence[Membership]) -> Reader:
    user = held[0].user
    places = [*([user.home] if user.home else []), *(row.organisation for row in held)]
    own = frozenset(path for one in places if (path := hospital_path(one)))
    return Reader(pk, user, tuple(one.path for one in places), own)


def hospital_path(place: Organisation) -> str:
    """Path of the hospital that an organisation is or belongs to; "" for a region."""
    if place.kind == Organisation.Kind.DEPARTMENT:
        return place.path.rstrip("/").rpartition("/")[0] + "/"
    return place.path if place.kind == Organisation.Kind.HOSPITAL else ""


def conflicts_of(
    cases: Sequence[Case], readers: Mapping[str, Reader], reading: ReadingSpec, purpose: str
) -> dict[str, set[str]]:
    """Case id -> ids of readers who must not read it, for whatever reason.  `performer` of the cases is loaded.

    Own work: the accounts of all who made the exam, or a signer of a report of it by staff number or name.  Besides,
    where the sample asks for it, anybody of the hospital (by account, role or entry among its staff, also one who left
    since the exam), and anybody not qualified for the score sheet today.  A few queries for any number of cases.
    """
    barred: dict[str, set[str]] = {str(case.pk): set() for case in cases}
    own, signed = own_work_of(cases), signers_among(cases, readers)
    qualified = _qualified(cases, readers) if reading.qualified_only and purpose != Purpose.CALIBRATION else None
    staff = _staff_of(readers) if reading.other_hospitals_only else {}
    former = _former(readers, cases) if reading.other_hospitals_only else []
    for case in cases:
        out = barred[str(case.pk)]
        out |= own[str(case.pk)]
        out |= signed.get(str(case.pk), set())
        if reading.other_hospitals_only:
            out |= {pk for pk, reader in readers.items() if reader.belongs_to(case.hospital)}
            out |= staff.get(case.hospital_id, set())
            out |= {pk for pk, path, until in former if path == case.hospital.path and until >= case.local_day}
        if qualified is not None:
            out |= {pk for pk in readers if (pk, case.template.key) not in qualified}
        out &= set(readers)
    return barred


def _staff_of(readers: Mapping[str, Reader]) -> dict[object, set[str]]:
    """Hospital -> readers who are or were among its staff, whatever roles they hold.  One query."""
    found: dict[object, set[str]] = defaultdict(set)
    rows = Person.objects.filter(user_id__in=list(readers))
    for hospital, user in rows.values_list("hospital_id", "user_id"):
        found[hospital].add(str(user))
    return found


def _former(readers: Mapping[str, Reader], cases: Sequence[Case]) -> list[tuple[str, str, dt.date]]:
    """(reader, path of a hospital, last day) of roles that are over but were held when the earliest case was taken:
    who left since knows the colleagues still.  One query."""
    first = min((case.local_day for case in cases), default=None)
    if first is None:
        return []
    over = Q(revoked_at__isnull=False) | Q(valid_to__isnull=False)
    rows = Membership.objects.filter(over, user_id__in=list(readers)).select_related("organisation")
    found = []
    for row in rows:
        revoked = local_day(row.organisation.zone, row.revoked_at) if row.revoked_at else None
        until = min(day for day in (row.valid_to, revoked) if day is not None)
        path = hospital_path(row.organisation)
        if path and until >= first:
            found.append((str(row.user_id), path, until))
    return found


def signers_among(cases: Sequence[Case], readers: Mapping[str, Reader]) -> dict[str, set[str]]:
    """Case id -> readers who signed a report of its exam."""
    exams = {case.exam_id for case in cases if case.exam_id}
    if not exams or not readers:
        return {}
    texts: dict[object, list[str]] = defaultdict(list)
    for exam, signers in Report.objects.filter(exam_id__in=exams).exclude(signers=[]).values_list("exam_id", "signers"):
        texts[exam] += map(str, signers)
    if not texts:
        return {}
    people: dict[str, list[Person]] = defaultdict(list)
    for person in Person.objects.filter(user_id__in=list(readers)):
        people[str(person.user_id)].append(person)
    return {
        str(case.pk): {
            pk for pk, reader in readers.items() if _is_among(reader, people[pk], case.hospital, texts[case.exam_id])
        }
        for case in cases
        if texts.get(case.exam_id)
    }


def _is_among(reader: Reader, people: Iterable[Person], hospital: Organisation, signers: Sequence[str]) -> bool:
    """Whether one of the texts that sign a report of that hospital names the reader."""
    known = set()
    for person in people:
        if person.hospital_id == hospital.pk:
            known |= {person.name, person.staff_number}
    if reader.belongs_to(hospital):
        known.add(reader.user.display_name)
    known.discard("")
    return bool(known & set(signing_words(signers)))


def _qualified(cases: Sequence[Case], readers: Mapping[str, Reader]) -> set[tuple[str, str]]:
    """(reader, key of a score sheet) whose newest result on known answers was good enough and still holds.

    Results of who has the sample read, or of those above: a hospital does not qualify its own for its region.
    """
    keys = {case.template.key for case in cases}
    asking = {path for case in cases[:1] for path in upward(case.campaign.organisation.path)}
    rows = Qualification.objects.filter(
        reader_id__in=list(readers), template_key__in=keys, organisation__path__in=asking
    )
    rows = rows.select_related("organisation").order_by("made_at", "pk")
    newest = {(str(row.reader_id), row.template_key): row for row in rows}
    return {key for key, row in newest.items() if row.passed and local_day(row.organisation.zone) <= row.valid_until}
