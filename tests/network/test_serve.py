"""`yingheng serve`: pages and workers in one command, which ends as a whole and mends itself."""

import http.cookiejar
import re
import socket
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from tests.network.installation import LEFT, children, command_line, free_port, kill, wait_until

pytestmark = pytest.mark.network
STOP_S = 15  # seconds within which everything has ended after a signal
WORKER = "yingheng.cli worker"


class Browser:
    """A browser of one person, with cookies."""

    def __init__(self, port: int) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar)
        )

    def get(self, path: str) -> str:
        with self.opener.open(self.root + path, timeout=30) as answer:
            self.address = answer.geturl()
            return answer.read().decode()

    def post(self, path: str, **fields: str) -> str:
        token = next(cookie.value for cookie in self.jar if cookie.name == "csrftoken")
        data = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": token}).encode()
        with self.opener.open(self.root + path, data, timeout=30) as answer:
            self.address = answer.geturl()
            return answer.read().decode()


def healthy(port: int) -> bool:
    try:
        return Browser(port).get("/healthz/") == '{"status": "ok"}'
    except (urllib.error.URLError, OSError):
        return False


def worker_of(server) -> int:
    return next((pid for pid in children(server.pid) if WORKER in command_line(pid)), 0)


@pytest.fixture
def serve(installation):
    """Starts the server on a free port; (process, port) once it answers."""

    def start(*words):
        port = free_port()
        server = installation.start("serve", "--port", port, "--workers", 1, *words)
        wait_until(lambda: server.poll() is not None or healthy(port))
        assert server.poll() is None, server.communicate()[0]
        wait_until(lambda: worker_of(server))
        return server, port

    return start


def ended(pids) -> bool:
    return not any(command_line(pid) for pid in pids)


def sign_in(port: int, said: str) -> Browser:
    """As the administrator of `yingheng init`, who must choose a password first."""
    password = re.search(r"password\s+(\S+)", said)[1]
    browser = Browser(port)
    browser.get("/exams/")
    assert "login" in browser.address
    browser.post(urllib.parse.urlsplit(browser.address).path, username="admin", password=password)
    browser.get("/exams/")
    assert "password" in browser.address
    fresh = "Another-pass-2026"
    browser.post(urllib.parse.urlsplit(browser.address).path, old_password=password, new_password1=fresh,
                 new_password2=fresh)  # fmt: skip
    return browser


def test_it_serves_and_evaluates_what_another_process_imports_and_ends_as_a_whole(
    new, installation, undisturbed, exams, serve
):
    server, port = serve()
    browser = sign_in(port, new.said)
    assert "CT a" not in browser.get("/exams/")
    installation.run("import", exams)
    wait_until(lambda: installation.count("jobs_job", LEFT) == 0)
    assert installation.facts() == undisturbed.facts
    assert "CT a" in browser.get("/exams/")
    below = children(server.pid)
    assert below
    started = time.monotonic()
    server.terminate()
    server.wait(timeout=STOP_S)
    wait_until(lambda: ended(below), seconds=max(STOP_S - (time.monotonic() - started), 0.1))
    assert server.returncode == 0


def test_it_ends_in_time_while_a_job_is_under_way(installation, serve):
    installation.env["YINGHENG_JOB_ROUTES"] = "tests.network.endless.ROUTES"
    installation.run(module="tests.network.ask_endless")
    server, _port = serve()
    wait_until(lambda: installation.count("jobs_job", "state = 'running'"))
    below = children(server.pid)
    server.terminate()
    server.wait(timeout=STOP_S)
    assert ended(below)
    assert installation.rows("SELECT state, attempts FROM jobs_job WHERE kind = 'endless'") == [("queued", 0)]


def test_it_starts_a_killed_worker_again_and_a_killed_server_takes_its_worker_along(installation, exams, serve):
    server, port = serve()
    first = worker_of(server)
    kill(first)
    wait_until(lambda: worker_of(server) not in {0, first})
    installation.run("import", exams)
    wait_until(lambda: installation.count("jobs_job", LEFT) == 0)
    assert healthy(port)
    below = children(server.pid)
    server.kill()
    server.wait()
    wait_until(lambda: ended(below), seconds=STOP_S)


def test_it_says_when_the_port_is_taken(installation):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = installation.run("serve", "--port", taken.getsockname()[1], code=1)
    assert "--port" in said
    assert "Traceback" not in said
