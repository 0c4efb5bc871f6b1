"""Answers of a destination are noted in batches, and none is lost on the way out."""

import datetime as dt

import pytest
from tests.apps.ingest.making import destination

from imagingqc.dicom.synthetic import Patient, Study, dx_image
from yingheng.catalog.models import Exam
from yingheng.ingest.forwarding.scu import Answer
from yingheng.ingest.models import Delivery, SentObject
from yingheng.ingest.services import folder_import
from yingheng.ingest.services.forwarding_noting import LONGEST_S, MOST, Noting
from yingheng.ingest.services.forwarding_routing import forward_ask

pytestmark = pytest.mark.django_db
OK, BAD = Answer("ok", "", 0, 10), Answer("failed", "not_understood", 0xC000)


@pytest.fixture
def delivery(home, hospital, actor, tmp_path):
    dx_image(tmp_path / "dx", rows=32, columns=32, patient=Patient(id="N1"), study=Study(key="noting"))
    folder_import(hospital=hospital, paths=[tmp_path / "dx"], actor=actor)
    forward_ask(exam_id=Exam.objects.get().pk, destination_id=destination(hospital, actor).pk)
    return Delivery.objects.get()


def noted():
    return dict(SentObject.objects.values_list("sop_uid", "outcome"))


def test_it_writes_a_full_batch_and_the_rest_at_the_end(delivery):
    with Noting(delivery, clock=lambda: 0.0) as noting:
        for n in range(MOST - 1):
            noting.note(f"1.{n}", OK)
        assert noted() == {}
        noting.note("1.999", OK)
        assert len(noted()) == MOST
        noting.note("2.1", BAD)
    assert len(noted()) == MOST + 1
    assert noted()["2.1"] == "failed"
    assert noting.n_bytes == 10 * MOST


def test_it_writes_what_has_waited_long_enough(delivery):
    times = iter([0.0, 0.0, LONGEST_S])
    noting = Noting(delivery, clock=lambda: next(times))
    noting.note("1.1", OK)
    assert noted() == {}
    noting.note("1.2", OK)
    assert set(noted()) == {"1.1", "1.2"}


def test_it_writes_what_it_has_when_something_breaks(delivery):
    def breaks():
        with Noting(delivery) as noting:
            noting.note("1.1", OK)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        breaks()
    assert set(noted()) == {"1.1"}


def test_a_later_answer_replaces_the_earlier_one(delivery):
    with Noting(delivery) as noting:
        noting.note("1.1", BAD)
    with Noting(delivery) as noting:
        noting.note("1.1", BAD)
        noting.note("1.1", OK)
    row = SentObject.objects.get()
    assert (row.outcome, row.status, row.trouble) == ("ok", 0, "")
    assert row.at.utcoffset() == dt.timedelta(0)
