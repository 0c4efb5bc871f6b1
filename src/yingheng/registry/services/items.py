"""The dictionary of exam items, and what people decide that the texts of exams mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from imagingqc.protocol.items import family_of, item_catalogue, keywords_of
from yingheng.audit import services as audit
from yingheng.audit.actor import Actor
from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid
from yingheng.registry.models import ExamItem, ItemMapping
from yingheng.tenancy.models import Organisation

Verb = ItemMapping.Verb


@transaction.atomic
def exam_item_put(
    *, code: str, name_zh: str, name_en: str, modality: str, body_part: str, rules: Mapping[str, Any]
) -> ExamItem:
    """Load one entry of the dictionary of exam items; its version rises when anything in it changed."""
    wanted = {
        "name_zh": name_zh,
        "name_en": name_en,
        "modality": modality,
        "body_part": body_part,
        "rules": dict(rules),
    }
    item, created = ExamItem.objects.get_or_create(code=code, defaults=wanted)
    if created or all(getattr(item, name) == value for name, value in wanted.items()):
        return item
    item = ExamItem.objects.select_for_update(no_key=True).get(pk=item.pk)
    for name, value in wanted.items():
        setattr(item, name, value)
    item.version += 1
    item.save()
    return item


@transaction.atomic
def exam_items_load() -> int:
    """Bring the dictionary up to that of this release; returns how many items are new or changed.

    Items that the release does not have any more stay, so that exams keep theirs, but are not offered.
    """
    before = {item.code: item for item in ExamItem.objects.all()}
    changed = 0
    for code, item in item_catalogue().items():
        wanted: dict[str, Any] = {
            "name_zh": item.name_zh,
            "name_en": item.name_en,
            "modality": item.modality,
            "body_part": item.body_part,
            "rules": {"keywords": list(keywords_of(code))},
        }
        known = before.get(code)
        if known is None or any(getattr(known, name) != value for name, value in wanted.items()):
            exam_item_put(code=code, **wanted)
            changed += 1
    retired = [code for code, item in before.items() if item.active and code not in item_catalogue()]
    ExamItem.objects.filter(code__in=retired, rules__has_key="keywords").update(active=False)
    return changed


def exam_item_of(code: str) -> ExamItem:
    """The item with that code; the dictionary is loaded first where it is not."""
    found = ExamItem.objects.filter(code=code).first()
    if found is None and code in item_catalogue():
        exam_items_load()
        found = ExamItem.objects.filter(code=code).first()
    if found is None:
        raise Invalid("registry.item_unknown", item=code)
    return found


@transaction.atomic
def item_mapping_record(
    *, actor: Actor, hospital: Organisation, key: str, verb: str, item: ExamItem | None = None, reason: str = ""
) -> ItemMapping:
    """Keep what a person decided about a text of a hospital; the history of a key is only ever added to.

    `key` is the modality and the text, as exams carry it.  "item" says which item it means, "not_exam" that it is
    none of this list (a phantom, a test), "open" takes the decision back, "rejected" turns one suggestion down and
    leaves the decision as it is.  A decision that replaces another needs a reason.  Raises Invalid.
    """
    _check(key, verb, item)
    Organisation.objects.select_for_update(no_key=True).get(pk=hospital.pk)  # one version after the other
    rows = ItemMapping.objects.filter(hospital=hospital, key=key)
    current = rows.filter(is_current=True).select_related("item").first()
    decides = verb != Verb.REJECTED
    decided = current is not None and current.verb != Verb.OPEN
    if verb == Verb.OPEN and not decided:
        raise Conflict("registry.mapping_not_decided")
    if decides and decided and not reason.strip():
        raise Invalid("registry.reason_missing")
    if decides:
        rows.filter(is_current=True).update(is_current=False)
    row = ItemMapping.objects.create(
        hospital=hospital,
        key=key,
        verb=verb,
        item=item,
        reason=reason.strip(),
        actor_id=actor.id,
        actor_name=actor.name,
        made_at=now(),
        version=(rows.aggregate(last=Max("version"))["last"] or 0) + 1,
        is_current=decides,
    )
    audit.record(
        actor=actor,
        action=f"item_mapping.{verb}",
        subject=f"item_mapping:{row.pk}",
        scope=hospital.path,
        before=_said(current),
        after={"key": key, **_said(row)},
        reason=row.reason,
    )
    return row


def _check(key: str, verb: str, item: ExamItem | None) -> None:
    modality, _, text = key.partition(ItemMapping.BETWEEN)
    if verb not in Verb.values or (item is None) is (verb in {Verb.ITEM, Verb.REJECTED}):
        raise Invalid("registry.mapping_incomplete")
    if not text:
        raise Invalid("registry.mapping_without_text")
    if item is not None and item.modality != family_of(modality):
        raise Invalid("registry.item_of_other_modality")


def _said(row: ItemMapping | None) -> Mapping[str, Any]:
    return {} if row is None else {"verb": row.verb, "item": row.item.code if row.item else None}
