"""Exams go on to a PACS: all of them, once, whatever it does meanwhile."""

import datetime as dt
from shutil import copyfile

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pynetdicom.sop_class import CTImageStorage
from tests.apps.conftest import (  # noqa: F401 - fixtures are found by name
    _every_fact_leaves_a_job,
    _log_may_be_emptied,
    actor,
    hospital,
    region,
)
from tests.apps.ingest.making import destination, rule
from tests.network.archive import Archive

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from yingheng.catalog.models import Exam, Instance
from yingheng.catalog.storage import default_storage
from yingheng.common import events
from yingheng.common.clock import now
from yingheng.ingest.forwarding.scu import Peer, PeerTrouble, echo
from yingheng.ingest.models import Delivery, RemoteAE, SentObject
from yingheng.ingest.services import folder_import
from yingheng.ingest.services.forwarding_outbox import delivery_retry, outbox_push
from yingheng.ingest.services.forwarding_routing import exam_route, forward_ask
from yingheng.ingest.services.forwarding_sending import destination_send
from yingheng.ingest.texts import TROUBLES
from yingheng.jobs.models import Job

pytestmark = [pytest.mark.network, pytest.mark.django_db]
STUDY = Study(key="forward", description="胸部CT平扫")


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()


@pytest.fixture
def archive():
    with Archive() as one:
        yield one


@pytest.fixture
def bring(hospital, actor, tmp_path):  # noqa: F811
    """`bring(ct)` imports a folder written by `ct(path)` and closes its exam."""

    def run(n=8, name="a", study=STUDY):
        folder = tmp_path / name
        ct_series(folder, n=n, rows=32, patient=Patient(name="DEMO^F", id="F1"), study=study)
        folder_import(hospital=hospital, paths=[folder], actor=actor)
        return Exam.objects.get()

    return run


def due_now(row):
    """As if the pauses were over."""
    RemoteAE.objects.filter(pk=row.pk).update(next_try_at=None)
    Delivery.objects.filter(destination=row).update(next_at=None)


def job():
    return Job.objects.get(kind=events.FORWARD_SEND)


def test_it_sends_an_exam_over_one_association_byte_for_byte(hospital, actor, bring, archive):  # noqa: F811
    where = destination(hospital, actor, port=archive.port)
    rule(hospital, actor, where)
    exam = bring()
    assert exam_route(exam_id=exam.pk) == 1
    assert destination_send(destination_id=where.pk) == 1
    assert archive.uids == set(Instance.objects.values_list("sop_uid", flat=True))
    assert set(archive.times.values()) == {1}
    assert archive.associations == 1
    for row in Instance.objects.all():
        stored = dcmread(default_storage().local_path(row.storage_key))
        assert archive.objects[row.sop_uid].PixelData == stored.PixelData
        assert archive.objects[row.sop_uid].file_meta.TransferSyntaxUID == row.transfer_syntax_uid
    sent = Delivery.objects.get()
    assert (sent.state, sent.n_sent, sent.n_failed) == ("sent", 8, 0)
    assert sent.n_bytes > 0
    assert sent.seconds > 0
    assert RemoteAE.objects.get().reached_at is not None


def test_it_sends_only_what_arrived_later(hospital, actor, bring, archive):  # noqa: F811
    where = destination(hospital, actor, port=archive.port)
    rule(hospital, actor, where)
    exam = bring(n=4)
    exam_route(exam_id=exam.pk)
    destination_send(destination_id=where.pk)
    exam_route(exam_id=exam.pk)  # the same fact once more
    assert Delivery.objects.get().state == "sent"
    bring(n=6, name="more")
    exam_route(exam_id=exam.pk)
    assert Delivery.objects.get().state == "waiting"
    destination_send(destination_id=where.pk)
    assert len(archive.uids) == 6
    assert set(archive.times.values()) == {1}
    assert Delivery.objects.get().state == "sent"


# pynetdicom leaves the socket of a refused connection to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_it_waits_for_a_destination_that_is_down_and_calls_less_and_less(hospital, actor, bring):  # noqa: F811
    archive = Archive().open()
    archive.close()
    where = destination(hospital, actor, port=archive.port)
    rule(hospital, actor, where)
    exam_route(exam_id=bring(n=3).pk)
    pauses = []
    for n in range(1, 8):
        due_now(where)
        before = now()
        destination_send(destination_id=where.pk)
        row = RemoteAE.objects.get()
        assert row.n_failures == n
        assert row.trouble == "connection_refused"
        pauses.append((row.next_try_at - before).total_seconds())
        assert job().not_before == row.next_try_at
    assert pauses == pytest.approx([30, 60, 120, 240, 480, 900, 900], abs=2)
    assert Delivery.objects.get().state == "waiting"
    # before its time it is not called at all
    assert destination_send(destination_id=where.pk) == 0
    assert RemoteAE.objects.get().n_failures == 7
    with archive:
        due_now(where)
        assert destination_send(destination_id=where.pk) == 1
    assert len(archive.uids) == 3
    row = RemoteAE.objects.get()
    assert (row.n_failures, row.failing_since, row.trouble) == (0, None, "")


def test_it_goes_on_where_the_destination_went_away(hospital, actor, bring, archive):  # noqa: F811
    where = destination(hospital, actor, port=archive.port)
    rule(hospital, actor, where)
    exam_route(exam_id=bring(n=10).pk)
    archive.dies_after = 4
    assert destination_send(destination_id=where.pk) == 0
    half = Delivery.objects.get()
    assert (half.state, half.n_sent) == ("waiting", 4)
    assert RemoteAE.objects.get().trouble in {"went_away", "no_answer"}
    archive.dies_after = None
    due_now(where)
    assert destination_send(destination_id=where.pk) == 1
    assert len(archive.uids) == 10
    assert set(archive.times.values()) == {1}
    assert Delivery.objects.get().state == "sent"


def test_it_notes_what_was_not_taken_and_tries_it_again(hospital, actor, bring, archive):  # noqa: F811
    where = destination(hospital, actor, port=archive.port)
    rule(hospital, actor, where)
    exam_route(exam_id=bring(n=5).pk)
    bad, odd = sorted(Instance.objects.values_list("sop_uid", flat=True))[:2]
    archive.failing = {bad: 0xA900, odd: 0xB000}
    for _ in range(5):
        due_now(where)
        destination_send(destination_id=where.pk)
    row = Delivery.objects.get()
    assert (row.state, row.n_sent, row.n_failed, row.trouble) == ("failed", 4, 1, "not_of_its_class")
    assert archive.times[bad] == 5
    assert set(archive.times.values()) == {1, 5}
    assert SentObject.objects.get(sop_uid=odd).outcome == "warning"
    assert SentObject.objects.get(sop_uid=bad).status == 0xA900
    archive.failing = {}
    delivery_retry(actor=actor, row=row)
    destination_send(destination_id=where.pk)
    assert Delivery.objects.get().state == "sent"
    assert archive.times[bad] == 6


def test_it_waits_when_the_destination_has_no_room(hospital, actor, bring, archive):  # noqa: F811
    where = destination(hospital, actor, port=archive.port)
    rule(hospital, actor, where)
    exam_route(exam_id=bring(n=3).pk)
    archive.failing = dict.fromkeys(Instance.objects.values_list("sop_uid", flat=True), 0xA700)
    destination_send(destination_id=where.pk)
    assert RemoteAE.objects.get().trouble == "out_of_resources"
    assert Delivery.objects.get().state == "waiting"
    assert sum(archive.times.values()) == 1  # the rest is not offered to a full disk
    assert not SentObject.objects.exists()


def test_it_stops_when_time_is_up_and_asks_for_itself(hospital, actor, bring, archive):  # noqa: F811
    where = destination(hospital, actor, port=archive.port)
    rule(hospital, actor, where)
    exam_route(exam_id=bring(n=6).pk)
    Job.objects.all().delete()
    destination_send(destination_id=where.pk, budget_s=0.0)
    assert archive.uids == set()
    assert job().not_before <= now()
    assert destination_send(destination_id=where.pk) == 1


def test_it_unpacks_what_the_destination_does_not_take_packed(hospital, actor, archive, tmp_path):  # noqa: F811
    where = destination(hospital, actor, port=archive.port)
    folder = tmp_path / "packed"
    folder.mkdir()
    for name in ("MR_small_RLE.dcm", "JPEG2000.dcm", "CT_small.dcm"):
        copyfile(get_testdata_file(name, download=False), folder / name)
    folder_import(hospital=hospital, paths=[folder], actor=actor)
    for exam in Exam.objects.all():
        assert forward_ask(exam_id=exam.pk, destination_id=where.pk)
    assert destination_send(destination_id=where.pk) == 3
    for row in Instance.objects.all():
        original = dcmread(default_storage().local_path(row.storage_key))
        taken = archive.objects[row.sop_uid]
        assert not taken.file_meta.TransferSyntaxUID.is_compressed
        assert (taken.pixel_array == original.pixel_array).all()


def test_it_says_what_kind_the_destination_does_not_take(hospital, actor, bring):  # noqa: F811
    with Archive(classes={"1.2.840.10008.5.1.4.1.1.4"}) as archive:
        where = destination(hospital, actor, port=archive.port)
        rule(hospital, actor, where)
        exam_route(exam_id=bring(n=2).pk)
        destination_send(destination_id=where.pk)
    assert CTImageStorage not in {o.SOPClassUID for o in archive.objects.values()}
    assert RemoteAE.objects.get().trouble == "no_context" or Delivery.objects.get().trouble == "no_context"


def test_it_pushes_on_what_a_dead_worker_left(hospital, actor, bring, archive):  # noqa: F811
    where = destination(hospital, actor, port=archive.port)
    rule(hospital, actor, where)
    exam_route(exam_id=bring(n=3).pk)
    Delivery.objects.update(state="sending", changed_at=now() - dt.timedelta(hours=1))
    Job.objects.all().delete()
    assert outbox_push() == 1
    assert job().state == "queued"
    assert destination_send(destination_id=where.pk) == 1
    assert len(archive.uids) == 3


def test_an_echo_says_in_words_what_is_wrong(archive):
    def told(**changes):
        with pytest.raises(PeerTrouble) as trouble:
            echo(Peer(**{"called": "PACS", "host": "127.0.0.1", "port": archive.port, "calling": "YH"} | changes))
        assert trouble.value.code in TROUBLES
        return trouble.value.code

    assert echo(Peer("PACS", "127.0.0.1", archive.port, "YH")) < 10
    assert told(called="OTHER") == "rejected_called"
    assert told(port=1) == "connection_refused"
    assert told(host="nobody.invalid") == "host_unknown"
