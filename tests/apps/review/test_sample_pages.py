"""Pages of plans and samples: from a plan to a sample that is read, and who sees what of it."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from tests.apps.review.making import (
    DAY,
    PASSWORD,
    made_campaign,
    make_device,
    make_exams,
    make_hospital,
    make_plan,
    make_reader,
    make_readers,
    make_sheet,
    make_technologist,
)
from tests.apps.review.ruled import reading_of

from yingheng.common.clock import local_day
from yingheng.documents.models import Attachment, Signature
from yingheng.documents.services import report_render
from yingheng.review.certificate import certificate_of, work_of
from yingheng.review.models import Campaign, Case, Plan
from yingheng.review.services.drawing import campaign_draw
from yingheng.review.spec import ReadingSpec, SamplingSpec

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "月度评片", "purpose": "monthly", "subject_kind": "exam", "template": "film-test", "every": "month",
    "how": "balanced", "size": "6", "stratum1": "device", "stratum2": "body_part", "readers": "2", "blind": "full",
    "points_apart": "10", "by_grade": "on", "days": "14", "appeal_days": "5", "risk": "20", "repeats": "10",
}  # fmt: skip


@pytest.fixture
def chief(ours):
    """The browser of somebody who plans reviews."""
    client = Client()
    client.force_login(make_reader(ours, "chief", "head"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def at(name, *args):
    return reverse(f"review:{name}", args=args)


def body(client, url):
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def test_from_a_plan_to_reading(ours, chief):
    make_sheet(ours)
    readers = make_readers(ours, 2)
    for name in ("CT1", "CT2"):
        make_exams(make_device(ours, name), 10)
    typed = TYPED | {"pool": [str(one.pk) for one in readers], "quotas": ""}
    answer = chief.post(at("plan_new", ours.pk), typed)
    plan = Plan.objects.get()
    assert answer.url == at("plan", plan.pk)
    assert SamplingSpec.from_dict(plan.sampling) == SamplingSpec(
        size=6, strata=("device", "body_part"), risk_share=0.2, repeats=0.1
    )
    assert ReadingSpec.from_dict(plan.reading).by_veto is False
    body(chief, at("plan", plan.pk))
    again = chief.post(at("plan_change", plan.pk), typed | {"size": "8"})
    plan.refresh_from_db()
    assert (again.status_code, plan.sampling["size"]) == (302, 8)

    days = {"first_day": DAY.isoformat(), "last_day": "2026-11-10"}
    answer = chief.post(at("plan_draw", plan.pk), days)
    made = Campaign.objects.get()
    assert answer.url == at("campaign", made.pk)
    assert chief.post(at("plan_draw", plan.pk), days).url == answer.url
    chief.post(at("campaign_begin", made.pk))
    made.refresh_from_db()
    assert (made.state, made.assignments.count()) == ("reading", 2 * made.n_cases)
    assert "CT1" in body(chief, at("campaign", made.pk))
    assert readers[0].display_name in body(chief, at("campaign", made.pk) + "?tab=readers")
    assert made.seed in body(chief, at("campaign", made.pk) + "?tab=draw")
    assert made.seed in body(chief, at("campaign_check", made.pk))


def test_what_a_plan_would_draw_is_shown_without_drawing(ours, chief, monkeypatch):
    monkeypatch.setattr("yingheng.review.views.plans.local_day", lambda _zone: dt.date(2026, 11, 20))
    make_exams(make_device(ours), 17)
    plan = make_plan(ours, make_sheet(ours), sampling=SamplingSpec(size=7))
    shown = chief.get(at("plan_preview", plan.pk)).context["page"]
    assert [fact.value for fact in shown.facts[:2]] == [17, 7]
    assert not Campaign.objects.exists()


def test_nothing_to_draw_is_said(ours, chief):
    plan = make_plan(ours, make_sheet(ours))
    assert not chief.get(at("plan_preview", plan.pk)).context["page"].sections
    answer = chief.post(at("plan_draw", plan.pk), {"first_day": "2026-10-01", "last_day": "2026-10-31"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"templates": "CT"},
        {"how": "quotas", "quotas": "CT9 = 4"},
        {"how": "quotas", "quotas": "CT1 = many"},
        {"size": ""},
        {"repeats": "80"},
    ],
)
def test_a_wrong_plan_is_shown_again(ours, chief, wrong):
    make_sheet(ours)
    make_device(ours)
    answer = chief.post(at("plan_new", ours.pk), TYPED | wrong)
    assert answer.status_code == 400
    assert not Plan.objects.exists()


def test_quotas_go_by_name_and_come_back_by_name(ours, chief):
    make_sheet(ours)
    device = make_device(ours)
    chief.post(at("plan_new", ours.pk), TYPED | {"how": "quotas", "size": "", "quotas": "CT1 = 4"})
    plan = Plan.objects.get()
    assert plan.sampling["quotas"] == {str(device.pk): 4}
    assert "CT1 = 4" in body(chief, at("plan_change", plan.pk))


def test_a_case_is_exchanged_taken_out_and_given_to_another(ours, chief):
    make_exams(make_device(ours), 12)
    readers = make_readers(ours, 3)
    plan = make_plan(ours, make_sheet(ours), pool=readers, sampling=SamplingSpec(size=4))
    made = campaign_draw(actor=None, plan=plan, first_day=DAY, last_day=dt.date(2026, 11, 10))
    chief.post(at("campaign_begin", made.pk))
    first, second, third = made.cases.order_by("number")[:3]
    body(chief, at("campaign_case", made.pk, first.pk))
    assert chief.post(at("case_swap", made.pk, first.pk), {"reason": ""}).status_code == 400
    chief.post(at("case_swap", made.pk, first.pk), {"reason": "影像不全"})
    assert Case.objects.get(replaces=first).state == "waiting"
    chief.post(at("case_withdraw", made.pk, second.pk), {"reason": "重复"})
    assert Case.objects.get(pk=second.pk).withdrawn_reason == "重复"
    other = next(one for one in readers if not third.assignments.filter(reader=one).exists())
    page = at("case_give", made.pk, third.pk, 1)
    assert str(other.pk) in body(chief, page)
    assert chief.post(page, {"reader": str(other.pk), "reason": ""}).status_code == 400
    assert chief.post(page, {"reader": str(other.pk), "reason": "休假"}).status_code == 302
    assert third.assignments.filter(reader=other, slot=1, state="assigned").exists()


def test_who_reads_in_a_sample_is_not_told_where_its_cases_come_from(ours):
    made, readers, _judges = made_campaign(hospital=ours)
    planner = make_reader(ours, "reads-too", "qc_officer")
    client = Client()
    client.force_login(planner, backend="django.contrib.auth.backends.ModelBackend")
    assert "CT1" in body(client, at("campaign", made.pk))
    case = made.cases.order_by("number").first()
    case.assignments.filter(slot=1).update(reader=planner)
    assert "CT1" not in body(client, at("campaign", made.pk))
    assert client.get(at("campaign_case", made.pk, case.pk)).status_code == 403
    assert client.get(at("case_swap", made.pk, case.pk)).status_code == 403
    assert readers


def test_readers_are_named_to_planners_alone(ours):
    made, readers, _judges = made_campaign(hospital=ours)
    region = ours.parent
    for role, may in (("regional_centre", True), ("head", True)):
        client = Client()
        place = region if role == "regional_centre" else ours
        client.force_login(make_reader(place, role, role), backend="django.contrib.auth.backends.ModelBackend")
        assert (readers[0].display_name in body(client, at("campaign", made.pk))) is may
    stranger = Client()
    stranger.force_login(
        make_reader(make_hospital("rh2"), "elsewhere", "head"), backend="django.contrib.auth.backends.ModelBackend"
    )
    assert stranger.get(at("campaign", made.pk)).status_code == 404


def test_results_are_shown_when_they_are_announced(ours, chief):
    made, _readers, _judges = made_campaign(hospital=ours)
    made.cases.update(score=87.5, grade="乙")
    assert "87.5" not in body(chief, at("campaign", made.pk))
    Campaign.objects.filter(pk=made.pk).update(state="published", published_at=made.drawn_at)
    assert "87.5" in body(chief, at("campaign", made.pk))


def test_samples_are_listed_by_state_and_cases_by_pages(ours, chief):
    made, _readers, _judges = made_campaign(hospital=ours, n=60, n_readers=1)
    assert made.title in body(chief, at("campaigns"))
    assert made.title not in body(chief, at("campaigns") + "?show=published")
    assert made.title in body(chief, at("campaigns") + "?show=all")
    first = chief.get(at("campaign", made.pk)).context["page"].sections[0].body
    assert (len(first.rows), first.pager.next_url) == (50, "?after=50")
    second = chief.get(at("campaign", made.pk) + first.pager.next_url).context["page"].sections[0].body
    assert [row.cells["number"] for row in second.rows] == list(range(51, 61))


def test_accounts_of_staff_have_moved_to_the_staff(ours, chief):
    person = make_technologist(ours)
    assert chief.get(at("accounts")).url == reverse("web:persons")
    assert chief.get(at("account", person.pk)).url == reverse("web:person", args=[person.pk])
    other = make_technologist(make_hospital("rh2"), "T9")
    assert chief.get(at("account", other.pk)).status_code == 404


def test_a_plan_is_switched_off(ours, chief):
    plan = make_plan(ours, make_sheet(ours))
    chief.post(at("plan_switch", plan.pk), {"active": ""})
    assert not Plan.objects.get().is_active
    chief.post(at("plan_switch", plan.pk), {"active": "1"})
    assert Plan.objects.get().is_active


def test_a_sample_is_given_up_for_good(ours, chief):
    make_exams(make_device(ours), 4)
    plan = make_plan(ours, make_sheet(ours), pool=make_readers(ours, 2), sampling=SamplingSpec(size=2))
    made = campaign_draw(actor=None, plan=plan, first_day=DAY, last_day=dt.date(2026, 11, 10))
    chief.post(at("campaign_begin", made.pk))
    assert chief.post(at("campaign_cancel", made.pk), {"reason": ""}).status_code == 400
    assert chief.post(at("campaign_cancel", made.pk), {"reason": "计划有误"}).status_code == 302
    made.refresh_from_db()
    assert (made.state, made.cancelled_reason) == ("cancelled", "计划有误")
    assert set(made.assignments.values_list("state", flat=True)) == {"withdrawn"}
    again = campaign_draw(actor=None, plan=plan, first_day=DAY, last_day=dt.date(2026, 11, 10))
    assert again.pk == made.pk


def test_a_certificate_counts_readings_of_the_period_once(ours):
    made, readers, _judges = made_campaign(hospital=ours)
    for case in made.cases.order_by("number"):
        reading_of(case, readers[0], case.assignments.get(reader=readers[0]).slot)
    today = local_day(ours.zone)
    with translation.override("en"):
        report = certificate_of(work_of(readers[0], ours, today - dt.timedelta(days=1), today))
    assert report.sections[0].blocks[1].rows == ((made.title, today.isoformat(), "4", "0", "2 minutes"),)
    before = certificate_of(work_of(readers[0], ours, today - dt.timedelta(days=9), today - dt.timedelta(days=2)))
    assert before.sections[0].blocks[1].rows == ()
    assert report_render(report, "pdf").startswith(b"%PDF")


def test_a_certificate_is_signed_with_the_password_and_kept(ours, chief):
    made, readers, _judges = made_campaign(hospital=ours)
    for case in made.cases.order_by("number"):
        reading_of(case, readers[0], case.assignments.get(reader=readers[0]).slot)
    day = local_day(ours.zone).isoformat()
    url = reverse("review:certificate", args=[made.pk, readers[0].pk])
    sent = {"first_day": day, "last_day": day, "password": "wrong"}
    assert chief.post(url, sent).status_code == 400
    assert not Signature.objects.exists()
    first = chief.post(url, sent | {"password": PASSWORD})
    assert first.content.startswith(b"%PDF")
    assert chief.post(url, sent | {"password": PASSWORD}).content == first.content  # the same certificate once more
    kept, signature = Attachment.objects.get(), Signature.objects.get()
    assert (kept.subject_type, kept.subject_id) == (signature.subject_type, signature.subject_id)
    assert signature.sha256 == work_of(readers[0], ours, local_day(ours.zone), local_day(ours.zone)).digest
    assert kept.name in chief.get(url).content.decode()


def test_pages_cost_the_same_at_any_size(ours, chief, django_assert_max_num_queries):
    made, _readers, _judges = made_campaign(hospital=ours, n=55)
    plan = make_plan(ours, made.template)
    Campaign.objects.filter(pk=made.pk).update(plan=plan)
    case = made.cases.first()
    urls = [at("campaigns"), at("campaign", made.pk), at("campaign", made.pk) + "?tab=readers",
            at("campaign", made.pk) + "?tab=draw", at("campaign_case", made.pk, case.pk),
            at("case_give", made.pk, case.pk, 1), at("plans"), at("plan", plan.pk), at("plan_change", plan.pk),
            at("plan_new", ours.pk), at("plan_preview", plan.pk)]  # fmt: skip
    for url in urls:
        chief.get(url)
        with django_assert_max_num_queries(15):
            assert chief.get(url).status_code == 200
