"""Who reads what: nobody their own work, everybody about as much, each in an order of their own."""

import datetime as dt
from collections import Counter

import pytest
from tests.apps.review.making import (
    ACTOR,
    DAY,
    give,
    made_campaign,
    make_campaign,
    make_case,
    make_device,
    make_exams,
    make_hospital,
    make_plan,
    make_reader,
    make_readers,
    make_region,
    make_report,
    make_sheet,
    make_technologist,
    reading,
)

from yingheng.catalog.models import Exam
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.notify.models import Delivery, Message
from yingheng.registry.models import Person
from yingheng.review.models import Assignment, Campaign, Case, Qualification
from yingheng.review.ordering import ordered
from yingheng.review.services.assigning import (
    arbiter_give,
    assignment_decline,
    assignment_give,
    campaign_assign,
    campaign_begin,
)
from yingheng.review.services.drawing import campaign_draw
from yingheng.review.services.swapping import case_swap, case_withdraw
from yingheng.review.spec import SamplingSpec
from yingheng.tenancy.models import Membership

pytestmark = pytest.mark.django_db
LAST = dt.date(2026, 11, 10)


def sample(ours, sheet, pool, n=12, *, state="drawn", exams=None, **more):
    exams = exams or make_exams(make_device(ours), n, series=False)
    return make_campaign(ours, exams, sheet, reads=reading(pool, **more), state=state)


def readers_of(case):
    return set(case.assignments.exclude(state__in=["declined", "withdrawn"]).values_list("reader", flat=True))


def test_every_case_goes_to_two_readers_and_everybody_has_about_as_much(ours, sheet):
    pool = make_readers(ours, 4)
    made = sample(ours, sheet, pool, n=21)
    found = campaign_assign(actor=ACTOR, campaign=made)
    assert found.n == 42
    assert all(len(readers_of(case)) == 2 for case in made.cases.all())
    assert set(Counter(made.assignments.values_list("reader", flat=True)).values()) <= {10, 11}
    assert {one.slot for one in made.assignments.all()} == {1, 2}


def test_giving_out_again_changes_nothing(ours, sheet):
    made = sample(ours, sheet, make_readers(ours, 3))
    campaign_assign(actor=ACTOR, campaign=made)
    before = set(made.assignments.values_list("case", "slot", "reader", "place"))
    assert campaign_assign(actor=ACTOR, campaign=made).n == 0
    assert set(made.assignments.values_list("case", "slot", "reader", "place")) == before


def test_everybody_has_an_order_of_their_own(ours, sheet):
    pool = make_readers(ours, 2)
    made = sample(ours, sheet, pool, n=12)
    campaign_assign(actor=ACTOR, campaign=made)
    orders = [list(made.assignments.filter(reader=one).order_by("place").values_list("case__number", flat=True))
              for one in pool]  # fmt: skip
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(1, 13))
    assert orders[0] != orders[1]


def test_a_technologist_never_reads_an_own_exam(ours, sheet):
    pool = make_readers(ours, 3)
    own = make_exams(make_device(ours), 6, performer=make_technologist(ours, user=pool[0]), series=False)
    made = sample(ours, sheet, pool, exams=[*own, *make_exams(make_device(ours, "CT2"), 6, series=False)])
    campaign_assign(actor=ACTOR, campaign=made)
    assert not made.assignments.filter(reader=pool[0], case__exam__in=own).exists()
    assert made.assignments.filter(reader=pool[0]).count() == 6


@pytest.mark.parametrize("signer", ["李四", "D7", "D7^李四", "主任 李四"])
def test_who_signed_the_report_does_not_read_the_exam(ours, sheet, signer):
    pool = make_readers(ours, 3)
    Person.objects.create(hospital=ours, staff_number="D7", name="李四", category="physician", user=pool[1])
    exams = make_exams(make_device(ours), 4, series=False)
    make_report(exams[2], signers=["王五", signer])
    made = sample(ours, sheet, pool, exams=exams)
    campaign_assign(actor=ACTOR, campaign=made)
    assert pool[1].pk not in readers_of(made.cases.get(exam=exams[2]))
    assert made.assignments.filter(reader=pool[1]).exists()


def test_a_namesake_of_another_hospital_may_read_it(ours, sheet):
    pool = make_readers(ours, 2)
    there = make_hospital("rh2")
    Person.objects.create(hospital=there, staff_number="D7", name="李四", category="physician", user=pool[1])
    exams = make_exams(make_device(ours), 1, series=False)
    make_report(exams[0], signers=["李四"])
    made = sample(ours, sheet, pool, exams=exams)
    assert campaign_assign(actor=ACTOR, campaign=made).n == 2


def test_regional_cases_go_to_readers_of_other_hospitals():
    region = make_region("cn-77")
    sheet = make_sheet(region)
    places = [make_hospital(f"g{i}", region) for i in range(3)]
    pool = [make_reader(place, f"r-{place.code}") for place in places]
    exams = [exam for place in places for exam in make_exams(make_device(place), 4, series=False)]
    made = sample(region, sheet, pool, exams=exams, other_hospitals_only=True)
    campaign_assign(actor=ACTOR, campaign=made)
    for place, reader in zip(places, pool, strict=True):
        assert not made.assignments.filter(reader=reader, hospital=place).exists()
        assert made.assignments.filter(reader=reader).count() == 8


def test_only_the_qualified_read_where_that_is_asked(ours, sheet):
    pool = make_readers(ours, 4)
    made = sample(ours, sheet, pool, n=5, qualified_only=True)
    today = local_day(ours.zone)
    for reader, passed, until in ((pool[0], True, today), (pool[1], True, today + dt.timedelta(days=9)),
                                  (pool[2], False, today), (pool[3], True, today - dt.timedelta(days=1))):  # fmt: skip
        Qualification.objects.create(
            reader=reader, organisation=ours, template_key=sheet.key, campaign=made, passed=passed, result={},
            valid_until=until, made_at=now(),
        )  # fmt: skip
    campaign_assign(actor=ACTOR, campaign=made)
    assert set(made.assignments.values_list("reader", flat=True)) == {pool[0].pk, pool[1].pk}


def test_a_case_that_too_few_may_read_is_told_and_left_open(ours, sheet):
    pool = make_readers(ours, 2)
    chief = make_reader(ours, "chief", "head")
    own = make_exams(make_device(ours), 1, performer=make_technologist(ours, user=pool[0]), series=False)
    made = sample(ours, sheet, pool, exams=[*own, *make_exams(make_device(ours, "CT2"), 3, series=False)])
    found = campaign_begin(actor=ACTOR, campaign=made)
    assert {made.cases.get(pk=pk).exam_id for pk in found.refused} == {own[0].pk}
    assert Delivery.objects.filter(recipient=chief, message__kind="review.short").count() == 1


def test_who_lost_the_role_gets_nothing(ours, sheet):
    pool = make_readers(ours, 3)
    Membership.objects.filter(user=pool[2]).update(revoked_at=now())
    made = sample(ours, sheet, pool, n=4)
    found = campaign_assign(actor=ACTOR, campaign=made)
    assert found.left_out == (str(pool[2].pk),)
    assert not made.assignments.filter(reader=pool[2]).exists()


def test_without_names_everybody_of_the_hospital_who_may_reads(ours, sheet):
    pool = make_readers(ours, 2)
    make_reader(ours, "nurse", "nurse")
    make_reader(make_hospital("rh2"), "elsewhere")
    made = sample(ours, sheet, (), n=3)
    campaign_assign(actor=ACTOR, campaign=made)
    assert set(made.assignments.values_list("reader", flat=True)) == {one.pk for one in pool}


def test_readers_are_told_once_reading_begins(ours, sheet):
    pool = make_readers(ours, 2)
    made = sample(ours, sheet, pool, n=3)
    campaign_assign(actor=ACTOR, campaign=made)
    assert not Message.objects.filter(kind="review.assigned").exists()
    campaign_begin(actor=ACTOR, campaign=made)
    told = Message.objects.filter(kind="review.assigned")
    assert {d.recipient_id for m in told for d in m.deliveries.all()} == {one.pk for one in pool}
    assert {m.params["n"] for m in told} == {3}
    made.refresh_from_db()
    assert made.state == Campaign.State.READING
    with pytest.raises(Conflict, match="campaign_state"):
        campaign_begin(actor=ACTOR, campaign=made)


def test_reading_does_not_begin_without_anybody(ours, sheet):
    made = sample(ours, sheet, (), n=3)
    with pytest.raises(Conflict, match="nobody_reads"):
        campaign_begin(actor=ACTOR, campaign=made)
    made.refresh_from_db()
    assert made.state == Campaign.State.DRAWN


def test_there_are_all_the_days_of_the_plan_to_read(ours, sheet):
    made = sample(ours, sheet, make_readers(ours, 2), n=2, days=10)
    Campaign.objects.filter(pk=made.pk).update(due_on=dt.date(2026, 1, 1))
    campaign_begin(actor=ACTOR, campaign=made)
    want = local_day(ours.zone) + dt.timedelta(days=10)
    assert set(made.assignments.values_list("due_on", flat=True)) == {want}


def test_a_repeat_goes_to_the_same_readers_and_comes_later(ours, sheet):
    pool = make_readers(ours, 3)
    make_exams(make_device(ours), 30)
    plan = make_plan(ours, sheet, pool=pool, sampling=SamplingSpec(size=20, repeats=0.25))
    made = campaign_draw(actor=ACTOR, plan=plan, first_day=DAY, last_day=LAST)
    campaign_assign(actor=ACTOR, campaign=made)
    repeats = list(made.cases.filter(origin="repeat").select_related("repeat_of"))
    assert len(repeats) == 5
    for case in repeats:
        assert readers_of(case) == readers_of(case.repeat_of)
        for mine in case.assignments.all():
            first = case.repeat_of.assignments.get(reader=mine.reader)
            assert (first.slot, first.place < mine.place) == (mine.slot, True)


def test_repeats_keep_their_distance_where_there_is_room(ours, sheet):
    made = sample(ours, sheet, (), n=30)
    cases = list(made.cases.order_by("number"))
    first = cases[:25]
    repeats = [Case(pk=one.pk, repeat_of=cases[i]) for i, one in enumerate(cases[25:])]
    order = [case.pk for case in ordered([*first, *repeats], "r", "seed")]
    for repeat in repeats:
        gap = order.index(repeat.pk) - order.index(repeat.repeat_of_id)
        assert gap > 5 or order.index(repeat.pk) >= 25


def test_an_arbiter_has_not_read_the_case_and_has_least_to_do():
    made, pool, judges = made_campaign(arbiters=3)
    case, other = made.cases.order_by("number")[:2]
    give(other, judges[0], 3)
    found = arbiter_give(case=case)
    assert found.slot == 3
    assert found.reader_id in {judges[1].pk, judges[2].pk}
    assert arbiter_give(case=case).pk == found.pk
    assert not set(pool) & {found.reader}


def test_without_an_arbiter_the_planners_hear_of_it():
    made, pool, _judges = made_campaign(arbiters=0)
    chief = make_reader(made.organisation, "chief", "head")
    case = made.cases.first()
    assert arbiter_give(case=case) is None
    assert arbiter_give(case=case) is None
    assert Delivery.objects.filter(recipient=chief, message__kind="review.nobody").count() == 1
    assert len(pool) == 2


def test_a_case_handed_back_goes_to_somebody_else():
    made, pool, _judges = made_campaign(n_readers=3)
    case = made.cases.first()
    mine = case.assignments.get(reader=pool[0])
    found = assignment_decline(reader=pool[0], assignment=mine, reason="认识该患者")
    mine.refresh_from_db()
    assert (mine.state, mine.reason) == ("declined", "认识该患者")
    assert (found.reader_id, found.slot) == (pool[2].pk, mine.slot)
    with pytest.raises(Conflict):
        assignment_decline(reader=pool[0], assignment=mine, reason="x")


def test_handing_back_needs_a_reason_and_an_own_case():
    made, pool, _judges = made_campaign()
    mine = made.assignments.filter(reader=pool[0]).first()
    with pytest.raises(Invalid, match="reason_missing"):
        assignment_decline(reader=pool[0], assignment=mine, reason="  ")
    with pytest.raises(Conflict, match="assignment_unknown"):
        assignment_decline(reader=pool[1], assignment=mine, reason="x")


def test_a_case_nobody_else_may_read_stays_open_and_is_told():
    made, pool, _judges = made_campaign(n_readers=2)
    mine = made.assignments.filter(reader=pool[0]).first()
    assert assignment_decline(reader=pool[0], assignment=mine, reason="x") is None
    assert Message.objects.filter(kind="review.nobody").count() == 1
    assert mine.case.assignments.exclude(state="declined").count() == 1


def test_what_was_left_open_is_given_out_once_somebody_may(ours):
    made, pool, _judges = made_campaign(hospital=ours, n_readers=2, n=2)
    mine = made.assignments.filter(reader=pool[0]).first()
    assignment_decline(reader=pool[0], assignment=mine, reason="x")
    late = make_reader(ours, "late")
    Campaign.objects.filter(pk=made.pk).update(reading=reading([*pool, late]).as_dict())
    found = campaign_assign(actor=ACTOR, campaign=made)
    assert (found.n, readers_of(mine.case)) == (1, {pool[1].pk, late.pk})


def test_handing_back_what_was_to_be_repeated_drops_the_repeat():
    made, pool, _judges = made_campaign(n_readers=3)
    case = made.cases.first()
    repeat = make_case(made, case.exam, 90, origin="repeat", repeat_of=case)
    give(repeat, pool[0], 1)
    Campaign.objects.filter(pk=made.pk).update(n_cases=5)
    assignment_decline(reader=pool[0], assignment=case.assignments.get(reader=pool[0]), reason="x")
    repeat.refresh_from_db()
    made.refresh_from_db()
    assert (repeat.state, made.n_cases) == ("withdrawn", 4)
    assert repeat.assignments.get().state == "withdrawn"


def test_a_planner_gives_a_case_to_another_with_a_reason():
    made, pool, _judges = made_campaign(n_readers=3)
    case = made.cases.first()
    with pytest.raises(Invalid, match="reason_missing"):
        assignment_give(actor=ACTOR, case=case, reader=pool[2], slot=1)
    found = assignment_give(actor=ACTOR, case=case, reader=pool[2], slot=1, reason="休假")
    assert readers_of(case) == {pool[1].pk, pool[2].pk}
    assert case.assignments.get(slot=1, state="withdrawn").reason == "休假"
    assert found.place > made.cases.count() - 4


def test_a_planner_cannot_give_it_against_a_conflict_or_after_it_was_read():
    made, pool, _judges = made_campaign(n_readers=3)
    case = made.cases.select_related("performer").first()
    Person.objects.filter(pk=case.performer_id).update(user=pool[2])
    with pytest.raises(Conflict, match="conflict_of_interest"):
        assignment_give(actor=ACTOR, case=case, reader=pool[2], slot=1, reason="x")
    assert readers_of(case) == {pool[0].pk, pool[1].pk}
    Assignment.objects.filter(case=case, slot=2).update(state="submitted")
    with pytest.raises(Conflict, match="read_already"):
        assignment_give(actor=ACTOR, case=case, reader=pool[2], slot=2, reason="x")


def test_a_swapped_case_goes_to_the_same_readers_unless_it_is_their_own(ours, sheet):
    pool = make_readers(ours, 3)
    device, tech = make_device(ours), make_technologist(ours, user=pool[0])
    make_exams(device, 6)
    plan = make_plan(ours, sheet, pool=pool, sampling=SamplingSpec(size=5))
    made = campaign_draw(actor=ACTOR, plan=plan, first_day=DAY, last_day=LAST)
    campaign_begin(actor=ACTOR, campaign=made)
    case = made.cases.filter(assignments__reader=pool[0]).order_by("number").first()
    had = readers_of(case)
    Exam.objects.filter(hospital=ours).exclude(pk__in=made.cases.values("exam")).update(performer=tech)
    new = case_swap(actor=ACTOR, case=case, reason="x")
    assert new.performer_id == tech.pk
    assert pool[0].pk not in readers_of(new)
    assert readers_of(new) >= had - {pool[0].pk}
    assert len(readers_of(new)) == 2
    assert readers_of(case) == set()


def test_a_withdrawn_case_is_nobodys_any_more():
    made, _pool, _judges = made_campaign()
    case = made.cases.first()
    case_withdraw(actor=ACTOR, case=case, reason="重复")
    assert set(case.assignments.values_list("state", "reason")) == {("withdrawn", "重复")}


def test_many_cases_are_given_out_in_a_few_queries(ours, sheet, django_assert_max_num_queries):
    pool = make_readers(ours, 5)
    exams = make_exams(make_device(ours), 200, series=False)
    made = sample(ours, sheet, pool, exams=exams)
    with django_assert_max_num_queries(25):
        campaign_assign(actor=ACTOR, campaign=made)
