"""The JSON is what docs/check.md says, and the same for the same images."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import checked, run

from imagingqc.criteria.model import Outcome
from imagingqc.dicom.synthetic import CTFaults, ct_series, dose_report, dx_image, mr_exam, screenshot, us_colour

PAGE = (Path(__file__).parents[2] / "docs" / "check.md").read_text(encoding="utf-8")
JSON_PART = PAGE.split("\n## JSON\n")[1].split("\n## 中文说明\n")[0]
PYTHON = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
    "null": type(None),
}  # fmt: skip


def tables() -> list[dict[str, str]]:
    """The tables of the JSON chapter: key -> type."""
    found, rows = [], {}
    for line in JSON_PART.splitlines():
        cell = re.match(r"\| `([^`]+)` \| ([^|]+) \|", line)
        if cell:
            rows[cell[1]] = cell[2].strip()
        elif rows and not line.startswith("|"):
            found.append(rows)
            rows = {}
    return found


TOP, MEASUREMENT, VERDICT, EVIDENCE = tables()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Exams of several modalities, with and without faults, and files that are none."""
    root = tmp_path_factory.mktemp("mixed")
    ct_series(root / "ct", n=12, rows=512, faults=CTFaults(missing=(5, 6), duplicate=(9,), localizer=True))
    mr_exam(root / "mr", n=5, rows=32, omit=("DWI",))
    dx_image(root / "dx", ei=2000, target_ei=250)
    dose_report(root / "sr")
    screenshot(root / "sc")
    us_colour(root / "us")
    (root / "notes.txt").write_text("no image")
    return root


@pytest.fixture(scope="module")
def report(folder, tmp_path_factory) -> dict[str, Any]:
    return checked(folder, tmp_path_factory.mktemp("out") / "out.json").json


def leaves(value: Any, path: str, open_keys: set[str]) -> list[tuple[str, Any]]:
    """(path, value) of everything below; what stands behind an open key is not looked into."""
    if path in open_keys or not isinstance(value, dict | list):
        return [(path, value)]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item, f"{path}[]", open_keys)]
    found = [(path, value)] if path in TOP else []
    return found + [
        leaf for key, item in value.items() for leaf in leaves(item, f"{path}.{key}" if path else key, open_keys)
    ]


def fits(value: Any, written: str) -> bool:
    kinds = re.split(r", | or ", written)
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, PYTHON[kind]) for kind in kinds)


def test_it_documents_every_key_of_the_frame_and_no_other(report):
    frame = json.loads(json.dumps(report))
    for part in (*frame["series"], *frame["exams"]):
        del part["measurements"], part["verdicts"]
    documented = {key.rstrip("…"): kind for key, kind in TOP.items()}
    found = leaves(frame, "", {key.rstrip("…") for key in TOP if key.endswith("…")})
    assert {path for path, _ in found} == documented.keys()
    assert [(path, value) for path, value in found if not fits(value, documented[path])] == []


@pytest.mark.parametrize(("part", "table"), [("measurements", MEASUREMENT), ("verdicts", VERDICT)])
def test_it_documents_every_key_of_measurements_and_verdicts(report, part, table):
    documented = {key.rstrip("…[]"): kind for key, kind in table.items() if not key.endswith("[]")}
    lists = {key[:-2] for key in table if key.endswith("[]")}
    entries = [entry for level in ("series", "exams") for one in report[level] for entry in one[part]]
    assert len(entries) > 50
    for entry in entries:
        assert entry.keys() == documented.keys() | lists
        assert all(fits(entry[key], kind) for key, kind in documented.items())
        assert all(isinstance(item, str) for key in lists for item in entry[key])


def test_it_documents_every_key_of_evidence(report):
    documented = {key.rstrip("…"): kind for key, kind in EVIDENCE.items()}
    entries = [e for one in report["series"] for part in ("measurements", "verdicts") for e in one[part]]
    shown = [entry["evidence"] for entry in entries if entry["evidence"] is not None]
    assert {e["shape"].get("kind") for e in shown} >= {"slices", "tags"}
    for evidence in shown:
        assert evidence.keys() == documented.keys()
        assert all(fits(evidence[key], kind) for key, kind in documented.items())


def test_it_has_a_value_or_a_reason_never_both(report):
    for one in (*report["series"], *report["exams"]):
        for m in one["measurements"]:
            assert (m["value"] is None) == (m["reason"] is not None) == (m["reason_code"] is not None), m
        for v in one["verdicts"]:
            settled = v["outcome"] in {"PASS", "FAIL"}
            assert settled == (v["reason"] is None), v


def test_it_leaves_the_full_set_out_when_asked_for_the_fast_one(folder, tmp_path):
    one = checked(folder / "ct", tmp_path / "out.json", "--fast").json
    values = [m for s in one["series"] for m in s["measurements"]]
    later = {m["quantity"] for m in values if m["reason_code"] == "measured_later"}
    assert "ct.sharpness.skin" in later
    assert any(m["value"] is not None for m in values if m["quantity"] == "ct.noise.global")


def test_it_adds_up(report):
    verdicts = [v for level in ("series", "exams") for one in report[level] for v in one["verdicts"]]
    assert report["totals"] == {o.value: sum(v["outcome"] == o.value for v in verdicts) for o in Outcome}
    assert set(report["totals"].values()).isdisjoint({0})  # the folder has some of everything


def test_it_shows_an_example_with_the_documented_keys(report):
    example = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
    assert example.keys() == report.keys()
    assert example["series"][0].keys() == report["series"][0].keys()
    for part in ("measurements", "verdicts"):
        assert example["series"][0][part][0].keys() == report["series"][0][part][0].keys()
    shape = example["series"][0]["measurements"][0]["evidence"]["shape"]
    real = [
        m["evidence"]["shape"]
        for s in report["series"]
        for m in s["measurements"]
        if m["quantity"].endswith("slices.missing")
    ]
    assert any(shape.keys() == r.keys() for r in real)
    assert any(r.get("gaps") and r["gaps"][0].keys() == shape["gaps"][0].keys() for r in real)


def test_it_gives_the_same_bytes_again_and_for_any_number_of_processes(folder, tmp_path):
    outs = [tmp_path / f"{i}.json" for i in range(3)]
    texts = [
        run(folder, options=("--json", str(out), "--jobs", jobs))[1] for out, jobs in zip(outs, "112", strict=True)
    ]
    assert len({out.read_bytes() for out in outs}) == 1
    assert len(set(texts)) == 1


def test_it_does_not_depend_on_the_order_of_the_arguments(folder, tmp_path):
    parts = sorted(folder.iterdir())
    run(*parts, options=("--json", str(tmp_path / "a.json")))
    run(*reversed(parts), folder, options=("--json", str(tmp_path / "b.json")))
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_it_changes_only_words_with_the_language(folder, tmp_path):
    zh, en = (checked(folder, tmp_path / f"{lang}.json", "--lang", lang).json for lang in ("zh", "en"))
    assert blank(zh) == blank(en)
    reasons = {v["reason"] for s in en["series"] for v in s["verdicts"] if v["reason"]}
    assert reasons
    assert not [r for r in reasons if re.search(r"[\u4e00-\u9fff]", r)]


def blank(value: Any) -> Any:
    """Without the words that follow the language."""
    if isinstance(value, dict):
        return {k: blank(v) for k, v in value.items() if k not in {"reason", "language"}}
    return [blank(v) for v in value] if isinstance(value, list) else value
