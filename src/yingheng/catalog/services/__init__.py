"""Writing the catalog: cataloguing what arrived, closing, linking, settling."""

from yingheng.catalog.services.catalogue import CatalogueResult, instances_catalogue
from yingheng.catalog.services.closing import exam_close, series_close
from yingheng.catalog.services.items import (
    exam_item_follow,
    exam_item_identify,
    exam_item_set,
    exam_items_refresh,
    item_key_decide,
    item_mapping_spread,
)
from yingheng.catalog.services.settling import exam_outcome_set, patient_merge, quarantine_discard
from yingheng.catalog.services.workflow import order_record, performed_step_record, report_record, retake_record

__all__ = [
    "CatalogueResult",
    "exam_close",
    "exam_item_follow",
    "exam_item_identify",
    "exam_item_set",
    "exam_items_refresh",
    "exam_outcome_set",
    "instances_catalogue",
    "item_key_decide",
    "item_mapping_spread",
    "order_record",
    "patient_merge",
    "performed_step_record",
    "quarantine_discard",
    "report_record",
    "retake_record",
    "series_close",
]
