"""Writing the catalog: cataloguing what arrived, closing, linking, settling."""

from yingheng.catalog.services.accepting import quarantine_accept
from yingheng.catalog.services.catalogue import CatalogueResult, instances_catalogue
from yingheng.catalog.services.closing import exam_close, series_close
from yingheng.catalog.services.completing import exam_arrival_note, exams_settle
from yingheng.catalog.services.items import (
    exam_item_follow,
    exam_item_identify,
    exam_item_set,
    exam_items_refresh,
    item_key_decide,
    item_mapping_spread,
)
from yingheng.catalog.services.operators import (
    exam_operators_gather,
    order_operators_tell,
    report_operators_tell,
    step_operators_tell,
)
from yingheng.catalog.services.operators_backfilling import operators_backfill, operators_walk, operators_walk_again
from yingheng.catalog.services.operators_deciding import operator_apply, operator_decide, operators_rematch
from yingheng.catalog.services.patients import patient_merge, patient_tell, patient_unmerge
from yingheng.catalog.services.performing import exam_performer_follow, exam_performer_set
from yingheng.catalog.services.refused import unreadable_record
from yingheng.catalog.services.retakes import retake_confirm, retake_record, retake_reject, retake_suggest
from yingheng.catalog.services.sameness import spare_bytes_remove
from yingheng.catalog.services.settling import exam_outcome_set, quarantine_discard
from yingheng.catalog.services.telling import order_tell, report_tell
from yingheng.catalog.services.workflow import order_record, performed_step_record, report_record

__all__ = [
    "CatalogueResult",
    "exam_arrival_note",
    "exam_close",
    "exam_item_follow",
    "exam_item_identify",
    "exam_item_set",
    "exam_items_refresh",
    "exam_operators_gather",
    "exam_outcome_set",
    "exam_performer_follow",
    "exam_performer_set",
    "exams_settle",
    "instances_catalogue",
    "item_key_decide",
    "item_mapping_spread",
    "operator_apply",
    "operator_decide",
    "operators_backfill",
    "operators_rematch",
    "operators_walk",
    "operators_walk_again",
    "order_operators_tell",
    "order_record",
    "order_tell",
    "patient_merge",
    "patient_tell",
    "patient_unmerge",
    "performed_step_record",
    "quarantine_accept",
    "quarantine_discard",
    "report_operators_tell",
    "report_record",
    "report_tell",
    "retake_confirm",
    "retake_record",
    "retake_reject",
    "retake_suggest",
    "series_close",
    "spare_bytes_remove",
    "step_operators_tell",
    "unreadable_record",
]
