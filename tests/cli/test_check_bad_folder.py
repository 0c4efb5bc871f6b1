"""A folder with everything wrong at once beside one good series: nothing is lost and nothing stops the command."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from tests.cli.running import MISSING, change, checked, run

from imagingqc.dicom.synthetic import ct_series, dx_image, make_uid

N = 6
Spoil = Callable[[Path], None]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def unknown_syntax(path: Path) -> None:
    """By bytes, as pydicom would not write it; both UIDs fill the same field."""
    old = ExplicitVRLittleEndian.encode() + b"\0"
    new = b"1.2.3.4.5.6.7.8.9.10".ljust(len(old), b"\0")[: len(old)]
    path.write_bytes(path.read_bytes().replace(old, new, 1))


def wrong_vr(path: Path) -> None:
    """Rows written as text."""
    data = bytearray(path.read_bytes())
    at = bytes(data).index(b"\x28\x00\x10\x00US")
    data[at + 4 : at + 6] = b"LO"
    path.write_bytes(data)


def bomb(path: Path) -> None:
    """A small file that claims 64k x 64k pixels."""
    change(path, Rows=65535, Columns=65535)


def dicomdir(path: Path) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.1.3.10", make_uid("dir")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = Dataset()
    ds.FileSetID, ds.DirectoryRecordSequence = "DEMO", []
    FileDataset(str(path), ds, preamble=b"\0" * 128, file_meta=meta).save_as(path, enforce_file_format=True)


SPOILT: dict[str, tuple[Spoil, str]] = {
    "not_dicom.txt": (lambda p: p.write_text("patient list\n" * 50), "not_dicom"),
    "empty.dcm": (lambda p: p.write_bytes(b""), "empty_file"),
    "cut.dcm": (cut, "truncated"),
    "zero_rows.dcm": (lambda p: change(p, Rows=0), "zero_pixels"),
    "no_series.dcm": (lambda p: change(p, SeriesInstanceUID=None), "missing_tag"),
    "no_class.dcm": (lambda p: change(p, SOPClassUID=None), "missing_tag"),
    "bomb.dcm": (bomb, "too_large"),
    "DICOMDIR": (dicomdir, "dicomdir"),
    "magic_only.dcm": (lambda p: p.write_bytes(b"\0" * 128 + b"DICM"), "parse_error"),
    "noise.dcm": (lambda p: p.write_bytes(b"\0" * 128 + b"DICM" + struct.pack("<40I", *range(40))), "missing_tag"),
}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A good series of 6 slices in `good`, a spoilt file of each kind in `bad`."""
    ct_series(tmp_path / "in" / "good", n=N, rows=512, number=1)
    donor = ct_series(tmp_path / "donor", n=1, rows=64, number=7)[0]
    bad = tmp_path / "in" / "bad"
    bad.mkdir()
    for i, (name, (spoil, _)) in enumerate(SPOILT.items()):
        change(
            shutil.copyfile(donor, bad / name), SOPInstanceUID=make_uid("bad", i), SeriesInstanceUID=make_uid("s", i)
        )
        spoil(bad / name)
    return tmp_path / "in"


def test_it_lists_every_bad_file_with_its_reason_and_judges_the_good_series(folder, tmp_path):
    result = checked(folder, tmp_path / "out.json")
    listed = {Path(u["path"]).name: u["reason_code"] for u in result.json["unreadable"]}
    assert listed == {name: code for name, (_, code) in SPOILT.items()}
    assert [s["n_images"] for s in result.json["series"]] == [N]
    assert result.values(MISSING) == [0]
    assert result.code == 0
    for name in SPOILT:
        assert name in result.text


def test_it_finds_its_way_through_links_pipes_and_closed_folders(folder, tmp_path):
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "lost").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe")
    (folder / "closed").mkdir()
    locked = folder / "locked.dcm"
    locked.write_bytes(b"secret")
    locked.chmod(0)
    (folder / "closed").chmod(0)
    try:
        result = checked(folder, tmp_path / "out.json")
    finally:
        (folder / "closed").chmod(0o700)
    listed = {Path(u["path"]).name: u["reason_code"] for u in result.json["unreadable"]}
    assert (listed["pipe"], listed["lost"]) == ("file_unreadable", "file_unreadable")
    assert listed["locked.dcm"] == ("not_dicom" if os.geteuid() == 0 else "file_unreadable")  # root reads everything
    assert [s["n_images"] for s in result.json["series"]] == [N]
    assert result.code == 0


def test_it_keeps_what_can_be_read_and_says_what_is_odd_in_it(folder, tmp_path):
    """Readable objects with odd headers stay objects: counted as header problems, never dropped."""
    odd = ct_series(folder / "odd", n=5, rows=512, number=3)
    change(odd[0], SliceThickness="99999")
    change(odd[1], KVP="1e30")
    change(odd[2], StudyDate="20269999")
    wrong_vr(odd[3])
    unknown_syntax(odd[4])
    result = checked(folder, tmp_path / "out.json")
    listed = {Path(u["path"]).name: u["reason_code"] for u in result.json["unreadable"]}
    seen = sum(s["n_images"] for s in result.json["series"]) + len(listed)
    assert seen == N + len(odd) + len(SPOILT)
    assert max(result.values("series.header_problems")) >= 3
    assert "SliceThickness 的值不可信：99999" in result.text
    assert "StudyDate 的值不可信：20269999" in result.text
    assert result.outcomes("series.header-problems").count("NEEDS_HUMAN") == 1


def test_it_fails_two_patients_in_one_series_and_names_them(tmp_path):
    paths = ct_series(tmp_path / "in", n=N, rows=64)
    change(paths[2], PatientID="SOMEBODY-ELSE")
    result = checked(tmp_path / "in", tmp_path / "out.json")
    assert result.values("series.patients") == [2]
    assert result.outcomes("series.one-patient") == ["FAIL"]
    assert "编号 3 的图像属于另一患者" in result.text
    assert "SOMEBODY-ELSE" not in (tmp_path / "out.json").read_text(encoding="utf-8")
    assert "请立即核对患者身份" in result.text
    assert result.code == 1


def test_it_says_when_two_tags_contradict_each_other(tmp_path):
    dx_image(tmp_path / "in", ei=1000, target_ei=250, di=0.0)
    result = checked(tmp_path / "in", tmp_path / "out.json")
    assert result.values("dx.deviation_index") == [None]
    assert "属性相互矛盾（DeviationIndex, ExposureIndex）" in result.text


def test_it_lists_a_second_object_under_the_same_uid(tmp_path):
    paths = ct_series(tmp_path / "in", n=N, rows=64)
    twin = Path(shutil.copyfile(paths[1], tmp_path / "in" / "zz_twin.dcm"))
    change(twin, SliceThickness="3")
    result = checked(tmp_path / "in", tmp_path / "out.json")
    assert [(Path(u["path"]).name, u["reason_code"]) for u in result.json["unreadable"]] == [
        ("zz_twin.dcm", "uid_conflict")
    ]
    assert [s["n_images"] for s in result.json["series"]] == [N]


def test_it_takes_names_that_are_no_text(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff\xfe[bold].dcm")).write_bytes(b"x")
    out, page = tmp_path / "out.json", tmp_path / "out.html"
    code, text, _ = run(folder, options=("--json", str(out), "--html", str(page)))
    assert code == 2
    assert "\\udcff\\udcfe[bold].dcm" in text
    assert "[bold].dcm" in page.read_text(encoding="utf-8")
    assert "[bold].dcm" in out.read_text(encoding="utf-8")
