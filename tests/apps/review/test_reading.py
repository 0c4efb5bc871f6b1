"""Reading a case: the worklist, saving and submitting, two windows, and what is taken back meanwhile."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.apps.review.making import give, make_device, make_exams, make_hospital, make_reader, make_sheet
from tests.apps.review.rooming import TYPED, client_of, home, room, send, url

from yingheng.audit.models import Entry
from yingheng.common.errors import Conflict, Invalid
from yingheng.jobs.models import Job
from yingheng.review.models import Assignment, Reading, Ruling
from yingheng.review.services import reading as services
from yingheng.review.sheet_subject import subject_of
from yingheng.sheets.judging import Basis
from yingheng.sheets.models import Response
from yingheng.sheets.selectors import response_list
from yingheng.sheets.services import SheetErrors, response_begin, response_save, response_submit
from yingheng.tenancy.scope import Scope

pytestmark = pytest.mark.django_db
CEILING = 15
__all__ = ["home"]


@pytest.fixture
def hospital(db):
    return make_hospital()


@pytest.fixture
def plain(hospital):
    """Two cases without bytes."""
    return room(hospital, make_exams(make_device(hospital), 2))


# --- saving and submitting ---------------------------------------------------------------------------


def test_it_keeps_what_is_typed_and_says_what_it_comes_to(plain):
    _campaign, rows, reader = plain
    client = client_of(reader)
    told = send(client, rows[0], "save", {"position.faults": "cut"}).json()
    assert told["revision"] == 1
    assert "100" not in told["score"]
    told = send(client, rows[0], "save", {"position.faults": "cut", "contrast": "40"}, revision="1").json()
    assert told["revision"] == 2
    assert "80" in told["score"]
    assert "乙" in told["score"]
    assert client.get(url("reading_case", rows[0])).json()["sheet"].count('value="cut" data-fault checked') == 1


def test_it_begins_nothing_by_looking_ahead(plain):
    _campaign, rows, reader = plain
    client_of(reader).get(url("reading_case", rows[1]))
    rows[1].refresh_from_db()
    assert rows[1].opened_at is None
    assert rows[1].state == "assigned"
    assert Response.objects.count() == 0


def test_it_submits_once_and_names_the_next_case(plain):
    campaign, rows, reader = plain
    client = client_of(reader)
    client.post(url("reading_open", rows[0]))
    answer = send(client, rows[0])
    assert answer.json() == {"next": url("reading_case", rows[1]), "progress": {"done": 1, "total": 2}}
    row = Reading.objects.get()
    assert (row.score, row.grade, row.vetoed, row.slot) == (98, "a", [], 1)
    assert row.details["items"][0]["key"] == "position"
    assert row.assignment.state == Assignment.State.SUBMITTED
    assert Ruling.objects.get().basis == "single"
    assert Entry.objects.filter(action="review.read", scope=campaign.organisation.path).count() == 1
    assert Job.objects.filter(kind="case.read", natural_key=str(row.pk)).count() == 1
    assert send(client, rows[0]).json()["next"] == url("reading_case", rows[1])  # the answer was lost on its way
    assert Reading.objects.count() == 1
    other = send(client, rows[0], typed={"position": "seen", "contrast": "1"})
    assert other.status_code == 410
    assert Reading.objects.get().score == 98


def test_it_says_where_something_is_missing_and_loses_nothing(plain):
    _campaign, rows, reader = plain
    answer = send(client_of(reader), rows[0], typed={"contrast": "77"})
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"position", "contrast"}
    assert Response.objects.get().typed == {"contrast": "77"}
    assert Reading.objects.count() == 0


def test_two_windows_do_not_overwrite_each_other(plain):
    _campaign, rows, reader = plain
    first, second = client_of(reader), client_of(reader)
    assert send(first, rows[0], "save", {"contrast": "30"}).json()["revision"] == 1
    refused = send(second, rows[0], "save", {"contrast": "20"})
    assert refused.status_code == 409
    assert refused.json()["revision"] == 1
    assert send(second, rows[0]).status_code == 409
    assert send(second, rows[0], "save", {"contrast": "20"}, over="1").json()["revision"] == 2
    assert send(first, rows[0], revision="2").status_code == 200
    late = send(second, rows[0], "save", {"contrast": "10"}, revision="2")
    assert late.status_code == 410
    assert Response.objects.get().typed == TYPED


def test_two_readers_of_one_case_are_settled_once(hospital):
    exams = make_exams(make_device(hospital), 1)
    campaign, rows, one = room(hospital, exams, readers=2)
    two = make_reader(hospital, "second")
    other = give(rows[0].case, two, 2)
    assert send(client_of(one), rows[0]).json()["next"] == ""
    assert Ruling.objects.count() == 0
    assert send(client_of(two), other).status_code == 200
    assert send(client_of(two), other).status_code == 200
    assert Reading.objects.count() == 2
    assert Ruling.objects.get().basis == "agreement"
    campaign.refresh_from_db()
    assert campaign.n_settled == 1


def test_a_veto_and_faults_reach_the_reading(hospital):
    _campaign, rows, reader = room(hospital, make_exams(make_device(hospital), 1))
    send(client_of(reader), rows[0], typed={"position.faults": ["wrong"], "contrast": "40"})
    row = Reading.objects.get()
    assert (row.grade, row.vetoed) == ("waste", ["position.wrong"])


def test_nothing_half_done_stays_when_settling_fails(plain, monkeypatch):
    _campaign, rows, reader = plain

    def broken(case):
        raise Conflict("review.case_state")

    monkeypatch.setattr(services, "_consider", broken)
    assert send(client_of(reader), rows[0]).status_code == 410
    rows[0].refresh_from_db()
    assert rows[0].state == Assignment.State.BEGUN
    assert Reading.objects.count() == 0
    assert Response.objects.get().state == Response.State.DRAFT
    assert Response.objects.get().typed == TYPED


# --- taken back meanwhile ------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["withdrawn", "case", "campaign"])
def test_it_refuses_politely_what_was_taken_back(plain, what):
    campaign, rows, reader = plain
    client = client_of(reader)
    send(client, rows[0], "save", {"contrast": "31"})
    if what == "withdrawn":
        rows[0].state, rows[0].reason = "withdrawn", "换人"
        rows[0].save()
    elif what == "case":
        rows[0].case.state, rows[0].case.withdrawn_reason = "withdrawn", "误抽"
        rows[0].case.save()
    else:
        campaign.state, campaign.cancelled_reason = "cancelled", "取消"
        campaign.save()
    for answer in (send(client, rows[0], "save"), send(client, rows[0]), client.post(url("reading_open", rows[0]))):
        assert answer.status_code == 410
        assert "收回" in answer.json()["text"]
    page = client.get(url("reading", rows[0]))
    assert page.status_code == 410
    assert url("reading_draft", rows[0]) in page.content.decode()
    kept = client.get(url("reading_draft", rows[0]))
    assert "31" in kept.content.decode()
    assert Reading.objects.count() == 0


def test_a_case_is_handed_back_with_a_reason(plain):
    _campaign, rows, reader = plain
    client = client_of(reader)
    assert client.post(url("reading_decline", rows[0]), {"reason": " "}).status_code == 400
    assert client.post(url("reading_decline", rows[0]), {"reason": "认识该患者"}).status_code == 302
    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].reason) == ("declined", "认识该患者")


# --- nobody else's -------------------------------------------------------------------------------------


def test_nobody_else_opens_or_fills_in_a_case(plain, hospital):
    _campaign, rows, reader = plain
    send(client_of(reader), rows[0], "save", {"contrast": "31"})
    head = client_of(make_reader(hospital, "boss", "head"))
    for name in ("reading", "reading_case", "reading_priors"):
        assert head.get(url(name, rows[0])).status_code == 404
    assert send(head, rows[0]).status_code == 404
    response = Response.objects.get()
    assert head.get(reverse("web:sheet", args=[response.pk])).status_code == 404
    assert head.get(reverse("web:sheet_fill", args=[response.pk])).status_code == 404
    assert reader.display_name not in head.get(reverse("web:sheets")).content.decode()
    assert list(response_list(Scope.everything())) == []


def test_the_sheet_of_a_regional_reading_does_not_belong_to_the_hospital(hospital):
    from tests.apps.review.making import make_campaign, reading  # noqa: PLC0415

    region = hospital.parent
    reader = make_reader(make_hospital("rh2"), "expert")
    template = make_sheet(hospital)
    type(template).objects.filter(pk=template.pk)
    campaign = make_campaign(region, make_exams(make_device(hospital), 1), template, reads=reading([reader], readers=1))
    row = give(campaign.cases.get(), reader)
    assert subject_of(row).hospital in {region, hospital}
    send(client_of(reader), row)
    assert Entry.objects.get(action="review.read").scope == region.path


# --- the service by itself ---------------------------------------------------------------------------------


def test_the_service_takes_a_sheet_from_its_reader_alone(plain, hospital):
    _campaign, rows, reader = plain
    stranger = make_reader(hospital, "stranger")
    draft = response_begin(
        actor=reader.actor, template=rows[0].case.template, subject=subject_of(rows[0]), occasion="reading"
    )
    with pytest.raises(Conflict, match=r"review\.assignment_unknown"):
        response_submit(actor=stranger.actor, response=draft, typed=TYPED, basis=Basis())
    with pytest.raises(SheetErrors):
        response_submit(actor=reader.actor, response=draft, typed={}, basis=Basis())
    response_save(actor=reader.actor, response=draft, typed=TYPED, revision=0)
    response_submit(actor=reader.actor, response=draft, typed=TYPED, basis=Basis())
    with pytest.raises(Conflict):
        response_submit(actor=reader.actor, response=draft, typed=TYPED, basis=Basis())
    assert Reading.objects.count() == 1


def test_a_shape_says_what_it_is():
    with pytest.raises(Invalid):
        services.mark_shape({"kind": "arrow", "points": [[0, 0], [1]]})
    assert services.mark_shape({"kind": "point", "points": [[1.23456, "2"]]})["points"] == [[1.23, 2.0]]


# --- the worklist --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", ["samples", "cases", "overdue", "submitted", "nonsense"])
def test_the_worklist_takes_few_queries(hospital, tab):
    _campaign, rows, reader = room(hospital, make_exams(make_device(hospital), 12))
    client = client_of(reader)
    for row in rows[:4]:
        send(client, row)
    Assignment.objects.filter(pk__in=[r.pk for r in rows[8:]]).update(due_on=dt.date(2020, 1, 1))
    client.get(reverse("web:readings"))
    with CaptureQueriesContext(
        connection,
    ) as asked:
        page = client.get(reverse("web:readings") + f"?tab={tab}")
    assert page.status_code == 200
    assert len(asked) <= CEILING, [q["sql"][:90] for q in asked]


def test_the_worklist_tells_how_far_one_has_come(hospital):
    _campaign, rows, reader = room(hospital, make_exams(make_device(hospital), 3))
    client = client_of(reader)
    text = client.get(reverse("web:readings")).content.decode()
    assert "开始评片" in text
    assert url("reading", rows[0]) in text
    send(client, rows[0])
    Assignment.objects.filter(pk=rows[2].pk).update(due_on=dt.date(2020, 1, 1))
    text = client.get(reverse("web:readings")).content.decode()
    assert "1 / 3" in text
    assert "1 例已逾期" in text
    overdue = client.get(reverse("web:readings") + "?tab=overdue").content.decode()
    assert url("reading", rows[2]) in overdue
    assert url("reading", rows[1]) not in overdue
    done = client.get(reverse("web:readings") + "?tab=submitted").content.decode()
    assert url("reading", rows[0]) in done
    assert "98" in done


def test_submitted_cases_are_paged_by_the_last_one(hospital, monkeypatch):
    from yingheng.web.views import readings  # noqa: PLC0415

    monkeypatch.setattr(readings, "_ROWS", 2)
    _campaign, rows, reader = room(hospital, make_exams(make_device(hospital), 3))
    client = client_of(reader)
    for row in rows:
        send(client, row)
    first = client.get(reverse("web:readings") + "?tab=submitted").content.decode()
    assert f"before={rows[1].pk}" in first
    second = client.get(reverse("web:readings") + f"?tab=submitted&before={rows[1].pk}").content.decode()
    assert url("reading", rows[0]) in second
    assert url("reading", rows[1]) not in second
