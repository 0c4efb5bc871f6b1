"""Nothing that comes along may force its licence on our users: every licence is known and allowed."""

import importlib.metadata
import json
import re
from pathlib import Path

import pytest
from packaging.markers import Marker

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MIT-0",
    "MIT-CMU", "PSF-2.0", "Unlicense", "Zlib",
}  # fmt: skip
# What older metadata writes, in the words of the SPDX list.
SAME_AS = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD 2-Clause License": "BSD-2-Clause",
    "MIT License": "MIT",
    "Python Software Foundation License": "PSF-2.0",
}
# Let in one by one: package -> (licence, why it is no burden).
EXCEPTIONS = {
    "psycopg": ("LGPL-3.0-only", "optional, an unchanged library loaded at run time that users may replace"),
    "psycopg-binary": ("LGPL-3.0-only", "optional, an unchanged library loaded at run time that users may replace"),
}
NPM_EXCEPTIONS = {
    "@fontsource-variable/noto-sans-sc": ("OFL-1.1", "a font; the licence allows bundling with any software"),
    "argparse": ("Python-2.0", "permissive; a command of the renderer's own build, nothing of it is shipped"),
    "caniuse-lite": ("CC-BY-4.0", "data for the renderer's own build, nothing of it is shipped"),
    "rechoir": ("none declared", "MIT in an older form of package.json; for the renderer's own build, not shipped"),
}
# Tools that only build the front end; nothing of theirs is shipped.
NPM_BUILD_ALLOWED = ALLOWED | {"MPL-2.0"}
LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]+\])?==\S+(?: ; (.+?))?(?: \\)?$", re.MULTILINE)


def locked(name: str) -> list[str]:
    """Packages of a lock file that are meant for this machine."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return [package for package, marker in LOCKED.findall(text) if not marker or Marker(marker).evaluate()]


def declared(package: str) -> str:
    """The licence a distribution declares: expression, else short text, else classifiers."""
    metadata = importlib.metadata.metadata(package)
    expression = metadata.get("License-Expression")
    if expression:
        return expression
    text = (metadata.get("License") or "").strip()
    if text and "\n" not in text and len(text) < 40:
        return SAME_AS.get(text, text)
    names = [c.split(" :: ")[-1] for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    return " AND ".join(SAME_AS.get(name, name) for name in names if name != "OSI Approved")


def allowed(expression: str, licences: set[str]) -> bool:
    """Whether an SPDX expression (AND binds tighter than OR) can be met with the allowed licences alone."""
    alternatives = re.split(r"\s+OR\s+", expression.replace("(", " ").replace(")", " ").strip())
    if "(" in expression and " AND " in expression and " OR " in expression:
        alternatives = [re.sub(r"\s+OR\s+", " AND ", " ".join(expression.replace("(", " ").replace(")", " ").split()))]
    return any(all(part.strip() in licences for part in re.split(r"\s+AND\s+", a)) for a in alternatives)


@pytest.mark.parametrize("name", ["base", "postgres"])
def test_it_ships_only_with_allowed_licences(name):
    packages = locked(name)
    assert packages
    refused = {
        package: declared(package)
        for package in packages
        if not allowed(declared(package), ALLOWED) and EXCEPTIONS.get(package, ("",))[0] != declared(package)
    }
    assert refused == {}


def test_it_keeps_no_exception_that_nothing_needs():
    needed = {p for name in ("base", "postgres") for p in locked(name) if not allowed(declared(p), ALLOWED)}
    assert needed == EXCEPTIONS.keys()


def test_it_has_no_copyleft_package_in_any_lock():
    """Known GPL packages of this field, named in the locks even where a marker hides them."""
    text = "".join(p.read_text(encoding="utf-8") for p in sorted((ROOT / "requirements").glob("*.txt")))
    assert re.findall(r"^(pylibjpeg-libjpeg|openrem|pyqt5|pyqt6|pymupdf)==", text, re.MULTILINE | re.IGNORECASE) == []


def test_it_uses_npm_packages_with_allowed_licences():
    path = ROOT / "frontend" / "package-lock.json"
    if not path.exists():
        pytest.skip("frontend/ is not part of this tree")
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    refused = {}
    for key, entry in packages.items():
        name, licence = key.rpartition("node_modules/")[2], entry.get("license", "none declared")
        licences = NPM_BUILD_ALLOWED if entry.get("dev") else ALLOWED
        if key and not allowed(licence, licences) and NPM_EXCEPTIONS.get(name, ("",))[0] != licence:
            refused[name] = licence
    assert len(packages) > 1
    assert refused == {}


@pytest.mark.parametrize(
    ("expression", "verdict"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("LGPL-3.0-only", False),
        ("MIT AND GPL-2.0-only", False),
        ("MIT OR GPL-2.0-only", True),
        ("(MIT OR GPL-2.0-only) AND BSD-3-Clause", False),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", True),
        ("", False),
        ("none declared", False),
    ],
)
def test_it_reads_licence_expressions_on_the_safe_side(expression, verdict):
    assert allowed(expression, ALLOWED) is verdict
