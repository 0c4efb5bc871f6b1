"""Which texts of exams are mapped to items and which wait for somebody, within a scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, QuerySet, Value

from yingheng.catalog.models import Exam, Order
from yingheng.catalog.selectors.exams import exams_within
from yingheng.registry.models import ItemMapping
from yingheng.tenancy.scope import Scope

State, Source = Exam.ItemState, Exam.ItemSource
REQUESTS = "requests"  # among the states of exams: requests that nobody mapped


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """The exams of one hospital with the same texts: how many, the last of them, and the item they have now.

    `reason` is the code of why they have none, `body_part` the attribute of one of them.  Exams whose item a person
    set one by one are not among them.
    """

    hospital_id: UUID
    hospital: str
    path: str
    key: str
    item: str
    name_zh: str
    name_en: str
    source: str
    reason: str
    n_exams: int = 0
    last_seen: dt.datetime | None = None
    body_part: str = ""

    @property
    def modality(self) -> str:
        return self.key.partition(ItemMapping.BETWEEN)[0]

    @property
    def text(self) -> str:
        return self.key.partition(ItemMapping.BETWEEN)[2]


def item_state_counts(scope: Scope) -> dict[str, int]:
    """Numbers of exams by state of their item; those not looked at yet count as unmapped.

    REQUESTS is the number of requests without an item.  One query for both.
    """
    counts: dict[str, int] = dict.fromkeys((State.MAPPED, State.UNMAPPED, State.EXCLUDED, REQUESTS), 0)
    exams = exams_within(scope).order_by().values_list("item_state").annotate(n=Count("pk"))
    orders = scope.filter(Order.objects.filter(item_state=State.UNMAPPED)).order_by()
    told = orders.annotate(what=Value(REQUESTS)).values_list("what").annotate(n=Count("pk"))
    for state, n in exams.union(told, all=True):
        counts[state or State.UNMAPPED] += n
    return counts


def unmapped_count(scope: Scope) -> int:
    """Number of exams whose item nobody knows, those not looked at yet included; its cost grows with them alone."""
    return exams_within(scope).filter(item_state__in=(State.UNMAPPED, State.PENDING)).count()


_COLUMNS = ("hospital_id", "hospital__name", "hospital__path", "item_key", "item__code", "item__name_zh",
            "item__name_en")  # fmt: skip


def key_groups(
    scope: Scope, *, state: str = State.UNMAPPED, modality: str = "", text: str = "", key: str = ""
) -> QuerySet[Exam, dict[str, Any]]:
    """Exams by hospital and key, those of most exams first; `key_group` makes a KeyGroup of each row.

    `text` is a part of the key, `key` a whole one.  State unmapped has the exams not looked at yet too; no state
    asks for all.
    """
    rows = exams_within(scope).exclude(item_source=Source.PERSON)
    if state:
        rows = rows.filter(item_state__in=(State.UNMAPPED, State.PENDING) if state == State.UNMAPPED else (state,))
    if modality:
        rows = rows.filter(item_key__startswith=f"{modality}{ItemMapping.BETWEEN}")
    if text.strip():
        rows = rows.filter(item_key__icontains=text.strip())
    if key:
        rows = rows.filter(item_key=key)
    grouped = (
        rows.order_by()
        .values(*_COLUMNS)
        .annotate(
            n=Count("pk"),
            last=Max("sort_at"),
            source=Max("item_source"),
            reason=Max("item_reason"),
            part=Max("body_part"),
        )
    )
    return grouped.order_by("-n", "item_key", "hospital_id")


def key_group(row: dict[str, Any]) -> KeyGroup:
    """A row of `key_groups` or `order_key_groups`; of the latter `n_exams` is the number of requests."""
    return KeyGroup(
        hospital_id=row["hospital_id"],
        hospital=row["hospital__name"],
        path=row["hospital__path"],
        key=row["item_key"],
        item=row["item__code"] or "",
        name_zh=row["item__name_zh"] or "",
        name_en=row["item__name_en"] or "",
        source=row.get("source") or "",
        reason=row.get("reason") or "",
        n_exams=row["n"],
        last_seen=row["last"],
        body_part=row.get("part") or "",
    )


def order_key_groups(
    scope: Scope, *, modality: str = "", text: str = "", key: str = ""
) -> QuerySet[Order, dict[str, Any]]:
    """Requests without an item by hospital and key, those of most requests first; rows for `key_group`."""
    rows = scope.filter(Order.objects.filter(item_state=State.UNMAPPED))
    if modality:
        rows = rows.filter(item_key__startswith=f"{modality}{ItemMapping.BETWEEN}")
    if text.strip():
        rows = rows.filter(item_key__icontains=text.strip())
    if key:
        rows = rows.filter(item_key=key)
    grouped = rows.order_by().values(*_COLUMNS).annotate(n=Count("pk"), last=Max("ordered_at"))
    return grouped.order_by("-n", "item_key", "hospital_id")


def key_exam_counts(scope: Scope, keys: Iterable[str]) -> dict[tuple[UUID, str], int]:
    """Numbers of exams by hospital and key, for the keys asked for.  One query."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = exams_within(scope).filter(item_key__in=wanted).order_by()
    found = rows.values_list("hospital_id", "item_key").annotate(n=Count("pk"))
    return {(hospital, key): n for hospital, key, n in found}


def item_modalities(scope: Scope, *, state: str = State.UNMAPPED) -> list[str]:
    """The modalities of exams in that state, as keys carry them, sorted."""
    states = (State.UNMAPPED, State.PENDING) if state == State.UNMAPPED else (state,)
    keys = exams_within(scope).filter(item_state__in=states).order_by().values_list("item_key", flat=True).distinct()
    return sorted({key.partition(ItemMapping.BETWEEN)[0] for key in keys} - {""})


def exam_pending_items(*, limit: int = 200) -> list[Exam]:
    """Exams whose item was never looked at, for the platform's own work."""
    rows = Exam.objects.filter(item_state=State.PENDING).select_related("hospital", "item")
    return list(rows.order_by("pk")[:limit])
