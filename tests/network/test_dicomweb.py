"""DICOMweb as a stock client uses it (dicomweb-client), against the server that people run."""

import http.client
import json
import socket
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from dicomweb_client.session_utils import create_session_from_user_pass
from PIL import Image
from tests.network.installation import wait_until

pytestmark = pytest.mark.network
RLE = "1.2.840.10008.1.2.5"


@dataclass(frozen=True)
class Served:
    """The running server: its address, tokens by role, what is in it, and its data folder."""

    root: str
    tokens: dict
    objects: list
    home: Path

    def client(self, role: str) -> DICOMwebClient:
        """By HTTP Basic, as stock clients come."""
        session = create_session_from_user_pass("anybody", self.tokens[role])
        session.trust_env = False  # no proxy of this machine
        return DICOMwebClient(f"{self.root}/dicomweb", session=session)

    def bearer(self, role: str) -> dict:
        return {"Authorization": f"Bearer {self.tokens[role]}"}


@pytest.fixture(scope="module")
def served(new, tmp_path_factory):
    place = tmp_path_factory.mktemp("dicomweb")
    made = new.copy(place / "home")
    made.env |= {"DJANGO_SETTINGS_MODULE": "yingheng.config.settings", "YINGHENG_STOW_MOST_MB": "8"}
    process = made.start(place / "files", module="tests.network.dicomweb_server")
    try:
        line = next((line for line in process.stdout if line.startswith("{")), "")
        assert line, process.wait()
        told = json.loads(line)
        wait_until(lambda: answers(told["port"]))
        objects = [pydicom.dcmread(path) for path in told["paths"]]
        yield Served(f"http://127.0.0.1:{told['port']}", told["tokens"], objects, place / "home")
    finally:
        made.end()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def uids(ds) -> tuple[str, str, str]:
    return ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SOPInstanceUID


def same(a, b) -> bool:
    return {uids(ds)[2] for ds in a} == {uids(ds)[2] for ds in b}


def test_it_searches(served):
    client = served.client("head")
    study, series, _instance = uids(served.objects[0])
    (found,) = client.search_for_studies(search_filters={"PatientID": "ID-4711", "StudyDate": "20260101-"})
    ds = pydicom.Dataset.from_json(found)
    assert (ds.StudyInstanceUID, str(ds.PatientName), ds.NumberOfStudyRelatedInstances) == (study, "Zhang^San=张^三", 9)
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []
    assert len(client.search_for_series(study, fields=["ProtocolName"])) == 5
    assert len(client.search_for_series(search_filters={"Modality": "CT"})) == 2
    assert len(client.search_for_instances(study, series)) == 4
    assert len(client.search_for_instances(limit=2, get_remaining=True)) == 9
    with pytest.raises(requests.HTTPError, match="403"):
        served.client("sender").search_for_studies()


def test_it_retrieves_objects(served):
    client = served.client("head")
    study, series, instance = uids(served.objects[0])
    assert same(client.retrieve_study(study), served.objects)
    assert same(client.iter_series(study, series), served.objects[:4])
    got = client.retrieve_instance(study, series, instance)
    assert got == served.objects[0]
    rle = uids(served.objects[4])
    kept = client.retrieve_instance(*rle)
    assert kept.file_meta.TransferSyntaxUID == RLE
    plain = client.retrieve_instance(*rle, media_types=(("application/dicom", "1.2.840.10008.1.2.1"),))
    assert plain.PixelData == served.objects[0].PixelData
    with pytest.raises(requests.HTTPError, match="406"):
        client.retrieve_instance(*rle, media_types=(("application/dicom", "1.2.840.10008.1.2.4.90"),))
    with pytest.raises(requests.HTTPError, match="403"):
        served.client("expert").retrieve_study(study)


def test_it_retrieves_headers_and_bulk_data(served):
    client = served.client("expert")
    study, series, _instance = uids(served.objects[0])
    assert len(client.retrieve_study_metadata(study)) == 9
    first = client.retrieve_series_metadata(study, series)[0]
    ds = pydicom.Dataset.from_json(
        first, bulk_data_uri_handler=lambda _tag, _vr, uri: bytes(client.retrieve_bulkdata(uri)[0])
    )
    assert ds.PixelData == served.objects[0].PixelData
    assert str(ds.PatientName).startswith("P-")
    named = served.client("head").retrieve_instance_metadata(*uids(served.objects[0]))
    assert named["00100020"]["Value"] == ["ID-4711"]


def test_it_retrieves_frames(served):
    client = served.client("expert")
    run = served.objects[6]
    size = run.Rows * run.Columns * 2
    wanted = [run.PixelData[i * size : (i + 1) * size] for i in (2, 0)]
    assert client.retrieve_instance_frames(*uids(run), [3, 1]) == wanted
    assert list(client.iter_instance_frames(*uids(run), [3, 1], media_types=("application/octet-stream",))) == wanted
    (kept,) = client.retrieve_instance_frames(*uids(served.objects[4]), [1], media_types=(("image/dicom-rle", RLE),))
    assert kept.rstrip(b"\0") in served.objects[4].PixelData
    (decoded,) = client.retrieve_instance_frames(
        *uids(served.objects[4]), [1], media_types=("application/octet-stream",)
    )
    assert decoded == served.objects[0].PixelData


def test_it_draws(served):
    client = served.client("expert")
    ct = served.objects[0]
    png = client.retrieve_instance_rendered(*uids(ct), media_types=("image/png",), params={"window": "40,400,linear"})
    assert np.asarray(Image.open(BytesIO(png))).shape == (ct.Rows, ct.Columns)
    jpeg = client.retrieve_series_rendered(*uids(ct)[:2], media_types=("image/jpeg",), params={"viewport": "64,64"})
    assert Image.open(BytesIO(jpeg)).size == (64, 64)
    frame = client.retrieve_instance_frames_rendered(*uids(served.objects[6]), [2], media_types=("image/jpeg",))
    assert Image.open(BytesIO(frame)).format == "JPEG"


def test_it_stores(served):
    client = served.client("sender")
    before = len(list((served.home / "spool").glob("*/new/*.dcm")))
    answer = client.store_instances(served.objects[:4])
    assert [item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence] == [
        uids(ds)[2] for ds in served.objects[:4]
    ]
    spooled = sorted((served.home / "spool").glob("*/new/*.dcm"))
    assert len(spooled) == before + 4
    assert pydicom.dcmread(spooled[before]) == served.objects[0]
    with pytest.raises(requests.HTTPError, match="409"):
        client.store_instances(served.objects[:1], study_instance_uid="1.2.3")
    with pytest.raises(requests.HTTPError, match="403"):
        served.client("expert").store_instances(served.objects[:1])
    large = pydicom.dcmread(served.objects[0].filename)
    large.PixelData = bytes(9 * 1024**2)
    with pytest.raises(requests.HTTPError, match="413"):
        client.store_instances([large])


def test_a_study_is_streamed_and_a_client_may_go_away(served):
    """The server sends before it has read all, and goes on for others when somebody hangs up."""
    study = uids(served.objects[0])[0]
    host = served.root.removeprefix("http://")
    for _ in range(3):
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("GET", f"/dicomweb/studies/{study}", headers=served.bearer("head"))
        answer = connection.getresponse()
        assert answer.status == 200
        assert int(answer.getheader("Content-Length")) > sum(Path(ds.filename).stat().st_size for ds in served.objects)
        answer.read(100)
        connection.close()
    session = requests.Session()
    session.trust_env = False
    refused = session.get(f"{served.root}/dicomweb/studies", headers={"Authorization": "Bearer yh_wrong"}, timeout=30)
    assert (refused.status_code, refused.headers["WWW-Authenticate"].count("realm")) == (401, 2)
    assert len(session.get(f"{served.root}/dicomweb/studies", headers=served.bearer("head"), timeout=30).json()) == 1
