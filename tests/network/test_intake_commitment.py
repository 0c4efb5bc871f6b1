"""Storage commitment as its sender sees it: a report over an association that we open."""

from contextlib import contextmanager

import pytest
from pynetdicom import AE, evt
from tests.apps.conftest import *  # noqa: F403 - the small world of the platform's tests
from tests.apps.ingest.conftest import drain, home, spool  # noqa: F401 - found by name
from tests.apps.ingest.sending import COMMITMENT_CLASS, commitment, ct_objects, put

from yingheng.catalog.models import Instance
from yingheng.catalog.storage import default_storage
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.ingest.models import Commitment, RemoteAE
from yingheng.ingest.services import commitment as service
from yingheng.ingest.services.commitment import commitment_answer
from yingheng.ingest.spool import Kind
from yingheng.ingest.tasks import answer_commitment
from yingheng.jobs.models import Job
from yingheng.jobs.runner import GiveUp

pytestmark = [pytest.mark.network, pytest.mark.django_db]


class Modality:
    """A sender that listens for reports; `status` is what it answers."""

    def __init__(self):
        self.reports, self.calling, self.status, self.port = [], [], 0x0000, 0

    def hear(self, event):
        self.reports.append((event.event_type, event.event_information))
        self.calling.append(event.assoc.requestor.ae_title)
        return self.status, None


@contextmanager
def listening(modality):
    ae = AE(ae_title="CT1")
    ae.add_supported_context(COMMITMENT_CLASS, scu_role=True, scp_role=True)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_N_EVENT_REPORT, modality.hear)])
    modality.port = server.server_address[1]
    try:
        yield
    finally:
        server.shutdown()


@pytest.fixture
def modality():
    one = Modality()
    with listening(one):
        yield one


@pytest.fixture
def known(hospital, modality):
    return RemoteAE.objects.create(
        hospital=hospital, name="CT", ae_title="CT1", host="127.0.0.1", port=modality.port, may_send=True
    )


@pytest.fixture
def objects(tmp_path):
    return ct_objects(tmp_path / "made", n=4)


def asked(objects):
    return [(o.SOPClassUID, o.SOPInstanceUID) for o in objects]


def told(items):
    return {item.ReferencedSOPInstanceUID: item.get("FailureReason") for item in items or ()}


def test_it_vouches_for_what_is_catalogued_and_stored(hospital, spool, drain, objects, modality, known):  # noqa: F811
    put(spool, hospital, *objects)
    put(spool, hospital, commitment(asked(objects)), kind=Kind.COMMITMENT)
    assert drain() == {"created": 4, "commitments": 1}
    row = Commitment.objects.get()
    assert Job.objects.filter(kind=events.COMMITMENT_ASKED, natural_key=str(row.pk)).count() == 1
    answer_commitment(str(row.pk), {})
    ((kind, report),) = modality.reports
    assert (kind, report.TransactionUID, modality.calling) == (1, "1.2.7.1", ["YINGHENG"])
    assert set(told(report.ReferencedSOPSequence)) == {o.SOPInstanceUID for o in objects}
    assert "FailedSOPSequence" not in report
    row.refresh_from_db()
    assert (row.state, row.n_listed, row.n_found, row.failures) == ("answered", 4, 4, [])
    assert row.exam.arrival == {"commitments": [{"sender": "CT1", "n_listed": 4, "n_found": 4}]}
    assert commitment_answer(commitment_id=row.pk) is False
    assert len(modality.reports) == 1


def test_it_says_what_it_cannot_vouch_for_and_why(hospital, spool, drain, objects, modality, known):  # noqa: F811
    first, second, third, absent = objects
    put(spool, hospital, first, second, third)
    drain()
    second.SeriesDescription = "other content"
    put(spool, hospital, second)
    drain()
    default_storage().remove(Instance.objects.get(sop_uid=third.SOPInstanceUID).storage_key)
    wrong_class = ("1.2.840.10008.5.1.4.1.1.4", first.SOPInstanceUID)
    put(spool, hospital, commitment([*asked(objects), wrong_class]), kind=Kind.COMMITMENT)
    drain()
    row = Commitment.objects.get()
    assert commitment_answer(commitment_id=row.pk)
    ((kind, report),) = modality.reports
    assert kind == 2
    assert told(report.ReferencedSOPSequence) == {first.SOPInstanceUID: None}
    failed = [(i.ReferencedSOPInstanceUID, i.FailureReason) for i in report.FailedSOPSequence]
    assert sorted(failed) == sorted(
        [
            (second.SOPInstanceUID, 0x0110),
            (third.SOPInstanceUID, 0x0110),
            (absent.SOPInstanceUID, 0x0112),
            (first.SOPInstanceUID, 0x0119),
        ]
    )
    row.refresh_from_db()
    assert (row.n_listed, row.n_found) == (5, 1)


def test_nobody_knows_where_the_sender_is(hospital, spool, drain, objects, monkeypatch):  # noqa: F811
    put(spool, hospital, commitment(asked(objects)), kind=Kind.COMMITMENT)
    drain()
    row = Commitment.objects.get()
    assert commitment_answer(commitment_id=row.pk) is False
    row.refresh_from_db()
    assert (row.state, row.trouble, row.trouble_detail, row.n_tries) == ("waiting", "address_unknown", "CT1", 1)
    assert Job.objects.get(kind=events.COMMITMENT_ASKED).not_before > now()
    monkeypatch.setattr(service, "MOST_TRIES", 2)
    with pytest.raises(GiveUp, match="address_unknown CT1"):
        answer_commitment(str(row.pk), {})


def test_a_sender_that_is_off_is_called_again(hospital, spool, drain, objects, modality, known):  # noqa: F811
    put(spool, hospital, commitment(asked(objects)), kind=Kind.COMMITMENT)
    drain()
    row = Commitment.objects.get()
    modality.status = 0x0110
    assert commitment_answer(commitment_id=row.pk) is False
    row.refresh_from_db()
    assert (row.trouble, row.trouble_detail) == ("report_status", "0x0110")
    modality.status = 0x0000
    assert commitment_answer(commitment_id=row.pk)
    row.refresh_from_db()
    assert (row.state, row.trouble) == ("answered", "")


def test_a_sender_that_takes_no_reports_is_said_so(hospital, spool, drain, objects):  # noqa: F811
    ae = AE(ae_title="CT1")
    ae.add_supported_context("1.2.840.10008.1.1")
    server = ae.start_server(("127.0.0.1", 0), block=False)
    try:
        RemoteAE.objects.create(
            hospital=hospital, name="CT", ae_title="CT1", host="127.0.0.1", port=server.server_address[1]
        )
        put(spool, hospital, commitment(asked(objects)), kind=Kind.COMMITMENT)
        drain()
        assert commitment_answer(commitment_id=Commitment.objects.get().pk) is False
        assert Commitment.objects.get().trouble == "no_context"
    finally:
        server.shutdown()
