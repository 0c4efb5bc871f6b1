"""The structured report says what was measured and judged, of which images, and that it is no diagnosis."""

import datetime as dt
import io
import shutil
import subprocess

import pytest
from highdicom.sr import srread
from pydicom import dcmread

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from imagingqc.errors import DataError, Reason
from imagingqc.export.report import About, Group, StatedVerdict, report_uid
from imagingqc.export.sr import SCHEME, quality_report
from imagingqc.quantity import Evidence, Measurement

AT = dt.datetime(2026, 11, 21, 14, 5, tzinfo=dt.timezone(dt.timedelta(hours=8)))
MEASURED = (
    Measurement("ct.noise.global", 12.345678901, "[hnsf'U]", "ct.noise", "1.2", evidence=Evidence(instance="x")),
    Measurement("ct.slices.missing", 2, "1", "ct.slices", "2.0"),
    Measurement("ct.slices.thickness", 1.25, "mm", "ct.slices", "2.0"),
    Measurement("image.lossy", False, "1", "header", "1.0"),
    Measurement("ct.matrix.min", None, "1", "header", "1.0", reason=Reason("missing_tag", {"tag": "Rows"})),
)
JUDGED = (
    StatedVerdict("exam-integrity-1", "ct.slices.missing", "6.2", "层面连续，无缺失", "FAIL", value_text="2"),
    StatedVerdict("image-quality-1", "ct.noise", "4.1", "噪声不偏离本机基线", "NEEDS_HUMAN", remark="基线不足 30 例"),
    StatedVerdict("image-quality-1", "ct.matrix", "4.9", "矩阵不小于 512", "PASS", by="person"),
)


@pytest.fixture
def files(tmp_path):
    ct_series(tmp_path, n=3, rows=16, patient=Patient(name="王^小明", id="P1"), study=Study(key="sr"))
    return {str(dcmread(p).SOPInstanceUID): p for p in tmp_path.rglob("*.dcm")}


@pytest.fixture
def study(files):
    return str(dcmread(next(iter(files.values()))).StudyInstanceUID)


def group(files, **changes):
    values = {
        "key": "series:1",
        "title": "3 胸部",
        "measurements": MEASURED,
        "verdicts": JUDGED,
        "images": tuple(files),
    }
    return Group(**values | changes)


def report(files, study, **changes):
    about = About(**{"study_uid": study, "results_key": "k1", "at": AT} | changes)
    return quality_report(files, [group(files)], about)


def items(dataset):
    for one in dataset.get("ContentSequence", ()):
        yield one
        yield from items(one)


def named(dataset):
    """Content items by the value of their concept."""
    return {
        (
            one.ConceptNameCodeSequence[0].get("CodeValue") or one.ConceptNameCodeSequence[0].LongCodeValue,
            one.ValueType,
        ): one
        for one in items(dataset)
    }


def test_it_holds_numbers_with_unit_method_and_version(files, study):
    found = named(dcmread(io.BytesIO(report(files, study))))
    noise = found["ct.noise.global", "NUM"]
    value = noise.MeasuredValueSequence[0]
    unit = value.MeasurementUnitsCodeSequence[0]
    assert float(value.NumericValue) == pytest.approx(12.345678901, rel=1e-8)
    assert (unit.CodeValue, unit.CodingSchemeDesignator) == ("[hnsf'U]", "UCUM")
    below = [(i.ConceptNameCodeSequence[0].CodeMeaning, i) for i in noise.ContentSequence]
    assert dict(below)["Algorithm Name"].TextValue == "ct.noise"
    assert dict(below)["Algorithm Version"].TextValue == "1.2"
    assert dict(below)["Measurement Method"].ConceptCodeSequence[0].CodeValue == "ct.noise"
    assert float(found["ct.slices.missing", "NUM"].MeasuredValueSequence[0].NumericValue) == 2
    thickness = found["112225", "NUM"]  # a quantity that DICOM names
    assert thickness.ConceptNameCodeSequence[0].CodingSchemeDesignator == "DCM"


def test_it_says_why_something_has_no_number(files, study):
    found = named(dcmread(io.BytesIO(report(files, study))))
    assert ("ct.matrix.min", "NUM") not in found
    assert found["ct.matrix.min", "TEXT"].TextValue == Reason("missing_tag", {"tag": "Rows"}).text("zh")
    assert found["image.lossy", "TEXT"].TextValue == "False"


def test_it_holds_verdicts_as_codes_with_their_clause(files, study):
    found = named(dcmread(io.BytesIO(report(files, study))))
    for verdict in JUDGED:
        one = found[f"{verdict.standard}/{verdict.criterion}", "CODE"]
        name, value = one.ConceptNameCodeSequence[0], one.ConceptCodeSequence[0]
        assert (value.CodeValue, value.CodingSchemeDesignator) == (verdict.outcome, SCHEME)
        assert name.CodeMeaning == f"{verdict.clause} {verdict.requirement}"
    words = found["image-quality-1/ct.noise", "TEXT"].TextValue
    assert "待人工确认" in words
    assert "基线不足 30 例" in words
    assert "由人员判定" in found["image-quality-1/ct.matrix", "TEXT"].TextValue


def test_it_refers_to_its_images_in_content_and_evidence(files, study):
    read = dcmread(io.BytesIO(report(files, study)))
    told = {i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in items(read) if i.ValueType == "IMAGE"}
    listed = {
        sop.ReferencedSOPInstanceUID
        for exam in read.CurrentRequestedProcedureEvidenceSequence
        for series in exam.ReferencedSeriesSequence
        for sop in series.ReferencedSOPSequence
    }
    assert told == listed == set(files)


def test_it_belongs_to_the_exam_and_is_no_diagnosis(files, study):
    read = dcmread(io.BytesIO(report(files, study)))
    assert (read.StudyInstanceUID, read.PatientID, str(read.PatientName)) == (study, "P1", "王^小明")
    assert read.SeriesInstanceUID not in {str(dcmread(p).SeriesInstanceUID) for p in files.values()}
    assert read.SeriesDescription == "Quality control result, not a diagnosis"
    assert (read.VerificationFlag, read.PreliminaryFlag) == ("UNVERIFIED", "PRELIMINARY")
    found = named(read)
    assert found["121058", "CODE"].ConceptCodeSequence[0].CodeValue == "110002"  # procedure reported: quality control
    assert "不是诊断" in found["121106", "TEXT"].TextValue


def test_the_same_results_are_the_same_object(files, study):
    first, again = report(files, study), report(files, study)
    assert first == again
    assert str(dcmread(io.BytesIO(first)).SOPInstanceUID) == report_uid(study, "k1")
    other = dcmread(io.BytesIO(report(files, study, results_key="k2")))
    assert other.SOPInstanceUID == report_uid(study, "k2") != report_uid(study, "k1")
    assert other.SeriesInstanceUID == dcmread(io.BytesIO(first)).SeriesInstanceUID
    assert other.SOPInstanceUID.is_valid
    assert (other.ContentDate, other.ContentTime, other.TimezoneOffsetFromUTC) == ("20261121", "140500", "+0800")


def test_highdicom_finds_the_template_again(files, study):
    read = srread(io.BytesIO(report(files, study, lang="en")))
    groups = read.content.get_image_measurement_groups()
    assert len(groups) == 1
    assert {m.value for m in groups[0].get_measurements()} == {12.3456789, 2.0, 1.25}
    found = [e.value for e in groups[0].get_qualitative_evaluations()]
    values = [code.value for code in found if code.scheme_designator == SCHEME]
    assert values == ["FAIL", "NEEDS_HUMAN", "PASS"]


@pytest.mark.skipif(shutil.which("dsrdump") is None, reason="dcmtk is not installed")
def test_dcmtk_reads_it_without_complaint(files, study, tmp_path):
    path = tmp_path / "report.dcm"
    path.write_bytes(report(files, study, lang="en"))
    done = subprocess.run(["dsrdump", "--unknown-relationship", path], capture_output=True, check=True)
    assert b"Comprehensive 3D SR Document" in done.stdout
    assert b"E:" not in done.stderr


def test_it_refuses_what_it_could_not_refer_to(files, study, tmp_path):
    about = About(study, "k", AT)
    with pytest.raises(DataError) as nothing:
        quality_report({}, [group(files)], about)
    with pytest.raises(DataError) as elsewhere:
        quality_report(files, [group(files)], About("1.2.3", "k", AT))
    with pytest.raises(DataError) as gone:
        quality_report({"1": tmp_path / "none.dcm"}, [group(files)], about)
    (tmp_path / "text.dcm").write_text("no")
    with pytest.raises(DataError) as other:
        quality_report({"1": tmp_path / "text.dcm"}, [group(files)], about)
    codes = [one.value.reason.code for one in (nothing, elsewhere, gone, other)]
    assert codes == ["sr_no_source", "sr_other_study", "file_unreadable", "not_dicom"]
