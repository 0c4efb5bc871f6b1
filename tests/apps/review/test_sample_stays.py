"""What happens to a sample between its draw and its results: images, sheets, plans, arbiters, audits, retakes."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.apps.review.making import (
    ACTOR,
    DAY,
    FILM,
    made_campaign,
    make_campaign,
    make_device,
    make_exams,
    make_hospital,
    make_plan,
    make_reader,
    make_readers,
    make_region,
)
from tests.apps.review.rooming import client_of, room, send
from tests.apps.review.ruled import read
from tests.apps.review.test_drawing import draw

from yingheng.audit.models import Entry
from yingheng.catalog.holds import hold_words, holds
from yingheng.catalog.models import Retake, Series
from yingheng.common import events
from yingheng.common.clock import local_day, now
from yingheng.jobs.models import Job
from yingheng.review.faults import fault_known
from yingheng.review.models import Campaign
from yingheng.review.models.reading import ARBITER
from yingheng.review.progress import open_of
from yingheng.review.services.appealing import appeal_change, appeal_file
from yingheng.review.services.assigning import assignment_give, campaign_assign
from yingheng.review.services.cancelling import campaign_cancel
from yingheng.review.services.drawing import campaign_check
from yingheng.review.services.effects import effects_apply
from yingheng.review.services.extending import deadline_extend
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.redistributing import reader_relieve
from yingheng.review.services.swapping import case_swap, case_withdraw
from yingheng.review.shown import score_text
from yingheng.review.spec import ReadingSpec, SamplingSpec
from yingheng.sheets.services import template_begin, template_publish

pytestmark = pytest.mark.django_db


# --- images ------------------------------------------------------------------------------------------------


def held(campaign):
    rows = Series.objects.filter(exam__review_cases__campaign=campaign).order_by("exam__review_cases__number")
    return ["review" in holds([pk]).get(pk, []) for pk in rows.values_list("pk", flat=True)]


def test_pixels_stay_while_a_case_is_read_or_can_be_objected_to():
    campaign, (reader,), _judges = made_campaign(n=2, n_readers=1)
    assert held(campaign) == [True, True]
    first = campaign.cases.order_by("number")[0]
    read(first, reader, 1, score=70)
    campaign_publish(actor=reader.actor, campaign=campaign, reason="x")
    assert held(campaign) == [True, False]  # the second was left out
    over = now() - dt.timedelta(days=ReadingSpec.from_dict(campaign.reading).appeal_days + 2)
    appeal = appeal_file(user=make_readers(campaign.organisation, 1, prefix="objects")[0], case=first, reason="x")
    Campaign.objects.update(published_at=over)
    assert held(campaign) == [True, False]  # nobody has decided
    type(appeal).objects.update(state="withdrawn")
    assert held(campaign) == [False, False]
    assert hold_words("review") != "review"


def test_a_case_that_nobody_reads_holds_nothing_for_ever():
    campaign, _readers, _judges = made_campaign(n=1)
    Campaign.objects.update(due_on=local_day(campaign.organisation.zone) - dt.timedelta(days=200))
    assert held(campaign) == [False]


# --- plans and sheets that change ----------------------------------------------------------------------------


def test_a_sample_is_exchanged_and_checked_by_the_plan_as_it_was(ours, sheet):
    make_exams(make_device(ours), 12)
    plan = make_plan(ours, sheet, sampling=SamplingSpec(size=4))
    made = draw(plan)
    plan.sampling = SamplingSpec(size=4, modalities=("MR",)).as_dict()
    plan.save()
    made = Campaign.objects.select_related("plan__organisation", "organisation", "template").get(pk=made.pk)
    assert campaign_check(made).gone == 0
    new = case_swap(actor=ACTOR, case=made.cases.first(), reason="x")
    assert new.modality == "CT"


def test_a_case_of_another_kind_that_comes_in_has_its_own_sheet(ours, sheet):
    other = template_publish(
        actor=ACTOR, template=template_begin(actor=ACTOR, hospital=ours, text=FILM.replace("film-test", "film-other"))
    )
    device = make_device(ours)
    for part in ("CHEST", "HEAD"):
        make_exams(device, 1, body_part=part, key=part)
    spread = SamplingSpec(size=1, strata=("device", "body_part"))
    made = draw(make_plan(ours, sheet, sampling=spread, templates={"CT|HEAD": "film-other"}))
    first = made.cases.get()
    new = case_swap(actor=ACTOR, case=first, reason="the stratum has no other: its device has")
    assert {(one.body_part, one.template.key) for one in (first, new)} == {
        ("CHEST", sheet.key), ("HEAD", other.key)
    }  # fmt: skip


def test_known_answers_are_read_by_the_edition_of_the_sample_or_not_at_all(ours, sheet):
    device = make_device(ours)
    known = make_exams(device, 4, day=DAY - dt.timedelta(days=60))
    calibration = make_campaign(ours, known, sheet, key="cal", purpose="calibration")
    calibration.cases.update(reference={"score": 90, "grade": "a", "vetoed": []})
    gone, _kept, *_more = known
    Series.objects.filter(exam=gone).update(pixels_gone_at=now())
    newer = template_publish(actor=ACTOR, template=template_begin(actor=ACTOR, hospital=ours, text=FILM.replace(
        'title = "影像评分"', 'title = "影像评分新版"').replace("version = 1", "version = 2")))  # fmt: skip
    make_exams(device, 12)
    made = draw(make_plan(ours, newer, sampling=SamplingSpec(size=6, known=4)))
    cases = list(made.cases.filter(origin="known"))
    assert {case.template_id for case in made.cases.all()} == {newer.pk}  # another edition would tell them apart
    assert {case.exam_id for case in cases} == {exam.pk for exam in known[1:]}  # nothing of the first is left to see
    assert campaign_check(made).same


def test_known_answers_of_demonstration_data_are_not_mixed_in(ours, sheet):
    device = make_device(ours)
    known = make_exams(device, 4, day=DAY - dt.timedelta(days=60))
    make_campaign(ours, known, sheet, key="cal", purpose="calibration", is_demo=True).cases.update(
        reference={"score": 90, "grade": "a", "vetoed": []}
    )
    make_exams(device, 12)
    assert not draw(make_plan(ours, sheet, sampling=SamplingSpec(size=6, known=4))).cases.filter(origin="known")


# --- arbiters -----------------------------------------------------------------------------------------------


def test_an_arbiter_is_found_once_there_is_one():
    campaign, (first, second), _judges = made_campaign(n=1, arbiters=0)
    case = campaign.cases.get()
    read(case, first, 1, score=98)
    read(case, second, 2, score=55)
    today = local_day(campaign.organisation.zone)
    assert (open_of(campaign, today).nobody, open_of(campaign, today).arbitration) == (1, 1)
    judge = make_reader(campaign.organisation, "judge")
    campaign.reading = campaign.reading | {"arbiters": [str(judge.pk)]}
    campaign.save()
    assert campaign_assign(actor=ACTOR, campaign=campaign).n == 1
    assert case.assignments.get(slot=ARBITER).reader == judge
    assert (open_of(campaign, today).nobody, open_of(campaign, today).arbitration) == (0, 1)
    assert campaign_assign(actor=ACTOR, campaign=campaign).n == 0


# --- what is sealed -------------------------------------------------------------------------------------------


def test_the_audit_trail_tells_no_result(ours, settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    _campaign, (row,), reader = room(ours, make_exams(make_device(ours), 1))
    assert send(client_of(reader), row).status_code == 200
    told = Entry.objects.get(action="review.read").after
    assert set(told) == {"sha256", "seconds"}
    assert told["sha256"] == row.reading.response.sha256


# --- one order of locks ------------------------------------------------------------------------------------------


def deeds(campaign, case, reader, other):
    later = campaign.due_on + dt.timedelta(days=5)
    return {
        "extend": lambda: deadline_extend(actor=ACTOR, campaign=campaign, due_on=later, reason="x"),
        "give": lambda: assignment_give(actor=ACTOR, case=case, reader=other, slot=1, reason="x"),
        "relieve": lambda: reader_relieve(actor=ACTOR, campaign=campaign, reader=reader, reason="x"),
        "withdraw": lambda: case_withdraw(actor=ACTOR, case=case, reason="x"),
        "cancel": lambda: campaign_cancel(actor=ACTOR, campaign=campaign, reason="x"),
        "publish": lambda: campaign_publish(actor=ACTOR, campaign=campaign, reason="x"),
    }


@pytest.mark.parametrize("deed", ["extend", "give", "relieve", "withdraw", "cancel", "publish"])
def test_what_is_given_out_is_held_first_as_a_submission_does(deed):
    campaign, (first, second, other), _judges = made_campaign(n=2, n_readers=3)
    case, settled = campaign.cases.order_by("number")
    read(settled, first, 1, score=95)
    read(settled, second, 2, score=95)
    with CaptureQueriesContext(connection) as seen:
        deeds(campaign, case, first, other)[deed]()
    tables = [one["sql"].split('FROM "')[1].split('"')[0] for one in seen if one["sql"].startswith("SELECT")]
    ours = [name for name in tables if name in {"review_assignment", "review_case", "review_campaign"}]
    assert ours[0] == "review_assignment"


# --- retakes --------------------------------------------------------------------------------------------------


def reasons():
    """Two defects that lead to different reasons for taking a film again."""
    known = [fault_known(code) for code in (f"D-DX-{n:03d}" for n in range(1, 40))]
    by_reason = {one.retake: one.code for one in known if one is not None and one.retake}
    return sorted(by_reason.items())[:2]


def waste(campaign, reader, fault):
    case = campaign.cases.get()
    read(case, reader, 1, score=40, faults=[fault])
    campaign_publish(actor=reader.actor, campaign=campaign)
    effects_apply(case=case)
    return case


def two_wastes():
    (_one, first), (_two, second) = reasons()
    campaign, (reader,), _judges = made_campaign(n=1, n_readers=1)
    case = waste(campaign, reader, first)
    rules = ReadingSpec.from_dict(campaign.reading)
    again = make_campaign(campaign.organisation, [case.exam], campaign.template, key="again", reads=rules)
    return case, waste(again, make_reader(campaign.organisation, "other"), second)


def test_two_samples_ask_once_for_a_film_to_be_taken_again():
    case, _again = two_wastes()
    assert Retake.objects.filter(exam=case.exam).count() == 1


def overturn(case, user, *, score, grade, faults=()):
    appeal = appeal_file(user=make_reader(case.hospital, f"o{user.username}"), case=case, reason="x")
    appeal_change(user=user, appeal=appeal, reason="y", score=score, grade=grade, faults=faults)
    effects_apply(case=case)


def test_a_retake_stays_while_another_sample_asks_for_it():
    case, again = two_wastes()
    overturn(case, make_reader(case.hospital, "boss", "head"), score=85, grade="b")
    assert Retake.objects.get(exam=case.exam).state == "recorded"
    overturn(again, make_reader(case.hospital, "boss2", "head"), score=85, grade="b")
    assert Retake.objects.get(exam=case.exam).state == "rejected"


def test_a_film_that_is_waste_again_is_to_be_taken_again():
    (_reason, fault), *_more = reasons()
    campaign, (reader,), _judges = made_campaign(n=1, n_readers=1)
    case = waste(campaign, reader, fault)
    overturn(case, make_reader(case.hospital, "boss", "head"), score=85, grade="b", faults=[fault])
    assert Retake.objects.get(exam=case.exam).state == "rejected"
    overturn(case, make_reader(case.hospital, "boss2", "head"), score=40, grade="waste", faults=[fault])
    assert Retake.objects.get(exam=case.exam).state == "recorded"


def test_another_reason_takes_the_place_of_the_first():
    (_one, first), (two, second) = reasons()
    campaign, (reader,), _judges = made_campaign(n=1, n_readers=1)
    case = campaign.cases.get()
    read(case, reader, 1, score=40, faults=[first, second])
    campaign_publish(actor=reader.actor, campaign=campaign)
    effects_apply(case=case)
    left = [code for code in (first, second) if code != min(first, second)]
    overturn(case, make_reader(case.hospital, "boss", "head"), score=40, grade="waste", faults=left)
    live = Retake.objects.filter(exam=case.exam).exclude(state="rejected")
    assert [one.reason for one in live] == [fault_known(left[0]).retake]
    assert two


# --- how points are shown ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("score", "shown"),
    [
        (94.96, "94.96"),
        (79.96, "79.96"),
        (79.99, "79.99"),
        (80.0, "80"),
        (88.33, "88.3"),
        (79.45, "79.45"),
        (None, "—"),
    ],
)
def test_points_never_look_like_a_line_that_they_do_not_reach(score, shown):
    assert score_text(score) == shown


# --- what a hospital may hear of a region's sample ---------------------------------------------------------------


def test_no_hospital_hears_how_far_a_sample_of_the_region_has_come(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path
    region = make_region("cn-61")
    hospital = make_hospital("z1", region)
    reader = make_reader(make_hospital("z2", region), "far")
    campaign, (row,), _reader = room(region, make_exams(make_device(hospital), 1), reader=reader)
    assert send(client_of(reader), row).status_code == 200
    assert campaign.cases.get().state == "settled"
    kinds = (events.CASE_READ, events.CASE_RULED)
    assert set(Job.objects.filter(kind__in=kinds).values_list("scope", flat=True)) == {region.path}
    assert not any(one.scope.startswith(hospital.path) for one in Entry.objects.filter(action="review.read"))
