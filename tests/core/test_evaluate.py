"""The pure path: which verdicts apply, what an exam is taken for, and the same answer from stored measurements."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.core.clinical.builders import FakeReader

from imagingqc import evaluate
from imagingqc.clinical.ct import slices as ct_slices
from imagingqc.clinical.reader import CachedReader
from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Outcome
from imagingqc.dicom import pixels
from imagingqc.dicom.model import Slice
from imagingqc.dicom.series import ScanResult, scan, split_stacks
from imagingqc.dicom.synthetic import CTFaults, Study, ct_series, dose_report, mr_exam, screenshot
from imagingqc.evaluate import (
    DEFAULT_STANDARDS,
    evaluate_exam,
    evaluate_series,
    judge_measurements,
    methods_version,
    report_dict,
    stacks_of,
)
from imagingqc.quantity import Measurement

STANDARDS = tuple(load_builtin()[name] for name in DEFAULT_STANDARDS)


def found(folder: Path) -> ScanResult:
    return scan([folder])


def only_series(folder: Path):
    (exam,) = found(folder).exams
    (series,) = exam.series
    return series


def test_it_asks_nothing_about_slices_of_scouts_captures_and_reports(tmp_path):
    screenshot(tmp_path / "sc")
    dose_report(tmp_path / "sr")
    for name in ("sc", "sr"):
        verdicts = evaluate_series(only_series(tmp_path / name), STANDARDS).verdicts
        assert {v.quantity for v in verdicts} <= {"series.patients", "series.header_problems", "image.lossy"}
        assert "series.patients" in {v.quantity for v in verdicts}
    assert "image.lossy" not in {v.quantity for v in verdicts}  # a report has no pixels to lose


def test_it_does_not_let_a_series_of_one_slice_pass_for_complete(tmp_path):
    ct_series(tmp_path, n=1, rows=32)
    verdicts = {v.quantity: v for v in evaluate_series(only_series(tmp_path), STANDARDS).verdicts}
    assert verdicts["ct.slices.missing"].outcome is Outcome.NOT_ASSESSABLE
    assert verdicts["ct.slices.missing"].reason.text("zh") == "没有可测量的容积图像（仅有：单幅图像）"


def test_it_waits_for_the_rest_of_an_open_exam(tmp_path):
    ct_series(tmp_path / "ct", n=8, rows=32, faults=CTFaults(missing=(3,)))
    series = only_series(tmp_path / "ct")
    for complete, outcome in ((True, Outcome.FAIL), (False, Outcome.NOT_ASSESSABLE)):
        verdicts = {v.criterion: v for v in evaluate_series(series, STANDARDS, complete=complete).verdicts}
        assert verdicts["ct.slices.missing"].outcome is outcome
    assert verdicts["ct.slices.missing"].reason.code == "still_receiving"


def test_it_judges_stored_measurements_as_it_judged_fresh_ones(tmp_path):
    ct_series(tmp_path / "ct", n=12, rows=64, faults=CTFaults(missing=(3, 4), duplicate=(8,)))
    mr_exam(tmp_path / "mr", n=5, rows=32, omit=("DWI",))
    for exam in found(tmp_path).exams:
        results = [evaluate_series(s, STANDARDS) for s in exam.series]
        for result in (*results, evaluate_exam(exam, stacks_of(exam), STANDARDS)):
            stored = json.loads(json.dumps([m.as_dict() for m in result.measurements]))
            again = judge_measurements([Measurement.from_dict(m) for m in stored], result.context, STANDARDS)
            kept = [v for v in again if v.criterion in {w.criterion for w in result.verdicts}]
            assert json.dumps([v.as_dict() for v in kept]) == json.dumps([v.as_dict() for v in result.verdicts])


def test_it_turns_pixels_that_cannot_be_read_into_reasons(tmp_path):
    ct_series(tmp_path, n=8, rows=32, faults=CTFaults(duplicate=(3,)))
    result = evaluate_series(only_series(tmp_path), STANDARDS, reader=FakeReader())
    (copies,) = [m for m in result.measurements if m.quantity == "ct.slices.duplicated"]
    assert copies.value == 1
    assert copies.evidence.shape["duplicates"][0]["identical"] is None


def test_it_decodes_only_the_slices_that_share_a_place(tmp_path, monkeypatch):
    ct_series(tmp_path, n=30, rows=32, faults=CTFaults(duplicate=(3, 9)))
    read: list[str] = []

    class Watching(CachedReader):
        def pixel_hash(self, piece: Slice) -> str:
            read.append(piece.instance.path)
            return super().pixel_hash(piece)

    series = only_series(tmp_path)
    monkeypatch.setattr(pixels, "decode", None)  # nothing else may be decoded
    ct_slices.METHOD.run(series, split_stacks(series), Watching())
    assert len(read) == 4
    read.clear()
    opened: list[str] = []
    monkeypatch.setattr("imagingqc.dicom.pixels.open_source", opened.append)
    ct_series(tmp_path / "plain", n=30, rows=32, number=9)
    plain = only_series(tmp_path / "plain")
    ct_slices.METHOD.run(plain, split_stacks(plain), CachedReader())
    assert opened == []  # the geometry of a CT series without copies is that of its headers, which the scan has read


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("t1_se_tra", None),
        ("ACR_T1_TRA", "item_excluded"),
        ("QA weekly", "item_excluded"),
        ("体模 T1", "item_excluded"),
    ],
)
def test_it_does_not_miss_head_series_in_a_phantom_booked_as_a_head(tmp_path, name, code):
    study = Study(key="acr", description="MRI HEAD PLAIN")
    mr_exam(tmp_path, n=3, rows=16, study=study, omit=("DWI", "ADC"))
    (exam,) = found(tmp_path).exams
    named = [
        replace(s, instances=tuple(replace(i, facts={**i.facts, "SeriesDescription": name}) for i in s.instances))
        for s in exam.series
    ]
    exam = replace(exam, series=tuple(named))
    result = evaluate_exam(exam, {s.uid: split_stacks(s) for s in exam.series}, STANDARDS)
    (missing,) = [m for m in result.measurements if m.quantity == "mr.required_series.missing"]
    assert (missing.reason.code if missing.reason else None) == code


def test_it_takes_one_odd_name_for_no_phantom(tmp_path):
    mr_exam(tmp_path, n=3, rows=16, omit=("DWI",))
    (exam,) = found(tmp_path).exams
    first, *rest = exam.series
    facts = {**first.first.facts, "SeriesDescription": "QA"}
    named = replace(first, instances=(replace(first.first, facts=facts), *first.instances[1:]))
    odd = replace(exam, series=(named, *rest))
    assert evaluate.exam_item(odd) == evaluate.exam_item(exam)
    assert evaluate.exam_item(exam).item_code == "MR-HEAD-PL"


def test_it_changes_its_version_with_any_method(monkeypatch):
    before = methods_version()
    assert before == methods_version()
    first, *rest = evaluate.SERIES_METHODS
    monkeypatch.setattr(evaluate, "SERIES_METHODS", (replace(first, version=first.version + "x"), *rest))
    changed = methods_version()
    monkeypatch.setattr(evaluate.required, "VERSION", "x")
    assert len({before, changed, methods_version()}) == 3


def test_it_counts_the_verdicts_of_a_report(tmp_path):
    ct_series(tmp_path, n=8, rows=64, faults=CTFaults(missing=(3,)))
    (exam,) = found(tmp_path).exams
    results = [evaluate_series(s, STANDARDS) for s in exam.series]
    result = evaluate_exam(exam, stacks_of(exam), STANDARDS, results=results)
    report = report_dict(STANDARDS, [result], ())
    assert sum(report["totals"].values()) == len(result.all_verdicts())
    assert report["totals"]["FAIL"] == 2  # a missing slice, a matrix of 64
    assert report["version"] == methods_version()
