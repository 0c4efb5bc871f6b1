"""Even fields of a detector: uniformity, artefacts and signal transfer against what was drawn, or the right refusal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.phantoms.xray import examined, refusal, values

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Outcome
from imagingqc.dicom.series import scan
from imagingqc.dicom.synthetic import dx_image
from imagingqc.dicom.synthetic.phantoms.dr_raw import Detector, FlatFaults, dr_exposures, dr_flat, dr_raw
from imagingqc.phantom.dr import response, uniformity
from imagingqc.phantom.dr.transfer import fit_response
from imagingqc.phantom.registry import test_named as named
from imagingqc.phantom.run import analyse, judge

SMALL = Detector(rows=344, columns=344, spacing=1.0)
LOG = Detector(rows=344, columns=344, spacing=1.0, law="log", a=500, b=300)
POWER = Detector(rows=344, columns=344, spacing=1.0, law="power", a=300, b=0.5)
KERMA = (1.0, 5.0, 10.0, 20.0, 30.0)


def flat(folder, **truth):
    return dr_flat(folder, **{"detector": SMALL} | truth)


def quadrants_cv(heel):
    """CV of five places: the middle, and a quarter of the height above and below it (twice each)."""
    places = np.array([1, 1 + heel / 4, 1 + heel / 4, 1 - heel / 4, 1 - heel / 4])
    return float(places.std(ddof=1) / places.mean() * 100)


def test_they_are_registered_under_their_names():
    assert named("dr.uniformity") is uniformity.TEST
    assert named("dr.response") is response.TEST


@settings(max_examples=5)
@given(heel=st.floats(0, 0.4), kerma=st.floats(2, 40), seed=st.integers(0, 99))
def test_it_measures_the_uniformity_that_was_drawn(tmp_path_factory, heel, kerma, seed):
    path = flat(tmp_path_factory.mktemp("flat"), heel=heel, kerma=kerma, seed=seed)
    found = values(examined(uniformity.TEST, path, offset=100.0))
    assert found["dr.phantom.uniformity.cv"] == pytest.approx(quadrants_cv(heel), abs=0.15)
    # The surface goes through means of blocks, half a block from either end, and takes the noise with it.
    assert found["dr.phantom.uniformity.gradient"] == pytest.approx(100 * heel, abs=2.0)
    assert found["dr.phantom.artefact.pixels"] == 0
    assert found["dr.phantom.artefact.lines"] == 0
    assert found["dr.phantom.artefact.blocks"] == 0


@pytest.mark.parametrize(
    ("detector", "parameters"),
    [(LOG, {"slope": 300.0}), (POWER, {"law": "power", "slope": 0.5}), (SMALL, {"law": "linear", "offset": 100.0})],
    ids=["log", "power", "linear"],
)
def test_it_takes_the_response_of_the_detector_out(tmp_path, detector, parameters):
    found = values(examined(uniformity.TEST, flat(tmp_path, detector=detector, heel=0.2), **parameters))
    assert found["dr.phantom.uniformity.cv"] == pytest.approx(quadrants_cv(0.2), abs=0.15)


def test_it_maps_dead_pixels_lines_and_blocks(tmp_path):
    faults = FlatFaults(
        dead_pixels=[(50, 100), (200, 166)], dead_columns=[(150, 0, 172)], faint_rows=[(250, -0.02)],
        blocks=[(96, 240, 32, -0.04)],
    )  # fmt: skip
    result = examined(uniformity.TEST, flat(tmp_path, faults=faults), offset=100.0)
    found = values(result)
    counts = [found[f"dr.phantom.artefact.{kind}"] for kind in ("pixels", "lines", "blocks")]
    assert counts == [2, 2, 1]
    shapes = [e.shape for e in result.found.evidence]
    (points,) = (s["points"] for s in shapes if s["kind"] == "points")
    assert sorted(points) == [[100.5, 50.5], [166.5, 200.5]]
    lines = [s["points"] for s in shapes if s["kind"] == "polyline"]
    assert lines == [[[150.5, 0.0], [150.5, 172.0]], [[0.0, 250.5], [344.0, 250.5]]]
    assert {"kind": "rect", "x": 240, "y": 96, "width": 32, "height": 32} in shapes


@settings(max_examples=4)
@given(seed=st.integers(0, 999), bits=st.sampled_from([12, 14]), noise=st.sampled_from([0.002, 0.06]))
def test_it_finds_no_artefact_where_there_is_none(tmp_path_factory, seed, bits, noise):
    detector = Detector(rows=344, columns=344, spacing=1.0, bits=bits, noise=noise, electronic=0.3)
    path = flat(tmp_path_factory.mktemp("clean"), detector=detector, seed=seed)
    found = values(examined(uniformity.TEST, path))
    assert [found[f"dr.phantom.artefact.{kind}"] for kind in ("pixels", "lines", "blocks")] == [0, 0, 0]


@pytest.mark.parametrize(
    ("truth", "code"),
    [
        ({"faults": FlatFaults(collimated={"left": 0.12})}, "xr_collimated"),
        ({"faults": FlatFaults(collimated={"top": 0.2, "right": 0.1})}, "xr_collimated"),
        ({"faults": FlatFaults(saturated_at=2150)}, "xr_clipped"),
        ({"faults": FlatFaults(object_contrast=0.3)}, "xr_not_flat"),
        ({"heel": 1.2}, "xr_not_flat"),
        ({"faults": FlatFaults(grid=(0.3, 0.02)), "detector": Detector(rows=400, columns=400, spacing=0.4)}, None),
        ({"faults": FlatFaults(grid=(0.8, 0.02)), "detector": Detector(rows=400, columns=400, spacing=0.4)},
         "xr_grid_lines"),
        ({"kerma": 0.01}, "xr_too_faint"),
        ({"intent": "PRESENTATION"}, "xr_processed"),
        ({"relationship": "DISP"}, "xr_processed"),
        ({"relationship": "LOG"}, "response_needed"),
        ({"facts": {"ImageType": ["DERIVED", "PRIMARY"]}}, "xr_processed"),
        ({"facts": {"ImageType": ["DERIVED", "SECONDARY"]}}, "not_a_projection"),
        ({"facts": {"LossyImageCompression": "01"}}, "xr_processed"),
        ({"facts": {"ImagerPixelSpacing": None}}, "missing_tag"),
        ({"facts": {"ImagerPixelSpacing": [8.0, 8.0]}}, "receptor_size"),
        ({"facts": {"ImagerPixelSpacing": [0.2, 0.2]}}, "receptor_small"),
        ({"modality": "CR"}, "xr_intent_unknown"),
        ({"modality": "MG"}, "phantom_modality"),
    ],
)  # fmt: skip
def test_it_names_what_is_wrong_with_a_field(tmp_path, truth, code):
    result = examined(uniformity.TEST, flat(tmp_path, **truth), offset=100.0)
    assert (result.refused and result.refused.code) == code
    if code:
        assert refusal(result) == code


def test_it_takes_a_picture_that_a_person_says_is_unprocessed(tmp_path):
    result = examined(uniformity.TEST, flat(tmp_path, modality="CR"), unprocessed=True, law="linear", offset=100.0)
    assert values(result)["dr.phantom.uniformity.cv"] == pytest.approx(quadrants_cv(0.05), abs=0.1)


@pytest.mark.parametrize("body", ["chest", "noise"])
def test_it_refuses_a_patient_and_mere_noise_even_when_called_unprocessed(tmp_path, body):
    if body == "chest":
        facts = {"PixelIntensityRelationship": "LIN"}
        path = dx_image(tmp_path, rows=512, columns=512, intent="PROCESSING", facts=facts)
        assert refusal(examined(uniformity.TEST, path)) in {"xr_not_flat", "xr_collimated", "xr_clipped"}
    else:
        noise = np.random.default_rng(1).uniform(0, 4000, (344, 344))
        path = dr_raw(tmp_path, noise, spacing=1.0)
        assert refusal(examined(uniformity.TEST, path)) == "xr_too_faint"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"law": "log"}, "parameter_missing"),
        ({"law": "power", "slope": -1.0}, "parameter_bad"),
        ({"law": "power", "slope": 0.5, "offset": -3.0}, "parameter_bad"),
        ({"offset": 5000.0}, "signal_not_positive"),
        ({"slope": "steep"}, "parameter_bad"),
        ({"gain": 1.0}, "parameter_unknown"),
    ],
)
def test_it_refuses_laws_that_cannot_be(tmp_path, parameters, code):
    path = flat(tmp_path)
    if code == "parameter_unknown":
        with pytest.raises(Exception, match="no parameter gain"):
            examined(uniformity.TEST, path, **parameters)
    else:
        assert refusal(examined(uniformity.TEST, path, **parameters)) == code


FALLING = Detector(rows=344, columns=344, spacing=1.0, a=16000.0, b=-200.0)
FALLING_LOG = Detector(rows=344, columns=344, spacing=1.0, law="log", a=8000.0, b=-300.0)
SIGN = "PixelIntensityRelationshipSign"


@pytest.mark.parametrize(
    ("detector", "parameters"),
    [(FALLING, {"offset": 16000.0}), (FALLING, {"offset": 16000.0, "slope": -200.0}), (FALLING_LOG, {"slope": -300.0})],
    ids=["linear", "linear with slope", "log"],
)
def test_it_takes_values_that_fall_with_the_exposure(tmp_path, detector, parameters):
    path = flat(tmp_path, detector=detector, heel=0.2, facts={SIGN: -1})
    found = values(examined(uniformity.TEST, path, **parameters))
    assert found["dr.phantom.uniformity.cv"] == pytest.approx(quadrants_cv(0.2), abs=0.15)


@pytest.mark.parametrize(
    ("sign", "parameters", "code"),
    [
        (-1, {}, "parameter_missing"),
        (-1, {"offset": 16000.0, "slope": 200.0}, "xr_sign_contrary"),
        (-1, {"law": "power", "slope": 0.5}, "xr_sign_contrary"),
        (1, {"offset": 16000.0, "slope": -200.0}, "xr_sign_contrary"),
    ],
)
def test_it_refuses_a_law_that_goes_the_other_way_than_the_header_says(tmp_path, sign, parameters, code):
    path = flat(tmp_path, detector=FALLING, facts={SIGN: sign})
    assert refusal(examined(uniformity.TEST, path, **parameters)) == code


def test_a_negative_rescale_slope_turns_the_sign_round(tmp_path):
    path = flat(tmp_path, detector=FALLING, heel=0.2, facts={SIGN: -1, "RescaleSlope": -1, "RescaleIntercept": 16383})
    found = values(examined(uniformity.TEST, path, offset=383.0))
    assert found["dr.phantom.uniformity.cv"] == pytest.approx(quadrants_cv(0.2), abs=0.15)


def test_a_response_has_to_go_the_way_that_the_header_says(tmp_path):
    paths = dr_exposures(tmp_path / "a", KERMA, detector=FALLING, facts={SIGN: -1})
    result = examined(response.TEST, *paths, kerma=KERMA)
    assert result.found.curves[1]["b"] == pytest.approx(-200, rel=0.02)
    paths = dr_exposures(tmp_path / "b", KERMA, detector=FALLING, facts={SIGN: 1})
    assert refusal(examined(response.TEST, *paths, kerma=KERMA)) == "xr_sign_contrary"


def test_it_takes_one_field_only(tmp_path):
    paths = [flat(tmp_path, number=n) for n in (1, 2)]
    assert refusal(examined(uniformity.TEST, *paths)) == "image_count"


# --- signal transfer -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exposures(tmp_path_factory):
    return dr_exposures(tmp_path_factory.mktemp("exposures"), KERMA, detector=SMALL)


@pytest.mark.parametrize("detector", [SMALL, LOG, POWER], ids=["linear", "log", "power"])
def test_it_finds_the_law_that_was_drawn(tmp_path, detector):
    result = examined(response.TEST, *dr_exposures(tmp_path, KERMA, detector=detector), kerma=KERMA)
    assert values(result)["dr.phantom.signal_transfer.r2"] > 0.9999
    measured, fit = result.found.curves
    assert (fit["law"], measured["x"]) == (detector.law, list(KERMA))
    assert (fit["a"], fit["b"]) == (pytest.approx(detector.a, rel=0.02), pytest.approx(detector.b, rel=0.02))


def test_it_gives_the_same_for_any_order_of_files(exposures):
    series = [s for exam in scan(exposures[::-1]).exams for s in exam.series]
    one = analyse(response.TEST, series, {"kerma": KERMA})
    assert one.as_dict() == examined(response.TEST, *exposures, kerma=KERMA).as_dict()


def test_it_takes_kerma_from_the_exposure_index(tmp_path):
    paths = [
        dr_flat(tmp_path, kerma=k, detector=SMALL, number=n, time=f"10{n:02d}00",
            facts={"ExposureIndex": f"{100 * k:g}"})
        for n, k in enumerate(KERMA, start=1)
    ]  # fmt: skip
    result = examined(response.TEST, *paths, ei_per_ugy=100.0)
    assert result.found.curves[1]["b"] == pytest.approx(200, rel=0.02)


def test_it_sees_a_response_that_is_none_of_the_laws(tmp_path):
    """A detector that saturates softly fits less well, and status tests say so."""
    kerma = np.array([1.0, 5.0, 10.0, 20.0, 60.0])
    paths = [
        dr_raw(tmp_path, 100 + 2000 * (p + np.random.default_rng(n).normal(0, 0.01, (344, 344))), spacing=1.0,
               number=n, time=f"10{n:02d}00")
        for n, p in enumerate((kerma**6 / (20.0**6 + kerma**6)), start=1)
    ]  # fmt: skip
    result = examined(response.TEST, *paths[2:], *paths[:2], kerma=tuple(kerma), law="linear")
    assert result.refused is not None or values(result)["dr.phantom.signal_transfer.r2"] < 0.95


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"kerma": (1.0, 5.0, 10.0, 30.0, 20.0)}, "response_not_monotonic"),
        ({"kerma": (1.0, 5.0, 10.0, 20.0)}, "kerma_count"),
        ({}, "parameter_missing"),
        ({"ei_per_ugy": 100.0}, "missing_tag"),
        ({"ei_per_ugy": -100.0}, "parameter_bad"),
        ({"kerma": (1.0, 5.0, 10.0, 20.0, -3.0)}, "parameter_bad"),
        ({"kerma": (5.0, 5.0, 5.0, 5.0, 5.0)}, "response_few"),
    ],
)
def test_it_refuses_exposures_it_cannot_place(exposures, parameters, code):
    assert refusal(examined(response.TEST, *exposures, **parameters)) == code


def test_it_refuses_pictures_of_different_size(tmp_path, exposures):
    other = dr_flat(tmp_path, detector=Detector(rows=300, columns=344, spacing=1.0), number=9)
    assert refusal(examined(response.TEST, *exposures[:4], other, kerma=KERMA)) == "xr_sizes_differ"


@given(a=st.floats(-50, 500), b=st.floats(1, 500), law=st.sampled_from(["linear", "log"]))
def test_it_recovers_exact_laws(a, b, law):
    kerma = np.array([0.5, 1, 3, 10, 40])
    pixel = a + b * (kerma if law == "linear" else np.log(kerma))
    fit = fit_response(kerma, pixel, law)
    assert fit.r2 == pytest.approx(1)
    assert (fit.a, fit.b) == (pytest.approx(a, abs=1e-6 * b + 1e-6), pytest.approx(b, rel=1e-6))
    assert np.allclose(fit.kerma(pixel), kerma, rtol=1e-6)


@given(a=st.floats(1, 500), b=st.floats(0.2, 2))
def test_it_recovers_an_exact_power(a, b):
    kerma = np.array([0.5, 1, 3, 10, 40])
    fit = fit_response(kerma, a * kerma**b, "power")
    assert fit.r2 == pytest.approx(1)
    assert np.allclose(fit.predict(kerma), a * kerma**b, rtol=1e-4)
    assert np.allclose(fit.kerma(a * kerma**b), kerma, rtol=1e-3)


def test_standards_judge_both(tmp_path, exposures):
    standards = [load_builtin()["ws-76-2020"]]
    even = judge(examined(uniformity.TEST, flat(tmp_path / "a"), offset=100.0), standards, "status")
    assert [(v.quantity, v.outcome) for v in even.verdicts] == [("dr.phantom.uniformity.cv", Outcome.PASS)]
    steep = judge(examined(uniformity.TEST, flat(tmp_path / "b", heel=0.5), offset=100.0), standards, "status")
    assert [v.outcome for v in steep.verdicts] == [Outcome.FAIL]
    line = judge(examined(response.TEST, *exposures, kerma=KERMA), standards, "acceptance")
    assert [(v.quantity, v.outcome) for v in line.verdicts] == [("dr.phantom.signal_transfer.r2", Outcome.PASS)]
