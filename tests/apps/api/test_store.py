"""STOW-RS: on disk before the answer, object by object, for one hospital; what is refused and why."""

import errno
from io import BytesIO

import pydicom
import pytest
from django.test import Client
from pydicom.uid import DeflatedExplicitVRLittleEndian
from tests.apps.api.conftest import write_study

from yingheng.api import storing
from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam, Instance, Quarantine
from yingheng.ingest.filemeta import file_meta
from yingheng.ingest.intake import TAKERS
from yingheng.ingest.services.draining import spool_drain
from yingheng.ingest.spool import Spool, SpoolFile

pytestmark = pytest.mark.django_db
BOUNDARY = "b0undary"
TYPE = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


@pytest.fixture
def files(tmp_path):
    return write_study(tmp_path / "out").paths


@pytest.fixture
def sender(program):
    return program("sender")


@pytest.fixture
def spool(settings):
    return Spool(settings.YINGHENG_HOME)


def message(*objects, media="application/dicom", end=True) -> bytes:
    made = b"".join(f"\r\n--{BOUNDARY}\r\nContent-Type: {media}\r\n\r\n".encode() + one for one in objects)
    return made + (f"\r\n--{BOUNDARY}--\r\n".encode() if end else b"")


def send(client, *objects, path="/dicomweb/studies", content=None, content_type=TYPE, **extra):
    return client.post(path, data=message(*objects) if content is None else content, content_type=content_type, **extra)


def reasons(answer) -> list:
    return [(item["00081155"].get("Value", [""])[0], item["00081197"]["Value"][0])
            for item in answer.json()["00081198"]["Value"]]  # fmt: skip


def drain(spool):
    return spool_drain(spool, takers=TAKERS)


def test_what_is_acknowledged_is_in_the_spool_and_then_in_the_catalog(files, sender, spool, hospital):
    answer = send(sender, *(path.read_bytes() for path in files))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/dicom+json")
    told = answer.json()
    study = pydicom.dcmread(files[0]).StudyInstanceUID
    assert told["00081190"] == {"vr": "UR", "Value": [f"http://testserver/dicomweb/studies/{study}"]}
    assert "00081198" not in told
    items = told["00081199"]["Value"]
    series = f"http://testserver/dicomweb/studies/{study}/series/{pydicom.dcmread(files[0]).SeriesInstanceUID}"
    assert len(items) == 9
    ds = pydicom.dcmread(files[0])
    assert items[0] == {
        "00081150": {"vr": "UI", "Value": [ds.SOPClassUID]},
        "00081155": {"vr": "UI", "Value": [ds.SOPInstanceUID]},
        "00081190": {"vr": "UR", "Value": [f"{series}/instances/{ds.SOPInstanceUID}"]},
    }  # fmt: skip
    waiting = spool.waiting(20)
    assert len(waiting) == 9
    assert {one.hospital_id for one in waiting} == {hospital.pk}
    meta = file_meta(waiting[0].path)
    assert (meta.calling, meta.called, meta.sop_uid) == ("SENDER", "STOW-RS", ds.SOPInstanceUID)
    assert pydicom.dcmread(waiting[0].path) == ds
    assert drain(spool)["created"] == 9
    exam = Exam.objects.get()
    assert (exam.hospital, exam.study_uid, exam.n_instances) == (hospital, study, 9)
    entry = Entry.objects.get(action="dicomweb.store")
    assert (entry.after["stored"], entry.after["refused"], entry.after["studies"]) == (9, 0, [study])


def test_sending_again_changes_nothing(files, sender, spool):
    data = files[0].read_bytes()
    for _ in range(2):
        assert send(sender, data).status_code == 200
    first, second = spool.waiting(5)
    assert first.path.read_bytes() == second.path.read_bytes()
    found = drain(spool)
    assert (found["created"], found["duplicates"]) == (1, 1)
    assert not Quarantine.objects.exists()
    assert Instance.objects.count() == 1


def test_every_encoding_comes_in(files, sender, spool):
    ds = pydicom.dcmread(files[0])
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    out = BytesIO()
    ds.save_as(out)
    assert send(sender, out.getvalue(), files[4].read_bytes()).status_code == 200
    assert drain(spool)["created"] == 2


def test_what_is_no_object_is_refused_and_the_rest_stored(files, sender, spool):
    good = files[0].read_bytes()
    without = pydicom.dcmread(files[1])
    del without.StudyInstanceUID
    no_study, other_uid, directory = BytesIO(), BytesIO(), BytesIO()
    without.save_as(no_study)
    other = pydicom.dcmread(files[2])
    other.SOPInstanceUID = "1.2.3"
    other.save_as(other_uid, enforce_file_format=False)
    listing = pydicom.dcmread(files[3])
    listing.SOPClassUID = listing.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    listing.save_as(directory)
    bad = [b"", b"no DICOM at all" * 50, good[:200], no_study.getvalue(), other_uid.getvalue()]
    answer = send(sender, *bad, good, directory.getvalue())
    assert answer.status_code == 202
    assert [reason for _, reason in reasons(answer)] == [0xC000] * 5 + [0x0122]
    assert reasons(answer)[5][0] == listing.SOPInstanceUID
    assert len(answer.json()["00081199"]["Value"]) == 1
    assert spool.count() == 1
    assert not list((spool.root / "tmp").iterdir())
    refused = send(sender, *bad)
    assert refused.status_code == 409
    assert "00081199" not in refused.json()


def test_the_address_may_name_the_study(files, sender, spool):
    ds = pydicom.dcmread(files[0])
    data = files[0].read_bytes()
    assert send(sender, data, path=f"/dicomweb/studies/{ds.StudyInstanceUID}").status_code == 200
    answer = send(sender, data, path="/dicomweb/studies/1.2.3")
    assert answer.status_code == 409
    assert reasons(answer) == [(ds.SOPInstanceUID, 0xA900)]
    assert spool.count() == 1


def test_a_full_disk_is_told_and_nothing_stays(files, sender, spool, monkeypatch):
    def full(*_args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SpoolFile, "commit", full)
    answer = send(sender, files[0].read_bytes())
    assert answer.status_code == 503
    assert [reason for _, reason in reasons(answer)] == [0xA700]
    assert spool.count() == 0
    assert not list((spool.root / "tmp").iterdir())


def test_a_message_that_breaks_off_keeps_what_was_whole(files, sender, spool):
    broken = message(files[0].read_bytes(), files[1].read_bytes()[:-100], end=False)
    answer = send(sender, content=broken)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "api.multipart_damaged")
    assert spool.count() == 1
    assert not list((spool.root / "tmp").iterdir())
    assert Entry.objects.get(action="dicomweb.store").after["stored"] == 1


def test_wrong_messages_are_refused(files, sender, settings):
    data = files[0].read_bytes()
    for content_type in ("application/dicom", "multipart/form-data; boundary=b", "multipart/related; boundary=",
                         'multipart/related; type="application/dicom+json"; boundary=b', "text/plain"):  # fmt: skip
        answer = send(sender, data, content_type=content_type)
        assert (answer.status_code, answer.json()["error"]["code"]) == (415, "api.not_multipart"), content_type
    assert send(sender, content=message()).json()["error"]["code"] == "api.nothing_sent"
    assert send(sender, content=b"x").status_code == 400
    assert send(sender, data, HTTP_ACCEPT="application/dicom+xml").status_code == 406
    other = send(sender, content=message(data, media="application/dicom+json"))
    assert reasons(other) == [("", 0xC000)]
    settings.YINGHENG_STOW_MOST_BYTES = 1000
    answer = send(sender, data)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "api.too_large")


def test_only_who_may_send_does(files, program, spool):
    for client in (program("expert"), program("system_admin"), program("head", permissions=["exam.view"])):
        assert send(client, files[0].read_bytes()).status_code == 403
    assert send(Client(), files[0].read_bytes()).status_code == 401
    assert spool.count() == 0
    assert send(program("qc_officer"), files[0].read_bytes()).status_code == 200


def test_a_sender_sees_nothing(sent, sender):
    for path in ("/dicomweb/studies", sent.url(), sent.url(tail="metadata"), sent.url(sent.ct[0], "frames/1")):
        assert sender.get(path).status_code == 403


def test_of_several_hospitals_one_is_named(files, program, region, hospital, other_hospital, spool):
    client = program("sender", "above", region)
    data = files[0].read_bytes()
    answer = send(client, data)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "api.several_hospitals")
    assert send(client, data, path="/dicomweb/studies?hospital=h2").status_code == 200
    assert send(client, data, HTTP_X_YINGHENG_HOSPITAL=str(hospital.pk)).status_code == 200
    assert send(client, data, path="/dicomweb/studies?hospital=cn-14").status_code == 400
    assert {one.hospital_id for one in spool.waiting(5)} == {hospital.pk, other_hospital.pk}
    own = program("sender", "own")
    assert send(own, data, path="/dicomweb/studies?hospital=h2").status_code == 400


def test_a_browser_needs_the_csrf_token(files, person):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("head"), backend="django.contrib.auth.backends.ModelBackend")
    assert send(client, files[0].read_bytes()).status_code == 403


def test_a_large_object_is_not_held_in_memory(files, sender, spool, monkeypatch):
    """Of an object larger than the head only the head is looked at; the rest passes through."""
    monkeypatch.setattr(storing, "HEAD_BYTES", 1500)
    sizes = []
    write = SpoolFile.write
    monkeypatch.setattr(SpoolFile, "write", lambda self, data: (sizes.append(len(data)), write(self, data)))
    ds = pydicom.dcmread(files[6])
    ds.PixelData = bytes(3_000_000)
    ds.NumberOfFrames, ds.Rows, ds.Columns = 1, 1000, 1500
    out = BytesIO()
    ds.save_as(out)
    assert send(sender, out.getvalue()).status_code == 200
    assert max(sizes) <= 300_000
    assert pydicom.dcmread(spool.waiting(1)[0].path) == ds
