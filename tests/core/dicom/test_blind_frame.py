"""One frame for a blind reading: letters are found and painted over, the rest of the pixels stays."""

import io

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from imagingqc.dicom.blind_frame import blind_frame, lettering
from imagingqc.dicom.deidentify_rules import Box
from imagingqc.dicom.single_frame import single_frame
from imagingqc.dicom.synthetic import Patient, ct_series, dx_image
from imagingqc.dicom.synthetic.us import us_frame
from imagingqc.errors import DataError
from imagingqc.imaging.text import TextBox, side_of

SECRET = Patient(name="ZHANG^SAN", id="ID-SECRET-7", birth_date="19630724")
COVER = (Box(10, 5, 20, 8),)


class Finds:
    """Finds the same pieces in every picture."""

    def __init__(self, *pieces):
        self.pieces, self.asked = pieces, 0

    def read(self, image8):
        assert image8.dtype == np.uint8
        self.asked += 1
        return self.pieces


def named(path):
    return lettering(str(path), Finds(TextBox("ZHANG SAN", 0.9, 40, 50, 30, 10), TextBox("R", 0.9, 5, 5, 6, 6)), side)


def side(text):
    return bool(side_of(text))


def opened(data):
    return pydicom.dcmread(io.BytesIO(data))


def test_it_finds_text_and_spares_the_side_marker(tmp_path):
    found = named(dx_image(tmp_path, rows=200, columns=200, patient=SECRET))
    assert found.is_known
    assert found.boxes == (Box(37, 47, 37, 17),)


def test_it_leaves_kinds_that_carry_no_text_alone(tmp_path):
    reader = Finds(TextBox("ZHANG", 0.9, 4, 4, 9, 9))
    assert lettering(str(ct_series(tmp_path, n=1, rows=64)[0]), reader, side).boxes == ()
    assert reader.asked == 0


def test_it_says_when_nothing_can_tell(tmp_path):
    plain = us_frame(tmp_path / "us", rows=60, columns=80)
    dataset = pydicom.dcmread(plain)
    dataset.pop("SequenceOfUltrasoundRegions", None)
    dataset.save_as(plain)
    assert not lettering(str(plain), None, side).is_known
    assert lettering(str(ct_series(tmp_path / "ct", n=1, rows=64)[0]), None, side).is_known


def test_it_covers_what_is_outside_of_the_ultrasound_regions(tmp_path):
    path = us_frame(tmp_path, rows=60, columns=80)
    dataset = pydicom.dcmread(path)
    region = pydicom.Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 10, 12
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 69, 49
    dataset.SequenceOfUltrasoundRegions = [region]
    dataset.save_as(path)
    found = lettering(str(path), None, side)
    assert found.is_known
    shown = opened(blind_frame(str(path), 0, found.boxes)).pixel_array
    assert not any(part.any() for part in (shown[:12], shown[50:], shown[:, :10], shown[:, 70:]))
    assert np.array_equal(shown[12:50, 10:70], dataset.pixel_array[12:50, 10:70])


@pytest.mark.parametrize("inverse", [False, True])
def test_it_paints_grey_black_and_keeps_the_rest(tmp_path, inverse):
    path = dx_image(tmp_path, rows=64, columns=80, photometric="MONOCHROME1" if inverse else "MONOCHROME2")
    before = pydicom.dcmread(path).pixel_array
    after = opened(blind_frame(str(path), 0, COVER))
    inside = np.zeros(before.shape, bool)
    inside[5:13, 10:30] = True
    black = before.max() if inverse else before.min()
    assert (after.pixel_array[inside] == black).all()
    assert np.array_equal(after.pixel_array[~inside], before[~inside])
    assert after.WindowCenter == pydicom.dcmread(path).WindowCenter


@pytest.mark.parametrize("name", ["examples_palette.dcm", "JPEG2000.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm",
                                  "MR_small_implicit.dcm", "examples_ybr_color.dcm"])  # fmt: skip
def test_it_covers_every_encoding(name):
    path = get_testdata_file(name, download=False)
    if path is None:
        pytest.skip(f"{name} is not part of the installed library")
    shown = opened(blind_frame(str(path), 0, COVER))
    pixels = shown.pixel_array
    plain = opened(blind_frame(str(path), 0, (Box(0, 0, 1, 1),))).pixel_array
    assert shown.file_meta.TransferSyntaxUID.is_little_endian
    assert len(np.unique(pixels[5:13, 10:30].reshape(-1, pixels.shape[2] if pixels.ndim == 3 else 1), axis=0)) == 1
    assert np.array_equal(pixels[13:], plain[13:])


def test_it_says_nothing_of_the_maker_in_the_kind_of_image(tmp_path):
    path = ct_series(tmp_path, n=1, rows=32, patient=SECRET)[0]
    dataset = pydicom.dcmread(path)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER", "ACME DEVICE 7"]
    dataset.save_as(path)
    bare = blind_frame(str(path), 0, ())
    assert b"ACME" in single_frame(str(path), 0)
    for data in (bare, blind_frame(str(path), 0, COVER)):
        assert not any(word in data for word in (b"ACME", b"ZHANG", b"ID-SECRET-7", b"19630724"))
        assert "LOCALIZER" in opened(data).ImageType
    assert np.array_equal(opened(bare).pixel_array, dataset.pixel_array)


def test_it_refuses_what_it_cannot_read(tmp_path):
    path = ct_series(tmp_path, n=1, rows=32)[0]
    for beyond in (-1, 1):
        with pytest.raises(DataError) as refused:
            blind_frame(str(path), beyond, COVER)
        assert refused.value.reason.code == "no_such_frame"
    with pytest.raises(DataError) as refused:
        lettering(str(tmp_path / "none.dcm"), None, side)
    assert refused.value.reason.code == "file_unreadable"
