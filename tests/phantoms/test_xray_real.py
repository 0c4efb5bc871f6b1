"""Pictures of patients, given to every test of a receptor or probe: each has to refuse them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.phantoms.xray import refusal

from imagingqc.dicom.model import Series
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.errors import AnalysisError
from imagingqc.phantom.dr import dark, dqe, lag, resolution, response, uniformity
from imagingqc.phantom.dr.flat import require_flat
from imagingqc.phantom.dr.raw import Raw
from imagingqc.phantom.frames import Frames
from imagingqc.phantom.mg import uniform as mg_uniform
from imagingqc.phantom.run import analyse
from imagingqc.phantom.us import air

pytestmark = pytest.mark.real

RADIOGRAPHS = (
    "projection-and-scouts/tests_resources_dcm_zip_test.zip.d_CR000000.dcm",
    "transfer-syntaxes/data_store_data_RG1_J2KI.dcm",
    "transfer-syntaxes/data_store_data_RG3_J2KI.dcm",
    "transfer-syntaxes/data_store_data_RG3_J2KR.dcm",
    "mammography/GH133.dcm",
)
TESTS = {
    dark.TEST: {},
    response.TEST: {"kerma": (1.0,)},
    uniformity.TEST: {"law": "linear"},
    lag.TEST: {},
    resolution.TEST: {"law": "linear"},
    dqe.TEST: {"law": "linear", "kerma": 10.0},
    mg_uniform.TEST: {"law": "linear"},
}


def series_of(path):
    return [s for exam in scan([path]).exams for s in exam.series]


@pytest.mark.parametrize("name", RADIOGRAPHS)
@pytest.mark.parametrize("test", TESTS, ids=[t.name for t in TESTS])
@pytest.mark.parametrize("confirmed", [False, True])
def test_it_refuses_a_patient(real_data, name, test, confirmed):
    result = analyse(test, series_of(real_data / name), TESTS[test] | {"unprocessed": confirmed})
    assert refusal(result)


@pytest.mark.parametrize("name", RADIOGRAPHS)
@pytest.mark.parametrize("test", TESTS, ids=[t.name for t in TESTS])
def test_it_refuses_a_patient_whose_header_claims_raw_data(real_data, name, test):
    """The pixels alone have to give it away: header and spacing are those of a raw exposure."""
    (series,) = series_of(real_data / name)
    copies = {lag.TEST: 2, dqe.TEST: 2, response.TEST: 5}.get(test, 1)
    parameters = TESTS[test] | ({"kerma": (1.0, 5.0, 10.0, 20.0, 30.0)} if test is response.TEST else {})
    modality = min(test.modalities)
    result = analyse(test, [as_raw(series, modality, copies)], parameters)
    assert refusal(result) in {
        "bars_none", "dqe_needs_edge", "edge_angle", "edge_none", "edge_not_straight", "edge_short", "lag_no_lead",
        "phantom_cut", "phantom_scale", "response_flat", "response_not_monotonic", "signal_not_positive",
        "xr_clipped", "xr_collimated", "xr_not_dark", "xr_not_flat", "xr_too_faint",
    }  # fmt: skip


@pytest.mark.parametrize("name", RADIOGRAPHS)
def test_no_part_of_a_patient_passes_for_an_even_field(real_data, name):
    (series,) = series_of(real_data / name)
    raw_series = as_raw(series, "DX", 1)
    (piece,) = (p for stack in split_stacks(raw_series) for p in stack.slices)
    image = Frames().image(piece)
    raw = Raw(piece, replace(image, spacing_mm=(0.2, 0.2)), (0.2, 0.2), "LIN")
    with pytest.raises(AnalysisError):
        require_flat(raw, np.maximum(raw.values, 1))


def as_raw(series, modality, copies):
    """The same pixels under a header that says DX or MG, FOR PROCESSING, LIN, no sign, with a believable spacing."""
    first = series.first
    claims = {
        "PresentationIntentType": "FOR PROCESSING", "PixelIntensityRelationship": "LIN",
        "ImageType": ("ORIGINAL", "PRIMARY"), "LossyImageCompression": "00", "PixelIntensityRelationshipSign": None,
    }  # fmt: skip
    frame = replace(first.frames[0], spacing_mm=(0.15, 0.15))
    one = replace(first, modality=modality, facts={**first.facts, **claims}, frames=(frame,))
    return Series(series.uid, series.study_uid, modality, (one,) * copies)


def test_scouts_are_no_exposures(real_data):
    for path in sorted((real_data / "projection-and-scouts").glob("*scout*")):
        assert refusal(analyse(uniformity.TEST, series_of(path))) == "phantom_modality"


def test_a_clinical_ultrasound_picture_is_no_probe_in_air(real_data):
    result = analyse(air.TEST, series_of(real_data / "transfer-syntaxes" / "data_store_data_US1_UNCR.dcm"))
    assert refusal(result) in {"us_not_air", "us_sector", "us_face_unclear", "us_colour_on"}


@pytest.mark.parametrize("name", RADIOGRAPHS)
def test_a_patient_is_no_bar_pattern(real_data, name):
    (series,) = series_of(real_data / name)
    result = analyse(resolution.TEST, [as_raw(series, "DX", 1)], {"object": "bars"})
    assert refusal(result) in {"bars_none", "xr_clipped"}
