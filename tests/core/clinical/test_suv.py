"""SUV by body weight: known answers, what it scales with, and every missing value by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.clinical.builders import instance

from imagingqc.clinical.nm.suv import suv_factor
from imagingqc.dicom.header import read_instance
from imagingqc.dicom.pixels import decode
from imagingqc.dicom.synthetic.nm import pet_series
from imagingqc.errors import AnalysisError

HALF_LIFE = 6586.2
GOOD = {
    "Units": "BQML", "CorrectedImage": ("DECY", "ATTN"), "DecayCorrection": "START", "PatientWeight": 70.0,
    "RadionuclideTotalDose": 350e6, "RadionuclideHalfLife": HALF_LIFE,
    "RadiopharmaceuticalStartDateTime": "20260105083000", "SeriesDate": "20260105", "SeriesTime": "093000",
    "AcquisitionDate": "20260105", "AcquisitionTime": "094500",
}  # fmt: skip


def image(**facts):
    known = {k: v for k, v in (GOOD | facts).items() if v is not None}
    return instance(1, uid="1", modality="PT", series="9", orientation=None, thickness=None, **known)


def refused(*images):
    with pytest.raises(AnalysisError) as caught:
        suv_factor(images)
    return caught.value.reason


def test_it_gives_one_where_the_activity_is_spread_evenly_over_the_body():
    """350 MBq decayed for an hour in 70 kg of water."""
    left = 350e6 * 2 ** (-3600 / HALF_LIFE)
    assert left / 70_000 * suv_factor([image()]) == pytest.approx(1)
    assert suv_factor([image()]) == pytest.approx(2.9213e-4, rel=1e-4)  # 70 000 g / 239.62 MBq


def test_it_takes_the_given_activity_where_pixels_are_corrected_to_the_injection():
    assert suv_factor([image(DecayCorrection="ADMIN")]) == pytest.approx(70_000 / 350e6)


def test_it_halves_the_activity_with_each_half_life():
    late = image(RadiopharmaceuticalStartDateTime="20260105073000", RadionuclideHalfLife=7200.0)
    assert suv_factor([late]) == pytest.approx(2 * 70_000 / 350e6)


def test_it_leaves_pixels_in_grams_a_millilitre_as_they_are():
    assert suv_factor([image(Units="GML", PatientWeight=None, RadionuclideTotalDose=None)]) == 1


@given(st.floats(2, 250), st.floats(1, 900))
def test_it_goes_with_the_weight_and_against_the_activity(weight, mbq):
    found = suv_factor([image(PatientWeight=weight, RadionuclideTotalDose=mbq * 1e6)])
    assert found == pytest.approx(suv_factor([image()]) * (weight / 70) * (350 / mbq))


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        ("Units", "CNTS", "value_unsuited"),
        ("Units", None, "missing_tag"),
        ("CorrectedImage", ("DECY",), "correction_missing"),
        ("DecayCorrection", "NONE", "value_unsuited"),
        ("PatientWeight", None, "missing_tag"),
        ("RadionuclideTotalDose", None, "missing_tag"),
        ("RadionuclideTotalDose", 350.0, "activity_unit_unclear"),
        ("RadionuclideHalfLife", None, "missing_tag"),
        ("RadiopharmaceuticalStartDateTime", None, "missing_tag"),
        ("RadiopharmaceuticalStartDateTime", "20260105093500", "injection_after_scan"),
        ("SeriesTime", None, "missing_tag"),
        ("SeriesDate", None, "missing_tag"),
        ("SeriesTime", "100000", "contradictory_tags"),
        ("SeriesTime", "990000", "implausible"),
    ],
)
def test_it_refuses_with_the_reason(keyword, value, code):
    reason = refused(image(**{keyword: value}))
    assert reason.code == code
    if code == "missing_tag":
        assert reason.values["tag"] in {keyword, "RadiopharmaceuticalStartTime"}


def test_it_refuses_images_of_different_patients_weights_and_none_at_all():
    assert refused(image(), replace(image(PatientWeight=71.0), sop_uid="2")).code == "mixed_values"
    assert refused().code == "no_images"


def test_it_computes_a_written_volume(tmp_path):
    """5000 Bq/ml in the body of the phantom; injected at 08:30, the series begins an hour later."""
    facts = {"SeriesDate": "20260105", "SeriesTime": "093000", "AcquisitionDate": "20260105", "AcquisitionTime": "0931"}
    path = pet_series(tmp_path, slices=1, facts=facts)[0]
    one = read_instance(path)
    middle = decode(one).pixels[20:28, 20:28].mean()
    wanted = 5000 * 70_000 / (320e6 * 2 ** (-3600 / HALF_LIFE))
    assert middle * suv_factor([one]) == pytest.approx(wanted, rel=0.02)
