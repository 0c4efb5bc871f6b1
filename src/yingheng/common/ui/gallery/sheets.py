"""A sheet to fill in, in the states it can be in."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from yingheng.common.ui.judged import Clause, Judged
from yingheng.common.ui.parts import Link
from yingheng.common.ui.sheetform import (
    SheetChoice,
    SheetField,
    SheetFile,
    SheetGrid,
    SheetGroup,
    SheetPage,
    SheetVerdicts,
)

from .components import LONG_ZH
from .samples import t


def _judged(outcome: str, value: float | None, confidence: str = "verified") -> Judged:
    limit = {"op": "between", "value": [18, 24]}
    verdict = {
        "standard": "demo", "criterion": "demo", "clause": "4.2", "outcome": outcome, "quantity": "room.temperature",
        "value": value, "unit": "Cel", "limit": limit, "reason": None, "reason_code": None, "confidence": confidence,
        "grade": "A", "severity": "major", "evidence": None, "reference": None,
    }  # fmt: skip
    return Judged(verdict, Clause(t("演示标准", "Demonstration standard"), "4.2", t("机房温度 18～24 ℃", "18–24 °C")))


def _checks(chosen: str) -> list[SheetChoice]:
    words = (("yes", t("是", "yes")), ("no", t("否", "no")), ("na", t("不适用", "not applicable")))
    return [SheetChoice(value, label, chosen=value == chosen) for value, label in words]


def _columns(*, empty: bool) -> list[SheetField]:
    """Lengths on a ruler and in the image, read row by row."""
    return [
        SheetField("ruler", "series", t("真实长度", "True length"), unit="mm", room=3, most=6,
                   values=() if empty else ("100", "200"), range="50～500 mm"),
        SheetField("image", "series", t("图像上测得", "In the image"), unit="mm", room=3, most=6,
                   values=() if empty else ("101.2", "202.0")),
    ]  # fmt: skip


def _fields(state: str) -> list[SheetField | SheetGrid]:
    empty, bad = state == "empty", state == "error"
    outcome, value = ("NOT_ASSESSABLE", None) if empty else ("FAIL", 30.0) if bad else ("PASS", 21.5)
    return [
        SheetField("temperature", "number", LONG_ZH if state == "long" else t("机房温度", "Temperature"), unit="Cel",
                   value="" if empty else str(value), range="0～50 ℃",
                   verdicts=SheetVerdicts([_judged(outcome, value, "memory" if state == "long" else "verified")])),
        SheetField("humidity", "series", t("相对湿度（三处）", "Humidity, three places"), unit="%", room=3, most=5,
                   values=() if empty else ("52", "54", "x") if bad else ("52", "54", "53"),
                   error=t("这不是数字。", "This is not a number.") if bad else ""),
        SheetGrid(_columns(empty=empty)),
        SheetField("lamp", "check", t("指示灯与门联锁有效", "Lamp and interlock work"),
                   choices=_checks("no" if bad else "yes"), value="no" if bad else "yes",
                   reason=t("灯不亮", "the lamp is dark") if bad else ""),
        SheetField("photo", "file", t("照片", "Photo"), required=False,
                   files=() if empty else [SheetFile("1", t("报错界面.jpg", "error.jpg"), "#")]),
    ]  # fmt: skip


def _more(state: str) -> list[SheetField]:
    ticked = state == "error"
    faults = [
        SheetChoice("cut", t("包括范围不全", "cut off"), "−20", ticked),
        SheetChoice("wrong", t("体位错误", "wrong position"), t("一票否决", "veto")),
    ]
    return [
        SheetField("position", "score", t("摄影体位", "Position"), choices=faults, value="" if ticked else "seen"),
        SheetField("contrast", "score", t("对比度（0～20）", "Contrast, 0–20"), value="18", most=20),
        SheetField("day", "date", t("检测日期", "Day of the test"), value="2026-11-22"),
        SheetField("note", "text", t("备注", "Note"), required=False),
        SheetField("sign", "signature", t("检测人签名", "Signature of the author"), signer=t("演示用户", "Demo user")),
        SheetField("witness", "signature", t("见证人签名", "Signature of the witness"), witness=True, required=False),
    ]


def sheet_page(_request: HttpRequest, state: str) -> SheetPage:
    """A sheet as it begins, filled in, with mistakes, and with long texts."""
    results = SheetVerdicts([_judged("PASS", 22.0), _judged("NEEDS_HUMAN", 26.0, "unconfirmed")], named=True)
    return SheetPage(
        title=t("演示：设备晨检", "Demonstration: morning check"),
        purpose=t("边填边判，自动保存；断网时先存在本机。", "Judged while typing, saved by itself, kept when offline."),
        crumbs=[Link(t("演示画廊", "Gallery"), reverse("ui:gallery"))],
        groups=[
            SheetGroup(t("环境与安全", "Surroundings and safety"), _fields(state)),
            SheetGroup(t("读数与评分", "Readings and score"), _more(state), "reading:demo",
                       SheetVerdicts() if state == "empty" else results, "CTDIw = C/3 + 2P/3",
                       t("演示来源", "Demonstration source")),
        ],
        submit=t("提交", "Submit"),
        cancel_url="#",
        score="" if state == "empty" else t("92 分 · 甲", "92 points · A"),
        saved="" if state == "empty" else t("已保存", "Saved"),
        errors=[t("有 2 项缺失或不可能。", "2 entries are missing or cannot be right.")] if state == "error" else (),
    )  # fmt: skip
