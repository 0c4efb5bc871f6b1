"""Reading a case: opened, time counted, defects marked, and what was found kept for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common import events
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.rows import row_or_not_found
from yingheng.jobs.services import emit
from yingheng.review.dictionary import catalogue_for
from yingheng.review.models import Assignment, Campaign, Case, Mark, Reading
from yingheng.sheets.judging import Judged
from yingheng.sheets.models import Response
from yingheng.sheets.selectors import spec_of
from yingheng.tenancy.models import User

SUBJECT, OCCASION = "review", "reading"  # of the sheets.Response that an assignment is filled in with
MOST_MARKS = 60  # of one case
BEAT_S = 30  # the longest time one beat can add: the room sends one every 15 s
MOST_S = 3 * 3600  # of one case: more was not reading
_NOTE = 300
_LONGEST_TEXT = 1_000_000  # characters
_OPEN = (Assignment.State.ASSIGNED, Assignment.State.BEGUN)
_KEPT = ("dimensions", "items", "excellent", "trace")  # of the score
_POINTS = {"point": 1, "rect": 2, "arrow": 2}


@dataclass(frozen=True)
class Drawn:
    """A mark as it was drawn, with the defect it shows: on which image, in image pixels, or in which words of a text
    (then without an image)."""

    instance_id: UUID | None
    series_id: UUID | None
    frame: int
    shape: Mapping[str, Any]
    defect: str = ""
    note: str = ""


@transaction.atomic
def assignment_open(*, reader: User, assignment: Assignment) -> Assignment:
    """Begin to read: the first time it is noted when.  Conflict when it can no longer be read."""
    row = _held(reader, assignment.pk)
    if row.opened_at is None:
        row.opened_at, row.state = now(), Assignment.State.BEGUN
        row.save(update_fields=["opened_at", "state"])
    return row


@transaction.atomic
def seconds_add(*, reader: User, assignment: Assignment, seconds: float) -> int:
    """Add time with the case in sight: at most BEAT_S a beat, never more than has passed since it was opened, and
    never more than MOST_S.  The seconds counted so far."""
    row = _held(reader, assignment.pk)
    before = row.seconds
    seconds_count(row, seconds)
    if row.seconds != before:
        row.save(update_fields=["seconds"])
    return row.seconds


def seconds_count(row: Assignment, seconds: float) -> None:
    """`seconds_add` to an assignment that the caller's transaction holds and stores."""
    if row.opened_at is None or not 0 < seconds < float("inf"):
        return
    passed = int((now() - row.opened_at).total_seconds()) + 1
    row.seconds = min(row.seconds + min(BEAT_S, round(seconds)), passed, MOST_S)


@transaction.atomic
def mark_put(*, reader: User, assignment: Assignment, mark_id: UUID, drawn: Drawn) -> Mark:
    """Keep a mark; sent twice under one id it is there once, with what was sent last."""
    row = _held(reader, assignment.pk)
    known = Mark.objects.filter(pk=mark_id).first()
    if known is not None and (known.assignment_id != row.pk or known.is_final):
        raise Conflict("review.mark_kept")
    if known is None and Mark.objects.filter(assignment=row).count() >= MOST_MARKS:
        raise Conflict("review.mark_many", n=MOST_MARKS)
    mark = known or Mark(pk=mark_id, assignment=row, made_at=now())
    mark.series_id, mark.instance_id, mark.frame = drawn.series_id, drawn.instance_id, drawn.frame
    mark.shape = _words(drawn.shape) if drawn.series_id is None else mark_shape(drawn.shape)
    mark.defect, mark.note = _defect(row, drawn.defect), drawn.note.strip()[:_NOTE]
    mark.save(force_insert=known is None)
    return mark


@transaction.atomic
def mark_remove(*, reader: User, assignment: Assignment, mark_id: UUID) -> None:
    """Take a mark away that is not final; one that is gone already stays gone."""
    row = _held(reader, assignment.pk)
    Mark.objects.filter(pk=mark_id, assignment=row, is_final=False).delete()


def reading_take(actor: Actor, response: Response, judged: Judged) -> None:
    """What a reader found, kept for good, in the transaction in which its sheet is submitted; refuses by raising.

    Conflict `review.case_gone` when the case was taken back meanwhile, `review.read_already` when it was read.
    """
    row = assignment_held(response.subject_id)
    if actor.id != str(row.reader_id):
        raise Conflict("review.assignment_unknown")
    check_open(row)
    reading_write(row, actor, response, judged)


def reading_write(row: Assignment, actor: Actor, response: Response, judged: Judged) -> None:
    """The reading of an assignment that the caller's transaction holds and has found open."""
    score = judged.score
    details = score.as_dict() if score else {}
    reading = Reading.objects.create(
        assignment=row,
        case=row.case,
        campaign=row.campaign,
        hospital=row.hospital,
        reader_id=row.reader_id,
        slot=row.slot,
        template=response.template,
        response=response,
        score=score.points if score else None,
        grade=score.grade if score else "",
        vetoed=sorted(score.vetoed) if score else [],
        faults=_faults(score.defects if score else (), _finish_marks(row)),
        details={key: details[key] for key in _KEPT if key in details} | _note(response),
        seconds=row.seconds,
        submitted_at=response.submitted_at,
        local_day=local_day(row.hospital.zone, response.submitted_at),
    )
    row.state, row.submitted_at = Assignment.State.SUBMITTED, response.submitted_at
    row.save(update_fields=["state", "opened_at", "submitted_at", "seconds"])
    _consider(row.case)
    # Last: writers of one log wait for each other from here on, and a case is held before the log everywhere else too.
    audit.record(
        actor=actor,
        action="review.read",
        subject=f"reading:{reading.pk}",
        scope=row.campaign.organisation.path,
        after={"sha256": response.sha256, "seconds": reading.seconds},  # what was found is sealed, here too
    )
    emit(events.CASE_READ, str(reading.pk), scope=row.campaign.organisation.path)  # no hospital hears how far it is


def _consider(case: Case) -> None:
    from yingheng.review.services.ruling import case_considered  # noqa: PLC0415 - rulings look back at readings

    case_considered(case)


def _note(response: Response) -> dict[str, str]:
    """What was said in words: an arbiter's is the reason of the ruling."""
    said = [response.answers.get(item.key) for item in spec_of(response.template).items() if item.type == "text"]
    text = "\n".join(str(one).strip() for one in said if one)
    return {"note": text} if text else {}


def _finish_marks(row: Assignment) -> list[str]:
    """Marks stay from here on; the defects they show."""
    marks = Mark.objects.filter(assignment=row)
    found = list(marks.values_list("defect", "is_final"))
    if not all(final for _defect, final in found):
        marks.filter(is_final=False).update(is_final=True)
    return [defect for defect, _final in found if defect]


def _faults(ticked: Iterable[str], marked: Iterable[str]) -> list[str]:
    """Codes of defects, ticked on the sheet or marked on the image."""
    return sorted({*ticked, *marked})


def assignment_held(assignment_id: UUID | str, reader: User | None = None) -> Assignment:
    """An assignment, of that reader, locked in the caller's transaction, with all that submitting it needs."""
    rows = Assignment.objects.select_for_update(of=("self",), no_key=True)
    if reader is not None:
        rows = rows.filter(reader=reader)
    related = rows.select_related("case__template__hospital", "campaign__organisation", "hospital")
    return row_or_not_found(related, assignment_id, "review.assignment_unknown")


def _held(reader: User, assignment_id: UUID | str) -> Assignment:
    """The reader's own assignment, locked, as long as it can be read."""
    row = assignment_held(assignment_id)
    if row.reader_id != reader.pk:
        raise Conflict("review.assignment_unknown")
    check_open(row)
    return row


def check_open(row: Assignment) -> None:
    """Conflict `review.read_already`, or `review.case_gone` for a case that is not to be read any more."""
    if row.state == Assignment.State.SUBMITTED:
        raise Conflict("review.read_already")
    closed = (Campaign.State.PUBLISHED, Campaign.State.CANCELLED)
    gone = (Case.State.WITHDRAWN, Case.State.SETTLED)
    if row.state not in _OPEN or row.campaign.state in closed or row.case.state in gone:
        raise Conflict("review.case_gone")


def _defect(row: Assignment, code: str) -> str:
    """A defect of the dictionary of who has the sample read; hidden ones too, a browser may offer them still."""
    if code and code not in catalogue_for(row.campaign.organisation).defects:
        raise Invalid("review.mark_defect")
    return code


def mark_shape(raw: Mapping[str, Any]) -> dict[str, Any]:
    """{"kind", "points"}: one point, two corners of a box, or from where to where an arrow goes, in image pixels."""
    kind, points = raw.get("kind"), raw.get("points")
    if kind not in _POINTS or not isinstance(points, list) or len(points) != _POINTS[kind]:
        raise Invalid("review.mark_shape")
    try:
        pairs = [[round(float(value), 2) for value in point] for point in points]
    except (TypeError, ValueError) as exc:
        raise Invalid("review.mark_shape") from exc
    if any(len(pair) != 2 or not all(-1e5 < value < 1e5 for value in pair) for pair in pairs):
        raise Invalid("review.mark_shape")
    return {"kind": kind, "points": pairs}


def _words(raw: Mapping[str, Any]) -> dict[str, Any]:
    """{"kind": "text", "part", "start", "end"}: characters of a part of a text, the last one not included."""
    part, start, end = raw.get("part"), raw.get("start"), raw.get("end")
    if raw.get("kind") != Mark.TEXT or not isinstance(part, str) or not part:
        raise Invalid("review.mark_shape")
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= _LONGEST_TEXT:
        raise Invalid("review.mark_shape")
    return {"kind": Mark.TEXT, "part": part, "start": start, "end": end}
