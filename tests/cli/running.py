"""Runs `yingheng check` in this process and reads what it wrote."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from click.testing import CliRunner

from yingheng.cli.check import check

MISSING, DUPLICATED = "ct.slices.missing", "ct.slices.duplicated"
IRREGULAR, OUT_OF_ORDER = "ct.slices.irregular", "ct.slices.out_of_order"


@dataclass(frozen=True)
class Checked:
    """What one run said."""

    code: int
    text: str
    json: dict[str, Any]

    def values(self, quantity: str) -> list[Any]:
        """The measured values of a quantity in all series, in their order."""
        return [m["value"] for s in self.json["series"] for m in s["measurements"] if m["quantity"] == quantity]

    def outcomes(self, criterion: str) -> list[str]:
        verdicts = [v for part in (*self.json["series"], *self.json["exams"]) for v in part["verdicts"]]
        return [v["outcome"] for v in verdicts if v["criterion"] == criterion]


def run(*paths: Path, options: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """(exit code, standard output, standard error), on a screen so wide that no sentence is broken.

    An exception is raised, never taken for an exit code.
    """
    done = CliRunner(env={"COLUMNS": "5000"}).invoke(check, [*map(str, paths), *options])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def checked(folder: Path, out: Path, *options: str) -> Checked:
    """Check one folder, with JSON written to `out`."""
    code, text, _ = run(folder, options=("--json", str(out), *options))
    return Checked(code, text, json.loads(out.read_text(encoding="utf-8")))


def change(path: Path, **facts: Any) -> None:
    """Set attributes of a DICOM file by keyword; None removes one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # real files hold hashes for UIDs
        _change(path, facts)


def _change(path: Path, facts: dict[str, Any]) -> None:
    ds = pydicom.dcmread(path)
    for keyword, value in facts.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    if "SOPInstanceUID" in facts:
        ds.file_meta.MediaStorageSOPInstanceUID = facts["SOPInstanceUID"]
    ds.save_as(path)
