"""What was done to the files is what the report says: twins on a generated and on a real series."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from tests.cli.running import DUPLICATED, IRREGULAR, MISSING, OUT_OF_ORDER, change, checked

from imagingqc.dicom.synthetic import CTFaults, ct_series, make_uid, mr_exam

Copied = Callable[[Path], list[Path]]


def generated(folder: Path) -> list[Path]:
    return ct_series(folder, n=20, rows=512)


@pytest.fixture(params=["generated", pytest.param("real", marks=pytest.mark.real)])
def series(request, tmp_path) -> list[Path]:
    """The files of a complete CT series in the order of space, in a folder of their own."""
    folder = tmp_path / "series"
    if request.param == "generated":
        return generated(folder)
    source = request.getfixturevalue("real_data") / "ct-catphan504"
    found = [(float(ds.ImagePositionPatient[2]), path) for path in source.iterdir() if (ds := image_header(path))]
    folder.mkdir()
    return [Path(shutil.copyfile(path, folder / path.name)) for _, path in sorted(found)]


def image_header(path: Path) -> pydicom.Dataset | None:
    try:
        ds = pydicom.dcmread(path, stop_before_pixels=True)
    except pydicom.errors.InvalidDicomError:
        return None
    return ds if "ImagePositionPatient" in ds else None


def counts(result) -> tuple[list, list, list, list]:
    return tuple(result.values(q) for q in (MISSING, DUPLICATED, IRREGULAR, OUT_OF_ORDER))


def test_it_finds_a_whole_series_whole(series, tmp_path):
    result = checked(series[0].parent, tmp_path / "out.json")
    assert counts(result) == ([0], [0], [0], [0])
    assert result.code == 0
    assert "缺失层数" not in result.text


@pytest.mark.parametrize("gone", [(7,), (5, 6, 7), (3, 11, 12)])
def test_it_counts_and_names_deleted_slices(series, tmp_path, gone):
    numbers = [int(pydicom.dcmread(series[i], stop_before_pixels=True).InstanceNumber) for i in gone]
    for i in gone:
        series[i].unlink()
    result = checked(series[0].parent, tmp_path / "out.json")
    assert counts(result) == ([len(gone)], [0], [0], [0])
    assert result.code == 1
    if gone == (5, 6, 7):
        assert f"第 {min(numbers)}～{max(numbers)} 层缺失" in result.text
    else:
        assert f"第 {numbers[0]} 层缺失" in result.text
    assert "确为漏扫时补扫" in result.text


def test_it_counts_deleted_slices_whose_numbers_were_closed_up(series, tmp_path):
    for i in (8, 9):
        series[i].unlink()
    for number, path in enumerate((p for p in series if p.exists()), start=1):
        change(path, InstanceNumber=number)
    result = checked(series[0].parent, tmp_path / "out.json")
    assert result.values(MISSING) == [2]
    assert "之间缺 2 层（第 8、9 层之间，而图像编号不缺）" in result.text


def test_it_finds_a_copy_and_says_where(series, tmp_path):
    height = float(pydicom.dcmread(series[6], stop_before_pixels=True).ImagePositionPatient[2])
    copy = Path(shutil.copyfile(series[6], series[6].parent / "copy.dcm"))
    change(copy, SOPInstanceUID=make_uid("copy", 1), InstanceNumber=900)
    result = checked(series[0].parent, tmp_path / "out.json")
    assert (result.values(MISSING), result.values(DUPLICATED)) == ([0], [1])
    assert result.outcomes("ct.slices.duplicate") in (["NEEDS_HUMAN"], [])
    assert f"{height:.1f} mm 处有 2 幅（像素相同）" in result.text


def test_it_takes_the_same_file_twice_as_one(series, tmp_path):
    before = checked(series[0].parent, tmp_path / "before.json")
    shutil.copyfile(series[6], series[6].parent / "again.dcm")
    assert checked(series[0].parent, tmp_path / "after.json").json == before.json


def test_it_does_not_care_for_file_names_or_folders(series, tmp_path):
    before = checked(series[0].parent, tmp_path / "before.json")
    for i, path in enumerate(series):
        target = path.parent / f"{(i * 7919) % 1000:03d}" / f"{(i * 31) % 97}x"
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
    assert checked(series[0].parent, tmp_path / "after.json").json == before.json


def test_it_finds_swapped_numbers(series, tmp_path):
    numbers = [int(pydicom.dcmread(path, stop_before_pixels=True).InstanceNumber) for path in series]
    change(series[4], InstanceNumber=numbers[15])
    change(series[15], InstanceNumber=numbers[4])
    result = checked(series[0].parent, tmp_path / "out.json")
    assert counts(result) == ([0], [0], [0], [2])
    assert "图像编号依次为" in result.text
    assert str(numbers[15]) in result.text.split("图像编号依次为")[1][:60]


def test_it_finds_a_slice_out_of_step(tmp_path):
    generated(tmp_path / "series")
    path = sorted((tmp_path / "series").iterdir())[9]
    x, y, z = (float(v) for v in pydicom.dcmread(path, stop_before_pixels=True).ImagePositionPatient)
    change(path, ImagePositionPatient=[x, y, z + 1.5])
    result = checked(tmp_path / "series", tmp_path / "out.json")
    assert (result.values(MISSING), result.values(IRREGULAR)) == ([0], [2])
    assert "层距不规则处：" in result.text


def test_it_names_the_series_that_an_mr_exam_lacks(tmp_path):
    mr_exam(tmp_path / "mr", omit=("DWI",), n=6, rows=32)
    whole, lacking = tmp_path / "whole", checked(tmp_path / "mr", tmp_path / "out.json")
    mr_exam(whole, n=6, rows=32)
    assert checked(whole, tmp_path / "out2.json").outcomes("mr.required_series") != ["FAIL"]
    said = [
        m for e in lacking.json["exams"] for m in e["measurements"] if m["quantity"] == "mr.required_series.missing"
    ]
    assert [m["value"] for m in said] == [1]
    assert "缺少：DWI（轴位）" in lacking.text


def test_it_says_it_in_english(tmp_path):
    ct_series(tmp_path / "ct", n=20, rows=32, faults=CTFaults(missing=(5, 6), duplicate=(12,)))
    result = checked(tmp_path / "ct", tmp_path / "out.json", "--lang", "en")
    assert "Slices 6–7 missing (20.0 to 35.0 mm)" in result.text
    assert "2 images at" in result.text
    without_clauses = re.sub(r"第.部分 [^,]*,", "", result.text)
    assert not re.findall(r"[\u4e00-\u9fff]+", without_clauses)
