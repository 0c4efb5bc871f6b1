"""Cases follow who made their exams, and nobody is left reading their own work."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.apps.review.making import (
    ACTOR,
    give,
    made_campaign,
    make_case,
    make_device,
    make_exams,
    make_hospital,
    make_reader,
    make_readers,
    make_technologist,
    reading,
)
from tests.apps.review.ruled import read
from tests.apps.review.test_counting import assert_proven, sums

from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam, ExamOperator, Operator
from yingheng.catalog.services import exam_performer_set, operator_apply, operator_decide
from yingheng.common import events
from yingheng.jobs.models import Job
from yingheng.notify.models import Delivery
from yingheng.registry.models import Person
from yingheng.registry.services import person_account_set
from yingheng.review.made_by_handlers import follow_account, follow_exam, follow_operator
from yingheng.review.models import Campaign, Case, Reading
from yingheng.review.readers import conflicts_of, readers_of
from yingheng.review.services.counting import SCORE
from yingheng.review.spec import ReadingSpec

pytestmark = pytest.mark.django_db


def name_operator(exams, person=None, key="k"):
    """The exams name an operator; whose it is, is known or waits."""
    exams = list(exams)
    state = "matched" if person else "waiting"
    row = Operator.objects.create(hospital=exams[0].hospital, key=key, text_cipher=b"x", person=person, state=state)
    ExamOperator.objects.bulk_create(ExamOperator(exam=e, operator=row, source="header") for e in exams)
    return row


def exams_of(campaign):
    return [case.exam for case in campaign.cases.select_related("exam__hospital").order_by("number")]


def readers(case):
    return {a.reader_id: a.state for a in case.assignments.all()}


def test_all_who_made_an_exam_are_kept_from_reading_it_in_one_query():
    hospital = make_hospital()
    pool = make_readers(hospital, 4, prefix="maker")
    exams = make_exams(make_device(hospital, "CT2"), 3, series=False)
    for number in (0, 1):
        person = make_technologist(hospital, f"M{number}", user=pool[number])
        name_operator(exams, person, key=f"k{number}")
    campaign, _readers, _judges = made_campaign(hospital=hospital, n=1, n_readers=1)
    for number, exam in enumerate(exams, start=10):
        make_case(campaign, exam, number)
    cases = list(campaign.cases.filter(number__gte=10).select_related("performer", "hospital", "template"))
    people = readers_of(hospital, [str(user.pk) for user in pool])
    with CaptureQueriesContext(connection) as seen:
        barred = conflicts_of(cases, people, ReadingSpec.from_dict(campaign.reading), campaign.purpose)
    assert len(seen) <= 4
    assert all(out == {str(pool[0].pk), str(pool[1].pk)} for out in barred.values())


def test_counted_cases_move_to_whoever_made_them_and_cells_equal_a_recount():
    campaign, (reader,), _judges = made_campaign(n=4, n_readers=1, purpose="daily")
    first = campaign.cases.first().performer
    cases = list(campaign.cases.order_by("number"))
    for case, score in zip(cases, (96, 90, 82, 40), strict=True):
        read(case, reader, 1, score=score)
    other = make_technologist(campaign.organisation, "T2")
    moved = name_operator(exams_of(campaign)[:3])
    operator_decide(actor=ACTOR, operator=moved, verb="link", person=other)
    for _again in range(2):
        operator_apply(operator_id=moved.pk)
        follow_operator(str(moved.pk), {})
    found = {one.by[0]: (one.denominator, one.total) for one in sums(SCORE, ("performer",)) if one.denominator}
    assert found == {str(other.pk): (3, 268.0), str(first.pk): (1, 40.0)}
    assert_proven()
    assert {case.performer_id for case in Case.objects.filter(number__lte=3)} == {other.pk}


def test_one_exam_set_by_hand_is_followed_and_can_be_emptied():
    campaign, (reader,), _judges = made_campaign(n=1, n_readers=1, purpose="daily")
    case = campaign.cases.get()
    read(case, reader, 1, score=96)
    exam_performer_set(actor=ACTOR, exam=case.exam, person=None)
    assert Job.objects.filter(kind=events.PERFORMER_SET, natural_key=str(case.exam_id)).exists()
    follow_exam(str(case.exam_id), {})
    case.refresh_from_db()
    assert case.performer is None
    assert {one.by[0] for one in sums(SCORE, ("performer",)) if one.denominator} <= {None, ""}
    assert_proven()


def test_who_turns_out_to_have_made_it_loses_the_case_to_somebody_else():
    campaign, pool, _judges = made_campaign(n=2, n_readers=3)
    own, other = campaign.cases.order_by("number")
    repeat = make_case(campaign, own.exam, 9, origin="repeat", repeat_of=own)
    for slot, reader in enumerate(pool[:2], start=1):
        give(repeat, reader, slot)
    person = make_technologist(campaign.organisation, "T2", user=pool[0])
    row = name_operator([own.exam])
    operator_decide(actor=ACTOR, operator=row, verb="link", person=person)
    for _again in range(2):
        operator_apply(operator_id=row.pk)
        follow_operator(str(row.pk), {})
    assert readers(own) == {pool[0].pk: "withdrawn", pool[1].pk: "assigned", pool[2].pk: "assigned"}
    assert readers(other) == {pool[0].pk: "assigned", pool[1].pk: "assigned"}
    repeat.refresh_from_db()
    assert repeat.state == "withdrawn"
    assert Entry.objects.filter(action="review_case.own_work").count() == 2


def test_the_second_of_two_operators_loses_the_case_too():
    campaign, pool, _judges = made_campaign(n=1, n_readers=3)
    case = campaign.cases.get()
    for number in (0, 1):
        person = make_technologist(campaign.organisation, f"S{number}", user=pool[number])
        row = name_operator([case.exam], person, key=f"s{number}")
    operator_apply(operator_id=row.pk)
    follow_exam(str(case.exam_id), {})
    exam = Exam.objects.get()
    assert (exam.performer, exam.performer_source) == (None, "several")
    assert {pk for pk, state in readers(case).items() if state == "assigned"} == {pool[2].pk}


def test_what_was_read_stays_and_the_planners_hear_of_it():
    campaign, pool, _judges = made_campaign(n=1, n_readers=2)
    case = campaign.cases.get()
    read(case, pool[0], 1, score=96)
    person = make_technologist(campaign.organisation, "T2", user=pool[0])
    exam_performer_set(actor=ACTOR, exam=case.exam, person=person)
    boss = make_reader(campaign.organisation, "planner", "head")
    for _again in range(2):
        follow_exam(str(case.exam_id), {})
    assert Reading.objects.filter(case=case, reader=pool[0]).count() == 1
    assert Delivery.objects.filter(message__kind="review.own_read", recipient=boss).count() == 1


def test_an_account_given_later_counts_too():
    campaign, pool, _judges = made_campaign(n=1, n_readers=3)
    case = campaign.cases.get()
    person = Person.objects.get(pk=case.performer_id)
    person_account_set(actor=ACTOR, person=person, user=pool[0])
    assert Job.objects.filter(kind=events.PERSON_ACCOUNT, natural_key=str(person.pk)).exists()
    follow_account(str(person.pk), {})
    assert readers(case)[pool[0].pk] == "withdrawn"
    assert readers(case)[pool[2].pk] == "assigned"


def test_a_film_of_the_day_is_left_for_whoever_leads_the_review():
    campaign, pool, _judges = made_campaign(n=1, n_readers=2, purpose="daily", reads=reading([], readers=1))
    case = campaign.cases.get()
    exam_performer_set(actor=ACTOR, exam=case.exam, person=make_technologist(campaign.organisation, "T2", user=pool[0]))
    follow_exam(str(case.exam_id), {})
    assert readers(case)[pool[0].pk] == "withdrawn"
    assert Campaign.objects.get().cases.get().state == "waiting"
