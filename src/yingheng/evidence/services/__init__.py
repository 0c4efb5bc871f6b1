"""Writing evidence: measurements, assessments with their findings, and people's decisions."""

from yingheng.evidence.services.accepting import exam_accept
from yingheng.evidence.services.assessing import Run, assessment_store
from yingheng.evidence.services.baselining import (
    Change,
    courses_refresh,
    device_changed,
    device_courses_refresh,
    epoch_add,
    epoch_withdraw,
)
from yingheng.evidence.services.deciding import finding_decide, verdict_decide
from yingheng.evidence.services.measuring import BaselineValues, baseline_set, measurements_store
from yingheng.evidence.services.points import (
    OF_TESTS,
    numbers_of,
    parts_seen,
    points_of,
    points_put,
    points_rebuild,
    points_store,
)
from yingheng.evidence.services.recounting import RECOUNTS
from yingheng.evidence.services.retiring import measured_retire, unasked_retire
from yingheng.evidence.services.settling import TRANSITIONS, finding_close, finding_event
from yingheng.evidence.services.subject import Subject, subject_of_device, subject_of_exam, subject_of_series

__all__ = [
    "OF_TESTS",
    "RECOUNTS",
    "TRANSITIONS",
    "BaselineValues",
    "Change",
    "Run",
    "Subject",
    "assessment_store",
    "baseline_set",
    "courses_refresh",
    "device_changed",
    "device_courses_refresh",
    "epoch_add",
    "epoch_withdraw",
    "exam_accept",
    "finding_close",
    "finding_decide",
    "finding_event",
    "measured_retire",
    "measurements_store",
    "numbers_of",
    "parts_seen",
    "points_of",
    "points_put",
    "points_rebuild",
    "points_store",
    "subject_of_device",
    "subject_of_exam",
    "subject_of_series",
    "unasked_retire",
    "verdict_decide",
]
