"""A draw is the same list for good, and nobody chooses what is in it."""

import datetime as dt

import pytest
from django.db import DatabaseError, transaction
from tests.apps.review.making import (
    ACTOR,
    DAY,
    make_campaign,
    make_device,
    make_exams,
    make_hospital,
    make_plan,
    make_region,
    make_report,
    make_sheet,
    make_technologist,
)

from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam, Series
from yingheng.common.errors import Conflict, Invalid
from yingheng.review.frame import plan_subjects, risk_of
from yingheng.review.models import Campaign, Case, Frame
from yingheng.review.services.drawing import campaign_check, campaign_draw
from yingheng.review.services.swapping import case_swap, case_withdraw
from yingheng.review.spec import SamplingSpec

pytestmark = pytest.mark.django_db
LAST = dt.date(2026, 11, 10)


def draw(plan, seed="s", first=DAY, last=LAST):
    return campaign_draw(actor=ACTOR, plan=plan, first_day=first, last_day=last, seed=seed)


def subjects(campaign, **only):
    return [str(pk) for pk in campaign.cases.filter(**only).order_by("number").values_list("subject_id", flat=True)]


def test_it_draws_a_period_once(ours, sheet):
    make_exams(make_device(ours), 30, series=True)
    plan = make_plan(ours, sheet, sampling=SamplingSpec(size=8))
    first = draw(plan, "one")
    assert draw(plan, "another").pk == first.pk
    assert Campaign.objects.count() == 1
    assert Case.objects.count() == 8
    assert first.n_cases == 8
    assert first.n_frame == 30
    assert sorted(first.cases.values_list("number", flat=True)) == list(range(1, 9))


def test_it_gives_the_same_list_for_the_same_seed_and_another_for_another(ours, sheet):
    make_exams(make_device(ours), 40)
    plans = [make_plan(ours, sheet, name=f"p{i}", sampling=SamplingSpec(size=10)) for i in range(3)]
    one, same, other = draw(plans[0], "a"), draw(plans[1], "a"), draw(plans[2], "b")
    assert subjects(one) == subjects(same)
    assert set(subjects(one)) != set(subjects(other))


def test_it_makes_an_unforeseeable_seed_and_keeps_it(ours, sheet):
    make_exams(make_device(ours), 5)
    seeds = {draw(make_plan(ours, sheet, name=f"p{i}", sampling=SamplingSpec(size=2)), "").seed for i in range(2)}
    assert len(seeds) == 2
    assert all(len(seed) == 32 for seed in seeds)


def test_it_balances_over_devices(ours, sheet):
    for name, n in (("CT1", 60), ("CT2", 20), ("CT3", 4)):
        make_exams(make_device(ours, name), n)
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(size=24)))
    by_device = [made.cases.filter(device__name=name).count() for name in ("CT1", "CT2", "CT3")]
    assert by_device == [10, 10, 4]


def test_a_check_draws_the_same_list_although_exams_came_since(ours, sheet):
    device = make_device(ours)
    make_exams(device, 30)
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(size=8, repeats=0.25)))
    make_exams(device, 7)
    Exam.objects.filter(pk=made.cases.first().exam_id).update(n_fail=3)
    found = campaign_check(made)
    assert found.same
    assert (found.n_cases, found.n_frame, found.later, found.gone) == (8, 30, 7, 0)


def test_a_check_finds_a_case_that_was_exchanged_by_hand(ours, sheet):
    exams = make_exams(make_device(ours), 30)
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(size=8)))
    there = set(subjects(made))
    put_in = next(exam for exam in exams if str(exam.pk) not in there)
    case = made.cases.order_by("number").first()
    Case.objects.filter(pk=case.pk).update(subject_id=put_in.pk, exam=put_in)
    found = campaign_check(made)
    assert not found.same
    assert found.missing == (str(put_in.pk),)
    assert found.added == (str(case.subject_id),)


def test_a_check_finds_another_order_of_blind_numbers(ours, sheet):
    make_exams(make_device(ours), 30)
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(size=4)))
    made.cases.filter(number=1).update(number=99)
    assert not campaign_check(made).same


def test_the_frame_stays(ours, sheet):
    make_exams(make_device(ours), 3)
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(size=2)))
    with pytest.raises(DatabaseError), transaction.atomic():
        Frame.objects.filter(campaign=made).update(units=b"")


def test_it_leaves_out_what_cannot_be_read(ours, sheet):
    device = make_device(ours)
    good = make_exams(device, 4)
    make_exams(device, 1, is_phantom=True)
    make_exams(device, 1, is_demo=True)
    make_exams(device, 1, state=Exam.State.RECEIVING)
    make_exams(device, 1, day=DAY - dt.timedelta(days=1))
    gone = make_exams(device, 1)
    Series.objects.filter(exam=gone[0]).update(pixels_gone_at=gone[0].received_at)
    make_exams(make_device(make_hospital("rh2")), 1)
    plan = make_plan(ours, sheet)
    assert {one.key for one in plan_subjects(plan, DAY, LAST)} == {str(exam.pk) for exam in good}


def test_it_keeps_to_the_conditions_of_the_plan(ours, sheet):
    device = make_device(ours)
    wanted = make_exams(device, 2, body_part="HAND", is_contrast=True, outcome="FAIL")
    make_exams(device, 1, body_part="HAND", is_contrast=False, outcome="FAIL")
    make_exams(device, 1, body_part="CHEST", is_contrast=True, outcome="FAIL")
    make_exams(device, 1, body_part="HAND", is_contrast=True, outcome="PASS")
    make_exams(make_device(ours, "CT2"), 1, body_part="HAND", is_contrast=True, outcome="FAIL")
    asked = SamplingSpec(size=5, body_parts=("HAND",), contrast=True, outcome=("FAIL",), devices=(str(device.pk),),
                         modalities=("CT",))  # fmt: skip
    plan = make_plan(ours, sheet, sampling=asked)
    assert {one.key for one in plan_subjects(plan, DAY, LAST)} == {str(exam.pk) for exam in wanted}


def test_it_draws_reports_in_their_newest_final_version(ours, sheet):
    exams = make_exams(make_device(ours), 3)
    old = make_report(exams[0])
    new = make_report(exams[1])
    make_report(exams[2], state="preliminary")
    type(old).objects.create(hospital=ours, exam=exams[0], version=2, state="corrected", received_at=old.received_at)
    plan = make_plan(ours, sheet, subject_kind="report")
    found = plan_subjects(plan, DAY, LAST)
    newest = exams[0].reports.get(version=2)
    assert {one.key for one in found} == {str(new.pk), str(newest.pk)}
    made = draw(make_plan(ours, sheet, name="r", subject_kind="report", sampling=SamplingSpec(size=2)))
    assert set(made.cases.values_list("exam_id", flat=True)) == {exams[0].pk, exams[1].pk}


def test_a_region_draws_over_its_hospitals():
    region = make_region("cn-77")
    sheet = make_sheet(region)
    for code, n in (("g1", 20), ("g2", 10)):
        make_exams(make_device(make_hospital(code, region)), n)
    made = draw(make_plan(region, sheet, sampling=SamplingSpec(size=8, strata=("hospital", "device"))))
    assert [made.cases.filter(hospital__code=code).count() for code in ("g1", "g2")] == [4, 4]


def test_risk_is_drawn_first_as_far_as_asked(ours, sheet):
    device = make_device(ours)
    make_exams(device, 90)
    make_exams(device, 10, n_fail=1, outcome="FAIL")
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(size=10, risk_share=0.5)))
    by_risk = made.cases.filter(reason="risk")
    assert by_risk.count() == 5
    assert set(by_risk.values_list("exam__outcome", flat=True)) == {"FAIL"}


@pytest.mark.parametrize(("judged", "less"), [(("FAIL", 1, 0, 0), ("NEEDS_HUMAN", 0, 1, 0)),
                                              (("FAIL", 1, 0, 1), ("FAIL", 1, 0, 0)),
                                              (("NEEDS_HUMAN", 0, 1, 0), ("NOT_ASSESSABLE", 0, 0, 0)),
                                              (("NOT_ASSESSABLE", 0, 0, 0), ("PASS", 0, 0, 0))])  # fmt: skip
def test_worse_is_riskier(judged, less):
    assert risk_of(*judged) > risk_of(*less) >= 0


def test_quotas_of_devices_without_exams_are_left_out_and_told(ours, sheet):
    here, idle = make_device(ours), make_device(ours, "CT2")
    make_exams(here, 20)
    quotas = {str(here.pk): 6, str(idle.pk): 4}
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(allocation="quotas", quotas=quotas)))
    assert made.cases.count() == 6
    assert made.draw["absent"] == [str(idle.pk)]


def test_hidden_repeats_show_the_same_exam_under_another_number(ours, sheet):
    make_exams(make_device(ours), 20)
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(size=10, repeats=0.2)))
    repeats = list(made.cases.filter(origin="repeat").select_related("repeat_of"))
    assert len(repeats) == 2
    assert made.n_cases == 12
    for case in repeats:
        assert case.subject_id == case.repeat_of.subject_id
        assert case.number != case.repeat_of.number


def test_known_answers_come_from_earlier_calibrations(ours, sheet):
    device = make_device(ours)
    known = make_exams(device, 5, day=DAY - dt.timedelta(days=60))
    calibration = make_campaign(ours, known, sheet, key="cal", purpose="calibration")
    calibration.cases.filter(number__lte=3).update(reference={"score": 90, "grade": "a", "vetoed": []})
    make_campaign(ours, make_exams(device, 1, day=DAY - dt.timedelta(days=90)), sheet, key="x")
    make_exams(device, 12)
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(size=6, known=2)))
    found = list(made.cases.filter(origin="known"))
    assert len(found) == 2
    assert all(case.reference["score"] == 90 for case in found)
    assert {case.exam_id for case in found} <= {exam.pk for exam in known[:3]}
    assert campaign_check(made).same


def test_it_says_what_the_sample_can_tell(ours, sheet):
    make_exams(make_device(ours), 400, series=False, n_instances=1)
    make_exams(make_device(ours, "CT2"), 1)
    plan = make_plan(ours, sheet, subject_kind="record", sampling=SamplingSpec(size=100, strata=()))
    told = draw(plan).draw["confidence"]
    assert (told["n"], told["size"], told["effective"]) == (100, 401, 100)
    assert told["margin"] == pytest.approx(1.95996 * (0.25 / 100 * 301 / 400) ** 0.5, rel=1e-4)
    assert told["detects"] > 0.99
    assert 0.01 < told["unseen"] < 0.03


def test_balancing_unequal_devices_costs_precision_and_says_so(ours, sheet):
    make_exams(make_device(ours), 400, series=False)
    make_exams(make_device(ours, "CT2"), 40, series=False)
    plan = make_plan(ours, sheet, subject_kind="record", sampling=SamplingSpec(size=60))
    assert draw(plan).draw["confidence"]["effective"] < 60


def test_nothing_to_draw_is_refused(ours, sheet):
    with pytest.raises(Conflict, match="frame_empty"):
        draw(make_plan(ours, sheet))
    assert not Campaign.objects.exists()


def test_days_ahead_are_refused(ours, sheet):
    make_exams(make_device(ours), 3)
    plan = make_plan(ours, sheet)
    for first, last in ((DAY, dt.date(2199, 1, 1)), (LAST, DAY)):
        with pytest.raises(Invalid, match="period"):
            draw(plan, first=first, last=last)


def test_each_kind_of_exam_gets_its_sheet(ours, sheet):
    other = make_sheet(ours, sheet.text.replace("film-test", "hand-test"))
    make_exams(make_device(ours), 2)
    make_exams(make_device(ours, "DX1", "DX"), 2, body_part="HAND")
    plan = make_plan(ours, sheet, templates={"DX|HAND": "hand-test"}, sampling=SamplingSpec(size=4))
    made = draw(plan)
    assert set(made.cases.filter(modality="DX").values_list("template", flat=True)) == {other.pk}
    assert set(made.cases.filter(modality="CT").values_list("template", flat=True)) == {sheet.pk}


def test_a_swap_takes_the_next_of_the_stratum_and_says_why(ours, sheet):
    for name in ("CT1", "CT2"):
        make_exams(make_device(ours, name), 12)
    plans = [make_plan(ours, sheet, name=f"p{i}", sampling=SamplingSpec(size=8)) for i in range(2)]
    swapped = []
    for plan in plans:
        made = draw(plan)
        case = made.cases.order_by("number").first()
        new = case_swap(actor=ACTOR, case=case, reason="影像不全")
        case.refresh_from_db()
        made.refresh_from_db()
        assert (case.state, case.withdrawn_reason) == ("withdrawn", "影像不全")
        assert (new.origin, new.replaces_id, new.device_id, new.number) == ("swapped", case.pk, case.device_id, 9)
        assert str(new.subject_id) not in subjects(made, origin="drawn")
        assert made.n_cases == 8
        assert campaign_check(made).same
        swapped.append(new.subject_id)
    assert swapped[0] == swapped[1]  # not a matter of choice
    assert Entry.objects.get(action="review_case.swap", subject=f"review_case:{case.pk}").reason == "影像不全"


def test_a_swap_needs_a_reason_and_another_case(ours, sheet):
    make_exams(make_device(ours), 3)
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(size=3)))
    case = made.cases.first()
    with pytest.raises(Invalid, match="reason_missing"):
        case_swap(actor=ACTOR, case=case, reason=" ")
    with pytest.raises(Conflict, match="no_substitute"):
        case_swap(actor=ACTOR, case=case, reason="x")
    assert made.cases.filter(state="withdrawn").count() == 0


def test_a_withdrawn_case_takes_its_repeat_along(ours, sheet):
    make_exams(make_device(ours), 6)
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(size=4, repeats=0.5)))
    repeat = made.cases.filter(origin="repeat").select_related("repeat_of").first()
    case_withdraw(actor=ACTOR, case=repeat.repeat_of, reason="患者撤回同意")
    repeat.refresh_from_db()
    made.refresh_from_db()
    assert repeat.state == "withdrawn"
    assert made.n_cases == 4
    with pytest.raises(Conflict, match="case_state"):
        case_withdraw(actor=ACTOR, case=repeat.repeat_of, reason="x")


def test_a_case_names_who_did_the_exam(ours, sheet):
    tech = make_technologist(ours)
    make_exams(make_device(ours), 2, performer=tech)
    made = draw(make_plan(ours, sheet, sampling=SamplingSpec(size=2)))
    assert set(made.cases.values_list("performer", flat=True)) == {tech.pk}
