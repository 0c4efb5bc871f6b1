"""Every fault planted in the demonstration is noticed, on the pure path and through the platform, with one result."""

import pytest

from imagingqc.criteria.judge import overall
from imagingqc.criteria.load import load_builtin
from imagingqc.dicom.series import scan
from imagingqc.evaluate import DEFAULT_STANDARDS, evaluate_exam, evaluate_series
from yingheng.audit.actor import Actor
from yingheng.catalog.models import Exam
from yingheng.cli.demo_exams import SCENES, scene_write
from yingheng.evidence.models import Assessment, MeasurementSet
from yingheng.ingest.services import folder_import
from yingheng.jobs.worker import run_due_here


def pure(folder):
    """(verdicts, measurements) of the one exam in a folder, without any database."""
    standards = [load_builtin()[name] for name in DEFAULT_STANDARDS]
    (exam,) = scan([folder]).exams
    results = [evaluate_series(series, standards) for series in exam.series]
    whole = evaluate_exam(exam, {r.series.uid: r.stacks for r in results}, standards, results=results)
    measured = [m for r in results for m in r.measurements] + list(whole.measurements)
    return whole.all_verdicts(), measured


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_it_notices_what_was_planted_and_fails_nothing_in_a_sound_scene(scene, tmp_path):
    verdicts, _measured = pure(scene_write(scene, tmp_path, 7))
    for quantity, outcome in scene.expect:
        found = [v for v in verdicts if v.quantity == quantity]
        assert overall(found) == outcome, f"{quantity}: {[v.outcome.value for v in found]}"
    if all(outcome == "PASS" for _quantity, outcome in scene.expect):
        assert [v.criterion for v in verdicts if v.outcome.value == "FAIL"] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["ct-chest-missing", "dx-chest-over", "mr-head-no-dwi"])
def test_it_gives_the_same_numbers_in_the_platform(name, hospital, tmp_path):
    scene = next(s for s in SCENES if s.name == name)
    folder = scene_write(scene, tmp_path, 7)
    verdicts, measured = pure(folder)
    folder_import(hospital=hospital, paths=[folder], actor=Actor("system:test", "test"))
    run_due_here()
    exam = Exam.objects.get(hospital=hospital)
    stored = [v for row in Assessment.objects.filter(exam=exam, is_current=True) for v in row.verdicts]
    assert sorted((v["criterion"], v["outcome"], str(v["value"])) for v in stored) == sorted(
        (v.criterion, v.outcome.value, str(v.as_dict()["value"])) for v in verdicts
    )
    values = [v for row in MeasurementSet.objects.filter(exam=exam, is_current=True) for v in row.values]
    assert sorted((v["quantity"], str(v["value"])) for v in values) == sorted(
        (m.quantity, str(m.as_dict()["value"])) for m in measured
    )


@pytest.mark.django_db
def test_importing_and_evaluating_twice_changes_nothing(hospital, tmp_path):
    folder = scene_write(next(s for s in SCENES if s.name == "ct-chest-missing"), tmp_path, 7)
    counts = []
    for _round in range(2):
        folder_import(hospital=hospital, paths=[folder], actor=Actor("system:test", "test"))
        run_due_here()
        rows = [model.objects.count() for model in (Exam, MeasurementSet, Assessment)]
        counts.append((*rows, list(Assessment.objects.order_by("pk").values_list("pk", flat=True))))
    assert counts[0] == counts[1]
