"""Headers: clean values, problems reported, and every kind of bad file refused with its reason."""

import math
import struct

import pytest
from pydicom import dcmread, dcmwrite, uid
from pydicom.dataset import Dataset
from tests.core.dicom.builders import ct_dataset, raw_bytes, save
from tests.phantoms import dicom as phantoms

from imagingqc.dicom import header
from imagingqc.errors import DataError, reason_catalogue


def refused(path) -> str:
    with pytest.raises(DataError) as caught:
        header.read_instance(path)
    reason = caught.value.reason
    assert reason.code in reason_catalogue()
    assert reason.text("zh")
    assert reason.text("en")
    return reason.code


def test_it_reads_a_slice_into_plain_facts(tmp_path):
    path = phantoms.ct_series(tmp_path, n=1, rows=64, thickness_mm=5.0, kernel="B30f", kvp=120)[0]
    instance = header.read_instance(path)
    assert (instance.modality, instance.rows, instance.columns) == ("CT", 64, 64)
    assert instance.text("ConvolutionKernel") == "B30f"
    assert instance.number("KVP") == 120
    assert instance.texts("ImageType") == ("ORIGINAL", "PRIMARY", "AXIAL")
    assert instance.text("PatientName") == "DEMO^PATIENT"
    assert instance.facts["CTDIPhantomTypeCodeSequence"] == ("DCM:113691:IEC Body Dosimetry Phantom",)
    geometry = instance.frames[0]
    assert geometry.thickness_mm == 5.0
    assert geometry.spacing_mm == (400 / 64, 400 / 64)
    assert geometry.orientation == (1, 0, 0, 0, 1, 0)
    assert instance.problems == ()


def test_it_holds_only_plain_values_of_the_closed_list(tmp_path):
    instance = header.read_instance(phantoms.enhanced_mr(tmp_path))
    assert set(instance.facts) <= header.KEYWORDS
    for frame in instance.frames:
        assert set(frame.facts) <= header.KEYWORDS
    for value in instance.facts.values():
        values = value if isinstance(value, tuple) else (value,)
        assert all(type(v) in {str, int, float} for v in values)


@pytest.mark.parametrize(
    ("keyword", "text", "code"),
    [
        ("PixelSpacing", b"0\\0", "absurd_value"),
        ("PixelSpacing", b"900\\900 ", "absurd_value"),
        ("SliceThickness", b"-5", "absurd_value"),
        ("KVP", b"120000", "absurd_value"),
        ("KVP", b"nan ", "absurd_value"),
        ("KVP", b"inf ", "absurd_value"),
        ("KVP", b"1,5 ", "unreadable_value"),
        ("SeriesNumber", b"two ", "unreadable_value"),
        ("StudyDate", b"20261350", "absurd_value"),
        ("StudyTime", b"9:3o", "absurd_value"),
        ("ImagePositionPatient", b"0\\x\\0 ", "unreadable_value"),
    ],
)
def test_it_leaves_out_what_cannot_be_true_and_says_so(tmp_path, keyword, text, code):
    ds = ct_dataset(tmp_path)
    path = tmp_path / "bad.dcm"
    data = raw_bytes(ds)
    element = ds.data_element(keyword)
    tag = struct.pack("<HH", element.tag.group, element.tag.elem)
    start = data.index(tag + element.VR.encode())
    length = struct.unpack("<H", data[start + 6 : start + 8])[0]
    padded = text + b" " * (len(text) % 2)
    path.write_bytes(data[: start + 6] + struct.pack("<H", len(padded)) + padded + data[start + 8 + length :])
    instance = header.read_instance(path)
    assert keyword not in instance.facts
    assert [p.reason.code for p in instance.problems if p.keyword == keyword] == [code]


def test_it_reports_an_orientation_that_is_none(tmp_path):
    ds = ct_dataset(tmp_path, ImageOrientationPatient=[1, 0, 0, 1, 0, 0])
    instance = header.read_instance(save(ds, tmp_path / "x.dcm"))
    assert instance.frames[0].orientation is None
    assert "bad_orientation" in {p.reason.code for p in instance.problems}


def test_it_takes_zero_thickness_as_not_told(tmp_path):
    instance = header.read_instance(save(ct_dataset(tmp_path, SliceThickness=0), tmp_path / "x.dcm"))
    assert "SliceThickness" not in instance.facts
    assert instance.frames[0].thickness_mm is None
    assert instance.problems == ()


def test_it_reads_shared_and_per_frame_groups(tmp_path):
    path = phantoms.enhanced_mr(tmp_path, n=3, echo_times=(10.0, 80.0), temporal=2, interval_mm=6)
    instance = header.read_instance(path)
    assert len(instance.frames) == 12
    assert instance.number("RepetitionTime") == 600
    assert instance.number("RescaleSlope") == 2
    assert "EchoTime" not in instance.facts
    assert [f.facts["EchoTime"] for f in instance.frames] == [10.0] * 3 + [80.0] * 3 + [10.0] * 3 + [80.0] * 3
    assert [f.facts["TemporalPositionIdentifier"] for f in instance.frames] == [1] * 6 + [2] * 6
    assert [f.position_mm[2] for f in instance.frames[:3]] == [12.0, 6.0, 0.0]
    assert {f.spacing_mm for f in instance.frames} == {(3.5, 3.5)}


def test_it_reads_tube_current_of_every_enhanced_ct_frame(tmp_path):
    instance = header.read_instance(phantoms.enhanced_ct(tmp_path, n=3, kvp=100))
    assert instance.number("KVP") == 100
    assert instance.text("ConvolutionKernel") == "B30f"
    assert [f.facts["XRayTubeCurrent"] for f in instance.frames] == [100.0, 101.0, 102.0]


def test_it_takes_ultrasound_spacing_from_the_only_region(tmp_path):
    assert header.read_instance(phantoms.us_colour(tmp_path)).frames[0].spacing_mm == pytest.approx((0.5, 0.5))


def test_it_catalogues_a_report_without_pictures(tmp_path):
    instance = header.read_instance(phantoms.dose_report(tmp_path))
    assert (instance.modality, instance.rows, instance.columns, instance.frames) == ("SR", 0, 0, ())


def test_it_reads_a_bare_dataset_without_preamble(tmp_path):
    ds = ct_dataset(tmp_path)
    path = tmp_path / "bare"
    for implicit in (True, False):
        dcmwrite(path, Dataset(ds), implicit_vr=implicit, little_endian=True, enforce_file_format=False)
        assert path.read_bytes()[128:132] != b"DICM"
        assert header.read_instance(path).sop_uid == ds.SOPInstanceUID


def test_it_takes_the_uid_of_the_file_meta_when_a_hash_stands_in_the_dataset(tmp_path):
    ds = ct_dataset(tmp_path)
    true_uid = str(ds.file_meta.MediaStorageSOPInstanceUID)
    path = tmp_path / "hash.dcm"
    data = raw_bytes(ds)
    old = ds.SOPInstanceUID.encode()
    at = data.rindex(old)
    path.write_bytes(data[:at] + b"a" * len(old) + data[at + len(old) :])
    instance = header.read_instance(path)
    assert instance.sop_uid == true_uid
    assert "bad_uid" in {p.reason.code for p in instance.problems}


# --- refusals -----------------------------------------------------------------------------------


def test_it_refuses_what_is_not_there(tmp_path):
    assert refused(tmp_path / "nothing") == "file_unreadable"
    assert refused(tmp_path) == "file_unreadable"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty_file"), (b"x", "not_dicom"), (b"hello world" * 40, "not_dicom"), (b"\0" * 4096, "not_dicom")],
)
def test_it_refuses_what_is_not_dicom(tmp_path, content, code):
    path = tmp_path / "x"
    path.write_bytes(content)
    assert refused(path) == code


def test_it_refuses_a_preamble_and_nothing_else(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"\0" * 128 + b"DICM")
    assert refused(path) == "parse_error"


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "SOPClassUID"])
def test_it_refuses_an_object_without_identity(tmp_path, keyword):
    ds = ct_dataset(tmp_path)
    delattr(ds, keyword)
    assert refused(save(ds, tmp_path / "x.dcm")) == "missing_tag"


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("text", ["../../etc", "1.2;drop", "1" * 65, "1.2 3"])
def test_it_refuses_identities_that_are_no_names(tmp_path, text):
    ds = ct_dataset(tmp_path)
    ds.SeriesInstanceUID = text
    assert refused(save(ds, tmp_path / "x.dcm")) == "bad_uid"


def test_it_refuses_a_directory_file(tmp_path):
    ds = ct_dataset(tmp_path)
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = uid.MediaStorageDirectoryStorage
    assert refused(save(ds, tmp_path / "DICOMDIR")) == "dicomdir"


@pytest.mark.parametrize(("rows", "code"), [(0, "zero_pixels"), (None, "zero_pixels"), (64, "pixel_data_short")])
def test_it_refuses_pixels_that_do_not_fit_the_header(tmp_path, rows, code):
    ds = ct_dataset(tmp_path)
    if rows is None:
        del ds.Rows
    else:
        ds.Rows = rows
    assert refused(save(ds, tmp_path / "x.dcm")) == code


def test_it_refuses_an_image_class_without_pixels(tmp_path):
    ds = ct_dataset(tmp_path)
    del ds.PixelData
    assert refused(save(ds, tmp_path / "x.dcm")) == "no_pixel_data"


@pytest.mark.parametrize("keep", [0.5, 0.9, 0.999])
def test_it_refuses_a_file_cut_in_its_pixels(tmp_path, keep):
    path = save(ct_dataset(tmp_path), tmp_path / "x.dcm")
    data = path.read_bytes()
    start = data.rindex(b"\xe0\x7f\x10\x00")
    path.write_bytes(data[: start + 12 + int((len(data) - start - 12) * keep)])
    assert refused(path) == "truncated"


def test_it_refuses_compressed_pixels_cut_short(tmp_path):
    ds = ct_dataset(tmp_path)
    ds.compress(uid.RLELossless, generate_instance_uid=False)
    path = save(ds, tmp_path / "x.dcm")
    path.write_bytes(path.read_bytes()[:-200])
    assert refused(path) == "truncated"


def test_it_refuses_fewer_compressed_frames_than_declared(tmp_path):
    ds = ct_dataset(tmp_path)
    ds.compress(uid.RLELossless, generate_instance_uid=False)
    ds.NumberOfFrames = 5
    assert refused(save(ds, tmp_path / "x.dcm")) == "frames_missing"


def test_it_refuses_a_picture_that_would_fill_the_memory(tmp_path):
    ds = ct_dataset(tmp_path)
    ds.compress(uid.RLELossless, generate_instance_uid=False)
    ds.Rows = ds.Columns = 65535
    assert refused(save(ds, tmp_path / "x.dcm")) == "too_large"
    ds.Rows = ds.Columns = 14000
    assert refused(save(ds, tmp_path / "y.dcm")) == "implausible_size"


def test_it_refuses_a_deflated_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr("imagingqc.dicom.source.MAX_INFLATED_BYTES", 1_000)
    path = save(ct_dataset(tmp_path), tmp_path / "x.dcm", uid.DeflatedExplicitVRLittleEndian)
    assert refused(path) == "inflated_too_large"


def test_it_reads_a_deflated_file(tmp_path):
    path = save(ct_dataset(tmp_path), tmp_path / "x.dcm", uid.DeflatedExplicitVRLittleEndian)
    instance = header.read_instance(path)
    assert instance.transfer_syntax_uid == uid.DeflatedExplicitVRLittleEndian
    assert instance.rows == 32


@pytest.mark.parametrize("depth", [50, 5_000, 200_000])
def test_it_survives_sequences_nested_without_end(tmp_path, depth):
    data = raw_bytes(ct_dataset(tmp_path))
    at = data.index(b"\x08\x00\x60\x00CS")  # before Modality (0008,0060)
    nested = b"\x08\x00\x3f\x00SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * depth
    closing = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0" * depth
    path = tmp_path / "x.dcm"
    path.write_bytes(data[:at] + nested + closing + data[at:])
    if depth > 50:
        assert refused(path) == "parse_error"
    else:
        assert header.read_instance(path).rows == 32


def test_it_gives_every_number_finite(tmp_path):
    ds = dcmread(phantoms.enhanced_ct(tmp_path))
    instance = header.read_instance(save(ds, tmp_path / "x.dcm"))
    for facts in [instance.facts, *(f.facts for f in instance.frames)]:
        for value in facts.values():
            values = value if isinstance(value, tuple) else (value,)
            assert all(math.isfinite(v) for v in values if isinstance(v, float))
