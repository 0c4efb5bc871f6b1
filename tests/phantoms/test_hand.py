"""Choices made by hand in the images: they say where to look, and the pixels still have to bear them out."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from tests.phantoms.xray import examined, refusal, values

from imagingqc.dicom.series import scan as scan_files
from imagingqc.dicom.synthetic.phantoms.ct_acr import ACRCT, acr_ct
from imagingqc.dicom.synthetic.phantoms.ct_stack import Scan, write_ct
from imagingqc.dicom.synthetic.phantoms.dr_raw import Detector, dr_flat, dr_raw
from imagingqc.dicom.synthetic.phantoms.dr_sharpness import dr_bars
from imagingqc.dicom.synthetic.phantoms.mg_uniform import mg_uniform
from imagingqc.dicom.synthetic.phantoms.mr_acr import mr_acr
from imagingqc.dicom.synthetic.phantoms.mr_stack import MRSeries
from imagingqc.dicom.synthetic.phantoms.mr_uniform import UniformPhantom, mr_uniform
from imagingqc.dicom.synthetic.phantoms.us_air import us_air, us_air_pixels
from imagingqc.dicom.synthetic.phantoms.water import WaterPhantom, water_phantom
from imagingqc.phantom.ct import acr as ct_acr
from imagingqc.phantom.ct import water
from imagingqc.phantom.dr import resolution, uniformity
from imagingqc.phantom.mg import uniform as mg
from imagingqc.phantom.mr import acr as mr_acr_test
from imagingqc.phantom.mr import uniform as mr
from imagingqc.phantom.registry import TESTS
from imagingqc.phantom.run import analyse
from imagingqc.phantom.us import air

SMALL = Detector(rows=344, columns=344, spacing=1.0)
BLOCK = Detector(rows=480, columns=384, spacing=0.6, a=50.0, b=20.0, noise=0.1, electronic=0.2)


def uid_of(path):
    return str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)


def by_place(folder):
    """SOP Instance UIDs by position along z."""
    files = [pydicom.dcmread(path, stop_before_pixels=True) for path in folder.rglob("*.dcm")]
    return [str(one.SOPInstanceUID) for one in sorted(files, key=lambda one: float(one.ImagePositionPatient[2]))]


def measured_in(result):
    return {e.instance for m in result.found.measurements if (e := m.evidence) is not None}


# --- CT water


def test_a_slice_of_the_water_phantom_is_chosen_in_the_images(tmp_path):
    water_phantom(tmp_path, WaterPhantom(ends_mm=(-12.0, 100.0)), Scan(n=9, first_mm=-20.0, noise_hu=4))
    uids = by_place(tmp_path)
    result = examined(water.TEST, tmp_path, image=uids[6])
    assert measured_in(result) == {uids[6]}
    told = result.as_dict()["by_hand"]
    assert [(one["key"], one["value"], one["frame"]) for one in told] == [("image", uids[6], 0)]
    assert told[0]["instance_number"] is not None
    assert refusal(examined(water.TEST, tmp_path, image=uids[0])) == "phantom_slice_unfit"
    assert refusal(examined(water.TEST, tmp_path, image="1.2.3")) == "hand_image_unknown"
    assert refusal(examined(water.TEST, tmp_path, image=uids[6], slice=2)) == "hand_slice_twice"
    assert examined(water.TEST, tmp_path, image=uids[6], slice=7).refused is None


def test_the_series_is_that_of_the_chosen_slice(tmp_path):
    for key, hu in (("a", 2.0), ("b", 9.0)):
        water_phantom(tmp_path / key, WaterPhantom(water_hu=hu), Scan(n=3, key=key, noise_hu=3))
    assert refusal(examined(water.TEST, tmp_path)) == "phantom_several_series"
    found = values(examined(water.TEST, tmp_path, image=by_place(tmp_path / "b")[1]))
    assert found["ct.phantom.ct_number"] == pytest.approx(9.0, abs=0.6)


def beside_a_larger(z, down, right):
    """A water phantom of 180 mm, and a larger slab of plastic beside it."""
    picture = WaterPhantom(diameter_mm=180.0, centre_mm=(0.0, -80.0)).paint(z, down, right)
    return np.where((np.abs(down) < 100) & (right > 30.0) & (right < 220.0), 100.0, picture)


def test_a_phantom_that_is_not_the_largest_thing_is_found_where_it_was_drawn(tmp_path):
    scan = Scan(n=3, rows=256, fov_mm=460.0, noise_hu=3.0)
    write_ct(tmp_path, beside_a_larger, scan)
    assert examined(water.TEST, tmp_path).refused is not None
    pixel = scan.pixel_mm
    x, y, radius = 128 - 80 / pixel, 128.0, 90 / pixel
    result = examined(water.TEST, tmp_path, outline=(x + 2, y - 2, radius * 1.03))
    assert values(result)["ct.phantom.diameter"] == pytest.approx(180.0, abs=1.0)
    # The numbers are those of the pixels: a circle drawn a little differently gives the same.
    assert values(result) == values(examined(water.TEST, tmp_path, outline=(x, y, radius)))
    for drawn in ((x + 20, y, radius), (x, y, radius * 0.8), (128 + 125 / pixel, y, 60.0)):
        assert refusal(examined(water.TEST, tmp_path, outline=drawn))


def test_a_circle_in_a_larger_phantom_is_not_believed(tmp_path):
    """What lies beyond the circle is blanked: the edge that this makes is not an outline."""
    scan = Scan(n=1, rows=256, fov_mm=400.0, noise_hu=3.0)
    water_phantom(tmp_path, WaterPhantom(diameter_mm=320.0), scan)
    half = 100 / scan.pixel_mm
    assert refusal(examined(water.TEST, tmp_path, outline=(128, 128, half))) == "hand_region_differs"


@pytest.mark.parametrize("drawn", [(1.0, 2.0), (10.0, 10.0, 0.0), (float("nan"), 1.0, 2.0), "round"])
def test_what_is_no_circle_is_refused(tmp_path, drawn):
    water_phantom(tmp_path, WaterPhantom(), Scan(n=1))
    assert refusal(examined(water.TEST, tmp_path, outline=drawn)) == "parameter_bad"


# --- MR


def test_a_slice_and_the_outline_of_a_uniform_mr_phantom(tmp_path):
    mr_uniform(tmp_path, UniformPhantom())
    plain = examined(mr.TEST, tmp_path)
    frame = next(iter(plain.found.evidence))
    uids = by_place(tmp_path)
    result = examined(mr.TEST, tmp_path, image=uids[1])
    assert measured_in(result) == {uids[1]}
    circle = frame.shape
    drawn = (circle["x"] + 1, circle["y"], circle["r"] * 0.98)
    again = examined(mr.TEST, tmp_path, outline=drawn)
    assert values(again)["mr.phantom.geometry.diameter"] == pytest.approx(
        values(plain)["mr.phantom.geometry.diameter"], abs=0.2
    )
    wrong = (circle["x"], circle["y"], circle["r"] * 0.6)
    assert refusal(examined(mr.TEST, tmp_path, outline=wrong))
    assert refusal(examined(mr.TEST, tmp_path, image=uids[1], slice=4)) == "hand_slice_twice"


def test_the_acquisition_is_that_of_the_chosen_slice(tmp_path):
    mr_uniform(tmp_path / "a", UniformPhantom(), n=3)
    other = tmp_path / "b"
    mr_uniform(other, UniformPhantom(), MRSeries(number=6, description="long TE", te=90.0), n=3)
    assert refusal(examined(mr.TEST, tmp_path)) == "phantom_choose_series"
    uid = by_place(other)[1]
    assert measured_in(examined(mr.TEST, tmp_path, image=uid)) == {uid}


def test_slice_1_of_the_acr_phantom_is_chosen_and_has_to_look_like_it(tmp_path):
    mr_acr(tmp_path)
    plain = examined(mr_acr_test.TEST, tmp_path)
    first = plain.found.evidence[0].instance
    result = examined(mr_acr_test.TEST, tmp_path, first=first)
    assert values(result) == values(plain)
    other = plain.found.evidence[1].instance
    assert refusal(examined(mr_acr_test.TEST, tmp_path, first=other)) == "hand_slice_unfit"


# --- ACR CT


def test_slices_of_modules_are_chosen_and_have_to_show_their_module(tmp_path):
    scan = Scan(n=22, rows=256, fov_mm=230.0, first_mm=-30.0, interval_mm=8.0, noise_hu=4.0, key="acr-small")
    acr_ct(tmp_path, ACRCT(), scan)
    series = [s for exam in scan_files([tmp_path]).exams for s in exam.series]
    plain = analyse(ct_acr.TEST, series)
    middle = {n: e.instance for n, e in enumerate(plain.found.evidence, start=1)}
    uids = by_place(tmp_path)
    beside = uids[uids.index(middle[3]) + 1]
    result = analyse(ct_acr.TEST, series, {"module_3": beside})
    shown = [e.instance for e in result.found.evidence]
    assert shown == [middle[1], middle[2], beside, middle[4]]
    assert [one["key"] for one in result.by_hand] == ["module_3"]
    assert analyse(ct_acr.TEST, series, {"module_3": middle[1]}).refused.code == "hand_slice_unfit"


# --- Radiographs


def half_covered(folder, number=1):
    """An even field with a lead letter and a shadow along its left rim, and where neither is."""
    y, x = np.mgrid[:344, :344]
    kerma = np.where((x < 60) | ((np.abs(y - 30) < 12) & (np.abs(x - 300) < 40)), 1.0, 10.0)
    return dr_raw(folder, SMALL.pixels(kerma, 3), spacing=1.0, number=number, relationship="LIN")


def test_the_field_of_a_detector_is_drawn(tmp_path):
    path = half_covered(tmp_path)
    assert refusal(examined(uniformity.TEST, path, offset=100.0))
    box = (80.0, 60.0, 250.0, 270.0)
    result = examined(uniformity.TEST, path, offset=100.0, field=box)
    assert values(result)["dr.phantom.uniformity.cv"] < 1
    regions = [e.shape for e in result.found.evidence if e.shape["kind"] == "rect"][:5]
    assert all(box[0] <= r["x"] and r["x"] + r["width"] <= box[0] + box[2] for r in regions)
    assert regions[0]["x"] + regions[0]["width"] / 2 == pytest.approx(box[0] + box[2] / 2, abs=1)
    assert refusal(examined(uniformity.TEST, path, offset=100.0, field=(80, 60, 90, 90))) == "hand_region_small"
    assert refusal(examined(uniformity.TEST, path, offset=100.0, field=(200, 60, 250, 270))) == "hand_region_outside"
    assert refusal(examined(uniformity.TEST, path, offset=100.0, field=(200, 60, -50, 270))) == "parameter_bad"
    assert refusal(examined(uniformity.TEST, path, offset=100.0, field=(40, 60, 250, 270)))  # the shadow is in it


def test_one_of_several_radiographs_is_chosen(tmp_path):
    paths = [dr_flat(tmp_path, detector=SMALL, kerma=k, seed=n, number=n) for n, k in enumerate((5.0, 10.0), start=1)]
    assert refusal(examined(uniformity.TEST, tmp_path, offset=100.0)) == "image_count"
    result = examined(uniformity.TEST, tmp_path, offset=100.0, image=uid_of(paths[1]))
    assert measured_in(result) == {uid_of(paths[1])}


def test_the_place_of_a_bar_pattern_is_drawn(tmp_path):
    path = dr_bars(tmp_path)
    plain = examined(resolution.TEST, path, object="bars")
    x, y, width, height = (plain.found.evidence[0].shape[key] for key in ("x", "y", "width", "height"))
    around = (x - 40, y - 40, width + 80, height + 80)
    again = examined(resolution.TEST, path, object="bars", target=around)
    assert values(again)["dr.phantom.resolution.limit"] == values(plain)["dr.phantom.resolution.limit"]
    assert again.found.evidence[0].shape["x"] == pytest.approx(x, abs=6)
    assert refusal(examined(resolution.TEST, path, object="bars", target=(x, y, 20, 20))) == "hand_region_small"


def test_the_place_of_the_aluminium_is_drawn(tmp_path):
    path = mg_uniform(tmp_path, detector=BLOCK)
    plain = examined(mg.TEST, path, offset=50.0)
    target = next(m.evidence for m in plain.found.measurements if m.quantity == "mg.phantom.cnr").shape
    drawn = (target["x"] - 6, target["y"] - 6, target["width"] + 12, target["height"] + 12)
    assert values(examined(mg.TEST, path, offset=50.0, aluminium=drawn)) == values(plain)
    elsewhere = (target["x"] + 100, target["y"] + 60, 40, 40)
    assert refusal(examined(mg.TEST, path, offset=50.0, aluminium=elsewhere)) == "mg_no_aluminium"
    assert refusal(examined(mg.TEST, path, offset=50.0, aluminium=(0, 0, 5, 5))) == "hand_region_small"


# --- Ultrasound


def test_the_scanned_area_of_a_probe_is_drawn(tmp_path):
    picture = us_air_pixels(dead=[(0.3, 0.34, 0.1)])
    high, wide = picture.shape[:2]
    marked = np.zeros((high + 90, wide, 3), dtype=np.uint8)
    marked[90:] = picture
    marked[10:50, 40 : wide - 40] = 230  # a bar of the screen above the picture
    path = us_air(tmp_path, picture=marked, regions=False)
    result = examined(air.TEST, path, area=(0, 90, wide, high))
    assert values(result)["us.phantom.air.dead"] == 1
    assert all(y > 90 for e in result.found.evidence for _x, y in e.shape["points"])
    assert refusal(examined(air.TEST, path, area=(0, 90, 10, 10))) == "hand_region_small"
    assert refusal(examined(air.TEST, path, area=(0, 0, wide, 60)))


def test_a_still_of_several_is_chosen(tmp_path):
    paths = [us_air(tmp_path, number=n, seed=n) for n in (1, 2)]
    assert refusal(examined(air.TEST, tmp_path)) == "image_count"
    assert examined(air.TEST, tmp_path, image=uid_of(paths[0])).refused is None


def test_the_record_says_what_was_chosen_and_nothing_without_a_choice(tmp_path):
    path = dr_flat(tmp_path, detector=SMALL)
    assert examined(uniformity.TEST, path, offset=100.0).as_dict()["by_hand"] == []
    told = examined(uniformity.TEST, path, offset=100.0, field=(10, 10, 300, 300)).as_dict()["by_hand"]
    assert told == [{"key": "field", "value": [10, 10, 300, 300]}]
    refused = examined(uniformity.TEST, path, offset=100.0, field=(10, 10, 30, 30)).as_dict()
    assert (refused["refused_code"], refused["by_hand"][0]["key"]) == ("hand_region_small", "field")


def test_a_choice_made_by_hand_is_of_a_kind_that_a_page_can_offer():
    kinds = {"image": "text", "circle": "numbers", "rect": "numbers", "number": "integer"}
    picks = [p for test in TESTS for p in test.parameters if p.pick]
    assert all(p.kind == kinds[p.pick] and p.default is None for p in picks)
    with_choice = {t.name for t in TESTS if any(p.pick for p in t.parameters)}
    assert with_choice >= {
        "ct.water", "mr.uniform", "mg.uniform", "dr.uniformity", "dr.resolution", "us.air", "mr.acr", "ct.acr",
    }  # fmt: skip
