"""How fast an exam goes on to a PACS, every object verified and its answer noted, beside dcmtk's sender.

python tools/bench.py forward
python tools/bench_forward.py SEND PORT     (inner) empties the outbox of an installation, prints the seconds
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TITLE, MAX_PDU, ROUNDS, LATE_S = "PACS", "131072", 3, 60
Numbers = dict[str, float | int]


def bench_forward(folder: Path) -> Numbers:
    """Objects of 530 KB sent each second over one association to dcmtk's storescp.

    Ours: with the catalogue, the check of every stored byte and the noting of every answer.  storescu, with
    TCP_NODELAY, only sends files.
    """
    if missing := [tool for tool in ("storescu", "storescp") if shutil.which(tool) is None]:
        raise SystemExit(f"needs {' and '.join(missing)}")
    files = sorted(folder.glob("*.dcm"))
    with tempfile.TemporaryDirectory() as work:
        home = Path(work) / "home"
        _ours(home, "-m", "yingheng.cli", "init", "--code", "b1", "--name", "Bench")
        _ours(home, "-m", "yingheng.cli", "import", folder)
        ours, theirs, lost = [], [], 0
        for number in range(ROUNDS):
            with _pacs(Path(work) / f"ours{number}") as (port, taken):
                ours.append(float(_ours(home, __file__, "SEND", port).split()[-1]))
                lost += len(files) - len(list(taken.iterdir()))
            with _pacs(Path(work) / f"theirs{number}") as (port, taken):
                theirs.append(_storescu(port, files))
                lost += len(files) - len(list(taken.iterdir()))
    per_s, other = len(files) / statistics.median(ours), len(files) / statistics.median(theirs)
    return {"objects_per_s": per_s, "storescu_objects_per_s": other, "ratio_vs_storescu": per_s / other, "lost": lost}


@contextmanager
def _pacs(folder: Path) -> Iterator[tuple[int, Path]]:
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["storescp", "+B", "--max-pdu", MAX_PDU, "-od", str(folder), "-aet", TITLE, str(port)]
    process = subprocess.Popen(command, env=os.environ | {"TCP_NODELAY": "1"})
    try:
        end = time.monotonic() + LATE_S
        while time.monotonic() < end:
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port, folder
    finally:
        process.terminate()
        process.wait()


def _storescu(port: int, files: list[Path]) -> float:
    command = ["storescu", "--max-pdu", MAX_PDU, "--max-send-pdu", MAX_PDU, "-aec", TITLE, "127.0.0.1", str(port)]
    begun = time.monotonic()
    subprocess.run([*command, *map(str, files)], env=os.environ | {"TCP_NODELAY": "1"}, check=True)
    return time.monotonic() - begun


def _ours(home: Path, *words: object) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("YINGHENG", "DJANGO", "DATABASE"))}
    env |= {"YINGHENG_HOME": str(home), "PYTHONPATH": str(ROOT / "src"), "YINGHENG_DICOM_PORT": "0"}
    done = subprocess.run([sys.executable, *map(str, words)], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def send(port: int) -> float:
    """Seconds until every exam of the installation is at the destination at that port."""
    from yingheng.cli import platform  # noqa: PLC0415 - Django begins here, in the inner process alone

    platform.start()
    from yingheng.audit.actor import Actor  # noqa: PLC0415
    from yingheng.catalog.models import Exam  # noqa: PLC0415
    from yingheng.ingest.models import Delivery  # noqa: PLC0415
    from yingheng.ingest.services.forwarding_routing import forward_ask  # noqa: PLC0415
    from yingheng.ingest.services.forwarding_sending import destination_send  # noqa: PLC0415
    from yingheng.ingest.services.peers import PeerFields, remote_ae_put  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    hospital = Organisation.objects.get(kind=Organisation.Kind.HOSPITAL)
    fields = PeerFields(name=f"B{port}", ae_title=TITLE, host="127.0.0.1", port=port, is_destination=True)
    where = remote_ae_put(actor=Actor("system:bench", "bench"), hospital=hospital, fields=fields)
    begun = time.monotonic()
    for exam in Exam.objects.all():
        forward_ask(exam_id=exam.pk, destination_id=where.pk)
    left = Delivery.objects.filter(destination=where).exclude(state=Delivery.State.SENT)
    while left.exists():
        destination_send(destination_id=where.pk)
    return time.monotonic() - begun


if __name__ == "__main__":
    print(send(int(sys.argv[2])))
