"""The gallery server as a process of its own, and the list of pages that are looked at."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import URLError
from urllib.request import urlopen

from tests.e2e.harness import ROOT

STATES = {
    "list": ("full", "empty", "error", "loading", "long"),
    "thing": ("full", "empty", "long"),
    "form": ("full", "error", "long", "hand", "groups"),
    "sheet": ("full", "empty", "error", "long"),
    "board": ("full", "empty", "long"),
    "dashboard": ("full", "empty"),
    "reading": ("full",),
}
# name -> (path, status)
PAGES: dict[str, tuple[str, int]] = {
    "gallery": ("/ui/", 200),
    "login": ("/login/", 200),
    "not-found": ("/nowhere/", 404),
    "failed": ("/broken/", 500),
} | {f"{name}-{state}": (f"/ui/page/{name}/?state={state}", 200) for name, states in STATES.items() for state in states}


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the gallery server ended with code {process.returncode}")
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError("the gallery server did not answer")


@contextmanager
def serve() -> Iterator[str]:
    """Runs the gallery on a free port of this machine; yields its address."""
    port = free_port()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.e2e.gallery_settings",
        "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
    }
    command = [sys.executable, "-m", "django", "runserver", "--noreload", "--insecure", f"127.0.0.1:{port}"]
    log = ROOT / "build" / "gallery-server.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            base = f"http://127.0.0.1:{port}"
            _wait(f"{base}/login/", process)
            yield base
        finally:
            process.terminate()
            process.wait(timeout=10)
