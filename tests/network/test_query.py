"""Asking archives over the wire: C-FIND, C-GET, C-MOVE and the worklist."""

import datetime as dt
from copy import deepcopy

import pytest
from pydicom import dcmread
from tests.apps.conftest import (  # noqa: F401 - fixtures are found by name
    _every_fact_leaves_a_job,
    _log_may_be_emptied,
    actor,
    hospital,
    region,
)
from tests.network.asking import DAY, archive, ask, drain, home, objects, run, states  # noqa: F401 - fixtures too
from tests.network.pacs import Pacs, step
from tests.network.receiving import receiver

from yingheng.catalog.models import Instance, Order
from yingheng.catalog.storage import default_storage
from yingheng.common.clock import now
from yingheng.ingest.models import Query, QueryStudy
from yingheng.ingest.services.querying import query_stop
from yingheng.ingest.services.querying_run import query_run

pytestmark = [pytest.mark.network, pytest.mark.django_db, pytest.mark.usefixtures("home")]


def test_it_fetches_what_it_lacks_by_get_and_nothing_twice(objects, home, hospital, actor):  # noqa: F811
    with Pacs(objects) as pacs:
        partner = archive(hospital, actor, pacs.port)
        query = run(ask(actor, partner))
        assert (query.state, query.n_found, query.n_done, query.n_objects) == ("done", 3, 3, 8)
        assert set(query.studies.values_list("way", flat=True)) == {"C-GET"}
        assert drain(home)["created"] == 8
        sources = {one.SOPInstanceUID: one for one in objects}
        assert set(Instance.objects.values_list("sop_uid", flat=True)) == set(sources)
        assert pacs.retrieved.total() == 3
        again = run(ask(actor, partner))
        assert (again.n_found, again.n_known, again.n_asked) == (3, 3, 0)
        assert pacs.retrieved.total() == 3
        assert drain(home).total() == 0


def test_what_is_fetched_is_what_the_archive_has(objects, home, hospital, actor):  # noqa: F811
    with Pacs(objects[:4]) as pacs:
        run(ask(actor, archive(hospital, actor, pacs.port)))
    drain(home)
    sent = {one.SOPInstanceUID: one for one in objects[:4]}
    for row in Instance.objects.all():
        stored = dcmread(default_storage().local_path(row.storage_key))
        assert stored == sent[row.sop_uid]
        assert stored.file_meta.SourceApplicationEntityTitle == "PACS"  # forwarding never sends it back


def test_it_fetches_only_the_series_with_fewer_objects_than_the_archive_has(objects, home, hospital, actor):  # noqa: F811
    with Pacs(objects[:3]) as pacs:
        partner = archive(hospital, actor, pacs.port)
        run(ask(actor, partner))
        drain(home)
        pacs.objects = objects[:4]
        query = run(ask(actor, partner))
        assert (query.n_known, query.n_done, query.n_objects) == (0, 1, 1)
        assert pacs.retrieved[objects[3].SOPInstanceUID] == 1
        assert drain(home) == {"created": 1}
    assert Instance.objects.count() == 4
    row = QueryStudy.objects.get(query=query)
    assert (row.n_said, row.n_had, row.state) == (4, 3, "done")


def test_it_fetches_the_whole_series_where_the_archive_names_no_images(objects, home, hospital, actor):  # noqa: F811
    with Pacs(objects[:3]) as pacs:
        pacs.knows_images = False
        partner = archive(hospital, actor, pacs.port)
        run(ask(actor, partner))
        drain(home)
        pacs.objects = objects[:4]
        assert run(ask(actor, partner)).n_objects == 4
        assert drain(home)["created"] == 1


@pytest.mark.parametrize("says", [True, False])
def test_it_asks_by_the_hour_where_the_archive_caps_its_answers(objects, hospital, actor, says, monkeypatch):  # noqa: F811
    monkeypatch.setattr("yingheng.ingest.querying.finding.ROUND", 2)
    every = [deepcopy(one) for one in objects]
    for n, uid in enumerate(sorted({one.StudyInstanceUID for one in every})):
        for one in every:
            if one.StudyInstanceUID == uid:
                one.StudyTime = f"{8 + n:02d}1500"
    with Pacs(every) as pacs:
        pacs.cap, pacs.cap_says = 2, says
        query = run(ask(actor, archive(hospital, actor, pacs.port)))
        asked = [str(one.get("StudyTime") or "") for one in pacs.asked if one.QueryRetrieveLevel == "STUDY"]
    assert (query.n_found, query.n_done, query.is_cut) == (3, 3, False)
    assert len(asked) == 25


def test_it_says_when_the_archive_has_more_than_it_would_say(objects, hospital, actor):  # noqa: F811
    with Pacs(objects) as pacs:
        pacs.cap = 1
        query = run(ask(actor, archive(hospital, actor, pacs.port), limits={"most_studies": 1}))
    assert query.is_cut
    assert query.state == "done"


def test_it_moves_to_our_receiver_where_get_is_not_offered(objects, home, hospital, actor):  # noqa: F811
    with Pacs(objects, ways=("move",)) as pacs:
        partner = archive(hospital, actor, pacs.port, may_send=True)
        config = {"local": [{"ae": "YINGHENG", "hospital": str(hospital.pk), "open": True}], "remote": []}
        with receiver(home, "thin", **config) as post:
            pacs.destinations["YINGHENG"] = ("127.0.0.1", post.port)
            query = run(ask(actor, partner))
    assert (query.n_done, query.n_objects, query.n_failed) == (3, 8, 0)
    assert set(query.studies.values_list("way", flat=True)) == {"C-MOVE"}
    assert drain(home)["created"] == 8


def test_it_takes_a_handful_then_pauses_and_leaves_the_rest_to_the_next_run(objects, hospital, actor):  # noqa: F811
    with Pacs(objects) as pacs:
        limits = {"most_studies": 2, "at_once": 1, "pause_s": 30}
        query = ask(actor, archive(hospital, actor, pacs.port), limits=limits)
        assert not query_run(query_id=query.pk)
        query.refresh_from_db()
        assert query.next_at > now() + dt.timedelta(seconds=25)
        assert pacs.retrieved.total() == 1
        assert not query_run(query_id=query.pk)  # asked too early: nothing happens
        assert pacs.retrieved.total() == 1
        query = run(query)
    assert states(query) == {"done": 2, "left": 1}


@pytest.mark.parametrize(
    ("wanted", "n"),
    [
        ({"limits": {"modalities": ("dx",)}}, 1),
        ({"limits": {"modalities": ("CT", "DX")}}, 3),
        ({"limits": {"description": "ct 1"}}, 1),
        ({"accession": "ACC1"}, 1),
        ({"patient_id": "Q0"}, 1),
        ({"first_day": DAY - dt.timedelta(days=3), "last_day": DAY - dt.timedelta(days=1)}, 0),
        ({"first_day": DAY - dt.timedelta(days=2), "last_day": DAY + dt.timedelta(days=2)}, 3),
    ],
)
def test_it_fetches_what_meets_the_conditions(objects, hospital, actor, wanted, n):  # noqa: F811
    with Pacs(objects) as pacs:
        query = run(ask(actor, archive(hospital, actor, pacs.port), **wanted))
    assert query.n_done == n


def test_it_knows_the_station(objects, hospital, actor):  # noqa: F811
    every = [deepcopy(one) for one in objects]
    for one in every:
        one.StationName = "CT-A" if one.PatientID == "Q0" else ""
    with Pacs(every) as pacs:
        query = run(ask(actor, archive(hospital, actor, pacs.port), limits={"stations": ("ct-a",)}))
    assert states(query) == {"done": 1, "unfit": 2}
    assert set(query.studies.filter(state="unfit").values_list("trouble", flat=True)) == {"station_unknown"}


def test_a_stopped_query_fetches_no_more(objects, hospital, actor):  # noqa: F811
    with Pacs(objects) as pacs:
        query = ask(actor, archive(hospital, actor, pacs.port), limits={"at_once": 1, "pause_s": 30})
        query_run(query_id=query.pk)
        query_stop(actor=actor, row=query)
        Query.objects.update(next_at=None)
        assert query_run(query_id=query.pk)
        assert pacs.retrieved.total() == 1
    query.refresh_from_db()
    assert (query.state, query.stopped_by) == ("stopped", actor.name)


def test_the_worklist_becomes_requests_and_the_same_again_changes_nothing(hospital, actor):  # noqa: F811
    steps = [
        step("R1", clock="103000"),
        step("R1", clock="090000"),
        step("R2", requested="头颅MR"),
        step("", patient=""),
    ]
    with Pacs([], steps=steps) as pacs:
        partner = archive(hospital, actor, pacs.port, is_archive=False, is_worklist=True)

        def asked(key):
            row = Query.objects.create(hospital=hospital, partner=partner, kind="worklist", key=key, created_at=now(),
                                       first_day=DAY, last_day=DAY + dt.timedelta(days=1))  # fmt: skip
            return run(row)

        first = asked("w1")
        assert (first.state, first.n_found, first.n_done, first.n_failed) == ("done", 3, 2, 1)
        order = Order.objects.get(number="R1")
        assert (order.state, order.urgency, order.requested, order.modality) == (
            "scheduled",
            "emergency",
            "胸部CT平扫",
            "CT",
        )
        assert order.scheduled_at == dt.datetime(2026, 1, 6, 1, 0, tzinfo=dt.UTC)  # 09:00 in Shanghai
        assert order.patient.birth_year == 1970
        Order.objects.filter(number="R2").update(state="performed")
        second = asked("w2")
        assert (second.n_found, second.n_known, second.n_done) == (3, 2, 0)
        assert Order.objects.count() == 2
        assert Order.objects.get(number="R2").state == "performed"
