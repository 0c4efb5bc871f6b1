"""Field homogeneity from two echoes: the field that was drawn, or the right refusal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagingqc.dicom.series import scan as scan_files
from imagingqc.dicom.synthetic.phantoms.mr_field import FieldPhantom, field_ppm, grid, mr_field
from imagingqc.phantom.mr.homogeneity import TEST
from imagingqc.phantom.registry import test_named as named
from imagingqc.phantom.run import analyse


def series_in(folder):
    return [s for exam in scan_files([folder]).exams for s in exam.series]


def examined(folder, phantom=None, facts=None, **parameters):
    mr_field(folder, phantom, facts=facts)
    return analyse(TEST, series_in(folder), parameters)


def measured(folder, phantom=None, **parameters):
    return values(examined(folder, phantom, **parameters))


def values(result):
    assert result.refused is None, result.refused
    return {m.quantity.removeprefix("mr.phantom.homogeneity"): m.value for m in result.found.measurements}


@pytest.fixture(scope="module")
def three_echoes(tmp_path_factory):
    """Series of a plain phantom by name: field_M1, and field_P1 to field_P3."""
    folder = tmp_path_factory.mktemp("plain")
    mr_field(folder, FieldPhantom(echoes=(4.0, 6.0, 8.0)))
    return {s.first.text("SeriesDescription"): s for s in series_in(folder)}


@pytest.fixture
def plain(three_echoes):
    return [three_echoes[name] for name in ("field_M1", "field_P1", "field_P2")]


def truth(phantom, diameter):
    z, y, x = grid()
    field = field_ppm(phantom)[np.broadcast_to(x**2 + y**2 + z**2 <= (diameter / 2) ** 2, field_ppm(phantom).shape)]
    return float(field.std()), float(np.ptp(field))


def test_it_is_registered_under_its_name():
    assert named("mr.homogeneity") is TEST


@settings(max_examples=4)
@given(st.floats(-0.8, 0.8), st.floats(-0.5, 0.5), st.floats(-3, 3), st.floats(1, 8))
def test_it_measures_the_field_that_was_drawn(tmp_path_factory, second, slope, offset, noise):
    phantom = FieldPhantom(second=second, slope=slope, offset=offset, noise=noise)
    got = measured(tmp_path_factory.mktemp("field"), phantom, dsv_mm=160.0)
    vrms, peak = truth(phantom, 160.0)
    own = noise / 1000 * np.sqrt(2) / (2 * np.pi * 0.002 * 63.87)  # noise of a voxel, ppm
    assert got[""] == pytest.approx(np.hypot(vrms, own), rel=0.02, abs=0.003)
    assert got[".peak"] == pytest.approx(peak, rel=0.02, abs=12 * own + 0.01)
    assert got[".dsv"] == 160.0


def test_it_follows_the_phase_beyond_a_turn(tmp_path):
    phantom = FieldPhantom(second=8.0, slope=4.0, noise=2.0)
    vrms, peak = truth(phantom, 160.0)
    got = measured(tmp_path, phantom, facts={"ImagingFrequency": None}, dsv_mm=160.0)  # that of the nominal field
    assert 2 * np.pi * 0.002 * 63.87 * peak > 2 * np.pi  # more than a turn within the sphere
    assert got[""] == pytest.approx(vrms, rel=0.01)
    assert got[".peak"] == pytest.approx(peak, rel=0.03)


def test_it_takes_the_sphere_that_fits_when_nobody_says(plain):
    assert values(analyse(TEST, plain))[".dsv"] == pytest.approx(0.9 * 200, abs=10)


def test_it_takes_the_frequency_of_the_header_before_the_nominal_field(tmp_path, plain):
    """The same phase at a frequency 3.6 % lower is a field 3.6 % wider: 2.89 T called 3 T."""
    nominal = values(analyse(TEST, plain, {"dsv_mm": 160.0}))
    named = examined(tmp_path, facts={"ImagingFrequency": "61.567"}, dsv_mm=160.0)
    assert values(named)[""] == pytest.approx(nominal[""] * 42.577 * 1.5 / 61.567, rel=0.005)


def test_it_takes_the_frequency_where_no_field_is_named(tmp_path):
    facts = {"ImagingFrequency": "63.87", "MagneticFieldStrength": None}
    vrms, _ = truth(FieldPhantom(), 160.0)
    assert measured(tmp_path, facts=facts, dsv_mm=160.0)[""] == pytest.approx(vrms, rel=0.05)


@pytest.mark.parametrize(
    ("phantom", "parameters", "code"),
    [
        (FieldPhantom(second=60.0), {}, "phase_unsafe"),
        (FieldPhantom(top=1000.0), {}, "phase_scale_unknown"),
        (FieldPhantom(hole_mm=40.0), {"dsv_mm": 150.0}, "roi_not_uniform"),
        (FieldPhantom(diameter_mm=40.0), {}, "phantom_not_found"),
        (FieldPhantom(), {"facts": {"ImagingFrequency": "25.86"}}, "frequency_not_field"),
        (FieldPhantom(), {"facts": {"MagneticFieldStrength": None, "ImagingFrequency": None}}, "missing_tag"),
    ],
)
def test_it_refuses_what_gives_no_field(tmp_path, phantom, parameters, code):
    assert examined(tmp_path, phantom, **parameters).refused.code == code


@pytest.mark.parametrize(
    ("names", "parameters", "code"),
    [
        (("M1", "P1"), {}, "phase_two_echoes"),
        (("M1", "P1", "P2", "P3"), {}, "phase_two_echoes"),
        (("P1", "P2"), {}, "magnitude_missing"),
        (("M1", "P1", "P2"), {"dsv_mm": 260.0}, "dsv_too_large"),
    ],
)
def test_it_refuses_series_that_do_not_belong_together(three_echoes, names, parameters, code):
    assert analyse(TEST, [three_echoes[f"field_{name}"] for name in names], parameters).refused.code == code


def test_it_refuses_too_few_slices(plain):
    few = [replace(s, instances=s.instances[:4]) for s in plain]
    assert analyse(TEST, few).refused.code == "phantom_incomplete"
    assert analyse(TEST, [replace(s, instances=s.instances[:1]) for s in plain]).refused.code == "not_a_volume"
