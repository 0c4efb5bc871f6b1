"""Which item of the dictionary a request asks for: by the mapping of the hospital, else the dictionary, else nobody.

Requests and exams of a hospital share their mappings: a text means one item, wherever it stands.
"""

from __future__ import annotations

from django.db.models import QuerySet

from imagingqc.protocol.items import ItemMatch, family_of, identify_item
from imagingqc.protocol.suggest import item_key
from yingheng.catalog.models import Exam, Order
from yingheng.registry.models import ExamItem, ItemMapping
from yingheng.registry.selectors import item_mapping_current
from yingheng.registry.services import exam_item_of
from yingheng.tenancy.models import Organisation

State = Exam.ItemState
_EXCLUDED = "item_excluded"


def order_item_find(order: Order) -> None:
    """Set `item` and the fields named `item_...` of a request that is about to be saved."""
    text = item_key([order.requested]) if order.requested else ""
    if not text:
        order.item, order.item_state, order.item_key = None, "", ""
        return
    order.item_key = f"{family_of(order.modality)}{ItemMapping.BETWEEN}{text}"[:220]
    mapping = item_mapping_current(order.hospital_id, order.item_key)
    if mapping is not None:
        order.item, order.item_state = mapping.item, State.MAPPED if mapping.item else State.EXCLUDED
        return
    match = identify_item([order.requested], order.modality)
    known = exam_item_of(match.fact) if match.fact else None
    excluded = match.reason is not None and match.reason.code == _EXCLUDED
    order.item = known
    order.item_state = State.MAPPED if known else State.EXCLUDED if excluded else State.UNMAPPED


def order_items_decide(*, hospital: Organisation, key: str, verb: str, item: ExamItem | None) -> int:
    """Apply a person's decision about a text to every request of the hospital that carries it; returns how many."""
    rows = Order.objects.filter(hospital=hospital, item_key=key)
    if verb == ItemMapping.Verb.OPEN:
        n = 0
        for row in rows.select_related("hospital"):
            order_item_find(row)
            row.save(update_fields=["item", "item_state", "item_key"])
            n += 1
        return n
    n = rows.update(item=item, item_state=State.MAPPED if item else State.EXCLUDED)
    if item is not None:
        exams_look_again(rows)
    return n


def exams_look_again(orders: QuerySet[Order]) -> int:
    """Have the item of exams that have none found anew, since their requests name one now; returns how many."""
    rows = Exam.objects.filter(order__in=orders, item_state=State.UNMAPPED, item_source=Exam.ItemSource.NOBODY)
    return rows.update(item_state=State.PENDING)


def item_by_request(exam: Exam, family: str) -> ItemMatch | None:
    """What the request says that an exam is whose own texts do not tell; None when it does not either."""
    order = exam.order
    if order is None or order.item is None or order.item.modality != family:
        return None
    return ItemMatch(order.item.code, "text", (order.requested,))
