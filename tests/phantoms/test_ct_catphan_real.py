"""`ct.catphan` on a real CatPhan 504 (cone beam), against what pylinac 3.26 gives for the same files."""

import pytest
from tests.phantoms.test_ct_catphan import run, values

pytestmark = pytest.mark.real

# name -> (pylinac, tolerance)
PYLINAC = {
    "material.pmp": (-188, 5), "material.ldpe": (-93.5, 5), "material.polystyrene": (-37, 5),
    "material.acrylic": (116, 5), "material.delrin": (345, 5), "material.teflon": (994.5, 8),
    "slice_thickness": (2.451, 0.1), "distance": (49.793, 0.1), "uniformity.integral": (0.007, 0.001),
}  # fmt: skip


@pytest.fixture(scope="module")
def result(real_data):
    return run(sorted((real_data / "ct-catphan504").glob("CT.*.dcm")))


@pytest.mark.parametrize("name", PYLINAC)
def test_it_agrees(result, name):
    value, tolerance = PYLINAC[name]
    assert values(result)[name] == pytest.approx(value, abs=tolerance)


def test_it_names_the_model_and_how_it_lies(result):
    assert result.found.phantom == "catphan-504"
    assert result.found.checks["roll_deg"] == pytest.approx(-0.308, abs=0.15)
    assert values(result)["diameter"] == pytest.approx(200, abs=2)


def test_its_uniformity_index_agrees(result):
    """pylinac: 100 (edge - centre) / (centre + 1000) = -1.377 with other regions."""
    assert values(result)["uniformity"] / 10 == pytest.approx(-1.377, abs=0.15)


def test_its_mtf_falls_as_a_cone_beam_of_this_pixel_may(result):
    """Nyquist is 5.7 lp/cm; pylinac's ratio of extremes falls to a half at 3.49 and to a tenth at 5.28 lp/cm."""
    got = values(result)
    assert 3.4 < got["mtf50"] < 4.7
    assert 5.2 < got["mtf10"] < 6.6


@pytest.mark.parametrize("folder", ["ct-water", "ct-head/ge", "ct-duplicate-positions"])
def test_it_refuses_other_things(real_data, folder):
    assert run(sorted((real_data / folder).rglob("*.dcm"))).refused is not None
