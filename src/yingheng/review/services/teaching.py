"""Cases of the teaching library: made, written, checked by a second person, published, replaced, withdrawn, shared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from django.db import transaction

from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.common.ids import uuid7
from yingheng.common.rows import row_or_not_found
from yingheng.documents.storage import file_put
from yingheng.review.library import GRADE_KEYS, codes_text, search_text
from yingheng.review.models import Ruling, TeachingCase, TeachingImage
from yingheng.review.services.reading import mark_shape
from yingheng.sheets.defects import defect_name
from yingheng.sheets.models import Template
from yingheng.tenancy.models import Organisation

MOST_IMAGES = 60  # of one case
MOST_MARKS = 60
_TEXTS = {"title": 120, "modality": 16, "body_part": 64, "position": 64, "explanation": 8000, "lessons": 4000}
_State, _Kind = TeachingCase.State, TeachingCase.Kind


@dataclass(frozen=True, slots=True)
class NewImage:
    """An image without anything of a patient: its file, a picture of it as PNG, and where it stands in the case."""

    series: int
    index: int
    data: bytes
    picture: bytes
    modality: str
    rows: int
    columns: int
    label: str = ""
    position_mm: float | None = None
    is_unread: bool = False


@dataclass(frozen=True, slots=True)
class TeachingFields:
    """What is said of a case.  `vetoed` holds keys of the ruling, or "stated" where an expert says so."""

    kind: str
    title: str
    modality: str
    body_part: str = ""
    position: str = ""
    defects: Sequence[str] = ()
    explanation: str = ""
    lessons: str = ""
    grade: str = ""
    score: float | None = None
    vetoed: Sequence[str] = ()
    basis: str = TeachingCase.Basis.EXPERT
    basis_reason: str = ""
    marks: Sequence[Mapping[str, Any]] = ()
    template: Template | None = None
    ruling: Ruling | None = None


@transaction.atomic
def case_make(
    *, actor: Actor, organisation: Organisation, told: TeachingFields, images: Sequence[NewImage], demo: bool = False
) -> TeachingCase:
    """A draft of the library with its images, whose bytes are kept for good.

    Invalid: no image, more than MOST_IMAGES, or what `case_write` refuses.
    """
    if not 1 <= len(images) <= MOST_IMAGES:
        raise Invalid("review.teaching_images", n=MOST_IMAGES)
    row = TeachingCase(
        organisation=organisation, made_by_id=actor.id, made_by_name=actor.name, made_at=now(), is_demo=demo,
        n_images=len(images),
    )  # fmt: skip
    _fill(row, {one.name: getattr(told, one.name) for one in fields(told)})
    row.save(force_insert=True)
    TeachingImage.objects.bulk_create(_image(row, one) for one in images)
    case_record(actor, "make", row, after={"kind": row.kind, "images": len(images), "basis": row.basis})
    return row


def _image(row: TeachingCase, one: NewImage) -> TeachingImage:
    return TeachingImage(
        case=row, series=one.series, index=one.index, label=one.label[:120], modality=one.modality[:16],
        sha256=file_put(one.data), picture=file_put(one.picture), size=len(one.data), rows=one.rows,
        columns=one.columns, position_mm=one.position_mm, is_unread=one.is_unread,
    )  # fmt: skip


@transaction.atomic
def case_write(
    *, actor: Actor, case: TeachingCase, told: Mapping[str, Any], revision: int, over: bool = False
) -> TeachingCase:
    """Change what a draft says; `told` holds fields of TeachingFields by name.

    Conflict when it is no draft any more, or was changed since `revision` (unless `over`); Invalid for what cannot be.
    Whoever changes a draft has made it, so that somebody else checks it.
    """
    row = case_locked(case.pk)
    case_must_be(row, _State.DRAFT)
    if revision != row.revision and not over:
        raise Conflict("sheets.saved_elsewhere")
    _fill(row, told)
    row.revision, row.made_by_id, row.made_by_name = row.revision + 1, actor.id, actor.name
    row.save()
    return row


@transaction.atomic
def case_mark(*, actor: Actor, case: TeachingCase, mark: Mapping[str, Any] | None, mark_id: UUID) -> None:
    """Keep a mark of a draft ({"series", "index", "shape", "defect", "note"}), or take it away (None)."""
    row = case_locked(case.pk)
    case_must_be(row, _State.DRAFT)
    kept = [one for one in row.marks if one.get("id") != str(mark_id)]
    if mark is not None:
        kept.append(dict(mark) | {"id": str(mark_id)})
    row.marks = marks_sound(kept)
    _index(row)
    row.made_by_id, row.made_by_name = actor.id, actor.name
    row.save(update_fields=["marks", "defects", "codes", "search", "made_by_id", "made_by_name"])


@transaction.atomic
def case_check(*, actor: Actor, case: TeachingCase, looked: Collection[str], unread: Collection[str]) -> TeachingCase:
    """A second person looked at every image and stands for it that nothing shows whose it is.

    `looked` are the ids of the images looked at, `unread` those of which this is said although no program could look
    for letters in them.  Conflict for whoever made it; Invalid when an image is missing, or when the
    case does not say what it must.
    """
    row = case_locked(case.pk)
    case_must_be(row, _State.DRAFT)
    if actor.id == row.made_by_id:
        raise Conflict("review.teaching_four_eyes")
    _check_whole(row)
    images = {str(pk): is_unread for pk, is_unread in row.images.values_list("pk", "is_unread")}
    if not images.keys() <= set(looked):
        raise Invalid("review.teaching_looked", n=len(images.keys() - set(looked)))
    if not {pk for pk, is_unread in images.items() if is_unread} <= set(unread):
        raise Invalid("review.teaching_unread")
    row.state, row.looked, row.checked_at = _State.CHECKED, sorted(images), now()
    row.checked_by_id, row.checked_by_name, row.reason = actor.id, actor.name, ""
    row.save()
    case_record(actor, "check", row, after={"images": len(images), "unread": sorted(unread)})
    return row


@transaction.atomic
def case_send_back(*, actor: Actor, case: TeachingCase, reason: str) -> TeachingCase:
    """A case that is not right goes back to whoever writes it."""
    row = case_locked(case.pk)
    case_must_be(row, _State.DRAFT, _State.CHECKED)
    row.state, row.reason, row.looked, row.checked_at = _State.DRAFT, reason_of(reason), [], None
    row.checked_by_id = row.checked_by_name = ""
    row.save()
    case_record(actor, "send_back", row, reason=row.reason)
    return row


@transaction.atomic
def case_publish(*, actor: Actor, case: TeachingCase) -> TeachingCase:
    """Show a checked case to those who learn; the version before it is replaced."""
    row = case_locked(case.pk)
    case_must_be(row, _State.CHECKED)
    before = TeachingCase.objects.select_for_update().filter(key=row.key, state=_State.PUBLISHED).first()
    if before is not None:
        before.state = _State.REPLACED
        before.save(update_fields=["state"])
        row.share, row.shared_with_id = before.share, before.shared_with_id
        row.share_by_name, row.share_reason = before.share_by_name, before.share_reason
    row.state, row.published_at, row.published_by_name = _State.PUBLISHED, now(), actor.name
    row.save()
    case_record(actor, "publish", row, after={"version": row.version})
    return row


@transaction.atomic
def case_withdraw(*, actor: Actor, case: TeachingCase, reason: str) -> TeachingCase:
    """Take a case out of the library, or drop a draft, with the reason.  Exercises that have it keep it."""
    row = case_locked(case.pk)
    case_must_be(row, _State.DRAFT, _State.CHECKED, _State.PUBLISHED)
    row.state, row.reason, row.withdrawn_at = _State.WITHDRAWN, reason_of(reason), now()
    row.withdrawn_by_name = actor.name
    row.save(update_fields=["state", "reason", "withdrawn_at", "withdrawn_by_name"])
    case_record(actor, "withdraw", row, reason=row.reason)
    return row


def marks_sound(marks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Marks as they are stored; Invalid for one that cannot be, or for too many."""
    if len(marks) > MOST_MARKS:
        raise Invalid("review.mark_many", n=MOST_MARKS)
    return [_mark(one) for one in marks]


def _mark(raw: Mapping[str, Any]) -> dict[str, Any]:
    defect = str(raw.get("defect") or "")
    if defect and defect_name(defect) is None:
        raise Invalid("review.mark_defect")
    try:
        series, index = int(raw["series"]), int(raw["index"])
    except (KeyError, TypeError, ValueError) as exc:
        raise Invalid("review.mark_shape") from exc
    shape = mark_shape(raw.get("shape") or {})
    return {"id": str(raw.get("id") or uuid7()), "series": series, "index": index, "shape": shape, "defect": defect,
            "note": str(raw.get("note") or "").strip()[:300]}  # fmt: skip


def _fill(row: TeachingCase, told: Mapping[str, Any]) -> None:
    """Take over what is said; Invalid for a word that is none of the list."""
    told = dict(told)
    for name, most in _TEXTS.items():
        if name in told:
            told[name] = str(told[name] or "").strip()[:most]
    if "defects" in told:
        told["defects"] = sorted(set(told["defects"]))
        if any(defect_name(code) is None for code in told["defects"]):
            raise Invalid("review.mark_defect")
    if "marks" in told:
        told["marks"] = marks_sound(told["marks"])
    if "vetoed" in told:
        told["vetoed"] = sorted(told["vetoed"])
    for name, value in told.items():
        setattr(row, name, value)
    if row.kind not in _Kind.values or not row.title or not row.modality:
        raise Invalid("review.teaching_words")
    if row.grade and row.grade not in GRADE_KEYS:
        raise Invalid("review.grade_bad")
    _index(row)


def _index(row: TeachingCase) -> None:
    """A marked defect is named; then by what the case is found."""
    row.defects = sorted({*row.defects, *(str(one["defect"]) for one in row.marks if one["defect"])})
    row.codes, row.search = codes_text(row.defects), search_text(row)


def _check_whole(row: TeachingCase) -> None:
    """Whether a case says what learners need: the grade and why, and what it is an example of."""
    if not row.grade or not row.explanation:
        raise Invalid("review.teaching_answer")
    if row.basis == TeachingCase.Basis.EXPERT and not row.basis_reason:
        raise Invalid("review.teaching_basis")
    if row.kind == _Kind.DEFECT and not row.defects:
        raise Invalid("review.teaching_defect")
    if row.kind == _Kind.STANDARD and (row.vetoed or row.grade in GRADE_KEYS[2:]):
        raise Invalid("review.teaching_standard")


def reason_of(text: str) -> str:
    """The reason given; Invalid without one."""
    if not text.strip():
        raise Invalid("review.reason_missing")
    return text.strip()


def case_must_be(row: TeachingCase, *states: str) -> None:
    """Conflict for a case in any other state."""
    if row.state not in states:
        raise Conflict("review.teaching_state")


def case_locked(case_id: UUID) -> TeachingCase:
    """The case, held until the transaction ends; NotFound when there is none."""
    rows = TeachingCase.objects.select_for_update(of=("self",), no_key=True).select_related("organisation")
    return row_or_not_found(rows, case_id, "review.teaching_unknown")


def case_record(
    actor: Actor, verb: str, row: TeachingCase, *, after: Mapping[str, Any] | None = None, reason: str = ""
) -> None:
    """Put a deed about a case into the audit trail."""
    audit.record(
        actor=actor,
        action=f"teaching.{verb}",
        subject=f"teaching:{row.pk}",
        scope=row.organisation.path,
        after=dict(after or {}),
        reason=reason,
    )
