"""Destinations are asked to vouch for what they took, and nothing but their report says that they do."""

import datetime as dt

import pytest
from tests.apps.conftest import *  # noqa: F403 - the small world of the platform's tests
from tests.apps.ingest.conftest import drain, home, spool  # noqa: F401 - found by name
from tests.apps.ingest.making import destination
from tests.network.receiving import QUICK
from tests.network.vouching import Vouching

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from yingheng.catalog.holds import holds
from yingheng.catalog.models import Exam, Series
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.common.errors import Conflict
from yingheng.ingest.models import CommitmentAsk, Delivery, LocalAE
from yingheng.ingest.receiver.acceptor import listening
from yingheng.ingest.receiver.config import Options
from yingheng.ingest.services import folder_import
from yingheng.ingest.services.commitment_asking import commitment_again, commitment_send, commitments_expire
from yingheng.ingest.services.forwarding_routing import forward_ask
from yingheng.ingest.services.forwarding_sending import destination_send
from yingheng.ingest.services.peers import receiver_config_write
from yingheng.jobs.models import Job
from yingheng.notify.models import Message as Notification

pytestmark = [pytest.mark.network, pytest.mark.django_db]
LATE = 60.0  # seconds to wait for what must come; over at once when it comes


@pytest.fixture
def sent(home, hospital, actor, tmp_path):  # noqa: F811
    """`sent(pacs)` sends an exam of four objects there and returns the request that follows."""

    def run(pacs):
        LocalAE.objects.create(hospital=hospital, ae_title="YINGHENG")
        where = destination(hospital, actor, port=pacs.port, wants_commitment=True)
        ct_series(tmp_path / "ct", n=4, rows=16, patient=Patient(id="C1"), study=Study(key="commit"))
        folder_import(hospital=hospital, paths=[tmp_path / "ct"], actor=actor)
        forward_ask(exam_id=Exam.objects.get().pk, destination_id=where.pk)
        assert destination_send(destination_id=where.pk) == 1
        return CommitmentAsk.objects.get()

    return run


def held():
    """Why retention keeps the pixels."""
    return {code for codes in holds(list(Series.objects.values_list("pk", flat=True))).values() for code in codes}


def shown():
    row = CommitmentAsk.objects.get()
    return row.state, row.n_committed, Delivery.objects.get().commitment


def test_a_report_on_the_same_association_counts(sent, drain):  # noqa: F811
    with Vouching() as pacs:
        row = sent(pacs)
        assert shown() == ("waiting", 0, "waiting")
        assert Job.objects.filter(kind=events.COMMITMENT_ASK, natural_key=str(row.pk)).count() == 1
        assert commitment_send(ask_id=row.pk, wait_s=LATE)
        assert pacs.reported.wait(LATE)
    assert pacs.statuses == [0]
    assert {one.ReferencedSOPInstanceUID for one in pacs.asked[0].ReferencedSOPSequence} == pacs.uids
    assert shown() == ("asked", 0, "asked")  # nothing is safe until the report is recorded
    assert "commitment" in held()
    assert drain() == {"reports": 1}
    assert shown() == ("committed", 4, "committed")
    assert "commitment" not in held()
    assert commitment_send(ask_id=row.pk) is False
    assert len(pacs.asked) == 1


@pytest.mark.parametrize("acceptor", ["thin", "pynetdicom"])
def test_a_report_over_an_association_of_the_destination_counts(sent, home, drain, acceptor):  # noqa: F811
    with Vouching("later") as pacs:
        row = sent(pacs)
        assert commitment_send(ask_id=row.pk, wait_s=0.0)
        assert shown() == ("asked", 0, "asked")
        receiver_config_write()
        with listening(Options(home, port=0, limits=QUICK), acceptor, grace_s=1) as port:
            pacs.report(port)
            pacs.report(port)  # told twice
    assert pacs.statuses == [0, 0]
    assert drain() == {"reports": 2}
    assert shown() == ("committed", 4, "committed")


def test_what_is_denied_or_left_out_is_not_safe_and_can_be_sent_again(sent, drain, actor):  # noqa: F811
    with Vouching() as pacs:
        row = sent(pacs)
        denied, omitted, *_rest = sorted(pacs.uids)
        pacs.lost, pacs.silent = {denied}, {omitted}
        commitment_send(ask_id=row.pk, wait_s=LATE)
        drain()
        assert shown() == ("failed", 2, "failed")
        row.refresh_from_db()
        assert {(uid, reason) for _class, uid, reason in row.failures} == {(denied, 0x0112), (omitted, None)}
        assert Notification.objects.get(kind="commitment.bad").params == {"name": "归档 PACS"}
        pacs.lost = pacs.silent = set()
        commitment_again(actor=actor, row=row)
        assert Delivery.objects.get().state == "waiting"
        assert destination_send(destination_id=row.destination_id) == 1
        assert {uid for uid, n in pacs.times.items() if n == 2} == {denied, omitted}
        fresh = CommitmentAsk.objects.get(state="waiting")
        assert {uid for _class, uid in fresh.objects_listed} == {denied, omitted}
        commitment_send(ask_id=fresh.pk, wait_s=LATE)
        drain()
    assert set(CommitmentAsk.objects.values_list("state", "n_listed")) == {("committed", 2)}
    assert Delivery.objects.get().commitment == "committed"


def test_silence_is_no_commitment(sent, drain, actor):  # noqa: F811
    with Vouching("later") as pacs:
        row = sent(pacs)
        commitment_send(ask_id=row.pk, wait_s=0.0)
        assert commitments_expire() == 0
        CommitmentAsk.objects.update(due_at=now() - dt.timedelta(seconds=1))
        assert commitments_expire() == 1
        assert shown() == ("timed_out", 0, "timed_out")
        assert Notification.objects.filter(kind="commitment.late").exists()
        old = row.transaction_uid
        commitment_again(actor=actor, row=row)
        row.refresh_from_db()
        assert row.transaction_uid != old
        assert shown() == ("waiting", 0, "waiting")
        pacs.how = "same"
        assert commitment_send(ask_id=row.pk, wait_s=LATE)
    drain()
    assert shown() == ("committed", 4, "committed")
    with pytest.raises(Conflict):
        commitment_again(actor=actor, row=row)


@pytest.mark.parametrize(("how", "trouble"), [("refuse", "commitment_refused"), ("without", "commitment_not_offered")])
def test_a_destination_that_does_not_take_the_request_is_said_so(sent, how, trouble):
    with Vouching(how) as pacs:
        row = sent(pacs)
        assert commitment_send(ask_id=row.pk) is False
    row.refresh_from_db()
    assert (row.state, row.trouble, row.n_tries) == ("waiting", trouble, 1)
    assert Job.objects.get(kind=events.COMMITMENT_ASK).not_before > now()
    CommitmentAsk.objects.update(due_at=now())
    assert commitments_expire() == 1
    assert shown() == ("timed_out", 0, "timed_out")


def test_a_report_of_another_request_settles_nothing(sent, home, drain):  # noqa: F811
    with Vouching("later") as pacs:
        row = sent(pacs)
        commitment_send(ask_id=row.pk, wait_s=0.0)
        pacs.asked[0].TransactionUID = "1.2.3.4"
        receiver_config_write()
        with listening(Options(home, port=0, limits=QUICK), "thin", grace_s=1) as port:
            pacs.report(port)
    assert drain() == {"reports_unknown": 1}
    assert shown() == ("asked", 0, "asked")
