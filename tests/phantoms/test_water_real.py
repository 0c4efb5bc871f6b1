"""The water test on real images: a maker's water phantom, and what is none."""

from __future__ import annotations

import pytest

from imagingqc.dicom.series import scan
from imagingqc.phantom.ct.water import TEST
from imagingqc.phantom.run import analyse

pytestmark = pytest.mark.real


def examined(*paths):
    return analyse(TEST, [s for exam in scan(paths).exams for s in exam.series if s.modality == "CT"])


def test_it_agrees_with_plain_arithmetic_on_a_water_phantom(real_data):
    """Reference: a disc of 80 mm holds 0.86 HU with SD 5.11; small discs 75 mm off hold 0.19 to 0.96; r is 107.9 mm."""
    found = examined(real_data / "ct-water" / "imgA.dcm").found
    values = {m.quantity.removeprefix("ct.phantom."): m.value for m in found.measurements}
    assert values["ct_number"] == pytest.approx(1.0, abs=0.5)
    assert values["noise.hu"] == pytest.approx(5.11, abs=0.1)
    assert values["noise"] == pytest.approx(5.11 * 0.5**0.5 / 10, abs=0.01)
    assert abs(values["uniformity"]) < 1.5
    assert values["diameter"] == pytest.approx(2 * 107.9, abs=0.6)
    assert values["ring"] is None  # its header does not say where the isocentre is
    assert found.checks["outline_on_circle_share"] > 0.98


def test_it_finds_the_water_beside_another_section_of_the_same_phantom(real_data):
    assert examined(real_data / "ct-water").found.measurements[0].value == pytest.approx(1.0, abs=0.5)
    other = examined(real_data / "ct-water" / "imgC.dcm").refused
    assert (other.code, other.values["why"]) == ("phantom_other", "not_even")


@pytest.mark.parametrize(
    ("folder", "codes"),
    [
        ("ct-catphan504", {"phantom_other"}),
        ("ct-duplicate-positions", {"phantom_cut"}),
        ("ct-head", {"phantom_several_series", "phantom_not_found", "phantom_other"}),
    ],
)
def test_it_refuses_other_phantoms_and_patients(real_data, folder, codes):
    assert examined(real_data / folder).refused.code in codes


def test_it_names_a_catphan(real_data):
    assert examined(real_data / "ct-catphan504").refused.values["why"] == "catphan"
