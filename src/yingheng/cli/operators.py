"""`yingheng operators`: who made the exams that were catalogued before operators were kept."""

from __future__ import annotations

from pathlib import Path

import click

from yingheng.cli import platform


@click.group("operators")
def operators() -> None:
    """Operators: who made which exam."""


@operators.command("read")
@platform.home_option
@click.option("--hospital", "code", help="医院代码（只有一家时可省略） · code of the hospital")
@click.option("--again", is_flag=True, help="从头再读 · begin anew")
def read(home: Path | None, code: str | None, again: bool) -> None:  # noqa: FBT001
    """Read operators from one stored header of each series; can be stopped and goes on where it was."""
    platform.start(home)
    platform.migrate()
    from yingheng.catalog.models import OperatorWalk  # noqa: PLC0415 - after Django is set up
    from yingheng.catalog.services.operators_backfilling import operators_walk, operators_walk_again  # noqa: PLC0415

    hospital = platform.the_hospital(code)
    if again:
        operators_walk_again(hospital=hospital)
    while operators_walk(hospital=hospital):
        pass
    walk = OperatorWalk.objects.get(hospital=hospital)
    click.echo(f"已查看检查 {walk.n_exams}，无法读取的序列 {walk.n_unreadable}")
