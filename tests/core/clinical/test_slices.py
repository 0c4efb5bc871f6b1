"""Slice geometry: known answers, properties and refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.clinical.builders import AXIAL, FakeReader, code, instance, only, series_of, stack_of

from imagingqc.clinical.registry import measure_series
from imagingqc.clinical.slices import slice_geometry
from imagingqc.dicom.model import Slice, Stack

STEPS = st.sampled_from([0.6, 0.625, 1.0, 1.25, 2.5, 3.0, 5.0, 8.0])


def measure(stack, reader=None):
    return measure_series(series_of(stack), (stack,), reader or FakeReader())


def keep(n, removed):
    return [i for i in range(n) if i not in removed]


def test_it_finds_nothing_wrong_in_a_complete_series():
    found = measure(stack_of([5.0 * i for i in range(20)], thickness=5.0, SpacingBetweenSlices=0.625))
    for quantity in ("missing", "duplicated", "irregular", "out_of_order"):
        assert only(found, f"ct.slices.{quantity}").value == 0
    assert only(found, "ct.slices.interval").value == 5.0
    assert only(found, "ct.slices.interval").nominal is None
    assert only(found, "ct.slices.thickness").value == 5.0
    assert only(found, "ct.slices.uncovered").value == 0.0


def test_it_counts_missing_slices_and_shows_where():
    left = keep(30, {7, 20, 21})
    found = only(measure(stack_of([2.5 * i for i in left], [i + 1 for i in left])), "ct.slices.missing")
    assert found.value == 3
    gaps = found.evidence.shape["gaps"]
    assert [(g["from_mm"], g["to_mm"], g["missing"], g["numbered"]) for g in gaps] == [
        (15.0, 20.0, 1, True),
        (47.5, 55.0, 2, True),
    ]
    assert gaps[0]["before"].endswith(".7")
    assert gaps[0]["after"].endswith(".9")
    assert found.evidence.shape["number_holes"] == [8, 21, 22]


def test_it_counts_missing_slices_without_numbers_and_after_renumbering():
    left = keep(30, {7, 20, 21})
    positions = [2.5 * i for i in left]
    without = only(measure(stack_of(positions, [None] * 27)), "ct.slices.missing")
    renumbered = only(measure(stack_of(positions)), "ct.slices.missing")
    assert without.value == renumbered.value == 3
    assert without.evidence.shape["numbering"] == "absent"
    assert [g["numbered"] for g in renumbered.evidence.shape["gaps"]] == [False, False]


def test_it_sees_that_most_slices_are_missing_by_their_numbers():
    # every second or third slice only: the median step is itself a gap
    numbers = [2, 5, 7, 10, 12, 15, 17, 20, 23, 26, 28]
    found = measure(stack_of([5.0 * n for n in numbers], numbers))
    assert only(found, "ct.slices.missing").value == 16
    assert only(found, "ct.slices.interval").value == pytest.approx(5.0)


def test_it_refuses_when_every_nth_number_is_there_and_slices_are_far_apart():
    found = measure(stack_of([10.0 * i for i in range(8)], [1 + 2 * i for i in range(8)], thickness=5.0))
    assert {code(m) for m in found if m.quantity.startswith("ct.slices") and "thickness" not in m.quantity} == {
        "numbering_sparse"
    }


def test_it_accepts_interleaved_numbers_when_slices_touch():
    found = measure(stack_of([5.0 * i for i in range(8)], [1 + 2 * i for i in range(8)], thickness=5.0))
    assert only(found, "ct.slices.missing").value == 0


def test_it_ignores_rounding_of_the_header():
    found = measure(stack_of([round(1.25 * i + (0.01 if i % 2 else 0.0), 2) for i in range(40)]))
    assert only(found, "ct.slices.irregular").value == 0
    assert only(found, "ct.slices.missing").value == 0


def test_it_counts_irregular_steps_and_places_them():
    positions = [5.0 * i for i in range(20)]
    positions[10] += 1.0
    found = only(measure(stack_of(positions)), "ct.slices.irregular")
    assert found.value == 2
    assert found.evidence.shape["irregular"] == [{"from_mm": 45.0, "to_mm": 51.0}, {"from_mm": 51.0, "to_mm": 55.0}]


@pytest.mark.parametrize(("shift", "irregular"), [(0.04, 0), (0.06, 2), (0.2, 2)])
def test_it_allows_a_twentieth_of_a_millimetre_between_thin_slices(shift, irregular):
    positions = [1.0 * i for i in range(20)]
    positions[10] += shift
    assert only(measure(stack_of(positions)), "ct.slices.irregular").value == irregular


def test_it_does_not_believe_numbers_that_jump_where_positions_do_not():
    numbers = [1, 2, 3, 44, 45, 47, 90, 91, 133, 134, 190, 191]
    found = only(measure(stack_of([5.0 * i for i in range(12)], numbers)), "ct.slices.missing")
    assert found.value == 0
    assert found.evidence.shape["numbering"] == "unrelated"


def test_it_takes_a_step_scan_as_two_intervals_and_not_as_gaps():
    positions = [5.0 * i for i in range(10)] + [45.0 + 10.0 * i for i in range(1, 7)]
    found = measure(stack_of(positions))
    assert only(found, "ct.slices.missing").value == 0
    assert only(found, "ct.slices.irregular").value == 0
    interval = only(found, "ct.slices.interval")
    assert code(interval) == "mixed_intervals"
    assert interval.reason.values["values"] == "5, 10"
    assert only(found, "ct.slices.uncovered").value == pytest.approx(5.0)


@pytest.mark.parametrize(("run", "missing"), [(3, 3), (4, 0)])
def test_it_calls_more_than_three_equal_gaps_in_a_row_an_interval(run, missing):
    positions = [5.0 * i for i in range(12)] + [55.0 + 10.0 * i for i in range(1, run + 1)]
    positions += [positions[-1] + 5.0 * i for i in range(1, 6)]
    assert only(measure(stack_of(positions)), "ct.slices.missing").value == missing


def test_it_tells_true_copies_from_other_pictures_at_one_place():
    positions = [5.0 * i for i in range(10)] + [20.0, 25.0]
    stack = stack_of(positions, [*range(1, 11), 5, 6])
    uids = {p.instance.sop_uid: f"h{p.position_mm}" for p in stack.slices}
    twin = next(u for u in uids if u.endswith("11.6"))
    reader = FakeReader(hashes={**uids, twin: "other"})
    found = only(measure(stack, reader), "ct.slices.duplicated")
    assert found.value == 2
    assert [(d["position_mm"], d["identical"]) for d in found.evidence.shape["duplicates"]] == [
        (20.0, True),
        (25.0, False),
    ]


def test_it_says_that_copies_could_not_be_compared():
    stack = stack_of([5.0 * i for i in range(10)] + [20.0], [*range(1, 11), 5])
    found = only(measure(stack), "ct.slices.duplicated")
    assert found.value == 1
    assert found.evidence.shape["duplicates"][0]["identical"] is None


def test_it_refuses_to_call_two_phases_copies():
    stack = stack_of([5.0 * i for i in range(10)] * 2, [*range(1, 11), *range(11, 21)])
    reader = FakeReader(hashes={p.instance.sop_uid: p.instance.sop_uid for p in stack.slices})
    found = measure(stack, reader)
    assert code(only(found, "ct.slices.duplicated")) == "positions_shared"
    assert only(found, "ct.slices.missing").value == 0


def test_it_counts_slices_out_of_order():
    numbers = list(range(1, 21))
    numbers[3], numbers[12] = numbers[12], numbers[3]
    found = only(measure(stack_of([5.0 * i for i in range(20)], numbers)), "ct.slices.out_of_order")
    assert found.value == 2
    descending = only(measure(stack_of([5.0 * i for i in range(20)], range(20, 0, -1))), "ct.slices.out_of_order")
    assert descending.value == 0


def test_it_refuses_order_without_numbers():
    found = only(measure(stack_of([5.0 * i for i in range(5)], [None] * 5)), "ct.slices.out_of_order")
    assert code(found) == "missing_tag"


def test_it_refuses_fewer_than_three_positions():
    found = measure(stack_of([0.0, 5.0, 5.0], [1, 2, 2]))
    missing = only(found, "ct.slices.missing")
    assert code(missing) == "too_few_slices"
    assert missing.reason.values["n"] == 2
    assert only(found, "ct.slices.thickness").value == 5.0


def test_it_refuses_thickness_that_is_missing_or_mixed():
    stack = stack_of([5.0 * i for i in range(6)], thickness=None)
    found = measure(stack)
    assert code(only(found, "ct.slices.thickness")) == "missing_tag"
    assert code(only(found, "ct.slices.uncovered")) == "missing_tag"
    thick = stack_of([0.0, 5.0, 10.0], series="1.2.4", thickness=5.0)
    thin = stack_of([15.0, 20.0, 25.0], [4, 5, 6], series="1.2.4", thickness=2.0)
    mixed = type(thick)("volume", thick.slices + thin.slices, thick.normal, thick.orientation, thick.spacing_mm)
    assert code(only(measure(mixed), "ct.slices.thickness")) == "mixed_values"


def test_it_numbers_frames_by_their_place_in_the_stack():
    one = instance(1, uid="1.9")
    places = [4, 1, 2, 5, 6]  # frames in the file's order; the third slice is missing
    frames = tuple(
        replace(one.frames[0], position_mm=(0.0, 0.0, 5.0 * n), facts={"InStackPositionNumber": n}) for n in places
    )
    multi = replace(one, frames=frames)
    pieces = tuple(sorted((Slice(multi, i, 5.0 * n) for i, n in enumerate(places)), key=lambda s: s.position_mm))
    found = measure(Stack("volume", pieces, (0, 0, 1), AXIAL, (0.5, 0.5)))
    assert only(found, "ct.slices.missing").value == 1
    assert only(found, "ct.slices.out_of_order").value == 0
    bare = replace(multi, frames=tuple(replace(f, facts={}) for f in frames))
    unnumbered = measure(Stack("volume", tuple(replace(p, instance=bare) for p in pieces), (0, 0, 1), AXIAL))
    assert only(unnumbered, "ct.slices.missing").value == 1
    assert code(only(unnumbered, "ct.slices.out_of_order")) == "missing_tag"


def test_it_never_counts_a_localizer_or_a_capture():
    for kind in ("localizer", "secondary", "single"):
        found = measure(stack_of([0.0, 5.0, 30.0, 35.0], kind=kind))
        assert code(only(found, "ct.slices.missing")) == "not_a_volume"


@given(step=STEPS, n=st.integers(12, 60), data=st.data())
@settings(max_examples=60, deadline=None)
def test_it_notices_exactly_what_was_taken_away(step, n, data):
    inner = st.sets(st.integers(1, n - 2), min_size=1, max_size=n // 4)
    left = keep(n, data.draw(inner))
    geometry = slice_geometry(stack_of([step * i for i in left], [i + 1 for i in left]))
    assert geometry.missing == n - len(left)
    assert not geometry.irregular


@given(step=STEPS, origin=st.floats(-2000, 2000), scale=st.floats(0.5, 4.0), seed=st.randoms())
@settings(max_examples=60, deadline=None)
def test_it_does_not_depend_on_origin_order_or_direction(step, origin, scale, seed):
    left = keep(25, {4, 11, 12})
    order = list(left)
    seed.shuffle(order)
    here = slice_geometry(stack_of([step * i for i in left], [i + 1 for i in left]))
    there = slice_geometry(stack_of([origin - scale * step * i for i in order], [i + 1 for i in order]))
    assert here.missing == there.missing == 3
    assert there.intervals_mm[0] == pytest.approx(scale * here.intervals_mm[0], rel=1e-6)


@given(st.lists(st.floats(-1e5, 1e5, allow_nan=False), min_size=1, max_size=30), st.integers(-3, 2_000_000_000))
@settings(max_examples=80, deadline=None)
def test_it_survives_absurd_positions_and_numbers(positions, start):
    found = measure(stack_of(positions, [start + 7 * i * i for i in range(len(positions))]))
    missing = only(found, "ct.slices.missing")
    if missing.reason is not None:
        assert code(missing) in {"too_few_slices", "numbering_sparse"}
    else:
        assert missing.value >= 0
    assert only(found, "ct.slices.out_of_order").value is None or len(set(positions)) >= 3
