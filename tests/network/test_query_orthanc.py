"""A real Orthanc as the archive: studies come by C-GET, and by C-MOVE to our receiver where it allows no C-GET."""

import json
import urllib.request

import pytest
from tests.apps.conftest import (  # noqa: F401 - fixtures are found by name
    _every_fact_leaves_a_job,
    _log_may_be_emptied,
    actor,
    hospital,
    region,
)
from tests.network.asking import ask, drain, home, objects, run  # noqa: F401 - fixtures too
from tests.network.receiving import receiver
from tests.network.test_forward_orthanc import orthanc  # noqa: F401 - a fixture

from yingheng.catalog.models import Exam, Instance
from yingheng.common import events
from yingheng.ingest.services.peers import PeerFields, local_ae_put, remote_ae_put
from yingheng.jobs.models import Job

pytestmark = [pytest.mark.network, pytest.mark.django_db, pytest.mark.usefixtures("home")]


def put(orthanc, path, data, method="PUT"):  # noqa: F811
    address = f"http://127.0.0.1:{orthanc.http}{path}"
    urllib.request.urlopen(urllib.request.Request(address, data=data, method=method), timeout=20).close()


@pytest.fixture
def partner(orthanc, objects, hospital, actor, tmp_path):  # noqa: F811
    """The Orthanc with all objects; it knows us once `known` told it."""
    for n, one in enumerate(objects):
        one.save_as(tmp_path / f"{n}.dcm", enforce_file_format=True)
        put(orthanc, "/instances", (tmp_path / f"{n}.dcm").read_bytes(), "POST")
    local_ae_put(actor=actor, hospital=hospital, ae_title="YINGHENG", is_open=False)
    fields = PeerFields(name="O", ae_title="ORTHANC", host="127.0.0.1", port=orthanc.dicom, is_archive=True)
    return remote_ae_put(actor=actor, hospital=hospital, fields=fields)


def known(orthanc, port=4, **may):  # noqa: F811
    us = {"AET": "YINGHENG", "Host": "127.0.0.1", "Port": port} | may
    put(orthanc, "/modalities/yingheng", json.dumps(us).encode())


def test_it_fetches_by_get(orthanc, partner, home, actor):  # noqa: F811
    known(orthanc)
    query = run(ask(actor, partner, limits={"modalities": ("CT",)}))
    assert (query.state, query.n_found, query.n_done, query.n_objects, query.n_failed) == ("done", 2, 2, 7, 0)
    assert set(query.studies.values_list("way", flat=True)) == {"C-GET"}
    assert drain(home)["created"] == 7
    assert {exam.modality for exam in Exam.objects.all()} == {"CT"}
    assert run(ask(actor, partner, limits={"modalities": ("CT",)})).n_known == 2
    assert Job.objects.filter(kind=events.QUERY_RUN).count() == 2


def test_it_fetches_by_move_where_get_is_refused(orthanc, partner, home, hospital, actor):  # noqa: F811
    config = {
        "local": [{"ae": "YINGHENG", "hospital": str(hospital.pk), "open": False}],
        "remote": [{"ae": "ORTHANC", "hospital": str(hospital.pk), "addresses": []}],
    }
    with receiver(home, "thin", **config) as post:
        known(orthanc, post.port, AllowGet=False)
        query = run(ask(actor, partner))
    assert (query.state, query.n_found, query.n_done, query.n_objects, query.n_failed) == ("done", 3, 3, 8, 0)
    assert set(query.studies.values_list("way", flat=True)) == {"C-MOVE"}
    assert drain(home)["created"] == 8


def test_it_fetches_single_objects_that_are_missing(orthanc, partner, home, actor):  # noqa: F811
    known(orthanc)
    run(ask(actor, partner, accession="ACC0"))
    drain(home)
    gone = Instance.objects.filter(series__exam__accession="ACC0").order_by("sop_uid").first()
    exam = gone.series.exam
    series = gone.series
    gone.delete()
    type(series).objects.filter(pk=series.pk).update(n_instances=3)
    type(exam).objects.filter(pk=exam.pk).update(n_instances=3)
    query = run(ask(actor, partner, accession="ACC0"))
    assert (query.n_done, query.n_objects) == (1, 1)
    assert drain(home)["created"] == 1
