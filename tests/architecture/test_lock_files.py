"""Lock files: a hash for everything, an address for nothing."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("base", "postgres", "dev")
PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]+\])?==", re.MULTILINE)
ADDRESS = re.compile(r"https?://|--(?:extra-)?index-url|--find-links|\bgit\+")


def blocks(text: str) -> dict[str, str]:
    """Package -> its lines in a lock file."""
    starts = [*PIN.finditer(text)]
    ends = [m.start() for m in starts[1:]] + [len(text)]
    return {m[1].lower(): text[m.start() : end] for m, end in zip(starts, ends, strict=True)}


def lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_it_has_a_hash_for_every_package_and_no_address(name):
    found = blocks(lock(name))
    assert found
    assert [package for package, text in found.items() if "--hash=sha256:" not in text] == []
    assert ADDRESS.findall(lock(name)) == []


@pytest.mark.parametrize("name", LOCKS)
def test_it_locks_everything_that_was_asked_for(name):
    asked = {
        re.split(r"[\[<>=;~! ]", line)[0].lower()
        for line in (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith(("#", "-"))
    }
    assert asked - blocks(lock(name)).keys() == set()


def test_it_tests_with_the_versions_that_users_install():
    def version(text: str) -> str:
        return text.split("==")[1].split(maxsplit=1)[0]

    tested = blocks(lock("dev"))
    for name in ("base", "postgres"):
        differing = {p for p, t in blocks(lock(name)).items() if p not in tested or version(tested[p]) != version(t)}
        assert differing == set()


def test_it_sees_a_package_without_hash_and_an_address():
    found = blocks("a==1 \\\n    --hash=sha256:00\nb[x]==2\n    # via a\n")
    assert [p for p, t in found.items() if "--hash" not in t] == ["b"]
    assert ADDRESS.search("--extra-index" + "-url somewhere")


def npm_packages() -> dict[str, dict]:
    path = ROOT / "frontend" / "package-lock.json"
    if not path.exists():
        pytest.skip("frontend/ is not part of this tree")
    return json.loads(path.read_text(encoding="utf-8"))["packages"]


def test_it_has_integrity_and_no_address_for_every_npm_package():
    packages = {name: entry for name, entry in npm_packages().items() if name}
    assert packages
    assert [name for name, entry in packages.items() if not entry.get("integrity", "").startswith("sha512-")] == []
    assert [name for name, entry in packages.items() if "resolved" in entry] == []


def test_it_pins_npm_packages_exactly():
    manifest = npm_packages()[""]
    wanted = {**manifest.get("dependencies", {}), **manifest.get("devDependencies", {})}
    assert wanted
    assert {name: v for name, v in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+", v)} == {}
