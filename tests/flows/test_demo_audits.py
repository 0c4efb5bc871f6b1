"""The audits of the demonstration: reports being read with marks in them, one corrected after the draw, and SOPs."""

import pytest
from tests.apps.review.making import make_device, make_exams, make_hospital, make_reader

from yingheng.catalog.models import Exam, Report
from yingheng.cli.demo_audits import TEXTS, audits
from yingheng.cli.demo_exams import SCENES
from yingheng.cli.demo_review import _accession
from yingheng.review.models import Assignment, Campaign, Mark

pytestmark = pytest.mark.django_db


def test_reports_are_being_read_and_records_wait():
    hospital = make_hospital("demo-h1")
    for name, role in (("li", "radiologist"), ("wang", "qc_officer"), ("zhao", "head"), ("zhang", "technologist")):
        make_reader(hospital, name, role=role)
    exams = make_exams(make_device(hospital), len(TEXTS), is_demo=True)
    names = {*TEXTS, SCENES[0].name}
    for exam, name in zip(exams, sorted(names), strict=True):
        Exam.objects.filter(pk=exam.pk).update(accession=_accession(name))
    for _again in range(2):
        audits("demo-h1")
    reports = Campaign.objects.get(subject_kind="report")
    assert reports.n_cases == len(TEXTS)
    assert Mark.objects.filter(shape__kind="text", is_final=True).count() == 2
    assert Report.objects.filter(version=2).count() == 1
    assert Assignment.objects.filter(campaign=reports, state="assigned").exists()
    assert Campaign.objects.get(subject_kind="sop").n_cases == 4
