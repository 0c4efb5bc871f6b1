"""What happens after what: the only table of event kind to handlers.  Handlers are idempotent services."""

from yingheng.common import events
from yingheng.imagequality.tasks import (
    evaluate_exam_closed,
    evaluate_series_ready,
    judge_exam_ready,
    measure_series_full,
)
from yingheng.ingest.tasks import tell_quarantined
from yingheng.jobs.routes import Routes
from yingheng.notify.handlers import tell_job_parked

# A kind with no handler says that nothing follows it yet; a kind that is not listed is a mistake and gets parked.
ROUTES: Routes = {
    events.SERIES_READY: (evaluate_series_ready,),
    events.EXAM_CLOSED: (evaluate_exam_closed,),
    events.JOB_PARKED: (tell_job_parked,),
    events.INSTANCE_QUARANTINED: (tell_quarantined,),
    events.SERIES_MEASURED: (measure_series_full,),
    events.EXAM_READY: (judge_exam_ready,),
    events.RULES_CHANGED: (),
    events.SHADOW_ASKED: (),
    events.DEVICE_SEEN: (),
    events.DEVICE_RESTRICTED: (),
    events.DEVICE_RELEASED: (),
    events.MEASUREMENT_STORED: (),
    events.BASELINE_CHANGED: (),
    events.ASSESSMENT_STORED: (),
    events.FINDING_OPENED: (),
    events.FINDING_CLOSED: (),
    events.PIXELS_EXPIRED: (),
}
