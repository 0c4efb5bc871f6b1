"""Build hook: a wheel or sdist never leaves without its front end and its compiled translations.

From a checkout the front end is built by npm and the translations are compiled; an sdist already carries both, so
installing from it needs neither Node nor gettext.  Editable installs are left alone: `make setup` looks after them.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

DIST = Path("src/yingheng/common/ui/static/dist")
METHOD_PAGES = ("docs/methods", "yingheng/web/method_texts")  # in the checkout, in the wheel


def built(folder: Path) -> bool:
    """Whether a built front end lies in the folder."""
    return folder.is_dir() and any(path.is_file() for path in folder.rglob("*"))


def build_frontend(root: Path) -> None:
    """Build the front end where its sources are; without sources it must lie there already.

    Raises RuntimeError if it can neither be found nor built.
    """
    frontend, dist = root / "frontend", root / DIST
    if not (frontend / "package.json").exists():
        if not built(dist):
            raise RuntimeError(f"neither frontend/ nor a built front end in {DIST}: this tree cannot be packed")
        return
    npm = shutil.which("npm")
    if npm is None:
        if built(dist):
            return
        raise RuntimeError("npm (Node.js 20 or newer) is needed to build the front end from a checkout")
    if not (frontend / "node_modules").is_dir():
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=frontend, check=True)
    subprocess.run([npm, "run", "build"], cwd=frontend, check=True)
    if not built(dist):
        raise RuntimeError(f"the front end was built, but nothing lies in {DIST}")


def compile_messages(root: Path) -> None:
    """Compile each .po whose .mo is missing or older."""
    stale = [
        po
        for po in sorted((root / "src").rglob("*.po"))
        if not (mo := po.with_suffix(".mo")).exists() or mo.stat().st_mtime < po.stat().st_mtime
    ]
    if not stale:
        return
    # Needed here alone: an sdist carries compiled translations.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    for po in stale:
        with po.open("rb") as source:
            catalogue = read_po(source)
        with po.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalogue)


def method_pages(root: Path) -> dict[str, str]:
    """The pages on methods, which the interface shows: folder of the tree -> folder of the wheel."""
    source, target = METHOD_PAGES
    if not (root / source / "index.toml").is_file():
        raise RuntimeError(f"{source} is missing: this tree cannot be packed")
    return {str(root / source): target}


class CustomBuildHook(BuildHookInterface):
    """What hatchling calls before it collects the files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make what the wheel or sdist must carry; `version` is "editable" for editable installs."""
        if version == "editable":
            return
        root = Path(self.root)
        build_frontend(root)
        compile_messages(root)
        if self.target_name == "wheel":
            build_data["force_include"].update(method_pages(root))
