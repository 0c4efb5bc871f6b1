"""Real ACR MR series of three makers: near what other programs give where they succeed, and the truth of the phantom.

The numbers in PEERS are those of hazen 2.0.0 and pylinac 3.26 on the same files (None: no answer, or plainly wrong).
"""

from __future__ import annotations

import time

import pytest

from imagingqc.dicom.series import scan
from imagingqc.phantom.mr.acr import TEST
from imagingqc.phantom.run import analyse

pytestmark = pytest.mark.real

# uniformity and ghosting of hazen, bar differences of hazen (slice 1, slice 11), thickness of pylinac and hazen,
# spokes of hazen
PEERS = {
    "GE": (83.78, 0.485, 0.51, None, 4.634, None, None),
    "GE_Artist_1.5T_T1": (95.42, 0.020, 0.78, -2.34, 5.041, 5.54, 39),
    "GE_MR450W_1.5T_T2": (92.34, 1.007, -0.98, -3.71, 4.701, 5.13, 38),
    "GE_Signa_1.5T_T1": (92.03, 0.005, 3.13, 0.39, 5.452, 5.65, None),
    "Philips3TdStream": (94.27, 0.108, 2.15, -2.15, 4.932, 5.12, None),
    "PhilipsAchieva": (80.66, 0.041, 1.37, -3.12, 5.054, 5.36, 40),
    "PhilipsSliceThicknessLineProfileLocalMinimaIssue": (86.87, 0.163, 0.98, -3.71, 4.922, 5.48, None),
    "Siemens": (67.49, 0.035, -0.59, -1.56, 4.695, 5.89, None),
    "SiemensMTF": (70.02, 0.051, None, None, None, 5.49, None),
    "SiemensSolaFit": (95.77, 0.013, -0.20, -1.37, 4.651, 5.39, None),
    "Siemens_Aera_1.5T_T1": (96.58, 0.061, 0.59, -0.20, 5.166, 5.55, 39),
    "Siemens_Sola_1.5T_T1": (94.81, 0.022, 1.76, -0.20, None, 5.63, None),
}


def examined(*folders):
    series = [s for exam in scan(folders).exams for s in exam.series]
    return analyse(TEST, series)


def values(result):
    assert result.refused is None, result.refused
    found = {}
    for m in result.found.measurements:
        found.setdefault(m.quantity.removeprefix("mr.phantom."), []).append(m.value)
    return found


@pytest.mark.parametrize("name", PEERS)
def test_it_agrees_with_the_phantom_and_with_its_peers(real_data, name):
    uniformity, ghost, bar_1, bar_11, thin, thick, spokes = PEERS[name]
    result = examined(real_data / "mr-acr" / name)
    got = values(result)
    # The truth; SiemensMTF was taken up to 85 mm off the isocentre without correction of distortion.
    limit = 4.5 if name == "SiemensMTF" else 1.5
    for key in got:
        if key.endswith(("slice_1", "slice_5")):
            assert got[key][0] == pytest.approx(190, abs=limit), key
    assert got["piu"][0] == pytest.approx(uniformity, abs=2.0)
    assert got["ghosting"][0] == pytest.approx(ghost, abs=0.25)
    for mine, theirs in zip(got["slice_position.difference"], (bar_1, bar_11), strict=True):
        assert abs(mine) < 4
        assert theirs is None or mine == pytest.approx(theirs, abs=1.0)
    assert 4.8 < got["slice_thickness"][0] < 5.5
    assert thin is None or got["slice_thickness"][0] > thin - 0.1
    assert thick is None or got["slice_thickness"][0] < thick + 0.1
    assert spokes is None or got["low_contrast.spokes"][0] == pytest.approx(spokes, abs=4)
    assert got["resolution.acr"][0] in (0.9, 1.0)
    assert result.found.checks["outline_residual_mm"] < 0.2


def test_it_finds_the_roll_of_the_turned_phantom(real_data):
    assert examined(real_data / "mr-acr" / "SiemensMTF").found.checks["roll_deg"] == pytest.approx(9.5, abs=0.3)


def test_it_takes_the_length_from_the_localizer(real_data):
    folder = real_data / "mr-acr"
    got = values(examined(folder / "PhilipsAchieva", folder / "PhilipsAchieva" / ".." / "PhilipsAchievaLocalizer"))
    assert got["geometry.length"][0] == pytest.approx(146.68, abs=0.6)


def test_it_asks_which_series_is_meant(real_data):
    folder = real_data / "mr-acr"
    assert examined(folder / "SiemensSolaFit", folder / "GE").refused.code == "phantom_choose_series"


def test_it_refuses_real_phantoms_and_heads_that_are_others(real_data):
    for name in ("mr-head", "mr-phantom/uih"):
        assert examined(real_data / name).found is None


def test_it_takes_less_than_three_seconds(real_data):
    series = [s for exam in scan([real_data / "mr-acr" / "Siemens_Aera_1.5T_T1"]).exams for s in exam.series]
    start = time.process_time()
    analyse(TEST, series)
    assert time.process_time() - start < 3.0
