"""The table that `yingheng phantom` prints: what was measured, by which limit, and why something was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from imagingqc.criteria.explain import (
    CONFIDENCE_WORDS,
    OUTCOME_WORDS,
    limit_text,
    reason_text,
    unit_symbol,
    value_text,
)
from imagingqc.criteria.model import Outcome, Standard, Verdict
from imagingqc.dicom.model import Unreadable
from imagingqc.phantom.model import Parameter, PhantomResult, PhantomTest
from imagingqc.quantity import Measurement, quantity_name
from yingheng.cli.check_table import STYLE, line, visible

WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "quantity": "测量项",
        "value": "测量值",
        "limit": "限值",
        "verdict": "结论",
        "clause": "条款",
        "confidence": "可信度",
        "standards": "依据标准",
        "none": "无",
        "phantom": "体模",
        "images": "{n} 幅图像",
        "refused": "未测量",
        "checks": "可信性核对",
        "unreadable": "无法读取的文件（{n}）",
        "ignored": "未使用：{what}（{n} 个对象）",
        "not_measured": "未测得",
        "unjudged": "无限值",
        "modalities": "设备",
        "phantoms": "体模",
        "generated": "仅经合成图像验证",
        "by_real": "已用真实体模图像验证",
        "default": "默认 {value}",
    },
    "en": {
        "quantity": "Quantity",
        "value": "Value",
        "limit": "Limit",
        "verdict": "Verdict",
        "clause": "Clause",
        "confidence": "Confidence",
        "standards": "Standards",
        "none": "none",
        "phantom": "Phantom",
        "images": "{n} images",
        "refused": "Not measured",
        "checks": "Checks",
        "unreadable": "Unreadable files ({n})",
        "ignored": "not used: {what} ({n} objects)",
        "not_measured": "not measured",
        "unjudged": "no limit",
        "modalities": "Devices",
        "phantoms": "Phantoms",
        "generated": "proved on generated images only",
        "by_real": "proved on a real phantom too",
        "default": "default {value}",
    },
}


def print_tests(console: Console, tests: Sequence[PhantomTest], lang: str) -> None:
    """Every performance test: devices, phantoms, what it is proved on, and its parameters below it."""
    words = WORDS[lang]
    joint = "：" if lang == "zh" else ": "
    for test in tests:
        console.print(f"[bold]{test.name}[/]  {escape(test.label(lang))}", highlight=False)
        proof = words["by_real" if test.real else "generated"]
        about = (
            f"{words['modalities']}{joint}{', '.join(sorted(test.modalities))}",
            f"{words['phantoms']}{joint}{', '.join(test.phantoms)}",
            proof,
        )
        console.print("    " + "  ·  ".join(about), style="dim", highlight=False, markup=False)
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for parameter in test.parameters:
            table.add_row(f"    --set {parameter.key}=…", escape(parameter_text(parameter, lang)))
        if test.parameters:
            console.print(table, highlight=False)


def parameter_text(parameter: Parameter, lang: str) -> str:
    """What a parameter is, with its unit, its choices and its default."""
    more = [] if parameter.unit == "1" else [unit_symbol(parameter.unit, lang)]
    more += [" | ".join(parameter.choices)] if parameter.choices else []
    if parameter.default is not None and parameter.default is not False:
        more.append(WORDS[lang]["default"].format(value=parameter.default))
    joint, left, right = ("，", "（", "）") if lang == "zh" else (", ", " (", ")")
    text = parameter.zh if lang == "zh" else parameter.en
    return f"{text}{left}{joint.join(more)}{right}" if more else text


def print_result(
    console: Console, test: PhantomTest, result: PhantomResult, standards: Sequence[Standard], lang: str
) -> None:
    """One test: its name, then either why nothing was measured or a row for every value and limit."""
    words = WORDS[lang]
    console.print(f"[bold]{escape(test.label(lang))}[/] {test.name} v{result.version}", highlight=False)
    if result.refused is not None:
        style, icon = STYLE[Outcome.NOT_ASSESSABLE]
        line(console, f"{words['refused']}: {escape(reason_text(result.refused, lang))}", icon, style)
        return
    assert result.found is not None
    titles = ("；" if lang == "zh" else "; ").join(s.title if lang == "zh" else s.title_en for s in standards)
    images = words["images"].format(n=len(result.inputs))
    console.print(f"{words['phantom']}: {result.found.phantom}  {images}", style="dim", highlight=False, markup=False)
    console.print(f"{words['standards']}: {titles or words['none']}", style="dim", highlight=False, markup=False)
    table = Table(show_edge=False, pad_edge=False, header_style="dim")
    for key in ("quantity", "value", "limit", "verdict", "clause", "confidence"):
        table.add_column(words[key], overflow="fold")
    for row in rows(result, lang):
        table.add_row(*row)
    console.print(table)
    checks = "  ".join(f"{key} {value:g}" for key, value in result.found.checks.items())
    console.print(f"{words['checks']}: {checks}", style="dim", highlight=False, markup=False)


def rows(result: PhantomResult, lang: str) -> list[tuple[str, str, str, str, str, str]]:
    """Cells of every measurement, once for each limit that judges it; what no limit judges has one row."""
    assert result.found is not None
    out = []
    told: set[str] = set()
    for measurement in result.found.measurements:
        judged = [] if measurement.quantity in told else _about(result.verdicts, measurement)
        told.add(measurement.quantity)
        name, value = escape(quantity_name(measurement.quantity, lang)), _value(measurement, lang)
        if not judged:
            out.append((name, value, "", f"[bright_black]{WORDS[lang]['unjudged']}[/]", "", ""))
        for i, verdict in enumerate(judged):
            out.append(("" if i else name, "" if i else value, *_verdict_cells(verdict, lang)))
    return out


def _about(verdicts: Sequence[Verdict], measurement: Measurement) -> list[Verdict]:
    return [v for v in verdicts if v.quantity == measurement.quantity]


def _value(measurement: Measurement, lang: str) -> str:
    if measurement.value is None:
        assert measurement.reason is not None
        joint = "：" if lang == "zh" else ": "
        return escape(f"{WORDS[lang]['not_measured']}{joint}{reason_text(measurement.reason, lang)}")
    return escape(value_text(measurement.value, measurement.unit, lang))


def _verdict_cells(verdict: Verdict, lang: str) -> tuple[str, str, str, str]:
    style, icon = STYLE[verdict.outcome]
    said = f"[{style}]{icon} {OUTCOME_WORDS[lang][verdict.outcome]}[/]"
    if verdict.reason is not None and verdict.value is not None:
        said += f"\n[dim]{escape(reason_text(verdict.reason, lang))}[/]"
    limit = limit_text(verdict.limit, verdict.unit, lang) if verdict.limit else ""
    clause = f"{verdict.standard} {verdict.clause}"
    return escape(limit), said, escape(clause), CONFIDENCE_WORDS[lang][verdict.confidence]


def print_notes(console: Console, unreadable: Sequence[Unreadable], ignored: Mapping[str, int], lang: str) -> None:
    """What was left out: objects that are no images of this kind of device, and files that could not be read."""
    words = WORDS[lang]
    for what, n in ignored.items():
        line(console, words["ignored"].format(what=what, n=n), "·", "dim")
    if unreadable:
        console.print(f"\n[bold]{words['unreadable'].format(n=len(unreadable))}[/]", highlight=False)
        for item in unreadable:
            line(console, f"{escape(visible(item.path))}: {escape(item.reason.text(lang))}", "·", "dim")
