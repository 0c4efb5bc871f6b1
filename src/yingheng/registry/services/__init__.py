"""Writing devices, persons, rooms, exam items and what texts of exams mean."""

from yingheng.registry.services.devices import device_confirm, device_from_headers, person_put, room_put
from yingheng.registry.services.items import exam_item_of, exam_item_put, exam_items_load, item_mapping_record
from yingheng.registry.services.persons import person_account_set
from yingheng.registry.services.using import (
    TRANSITIONS,
    Ground,
    device_permit,
    device_permit_end,
    device_release,
    device_restrict,
)

__all__ = [
    "TRANSITIONS",
    "Ground",
    "device_confirm",
    "device_from_headers",
    "device_permit",
    "device_permit_end",
    "device_release",
    "device_restrict",
    "exam_item_of",
    "exam_item_put",
    "exam_items_load",
    "item_mapping_record",
    "person_account_set",
    "person_put",
    "room_put",
]
