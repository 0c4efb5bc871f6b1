"""Writing devices, persons, rooms, exam items and what texts of exams mean."""

from yingheng.registry.services.devices import device_confirm, device_from_headers, room_put
from yingheng.registry.services.items import exam_item_of, exam_item_put, exam_items_load, item_mapping_record
from yingheng.registry.services.persons import (
    person_account_set,
    person_activate,
    person_change,
    person_create,
    person_put,
)
from yingheng.registry.services.staff_lists import Change, staff_list_plan, staff_list_take
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
    "Change",
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
    "person_activate",
    "person_change",
    "person_create",
    "person_put",
    "room_put",
    "staff_list_plan",
    "staff_list_take",
]
