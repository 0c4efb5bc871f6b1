"""Words of this app's errors and of the reasons why a job was parked."""

from django.utils.translation import gettext_lazy as _

from yingheng.common import events

ERROR_TEXTS = {
    "jobs.not_found": _("This job does not exist, or you have no access to it."),
    "jobs.not_parked": _("Only a parked job can be tried again."),
}

#: A parked job's `error` begins with one of these words and a colon when the engine itself gave up on it.
GIVEN_UP = {
    "worker_lost": _("The worker process ended or stopped answering while it ran this job."),
    "time_limit": _("It took longer than the time limit."),
    "memory_limit": _("It needed more memory than the limit."),
    "no_route": _("This version of the program does not know what to do with this kind of job."),
}

#: What happened, by the kind of a job: its work follows from that.
KINDS = {
    events.INSTANCE_QUARANTINED: _("An object was put aside"),
    events.SERIES_READY: _("A series is complete: fast measurement"),
    events.SERIES_MEASURED: _("The fast set is stored: full measurement"),
    events.EXAM_READY: _("Something of an exam changed: judge it anew"),
    events.EXAM_CLOSED: _("An exam is complete: judge it"),
    events.DEVICE_SEEN: _("A device was seen for the first time"),
    events.DEVICE_RESTRICTED: _("A device was restricted"),
    events.DEVICE_RELEASED: _("A device was released"),
    events.DEVICE_PERMITTED: _("A restricted device may be used for a while"),
    events.DEVICE_CHANGED: _("A device changed: compare it anew"),
    events.DEVICE_ACCUMULATE: _("Measure a device over many exams"),
    events.DEVICE_FOLLOW: _("Rules ask for more trends of a device"),
    events.DEVICE_TREND: _("A quantity of a device began or ceased to drift"),
    events.MEASUREMENT_STORED: _("Measurements were stored"),
    events.SERIES_JUDGE: _("A baseline changed: judge a series anew"),
    events.BASELINE_CHANGED: _("A baseline was set"),
    events.ASSESSMENT_STORED: _("An assessment was stored"),
    events.FINDING_OPENED: _("A finding was opened"),
    events.FINDING_CLOSED: _("A finding was settled"),
    events.PHANTOM_RUN: _("Images of a phantom: analyse them"),
    events.PHANTOM_TRY: _("Images of a phantom: try which test they are"),
    events.PIXELS_EXPIRED: _("Images passed their time of keeping"),
    events.RULES_CHANGED: _("Rules changed: judge exams anew"),
    events.SHADOW_ASKED: _("A trial run was asked for"),
    events.ITEM_MAPPED: _("A text was matched to an exam item"),
    events.OPERATOR_LINKED: _("Whose an operator is changed: its exams follow"),
    events.PERFORMER_SET: _("Who made an exam became known: film review follows"),
    events.STAFF_CHANGED: _("Staff changed: look again who made exams"),
    events.PERSON_ACCOUNT: _("An account was given to a person: film review follows"),
    events.COMMITMENT_ASKED: _("A sender asks whether its images are safe"),
    events.COMMITMENT_ASK: _("Ask a destination whether the images are safe"),
    events.FORWARD_ASKED: _("An exam is to be sent somewhere"),
    events.FORWARD_SEND: _("Exams wait for a destination: send them"),
    events.QUERY_RUN: _("A query of an archive or worklist goes on"),
    events.NOTICE_SEND: _("Results wait for an address: tell them"),
    events.SHEET_SUBMITTED: _("A filled-in sheet was submitted"),
    events.REVIEW_ASKED: _("A sample for film review falls due"),
    events.CASE_READ: _("A case was read"),
    events.CASE_RULED: _("A case was settled"),
    events.EXAM_CLEARED: _("The daily review lets an exam go"),
    events.YEAR_ENDED: _("A year of film review is to be closed"),
    events.TEACHING_ASKED: _("Images are to be copied into the teaching library"),
    events.LETTERS_ASKED: _("Images are read blind: look for letters burned into them"),
    events.AGREEMENT_ASKED: _("Agreement of readers: calculate it"),
    events.EXPOSURES_CHANGED: _("Exposures of a device changed: count its month"),
    events.RETAKE_SETTLED: _("A retake was entered or settled"),
    events.REJECT_LOG_ASKED: _("A log of exposures is to be imported"),
    events.REJECT_FOLDER_LOOK: _("A folder is looked at for logs of exposures"),
    events.REJECT_REASON_DECIDED: _("A reason of rejected exposures was decided"),
    events.REPORT_ASKED: _("A report is to be made"),
    events.JOB_PARKED: _("A job was parked"),
}
