"""`yingheng import`: folders of DICOM into the platform."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from yingheng.cli import platform

if TYPE_CHECKING:
    from yingheng.ingest.services import ImportResult
    from yingheng.tenancy.models import Organisation

_STEPS = {"headers": "读取文件头 · headers", "objects": "入库 · objects"}


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@platform.home_option
@click.option("--hospital", "code", help="医院代码（只有一家时可省略） · code of the hospital")
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1, 64), help="读取文件头的进程数 · processes")
@click.option("--evaluate", is_flag=True, help="入库后立即在本进程评价 · evaluate here and now, without a worker")
def import_(paths: tuple[Path, ...], home: Path | None, code: str | None, jobs: int, evaluate: bool) -> None:  # noqa: FBT001
    """Import every DICOM object below PATHS.  Running it again changes nothing.

    Evaluation is done by the workers of `yingheng serve`, or at once with --evaluate.  Exit code 2: nothing readable.
    """
    platform.start(home)
    platform.migrate()
    hospital = platform.the_hospital(code)
    with stored_or_said():
        result = import_folders(hospital, paths, jobs=jobs)
    console = Console()
    console.print(
        f"新入库 {result.n_created}，已有 {result.n_duplicates}，隔离 {result.n_quarantined}，"
        f"检查 {len(result.exam_ids)}，无法读取 {len(result.unreadable)}",
        highlight=False,
    )
    for item in result.unreadable:
        console.print(f"  {item.path}: {item.reason.text('zh')}", highlight=False, markup=False)
    if evaluate:
        from yingheng.jobs.worker import run_due_here  # noqa: PLC0415

        run_due_here(limit=1_000_000)
    if not (result.n_created or result.n_duplicates or result.n_quarantined):
        sys.exit(2)


@contextmanager
def stored_or_said() -> Iterator[None]:
    """A full disk or a folder that cannot be written, in words instead of a trace."""
    from django.db import OperationalError  # noqa: PLC0415

    try:
        yield
    except (OSError, OperationalError) as error:
        raise click.ClickException(
            f"数据无法写入：{error}。已入库的部分完好；排除故障后重新运行同一命令即可续完 · "
            f"cannot write the data: {error}. What is stored is sound; mend it and run the same command again"
        ) from error


def import_folders(
    hospital: Organisation, paths: tuple[Path, ...], *, jobs: int = 2, demo: bool = False
) -> ImportResult:
    """Import with a progress bar on standard error."""
    from yingheng.audit.actor import Actor  # noqa: PLC0415
    from yingheng.ingest.services import folder_import  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(_STEPS[step], total=total)
            bar.update(tasks[step], completed=done, total=total)

        actor = Actor("system:import", "yingheng import")
        return folder_import(hospital=hospital, paths=paths, actor=actor, demo=demo, jobs=jobs, progress=show)
