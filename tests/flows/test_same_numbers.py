"""The same folder gives the same numbers by `check` and in the platform, on real data too."""

import pytest

from imagingqc.criteria.load import load_builtin
from imagingqc.dicom.series import scan
from imagingqc.dicom.synthetic import CTFaults, dx_image, mr_exam
from imagingqc.dicom.synthetic import ct_series as ct
from imagingqc.evaluate import DEFAULT_STANDARDS, evaluate_exam, evaluate_series
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam, Quarantine
from yingheng.evidence.models import Assessment, MeasurementSet
from yingheng.ingest.services import folder_import
from yingheng.jobs.worker import run_due_here

pytestmark = pytest.mark.django_db
REAL_SETS = ("ct-head", "mr-head", "projection-and-scouts", "ct-water", "mr-irregular-spacing")


def by_check(folder):
    """{study uid: (verdicts, values)} on the pure path."""
    standards = [load_builtin()[name] for name in DEFAULT_STANDARDS]
    found = {}
    for exam in scan([folder]).exams:
        results = [evaluate_series(series, standards) for series in exam.series]
        whole = evaluate_exam(exam, {r.series.uid: r.stacks for r in results}, standards, results=results)
        measured = [m for r in results for m in r.measurements] + list(whole.measurements)
        found[exam.study_uid] = (
            sorted((v.standard, v.criterion, v.outcome.value, str(v.as_dict()["value"])) for v in whole.all_verdicts()),
            sorted((m.quantity, str(m.as_dict()["value"]), str(m.as_dict()["reason_code"])) for m in measured),
        )
    return found


def by_platform(folder, hospital):
    folder_import(hospital=hospital, paths=[folder], actor=Actor("system:test", "test"))
    run_due_here()
    found = {}
    for exam in Exam.objects.filter(hospital=hospital):
        rows = Assessment.objects.filter(exam=exam, is_current=True)
        verdicts = [v for row in rows for v in row.verdicts]
        values = [v for row in MeasurementSet.objects.filter(exam=exam, is_current=True) for v in row.values]
        found[exam.study_uid] = (
            sorted((v["standard"], v["criterion"], v["outcome"], str(v["value"])) for v in verdicts),
            sorted((v["quantity"], str(v["value"]), str(v["reason_code"])) for v in values),
        )
    return found


def test_it_agrees_on_generated_exams(hospital, tmp_path):
    ct(tmp_path / "ct", n=12, rows=64, faults=CTFaults(missing=(3, 4), localizer=True))
    mr_exam(tmp_path / "mr", "knee", omit=("T1SAG",), n=6, rows=64)
    dx_image(tmp_path / "dx", ei=60)
    expected = by_check(tmp_path)
    assert len(expected) == 3
    assert by_platform(tmp_path, hospital) == expected


@pytest.mark.real
@pytest.mark.parametrize("name", REAL_SETS)
def test_it_agrees_on_real_exams(name, hospital, real_data):
    expected = by_check(real_data / name)
    assert by_platform(real_data / name, hospital) == expected
    assert Quarantine.objects.count() == 0
