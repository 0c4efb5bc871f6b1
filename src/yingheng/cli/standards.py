"""`yingheng standards`: list, show and lint the standards that exams and devices are judged by."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from imagingqc.criteria.explain import CONFIDENCE_WORDS, limit_text
from imagingqc.criteria.load import lint as lint_file
from imagingqc.criteria.load import load_builtin, load_standard
from imagingqc.criteria.model import Criterion, Standard
from imagingqc.criteria.words import GRADE_WORDS, LEVEL_WORDS, applies_text
from imagingqc.errors import RuleError

WORDS = {
    "zh": {
        "id": "编号",
        "title": "标题",
        "level": "级别",
        "automatic": "自动条款",
        "manual": "人工条款",
        "valid_from": "生效日期",
        "unknown": "未注明",
        "clause": "条款",
        "requirement": "要求",
        "applies": "对象",
        "limit": "限值",
        "grade": "判定方式",
        "confidence": "可信度",
        "sound": "{n} 个文件，没有错误",
        "broken": "{n} 个文件，{e} 处错误",
        "none": "没有找到 TOML 文件",
    },
    "en": {
        "id": "id",
        "title": "title",
        "level": "level",
        "automatic": "automatic",
        "manual": "by a person",
        "valid_from": "valid from",
        "unknown": "not stated",
        "clause": "clause",
        "requirement": "requirement",
        "applies": "about",
        "limit": "limit",
        "grade": "judged",
        "confidence": "confidence",
        "sound": "{n} files, no errors",
        "broken": "{n} files, {e} errors",
        "none": "no TOML file found",
    },
}
lang_option = click.option("--lang", default="zh", show_default=True, type=click.Choice(["zh", "en"]))


@click.group()
def standards() -> None:
    """查看与校验标准 · list, show and lint standards."""


@standards.command("list")
@lang_option
def list_standards(lang: str) -> None:
    """Every built-in standard with the number of automatic and manual clauses."""
    words = WORDS[lang]
    table = Table(show_edge=False, pad_edge=False, header_style="dim")
    for key in ("id", "title", "level"):
        table.add_column(words[key], overflow="fold")
    table.add_column(words["automatic"], justify="right")
    table.add_column(words["manual"], justify="right")
    table.add_column(words["valid_from"])
    for standard in load_builtin().values():
        manual = sum(c.grade == "manual" for c in standard.criteria)
        table.add_row(
            standard.id,
            escape(standard.title if lang == "zh" else standard.title_en),
            LEVEL_WORDS[lang][standard.level],
            str(len(standard.criteria) - manual),
            str(manual),
            standard.valid_from.isoformat() if standard.valid_from else words["unknown"],
        )
    Console().print(table)


@standards.command("show")
@click.argument("standard_id", metavar="ID")
@lang_option
def show_standard(standard_id: str, lang: str) -> None:
    """Every clause of one standard, by its id or the path of a TOML file."""
    standard = find_standard(standard_id)
    words = WORDS[lang]
    console = Console()
    console.print(f"[bold]{escape(standard.title if lang == 'zh' else standard.title_en)}[/]", highlight=False)
    begun = standard.valid_from.isoformat() if standard.valid_from else words["unknown"]
    facts = (standard.id, LEVEL_WORDS[lang][standard.level], f"{words['valid_from']}: {begun}", standard.source)
    console.print(escape(" · ".join(facts)), style="dim", highlight=False)
    table = Table(show_edge=False, pad_edge=False, header_style="dim", show_lines=True)
    table.add_column(words["clause"], overflow="fold")
    table.add_column(words["requirement"], overflow="fold", ratio=1)
    for key in ("applies", "limit", "grade", "confidence"):
        table.add_column(words[key], overflow="fold")
    for criterion in standard.criteria:
        table.add_row(*(escape(cell) for cell in criterion_cells(criterion, lang)))
    console.print(table)


@standards.command("lint")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@lang_option
def lint_standards(paths: tuple[Path, ...], lang: str) -> None:
    """Check rule files, or every TOML file below a folder; lists each error as file:criterion:field.

    Exit code 0: all sound; 1: at least one error; 2: bad arguments or no TOML file.
    """
    words = WORDS[lang]
    found = sorted(set(rule_files(paths)))
    if not found:
        raise click.UsageError(words["none"])
    errors = [error for file in found for error in lint_file(file)]
    for error in errors:
        click.echo(error.reason.text(lang))
    summary = words["broken"] if errors else words["sound"]
    click.echo(summary.format(n=len(found), e=len(errors)), err=True)
    sys.exit(1 if errors else 0)


def criterion_cells(criterion: Criterion, lang: str) -> tuple[str, ...]:
    """Clause, requirement, what it is about, limit, way of judging and confidence of one criterion."""
    limit = limit_text(criterion.limit, criterion.unit, lang) if criterion.limit else ""
    return (
        criterion.clause,
        criterion.text if lang == "zh" else criterion.text_en,
        applies_text(criterion, lang),
        limit,
        GRADE_WORDS[lang][criterion.grade],
        CONFIDENCE_WORDS[lang][criterion.confidence],
    )


def find_standard(name: str) -> Standard:
    """A built-in standard by id, or the one in a TOML file; anything else ends the command with exit code 2."""
    builtin = load_builtin()
    if name in builtin:
        return builtin[name]
    if not name.endswith(".toml"):
        known = ", ".join(sorted(builtin))
        raise click.BadParameter(f"{name}: 没有此标准 · no such standard ({known})", param_hint="ID")
    try:
        return load_standard(Path(name))
    except RuleError as error:
        raise click.BadParameter(str(error), param_hint="ID") from error


def rule_files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files named, and every TOML file below the folders named."""
    for path in paths:
        if path.is_dir():
            yield from path.rglob("*.toml")
        else:
            yield path
