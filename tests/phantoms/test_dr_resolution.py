"""The MTF of a slanted edge against the MTF that was drawn, or the right refusal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from tests.phantoms.xray import examined, refusal, values

from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic import dx_image
from imagingqc.dicom.synthetic.phantoms.dr_raw import Detector, dr_flat, dr_raw
from imagingqc.dicom.synthetic.phantoms.dr_sharpness import BAR_GROUPS, SHARP, dr_bars, dr_edge, true_mtf
from imagingqc.imaging.edge_spread import Mtf
from imagingqc.imaging.straight_edge import StraightEdge
from imagingqc.phantom.dr import resolution
from imagingqc.phantom.dr.edge import EdgeMtf
from imagingqc.phantom.dr.raw import Raw
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.model import recorder
from imagingqc.phantom.registry import test_named as named

QUIET = Detector(rows=560, columns=560, spacing=0.15, noise=0.005)


def truth(blur, level, pitch=0.15):
    return brentq(lambda f: float(true_mtf(np.array(f), blur, pitch)) - level, 0.01, 0.99 / pitch)


def test_it_is_registered_under_its_name():
    assert named("dr.resolution") is resolution.TEST


@settings(max_examples=5)
@given(
    blur=st.floats(0.06, 0.15),
    turn=st.one_of(st.floats(1.5, 4), st.floats(-4, -1.5)),
    shift=st.tuples(st.floats(-8, 8), st.floats(-8, 8)),
)
def test_it_measures_the_mtf_that_was_drawn(tmp_path_factory, blur, turn, shift):
    path = dr_edge(tmp_path_factory.mktemp("edge"), blur=blur, turn=turn, shift=shift, detector=QUIET)
    result = examined(resolution.TEST, path, offset=100.0)
    found = values(result)
    for quantity, level in (("dr.phantom.mtf50", 0.5), ("dr.phantom.mtf10", 0.1)):
        assert found[quantity] == pytest.approx([truth(blur, level)] * 2, rel=0.02)  # along and across the rows
    assert result.found.checks["horizontal.tilt_deg"] == pytest.approx(abs(turn), abs=0.05)


def test_noise_of_an_ordinary_exposure_changes_little(tmp_path):
    found = values(examined(resolution.TEST, dr_edge(tmp_path, blur=0.1, seed=3), offset=100.0))
    assert found["dr.phantom.mtf50"] == pytest.approx([truth(0.1, 0.5)] * 2, rel=0.03)


def test_it_draws_the_curve(tmp_path):
    result = examined(resolution.TEST, dr_edge(tmp_path, blur=0.1, detector=QUIET), offset=100.0)
    for curve in result.found.curves:
        frequency, modulation = np.array(curve["x"]), np.array(curve["y"])
        low = frequency < 3
        assert np.abs(modulation[low] - true_mtf(frequency[low], 0.1, 0.15)).max() < 0.03


def test_a_logarithmic_detector_is_linearised_first(tmp_path):
    detector = Detector(rows=560, columns=560, spacing=0.15, noise=0.005, law="log", a=2000, b=800)
    path = dr_edge(tmp_path, blur=0.1, detector=detector, lets_through=0.05)
    assert refusal(examined(resolution.TEST, path)) == "response_needed"
    found = values(examined(resolution.TEST, path, slope=800.0))
    assert found["dr.phantom.mtf50"] == pytest.approx([truth(0.1, 0.5)] * 2, rel=0.03)


@pytest.mark.parametrize(
    ("draw", "code"),
    [
        (lambda folder: dr_edge(folder, turn=0.0), "edge_angle"),
        (lambda folder: dr_edge(folder, turn=20.0), "edge_angle"),
        (lambda folder: dr_edge(folder, lets_through=0.8), "edge_none"),
        (lambda folder: dr_edge(folder, size=(22.0, 22.0), turn=2.0), "edge_short"),
        (lambda folder: dr_flat(folder, detector=SHARP), "edge_none"),
        (lambda folder: dx_image(folder, rows=512, columns=512, intent="PROCESSING",
                                 facts={"PixelIntensityRelationship": "LIN"}), None),
        (lambda folder: dr_raw(folder, disc(), spacing=0.15), "edge_not_straight"),
        (lambda folder: dr_raw(folder, np.random.default_rng(0).uniform(0, 4000, (560, 560)), spacing=0.15), None),
    ],
    ids=["straight", "far turned", "thin", "short", "flat", "patient", "disc", "noise"],
)  # fmt: skip
def test_it_refuses_what_is_no_usable_edge(tmp_path, draw, code):
    found = refusal(examined(resolution.TEST, draw(tmp_path)))
    assert found == code or (code is None and found in {"edge_none", "edge_not_straight", "xr_clipped"})


def disc():
    """A round plate."""
    y, x = np.mgrid[:560, :560] - 280.0
    inside = np.clip(150 - np.hypot(x, y) + 0.5, 0, 1)
    return 4000 * (1 - 0.98 * inside) + np.random.default_rng(2).normal(0, 20, (560, 560))


def test_a_frequency_that_is_never_reached_is_refused(tmp_path):
    """A detector that sharpens so much that nothing falls to 10 % within what is measured."""
    result = examined(resolution.TEST, dr_edge(tmp_path, detector=QUIET), offset=100.0)
    assert [m.reason.code for m in result.found.measurements if m.reason] == ["limit_needs_bars"]
    sharp = Mtf(np.linspace(0, 5, 50), np.full(50, 0.3))
    edge = StraightEdge(upright=True, tilt_deg=2.0, point=(5.0, 5.0), normal=0.0, residual=0.1, length=100.0)
    (piece,) = (p for stack in split_stacks(series_of(tmp_path)) for p in stack.slices)
    raw = Raw(piece, Frames().image(piece), (0.15, 0.15), "LIN")
    found = resolution.measured(raw, EdgeMtf(edge, sharp), recorder((resolution.NAME, "1"), [piece]))
    assert [m.reason.code for m in found] == ["edge_mtf_beyond"] * 2


def series_of(folder):
    (series,) = (s for exam in scan([folder]).exams for s in exam.series)
    return series


# --- bar pattern -----------------------------------------------------------------------------------


def limit_of(blur, level=0.1):
    """The finest group whose modulation by the coarsest one, and that of all before it, reaches the level."""
    mtf = true_mtf(np.array(BAR_GROUPS), blur, 0.15)
    return BAR_GROUPS[int(np.argmin(np.append(mtf / mtf[0] >= level, False))) - 1]


@pytest.mark.parametrize("turn", [0.0, 3.0, 45.0, 90.0])
@pytest.mark.parametrize("blur", [0.1, 0.13, 0.2])
def test_it_reads_a_bar_pattern(tmp_path, turn, blur):
    result = examined(resolution.TEST, dr_bars(tmp_path, turn=turn, blur=blur), object="bars", groups=BAR_GROUPS)
    found = values(result)
    limits = [limit_of(blur, level) for level in (0.14, 0.07)]  # one group more or less near the threshold
    assert limits[0] <= found["dr.phantom.resolution.limit"] <= limits[1]
    assert [m.reason.code for m in result.found.measurements if m.reason] == ["mtf_needs_edge"] * 2
    (curve,) = result.found.curves
    mtf = true_mtf(np.array(BAR_GROUPS), blur, 0.15)
    clear = mtf / mtf[0] > 0.1
    assert np.abs(np.array(curve["y"]) - mtf / mtf[0])[clear].max() < 0.06
    (limit,) = (m for m in result.found.measurements if m.quantity == "dr.phantom.resolution.limit")
    assert limit.nominal == pytest.approx(1 / 0.3)


def test_groups_beyond_the_nyquist_frequency_do_not_count(tmp_path):
    groups = (0.6, 0.8, 1.0, 1.2, 1.6, 2.0)
    coarse = Detector(rows=336, columns=336, spacing=0.25, noise=0.01)
    found = examined(resolution.TEST, dr_bars(tmp_path / "a", groups=groups, blur=0.02, detector=coarse),
                     object="bars", groups=groups)  # fmt: skip
    assert values(found)["dr.phantom.resolution.limit"] in {1.6, 2.0}
    finer = (0.6, 0.8, 1.0, 1.6, 2.4, 3.0)
    found = examined(resolution.TEST, dr_bars(tmp_path / "b", groups=finer, blur=0.02, detector=coarse),
                     object="bars", groups=finer)  # fmt: skip
    assert values(found)["dr.phantom.resolution.limit"] == 1.6


@pytest.mark.parametrize(
    ("draw", "parameters", "code"),
    [
        (lambda folder: dr_flat(folder, detector=SHARP), {}, "bars_none"),
        (dr_edge, {}, "bars_none"),
        (
            lambda folder: dr_raw(folder, np.random.default_rng(0).uniform(0, 4000, (560, 560)), spacing=0.15),
            {},
            "bars_none",
        ),
        (dr_bars, {"groups": (1.0, 0.6)}, "parameter_bad"),
        (dr_bars, {"groups": (0.3, 0.45)}, "bars_none"),
    ],
    ids=["flat", "edge", "noise", "groups out of order", "other groups"],
)
def test_it_refuses_what_is_no_such_bar_pattern(tmp_path, draw, parameters, code):
    parameters = {"object": "bars", "groups": BAR_GROUPS} | parameters
    assert refusal(examined(resolution.TEST, draw(tmp_path), **parameters)) == code
