"""Pages of results, appeals, tracings and of a technologist's own films: who sees what, and what it costs."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.review.following import multiply_cases
from tests.apps.review.making import made_campaign, make_reader
from tests.apps.review.ruled import read, reading_of

from yingheng.catalog.models import Exam, Instance, Series
from yingheng.common.clock import local_day
from yingheng.documents.models import Attachment, ReportOrder
from yingheng.documents.services import report_make
from yingheng.registry.models import Person
from yingheng.review.models import Appeal, Mark, Tracing
from yingheng.review.panels import exam_review
from yingheng.review.reporting import campaign_report
from yingheng.review.services.appealing import appeal_file
from yingheng.review.services.effects import effects_apply
from yingheng.review.services.publishing import campaign_publish
from yingheng.review.services.ruling import case_consider
from yingheng.tenancy.models import Membership

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path


@pytest.fixture
def done(hospital, actor):
    """An announced campaign of two readers: one poor film with marks, one fine one."""
    campaign, readers, _judges = made_campaign(hospital=hospital, n=2)
    poor, fine = campaign.cases.order_by("number")
    for slot, reader in enumerate(readers, start=1):
        mark(poor, reader)
        read(poor, reader, slot, score=70 + slot, faults=["D-DX-001"])
        read(fine, reader, slot, score=96)
    campaign_publish(actor=actor, campaign=campaign)
    for case in (poor, fine):
        effects_apply(case=case)
    return campaign, poor, fine, readers


def mark(case, reader):
    assignment = case.assignments.get(reader=reader)
    series = Series.objects.get(exam=case.exam)
    shapes = ({"kind": "rect", "points": [[4, 6], [1, 2]]}, {"kind": "arrow", "points": [[1, 1], [3, 3]]},
              {"kind": "point", "points": [[5, 5]]})  # fmt: skip
    for shape in shapes:
        Mark.objects.create(
            assignment=assignment, series=series, instance=Instance.objects.get(series=series), shape=shape,
            defect="D-DX-001", note="领口", made_at=case.campaign.drawn_at, is_final=True,
        )  # fmt: skip


def body(client, name, *args, status=200, query=""):
    answer = client.get(reverse(f"review:{name}", args=args) + query)
    assert answer.status_code == status, name
    return answer.content.decode()


def test_a_case_shows_what_holds_and_never_who_read(done, signed_in):
    _campaign, poor, _fine, readers = done
    page = body(signed_in("head"), "case", poor.pk)
    for word in ("71.5", "丙", "体外异物", "评片人一", "评片人二", r"\u9886\u53e3", "两人一致"):
        assert word in page, word
    assert '"kind": "rect", "x": 1, "y": 2, "width": 3, "height": 4' in page
    assert [r for r in readers if r.display_name in page or r.username in page] == []


def test_sealed_results_are_shown_to_nobody(hospital, signed_in):
    campaign, readers, _judges = made_campaign(hospital=hospital, n=1, n_readers=1)
    case = campaign.cases.get()
    read(case, readers[0], 1, score=71.5)
    client = signed_in("head")
    for page in (body(client, "case", case.pk), body(client, "results", campaign.pk)):
        assert "71.5" not in page
        assert "封存" in page
    assert client.post(reverse("review:campaign_report", args=[campaign.pk, "pdf", "zh"])).status_code == 404


def test_a_reader_who_leads_does_not_look_up_a_case_before_it_is_announced(hospital, client, actor):
    campaign, readers, _judges = made_campaign(hospital=hospital, n=1, n_readers=1)
    case = campaign.cases.get()
    Membership.objects.filter(user=readers[0]).update(role="head")
    client.force_login(readers[0], backend="django.contrib.auth.backends.ModelBackend")
    body(client, "case", case.pk, status=403)
    read(case, readers[0], 1, score=71.5)
    campaign_publish(actor=actor, campaign=campaign)
    assert "71.5" in body(client, "case", case.pk)


def test_a_technologist_sees_own_films_and_no_others(done, person, client):
    campaign, poor, fine, readers = done
    tech = person("technologist", "tech")
    client.force_login(tech, backend="django.contrib.auth.backends.ModelBackend")
    body(client, "case", poor.pk, status=404)
    assert "没有与工作人员对应" in body(client, "mine")
    Person.objects.filter(pk=poor.performer_id).update(user=tech)
    page = body(client, "mine")
    for word in ("体外异物", "曝光前请患者取下", "甲", str(fine.pk)):
        assert word in page, word
    body(client, "case", poor.pk)
    body(client, "results", campaign.pk, status=403)
    assert readers[0].display_name not in page


def test_heads_do_not_see_the_private_page_of_others(done, signed_in):
    _campaign, poor, fine, _readers = done
    page = body(signed_in("head"), "mine")
    assert str(poor.pk) not in page
    assert str(fine.pk) not in page


def test_the_other_hospital_sees_nothing(done, signed_in, other_hospital, actor):
    campaign, poor, _fine, _readers = done
    head = make_reader(campaign.organisation, "own-boss", "head")
    filed = appeal_file(user=head, case=poor, reason="机密")
    client = signed_in("head", "stranger", other_hospital)
    for name, pk in (("case", poor.pk), ("results", campaign.pk), ("appeal", filed.pk), ("appeal_file", poor.pk),
                     ("tracing", Tracing.objects.get().pk)):  # fmt: skip
        body(client, name, pk, status=404)
    assert "机密" not in body(client, "appeals")
    assert str(poor.pk) not in body(client, "tracings")


def test_an_appeal_goes_from_filing_to_decision_on_pages(done, person, client, signed_in):
    _campaign, poor, _fine, _readers = done
    tech = person("technologist", "tech")
    Person.objects.filter(pk=poor.performer_id).update(user=tech)
    client.force_login(tech, backend="django.contrib.auth.backends.ModelBackend")
    file = SimpleUploadedFile("对照.txt", "旧片".encode(), "text/plain")
    answer = client.post(reverse("review:appeal_file", args=[poor.pk]), {"reason": "既往手术", "files": [file]})
    filed = Appeal.objects.get()
    assert answer.url == reverse("review:appeal", args=[filed.pk])
    assert Attachment.objects.filter(subject_type="review_appeal", subject_id=str(filed.pk)).count() == 1
    assert client.get(reverse("review:appeal_decide", args=[filed.pk])).status_code == 403
    head = signed_in("head", "boss")
    assert "既往手术" in body(head, "appeal", filed.pk)
    assert "对照.txt" in body(head, "appeal", filed.pk)
    url = reverse("review:appeal_decide", args=[filed.pk])
    better = {"decision": "change", "score": "70", "grade": "a", "reason": "x"}
    assert head.post(url, better).status_code == 400
    assert head.post(url, better | {"score": "92", "faults": []}).status_code == 302
    assert "既往手术" in body(client, "mine") or "已改判" in body(client, "mine")
    page = body(head, "case", poor.pk)
    assert "92" in page
    assert "71.5" in page
    assert head.get(url).status_code == 302


def test_a_tracing_goes_through_its_steps_on_pages(done, signed_in, hospital):
    client = signed_in("head", "boss")
    row = Tracing.objects.get()
    day = local_day(hospital.zone).isoformat()
    told = {"cause": "operation", "action": "再培训", "due_on": day}
    assert client.post(reverse("review:tracing_act", args=[row.pk]), told | {"action": ""}).status_code == 400
    assert client.post(reverse("review:tracing_act", args=[row.pk]), told).status_code == 302
    assert client.post(reverse("review:tracing_done", args=[row.pk]), {"proof": "记录"}).status_code == 302
    assert client.post(reverse("review:tracing_again", args=[row.pk]), {"reason": "仍有"}).status_code == 302
    assert client.post(reverse("review:tracing_done", args=[row.pk]), {"proof": "记录"}).status_code == 302
    assert client.post(reverse("review:tracing_close", args=[row.pk]), {"case": "", "reason": ""}).status_code == 400
    assert client.post(reverse("review:tracing_close", args=[row.pk]), {"reason": "复查合格"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "closed"
    page = body(client, "tracing", row.pk)
    assert "再培训" in page
    assert str(row.pk) in body(client, "tracings", query="?state=closed")


def test_results_say_how_sure_they_are(done, signed_in):
    campaign, poor, _fine, _readers = done
    page = body(signed_in("head"), "results", campaign.pk)
    for word in ("83.8", "少于 30 例", "CT1", "技师T1", "体外异物", "95 %", str(poor.pk)):
        assert word in page, word


def test_announcing_on_the_page_asks_for_a_reason(hospital, signed_in):
    campaign, readers, _judges = made_campaign(hospital=hospital, n=2, n_readers=1)
    read(campaign.cases.first(), readers[0], 1, score=90)
    client = signed_in("qc_officer", "qc")
    url = reverse("review:publish", args=[campaign.pk])
    assert client.post(url, {"reason": ""}).status_code == 400
    assert client.post(url, {"reason": "停机"}).url == reverse("review:results", args=[campaign.pk])
    assert signed_in("radiologist", "rad").get(url).status_code == 403


@pytest.mark.parametrize("ending", ["pdf", "docx"])
def test_the_report_is_made_of_what_the_hospital_has(done, signed_in, ending):
    campaign, *_ = done
    client = signed_in("head")
    assert client.post(reverse("review:campaign_report", args=[campaign.pk, ending, "zh"])).status_code == 302
    order = report_make(order_id=ReportOrder.objects.get().pk)
    assert order.state == ReportOrder.State.DONE, order.error
    assert order.attachment.subject_id == str(campaign.pk)
    assert "评片" in body(client, "results", campaign.pk)


def test_the_report_tells_numbers_with_intervals(done, hospital):
    campaign, *_ = done
    made = campaign_report(hospital, str(campaign.pk), "zh")
    said = str(made.sections)
    assert "83.8" in said
    assert "体外异物" in said
    assert "技师T1*" in said
    assert made.conclusion.startswith("2")


def test_the_exam_page_shows_the_grade_once_it_is_open(done, rf, person):
    _campaign, poor, _fine, _readers = done

    def panel(user):
        request = rf.get("/")
        request.user = user
        return exam_review(request, Exam.objects.get(pk=poor.exam_id))

    assert panel(person("head")) is not None
    tech = person("technologist", "tech")
    assert panel(tech) is None
    Person.objects.filter(pk=poor.performer_id).update(user=tech)
    assert panel(type(tech).objects.get(pk=tech.pk)) is not None


def test_pages_cost_the_same_at_any_size(done, signed_in, person, client):
    campaign, poor, _fine, readers = done
    head = signed_in("head", "boss")
    urls = [reverse(f"review:{name}", args=args) for name, args in (
        ("case", [poor.pk]), ("results", [campaign.pk]), ("appeals", []), ("tracings", []),
        ("tracing", [Tracing.objects.get().pk]))]  # fmt: skip
    tech = person("technologist", "tech")
    Person.objects.filter(pk=poor.performer_id).update(user=tech)
    client.force_login(tech, backend="django.contrib.auth.backends.ModelBackend")
    appeal_file(user=make_reader(campaign.organisation, "boss8", "head"), case=poor, reason="x")  # none costs less
    asked = [(head, url) for url in urls] + [(client, reverse("review:mine"))]
    few = [queries(*one) for one in asked]
    many_more(campaign, readers)
    for (who, url), (n, sql) in zip(asked, few, strict=True):
        many, more_sql = queries(who, url)
        assert n <= 15, f"{url}: {n}\n{sql}"
        assert many <= n + 1, f"{url}: {n} -> {many}\n{more_sql}"


def many_more(campaign, readers):
    type(campaign).objects.filter(pk=campaign.pk).update(state="reading", published_at=None)
    rules = campaign.reading | {"readers": 1}
    type(campaign).objects.filter(pk=campaign.pk).update(reading=rules)
    campaign.refresh_from_db()
    multiply_cases(campaign, readers[0], 30)
    campaign_publish(actor=readers[0].actor, campaign=campaign)
    head = make_reader(campaign.organisation, "boss9", "head")
    for case in campaign.cases.filter(number__gte=100):
        effects_apply(case=case)
        appeal_file(user=head, case=case, reason="x")


def queries(client, url):
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(url)
    assert answer.status_code == 200, url
    return len(seen), "\n".join(q["sql"][:300] for q in seen)


def test_an_arbitrated_case_tells_all_three(hospital, actor, signed_in):
    campaign, readers, judges = made_campaign(hospital=hospital, n=1)
    case = campaign.cases.get()
    reading_of(case, readers[0], 1, score=95)
    reading_of(case, readers[1], 2, score=70)
    reading_of(case, judges[0], 3, score=84, note="以仲裁为准")
    case_consider(case=case)
    campaign_publish(actor=actor, campaign=campaign)
    page = body(signed_in("head"), "case", case.pk)
    for word in ("仲裁", "以仲裁为准", "84", "95", "70"):
        assert word in page, word
