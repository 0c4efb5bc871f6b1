"""`yingheng storage`: what retention would remove, and doing it now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from yingheng.cli import platform


@click.group("storage")
@platform.home_option
def storage(home: Path | None) -> None:
    """Pixels are kept for a time, facts for good: `plan` shows what is due, `sweep` removes it now."""
    platform.start(home)
    platform.migrate()


@storage.command("plan")
@click.option("--limit", default=5000, show_default=True, type=click.IntRange(1), help="最多查看的序列数 · most series")
def plan(limit: int) -> None:
    """Show what would be removed and what holds back; nothing is changed."""
    from yingheng.catalog.services.retaining import retention_plan  # noqa: PLC0415 - Django starts first
    from yingheng.tenancy.scope import Scope  # noqa: PLC0415

    found = retention_plan(Scope.everything(), limit=limit)
    _print(found, "due", "将删除像素 · pixels to be removed", "类别 · modality")
    _print(found, "held", "到期但保留 · beyond their time, yet needed", "原因 · why")
    if not found["all"]:
        click.echo(f"只看了最早的 {limit} 个序列 · only the oldest {limit} series were looked at")


@storage.command("sweep")
def sweep() -> None:
    """Mark everything that is due and not needed; the workers then delete the objects."""
    from yingheng.catalog.services.retaining import retention_sweep  # noqa: PLC0415

    removed = 0
    while more := retention_sweep():
        removed += more
    click.echo(f"已标记 {removed} 个序列，评价进程随后删除文件 · series marked; the workers delete their files")


def _print(found: Mapping[str, Any], what: str, title: str, head: str) -> None:
    from yingheng.catalog.holds import hold_words  # noqa: PLC0415
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    names = {str(row.pk): row.name for row in Organisation.objects.filter(pk__in=list(found[what]))}
    table = Table("医院 · hospital", head, "序列 · series", "MB", title=title)
    for hospital, cells in found[what].items():
        for key, (n, size) in sorted(cells.items()):
            words = hold_words(key) if what == "held" else key
            table.add_row(names.get(hospital, hospital), words, str(n), f"{size / 1e6:.1f}")
    if table.row_count:
        Console().print(table)
    else:
        click.echo(f"{title}：无 · none")
