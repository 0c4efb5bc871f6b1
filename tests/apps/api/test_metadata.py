"""WADO-RS metadata: from the cache or made at once, right after late objects, without names where they may not be."""

import json
import time

import pydicom
import pytest
from tests.apps.api.conftest import NUMBER, SECRETS, body

from imagingqc.dicom.synthetic import ct_series
from imagingqc.dicom.synthetic.base import Patient, Study
from yingheng.audit.actor import Actor
from yingheng.catalog import metadata
from yingheng.catalog.models import Instance, Series
from yingheng.catalog.models import Patient as PatientRow
from yingheng.catalog.storage import default_storage
from yingheng.ingest.services import folder_import

pytestmark = pytest.mark.django_db
BULK = "7FE00010"


def got(client, url):
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "application/dicom+json"
    return json.loads(body(answer))


def cached(settings):
    return sorted((settings.YINGHENG_HOME / "cache" / "metadata").rglob("*.gz"))


def test_it_tells_what_pydicom_reads(sent, program):
    client = program("head")
    found = got(client, sent.url(sent.ct[0], "metadata"))
    assert len(found) == 1
    address = found[0].pop(BULK)["BulkDataURI"]
    assert address == f"http://testserver{sent.url(sent.ct[0], 'bulkdata/' + BULK)}"
    ours, theirs = pydicom.Dataset.from_json(found[0]), pydicom.Dataset.from_json(sent.ct[0].to_json_dict())
    del theirs.PixelData
    assert ours == theirs


def test_every_level_in_order(sent, program):
    client = program("head")
    series = got(client, sent.url(sent.ct[0], "metadata", level="series"))
    assert [item["00200013"]["Value"] for item in series] == [[1], [2], [3], [4]]
    study = got(client, sent.url(tail="metadata"))
    assert len({item["00080018"]["Value"][0] for item in study}) == 9
    assert client.get(sent.url(sent.ct[0], level="series") + "/instances/1.2.3/metadata").status_code == 404


def test_names_are_not_for_everybody(sent, program):
    pseudonym = PatientRow.objects.get().pseudonym
    client = program("expert")
    for item in got(client, sent.url(tail="metadata")):
        text = json.dumps(item, ensure_ascii=False)
        assert [secret for secret in SECRETS if secret in text] == []
        assert item["00100020"]["Value"] == [pseudonym]
        assert item["00100010"]["Value"] == [{"Alphabetic": pseudonym}]
        assert not any(int(key[:4], 16) % 2 for key in item)
    ct = got(client, sent.url(sent.ct[0], "metadata"))[0]
    kept = ("00280010", "00200032", "00200037", "00280030", "00281053", "00180050", "0008103E", "00100040", BULK)
    assert [tag for tag in kept if tag not in ct] == []
    report = got(client, sent.url(sent.report, "metadata"))[0]
    assert "0040A730" not in report
    assert NUMBER in json.dumps(got(program("head"), sent.url(tail="metadata")))


def test_it_is_read_from_the_cache_once_made(sent, program, settings, monkeypatch):
    client = program("head")
    for pk in Series.objects.values_list("pk", flat=True):
        metadata.series_metadata_cache(str(pk), {})
    assert len(cached(settings)) == 10  # five series, with and without names

    def never(*_args):
        raise AssertionError("an object was read")

    monkeypatch.setattr(metadata, "instance_json", never)
    assert len(got(client, sent.url(tail="metadata"))) == 9
    assert cached(settings)[0].stat().st_mode & 0o077 == 0


def test_a_late_object_is_in_it_and_only_that_is_read(sent, hospital, program, settings, monkeypatch, tmp_path):
    client = program("head")
    url = sent.url(sent.ct[0], "metadata", level="series")
    assert len(got(client, url)) == 4
    read = []
    real = metadata.instance_json
    monkeypatch.setattr(metadata, "instance_json", lambda path, bulk: read.append(path) or real(path, bulk))
    study = Study(key="api", description="胸部CT平扫", accession="ACC-api")
    ct_series(tmp_path / "late", n=6, rows=32, patient=Patient(id=NUMBER), study=study)
    for path in sorted((tmp_path / "late").iterdir())[:4]:
        path.unlink()
    folder_import(hospital=hospital, paths=[tmp_path / "late"], actor=Actor("system:test", "test"))
    assert len(got(client, url)) == 6
    assert len(read) == 2
    assert len(cached(settings)) == 2  # nothing of the earlier ones is left


def test_other_content_under_the_same_uid_is_told(sent, program):
    """As when a person accepts the other one of two objects."""
    client = program("head")
    url = sent.url(sent.xa, "metadata")
    before = got(client, url)[0]
    row = Instance.objects.get(sop_uid=sent.xa.SOPInstanceUID)
    sent.xa.SeriesDescription = "corrected"
    sent.xa.save_as(sent.paths[6])
    stored = default_storage().put(sent.paths[6].read_bytes())
    Instance.objects.filter(pk=row.pk).update(storage_key=stored.key, sha256=stored.sha256)
    after = got(client, url)[0]
    assert before["0008103E"]["Value"] != after["0008103E"]["Value"] == ["corrected"]


def test_a_damaged_cache_is_made_anew(sent, program, settings):
    client = program("head")
    url = sent.url(sent.ct[0], "metadata", level="series")
    whole = got(client, url)
    for path in cached(settings):
        path.write_bytes(b"nothing")
    assert got(client, url) == whole


def test_unreadable_objects_do_not_hide_the_others(sent, program):
    client = program("head")
    keys = dict(Instance.objects.values_list("sop_uid", "storage_key"))
    default_storage().remove(keys[sent.ct[0].SOPInstanceUID])
    assert len(got(client, sent.url(sent.ct[0], "metadata", level="series"))) == 3
    assert client.get(sent.url(sent.ct[0], "metadata")).status_code == 410


def test_the_cache_goes_with_the_pixels(sent, program, settings):
    client = program("head")
    got(client, sent.url(tail="metadata"))
    series = Series.objects.get(modality="XA")
    metadata.series_metadata_forget(str(series.pk), {})
    assert not [path for path in cached(settings) if series.pk.hex in path.name]
    assert len(cached(settings)) == 8
    Series.objects.filter(pk=series.pk).update(pixels_gone_at=series.received_at)
    metadata.series_metadata_cache(str(series.pk), {})
    assert len(cached(settings)) == 8


def test_metadata_of_many_slices_is_quick(hospital, program, tmp_path):
    """600 slices from the cache; the limit is generous for a busy machine (measured: see docs/conformance)."""
    study = Study(key="long")
    ct_series(tmp_path / "long", n=600, rows=16, study=study)
    folder_import(hospital=hospital, paths=[tmp_path / "long"], actor=Actor("system:test", "test"))
    series = Series.objects.get()
    metadata.series_metadata_cache(str(series.pk), {})
    client = program("expert")
    url = f"/dicomweb/studies/{study.uid}/series/{series.series_uid}/metadata"
    body(client.get(url))
    started = time.monotonic()
    content = body(client.get(url))
    seconds = time.monotonic() - started
    assert len(json.loads(content)) == 600
    assert seconds < 1.5
