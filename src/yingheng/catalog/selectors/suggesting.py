"""Suggestions for texts that nobody mapped yet, from what the same hospital confirmed; nothing is applied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from imagingqc.protocol.items import identify_item
from imagingqc.protocol.suggest import BETWEEN, Known, Suggestion, suggest
from yingheng.catalog.selectors.items import KeyGroup, key_exam_counts
from yingheng.registry.models import ItemMapping
from yingheng.registry.selectors import item_mapping_list, item_rejections
from yingheng.tenancy.scope import Scope

MOST_KNOWN = 2000  # confirmed texts that are compared with, the newest first
_Key = tuple[UUID, str]


def suggestions_of(scope: Scope, groups: Sequence[KeyGroup]) -> dict[_Key, tuple[Suggestion, ...]]:
    """At most three suggestions for each group, by hospital and key.  Three queries, whatever the number of groups.

    A hospital learns from its own decisions alone.
    """
    if not groups:
        return {}
    known = _known(scope)
    turned_down = item_rejections(scope, {group.key for group in groups})
    found = {
        (group.hospital_id, group.key): suggest(
            group.text,
            group.modality,
            known.get((group.hospital_id, group.modality), ()),
            candidates=_candidates(group),
            rejected=turned_down.get((group.hospital_id, group.key), ()),
        )
        for group in groups
        if group.text
    }
    return _counted(scope, found)


def _known(scope: Scope) -> Mapping[_Key, Sequence[Known]]:
    rows = item_mapping_list(scope).filter(verb=ItemMapping.Verb.ITEM).order_by("-made_at")
    known: dict[_Key, list[Known]] = defaultdict(list)
    for row in rows[:MOST_KNOWN]:
        if row.item is not None:
            known[row.hospital_id, row.modality].append(Known(row.text, row.item.code))
    return known


def _candidates(group: KeyGroup) -> tuple[str, ...]:
    """Items between which the dictionary cannot decide, or the one that the body part alone would give."""
    if group.text.startswith("[") and group.text.endswith("]"):
        alone = identify_item((), group.modality, group.text[1:-1])
        return (alone.item_code,) if alone.item_code else alone.candidates
    match = identify_item(group.text.split(BETWEEN), group.modality, group.body_part or None)
    return (match.item_code,) if match.item_code else match.candidates


def _counted(scope: Scope, found: Mapping[_Key, tuple[Suggestion, ...]]) -> dict[_Key, tuple[Suggestion, ...]]:
    """The suggestions with the number of exams that carry the confirmed text."""
    likes = {
        f"{key.partition(ItemMapping.BETWEEN)[0]}{ItemMapping.BETWEEN}{s.like}"
        for (_hospital, key), several in found.items()
        for s in several
        if s.like
    }
    counts = key_exam_counts(scope, likes)

    def counted(at: _Key, s: Suggestion) -> Suggestion:
        like = f"{at[1].partition(ItemMapping.BETWEEN)[0]}{ItemMapping.BETWEEN}{s.like}"
        return replace(s, n_exams=counts.get((at[0], like), 0))

    return {at: tuple(counted(at, s) for s in several) for at, several in found.items()}
