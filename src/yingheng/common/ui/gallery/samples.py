"""Artificial verdicts, rows and events for the gallery; every name says that it is a demonstration."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from imagingqc.criteria.model import Confidence, Limit, Outcome, Severity, Verdict
from imagingqc.errors import Reason
from imagingqc.quantity import Evidence, Value
from yingheng.common.ui.judged import Clause, HumanVerdict, Judged
from yingheng.common.ui.parts import TimelineEntry
from yingheng.common.ui.words import language

ZONE = dt.timezone(dt.timedelta(hours=8))
NOW = dt.datetime(2026, 11, 21, 14, 5, tzinfo=ZONE)
STANDARD = "demo-2026"
INSTANCES = [f"2.25.{index + 1}" for index in range(24)]


def t(zh: str, en: str) -> str:
    """Sample text in the reader's language."""
    return en if language() == "en" else zh


def before(hours: float) -> dt.datetime:
    return NOW - dt.timedelta(hours=hours)


@dataclass(frozen=True)
class _Sample:
    """What a sample verdict differs in from the others."""

    criterion: str
    outcome: Outcome
    quantity: str
    value: Value | None
    unit: str
    limit: Limit | None
    reason: Reason | None = None
    confidence: Confidence = Confidence.VERIFIED
    severity: Severity = "major"
    evidence: Evidence | None = None


GAPS = {
    "kind": "slices",
    "positions_mm": [float(-5 * i) for i in range(14)] + [float(-5 * i) for i in range(17, 27)],
    "gaps": [{"from_mm": -65.0, "to_mm": -85.0, "missing": 3, "before": "2.25.14", "after": "2.25.15"}],
    "duplicates": [{"position_mm": -20.0, "instances": ["2.25.5", "2.25.6"]}],
}
CIRCLE = Evidence("2.25.9", "2.25.13", None, {"kind": "circle", "x": 128, "y": 128, "r": 36})
SAMPLES = (
    _Sample(
        "slices-missing", Outcome.FAIL, "ct.slices.missing", 3, "1", Limit("<=", 0), severity="veto",
        evidence=Evidence("2.25.9", None, None, GAPS),
    ),
    _Sample("thickness", Outcome.PASS, "ct.slices.thickness", 1.25, "mm", Limit("<=", 1.5), evidence=CIRCLE),
    _Sample(
        "kernel", Outcome.NEEDS_HUMAN, "ct.kernel", "B30f", "1", Limit("one_of", ("B60f", "B70f")),
        Reason("limit_unconfirmed"), Confidence.UNCONFIRMED, "minor",
    ),
    _Sample(
        "uncovered", Outcome.NOT_ASSESSABLE, "ct.slices.uncovered", None, "mm", Limit("<=", 1.0),
        Reason("missing_tag", {"tag": "SpacingBetweenSlices"}), Confidence.SECONDARY,
    ),
    _Sample(
        "fov", Outcome.PASS, "ct.fov", 352.0, "mm", Limit("within_pct", 10, of="baseline"),
        confidence=Confidence.MEMORY, severity="minor",
    ),
    _Sample(
        "interval", Outcome.NEEDS_HUMAN, "ct.slices.interval", 6.5, "mm", Limit("between", (0.5, 5.0)),
        Reason("limit_expert"), Confidence.EXPERT,
    ),
)  # fmt: skip


def _verdict(sample: _Sample) -> dict[str, Any]:
    return Verdict(
        standard=STANDARD, criterion=sample.criterion, clause="4.2.1 b", outcome=sample.outcome,
        quantity=sample.quantity, value=sample.value, unit=sample.unit, limit=sample.limit, reason=sample.reason,
        confidence=sample.confidence, grade="A", severity=sample.severity, evidence=sample.evidence,
    ).as_dict()  # fmt: skip


def verdicts() -> list[dict[str, Any]]:
    """One Verdict JSON of every outcome and every confidence."""
    return [_verdict(sample) for sample in SAMPLES]


def sample_clause() -> Clause:
    return Clause(
        document=t("演示规范（非真实文件）", "Demonstration standard (not a real document)"),
        clause="4.2.1 b",
        text=t(
            "演示条款：图像层面应连续，不得缺失或重复。",
            "Demonstration clause: slices are continuous, none missing, none doubled.",
        ),
        source=t("演示数据", "demonstration data"),
        level="hospital",
    )


def judged_items() -> list[Judged]:
    """Judged numbers as a page shows them: with the clause, a reference, a human verdict and a slice to jump to."""
    clause = sample_clause()
    human = HumanVerdict(
        "PASS", t("演示医师", "Demo physician"), before(1), t("扫描范围按医嘱缩短", "range shortened on request")
    )
    extra: dict[str, dict[str, Any]] = {
        "slices-missing": {"slice_index": 13, "human": human},
        "thickness": {"slice_index": 12},
        "fov": {"reference": 350.0},
    }
    method = "ct.slices 1.2.0"
    return [Judged(v, clause=clause, method=method, **extra.get(v["criterion"], {})) for v in verdicts()]


def events() -> list[TimelineEntry]:
    """A short history with every outcome."""
    measured, judged, acted = t("测量", "Measurements"), t("判定", "Verdicts"), t("人工", "People")
    return [
        TimelineEntry(before(0.4), t("演示医师确认：合格", "Demo physician confirmed: pass"),
                      t("演示医师", "Demo physician"), "action", acted, outcome="PASS",
                      detail=t("扫描范围按医嘱缩短", "range shortened on request")),
        TimelineEntry(before(1.2), t("第 14–16 层缺失，建议补扫", "Slices 14–16 are missing; rescan advised"),
                      "", "verdict", judged, url="#", outcome="FAIL"),
        TimelineEntry(before(1.2), t("重建算法待人工确认", "Reconstruction kernel needs review"), "", "verdict", judged,
                      outcome="NEEDS_HUMAN"),
        TimelineEntry(before(1.2), t("层间未覆盖距离无法评估", "Uncovered distance not assessable"), "", "verdict",
                      judged, outcome="NOT_ASSESSABLE", detail=t("缺少 DICOM 属性", "a DICOM attribute is missing")),
        TimelineEntry(before(1.3), t("完成 12 项测量", "12 measurements done"), "", "measurement", measured,
                      icon="ruler"),
        TimelineEntry(before(1.5), t("收到 24 幅图像", "24 images received"), "DEMO_CT", "measurement", measured,
                      icon="cloud-download"),
    ]  # fmt: skip
