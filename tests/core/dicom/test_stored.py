"""Stored objects as others ask for them: frames, explicit little endian copies, bulk values."""

from contextlib import contextmanager
from io import BytesIO

import numpy as np
import pydicom
import pytest
from pydicom import dcmwrite
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
)

from imagingqc.dicom.stored import bulk_value, explicit_little, is_native, stored_frames
from imagingqc.dicom.synthetic.base import Patient, Study, new_object, write
from imagingqc.dicom.synthetic.other import dose_report, us_colour
from imagingqc.dicom.synthetic.xa import xa_run
from imagingqc.errors import DataError


@contextmanager
def refused(code):
    with pytest.raises(DataError) as caught:
        yield
    assert caught.value.reason.code == code


def rewritten(path, syntax, *, little=True, implicit=False):
    """The same object in another uncompressed encoding."""
    ds = pydicom.dcmread(path)
    if not little:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").astype(">u2").tobytes()
    ds.file_meta.TransferSyntaxUID = syntax
    target = path.with_name(f"{path.stem}-{syntax}.dcm")
    dcmwrite(target, ds, implicit_vr=implicit, little_endian=little)
    return target


def compressed(path, syntax):
    ds = pydicom.dcmread(path)
    ds.compress(syntax, generate_instance_uid=False)
    target = path.with_name(f"{path.stem}-{syntax}.dcm")
    ds.save_as(target)
    return target


@pytest.fixture
def run(tmp_path):
    return xa_run(tmp_path, frames=3)


def frames(path, numbers=(2, 0), *, native=True):
    return list(stored_frames(str(path), numbers, native=native))


def test_native_frames_are_slices_of_the_pixel_data(run):
    ds = pydicom.dcmread(run)
    size = ds.Rows * ds.Columns * 2
    wanted = [ds.PixelData[i * size : (i + 1) * size] for i in (2, 0)]
    for native in (True, False):
        found = frames(run, native=native)
        assert [one.data for one in found] == wanted
        assert {one.syntax for one in found} == {ExplicitVRLittleEndian}


@pytest.mark.parametrize(
    ("syntax", "little", "implicit"),
    [
        (ImplicitVRLittleEndian, True, True),
        (DeflatedExplicitVRLittleEndian, True, False),
        (ExplicitVRBigEndian, False, False),
    ],
)
def test_every_uncompressed_encoding_gives_the_same_frames_and_copy(run, syntax, little, implicit):
    other = rewritten(run, syntax, little=little, implicit=implicit)
    assert is_native(syntax)
    assert frames(other) == frames(run)
    copy = pydicom.dcmread(BytesIO(explicit_little(str(other))))
    assert copy.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert copy == pydicom.dcmread(run)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless])
def test_compressed_frames_are_given_as_they_are_or_decoded(run, syntax):
    other = compressed(run, syntax)
    assert not is_native(syntax)
    kept = frames(other, native=False)
    assert {one.syntax for one in kept} == {syntax}
    assert all(one.data in pydicom.dcmread(other).PixelData for one in kept)
    assert frames(other) == frames(run)
    copy = pydicom.dcmread(BytesIO(explicit_little(str(other))))
    assert copy.PixelData == pydicom.dcmread(run).PixelData
    assert (copy.Rows, copy.NumberOfFrames, copy.PhotometricInterpretation) == (
        pydicom.dcmread(run).Rows, 3, "MONOCHROME2",
    )  # fmt: skip


def test_colour_comes_by_pixel(tmp_path):
    path = us_colour(tmp_path, rows=24, columns=36)
    ds = pydicom.dcmread(path)
    (found,) = frames(compressed(path, RLELossless), (0,))
    assert found.data == ds.PixelData
    copy = pydicom.dcmread(BytesIO(explicit_little(str(compressed(path, RLELossless)))))
    assert (copy.PhotometricInterpretation, copy.PlanarConfiguration, copy.PixelData) == ("RGB", 0, ds.PixelData)


def single_bits(folder, rows):
    """Three frames of single bits, `rows` x 5."""
    bits = np.random.default_rng(1).integers(0, 2, (3, rows, 5), dtype=np.uint8)
    ds = new_object("1.2.840.10008.5.1.4.1.1.66.4", "SEG", "seg", 1, Patient(), Study())
    ds.Rows, ds.Columns, ds.NumberOfFrames = rows, 5, 3
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 1, 1, 0, 0
    data = np.packbits(bits.ravel(), bitorder="little").tobytes()
    ds.PixelData = data + b"\0" * (len(data) % 2)
    return write(ds, folder / "seg.dcm"), bits


@pytest.mark.parametrize("rows", [8, 3])
def test_single_bits_are_packed_frame_by_frame(tmp_path, rows):
    path, bits = single_bits(tmp_path, rows)
    for one, wanted in zip(frames(path), bits[[2, 0]], strict=True):
        got = np.unpackbits(np.frombuffer(one.data, np.uint8), bitorder="little")[: wanted.size]
        assert got.reshape(wanted.shape).tolist() == wanted.tolist()


def test_it_refuses(run, tmp_path):
    for numbers in ((3,), (-1,)):
        with refused("no_such_frame"):
            frames(run, numbers)
    with refused("not_an_image"):
        frames(dose_report(tmp_path), (0,))
    data = run.read_bytes()
    run.write_bytes(data[:-100])
    with refused("truncated"):
        frames(run)
    with refused("file_unreadable"):
        frames(tmp_path / "none")


def test_a_report_is_copied_too(tmp_path):
    path = dose_report(tmp_path)
    assert pydicom.dcmread(BytesIO(explicit_little(str(path)))) == pydicom.dcmread(path)


def test_bulk_values_by_their_place(run, tmp_path):
    ds = pydicom.dcmread(run)
    item = pydicom.Dataset()
    item.ICCProfile = b"12"
    ds.OpticalPathSequence, ds.ICCProfile = [item], b"1234"
    ds.save_as(run)
    assert b"".join(bulk_value(str(run), ["7FE00010"])) == ds.PixelData
    assert list(bulk_value(str(run), ["00282000"])) == [b"1234"]
    assert list(bulk_value(str(run), ["00480105", "1", "00282000"])) == [b"12"]
    for wrong in (["00480105", "2", "00282000"], ["00480105", "0", "00282000"], ["00100010"], ["00189999"]):
        with refused("missing_tag"):
            list(bulk_value(str(run), wrong))
    with refused("unsupported_syntax"):
        list(bulk_value(str(compressed(run, RLELossless)), ["7FE00010"]))
    with refused("missing_tag"):
        list(bulk_value(str(dose_report(tmp_path)), ["7FE00010"]))
