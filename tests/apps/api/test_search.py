"""QIDO-RS: what is found, what is told about the patient, and what is said about what cannot be done."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.apps.api.conftest import NUMBER, SECRETS, write_study

from yingheng.audit.actor import Actor
from yingheng.catalog.models import Patient
from yingheng.ingest.services import folder_import

pytestmark = pytest.mark.django_db
ROOT = "http://testserver/dicomweb"


def value(item, tag):
    found = item[tag].get("Value")
    return found[0] if found and len(found) == 1 else found


def uids(answer, tag="0020000D"):
    return [value(item, tag) for item in answer.json()] if answer.status_code == 200 else []


def test_it_finds_studies_with_what_the_standard_asks_for(sent, program):
    answer = program("head").get("/dicomweb/studies")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/dicom+json")
    (item,) = answer.json()
    assert list(item) == sorted(item)
    told = {tag: value(item, tag) for tag in item}
    assert told == {
        "00080005": "ISO_IR 192", "00080020": "20260105", "00080030": "093000", "00080050": "ACC-api",
        "00080056": "ONLINE", "00080061": ["CT", "SR", "US", "XA"], "00080090": None, "00080201": "+0800",
        "00081190": f"{ROOT}/studies/{sent.study}", "00100010": {"Alphabetic": "Zhang^San", "Ideographic": "张^三"},
        "00100020": NUMBER, "00100030": None, "00100040": "M", "0020000D": sent.study, "00200010": None,
        "00201206": 5, "00201208": 9,
    }  # fmt: skip
    assert item["00201208"]["vr"] == "IS"


def test_who_may_not_see_names_gets_the_pseudonym(sent, program):
    pseudonym = Patient.objects.get().pseudonym
    for address in ("studies", "series", "instances"):
        answer = program("expert", f"e-{address}").get(f"/dicomweb/{address}?includefield=all")
        text = answer.content.decode()
        assert [secret for secret in SECRETS if secret in text] == []
        assert value(answer.json()[0], "00100010") == {"Alphabetic": pseudonym}
        assert value(answer.json()[0], "00100020") == pseudonym


def test_a_narrowed_token_hides_names_too(sent, program):
    answer = program("head", permissions=["exam.view"]).get("/dicomweb/studies")
    assert NUMBER not in answer.content.decode()


MATCHING = [
    ("StudyInstanceUID={study}", True),
    ("0020000D=1.2.3,{study}", True),
    ("StudyInstanceUID=1.2.3%5C{study}", True),
    ("StudyInstanceUID=1.2.3", False),
    ("StudyDate=20260105", True),
    ("StudyDate=20260104-20260106", True),
    ("StudyDate=20260105-", True),
    ("StudyDate=-20260104", False),
    ("StudyDate=20260106-", False),
    ("AccessionNumber=ACC-api", True),
    ("AccessionNumber=ACC-*", True),
    ("AccessionNumber=*C-a?i", True),
    ("AccessionNumber=ACC", False),
    ("ModalitiesInStudy=XA", True),
    ("ModalitiesInStudy=MR,CT", True),
    ("ModalitiesInStudy=MR", False),
    ("PatientID=ID-4711", True),
    ("PatientID=ID-4712", False),
    ("PatientSex=M", True),
    ("PatientSex=F", False),
    ("StudyDescription=*CT*", True),
    ("StudyDescription=", True),
]


def test_it_matches_studies(sent, program):
    client = program("head")
    for query, hit in MATCHING:
        answer = client.get("/dicomweb/studies?" + query.format(study=sent.study))
        assert answer.status_code == (200 if hit else 204), query
        assert uids(answer) == ([sent.study] if hit else []), query
        assert "Warning" not in answer
        assert hit or answer.content == b"", query


def test_a_patient_number_is_matched_only_for_those_who_may_see_it(sent, program):
    client = program("expert")
    assert client.get(f"/dicomweb/studies?PatientID={NUMBER}").status_code == 204
    pseudonym = Patient.objects.get().pseudonym
    assert uids(client.get(f"/dicomweb/studies?PatientID={pseudonym}")) == [sent.study]


def test_what_cannot_be_read_is_refused(hospital, program):
    client = program("head")
    for query in ("StudyDate=2026", "StudyDate=20261301", "StudyDate=-", "limit=x", "offset=-1"):
        answer = client.get(f"/dicomweb/studies?{query}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "api.bad_parameter"), query


def test_it_says_what_it_does_not_do(sent, program):
    client = program("head")
    answer = client.get("/dicomweb/studies?PatientName=Li*&fuzzymatching=true&StudyTime=09&x%0d%0ay=1")
    assert answer.status_code == 200
    said = answer["Warning"]
    assert "fuzzymatching parameter is not supported" in said
    assert "not supported: ? PatientName StudyTime" in said
    assert "\n" not in said


def test_series_of_a_study_and_of_all(sent, program):
    client = program("head")
    answer = client.get(sent.url(tail="series"))
    assert len(answer.json()) == 5
    (rle,) = client.get(sent.url(tail="series") + "?SeriesNumber=7&includefield=ProtocolName,00180060").json()
    assert value(rle, "0008103E") == "RLE"
    assert value(rle, "00201209") == 2
    assert value(rle, "00081190") == f"{ROOT}/studies/{sent.study}/series/{sent.rle[0].SeriesInstanceUID}"
    assert value(rle, "00180060") == 120
    assert "00100010" not in rle  # the address names the study
    (xa,) = client.get("/dicomweb/series?Modality=XA&AccessionNumber=ACC-api").json()
    assert value(xa, "00100020") == NUMBER
    assert value(xa, "00080061") == ["CT", "SR", "US", "XA"]
    assert client.get("/dicomweb/series?Modality=XA&AccessionNumber=other").status_code == 204


def test_instances_at_every_level(sent, program):
    client = program("head")
    assert len(client.get("/dicomweb/instances").json()) == 9
    assert len(client.get(sent.url(tail="instances")).json()) == 9
    assert len(client.get("/dicomweb/instances?Modality=CT").json()) == 6
    found = client.get(sent.url(sent.ct[0], "instances", level="series")).json()
    assert [value(item, "00200013") for item in found] == [1, 2, 3, 4]
    one = found[0]
    told = {
        "00080016": sent.ct[0].SOPClassUID, "00280010": 32, "00280011": 32, "00280100": 16,
        "00083002": "1.2.840.10008.1.2.1", "00280008": 1,
    }  # fmt: skip
    assert {tag: value(one, tag) for tag in told} == told
    (xa,) = client.get(f"/dicomweb/instances?SOPInstanceUID={sent.xa.SOPInstanceUID}").json()
    assert value(xa, "00280008") == 3
    (report,) = client.get(f"/dicomweb/instances?SOPClassUID={sent.report.SOPClassUID}").json()
    assert "00280010" not in report
    assert client.get(sent.url(tail="instances") + "?InstanceNumber=1&Modality=XA,US").status_code == 200


def test_it_pages(sent, program):
    client = program("head")
    first = client.get(sent.url(tail="instances") + "?limit=4")
    assert len(first.json()) == 4
    assert "additional results" in first["Warning"]
    second = client.get(sent.url(tail="instances") + "?limit=5&offset=4")
    assert "Warning" not in second
    assert len(set(uids(first, "00080018")) | set(uids(second, "00080018"))) == 9
    assert client.get(sent.url(tail="instances") + "?offset=9").status_code == 204
    assert client.get("/dicomweb/studies?limit=0").status_code == 204


def test_it_answers_in_json_or_not_at_all(sent, program):
    client = program("head")
    for accept in ("application/json", "*/*", "application/dicom+json, text/html", ""):
        assert client.accept("/dicomweb/studies", accept).status_code == 200, accept
    for accept in ('multipart/related; type="application/dicom+xml"', "text/html", "application/dicom+json;q=0"):
        assert client.accept("/dicomweb/studies", accept).status_code == 406, accept
    assert client.accept("/dicomweb/studies?accept=application/dicom%2Bjson", "text/html").status_code == 200


def test_the_other_hospital_is_not_there(sent, program, other_hospital, region, tmp_path):
    client = program("head", "other", other_hospital)
    for tail in ("studies", "series", "instances", f"studies?StudyInstanceUID={sent.study}"):
        assert client.get(f"/dicomweb/{tail}").status_code == 204, tail
    for tail in ("series", "instances"):
        assert client.get(sent.url(tail=tail)).status_code == 204
    write_study(tmp_path / "again")  # the same study at both
    folder_import(hospital=other_hospital, paths=[tmp_path / "again"], actor=Actor("system:test", "test"))
    above = program("regional_centre", "above", region)
    assert uids(above.get("/dicomweb/studies")) == [sent.study] * 2
    assert uids(above.get("/dicomweb/studies?hospital=h2")) == [sent.study]
    assert len(above.get("/dicomweb/studies", headers={"X-Yingheng-Hospital": "h1"}).json()) == 1
    assert above.get("/dicomweb/studies?hospital=h9").status_code == 400


def test_a_search_costs_the_same_few_queries_at_any_size(sent, hospital, program, tmp_path):
    client = program("head")

    def cost(path):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    paths = ["/dicomweb/studies", "/dicomweb/series", "/dicomweb/instances", sent.url(tail="instances")]
    paths.append("/dicomweb/instances?PatientID=ID-4711&ModalitiesInStudy=CT")
    cost(paths[0])  # notes the use of the token
    few = [cost(path) for path in paths]
    for i in range(3):
        write_study(tmp_path / f"more{i}", f"more{i}")
        folder_import(hospital=hospital, paths=[tmp_path / f"more{i}"], actor=Actor("system:test", "test"))
    assert [cost(path) for path in paths] == few
    assert max(few) <= 15
