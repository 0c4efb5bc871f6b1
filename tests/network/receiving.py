"""Receivers to send to, and what they leave: the folder, the spool, the log."""

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE
from tests.apps.ingest.receiver.wire import HOSPITAL, config_write, wait_until

from yingheng.ingest.receiver.acceptor import listening
from yingheng.ingest.receiver.config import Limits, Options, Tls

# only what many tests wait for is short: on a busy machine everything else may take its time
QUICK = Limits(request_s=60, closing_s=0.5, idle_s=60, stalled_s=60)
CT = "1.2.840.10008.5.1.4.1.1.2"


class Post:
    """A receiver's folder and port."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port

    def spooled(self, kind: str = "dcm") -> list[Path]:
        return sorted(self.home.glob(f"spool/*/new/*.{kind}"))

    def leftovers(self) -> list[Path]:
        return list((self.home / "spool" / "tmp").iterdir())

    def log(self, n: int = 1) -> list[dict]:
        """The log, once it has that many lines."""
        return wait_until(lambda: (lines := self._lines()) and len(lines) >= n and lines)

    def associate(self, *contexts, calling="CT1", called="YINGHENG", **more):
        """By pynetdicom; (abstract syntax, transfer syntaxes) each."""
        entity = AE(calling)
        entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 60
        for abstract, transfers in contexts:
            entity.add_requested_context(abstract, transfers)
        return entity.associate("127.0.0.1", self.port, ae_title=called, **more)

    def _lines(self) -> list[dict]:
        return [json.loads(line) for path in self.home.glob("log/*.jsonl") for line in path.read_text().splitlines()]


@contextmanager
def receiver(home: Path, acceptor: str, *, limits: Limits = QUICK, tls: Tls | None = None, **config):
    """In threads of this process, on a free port."""
    home.mkdir(exist_ok=True)
    config_write(home, **config)
    with listening(Options(home, port=0, limits=limits, tls=tls), acceptor, grace_s=1) as port:
        yield Post(home, port)


def image(number: int = 1, *, sop_class: str = CT, rows: int = 64, syntax: str = ExplicitVRLittleEndian) -> Dataset:
    """A small image of any class."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = sop_class, f"1.2.826.0.1.3680043.8.498.7.{number}"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.7", "1.2.826.0.1.3680043.8.498.7.0"
    ds.PatientName, ds.PatientID, ds.Modality = "DEMO^N", "N", "CT"
    ds.Rows = ds.Columns = rows
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 16, 16, 15, 0, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.PixelData = np.random.default_rng(number).integers(0, 4096, rows * rows, dtype="<u2").tobytes()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = sop_class, ds.SOPInstanceUID
    return ds


def write(ds: Dataset, path: Path) -> Path:
    ds.save_as(path, enforce_file_format=True)
    return path


def data_set_bytes(path: Path) -> bytes:
    """Everything behind the file meta information, found by pydicom."""
    with path.open("rb") as file:
        pydicom.filereader.read_preamble(file, force=False)
        pydicom.filereader._read_file_meta_info(file)
        return file.read()


def tool(name: str) -> str:
    """A program of dcmtk; skips where it is not installed, fails where it must be."""
    found = shutil.which(name)
    if found is None:
        assert not os.environ.get("CI"), f"{name} must be installed here"
        pytest.skip(f"{name} is not installed")
    return found


def run(name: str, *words: object, code: int | None = 0, **env: str) -> str:
    """What a program said; it must end with that exit code (None: any)."""
    done = subprocess.run(
        [tool(name), *map(str, words)], env=os.environ | env, capture_output=True, text=True, timeout=180, check=False
    )  # fmt: skip
    assert code in {None, done.returncode}, done.stdout + done.stderr
    return done.stdout + done.stderr


def count_of(home: Path) -> int:
    return len(list(home.glob("spool/*/new/*.dcm")))


__all__ = ["CT", "HOSPITAL", "QUICK", "Post", "count_of", "data_set_bytes", "image", "receiver", "run", "tool", "write"]
