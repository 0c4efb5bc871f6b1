"""Blind reading: nothing of patient, hospital, device or people is in anything that the room sends."""

import datetime as dt
import io
import re

import pydicom
import pytest
from django.urls import reverse
from tests.apps.review.auditing import audit, make_course, make_order, make_version, typed
from tests.apps.review.making import make_device, make_hospital, make_reader, make_technologist
from tests.apps.review.rooming import TYPED, client_of, film_exam, home, load, room, write_film

from imagingqc.dicom.synthetic import Patient
from imagingqc.dicom.synthetic.us import us_frame
from imagingqc.imaging.text import TextBox
from yingheng.catalog import keys
from yingheng.catalog.models import Exam, Instance, PatientName, Retake, Series
from yingheng.notify.models import Message
from yingheng.review import letters
from yingheng.web.reading.hanging import hang, protocols
from yingheng.web.views import reading_images

pytestmark = pytest.mark.django_db
__all__ = ["home"]
PLANTED = (
    "ZHANG", "SANFENG", "张三丰", "ID-SECRET-7", "19630724", "1963-07-24", "SECRET HOSPITAL", "DEPT-OF-SECRETS",
    "STATION-9X", "SERIAL-778", "TECH^", "NOLOGIST", "DOCTOR", "REF^ERRER", "ACC-film", "ACC-older", "20260105",
    "2026-01-05", "20250105", "2025-01-05", "暗医院", "SecretEn", "暗器CT", "技师暗", "暗评",
)  # fmt: skip


@pytest.fixture
def secret(home):
    """A case whose hospital, device and technologist have telling names, with an earlier exam of the patient."""
    hospital = make_hospital("hid1")
    hospital.name, hospital.name_en = "暗医院", "SecretEn"
    hospital.save()
    older = write_film(home, "older", date="20250105")
    exam = film_exam(hospital, home, n=2)
    person = make_technologist(hospital, "暗")
    device = make_device(hospital, "暗器CT", "DX")
    Exam.objects.filter(hospital=hospital).update(performer=person, device=device, outcome="FAIL", n_fail=3)
    exam.refresh_from_db()
    assert Exam.objects.get(study_uid=older).patient_id == exam.patient_id
    reader = make_reader(make_hospital("far"), "暗评")
    return room(hospital, [exam], reader=reader), exam


def forbidden(exam):
    """What was planted, and every id and UID of the exam's rows."""
    told = set(PLANTED) | {
        str(exam.pk),
        exam.study_uid,
        str(exam.patient_id),
        str(exam.device_id),
        str(exam.hospital_id),
    }
    told |= {str(exam.performer_id)}
    for series in Series.objects.filter(hospital=exam.hospital):
        told |= {str(series.pk), series.pk.hex, series.series_uid}
    for row in Instance.objects.filter(hospital=exam.hospital):
        told |= {str(row.pk), row.pk.hex, row.sop_uid, row.sha256, row.sha256[:32], row.storage_key}
    return told


def walk(client, row, typed=TYPED):
    """Every answer of the room, by address."""
    first = client.get(reverse("web:reading", args=[row.pk]))
    case = client.get(reverse("web:reading_case", args=[row.pk]))
    found = {"page": first, "case": case, "priors": client.get(reverse("web:reading_priors", args=[row.pk]))}
    found["defects"] = client.get(reverse("web:reading_defects") + "?modality=DX")
    found["decline"] = client.get(reverse("web:reading_decline", args=[row.pk]))
    for which in (0, 1):
        exam = client.get(reverse("web:reading_exam", args=[row.pk, which]))
        found[f"exam{which}"] = exam
        for n, card in enumerate(exam.json()["series"]):
            found[f"thumb{which}/{n}"] = client.get(card["picture"])
            series = client.get(reverse("web:reading_series", args=[row.pk, which, n]))
            found[f"series{which}/{n}"] = series
            for index in range(len(series.json()["slices"])):
                found[f"frame{which}/{n}/{index}"] = client.get(
                    reverse("web:reading_frame", args=[row.pk, which, n, index])
                )
    for name in ("open", "seconds"):
        found[name] = client.post(reverse(f"web:reading_{name}", args=[row.pk]), {"seconds": "3"})
    found["save"] = client.post(reverse("web:reading_save", args=[row.pk]), {"contrast": "1", "revision": "0"})
    found["bad"] = client.post(reverse("web:reading_submit", args=[row.pk]), {"revision": "1"})
    found["submit"] = client.post(reverse("web:reading_submit", args=[row.pk]), {**typed, "revision": "2", "over": "1"})
    found["result"] = client.get(reverse("web:reading", args=[row.pk]))
    return found


def told_by(answer):
    head = "\n".join(f"{key}: {value}" for key, value in answer.items())
    return head.encode() + b"\n" + answer.content


def test_nothing_that_betrays_is_in_any_answer(secret):
    (_campaign, rows, reader), exam = secret
    answers = walk(client_of(reader), rows[0])
    assert {name: a.status_code for name, a in answers.items() if a.status_code != 200} == {"bad": 422}
    assert sum(name.startswith("frame") for name in answers) == 3
    hidden = forbidden(exam)
    leaks = {
        (name, word)
        for name, answer in answers.items()
        for word in hidden
        if any(form in told_by(answer) for form in (word.encode(), ascii_json(word)))
    }
    own = {(name, "暗评") for name in ("result", "decline")}  # the reader's own name, in the frame of ordinary pages
    assert leaks - own == set()


TOLD = (
    "张三丰，男，ZHANG SANFENG（ＩＤ－ＳＥＣＲＥＴ－７），2026年1月5日于暗医院 STATION 检查。左肺上叶见 12 mm 结节。"
    "与 2025-01-05 前片比较增大。报告医师：诸葛孔明；张 三 丰；李诊断医师审核。检查号 ACC-film，电话 13812345678。"
)


@pytest.mark.parametrize("kind", ["report", "record", "sop"])
def test_nothing_that_betrays_is_in_the_texts_of_an_audit(secret, kind):
    _room, exam = secret
    named = keys.text_encrypt("ZHANG^SANFENG=张三丰")
    PatientName.objects.filter(patient=exam.patient_id).update(name_cipher=named)
    order = make_order(exam, purpose=f"咳嗽；{TOLD}", history=TOLD, department="暗科室", requested="张三丰 胸部正位")
    reports = [
        make_version(
            exam, n, findings=TOLD, impression=f"{n}：{TOLD}", signers=["李诊断", "李诊断^二"], number="RP-SECRET"
        )
        for n in (1, 2)
    ]
    make_course(exam)
    Retake.objects.update(note=TOLD, asked_by="李诊断")
    reader = make_reader(make_hospital("farther"), "暗阅")
    _campaign, rows, _reader = audit(exam.hospital, kind, [exam], reader=reader)
    answers = walk(client_of(reader), rows[0], typed(kind))
    assert {name: a.status_code for name, a in answers.items() if a.status_code != 200} == {"bad": 422}
    hidden = forbidden(exam) | {
        "李诊断",
        "诸葛",
        "孔明",
        "暗科室",
        "13812345678",
        "RP-SECRET",
        order.number,
        str(order.pk),
    }
    hidden |= {str(report.pk) for report in reports} | {"张 三 丰", "ＩＤ－ＳＥＣＲＥＴ－７", "1月5日"}
    leaks = {
        (name, word)
        for name, answer in answers.items()
        for word in hidden
        if any(form in told_by(answer) for form in (word.encode(), ascii_json(word)))
    }
    own = {(name, "暗评") for name in ("result", "decline")}
    assert leaks - own == set()
    content = answers["case"].json()["content"]["html"]
    assert "左肺上叶见 12 mm 结节" in content


def ascii_json(word):
    return word.encode("ascii", "backslashreplace")


def test_frames_hold_a_closed_list_of_attributes(secret):
    (_campaign, rows, reader), _exam = secret
    answer = client_of(reader).get(reverse("web:reading_frame", args=[rows[0].pk, 0, 0, 0]))
    dataset = pydicom.dcmread(io.BytesIO(answer.content))
    told = {e.keyword for e in dataset.iterall()}
    assert not told & {"PatientName", "SOPInstanceUID", "StudyDate", "SeriesDescription", "Manufacturer", "ImageType"}
    assert dataset.pixel_array.shape == (160, 128)
    assert {"private", "immutable"} <= set(answer["Cache-Control"].replace(",", " ").split())
    again = client_of(reader).get(
        reverse("web:reading_frame", args=[rows[0].pk, 0, 0, 0]), HTTP_IF_NONE_MATCH=answer["ETag"]
    )
    assert again.status_code == 304


def test_what_was_measured_comes_after_the_reading_alone(secret, hospital_verdicts):
    (_campaign, rows, reader), exam = secret
    hospital_verdicts(exam)
    client = client_of(reader)
    before = client.get(reverse("web:reading", args=[rows[0].pk])).content.decode()
    assert "data-judged" not in before
    assert '"verdicts": ""' in before
    client.post(reverse("web:reading_submit", args=[rows[0].pk]), {**TYPED, "revision": "0"})
    after = client.get(reverse("web:reading", args=[rows[0].pk])).content.decode()
    assert "data-judged" in after
    assert "38" in after


@pytest.fixture
def hospital_verdicts():
    """The exam judged as the worker does it."""

    def run(exam):
        from yingheng.imagequality.services import series_evaluate  # noqa: PLC0415 - the evaluation itself

        for series in Series.objects.filter(exam=exam):
            series_evaluate(series_id=series.pk)

    return run


def test_nothing_is_hidden_in_an_open_reading(home):
    hospital = make_hospital("open1")
    exam = film_exam(hospital, home)
    _campaign, rows, reader = room(hospital, [exam], blind="open")
    text = client_of(reader).get(reverse("web:reading", args=[rows[0].pk])).content.decode()
    assert "2026-01-05" in text
    assert str(exam.pk) not in text


def test_a_device_may_be_told_where_the_sample_says_so(home):
    hospital = make_hospital("open2")
    exam = film_exam(hospital, home)
    device = make_device(hospital, "一号机", "DX")
    Exam.objects.filter(pk=exam.pk).update(device=device)
    exam.refresh_from_db()
    _campaign, rows, reader = room(hospital, [exam], blind="device")
    text = client_of(reader).get(reverse("web:reading_case", args=[rows[0].pk])).json()["about"]
    assert device.label in text
    assert "2026" not in text


# --- earlier exams ----------------------------------------------------------------------------------------


def test_earlier_exams_are_told_by_number_and_distance(secret):
    (_campaign, rows, reader), _exam = secret
    told = client_of(reader).get(reverse("web:reading_priors", args=[rows[0].pk])).json()["exams"]
    assert [one["id"] for one in told] == [f"{rows[0].pk}/1"]
    assert re.search(r"365", told[0]["when"])
    gone = client_of(reader).get(reverse("web:reading_exam", args=[rows[0].pk, 2]))
    assert gone.status_code == 404


def test_nobody_elses_exam_is_reached_through_a_case(secret):
    (_campaign, rows, reader), _exam = secret
    client = client_of(reader)
    for address in (
        reverse("web:reading_series", args=[rows[0].pk, 0, 7]),
        reverse("web:reading_frame", args=[rows[0].pk, 0, 0, 9]),
        reverse("web:reading_thumbnail", args=[rows[0].pk, 3, 0]),
    ):
        assert client.get(address).status_code == 404


# --- burned-in text -----------------------------------------------------------------------------------------


class Finds:
    def __init__(self, *pieces):
        self.pieces, self.asked = pieces, 0

    def read(self, image8):
        self.asked += 1
        return self.pieces


def test_letters_are_painted_over_and_looked_for_once(secret, monkeypatch):
    (_campaign, rows, reader), _exam = secret
    finder = Finds(TextBox("ZHANG SANFENG", 0.9, 20, 30, 40, 10), TextBox("R", 0.9, 100, 5, 6, 8))
    monkeypatch.setattr(letters, "default_text_reader", lambda: finder)
    client = client_of(reader)
    address = reverse("web:reading_frame", args=[rows[0].pk, 0, 0, 0])
    shown = pydicom.dcmread(io.BytesIO(client.get(address).content)).pixel_array
    assert len(set(shown[28:42, 18:62].ravel())) == 1
    assert len(set(shown[5:13, 100:106].ravel())) > 1  # the side marker stays
    asked = finder.asked
    client.get(address)
    client.get(reverse("web:reading_thumbnail", args=[rows[0].pk, 0, 0]))
    assert finder.asked == asked
    assert client.get(reverse("web:reading_case", args=[rows[0].pk])).json()["unchecked"] is False


def test_ultrasound_that_nobody_can_check_is_covered_at_its_edges_and_says_so(home, monkeypatch):
    monkeypatch.setattr(letters, "default_text_reader", lambda: None)
    hospital = make_hospital("us1")
    path = us_frame(home, rows=100, columns=120, patient=Patient(name="LI^SI", id="US-1"))
    dataset = pydicom.dcmread(path)
    dataset.pop("SequenceOfUltrasoundRegions", None)
    dataset.save_as(path)
    load(hospital, home)
    exam = Exam.objects.get(hospital=hospital)
    _campaign, rows, reader = room(hospital, [exam])
    client = client_of(reader)
    assert client.get(reverse("web:reading_case", args=[rows[0].pk])).json()["unchecked"] is True
    for _ in range(2):
        client.post(reverse("web:reading_open", args=[rows[0].pk]))
    assert Message.objects.filter(kind="review.letters").count() == 1
    frame = client.get(reverse("web:reading_frame", args=[rows[0].pk, 0, 0, 0]))
    shown = pydicom.dcmread(io.BytesIO(frame.content)).pixel_array
    assert not shown[:12].any()
    assert not shown[92:].any()
    assert shown[20:90, 20:].any()
    assert reading_images.THUMBNAIL_SIDE == 200


def test_a_picture_of_a_screen_is_not_shown_beside_others(secret):
    (_campaign, rows, reader), exam = secret
    screen = Series.objects.filter(exam=exam).order_by("number").last()
    screen.sop_class_uid = "1.2.840.10008.5.1.4.1.1.7"
    screen.save()
    told = client_of(reader).get(reverse("web:reading_exam", args=[rows[0].pk, 0])).json()
    assert len(told["series"]) == 1


# --- hanging ----------------------------------------------------------------------------------------------


AXIAL, CORONAL = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1]


def series(n=1, orientation=None, description="", **facts):
    return Series(n_frames=n, geometry={"rows": 8, "orientation": orientation}, description=description, facts=facts)


@pytest.mark.parametrize(
    ("modality", "part", "rows", "first", "second", "window"),
    [
        ("CT", "CHEST", [series(300, CORONAL), series(99, AXIAL, ConvolutionKernel="B70f"),
                         series(300, AXIAL, ConvolutionKernel="B31f")], 1, None, "lung"),
        ("CT", "HEAD", [series(2, CORONAL), series(30, AXIAL, ConvolutionKernel="H31s")], 1, None, "brain"),
        ("MR", "HEAD", [series(20, AXIAL, "t1 se"), series(20, AXIAL, "T2 TSE"), series(90, CORONAL)], 1, None, ""),
        ("DX", "CHEST", [series(1, ViewPosition="LL"), series(1, ViewPosition="PA")], 1, 0, ""),
        ("US", "ABDOMEN", [series(3), series(9)], 1, None, ""),
    ],
)  # fmt: skip
def test_a_case_is_hung_by_rules(modality, part, rows, first, second, window):
    found = hang(modality, part, rows)
    assert (found.first, found.second, found.window) == (first, second, window)


def test_two_views_of_one_series_hang_side_by_side():
    found = hang("MG", "BREAST", [series(4)])
    assert (found.first, found.second, found.paired) == (0, 0, True)
    assert hang("MG", "BREAST", []) is None


def test_every_protocol_says_what_it_is_for():
    assert all(one.modality and one.panes in {1, 2} for one in protocols())


def test_days_are_never_told_of_the_exam_that_is_read(secret):
    (_campaign, rows, _reader), exam = secret
    assert rows[0].case.local_day == exam.local_day
    assert exam.local_day == dt.date(2026, 1, 5)
