"""The position of cases: found when they are drawn, filled in afterwards, corrected by a person with a reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Series
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.review.dictionary.catalogue import catalogue_for
from yingheng.review.models import Case, DictionaryChoice, DictionaryEntry, EntryKind, PositionChange, Ruling
from yingheng.review.positioning import (
    FILMS,
    NOT_FILM,
    PERSON,
    Film,
    Found,
    Positions,
    film_of,
    is_film,
    position_of_exam,
    product_positions,
)
from yingheng.review.readers import upward
from yingheng.review.services.counting import ruling_cells
from yingheng.rollups.services import cells_change
from yingheng.tenancy.models import Organisation

AT_ONCE, _EXAMS = 500, 5000
_SERIES = ("exam_id", "modality", "body_part", "description", "protocol_name", "sop_class_uid", "facts",
           "n_instances", "n_frames")  # fmt: skip


class Finder:
    """Finds the positions of exams; the dictionary of a hospital is asked for once, and only where it has its own."""

    def __init__(self) -> None:
        self._known: dict[UUID, Positions] = {}
        self._own: set[str] | None = None

    def of_exams(self, exams: Iterable[UUID | None]) -> dict[UUID, Found]:
        """Exam -> its position.  Two queries for every 5000 exams, and two or three for dictionaries."""
        wanted = sorted({pk for pk in exams if pk is not None})
        found: dict[UUID, Found] = {}
        for at in range(0, len(wanted), _EXAMS):
            found |= self._of(wanted[at : at + _EXAMS])
        return found

    def _of(self, wanted: Sequence[UUID]) -> dict[UUID, Found]:
        rows = Exam.objects.filter(pk__in=wanted).values_list(
            "pk", "hospital_id", "hospital__path", "modality", "body_part", "item__body_part", "item__code"
        )
        told = {row[0]: row[1:] for row in rows}
        films: dict[UUID, list[Film]] = defaultdict(list)
        radiographs = [pk for pk, row in told.items() if row[2] in FILMS]
        for series in Series.objects.filter(exam__in=radiographs).only(*_SERIES).order_by("pk"):
            if is_film(series):
                films[series.exam_id].append(film_of(series))
        return {
            pk: position_of_exam(films[pk], item_part or part, item or "", self._of_hospital(hospital, path))
            if modality in FILMS
            else Found("", NOT_FILM)
            for pk, (hospital, path, modality, part, item_part, item) in told.items()
        }

    def _of_hospital(self, pk: UUID, path: str) -> Positions:
        if pk not in self._known:
            if self._own is None:
                self._own = _with_own_positions()
            if self._own & set(upward(path)):
                place = Organisation.objects.get(pk=pk)
                self._known[pk] = Positions.of(catalogue_for(place).offered_positions())
            else:
                self._known[pk] = product_positions()
        return self._known[pk]


def _with_own_positions() -> set[str]:
    """Paths of the organisations whose positions are not simply those of the product."""
    entries = DictionaryEntry.objects.filter(kind=EntryKind.POSITION).values_list("organisation__path", flat=True)
    hidden = DictionaryChoice.objects.filter(kind=DictionaryChoice.Kind.HIDDEN)
    return {*entries.distinct(), *hidden.values_list("organisation__path", flat=True).distinct()}


def cases_position(cases: Sequence[Case]) -> None:
    """Fill in the position of cases that are about to be written; nothing is saved."""
    found = Finder().of_exams(case.exam_id for case in cases)
    for case in cases:
        one = found.get(case.exam_id, Found("", NOT_FILM)) if case.exam_id else Found("", NOT_FILM)
        case.position, case.position_why = one.position, one.why


def positions_fill(*, again: bool = False) -> tuple[int, int]:
    """Find the position of the cases that nobody looked at yet (`again`: of all but those a person entered), and move
    their figures.  Returns how many were looked at and how many have a position."""
    rows = Case.objects.exclude(position_why=PERSON) if again else Case.objects.filter(position_why="")
    wanted, finder, known = list(rows.order_by("pk").values_list("pk", flat=True)), Finder(), 0
    for at in range(0, len(wanted), AT_ONCE):
        known += _fill(wanted[at : at + AT_ONCE], finder)
    return len(wanted), known


@transaction.atomic
def _fill(wanted: Sequence[UUID], finder: Finder) -> int:
    locked = Case.objects.select_for_update(of=("self",), no_key=True).select_related("campaign", "item")
    cases = list(locked.filter(pk__in=wanted).order_by("pk"))
    found = finder.of_exams(case.exam_id for case in cases)
    changed = []
    for case in cases:
        one = found.get(case.exam_id, Found("", NOT_FILM)) if case.exam_id else Found("", NOT_FILM)
        if (case.position, case.position_why) != (one.position, one.why):
            _moved(case, one)
            changed.append(case)
    Case.objects.bulk_update(changed, ["position", "position_why"], batch_size=AT_ONCE)
    return sum(bool(case.position) for case in cases)


@transaction.atomic
def position_set(*, actor: Actor, case: Case, position: str, reason: str) -> Case:
    """Say which position a case is of ("": it cannot be said), above what was found; its repeats go with it.

    What was there before is kept.  Invalid for a position that the hospital's dictionary does not have.
    """
    if not reason.strip():
        raise Invalid("review.reason_missing")
    rows = Case.objects.select_for_update(of=("self",), no_key=True).select_related("campaign", "item", "hospital")
    row = rows.get(pk=case.pk)
    if row.state == Case.State.WITHDRAWN:
        raise Conflict("review.case_state")
    if position and position not in catalogue_for(row.hospital).positions:
        raise Invalid("review.position_unknown")
    for one in [row, *rows.filter(repeat_of=row)]:
        PositionChange.objects.create(
            case=one, before=one.position, position=position, reason=reason.strip(), made_by_id=actor.id,
            made_by_name=actor.name, made_at=now(),
        )  # fmt: skip
        before = one.position
        _moved(one, Found(position, PERSON))
        one.save(update_fields=["position", "position_why"])
        audit.record(
            actor=actor, action="review_case.position", subject=f"review_case:{one.pk}", scope=row.hospital.path,
            before={"position": before}, after={"position": position}, reason=reason.strip(),
        )  # fmt: skip
    return row


def _moved(case: Case, found: Found) -> None:
    """The case in memory gets its position, and what it counts moves to the cells of that position."""
    ruling: Any = None
    if case.counted:
        ruling = Ruling.objects.filter(case=case, version=case.counted).first()
    before = ruling_cells(case, ruling)
    case.position, case.position_why = found.position, found.why
    cells_change(removed=before, added=ruling_cells(case, ruling))
