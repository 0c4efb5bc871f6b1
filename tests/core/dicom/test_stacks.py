"""Series to stacks: known answers for every way of splitting, whatever the order of the files."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.core.dicom.test_geometry import AXIAL, CORONAL, SAGITTAL, rotation, turned
from tests.phantoms import dicom as phantoms

from imagingqc.dicom import geometry
from imagingqc.dicom.model import FrameGeometry, Instance, Series
from imagingqc.dicom.series import group, scan, split_stacks


def one_series(folder):
    exams = scan([folder]).exams
    assert len(exams) == 1
    assert len(exams[0].series) == 1
    return exams[0].series[0]


def positions(stack):
    return [round(s.position_mm, 3) for s in stack.slices]


def make(number, place, *, orientation=AXIAL, spacing=(0.7, 0.7), thickness=5.0, frame_facts=(), **facts):
    """One slice made of facts alone."""
    geometries = (FrameGeometry(tuple(place), tuple(orientation), spacing, thickness, dict(frame_facts)),)
    known = {"InstanceNumber": number, "ImageType": ("ORIGINAL", "PRIMARY", "AXIAL"), **facts}
    return Instance(f"/x/{number}", f"1.2.{number}", "1.2.840.10008.5.1.4.1.1.2", "1.9", "1.8", "CT",
                    "1.2.840.10008.1.2.1", 8, 8, geometries, known)  # fmt: skip


def series_of(instances):
    exams, conflicts = group(instances)
    assert conflicts == ()
    return exams[0].series[0]


def shape(series):
    """What must not depend on the order of files."""
    return [(s.kind, dict(s.key), [(x.instance.sop_uid, x.frame) for x in s.slices]) for s in split_stacks(series)]


def test_it_orders_slices_by_space_not_by_number(tmp_path):
    phantoms.ct_series(tmp_path, n=12, rows=32, faults=phantoms.CTFaults(shuffle=True))
    series = one_series(tmp_path)
    (stack,) = split_stacks(series)
    assert stack.kind == "volume"
    assert positions(stack) == [5.0 * i for i in range(12)]
    assert [i.number("InstanceNumber") for i in series.instances] == list(range(1, 13))
    assert [s.instance.number("InstanceNumber") for s in stack.slices] != list(range(1, 13))


def test_it_keeps_a_gap_as_a_gap(tmp_path):
    phantoms.ct_series(tmp_path, n=12, rows=32, faults=phantoms.CTFaults(missing=(3, 7, 8)))
    (stack,) = split_stacks(one_series(tmp_path))
    assert positions(stack) == [5.0 * i for i in range(12) if i not in {3, 7, 8}]


def test_it_keeps_an_unexplained_copy_as_a_duplicate(tmp_path):
    phantoms.ct_series(tmp_path, n=8, rows=32, faults=phantoms.CTFaults(duplicate=(2, 5)))
    (stack,) = split_stacks(one_series(tmp_path))
    assert positions(stack) == [0, 5, 10, 10, 15, 20, 25, 25, 30, 35]


def test_it_splits_two_phases_that_share_their_places(tmp_path):
    phantoms.ct_series(tmp_path, n=6, rows=32, phases=3)
    stacks = split_stacks(one_series(tmp_path))
    assert [len(s.slices) for s in stacks] == [6, 6, 6]
    assert all(positions(s) == [0, 5, 10, 15, 20, 25] for s in stacks)
    assert len({tuple(s.key.items()) for s in stacks}) == 3


def test_it_takes_the_hidden_scout_out(tmp_path):
    phantoms.ct_series(tmp_path, n=6, rows=32, faults=phantoms.CTFaults(localizer=True))
    stacks = split_stacks(one_series(tmp_path))
    assert [(s.kind, len(s.slices)) for s in stacks] == [("volume", 6), ("localizer", 1)]


def test_it_splits_by_thickness(tmp_path):
    phantoms.ct_series(tmp_path, n=6, rows=32, faults=phantoms.CTFaults(thick=(1, 3, 5)))
    stacks = split_stacks(one_series(tmp_path))
    assert [(s.key["SliceThickness"], positions(s)) for s in stacks] == [(5.0, [0, 10, 20]), (10.0, [5, 15, 25])]


@pytest.mark.parametrize("tilt", [0, 12, -25])
def test_it_measures_interval_and_tilt_of_a_leaning_gantry(tmp_path, tilt):
    phantoms.ct_series(tmp_path, n=6, rows=32, tilt_deg=tilt)
    (stack,) = split_stacks(one_series(tmp_path))
    assert geometry.intervals_mm(positions(stack)) == pytest.approx([5.0] * 5, abs=2e-3)
    places = [s.instance.frames[0].position_mm for s in stack.slices]
    assert geometry.shear_deg(places, stack.orientation) == pytest.approx(abs(tilt), abs=1e-3)
    assert geometry.plane(stack.orientation).angle_deg == pytest.approx(abs(tilt), abs=1e-3)


def test_it_splits_enhanced_frames_by_echo_and_time(tmp_path):
    phantoms.enhanced_mr(tmp_path, n=5, echo_times=(10.0, 80.0), temporal=3, interval_mm=6)
    stacks = split_stacks(one_series(tmp_path))
    assert sorted((s.key["EchoTime"], s.key["TemporalPositionIdentifier"]) for s in stacks) == [
        (te, t) for te in (10.0, 80.0) for t in (1, 2, 3)
    ]
    assert all(positions(s) == [0, 6, 12, 18, 24] for s in stacks)
    assert [s.frame for s in stacks[0].slices] == [4, 3, 2, 1, 0]


def test_it_splits_diffusion_by_b_value(tmp_path):
    sequence = phantoms.MRSequence("dwi", 5000, 80, b=(0.0, 500.0, 1000.0))
    phantoms.mr_series(tmp_path, sequence, n=4, rows=32)
    stacks = split_stacks(one_series(tmp_path))
    assert [s.key for s in stacks] == [{"DiffusionBValue": b} for b in (0.0, 500.0, 1000.0)]


def test_it_splits_b_values_then_directions():
    instances = [make(z + 1, (0, 0, 5 * z), DiffusionBValue=0.0) for z in range(3)]
    for d, direction in enumerate([(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)]):
        instances += [
            make(10 * (d + 1) + z, (0, 0, 5 * z), DiffusionBValue=1000.0, DiffusionGradientOrientation=direction)
            for z in range(3)
        ]
    stacks = split_stacks(series_of(instances))
    assert [len(s.slices) for s in stacks] == [3, 3, 3, 3]
    assert stacks[0].key == {"DiffusionBValue": 0.0}
    assert stacks[2].key == {"DiffusionBValue": 1000.0, "DiffusionGradientOrientation": (0.0, 1.0, 0.0)}


def test_it_ranks_trigger_times_that_differ_from_slice_to_slice():
    instances = [
        make(10 * phase + z, (0, 0, 8 * z), TriggerTime=100.0 * phase + 7 * z) for z in range(5) for phase in range(4)
    ]
    stacks = split_stacks(series_of(instances))
    assert [s.key for s in stacks] == [{"TriggerTime": rank} for rank in (1, 2, 3, 4)]
    assert all(positions(s) == [0, 8, 16, 24, 32] for s in stacks)


def test_it_does_not_shatter_a_scan_whose_acquisition_number_counts_the_table():
    instances = [make(z, (0, 0, 5 * z), AcquisitionNumber=z // 2) for z in range(12)]
    instances.append(make(99, (0, 0, 20), AcquisitionNumber=2))
    (stack,) = split_stacks(series_of(instances))
    assert len(stack.slices) == 13


def test_it_tells_sweeps_apart_by_instance_number_alone():
    instances = [make(10 * sweep + z, (0, 0, 4 * z)) for sweep in range(3) for z in range(5)]
    stacks = split_stacks(series_of(instances))
    assert [s.key for s in stacks] == [{"Sweep": 1}, {"Sweep": 2}, {"Sweep": 3}]


def test_it_leaves_interleaved_copies_together():
    instances = [make(2 * z + copy, (0, 0, 4 * z)) for copy in range(2) for z in range(5)]
    (stack,) = split_stacks(series_of(instances))
    assert positions(stack) == [0, 0, 4, 4, 8, 8, 12, 12, 16, 16]


@pytest.mark.parametrize(
    ("keyword", "values"),
    [
        ("ConvolutionKernel", ("B30f", "B70f")),
        ("EchoTime", (10.0, 80.0)),
        ("EchoNumbers", (1, 2)),
        ("NominalPercentageOfCardiacPhase", (30.0, 70.0)),
        ("KVP", (80.0, 140.0)),
        ("AcquisitionNumber", (1, 2)),
    ],
)
def test_it_splits_by_every_phase_attribute(keyword, values):
    instances = [make(2 * z + i, (0, 0, 5 * z), **{keyword: v}) for z in range(4) for i, v in enumerate(values)]
    stacks = split_stacks(series_of(instances))
    assert [s.key for s in stacks] == [{keyword: v} for v in values]


def test_it_splits_magnitude_from_phase_pictures():
    kinds = (("ORIGINAL", "PRIMARY", "M", "ND"), ("ORIGINAL", "PRIMARY", "P", "ND"))
    instances = [make(2 * z + i, (0, 0, 5 * z), ImageType=k) for z in range(3) for i, k in enumerate(kinds)]
    stacks = split_stacks(series_of(instances))
    assert [s.key["ImageType"] for s in stacks] == ["M", "P"]


def test_it_splits_three_planes_of_an_untagged_localizer():
    places = [make(10 * i + k, (k * 9.0, k * 9.0, k * 9.0), orientation=o)
              for i, o in enumerate((AXIAL, CORONAL, SAGITTAL)) for k in range(3)]  # fmt: skip
    stacks = split_stacks(series_of(places))
    assert [geometry.plane(s.orientation).name for s in stacks] == ["axial", "coronal", "sagittal"]
    assert [len(s.slices) for s in stacks] == [3, 3, 3]


def test_it_joins_orientations_that_differ_by_rounding():
    wobbled = [turned(AXIAL, rotation(a, 0, 0)) for a in (0, 4e-4, 8e-4)]
    (stack,) = split_stacks(series_of([make(i, (0, 0, 5 * i), orientation=o) for i, o in enumerate(wobbled)]))
    assert len(stack.slices) == 3


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        ({"ImageType": ("ORIGINAL", "PRIMARY", "LOCALIZER")}, "localizer"),
        ({"ImageType": ("DERIVED", "SECONDARY", "MPR")}, "secondary"),
        ({"ImageType": ("ORIGINAL", "SECONDARY", "AXIAL")}, "single"),
        ({"ImageType": ("DERIVED", "PRIMARY", "SCREEN SAVE")}, "secondary"),
        ({"PhotometricInterpretation": "RGB"}, "secondary"),
        ({"ImageType": ("ORIGINAL", "PRIMARY", "M", "MOSAIC")}, "other"),
        ({}, "single"),
    ],
)
def test_it_tells_the_kind_of_a_picture(facts, kind):
    assert [s.kind for s in split_stacks(series_of([make(1, (0, 0, 0), **facts)]))] == [kind]


def test_it_calls_a_slice_without_geometry_secondary():
    bare = replace(make(1, (0, 0, 0)), frames=(FrameGeometry(),))
    assert [s.kind for s in split_stacks(series_of([bare]))] == ["secondary"]


def test_it_gives_projections_one_by_one(tmp_path):
    study = phantoms.Study(key="dx")
    phantoms.dx_image(tmp_path, view="PA", number=1, rows=32, columns=32, study=study)
    phantoms.dx_image(tmp_path, view="LL", number=2, rows=32, columns=32, study=study)
    (exam,) = scan([tmp_path]).exams
    assert [[s.kind for s in split_stacks(series)] for series in exam.series] == [["projection"]] * 2


def test_it_gives_no_stack_for_a_report(tmp_path):
    phantoms.dose_report(tmp_path)
    assert split_stacks(one_series(tmp_path)) == ()


def test_it_files_colour_and_screenshots_apart(tmp_path):
    phantoms.us_colour(tmp_path / "us")
    phantoms.screenshot(tmp_path / "sc")
    kinds = {e.series[0].modality: split_stacks(e.series[0])[0].kind for e in scan([tmp_path]).exams}
    assert kinds == {"US": "other", "CT": "secondary"}


# --- properties -----------------------------------------------------------------------------------

MIXED = [
    *(make(z, (0, 0, 5 * z), AcquisitionNumber=1) for z in range(5)),
    *(make(20 + z, (0, 0, 5 * z), AcquisitionNumber=2) for z in range(5)),
    *(make(40 + z, (9.0 * z, 0, 0), orientation=SAGITTAL) for z in range(3)),
    make(60, (0, 0, 10), AcquisitionNumber=1),
    make(61, (0, 0, 0), ImageType=("ORIGINAL", "PRIMARY", "LOCALIZER")),
]


@given(st.randoms(use_true_random=False))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_it_gives_the_same_stacks_for_every_order_of_files(order: random.Random):
    shuffled = list(MIXED)
    order.shuffle(shuffled)
    assert shape(series_of(shuffled)) == shape(series_of(MIXED))
    loose = Series("1.9", "1.8", "CT", tuple(shuffled))
    assert shape(loose) == shape(series_of(MIXED))


@given(*[st.floats(-math.pi, math.pi)] * 3, st.floats(0.5, 12))
@settings(deadline=None)
def test_it_finds_the_same_intervals_however_the_patient_is_turned(a, b, c, interval):
    matrix = rotation(a, b, c)
    heights = [0.0, 1.0, 2.0, 4.0]
    instances = [
        make(i, matrix @ (-80.0, -70.0, h * interval), orientation=turned(AXIAL, matrix)) for i, h in enumerate(heights)
    ]
    (stack,) = split_stacks(series_of(instances))
    gaps = geometry.intervals_mm([s.position_mm for s in stack.slices])
    assert gaps == pytest.approx([interval, interval, 2 * interval], abs=1e-6)
