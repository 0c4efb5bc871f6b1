"""`yingheng intake`: the process that empties the spool into the catalog."""

from __future__ import annotations

from pathlib import Path

import click

from yingheng.cli import platform
from yingheng.cli.leaving import leave_with_stdin_option, watch_stdin


@click.command()
@platform.home_option
@click.option("--once", is_flag=True, help="入库完待处理文件后退出 · stop when nothing waits")
@leave_with_stdin_option
def intake(home: Path | None, once: bool, leave_with_stdin: bool) -> None:  # noqa: FBT001
    """Catalogue what receivers put into the spool, until interrupted."""
    if leave_with_stdin:
        watch_stdin("intake")
    platform.start(home)
    from yingheng.ingest.intake import run_intake  # noqa: PLC0415

    run_intake(once=once)
