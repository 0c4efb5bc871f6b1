"""From readings to a ruling: agreement, arbitration, and what a ruling has as its consequence."""

from types import SimpleNamespace

import pytest
from django.db import connection
from tests.apps.review.making import (
    give,
    made_campaign,
    make_case,
    make_exams,
    make_reader,
    reading,
)
from tests.apps.review.ruled import read, reading_of

from yingheng.catalog.models import Exam, Retake
from yingheng.common.errors import Conflict
from yingheng.evidence.models import Assessment, Finding, MeasurementSet
from yingheng.jobs.models import Job
from yingheng.notify.models import Delivery, Message
from yingheng.review.following import arbitration_of
from yingheng.review.grading import combined, differences, flags_of, grade_allowed
from yingheng.review.models import Campaign, Case, Ruling, Tracing
from yingheng.review.services import ruling as service
from yingheng.review.services.effects import effects_apply
from yingheng.review.services.publishing import apply_ruled, campaign_publish
from yingheng.review.services.ruling import case_consider
from yingheng.review.spec import ReadingSpec
from yingheng.rollups.models import Cell
from yingheng.sheets.selectors import spec_of
from yingheng.sheets.services import product_template

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch):
    """Whom the service asked to arbitrate: the cases, with an arbiter given to each."""
    cases = []

    def arbiter_give(*, case):
        cases.append(case.pk)

    module = SimpleNamespace(arbiter_give=arbiter_give)
    monkeypatch.setitem(__import__("sys").modules, "yingheng.review.services.assigning", module)
    return cases


def first_case(campaign) -> Case:
    return campaign.cases.select_related("campaign", "template", "hospital", "exam").order_by("number")[0]


def test_one_reading_of_two_settles_nothing():
    campaign, readers, _judges = made_campaign(n=1)
    case = first_case(campaign)
    assert read(case, readers[0], 1, score=92) is None
    assert not Ruling.objects.exists()
    case.refresh_from_db()
    assert case.state == Case.State.WAITING


def test_two_that_agree_settle_a_case_by_their_mean():
    campaign, readers, _judges = made_campaign(n=1)
    case = first_case(campaign)
    read(case, readers[0], 1, score=92, faults=["D-DX-001"])
    ruling = read(case, readers[1], 2, score=96, faults=["D-DX-001", "D-DX-002"])
    case.refresh_from_db()
    campaign.refresh_from_db()
    assert (ruling.basis, ruling.score, ruling.grade, ruling.version) == ("agreement", 94.0, "a", 1)
    assert ruling.faults == ["D-DX-001", "D-DX-002"]
    assert ruling.details["named"] == {"D-DX-001": 2, "D-DX-002": 1}
    assert ruling.details["flags"] == {"excellent": False, "trace": False, "waste": False}
    assert [row["points"] for row in ruling.details["items"]] == [60.0, 34.0]
    assert (case.state, case.score, case.grade) == ("settled", 94.0, "a")
    assert campaign.n_settled == 1
    assert Job.objects.filter(kind="case.ruled", natural_key=str(ruling.pk)).exists()


@pytest.mark.parametrize(
    ("first", "second", "kinds"),
    [
        ({"score": 95}, {"score": 84.9}, {"points", "grade"}),
        ({"score": 80}, {"score": 79}, {"grade"}),
        ({"score": 40}, {"wrong": True}, {"veto"}),
        ({"score": 95}, {"score": 90}, set()),
    ],
)
def test_points_grade_and_veto_each_call_for_a_third(asked, first, second, kinds):
    campaign, readers, _judges = made_campaign(n=1)
    case = first_case(campaign)
    one = reading_of(case, readers[0], 1, **first)
    two = reading_of(case, readers[1], 2, **second)
    found = differences(one, two, ReadingSpec.from_dict(campaign.reading))
    assert {d.kind for d in found} == kinds
    assert (case_consider(case=case) is None) == bool(kinds)
    case.refresh_from_db()
    assert case.state == ("arbitration" if kinds else "settled")
    assert asked == ([case.pk] if kinds else [])


def test_exactly_the_allowed_difference_is_agreement():
    one = SimpleNamespace(score=95.0, grade="a", vetoed=[])
    two = SimpleNamespace(score=85.0, grade="a", vetoed=[])
    rules = ReadingSpec(points_apart=10)
    assert differences(one, two, rules) == []
    two.score = 84.99
    assert [d.kind for d in differences(one, two, rules)] == ["points"]


def test_a_rule_that_is_switched_off_calls_for_nobody():
    campaign, readers, _judges = made_campaign(n=1, reads=ReadingSpec(by_grade=False))
    case = first_case(campaign)
    read(case, readers[0], 1, score=82)
    ruling = read(case, readers[1], 2, score=76)
    assert (ruling.score, ruling.grade) == (79.0, "c")


def test_the_third_reading_settles_with_its_own_result_and_reason(asked):
    campaign, readers, judges = made_campaign(n=1)
    case = first_case(campaign)
    read(case, readers[0], 1, score=95)
    assert read(case, readers[1], 2, score=70) is None
    ruling = read(case, judges[0], 3, score=78, note="边缘缺失，不到乙级")
    assert (ruling.basis, ruling.score, ruling.grade) == ("arbitration", 78.0, "c")
    assert ruling.reason == "边缘缺失，不到乙级"
    assert len(ruling.readings) == 3


def test_without_words_of_the_arbiter_the_ruling_says_what_differed(asked):
    campaign, readers, judges = made_campaign(n=1)
    case = first_case(campaign)
    read(case, readers[0], 1, score=95)
    read(case, readers[1], 2, score=70)
    ruling = read(case, judges[0], 3, score=78)
    assert "95" in ruling.reason
    assert "70" in ruling.reason


def test_an_arbiter_is_asked_for_again_while_there_is_none(asked):
    campaign, readers, judges = made_campaign(n=1)
    case = first_case(campaign)
    read(case, readers[0], 1, score=95)
    read(case, readers[1], 2, score=70)
    case_consider(case=case)
    assert asked == [case.pk, case.pk]
    give(case, judges[0], 3)
    case_consider(case=case)
    assert len(asked) == 2


def test_considering_again_changes_nothing():
    campaign, readers, _judges = made_campaign(n=1)
    case = first_case(campaign)
    read(case, readers[0], 1, score=92)
    read(case, readers[1], 2, score=96)
    for _ in range(3):
        assert case_consider(case=case) is None
    campaign.refresh_from_db()
    assert (Ruling.objects.count(), campaign.n_settled) == (1, 1)


def test_two_submissions_at_once_give_one_ruling(monkeypatch):
    """Both readings are there before either is considered: what happens when two commit side by side."""
    campaign, readers, _judges = made_campaign(n=1)
    case = first_case(campaign)
    reading_of(case, readers[0], 1, score=92)
    reading_of(case, readers[1], 2, score=93)
    stale = Case.objects.get(pk=case.pk)
    assert case_consider(case=case) is not None
    assert stale.state == Case.State.WAITING
    assert case_consider(case=stale) is None
    assert Ruling.objects.count() == 1


def test_one_reader_is_enough_where_the_rules_say_so():
    campaign, readers, _judges = made_campaign(n=1, n_readers=1)
    ruling = read(first_case(campaign), readers[0], 1, score=88)
    assert (ruling.basis, ruling.grade) == ("single", "b")


def test_a_withdrawn_case_stays_as_it_is():
    campaign, readers, _judges = made_campaign(n=1, n_readers=1)
    case = first_case(campaign)
    Case.objects.filter(pk=case.pk).update(state="withdrawn", withdrawn_reason="x")
    reading_of(case, readers[0], 1, score=88)
    assert case_consider(case=case) is None
    with pytest.raises(Conflict):
        service.ruling_make(case=case, basis="single", result=service.Result(88.0, "b"))


def test_rulings_are_never_changed():
    campaign, readers, _judges = made_campaign(n=1, n_readers=1)
    ruling = read(first_case(campaign), readers[0], 1, score=88)
    with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE review_ruling SET score = 99 WHERE id = %s", [ruling.pk.hex if
                       connection.vendor == "sqlite" else str(ruling.pk)])  # fmt: skip


def test_sealed_results_have_no_consequence():
    campaign, readers, _judges = made_campaign(n=1, n_readers=1)
    ruling = read(first_case(campaign), readers[0], 1, score=70)
    apply_ruled(str(ruling.pk), {})
    assert not MeasurementSet.objects.exists()
    assert not Tracing.objects.exists()
    assert not Cell.objects.filter(indicator__startswith="review.").exists()


def test_announced_results_are_evidence_and_open_a_finding(actor):
    campaign, readers, _judges = made_campaign(n=2, n_readers=1)
    poor, fine = campaign.cases.order_by("number")
    rulings = [read(poor, readers[0], 1, score=70), read(fine, readers[0], 1, score=96)]
    campaign_publish(actor=actor, campaign=campaign)
    for ruling in rulings * 2:
        apply_ruled(str(ruling.pk), {})
    finding = Finding.objects.get()
    assert (finding.exam_id, finding.quantity, finding.value) == (poor.exam_id, "exam.image_score", 70.0)
    assert Tracing.objects.get().case_id == poor.pk
    assert set(Assessment.objects.values_list("run_kind", flat=True)) == {"sheet"}
    assert Exam.objects.get(pk=poor.exam_id).outcome == "FAIL"
    assert Exam.objects.get(pk=fine.exam_id).n_findings == 0


def test_the_daily_review_has_its_consequences_at_once(person):
    campaign, readers, _judges = made_campaign(n=1, n_readers=1, purpose="daily")
    case = first_case(campaign)
    head = make_reader(case.hospital, "boss", "head")
    ruling = read(case, readers[0], 1, wrong=True, contrast=0, faults=["D-DX-001"])
    assert (ruling.basis, ruling.grade) == ("leader", "waste")
    assert set(Finding.objects.values_list("quantity", flat=True)) == {"exam.image_score", "exam.image_waste"}
    retake = Retake.objects.get()
    assert (retake.exam_id, retake.reason, retake.origin, retake.state) == (case.exam_id, "RT-08", "review", "recorded")
    assert Delivery.objects.filter(recipient=head, message__kind="review.poor").count() == 1
    assert effects_apply(case=case) is False
    assert Retake.objects.count() == 1


def test_waste_without_a_known_defect_asks_a_person_for_the_reason():
    campaign, readers, _judges = made_campaign(n=1, n_readers=1, purpose="daily")
    read(first_case(campaign), readers[0], 1, wrong=True)
    retake = Retake.objects.get()
    assert (retake.state, retake.reason) == ("suggested", "")


@pytest.mark.parametrize("origin", ["repeat", "known"])
def test_cases_that_test_readers_tell_nothing_of_a_hospital(origin):
    campaign, readers, _judges = made_campaign(n=1, n_readers=1, purpose="daily")
    case = first_case(campaign)
    exam = case.exam if origin == "repeat" else make_exams(case.device, 1)[0]
    more = {"repeat_of": case} if origin == "repeat" else {"reference": {"score": 60, "grade": "c", "vetoed": []}}
    tested = make_case(campaign, exam, 2, origin=origin, **more)
    ruling = read(tested, readers[0], 1, score=50)
    tested.refresh_from_db()
    assert (ruling.score, tested.state, tested.counted) == (50.0, "settled", 0)
    assert not MeasurementSet.objects.exists()
    assert not Tracing.objects.exists()
    assert not Cell.objects.filter(indicator__startswith="review.").exists()
    assert not Message.objects.filter(kind="review.poor").exists()


def test_publishing_needs_a_reason_while_cases_are_unread(actor):
    campaign, readers, _judges = made_campaign(n=2, n_readers=1)
    read(first_case(campaign), readers[0], 1, score=96)
    with pytest.raises(Exception, match="unsettled"):
        campaign_publish(actor=actor, campaign=campaign)
    campaign_publish(actor=actor, campaign=campaign, reason="设备停用")
    rest = campaign.cases.order_by("number")[1]
    assert (rest.state, "设备停用" in rest.withdrawn_reason) == ("withdrawn", True)
    assert set(campaign.assignments.values_list("state", flat=True)) == {"submitted", "withdrawn"}
    with pytest.raises(Conflict):
        campaign_publish(actor=actor, campaign=campaign)
    assert Campaign.objects.get(pk=campaign.pk).published_by_name == actor.name


def test_results_are_told_without_names_of_readers(actor):
    campaign, readers, _judges = made_campaign(n=2, n_readers=1)
    own = make_reader(campaign.organisation, "tech", "technologist")
    head = make_reader(campaign.organisation, "boss", "head")
    campaign.cases.first().performer.__class__.objects.update(user=own)
    for case in campaign.cases.order_by("number"):
        read(case, readers[0], 1, score=90)
    campaign_publish(actor=actor, campaign=campaign)
    told = {d.recipient_id: d.message for d in Delivery.objects.select_related("message")}
    assert told[own.pk].params["n"] == 2
    assert told[head.pk].kind == "review.results"
    assert readers[0].pk not in told
    assert readers[0].display_name not in str([m.params for m in told.values()])


def test_a_sheet_without_lines_goes_by_eighty_and_ninety_five():
    campaign, _readers, _judges = made_campaign(n=1)
    spec = spec_of(campaign.template)
    assert flags_of(spec, 95.0, "a", ()).excellent is True
    assert flags_of(spec, 94.99, "a", ()).excellent is False
    assert flags_of(spec, 80.0, "b", ()).trace is False
    assert flags_of(spec, 79.99, "c", ()).trace is True
    assert flags_of(spec, 96.0, "waste", ("position.wrong",)).as_dict() == {
        "excellent": False, "trace": True, "waste": True,
    }  # fmt: skip
    assert grade_allowed(spec, 70.0, "b") is False
    assert grade_allowed(spec, 70.0, "waste") is True
    assert grade_allowed(spec, 70.0, "x") is False
    assert reading().readers == 2


def test_only_sheets_with_a_waste_grade_speak_of_waste():
    def spec(key):
        return spec_of(product_template(key=key))

    assert flags_of(spec("five-by-twenty"), 40.0, "fail", ()).as_dict() == {
        "excellent": False, "trace": True, "waste": None,
    }  # fmt: skip
    daily = spec("daily-grade")
    assert flags_of(daily, None, "waste", ()).as_dict() == {"excellent": None, "trace": True, "waste": True}
    assert flags_of(daily, None, "c", ()).trace is True
    assert flags_of(daily, None, "b", ()).trace is False
    one, two = (SimpleNamespace(score=95.0, grade=g, vetoed=[], faults=[], details={}) for g in ("a", "b"))
    assert combined([one, two], spec("s004-film")).grade == "b"


def test_only_the_arbiter_sees_the_readings_before_theirs(asked):
    campaign, readers, judges = made_campaign(n=1)
    case = first_case(campaign)
    read(case, readers[0], 1, score=95)
    read(case, readers[1], 2, score=70)
    third = give(case, judges[0], 3)
    seen = arbitration_of(third)
    assert [r.score for r in seen.readings] == [95.0, 70.0]
    assert {d.kind for d in seen.differences} == {"points", "grade"}
    assert arbitration_of(case.assignments.get(slot=1)) is None


def test_readers_who_differ_about_a_known_answer_are_not_arbitrated(asked):
    campaign, readers, _judges = made_campaign(n=1)
    known = make_case(
        campaign, make_exams(first_case(campaign).device, 1)[0], 2, origin="known",
        reference={"score": 60, "grade": "c", "vetoed": []},
    )  # fmt: skip
    read(known, readers[0], 1, score=95)
    assert read(known, readers[1], 2, score=60) is None
    known.refresh_from_db()
    campaign.refresh_from_db()
    assert (known.state, campaign.n_settled, asked) == ("settled", 1, [])
    assert not Ruling.objects.exists()
    assert case_consider(case=known) is None
