"""Signing off: what is refused, and what the sign-off does to exams that are judged already."""

import datetime as dt

import pytest
from tests.apps.rulebook.making import MATRIX, THICKNESS, TODAY, draft, matrix, published, series_with, table, value_of

from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam
from yingheng.common.errors import Invalid
from yingheng.evidence.models import Assessment, Finding
from yingheng.evidence.services import RECOUNTS
from yingheng.imagequality import services as imagequality
from yingheng.imagequality.services import exam_judge, hospital_judge
from yingheng.jobs.models import Job
from yingheng.jobs.worker import run_due_here
from yingheng.rollups.models import Cell
from yingheng.rollups.services import cell_verify
from yingheng.rulebook.models import RuleEdition
from yingheng.rulebook.selectors import shadow_days
from yingheng.rulebook.services import (
    criterion_put,
    edition_publish,
    edition_withdraw,
    shadow_ask,
    shadow_run,
    standard_adopt,
    standard_stop,
)
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


def sign(made, actor, **changes):
    values = {"valid_from": TODAY, "note": "科室会议通过", "untried_reason": "紧急"} | changes
    return edition_publish(actor=actor, edition=made, **values)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"valid_from": TODAY - DAY}, "rulebook.day_past"),
        ({"note": "  "}, "rulebook.note_missing"),
        ({"untried_reason": ""}, "rulebook.not_tried"),
    ],
)
def test_it_refuses_an_incomplete_sign_off(hospital, actor, changes, code):
    made = draft(hospital, actor, table())
    with pytest.raises(Invalid) as refused:
        sign(made, actor, **changes)
    assert refused.value.code == code
    made.refresh_from_db()
    assert (made.state, made.published_at) == ("draft", None)
    assert not Job.objects.filter(kind="rules.changed").exists()


def test_it_refuses_an_empty_draft(hospital, actor):
    with pytest.raises(Invalid) as refused:
        sign(draft(hospital, actor), actor)
    assert refused.value.code == "rulebook.not_publishable"


def test_it_refuses_what_became_looser_since_it_was_written(hospital, actor):
    standard_stop(actor=actor, hospital=hospital, standard="taiyuan-mutual-recognition-trial", from_day=TODAY)
    made = draft(hospital, actor, matrix(256))
    standard_adopt(
        actor=actor, hospital=hospital, standard="taiyuan-mutual-recognition-trial", from_day=TODAY + 2 * DAY
    )
    with pytest.raises(Invalid) as refused:
        sign(made, actor, valid_from=TODAY + 2 * DAY)
    assert "taiyuan-mutual-recognition-trial" in refused.value.params["detail"]
    assert sign(made, actor).state == "published"


def test_a_trial_that_met_nothing_to_judge_has_tried_nothing(hospital, actor):
    made = draft(hospital, actor, table())
    shadow_run(run_id=shadow_ask(actor=actor, edition=made, days=30).pk)
    with pytest.raises(Invalid) as refused:
        sign(made, actor, untried_reason="")
    assert refused.value.code == "rulebook.not_tried"


def test_a_trial_reaches_back_from_the_newest_exam(hospital, actor):
    assert shadow_days(hospital) == 90
    series_with(hospital, 1, value_of(THICKNESS, 8.0), days_ago=200)
    assert shadow_days(hospital) == 290


def test_a_trial_of_exactly_this_text_is_asked_for(hospital, actor):
    series_with(hospital, 1, value_of(THICKNESS, 8.0))
    made = draft(hospital, actor, table())
    shadow_run(run_id=shadow_ask(actor=actor, edition=made, days=30).pk)
    criterion_put(actor=actor, edition=made, table=table(limit={"op": "<=", "value": 4}), instead_of="thin")
    made.refresh_from_db()
    with pytest.raises(Invalid):
        sign(made, actor, untried_reason="")
    shadow_run(run_id=shadow_ask(actor=actor, edition=made, days=30).pk)
    done = sign(made, actor, untried_reason="")
    assert (done.state, done.untried_reason, done.published_by_name) == ("published", "", "张三")
    entry = Entry.objects.get(action="rules.publish")
    assert done.sha256 in entry.after_text
    assert entry.reason == "科室会议通过"


def current(series):
    return {a.standard: a for a in Assessment.objects.filter(subject_id=series.pk, is_current=True)}


def own(series):
    return next((a for name, a in current(series).items() if "-rules-" in name), None)


def test_exams_from_the_effective_day_on_are_judged_by_it(hospital, other_hospital, actor):
    thick = [value_of(THICKNESS, 8.0), value_of(MATRIX, 512, "1")]
    old, new = series_with(hospital, 1, *thick, days_ago=1), series_with(hospital, 2, *thick)
    theirs = series_with(other_hospital, 3, *thick)
    for series in (old, new, theirs):
        exam_judge(exam_id=series.exam_id)
    assert not Finding.objects.filter(quantity=THICKNESS).exists()
    made = published(hospital, actor, table())
    run_due_here()
    assert own(new).outcome == "FAIL"
    assert own(old) is None
    assert own(theirs) is None
    assert Finding.objects.get(quantity=THICKNESS).subject_id == new.pk
    assert Exam.objects.get(pk=new.exam_id).outcome == "FAIL"
    edition_withdraw(actor=actor, edition=made, reason="误判")
    run_due_here()
    assert own(new) is None
    finding = Finding.objects.get(quantity=THICKNESS)
    assert finding.state == "closed"
    assert "现行规则" in finding.closing_reason
    assert Exam.objects.get(pk=new.exam_id).n_findings == 0
    assert Assessment.objects.filter(standard=made.code).count() == 1  # kept, no longer current


def test_a_roll_back_lets_the_edition_before_hold_again(hospital, actor):
    series = series_with(hospital, 1, value_of(THICKNESS, 4.0), value_of(MATRIX, 512, "1"))
    first = published(hospital, actor, table())
    run_due_here()
    assert own(series).outcome == "PASS"
    second = published(hospital, actor, table(limit={"op": "<=", "value": 2}), matrix(1024))
    run_due_here()
    assert (own(series).standard, own(series).outcome) == (second.code, "FAIL")
    assert set(Finding.objects.filter(state="open").values_list("quantity", flat=True)) == {THICKNESS, MATRIX}
    edition_withdraw(actor=actor, edition=second, reason="误判太多")
    run_due_here()
    assert (own(series).standard, own(series).outcome) == (first.code, "PASS")
    assert set(Finding.objects.values_list("quantity", "state")) == {(THICKNESS, "closed"), (MATRIX, "closed")}
    n = Assessment.objects.count()
    hospital_judge(hospital_id=hospital.pk, first_day=TODAY)
    run_due_here()
    assert Assessment.objects.count() == n  # nothing new to say


def test_a_standard_that_is_stopped_lets_go_of_its_verdicts(hospital, actor):
    series = series_with(hospital, 1, value_of(MATRIX, 256, "1"))
    exam_judge(exam_id=series.exam_id)
    assert Finding.objects.filter(quantity=MATRIX, state="open").exists()
    standard_stop(actor=actor, hospital=hospital, standard="taiyuan-mutual-recognition-trial", from_day=TODAY)
    run_due_here()
    assert "taiyuan-mutual-recognition-trial" not in current(series)
    assert not Finding.objects.filter(quantity=MATRIX, state="open").exists()
    for name in RECOUNTS:
        assert cell_verify(indicator=name, recount=RECOUNTS[name], scope=Scope.everything()) == []
    assert Cell.objects.exists()


def test_an_edition_of_a_later_day_waits_for_it(hospital, actor):
    series = series_with(hospital, 1, value_of(THICKNESS, 8.0))
    tomorrow = series_with(hospital, 2, value_of(THICKNESS, 8.0), days_ago=-1)
    published(hospital, actor, table(), on=TODAY + DAY)
    run_due_here()
    exam_judge(exam_id=series.exam_id)
    assert own(series) is None
    assert own(tomorrow).outcome == "FAIL"


def test_exams_are_asked_for_in_portions_behind_other_work(hospital, actor, monkeypatch):
    monkeypatch.setattr(imagequality, "AT_ONCE", 2)
    for number in range(1, 6):
        series_with(hospital, number, value_of(THICKNESS, 4.0))
    assert imagequality.hospital_judge(hospital_id=hospital.pk, first_day=TODAY) == 5
    asked = Job.objects.filter(kind="exam.ready")
    assert (asked.count(), set(asked.values_list("priority", flat=True))) == (5, {imagequality.LATER})


def test_nobody_is_judged_for_a_hospital_that_is_gone(db):
    assert hospital_judge(hospital_id="00000000-0000-7000-8000-000000000009", first_day=TODAY) == 0


def test_the_number_stays_with_its_edition(hospital, actor):
    first = published(hospital, actor, table())
    second = published(hospital, actor, table())
    assert list(RuleEdition.objects.order_by("number").values_list("code", flat=True)) == [first.code, second.code]
