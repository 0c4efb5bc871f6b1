"""The doors of the project: make targets, the stages of the suite, the build hook."""

import re
import tomllib
from pathlib import Path

import hatch_build
import pytest
from tools import test_stages as stages

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
REPORT = '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'


def result(name: str = "core") -> stages.Result:
    return stages.Result(next(s for s in stages.STAGES if s.name == name))


def test_it_has_every_make_target_that_the_documents_name():
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    for page in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"\bmake ([a-z][a-z-]+)", "\n".join(code_of((ROOT / page).read_text("utf-8")))))
        assert named
        assert named - targets == set()


def code_of(text: str) -> list[str]:
    """Code spans and fenced blocks."""
    return [a or b for a, b in re.findall(r"```(.*?)```|`([^`\n]+)`", text, re.DOTALL)]


def test_it_has_every_tool_that_a_make_target_calls():
    called = set(re.findall(r"tools/\w+\.(?:py|sh)", MAKEFILE))
    assert len(called) >= 6
    assert [name for name in sorted(called) if not (ROOT / name).is_file()] == []


def test_it_stages_every_marker_and_every_folder():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    markers = {line.split(":")[0] for line in config["tool"]["pytest"]["ini_options"]["markers"]}
    mentioned = " ".join(s.markers for s in stages.STAGES)
    assert {m for m in markers - {"real"} if m not in mentioned} == set()
    apps = next(s for s in stages.STAGES if s.name == "apps")
    assert (apps.folders, apps.without, apps.markers) == (("tests",), stages.CORE, stages.PLAIN)


def test_it_adds_up_a_report_and_counts_errors_as_failures(tmp_path):
    report = tmp_path / "r.xml"
    report.write_text(REPORT.format(10, 1, 2, 3), encoding="utf-8")
    r = result()
    stages.settle(r, 1, report, strict=False)
    assert (r.passed, r.failed, r.skipped) == (4, 3, 3)


@pytest.mark.parametrize(
    ("name", "code", "strict", "failed"),
    [
        ("core", 0, False, 0),
        ("core", 5, False, 0),
        ("core", 5, True, 1),
        ("core", 2, False, 1),
        ("core", None, False, 1),
        ("check", 5, False, 1),
        ("setup", 2, False, 1),
    ],
)
def test_it_never_lets_a_bad_exit_pass_as_success(tmp_path, name, code, strict, failed):
    r = result(name)
    stages.settle(r, code, tmp_path / "none.xml", strict=strict)
    assert r.failed == failed
    assert bool(r.note) is (code != 0)


def test_it_counts_a_crash_after_a_clean_report_as_failure(tmp_path):
    report = tmp_path / "r.xml"
    report.write_text(REPORT.format(2, 0, 0, 0), encoding="utf-8")
    r = result()
    stages.settle(r, 139, report, strict=False)
    assert (r.passed, r.failed) == (2, 1)


SHAKY = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("name", ["中文", "a-b"])
def test_it_passes_the_second_time(name):
    seen = Path(__file__).with_name(f"seen-{name}")
    seen.touch() if (first := not seen.exists()) else None
    assert not first

def test_it_passes():
    pass

@pytest.mark.skip
def test_it_is_left_out():
    pass

def test_it_never_passes():
    raise AssertionError
"""


def test_it_runs_a_few_failed_tests_once_more_and_says_which(tmp_path, monkeypatch):
    """Over a project of its own, with a pytest of its own."""
    monkeypatch.setattr(stages, "ROOT", tmp_path)
    monkeypatch.setattr(stages, "RESULTS", tmp_path)
    for name in ("DJANGO_SETTINGS_MODULE", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pytest.ini").write_text("[pytest]", encoding="utf-8")
    (tmp_path / "tests" / "e2e").mkdir(parents=True)
    (tmp_path / "tests" / "e2e" / "test_shaky.py").write_text(SHAKY, encoding="utf-8")
    r = stages.run(stages.Stage("shaky", 1, markers="not soak", again=True))
    assert (r.passed, r.failed, r.skipped) == (3, 1, 1)
    assert r.note.startswith("2 passed only when run again: ")
    assert r.note.count("tests/e2e/test_shaky.py::test_it_passes_the_second_time[") == 2
    assert r.note.endswith("failed twice: tests/e2e/test_shaky.py::test_it_never_passes")
    assert r.note in r.row()


ONE_FAILED = (
    '<testsuite tests="1" failures="1"><testcase classname="tests.a" name="b"><failure/></testcase></testsuite>'
)
NONE_FAILED = '<testsuite tests="1"><testcase classname="tests.a" name="b"/></testsuite>'


@pytest.mark.parametrize(
    ("again", "most", "codes", "reports", "failed"),
    [
        (True, 3, [1, 0], [ONE_FAILED, NONE_FAILED], 0),
        (True, 3, [1, 1], [ONE_FAILED, ONE_FAILED], 1),
        (True, 3, [1, None], [ONE_FAILED, ""], 1),
        (True, 3, [1, 2], [ONE_FAILED, NONE_FAILED], 1),
        (True, 3, [1, 0], [ONE_FAILED, '<testsuite tests="1" skipped="1"/>'], 1),
        (True, 0, [1], [ONE_FAILED], 1),
        (False, 3, [1], [ONE_FAILED], 1),
        (True, 3, [2], [ONE_FAILED], 1),
        (True, 3, [None], [ONE_FAILED], 1),
    ],
    ids=["mended", "twice", "hung", "broke", "left out", "too many", "not asked", "no test's fault", "hung before"],
)
def test_it_forgives_only_what_passes_the_second_time(tmp_path, monkeypatch, again, most, codes, reports, failed):
    left = list(zip(codes, reports, strict=True))

    def run(argv, seconds):
        code, text = left.pop(0)
        report = next(Path(a.split("=")[1]) for a in argv if a.startswith("--junit-xml="))
        report.write_text(text, encoding="utf-8") if text else None
        return code

    monkeypatch.setattr(stages, "RESULTS", tmp_path)
    monkeypatch.setattr(stages, "MOST_AGAIN", most)
    monkeypatch.setattr(stages, "run_limited", run)
    r = stages.run(stages.Stage("shaky", 1, markers="not soak", again=again))
    assert (r.failed, r.passed) == (failed, 1 - failed)
    assert left == []


def test_it_ends_with_the_plain_line():
    a, b = result("core"), result("apps")
    a.passed, a.skipped, b.passed, b.failed = 5, 1, 7, 2
    assert stages.summary([a, b]).splitlines()[-1] == "12 passed, 2 failed, 1 skipped"


def test_it_stops_a_stage_that_hangs():
    assert stages.run_limited(["sleep", "30"], 0.2) is None
    assert stages.run_limited(["false"], 10) == 1


def test_it_refuses_to_pack_a_tree_without_front_end(tmp_path):
    with pytest.raises(RuntimeError, match="cannot be packed"):
        hatch_build.build_frontend(tmp_path)


def test_it_packs_a_built_front_end_without_node(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    dist = tmp_path / hatch_build.DIST
    dist.mkdir(parents=True)
    (dist / "app.js").write_text("1", encoding="utf-8")
    hatch_build.build_frontend(tmp_path)
    (tmp_path / "frontend").mkdir()
    (tmp_path / "frontend" / "package.json").write_text("{}", encoding="utf-8")
    hatch_build.build_frontend(tmp_path)
    (dist / "app.js").unlink()
    with pytest.raises(RuntimeError, match="npm"):
        hatch_build.build_frontend(tmp_path)
