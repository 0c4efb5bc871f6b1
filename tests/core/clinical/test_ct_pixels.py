"""Size, dose, centring, range, metal and contrast of generated CT series whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from tests.core.clinical.builders import CORONAL, FakeReader, code, only, series_of, stack_of

from imagingqc.clinical.ct.body import ssde_factor
from imagingqc.clinical.ct.sweep import sampled
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import SERIES_METHODS, measure_series
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic import Head, Solid, ct_phantom, ct_series
from imagingqc.errors import AnalysisError
from imagingqc.image import Image2D

METHODS = {"ct.body", "ct.noise", "ct.range", "ct.contents"}
PIXELS = {q for m in SERIES_METHODS if m.name in METHODS for q in m.quantities}


def measured(folder):
    series = scan([folder], 1).exams[0].series[0]
    return [m for m in measure_series(series, split_stacks(series), CachedReader(), "fast") if m.method in METHODS]


def phantom(folder, solid=None, **kwargs):
    ct_phantom(folder, solid, **kwargs)
    return measured(folder)


# --- size and dose -------------------------------------------------------------------------------


@pytest.mark.parametrize(("hu", "rows"), [(0, 128), (60, 256), (-80, 512)])
def test_it_recovers_the_water_diameter(tmp_path, hu, rows):
    found = only(phantom(tmp_path, Solid(hu=hu), rows=rows, n=3), "ct.body.water_diameter")
    truth = 2 * math.sqrt(100 * 140 * (1 + hu / 1000))
    assert found.value == pytest.approx(truth, rel=0.01)
    assert found.unit == "mm"
    shape = found.evidence.shape
    assert (shape["kind"], shape["closed"]) == ("polyline", True)
    x, y = np.array(shape["points"]).T * 400 / rows - 200
    assert (np.ptp(x), np.ptp(y)) == pytest.approx((280, 200), abs=2 * 400 / rows + 1)


def test_it_counts_lungs_as_the_little_water_they_are(tmp_path):
    found = only(phantom(tmp_path, Solid(lungs=(0, 2)), n=3), "ct.body.water_diameter")
    area = 100 * 140 - 2 * 45 * 35 * 0.85
    assert found.value == pytest.approx(2 * math.sqrt(area), rel=0.01)


def test_it_holds_the_value_of_the_scanner_against_it(tmp_path):
    found = only(phantom(tmp_path, facts={"WaterEquivalentDiameter": 240.0}, n=3), "ct.body.water_diameter")
    assert found.nominal == 240.0


@pytest.mark.parametrize(
    ("code_value", "diameter", "factor"),
    [("113691", 250, 1.48), ("113691", 300, 1.23), ("113691", 350, 1.03), ("113691", 400, 0.85), ("113690", 160, 1.01)],
)
def test_it_uses_the_factors_of_report_204(code_value, diameter, factor):
    assert ssde_factor(code_value, diameter) == pytest.approx(factor, abs=0.006)


@pytest.mark.parametrize("diameter", [70, 460])
def test_it_does_not_extrapolate_the_factors(diameter):
    with pytest.raises(AnalysisError):
        ssde_factor("113691", diameter)


def test_it_estimates_the_dose_for_the_size(tmp_path):
    found = phantom(tmp_path, n=3)
    factor = 3.704369 * math.exp(-0.03671937 * 2 * math.sqrt(10 * 14))
    assert only(found, "ct.dose.ssde").value == pytest.approx(10 * factor, rel=0.01)
    assert only(found, "ct.dose.ssde").unit == "mGy"


@pytest.mark.parametrize(
    ("facts", "part", "reason"),
    [
        ({"CTDIPhantomTypeCodeSequence": None}, "ABDOMEN", "missing_tag"),
        ({"CTDIvol": None}, "ABDOMEN", "missing_tag"),
        ({"CTDIvol": 0}, "ABDOMEN", "implausible"),
        ({}, "HEAD", "ssde_head"),
    ],
)
def test_it_refuses_a_dose_that_the_header_does_not_carry(tmp_path, facts, part, reason):
    found = phantom(tmp_path, n=3, facts=facts, part=part)
    assert code(only(found, "ct.dose.ssde")) == reason
    assert only(found, "ct.body.water_diameter").reason is None


def test_it_refuses_other_phantoms_and_small_phantoms_of_nobody_knows_whom(tmp_path):
    other, small = (
        {"CTDIPhantomTypeCodeSequence": [_phantom_code(value)]} for value in ("113682", "113690")
    )  # fmt: skip
    assert code(only(phantom(tmp_path / "a", n=3, facts=other), "ct.dose.ssde")) == "unknown_value"
    nameless = {**small, "BodyPartExamined": None, "StudyDescription": None, "SeriesDescription": None}
    assert code(only(phantom(tmp_path / "b", n=3, facts=nameless), "ct.dose.ssde")) == "missing_tag"
    child = only(phantom(tmp_path / "c", n=3, facts=small), "ct.dose.ssde")
    assert child.value == pytest.approx(10 * 1.874799 * math.exp(-0.03871313 * 23.664), rel=0.01)


def _phantom_code(value):
    from pydicom.dataset import Dataset  # noqa: PLC0415

    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", "a phantom"
    return item


# --- truncation and centring ---------------------------------------------------------------------


@pytest.mark.parametrize("circle", [True, False])
def test_it_refuses_size_and_place_of_a_body_that_is_cut(tmp_path, circle):
    found = phantom(tmp_path, Solid(radii_mm=(150, 230)), n=4, circle=circle)
    assert 20 < only(found, "ct.body.truncated").value < 60
    for quantity in ("ct.body.water_diameter", "ct.dose.ssde", "ct.centring.vertical", "ct.centring.lateral"):
        assert code(only(found, quantity)) == "body_truncated"


def test_it_calls_a_body_inside_of_the_field_whole(tmp_path):
    assert only(phantom(tmp_path, Solid(radii_mm=(190, 190)), n=4), "ct.body.truncated").value == 0


@pytest.mark.parametrize("offset", [(0.0, 0.0), (25.0, -18.0), (-31.0, 9.5)])
@pytest.mark.parametrize("fov_centre", [(0.0, 0.0), (14.0, -22.0)])
def test_it_measures_from_the_isocentre_and_not_from_the_picture(tmp_path, offset, fov_centre):
    solid = Solid(radii_mm=(80, 110), centre_mm=offset)
    found = phantom(tmp_path, solid, n=3, fov_centre_mm=fov_centre, isocentre_mm=(-152.9, 0.14))
    up, left = only(found, "ct.centring.vertical"), only(found, "ct.centring.lateral")
    assert (up.value, left.value) == pytest.approx((-offset[0], offset[1]), abs=0.5)
    start, end = np.array(up.evidence.shape["points"])
    assert (end - start) * 400 / 256 == pytest.approx([offset[1], offset[0]], abs=0.5)
    assert start == pytest.approx([128 - fov_centre[1] * 256 / 400, 128 - fov_centre[0] * 256 / 400], abs=0.1)


@pytest.mark.parametrize(
    ("position", "up", "left"),
    [("HFS", -20, 7), ("FFS", -20, 7), ("HFP", 20, 7), ("HFDR", 7, 20), ("FFDL", -7, 20)],
)
def test_it_knows_where_up_is(tmp_path, position, up, left):
    found = phantom(
        tmp_path, Solid(radii_mm=(80, 80), centre_mm=(20, 7)), n=3, facts={"PatientPosition": position}
    )  # fmt: skip
    values = only(found, "ct.centring.vertical").value, only(found, "ct.centring.lateral").value
    assert values == pytest.approx((up, left), abs=0.5)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"DataCollectionCenterPatient": None}, "missing_tag"),
        ({"PatientPosition": None}, "missing_tag"),
        ({"PatientPosition": "SITTING"}, "unknown_value"),
    ],
)
def test_it_refuses_centring_without_isocentre_or_position(tmp_path, facts, reason):
    found = phantom(tmp_path, n=3, facts=facts)
    assert code(only(found, "ct.centring.vertical")) == reason
    assert code(only(found, "ct.centring.lateral")) == reason


# --- noise ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [5, 15, 40])
@pytest.mark.parametrize("rows", [256, 512])
def test_it_recovers_the_noise_of_a_series(tmp_path, noise, rows):
    found = only(phantom(tmp_path, Solid(hu=50, noise_hu=noise), n=3, rows=rows), "ct.noise.global")
    assert found.value == pytest.approx(noise, rel=0.1)
    assert found.unit == "[hnsf'U]"


def test_it_refuses_noise_of_a_body_without_soft_tissue(tmp_path):
    assert code(only(phantom(tmp_path, Solid(hu=-200), n=3), "ct.noise.global")) == "no_soft_tissue"


# --- range ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lungs", "covered", "above", "below"),
    [((4, 20), True, 45, 20), ((1, 28), True, 5, 5), ((0, 20), False, 45, 0), ((4, 40), False, 0, 20)],
)
def test_it_measures_how_far_the_scan_goes_beyond_the_lungs(tmp_path, lungs, covered, above, below):
    found = phantom(tmp_path, Solid(hu=40, lungs=lungs), n=30, part="CHEST", rows=128)
    assert only(found, "ct.range.lungs_covered").value is covered
    assert only(found, "ct.range.above_lungs").value == pytest.approx(above, abs=0.1)
    assert only(found, "ct.range.below_lungs").value == pytest.approx(below, abs=0.1)
    assert only(found, "ct.range.below_lungs").evidence.shape["kind"] == "rect"


def test_it_is_as_exact_as_the_slices_it_looked_at(tmp_path):
    found = phantom(tmp_path, Solid(hu=40, lungs=(13, 69)), n=90, interval_mm=1.0, part="CHEST", rows=128)
    assert only(found, "ct.range.above_lungs").value == pytest.approx(20, abs=5)
    assert only(found, "ct.range.below_lungs").value == pytest.approx(13, abs=5)


@pytest.mark.parametrize(("vertex", "share"), [(26, 0), (34, 66)])
def test_it_sees_whether_the_vertex_is_there(tmp_path, vertex, share):
    solid = Solid(radii_mm=(95, 75), hu=40, vertex=vertex)
    found = phantom(tmp_path, solid, n=30, part="HEAD", fov_mm=250, rows=128)
    truth = 100 * (1 - ((29 + 12 - 34) / 12) ** 2) if share else 0
    assert only(found, "ct.range.vertex").value == pytest.approx(truth, abs=2)


@pytest.mark.parametrize(
    ("kwargs", "lung_reason", "head_reason"),
    [
        ({"part": "ABDOMEN"}, "other_region", "other_region"),
        ({"part": "CHEST"}, "no_lung", "other_region"),
        ({"part": "CHEST", "n": 4}, "too_few_slices", "other_region"),
        ({"part": "HEAD", "n": 4}, "other_region", "too_few_slices"),
        ({"part": "CHEST", "interval_mm": 30.0}, "slices_too_far_apart", "other_region"),
    ],
)
def test_it_refuses_a_range_that_cannot_be_told(tmp_path, kwargs, lung_reason, head_reason):
    found = phantom(tmp_path, **{"n": 10, "rows": 128, **kwargs})
    assert code(only(found, "ct.range.lungs_covered")) == lung_reason
    assert code(only(found, "ct.range.vertex")) == head_reason


def base_of(folder, base, **kwargs):
    painters = [Head(base=base, vertex=28).paint]
    solid = Solid(noise_hu=6)
    found = phantom(folder, solid, n=30, part="HEAD", fov_mm=256, rows=128, painters=painters, **kwargs)
    return only(found, "ct.range.below_skull_base")


@pytest.mark.parametrize("base", [3, 8, 14])
def test_it_measures_how_far_the_scan_goes_below_the_skull_base(tmp_path, base):
    assert base_of(tmp_path, base).value == pytest.approx(5.0 * base, abs=5)


def test_it_does_not_guess_where_the_skull_base_is(tmp_path):
    """Cut within the base, no base at all, slices too far apart."""
    assert code(base_of(tmp_path / "a", 0)) == "skull_base_unclear"
    assert code(base_of(tmp_path / "b", None)) == "skull_base_unclear"
    assert code(base_of(tmp_path / "c", 8, interval_mm=12.0)) == "slices_too_far_apart"


# --- metal and contrast --------------------------------------------------------------------------


@pytest.mark.parametrize(("slices", "share"), [((), 0), ((2,), 10), ((3, 4, 5), 30)])
def test_it_finds_metal(tmp_path, slices, share):
    found = phantom(tmp_path, Solid(metal_mm=4, metal=slices), n=10, rows=512)
    assert only(found, "ct.metal.present").value is bool(slices)
    assert only(found, "ct.metal.slices").value == pytest.approx(share)
    if slices:
        shape = only(found, "ct.metal.present").evidence.shape
        assert shape["kind"] == "circle"
        assert (shape["x"], shape["y"], shape["r"]) == pytest.approx((256, 256 - 51.2, 4 / 400 * 512), abs=1)


def test_it_does_not_call_a_speck_metal(tmp_path):
    assert only(phantom(tmp_path, Solid(metal_mm=0.9, metal=(3,)), rows=512), "ct.metal.present").value is False


@pytest.mark.parametrize("hu", [150, 220, 350])
@pytest.mark.parametrize("rows", [256, 512])
def test_it_follows_an_enhanced_aorta(tmp_path, hu, rows):
    found = phantom(tmp_path, Solid(hu=40, vessel_hu=hu), n=8, rows=rows)
    assert only(found, "ct.contrast.seen").value is True
    aorta = only(found, "ct.contrast.aorta")
    assert aorta.value == pytest.approx(hu, rel=0.05)
    shape = aorta.evidence.shape
    assert (shape["x"], shape["y"]) == pytest.approx((rows / 2 + 20 * rows / 400,) * 2, abs=2)


@pytest.mark.parametrize("hu", [None, 45])
def test_it_sees_no_contrast_where_there_is_none(tmp_path, hu):
    found = phantom(tmp_path, Solid(hu=40, vessel_hu=hu), n=8)
    assert only(found, "ct.contrast.seen").value is False
    assert code(only(found, "ct.contrast.aorta")) == "no_bright_aorta"


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [
        ({"part": "HEAD"}, "other_region"),
        ({"n": 4}, "too_few_slices"),
        ({"interval_mm": 40.0}, "slices_too_far_apart"),
    ],
)
def test_it_does_not_look_for_the_aorta_where_it_cannot_be_followed(tmp_path, kwargs, reason):
    found = phantom(tmp_path, Solid(hu=40, vessel_hu=250), **{"n": 8, **kwargs})
    assert code(only(found, "ct.contrast.aorta")) == reason
    assert code(only(found, "ct.contrast.seen")) == reason


# --- what all of them refuse ---------------------------------------------------------------------


def all_codes(found):
    return {q: code(only(found, q)) for q in PIXELS}


def picture(hu, unit="HU", spacing=(2.0, 2.0)):
    hu = np.asarray(hu, dtype=np.float32)
    return Image2D(hu, hu.astype(np.int16), unit, spacing, 16, "MONOCHROME2", None)


def two_discs(at=((64, 35), (64, 93))):
    down, right = np.mgrid[:128, :128]
    hu = np.full((128, 128), -1000.0)
    for y, x in at:
        hu[np.hypot(down - y, right - x) < 22] = 40
    return hu


def measured_on(images, **kwargs):
    stack = stack_of([5.0 * i for i in range(len(images))], BodyPartExamined="CHEST", **kwargs)
    pixels = {p.instance.sop_uid: image for p, image in zip(stack.slices, images, strict=True) if image}
    found = measure_series(series_of(stack), (stack,), FakeReader(pixels), "fast")
    return [m for m in found if m.method in METHODS]


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        ([picture(two_discs(), unit="US")] * 3, "not_hu"),
        ([picture(two_discs(), spacing=None)] * 3, "missing_tag"),
        ([picture(two_discs())] * 3, "body_in_parts"),
        ([picture(np.full((128, 128), -1000.0))] * 3, "no_body"),
        ([picture(two_discs([(64, 25)])), picture(two_discs([(64, 100)]))] * 2, "body_unsteady"),
        ([None] * 3, "no_pixel_data"),
    ],
)
def test_it_refuses_pixels_without_a_body_to_measure(images, reason):
    codes = all_codes(measured_on(images))
    assert codes.pop("ct.range.vertex") == "other_region"
    assert codes.pop("ct.range.below_skull_base") == "other_region"
    assert set(codes.values()) == {reason}


def test_it_refuses_reformats_projections_and_scouts():
    images = [picture(two_discs())] * 3
    assert set(all_codes(measured_on(images, orientation=CORONAL)).values()) == {"axial_only"}
    mip = measured_on(images, ImageType=("DERIVED", "SECONDARY", "AXIAL", "CT_SOM5 MIP"))
    assert set(all_codes(mip).values()) == {"projection_of_slices"}
    assert set(all_codes(measured_on(images, kind="localizer")).values()) == {"no_images"}


@pytest.mark.parametrize(
    ("n", "interval", "looked_at"), [(300, 1.0, 61), (60, 5.0, 60), (40, 0.5, 9), (3, 5.0, 3), (1, 5.0, 1)]
)
def test_it_looks_at_a_slice_each_five_millimetres(n, interval, looked_at):
    stack = stack_of([interval * i for i in range(n)])
    chosen = sampled(stack)
    assert len(chosen) == looked_at
    assert (chosen[0], chosen[-1]) == (stack.slices[0], stack.slices[-1])


def test_it_decodes_each_slice_once_for_all_methods(tmp_path):
    ct_phantom(tmp_path, n=6, rows=128)
    series = scan([tmp_path], 1).exams[0].series[0]
    calls = []

    class Counting(CachedReader):
        def image(self, piece):
            calls.append(piece.instance.sop_uid)
            return super().image(piece)

    measure_series(series, split_stacks(series), Counting(), "fast")
    assert len(calls) == len(set(calls)) == 6


def test_it_measures_each_phase(tmp_path):
    ct_series(tmp_path, n=8, rows=64, body="abdomen", phases=2)
    found = measured(tmp_path)
    assert len([m for m in found if m.quantity == "ct.body.water_diameter" and m.reason is None]) == 2


@pytest.mark.parametrize("quantity", sorted(PIXELS))
def test_it_measures_the_same_twice(tmp_path, quantity):
    first = phantom(tmp_path, n=8, rows=64)
    assert only(first, quantity) == only(measured(tmp_path), quantity)
