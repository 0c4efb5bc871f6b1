"""The table: names of series, what is listed, and how wide it is."""

from __future__ import annotations

import pytest
from tests.cli.running import run

from imagingqc.dicom.synthetic import CTFaults, Study, ct_series
from yingheng.cli.check_table import WIDTH_OF_FILES, report_console


@pytest.fixture
def exam(tmp_path):
    """Three series with one name, two of them with one number; one series without name, one without number too."""
    study = Study(key="names", description="CT CHEST")
    for i, number in enumerate((1, 2, 2)):
        ct_series(tmp_path / str(i), n=3, rows=32, number=number, seed=i, study=study, description="LUNG")
    ct_series(tmp_path / "3", n=3, rows=32, number=8, study=study, facts={"SeriesDescription": None})
    ct_series(
        tmp_path / "4",
        n=3,
        rows=32,
        number=9,
        study=study,
        facts=dict.fromkeys(("SeriesDescription", "SeriesNumber")),
    )
    return tmp_path


def test_it_tells_series_with_one_name_apart(exam):
    _, text, _ = run(exam)
    names = [row.split("│")[0].strip() for row in text.splitlines() if "│ CT" in row]
    assert len(names) == len(set(names)) == 5
    assert {"LUNG #1", "序列 8（无描述）", "无描述的序列"} <= set(names)
    assert sum(name.startswith("LUNG …") for name in names) == 2


def test_it_lists_what_passed_and_the_manual_clauses_only_when_asked(exam):
    short, full = run(exam)[1], run(exam, options=("--all",))[1]
    assert "✓ 序列内患者数" not in short
    assert "✓ 序列内患者数：实测 1，要求 = 1，合格" in full
    assert "另有 8 条需人工评价" in short
    assert "◐ 图像包含完整的申请部位或病变：待人工" in full
    assert "另有" not in full


def test_it_shares_a_line_for_one_reason_unless_all_are_asked_for(tmp_path):
    ct_series(tmp_path, n=1, rows=512)
    short, full = run(tmp_path)[1], run(tmp_path, options=("--all",))[1]
    reason = "没有可测量的容积图像（仅有：单幅图像）"
    assert (short.count(reason), full.count(reason)) == (1, 5)
    (line,) = [row for row in short.splitlines() if reason in row]
    assert all(name in line for name in ("缺失层数", "重复层数", "层间未覆盖距离"))


def test_it_lists_the_worst_first(tmp_path):
    ct_series(tmp_path, n=9, rows=64, faults=CTFaults(missing=(4,), duplicate=(7,)), facts={"SliceThickness": None})
    icons = [
        row.strip()[0] for row in run(tmp_path, options=("--all",))[1].split("整个检查")[1].splitlines() if row.strip()
    ]
    order = [i for i in icons if i in "✕◐∅✓"]
    assert order == sorted(order, key="✕◐∅✓".index)
    assert set(order) == set("✕◐∅✓")


def test_it_is_of_one_width_where_nobody_says_how_wide(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert report_console().width == WIDTH_OF_FILES
    monkeypatch.setenv("COLUMNS", "77")
    assert report_console().width == 77


def test_it_shows_square_brackets_as_they_are(tmp_path):
    ct_series(tmp_path, n=3, rows=32, description="[bold]C[/bold] [1/2]")
    assert "[bold]C[/bold] [1/2]" in run(tmp_path)[1]
