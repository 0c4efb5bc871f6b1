"""Archives to ask, and asking them to the end."""

import datetime as dt
from collections import Counter

import pytest
from pydicom import dcmread

from imagingqc.dicom.synthetic import Patient, Study, ct_series, dx_image
from yingheng.ingest.intake import TAKERS
from yingheng.ingest.models import Query, RemoteAE
from yingheng.ingest.services.draining import spool_drain
from yingheng.ingest.services.peers import PeerFields, local_ae_put, remote_ae_put
from yingheng.ingest.services.querying import AskFields, Limits, query_ask
from yingheng.ingest.services.querying_run import query_run
from yingheng.ingest.spool import Spool

DAY = dt.date(2026, 1, 5)


@pytest.fixture
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


def archive(hospital, actor, port, **more):
    local_ae_put(actor=actor, hospital=hospital, ae_title="YINGHENG", is_open=False)
    fields = PeerFields(name="PACS", ae_title="PACS", host="127.0.0.1", port=port, **({"is_archive": True} | more))
    return remote_ae_put(actor=actor, hospital=hospital, fields=fields)


def ask(actor, partner, **more):
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
