"""Facts of any series: loss, patients, damaged attributes, and the evidence for them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.core.clinical.builders import IMPLICIT, FakeReader, code, instance, only, series_of, stack_of

from imagingqc.clinical.registry import measure_series
from imagingqc.criteria.evidence_words import evidence_text
from imagingqc.dicom.model import Problem, Series
from imagingqc.errors import Reason

J2K, JPEG_LS_NEAR, HTJ2K = (f"1.2.840.10008.1.2.4.{n}" for n in ("91", "81", "203"))
JPEG, EXTENDED, HEVC = (f"1.2.840.10008.1.2.4.{n}" for n in ("50", "51", "107"))


def measure(*instances):
    return measure_series(series_of(instances=instances), (), FakeReader())


@pytest.mark.parametrize(
    ("syntax", "stated", "value"),
    [
        (JPEG, None, True),
        (EXTENDED, "00", True),
        (HEVC, None, True),
        (J2K, "00", False),
        (J2K, "01", True),
        (JPEG_LS_NEAR, "00", False),
        (HTJ2K, "00", False),
        (IMPLICIT, "01", True),
        (IMPLICIT, "00", False),
        (IMPLICIT, " 0 ", False),
    ],
)
def test_it_tells_loss_by_syntax_and_header(syntax, stated, value):
    facts = {} if stated is None else {"LossyImageCompression": stated}
    assert only(measure(instance(1, syntax=syntax, **facts)), "image.lossy").value is value


@pytest.mark.parametrize("syntax", [J2K, JPEG_LS_NEAR, HTJ2K, IMPLICIT])
@pytest.mark.parametrize("stated", [None, "", "XX"])
def test_it_does_not_know_where_the_header_does_not_say(syntax, stated):
    facts = {} if stated is None else {"LossyImageCompression": stated}
    assert code(only(measure(instance(1, syntax=syntax, **facts)), "image.lossy")) == "missing_tag"


def test_it_asks_objects_of_other_modalities_too_but_no_documents():
    other = instance(1, modality="OT", LossyImageCompression="01")
    assert only(measure(other), "image.lossy").value is True
    report = replace(instance(1, modality="SR"), frames=(), rows=0, columns=0)
    assert code(only(measure(report), "image.lossy")) == "not_an_image"
    assert only(measure(report), "series.patients").value == 1


def test_it_names_the_images_of_the_other_patient_and_keeps_no_identity():
    mixed = [instance(n, PatientID="B" if n in {2, 5} else "A") for n in range(1, 8)]
    found = only(measure(*mixed), "series.patients")
    assert found.value == 2
    assert evidence_text(found.evidence) == "编号 2, 5 的图像属于另一患者"
    assert evidence_text(found.evidence, "en") == "images 2, 5 belong to another patient"
    assert '"A"' not in str(found.as_dict())
    assert '"B"' not in str(found.as_dict())


def test_it_tells_patients_of_two_issuers_apart():
    pair = [instance(n, PatientID="A", IssuerOfPatientID=f"H{n}") for n in (1, 2)]
    assert only(measure(*pair), "series.patients").value == 2


def test_it_counts_each_damage_once_and_shows_its_value():
    bad = Problem("KVP", Reason("absurd_value", {"tag": "KVP", "value": "1e30"}))
    uid = Problem("SOPInstanceUID", Reason("bad_uid", {"tag": "SOPInstanceUID"}))
    series = series_of(stack_of([0.0, 5.0, 10.0]))
    spoilt = Series(series.uid, "1.2", "CT", tuple(replace(i, problems=(bad, uid)) for i in series.instances))
    found = only(measure_series(spoilt, (), FakeReader()), "series.header_problems")
    assert (found.value, found.version) == (2, "2")
    assert evidence_text(found.evidence) == "KVP 的值不可信：1e30；SOPInstanceUID 不是合法的 UID"
