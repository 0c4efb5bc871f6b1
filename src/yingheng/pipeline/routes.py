"""What happens after what: the only table of event kind to handlers.  Handlers are idempotent services."""

from yingheng.common import events
from yingheng.imagequality.handlers import (
    accumulate_device,
    devices_by_changed_rules,
    follow_device_change,
    follow_more,
    follow_set,
    follow_trend,
    judge_by_new_baseline,
    judge_series,
)
from yingheng.imagequality.tasks import (
    evaluate_exam_closed,
    evaluate_series_ready,
    judge_by_changed_rules,
    judge_exam_ready,
    measure_series_full,
    spread_mapping,
)
from yingheng.ingest.tasks import tell_quarantined
from yingheng.jobs.routes import Routes
from yingheng.notify.handlers import tell_job_parked
from yingheng.rulebook.tasks import run_shadow_asked

# A kind with no handler says that nothing follows it yet; a kind that is not listed is a mistake and gets parked.
ROUTES: Routes = {
    events.SERIES_READY: (evaluate_series_ready,),
    events.EXAM_CLOSED: (evaluate_exam_closed,),
    events.JOB_PARKED: (tell_job_parked,),
    events.INSTANCE_QUARANTINED: (tell_quarantined,),
    events.SERIES_MEASURED: (measure_series_full,),
    events.EXAM_READY: (judge_exam_ready,),
    events.ITEM_MAPPED: (spread_mapping,),
    events.RULES_CHANGED: (judge_by_changed_rules, devices_by_changed_rules),
    events.SHADOW_ASKED: (run_shadow_asked,),
    events.DEVICE_SEEN: (),
    events.DEVICE_RESTRICTED: (),
    events.DEVICE_RELEASED: (),
    events.MEASUREMENT_STORED: (follow_set,),
    events.BASELINE_CHANGED: (judge_by_new_baseline,),
    events.DEVICE_CHANGED: (follow_device_change,),
    events.SERIES_JUDGE: (judge_series,),
    events.DEVICE_TREND: (follow_trend,),
    events.DEVICE_FOLLOW: (follow_more,),
    events.DEVICE_ACCUMULATE: (accumulate_device,),
    events.ASSESSMENT_STORED: (),
    events.FINDING_OPENED: (),
    events.FINDING_CLOSED: (),
    events.PIXELS_EXPIRED: (),
}
