"""The teaching library and its exercises."""

from tests.flows.routes.route import ATTEMPT, EXAM, OWN, Route

TAUGHT = {"case_id": "teaching"}
DRAFTED = {"case_id": "teaching_draft"}
EXERCISE = {"exercise_id": "exercise"}
ROUTES = {
    "review:teaching": Route("review.learn"),
    "review:teaching_work": Route("review.teach"),
    "review:teaching_case": Route("review.learn", TAUGHT),
    "review:teaching_check": Route("review.teach", DRAFTED),
    "review:teaching_back": Route("review.teach", DRAFTED),
    "review:teaching_publish": Route("review.teach", DRAFTED, post=True),
    "review:teaching_withdraw": Route("review.teach", TAUGHT),
    "review:teaching_next": Route("review.teach", DRAFTED, post=True),
    "review:teaching_offer": Route("review.teach", DRAFTED, post=True),
    "review:teaching_share": Route("review.teach", TAUGHT, fine=OWN),
    "review:exercises": Route("review.learn"),
    "review:training": Route("review.learn"),
    "review:trainees": Route("review.teach"),
    "review:exercise_new": Route("review.teach", {"organisation_id": "hospital"}),
    "review:exercise": Route("review.learn", EXERCISE),
    "review:exercise_begin": Route("review.learn", EXERCISE, post=True),
    "review:exercise_close": Route("review.teach", EXERCISE, post=True),
    "review:attempt": Route("review.learn", ATTEMPT, fine=OWN),
    "review:attempt_finish": Route("review.learn", ATTEMPT, post=True, fine=OWN),
    "web:teaching_add": Route("review.teach", EXAM),
    "web:teaching_copy": Route("review.teach", {"copy_id": "teaching_copy"}),
    "web:teaching_defects": Route("review.learn", query="?modality=DX"),
    "web:teaching_viewer": Route("review.learn", TAUGHT),
    "web:teaching_exam": Route("review.learn", TAUGHT),
    "web:teaching_compare": Route("review.learn", TAUGHT),
    "web:teaching_series": Route("review.learn", TAUGHT | {"n": 0}),
    "web:teaching_frame": Route("review.learn", TAUGHT | {"n": 0, "index": 0}),
    "web:teaching_picture": Route("review.learn", TAUGHT | {"n": 0, "index": 0}),
    "web:teaching_thumbnail": Route("review.learn", TAUGHT | {"n": 0}),
    "web:teaching_edit": Route("review.teach", DRAFTED),
    "web:teaching_save": Route("review.teach", DRAFTED, post=True, fine=(409, 422)),
    "web:teaching_submit": Route("review.teach", DRAFTED, post=True, fine=(409, 422)),
    "web:teaching_marks": Route("review.teach", DRAFTED, post=True, fine=(422,)),
    "web:teaching_beat": Route("review.teach", DRAFTED, post=True),
}
