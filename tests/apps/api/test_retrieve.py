"""WADO-RS of original objects: the very bytes, or explicit little endian; for those who may see names."""

from io import BytesIO

import pydicom
import pytest
from tests.apps.api.conftest import body, parts

from yingheng.audit.models import Entry
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.storage import default_storage
from yingheng.common.clock import now

pytestmark = pytest.mark.django_db
DICOM = 'multipart/related; type="application/dicom"'
EXPLICIT, RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"


def read(content) -> pydicom.Dataset:
    return pydicom.dcmread(BytesIO(content))


def test_it_gives_the_stored_bytes_at_every_level(sent, program):
    client = program("head")
    stored = {path.read_bytes() for path in sent.paths}
    for address, n in ((sent.url(), 9), (sent.url(sent.ct[0], level="series"), 4), (sent.url(sent.xa), 1)):
        answer = client.accept(address, DICOM)
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith('multipart/related; type="application/dicom"; boundary=')
        length = int(answer["Content-Length"])
        got = parts(answer)
        assert len({content for _, content in got} & stored) == n
        assert all(int(fields["Content-Length"]) == len(content) for fields, content in got)
        again = client.accept(address, DICOM)
        assert len(body(again)) == length
    assert got[0][0]["Content-Type"] == f"application/dicom;transfer-syntax={EXPLICIT}"
    assert got[0][0]["Content-Location"] == f"http://testserver{sent.url(sent.xa)}"


def test_it_gives_one_object_without_parts(sent, program):
    client = program("head")
    answer = client.accept(sent.url(sent.rle[0]), "application/dicom")
    assert answer["Content-Type"] == f"application/dicom;transfer-syntax={RLE}"
    assert body(answer) == sent.paths[4].read_bytes()
    assert client.accept(sent.url(), "application/dicom").status_code == 406


def test_it_decodes_when_asked(sent, program):
    client = program("head")
    kept = client.accept(sent.url(sent.rle[0]), f"{DICOM}; transfer-syntax=*")
    assert read(parts(kept)[0][1]).file_meta.TransferSyntaxUID == RLE
    got = parts(client.accept(sent.url(sent.rle[0]), f"{DICOM}; transfer-syntax={EXPLICIT}"))
    assert got[0][0]["Content-Type"].endswith(EXPLICIT)
    ds = read(got[0][1])
    assert ds.file_meta.TransferSyntaxUID == EXPLICIT
    assert ds.PixelData == sent.ct[0].PixelData
    assert ds.PatientID == sent.ct[0].PatientID


def test_it_refuses_what_it_cannot_give(sent, program):
    client = program("head")
    for accept in (
        f"{DICOM}; transfer-syntax=1.2.840.10008.1.2.4.90",
        'multipart/related; type="application/dicom+xml"',
        "application/zip",
    ):
        assert client.accept(sent.url(sent.ct[0]), accept).status_code == 406, accept
    assert client.accept(sent.url(sent.rle[0]), f"{DICOM}; transfer-syntax={RLE}").status_code == 200
    mixed = f"{DICOM}; transfer-syntax={RLE}, {DICOM}; transfer-syntax={EXPLICIT}"
    assert len(parts(client.accept(sent.url(), mixed))) == 9  # the first cannot be had for all
    assert client.accept(sent.url(), "*/*").status_code == 200


def test_names_are_for_those_who_may_see_them(sent, program):
    for client in (program("expert"), program("head", permissions=["exam.view"])):
        answer = client.accept(sent.url(sent.ct[0]), DICOM)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "api.names_needed")
    assert not Entry.objects.filter(action="dicomweb.retrieve").exists()


def test_a_request_leaves_one_entry(sent, program):
    client = program("head")
    body(client.accept(sent.url(), DICOM))
    entry = Entry.objects.get(action="dicomweb.retrieve")
    assert (entry.after["objects"], entry.after["bytes"]) == (9, sum(p.stat().st_size for p in sent.paths))
    assert entry.actor_name.endswith("[x]")
    assert entry.scope == "/cn-14/h1/"


def test_what_is_not_there_is_not_found(sent, program, other_hospital):
    client = program("head")
    addresses = (
        "/dicomweb/studies/1.2.3",
        sent.url() + "/series/1.2",
        sent.url(sent.ct[0], level="series") + "/instances/1",
    )
    for address in addresses:
        assert client.accept(address, DICOM).status_code == 404, address
    stranger = program("head", "other", other_hospital)
    for address in (sent.url(), sent.url(sent.ct[0], level="series"), sent.url(sent.ct[0])):
        assert stranger.accept(address, DICOM).status_code == 404


def test_it_says_when_images_are_gone(sent, program):
    client = program("head")
    keys = dict(Instance.objects.values_list("sop_uid", "storage_key"))
    default_storage().remove(keys[sent.ct[0].SOPInstanceUID])
    assert client.accept(sent.url(sent.ct[0]), DICOM).status_code == 410
    some = client.accept(sent.url(sent.ct[0], level="series"), DICOM)
    assert (some.status_code, len(parts(some))) == (206, 3)
    Instance.objects.all().delete()
    Series.objects.update(pixels_gone_at=now())
    assert client.accept(sent.url(), DICOM).status_code == 410
