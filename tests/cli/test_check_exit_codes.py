"""Exit codes, arguments and standards."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.cli.running import run

from imagingqc.dicom.synthetic import CTFaults, ct_series, dose_report, dx_image
from imagingqc.errors import AnalysisError

OWN = """
[standard]
id = "own-1"
title = "本院规则"
title_en = "Our rules"
body = "hospital"
level = "hospital"
source = "test"
valid_from = 2026-01-01

[[criterion]]
id = "thickness"
clause = "1"
text = "层厚不超过 {limit} mm"
text_en = "Slices of at most {limit} mm"
subject = "series"
applies = {{ modality = "CT" }}
quantity = "ct.slices.thickness"
unit = "mm"
limit = {{ op = "<=", value = {limit} }}
severity = "major"
grade = "{grade}"
confidence = "{confidence}"
source = "test"
"""


def rules(folder: Path, limit: float, confidence: str = "verified", grade: str = "A") -> str:
    file = folder / "own.toml"
    file.write_text(OWN.format(limit=limit, confidence=confidence, grade=grade), encoding="utf-8")
    return str(file)


@pytest.fixture
def ct(tmp_path) -> Path:
    ct_series(tmp_path / "ct", n=5, rows=32)
    return tmp_path / "ct"


def test_it_gives_0_when_something_was_judged_and_nothing_failed(ct, tmp_path):
    code, text, _ = run(ct, options=("--standard", rules(tmp_path, 5)))
    assert (code, "合格 1" in text) == (0, True)


def test_it_gives_1_for_one_failure_among_many_passes(tmp_path):
    ct_series(tmp_path / "ok", n=6, rows=512, number=1)
    ct_series(tmp_path / "bad", n=6, rows=512, number=2, faults=CTFaults(missing=(3,)))
    assert run(tmp_path / "ok")[0] == 0
    assert run(tmp_path)[0] == 1


def test_it_gives_0_when_all_that_was_judged_waits_for_a_person(ct, tmp_path):
    code, text, _ = run(ct, options=("--standard", rules(tmp_path, 1, "expert")))
    assert code == 0
    assert re.search(r"合格 0 .*不合格 0 .*待人工 1 .*无法评估 0", text)


def test_it_gives_2_when_nothing_could_be_judged(tmp_path):
    ct_series(tmp_path / "ct", n=5, rows=32, facts={"SliceThickness": None})
    code, text, _ = run(tmp_path / "ct", options=("--standard", rules(tmp_path, 5)))
    assert code == 2
    assert "缺少 DICOM 属性 SliceThickness" in text


def test_it_gives_2_when_the_standard_has_only_clauses_for_people(tmp_path):
    dx_image(tmp_path / "dx")
    manual = re.sub(r"quantity.*\nunit.*\nlimit.*\n", "", OWN).format(limit=1, grade="manual", confidence="verified")
    (tmp_path / "own.toml").write_text(manual.replace('"CT"', '"DX"'), encoding="utf-8")
    code, text, _ = run(tmp_path / "dx", options=("--standard", str(tmp_path / "own.toml")))
    assert (code, "待人工 1" in text) == (2, True)


def test_it_gives_2_when_nothing_is_readable(tmp_path):
    (tmp_path / "x.txt").write_text("x")
    code, text, _ = run(tmp_path)
    assert code == 2
    assert "没有可读取的 DICOM 检查" in text
    assert "x.txt: 不是 DICOM 文件" in text


def test_it_gives_2_for_an_empty_folder(tmp_path):
    assert run(tmp_path)[0] == 2


def test_it_judges_a_report_by_what_applies_to_every_object(tmp_path):
    dose_report(tmp_path / "sr")
    code, text, _ = run(tmp_path / "sr", options=("--all",))
    assert code == 0
    assert "有损压缩" not in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--standard", "no-such-standard"), "没有此标准"),
        (("--standard", "missing.toml"), "missing.toml"),
        (("--jobs", "0"), "--jobs"),
        (("--jobs", "many"), "--jobs"),
        (("--lang", "fr"), "--lang"),
        (("--json", "no/such/folder/x.json"), "没有此文件夹"),
        (("--html", "no/such/folder/x.html"), "没有此文件夹"),
        (("--nonsense",), "--nonsense"),
    ],
)
def test_it_gives_2_for_bad_arguments_and_names_them(ct, options, said):
    code, text, errors = run(ct, options=options)
    assert (code, text) == (2, "")
    assert said in errors


def test_it_gives_2_for_a_path_that_is_not_there(tmp_path):
    code, _, errors = run(tmp_path / "nowhere")
    assert code == 2
    assert "nowhere" in errors


def test_it_gives_2_without_a_path():
    assert run()[0] == 2


def test_it_gives_2_and_the_place_for_a_badly_written_standard(ct, tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text(OWN.format(limit=5, grade="A", confidence="sure"), encoding="utf-8")
    code, _, errors = run(ct, options=("--standard", str(file)))
    assert code == 2
    assert "bad.toml:thickness:confidence" in errors


def test_it_gives_2_when_the_report_cannot_be_written(ct, tmp_path):
    (tmp_path / "page.html").mkdir()
    assert run(ct, options=("--html", str(tmp_path / "page.html")))[0] == 2


def test_it_takes_one_standard_once(ct, tmp_path):
    own = rules(tmp_path, 5)
    _, text, _ = run(ct, options=("--standard", own, "--standard", own))
    assert "合格 1" in text


def test_it_does_not_take_a_crash_for_a_failed_exam(ct, monkeypatch):

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("yingheng.cli.check.evaluate_series", broken)
    code, text, errors = run(ct)
    assert (code, text) == (3, "")
    assert "ZeroDivisionError" in errors


def test_it_keeps_on_when_one_method_refuses(ct, monkeypatch, tmp_path):
    def refusing(*_: object) -> None:
        raise AnalysisError("not_axial", plane="coronal")

    monkeypatch.setattr("imagingqc.clinical.ct.slices.slice_geometry", refusing)
    code, text, _ = run(ct, options=("--standard", rules(tmp_path, 5)))
    assert (code, "合格 1" in text) == (0, True)
