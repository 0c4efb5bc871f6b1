"""The readable table of `yingheng check`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from imagingqc.criteria.explain import OUTCOME_WORDS, verdict_text
from imagingqc.criteria.model import Outcome, Standard, Verdict
from imagingqc.dicom.model import Unreadable
from imagingqc.evaluate import ExamResult

STYLE = {
    Outcome.PASS: ("green", "✓"),
    Outcome.FAIL: ("bold red", "✕"),
    Outcome.NEEDS_HUMAN: ("yellow", "◐"),
    Outcome.NOT_ASSESSABLE: ("bright_black", "∅"),
}
ORDER = (Outcome.FAIL, Outcome.NEEDS_HUMAN, Outcome.NOT_ASSESSABLE, Outcome.PASS)
WORDS = {
    "zh": {
        "standards": "依据标准",
        "exam": "检查",
        "series": "序列",
        "images": "图像",
        "modality": "模态",
        "manual": "另有 {n} 条需人工评价",
        "unreadable": "无法读取的文件（{n}）",
        "total": "合计",
        "nothing": "没有可读取的 DICOM 检查。",
        "exam_level": "整个检查",
    },
    "en": {
        "standards": "Standards",
        "exam": "Exam",
        "series": "Series",
        "images": "Images",
        "modality": "Modality",
        "manual": "{n} more to be judged by a person",
        "unreadable": "Unreadable files ({n})",
        "total": "Total",
        "nothing": "No readable DICOM exam.",
        "exam_level": "whole exam",
    },
}


def print_report(
    console: Console,
    standards: Sequence[Standard],
    exams: Sequence[ExamResult],
    unreadable: Sequence[Unreadable],
    *,
    lang: str,
    show_all: bool,
) -> None:
    """Print one block an exam, what could not be read, and the totals."""
    words = WORDS[lang]
    titles = "；".join(s.title if lang == "zh" else s.title_en for s in standards)
    console.print(f"{words['standards']}: {titles}", style="dim", highlight=False)
    if not exams:
        console.print(words["nothing"], style="bold")
    for exam in exams:
        print_exam(console, exam, lang=lang, show_all=show_all)
    if unreadable:
        console.print(f"\n[bold]{words['unreadable'].format(n=len(unreadable))}[/]", highlight=False)
        for item in unreadable:
            console.print(f"  {escape(item.path)}: {escape(item.reason.text(lang))}", highlight=False)
    totals = counts(v for e in exams for v in e.all_verdicts())
    console.print(f"\n[bold]{words['total']}[/]  {totals_text(totals, lang)}", highlight=False)


def print_exam(console: Console, exam: ExamResult, *, lang: str, show_all: bool) -> None:
    """The series of one exam with their counts, then the verdicts that need attention."""
    words = WORDS[lang]
    console.print(f"\n[bold]{words['exam']}[/] {exam.exam.study_uid}  {exam.exam.modality}", highlight=False)
    table = Table(show_edge=False, pad_edge=False, header_style="dim")
    table.add_column(words["series"], overflow="fold", ratio=1)
    table.add_column(words["modality"])
    table.add_column(words["images"], justify="right")
    for outcome in (Outcome.PASS, Outcome.FAIL, Outcome.NEEDS_HUMAN, Outcome.NOT_ASSESSABLE):
        table.add_column(OUTCOME_WORDS[lang][outcome], justify="right")
    for result in exam.series:
        name = result.series.first.text("SeriesDescription") or result.series.uid
        table.add_row(escape(name), result.series.modality, str(result.n_images), *count_cells(result.verdicts))
    table.add_row(words["exam_level"], "", "", *count_cells(exam.verdicts), style="dim")
    console.print(table)
    for result in exam.series:
        name = result.series.first.text("SeriesDescription") or result.series.uid
        print_verdicts(console, name, result.verdicts, lang=lang, show_all=show_all)
    print_verdicts(console, words["exam_level"], exam.verdicts, lang=lang, show_all=show_all)


def print_verdicts(console: Console, name: str, verdicts: Sequence[Verdict], *, lang: str, show_all: bool) -> None:
    """Verdicts that need attention, worst first; manual clauses only as a count."""
    wanted = [v for v in verdicts if show_all or (v.outcome is not Outcome.PASS and v.grade != "manual")]
    manual = sum(v.grade == "manual" for v in verdicts)
    if not wanted and not manual:
        return
    console.print(f"  {escape(name)}", style="bold", highlight=False)
    for verdict in sorted(wanted, key=lambda v: ORDER.index(v.outcome)):
        style, icon = STYLE[verdict.outcome]
        console.print(f"    [{style}]{icon}[/] {escape(verdict_text(verdict, lang))}", highlight=False)
    if manual and not show_all:
        console.print(f"    {WORDS[lang]['manual'].format(n=manual)}", style="dim", highlight=False)


def counts(verdicts: Iterable[Verdict]) -> Counter[Outcome]:
    """How many verdicts of each outcome."""
    return Counter(v.outcome for v in verdicts)


def count_cells(verdicts: Sequence[Verdict]) -> list[str]:
    """Table cells of the four counts; zero as a middle dot, so that the eye finds what is there."""
    found = counts(verdicts)
    cells = []
    for outcome in (Outcome.PASS, Outcome.FAIL, Outcome.NEEDS_HUMAN, Outcome.NOT_ASSESSABLE):
        n = found[outcome]
        cells.append(f"[{STYLE[outcome][0]}]{n}[/]" if n else "[bright_black]·[/]")
    return cells


def totals_text(totals: Counter[Outcome], lang: str) -> str:
    """Counts of the four outcomes in one line."""
    return "  ".join(
        f"[{STYLE[o][0]}]{STYLE[o][1]} {OUTCOME_WORDS[lang][o]} {totals[o]}[/]"
        for o in (Outcome.PASS, Outcome.FAIL, Outcome.NEEDS_HUMAN, Outcome.NOT_ASSESSABLE)
    )
