import ast
import gzip
import json
import os
import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from yingheng.common.ui import assets, navigation, words

ROOT = Path(__file__).resolve().parents[3]
UI = ROOT / "src" / "yingheng"
ICONS = set(json.loads((ROOT / "frontend" / "icons.json").read_text(encoding="utf-8")))
BUDGET = 200 * 1024
needs_build = pytest.mark.skipif(
    not (assets.DIST / "manifest.json").exists(), reason="the interface is not built (make setup)"
)


def used_icons():
    names = {item.icon for group in navigation.MENU for item in group.items}
    for kind in (words.OUTCOMES, words.CONFIDENCES, words.SEVERITIES, words.GRADES):
        names |= {word.icon for word in kind.values()}
    for template in UI.rglob("templates/**/*.html"):
        names |= set(re.findall(r'{% icon "([\w-]+)"', template.read_text(encoding="utf-8")))
    for module in UI.rglob("*.py"):
        names |= icons_of_code(ast.parse(module.read_text(encoding="utf-8")))
    return names - {""}


def icons_of_code(tree):
    """Literal icons of the parts that take one, by name or as third value."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    given = [k.value for call in calls for k in call.keywords if k.arg == "icon"]
    given += [c.args[2] for c in calls if c.func.id in {"Action", "Link", "Empty", "Tag"} and len(c.args) > 2]
    return {node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_it_ships_every_icon_that_is_used():
    assert len(used_icons()) > 40
    assert used_icons() - ICONS == set()


@needs_build
def test_it_builds_every_icon_into_the_sprite():
    sprite = (assets.DIST / "icons.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'<symbol id="([\w-]+)"', sprite)) == ICONS


@needs_build
def test_it_keeps_scripts_of_ordinary_pages_small():
    _styles, scripts = assets.entry_files("app")
    size = sum(len(gzip.compress((assets.DIST / s.split("/dist/")[1]).read_bytes())) for s in scripts)
    assert 0 < size <= BUDGET


@needs_build
def test_it_carries_no_foreign_address_and_no_inline_picture_in_its_styles():
    styles, _scripts = assets.entry_files("app")
    text = "".join((assets.DIST / s.split("/dist/")[1]).read_text(encoding="utf-8") for s in styles)
    assert re.findall(r"url\([\"']?(?:data:|https?:|//)", text) == []
    assert "@import" not in text


def test_it_says_how_to_build_when_nothing_is_built(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "DIST", tmp_path)
    with pytest.raises(ImproperlyConfigured, match="npm run build"):
        assets.manifest()


def test_it_reads_a_new_build_without_a_restart(tmp_path, monkeypatch):
    monkeypatch.setattr(assets, "DIST", tmp_path)
    path = tmp_path / "manifest.json"
    for number in (1, 2):
        path.write_text(json.dumps({"scripts/app.ts": {"file": f"app-{number}.js"}}), encoding="utf-8")
        os.utime(path, ns=(number * 10**9, number * 10**9))
        assert assets.entry_files("app")[1][0].endswith(f"app-{number}.js")


def test_it_locks_packages_without_a_registry_address():
    lock = (ROOT / "frontend" / "package-lock.json").read_text(encoding="utf-8")
    assert "resolved" not in lock
    assert "http" not in re.sub(r'"(?:url|type)": "[^"]*"', "", lock)
