"""Pixels: exact values in every lossless syntax, units, padding, the picture for the screen, and refusals."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread, uid
from pydicom.encaps import encapsulate
from tests.core.dicom.builders import big_endian, by_gdcm, compressed, ct_dataset, save
from tests.phantoms import dicom as phantoms

from imagingqc.dicom import pixels
from imagingqc.dicom.codecs import DECODERS
from imagingqc.dicom.header import read_instance
from imagingqc.dicom.synthetic.ct import PADDING
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import Image2D


def refused(instance, frame=0) -> str:
    with pytest.raises(DataError) as caught:
        pixels.decode(instance, frame)
    return caught.value.reason.code


def unsigned(tmp_path, bits=12):
    """A radiograph as a dataset, 12 bits unsigned in 16 or 8 in 8."""
    ds = dcmread(phantoms.dx_image(tmp_path / "dx", rows=64, columns=48, clipped=0.05))
    if bits == 8:
        ds.PixelData = (np.frombuffer(ds.PixelData, "<u2") >> 4).astype(np.uint8).tobytes()
        ds["PixelData"].VR = "OB"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    return ds


def test_it_gives_hounsfield_units_and_marks_padding(tmp_path):
    path = phantoms.ct_series(tmp_path, n=1, rows=64, body="abdomen", noise_hu=0.0)[0]
    image = pixels.decode(read_instance(path))
    assert (image.unit, image.pixels.dtype, image.pixels.shape) == ("HU", np.float32, (64, 64))
    assert image.pixels[20, 32] == pytest.approx(40, abs=1)
    assert image.spacing_mm == (6.25, 6.25)
    assert image.padding[0, 0]
    assert not image.padding[32, 32]
    assert (image.stored[image.padding] == PADDING).all()
    assert image.pixels[~image.padding].min() >= -1024


@pytest.mark.parametrize(("slope", "intercept"), [(2.0, -100.0), (0.5, 0.0), (1.0, -1024.0)])
def test_it_applies_slope_and_intercept(tmp_path, slope, intercept):
    ds = ct_dataset(tmp_path, RescaleSlope=slope, RescaleIntercept=intercept)
    image = pixels.decode(read_instance(save(ds, tmp_path / "x.dcm")))
    assert np.allclose(image.pixels, image.stored * slope + intercept)


def test_it_says_stored_when_there_is_no_rescale(tmp_path):
    ds = ct_dataset(tmp_path, RescaleSlope=None, RescaleIntercept=None, RescaleType=None)
    assert pixels.decode(read_instance(save(ds, tmp_path / "x.dcm"))).unit == "stored"


def test_it_masks_a_padding_range_in_either_order(tmp_path):
    ds = ct_dataset(tmp_path, PixelPaddingValue=-1000)
    ds.PixelPaddingRangeLimit = PADDING
    ds["PixelPaddingRangeLimit"].VR = "SS"
    image = pixels.decode(read_instance(save(ds, tmp_path / "x.dcm")))
    assert (image.padding == (image.stored <= -1000)).all()


def test_it_decodes_every_frame_of_a_multi_frame_object_with_its_rescale(tmp_path):
    path = phantoms.enhanced_mr(tmp_path, n=4)
    stored = dcmread(path).pixel_array
    instance = read_instance(path)
    for frame in range(4):
        image = pixels.decode(instance, frame)
        assert (image.stored == stored[frame]).all()
        assert np.allclose(image.pixels, stored[frame] * 2.0 + 5.0)


# --- transfer syntaxes ------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [8, 12])
@pytest.mark.parametrize(
    "syntax",
    [
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRLittleEndian,
        uid.DeflatedExplicitVRLittleEndian,
        uid.RLELossless,
        uid.JPEGLSLossless,
        uid.JPEG2000Lossless,
        uid.JPEGLosslessSV1,
        uid.JPEGLossless,
    ],
)
def test_it_decodes_every_lossless_syntax_to_the_same_values(tmp_path, syntax, bits):
    ds = unsigned(tmp_path, bits)
    expected = ds.pixel_array.copy()
    path = tmp_path / "x.dcm"
    if syntax in {uid.JPEGLosslessSV1, uid.JPEGLossless}:
        by_gdcm(save(ds, tmp_path / "native.dcm"), path, syntax, lossy=False)
    elif uid.UID(syntax).is_compressed and syntax != uid.DeflatedExplicitVRLittleEndian:
        compressed(ds, path, syntax)
    else:
        save(ds, path, syntax)
    instance = read_instance(path)
    assert instance.transfer_syntax_uid == syntax
    image = pixels.decode(instance)
    assert (image.stored == expected).all()
    assert image.bits_stored == bits
    assert pixels.is_lossy(instance) is False


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless])
def test_it_hashes_a_picture_alike_in_every_syntax(tmp_path, syntax):
    ds = ct_dataset(tmp_path)
    native = read_instance(save(ds, tmp_path / "a.dcm"))
    packed = read_instance(compressed(ds, tmp_path / "b.dcm", syntax))
    assert pixels.pixel_hash(native) == pixels.pixel_hash(packed)


def test_it_hashes_big_and_little_endian_alike(tmp_path):
    little = read_instance(save(ct_dataset(tmp_path), tmp_path / "a.dcm"))
    big = read_instance(big_endian(ct_dataset(tmp_path), tmp_path / "b.dcm"))
    assert big.transfer_syntax_uid == uid.ExplicitVRBigEndian
    assert pixels.pixel_hash(little) == pixels.pixel_hash(big)
    assert (
        pixels.pixel_hash(little)
        != pixels.pixel_hash(read_instance(save(ct_dataset(tmp_path / "c", WindowCenter=1), tmp_path / "c.dcm")))
        or (pixels.decode(little).stored == pixels.decode(big).stored).all()
    )


def test_it_hashes_another_picture_differently(tmp_path):
    a, b = phantoms.ct_series(tmp_path, n=2, rows=32)
    assert pixels.pixel_hash(read_instance(a)) != pixels.pixel_hash(read_instance(b))


@pytest.mark.parametrize(
    ("syntax", "bits", "tolerance"), [(uid.JPEGBaseline8Bit, 8, 12), (uid.JPEGExtended12Bit, 12, 8)]
)
def test_it_decodes_lossy_jpeg_near_the_truth_and_says_lossy(tmp_path, syntax, bits, tolerance):
    ds = unsigned(tmp_path, bits)
    expected = ds.pixel_array.astype(int)
    assert expected.min() == 0
    path = by_gdcm(save(ds, tmp_path / "native.dcm"), tmp_path / "x.dcm", syntax, lossy=True)
    instance = read_instance(path)
    assert instance.transfer_syntax_uid == syntax
    image = pixels.decode(instance)
    difference = np.abs(image.stored.astype(int) - expected)
    assert difference.max() <= tolerance
    assert pixels.is_lossy(instance) is True


def test_it_decodes_jpeg_only_with_decoders_of_a_free_licence():
    allowed = {"pillow", "gdcm"}
    for syntax in (uid.JPEGBaseline8Bit, uid.JPEGExtended12Bit, uid.JPEGLossless, uid.JPEGLosslessSV1):
        assert set(DECODERS[syntax]) <= allowed


# --- display ------------------------------------------------------------------------------------


def picture(values, photometric="MONOCHROME2", padding=None):
    array = np.asarray(values, dtype=np.float32)
    return Image2D(array, array, "HU", None, 12, photometric, padding)


def test_it_windows_for_the_screen():
    grey = pixels.display_8bit(picture([[-200.0, -60.0, 40.0, 140.0, 900.0]]), (40.0, 200.0))
    assert grey.tolist() == [[0, 0, 128, 255, 255]]


def test_it_inverts_monochrome1_and_blackens_padding():
    padding = np.array([[False, False, True]])
    grey = pixels.display_8bit(picture([[0.0, 100.0, 100.0]], "MONOCHROME1", padding), (50.0, 100.0))
    assert grey.tolist() == [[255, 0, 0]]


@given(st.lists(st.floats(-3000, 3000, width=32), min_size=4, max_size=40), st.floats(-500, 500, width=32))
@settings(deadline=None)
def test_it_shows_the_same_picture_after_a_shift_of_all_values(values, shift):
    base = picture([values])
    moved = picture([[np.float32(v) + np.float32(shift) for v in values]])
    difference = pixels.display_8bit(base).astype(int) - pixels.display_8bit(moved).astype(int)
    if np.ptp(base.pixels) > 10:
        assert np.abs(difference).max() <= 1


def test_it_takes_the_window_of_the_header(tmp_path):
    path = phantoms.ct_series(tmp_path, n=1, rows=32, body="head")[0]
    assert pixels.header_window(read_instance(path)) == (40.0, 100.0)


def test_it_gives_colour_for_the_screen_and_refuses_to_measure_it(tmp_path):
    instance = read_instance(phantoms.us_colour(tmp_path))
    rgb = pixels.decode_rgb(instance)
    assert (rgb.dtype, rgb.shape) == (np.uint8, (120, 160, 3))
    assert rgb[65, 80].tolist() == [200, 40, 30]
    with pytest.raises(AnalysisError) as caught:
        pixels.decode(instance)
    assert caught.value.reason.code == "colour_image"


def test_it_gives_grey_as_rgb_too(tmp_path):
    rgb = pixels.decode_rgb(read_instance(phantoms.ct_series(tmp_path, n=1, rows=32)[0]))
    assert rgb.shape == (32, 32, 3)
    assert (rgb[..., 0] == rgb[..., 2]).all()


# --- refusals -----------------------------------------------------------------------------------


def test_it_refuses_a_frame_that_is_not_there(tmp_path):
    instance = read_instance(phantoms.ct_series(tmp_path, n=1, rows=32)[0])
    assert refused(instance, 1) == "no_such_frame"
    assert refused(instance, -1) == "no_such_frame"


def test_it_refuses_a_report(tmp_path):
    assert refused(read_instance(phantoms.dose_report(tmp_path))) == "not_an_image"


def test_it_refuses_a_file_that_changed_or_went_away(tmp_path):
    first, second = phantoms.ct_series(tmp_path, n=2, rows=32)
    instance = read_instance(first)
    assert refused(replace(instance, path=str(second))) == "file_changed"
    first.unlink()
    assert refused(instance) == "file_unreadable"


@pytest.mark.parametrize("syntax", [uid.JPEG2000Lossless, uid.JPEGLSLossless])
def test_it_refuses_a_codestream_of_another_size(tmp_path, syntax):
    ds = ct_dataset(tmp_path)
    ds.compress(syntax, generate_instance_uid=False)
    ds.Rows, ds.Columns = 16, 16
    assert refused(read_instance(save(ds, tmp_path / "x.dcm"))) == "codestream_mismatch"


@pytest.mark.parametrize("syntax", [uid.JPEG2000Lossless, uid.JPEGLSLossless, uid.RLELossless])
def test_it_refuses_garbage_in_place_of_a_codestream(tmp_path, syntax):
    ds = ct_dataset(tmp_path)
    ds.compress(syntax, generate_instance_uid=False)
    ds.PixelData = encapsulate([bytes(400)])
    assert refused(read_instance(save(ds, tmp_path / "x.dcm"))) == "decode_failed"


def test_it_refuses_a_syntax_it_does_not_know(tmp_path):
    ds = ct_dataset(tmp_path)
    ds.compress(uid.RLELossless, generate_instance_uid=False)
    ds.file_meta.TransferSyntaxUID = uid.UID("1.2.840.10008.1.2.4.100")  # MPEG-2
    path = tmp_path / "x.dcm"
    ds.save_as(path, implicit_vr=False, little_endian=True)
    assert refused(read_instance(path)) == "unsupported_syntax"


@pytest.mark.parametrize(
    ("facts", "lossy"),
    [
        ({"LossyImageCompression": "01"}, True),
        ({"LossyImageCompression": "00"}, False),
        ({"LossyImageCompression": None}, None),
    ],
)
def test_it_tells_lossy_only_when_the_header_does(tmp_path, facts, lossy):
    assert pixels.is_lossy(read_instance(save(ct_dataset(tmp_path, **facts), tmp_path / "x.dcm"))) is lossy
