"""Which item of the dictionary an exam is: found by a person's mapping or the dictionary, never guessed.

A person's word for one exam stands above the hospital's mapping of its text, and that above the dictionary.  What a
machine found is found anew whenever the exam is evaluated, so that later series and newer mappings count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from imagingqc.dicom import model as dicom
from imagingqc.errors import Reason
from imagingqc.evaluate import exam_body_part, exam_item, exam_texts
from imagingqc.protocol.items import ItemMatch, family_of
from imagingqc.protocol.suggest import item_key
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.catalog.arrivals import DOCUMENTS
from yingheng.catalog.models import Exam, Series
from yingheng.catalog.services.order_items import item_by_request, order_items_decide
from yingheng.common import events
from yingheng.common.errors import Invalid
from yingheng.jobs import services as jobs
from yingheng.registry.models import ExamItem, ItemMapping
from yingheng.registry.selectors import item_mapping_current
from yingheng.registry.services import exam_item_of, exam_items_load, item_mapping_record
from yingheng.tenancy.models import Organisation

State, Source = Exam.ItemState, Exam.ItemSource
LATER = -5  # priority of what nobody waits for
AT_ONCE = 200  # exams that one job asks to be judged anew
_FIELDS = ("item", "item_state", "item_source", "item_key", "item_reason")


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of an exam's item: the match for the evaluation, and how it was found."""

    match: ItemMatch
    source: str
    key: str

    @property
    def state(self) -> str:
        if self.match.fact:
            return State.MAPPED
        return State.EXCLUDED if self.reason in _EXCLUDING else State.UNMAPPED

    @property
    def reason(self) -> str:
        if self.match.fact:
            return ""
        if self.match.confidence == "body_part":
            return "item_body_part_only"
        return self.match.reason.code if self.match.reason else "item_unknown"


_EXCLUDING = frozenset({"item_excluded", "item_documents"})


def exam_item_identify(*, exam: Exam, announce: bool = True) -> ItemMatch:
    """Find and keep which item an exam is, from the catalogued headers of its series; returns the match.

    Safe to call any number of times.  When the item changes after the exam was judged, EXAM_READY has it judged
    anew, unless `announce` is False because the caller does so itself.
    """
    found = _found(exam)
    if _columns(exam) != (found.match.fact, found.state, found.source, found.key, found.reason):
        _keep(exam, found, announce=announce)
    return found.match


def _found(exam: Exam) -> _Found:
    read = _as_dicom(exam)
    key = f"{family_of(read.modality)}{ItemMapping.BETWEEN}{item_key(exam_texts(read), exam_body_part(read))}"
    text = key.partition(ItemMapping.BETWEEN)[2]
    if exam.item_source == Source.PERSON:
        return _Found(_decided(exam.item, text), Source.PERSON, key)
    mapping = item_mapping_current(exam.hospital_id, key) if text else None
    if mapping is not None:
        return _Found(_decided(mapping.item, text), Source.MAPPING, key)
    if read.modality in DOCUMENTS:
        return _Found(ItemMatch(None, "none", (), Reason("item_documents")), Source.DICTIONARY, key)
    match = exam_item(read)
    known = bool(match.fact) or (match.reason is not None and match.reason.code in _EXCLUDING)
    if not known and (requested := item_by_request(exam, family_of(read.modality))):
        return _Found(requested, Source.REQUEST, key)
    return _Found(match, Source.DICTIONARY if known else Source.NOBODY, key)


def _as_dicom(exam: Exam) -> dicom.Exam:
    """The exam as far as its item goes: one header of each series, in the order of the pure path."""
    rows = Series.objects.filter(exam=exam).only("series_uid", "modality", "sop_class_uid", "facts")
    series = [dicom.Series(s.series_uid, exam.study_uid, s.modality, (_header(s, exam),)) for s in rows]
    series.sort(key=lambda s: (s.first.number("SeriesNumber") or 0, s.uid))
    return dicom.Exam(exam.study_uid, tuple(series))


def _header(s: Series, exam: Exam) -> dicom.Instance:
    facts = {name: tuple(value) if isinstance(value, list) else value for name, value in s.facts.items()}
    return dicom.Instance("", "", s.sop_class_uid, s.series_uid, exam.study_uid, s.modality, "", 0, 0, (), facts)


def _decided(item: ExamItem | None, text: str) -> ItemMatch:
    """What a person decided, as the evaluation takes it."""
    if item is None:
        return ItemMatch(None, "none", (text,), Reason("item_excluded", {"what": text}))
    return ItemMatch(item.code, "text", (text,))


def _columns(exam: Exam) -> tuple[str, str, str, str, str]:
    code = exam.item.code if exam.item else ""
    return code, exam.item_state, exam.item_source, exam.item_key, exam.item_reason


@transaction.atomic
def _keep(exam: Exam, found: _Found, *, announce: bool) -> None:
    row = Exam.objects.select_for_update(of=("self",), no_key=True).select_related("hospital", "item").get(pk=exam.pk)
    if row.item_source == Source.PERSON and found.source != Source.PERSON:  # somebody decided meanwhile
        return
    before = row.item.code if row.item else ""
    if found.source != Source.PERSON:
        row.item = exam_item_of(found.match.fact) if found.match.fact else None
    row.item_state, row.item_source = found.state, found.source
    row.item_key, row.item_reason = found.key, found.reason
    row.save(update_fields=_FIELDS)
    for name in _FIELDS:
        setattr(exam, name, getattr(row, name))
    if announce and row.outcome and before != found.match.fact:
        jobs.emit(events.EXAM_READY, str(row.pk), scope=row.hospital.path)


@transaction.atomic
def exam_item_set(*, exam: Exam, item: ExamItem | None, actor: Actor | None = None, reason: str = "") -> Exam:
    """Say which item of the dictionary an exam is, and emit EXAM_READY so that it is judged anew.

    `actor` is the person who decided, None for a rule; a rule never replaces an item that is set.  A person's
    `item` None says that it is not an exam of this list; their word stands until `exam_item_follow`.
    """
    row = Exam.objects.select_for_update(of=("self",), no_key=True).select_related("hospital", "item").get(pk=exam.pk)
    if actor is None and (row.item_id is not None or row.item_source == Source.PERSON):
        return row
    same = row.item_id == (item.pk if item else None)
    if same and (actor is None or row.item_source == Source.PERSON):
        return row
    before = {"item": row.item.code if row.item else None}
    row.item = item
    row.item_source = Source.PERSON if actor else Source.DICTIONARY
    row.item_state = State.MAPPED if item else State.EXCLUDED
    row.item_reason = "" if item else "item_excluded"
    row.save(update_fields=_FIELDS)
    if actor is not None:
        _record(actor, "exam.item_set", row, before, reason)
    jobs.emit(events.EXAM_READY, str(row.pk), scope=row.hospital.path)
    return row


@transaction.atomic
def exam_item_follow(*, exam: Exam, actor: Actor, reason: str = "") -> Exam:
    """Take back what was set for one exam: from now on it follows the mapping of its text and the dictionary."""
    row = Exam.objects.select_for_update(of=("self",), no_key=True).select_related("hospital", "item").get(pk=exam.pk)
    if row.item_source != Source.PERSON:
        return row
    before = {"item": row.item.code if row.item else None}
    row.item, row.item_source, row.item_state, row.item_reason = None, Source.NOBODY, State.PENDING, ""
    row.save(update_fields=_FIELDS)
    exam_item_identify(exam=row, announce=False)
    _record(actor, "exam.item_follow", row, before, reason)
    jobs.emit(events.EXAM_READY, str(row.pk), scope=row.hospital.path)
    return row


def _record(actor: Actor, action: str, row: Exam, before: dict[str, Any], reason: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject=f"exam:{row.pk}",
        scope=row.hospital.path,
        before=before,
        after={"item": row.item.code if row.item else None},
        reason=reason.strip(),
    )


@transaction.atomic
def item_key_decide(
    *, actor: Actor, hospital: Organisation, key: str, verb: str, item: ExamItem | None = None, reason: str = ""
) -> ItemMapping:
    """Keep a person's decision about a text and apply it to every exam of the hospital that carries it.

    The exams have their item at once; they are judged anew by jobs of low priority, AT_ONCE at a time.  Exams whose
    item a person set stay.  A change of what the dictionary found needs a reason, as `item_mapping_record` asks of
    a change of a decision.
    """
    rows = Exam.objects.filter(hospital=hospital, item_key=key).exclude(item_source=Source.PERSON)
    if verb != ItemMapping.Verb.REJECTED and not reason.strip():
        told = rows.filter(item_source=Source.DICTIONARY, item__isnull=False)
        if told.exclude(item=item).exists():
            raise Invalid("registry.reason_missing")
    mapping = item_mapping_record(actor=actor, hospital=hospital, key=key, verb=verb, item=item, reason=reason)
    if verb == ItemMapping.Verb.REJECTED:
        return mapping
    order_items_decide(hospital=hospital, key=key, verb=verb, item=item)
    states = {ItemMapping.Verb.ITEM: State.MAPPED, ItemMapping.Verb.NOT_EXAM: State.EXCLUDED}
    rows.update(
        item=item,
        item_state=states.get(verb, State.PENDING),
        item_source=Source.NOBODY if verb == ItemMapping.Verb.OPEN else Source.MAPPING,
        item_reason="item_excluded" if verb == ItemMapping.Verb.NOT_EXAM else "",
    )
    jobs.emit(events.ITEM_MAPPED, str(mapping.pk), payload={}, scope=hospital.path, priority=LATER)
    return mapping


@transaction.atomic
def item_mapping_spread(*, mapping_id: UUID | str, after: str = "") -> int:
    """Have the exams of a mapping judged anew, AT_ONCE at a time in the order of their ids; returns how many.

    The rest follows by the same event with the last id in its payload.  Nothing to do for a decision that another
    has replaced: that one has its own event.
    """
    mapping = ItemMapping.objects.select_related("hospital").filter(pk=mapping_id, is_current=True).first()
    if mapping is None:
        return 0
    rows = Exam.objects.filter(hospital=mapping.hospital, item_key=mapping.key).exclude(item_source=Source.PERSON)
    if after:
        rows = rows.filter(pk__gt=after)
    found = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    for pk in found:
        jobs.emit(events.EXAM_READY, str(pk), scope=mapping.hospital.path, priority=LATER)
    if len(found) == AT_ONCE:
        payload = {"after": str(found[-1])}
        jobs.emit(events.ITEM_MAPPED, str(mapping.pk), payload=payload, scope=mapping.hospital.path, priority=LATER)
    return len(found)


@transaction.atomic
def exam_items_refresh() -> int:
    """Load the dictionary of this release; where it changed, exams without an item are looked at again.

    Returns how many exams that are.  Those that have an item keep it until they are evaluated the next time.
    """
    if not exam_items_load():
        return 0
    rows = Exam.objects.filter(item_state=State.UNMAPPED, item_source=Source.NOBODY)
    return rows.update(item_state=State.PENDING)
