"""Forms after the readings: what is refused is said at the field it concerns, and what cannot be done any more goes
back to where it stands."""

import datetime as dt

import pytest
from django.urls import reverse
from tests.apps.review.making import PASSWORD, made_campaign, make_reader
from tests.apps.review.rooming import client_of
from tests.apps.review.ruled import read

from yingheng.common.clock import local_day
from yingheng.review.models import Campaign, Case, Tracing
from yingheng.review.services.appealing import appeal_file
from yingheng.review.services.effects import effects_apply
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.tracing import Cause, tracing_act, tracing_done, tracing_drop

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


@pytest.fixture
def poor(actor):
    """An announced poor film, and a head who leads reviews there."""
    campaign, readers, _judges = made_campaign(n=1, n_readers=1)
    case = campaign.cases.get()
    read(case, readers[0], 1, score=66, faults=["D-DX-001"])
    campaign_publish(actor=actor, campaign=campaign)
    effects_apply(case=case)
    return Case.objects.get(pk=case.pk), make_reader(case.hospital, "boss", "head"), readers[0]


def post(user, name, *args, status=400, **data):
    answer = client_of(user).post(reverse(f"review:{name}", args=args), data)
    assert answer.status_code == status, answer.content.decode()[:400]
    return answer.context["page"].form if status == 400 else answer


def test_nothing_is_announced_before_something_is_settled():
    campaign, readers, _judges = made_campaign(n=2, n_readers=1)
    head = make_reader(campaign.organisation, "boss", "head")
    form = post(head, "publish", campaign.pk, reason="不等了")
    assert "撤销本批" in form.non_field_errors()[0]
    assert Campaign.objects.get(pk=campaign.pk).state == "reading"
    read(campaign.cases.order_by("number")[0], readers[0], 1, score=96)
    post(head, "publish", campaign.pk, reason="不等了", status=302)
    assert Campaign.objects.get(pk=campaign.pk).state == "published"


@pytest.fixture
def objected(poor):
    case, head, reader = poor
    return appeal_file(user=reader, case=case, reason="请复核"), make_reader(case.hospital, "boss2", "head"), head


def test_an_appeal_that_is_upheld_asks_for_no_points(objected):
    appeal, head, _other = objected
    post(head, "appeal_decide", appeal.pk, decision="uphold", score="150", reason="维持", status=302)
    appeal.refresh_from_db()
    assert (appeal.state, appeal.new_ruling) == ("upheld", None)


@pytest.mark.parametrize(
    ("told", "field"),
    [({"score": "66", "grade": "d", "faults": "D-DX-001"}, "decision"), ({"score": "", "grade": "d"}, "score")],
)
def test_a_change_changes_something(objected, told, field):
    appeal, head, _other = objected
    grade = appeal.ruling.grade
    form = post(head, "appeal_decide", appeal.pk, **told | {"grade": grade}, decision="change", reason="x")
    assert list(form.errors) == [field]


def test_cause_and_day_are_refused_where_they_stand(poor):
    case, head, _reader = poor
    row = Tracing.objects.get(case=case)
    day = local_day(case.hospital.zone)
    past = (day - dt.timedelta(days=1)).isoformat()
    form = post(head, "tracing_act", row.pk, cause="other", action="复训", due_on=past)
    assert set(form.errors) == {"due_on", "cause_text"}
    post(head, "tracing_act", row.pk, cause="operation", action="复训", due_on=day.isoformat(), status=302)
    page = client_of(head).get(reverse("review:tracing_act", args=[row.pk])).content.decode()
    assert f'value="{day.isoformat()}"' in page  # a date as browsers take it, in whatever language


def test_verifying_says_that_a_case_or_a_reason_is_missing(poor):
    case, head, _reader = poor
    row = acted(case, head)
    tracing_done(user=head, tracing=row, proof="记录")
    assert list(post(head, "tracing_close", row.pk, case="").errors) == ["reason"]
    post(head, "tracing_close", row.pk, reason="复看三例，已对准", status=302)


def acted(case, head):
    row = Tracing.objects.get(case=case)
    told = Cause("operation", "复训体位", local_day(case.hospital.zone))
    return tracing_act(user=head, tracing=row, told=told)


def test_a_step_that_does_not_come_next_goes_back_to_the_tracing(poor):
    case, head, _reader = poor
    row = acted(case, head)
    url = reverse("review:tracing", args=[row.pk])
    for name in ("tracing_close", "tracing_again"):
        assert client_of(head).get(reverse(f"review:{name}", args=[row.pk])).url == url
    tracing_drop(user=head, tracing=row, reason="设备已报废")
    for name in ("tracing_act", "tracing_done", "tracing_close", "tracing_again", "tracing_drop"):
        assert client_of(head).get(reverse(f"review:{name}", args=[row.pk])).url == url, name


def test_the_page_of_a_tracing_tells_every_step(poor):
    case, head, _reader = poor
    row = acted(case, head)
    tracing_drop(user=head, tracing=row, reason="设备已报废")
    entries = client_of(head).get(reverse("review:tracing", args=[row.pk])).context["page"].timeline.entries
    assert [one.who for one in entries] == [head.display_name, head.display_name, ""]
    assert [one.detail for one in entries] == ["", "", ""]  # the page says it already


def test_a_certificate_names_days_and_those_signed_before(poor):
    case, _head, reader = poor
    officer = make_reader(case.hospital, "officer", "qc_officer")
    today = local_day(case.hospital.zone)
    args = [case.campaign_id, reader.pk]
    page = client_of(officer).get(reverse("review:certificate", args=args)).content.decode()
    assert f'value="{today.isoformat()}"' in page
    days = {"first_day": today.isoformat(), "last_day": today.isoformat()}
    post(officer, "certificate", *args, password="wrong", **days)
    assert post(officer, "certificate", *args, password=PASSWORD, status=200, **days).content.startswith(b"%PDF")
    page = client_of(officer).get(reverse("review:certificate", args=args)).content.decode()
    assert "评片工作证明" in page
    assert "When(" not in page


def test_a_case_that_was_exchanged_counts_in_the_list(poor):
    case, head, _reader = poor
    Case.objects.filter(pk=case.pk).update(state="withdrawn", withdrawn_reason="x")
    Campaign.objects.filter(pk=case.campaign_id).update(n_cases=0)
    page = client_of(head).get(reverse("review:campaign", args=[case.campaign_id])).context["page"]
    assert page.sections[0].body.pager.total == 1
