"""`yingheng phantom`: table, JSON, exit codes, and what it says of things that are no image of the phantom."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from imagingqc.criteria.load import load_builtin
from imagingqc.dicom.synthetic import ct_series, dose_report, screenshot
from imagingqc.dicom.synthetic.phantoms.ct_stack import Scan
from imagingqc.dicom.synthetic.phantoms.water import WaterPhantom, water_phantom
from imagingqc.phantom.model import Parameter
from imagingqc.phantom.registry import TESTS
from imagingqc.phantom.standards import BY_MODALITY, BY_PHANTOM, default_standards
from yingheng.cli.main import main
from yingheng.cli.phantom import parameter_value

PAGE = (Path(__file__).parents[2] / "docs" / "phantom.md").read_text(encoding="utf-8")
GOOD = WaterPhantom(water_hu=2.0)
QUIET = Scan(noise_hu=2, thickness_mm=10.0)
PYTHON = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
    "null": type(None),
}  # fmt: skip


def run(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner(env={"COLUMNS": "400"}).invoke(main, ["phantom", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def result(folder: Path, *options: object) -> dict[str, Any]:
    return json.loads(run("ct.water", folder, "--json", "-", *options)[1])


def test_it_prints_every_value_with_its_limit_verdict_clause_and_confidence(tmp_path):
    water_phantom(tmp_path, GOOD, QUIET)
    code, text, _ = run("ct.water", tmp_path)
    assert code == 0
    for words in ("CT 水模", "水的 CT 值", "±6 HU 以内", "合格", "ws-519-2019", "二手来源", "体模直径", "无限值"):
        assert words in text
    code, text, _ = run("ct.water", tmp_path, "--lang", "en")
    assert "CT number of water" in text
    assert re.search("[一-鿿]", text.split("Clause")[0]) is None


def test_it_ends_with_1_when_a_limit_fails_and_0_where_another_type_has_a_wider_one(tmp_path):
    water_phantom(tmp_path, WaterPhantom(water_hu=5.0), QUIET)
    assert run("ct.water", tmp_path)[0] == 0
    code, text, _ = run("ct.water", tmp_path, "--type", "acceptance")
    assert (code, "不合格" in text) == (1, True)


def test_it_ends_with_2_and_the_reason_when_it_refuses(tmp_path):
    water_phantom(tmp_path / "other", WaterPhantom(insert_hu=300.0), QUIET)
    code, text, _ = run("ct.water", tmp_path / "other")
    assert code == 2
    assert "不是 水模" in text
    data = result(tmp_path / "other", "--lang", "en")
    assert data["refused"].startswith("this is not a water phantom")
    assert (data["phantom"], data["measurements"], data["verdicts"]) == (None, [], [])
    (tmp_path / "none").mkdir()
    assert run("ct.water", tmp_path / "none")[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("ct.water",),
        ("ct.nothing", "{folder}"),
        ("ct.water", "{folder}/nowhere"),
        ("ct.water", "{folder}", "--set", "width=3"),
        ("ct.water", "{folder}", "--set", "diameter_mm"),
        ("ct.water", "{folder}", "--set", "diameter_mm=wide"),
        ("ct.water", "{folder}", "--set", "diameter_mm=nan"),
        ("ct.water", "{folder}", "--standard", "no-such"),
        ("ct.water", "{folder}", "--type", "weekly"),
        ("ct.water", "{folder}", "--json", "{folder}/nowhere/out.json"),
    ],
)
def test_it_ends_with_2_and_a_sentence_for_bad_arguments(tmp_path, arguments):
    water_phantom(tmp_path, GOOD, QUIET)
    code, _, said = run(*(a.format(folder=tmp_path) for a in arguments))
    assert code == 2
    assert said.strip()


def test_it_takes_parameters_and_standards(tmp_path):
    water_phantom(tmp_path, GOOD, QUIET)
    assert result(tmp_path, "--set", "diameter_mm=200")["parameters"] == {"diameter_mm": 200.0}
    assert result(tmp_path, "--set", "diameter_mm=250")["refused_code"] == "phantom_scale"
    assert {v["standard"] for v in result(tmp_path, "--standard", "ws-519-2019")["verdicts"]} == {"ws-519-2019"}


def test_it_reads_every_kind_of_parameter():
    choice = Parameter("p", "", "", kind="choice", choices=("a", "b"))
    assert parameter_value(choice, "b") == "b"
    assert parameter_value(Parameter("p", "", "", kind="numbers"), "1, 2.5") == (1.0, 2.5)
    assert parameter_value(Parameter("p", "", "", kind="flag"), "yes") is True
    assert parameter_value(Parameter("p", "", "", kind="integer"), "3") == 3
    assert parameter_value(Parameter("p", "", "", kind="text"), "x") == "x"
    for bad in (choice, Parameter("p", "", "", kind="flag"), Parameter("p", "", "", kind="integer")):
        with pytest.raises((ValueError, KeyError)):
            parameter_value(bad, "c")


def test_it_leaves_reports_out_and_names_what_it_could_not_read(tmp_path):
    water_phantom(tmp_path, GOOD, QUIET)
    dose_report(tmp_path / "sr")
    screenshot(tmp_path / "sc")
    (tmp_path / "notes.txt").write_text("no image")
    code, text, _ = run("ct.water", tmp_path)
    assert code == 0
    assert "notes.txt" in text
    assert "SR" in text
    data = result(tmp_path)
    assert data["ignored"]["SR"] == 1
    assert [u["reason_code"] for u in data["unreadable"]] == ["not_dicom"]


def test_it_says_the_same_for_any_order_of_files(tmp_path):
    water_phantom(tmp_path / "a", GOOD, Scan(n=5, noise_hu=3))
    for i, path in enumerate(sorted((tmp_path / "a").iterdir(), reverse=True)):
        (tmp_path / "b").mkdir(exist_ok=True)
        (tmp_path / "b" / f"{i}").write_bytes(path.read_bytes())
    assert result(tmp_path / "a") == result(tmp_path / "b")


def test_it_writes_what_it_says_on_standard_output(tmp_path):
    water_phantom(tmp_path / "in", GOOD, QUIET)
    code, text, _ = run("ct.water", tmp_path / "in", "--json", tmp_path / "out.json")
    assert (code, "CT 水模" in text) == (0, True)
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8")) == result(tmp_path / "in")


def test_it_refuses_a_patient(tmp_path):
    ct_series(tmp_path, n=4, body="chest")
    assert run("ct.water", tmp_path)[0] == 2


def test_it_lists_every_test_with_its_parameters():
    for lang in ("zh", "en"):
        code, text, _ = run("--list", "--lang", lang)
        assert code == 0
        for test in TESTS:
            assert test.name in text
            assert all(p.key in text for p in test.parameters)


def test_it_has_standards_that_there_are():
    assert {i for ids in (*BY_MODALITY.values(), *BY_PHANTOM.values()) for i in ids} <= set(load_builtin())
    assert default_standards("CT", "water") == ("ws-519-2019", "taiyuan-mutual-recognition-trial")
    assert default_standards("CT", "acr-ct-464")[-1] == "acr-ct-phantom"
    assert default_standards("NM") == ()


def tables() -> list[dict[str, str]]:
    """The tables of the JSON chapter: key -> type."""
    found, rows = [], {}
    for line in PAGE.split("\n## JSON\n")[1].split("\n## 中文说明\n")[0].splitlines():
        cell = re.match(r"\| `([^`]+)` \| ([^|]+) \|", line)
        if cell:
            rows[cell[1]] = cell[2].strip()
        elif rows and not line.startswith("|"):
            found.append(rows)
            rows = {}
    return found


def fits(value: Any, written: str) -> bool:
    kinds = re.split(r", | or ", written)
    return "boolean" in kinds if isinstance(value, bool) else any(isinstance(value, PYTHON[k]) for k in kinds)


def documented(data: dict[str, Any], table: dict[str, str]) -> None:
    """Every key of one object is in its table, with a type that it has, and no other."""
    own = {re.split(r"\[\]", key.rstrip("…"))[0] for key in table}
    assert data.keys() == own
    for key, kind in table.items():
        name, listed, member = key.rstrip("…").partition("[]")
        values = data[name] if listed else [data[name]]
        for value in values:
            assert fits(value[member.lstrip(".")] if member else value, kind), (key, value)


def test_it_documents_every_key(tmp_path):
    top, measurement, verdict, evidence = tables()
    water_phantom(tmp_path / "ok", GOOD, QUIET)
    water_phantom(tmp_path / "no", WaterPhantom(insert_hu=300.0), Scan(facts={"SliceThickness": None}))
    water_phantom(tmp_path / "half", GOOD, Scan(facts={"SliceThickness": None, "DataCollectionCenterPatient": None}))
    (tmp_path / "ok" / "notes.txt").write_text("no image")
    for name in ("ok", "no", "half"):
        data = result(tmp_path / name)
        documented(data, top)
        for one in data["measurements"]:
            documented(one, measurement)
            assert (one["value"] is None) == (one["reason"] is not None)
            if one["evidence"]:
                documented(one["evidence"], evidence)
        for one in data["verdicts"]:
            documented(one, verdict)
    example = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
    documented(example, top)
    documented(example["measurements"][0], measurement)
    documented(example["verdicts"][0], verdict)
