"""The closed list of permissions. A page or service names one of these; a role is a set of them."""

EXAM_VIEW = "exam.view"
EXAM_DECIDE = "exam.decide"
EXAM_EVALUATE = "exam.evaluate"  # ask for an evaluation anew
FINDING_VIEW = "finding.view"
FINDING_DECIDE = "finding.decide"
DEVICE_VIEW = "device.view"
DEVICE_EDIT = "device.edit"
DEVICE_RELEASE = "device.release"  # change the use state: restrict, release
STANDARD_VIEW = "standard.view"
STANDARD_EDIT = "standard.edit"
INDICATOR_VIEW = "indicator.view"
RETAKE_EDIT = "retake.edit"
MAPPING_EDIT = "mapping.edit"  # exam item mapping
PATIENT_IDENTIFY = "patient.identify"
PATIENT_MERGE = "patient.merge"  # say that two patient ids are one person, or take it back
DOCUMENT_VIEW = "document.view"  # open attached files; what they are about asks for its own permission besides
SHEET_VIEW = "sheet.view"
SHEET_FILL = "sheet.fill"  # fill in, submit, attach, sign, correct
SHEET_EDIT = "sheet.edit"  # write and publish own templates
EXPORT = "export.make"
USER_VIEW = "user.view"
USER_MANAGE = "user.manage"
ORGANISATION_MANAGE = "organisation.manage"
ROLE_GRANT = "role.grant"
AUDIT_VIEW = "audit.view"
JOB_VIEW = "job.view"
JOB_MANAGE = "job.manage"
INGEST_VIEW = "ingest.view"
INGEST_MANAGE = "ingest.manage"
INGEST_SEND = "ingest.send"  # bring objects, orders and reports in over the interfaces for programs
SYSTEM_VIEW = "system.view"
DEVICE_TEST = "device.test"  # carry out performance tests: say which test it is, fill in, submit
REVIEW_READ = "review.read"  # read cases that one was given, and see one's own figures
REVIEW_VIEW = "review.view"  # results, statistics, rulings
REVIEW_PLAN = "review.plan"  # plans, draws, assignments, announcing results
REVIEW_RULE = "review.rule"  # lead the daily review, decide appeals, trace causes
REVIEW_APPEAL = "review.appeal"  # object to a ruling on work of one's own department
REVIEW_LEARN = "review.learn"  # look at the teaching library, do exercises, see one's own results
REVIEW_TEACH = "review.teach"  # build the library: add, check, publish, withdraw cases; set exercises, see results
MEETING_VIEW = "meeting.view"
MEETING_PLAN = "meeting.plan"  # plan and call meetings, series of them
MEETING_RECORD = "meeting.record"  # hold them: attendance, minutes, action items
PERSON_VIEW = "person.view"  # the staff of a hospital
PERSON_EDIT = "person.edit"  # record staff, say whose the names of operators are: these are shown in clear
SCHEDULE_VIEW = "schedule.view"
SCHEDULE_EDIT = "schedule.edit"  # plan what comes round again, settle what is due

ALL: frozenset[str] = frozenset(
    {
        EXAM_VIEW,
        EXAM_DECIDE,
        EXAM_EVALUATE,
        FINDING_VIEW,
        FINDING_DECIDE,
        DEVICE_VIEW,
        DEVICE_EDIT,
        DEVICE_RELEASE,
        STANDARD_VIEW,
        STANDARD_EDIT,
        INDICATOR_VIEW,
        RETAKE_EDIT,
        MAPPING_EDIT,
        PATIENT_IDENTIFY,
        PATIENT_MERGE,
        DOCUMENT_VIEW,
        SHEET_VIEW,
        SHEET_FILL,
        SHEET_EDIT,
        EXPORT,
        USER_VIEW,
        USER_MANAGE,
        ORGANISATION_MANAGE,
        ROLE_GRANT,
        AUDIT_VIEW,
        JOB_VIEW,
        JOB_MANAGE,
        INGEST_VIEW,
        INGEST_MANAGE,
        INGEST_SEND,
        SYSTEM_VIEW,
        DEVICE_TEST,
        REVIEW_READ,
        REVIEW_VIEW,
        REVIEW_PLAN,
        REVIEW_RULE,
        REVIEW_APPEAL,
        REVIEW_LEARN,
        REVIEW_TEACH,
        MEETING_VIEW,
        MEETING_PLAN,
        MEETING_RECORD,
        PERSON_VIEW,
        PERSON_EDIT,
        SCHEDULE_VIEW,
        SCHEDULE_EDIT,
    }
)


def known(permission: str) -> str:
    """`permission` itself; ValueError when the list has no such word, so that a typing error cannot grant nothing."""
    if permission not in ALL:
        raise ValueError(f"no such permission: {permission}")
    return permission
