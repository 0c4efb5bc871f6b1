"""A server for the viewer's tests: a hospital with a handful of exams, nothing evaluated, no worker."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pydicom
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless
from tests.e2e.gallery import free_port
from tests.e2e.harness import ROOT
from tests.e2e.world import World

from imagingqc.dicom.synthetic import Patient, Study, ct_series, dx_image
from imagingqc.dicom.synthetic.nm import pet_series
from imagingqc.dicom.synthetic.us import us_frame

PATIENT = Patient(name="DEMO^VIEWER", id="DEMO-V1")
WINDOW = {"WindowCenter": 650, "WindowWidth": 1700}  # from -200 to 1500
READY_S = 300
EXAMS = 11


def study(number: int, description: str, date: str = "20260105") -> Study:
    return Study(key=f"viewer-{number}", description=description, accession=f"VIEW-{number}", date=date)


def write(folder: Path) -> None:
    """The exams, by accession VIEW-1 and so on."""
    common = {"rows": 256, "noise_hu": 0.0, "facts": WINDOW, "patient": PATIENT}
    ct_series(folder / "1", n=20, interval_mm=5.0, study=study(1, "胸部CT"), **common)
    ct_series(folder / "2", n=41, interval_mm=2.5, study=study(2, "胸部CT复查", "20260305"), **common)
    dx_image(folder / "3", rows=2000, columns=2000, patient=PATIENT, study=study(3, "胸部DR"))
    dx_image(folder / "4", rows=200, columns=200, photometric="MONOCHROME1", study=study(4, "胸部DR反相"))
    us_frame(folder / "5", rows=240, columns=320, frames=12, study=study(5, "超声动态"))
    (folder / "6").mkdir()
    copyfile(str(get_testdata_file("MR_small_jp2klossless.dcm", download=False)), folder / "6" / "j2k.dcm")
    curved(folder)
    broken = dx_image(folder / "7", rows=64, columns=64, study=study(7, "坏图"))
    dataset = pydicom.dcmread(broken)
    dataset.PixelData = encapsulate([b"\xff\x4f\xff\x51 this is no picture" * 8])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.save_as(broken)


def curved(folder: Path) -> None:
    """A film through a table, one through a sigmoid, one with values between whole numbers, and a PET."""
    for number, name in ((8, "表"), (9, "S形"), (10, "小数")):
        path = dx_image(folder / str(number), rows=200, columns=200, study=study(number, f"胸部DR{name}"))
        dataset = pydicom.dcmread(path)
        if number == 8:
            dataset.VOILUTSequence = [voi_table(dataset)]
        elif number == 9:
            dataset.VOILUTFunction = "SIGMOID"
        else:
            dataset.RescaleSlope, dataset.WindowCenter = "0.013", float(dataset.WindowCenter) * 0.013
            dataset.WindowWidth = float(dataset.WindowWidth) * 0.013
        dataset.save_as(path)
    day = {"SeriesDate": "20260105", "SeriesTime": "093000", "AcquisitionDate": "20260105", "AcquisitionTime": "093100"}
    pet_series(folder / "11", slices=3, facts=day, study=study(11, "PET"))


def voi_table(dataset: pydicom.Dataset) -> pydicom.Dataset:
    """From black to white by a square, over the values that the film has."""
    values = dataset.pixel_array
    low, high = int(values.min()), int(values.max())
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "US", [high - low + 1, low, 12])
    item.add_new("LUTData", "US", [round(4095 * ((v - low) / (high - low)) ** 2) for v in range(low, high + 1)])
    return item


def build(home: Path) -> None:
    """Organisations, people and exams.  Runs in the server's process."""
    from yingheng.cli import demo, platform  # noqa: PLC0415 - Django starts first

    platform.start(home)
    platform.migrate()
    hospital, _password = demo.organisations_and_people(home)
    write(home / "samples")
    from yingheng.audit.actor import Actor  # noqa: PLC0415
    from yingheng.ingest.services import folder_import  # noqa: PLC0415

    folder_import(hospital=hospital, paths=[home / "samples"], actor=Actor("system:test", "test"))
    from tests.e2e.reading_world import sample  # noqa: PLC0415
    from tests.e2e.teaching_world import school  # noqa: PLC0415

    sample(hospital)
    school(hospital)


@contextmanager
def serve(home: Path) -> Iterator[World]:
    home.mkdir(parents=True, exist_ok=True)
    port = free_port()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("YINGHENG_", "DJANGO_"))}
    environment |= {"PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))), "YINGHENG_HOME": str(home)}
    log = ROOT / "build" / "viewer-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.e2e.viewer_world", str(home), str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            until = time.monotonic() + READY_S
            while not _answers(f"http://127.0.0.1:{port}/login/"):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")
                time.sleep(0.2)
            password = (home / "demo-password.txt").read_text(encoding="ascii").strip()
            yield World(f"http://127.0.0.1:{port}", password, home)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5):
            return True
    except HTTPError as error:
        raise RuntimeError(f"the server answered {error.code}; see build/viewer-server.log") from error
    except (URLError, OSError):
        return False


if __name__ == "__main__":
    build(Path(sys.argv[1]))
    import uvicorn

    uvicorn.run("yingheng.config.asgi:application", port=int(sys.argv[2]), log_level="warning", lifespan="off")
