"""Plans, their times and hours, what people may ask, and who sees it; the asking itself is tests/network."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from tests.apps.ingest.making import archive

from yingheng.audit.models import Entry
from yingheng.catalog import keys
from yingheng.common import events
from yingheng.common.errors import Conflict, Invalid
from yingheng.ingest.models import Query, QueryPlan, QueryStudy, RemoteAE
from yingheng.ingest.querying.finding import FoundStudy, day_parts
from yingheng.ingest.services import querying, querying_run
from yingheng.ingest.services.querying import (
    AskFields,
    Limits,
    PlanFields,
    plan_begin,
    queries_prune,
    queries_push,
    query_again,
    query_ask,
    query_plan_put,
    query_plan_switch,
    query_stop,
    slot_of,
)
from yingheng.ingest.services.querying_run import fits, opens_at
from yingheng.jobs.models import Job

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
DAY = dt.date(2026, 1, 5)


@pytest.fixture
def pacs(home, hospital, actor):
    return archive(hospital, actor)


@pytest.fixture
def clock(monkeypatch):
    """Sets the time of queries."""

    def put(moment):
        for module in (querying, querying_run):
            monkeypatch.setattr(module, "now", lambda: moment)

    return put


def plan(actor, partner, **more):
    fields = {"kind": "nightly", "at": dt.time(1, 30), "days": 3} | more
    made = query_plan_put(actor=actor, fields=PlanFields(partner, **fields))
    QueryPlan.objects.update(created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    return QueryPlan.objects.select_related("hospital", "partner").get(pk=made.pk)


def jobs():
    return Job.objects.filter(kind=events.QUERY_RUN, state="queued").count()


def at(hour, minute=0, day=DAY):
    return dt.datetime.combine(day, dt.time(hour, minute), ZONE)


def test_a_plan_begins_once_a_night_for_the_last_days(pacs, actor, clock):
    plan(actor, pacs, limits=Limits(modalities=("ct",), most_studies=7))
    clock(at(1, 31))
    assert queries_push() == 2  # begun, and pushed on
    queries_push()
    row = Query.objects.get()
    assert (row.first_day, row.last_day, row.kind) == (DAY - dt.timedelta(days=2), DAY, "nightly")
    assert (row.modalities, row.most_studies) == (["CT"], 7)
    assert jobs() == 1


def test_a_new_run_takes_the_place_of_one_that_has_not_ended(pacs, actor, clock):
    made = plan(actor, pacs)
    clock(at(2))
    assert plan_begin(made)
    clock(at(2, day=DAY + dt.timedelta(days=1)))
    assert plan_begin(made)
    assert not plan_begin(made)
    old, new = Query.objects.order_by("created_at")
    assert (old.state, old.trouble, new.state) == ("stopped", "superseded", "searching")


def test_a_plan_that_was_made_after_its_time_waits_for_the_next(pacs, actor, clock):
    made = plan(actor, pacs)
    QueryPlan.objects.update(created_at=at(9))
    made.refresh_from_db()
    clock(at(10))
    assert not plan_begin(made)
    clock(at(1, 30, DAY + dt.timedelta(days=1)))
    assert plan_begin(made)


@pytest.mark.parametrize(
    ("now", "slot"),
    [(at(1, 30), at(1, 30)), (at(23), at(1, 30)), (at(1, 29), at(1, 30, DAY - dt.timedelta(days=1)))],
)
def test_it_knows_the_time_of_the_hospital(pacs, actor, now, slot):
    assert slot_of(plan(actor, pacs), now) == slot


def test_a_worklist_is_asked_every_few_minutes_for_the_next_days(home, hospital, actor, clock):
    ris = archive(hospital, actor, title="RIS", is_archive=False, is_worklist=True)
    made = plan(actor, ris, kind="worklist", days=2, every_minutes=15)
    assert slot_of(made, at(8, 44)) == at(8, 30)
    clock(at(8, 44))
    assert plan_begin(made)
    clock(at(8, 46))
    assert plan_begin(made)
    row = Query.objects.order_by("-created_at").first()
    assert (row.first_day, row.last_day) == (DAY, DAY + dt.timedelta(days=1))


def test_a_plan_out_of_use_and_a_silent_partner_begin_nothing(pacs, actor, clock):
    made = plan(actor, pacs)
    clock(at(2))
    query_plan_switch(actor=actor, row=made, active=False)
    assert queries_push() == 0
    QueryPlan.objects.update(is_active=True)
    RemoteAE.objects.update(next_try_at=at(3))
    assert queries_push() == 0
    clock(at(3, 1))
    assert queries_push() == 2


@pytest.mark.parametrize(
    ("first", "last", "now", "opens"),
    [
        (None, None, at(12), None),
        (dt.time(20), dt.time(6), at(21), None),
        (dt.time(20), dt.time(6), at(5, 59), None),
        (dt.time(20), dt.time(6), at(6), at(20)),
        (dt.time(1), dt.time(5), at(0, 30), at(1)),
        (dt.time(1), dt.time(5), at(4), None),
        (dt.time(1), dt.time(5), at(5), at(1, day=DAY + dt.timedelta(days=1))),
    ],
)
def test_it_runs_only_in_its_hours(first, last, now, opens):
    assert opens_at(Limits(from_hour=first, to_hour=last), "Asia/Shanghai", now) == opens


def test_a_query_outside_of_its_hours_waits_for_them(pacs, actor, clock):
    hours = Limits(from_hour=dt.time(20), to_hour=dt.time(6))
    query = query_ask(actor=actor, fields=AskFields(pacs, first_day=DAY, limits=hours))
    clock(at(12))
    assert not querying_run.query_run(query_id=query.pk)
    query.refresh_from_db()
    assert query.next_at == at(20)
    assert Job.objects.get(kind=events.QUERY_RUN).not_before == at(20)


def test_it_splits_a_day_into_hours_and_an_hour_into_ten_minutes():
    hours = day_parts("")
    assert (len(hours), hours[0], hours[-1]) == (24, "000000-005959.999999", "230000-235959.999999")
    tens = day_parts(hours[8])
    assert (len(tens), tens[0], tens[-1]) == (6, "080000-080959.999999", "085000-085959.999999")
    assert day_parts(tens[0]) == []
    assert day_parts(tens[-1]) == []


def test_an_archive_that_ignores_conditions_is_not_believed():
    study = FoundStudy("1.2", DAY, ("CT",), "头颅CT平扫", "", 3)
    assert fits(Query(modalities=["CT"], description="ct平"), study)
    assert not fits(Query(modalities=["MR"]), study)
    assert not fits(Query(description="增强"), study)
    assert fits(Query(modalities=["MR"]), FoundStudy("1.2", DAY, (), "", "", 3))  # it does not say


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "ingest.query_endless"),
        ({"first_day": DAY, "last_day": DAY - dt.timedelta(days=1)}, "ingest.query_days"),
        ({"first_day": DAY, "last_day": DAY + dt.timedelta(days=366)}, "ingest.query_days"),
        ({"accession": "A*"}, "ingest.query_wildcard"),
        ({"patient_id": "?"}, "ingest.query_wildcard"),
        ({"first_day": DAY, "limits": Limits(from_hour=dt.time(1))}, "ingest.query_hours"),
        ({"first_day": DAY, "limits": Limits(at_once=0)}, "ingest.query_limits"),
    ],
)
def test_it_refuses_to_ask_without_bounds(pacs, actor, fields, code):
    with pytest.raises(Invalid) as refused:
        query_ask(actor=actor, fields=AskFields(pacs, **fields))
    assert refused.value.code == code
    assert not Query.objects.exists()


def test_it_asks_only_archives_in_use(home, hospital, actor):
    ris = archive(hospital, actor, title="RIS", is_archive=False, is_worklist=True)
    with pytest.raises(Invalid):
        query_ask(actor=actor, fields=AskFields(ris, first_day=DAY))
    with pytest.raises(Invalid):
        plan(actor, ris)
    plan(actor, ris, kind="worklist")
    with pytest.raises(Conflict):
        plan(actor, ris, kind="worklist")


def test_a_patient_id_is_kept_encrypted_and_out_of_the_log(pacs, actor):
    query = query_ask(actor=actor, fields=AskFields(pacs, patient_id="P-4711"))
    assert b"4711" not in bytes(query.patient_cipher)
    assert keys.text_decrypt(bytes(query.patient_cipher)) == "P-4711"
    assert "4711" not in str(Entry.objects.get(action="ingest.query_ask").after)


def test_it_stops_once_and_begins_again_once(pacs, actor):
    query = query_ask(actor=actor, fields=AskFields(pacs, first_day=DAY))
    with pytest.raises(Conflict):
        query_again(actor=actor, row=query)
    query_stop(actor=actor, row=query)
    with pytest.raises(Conflict):
        query_stop(actor=actor, row=query)
    query.refresh_from_db()
    QueryStudy.objects.create(query=query, study_uid="1.2", state="failed", attempts=3, changed_at=at(1))
    query_again(actor=actor, row=query)
    query.refresh_from_db()
    assert (query.state, query.searched, query.stopped_by) == ("searching", [], "")
    assert query.studies.get().attempts == 0


def test_a_query_of_a_connection_out_of_use_fails_in_words(pacs, actor):
    query = query_ask(actor=actor, fields=AskFields(pacs, first_day=DAY))
    RemoteAE.objects.update(is_active=False)
    assert querying_run.query_run(query_id=query.pk)
    query.refresh_from_db()
    assert (query.state, query.trouble) == ("failed", "partner_unused")


def test_it_forgets_old_logs_but_no_query_under_way(pacs, actor):
    old = query_ask(actor=actor, fields=AskFields(pacs, first_day=DAY))
    query_ask(actor=actor, fields=AskFields(pacs, first_day=DAY))
    long_ago = at(1) - dt.timedelta(days=500)
    Query.objects.update(ended_at=long_ago)
    Query.objects.filter(pk=old.pk).update(state="done")
    assert queries_prune() == 1
    assert Query.objects.count() == 1


# --- pages -----------------------------------------------------------------------------------------------------------


def test_an_administrator_plans_asks_and_stops(pacs, hospital, signed_in):
    client = signed_in("system_admin", "root", hospital)
    given = {"partner": pacs.pk, "kind": "nightly", "at": "01:30", "days": 2, "every_minutes": 0, "most_studies": 50,
             "at_once": 5, "pause_s": 10, "modalities": "CT, MR"}  # fmt: skip
    answer = client.post(reverse("ingest:query_plan_new"), given)
    assert answer.status_code == 302, answer.content.decode()
    assert QueryPlan.objects.get().modalities == ["CT", "MR"]
    again = client.post(reverse("ingest:query_plan_new"), given)
    assert again.status_code == 400
    asked = {"partner": pacs.pk, "first_day": "2026-01-05", "last_day": "2026-01-05", "most_studies": 5, "at_once": 1,
             "pause_s": 0}  # fmt: skip
    assert client.post(reverse("ingest:query_new"), asked).status_code == 302
    query = Query.objects.get()
    page = client.get(reverse("ingest:query", args=[query.pk])).content.decode()
    assert "PACS" in page
    assert client.post(reverse("ingest:query_stop", args=[query.pk])).status_code == 302
    query.refresh_from_db()
    assert query.state == "stopped"


def test_only_who_may_see_names_may_ask_by_patient(pacs, hospital, signed_in):
    asked = {"partner": pacs.pk, "patient_id": "P1", "most_studies": 5, "at_once": 1, "pause_s": 0}
    client = signed_in("system_admin", "root", hospital)
    assert "patient_id" not in client.get(reverse("ingest:query_new")).content.decode()
    assert client.post(reverse("ingest:query_new"), asked).status_code == 400
    assert not Query.objects.exists()


def test_the_log_says_of_every_study_what_became_of_it(pacs, hospital, actor, signed_in):
    query = query_ask(actor=actor, fields=AskFields(pacs, first_day=DAY))
    told = {"failed": "went_away", "partial": "objects_failed", "done": "", "known": "", "unfit": "station_unknown"}
    for n, (state, trouble) in enumerate(told.items()):
        QueryStudy.objects.create(query=query, study_uid=f"1.2.{n}", label=f"项目{n}", state=state, trouble=trouble,
                                  day=DAY, modality="CT", n_said=9, changed_at=at(1))  # fmt: skip
    page = signed_in("qc_officer", "officer", hospital).get(reverse("ingest:query", args=[query.pk]))
    text = page.content.decode()
    assert all(f"项目{n}" in text for n in range(5))
    assert "went_away" not in text  # words, not codes
    failed = (
        signed_in("qc_officer", "second", hospital).get(f"{page.request['PATH_INFO']}?state=failed").content.decode()
    )
    assert "项目0" in failed
    assert "项目3" not in failed
