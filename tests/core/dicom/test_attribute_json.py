"""Single attributes in the DICOM JSON model."""

import pydicom
import pytest

from imagingqc.dicom.attribute_json import attribute_json, attributes_json, keyword_of, tag_of


def test_names_and_tags():
    assert (tag_of("PatientID"), tag_of("0010002a"), tag_of("Nothing"), tag_of("")) == ("00100020", "0010002A", "", "")
    assert (keyword_of("00100020"), keyword_of("PatientID"), keyword_of("99999999")) == ("PatientID", "PatientID", "")


def test_values_are_what_pydicom_reads():
    values = [("PatientName", "A^B=张^三"), ("Rows", 512), ("SliceThickness", 1.25), ("ImageType", ("A", "B")),
              ("SeriesNumber", 3.0), ("StudyDate", "20260101"), ("StudyID", None), ("AccessionNumber", "")]  # fmt: skip
    found = attributes_json(values)
    assert list(found) == sorted(found)
    assert found["00280010"] == {"vr": "US", "Value": [512]}
    assert found["00200011"] == {"vr": "IS", "Value": [3]}
    assert found["00200010"] == {"vr": "SH"}
    ds = pydicom.Dataset.from_json(found)
    assert (ds.PatientName, ds.SliceThickness, list(ds.ImageType)) == ("A^B=张^三", 1.25, ["A", "B"])
    assert found["00100010"]["Value"] == [{"Alphabetic": "A^B", "Ideographic": "张^三"}]


def test_an_unknown_name_is_a_mistake():
    with pytest.raises(KeyError):
        attribute_json("Nothing", 1)
