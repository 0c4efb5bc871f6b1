"""`yingheng check`: judge every exam below some folders, without a database."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from imagingqc.clinical.method import Pace
from imagingqc.criteria.load import load_builtin, load_standard
from imagingqc.criteria.model import Outcome, Standard
from imagingqc.dicom.model import Exam, Series, Unreadable
from imagingqc.dicom.series import ScanResult, process_pool, scan
from imagingqc.errors import RuleError
from imagingqc.evaluate import (
    DEFAULT_STANDARDS,
    ExamResult,
    SeriesResult,
    evaluate_exam,
    evaluate_series,
    exam_item,
    report_dict,
)
from yingheng.cli.check_table import print_report, report_console

EXIT_OK, EXIT_FAIL, EXIT_NOTHING, EXIT_BROKEN = 0, 1, 2, 3


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--standard", "standard_ids", multiple=True, help="标准编号或 TOML 文件，可重复 · standard id or TOML file"
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="写 JSON · write JSON")
@click.option("--html", "html_file", type=click.Path(path_type=Path, dir_okay=False), help="写 HTML · write HTML")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="并行进程数 · processes")
@click.option("--fast", is_flag=True, help="只测快速项目，数秒完成 · only what takes seconds")
@click.option("--lang", default="zh", show_default=True, type=click.Choice(["zh", "en"]))
@click.option(
    "--all", "show_all", is_flag=True, help="列出全部结论 · list every verdict, not only what needs attention"
)
def check(  # noqa: PLR0913, PLR0917 - one argument for each option
    paths: tuple[Path, ...],
    standard_ids: tuple[str, ...],
    json_file: Path | None,
    html_file: Path | None,
    jobs: int,
    fast: bool,  # noqa: FBT001 - click passes options by name
    lang: str,
    show_all: bool,  # noqa: FBT001
) -> None:
    """Evaluate every series below PATHS.

    Exit code 0: something was assessed and nothing failed; 1: at least one FAIL; 2: bad arguments, nothing
    readable or nothing that could be assessed; 3: the program broke.  Unreadable files are listed and do not change
    the code.
    """
    try:
        standards = choose_standards(standard_ids)
        refuse_lost_folder(json_file, "--json")
        refuse_lost_folder(html_file, "--html")
        with progress_bar() as progress:
            found = scan_with_progress(paths, jobs, progress, lang)
            exams = evaluate_all(found.exams, standards, jobs, progress, lang, "fast" if fast else "full")
        if json_file:
            write(json_file, json_text(standards, exams, found.unreadable, lang), "--json")
        if html_file:
            from yingheng.cli.check_html import html_report  # noqa: PLC0415 - its templates are slow to load

            write(html_file, html_report(standards, exams, found.unreadable, lang), "--html")
        print_report(report_console(), standards, exams, found.unreadable, lang=lang, show_all=show_all)
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception:  # noqa: BLE001 - Python would end with 1, and a script would take a crash for a failed exam
        traceback.print_exc()
        sys.exit(EXIT_BROKEN)
    sys.exit(exit_code(exams))


def json_text(
    standards: Sequence[Standard], exams: Sequence[ExamResult], unreadable: Sequence[Unreadable], lang: str
) -> str:
    """The report as JSON text; numbers that JSON does not know (NaN, infinity) are an error, never written."""
    report = report_dict(standards, exams, unreadable, lang)
    return json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def refuse_lost_folder(file: Path | None, option: str) -> None:
    """Say at once, not after all the work, that there is no folder to write into."""
    if file is not None and not file.absolute().parent.is_dir():
        raise click.BadParameter(f"{file.parent}: 没有此文件夹 · no such folder", param_hint=option)


def write(file: Path, text: str, option: str) -> None:
    """Write a report; a place that cannot be written is a bad argument (exit code 2), never a failed exam."""
    try:
        file.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror}", param_hint=option) from error


def choose_standards(wanted: Sequence[str]) -> tuple[Standard, ...]:
    """Standards by id or file; the defaults when none is named.  Bad ones end the command with exit code 2."""
    builtin = load_builtin()
    chosen: list[Standard] = []
    for name in wanted or DEFAULT_STANDARDS:
        try:
            chosen.append(load_standard(Path(name)) if name.endswith(".toml") else builtin[name])
        except KeyError:
            known = ", ".join(sorted(builtin))
            raise click.BadParameter(
                f"{name}: 没有此标准 · no such standard ({known})", param_hint="--standard"
            ) from None
        except (RuleError, OSError) as error:
            raise click.BadParameter(str(error), param_hint="--standard") from error
    return tuple(dict.fromkeys(chosen))


def progress_bar() -> Progress:
    """Progress on standard error, so that the report on standard output stays clean."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def scan_with_progress(paths: Sequence[Path], jobs: int, progress: Progress, lang: str) -> ScanResult:
    """Read every header below the paths."""
    task = progress.add_task("读取文件头" if lang == "zh" else "reading headers", total=None)
    return scan(paths, jobs, lambda done, total: progress.update(task, completed=done, total=total))


def evaluate_all(
    exams: Sequence[Exam], standards: Sequence[Standard], jobs: int, progress: Progress, lang: str, pace: Pace
) -> list[ExamResult]:
    """Evaluate all series (in a process pool when jobs > 1), then each exam, in the order of the scan."""
    items = {exam.study_uid: exam_item(exam).fact for exam in exams}
    work = [(series, tuple(standards), items[exam.study_uid], pace) for exam in exams for series in exam.series]
    task = progress.add_task("评价序列" if lang == "zh" else "evaluating series", total=len(work))
    results: dict[str, list[SeriesResult]] = {exam.study_uid: [] for exam in exams}

    def collect(result: SeriesResult) -> None:
        results[result.series.study_uid].append(result)
        progress.advance(task)

    if jobs > 1 and len(work) > 1:
        with process_pool(min(jobs, len(work))) as pool:
            for result in pool.map(_evaluate_one, work):
                collect(result)
    else:
        for item in work:
            collect(_evaluate_one(item))
    return [_whole_exam(exam, results[exam.study_uid], standards) for exam in exams]


def _whole_exam(exam: Exam, results: Sequence[SeriesResult], standards: Sequence[Standard]) -> ExamResult:
    return evaluate_exam(exam, {r.series.uid: r.stacks for r in results}, standards, results=results)


def _evaluate_one(work: tuple[Series, tuple[Standard, ...], str, Pace]) -> SeriesResult:
    series, standards, item, pace = work
    return evaluate_series(series, standards, item=item, pace=pace)


def exit_code(exams: Sequence[ExamResult]) -> int:
    """The documented exit code; clauses that only a person can judge count as not assessed."""
    outcomes = {v.outcome for e in exams for v in e.all_verdicts() if v.grade != "manual"}
    if Outcome.FAIL in outcomes:
        return EXIT_FAIL
    return EXIT_OK if outcomes & {Outcome.PASS, Outcome.NEEDS_HUMAN} else EXIT_NOTHING
