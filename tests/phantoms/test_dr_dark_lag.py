"""Dark pictures and ghosts: what was drawn, or the right refusal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.phantoms.xray import examined, refusal, values

from imagingqc.criteria.load import load_builtin
from imagingqc.criteria.model import Known, Outcome
from imagingqc.dicom.synthetic import dx_image
from imagingqc.dicom.synthetic.phantoms.dr_raw import Detector, dr_dark, dr_flat, dr_ghost
from imagingqc.phantom.dr import dark, lag
from imagingqc.phantom.registry import test_named as named
from imagingqc.phantom.run import judge

SMALL = Detector(rows=344, columns=344, spacing=1.0)
FIXED = Detector(rows=344, columns=344, spacing=1.0, electronic=0.2)


def test_they_are_registered_under_their_names():
    assert named("dr.dark") is dark.TEST
    assert named("dr.lag") is lag.TEST


@pytest.mark.parametrize("electronic", [0.2, 1.0, 4.0])
def test_it_measures_the_dark_level_and_its_noise(tmp_path, electronic):
    detector = Detector(rows=344, columns=344, spacing=1.0, electronic=electronic, a=120.0)
    found = values(examined(dark.TEST, dr_dark(tmp_path, detector=detector)))
    assert found["dr.phantom.dark_noise"] == pytest.approx(120, abs=0.2)
    # Whole numbers add a twelfth to the variance.
    assert found["dr.phantom.dark_noise.sd"] == pytest.approx(((3 * electronic) ** 2 + 1 / 12) ** 0.5, rel=0.05)
    assert [found["dr.phantom.artefact.pixels"], found["dr.phantom.artefact.lines"]] == [0, 0]


def test_it_takes_the_indicator_when_asked(tmp_path):
    path = dr_dark(tmp_path, detector=SMALL, facts={"ExposureIndex": "7"})
    assert values(examined(dark.TEST, path, use="ddi"))["dr.phantom.dark_noise"] == 7


def test_it_is_judged_against_the_baseline(tmp_path):
    standard = [load_builtin()["ws-76-2020"]]
    result = examined(dark.TEST, dr_dark(tmp_path, detector=SMALL))
    for usual, outcome in ((100.0, Outcome.PASS), (60.0, Outcome.FAIL)):
        references = {
            ("dr.phantom.dark_noise", "baseline"): Known(usual, 1.0, 40),
            ("dr.phantom.dark_noise", "vendor"): Known(80.0),
        }
        verdicts = judge(result, standard, "status", references).verdicts
        assert [v.outcome for v in verdicts if v.quantity == "dr.phantom.dark_noise"] == [outcome]


@pytest.mark.parametrize(
    ("draw", "parameters", "code"),
    [
        (lambda folder: dr_flat(folder, detector=SMALL), {}, "xr_not_dark"),
        (lambda folder: dr_flat(folder, detector=SMALL, kerma=2, facts={"ExposureIndex": "200"}), {}, "xr_not_dark"),
        (lambda folder: dx_image(folder, intent="PROCESSING"), {}, "xr_not_dark"),
        (lambda folder: dr_dark(folder, detector=SMALL, intent="PRESENTATION"), {}, "xr_processed"),
        (lambda folder: dr_dark(folder, detector=SMALL), {"use": "ddi"}, "missing_tag"),
    ],
    ids=["exposed", "little exposed", "patient", "processed", "no indicator"],
)
def test_it_refuses_what_is_not_dark(tmp_path, draw, parameters, code):
    assert refusal(examined(dark.TEST, draw(tmp_path), **parameters)) == code


def test_it_tells_a_faint_exposure_by_its_index_or_by_its_values_alone(tmp_path):
    """Without an index an even exposure passes as long as its values stay near the end of the range."""
    assert values(examined(dark.TEST, dr_flat(tmp_path / "a", detector=SMALL, kerma=2)))["dr.phantom.dark_noise"] > 400
    assert refusal(examined(dark.TEST, dr_flat(tmp_path / "b", detector=SMALL, kerma=9))) == "xr_not_dark"


@pytest.mark.parametrize(
    ("level", "sign", "code"), [(16000.0, -1, None), (100.0, 1, None), (16000.0, 1, "xr_not_dark"),
                                (100.0, -1, "xr_not_dark"), (16000.0, None, None)]
)  # fmt: skip
def test_dark_is_the_end_of_the_range_that_the_header_says(tmp_path, level, sign, code):
    detector = Detector(rows=344, columns=344, spacing=1.0, a=level)
    path = dr_dark(tmp_path, detector=detector, facts={"PixelIntensityRelationshipSign": sign})
    result = examined(dark.TEST, path)
    assert (result.refused and result.refused.code) == code


@pytest.mark.parametrize(("sign", "code"), [(-1, "xr_sign_falling"), (1, "xr_sign_contrary")])
def test_a_ghost_of_values_that_fall_with_the_exposure_is_refused(tmp_path, sign, code):
    falling = Detector(rows=344, columns=344, spacing=1.0, a=16000.0, b=-200.0)
    paths = dr_ghost(tmp_path, detector=falling, facts={"PixelIntensityRelationshipSign": sign})
    assert refusal(examined(lag.TEST, *paths)) == code


def test_lead_that_takes_exposure_away_agrees_with_the_header(tmp_path):
    paths = dr_ghost(tmp_path, detector=SMALL, facts={"PixelIntensityRelationshipSign": 1})
    assert values(examined(lag.TEST, *paths))["dr.phantom.lag"] == pytest.approx(3, abs=0.25)


@settings(max_examples=6)
@given(
    share=st.floats(-0.1, 0.1),
    turn=st.floats(0, 45),
    shift=st.tuples(st.floats(-60, 60), st.floats(-60, 60)),
    seed=st.integers(0, 99),
)
def test_it_measures_the_ghost_that_was_drawn(tmp_path_factory, share, turn, shift, seed):
    paths = dr_ghost(tmp_path_factory.mktemp("ghost"), lag=share, turn=turn, shift=shift, seed=seed, detector=SMALL)
    result = examined(lag.TEST, *paths[::-1])
    assert values(result)["dr.phantom.lag"] == pytest.approx(100 * share, abs=0.25)
    assert result.found.checks["side_mm"] == pytest.approx(40, abs=2.0)


def test_it_takes_off_what_was_there_before(tmp_path):
    paths = dr_ghost(tmp_path, lag=0.04, before=True, detector=FIXED)
    assert values(examined(lag.TEST, *paths))["dr.phantom.lag"] == pytest.approx(4, abs=0.1)


def test_a_ghost_beyond_the_limit_fails(tmp_path):
    result = examined(lag.TEST, *dr_ghost(tmp_path, lag=0.07, detector=SMALL))
    verdicts = judge(result, [load_builtin()["ws-76-2020"]], "acceptance").verdicts
    assert [v.outcome for v in verdicts] == [Outcome.FAIL]


@pytest.mark.parametrize(
    ("truth", "code"),
    [
        ({"gap": 120}, "lag_late"),
        ({"left_in": True}, "lag_lead_left"),
        ({"side": 70.0}, "phantom_scale"),
        ({"side": 20.0}, "phantom_scale"),
        ({"shift": (160.0, 0.0)}, "phantom_cut"),
        ({"intent": "PRESENTATION"}, "xr_processed"),
    ],
)
def test_it_refuses_a_ghost_test_that_went_wrong(tmp_path, truth, code):
    assert refusal(examined(lag.TEST, *dr_ghost(tmp_path, detector=SMALL, **truth))) == code


def test_it_refuses_exposures_without_lead_and_patients(tmp_path):
    fields = [dr_flat(tmp_path / "a", detector=SMALL, number=n, seed=n) for n in (1, 2)]
    assert refusal(examined(lag.TEST, *fields)) == "lag_no_lead"
    exposed, _ = dr_ghost(tmp_path / "b", detector=SMALL)
    assert refusal(examined(lag.TEST, exposed)) == "image_count"
    patient = dx_image(tmp_path / "c", rows=344, columns=344, intent="PROCESSING", time="101600")
    assert refusal(examined(lag.TEST, exposed, patient)) in {"xr_not_flat", "lag_lead_left"}
    assert refusal(examined(lag.TEST, fields[0], exposed)) == "lag_no_lead"


def test_it_knows_a_plate_of_another_form_from_a_square(tmp_path):
    exposed, after = dr_ghost(tmp_path / "a", detector=Detector(rows=344, columns=172, spacing=1.0))
    long_pixels = {"ImagerPixelSpacing": [1.0, 1.0]}
    assert examined(lag.TEST, exposed, after).refused is None
    disc = dr_flat(tmp_path / "b", detector=SMALL, number=1, time="101500")
    assert refusal(examined(lag.TEST, disc, dr_dark(tmp_path / "c", detector=SMALL, number=2, facts=long_pixels))) == (
        "lag_no_lead"
    )
