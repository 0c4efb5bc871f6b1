"""Runs of angiography and fluoroscopy: rate, kind, dose."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.clinical.builders import FakeReader, code, instance, only, series_of

from imagingqc.clinical.registry import measure_series
from imagingqc.clinical.xa.runs import frame_rate
from imagingqc.dicom.model import Slice, Stack
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic.xa import xa_run


def run_of(frames=10, modality="XA", **facts):
    one = instance(1, uid="1", modality=modality, series="9", orientation=None, thickness=None, **facts)
    return replace(one, frames=one.frames * frames)


def value(quantity, frames=10, **facts):
    one = run_of(frames, **facts)
    stack = Stack("projection", tuple(Slice(one, n, None) for n in range(frames)))
    found = only(measure_series(series_of(instances=[one]), (stack,), FakeReader()), quantity)
    return found.value if found.reason is None else code(found)


@given(st.floats(0.5, 60))
def test_it_turns_the_time_of_a_frame_into_a_rate(rate):
    assert frame_rate(run_of(FrameTime=1000 / rate)) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"CineRate": 15}, 15), ({"FrameTime": 66.7, "CineRate": 15}, pytest.approx(14.99, abs=0.01)),
        ({"FrameTime": 66.7, "CineRate": 30}, "contradictory_tags"), ({}, "missing_tag"),
        ({"RecommendedDisplayFrameRate": 15}, "missing_tag"), ({"FrameTime": 0.0}, "missing_tag"),
        ({"FrameTime": 1.0}, "implausible"), ({"FrameTime": 66.7, "frames": 1}, "single_frame"),
    ],
)  # fmt: skip
def test_it_takes_no_rate_that_is_not_the_acquisitions(facts, expected):
    assert value("xa.frame_rate", **facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"RadiationSetting": "SC"}, "fluoroscopy"), ({"RadiationSetting": "GR"}, "acquisition"),
        ({"RadiationSetting": "SC", "MaskOperation": "AVG_SUB"}, "roadmap"),
        ({"RadiationSetting": "GR", "RecommendedViewingMode": "SUB"}, "dsa"),
        ({"RadiationSetting": "GR", "MaskOperation": "NONE"}, "acquisition"),
        ({"FluoroscopyFlag": "YES"}, "fluoroscopy"), ({}, "missing_tag"), ({"RadiationSetting": "XX"}, "unknown_value"),
    ],
)  # fmt: skip
def test_it_tells_the_kinds_of_runs_apart(facts, expected):
    assert value("xa.kind", **facts) == expected


def test_it_converts_the_dose_area_product_and_keeps_the_entrance_dose():
    assert value("xa.dap", ImageAndFluoroscopyAreaDoseProduct=25.0) == pytest.approx(2.5)
    assert value("xa.dap", ImageAndFluoroscopyAreaDoseProduct=0.0) == "missing_tag"
    assert value("xa.dap", ImageAndFluoroscopyAreaDoseProduct=9e4) == "implausible"
    assert value("xa.entrance_dose", EntranceDoseInmGy=31.0, EntranceDose=0.0) == 31.0
    assert value("xa.entrance_dose", EntranceDose=2.0) == 200.0
    assert value("xa.entrance_dose") == "missing_tag"
    assert value("xa.entrance_dose", EntranceDoseInmGy=9e4) == "implausible"


def test_it_reads_the_radiation_mode_in_rf_too():
    assert value("xa.radiation_mode", modality="RF", RadiationMode="Pulsed") == "pulsed"
    assert value("xa.radiation_mode", RadiationMode="X") == "unknown_value"
    assert value("xa.radiation_mode") == "missing_tag"


@pytest.mark.parametrize("kind", ["fluoroscopy", "roadmap", "acquisition", "dsa"])
def test_it_measures_runs_as_they_were_made(tmp_path, kind):
    xa_run(tmp_path, kind=kind, frames=6, rate=7.5, facts={"CineRate": None}, dap_gycm2=1.25, pulsed=False)
    (series,) = scan([tmp_path]).exams[0].series
    found = measure_series(series, split_stacks(series), FakeReader())
    assert only(found, "xa.frames").value == 6
    assert only(found, "xa.frame_rate").value == pytest.approx(7.5, rel=1e-4)
    assert only(found, "xa.kind").value == kind
    assert only(found, "xa.radiation_mode").value == "continuous"
    assert only(found, "xa.dap").value == pytest.approx(1.25)
    assert only(found, "xa.entrance_dose").value == 31.0
