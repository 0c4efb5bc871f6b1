"""One object written twice is the same object; anything else says what differs, and never a value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from tests.core.dicom.builders import big_endian, compressed, ct_dataset, save
from tests.phantoms import dicom as phantoms

from imagingqc.dicom.same import difference, same_object
from imagingqc.errors import reason_catalogue


def ct(folder: Path, name: str = "base") -> Dataset:
    """The same slice at every call, read from a file of its own."""
    ds = ct_dataset(folder / name)
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    ds.PatientName = "WANG^XIAOMING"
    return ds


@pytest.fixture
def first(tmp_path) -> Path:
    return save(ct(tmp_path, "first"), tmp_path / "first.dcm")


def told(a: Path, b: Path) -> tuple[str, str]:
    reason = difference(a, b)
    assert reason is not None
    assert reason.code in reason_catalogue()
    assert "WANG" not in reason.text("zh") + reason.text("en")
    assert difference(b, a) == reason
    assert not same_object(a, b)
    return reason.code, str(reason.values.get("tag", ""))


def test_it_takes_other_file_meta_for_the_same_object(first, tmp_path):
    ds = dcmread(first)
    ds.file_meta.SourceApplicationEntityTitle = "OTHER"
    ds.file_meta.ImplementationVersionName = "ELSEWHERE"
    second = save(ds, tmp_path / "second.dcm")
    assert first.read_bytes() != second.read_bytes()
    assert same_object(first, second)


@pytest.mark.parametrize("padding", [b"\0" * 3, b"\0" * 8, b"\0" * 512, b"\xfc\xff\xfc\xffOB\0\0\x08\0\0\0" + bytes(8)])
def test_it_takes_padding_behind_the_data_set_for_nothing(first, tmp_path, padding):
    second = tmp_path / "second.dcm"
    second.write_bytes(first.read_bytes() + padding)
    assert same_object(first, second)


@pytest.mark.parametrize("syntax", [uid.ImplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian])
def test_it_compares_values_across_uncompressed_syntaxes(first, tmp_path, syntax):
    second = save(dcmread(first), tmp_path / "second.dcm", syntax)
    assert same_object(first, second)
    ds = dcmread(first)
    ds.SliceThickness = 7
    assert told(first, save(ds, tmp_path / "third.dcm", syntax)) == ("object_other_value", "SliceThickness")


def test_it_compares_pixels_across_byte_orders(first, tmp_path):
    second = big_endian(dcmread(first), tmp_path / "second.dcm")
    assert same_object(first, second)
    ds = dcmread(first)
    pixels = np.frombuffer(ds.PixelData, "<u2").copy()
    pixels[5] += 1
    ds.PixelData = pixels.tobytes()
    third = big_endian(ds, tmp_path / "third.dcm")
    assert told(first, third) == ("object_other_pixels", "PixelData")


def test_it_takes_other_lengths_of_sequences_for_the_same(first, tmp_path):
    ds = dcmread(first)
    ds["CTDIPhantomTypeCodeSequence"].is_undefined_length = True
    ds.CTDIPhantomTypeCodeSequence[0].is_undefined_length_sequence_item = True
    second = save(ds, tmp_path / "second.dcm")
    assert first.stat().st_size != second.stat().st_size
    assert same_object(first, second)


def test_it_names_the_first_difference_by_its_keyword(first, tmp_path):
    def changed(name, change):
        ds = dcmread(first)
        change(ds)
        return told(first, save(ds, tmp_path / f"{name}.dcm"))

    assert changed("a", lambda ds: setattr(ds, "PatientName", "WANG^OTHER")) == ("object_other_value", "PatientName")
    assert changed("b", lambda ds: delattr(ds, "PatientName")) == ("object_element_missing", "PatientName")
    assert changed("c", lambda ds: setattr(ds, "PatientWeight", 70)) == ("object_element_missing", "PatientWeight")
    assert changed("d", lambda ds: setattr(ds.CTDIPhantomTypeCodeSequence[0], "CodeMeaning", "x")) == (
        "object_other_value",
        "CTDIPhantomTypeCodeSequence/CodeMeaning",
    )
    private = changed("e", lambda ds: ds.private_block(0x0009, "WANG", create=True).add_new(1, "LO", "WANG"))
    assert private == ("object_element_missing", "(0009,0010)")

    def pixel(ds):
        data = bytearray(ds.PixelData)
        data[-1] ^= 1
        ds.PixelData = bytes(data)

    assert changed("f", pixel) == ("object_other_pixels", "PixelData")


def test_it_holds_compressed_pixels_for_another_object(first, tmp_path):
    second = compressed(dcmread(first), tmp_path / "rle.dcm", uid.RLELossless)
    assert told(first, second) == ("object_other_syntax", "")
    again = dcmread(second)
    again.file_meta.SourceApplicationEntityTitle = "OTHER"
    assert same_object(second, save(again, tmp_path / "again.dcm"))


def test_it_does_not_guess_about_what_it_cannot_read(first, tmp_path):
    second = tmp_path / "second.dcm"
    second.write_bytes(b"garbage" * 100)
    for other in (second, tmp_path / "nothing"):
        reason = difference(first, other)
        assert reason is not None
        assert not same_object(first, other)


def test_it_compares_objects_without_pixels(tmp_path):
    first = phantoms.dose_report(tmp_path / "a")
    ds = dcmread(first)
    second = save(ds, tmp_path / "implicit.dcm", uid.ImplicitVRLittleEndian)
    assert same_object(first, second)
    ds.ContentSequence[0].ConceptNameCodeSequence[0].CodeValue = "0"
    reason = told(first, save(ds, tmp_path / "changed.dcm", uid.ImplicitVRLittleEndian))
    assert reason == ("object_other_value", "ContentSequence/ConceptNameCodeSequence/CodeValue")


@pytest.mark.real
def test_it_finds_every_real_file_the_same_as_itself_rewritten(real_data, tmp_path):
    files = sorted(p for p in real_data.rglob("*.dcm") if p.stat().st_size < 3_000_000)[::6]
    compared = 0
    for path in files:
        data = path.read_bytes()
        if data[128:132] == b"DICM":
            other = tmp_path / "other.dcm"
            other.write_bytes(b"\x01" * 128 + data[128:])
            assert same_object(path, other), path
            compared += 1
    assert compared > 10
