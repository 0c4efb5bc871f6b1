"""Images of an exam that are copied into the teaching library: asked for at once, made by a job.

Sixty slices take seconds, a mammogram or a picture that letters are looked for in takes one each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Invalid
from yingheng.jobs.runner import report_progress
from yingheng.jobs.services import emit
from yingheng.review.copying import Chosen, Copied, copied
from yingheng.review.following import marks_of
from yingheng.review.models import Case, Ruling, TeachingCase, TeachingCopy
from yingheng.review.services.teaching import TeachingFields, case_make
from yingheng.tenancy.models import User

State = TeachingCopy.State
_LOCALES = {"zh": "zh-hans", "en": "en"}
_PRIORITY = 1  # somebody looks at the page until it is done


@transaction.atomic
def copy_ask(
    *, user: User, exam: Exam, found: Chosen, told: Mapping[str, Any], ruling: Ruling | None, language: str
) -> TeachingCopy:
    """Have chosen frames copied; `told` says what the case is (kind, title, body_part, position, grade, basis_reason).

    Who asks for the same again while it is being done (a button pressed twice) gets what is being done.
    """
    frames = [[str(series.pk), [[str(one.pk), n, mm] for one, n, mm in rows]] for series, rows in found]
    same = TeachingCopy.objects.filter(exam=exam, state=State.ASKED, made_by_id=user.actor.id)
    for one in same.order_by("-made_at")[:20]:
        if (one.frames, one.told) == (frames, dict(told)):
            return one
    row = TeachingCopy.objects.create(
        organisation=exam.hospital, exam=exam, told=dict(told), ruled=str(ruling.pk) if ruling else "",
        frames=frames, n_images=sum(len(rows) for _series, rows in found),
        language=language if language in _LOCALES else "zh",
        made_by_id=user.actor.id, made_by_name=user.actor.name, made_at=now(),
    )  # fmt: skip
    emit(events.TEACHING_ASKED, str(row.pk), scope=exam.hospital.path, priority=_PRIORITY)
    return row


def copy_asked(natural_key: str, payload: dict[str, Any]) -> None:  # noqa: ARG001 - a handler's signature
    """Route for `events.TEACHING_ASKED`."""
    copy_make(copy_id=natural_key)


def copy_make(*, copy_id: UUID | str) -> TeachingCopy | None:
    """Make copies that were asked for, and a draft of them; why it could not be done is kept.  None when it is gone."""
    rows = TeachingCopy.objects.select_related("organisation", "exam")
    row = rows.filter(pk=copy_id).first()
    if row is None or row.state != State.ASKED:
        return row
    try:
        with translation.override(_LOCALES[row.language]):
            return _made(row, copied(_chosen(row), report_progress))
    except Invalid as refused:
        row.state, row.error, row.why = State.FAILED, refused.code, str(refused.params.get("why", ""))
        row.finished_at = now()
        row.save(update_fields=["state", "error", "why", "finished_at"])
        return row


@transaction.atomic
def _made(row: TeachingCopy, images: Copied) -> TeachingCopy:
    held = TeachingCopy.objects.select_for_update(no_key=True).get(pk=row.pk)
    if held.state != State.ASKED or row.exam is None:
        return held
    actor = Actor(row.made_by_id, row.made_by_name)
    case = case_make(actor=actor, organisation=row.organisation, told=_fields(row, images), images=images.images,
                     demo=row.exam.is_demo)  # fmt: skip
    held.state, held.case, held.finished_at = State.DONE, case, now()
    held.exam, held.frames, held.told, held.ruled = None, [], {}, ""  # from here on nothing leads back
    held.save()
    return held


def _chosen(row: TeachingCopy) -> Chosen:
    """The frames as they were chosen; Invalid where one is there no more."""
    series = {str(one.pk): one for one in Series.objects.filter(exam=row.exam, pk__in=[pk for pk, _f in row.frames])}
    wanted = [pk for _series, frames in row.frames for pk, _n, _mm in frames]
    objects = {str(one.pk): one for one in Instance.objects.filter(series__exam=row.exam, pk__in=wanted)}
    if row.exam is None or len(series) != len({pk for pk, _f in row.frames}) or len(objects) != len(set(wanted)):
        raise Invalid("review.teaching_gone")
    return [(series[key], [(objects[pk], n, mm) for pk, n, mm in frames]) for key, frames in row.frames]


def _fields(row: TeachingCopy, images: Copied) -> TeachingFields:
    """What is said of the case; the answer is that of film review where the grade is the one given there."""
    told, ruling = row.told, _ruling(row)
    case = ruling.case if ruling else None
    ruled = ruling is not None and told["grade"] == ruling.grade
    marks = _marks(case, images) if case else []
    return TeachingFields(
        kind=told["kind"],
        title=told["title"],
        modality=row.exam.modality if row.exam else "",
        body_part=told["body_part"],
        position=told["position"],
        defects=ruling.faults if ruling else sorted({one["defect"] for one in marks} - {""}),
        grade=told["grade"],
        score=ruling.score if ruled and ruling else None,
        vetoed=ruling.vetoed if ruled and ruling else [],
        basis=TeachingCase.Basis.RULING if ruled else TeachingCase.Basis.EXPERT,
        basis_reason="" if ruled else told["basis_reason"],
        marks=marks,
        template=case.template if case else None,
        ruling=ruling if ruled else None,
    )


def _ruling(row: TeachingCopy) -> Ruling | None:
    if not row.ruled:
        return None
    return Ruling.objects.select_related("case__template").filter(pk=row.ruled).first()


def _marks(case: Case, images: Copied) -> list[dict[str, Any]]:
    """What the readers marked on images that were copied."""
    found = []
    for mark in marks_of(case):
        place = images.places.get((mark.instance_id, mark.frame))
        if place is not None:
            found.append({"series": place[0], "index": place[1], "shape": mark.shape, "defect": mark.defect,
                          "note": ""})  # fmt: skip
    return found
