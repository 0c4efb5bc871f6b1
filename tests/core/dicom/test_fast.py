"""The short way to a header gives in every field what the full parser gives, refusals included."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread, uid
from pydicom.dataset import Dataset, FileMetaDataset
from tests.core.dicom.builders import big_endian, compressed, ct_dataset, save
from tests.core.dicom.elements import CHARSETS, assembled, element, encoded
from tests.core.dicom.mutate import mutated
from tests.phantoms import dicom as phantoms

from imagingqc.dicom import fast
from imagingqc.dicom.elements import OddError
from imagingqc.dicom.fast import fast_source
from imagingqc.dicom.header import read_in_full, read_instance
from imagingqc.dicom.synthetic import mg_exam, nm_tomo, pet_series, us_frame, xa_run
from imagingqc.errors import DataError

PLAIN = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian)


def outcome(read, path) -> str:
    """All that came out of reading, types and order included, or the refusal."""
    try:
        return repr(read(path))
    except DataError as exc:
        return repr(exc.reason)


def same(path) -> None:
    expected = outcome(read_in_full, path)
    assert outcome(read_instance, path) == expected
    assert outcome(read_instance, path) == expected  # now from what was remembered


def is_plain(path) -> bool:
    try:
        with fast_source(str(path)):
            return True
    except OddError:
        return False


def written(folder: Path, dataset: Dataset, syntax: str) -> Path:
    """A data set with an identity of its own, as it is."""
    path = folder / "x.dcm"
    dataset.SOPClassUID, dataset.SOPInstanceUID = uid.EnhancedSRStorage, "1.2.3"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.5"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.UID(syntax)
    return save(dataset, path)


@pytest.fixture(scope="module")
def kinds(tmp_path_factory) -> list[Path]:
    """One file or more of every kind that the generators make, in many transfer syntaxes."""
    folder = tmp_path_factory.mktemp("kinds")
    save(ct_dataset(folder / "a"), folder / "explicit.dcm")
    save(ct_dataset(folder / "b"), folder / "implicit.dcm", uid.ImplicitVRLittleEndian)
    save(ct_dataset(folder / "b2"), folder / "deflated.dcm", uid.DeflatedExplicitVRLittleEndian)
    big_endian(ct_dataset(folder / "b3"), folder / "big.dcm")
    for name, syntax in (("rle", uid.RLELossless), ("jls", uid.JPEGLSLossless), ("j2k", uid.JPEG2000Lossless)):
        compressed(ct_dataset(folder / name), folder / f"{name}.dcm", syntax)
    phantoms.enhanced_mr(folder / "mr", n=3, rows=16)
    phantoms.enhanced_ct(folder / "ct", n=3)
    phantoms.us_colour(folder / "us", rows=24, columns=32)
    phantoms.dose_report(folder / "sr")
    mg_exam(folder / "mg")
    us_frame(folder / "us2", frames=2, probe="curved", rows=60, columns=80)
    xa_run(folder / "xa", kind="roadmap")
    nm_tomo(folder / "nm")
    pet_series(folder / "pet", slices=3)
    return sorted(folder.rglob("*.dcm"))


def test_it_reads_every_generated_kind_alike(kinds):
    for path in kinds:
        same(path)
    assert sum(is_plain(path) for path in kinds) >= len(kinds) - 2  # all but the deflated and the big endian one


def test_it_reads_every_generated_kind_alike_in_implicit_vr(kinds, tmp_path):
    for path in kinds:
        dataset = dcmread(path)
        if not dataset.file_meta.TransferSyntaxUID.is_compressed:
            if not dataset.file_meta.TransferSyntaxUID.is_little_endian:
                continue
            again = save(dataset, tmp_path / path.name, uid.ImplicitVRLittleEndian)
            same(again)
            assert is_plain(again), path.name


@pytest.mark.real
def test_it_reads_every_real_file_alike(real_data):
    files = sorted(p for p in real_data.rglob("*") if p.is_file())
    for path in files:
        same(path)
    assert sum(is_plain(path) for path in files) > 0.95 * len(files)


@pytest.mark.parametrize("batch", range(10))
def test_it_refuses_and_reads_damaged_files_alike(kinds, tmp_path, batch):
    path = tmp_path / "damaged.dcm"
    originals = [p.read_bytes() for p in kinds if p.stat().st_size < 300_000]
    for seed in range(batch * 60, (batch + 1) * 60):
        path.write_bytes(mutated(originals[seed % len(originals)], seed))
        same(path)


@pytest.mark.parametrize("syntax", PLAIN)
def test_it_refuses_files_cut_anywhere_alike(tmp_path, syntax):
    data = save(ct_dataset(tmp_path), tmp_path / "whole.dcm", syntax).read_bytes()
    path = tmp_path / "cut.dcm"
    header = data.rindex(b"\xe0\x7f\x10\x00")
    for end in random.Random(4).sample(range(header + 12), 150):
        path.write_bytes(data[:end])
        same(path)


# --- values -------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(element(), max_size=8), st.sampled_from(CHARSETS), st.booleans())
def test_it_makes_any_value_alike(tmp_path, elements, charset, implicit):
    path = tmp_path / "values.dcm"
    path.write_bytes(assembled(elements, charset, implicit=implicit))
    same(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.text("ABC王", max_size=6), st.text("12", min_size=1, max_size=4)), max_size=3),
    st.sampled_from(PLAIN),
    st.booleans(),
    st.integers(0, 3),
)
def test_it_reads_sequences_of_either_length_alike(tmp_path, codes, syntax, undefined, deep):
    top = Dataset()
    top.SpecificCharacterSet = "GB18030"
    items = []
    for meaning, value in codes:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "L", meaning
        for _ in range(deep):
            outer = Dataset()
            outer.CodeValue = "9"
            outer.RequestAttributesSequence = [item]
            item = outer
        item.is_undefined_length_sequence_item = undefined
        items.append(item)
    top.ProcedureCodeSequence = items
    top["ProcedureCodeSequence"].is_undefined_length = undefined
    top.ReferencedStudySequence = items
    path = written(tmp_path, top, syntax)
    same(path)
    assert is_plain(path)


def test_it_reads_private_diffusion_weights_alike(tmp_path):
    for n, (group, creator, element_, vr, value) in enumerate([
        (0x0019, "SIEMENS MR HEADER", 0x0C, "IS", "800"),
        (0x0043, "GEMS_PARM_01", 0x39, "IS", ["1000000800", "8", "0", "0"]),
        (0x0065, "Image Private Header", 0x09, "FD", 600.0),
        (0x0019, "SIEMENS MR HEADER", 0x0C, "UN", b"800 "),
        (0x0019, "SIEMENS MR HEADER 2", 0x0C, "IS", "700"),
    ]):  # fmt: skip
        for syntax in PLAIN:
            ds = ct_dataset(tmp_path / f"{n}")
            ds.private_block(group, creator, create=True).add_new(element_, vr, value)
            path = save(ds, tmp_path / f"{n}.dcm", syntax)
            same(path)
            assert is_plain(path)
            wanted = {0: 800, 1: 800, 2: 600 if syntax == PLAIN[0] else None, 3: 800}.get(n)
            assert read_instance(path).facts.get("DiffusionBValue") == wanted


def test_it_reads_headers_longer_than_its_first_bytes_alike(tmp_path):
    ds = ct_dataset(tmp_path)
    ds.private_block(0x0009, "BIG", create=True).add_new(1, "OB", bytes(700_000))
    path = save(ds, tmp_path / "x.dcm")
    same(path)
    assert is_plain(path)


def test_it_leaves_files_in_strange_order_to_the_full_parser(tmp_path):
    first = encoded([((0x0008, 0x103E), b"LO", b"7 ")], implicit=False)
    path = tmp_path / "order.dcm"
    path.write_bytes(assembled([], "", implicit=False) + first)
    assert not is_plain(path)
    same(path)


def test_it_forgets_before_its_store_grows_without_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(fast, "_MAX_REMEMBERED", 50)
    monkeypatch.setattr(fast, "_remembered", {})
    for number in range(40):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(assembled([((0x0008, 0x103E), b"LO", f"NUMBER {number:03d}".encode())], "", implicit=False))
        assert read_instance(path).text("SeriesDescription") == f"NUMBER {number:03d}"
    assert 0 < len(fast._remembered) <= 50


def test_it_does_not_open_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "pipe"):
        assert not is_plain(path)
