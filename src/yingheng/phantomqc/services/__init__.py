"""Writing phantoms, tests and what follows from them."""

from yingheng.phantomqc.services.answering import answers_take, sheet_newest, sheet_of_test
from yingheng.phantomqc.services.baselining import case_baseline_set, course_baseline_set
from yingheng.phantomqc.services.free import sheet_follow
from yingheng.phantomqc.services.gate import gate_set, restrictions_due
from yingheng.phantomqc.services.instruments import ReadingRefused, Sent, instrument_reading_take
from yingheng.phantomqc.services.occasions import (
    device_test_open,
    device_test_plan,
    device_test_submit,
    item_answer,
)
from yingheng.phantomqc.services.recognising import case_dismiss, case_route, exam_recognise, series_recognise
from yingheng.phantomqc.services.ruling import SelectorFields, selector_put, selector_switch
from yingheng.phantomqc.services.running import case_run
from yingheng.phantomqc.services.trying import case_try, trial_confirm

__all__ = [
    "ReadingRefused",
    "SelectorFields",
    "Sent",
    "answers_take",
    "case_baseline_set",
    "case_dismiss",
    "case_route",
    "case_run",
    "case_try",
    "course_baseline_set",
    "device_test_open",
    "device_test_plan",
    "device_test_submit",
    "exam_recognise",
    "gate_set",
    "instrument_reading_take",
    "item_answer",
    "restrictions_due",
    "selector_put",
    "selector_switch",
    "series_recognise",
    "sheet_follow",
    "sheet_newest",
    "sheet_of_test",
    "trial_confirm",
]
