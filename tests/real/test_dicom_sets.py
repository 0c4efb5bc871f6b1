"""Real DICOM: what reading, splitting and decoding must give on sets whose truth is known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from imagingqc.dicom import pixels
from imagingqc.dicom.geometry import intervals_mm, plane, shear_deg
from imagingqc.dicom.header import read_instance
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.errors import AnalysisError, DataError

pytestmark = pytest.mark.real


def stacks_of(folder):
    return [s for e in scan([folder]).exams for series in e.series for s in split_stacks(series)]


def gaps(stack):
    return [round(g, 2) for g in intervals_mm([s.position_mm for s in stack.slices])]


def test_it_reads_a_phantom_whose_identity_was_hashed(real_data):
    (exam,) = scan([real_data / "ct-catphan504"]).exams
    stacks = [s for series in exam.series for s in split_stacks(series)]
    assert [(s.kind, len(s.slices)) for s in stacks] == [("volume", 64)]
    assert gaps(stacks[0]) == [2.5] * 63
    image = pixels.decode(stacks[0].slices[32].instance)
    assert image.unit == "HU"


def test_it_finds_scouts_and_screens_among_heads(real_data):
    kinds = Counter(s.kind for s in stacks_of(real_data / "ct-head" / "philips"))
    assert kinds == {"volume": 3, "localizer": 1, "secondary": 3}


def test_it_splits_two_thicknesses_of_one_series(real_data):
    stacks = stacks_of(real_data / "ct-head" / "ge")
    assert sorted(s.key["SliceThickness"] for s in stacks) == [4.0, 7.0]


def test_it_orders_every_acr_phantom(real_data):
    volumes = [s for s in stacks_of(real_data / "mr-acr") if s.kind == "volume"]
    assert len(volumes) == 12
    assert all(gaps(s) == [10.0] * 10 for s in volumes)
    assert {plane(s.orientation).nearest for s in volumes} == {"axial"}


def test_it_measures_a_tilted_gantry(real_data):
    folder = real_data / "mr-irregular-spacing"
    tilted = scan(sorted(folder.glob("*gantrytilting*"))).exams[0].series[0]
    (stack,) = split_stacks(tilted)
    places = [s.instance.frames[0].position_mm for s in stack.slices]
    assert shear_deg(places, stack.orientation) == pytest.approx(14, abs=1)
    assert plane(stack.orientation).angle_deg == pytest.approx(14, abs=1)


def test_it_splits_a_bolus_monitor_by_acquisition(real_data):
    folder = real_data / "mr-irregular-spacing"
    series = scan(sorted(folder.glob("*notavolume*"))).exams[0].series[0]
    assert [(s.kind, list(s.key)) for s in split_stacks(series)] == [("single", ["AcquisitionNumber"])] * 4


def test_it_keeps_irregular_increments(real_data):
    folder = real_data / "mr-irregular-spacing"
    series = scan(sorted(folder.glob("*sliceincrement_002*"))).exams[0].series[0]
    (stack,) = split_stacks(series)
    assert sorted(gaps(stack)) == [0.75, 0.75, 1.5]


def test_it_orders_an_enhanced_object(real_data):
    (stack,) = stacks_of(real_data / "mr-head" / "philips-enhanced")
    assert gaps(stack) == [1.2] * 7


def test_it_tells_functional_sweeps_apart(real_data):
    stacks = [s for s in stacks_of(real_data / "mr-phantom" / "ge-siemens") if "Sweep" in s.key]
    assert len(stacks) == 8


@pytest.mark.parametrize(
    ("packed", "native"),
    [
        ("693_J2KR", "693_UNCR"),
        ("MR2_J2KR", "MR2_UNCR"),
        ("US1_J2KR", "US1_UNCR"),
        ("emri_small_RLE", "emri_small"),
        ("emri_small_big_endian", "emri_small"),
        ("emri_small_jpeg_2k_lossless", "emri_small"),
        ("emri_small_jpeg_2k_lossless_too_short", "emri_small"),
        ("emri_small_jpeg_ls_lossless", "emri_small"),
        ("gdcm-US-ALOKA-16_big", "gdcm-US-ALOKA-16"),
        ("OBXXXX1A_rle_2frame", "OBXXXX1A_2frame"),
        ("OBXXXX1A_expb", "OBXXXX1A"),
        ("SC_rgb_expb_16bit_2frame", "SC_rgb_16bit_2frame"),
    ],
)
def test_it_decodes_lossless_twins_to_the_same_values(real_data, packed, native):
    pair = [read_instance(real_data / "transfer-syntaxes" / f"data_store_data_{n}.dcm") for n in (packed, native)]
    assert len(pair[0].frames) == len(pair[1].frames)
    for frame in range(min(3, len(pair[0].frames))):
        assert pixels.pixel_hash(pair[0], frame) == pixels.pixel_hash(pair[1], frame)


def test_it_decodes_lossy_pictures_near_their_originals(real_data):
    folder = real_data / "transfer-syntaxes"
    lossy, native = (read_instance(folder / f"data_store_data_{n}.dcm") for n in ("MR2_J2KI", "MR2_UNCI"))
    assert np.array_equal(pixels.decode(lossy).stored, pixels.decode(native).stored)
    assert pixels.is_lossy(lossy) is True


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("transfer-syntaxes/data_store_data_JLSL_08_07_0_1F.dcm", "missing_tag"),
        ("ct-head/philips/In_Philips_S21570_DIRFILE", "dicomdir"),
        ("dose/DX-Im-Carestream_DRX.dcm", "no_pixel_data"),
        ("dose/PX-Im-NewTom_Go.dcm", "pixel_data_short"),
        ("INVENTORY.tsv", "not_dicom"),
    ],
)
def test_it_refuses_broken_files_with_their_reason(real_data, name, code):
    with pytest.raises(DataError) as caught:
        read_instance(real_data / name)
    assert caught.value.reason.code == code


def test_it_reads_and_decodes_nearly_everything(real_data):
    """Every picture of every set decodes, or is one of the kinds known not to."""
    failed: Counter[str] = Counter()
    for exam in scan([real_data], jobs=2).exams:
        for series in exam.series:
            for instance in series.instances:
                if not instance.frames:
                    continue
                try:
                    assert np.isfinite(pixels.decode(instance).pixels).all()
                except AnalysisError:
                    assert pixels.decode_rgb(instance).ndim == 3
                except DataError as exc:
                    failed[f"{instance.modality} {exc.reason.code}"] += 1
    # one-bit segmentations in RLE and in the deflated-frame syntax
    assert failed == {"SEG unsupported_syntax": 2, "SEG decode_failed": 2}
