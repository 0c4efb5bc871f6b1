"""Sharpness, streaks, movement and rings of generated CT series whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from tests.core.clinical.builders import CORONAL, FakeReader, code, only, series_of, stack_of, tilted

from imagingqc.clinical.ct.walk import walk
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import SERIES_METHODS, measure_series
from imagingqc.dicom import pixels
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic import Head, Solid, ct_phantom, ct_truth
from imagingqc.image import Image2D

METHODS = {"ct.sharpness", "ct.streak", "ct.motion", "ct.ring"}
PIXELS = {q for m in SERIES_METHODS if m.name in METHODS for q in m.quantities}
SKIN, SEVERITY, DARK = "ct.sharpness.skin", "ct.streak.severity", "ct.streak.dark"
HEAD, STEPS, RING = "ct.motion.head", "ct.motion.steps", "ct.ring.peak"


def measured(folder, names=METHODS):
    series = scan([folder], 1).exams[0].series[0]
    return [m for m in measure_series(series, split_stacks(series), CachedReader()) if m.method in names]


def phantom(folder, solid=None, **kwargs):
    ct_phantom(folder, solid, **kwargs)
    return measured(folder)


# --- sharpness -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sigma", "noise", "fov", "within"),
    [(0.4, 10, 300, 0.04), (0.6, 10, 480, 0.04), (1.0, 10, 400, 0.04), (0.6, 30, 400, 0.05), (0.8, 60, 400, 0.12)],
)
def test_it_recovers_the_sharpness_of_the_edge(tmp_path, sigma, noise, fov, within):
    """Whatever the pixel; skin over fat does not count as an edge of its own."""
    painters = [ct_truth.smooth_body(sigma, skin_mm=2.0)]
    found = only(phantom(tmp_path, Solid(noise_hu=noise), painters=painters, n=3, rows=512, fov_mm=fov), SKIN)
    assert found.value == pytest.approx(ct_truth.half_mtf_of(sigma), rel=within)
    assert (found.unit, found.method, found.version) == ("/mm", "ct.sharpness", "1")


def test_it_shows_the_skin_that_it_used_on_the_side_away_from_the_table(tmp_path):
    painters = [ct_truth.smooth_body(0.6)]
    front = only(phantom(tmp_path / "a", painters=painters, n=2, rows=512), SKIN).evidence.shape
    x, y = (np.array(front["points"]).T - 256) * 400 / 512
    assert np.hypot(x / 140, y / 100) == pytest.approx(np.ones(len(x)), abs=0.01)
    assert y.max() < 0
    prone = {"PatientPosition": "HFP"}
    back = only(phantom(tmp_path / "b", painters=painters, n=2, rows=512, facts=prone), SKIN).evidence.shape
    assert np.array(back["points"])[:, 1].min() > 256
    anyhow = {"PatientPosition": None}
    both = only(phantom(tmp_path / "c", painters=painters, n=2, rows=512, facts=anyhow), SKIN).evidence.shape
    assert len(both["points"]) > 2 * len(front["points"])


def test_it_measures_the_skin_and_not_the_skull_below_it(tmp_path):
    def blurred_head(i, down, right, hu):
        hu = ct_truth.smooth_body(0.6, (75.0, 95.0))(i, down, right, hu)
        inside = np.hypot(down / 70, right / 90) < 1
        return np.where(inside, 1200.0, hu)

    found = only(phantom(tmp_path, painters=[blurred_head], n=3, rows=512, fov_mm=300), SKIN)
    assert found.value == pytest.approx(ct_truth.half_mtf_of(0.6), rel=0.08)


def test_it_leaves_out_skin_under_a_blanket(tmp_path):
    def blanket(_i, down, right, hu):
        over = (np.hypot(down / 100, right / 140) > 1) & (np.hypot(down / 108, right / 148) < 1) & (right < 0)
        return np.where(over, -700.0, hu)

    found = only(phantom(tmp_path, painters=[ct_truth.smooth_body(0.6), blanket], n=4, rows=512), SKIN)
    assert found.value == pytest.approx(ct_truth.half_mtf_of(0.6), rel=0.05)
    assert np.array(found.evidence.shape["points"])[:, 0].min() > 250


def test_it_takes_no_edge_of_the_field_and_no_painted_air_for_skin(tmp_path):
    """A body wider than the field; and a picture whose background somebody set to one value."""
    wide = phantom(tmp_path / "a", Solid(radii_mm=(190, 230)), n=4, rows=512, fov_mm=360)
    assert code(only(wide, SKIN)) == "too_little_free_skin"
    masked = phantom(tmp_path / "b", Solid(noise_hu=0), n=4, rows=512)
    assert code(only(masked, SKIN)) == "too_little_free_skin"


def test_it_refuses_pixels_too_large_for_an_edge_and_edges_too_sharp_for_the_pixels(tmp_path):
    assert code(only(phantom(tmp_path / "a", rows=256, n=3), SKIN)) == "pixel_too_large"
    stair = [lambda _i, down, right, _hu: np.where(np.hypot(down / 100, right / 140) < 1, 40.0, -1000.0)]
    found = only(phantom(tmp_path / "b", rows=256, fov_mm=250, n=3, painters=stair), SKIN)
    assert found.value is None or found.value > 0.4


# --- streaks -------------------------------------------------------------------------------------


def streaky(folder, height, **kwargs):
    solid = Solid(noise_hu=kwargs.pop("noise_hu", 8.0), metal_mm=4.0, metal=(3, 4, 5))
    painters = [ct_truth.streaks((-40.0, 0.0), height, (3, 4, 5))]
    return phantom(folder, solid, painters=painters, n=10, **kwargs)


def test_it_finds_metal_without_streaks_as_calm_as_the_rest(tmp_path):
    found = streaky(tmp_path, 0.0)
    assert only(found, SEVERITY).value == pytest.approx(1.0, abs=0.1)
    assert only(found, DARK).value == 0


def test_it_counts_streaks_by_their_size(tmp_path):
    found = [streaky(tmp_path / str(height), height) for height in (100.0, 200.0, 400.0)]
    low, middle, high = (only(m, SEVERITY).value for m in found)
    assert middle / low == pytest.approx(2, rel=0.1)
    assert high / middle == pytest.approx(2, rel=0.1)
    assert only(found[0], DARK).value == pytest.approx(0, abs=0.1)
    assert only(found[2], DARK).value == pytest.approx(6.2, abs=1.5)


def test_it_does_not_take_the_noise_of_a_low_dose_for_streaks(tmp_path):
    found = streaky(tmp_path, 0.0, noise_hu=30.0)
    assert only(found, SEVERITY).value == pytest.approx(1.0, abs=0.1)


def test_it_shows_the_tissue_round_the_metal(tmp_path):
    shape = only(streaky(tmp_path, 300.0), SEVERITY).evidence.shape
    centre = (shape["x"] + shape["width"] / 2, shape["y"] + shape["height"] / 2)
    pixel = 400 / 256
    assert shape["kind"] == "rect"
    assert shape["width"] * pixel == pytest.approx(108, abs=4)
    assert centre[0] == pytest.approx(128, abs=3)


def test_it_refuses_streaks_without_metal_and_without_slices_to_compare(tmp_path):
    plain = phantom(tmp_path / "a", n=4)
    assert code(only(plain, SEVERITY)) == code(only(plain, DARK)) == "no_metal"
    every = phantom(tmp_path / "b", Solid(metal_mm=4, metal=tuple(range(4))), n=4)
    assert code(only(every, SEVERITY)) == "no_slices_without_metal"
    assert only(every, DARK).value == 0


# --- movement ------------------------------------------------------------------------------------


def head(folder, *painters, n=32, **kwargs):
    first = Head(vertex=n - 2).paint
    return phantom(folder, Solid(noise_hu=6), n=n, fov_mm=256, part="HEAD", painters=[first, *painters], **kwargs)


@pytest.mark.parametrize(("apart", "count"), [(0.0, 0), (1.0, 0), (2.0, 4), (3.0, 4), (6.0, 4)])
def test_it_counts_the_slices_where_the_skull_is_seen_twice(tmp_path, apart, count):
    found = only(head(tmp_path, ct_truth.doubled(range(10, 14), apart)), HEAD)
    assert found.value == count
    assert len(found.evidence.shape.get("instances", ())) == count


def test_it_shows_on_which_sides_the_skull_is_seen_twice(tmp_path):
    found = only(head(tmp_path, ct_truth.doubled(range(10, 14), 3.0)), HEAD)
    x, y = np.array(found.evidence.shape["points"]).T - 128
    assert len(x) > 60
    assert np.abs(x).min() > 15
    assert np.abs(y).min() < 5


def body(folder, *painters, **kwargs):
    solid = Solid(noise_hu=12, lungs=(10, 40), vessel_hu=200)
    kwargs = {"n": 50, "rows": 128, "part": "CHEST", "painters": painters, **kwargs}
    return phantom(folder, solid, **kwargs)


@pytest.mark.parametrize(("by", "count"), [(0.0, 0), (5.0, 1), (10.0, 1)])
def test_it_counts_the_places_where_slices_are_displaced(tmp_path, by, count):
    found = only(body(tmp_path, ct_truth.displaced(20, by)), STEPS)
    assert found.value == count
    if count:
        assert found.evidence.instance.endswith(found.evidence.shape["instances"][0][-10:])
        assert found.evidence.shape["x"] == pytest.approx((60 + by) * 128 / 400, abs=2)


def test_it_takes_the_ends_of_lungs_and_a_growing_body_for_no_movement(tmp_path):
    def growing(i, down, right, _hu):
        inside = np.hypot(down / (60 + 1.5 * i), right / (90 + 2 * i)) < 1
        lung = np.hypot((down + 10) / 40, (np.abs(right) - 60) / 25) < 1
        return np.where(inside, np.where(lung & (i > 12), -850.0, 40.0), -1000.0)

    assert only(body(tmp_path, growing, n=40), STEPS).value == 0


def test_it_refuses_movement_where_it_knows_neither_part_nor_neighbours(tmp_path):
    unknown = {"BodyPartExamined": None, "StudyDescription": None, "SeriesDescription": None}
    found = body(tmp_path / "a", facts=unknown, n=24)
    assert code(only(found, STEPS)) == code(only(found, HEAD)) == "missing_tag"
    assert code(only(body(tmp_path / "b", n=24), HEAD)) == "other_region"
    assert code(only(body(tmp_path / "c", n=12), STEPS)) == "too_few_slices"
    assert code(only(body(tmp_path / "d", interval_mm=8.0, n=24), STEPS)) == "slices_too_far_apart"
    assert code(only(body(tmp_path / "e", part="KNEE", n=24), STEPS)) == "other_region"


# --- rings ---------------------------------------------------------------------------------------


def ringed(folder, height, slices=range(1, 7), **kwargs):
    kwargs = {"n": 8, "rows": 256, "painters": [ct_truth.ring(60.0, height, slices, 1.6)], **kwargs}
    return only(phantom(folder, Solid(noise_hu=12), **kwargs), RING)


def test_it_finds_a_ring_where_it_is(tmp_path):
    found = ringed(tmp_path, 15.0, isocentre_mm=(7.0, -5.0), fov_centre_mm=(12.0, 20.0))
    assert found.value > 6
    shape = found.evidence.shape
    assert shape["r"] * 400 / 256 == pytest.approx(60, abs=2.5)
    assert ((shape["x"] - 128) * 400 / 256, (shape["y"] - 128) * 400 / 256) == pytest.approx((-20, -12), abs=0.5)


def test_it_finds_dark_rings_too_and_the_stronger_the_higher(tmp_path):
    values = [ringed(tmp_path / str(height), height).value for height in (0.0, -15.0, -30.0, 60.0)]
    assert values[0] < 4.5
    assert values == sorted(values)


def test_it_wants_a_ring_in_three_slices(tmp_path):
    assert ringed(tmp_path / "a", 40.0, (4, 5)).value < 4.5
    assert ringed(tmp_path / "b", 40.0, (4, 5, 6)).value > 6


def test_it_takes_round_organs_beside_the_isocentre_for_no_rings(tmp_path):
    solid = Solid(noise_hu=12, lungs=(0, 11), vessel_hu=300, centre_mm=(15.0, -10.0))
    assert only(phantom(tmp_path, solid, n=12), RING).value < 5


def test_it_refuses_rings_without_an_isocentre_or_with_few_slices(tmp_path):
    nowhere = {"DataCollectionCenterPatient": None}
    assert code(ringed(tmp_path / "a", 0.0, facts=nowhere)) == "missing_tag"
    assert code(ringed(tmp_path / "b", 0.0, n=2)) == "too_few_slices"


# --- refusals of all, and what all share ---------------------------------------------------------


def picture(hu, unit="HU", spacing=(0.9, 0.9)):
    hu = np.asarray(hu, dtype=np.float32)
    return Image2D(hu, hu.astype(np.int16), unit, spacing, 16, "MONOCHROME2", None)


def disc(rows=256, radius=90):
    down, right = np.mgrid[:rows, :rows] - (rows - 1) / 2
    noise = np.random.default_rng(1).normal(0, 5, (rows, rows))
    return np.where(np.hypot(down, right) < radius, 40.0, -1000.0) + noise


def measured_on(images, **kwargs):
    facts = {"BodyPartExamined": "CHEST", "DataCollectionCenterPatient": (0.0, 0.0, 0.0), **kwargs}
    stack = stack_of([5.0 * i for i in range(len(images))], **facts)
    known = {p.instance.sop_uid: image for p, image in zip(stack.slices, images, strict=True) if image}
    found = measure_series(series_of(stack), (stack,), FakeReader(known))
    return {m.quantity: code(m) for m in found if m.method in METHODS and m.quantity != HEAD}


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        ([picture(disc(), unit="US")] * 24, "not_hu"),
        ([picture(disc() * 0 + 128, unit="")] * 24, "not_hu"),
        ([picture(disc(), spacing=None)] * 24, "missing_tag"),
        ([picture(np.full((256, 256), -1000.0))] * 24, "no_body"),
        ([None] * 24, "no_pixel_data"),
    ],
)
def test_it_refuses_pixels_that_are_no_ct_of_a_body(images, reason):
    assert set(measured_on(images).values()) == {reason}


@pytest.mark.parametrize(
    ("kwargs", "reason"),
    [({"kind": "localizer"}, "no_images"), ({"orientation": CORONAL}, "axial_only"),
     ({"ImageType": ("DERIVED", "SECONDARY", "MIP")}, "projection_of_slices")],
)  # fmt: skip
def test_it_refuses_pictures_that_are_no_axial_slices(kwargs, reason):
    assert set(measured_on([picture(disc())] * 24, **kwargs).values()) == {reason}


def test_it_refuses_rings_alone_of_a_tilted_gantry():
    found = measured_on([picture(disc())] * 24, orientation=tilted(12))
    assert found[RING] == "tilted_gantry"
    assert found[STEPS] is None


def test_it_says_little_of_a_single_slice():
    found = measured_on([picture(disc(512, 180), spacing=(0.6, 0.6))])
    assert found[STEPS] == found[RING] == "too_few_slices"
    assert found[SEVERITY] == "no_metal"


def test_it_finds_no_skin_in_a_tiny_field(tmp_path):
    found = phantom(tmp_path, n=4, rows=256, fov_mm=100)
    assert code(only(found, SKIN)) in {"too_little_free_skin", "no_body"}


def test_it_belongs_to_the_full_set(tmp_path):
    ct_phantom(tmp_path, n=3)
    series = scan([tmp_path], 1).exams[0].series[0]
    found = measure_series(series, split_stacks(series), CachedReader(), "fast")
    assert {code(m) for m in found if m.quantity in PIXELS} == {"measured_later"}


def test_it_decodes_every_slice_at_most_twice_and_measures_the_same_twice(tmp_path, monkeypatch):
    ct_phantom(tmp_path, Solid(metal_mm=4, metal=(30, 31)), n=70, rows=96, interval_mm=2.0, part="CHEST")
    counted: dict[str, int] = {}
    real = pixels.decode

    def decode(instance, frame=0):
        counted[instance.sop_uid] = counted.get(instance.sop_uid, 0) + 1
        return real(instance, frame)

    monkeypatch.setattr(pixels, "decode", decode)
    series = scan([tmp_path], 1).exams[0].series[0]
    stacks, reader = split_stacks(series), CachedReader()
    methods = [m for m in SERIES_METHODS if m.name in METHODS | {"ct.body", "ct.noise", "ct.range", "ct.contents"}]
    once = [m for method in methods for m in method.run(series, stacks, reader)]
    assert len(counted) == 70
    assert max(counted.values()) <= 2
    again = [m for method in methods for m in method.run(series, split_stacks(series), CachedReader())]
    assert once == again


def test_it_keeps_the_walk_for_all_methods_of_one_reader(tmp_path):
    ct_phantom(tmp_path, n=3)
    series = scan([tmp_path], 1).exams[0].series[0]
    reader = CachedReader()
    assert walk(split_stacks(series)[0], reader) is walk(split_stacks(series)[0], reader)
