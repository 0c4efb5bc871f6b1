"""Asking archives over the wire: C-FIND, C-GET, C-MOVE and the worklist, with a PACS that caps, fails and dies."""

import datetime as dt
from collections import Counter
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
from tests.network.pacs import Pacs, step
from tests.network.receiving import receiver
from tests.network.test_forward_orthanc import orthanc  # noqa: F401 - a fixture

from imagingqc.dicom.synthetic import Patient, Study, ct_series, dx_image
from yingheng.catalog.models import Exam, Instance, Order
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.ingest.intake import TAKERS
from yingheng.ingest.models import Query, QueryStudy, RemoteAE
from yingheng.ingest.querying import retrieving
from yingheng.ingest.services.draining import spool_drain
from yingheng.ingest.services.peers import PeerFields, local_ae_put, remote_ae_put
from yingheng.ingest.services.querying import AskFields, Limits, query_again, query_ask, query_stop
from yingheng.ingest.services.querying_run import query_run
from yingheng.ingest.spool import Spool
from yingheng.jobs.models import Job

pytestmark = [pytest.mark.network, pytest.mark.django_db]
DAY = dt.date(2026, 1, 5)


@pytest.fixture(autouse=True)
def home(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()
    return settings.YINGHENG_HOME


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    """Three studies of one day: two CT of 4 and 3 objects, one DX."""
    folder = tmp_path_factory.mktemp("objects")
    for n, count in enumerate((4, 3)):
        study = Study(key=f"q{n}", description=f"胸部CT {n}", accession=f"ACC{n}")
        ct_series(folder / f"ct{n}", n=count, rows=16, patient=Patient(id=f"Q{n}"), study=study)
    dx_image(folder / "dx", rows=32, columns=32, patient=Patient(id="QD"), study=Study(key="qd", accession="ACCD"))
    found = [dcmread(path) for path in sorted(folder.rglob("*.dcm"))]
    for one in found:
        one.StudyDate = DAY.strftime("%Y%m%d")
    return found


def archive(hospital, actor, port, **more):  # noqa: F811
    local_ae_put(actor=actor, hospital=hospital, ae_title="YINGHENG", is_open=False)
    fields = PeerFields(name="PACS", ae_title="PACS", host="127.0.0.1", port=port, **({"is_archive": True} | more))
    return remote_ae_put(actor=actor, hospital=hospital, fields=fields)


def ask(actor, partner, **more):  # noqa: F811
    limits = Limits(**({"pause_s": 0} | more.pop("limits", {})))
    if not {"accession", "patient_id"} & set(more):
        more = {"first_day": DAY, "last_day": DAY} | more
    return query_ask(actor=actor, fields=AskFields(partner, limits=limits, **more))


def run(query, most=20):
    """To its end, whatever pauses it asks for; fails when it does not end."""
    for _n in range(most):
        if query_run(query_id=query.pk):
            query.refresh_from_db()
            return query
        Query.objects.update(next_at=None)
        RemoteAE.objects.update(next_try_at=None)
    pytest.fail("the query does not end")


def drain(home):
    total = Counter()
    while found := spool_drain(Spool(home), takers=TAKERS):
        total += found
    return total


def states(query):
    return Counter(query.studies.values_list("state", flat=True))


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
    from yingheng.catalog.storage import default_storage  # noqa: PLC0415 - only here

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
        assert (query.n_known, query.n_done) == (0, 1)
        drain(home)
    assert Instance.objects.count() == 4
    row = QueryStudy.objects.get(query=query)
    assert (row.n_said, row.n_had, row.state) == (4, 3, "done")


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


def test_it_says_that_the_archive_does_not_know_us(objects, hospital, actor):  # noqa: F811
    with Pacs(objects[:4], ways=("move",)) as pacs:
        query = run(ask(actor, archive(hospital, actor, pacs.port)))
    row = query.studies.get()
    assert (row.state, row.trouble) == ("failed", "move_destination")
    assert (query.state, query.n_failed) == ("done", 1)


def test_it_says_that_nothing_can_be_retrieved(objects, hospital, actor):  # noqa: F811
    with Pacs(objects[:4], ways=()) as pacs:
        query = run(ask(actor, archive(hospital, actor, pacs.port)))
    assert query.studies.get().trouble == "retrieve_not_offered"


def test_it_keeps_what_came_of_a_study_with_failing_objects(objects, home, hospital, actor):  # noqa: F811
    with Pacs(objects[:4]) as pacs:
        pacs.refuses = {objects[1].SOPInstanceUID}
        partner = archive(hospital, actor, pacs.port)
        query = run(ask(actor, partner))
        row = query.studies.get()
        assert (row.state, row.n_received, row.n_failed, row.trouble) == ("partial", 3, 1, "objects_failed")
        assert drain(home)["created"] == 3
        pacs.refuses = set()
        query_again(actor=actor, row=query)
        query = run(query)
        assert query.studies.get().state == "done"
        drain(home)
    assert Instance.objects.count() == 4


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pynetdicom leaves a socket open
def test_it_goes_on_when_the_archive_dies_and_comes_back(objects, home, hospital, actor):  # noqa: F811
    pacs = Pacs(objects).open()
    partner = archive(hospital, actor, pacs.port)
    query = ask(actor, partner)
    pacs.dies_at = 2
    assert not query_run(query_id=query.pk)
    partner.refresh_from_db()
    query.refresh_from_db()
    assert (partner.trouble, partner.n_failures) == ("went_away", 1)
    assert query.next_at > now()
    pacs.close()
    for n in (2, 3):
        Query.objects.update(next_at=None)
        RemoteAE.objects.update(next_try_at=None)
        assert not query_run(query_id=query.pk)
        partner.refresh_from_db()
        assert (partner.n_failures, partner.trouble) == (n, "connection_refused")
    waits = partner.next_try_at - now()
    assert dt.timedelta(seconds=100) < waits <= dt.timedelta(seconds=120)
    pacs.dies_at = None
    with pacs:
        query = run(query)
    partner.refresh_from_db()
    assert (query.state, query.n_done, partner.n_failures, partner.trouble) == ("done", 3, 0, "")
    drain(home)
    assert Instance.objects.count() == 8


def test_one_study_that_breaks_the_archive_holds_up_no_other(objects, home, hospital, actor):  # noqa: F811
    bad = objects[0].StudyInstanceUID

    class Fragile(Pacs):
        def _send(self, event, found):
            if found[0].StudyInstanceUID == bad:
                event.assoc.abort()
                return
            yield from super()._send(event, found)

    with Fragile(objects) as pacs:
        query = run(ask(actor, archive(hospital, actor, pacs.port)))
    assert states(query) == {"done": 2, "failed": 1}
    assert query.studies.get(study_uid=bad).trouble == "went_away"
    assert query.studies.get(study_uid=bad).attempts == 3


def test_trouble_with_one_series_is_not_forgotten_over_the_next(objects, home, hospital, actor):  # noqa: F811
    every = [deepcopy(one) for one in objects[:4]]
    for one in every[2:]:
        one.SeriesInstanceUID = "1.2.9"
    with Pacs(every) as pacs:
        pacs.refuses = {every[0].SOPInstanceUID, every[1].SOPInstanceUID}
        query = run(ask(actor, archive(hospital, actor, pacs.port)))
    row = query.studies.get()
    assert (row.state, row.n_received, row.n_failed, row.trouble) == ("partial", 2, 2, "objects_failed")


def test_a_killed_run_does_not_repeat_what_it_noted(objects, home, hospital, actor, monkeypatch):  # noqa: F811
    from yingheng.ingest.services import querying_fetch  # noqa: PLC0415 - to break it

    class Killed(BaseException):
        pass

    fetched, real = [], querying_fetch.fetch_by_get

    def dying(*args):
        if len(fetched) == 2:
            raise Killed
        fetched.append(args[1].series_uid)
        return real(*args)

    with Pacs(objects) as pacs:
        query = ask(actor, archive(hospital, actor, pacs.port))
        monkeypatch.setattr(querying_fetch, "fetch_by_get", dying)
        with pytest.raises(Killed):
            query_run(query_id=query.pk)
        monkeypatch.setattr(querying_fetch, "fetch_by_get", real)
        n_asked = len(pacs.asked)
        query = run(query)
        assert pacs.retrieved.total() == 3
        assert [one.QueryRetrieveLevel for one in pacs.asked[n_asked:]] == ["SERIES"]
    assert (query.n_done, query.n_objects) == (3, 8)


def test_a_full_disk_is_told_to_the_archive_and_the_query_waits(objects, hospital, actor, monkeypatch):  # noqa: F811
    def full(*_args):
        raise OSError(28, "No space left on device")

    with Pacs(objects[:4]) as pacs:
        query = ask(actor, archive(hospital, actor, pacs.port))
        with monkeypatch.context() as broken:
            broken.setattr(retrieving.Spool, "begin", full)
            assert not query_run(query_id=query.pk)
        query.refresh_from_db()
        assert (query.state, query.trouble) == ("fetching", "our_disk")
        assert run(query).n_objects == 4


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


def test_it_fetches_from_a_real_orthanc(orthanc, objects, home, hospital, actor, tmp_path):  # noqa: F811
    import urllib.request  # noqa: PLC0415 - only here

    for n, one in enumerate(objects):
        one.save_as(tmp_path / f"{n}.dcm", enforce_file_format=True)
        ask_it = urllib.request.Request(
            f"http://127.0.0.1:{orthanc.http}/instances", data=(tmp_path / f"{n}.dcm").read_bytes(), method="POST"
        )
        urllib.request.urlopen(ask_it, timeout=10).close()
    local_ae_put(actor=actor, hospital=hospital, ae_title="YINGHENG", is_open=False)
    aets = f"http://127.0.0.1:{orthanc.http}/modalities/yingheng"
    known = urllib.request.Request(aets, data=b'["YINGHENG", "127.0.0.1", 4]', method="PUT")
    urllib.request.urlopen(known, timeout=10).close()
    fields = PeerFields(name="O", ae_title="ORTHANC", host="127.0.0.1", port=orthanc.dicom, is_archive=True)
    partner = remote_ae_put(actor=actor, hospital=hospital, fields=fields)
    query = run(ask(actor, partner, limits={"modalities": ("CT",)}))
    assert (query.state, query.n_found, query.n_done, query.n_objects, query.n_failed) == ("done", 2, 2, 7, 0)
    assert drain(home)["created"] == 7
    assert {exam.modality for exam in Exam.objects.all()} == {"CT"}
    assert run(ask(actor, partner, limits={"modalities": ("CT",)})).n_known == 2
    assert Job.objects.filter(kind=events.QUERY_RUN).count() == 2
