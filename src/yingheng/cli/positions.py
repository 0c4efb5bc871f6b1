"""`yingheng positions`: the position of review cases that were drawn before positions were found."""

from __future__ import annotations

from pathlib import Path

import click

from yingheng.cli import platform


@click.command("positions")
@platform.home_option
@click.option(
    "--again",
    is_flag=True,
    help="全部重判（人工录入的除外） · all but those that a person entered, e.g. after a change",
)
def positions(home: Path | None, again: bool) -> None:  # noqa: FBT001
    """Find the position of cases of film review; figures by position follow.  Safe to repeat."""
    platform.start(home)
    platform.migrate()
    from yingheng.review.services.positioning import positions_fill  # noqa: PLC0415 - after Django is set up

    looked, known = positions_fill(again=again)
    click.echo(f"已查看病例 {looked}，确定体位 {known}")
