"""The readable table of `yingheng check`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from imagingqc.criteria.explain import OUTCOME_WORDS, place_text, quantity_name, reason_text, verdict_text
from imagingqc.criteria.model import Outcome, Standard, Verdict
from imagingqc.dicom.model import Exam, Series, Unreadable
from imagingqc.evaluate import ExamResult

STYLE = {
    Outcome.PASS: ("green", "✓"),
    Outcome.FAIL: ("bold red", "✕"),
    Outcome.NEEDS_HUMAN: ("yellow", "◐"),
    Outcome.NOT_ASSESSABLE: ("bright_black", "∅"),
}
WIDTH_OF_FILES = 120  # columns where the report does not go to a terminal that says how wide it is
COLUMNS = (Outcome.PASS, Outcome.FAIL, Outcome.NEEDS_HUMAN, Outcome.NOT_ASSESSABLE)
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
        "unnamed": "序列 {n}（无描述）",
        "unnumbered": "无描述的序列",
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
        "unnamed": "series {n} (no description)",
        "unnumbered": "series without description",
    },
}


def report_console() -> Console:
    """Standard output: as wide as the terminal, or a fixed width where there is none (file, pipe)."""
    console = Console()
    return console if console.is_terminal or "COLUMNS" in os.environ else Console(width=WIDTH_OF_FILES)


@dataclass(frozen=True, slots=True)
class Layout:
    """Language, whether every verdict is listed, and the requirement of each criterion by (standard, criterion)."""

    lang: str
    show_all: bool
    requirements: Mapping[tuple[str, str], str]


def requirements(standards: Sequence[Standard], lang: str) -> dict[tuple[str, str], str]:
    """What each criterion asks for, in one language."""
    return {(s.id, c.id): c.text if lang == "zh" else c.text_en for s in standards for c in s.criteria}


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
    titles = ("；" if lang == "zh" else "; ").join(s.title if lang == "zh" else s.title_en for s in standards)
    console.print(f"{words['standards']}: {titles}", style="dim", highlight=False, markup=False)
    if not exams:
        console.print(words["nothing"], style="bold")
    layout = Layout(lang, show_all, requirements(standards, lang))
    for exam in exams:
        print_exam(console, exam, layout)
    if unreadable:
        console.print(f"\n[bold]{words['unreadable'].format(n=len(unreadable))}[/]", highlight=False)
        for item in unreadable:
            line(console, f"{escape(visible(item.path))}: {escape(item.reason.text(lang))}", "·", "dim")
    totals = counts(v for e in exams for v in e.all_verdicts())
    console.print(f"\n[bold]{words['total']}[/]  {totals_text(totals, lang)}", highlight=False)


def print_exam(console: Console, exam: ExamResult, layout: Layout) -> None:
    """The series of one exam with their counts, then the verdicts that need attention."""
    words, names = WORDS[layout.lang], series_names(exam.exam, layout.lang)
    console.print(f"\n[bold]{words['exam']}[/] {escape(exam_title(exam.exam))}", highlight=False)
    console.print(f"  {exam.exam.study_uid}", style="dim", highlight=False, markup=False)
    table = Table(show_edge=False, pad_edge=False, header_style="dim")
    table.add_column(words["series"], overflow="fold", ratio=1)
    table.add_column(words["modality"], no_wrap=True)
    table.add_column(words["images"], justify="right", no_wrap=True)
    for outcome in COLUMNS:
        table.add_column(OUTCOME_WORDS[layout.lang][outcome], justify="right")
    for result in exam.series:
        name = escape(names[result.series.uid])
        table.add_row(name, result.series.modality, str(result.n_images), *count_cells(result.verdicts))
    table.add_row(words["exam_level"], "", "", *count_cells(exam.verdicts), style="dim")
    console.print(table)
    for result in exam.series:
        print_verdicts(console, names[result.series.uid], result.verdicts, layout)
    print_verdicts(console, words["exam_level"], exam.verdicts, layout)


def print_verdicts(console: Console, name: str, verdicts: Sequence[Verdict], layout: Layout) -> None:
    """Verdicts that need attention, worst first; manual clauses only as a count."""
    wanted = [v for v in verdicts if layout.show_all or (v.outcome is not Outcome.PASS and v.grade != "manual")]
    manual = sum(v.grade == "manual" for v in verdicts)
    if not wanted and not manual:
        return
    console.print(f"  {escape(name)}", style="bold", highlight=False)
    for text, where, outcome in sentences(wanted, layout):
        style, icon = STYLE[outcome]
        line(console, escape(text) + (f"\n[dim]{escape(where)}[/]" if where else ""), icon, style)
    if manual and not layout.show_all:
        console.print(f"    {WORDS[layout.lang]['manual'].format(n=manual)}", style="dim", highlight=False)


def line(console: Console, text: str, icon: str, style: str) -> None:
    """One indented line with its icon; what does not fit goes on below the text, not below the icon."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(f"[{style}]{icon}[/]", text)
    console.print(Padding(grid, (0, 0, 0, 4), expand=False), highlight=False)


def sentences(verdicts: Sequence[Verdict], layout: Layout) -> list[tuple[str, str, Outcome]]:
    """(sentence, where and what to do, outcome), worst first.

    Unless every verdict is listed, quantities that could not be assessed for the same reason share a sentence: what
    matters there is the reason.
    """
    lang = layout.lang
    out: list[tuple[str, str, Outcome]] = []
    shared: dict[str, dict[str, None]] = {}
    for verdict in sorted(verdicts, key=lambda v: ORDER.index(v.outcome)):
        together = verdict.outcome is Outcome.NOT_ASSESSABLE and not layout.show_all
        if together and verdict.quantity and verdict.reason:
            names = shared.setdefault(reason_text(verdict.reason, lang), {})
            names[quantity_name(verdict.quantity, lang)] = None
        else:
            requirement = layout.requirements.get((verdict.standard, verdict.criterion), "")
            out.append((verdict_text(verdict, lang, requirement), place_text(verdict, lang), verdict.outcome))
    word = OUTCOME_WORDS[lang][Outcome.NOT_ASSESSABLE]
    for reason, names in shared.items():
        text = f"{'、'.join(names)}：{word}：{reason}" if lang == "zh" else f"{', '.join(names)}: {word}: {reason}"
        out.append((text, "", Outcome.NOT_ASSESSABLE))
    return out


def exam_title(exam: Exam) -> str:
    """Date, modality and description, as far as they are known; never a name."""
    first = exam.series[0].first
    date = first.text("StudyDate") or ""
    day = f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 else date
    return "  ".join(part for part in (day, exam.modality, first.text("StudyDescription") or "") if part)


def series_names(exam: Exam, lang: str) -> dict[str, str]:
    """A name for each series by its UID: the description, else the number; equal names get the number, or the UID."""
    plain = {series.uid: series_name(series, lang) for series in exam.series}
    marks = {series.uid: series.first.number("SeriesNumber") for series in exam.series}
    taken, numbered = Counter(plain.values()), Counter((plain[uid], marks[uid]) for uid in plain)
    out = {}
    for uid, name in plain.items():
        by_number = marks[uid] is not None and numbered[name, marks[uid]] == 1
        mark = f"#{marks[uid]:g}" if by_number else f"…{uid[-8:]}"
        out[uid] = name if taken[name] == 1 else f"{name} {mark}"
    return out


def series_name(series: Series, lang: str) -> str:
    """The description; without one the series number."""
    description = series.first.text("SeriesDescription")
    number = series.first.number("SeriesNumber")
    if description:
        return description
    return WORDS[lang]["unnumbered"] if number is None else WORDS[lang]["unnamed"].format(n=f"{number:g}")


def visible(path: str) -> str:
    """A path that can be written anywhere: bytes that are no text are shown as they are numbered."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def counts(verdicts: Iterable[Verdict]) -> Counter[Outcome]:
    """How many verdicts of each outcome."""
    return Counter(v.outcome for v in verdicts)


def count_cells(verdicts: Sequence[Verdict]) -> list[str]:
    """Table cells of the four counts; zero as a middle dot, so that the eye finds what is there."""
    found = counts(verdicts)
    cells = []
    for outcome in COLUMNS:
        n = found[outcome]
        cells.append(f"[{STYLE[outcome][0]}]{n}[/]" if n else "[bright_black]·[/]")
    return cells


def totals_text(totals: Counter[Outcome], lang: str) -> str:
    """Counts of the four outcomes in one line."""
    return "  ".join(f"[{STYLE[o][0]}]{STYLE[o][1]} {OUTCOME_WORDS[lang][o]} {totals[o]}[/]" for o in COLUMNS)
