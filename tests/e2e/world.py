"""The real application on a database of its own: a demonstration hospital with four evaluated exams."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from tests.e2e.gallery import free_port
from tests.e2e.harness import ROOT

SCENES = ("ct-chest-missing", "dx-chest-over", "mr-head-no-t2", "us-abdomen")
ROOM = "BOARD"  # the station of a device of its own, whose exams only the tests of its board look at
READY_S = 300


@dataclass(frozen=True)
class World:
    """Address of the server, the password of every account (admin zhang li wang zhao sun region), the data folder."""

    base: str
    password: str
    home: Path


def room_write(home: Path, name: str) -> Path:
    """A CT with a missing slice of the device of ROOM, described by `name`."""
    from imagingqc.dicom.synthetic import CTFaults, Study, ct_series  # noqa: PLC0415 - only where it is wanted

    folder = home / "board" / name
    study = Study(key=name, description=f"{name} CT", station=ROOM, device=f"SN-{ROOM}")
    ct_series(folder, n=10, rows=64, faults=CTFaults(missing=(4,)), study=study)
    return folder


def build(home: Path, *, everything: bool = False) -> None:
    """Organisations, people and exams, imported and evaluated.  Runs in the server's process."""
    from yingheng.cli import demo, demo_exams, demo_rules, demo_traffic, importing, platform  # noqa: PLC0415 - Django starts first

    platform.start(home)
    platform.migrate()
    hospital, _password = demo.organisations_and_people(home)
    scenes = [scene for scene in demo_exams.SCENES if everything or scene.name in SCENES]
    folders = [demo_exams.scene_write(scene, home / "samples", number) for number, scene in enumerate(scenes, start=1)]
    if everything:
        demo_traffic.forwarding(hospital)
    else:
        folders += [room_write(home, name) for name in ("earlier", "first", "last")]
    importing.import_folders(hospital, tuple(folders), jobs=2, demo=True)
    from yingheng.jobs.worker import run_due_here  # noqa: PLC0415

    run_due_here(limit=10_000)
    demo_rules.draft_and_trial(demo.HOSPITAL)
    if everything:
        demo_traffic.messages_and_retakes(demo.HOSPITAL)


@contextmanager
def serve(home: Path, *, everything: bool = False) -> Iterator[World]:
    """The real server with one worker on a free port of this machine, over a fresh world; `everything` has all exams
    of the demonstration."""
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("YINGHENG_", "DJANGO_"))}
    environment |= {
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
        "YINGHENG_HOME": str(home),
        "YINGHENG_DEMO": "true",
    }
    command = [sys.executable, "-m", "tests.e2e.world", str(home), str(port)]
    command += ["all"] if everything else []
    log = ROOT / "build" / "e2e-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(f"http://127.0.0.1:{port}/login/", process, log)
            password = (home / "demo-password.txt").read_text(encoding="ascii").strip()
            yield World(f"http://127.0.0.1:{port}", password, home)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with code {process.returncode}: {log.read_text()[-2000:]}")
        try:
            with urlopen(url, timeout=5):
                return
        except HTTPError as error:
            raise RuntimeError(f"the server answered {error.code}: {log.read_text()[-2000:]}") from error
        except (URLError, OSError):
            time.sleep(0.3)
    raise RuntimeError("the server did not answer")


if __name__ == "__main__":
    build(Path(sys.argv[1]), everything="all" in sys.argv)
    from yingheng.cli.server import run

    run("127.0.0.1", int(sys.argv[2]), workers=1, dicom_port=0)
