"""Scanning folders: everything found once, nothing bad raised, the same answer in any order and with any jobs."""

import random
import shutil

import pytest
from pydicom import dcmread, uid
from tests.core.dicom.builders import save
from tests.phantoms import dicom as phantoms

from imagingqc.dicom.series import scan


@pytest.fixture
def mixed(tmp_path):
    """Two exams with faults, a report, and files that are no DICOM."""
    phantoms.ct_series(tmp_path / "ct", n=8, rows=32, faults=phantoms.CTFaults(localizer=True, truncated_files=(3,)))
    phantoms.mr_exam(tmp_path / "mr" / "deep", omit=("T2",), n=3, rows=32)
    phantoms.dose_report(tmp_path / "sr", study=phantoms.Study(key="ct-chest-0"))
    (tmp_path / "readme.txt").write_text("no picture")
    (tmp_path / "empty").touch()
    return tmp_path


def test_it_groups_everything_below_a_folder(mixed):
    result = scan([mixed])
    assert [e.modality for e in result.exams] == ["CT", "MR"]
    assert [len(s.instances) for s in result.exams[0].series] == [8, 1]
    assert [s.first.text("SeriesDescription") for s in result.exams[1].series] == [
        "t1_se_tra",
        "t2_flair_tra",
        "ep2d_diff_tra_b1000",
        "ep2d_diff_tra_ADC",
        "t1_se_sag",
    ]
    assert sorted(u.reason.code for u in result.unreadable) == ["empty_file", "not_dicom", "truncated"]


def test_it_gives_the_same_in_every_order_and_with_more_processes(mixed):
    files = [p for p in mixed.rglob("*") if p.is_file()]
    expected = scan([mixed])
    shuffled = random.Random(4).sample(files, len(files))
    assert scan(shuffled) == expected
    assert scan([*shuffled, mixed, str(mixed / "ct")]) == expected
    assert scan([mixed], jobs=2) == expected


def test_it_reports_progress_to_the_last_file(mixed):
    seen: list[tuple[int, int]] = []
    scan([mixed], progress=lambda done, total: seen.append((done, total)))
    total = len([p for p in mixed.rglob("*") if p.is_file()])
    assert seen == [(i, total) for i in range(1, total + 1)]


def test_it_drops_a_copy_and_keeps_one(tmp_path):
    path = phantoms.ct_series(tmp_path, n=2, rows=32)[0]
    shutil.copy(path, tmp_path / "zz_copy.dcm")
    result = scan([tmp_path])
    assert [len(s.instances) for s in result.exams[0].series] == [2]
    assert result.unreadable == ()


def test_it_takes_the_same_picture_in_another_syntax_for_a_copy(tmp_path):
    path = phantoms.ct_series(tmp_path, n=1, rows=32)[0]
    ds = dcmread(path)
    ds.compress(uid.RLELossless, generate_instance_uid=False)
    save(ds, tmp_path / "zz_rle.dcm")
    result = scan([tmp_path])
    assert len(result.exams[0].series[0].instances) == 1
    assert result.unreadable == ()


def test_it_reports_another_object_under_a_known_uid(tmp_path):
    path = phantoms.ct_series(tmp_path, n=1, rows=32)[0]
    ds = dcmread(path)
    ds.PixelData = bytes(len(ds.PixelData))
    other = save(ds, tmp_path / "zz_other.dcm")
    result = scan([tmp_path])
    assert [(u.path, u.reason.code) for u in result.unreadable] == [(str(other), "uid_conflict")]
    assert result.exams[0].series[0].instances[0].path == str(path)


def test_it_walks_a_loop_of_links_once(tmp_path):
    phantoms.ct_series(tmp_path / "a", n=2, rows=32)
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    result = scan([tmp_path])
    assert len(result.exams[0].series[0].instances) == 2
    assert result.unreadable == ()


def test_it_reports_a_path_that_is_not_there(tmp_path):
    result = scan([tmp_path / "gone"])
    assert result.exams == ()
    assert [u.reason.code for u in result.unreadable] == ["file_unreadable"]


def test_it_gives_nothing_for_nothing():
    assert scan([]).exams == ()


def test_it_puts_pictures_before_a_report_under_the_same_series(tmp_path):
    phantoms.ct_series(tmp_path, n=2, rows=32)
    ds = dcmread(phantoms.dose_report(tmp_path / "sr"))
    first = dcmread(tmp_path / "ct002_0_0000.dcm", stop_before_pixels=True)
    ds.StudyInstanceUID, ds.SeriesInstanceUID = first.StudyInstanceUID, first.SeriesInstanceUID
    save(ds, tmp_path / "sr" / "report_0.dcm")
    series = next(s for e in scan([tmp_path]).exams for s in e.series if len(s.instances) == 3)
    assert series.modality == "CT"
    assert series.first.modality == "CT"
