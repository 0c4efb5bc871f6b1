"""A uniform block on a mammography receptor: what was drawn, or the right refusal."""

from __future__ import annotations

import math

import pytest
from tests.phantoms.xray import examined, refusal, values

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Outcome
from imagingqc.dicom.synthetic import mg_image
from imagingqc.dicom.synthetic.phantoms.dr_raw import Detector, FlatFaults
from imagingqc.dicom.synthetic.phantoms.mg_uniform import mg_uniform
from imagingqc.phantom.mg import uniform
from imagingqc.phantom.registry import test_named as named
from imagingqc.phantom.run import judge

COARSE = Detector(rows=480, columns=384, spacing=0.6, a=50.0, b=20.0, noise=0.1, electronic=0.2)


def block(folder, **truth):
    return mg_uniform(folder, **{"detector": COARSE} | truth)


def found_in(folder, **truth):
    result = examined(uniform.TEST, block(folder, **truth), offset=50.0)
    return {key.removeprefix("mg.phantom."): value for key, value in values(result).items()}


def test_it_is_registered_under_its_name():
    assert named("mg.uniform") is uniform.TEST


@pytest.mark.parametrize("heel", [0.0, 0.1, 0.25])
def test_it_measures_uniformity_and_noise(tmp_path, heel):
    found = found_in(tmp_path, heel=heel, aluminium=None)
    # Corner regions lie 30 mm from the sides of 288 mm: 114 mm from the middle.
    assert abs(found["uniformity"]) == pytest.approx(100 * heel * 114 / 288, abs=0.15)
    assert found["snr"] == pytest.approx(math.sqrt(80) / 0.1, rel=0.06)
    assert (found["cnr"], found["sdnr"]) == (None, None)
    reasons = {m.reason.code for m in examined(uniform.TEST, tmp_path, offset=50.0).found.measurements if m.reason}
    assert reasons == {"mg_no_aluminium"}
    assert [found[f"artefact.{kind}"] for kind in ("pixels", "lines", "blocks")] == [0, 0, 0]


@pytest.mark.parametrize(
    ("share", "at", "side"), [(0.08, (-60.0, 0.0), 10.0), (0.05, (20.0, 60.0), 20.0), (0.12, (55.0, -70.0), 15.0)]
)
def test_it_measures_the_contrast_of_aluminium_wherever_it_lies(tmp_path, share, at, side):
    found = found_in(tmp_path, aluminium=share, at_mm=at, side=side, heel=0.15)
    here = 80 * (1 - 0.15 * at[0] / 287.4)
    plain = 0.1 * math.sqrt(here)  # SD of the signal in µGy behind the block, and behind the metal
    metal = 0.1 * math.sqrt(here * (1 - share))
    contrast = share * here
    assert found["sdnr"] == pytest.approx(contrast / plain, rel=0.12)
    assert found["cnr"] == pytest.approx(contrast / math.sqrt((plain**2 + metal**2) / 2), rel=0.12)
    assert found["artefact.blocks"] == 0


def test_it_maps_what_departs(tmp_path):
    faults = FlatFaults(dead_pixels=[(300, 100)], dead_columns=[(300, 0, 480)], blocks=[(320, 80, 32, 0.05)])
    found = found_in(tmp_path, faults=faults)
    assert [found[f"artefact.{kind}"] for kind in ("pixels", "lines", "blocks")] == [1, 1, 1]
    assert found["cnr"] is not None


def test_standards_judge_it(tmp_path):
    standard = [load_builtin()["ws-76-2020"]]
    even = judge(examined(uniform.TEST, block(tmp_path / "a"), offset=50.0), standard, "status")
    assert [v.outcome for v in even.verdicts if v.quantity == "mg.phantom.uniformity"] == [Outcome.PASS]
    steep = judge(examined(uniform.TEST, block(tmp_path / "b", heel=0.5), offset=50.0), standard, "status")
    assert [v.outcome for v in steep.verdicts if v.quantity == "mg.phantom.uniformity"] == [Outcome.FAIL]


@pytest.mark.parametrize(
    ("truth", "code"),
    [
        ({"intent": "PRESENTATION"}, "xr_processed"),
        ({"relationship": "LOG"}, "response_needed"),
        ({"faults": FlatFaults(collimated={"left": 0.2})}, "xr_collimated"),
        ({"faults": FlatFaults(saturated_at=1600)}, "xr_clipped"),
        ({"faults": FlatFaults(object_contrast=0.4)}, "xr_not_flat"),
        ({"modality": "DX"}, "phantom_modality"),
    ],
)
def test_it_names_what_is_wrong(tmp_path, truth, code):
    assert refusal(examined(uniform.TEST, block(tmp_path, **truth), offset=50.0)) == code


def test_it_refuses_a_breast(tmp_path):
    facts = {"PixelIntensityRelationship": "LIN", "ImagerPixelSpacing": [1.5, 1.5]}
    path = mg_image(tmp_path, intent="PROCESSING", rows=192, columns=128, facts=facts)
    assert refusal(examined(uniform.TEST, path)) in {"xr_collimated", "xr_not_flat"}
