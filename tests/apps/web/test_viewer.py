"""The viewer's page and data: what is shown in which order, to whom, and what the frames hold."""

import io
import json

import pydicom
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from imagingqc.dicom.synthetic import CTFaults, Patient, Study, ct_series, dose_report, dx_image
from imagingqc.dicom.synthetic.enhanced import enhanced_ct
from imagingqc.dicom.synthetic.nm import pet_series
from imagingqc.dicom.synthetic.us import us_frame
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Instance, Series
from yingheng.catalog.storage import default_storage
from yingheng.ingest.services import folder_import

pytestmark = pytest.mark.django_db
PATIENT = Patient(name="ZHANG^SAN", id="ID-SECRET-7")
STUDY = Study(key="viewer", description="胸部CT平扫")
CEILING = 15


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()


@pytest.fixture
def load(hospital, tmp_path):
    """Imports what was written below a folder; gives the exam of the last series written."""

    def run(uid: str) -> Exam:
        folder_import(hospital=hospital, paths=[tmp_path / "in"], actor=Actor("system:test", "test"))
        return Exam.objects.get(study_uid=uid)

    return run


@pytest.fixture
def ct(load, tmp_path) -> Exam:
    ct_series(tmp_path / "in", n=8, rows=32, faults=CTFaults(shuffle=True), patient=PATIENT, study=STUDY)
    return load(STUDY.uid)


def config(client, exam, query=""):
    page = client.get(reverse("web:viewer", args=[exam.pk]) + query)
    assert page.status_code == 200
    text = page.content.decode()
    start = text.index('<script id="viewer-config" type="application/json">')
    return json.loads(text[text.index(">", start) + 1 : text.index("</script>", start)]), text


def data(client, series):
    return client.get(reverse("web:viewer_series", args=[series.pk])).json()


def test_it_lists_the_slices_from_the_feet_up(ct, signed_in):
    found, _text = config(signed_in("technologist"), ct)
    places = [place for _id, _frame, place in found["series"]["slices"]]
    assert places == sorted(places) == [5.0 * i for i in range(8)]
    assert found["start"] == 4


@pytest.mark.parametrize(
    ("query", "start"), [("?slice=2", 1), ("?slice=99", 7), ("?slice=0", 0), ("?slice=x", 4), ("?slice=-3", 4)]
)
def test_it_begins_with_the_slice_asked_for(ct, signed_in, query, start):
    assert config(signed_in("technologist"), ct, query)[0]["start"] == start


def test_it_finds_the_slice_of_an_instance(ct, signed_in):
    row = Instance.objects.filter(series__exam=ct).order_by("position_mm")[5]
    assert config(signed_in("technologist"), ct, f"?instance={row.sop_uid}&frame=0")[0]["start"] == 5
    assert config(signed_in("technologist", "another"), ct, "?instance=1.2.3")[0]["start"] == 4


def test_it_names_neither_patient_nor_number_to_anybody(ct, signed_in):
    client = signed_in("head")
    _found, text = config(client, ct)
    row = Instance.objects.filter(series__exam=ct)[0]
    frame = client.get(reverse("web:frame", args=[row.pk, 0]))
    for word in ("ZHANG", "ID-SECRET-7"):
        assert word not in text
        assert word.encode() not in frame.content


def test_it_sends_a_frame_that_may_be_kept_by_this_browser_alone(ct, signed_in):
    client = signed_in("technologist")
    row = Instance.objects.filter(series__exam=ct)[0]
    url = reverse("web:frame", args=[row.pk, 0])
    answer = client.get(url)
    assert answer["Content-Type"] == "application/dicom"
    assert {"private", "immutable"} <= set(answer["Cache-Control"].replace(",", " ").split())
    assert row.sha256[:32] in answer["ETag"]
    assert pydicom.dcmread(io.BytesIO(answer.content)).Rows == 32
    assert client.get(url, HTTP_IF_NONE_MATCH=answer["ETag"]).status_code == 304


def test_it_says_why_a_frame_cannot_be_had(ct, signed_in):
    client = signed_in("technologist")
    row = Instance.objects.filter(series__exam=ct)[0]
    beyond = client.get(reverse("web:frame", args=[row.pk, 5]))
    assert beyond.status_code == 422
    assert "没有第 5 帧" in beyond.content.decode()
    default_storage().local_path(row.storage_key).unlink()
    gone = client.get(reverse("web:frame", args=[row.pk, 0]))
    assert (gone.status_code, gone["Content-Type"].split(";")[0]) == (404, "text/plain")


def test_it_says_that_pixels_were_removed_and_offers_what_was_measured(ct, signed_in):
    Series.objects.filter(exam=ct).update(pixels_gone_at=timezone.now())
    found, text = config(signed_in("technologist"), ct)
    series = found["series"]
    assert series["slices"] == []
    assert "已过保存期" in series["message"]
    assert series["facts"] == reverse("web:exam", args=[ct.pk]) + f"?series={series['id']}"
    assert found["exam"]["series"][0]["picture"] == ""
    assert 'rel="preload"' not in text


def test_it_says_that_a_document_holds_no_images(load, tmp_path, signed_in):
    study = Study(key="doc", description="剂量报告")
    dose_report(tmp_path / "in", study=study)
    found, _text = config(signed_in("technologist"), load(study.uid))
    assert found["series"]["slices"] == []
    assert found["series"]["message"] == "本序列没有图像，仅有文档。"


def test_it_places_every_frame_of_a_multi_frame_object(load, tmp_path, signed_in):
    study = Study(key="enhanced", description="增强")
    enhanced_ct(tmp_path / "in", n=5, rows=32, interval_mm=5.0, study=study)
    found, _text = config(signed_in("technologist"), load(study.uid))
    assert [(frame, place) for _id, frame, place in found["series"]["slices"]] == [(i, 5.0 * i) for i in range(5)]
    assert found["series"]["seconds"] is None


def test_it_knows_how_fast_a_run_plays(load, tmp_path, signed_in):
    study = Study(key="run", description="超声")
    us_frame(tmp_path / "in", frames=4, study=study, facts={"FrameTime": 40.0})
    found, _text = config(signed_in("technologist"), load(study.uid))
    assert found["series"]["seconds"] == pytest.approx(0.04)
    assert [place for _id, _frame, place in found["series"]["slices"]] == [None] * 4


def test_it_offers_the_windows_of_the_modality(ct, load, tmp_path, signed_in):
    client = signed_in("technologist")
    found = config(client, ct)[0]["series"]["presets"]
    assert [(p["label"], p.get("center"), p.get("width")) for p in found[:5]] == [
        ("原始窗", None, None), ("脑窗", 40, 80), ("肺窗", -600, 1500), ("软组织窗", 40, 400), ("骨窗", 400, 1800),
    ]  # fmt: skip
    study = Study(key="film", description="DR")
    dx_image(tmp_path / "in", study=study)
    assert [p["kind"] for p in config(client, load(study.uid))[0]["series"]["presets"]] == ["sent", "auto", "full"]


def test_it_compares_with_the_patients_other_exams_first(ct, load, tmp_path, signed_in):
    later = Study(key="later", description="胸部CT复查", date="20260301")
    stranger = Study(key="stranger", description="胸部CT平扫", date="20260401")
    ct_series(tmp_path / "in" / "later", n=3, rows=32, patient=PATIENT, study=later)
    ct_series(tmp_path / "in" / "other", n=3, rows=32, patient=Patient(id="ID-OTHER"), study=stranger)
    load(later.uid)
    client = signed_in("technologist")
    found = client.get(reverse("web:viewer_compare", args=[ct.pk])).json()["exams"]
    assert [(one["name"], one["why"]) for one in found] == [("胸部CT复查", "同一患者"), ("胸部CT平扫", "同一设备")]
    other = client.get(reverse("web:viewer_exam", args=[found[0]["id"]])).json()
    assert [s["count"] for s in other["series"]] == [3]


def test_the_exam_page_leads_to_the_viewer(ct, signed_in):
    client = signed_in("technologist")
    series = Series.objects.get(exam=ct)
    page = client.get(reverse("web:exam", args=[ct.pk]) + f"?series={series.pk}").content.decode()
    assert f'href="{reverse("web:viewer", args=[ct.pk])}?series={series.pk}"' in page


def test_it_costs_few_queries_at_six_hundred_slices(ct, signed_in):
    client = signed_in("technologist")
    series = Series.objects.get(exam=ct)
    like = Instance.objects.filter(series=series)[0]
    fields = {f.attname: getattr(like, f.attname) for f in Instance._meta.concrete_fields if f.name != "id"}
    many = [Instance(**fields | {"sop_uid": f"2.25.{i}", "position_mm": 100.0 + i}) for i in range(592)]
    Instance.objects.bulk_create(many)
    urls = [reverse("web:viewer", args=[ct.pk]), reverse("web:viewer_series", args=[series.pk]),
            reverse("web:frame", args=[like.pk, 0]), reverse("web:viewer_exam", args=[ct.pk]),
            reverse("web:viewer_compare", args=[ct.pk])]  # fmt: skip
    for url in urls:
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        assert len(seen) <= CEILING, f"{url}: {len(seen)}"
    assert len(data(client, series)["slices"]) == 600


def test_the_other_hospital_sees_nothing_of_it(ct, other_hospital, signed_in):
    client = signed_in("head", "theirs", other_hospital)
    row = Instance.objects.filter(series__exam=ct)[0]
    series = Series.objects.get(exam=ct)
    for url in (
        reverse("web:viewer", args=[ct.pk]),
        reverse("web:viewer_exam", args=[ct.pk]),
        reverse("web:viewer_compare", args=[ct.pk]),
        reverse("web:viewer_series", args=[series.pk]),
        reverse("web:frame", args=[row.pk, 0]),
    ):
        assert client.get(url).status_code == 404, url


def test_only_the_decoder_may_compile_and_no_page_may(ct, signed_in):
    from wsgiref.headers import Headers  # noqa: PLC0415

    from yingheng.config.static_headers import add_headers  # noqa: PLC0415

    page = signed_in("technologist").get(reverse("web:viewer", args=[ct.pk]))
    assert "wasm" not in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]
    plain, decoder = Headers([]), Headers([])
    add_headers(plain, "", "/static/dist/assets/app-1.js")
    add_headers(decoder, "", "/static/dist/assets/decodeImageFrameWorker-1.js")
    assert "Content-Security-Policy" not in plain
    assert "'wasm-unsafe-eval'" in decoder["Content-Security-Policy"]
    assert "'unsafe-eval'" not in decoder["Content-Security-Policy"]


DAY = {"SeriesDate": "20260105", "SeriesTime": "093000", "AcquisitionDate": "20260105", "AcquisitionTime": "093100"}


def test_it_tells_pet_in_suv_where_the_header_allows(load, tmp_path, signed_in):
    study = Study(key="pet-viewer", description="PET")
    pet_series(tmp_path / "in", slices=3, facts=DAY, study=study)
    found = config(signed_in("technologist"), load(study.uid))[0]["series"]
    assert found["scale"]["factor"] == pytest.approx(70_000 / (320e6 * 2 ** (-3600 / 6586.2)))
    assert (found["scale"]["unit"], found["scale"]["why"]) == ("SUVbw", "")
    assert [p["label"] for p in found["presets"] if p["kind"] == "fixed"] == ["SUV 0–5", "SUV 0–10"]


def test_it_says_why_there_is_no_suv(load, tmp_path, signed_in, ct):
    study = Study(key="pet-weightless", description="PET")
    pet_series(tmp_path / "in", slices=3, facts=DAY, weight=None, study=study)
    client = signed_in("technologist")
    found = config(client, load(study.uid))[0]["series"]
    assert found["scale"]["factor"] is None
    assert found["scale"]["why"] == "无法计算 SUV：缺少 DICOM 属性 PatientWeight"
    assert not [p for p in found["presets"] if p["kind"] == "fixed"]
    assert config(client, ct)[0]["series"]["scale"] is None
