"""Receiver, intake and worker die at random while objects come in: what was acknowledged is catalogued, once."""

import pytest
from pydicom import dcmread
from tests.network.kills import kill_and_check

from imagingqc.dicom.synthetic import Patient, Study, ct_series
from yingheng.ingest.forwarding.scu import Outgoing

pytestmark = pytest.mark.network
ROUNDS = 3  # two hundred are in tests/soak


def written(folder, *, n_exams: int, n: int) -> list[Outgoing]:
    for exam in range(n_exams):
        ct_series(folder / str(exam), n=n, rows=32, patient=Patient(id=f"K{exam}"), study=Study(key=f"killed-{exam}"))
    headers = [(path, dcmread(path, stop_before_pixels=True)) for path in sorted(folder.rglob("*.dcm"))]
    return [
        Outgoing(str(ds.SOPInstanceUID), str(ds.SOPClassUID), str(ds.file_meta.TransferSyntaxUID), path)
        for path, ds in headers
    ]


@pytest.fixture(scope="module")
def outgoing(tmp_path_factory) -> list[Outgoing]:
    return written(tmp_path_factory.mktemp("outgoing"), n_exams=4, n=60)


def test_nothing_acknowledged_is_lost_or_doubled(installation, outgoing):
    assert kill_and_check(installation, outgoing, rounds=ROUNDS, seed=5)
