"""Pages of a region's review: progress, moving cases, more time, hospitals side by side; the same cost at any size."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from tests.apps.review.making import (
    ACTOR,
    give,
    make_campaign,
    make_case,
    make_device,
    make_exams,
    make_hospital,
    make_reader,
    make_readers,
    make_region,
    make_sheet,
    reading,
)
from tests.apps.review.rooming import client_of
from tests.apps.review.ruled import reading_of

from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.notify.models import Delivery
from yingheng.registry.models import Person
from yingheng.review.models import Assignment, Campaign, Case, Extension, Ruling
from yingheng.review.progress import hospitals_of
from yingheng.review.services.assigning import assignment_decline, campaign_assign, campaign_begin
from yingheng.review.services.extending import deadline_extend
from yingheng.review.services.redistributing import reader_relieve
from yingheng.review.statistics.hospitals import comparison, result_lines, spread_of
from yingheng.tenancy.services import user_create

pytestmark = pytest.mark.django_db


@pytest.fixture
def region():
    return make_region("cn-55")


@pytest.fixture
def centre(region):
    return user_create(
        actor=None, username="centre", display_name="中心", organisation=region, role="regional_centre",
        password="Radiograph-2026",
    ).user  # fmt: skip


@pytest.fixture
def running(region):
    """Six films of each of two hospitals, being read by four people of a third."""
    places = [make_hospital(f"rp{i}", region) for i in range(3)]
    exams = [exam for place in places[:2] for exam in make_exams(make_device(place), 6, series=False)]
    pool = make_readers(places[2], 4)
    made = make_campaign(region, exams, make_sheet(region), reads=reading(pool, other_hospitals_only=True),
                         purpose="regional", state="drawn")  # fmt: skip
    campaign_begin(actor=ACTOR, campaign=made)
    return Campaign.objects.get(pk=made.pk), pool


def at(name, *args):
    return reverse(f"review:{name}", args=args)


def ruled(campaign, hospitals, n, *, kinds=(("DX", "CHEST"),), quality=lambda i, j: 85.0):
    """Settled cases with a ruling, `n` of each hospital; rows alone."""
    cases, rulings, moment = [], [], now()
    for i, place in enumerate(hospitals):
        device = make_device(place, f"X{i}")
        exams = make_exams(device, n, series=False, key=f"{place.code}-{i}")
        for j, exam in enumerate(exams):
            modality, part = kinds[j % len(kinds)]
            score = quality(i, j)
            case = Case(
                campaign=campaign, hospital=place, subject_id=exam.pk, exam=exam, device=device,
                template=campaign.template,
                modality=modality, body_part=part, local_day=exam.local_day, number=len(cases) + 2, origin="drawn",
                stratum=[str(place.pk)], p=0.5, state="settled", score=score, grade="b", settled_at=moment,
            )  # fmt: skip
            cases.append(case)
            rulings.append(
                Ruling(case=case, hospital=place, version=1, basis="agreement", score=score, grade="b", vetoed=[],
                       faults=[], details={"flags": {"excellent": score >= 95, "waste": False}}, readings=[],
                       made_at=moment)
            )  # fmt: skip
    Case.objects.bulk_create(cases, batch_size=500)
    Ruling.objects.bulk_create(rulings, batch_size=500)
    Campaign.objects.filter(pk=campaign.pk).update(n_cases=len(cases), n_settled=len(cases))


def announced(region, hospitals, n, **more):
    seed = make_exams(make_device(hospitals[0], "seed"), 1, series=False)
    made = make_campaign(region, seed, make_sheet(region), purpose="regional", key="announced")
    made.cases.update(state="withdrawn", withdrawn_reason="x")
    Campaign.objects.filter(pk=made.pk).update(state="published", published_at=now())
    ruled(made, hospitals, n, **more)
    return Campaign.objects.get(pk=made.pk)


def test_pages_cost_the_same_with_forty_hospitals_and_two_thousand_cases(region, centre, django_assert_max_num_queries):
    hospitals = [make_hospital(f"big{i:02d}", region) for i in range(40)]
    quality = lambda i, j: 80.0 + (i % 5) + (j % 7)  # noqa: E731 - a table
    done = announced(region, hospitals, 50, kinds=(("DX", "CHEST"), ("CT", "HEAD")), quality=quality)
    client = client_of(centre)
    head = client_of(
        user_create(
            actor=None, username="head", display_name="主任", organisation=hospitals[7], role="head",
            password="Radiograph-2026",
        ).user
    )  # fmt: skip
    urls = [at("results", done.pk), at("hospitals", done.pk), at("hospitals", done.pk) + "?kind=CT|HEAD",
            at("hospitals_export", done.pk, "xlsx")]  # fmt: skip
    Campaign.objects.filter(pk=done.pk).update(state="reading", published_at=None)
    readers = make_readers(make_hospital("readers", region), 6)
    rows = [
        Assignment(case=case, campaign=done, hospital=case.hospital, slot=1, reader=readers[i % 6], place=i,
                   due_on=done.due_on, assigned_at=now())
        for i, case in enumerate(done.cases.select_related("hospital").filter(state="settled"))
    ]  # fmt: skip
    Assignment.objects.bulk_create(rows, batch_size=500)
    running = [at("campaigns"), *(at("campaign", done.pk) + f"?tab={tab}" for tab in ("cases", "hospitals", "readers")),
               at("reader_move", done.pk, readers[0].pk), at("campaign_extend", done.pk)]  # fmt: skip
    for url in running:
        client.get(url)
        with django_assert_max_num_queries(15):
            assert client.get(url).status_code == 200, url
    Campaign.objects.filter(pk=done.pk).update(state="published", published_at=now())
    for browser, several in ((client, urls), (head, urls[:1])):
        for url in several:
            browser.get(url)
            with django_assert_max_num_queries(15):
                assert browser.get(url).status_code == 200, url
    page = head.get(urls[0]).content.decode()
    assert not [place.name for place in hospitals if place != hospitals[7] and place.name in page]
    assert "在全区域中的位置" in page


def test_a_better_mix_is_no_better_hospital(region):
    """Two hospitals alike in every kind of exam, the one with mostly easy exams, the other with mostly hard ones."""
    hospitals = [make_hospital(f"mix{i}", region) for i in range(2)]
    easy, hard = ("DX", "CHEST"), ("MG", "BREAST")
    kinds = (easy,) * 4 + (hard,)
    done = announced(region, hospitals, 60, kinds=kinds)
    for case in done.cases.filter(state="settled"):
        first = case.hospital_id == hospitals[0].pk
        if not first:  # the other hospital has it the other way round
            case.modality, case.body_part = hard if case.modality == "DX" else easy
            case.save()
        score = (92.0 if case.modality == "DX" else 78.0) + (case.number % 3) - 1
        # rulings are insert only: a second version says what holds
        Ruling.objects.create(case=case, hospital_id=case.hospital_id, version=2, basis="agreement", score=score,
                              grade="b", vetoed=[], faults=[], details={"flags": {}}, readings=[],
                              made_at=now())  # fmt: skip
    one, two = comparison(result_lines(done)).lines
    assert abs(one.mean["value"] - two.mean["value"]) > 7
    assert abs(one.standard["value"] - two.standard["value"]) < 0.5
    assert one.place == two.place == (1, 2)


def test_a_distribution_that_would_betray_a_hospital_is_not_shown(region):
    hospitals = [make_hospital(f"few{i}", region) for i in range(4)]
    done = announced(region, hospitals, 30, quality=lambda i, j: 80.0 + i + j % 3)
    told = spread_of(result_lines(done), {hospitals[1].pk})
    assert (len(told.means), told.own) == (4, 1)
    rows = [row for row in result_lines(done) if row["case__hospital_id"] != hospitals[0].pk]
    assert spread_of(rows, {hospitals[1].pk}).means == ()


def test_a_relieved_reader_gets_nothing_more_and_nothing_is_lost(running):
    made, pool = running
    before = Assignment.objects.exclude(state="withdrawn").count()
    mine = made.assignments.filter(reader=pool[0]).count()
    moved = reader_relieve(actor=ACTOR, campaign=made, reader=pool[0], reason="病假")
    assert (moved.taken, moved.given, moved.waiting) == (mine, mine, 0)
    assert Assignment.objects.exclude(state="withdrawn").count() == before
    loads = [made.assignments.filter(reader=one, state="assigned").count() for one in pool]
    assert loads[0] == 0
    # Whoever reads a case already cannot take it over: loads are as even as the last cases allow.
    assert max(loads[1:]) - min(loads[1:]) <= 2
    assert campaign_assign(actor=ACTOR, campaign=made).n == 0
    with pytest.raises(Conflict):
        reader_relieve(actor=ACTOR, campaign=made, reader=pool[0], reason="再次")
    with pytest.raises(Invalid):
        reader_relieve(actor=ACTOR, campaign=made, reader=pool[1], reason=" ")


def test_what_nobody_else_may_read_waits_for_a_planner(running, centre):
    made, pool = running
    # Only they and somebody who reads a case with them are left.
    mine = made.assignments.filter(reader=pool[0]).values("case")
    mate = made.assignments.filter(case__in=mine).exclude(reader=pool[0]).order_by("pk")[0].reader_id
    gone = [one for one in pool[1:] if one.pk != mate]
    for one in gone:
        one.is_active = False
        one.save()
    made.assignments.filter(reader__in=gone).update(state="withdrawn", reason="x")
    held = made.assignments.filter(reader=pool[0], state="assigned").count()
    moved = reader_relieve(actor=ACTOR, campaign=made, reader=pool[0], reason="病假")
    assert moved.taken == held
    assert moved.given + moved.waiting == held
    assert moved.waiting > 0
    assert Delivery.objects.filter(recipient=centre, message__kind="review.short").exists()


def test_cases_are_moved_and_deadlines_extended_on_pages(running, centre):
    made, pool = running
    client = client_of(centre)
    move = at("reader_move", made.pk, pool[0].pk)
    assert client.post(move, {"which": "all", "reason": ""}).status_code == 400
    assert client.post(move, {"which": "late", "reason": "x"}).status_code == 400  # nothing is overdue
    assert client.post(move, {"which": "all", "reason": "病假"}).status_code == 302
    assert not made.assignments.filter(reader=pool[0], state="assigned").exists()
    later = made.due_on + dt.timedelta(days=7)
    one = at("reader_extend", made.pk, pool[1].pk)
    assert client.post(one, {"due_on": made.due_on.isoformat(), "reason": "x"}).status_code == 400
    assert client.post(one, {"due_on": later.isoformat(), "reason": "出差"}).status_code == 302
    assert set(made.assignments.filter(reader=pool[1]).values_list("due_on", flat=True)) == {later}
    assert set(made.assignments.filter(reader=pool[2]).values_list("due_on", flat=True)) == {made.due_on}
    assert Delivery.objects.filter(recipient=pool[1], message__kind="review.extended").count() == 1
    page = client.get(at("campaign", made.pk) + "?tab=readers").content.decode()
    assert "出差" in page
    assert "中心" in page
    stranger = make_reader(made.cases.first().hospital, "stranger")
    assert client.get(at("reader_move", made.pk, stranger.pk)).status_code == 404


def test_a_deadline_moves_later_alone_and_its_record_stays(running):
    made, _pool = running
    today = local_day(made.organisation.zone)
    for day, reason in ((made.due_on, "x"), (today - dt.timedelta(days=1), "x"), (made.due_on + dt.timedelta(1), " ")):
        with pytest.raises(Invalid):
            deadline_extend(actor=ACTOR, campaign=made, due_on=day, reason=reason)
    row = deadline_extend(actor=ACTOR, campaign=made, due_on=made.due_on + dt.timedelta(days=3), reason="节日")
    made.refresh_from_db()
    assert made.due_on == row.due_on == row.before + dt.timedelta(days=3)
    for change in (lambda: Extension.objects.update(reason="y"), lambda: Extension.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    Campaign.objects.filter(pk=made.pk).update(state="published", published_at=now())
    with pytest.raises(Conflict):
        deadline_extend(actor=ACTOR, campaign=made, due_on=made.due_on + dt.timedelta(days=9), reason="x")


def test_progress_is_told_by_hospital_and_its_own_day(running, centre):
    made, _pool = running
    place = made.cases.order_by("number").first().hospital
    made.assignments.filter(hospital=place).update(due_on=local_day(place.zone) - dt.timedelta(days=1))
    page = client_of(centre).get(at("campaign", made.pk) + "?tab=hospitals").content.decode()
    assert page.count("医院rp") >= 2
    told = {one.hospital: one for one in hospitals_of(made)}
    assert told[place].late == told[place].unread == 12
    assert sum(one.late for one in told.values()) == 12


def test_staff_of_a_hospital_read_nothing_of_it_whatever_roles_they_hold(region):
    """Somebody of the staff register of a hospital without any role there."""
    ours, theirs = (make_hospital(f"st{i}", region) for i in range(2))
    readers = make_readers(theirs, 3)
    Person.objects.create(hospital=ours, staff_number="S1", name="x", category="physician", user=readers[0])
    exams = make_exams(make_device(ours), 4, series=False)
    made = make_campaign(region, exams, make_sheet(region), reads=reading(readers, other_hospitals_only=True),
                         state="drawn")  # fmt: skip
    campaign_begin(actor=ACTOR, campaign=made)
    assert set(made.assignments.values_list("reader", flat=True)) == {readers[1].pk, readers[2].pk}


def test_a_reader_hands_a_hidden_repeat_back_after_the_other_has_read_it(running):
    """The sample can still be settled: the repeat is withdrawn, what the other made of it stays."""
    made, _pool = running
    first = made.cases.order_by("number").first()
    again = make_case(made, first.exam, 99, origin="repeat", repeat_of=first)
    one, two = (give(again, row.reader, row.slot) for row in first.assignments.order_by("slot"))
    kept = reading_of(again, one.reader, one.slot)
    assert assignment_decline(reader=two.reader, assignment=two, reason="x") is None
    again.refresh_from_db()
    assert again.state == "withdrawn"
    assert kept.pk is not None
