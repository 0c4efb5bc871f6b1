"""What leaves without identity: nothing of a person in any byte, the rest still of use, or no file at all."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from tests.core.dicom.builders import ct_dataset, save
from tests.core.dicom.identities import OTHER, SECRET, SYNTAXES, opened, planted, refused, traces
from tests.phantoms import dicom as phantoms

from imagingqc.dicom import deidentify as module
from imagingqc.dicom.deidentify import Profile, deidentify
from imagingqc.dicom.deidentify_proof import Finder, prove
from imagingqc.dicom.header import read_instance
from imagingqc.errors import DataError


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("profile", [Profile(), Profile(dates="remove", descriptions=False), Profile(patient=True)])
def test_it_leaves_no_planted_name_in_any_byte(tmp_path, syntax, profile):
    path = save(planted(tmp_path), tmp_path / "x.dcm", syntax)
    result = deidentify(path, SECRET, profile)
    assert traces(result.data) == []
    again = opened(result.data)
    assert again.PatientIdentityRemoved == "YES"
    assert again.PatientName == again.PatientID == result.pseudonym
    assert [e.tag for e in again if e.tag.is_private and "SIEMENS" not in str(e.value) and e.value != 800] == []
    assert not [e.tag for e in again if e.tag.group == 0x6000]
    assert {"InstitutionAddress", "OverlayData"} <= set(result.removed)
    assert {"PatientName", "SOPInstanceUID", "AccessionNumber"} <= set(result.replaced)


def test_it_keeps_what_is_measured(tmp_path):
    path = save(planted(tmp_path, SliceThickness=5), tmp_path / "x.dcm")
    out = tmp_path / "y.dcm"
    out.write_bytes(deidentify(path, SECRET).data)
    before, after = read_instance(path), read_instance(out)
    for keyword in ("Rows", "PixelSpacing", "SliceThickness", "KVP", "Modality", "ImageType", "DiffusionBValue"):
        assert after.facts[keyword] == before.facts[keyword], keyword
    assert after.frames == before.frames
    assert dcmread(out).PixelData == dcmread(path).PixelData
    assert after.sop_class_uid == before.sop_class_uid
    assert "ConvolutionKernel" not in after.facts  # a name stood there
    assert (after.text("StudyDescription"), after.text("SeriesDescription")) == ("胸部 平扫", "Lung 1.25mm")


def test_it_says_what_was_done(tmp_path):
    path = save(planted(tmp_path), tmp_path / "x.dcm")

    def codes(profile):
        again = opened(deidentify(path, SECRET, profile).data)
        assert again.BurnedInAnnotation == "NO"
        return {str(item.CodeValue) for item in again.DeidentificationMethodCodeSequence}, again

    all_codes, kept = codes(Profile(device=True, patient=True))
    assert all_codes == {"113100", "113101", "113105", "113107", "113108", "113109", "113111"}
    assert (kept.StationName, kept.PatientSex, kept.PatientAge) == ("CTROOM77", "M", "074Y")
    assert kept.LongitudinalTemporalInformationModified == "MODIFIED"
    fewest, bare = codes(Profile(dates="remove", descriptions=False))
    assert fewest == {"113100", "113101", "113111"}
    assert not bare.get("PatientSex")
    assert "PatientAge" not in bare
    assert "StudyDescription" not in bare
    assert "CTROOM77" not in str(bare)
    assert bare.LongitudinalTemporalInformationModified == "REMOVED"


def test_it_keeps_the_exams_of_a_patient_together_and_apart_from_others(tmp_path):
    def copy(name, **changes):
        ds = planted(tmp_path / name)
        for keyword, value in changes.items():
            setattr(ds, keyword, value)
        return save(ds, tmp_path / f"{name}.dcm")

    first = copy("a", StudyInstanceUID="1.2.3.1", StudyDate="20260105")
    later = copy("b", StudyInstanceUID="1.2.3.2", StudyDate="20260307", PatientName="ZHANGSAN^SF")
    other = copy("c", StudyInstanceUID="1.2.3.1", PatientID="H20260106")
    one, two, three = (opened(deidentify(p, SECRET).data) for p in (first, later, other))
    assert one.PatientID == two.PatientID != three.PatientID
    assert one.StudyInstanceUID == three.StudyInstanceUID != two.StudyInstanceUID
    assert one.ReferencedImageSequence[0].ReferencedSOPInstanceUID == one.SOPInstanceUID
    days = dt.datetime.strptime(two.StudyDate, "%Y%m%d") - dt.datetime.strptime(one.StudyDate, "%Y%m%d")  # noqa: DTZ007
    assert days.days == 61
    assert one.StudyDate < "20250105"
    strange = opened(deidentify(first, OTHER).data)
    assert strange.PatientID != one.PatientID
    assert strange.StudyInstanceUID != one.StudyInstanceUID
    assert deidentify(first, SECRET).data == deidentify(first, SECRET).data
    assert (
        opened(deidentify(other, SECRET, subject="merged").data).PatientID
        == opened(deidentify(first, SECRET, subject="merged").data).PatientID
    )


def test_it_refuses_a_secret_that_can_be_guessed(tmp_path):
    path = save(planted(tmp_path), tmp_path / "x.dcm")
    with pytest.raises(DataError) as caught:
        deidentify(path, b"short")
    assert caught.value.reason.code == "release_secret_short"


def test_it_refuses_objects_made_of_words(tmp_path):
    assert refused(phantoms.dose_report(tmp_path)) == "release_kind"
    ds = planted(tmp_path)
    ds.EncapsulatedDocument = b"%PDF ZHANGSAN"
    assert refused(save(ds, tmp_path / "x.dcm")) == "release_kind"


def test_it_lets_nothing_out_when_the_proof_fails(tmp_path, monkeypatch):
    path = save(planted(tmp_path), tmp_path / "x.dcm")
    monkeypatch.setattr(module, "_walk", lambda *_: None)
    monkeypatch.setattr(module, "_scrub", lambda *_: None)
    assert refused(path) == "release_left"


@pytest.mark.parametrize("hidden", ["ZHANGSAN", "张三丰"])
def test_its_proof_finds_a_name_in_pixels_and_other_bytes(tmp_path, hidden):
    ds = ct_dataset(tmp_path)
    raw = hidden.encode("gb18030")
    ds.PixelData = ds.PixelData[:100] + raw + ds.PixelData[100 + len(raw) :]
    data = save(ds, tmp_path / "x.dcm").read_bytes()
    names = {str(ds.PatientName)}
    with pytest.raises(DataError) as caught:
        prove(data, Finder({hidden}), names)
    assert caught.value.reason.values["tag"] == "bytes"
    prove(data, Finder({"NOBODYHERE"}), names)


def test_its_proof_takes_short_words_as_words_alone():
    def found(needle, text, vr="LO", **how):
        return Finder({needle}).in_text(DataElement(0x00081030, vr, text), **how)

    assert found("LIMA", "seen by Lima.")
    assert not found("LIMA", "CLIMAX")
    assert found("LIMA", "CLIMAX", loose=True)
    assert found("LIMALIMA", "XLIMALIMAX")
    assert found("1234", "no 1234")
    assert not found("1234", "1234", vr="IS")


def test_it_leaves_measured_numbers_that_a_short_patient_number_equals(tmp_path):
    ds = planted(tmp_path)
    ds.PatientID, ds.InstanceNumber, ds.WindowWidth, ds.StudyDescription = "1500", 1500, 1500, "1500 chest"
    again = opened(deidentify(save(ds, tmp_path / "x.dcm"), SECRET).data)
    assert (again.InstanceNumber, again.WindowWidth, again.StudyDescription) == (1500, 1500, "chest")


TEXT_KEYWORDS = [
    "StudyDescription", "SeriesDescription", "ProtocolName", "ImageComments", "PatientComments", "ContrastBolusAgent",
    "ConvolutionKernel", "Manufacturer", "StationName", "RequestedProcedureDescription", "SoftwareVersions",
    "DerivationDescription", "AcquisitionDeviceProcessingDescription", "FilterType", "ReasonForStudy", "PatientAddress",
]  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text("BDFGHJKLMNPQRSTVWXZ", min_size=5, max_size=10),
    st.sets(st.sampled_from(TEXT_KEYWORDS), min_size=1, max_size=6),
    st.sampled_from(["{}", "x {} y", "{}^A", "CT-{}", "胸部{}", "x{}y"]),
    st.sampled_from(SYNTAXES[:2]),
)
def test_it_leaves_no_name_wherever_it_was_written(tmp_path, name, keywords, form, syntax):
    ds = ct_dataset(tmp_path)
    ds.SpecificCharacterSet, ds.PatientName = "ISO_IR 192", f"{name}^A"
    item = Dataset()
    for keyword in keywords:
        setattr(ds, keyword, form.format(name)[: 16 if dictionary_VR(keyword) == "SH" else 64])
        setattr(item, keyword, form.format(name)[:16])
    ds.ReferencedImageSequence = [item]
    data = deidentify(save(ds, tmp_path / "x.dcm", syntax), SECRET).data
    assert name.lower().encode() not in data.lower()


@pytest.mark.real
def test_it_releases_real_files_with_nothing_left(real_data):
    files = sorted(p for p in real_data.rglob("*") if p.is_file() and p.stat().st_size < 1_500_000)
    released, refusals = 0, set()
    for path in files[::11]:
        try:
            before = read_instance(path)
            result = deidentify(path, SECRET, Profile(looked_at=True))
        except DataError as exc:
            refusals.add(exc.reason.code)
            continue
        for keyword in ("PatientName", "PatientID", "AccessionNumber", "InstitutionName"):
            text = before.text(keyword) or ""
            if len(text) >= 8:
                assert text.lower().encode() not in result.data.lower(), (path, keyword)
        assert before.sop_uid.encode() not in result.data
        released += 1
    assert released > 30
    assert "release_left" not in refusals
