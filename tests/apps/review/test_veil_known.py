"""What the veil of a blind case knows besides the staff: operators without a person, other ids of the patient."""

import hashlib

import pytest
from tests.apps.review.making import make_hospital
from tests.apps.review.rooming import client_of, film_exam, home, room, url

from imagingqc.dicom.blind_frame import BLIND_VERSION
from imagingqc.dicom.single_frame import VERSION
from yingheng.audit.actor import Actor
from yingheng.catalog.keys import text_encrypt
from yingheng.catalog.models import ExamOperator, Instance, Operator, Patient, PatientName
from yingheng.catalog.services import patient_merge, patient_unmerge
from yingheng.common.clock import now
from yingheng.review.veiling import veiled
from yingheng.web.reading.identity import known_about

pytestmark = pytest.mark.django_db
__all__ = ["home"]


def test_who_made_the_exam_is_covered_although_nobody_of_the_staff_is_called_so(home):
    hospital = make_hospital()
    exam = film_exam(hospital, home)
    for n, (text, state) in enumerate(
        [("GAO^QIANG=高强", "waiting"), ("7731 邵不群", "nobody"), ("CT1", "waiting"), ("操作员", "placeholder")]
    ):
        decided = {"decided_by_name": "x", "decided_at": now(), "decided_reason": "x"} if state == "nobody" else {}
        row = Operator.objects.create(
            hospital=hospital, key=f"k{n}", text_cipher=text_encrypt(text), state=state, **decided
        )
        if n == 0:
            ExamOperator.objects.create(exam=exam, operator=row, source="header")
    Operator.objects.create(hospital=hospital, key="lost", text_cipher=b"x", state="waiting")
    known = known_about(exam, hospital)
    for told in ("高强", "Qiang Gao", "gao qiang", "高　强", "邵不群", "7731"):
        assert veiled(f"经{told}，CT1 室操作员", known).startswith("经■"), told
    text = "CT1 室操作员，左肺上叶 12 mm 结节"
    assert veiled(text, known) == text


def test_a_person_is_covered_under_every_id(home):
    hospital = make_hospital()
    exam = film_exam(hospital, home)
    other = Patient.objects.create(hospital=hospital, key="other")
    PatientName.objects.create(
        patient=other, name_cipher=text_encrypt("LI^YUNLONG=李云龙"), number_cipher=text_encrypt("OLD-88231")
    )
    assert "李云龙" in veiled("李云龙，OLD 88231", known_about(exam, hospital))
    link = patient_merge(actor=Actor("system:test", "test"), kept=exam.patient, merged=other, reason="x")
    assert veiled("李云龙，old 88231", known_about(exam, hospital)) == "■■■，■■■ ■■■■■"
    patient_unmerge(actor=Actor("system:test", "test"), link=link, reason="x")
    assert "李云龙" in veiled("李云龙", known_about(exam, hospital))


def test_the_name_of_a_kept_file_is_no_hash_of_its_object(home):
    hospital = make_hospital()
    exam = film_exam(hospital, home)
    _campaign, (row,), reader = room(hospital, [exam])
    answer = client_of(reader).get(url("reading_frame", row, 0, 0, 0))
    instance = Instance.objects.get(series__exam=exam)
    plain = f"{row.pk} full {instance.sha256} 0 {VERSION} {BLIND_VERSION}"
    assert answer["ETag"].strip('"') != hashlib.sha256(plain.encode()).hexdigest()[:32]
