"""The `yingheng standards` command."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from imagingqc.criteria.load import builtin_files, load_builtin
from yingheng.cli.standards import standards


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "240")


def run(*args):
    return CliRunner().invoke(standards, [str(a) for a in args])


@pytest.fixture
def sound(tmp_path):
    file = tmp_path / "rules" / "sound.toml"
    file.parent.mkdir()
    file.write_text(dict(builtin_files())["aapm/tg-116-2009.toml"].read_text(encoding="utf-8"), encoding="utf-8")
    return file


@pytest.fixture
def broken(sound):
    file = sound.with_name("broken.toml")
    text = sound.read_text(encoding="utf-8").replace('unit = "1"', 'unit = "mm"').replace('"major"', '"grave"')
    file.write_text(text, encoding="utf-8")
    return file


def test_it_lists_every_standard():
    result = run("list")
    assert result.exit_code == 0
    for standard in load_builtin().values():
        assert standard.id in result.stdout
        assert standard.title in result.stdout
        assert standard.title_en in run("list", "--lang", "en").stdout


def test_it_shows_every_clause_in_both_languages():
    standard = load_builtin()["taiyuan-mutual-recognition-trial"]
    zh, en = run("show", standard.id).stdout, run("show", standard.id, "--lang", "en").stdout
    assert "≥ 512" in zh
    assert "18～24 ℃" in zh
    assert "18–24 °C" in en
    assert zh.count("人工评价") == sum(c.grade == "manual" for c in standard.criteria)
    assert en.count("by a person") == sum(c.grade == "manual" for c in standard.criteria)


def test_it_shows_a_file(sound):
    assert "±3" in run("show", sound).stdout


def test_it_refuses_a_standard_it_does_not_have(broken):
    unknown = run("show", "gb-1")
    assert unknown.exit_code == 2
    assert "tg-116-2009" in unknown.stderr
    assert run("show", broken).exit_code == 2


def test_it_lints_sound_files(sound):
    result = run("lint", sound, sound.parent)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "1 个文件" in result.stderr


def test_it_lists_every_error_by_file_criterion_and_field(sound, broken):
    result = run("lint", sound.parent, "--lang", "en")
    assert result.exit_code == 1
    places = [line.split(": ")[0] for line in result.stdout.splitlines()]
    assert sorted(places) == [
        f"{broken}:dx.deviation-index.action:severity",
        f"{broken}:dx.deviation-index.action:unit",
        f"{broken}:dx.deviation-index.watch:unit",
    ]
    assert "2 files, 3 errors" in result.stderr


def test_it_refuses_to_lint_nothing(tmp_path):
    assert run("lint", tmp_path).exit_code == 2
    assert run("lint", tmp_path / "absent.toml").exit_code == 2
    assert run("lint").exit_code == 2
