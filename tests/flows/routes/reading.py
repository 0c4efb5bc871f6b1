"""The reader's side of film review: cases as they are read, and exercises as they are worked."""

from tests.flows.routes.route import ATTEMPT, OWN, Route

READING = {"assignment_id": "review_assignment"}
SLICE = READING | {"which": 0, "n": 0}
PLACE = ATTEMPT | {"place": 1}
ROUTES = {
    "web:readings": Route("review.read"),
    "web:reading_defects": Route("review.read", query="?modality=DX"),
    "web:reading": Route("review.read", READING, fine=OWN),
    "web:reading_case": Route("review.read", READING, fine=OWN),
    "web:reading_open": Route("review.read", READING, post=True, fine=OWN),
    "web:reading_seconds": Route("review.read", READING, post=True, fine=OWN),
    "web:reading_save": Route("review.read", READING, post=True, fine=OWN),
    "web:reading_submit": Route("review.read", READING, post=True, fine=OWN),
    "web:reading_marks": Route("review.read", READING, post=True, fine=OWN),
    "web:reading_draft": Route("review.read", READING, fine=OWN),
    "web:reading_decline": Route("review.read", READING, fine=OWN),
    "web:reading_reference": Route("review.read", READING | {"picture_id": "review_picture"}, fine=OWN),
    "web:reading_priors": Route("review.read", READING, fine=OWN),
    "web:reading_exam": Route("review.read", READING | {"which": 0}, fine=OWN),
    "web:reading_series": Route("review.read", SLICE, fine=OWN),
    "web:reading_frame": Route("review.read", SLICE | {"index": 0}, fine=OWN),
    "web:reading_thumbnail": Route("review.read", SLICE, fine=OWN),
    "web:exercise": Route("review.learn", PLACE, fine=OWN),
    "web:exercise_case": Route("review.learn", PLACE, fine=OWN),
    "web:exercise_open": Route("review.learn", PLACE, post=True, fine=OWN),
    "web:exercise_seconds": Route("review.learn", PLACE, post=True, fine=OWN),
    "web:exercise_save": Route("review.learn", PLACE, post=True, fine=OWN),
    "web:exercise_submit": Route("review.learn", PLACE, post=True, fine=OWN),
    "web:exercise_marks": Route("review.learn", PLACE, post=True, fine=OWN),
    "web:exercise_priors": Route("review.learn", PLACE, fine=OWN),
    "web:exercise_answer": Route("review.learn", PLACE, fine=OWN),
    "web:exercise_exam": Route("review.learn", PLACE, fine=OWN),
    "web:exercise_series": Route("review.learn", PLACE | {"n": 0}, fine=OWN),
    "web:exercise_frame": Route("review.learn", PLACE | {"n": 0, "index": 0}, fine=OWN),
    "web:exercise_thumbnail": Route("review.learn", PLACE | {"n": 0}, fine=OWN),
}
