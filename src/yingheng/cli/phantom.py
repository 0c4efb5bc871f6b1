"""`yingheng phantom`: one performance test on images of a phantom, without a database."""

from __future__ import annotations

import json
import sys
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from imagingqc.criteria.model import TESTS as TEST_TYPES
from imagingqc.criteria.model import Outcome, Standard
from imagingqc.dicom.model import Series, Unreadable
from imagingqc.dicom.series import ScanResult, scan
from imagingqc.errors import AnalysisError
from imagingqc.phantom.model import Parameter, PhantomResult, PhantomTest
from imagingqc.phantom.registry import TESTS, test_named
from imagingqc.phantom.run import analyse, judge
from imagingqc.phantom.standards import default_standards
from imagingqc.quantity import Value
from yingheng.cli.check import choose_standards, refuse_lost_folder, write
from yingheng.cli.check_table import report_console
from yingheng.cli.phantom_table import print_notes, print_result, print_tests

EXIT_OK, EXIT_FAIL, EXIT_REFUSED, EXIT_BROKEN = 0, 1, 2, 3
STANDARD_OUTPUT = Path("-")


@click.command()
@click.argument("test", required=False)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--list", "list_tests", is_flag=True, help="列出全部检测与参数 · list the tests and their parameters")
@click.option(
    "--type",
    "test_type",
    default="status",
    show_default=True,
    type=click.Choice(TEST_TYPES),
    help="验收、状态或稳定性检测 · kind of test",
)
@click.option(
    "--standard", "standard_ids", multiple=True, help="标准编号或 TOML 文件，可重复 · standard id or TOML file"
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="检测参数，可重复 · parameter of the test")
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="写 JSON，- 为标准输出 · write JSON, - for standard output",
)
@click.option("--lang", default="zh", show_default=True, type=click.Choice(["zh", "en"]))
def phantom(  # noqa: PLR0913, PLR0917 - one argument for each option
    test: str | None,
    paths: tuple[Path, ...],
    list_tests: bool,  # noqa: FBT001 - click passes options by name
    test_type: str,
    standard_ids: tuple[str, ...],
    settings: tuple[str, ...],
    json_file: Path | None,
    lang: str,
) -> None:
    """Run the performance test TEST on the images below PATHS and judge it.

    Exit code 0: measured, and no limit failed; 1: at least one FAIL; 2: refused, nothing to measure, or bad
    arguments; 3: the program broke.
    """
    if list_tests:
        print_tests(report_console(), TESTS, lang)
        return
    chosen = choose_test(test, paths)
    try:
        parameters = read_settings(chosen, settings)
        if json_file != STANDARD_OUTPUT:
            refuse_lost_folder(json_file, "--json")
        asked = choose_standards(standard_ids) if standard_ids else None
        found = scan(paths)
        series, ignored = images_for(chosen, found)
        measured = analyse(chosen, series, parameters)
        standards = asked if asked is not None else own_standards(measured)
        result = judge(measured, standards, test_type)
        report(chosen, result, standards, found.unreadable, ignored, json_file, lang)
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception:  # noqa: BLE001 - Python would end with 1, and a script would take a crash for a failed test
        traceback.print_exc()
        sys.exit(EXIT_BROKEN)
    sys.exit(exit_code(result))


def choose_test(name: str | None, paths: Sequence[Path]) -> PhantomTest:
    """The test by name; without name, images or with an unknown name the command ends with exit code 2."""
    if name is None:
        raise click.UsageError("请写出检测名称，或用 --list 列出 · name a test, or list them with --list")
    try:
        chosen = test_named(name)
    except AnalysisError as error:
        both = f"{error.reason.text('zh')} · {error.reason.text('en')}"
        raise click.BadParameter(both, param_hint="TEST") from error
    if not paths:
        raise click.UsageError("请写出图像文件或文件夹 · name files or folders of images")
    return chosen


def read_settings(test: PhantomTest, settings: Sequence[str]) -> dict[str, Value]:
    """`KEY=VALUE` of the command line as the parameters of the test; bad ones end the command with exit code 2."""
    known = {p.key: p for p in test.parameters}
    given: dict[str, Value] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or key not in known:
            there = ", ".join(known) or "-"
            raise click.BadParameter(
                f"{setting}: 没有此参数，现有 · no such parameter, there are: {there}", param_hint="--set"
            )
        try:
            given[key] = parameter_value(known[key], text.strip())
        except (ValueError, KeyError) as error:
            raise click.BadParameter(f"{setting}: 值不可用 · the value cannot be used", param_hint="--set") from error
    return given


def parameter_value(parameter: Parameter, text: str) -> Value:
    """The text of a parameter in its kind; "numbers" are separated by commas.  ValueError when it does not fit."""
    match parameter.kind:
        case "number":
            return finite(text)
        case "integer":
            return int(text)
        case "numbers":
            return tuple(finite(part) for part in text.split(","))
        case "flag":
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
        case "choice" if text not in parameter.choices:
            raise ValueError(text)
        case _:
            return text


def finite(text: str) -> float:
    """A finite number; ValueError else."""
    value = float(text)
    if value - value != 0:
        raise ValueError(text)
    return value


def images_for(test: PhantomTest, found: ScanResult) -> tuple[list[Series], dict[str, int]]:
    """The series to measure, and how many objects of each modality were left out.

    Objects without a picture (plans, structures, reports) are left out, and so are images of other devices where there
    are some of the test's own; without any of these the test says itself why it refuses.
    """
    ignored: Counter[str] = Counter()
    pictures: list[Series] = []
    for series in (s for exam in found.exams for s in exam.series):
        if any(i.rows and i.frames for i in series.instances):
            pictures.append(series)
        else:
            ignored[series.modality] += len(series.instances)
    own = [s for s in pictures if s.modality in test.modalities]
    for series in pictures if own else []:
        if series.modality not in test.modalities:
            ignored[series.modality] += len(series.instances)
    return own or pictures, dict(sorted(ignored.items()))


def own_standards(result: PhantomResult) -> tuple[Standard, ...]:
    """The standards of the device and of the phantom that was found."""
    ids = default_standards(result.modality, result.found.phantom if result.found else None)
    return choose_standards(ids) if ids else ()


def report(
    test: PhantomTest,
    result: PhantomResult,
    standards: Sequence[Standard],
    unreadable: Sequence[Unreadable],
    ignored: Mapping[str, int],
    json_file: Path | None,
    lang: str,
) -> None:
    """Write the JSON and print the table; with the JSON on standard output the table is left out."""
    if json_file is not None:
        text = json_text(result, standards, unreadable, ignored, lang)
        if json_file == STANDARD_OUTPUT:
            click.echo(text, nl=False)
        else:
            write(json_file, text, "--json")
    console = Console(stderr=True) if json_file == STANDARD_OUTPUT else report_console()
    if json_file != STANDARD_OUTPUT:
        print_result(console, test, result, standards, lang)
    print_notes(console, unreadable, ignored, lang)


def json_text(
    result: PhantomResult,
    standards: Sequence[Standard],
    unreadable: Sequence[Unreadable],
    ignored: Mapping[str, int],
    lang: str,
) -> str:
    """The result as JSON text; numbers that JSON does not know (NaN, infinity) are an error, never written."""
    data: dict[str, Any] = result.as_dict(lang)
    data |= {
        "language": lang,
        "modality": result.modality,
        "standards": [s.id for s in standards] if result.found else [],
        "ignored": dict(ignored),
        "unreadable": [
            {"path": u.path, "reason": u.reason.text(lang), "reason_code": u.reason.code} for u in unreadable
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def exit_code(result: PhantomResult) -> int:
    """The documented exit code."""
    if result.found is None:
        return EXIT_REFUSED
    return EXIT_FAIL if any(v.outcome is Outcome.FAIL for v in result.verdicts) else EXIT_OK
