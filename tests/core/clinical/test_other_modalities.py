"""Exams of which nothing speaks for the picture: catalogued, counted, not assessable, with a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.core.clinical.builders import instance

from imagingqc.clinical.registry import EXAM_METHODS, HEADERS_ONLY, SERIES_METHODS
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Outcome
from imagingqc.dicom.model import Exam, Series
from imagingqc.evaluate import DEFAULT_STANDARDS, evaluate_exam, evaluate_series, report_dict, stacks_of

STANDARDS = [load_builtin()[name] for name in DEFAULT_STANDARDS]
NOT_MEASURED = ("OT", "SC", "ES", "RTIMAGE", "PX", "IO", "XC", "OP")
WITHOUT_PICTURES = ("ECG", "SR", "RTSTRUCT")
MEASURED = {name for method in (*SERIES_METHODS, *EXAM_METHODS) for name in method.modalities} - {"*"}


def exam_of_kind(modality, *others):
    names = (modality, *others)
    series = []
    for n, name in enumerate(names, start=1):
        one = instance(1, uid=f"1.{n}", modality=name, series=f"9.{n}", LossyImageCompression="00")
        one = one if name not in WITHOUT_PICTURES else replace(one, frames=(), rows=0, columns=0)
        series.append(Series(one.series_uid, "1.2", name, (one,)))
    return Exam("1.2", tuple(series))


def evaluated(exam):
    series = [evaluate_series(one, STANDARDS) for one in exam.series]
    return evaluate_exam(exam, stacks_of(exam), STANDARDS, results=series)


@pytest.mark.parametrize("modality", [*NOT_MEASURED, *WITHOUT_PICTURES, *sorted(HEADERS_ONLY)])
def test_it_counts_such_exams_and_says_why_they_are_not_assessed(modality):
    result = evaluated(exam_of_kind(modality))
    (verdict,) = [v for v in result.verdicts if v.criterion == "exam.image-quality"]
    assert verdict.outcome is Outcome.NOT_ASSESSABLE
    assert verdict.reason.code == ("headers_only" if modality in HEADERS_ONLY else "modality_not_measured")
    assert modality in verdict.reason.text("zh")
    assert modality in verdict.reason.text("en")
    passed = [v for v in result.all_verdicts() if v.outcome is Outcome.PASS]
    assert not [v.criterion for v in passed if v.severity == "major"]
    report = report_dict(STANDARDS, [result], [])
    assert (len(report["exams"]), len(report["series"])) == (1, 1)
    assert report["exams"][0]["modality"] == modality
    assert report["totals"]["NOT_ASSESSABLE"] >= 1


@pytest.mark.parametrize("modality", sorted(MEASURED - HEADERS_ONLY))
def test_it_does_not_say_so_of_what_is_measured(modality):
    result = evaluated(exam_of_kind(modality, "OT", "SR"))
    assert not [m for m in result.measurements if m.quantity == "exam.image_quality"]
    assert not [v for v in result.verdicts if v.criterion == "exam.image-quality"]


def test_its_rule_names_no_modality_that_is_measured():
    (rule,) = [c for c in load_builtin()["image-quality-1"].criteria if c.id == "exam.image-quality"]
    named = set(rule.applies["modality"])
    assert named & MEASURED == HEADERS_ONLY
    assert named >= {*NOT_MEASURED, *WITHOUT_PICTURES}
