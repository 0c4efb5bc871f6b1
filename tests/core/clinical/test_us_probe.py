"""Dead elements of a probe: found where they were put, and none where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.clinical.builders import code, instance, only

from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.us import probe
from imagingqc.clinical.us.dark import near_strip
from imagingqc.clinical.us.face import find_face
from imagingqc.clinical.us.picture import flat_regions, grey_of
from imagingqc.dicom.model import Slice
from imagingqc.dicom.series import scan
from imagingqc.dicom.synthetic.base import Patient, Study
from imagingqc.dicom.synthetic.us import BOX, scale_mm, us_frame, us_pixels
from imagingqc.errors import AnalysisError, DataError
from imagingqc.image import Image2D

ROWS, COLUMNS = 180, 240
DEAD = ((0.30, 0.31), (0.60, 0.65))


class Frames:
    """A reader of pictures that were made in memory."""

    def __init__(self, pictures):
        self.pictures = pictures

    def colour(self, piece):
        if piece.instance.sop_uid not in self.pictures:
            raise DataError("no_pixel_data")
        return self.pictures[piece.instance.sop_uid]


def header(number, depth_mm, *, regions=True, **facts):
    box = [float(round(BOX[i] * size)) for i, size in ((1, COLUMNS), (0, ROWS), (3, COLUMNS), (2, ROWS))]
    scale = scale_mm(ROWS, depth_mm) / 10
    known = {
        "RegionSpatialFormat": (1.0,), "RegionDataType": (1.0,), "PhysicalUnitsXDirection": (3.0,),
        "PhysicalUnitsYDirection": (3.0,), "PhysicalDeltaX": (scale,), "PhysicalDeltaY": (scale,),
        "RegionLocationMinX0": (box[0],), "RegionLocationMinY0": (box[1],), "RegionLocationMaxX1": (box[2] - 1,),
        "RegionLocationMaxY1": (box[3] - 1,),
    }  # fmt: skip
    said = {
        "PatientID": f"P{number}",
        "TransducerData": ("L12-3", "UNUSED"),
        "PhotometricInterpretation": "RGB",
        "SamplesPerPixel": 3,
        **(known if regions else {}),
        **facts,
    }
    return instance(
        1, uid=f"7.{number}", modality="US", series="7", orientation=None, thickness=None, rows=ROWS, columns=COLUMNS,
        **said,
    )  # fmt: skip


def pictures_of(n, *, shape="linear", depths=(60.0,), dead=(), drop=60.0, regions=True, first=0):
    slices, pictures = [], {}
    for k in range(n):
        depth = depths[k % len(depths)]
        one = header(k, depth, regions=regions)
        pictures[one.sop_uid] = us_pixels(
            ROWS, COLUMNS, probe=shape, depth_mm=depth, dead=dead, drop=drop, colour_box=k % 4 == 0, seed=first + k
        )
        slices.append(Slice(one, 0, None))
    return slices, Frames(pictures)


def places(measured):
    return [(row["from"], row["to"]) for row in only(measured, "us.probe.dark_columns").evidence.shape["columns"]]


@pytest.mark.parametrize(
    ("shape", "depths", "regions"),
    [
        ("linear", (60.0,), True), ("linear", (60.0,), False), ("linear", (30.0, 40.0, 50.0), True),
        ("curved", (60.0,), True), ("curved", (60.0, 90.0, 120.0), True),
    ],
)  # fmt: skip
def test_it_finds_the_dead_elements_where_they_are(shape, depths, regions):
    slices, reader = pictures_of(72, shape=shape, depths=depths, dead=DEAD, regions=regions)
    found = probe.METHOD.run(slices, reader)
    assert only(found, "us.probe.dark_columns").value == 2
    for (start, end), (low, high) in zip(places(found), DEAD, strict=True):
        assert (start, end) == (pytest.approx(100 * low, abs=1), pytest.approx(100 * high, abs=1))
    assert only(found, "us.probe.dark_share").value == pytest.approx(6, abs=1.5)
    assert only(found, "us.probe.darkest").value < 85


@pytest.mark.parametrize("shape", ["linear", "curved"])
@pytest.mark.parametrize("first", [1_000, 2_000])
def test_it_finds_nothing_on_a_sound_probe(shape, first):
    found = probe.METHOD.run(*pictures_of(50, shape=shape, depths=(50.0, 80.0), first=first))
    assert only(found, "us.probe.dark_columns").value == 0
    assert only(found, "us.probe.dark_share").value == 0
    assert only(found, "us.probe.darkest").value == 100
    assert only(found, "us.probe.dark_columns").evidence.shape["exams"] == 50


@settings(deadline=None, max_examples=4)
@given(st.floats(0.1, 0.85), st.floats(0.02, 0.06), st.sampled_from(["linear", "curved"]))
def test_it_finds_a_dead_place_wherever_it_lies(start, width, shape):
    found = probe.METHOD.run(*pictures_of(60, shape=shape, dead=((start, start + width),)))
    assert len(places(found)) == 1
    low, high = places(found)[0]
    assert (low, high) == (pytest.approx(100 * start, abs=1.5), pytest.approx(100 * (start + width), abs=1.5))


def test_it_marks_the_place_on_the_newest_picture():
    slices, reader = pictures_of(60, dead=((0.5, 0.54),))
    shown = only(probe.METHOD.run(slices, reader), "us.probe.dark_columns").evidence
    assert (shown.instance, shown.shape["kind"]) == (slices[0].instance.sop_uid, "points")
    face = 38 / scale_mm(ROWS, 60.0)
    middle = COLUMNS * (BOX[1] + BOX[3]) / 2
    (x, y) = shown.shape["points"][0]
    assert x == pytest.approx(middle + 0.02 * face, abs=2)
    assert y == pytest.approx(round(BOX[0] * ROWS) + 3.5 / scale_mm(ROWS, 60.0), abs=3)


def test_it_does_not_call_one_dark_patient_a_defect():
    slices, reader = pictures_of(60)
    for piece in slices[:6]:
        reader.pictures[piece.instance.sop_uid][:, 150:160] = 0
    assert only(probe.METHOD.run(slices, reader), "us.probe.dark_columns").value == 0


def test_it_refuses_sector_probes_and_too_few_patients():
    slices, reader = pictures_of(60, shape="sector")
    assert {code(m) for m in probe.METHOD.run(slices, reader)} == {"us_sector"}
    few, reader = pictures_of(49)
    assert {code(m) for m in probe.METHOD.run(few, reader)} == {"too_few_exams"}
    again = [Slice(header(0, 60.0), 0, None)] * 60
    assert {code(m) for m in probe.METHOD.run(again, reader)} == {"too_few_exams"}
    assert {code(m) for m in probe.METHOD.run([], reader)} == {"too_few_exams"}
    nameless = [Slice(header(k, 60.0, TransducerData=("UNUSED", "")), 0, None) for k in range(60)]
    assert {code(m) for m in probe.METHOD.run(nameless, reader)} == {"missing_tag"}


def test_it_refuses_pictures_that_cannot_be_read_or_do_not_move():
    slices, reader = pictures_of(60)
    assert code(only(probe.METHOD.run(slices, Frames({})), "us.probe.darkest")) == "too_few_exams"
    still = {piece.instance.sop_uid: reader.pictures["7.0"] for piece in slices}
    assert code(only(probe.METHOD.run(slices, Frames(still)), "us.probe.darkest")) == "us_no_scan_area"


def test_it_does_not_mix_matrices_probes_or_split_screens():
    slices, reader = pictures_of(60)
    other = instance(
        1,
        uid="8.1",
        modality="US",
        series="7",
        rows=480,
        columns=640,
        PatientID="X",
        TransducerData=("L12-3", "UNUSED"),
    )
    mixed = [*slices, Slice(other, 0, None)]
    assert code(only(probe.METHOD.run(mixed, reader), "us.probe.dark_columns")) == "mixed_values"
    sibling = [Slice(header(900 + k, 60.0, TransducerData=("L12-3", "5521")), 0, None) for k in range(20)]
    assert only(probe.METHOD.run([*sibling, *slices], reader), "us.probe.dark_columns").value == 0
    dual = header(950, 60.0, **{k: v * 2 for k, v in slices[0].instance.facts.items() if isinstance(v, tuple)})
    assert only(probe.METHOD.run([Slice(dual, 0, None), *slices], reader), "us.probe.dark_columns").value == 0


def test_it_refuses_a_region_that_lies_outside_of_the_picture():
    _, reader = pictures_of(60)
    outside = {"RegionLocationMinX0": (900.0,), "RegionLocationMaxX1": (990.0,)}
    lost = [Slice(header(k, 60.0, **outside), 0, None) for k in range(60)]
    assert {code(m) for m in probe.METHOD.run(lost, reader)} == {"picture_too_small"}


@pytest.mark.parametrize("rows", [slice(20, 28), slice(20, 190)])
def test_it_refuses_scan_areas_that_are_too_shallow_or_too_narrow(rows):
    area = np.zeros((200, 300), dtype=bool)
    shallow = rows.stop < 100
    area[rows, 20:280] = shallow
    area[rows, 150:155] |= not shallow
    with pytest.raises(AnalysisError) as error:
        near_strip(find_face(area), 1.0)
    assert error.value.reason.code == ("us_face_unclear" if shallow else "us_sector")


def test_it_refuses_a_face_of_no_known_form():
    area = np.zeros((200, 300), dtype=bool)
    for x in range(20, 280):
        area[20 + (x * 37) % 40 :, x] = True
    with pytest.raises(AnalysisError) as error:
        find_face(area)
    assert error.value.reason.code == "us_face_unclear"


def test_it_reads_grey_pictures_by_their_bits_and_leaves_colour_out():
    stored = np.array([[0, 2048], [4095, 1024]])
    one = instance(1, modality="US", PhotometricInterpretation="MONOCHROME1", SamplesPerPixel=1)

    class Grey:
        def image(self, _piece):
            return Image2D(stored.astype(float), stored, "US", None, 12, "MONOCHROME1", None)

    grey, coloured = grey_of(Slice(one, 0, None), Grey())
    assert grey[0].tolist() == [255.0, pytest.approx(127.5, abs=0.1)]
    assert not coloured.any()
    rgb = np.array([[[90, 90, 90], [200, 40, 30]]], dtype=np.uint8)
    _, coloured = grey_of(Slice(header(1, 60.0), 0, None), Frames({"7.1": rgb}))
    assert coloured.tolist() == [[False, True]]


def test_it_measures_files_as_they_were_made(tmp_path):
    for k in range(50):
        us_frame(
            tmp_path, dead=((0.7, 0.74),), seed=k, patient=Patient(id=f"DEMO{k}"), study=Study(key=f"us-{k}"), rows=ROWS
        )
    instances = [i for exam in scan([tmp_path]).exams for s in exam.series for i in s.instances]
    assert len(flat_regions(instances[0])) == 1
    found = probe.METHOD.run([Slice(i, 0, None) for i in instances], CachedReader())
    assert places(found) == [(pytest.approx(70, abs=1), pytest.approx(74, abs=1))]
