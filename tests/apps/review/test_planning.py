"""Plans: what is refused, what is kept, and what falls due by itself."""

import datetime as dt

import pytest
from tests.apps.review.making import (
    ACTOR,
    make_device,
    make_exams,
    make_plan,
    make_readers,
    make_region,
    make_sheet,
    make_technologist,
    reading,
)

from yingheng.audit.models import Entry
from yingheng.common import events
from yingheng.common.clock import local_day, now
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.models import Job
from yingheng.registry.services import person_account_set
from yingheng.review.confidence import confidence_of
from yingheng.review.frame import plan_subjects
from yingheng.review.handlers import draw_asked, samples_due
from yingheng.review.models import Campaign, Plan
from yingheng.review.periods import period_before, period_due, period_of
from yingheng.review.services.drawing import campaign_draw, drawn_of
from yingheng.review.services.planning import PlanFields, plan_put, plan_switch, template_of
from yingheng.review.spec import SamplingSpec
from yingheng.review.telling import confidence_rows
from yingheng.tenancy.models import Organisation

pytestmark = pytest.mark.django_db
D = dt.date


def fields(sheet="film-test", *, pool=(), sampling=None, **more):
    fixed = {"name": "月度评片", "purpose": "monthly", "every": "month"}
    asked = sampling or SamplingSpec(size=10)
    return PlanFields(template=sheet, sampling=asked, reading=reading(pool), **fixed | more)


def put(ours, *args, row=None, **more):
    return plan_put(actor=ACTOR, organisation=ours, fields=fields(*args, **more), row=row)


@pytest.mark.usefixtures("sheet")
def test_a_plan_is_kept_and_changed_with_a_record(ours):
    made = put(ours, pool=make_readers(ours, 2))
    put(ours, name="月度评片二", sampling=SamplingSpec(size=20), row=made)
    made = Plan.objects.get()
    assert (made.name, made.sampling["size"], made.changed_by_name) == ("月度评片二", 20, ACTOR.name)
    assert Entry.objects.filter(action="review_plan.put", subject=f"review_plan:{made.pk}").count() == 2


@pytest.mark.usefixtures("sheet")
@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"name": " "}, "name_missing"),
        ({"purpose": "fun"}, "plan_words"),
        ({"every": "year"}, "plan_words"),
        ({"sheet": "no-such"}, "template_unknown"),
        ({"sheet": "device-morning"}, "template_unknown"),
        ({"templates": {"CT": "no-such"}}, "template_unknown"),
        ({"sampling": SamplingSpec(allocation="quotas")}, "quotas"),
        ({"sampling": SamplingSpec(allocation="quotas", quotas={"CT": 0}, strata=("modality",))}, "quotas"),
        ({"sampling": SamplingSpec(size=3, strata=("device", "device"))}, "strata"),
    ],
)
def test_what_cannot_be_a_plan_is_refused(ours, more, code):
    with pytest.raises(Invalid, match=code):
        put(ours, **more)
    assert not Plan.objects.exists()


@pytest.mark.usefixtures("sheet")
def test_two_readers_need_two_people(ours):
    with pytest.raises(Invalid, match="pool_small"):
        put(ours, pool=make_readers(ours, 1))


@pytest.mark.usefixtures("sheet")
def test_names_are_given_once(ours):
    put(ours)
    with pytest.raises(Conflict, match="plan_name"):
        put(ours)


@pytest.mark.usefixtures("sheet")
def test_a_plan_of_a_place_with_nothing_but_demonstration_data_draws_those(ours):
    device = make_device(ours)
    assert not put(ours).is_demo
    make_exams(device, 1, is_demo=True)
    assert put(ours, name="b").is_demo
    make_exams(device, 1)
    assert not put(ours, name="c").is_demo


def test_a_sheet_of_the_own_hospital_goes_before_one_of_the_region_and_of_the_product(ours):
    region = Organisation.objects.get(pk=ours.parent_id)
    theirs = make_sheet(region)
    assert template_of(ours, "film-test").pk == theirs.pk
    own = make_sheet(ours)
    assert template_of(ours, "film-test").pk == own.pk
    assert template_of(region, "film-test").pk == theirs.pk
    assert template_of(ours, "ct").hospital_id is None


@pytest.mark.parametrize(
    ("every", "day", "period", "before"),
    [
        ("day", D(2026, 3, 1), (D(2026, 3, 1), D(2026, 3, 1)), (D(2026, 2, 28), D(2026, 2, 28))),
        ("week", D(2026, 11, 22), (D(2026, 11, 16), D(2026, 11, 22)), (D(2026, 11, 9), D(2026, 11, 15))),
        ("month", D(2026, 1, 31), (D(2026, 1, 1), D(2026, 1, 31)), (D(2025, 12, 1), D(2025, 12, 31))),
        ("month", D(2024, 2, 10), (D(2024, 2, 1), D(2024, 2, 29)), (D(2024, 1, 1), D(2024, 1, 31))),
        ("quarter", D(2026, 2, 1), (D(2026, 1, 1), D(2026, 3, 31)), (D(2025, 10, 1), D(2025, 12, 31))),
        ("once", D(2026, 2, 3), (D(2026, 2, 1), D(2026, 2, 28)), (D(2026, 1, 1), D(2026, 1, 31))),
    ],
)
def test_periods_are_those_of_the_calendar(every, day, period, before):
    assert period_of(every, day) == period
    assert period_before(every, day) == before


def test_a_period_is_drawn_once_it_has_settled():
    assert period_due("day", D(2026, 3, 1)) == (D(2026, 2, 28), D(2026, 2, 28))
    assert period_due("month", D(2026, 3, 1)) is None
    assert period_due("month", D(2026, 3, 2)) == (D(2026, 2, 1), D(2026, 2, 28))
    assert period_due("month", D(2026, 3, 31)) == (D(2026, 2, 1), D(2026, 2, 28))


@pytest.fixture
def due(ours, sheet):
    """A monthly plan written long ago, whose last month has exams and readers."""
    first, _last = period_due("month", local_day(ours.zone)) or (None, None)
    if first is None:
        first = period_before("month", local_day(ours.zone))[0]
    make_exams(make_device(ours), 12, day=first)
    long_ago = now() - dt.timedelta(days=200)
    plan = make_plan(ours, sheet, pool=make_readers(ours, 2), sampling=SamplingSpec(size=4))
    Plan.objects.filter(pk=plan.pk).update(created_at=long_ago)
    return plan, first


def test_a_sample_that_is_due_is_drawn_given_out_and_begun_once(due, monkeypatch):
    plan, first = due
    today = first + dt.timedelta(days=40)
    monkeypatch.setattr("yingheng.review.handlers.local_day", lambda zone, at=None: at.date() if at else today)
    assert samples_due() == 1
    asked = Job.objects.get(kind=events.REVIEW_ASKED)
    assert asked.natural_key == f"{plan.pk}:{first}"
    for _time in range(2):
        draw_asked(asked.natural_key, {})
    made = Campaign.objects.get()
    assert (made.state, made.n_cases, made.assignments.count()) == ("reading", 4, 8)
    assert (made.first_day, made.last_day) == period_of("month", first)
    Job.objects.all().delete()
    samples_due()
    assert not Job.objects.filter(kind=events.REVIEW_ASKED).exists()


def test_a_plan_does_not_draw_what_was_before_it(due, monkeypatch):
    plan, first = due
    today = first + dt.timedelta(days=40)
    monkeypatch.setattr("yingheng.review.handlers.local_day", lambda zone, at=None: at.date() if at else today)
    moment = dt.datetime.combine(first + dt.timedelta(days=38), dt.time(3), tzinfo=dt.UTC)
    Plan.objects.filter(pk=plan.pk).update(created_at=moment)
    assert samples_due() == 0


def test_a_plan_that_is_switched_off_draws_nothing(due):
    plan, first = due
    plan_switch(actor=ACTOR, plan=plan, active=False)
    assert samples_due() == 0
    draw_asked(f"{plan.pk}:{first}", {})
    assert not Campaign.objects.exists()
    plan_switch(actor=ACTOR, plan=plan, active=True)
    plan_switch(actor=ACTOR, plan=plan, active=True)
    assert Entry.objects.filter(action="review_plan.switch").count() == 2


def test_the_daily_review_of_films_is_not_drawn(ours, sheet):
    make_exams(make_device(ours), 5, day=D(2026, 9, 1))
    plan = make_plan(ours, sheet, purpose="daily", every="day")
    Plan.objects.filter(pk=plan.pk).update(created_at=now() - dt.timedelta(days=9))
    assert samples_due() == 0
    draw_asked(f"{plan.pk}:2026-09-01", {})
    with pytest.raises(Conflict, match="plan_rolls"):
        campaign_draw(actor=ACTOR, plan=plan, first_day=D(2026, 9, 1), last_day=D(2026, 9, 1))
    assert not Campaign.objects.exists()


def test_an_empty_period_has_no_sample_and_is_no_error(ours, sheet):
    plan = make_plan(ours, sheet)
    draw_asked(f"{plan.pk}:2026-01-01", {})
    assert not Campaign.objects.exists()


def test_a_sample_that_nobody_may_read_waits_and_is_told(ours, sheet, django_user_model):
    first = D(2026, 9, 1)
    make_exams(make_device(ours), 5, day=first)
    plan = make_plan(ours, sheet, sampling=SamplingSpec(size=4))
    draw_asked(f"{plan.pk}:{first}", {})
    assert Campaign.objects.get().state == "drawn"
    assert not django_user_model.objects.exists()


def test_an_account_is_that_of_one_person(ours):
    readers = make_readers(ours, 2)
    one, two = make_technologist(ours, "T1"), make_technologist(ours, "T2")
    person_account_set(actor=ACTOR, person=one, user=readers[0])
    with pytest.raises(Conflict, match="account_taken"):
        person_account_set(actor=ACTOR, person=two, user=readers[0])
    person_account_set(actor=ACTOR, person=one, user=None)
    person_account_set(actor=ACTOR, person=two, user=readers[0])
    two.refresh_from_db()
    assert two.user_id == readers[0].pk
    assert Entry.objects.filter(action="person.account").count() == 3


def test_what_a_whole_draw_tells_has_no_interval(ours, sheet):
    make_exams(make_device(ours), 5, series=False)
    plan = make_plan(ours, sheet, subject_kind="record", sampling=SamplingSpec(allocation="all"))
    found = plan_subjects(plan, D(2026, 10, 1), D(2026, 11, 30))
    told = confidence_of(drawn_of(found, SamplingSpec(allocation="all"), "s"))
    assert (told["effective"], told["margin"], told["unseen"]) == (5, 0.0, 0.0)
    assert len(confidence_rows(told)) == 2


def test_regions_write_plans_too():
    region = make_region("cn-78")
    make_sheet(region)
    assert put(region, purpose="regional").organisation_id == region.pk
