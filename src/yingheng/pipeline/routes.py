"""What happens after what: the only table of event kind to handlers.  Handlers are idempotent services."""

from yingheng.catalog.metadata import series_metadata_cache, series_metadata_forget
from yingheng.catalog.tasks import (
    apply_operator,
    gather_operators,
    rematch_operators,
    remove_expired_pixels,
    suggest_retakes_of_steps,
)
from yingheng.common import events
from yingheng.documents.tasks import make_report_asked
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
from yingheng.imagequality.retakes import suggest_retakes
from yingheng.imagequality.tasks import (
    evaluate_exam_closed,
    evaluate_series_ready,
    judge_by_changed_rules,
    judge_exam_ready,
    measure_series_full,
    spread_mapping,
)
from yingheng.ingest.tasks import (
    answer_commitment,
    apply_waiting_reports,
    ask_commitment,
    forward_asked,
    forward_exam,
    forward_send,
    forward_series,
    notice_send,
    query_go_on,
    release_reviewed,
    tell_quarantined,
)
from yingheng.jobs.routes import Routes
from yingheng.notify.handlers import tell_job_parked
from yingheng.phantomqc.handlers import recognise_exam, recognise_series, run_phantom, try_phantom
from yingheng.registry.handlers import tell_use
from yingheng.rejects.handlers import (
    apply_reason,
    count_exam,
    count_month,
    count_operator,
    count_retake,
    import_log,
    look_folder,
)
from yingheng.review.daily_handlers import clear_ruled, take_closed
from yingheng.review.handlers import draw_asked
from yingheng.review.made_by_handlers import follow_account, follow_exam, follow_operator
from yingheng.review.services.agreeing import agreement_asked
from yingheng.review.services.closing import close_asked
from yingheng.review.services.lettering import letters_asked
from yingheng.review.services.publishing import apply_ruled
from yingheng.review.services.teaching_copying import copy_asked
from yingheng.rulebook.tasks import run_shadow_asked

# A kind with no handler says that nothing follows it yet; a kind that is not listed is a mistake and gets parked.
ROUTES: Routes = {
    events.SERIES_READY: (forward_series, recognise_series, evaluate_series_ready, series_metadata_cache),
    events.EXAM_CLOSED: (
        forward_exam,
        recognise_exam,
        evaluate_exam_closed,
        apply_waiting_reports,
        suggest_retakes_of_steps,
        gather_operators,
        follow_exam,
        take_closed,
        count_exam,
    ),
    events.FORWARD_ASKED: (forward_asked,),
    events.FORWARD_SEND: (forward_send,),
    events.NOTICE_SEND: (notice_send,),
    events.QUERY_RUN: (query_go_on,),
    events.JOB_PARKED: (tell_job_parked,),
    events.INSTANCE_QUARANTINED: (tell_quarantined,),
    events.OPERATOR_LINKED: (apply_operator, follow_operator, count_operator),
    events.PERFORMER_SET: (follow_exam, count_exam),
    events.STAFF_CHANGED: (rematch_operators,),
    events.PERSON_ACCOUNT: (follow_account,),
    events.COMMITMENT_ASKED: (answer_commitment,),
    events.COMMITMENT_ASK: (ask_commitment,),
    events.SERIES_MEASURED: (measure_series_full,),
    events.EXAM_READY: (judge_exam_ready,),
    events.ITEM_MAPPED: (spread_mapping,),
    events.RULES_CHANGED: (judge_by_changed_rules, devices_by_changed_rules),
    events.SHADOW_ASKED: (run_shadow_asked,),
    events.DEVICE_SEEN: (),
    events.REPORT_ASKED: (make_report_asked,),
    events.SHEET_SUBMITTED: (),
    events.DEVICE_RESTRICTED: (tell_use,),
    events.DEVICE_RELEASED: (tell_use,),
    events.DEVICE_PERMITTED: (tell_use,),
    events.MEASUREMENT_STORED: (follow_set, suggest_retakes),
    events.BASELINE_CHANGED: (judge_by_new_baseline,),
    events.DEVICE_CHANGED: (follow_device_change,),
    events.SERIES_JUDGE: (judge_series,),
    events.DEVICE_TREND: (follow_trend,),
    events.DEVICE_FOLLOW: (follow_more,),
    events.DEVICE_ACCUMULATE: (accumulate_device,),
    events.ASSESSMENT_STORED: (),
    events.FINDING_OPENED: (),
    events.FINDING_CLOSED: (),
    events.PHANTOM_RUN: (run_phantom,),
    events.PHANTOM_TRY: (try_phantom,),
    events.REVIEW_ASKED: (draw_asked,),
    events.LETTERS_ASKED: (letters_asked,),
    events.TEACHING_ASKED: (copy_asked,),
    events.AGREEMENT_ASKED: (agreement_asked,),
    events.YEAR_ENDED: (close_asked,),
    events.CASE_READ: (),
    events.CASE_RULED: (apply_ruled, clear_ruled),
    events.EXAM_CLEARED: (release_reviewed,),
    events.EXPOSURES_CHANGED: (count_month,),
    events.RETAKE_SETTLED: (count_retake,),
    events.REJECT_LOG_ASKED: (import_log,),
    events.REJECT_FOLDER_LOOK: (look_folder,),
    events.REJECT_REASON_DECIDED: (apply_reason,),
    events.PIXELS_EXPIRED: (remove_expired_pixels, series_metadata_forget),
}
