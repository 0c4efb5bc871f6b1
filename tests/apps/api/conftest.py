"""A hospital with one study of several kinds of objects, and programs with access tokens."""

from dataclasses import dataclass, field
from pathlib import Path

import pydicom
import pytest
from django.test import Client
from pydicom.uid import RLELossless

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from imagingqc.dicom.synthetic.base import make_uid
from imagingqc.dicom.synthetic.other import dose_report, us_colour
from imagingqc.dicom.synthetic.xa import xa_run
from yingheng.audit.actor import Actor
from yingheng.ingest.services import folder_import
from yingheng.tenancy import api_access
from yingheng.tenancy.tokens import token_make

NAME, NUMBER = "Zhang^San=张^三", "ID-4711"
SECRETS = ("Zhang", "张", NUMBER, "REFERRER", "OPERATOR", "13800000000", "SECRET REMARK", "PRIVATE NOTE")
IDENTIFYING = {
    "ReferringPhysicianName": "REFERRER^DR",
    "OperatorsName": "OPERATOR^ONE",
    "PatientTelephoneNumbers": "13800000000",
    "PatientComments": "SECRET REMARK",
    "ImageComments": "SECRET REMARK",
    "OtherPatientIDs": NUMBER,
}


@pytest.fixture(autouse=True)
def _own_data_folder(settings, tmp_path):
    settings.YINGHENG_HOME = tmp_path / "home"
    settings.YINGHENG_HOME.mkdir()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(api_access, "WRONG_TOKEN_S", 0)


@dataclass(frozen=True)
class Sent:
    """What was imported: data sets by kind, as pydicom reads them."""

    study: str
    ct: list
    rle: list
    xa: pydicom.Dataset
    us: pydicom.Dataset
    report: pydicom.Dataset
    paths: list = field(default_factory=list)

    def url(self, ds=None, tail="", level="instance") -> str:
        found = f"/dicomweb/studies/{self.study}"
        if ds is not None and level in {"series", "instance"}:
            found += f"/series/{ds.SeriesInstanceUID}"
            found += f"/instances/{ds.SOPInstanceUID}" if level == "instance" else ""
        return f"{found}/{tail}" if tail else found


def compressed(source: Path, target: Path) -> Path:
    """A copy with RLE pixels, as another series."""
    ds = pydicom.dcmread(source)
    ds.compress(RLELossless, generate_instance_uid=False)
    ds.SOPInstanceUID = make_uid("rle", ds.SOPInstanceUID)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.SeriesInstanceUID = make_uid("rle", ds.SeriesInstanceUID)
    ds.SeriesNumber, ds.SeriesDescription = 7, "RLE"
    ds.save_as(target)
    return target


def write_study(folder: Path, key: str = "api") -> Sent:
    patient = Patient(name=NAME, id=NUMBER)
    study = Study(key=key, description="胸部CT平扫", accession=f"ACC-{key}")
    private = dict(IDENTIFYING)
    ct = ct_series(folder, n=4, rows=32, patient=patient, study=study, facts=private)
    for path in ct:
        ds = pydicom.dcmread(path)
        ds.private_block(0x0009, "MAKER", create=True).add_new(0x01, "LO", "PRIVATE NOTE")
        request = pydicom.Dataset()
        request.ScheduledProcedureStepDescription, request.RequestingPhysician = "STEP", "REFERRER^DR"
        ds.RequestAttributesSequence = [request]
        ds.save_as(path)
    rle = [compressed(path, folder / f"rle{i}.dcm") for i, path in enumerate(ct[:2])]
    xa = xa_run(folder, frames=3, patient=patient, study=study, number=3)
    us = us_colour(folder, rows=24, columns=36, patient=patient, study=study)
    report = dose_report(folder, study=study)
    ds = pydicom.dcmread(report)
    ds.PatientName, ds.PatientID = NAME, NUMBER
    ds.save_as(report)
    read = pydicom.dcmread
    return Sent(study.uid, [read(p) for p in ct], [read(p) for p in rle], read(xa), read(us), read(report),
                [*ct, *rle, xa, us, report])  # fmt: skip


@pytest.fixture
def sent(hospital, tmp_path) -> Sent:
    made = write_study(tmp_path / "files")
    result = folder_import(hospital=hospital, paths=[tmp_path / "files"], actor=Actor("system:test", "test"))
    assert (result.n_created, result.unreadable) == (9, ())
    return made


class Program(Client):
    """A client with an access token."""

    def __init__(self, secret: str) -> None:
        super().__init__()
        self.secret = secret

    def generic(self, method, path, data="", content_type="application/octet-stream", secure=False, *, headers=None,
                **extra):  # fmt: skip
        extra.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.secret}")
        return super().generic(method, path, data, content_type, secure, headers=headers, **extra)

    def accept(self, path: str, accept: str, **extra):
        return self.get(path, HTTP_ACCEPT=accept, **extra)


@pytest.fixture
def program(person):
    """`program("head")` acts as a head of department of the first hospital."""

    def make(role: str, username: str = "", at=None, permissions=()) -> Program:
        user = person(role, username, at)
        return Program(token_make(actor=user, user=user, name="x", days=30, permissions=permissions).secret)

    return make


def body(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def parts(answer) -> list[tuple[dict, bytes]]:
    """Header fields and content of each part of a multipart answer."""
    boundary = answer["Content-Type"].split("boundary=")[1].strip('"').encode()
    pieces = body(answer).split(b"\r\n--" + boundary)
    assert pieces[0] == b""
    assert pieces[-1] == b"--\r\n"
    found = []
    for piece in pieces[1:-1]:
        head, _blank, content = piece.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().strip().split("\r\n"))
        found.append((fields, content))
    return found
