"""The test suite by stages: runs each, times it against its budget, adds everything up.

    python tools/test_stages.py [STAGE ...]

Needs only the standard library: the first stage makes the environment that the others use.  Exit code 1 on any
failure; where the environment variable CI is set, a stage that collects nothing although its folder exists counts as
a failure too, so that a renamed folder or marker cannot silence a stage.

Stages of processes and browsers wait for each other on a busy machine: where at most a few of their tests failed,
these are run once more by themselves, and the table names those that passed only then.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "test"
PYTEST = ROOT / ".venv" / "bin" / "pytest"
CORE = ("tests/core", "tests/standards", "tests/architecture", "tests/real")
PLAIN = "not postgres and not network and not browser and not soak"
NOTHING_COLLECTED = 5
HANGS_AFTER = 3  # budgets; a stage beyond that is stopped and counts as failed
SOME_FAILED = 1  # pytest's exit code when tests failed and nothing else went wrong
MOST_AGAIN = 3  # more failures than that are no accident


@dataclass(frozen=True)
class Stage:
    """One stage: a command, or pytest with a marker expression over folders (or all folders but some)."""

    name: str
    budget_minutes: float
    command: tuple[str, ...] = ()
    markers: str = ""
    folders: tuple[str, ...] = ("tests",)
    without: tuple[str, ...] = ()
    parallel: bool = False
    whole_files: bool = False  # tests of one file share what is dear to start: in parallel by file
    again: bool = False  # a few failed tests are run once more by themselves

    def existing_folders(self) -> list[str]:
        """The folders of this stage that exist and hold at least one test file."""
        return [f for f in self.folders if any((ROOT / f).rglob("test_*.py"))]

    def argv(self, report: Path) -> list[str]:
        """The command line to run from the project's root."""
        if self.command:
            return list(self.command)
        args = [str(PYTEST), "-q", "-m", self.markers, f"--junit-xml={report}"]
        args += ["-n", "auto"] if self.parallel else []
        args += ["--dist", "loadfile"] if self.whole_files else []
        args += [f"--ignore={folder}" for folder in self.without]
        return args + self.existing_folders()


STAGES = (
    Stage("setup", 6, command=("make", "setup")),
    Stage("check", 3, command=("make", "-k", "check")),
    Stage("core", 3, markers=PLAIN, folders=CORE, parallel=True),
    Stage("apps", 8, markers=PLAIN, without=CORE, parallel=True),
    Stage("postgres", 4, markers="postgres and not soak", parallel=True),
    Stage("network", 4, markers="network and not postgres and not soak", without=CORE, parallel=True, whole_files=True,
          again=True),
    Stage("browser", 6, markers="browser and not soak", folders=("tests/e2e",), again=True),
)  # fmt: skip


@dataclass
class Result:
    """What a stage came to.  `note` says what the numbers do not."""

    stage: Stage
    seconds: float = 0.0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""

    def row(self) -> str:
        """One line of the table."""
        over = " over" if self.seconds > self.stage.budget_minutes * 60 else ""
        minutes = f"{int(self.seconds) // 60}:{int(self.seconds) % 60:02d}"
        notes = "  ".join(part for part in (over.strip() and "over its budget", self.note) if part)
        return (
            f"{self.stage.name:<10}{minutes:>8}{self.stage.budget_minutes:>7g}:00"
            f"{self.passed:>9}{self.failed:>9}{self.skipped:>9}  {notes}"
        ).rstrip()


def run_limited(argv: list[str], seconds: float) -> int | None:
    """Exit code of the command, run in its own process group; None if it had to be stopped after `seconds`."""
    process = subprocess.Popen(argv, cwd=ROOT, start_new_session=True)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise


def read_report(result: Result, report: Path) -> None:
    """Add the counts of a JUnit report; an error counts as a failure."""
    for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314 - written by our own pytest a moment ago
        total, bad, skipped = (
            int(suite.get("tests", 0)),
            int(suite.get("failures", 0)) + int(suite.get("errors", 0)),
            int(suite.get("skipped", 0)),
        )
        result.failed += bad
        result.skipped += skipped
        result.passed += total - bad - skipped


def failed_tests(report: Path) -> list[str]:
    """Node ids of the tests that a JUnit report calls failed or broken."""
    found: dict[str, None] = {}
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - written by our own pytest a moment ago
        if case.find("failure") is not None or case.find("error") is not None:
            module = case.get("classname", "").replace(".", "/")
            found[f"{module}.py::{case.get('name')}"] = None
    return list(found)


def run_again(result: Result, report: Path, seconds: float) -> None:
    """Run the few failed tests of a stage by themselves; what passes now counts as passed, and the note names it."""
    tests = failed_tests(report)
    if not 1 <= len(tests) <= MOST_AGAIN:
        return
    print(f"\n=== {result.stage.name}: again {' '.join(tests)} ===", flush=True)
    second = report.with_name(f"{result.stage.name}-again.xml")
    second.unlink(missing_ok=True)
    code = run_limited([str(PYTEST), "-q", f"--junit-xml={second}", *tests], seconds)
    counts = Result(result.stage)
    if second.exists():
        read_report(counts, second)
    if code not in (0, SOME_FAILED) or counts.passed + counts.failed < len(tests):
        result.note = "running the failed tests again came to nothing"
        return
    still = failed_tests(second)
    mended = [test for test in tests if test not in still]
    result.passed += result.failed - len(still)
    result.failed = len(still)
    notes = (f"{len(mended)} passed only when run again: {', '.join(mended)}" if mended else "",
             f"failed twice: {', '.join(still)}" if still else "")  # fmt: skip
    result.note = "; ".join(note for note in notes if note)


def settle(result: Result, code: int | None, report: Path, *, strict: bool) -> None:
    """Turn exit code and report into counts, so that nothing bad leaves `failed` at 0."""
    if report.exists():
        read_report(result, report)
    if code is None:
        result.note = "stopped: it hung"
    elif code == NOTHING_COLLECTED and not result.stage.command:
        result.note = "no test collected"
        code = 1 if strict else 0
    if code != 0 and result.failed == 0:
        result.failed = 1
        result.note = result.note or f"exit code {code}"


def run(stage: Stage) -> Result:
    """Run one stage, in sight of the reader."""
    result = Result(stage)
    if not stage.command and not stage.existing_folders():
        result.note = "no such tests yet"
        return result
    report = RESULTS / f"{stage.name}.xml"
    report.unlink(missing_ok=True)
    print(f"\n=== {stage.name} ===", flush=True)
    started = time.monotonic()
    limit = stage.budget_minutes * 60 * HANGS_AFTER
    code = run_limited(stage.argv(report), limit)
    settle(result, code, report, strict=bool(os.environ.get("CI")))
    if stage.again and code == SOME_FAILED and report.exists():
        run_again(result, report, limit - (time.monotonic() - started))
    result.seconds = time.monotonic() - started
    return result


def summary(results: list[Result]) -> str:
    """The table, and the plain line below it."""
    lines = ["", f"{'stage':<10}{'time':>8}{'budget':>10}{'passed':>9}{'failed':>9}{'skipped':>9}"]
    lines += [r.row() for r in results]
    spent, budget = sum(r.seconds for r in results) / 60, sum(r.stage.budget_minutes for r in results)
    lines += ["", f"{spent:.1f} of {budget:g} minutes"]
    passed, failed, skipped = (sum(getattr(r, key) for r in results) for key in ("passed", "failed", "skipped"))
    return "\n".join([*lines, f"{passed} passed, {failed} failed, {skipped} skipped"])


def main(names: list[str]) -> int:
    """Run the named stages, or all; stop early only where the environment could not be made."""
    unknown = set(names) - {s.name for s in STAGES}
    if unknown:
        print(f"no such stage: {', '.join(sorted(unknown))}; there are {', '.join(s.name for s in STAGES)}")
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    for stage in STAGES:
        if names and stage.name not in {*names, "setup"}:
            continue
        results.append(run(stage))
        if stage.name == "setup" and results[-1].failed:
            break
    print(summary(results))
    return 1 if any(r.failed for r in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
