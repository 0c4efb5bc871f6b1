"""Exercises: saved while they are answered, submitted once, scored openly, seen by those whom they concern."""

import datetime as dt
import json

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from tests.apps.review.making import make_hospital, make_reader
from tests.apps.review.rooming import client_of, home
from tests.apps.review.schooling import (
    BOX,
    FAULT,
    answered,
    begun,
    exercise,
    learns,
    people,
    published,
    standard,
)

from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid, NotFound
from yingheng.review.library import Wanted
from yingheng.review.models import Attempt, AttemptAnswer, TeachingCase
from yingheng.review.services.exercising import (
    answer_mark,
    answer_save,
    attempt_begin,
    attempt_submit,
    attempts_expire,
)
from yingheng.review.training import attempt_seen, training_of
from yingheng.review.training import people as figures
from yingheng.tenancy.scope import Scope

__all__ = ["home"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def world(home):
    """(hospital, pair who build, learner, [a faulty case, a standard film])."""
    hospital = make_hospital()
    pair = people(hospital)
    cases = [published(hospital, pair), standard(hospital, pair)]
    return hospital, pair, make_reader(hospital, "learner", "technologist"), cases


def run(world, **more):
    hospital, pair, learner, cases = world
    return begun(learner, exercise(hospital, pair[0].actor, cases, **more))


def test_it_scores_an_exercise_and_keeps_what_it_came_to(world):
    hospital, _pair, learner, _cases = world
    attempt = run(world)
    answered(learner, attempt, 1, grade="b", defects=[FAULT])
    row = answered(learner, attempt, 2, grade="b")
    assert row.result["points"] == pytest.approx(100 * 55 / 80)
    done = attempt_submit(user=learner, attempt=attempt)
    assert done.score == pytest.approx((100 + 68.75) / 2)
    assert (done.passed, done.n_answered) == (True, 2)
    assert done.result["confusion"] == [[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert done.result["missed"] == {FAULT: [0, 1]}
    today = local_day(hospital.zone)
    assert [one.pk for one in training_of(Scope.of_organisation(hospital), today, today)] == [attempt.pk]


def test_it_counts_a_submission_once_and_then_changes_nothing(world):
    _hospital, _pair, learner, _cases = world
    attempt = run(world)
    answered(learner, attempt, 1, grade="b")
    first = attempt_submit(user=learner, attempt=attempt)
    again = attempt_submit(user=learner, attempt=attempt)
    assert (again.submitted_at, again.score) == (first.submitted_at, first.score)
    with pytest.raises(Conflict):
        answer_save(user=learner, attempt=attempt, place=2, told={"grade": "a"}, revision=0)
    for rows in (Attempt.objects.all(), AttemptAnswer.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Attempt.objects.update(score=100)
    assert attempt.answers.count() == 2  # the one without an answer counts with nothing
    assert attempt.answers.get(place=2).result["parts"]["grade"] == 0


def test_it_keeps_what_was_typed_and_tells_two_windows_apart(world):
    _hospital, _pair, learner, _cases = world
    attempt = run(world, mode="exam")
    answer_save(user=learner, attempt=attempt, place=1, told={"grade": "c"}, revision=0)
    with pytest.raises(Conflict) as refused:
        answer_save(user=learner, attempt=attempt, place=1, told={"grade": "a"}, revision=0)
    assert refused.value.code == "sheets.saved_elsewhere"
    assert attempt.answers.get(place=1).grade == "c"
    assert attempt_begin(user=learner, exercise=attempt.exercise).pk == attempt.pk  # the browser was closed


def test_it_shows_answers_of_an_exam_only_at_the_end(world):
    _hospital, _pair, learner, _cases = world
    attempt = run(world, mode="exam")
    client = client_of(learner)
    answered(learner, attempt, 1, grade="a")
    assert not attempt.answers.get(place=1).is_final
    answered(learner, attempt, 1, grade="b", defects=[FAULT])  # thought better of it
    early = client.get(reverse("web:exercise_answer", args=[attempt.pk, 1]))
    assert early.status_code == 302
    series = client.get(reverse("web:exercise_series", args=[attempt.pk, 1, 0])).json()
    assert (series["overlays"], series["verdicts"]) == ([], "")
    attempt_submit(user=learner, attempt=attempt)
    assert client.get(reverse("web:exercise_answer", args=[attempt.pk, 1])).status_code == 200
    series = client.get(reverse("web:exercise_series", args=[attempt.pk, 1, 0])).json()
    assert len(series["overlays"]) == 1
    assert "上缘切掉肺尖" in series["verdicts"]


def test_it_keeps_the_case_out_of_sight_while_one_is_examined_with_it(world):
    _hospital, _pair, learner, cases = world
    attempt = run(world, mode="exam")
    client = client_of(learner)
    for name in ("review:teaching_case", "web:teaching_viewer"):
        assert client.get(reverse(name, args=[cases[0].pk])).status_code == 403
    room = client.get(reverse("web:exercise", args=[attempt.pk, 1]))
    assert room.status_code == 200
    for told in (cases[0].title, str(cases[0].pk), cases[0].explanation):
        assert told not in room.content.decode()
        assert json.dumps(told)[1:-1] not in room.content.decode()
    attempt_submit(user=learner, attempt=attempt)
    assert client.get(reverse("review:teaching_case", args=[cases[0].pk])).status_code == 200


def test_it_answers_a_case_through_the_room(world):
    """Saved, sent without a grade, sent, sent again."""
    _hospital, _pair, learner, _cases = world
    attempt = run(world, with_marks=True)
    client = client_of(learner)

    def post(what, data, place=1, **more):
        return client.post(reverse(f"web:exercise_{what}", args=[attempt.pk, place]), data, **more)

    assert post("open", {}).status_code == 200
    assert post("save", {"defect-coverage.faults": [FAULT], "revision": "0"}).json()["revision"] == 1
    assert post("save", {"grade": "a", "revision": "0"}).status_code == 409
    refused = post("submit", {"defect-coverage.faults": [FAULT], "revision": "1"})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["grade"])
    mark = {"id": "0190aaaa-0000-7000-8000-000000000001", "series": f"{attempt.pk}/1/0", "index": 0,
            "shape": {"kind": "point", "points": [[20, 20]]}, "defect": FAULT, "note": ""}  # fmt: skip
    assert post("marks", mark, content_type="application/json").status_code == 200
    revision = attempt.answers.get(place=1).revision
    assert post("seconds", {"seconds": "12.4"}).json()["seconds"] == 12
    given = post("submit", {"grade": "b", "defect-coverage.faults": [FAULT], "revision": str(revision)})
    assert given.json() == {"next": "", "progress": {"done": 1, "total": 2}}
    again = post("submit", {"grade": "waste", "revision": str(revision)})
    assert again.status_code == 200
    row = attempt.answers.get(place=1)
    assert (row.grade, row.is_final, row.result["points"]) == ("b", True, 100)
    assert row.result["parts"] == {"grade": 1, "defects": 1, "place": 1}
    assert post("save", {"grade": "a", "revision": "9"}).status_code == 410
    page = client.get(reverse("web:exercise_answer", args=[attempt.pk, 1]))
    assert reverse("web:exercise", args=[attempt.pk, 2]) in page.content.decode()


def test_it_leads_from_case_to_case_in_an_exam(world):
    _hospital, _pair, learner, _cases = world
    attempt = run(world, mode="exam")
    client = client_of(learner)
    url = reverse("web:exercise_submit", args=[attempt.pk, 1])
    told = client.post(url, {"grade": "b", "revision": "0"}).json()
    assert told["next"] == reverse("web:exercise_case", args=[attempt.pk, 2])
    assert client.get(told["next"]).json()["number"] == 2
    client.post(reverse("review:attempt_finish", args=[attempt.pk]))
    attempt.refresh_from_db()
    assert attempt.submitted_at is not None


def test_it_is_nobody_elses(world):
    hospital, _pair, _learner, _cases = world
    attempt = run(world)
    other = client_of(make_reader(hospital, "other", "technologist"))
    for name in ("exercise", "exercise_case", "exercise_answer", "exercise_exam"):
        assert other.get(reverse(f"web:{name}", args=[attempt.pk, 1])).status_code == 404
    assert other.post(reverse("web:exercise_save", args=[attempt.pk, 1]), {"grade": "a"}).status_code == 404
    assert other.get(reverse("review:attempt", args=[attempt.pk])).status_code == 404


def test_it_ends_with_its_time(world, monkeypatch):
    _hospital, _pair, learner, _cases = world
    attempt = run(world, minutes=10)
    answered(learner, attempt, 1, grade="b", defects=[FAULT])
    assert attempts_expire() == 0
    later = now() + dt.timedelta(minutes=11)
    monkeypatch.setattr("yingheng.review.services.exercising.now", lambda: later)
    with pytest.raises(Conflict):
        answer_save(user=learner, attempt=attempt, place=2, told={"grade": "a"}, revision=0)
    assert attempts_expire() == 1
    attempt.refresh_from_db()
    assert (attempt.passed, attempt.n_answered) == (False, 1)


def test_it_is_for_whom_it_is_for_and_until_when(world):
    hospital, pair, learner, cases = world
    other = make_reader(hospital, "other", "technologist")
    own = exercise(hospital, pair[0].actor, cases, title="只给一人", audience=[str(other.pk)])
    with pytest.raises(Conflict):
        attempt_begin(user=learner, exercise=own)
    yesterday = local_day(hospital.zone) - dt.timedelta(days=1)
    late = exercise(hospital, pair[0].actor, cases, title="过期", due_on=yesterday)
    with pytest.raises(Conflict):
        attempt_begin(user=learner, exercise=late)
    shown = client_of(learner).get(reverse("review:exercises")).content.decode()
    assert "只给一人" not in shown
    assert "过期" in shown


def test_it_draws_the_same_cases_again(world):
    hospital, pair, _learner, cases = world
    extra = [standard(hospital, pair, title=f"标准 {n}") for n in range(4)]
    drawn = [
        exercise(hospital, pair[0].actor, [], draw=3, seed="seed", wanted=Wanted(kind="standard"))
        for _again in range(2)
    ]
    first, second = ([one.case_id for one in row.places.order_by("place")] for row in drawn)
    assert first == second
    assert len(first) == 3
    assert set(first) <= {one.pk for one in (*extra, cases[1])}
    with pytest.raises(Invalid):
        exercise(hospital, pair[0].actor, [], draw=3, seed="x", wanted=Wanted(modality="CT"))
    with pytest.raises(NotFound):
        exercise(make_hospital("rh2", hospital.parent), pair[0].actor, cases)


def test_it_keeps_the_version_that_was_set(world):
    _hospital, pair, learner, cases = world
    attempt = run(world)
    from yingheng.review.services.teaching import case_withdraw  # noqa: PLC0415

    case_withdraw(actor=pair[0].actor, case=cases[0], reason="过时")
    assert answered(learner, attempt, 1, grade="b", defects=[FAULT]).result["points"] == 100
    assert TeachingCase.objects.get(pk=cases[0].pk).state == "withdrawn"


def test_it_shows_people_only_to_their_own_hospital(world):
    hospital, pair, learner, _cases = world
    attempt = run(world)
    attempt_submit(user=learner, attempt=attempt)
    rows = list(figures(Scope.of_organisation(hospital)))
    assert [(row["person_id"], row["n"], row["passed"]) for row in rows] == [(learner.pk, 1, 0)]
    assert not figures(Scope.of_organisation(hospital.parent)).exists()
    assert attempt_seen(pair[0], Scope.of_organisation(hospital), attempt.pk) == attempt
    with pytest.raises(NotFound):
        attempt_seen(pair[0], Scope.of_organisation(hospital.parent), attempt.pk)
    assert learner.display_name in client_of(pair[0]).get(reverse("review:trainees")).content.decode()
    leader = client_of(make_reader(hospital.parent, "leader", "regional_leader"))
    assert learner.display_name not in leader.get(reverse("review:trainees")).content.decode()


def test_it_marks_what_is_not_final(world):
    _hospital, _pair, learner, _cases = world
    attempt = run(world, mode="exam")
    pk = "0190aaaa-0000-7000-8000-000000000001"
    answer_mark(user=learner, attempt=attempt, place=1, mark=BOX, mark_id=pk)
    answer_mark(user=learner, attempt=attempt, place=1, mark=BOX, mark_id=pk)
    assert len(attempt.answers.get(place=1).marks) == 1
    answer_mark(user=learner, attempt=attempt, place=1, mark=None, mark_id=pk)
    assert attempt.answers.get(place=1).marks == []


def test_it_shows_its_pages_with_few_queries(world, django_assert_max_num_queries):
    hospital, pair, learner, cases = world
    attempt = run(world)
    answered(learner, attempt, 1, grade="b")
    attempt_submit(user=learner, attempt=attempt)
    for n in range(5):
        exercise(hospital, pair[0].actor, cases, title=f"练习 {n}")
    client = client_of(learner)
    pages = [reverse(f"review:{name}") for name in ("exercises", "training")]
    pages += [reverse("review:attempt", args=[attempt.pk]), reverse("review:exercise", args=[attempt.exercise_id])]
    for page in pages:
        with django_assert_max_num_queries(15):
            assert client.get(page).status_code == 200, page
    builder = client_of(pair[0])
    for page in [*pages[:1], reverse("review:trainees"), reverse("review:exercise", args=[attempt.exercise_id])]:
        with django_assert_max_num_queries(15):
            assert builder.get(page).status_code == 200, page


def test_it_sets_an_exercise_by_the_page(world):
    hospital, pair, learner, cases = world
    client, url = client_of(pair[0]), reverse("review:exercise_new", args=[hospital.pk])
    assert client.get(url).status_code == 200
    told = {"title": "新练习", "mode": "exam", "pass_mark": "80", "draw": "2"}
    assert client.post(url, told | {"draw": ""}).status_code == 400
    assert client.post(url, told).status_code == 302
    assert client_of(learner).get(url).status_code == 403
    assert learns(learner)
    assert cases
