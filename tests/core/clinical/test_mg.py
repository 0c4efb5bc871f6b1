"""Mammography: views, sides, compression, dose, and left against right."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.clinical.builders import FakeReader, code, exam_of, instance, only, series_of

from imagingqc.clinical.mg.image import glandular_dose
from imagingqc.clinical.mg.views import exposures, picture_kind, view
from imagingqc.clinical.registry import measure_exam, measure_series
from imagingqc.dicom.model import Slice, Stack
from imagingqc.dicom.series import scan, split_stacks
from imagingqc.dicom.synthetic.mg import mg_exam, mg_image
from imagingqc.errors import AnalysisError

DATA = os.environ.get("YINGHENG_TEST_DATA")
CC, MLO = "SNM3:R-10242:cranio-caudal", "SCT:399368009:medio-lateral oblique"


def mammogram(uid="1", **facts):
    return instance(1, uid=uid, modality="MG", series=f"9.{uid}", orientation=None, thickness=None, **facts)


def measure(one):
    stack = Stack("projection", (Slice(one, 0, None),))
    return measure_series(series_of(stack), (stack,), FakeReader())


def value(quantity, **facts):
    found = only(measure(mammogram(**facts)), quantity)
    return found.value if found.reason is None else code(found)


def test_it_converts_the_dose_from_decigray():
    found = only(measure(mammogram(OrganDose=0.01521)), "mg.agd")
    assert (found.value, found.unit) == (pytest.approx(1.521), "mGy")
    assert found.evidence.shape["tags"] == [{"keyword": "OrganDose", "value": "0.01521"}]


@given(st.floats(0.05, 20.0))
def test_it_gives_back_every_believable_dose(dose):
    assert glandular_dose(mammogram(OrganDose=dose / 100)) == pytest.approx(dose)


@pytest.mark.parametrize("stated", [1.52, 0.25, 0.0004, 30.0])
def test_it_refuses_a_dose_whose_unit_is_not_clear_with_both_readings(stated):
    found = only(measure(mammogram(OrganDose=stated)), "mg.agd")
    assert code(found) == "dose_unit_unclear"
    assert (found.reason.values["standard"], found.reason.values["other"]) == (f"{100 * stated:.4g}", f"{stated:.4g}")


def test_it_never_takes_an_absent_dose_for_a_low_one():
    assert value("mg.agd") == value("mg.agd", OrganDose=0.0) == "missing_tag"


@pytest.mark.parametrize(
    ("stated", "expected"), [(110.0, 110.0), (0.0, "missing_tag"), (12.0, "force_unit_unclear"), (700.0, "implausible")]
)
def test_it_reads_the_force_in_newton(stated, expected):
    assert value("mg.compression.force", CompressionForce=stated) == expected


def test_it_reads_or_computes_the_pressure():
    assert value("mg.compression.pressure", CompressionPressure=11.5) == 11.5
    computed = value("mg.compression.pressure", CompressionForce=110.0, CompressionContactArea=10_000.0)
    assert computed == pytest.approx(11.0)  # 110 N on 100 cm2
    assert value("mg.compression.pressure", CompressionForce=110.0) == "missing_tag"
    assert value("mg.compression.pressure", CompressionPressure=900.0) == "implausible"
    assert value("mg.compression.pressure", CompressionForce=9.0, CompressionContactArea=1e4) == "force_unit_unclear"


def test_it_records_the_beam():
    beam = {"AnodeTargetMaterial": "TUNGSTEN", "FilterMaterial": "Silver", "HalfValueLayer": 0.55, "KVP": 29.0}
    found = measure(mammogram(**beam))
    assert only(found, "mg.target_filter").value == "W/Ag"
    assert only(found, "mg.hvl").value == 0.55
    assert only(found, "mg.kvp").value == 29.0
    assert value("mg.target_filter", AnodeTargetMaterial="RHODIUM") == "missing_tag"
    assert value("mg.kvp", KVP=120.0) == "implausible"
    assert value("mg.compression.thickness", BodyPartThickness=400.0) == "implausible"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"ViewCodeSequence": (CC,)}, "CC"), ({"ViewPosition": "mlo"}, "MLO"),
        ({"ViewCodeSequence": (MLO,), "ViewPosition": "MLO"}, "MLO"),
        ({"ViewCodeSequence": (CC,), "ViewPosition": "MLO"}, "contradictory_tags"),
        ({"ViewPosition": "FLATFIELD"}, "unknown_value"), ({}, "missing_tag"),
        ({"ViewCodeSequence": ("99X:1:odd",)}, "unknown_value"),
    ],
)  # fmt: skip
def test_it_reads_the_view_from_code_and_word(facts, expected):
    assert value("mg.view", **facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"ImageLaterality": "L"}, "L"), ({"Laterality": "R"}, "R"), ({}, "missing_tag"),
        ({"ImageLaterality": "L", "Laterality": "R"}, "contradictory_tags"),
        ({"ImageLaterality": "U"}, "unknown_value"),
    ],
)  # fmt: skip
def test_it_reads_the_side(facts, expected):
    assert value("mg.laterality", **facts) == expected


# --- the exam as a whole --------------------------------------------------------------------------


def shot(uid, side, name, clock, **facts):
    words = {"ImageLaterality": side, "ViewPosition": name, "AcquisitionDate": "20260105", "AcquisitionTime": clock}
    return mammogram(uid, **{"BodyPartThickness": 55.0, "ExposureInuAs": 80_000, **words, **facts})


def four(**facts):
    names = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))
    return [shot(str(n), side, name, f"10{n}000", **facts) for n, (side, name) in enumerate(names)]


def exam(*instances):
    return measure_exam(exam_of(*(series_of(instances=[one]) for one in instances)), {})


def missing(*instances):
    found = only(exam(*instances), "mg.views.missing")
    return found.value if found.reason is None else code(found)


def test_it_finds_four_views_complete_and_names_the_one_that_is_not_there():
    assert missing(*four()) == 0
    found = only(exam(*four()[:3]), "mg.views.missing")
    assert found.value == 1
    assert [(r["name"], r["state"]) for r in found.evidence.shape["rows"]] == [
        ("RCC", "found"), ("LCC", "found"), ("RMLO", "found"), ("LMLO", "missing"),
    ]  # fmt: skip


def test_it_does_not_call_views_missing_when_the_header_cannot_tell():
    assert missing(four()[0], four()[2]) == "mg_one_side"
    assert missing(*four()[:3], shot("9", "L", "", "110000")) == "mg_unplaced"
    assert missing(shot("1", "L", "ML", "1010"), shot("2", "R", "ML", "1020")) == "mg_no_standard_view"
    assert missing(shot("1", "L", "CC", "1010", QualityControlImage="YES")) == "no_images"


@pytest.mark.parametrize(
    "facts",
    [
        {"ViewModifierCodeSequence": ("SCT:399055006:Spot Compression",)},
        {"ViewModifierCodeSequence": ("SNM3:R-102D6:Magnification",)},
        {"EstimatedRadiographicMagnificationFactor": 1.8},
        {"QualityControlImage": "YES"},
        {"ImageType": ("ORIGINAL", "PRIMARY", "TOMO_PROJ")},
        {"PartialView": "YES"},
    ],
)
def test_it_does_not_take_a_part_for_the_whole_view(facts):
    assert missing(*four()[:3], shot("8", "L", "MLO", "104000", **facts)) == 1


def test_it_counts_pieces_of_a_large_breast_implants_and_computed_pictures():
    pieces = [shot(f"8{n}", "L", "MLO", f"10400{n}", PartialView="YES") for n in (1, 2)]
    assert missing(*four()[:3], *pieces) == 0
    displaced = shot("8", "L", "MLO", "104000", ViewModifierCodeSequence=("SCT:399209000:Implant Displaced",))
    assert missing(*four()[:3], displaced) == 0
    computed = shot("8", "L", "MLO", "104000", ImageType=("DERIVED", "PRIMARY", "TOMO", "GENERATED_2D"))
    assert missing(*four()[:3], computed) == 0
    assert picture_kind(computed) == "synthetic"
    (row,) = [
        r for r in only(exam(*four()[:3], computed), "mg.views.missing").evidence.shape["rows"] if r["name"] == "LMLO"
    ]
    assert row["kinds"] == "synthetic"


def test_it_counts_raw_and_processed_pictures_once():
    raw = [shot(f"1{n}", "R", "CC", "101000", PresentationIntentType="FOR PROCESSING") for n in (0,)]
    shown = shot("20", "R", "CC", "101000", PresentationIntentType="FOR PRESENTATION")
    assert exposures([*raw, shown]) == [shown]
    event = [shot(f"3{n}", "R", "CC", f"1010{n}0", IrradiationEventUID="5.1") for n in (1, 2)]
    assert len(exposures(event)) == 1
    assert len(exposures([shot("1", "R", "CC", "101000"), shot("2", "R", "CC", "101500")])) == 2
    assert len(exposures([mammogram("1"), mammogram("2")])) == 2


def test_it_compares_left_and_right_of_the_newest_exposures():
    right, left = shot("1", "R", "CC", "101000"), shot("2", "L", "CC", "101100", BodyPartThickness=61.0)
    found = exam(right, left)
    assert only(found, "mg.symmetry.thickness").value == pytest.approx(6.0)
    assert only(found, "mg.symmetry.exposure").value == 0
    again = shot("3", "L", "CC", "101500", BodyPartThickness=56.0, ExposureInuAs=120_000)
    found = exam(right, left, again)
    assert only(found, "mg.symmetry.thickness").value == pytest.approx(1.0)
    assert only(found, "mg.symmetry.exposure").value == pytest.approx(40.0)  # 80 against 120 mAs


def test_it_takes_the_larger_difference_of_both_views_whichever_side_is_thicker():
    pictures = four()
    pictures[1] = shot("1", "L", "CC", "101000", BodyPartThickness=58.0)
    pictures[2] = shot("2", "R", "MLO", "102000", BodyPartThickness=64.0)
    assert only(exam(*pictures), "mg.symmetry.thickness").value == pytest.approx(9.0)


def test_it_refuses_to_compare_what_is_not_there():
    assert code(only(exam(*four()[::2]), "mg.symmetry.thickness")) == "mg_no_pair"
    pictures = four()
    pictures[0] = shot("0", "R", "CC", "100000", BodyPartThickness=0.0)
    assert code(only(exam(*pictures), "mg.symmetry.thickness")) == "missing_tag"
    assert only(exam(*pictures), "mg.symmetry.exposure").value == 0
    pieces = [shot(f"8{n}", "L", "CC", f"10400{n}", PartialView="YES") for n in (1, 2)]
    assert code(only(exam(shot("1", "R", "CC", "101000"), *pieces), "mg.symmetry.thickness")) == "mg_no_pair"


def read(folder):
    (found,) = scan([folder]).exams
    return found, {s.uid: split_stacks(s) for s in found.series}


def test_it_measures_an_exam_as_it_was_made(tmp_path):
    mg_exam(tmp_path)
    one, stacks = read(tmp_path)
    found = measure_exam(one, stacks)
    assert only(found, "mg.views.missing").value == 0
    assert only(found, "mg.symmetry.thickness").value == pytest.approx(1.0)
    assert only(found, "mg.symmetry.exposure").value == pytest.approx(200 / 163)
    first = measure_series(one.series[0], stacks[one.series[0].uid], FakeReader())
    assert only(first, "mg.agd").value == pytest.approx(1.6)
    assert only(first, "mg.compression.pressure").value == pytest.approx(12.0, rel=1e-3)


def test_it_reads_the_modifiers_of_a_view_from_a_file(tmp_path):
    mg_image(tmp_path, modifier="spot")
    one, _ = read(tmp_path)
    assert one.series[0].first.texts("ViewModifierCodeSequence") == ("SCT:399055006:Spot Compression",)
    assert view(one.series[0].first) == "CC"
    with pytest.raises(AnalysisError):
        view(mammogram())


def test_it_counts_a_tomosynthesis_volume_as_its_view(tmp_path):
    study = None
    for n, (side, name) in enumerate((("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))):
        mg_image(tmp_path, side=side, view=name, kind="tomosynthesis", number=n, time=f"1{n}1500", study=study)
    one, stacks = read(tmp_path)
    found = only(measure_exam(one, stacks), "mg.views.missing")
    assert found.value == 0
    assert {row["kinds"] for row in found.evidence.shape["rows"]} == {"tomosynthesis"}


REAL = {
    "mammography/GH133.dcm": ("R", "MLO", 100.0, 73.0, 1.521, "Rh/Rh"),
    "dose/MG-Im-GE-SenDS-scaled.dcm": ("L", "CC", 50.0, 53.0, 1.373, "Rh/Rh"),
    "dose/MG-Im-GE_Seno_1_ForProcessing.dcm": ("L", "CC", 30.0, 20.0, 0.547, "Mo/Mo"),
}


@pytest.mark.real
@pytest.mark.skipif(not DATA, reason="YINGHENG_TEST_DATA names no folder with the real sets")
@pytest.mark.parametrize("name", sorted(REAL))
def test_it_measures_real_mammograms(name):
    (series,) = scan([Path(DATA) / name]).exams[0].series
    found = measure_series(series, split_stacks(series), FakeReader())
    side, shown, force, thick, dose, beam = REAL[name]
    assert only(found, "mg.laterality").value == side
    assert only(found, "mg.view").value == shown
    assert only(found, "mg.compression.force").value == force
    assert only(found, "mg.compression.thickness").value == thick
    assert only(found, "mg.agd").value == pytest.approx(dose)
    assert only(found, "mg.target_filter").value == beam
