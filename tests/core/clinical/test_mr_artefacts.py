"""Artefacts of MR: recovered from generated trunks with a known one, and refused where the picture says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.clinical.builders import FakeReader, code, only, series_of, stack_of

from imagingqc.clinical.mr import artefacts, lines, wrap
from imagingqc.clinical.mr.artefacts import artefact_share, energy_ratio, entropy_focus, ghost_share
from imagingqc.clinical.mr.lines import stripes, zipper
from imagingqc.clinical.mr.looks import lasting, looks
from imagingqc.clinical.mr.wrap import seam_similarity, without_through
from imagingqc.clinical.reader import CachedReader
from imagingqc.clinical.registry import has_full_set, measure_series
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic import MRFaults, MRSequence, Trunk, mr_series, mr_trunk
from imagingqc.dicom.synthetic.mr_truth import TRUNK, TRUNK_FS, trunk_picture
from imagingqc.errors import AnalysisError
from imagingqc.image import Image2D
from imagingqc.protocol.facts import protocol_key

WRAP, FAT = "mr.wrap.similarity", "mr.fat_suppression.brightest_sector"
ZIPPER, SPIKE = "mr.zipper.slices", "mr.spike.slices"
QI1, EFC, FBER, GHOST = "mr.qi1", "mr.efc", "mr.fber", "mr.ghosting.phase"
PIXEL_MM = 380 / 256


@pytest.fixture
def measured(tmp_path):
    """Measures a generated trunk by the methods of this page (but for fat); the measurements by quantity."""

    def run(trunk=None, sequence=TRUNK, **kwargs):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        mr_trunk(folder, trunk, sequence, **kwargs)
        series = scan([folder], 1).exams[0].series[0]
        stacks, reader = split_stacks(series), CachedReader()
        out = []
        for module in (wrap, lines, artefacts):
            out += module.METHOD.run(series, stacks, reader)
        return {m.quantity: m for m in out}

    return run


def with_faults(**faults):
    return Trunk(faults=MRFaults(**faults))


def picture(seed=0, trunk=None, axis=0, **faults):
    return trunk_picture(trunk or Trunk(), MRFaults(**faults), 380.0, 256, np.random.default_rng(seed), axis)


def masks(shape=(256, 256)):
    """The generated body, and the air well away from it."""
    down, right = ((np.indices(shape) - 127.5) * PIXEL_MM).reshape(2, *shape)
    return np.hypot(down / 100, right / 145) < 1, np.hypot(down / 115, right / 160) > 1


# --- all of them on a good picture ---------------------------------------------------------------


def test_it_finds_nothing_wrong_in_a_good_series(measured):
    found = measured(n=3)
    assert found[WRAP].value == found[ZIPPER].value == found[SPIKE].value == 0
    assert found[QI1].value < 0.1
    assert found[GHOST].value < 0.2
    assert found[EFC].value == pytest.approx(0.514, abs=0.01)
    signal, noise = picture(noise=0.0)[masks()[0]], 2 * 0.02**2  # two channels
    assert found[FBER].value == pytest.approx((signal**2).mean() / noise, rel=0.05)


@pytest.mark.parametrize("noise", [0.005, 0.05, 0.15])
def test_it_raises_no_alarm_at_any_noise(measured, noise):
    found = measured(with_faults(noise=noise), n=3)
    assert found[WRAP].value == found[ZIPPER].value == found[SPIKE].value == 0
    assert found[QI1].value < 0.1


# --- wrap-around ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("phase", "shift", "edge"), [("COL", 120, 100), ("COL", 140, 100), ("ROW", 60, 145)])
def test_it_sees_a_body_that_comes_in_at_the_other_side(measured, phase, shift, edge):
    assert shift + edge > 190  # the generator's own truth: beyond half of the field
    found = measured(with_faults(shift_mm=shift), phase=phase, n=3)[WRAP]
    assert found.value > 0.5
    shape = found.evidence.shape
    assert shape["phase_encoding"] == phase
    assert (shape["width"], shape["height"]) == ((256, 8) if phase == "COL" else (8, 256))


@pytest.mark.parametrize(("phase", "shift"), [("COL", 60), ("ROW", 35), ("ROW", 0)])
def test_it_lets_a_body_lie_off_centre(measured, phase, shift):
    assert measured(with_faults(shift_mm=shift), phase=phase, n=3)[WRAP].value == 0


@pytest.mark.parametrize(("phase", "radii"), [("COL", (250, 145)), ("ROW", (100, 250)), ("COL", (260, 260))])
def test_it_lets_a_body_run_through_the_picture(measured, phase, radii):
    found = measured(Trunk(radii_mm=radii), phase=phase, n=3)
    assert found[WRAP].value == 0


def test_it_wants_wrap_around_in_three_neighbouring_slices(measured):
    trunk = with_faults(shift_mm=120)
    assert measured(trunk, n=6, faulty=(1, 2))[WRAP].value == 0
    assert measured(trunk, n=6, faulty=(1, 2, 3))[WRAP].value > 0.5


def test_it_needs_the_direction_of_the_phase(measured):
    for written, reason in ((None, "missing_tag"), ("OTHER", "unknown_value")):
        found = measured(n=2, facts={"InPlanePhaseEncodingDirection": written})
        assert code(found[WRAP]) == code(found[GHOST]) == reason
        assert found[QI1].value is not None


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 255), st.integers(0, 40), st.floats(0.1, 9))
def test_it_does_not_tell_one_part_of_a_periodic_picture_from_another(roll, seed, gain):
    """Any turn of a periodic texture goes on across its own border as well as within."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.fft2(rng.normal(size=(256, 256)))
    down = np.fft.fftfreq(256)
    spectrum *= np.exp(-((np.hypot(down[:, None], down[None, :]) / 0.06) ** 2))
    periodic = np.roll(np.fft.ifft2(spectrum).real, roll, 0)
    everywhere = np.ones((256, 256), dtype=bool)
    assert seam_similarity(periodic, everywhere, 0) > 0.7
    assert seam_similarity(gain * periodic, everywhere, 0) == pytest.approx(seam_similarity(periodic, everywhere, 0))
    assert seam_similarity(periodic[:128], everywhere[:128], 0) < 0.5  # half of it does not


def test_it_leaves_out_what_runs_from_border_to_border():
    mask = np.zeros((64, 64), dtype=bool)
    mask[:, 5:10] = mask[:20, 30:40] = mask[50:, 30:40] = True
    kept = without_through(mask, 0)
    assert not kept[:, 5:10].any()
    assert kept[:20, 30:40].all()
    assert kept[50:, 30:40].all()
    assert (without_through(mask.T, 1) == kept.T).all()


# --- zippers and spikes --------------------------------------------------------------------------


@pytest.mark.parametrize("row", [20, 60, 230])
@pytest.mark.parametrize("amplitude", [0.04, 0.1])
def test_it_finds_a_zipper_in_its_row(measured, row, amplitude):
    found = measured(with_faults(zipper=amplitude, zipper_row=row), n=4)[ZIPPER]
    assert found.value == 100
    shape = found.evidence.shape
    assert shape["y"] <= row < shape["y"] + shape["height"]
    assert (shape["x"], shape["width"]) == (0, 256)
    assert shape["height"] <= 3
    assert len(shape["slices"]) == shape["looked_at"] == 4


def test_it_finds_a_zipper_down_the_columns():
    _, air = masks()
    found = zipper(picture(zipper=0.1, zipper_row=40).T, air.T)
    assert (found.axis, found.start, found.width) == (1, 40, 1)


def test_it_wants_a_zipper_at_one_place_twice(measured):
    trunk = with_faults(zipper=0.1)
    assert measured(trunk, n=6, faulty=(1,))[ZIPPER].value == 0
    assert measured(trunk, n=6, faulty=(1, 4))[ZIPPER].value == pytest.approx(100 / 3)


def test_it_takes_no_ghost_or_dot_for_a_zipper():
    _, air = masks()
    assert zipper(picture(ghost=0.08), air) is None
    dotted = picture()
    dotted[30, 100:140] += 3.0  # a bright dash in one third of its row
    assert zipper(dotted, air) is None


@pytest.mark.parametrize("amplitude", [0.01, 0.04])
@pytest.mark.parametrize("wave", [(40, 55), (-90, 20), (12, 100)])
def test_it_finds_a_spike_at_its_frequency(amplitude, wave):
    found = stripes(picture(spike=amplitude, wave=wave))
    assert found.clarity > 10
    assert (round(found.down * 256), round(found.right * 256)) == wave


def test_it_finds_a_spike_in_the_slices_that_have_it(measured):
    found = measured(with_faults(spike=0.02), n=6, faulty=(2,))[SPIKE]
    assert found.value == pytest.approx(100 / 6)
    assert found.evidence.shape["cycles_per_pixel"] == pytest.approx([40 / 256, 55 / 256], abs=1e-4)


def test_it_takes_no_grid_for_a_spike():
    stack = stack_of([0.0], modality="MR", kind="single")
    line = np.where(np.arange(256) % 12 == 0, 0.4, 1.0)
    grid = picture() * line[:, np.newaxis] * line[np.newaxis, :]
    assert stripes(grid).clarity > 10
    for pixels, share in ((grid, 0), (picture(spike=0.03), 100)):
        reader = FakeReader({stack.slices[0].instance.sop_uid: image_of(500 * pixels)})
        assert only(lines.METHOD.run(series_of(stack), (stack,), reader), SPIKE).value == share


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 1000), st.floats(0.005, 0.2))
def test_it_sees_no_lines_in_noise(seed, noise):
    plain = picture(seed, noise=noise)
    assert stripes(plain).clarity < 10
    assert zipper(plain, masks()[1]) is None


# --- fat suppression -----------------------------------------------------------------------------


def fat_of(folder, trunk, sequence=TRUNK_FS, **kwargs):
    mr_trunk(folder, trunk, sequence, **kwargs)
    series = scan([folder], 1).exams[0].series[0]
    return only(measure_series(series, split_stacks(series), CachedReader(), "fast"), FAT)


@pytest.mark.parametrize(("sector", "level"), [(0, 0.6), (3, 1.5), (7, 2.5), (11, 4.0)])
def test_it_finds_the_sector_where_fat_is_bright(tmp_path, sector, level):
    found = fat_of(tmp_path, Trunk(fat=0.2, faults=MRFaults(bright_sector=(sector, level))), n=4)
    assert found.value == pytest.approx(level, rel=0.06)
    assert found.evidence.shape["sector"] == sector
    assert sum(r > level / 2 for r in found.evidence.shape["ratios"]) == 1
    points = np.array(found.evidence.shape["points"]) - 128
    turn = np.arctan2(points[:, 1], points[:, 0]) % (2 * np.pi) * 6 / np.pi
    assert np.median((turn - sector - 0.5 + 6) % 12 - 6) == pytest.approx(0, abs=0.3)


def test_it_says_when_fat_is_dark_or_bright_all_round(tmp_path):
    assert fat_of(tmp_path / "good", Trunk(fat=0.2), n=3).value < 1.2
    assert fat_of(tmp_path / "bad", Trunk(fat=2.4), n=3).value == pytest.approx(2.4, rel=0.06)


def test_it_asks_only_series_that_suppress_fat(tmp_path):
    assert code(fat_of(tmp_path / "plain", Trunk(), TRUNK, n=3)) == "not_fat_suppressed"
    assert code(fat_of(tmp_path / "cut", Trunk(fat=0.2, radii_mm=(260, 260)), n=3)) == "rim_cut"
    assert code(fat_of(tmp_path / "bare", Trunk(fat=0.2), n=3, facts={"PixelSpacing": None})) == "missing_tag"


# --- the full set --------------------------------------------------------------------------------


def test_it_measures_ghosts_in_proportion(measured):
    """A ghost of amplitude a that covers the share s of the air in line gives a x sqrt(s)."""
    values = {a: measured(with_faults(ghost=a, noise=0.01), n=2)[GHOST].value for a in (0.02, 0.05, 0.1)}
    for amplitude, value in values.items():
        assert value / (100 * amplitude) == pytest.approx(0.84, rel=0.05)


@pytest.mark.parametrize("axis", [0, 1])
def test_it_measures_a_ghost_as_strong_as_it_was_made(axis):
    """Against the energy of the very same ghost, without any noise."""
    body, air = masks()
    clean, ghosted = picture(noise=0.0, axis=axis), picture(noise=0.0, ghost=0.06, axis=axis)
    beside = air & np.broadcast_to(body.any(axis=axis, keepdims=True), body.shape)
    expected = 0.06 * np.sqrt((np.roll(clean, 128, axis)[beside] ** 2).mean() / (ghosted[body] ** 2).mean())
    noisy = picture(noise=0.02, ghost=0.06, axis=axis)
    assert ghost_share(ghosted, body, air, axis) == pytest.approx(expected, rel=0.01)
    assert ghost_share(noisy, body, air, axis) == pytest.approx(expected, rel=0.03)
    assert ghost_share(noisy, body, air, 1 - axis) == 0


def test_it_sees_motion_grow(measured):
    found = [measured(with_faults(motion_px=m), n=2) for m in (0.0, 1.0, 2.0, 4.0)]
    for quantity, sign in ((QI1, 1), (EFC, 1), (FBER, -1), (GHOST, 1)):
        values = [sign * one[quantity].value for one in found]
        assert values == sorted(values)
        assert values[0] < values[-1]


def test_it_gives_the_share_of_the_air_that_was_raised():
    _, air = masks()
    raised = picture()
    raised[10:50, 10:110] += 1.0
    expected = (air[10:50, 10:110]).sum() / air.sum()
    assert artefact_share(raised, air) == pytest.approx(expected, abs=0.003)


@settings(deadline=None, max_examples=15)
@given(st.floats(0.01, 50), st.integers(0, 100))
def test_it_does_not_depend_on_gain(gain, seed):
    body, air = masks()
    plain = picture(seed, ghost=0.05)
    assert entropy_focus(gain * plain) == pytest.approx(entropy_focus(plain))
    assert energy_ratio(gain * plain, body, air) == pytest.approx(energy_ratio(plain, body, air))
    assert artefact_share(gain * plain, air) == pytest.approx(artefact_share(plain, air), abs=1e-3)
    assert ghost_share(gain * plain, body, air, 0) == pytest.approx(ghost_share(plain, body, air, 0))


def test_it_bounds_the_entropy():
    one = np.zeros((64, 64))
    one[10, 10] = 7.0
    assert entropy_focus(one) == pytest.approx(0)
    assert entropy_focus(np.full((64, 64), 3.0)) == pytest.approx(1)
    with pytest.raises(AnalysisError, match="signal"):
        entropy_focus(np.zeros((64, 64)))


def test_it_belongs_to_the_full_set(tmp_path):
    mr_trunk(tmp_path, n=2)
    series = scan([tmp_path], 1).exams[0].series[0]
    fast = measure_series(series, split_stacks(series), CachedReader(), "fast")
    assert {code(only(fast, q)) for q in (QI1, EFC, FBER, GHOST)} == {"measured_later"}
    assert has_full_set("MR")


# --- refusals ------------------------------------------------------------------------------------


def test_it_refuses_air_that_was_blanked(measured):
    found = measured(Trunk(blanked=True), n=2)
    assert {code(found[q]) for q in (ZIPPER, QI1, EFC, FBER, GHOST)} == {"air_zeroed"}
    assert found[SPIKE].value == found[WRAP].value == 0


def test_it_refuses_a_body_that_fills_the_picture(measured):
    found = measured(Trunk(radii_mm=(260, 260)), n=2)
    assert {code(found[q]) for q in (ZIPPER, QI1, EFC, FBER, GHOST)} == {"no_air"}
    assert found[SPIKE].value == 0


def test_it_refuses_small_pictures_and_plain_borders(measured):
    small = measured(n=2, rows=96)
    assert {code(small[q]) for q in (WRAP, ZIPPER, SPIKE)} == {"picture_too_small"}
    assert small[GHOST].value is not None
    assert code(measured(with_faults(shift_mm=100), n=2)[WRAP]) == "border_unclear"


def test_it_refuses_air_on_one_axis_alone(measured):
    assert code(measured(Trunk(radii_mm=(100, 260)), n=2)[GHOST]) == "no_air_beside"


def test_it_refuses_a_ghost_that_could_be_tissue(measured):
    assert code(measured(with_faults(ghost=0.2), n=2)[GHOST]) == "air_unsure"


def image_of(pixels):
    return Image2D(pixels.astype(np.float32), pixels.astype(np.int16), "US", (1.0, 1.0), 12, "MONOCHROME2", None)


@pytest.mark.parametrize(
    ("pixels", "facts", "reason"),
    [
        (np.zeros((128, 128)), {}, "no_foreground"),
        (np.random.default_rng(1).integers(0, 4000, (128, 128)), {}, "no_foreground"),
        (100 * picture()[::8, ::8], {}, "picture_too_small"),
        (100 * picture(), {"ImageType": ("DERIVED", "PRIMARY", "DIFFUSION", "ADC")}, "derived_map"),
        (100 * picture(), {"ImageType": ("ORIGINAL", "PRIMARY", "P", "ND")}, "derived_map"),
        (None, {}, "no_pixel_data"),
    ],
)
def test_it_refuses_pictures_that_show_nothing_to_measure(pixels, facts, reason):
    stack = stack_of([0.0, 5.0], modality="MR", InPlanePhaseEncodingDirection="COL", **facts)
    images = {} if pixels is None else {p.instance.sop_uid: image_of(np.asarray(pixels)) for p in stack.slices}
    found = measure_series(series_of(stack), (stack,), FakeReader(images))
    for quantity in (WRAP, ZIPPER, SPIKE, QI1, EFC, FBER, GHOST):
        assert code(only(found, quantity)) == reason


def test_it_refuses_mosaics():
    stack = stack_of([0.0, 5.0], modality="MR", kind="other")
    assert code(only(measure_series(series_of(stack), (stack,), FakeReader()), WRAP)) == "no_images"


# --- shared parts --------------------------------------------------------------------------------


def test_it_looks_at_thirty_slices_once(tmp_path):
    mr_series(tmp_path, MRSequence("t2_tse_tra", 4500, 100), n=70, rows=64)
    (stack,) = split_stacks(scan([tmp_path], 1).exams[0].series[0])
    reader = CachedReader()
    seen = looks(stack, reader)
    assert 20 <= len(seen) <= 30
    assert looks(stack, reader) is seen


def test_it_keeps_what_lasts_for_three_neighbours():
    assert lasting([0, 9, 0, 3, 4, 5, 1]) == (3, 4)
    assert lasting([7.0]) == (7.0, 0)
    assert lasting([2, 6]) == (2, 1)


def test_it_keeps_matrices_apart_in_the_baseline(tmp_path):
    keys = set()
    for rows in (64, 96):
        mr_trunk(tmp_path / str(rows), n=1, rows=rows)
        keys.add(protocol_key(scan([tmp_path / str(rows)], 1).exams[0].series[0]))
    assert len(keys) == 2
    assert any("96x96" in key for key in keys)


def test_it_writes_the_same_series_twice(tmp_path):
    first, second = (mr_trunk(tmp_path / name, with_faults(zipper=0.1), n=2) for name in ("a", "b"))
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
