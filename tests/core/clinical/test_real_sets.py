"""Measurements of real series whose truth is known from their headers, and of the same series damaged on purpose."""

from __future__ import annotations

import math
import os
import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from tests.core.clinical.builders import code, only

from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import measure_exam, measure_series
from imagingqc.dicom.model import Series
from imagingqc.dicom.series import scan, split_stacks

DATA = os.environ.get("YINGHENG_TEST_DATA")
pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not DATA, reason="YINGHENG_TEST_DATA names no folder with the real sets"),
]


@cache
def exams(folder):
    return scan([Path(DATA) / folder]).exams


@cache
def all_series(folder):
    return {s.uid: s for exam in exams(folder) for s in exam.series}


def series_in(folder, part):
    """The one series of a folder whose description, or the folder of whose files, contains `part`."""
    found = [
        s for s in all_series(folder).values()
        if part in (s.first.text("SeriesDescription") or "") or part in s.first.path
    ]  # fmt: skip
    assert len(found) == 1, [s.uid for s in found]
    return found[0]


@cache
def measured(folder, part):
    return measure(series_in(folder, part))


def measure(series, reader=None):
    return measure_series(series, split_stacks(series), reader or CachedReader())


class CopyReader(CachedReader):
    """Reads a copy (its UID ends in ".copy") from the file of its original."""

    def pixel_hash(self, piece):
        original = replace(piece.instance, sop_uid=piece.instance.sop_uid.removesuffix(".copy"))
        return super().pixel_hash(replace(piece, instance=original))


def values(measurements, quantity):
    return [m.value if m.reason is None else m.reason.code for m in measurements if m.quantity == quantity]


def test_it_sees_every_slice_that_is_missing_of_a_tilted_two_interval_head():
    found = measured("ct-head", "/ge/")  # 1 3 5 8 10 12 at 4 mm, 15 17 19 22 24 26 at 7 mm, gantry at 18.5 degrees
    assert values(found, "ct.slices.missing") == [6, 6]
    assert values(found, "ct.slices.interval") == [pytest.approx(4.0, abs=0.01), pytest.approx(7.0, abs=0.01)]
    assert values(found, "ct.slices.thickness") == [4.0, 7.0]
    assert values(found, "ct.slices.uncovered") == [0.0, 0.0]
    assert values(found, "ct.orientation.tilt") == [pytest.approx(18.5, abs=0.01)] * 2
    assert values(found, "ct.tube_current_modulation") == ["none_seen"]


@pytest.mark.parametrize(
    ("name", "interval", "missing", "kernel"),
    [("STD BRAIN 5MM", 5.0, 16, "UB"), ("STD BRAIN 1MM", 1.0, 117, "UB"), ("BONE BRAIN 1MM", 1.0, 117, "YA")],
)
def test_it_sees_what_is_missing_of_a_helical_head(name, interval, missing, kernel):
    found = measured("ct-head", name)
    assert only(found, "ct.slices.missing").value == missing
    assert only(found, "ct.slices.interval").value == pytest.approx(interval)
    assert only(found, "ct.kernel").value == kernel
    assert only(found, "ct.fov").value == pytest.approx(231.0)
    assert only(found, "ct.tube_current_modulation").value == "longitudinal"


def test_it_never_counts_scouts_and_summaries():
    for folder, part in (("ct-head", "Exam Summary"), ("ct-head", "S1000"), ("projection-and-scouts", "lat topogram")):
        found = measured(folder, part)
        assert code(only(found, "ct.slices.missing")) == "not_a_volume"
        assert code(only(found, "ct.fov")) == "no_images"


def test_it_finds_a_complete_phantom_complete():
    found = measured("ct-catphan504", "ct-catphan504")
    for quantity in ("missing", "duplicated", "irregular", "out_of_order", "uncovered"):
        assert only(found, f"ct.slices.{quantity}").value == 0
    assert only(found, "ct.slices.interval").value == 2.5
    assert only(found, "ct.fov").value == pytest.approx(450.0)
    assert only(found, "ct.kernel").value == "Ram-Lak"


def test_it_finds_the_true_copy_among_eleven_of_many():
    found = measured("ct-duplicate-positions", "CT0")
    copies = only(found, "ct.slices.duplicated")
    assert copies.value == 1
    assert copies.evidence.shape["duplicates"][0]["position_mm"] == -90.0
    assert copies.evidence.shape["duplicates"][0]["identical"] is True
    assert only(found, "ct.slices.missing").value == 190 - 2 + 1 - 10
    assert only(found, "ct.slices.interval").value == 2.5


@pytest.mark.parametrize(
    ("part", "missing"),
    [
        ("gantrytilting_001", 0),
        ("sliceincrement_001", 1),
        ("sliceincrement_002", 1),
        ("notavolume_001", "not_a_volume"),
    ],
)
def test_it_measures_small_ct_series_that_converters_choke_on(part, missing):
    assert values(measured("mr-irregular-spacing", part), "ct.slices.missing") == [missing]


def test_it_refuses_mr_series_of_two_slices_and_two_sizes():
    found = measured("mr-irregular-spacing", "sliceorientation_001")
    assert values(found, "mr.slices.missing") == ["too_few_slices"] * 2
    assert values(found, "mr.fov") == ["mixed_values"]
    assert values(measured("mr-irregular-spacing", "slicecount_001"), "mr.slices.missing") == ["too_few_slices"]


@pytest.mark.parametrize(
    ("part", "name", "plane"),
    [
        ("mr-head/ge/", "T1", "sagittal"),
        ("mr-head/philips/", "T2-FLAIR", "coronal"),
        ("philips-enhanced", "T1", "sagittal"),
    ],
)
def test_it_classifies_heads_by_their_times(part, name, plane):
    found = measured("mr-head", part)
    assert only(found, "mr.sequence.class").value == name
    assert only(found, "mr.orientation.plane").value == plane
    assert only(found, "mr.slices.missing").value == 0


ACR = {
    "mr-acr/GE/": ("sequence_unclear", 512, 260.0),
    "GE_Artist_1.5T_T1": ("T1", 256, 250.0),
    "GE_MR450W_1.5T_T2": ("T2", 256, 250.0),
    "GE_Signa_1.5T_T1": ("T1", 256, 250.0),
    "Philips3TdStream": ("T1", 256, 250.0),
    "PhilipsAchieva/": ("T1", 256, 250.0),
    "mr-acr/Siemens/": ("T1", 256, 250.0),
    "SiemensMTF": ("T1", 256, 250.0),
    "SiemensSolaFit": ("T1", 256, 250.0),
    "Siemens_Aera_1.5T_T1": ("T1", 256, 250.0),
}


@pytest.mark.parametrize("part", sorted(ACR))
def test_it_measures_phantom_series_of_eleven_slices_as_prescribed(part):
    name, matrix, fov = ACR[part]
    found = measured("mr-acr", part)
    assert values(found, "mr.sequence.class") == [name]
    assert only(found, "mr.matrix.acquired.min").value == matrix
    assert only(found, "mr.fov").value == pytest.approx(fov, abs=0.05)
    assert only(found, "mr.pixel.acquired").value == pytest.approx(fov / matrix, rel=1e-3)
    assert only(found, "mr.slices.thickness").value == 5.0
    assert only(found, "mr.slices.gap").value == pytest.approx(5.0, abs=1e-3)
    assert only(found, "mr.slices.missing").value == only(found, "mr.slices.duplicated").value == 0
    assert only(found, "mr.orientation.plane").value == "axial"


def test_it_refuses_the_deviation_index_of_a_radiograph_that_contradicts_itself():
    found = measured("projection-and-scouts", "CR000000")
    assert only(found, "dx.exposure_index").value == 107.0
    assert only(found, "dx.exposure_index.target").value == 312.0
    assert code(only(found, "dx.deviation_index")) == "contradictory_tags"
    assert code(only(found, "dx.view")) == code(only(found, "dx.laterality")) == "missing_tag"
    assert only(found, "dx.matrix.min").value == 1600
    assert 0 <= only(found, "dx.clipping.high").value < 1


def test_it_does_not_judge_samples_of_longer_series():
    for part in ("DTI AX 30d", "t1_gre_fsp_3d_sag__132750"):
        found = measured("mr-phantom", part)
        assert set(values(found, "mr.slices.missing")) <= {"numbering_sparse", "too_few_slices"}


def test_it_finds_no_series_shown_the_other_way():
    exam = next(e for s in [series_in("mr-phantom", "Sequential I to S")] for e in exams("mr-phantom") if s in e.series)
    stacks = {s.uid: split_stacks(s) for s in exam.series}
    assert only(measure_exam(exam, stacks), "mr.orientation.inconsistent").value == 0


# --- damaged on purpose ---------------------------------------------------------------------------

WHOLE = [("ct-catphan504", "ct-catphan504", "ct"), ("mr-acr", "Siemens_Aera_1.5T_T1", "mr")]


def whole(folder, part):
    series = series_in(folder, part)
    kept = tuple(i for i in series.instances if i.frames and i.frames[0].position_mm is not None)
    return replace(series, modality=kept[0].modality, instances=kept)


def with_instances(series, instances) -> Series:
    return replace(series, instances=tuple(instances))


@pytest.mark.parametrize(("folder", "part", "family"), WHOLE)
@pytest.mark.parametrize("seed", range(3))
def test_it_notices_exactly_the_slices_that_were_deleted(folder, part, family, seed):
    series = whole(folder, part)
    ordered = sorted(series.instances, key=lambda i: i.frames[0].position_mm[2])
    taken = random.Random(seed).sample(ordered[2:-2], 3)
    found = only(measure(with_instances(series, [i for i in ordered if i not in taken])), f"{family}.slices.missing")
    assert found.value == 3
    gone = {i.frames[0].position_mm[2] for i in taken}
    gaps = found.evidence.shape["gaps"]
    assert {z for z in gone for g in gaps if g["from_mm"] < z < g["to_mm"]} == gone


@pytest.mark.parametrize(("folder", "part", "family"), WHOLE)
def test_it_notices_exactly_the_slices_that_were_copied(folder, part, family):
    series = whole(folder, part)
    copied = [replace(i, sop_uid=i.sop_uid + ".copy") for i in (series.instances[3], series.instances[7])]
    found = measure(with_instances(series, [*series.instances, *copied]), CopyReader())
    copies = only(found, f"{family}.slices.duplicated")
    assert copies.value == 2
    assert [d["identical"] for d in copies.evidence.shape["duplicates"]] == [True, True]
    assert only(found, f"{family}.slices.missing").value == 0


def test_it_is_not_moved_by_shuffling_and_notices_renumbering():
    series = whole("ct-catphan504", "ct-catphan504")
    mixed = list(series.instances)
    random.Random(5).shuffle(mixed)
    before = measure(series)
    after = measure(with_instances(series, mixed))
    same = [(m.quantity, m.value) for m in before] == [(m.quantity, m.value) for m in after]
    assert same
    swapped = list(series.instances)
    a, b = swapped[10], swapped[30]
    swapped[10] = replace(a, facts={**a.facts, "InstanceNumber": b.facts["InstanceNumber"]})
    swapped[30] = replace(b, facts={**b.facts, "InstanceNumber": a.facts["InstanceNumber"]})
    found = measure(with_instances(series, swapped))
    assert only(found, "ct.slices.out_of_order").value == 2
    assert only(found, "ct.slices.missing").value == 0


def test_it_does_not_depend_on_how_the_whole_stack_lies():
    series = whole("ct-catphan504", "ct-catphan504")
    angle = math.radians(14.0)

    def turned(v):
        x, y, z = v
        return (x, y * math.cos(angle) - z * math.sin(angle), y * math.sin(angle) + z * math.cos(angle))

    def turn(one):
        frame = one.frames[0]
        row, column = turned(frame.orientation[:3]), turned(frame.orientation[3:])
        return replace(
            one, frames=(replace(frame, position_mm=turned(frame.position_mm), orientation=(*row, *column)),)
        )

    found = measure(with_instances(series, [turn(i) for i in series.instances if i not in series.instances[20:22]]))
    assert only(found, "ct.slices.missing").value == 2
    assert only(found, "ct.slices.interval").value == pytest.approx(2.5, abs=1e-6)
