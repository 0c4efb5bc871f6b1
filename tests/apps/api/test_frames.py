"""Pixels of frames and bulk data: as stored, decoded, one or many, alone or in parts."""

import pytest
from tests.apps.api.conftest import body, parts

from yingheng.catalog.models import Instance
from yingheng.catalog.storage import default_storage

pytestmark = pytest.mark.django_db
OCTETS = 'multipart/related; type="application/octet-stream"'
EXPLICIT, RLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5"


def test_native_frames_are_the_bytes_of_the_object(sent, program):
    client = program("expert")
    size = sent.xa.Rows * sent.xa.Columns * 2
    wanted = [bytes(sent.xa.PixelData[i * size : (i + 1) * size]) for i in range(3)]
    for accept in (OCTETS, f"{OCTETS}; transfer-syntax={EXPLICIT}", f"{OCTETS}; transfer-syntax=*",
                   'multipart/related; type="*/*"', "*/*", "image/jp2, */*;q=0.1"):  # fmt: skip
        got = parts(client.accept(sent.url(sent.xa, "frames/3,1"), accept))
        assert [content for _, content in got] == [wanted[2], wanted[0]], accept
        assert got[0][0]["Content-Type"] == f"application/octet-stream; transfer-syntax={EXPLICIT}"
        assert got[0][0]["Content-Location"].endswith("/frames/3")
    alone = client.accept(sent.url(sent.xa, "frames/2"), "application/octet-stream")
    assert alone.content == wanted[1]
    assert client.accept(sent.url(sent.xa, "frames/1,2"), "application/octet-stream").status_code == 406


def test_compressed_frames_as_they_are_or_decoded(sent, program):
    client = program("expert")
    url = sent.url(sent.rle[0], "frames/1")
    for accept in ('multipart/related; type="image/dicom-rle"', 'multipart/related; type="image/x-dicom-rle"',
                   f'multipart/related; type="image/dicom-rle"; transfer-syntax={RLE}',
                   f"{OCTETS}; transfer-syntax=*", "*/*"):  # fmt: skip
        ((fields, content),) = parts(client.accept(url, accept))
        assert fields["Content-Type"].endswith(f"transfer-syntax={RLE}"), accept
        assert content.rstrip(b"\0") in bytes(sent.rle[0].PixelData)
    ((fields, content),) = parts(client.accept(url, OCTETS))
    assert fields["Content-Type"].endswith(EXPLICIT)
    assert content == sent.ct[0].PixelData
    for accept in (
        'multipart/related; type="image/jp2"',
        f"{OCTETS}; transfer-syntax=1.2.840.10008.1.2.4.90",
        "text/html",
    ):
        assert client.accept(url, accept).status_code == 406, accept


def test_frames_that_are_not_there(sent, program):
    client = program("expert")
    for text, status in (("4", 404), ("0", 404), ("1,x", 400), ("1,", 400), ("9999999999", 400)):
        assert client.get(sent.url(sent.xa, f"frames/{text}")).status_code == status, text
    assert client.get(sent.url(sent.report, "frames/1")).status_code == 404
    row = Instance.objects.get(sop_uid=sent.xa.SOPInstanceUID)
    default_storage().remove(row.storage_key)
    assert client.get(sent.url(sent.xa, "frames/1")).status_code == 410


def test_damaged_pixels_are_a_conflict_not_a_crash(sent, program):
    row = Instance.objects.get(sop_uid=sent.xa.SOPInstanceUID)
    path = default_storage().local_path(row.storage_key)
    path.write_bytes(path.read_bytes()[:-4000])
    answer = program("expert").get(sent.url(sent.xa, "frames/1"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "api.cannot_draw")


def test_pixel_data_as_bulk_data(sent, program):
    client = program("expert")
    url = sent.url(sent.xa, "bulkdata/7FE00010")
    ((_, content),) = parts(client.get(url))
    assert content == sent.xa.PixelData
    assert body(client.accept(url, "application/octet-stream")) == sent.xa.PixelData
    ((fields, _),) = parts(client.get(sent.url(sent.rle[0], "bulkdata/7fe00010")))
    assert "image/dicom-rle" in fields["Content-Type"]
    assert client.accept(url, "text/html").status_code == 406


def test_other_bulk_data_is_for_those_who_may_see_names(sent, hospital, program, tmp_path):
    import pydicom  # noqa: PLC0415

    from yingheng.audit.actor import Actor  # noqa: PLC0415
    from yingheng.ingest.services import folder_import  # noqa: PLC0415

    ds = sent.us
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "2.25.77"
    profile = pydicom.Dataset()
    profile.ICCProfile = bytes(range(256)) * 8
    ds.ICCProfile = bytes(range(256)) * 8
    ds.OpticalPathSequence = [profile]
    (tmp_path / "more").mkdir()
    ds.save_as(tmp_path / "more" / "us.dcm")
    folder_import(hospital=hospital, paths=[tmp_path / "more"], actor=Actor("system:test", "test"))
    head = program("head")
    told = body(head.get(sent.url(ds, "metadata"))).decode()
    for place in ("00282000", "00480105/1/00282000"):
        address = sent.url(ds, f"bulkdata/{place}")
        assert f"http://testserver{address}" in told
        ((_, content),) = parts(head.get(address))
        assert content == bytes(range(256)) * 8
        assert program("expert", f"e{place[:4]}{len(place)}").get(address).status_code == 403
    for wrong in ("00282001", "00480105/2/00282000", "00480105/0/00282000", "x", "00480105/1", "00100010"):
        assert head.get(sent.url(ds, f"bulkdata/{wrong}")).status_code == 404, wrong


def test_colour_is_decoded_to_pixels(sent, program):
    ((_, content),) = parts(program("expert").accept(sent.url(sent.us, "frames/1"), OCTETS))
    assert content == sent.us.PixelData[: 24 * 36 * 3]
