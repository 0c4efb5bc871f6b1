"""Who took the images of an exam."""

import pytest
from tests.apps.review.making import ACTOR, make_device, make_exams, make_hospital, make_technologist

from yingheng.audit.models import Entry
from yingheng.catalog.models import Exam
from yingheng.catalog.services import exam_performer_set
from yingheng.common.errors import Invalid

pytestmark = pytest.mark.django_db


def test_it_is_said_taken_back_and_recorded_once_each():
    hospital = make_hospital()
    (exam,) = make_exams(make_device(hospital), 1)
    person = make_technologist(hospital)
    for _again in range(2):
        exam_performer_set(actor=ACTOR, exam=exam, person=person)
    assert Exam.objects.get().performer == person
    exam_performer_set(actor=ACTOR, exam=exam, person=None)
    assert Exam.objects.get().performer is None
    told = Entry.objects.filter(action="exam.performer").order_by("pk")
    assert [row.after["person"] for row in told] == [str(person.pk), ""]


def test_nobody_of_another_hospital():
    (exam,) = make_exams(make_device(make_hospital("rh1")), 1)
    stranger = make_technologist(make_hospital("rh2"))
    with pytest.raises(Invalid, match="performer_elsewhere"):
        exam_performer_set(actor=ACTOR, exam=exam, person=stranger)
    assert Exam.objects.get().performer is None
