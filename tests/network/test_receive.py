"""`yingheng receive` as a process: started, stopped, killed, without room on its disk."""

import re
import signal
import subprocess
import threading

import pytest
from tests.apps.ingest.receiver import wire
from tests.network.installation import Installation, children, command_line, free_port, kill, wait_until
from tests.network.receiving import data_set_bytes, image, run, write

pytestmark = pytest.mark.network
STOP_S = 60  # it takes less than nine by itself, but the machine may be busy


@pytest.fixture
def place(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    wire.config_write(home)
    made = Installation(home)
    yield made
    made.end()


def listening(place, *words, **more):
    """(process, port) of a receiver, once it has said where it listens: nobody else can have that port."""
    process = place.start("receive", "--home", place.home, "--port", 0, *words, **more)
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(r"receiving +127\.0\.0\.1:(\d+)", line):
            return process, int(found[1])
    raise AssertionError(said)


def answers(port) -> bool:
    command = ["echoscu", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", str(port)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def spooled(place):
    return sorted(place.home.glob("spool/*/new/*.dcm"))


def test_it_starts_and_leaves_in_good_order(place):
    process, port = listening(place, "--processes", 1)
    assert answers(port)
    process.terminate()
    assert process.wait(timeout=STOP_S) == 0
    assert process.stdout.read() == ""


def test_it_shares_a_port_among_processes_and_replaces_a_killed_one(place, tmp_path):
    process, port = listening(place, "--processes", 2)
    below = wait_until(lambda: len(found := children(process.pid)) == 2 and found)
    paths = [write(image(n), tmp_path / f"{n}.dcm") for n in range(8)]
    threads = [
        threading.Thread(
            target=run,
            args=("storescu", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", port, *paths[n::4]),
        )
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(data_set_bytes, spooled(place))) == sorted(map(data_set_bytes, paths))
    kill(below[0])
    fresh = wait_until(lambda: len(found := children(process.pid)) == 2 and below[0] not in found and found)
    assert answers(port)
    process.terminate()
    process.wait(timeout=STOP_S)
    assert not any(command_line(pid) for pid in fresh)


@pytest.mark.parametrize("processes", [1, 2])
def test_it_ends_with_its_parent_however_that_went(place, processes):
    process, _port = listening(place, "--processes", processes, "--leave-with-stdin", stdin=subprocess.PIPE)
    below = [] if processes == 1 else wait_until(lambda: len(found := children(process.pid)) == processes and found)
    process.stdin.close()
    process.wait(timeout=STOP_S)
    wait_until(lambda: not any(command_line(pid) for pid in below), seconds=STOP_S)


def test_its_children_end_when_it_is_killed(place):
    process, _port = listening(place, "--processes", 2)
    below = wait_until(lambda: len(found := children(process.pid)) == 2 and found)
    process.kill()
    process.wait()
    wait_until(lambda: not any(command_line(pid) for pid in below), seconds=STOP_S)


def test_it_says_when_the_port_is_taken(place):
    _process, port = listening(place)
    for words in (
        ("receive", "--home", place.home, "--port", port),
        ("serve", "--dicom-port", port, "--port", free_port()),
    ):
        said = place.run(*words, code=1)
        assert "port" in said
        assert "Traceback" not in said


def test_it_refuses_half_a_tls_configuration(place, tmp_path):
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    for words in (("--tls-cert", broken), ("--tls-cert", broken, "--tls-key", broken)):
        said = place.run("receive", "--home", place.home, "--port", free_port(), *words, code=2)
        assert "TLS" in said
        assert "Traceback" not in said


@pytest.mark.parametrize("acceptor", ["thin", "pynetdicom"])
def test_it_goes_on_when_a_real_disk_was_full(place, tmp_path, acceptor):
    spool = place.home / "spool"
    spool.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(spool)], capture_output=True, check=False
    )  # fmt: skip
    if made.returncode:
        pytest.skip("may not mount a small file system here")
    try:
        process, port = listening(place, "--processes", 1, "--acceptor", acceptor)
        big, small = write(image(1, rows=700), tmp_path / "big.dcm"), write(image(2), tmp_path / "small.dcm")
        said = run("storescu", "-v", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", port, big, code=None)
        assert "Refused: OutOfResources" in said
        assert list((spool / "tmp").iterdir()) == []
        run("storescu", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", port, small)
        assert [data_set_bytes(path) for path in spooled(place)] == [data_set_bytes(small)]
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=STOP_S)
    finally:
        subprocess.run(["umount", str(spool)], check=True)


def test_it_serves_while_the_platform_serves(installation):
    place = installation
    said = (place.home / "receiver.json").read_text()
    assert '"ae": "YINGHENG"' in said
    assert '"open": false' in said
    port = free_port()
    server = place.start("serve", "--port", free_port(), "--dicom-port", port, "--workers", 0)
    below = wait_until(lambda: with_receiver(server.pid))
    wait_until(lambda: server.poll() is not None or echo_refused(port))
    assert server.poll() is None, server.communicate()[0]
    server.terminate()
    assert server.wait(timeout=STOP_S) == 0
    wait_until(lambda: not any(command_line(pid) for pid in below), seconds=STOP_S)


def with_receiver(pid: int) -> list[int]:
    """All processes below that one, once a receiver is among them."""
    below = children(pid)
    return below if any("yingheng.cli receive" in command_line(one) for one in below) else []


def echo_refused(port) -> bool:
    """Whether somebody listens who does not know us."""
    command = ["echoscu", "-aet", "CT1", "-aec", "YINGHENG", "127.0.0.1", str(port)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "Calling AE Title Not Recognized" in done.stderr + done.stdout
