"""A real Orthanc vouches for what it took: it calls us back over an association of its own."""

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
from tests.apps.ingest.conftest import drain, home, spool  # noqa: F401 - found by name
from tests.apps.ingest.making import destination
from tests.apps.ingest.receiver.wire import wait_until
from tests.network.receiving import QUICK
from tests.network.test_forward_orthanc import orthanc  # noqa: F401 - a fixture

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from yingheng.catalog.models import Exam
from yingheng.ingest.models import CommitmentAsk, Delivery
from yingheng.ingest.receiver.acceptor import listening
from yingheng.ingest.receiver.config import Options
from yingheng.ingest.services import folder_import
from yingheng.ingest.services.commitment_asking import commitment_send
from yingheng.ingest.services.forwarding_routing import forward_ask
from yingheng.ingest.services.forwarding_sending import destination_send
from yingheng.ingest.services.peers import local_ae_put, receiver_config_write
from yingheng.ingest.spool import Spool

pytestmark = [pytest.mark.network, pytest.mark.django_db]


@pytest.mark.parametrize("acceptor", ["thin", "pynetdicom"])
def test_it_vouches_for_an_exam(orthanc, home, hospital, actor, drain, tmp_path, acceptor):  # noqa: F811
    local_ae_put(actor=actor, hospital=hospital, ae_title="YINGHENG", is_open=False)
    where = destination(hospital, actor, port=orthanc.dicom, title="ORTHANC", wants_commitment=True)
    receiver_config_write()
    ct_series(tmp_path / "ct", n=4, rows=16, patient=Patient(id="C1"), study=Study(key="commit"))
    folder_import(hospital=hospital, paths=[tmp_path / "ct"], actor=actor)
    with listening(Options(home, port=0, limits=QUICK), acceptor, grace_s=1) as port:
        us = json.dumps({"AET": "YINGHENG", "Host": "127.0.0.1", "Port": port}).encode()
        address = f"http://127.0.0.1:{orthanc.http}/modalities/yingheng"
        urllib.request.urlopen(urllib.request.Request(address, data=us, method="PUT"), timeout=20).close()
        forward_ask(exam_id=Exam.objects.get().pk, destination_id=where.pk)
        assert destination_send(destination_id=where.pk) == 1
        ask = CommitmentAsk.objects.get()
        assert commitment_send(ask_id=ask.pk, wait_s=0.0), CommitmentAsk.objects.get().trouble
        wait_until(lambda: Spool(home).count() == 1)
    assert drain() == {"reports": 1}
    ask.refresh_from_db()
    assert (ask.state, ask.n_committed, ask.failures) == ("committed", 4, [])
    assert Delivery.objects.get().commitment == "committed"
