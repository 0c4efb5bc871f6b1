"""`yingheng cells`: prove that stored figures equal a recount of the facts, or put the recount in their place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from yingheng.cli import platform

if TYPE_CHECKING:
    from yingheng.rollups.recounting import Proof
    from yingheng.tenancy.scope import Scope

_SHOWN = 20  # differences of one indicator


@click.command("cells")
@platform.home_option
@click.option("--verify/--rebuild", "verify", default=True, help="核对（默认）或重算 · prove (default) or put right")
@click.option("--only", default="", metavar="NAME", help="只看以此开头的指标，如 review. · indicators that begin so")
@click.option("--hospital", default="", metavar="CODE", help="只看一家医院 · one hospital alone")
def cells(home: Path | None, *, verify: bool, only: str, hospital: str) -> None:
    """Figures of statistics pages are sums kept beside the facts: recount them.  Exit code 1 where they differ.

    The recount holds writers off while it runs: on a large installation choose a quiet hour.
    """
    platform.start(home)
    platform.migrate()
    scope = _scope(hospital)
    if not verify:
        from yingheng.rollups.recounting import cells_rebuild  # noqa: PLC0415 - Django starts first

        for name, n in cells_rebuild(scope, only):
            click.echo(f"{name:<28}{n:>10}")
        return
    from yingheng.rollups.recounting import cells_verify  # noqa: PLC0415

    differing = sum(_told(proof) for proof in cells_verify(scope, only))
    if differing:
        click.echo("用 --rebuild 重算 · --rebuild puts the recount in their place")
        raise SystemExit(1)


def _scope(code: str) -> Scope:
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415
    from yingheng.tenancy.scope import Scope  # noqa: PLC0415

    if not code:
        return Scope.everything()
    found = Organisation.objects.filter(code=code).first()
    if found is None:
        raise click.UsageError("没有这家医院 · no such hospital")
    return Scope.of_organisation(found)


def _told(proof: Proof) -> int:
    """Print what one recount came to; how many differences there are."""
    n = len(proof.differences)
    word = "一致 · equal" if not n else f"{n} 处不一致 · differ"
    click.echo(f"{proof.indicator:<28}{word}")
    for one in proof.differences[:_SHOWN]:
        click.echo(f"  {one}")
    if n > _SHOWN:
        click.echo(f"  … {n - _SHOWN}")
    return n
