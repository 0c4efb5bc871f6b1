"""The uniform test on real images: the uniform section of ACR phantoms, and what is no phantom."""

from __future__ import annotations

import pytest

from imagingqc.dicom.model import Series
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.phantom.mr.uniform import TEST
from imagingqc.phantom.run import analyse

pytestmark = pytest.mark.real


def series_in(*paths):
    return [s for exam in scan(paths).exams for s in exam.series]


def seventh(folder):
    """The series with its slice 7 alone."""
    (series,) = series_in(folder)
    (stack,) = split_stacks(series)
    return Series(series.uid, series.study_uid, series.modality, (stack.slices[6].instance,))


@pytest.mark.parametrize(
    ("name", "snr"),
    [("GE_Artist_1.5T_T1", 161.98), ("GE_MR450W_1.5T_T2", 114.81), ("GE_Signa_1.5T_T1", 123.03)],
)
def test_it_measures_the_uniform_section_of_a_real_phantom(real_data, name, snr):
    """The ratio of hazen 2.0.0 comes from smoothing; that of the background is to lie within a quarter of it."""
    result = analyse(TEST, [seventh(real_data / "mr-acr" / name)], {"diameter_mm": 190.0})
    got = {m.quantity.removeprefix("mr.phantom."): m for m in result.found.measurements}
    assert got["geometry.diameter"].value == pytest.approx(190, abs=1.0)
    assert abs(got["distortion"].value) < 1.0
    assert got["aspect_ratio"].value == pytest.approx(100, abs=1.0)
    assert got["snr.local"].value == pytest.approx(snr, rel=0.25)
    assert got["snr.background"].value == pytest.approx(got["snr.local"].value, rel=0.25)
    assert got["uniformity"].reason.code == "roi_not_uniform"  # the wedges reach into the upper region


def test_it_does_not_believe_backgrounds_that_the_scanner_has_changed(real_data):
    for name in ("PhilipsAchieva", "SiemensSolaFit"):
        result = analyse(TEST, [seventh(real_data / "mr-acr" / name)])
        got = {m.quantity: m for m in result.found.measurements}
        assert got["mr.phantom.snr"].reason.code in {"air_not_rayleigh", "background_scaled"}


def test_it_refuses_patients_mosaics_and_whole_folders(real_data):
    folder = real_data / "mr-phantom"
    for one in series_in(folder / "ge-siemens", folder / "toshiba", folder / "uih", real_data / "mr-head"):
        result = analyse(TEST, [one])
        assert result.found is None, one.uid
        assert result.refused.code in {"phantom_not_found", "phantom_other", "phantom_cut", "not_a_volume",
                                       "phantom_choose_series"}  # fmt: skip
    assert analyse(TEST, series_in(folder / "toshiba")).refused.code == "phantom_choose_series"
