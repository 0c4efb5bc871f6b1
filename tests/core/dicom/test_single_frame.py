"""One frame as a file of its own: the same pixels, and nothing of the patient."""

import io
import warnings

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

from imagingqc.dicom.header import read_instance
from imagingqc.dicom.single_frame import single_frame
from imagingqc.dicom.synthetic import Patient, ct_series, dose_report, dx_image, us_colour
from imagingqc.dicom.synthetic.enhanced import enhanced_ct
from imagingqc.dicom.synthetic.us import us_frame
from imagingqc.errors import DataError

SECRET = Patient(name="ZHANG^SAN", id="ID-SECRET-7", birth_date="19630724")
BUNDLED = ("JPEG2000.dcm", "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "MR_small_bigendian.dcm",
           "MR_small_implicit.dcm", "examples_palette.dcm", "CT_small.dcm")  # fmt: skip


def read(data: bytes) -> pydicom.FileDataset:
    return pydicom.dcmread(io.BytesIO(data))


def keywords(dataset) -> set[str]:
    return {e.keyword for e in dataset.iterall()}


def test_it_keeps_the_pixels_and_the_geometry(tmp_path):
    path = ct_series(tmp_path, n=1, rows=64)[0]
    whole, one = pydicom.dcmread(path), read(single_frame(str(path)))
    assert np.array_equal(one.pixel_array, whole.pixel_array)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleIntercept", "Modality"):
        assert one[keyword].value == whole[keyword].value


def test_it_says_nothing_of_the_patient_the_place_or_the_day(tmp_path):
    path = ct_series(tmp_path, n=1, rows=64, patient=SECRET)[0]
    dataset = pydicom.dcmread(path)
    dataset.add_new((0x0009, 0x0010), "LO", "MAKER")
    dataset.add_new((0x0009, 0x1001), "PN", "ZHANG^SAN")
    dataset.ImageComments = "ID-SECRET-7"
    inner = Dataset()
    inner.PatientName = "ZHANG^SAN"
    dataset.OriginalAttributesSequence = [inner]
    dataset.save_as(path)
    data = single_frame(str(path))
    for word in (b"ZHANG", b"SECRET", b"19630724", b"DEMO", b"20260105", dataset.SOPInstanceUID.encode()):
        assert word not in data
    assert not keywords(read(data)) & {"PatientName", "PatientID", "InstitutionName", "StudyDate", "SOPInstanceUID"}


@pytest.mark.parametrize("name", BUNDLED)
def test_it_leaves_every_transfer_syntax_as_it_is(name):
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"{name} is not part of this pydicom")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole, one = pydicom.dcmread(path), read(single_frame(path))
        assert one.file_meta.TransferSyntaxUID == whole.file_meta.TransferSyntaxUID
        assert np.array_equal(one.pixel_array, whole.pixel_array)


def test_it_inflates_a_deflated_object():
    path = get_testdata_file("image_dfl.dcm", download=False)
    one = read(single_frame(path))
    assert one.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert np.array_equal(one.pixel_array, pydicom.dcmread(path).pixel_array)


def test_it_lifts_what_each_frame_says(tmp_path):
    path = enhanced_ct(tmp_path, n=6, rows=32, interval_mm=5.0)
    header = read_instance(path)
    for frame in (0, 3, 5):
        one = read(single_frame(str(path), frame))
        assert tuple(one.ImagePositionPatient) == pytest.approx(header.frames[frame].position_mm)
        assert tuple(one.ImageOrientationPatient) == pytest.approx(header.frames[frame].orientation)
        assert tuple(one.PixelSpacing) == pytest.approx(header.frames[frame].spacing_mm)
        assert np.array_equal(one.pixel_array, pixel_array(path, index=frame))
        assert "NumberOfFrames" not in one
        assert not any(e.VR == "SQ" for e in one)


def test_it_takes_one_frame_out_of_a_compressed_run(tmp_path):
    frames = np.arange(4 * 20 * 30, dtype=np.uint16).reshape(4, 20, 30)
    path = us_frame(tmp_path, rows=48, columns=64, frames=4)
    dataset = pydicom.dcmread(path)
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = 20, 30, 4
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelData = frames.tobytes()
    dataset.compress(RLELossless)
    dataset.save_as(path)
    for frame in range(4):
        assert np.array_equal(read(single_frame(str(path), frame)).pixel_array, frames[frame])


def test_it_gives_ultrasound_its_spacing(tmp_path):
    path = us_frame(tmp_path, frames=2)
    assert tuple(read(single_frame(str(path), 1)).PixelSpacing) == pytest.approx(
        read_instance(path).frames[1].spacing_mm
    )


def test_it_keeps_colour_as_it_is(tmp_path):
    us_colour(tmp_path, rows=40, columns=60)
    path = next(tmp_path.rglob("*.dcm"))
    assert np.array_equal(read(single_frame(str(path))).pixel_array, pydicom.dcmread(path).pixel_array)


@pytest.mark.parametrize("spacing", [[0.0, 0.0], [-1.0, 1.0], [0.5]])
def test_it_drops_a_spacing_that_nothing_can_be_drawn_by(tmp_path, spacing):
    path = dx_image(tmp_path, facts={"PixelSpacing": spacing})
    assert "PixelSpacing" not in read(single_frame(str(path)))


def test_it_drops_a_plane_that_is_none(tmp_path):
    path = ct_series(tmp_path, n=1, rows=32, facts={"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]})[0]
    assert "ImageOrientationPatient" not in read(single_frame(str(path)))


def test_it_reads_a_file_anew_that_was_replaced(tmp_path):
    path = dx_image(tmp_path, rows=32, columns=32)
    assert read(single_frame(str(path))).Rows == 32
    dx_image(tmp_path / "other", rows=48, columns=32).replace(path)
    assert read(single_frame(str(path))).Rows == 48


def test_it_refuses_frames_that_are_not_there(tmp_path):
    path = str(dx_image(tmp_path))
    for frame in (-1, 1):
        with pytest.raises(DataError) as refused:
            single_frame(path, frame)
        assert refused.value.reason.code == "no_such_frame"


def test_it_refuses_a_document(tmp_path):
    with pytest.raises(DataError) as refused:
        single_frame(str(dose_report(tmp_path)))
    assert refused.value.reason.code == "not_an_image"


def test_it_refuses_a_file_that_is_gone(tmp_path):
    with pytest.raises(DataError) as refused:
        single_frame(str(tmp_path / "none.dcm"))
    assert refused.value.reason.code == "file_unreadable"


def test_it_refuses_pixels_that_end_too_early(tmp_path):
    path = dx_image(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError) as refused:
        single_frame(str(path))
    assert refused.value.reason.code == "truncated"


def test_it_refuses_bits_that_begin_within_a_byte(tmp_path):
    path = dx_image(tmp_path)
    dataset = pydicom.dcmread(path)
    dataset.Rows = dataset.Columns = 3
    dataset.NumberOfFrames, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 2, 1, 1, 0
    dataset.PixelData = b"\x55\x55\x55\x00"
    dataset.save_as(path)
    with pytest.raises(DataError) as refused:
        single_frame(str(path), 1)
    assert refused.value.reason.code == "unsupported_syntax"


def test_it_finds_fragments_without_an_offset_table(tmp_path):
    path = dx_image(tmp_path, rows=16, columns=16)
    dataset = pydicom.dcmread(path)
    picture = dataset.pixel_array
    dataset.compress(RLELossless)
    frame = next(pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1))
    dataset.PixelData = encapsulate([frame], has_bot=False)
    dataset.save_as(path)
    assert np.array_equal(read(single_frame(str(path))).pixel_array, picture)


# --- tables to real units -------------------------------------------------------------------------


def with_table(folder, first=10, entries=(5, 70, 300, 4095), *, as_bytes=False, stored=(0, 10, 11, 13, 200), **facts):
    """An image of one row whose stored values go through a table that begins at `first`."""
    path = dx_image(folder, rows=1, columns=len(stored))
    ds = pydicom.dcmread(path)
    for keyword in ("RescaleSlope", "RescaleIntercept", "RescaleType"):
        ds.pop(keyword, None)
    item = Dataset()
    signed = bool(facts.get("PixelRepresentation"))
    item.add_new(0x00283002, "SS" if signed else "US", [len(entries), first, 16])
    words = np.asarray(entries, "<u2").tobytes()
    item.add_new(0x00283006, "OW" if as_bytes else "US", words if as_bytes else list(entries))
    item.ModalityLUTType = "OD"
    ds.ModalityLUTSequence = [item]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, 16, 15
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    ds.PixelData = np.asarray([stored], "<i2" if signed else "<u2").tobytes()
    ds["PixelData"].VR = "OW"
    return ds, path


@pytest.mark.parametrize("as_bytes", [False, True])
@pytest.mark.parametrize("implicit", [False, True])
def test_it_turns_stored_values_through_a_table_into_real_units(tmp_path, as_bytes, implicit):
    ds, path = with_table(tmp_path, as_bytes=as_bytes)
    syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    ds.file_meta.TransferSyntaxUID = syntax
    pydicom.dcmwrite(path, ds, implicit_vr=implicit, little_endian=True)
    one = read(single_frame(str(path)))
    assert one.pixel_array.ravel().tolist() == [5, 5, 70, 4095, 4095]
    assert (one.RescaleType, one.RescaleSlope, one.RescaleIntercept) == ("OD", 1, 0)
    assert "ModalityLUTSequence" not in one
    assert one.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert one.Rows == 1


def test_it_begins_a_table_of_signed_values_below_zero(tmp_path):
    ds, path = with_table(tmp_path, first=-2, stored=(-30000, -2, -1, 0, 30000), PixelRepresentation=1)
    pydicom.dcmwrite(path, ds)
    assert read(single_frame(str(path))).pixel_array.ravel().tolist() == [5, 5, 70, 300, 4095]


def test_it_applies_a_table_to_compressed_pixels(tmp_path):
    ds, path = with_table(tmp_path)
    ds.compress(RLELossless, generate_instance_uid=False)
    pydicom.dcmwrite(path, ds)
    assert read(single_frame(str(path))).pixel_array.ravel().tolist() == [5, 5, 70, 4095, 4095]


def test_it_leaves_the_table_of_a_fluoroscopy_alone(tmp_path):
    """It leads to what the detector saw, not to what is meant to be seen."""
    ds, path = with_table(tmp_path, SOPClassUID="1.2.840.10008.5.1.4.1.1.12.1")
    pydicom.dcmwrite(path, ds)
    assert read(single_frame(str(path))).pixel_array.ravel().tolist() == [0, 10, 11, 13, 200]


@pytest.mark.parametrize("spoil", ["short", "none", "descriptor"])
def test_it_refuses_a_table_that_is_none(tmp_path, spoil):
    ds, path = with_table(tmp_path)
    item = ds.ModalityLUTSequence[0]
    if spoil == "short":
        item.LUTData = [1, 2]
    elif spoil == "none":
        del item.LUTData
    else:
        item.LUTDescriptor = [4]
    pydicom.dcmwrite(path, ds)
    with pytest.raises(DataError) as caught:
        single_frame(str(path))
    assert caught.value.reason.code == "decode_failed"
