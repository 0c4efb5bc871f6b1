"""An exam with one series and its device."""

import pytest
from tests.apps.catalog.making import item

from yingheng.catalog.models import Exam, Series
from yingheng.catalog.services import instances_catalogue
from yingheng.evidence.services import subject_of_device, subject_of_exam, subject_of_series


@pytest.fixture
def exam(hospital):
    instances_catalogue(hospital=hospital, items=[item(1)])
    return Exam.objects.get()


@pytest.fixture
def of_exam(exam):
    return subject_of_exam(exam)


@pytest.fixture
def of_series(exam):
    return subject_of_series(Series.objects.get(exam=exam))


@pytest.fixture
def of_device(exam):
    return subject_of_device(exam.device)
