"""The project speaks of itself alone: no registry addresses, no paths of somebody's machine, nothing unfinished."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = {".png", ".jpg", ".woff2", ".ico", ".dcm", ".mo", ".gz", ".pdf", ".webp"}
# The patterns are written so that this file does not match itself.
REGISTRIES = re.compile(
    r"pypi[.]org|pythonhosted[.]org|registry[.](?:npmjs|yarnpkg|npmmirror)|npmjs[.](?:org|com)|crates[.]io"
    r"|--(?:extra-)?index-url[ =]",
    re.IGNORECASE,
)
MACHINE_PATHS = re.compile(r"(?<![\w.})\]-])/(?:work|root|home/\w+|Users/\w+)/|(?<![\w.])/tmp/[b]ash|[A-Z]:\\\\Users")
BESIDE = re.compile(r"[.][.]/shared|shared/(?:seeds|domain|design|spikes)")
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME)\b|暂未" r"实现|coming " r"soon", re.IGNORECASE)
ALLOWED_LINES = {"Makefile": ["REAL_DATA := $(abspath $(wildcard ../" + "shared/data))"]}


def tracked() -> list[Path]:
    """Text files that are, or are about to be, part of the project."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    paths = [ROOT / name for name in names if name]
    return [p for p in paths if p.is_file() and p.suffix not in BINARY]


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    """`path:line: text` of every line that matches and is not let in."""
    found = []
    for path in tracked():
        name = path.relative_to(ROOT).as_posix()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            if pattern.search(line) and line not in ALLOWED_LINES.get(name, []):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    return found


def test_it_looks_at_the_files_of_the_project():
    names = {p.relative_to(ROOT).as_posix() for p in tracked()}
    assert {"Makefile", "pyproject.toml", "src/imagingqc/errors.py"} <= names
    assert not any(name.startswith((".venv/", "build/", "frontend/node_modules/")) for name in names)


@pytest.mark.parametrize(
    "pattern",
    [REGISTRIES, MACHINE_PATHS, BESIDE, UNFINISHED],
    ids=["registries", "machine-paths", "beside", "unfinished"],
)
def test_it_holds_no_forbidden_word(pattern):
    assert lines_matching(pattern) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (REGISTRIES, "https://files.python" + "hosted.org/x"),
        (REGISTRIES, "pip install --index" + "-url http://x"),
        (MACHINE_PATHS, '"/wo' + 'rk/main"'),
        (MACHINE_PATHS, "open('/ho" + "me/li/x.dcm')"),
        (BESIDE, "../sha" + "red/x"),
        (UNFINISHED, "# TO" + "DO: later"),
    ],
)
def test_it_would_see_one(pattern, text):
    assert pattern.search(text)


@pytest.mark.parametrize(
    "text", ["--no-emit-index-url", "/homepage/", "network/home.html", "https://example.org/work/1"]
)
def test_it_leaves_harmless_text_alone(text):
    assert not any(p.search(text) for p in (REGISTRIES, MACHINE_PATHS, BESIDE, UNFINISHED))
