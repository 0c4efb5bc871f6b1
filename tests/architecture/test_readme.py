"""What the README promises of `yingheng check` is what the code gives."""

import dataclasses
import json
import re
from pathlib import Path

from imagingqc.criteria.model import Confidence, Context, Outcome, Verdict
from imagingqc.dicom.model import Exam, Instance, Series, Stack
from imagingqc.errors import Reason
from imagingqc.evaluate import ExamResult, SeriesResult, report_dict
from imagingqc.quantity import Measurement

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHINESE = (ROOT / "README.zh-CN.md").read_text(encoding="utf-8")
EXAMPLE = json.loads(re.search(r"```json\n(.*?)```", README, re.DOTALL)[1])


def test_it_shows_the_keys_of_the_report():
    assert EXAMPLE.keys() == report_dict([], [], []).keys()


def test_it_shows_the_keys_of_a_measurement():
    shown = EXAMPLE["series"][0]["measurements"][0]
    assert shown.keys() == Measurement("ct.matrix.min", 512, "1", "m", "1").as_dict().keys()


def test_it_shows_the_keys_of_a_verdict():
    shown = EXAMPLE["series"][0]["verdicts"][0]
    values = {f.name: None for f in dataclasses.fields(Verdict)} | {
        "outcome": Outcome.NEEDS_HUMAN,
        "confidence": Confidence.EXPERT,
        "reason": Reason("manual_clause"),
    }
    assert shown.keys() == Verdict(**values).as_dict().keys()


def test_it_shows_the_keys_of_a_series_and_an_exam():
    instance = Instance("", "1.1", "1.2", "1.3", "1.4", "CT", "1.5", 2, 2, ())
    series = Series("1.3", "1.4", "CT", (instance,))
    shown = SeriesResult(series, (Stack("volume", ()),), Context("series"), (), ()).as_dict()
    assert EXAMPLE["series"][0].keys() == shown.keys()
    assert EXAMPLE["series"][0]["stacks"][0].keys() == shown["stacks"][0].keys()
    exam = ExamResult(Exam("1.4", (series,)), (), Context("exam"), (), ()).as_dict()
    assert EXAMPLE["exams"][0].keys() == exam.keys()


def test_it_names_every_outcome_and_confidence_in_both_languages():
    for text in (README, CHINESE):
        assert [o.value for o in Outcome if f"`{o.value}`" not in text] == []
        assert [c.value for c in Confidence if f"`{c.value}`" not in text] == []
