"""`yingheng items`: which texts of exams have no item yet, and mappings to and from a table."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from yingheng.cli import platform

if TYPE_CHECKING:
    from yingheng.catalog.selectors import KeyGroup
    from yingheng.tenancy.models import Organisation

COLUMNS = ("key", "decision", "item", "reason", "n_exams", "state", "suggested")
_DECIDED = ("item", "not_exam")
hospital_option = click.option("--hospital", "code", help="医院代码（只有一家时可省略） · code of the hospital")


@click.group("items", invoke_without_command=True)
@click.pass_context
@platform.home_option
@hospital_option
def items(context: click.Context, home: Path | None, code: str | None) -> None:
    """List the texts of exams that have no item yet; `export` and `import` carry mappings for review elsewhere."""
    platform.start(home)
    platform.migrate()
    context.obj = platform.the_hospital(code)
    if context.invoked_subcommand is None:
        _show(context.obj)


@items.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def export(hospital: Organisation, file: Path) -> None:
    """Write every text of the hospital, what is decided of it and what is suggested, as CSV (UTF-8)."""
    rows = list(_rows(hospital))
    try:
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.DictWriter(out, COLUMNS)
            writer.writeheader()
            writer.writerows({name: _unformed(value) for name, value in row.items()} for row in rows)
    except OSError as error:
        raise click.BadParameter(f"{file}: {error.strerror}", param_hint="FILE") from error
    click.echo(f"{len(rows)} 条描述写入 {file} · texts written")


@items.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--by", "name", required=True, help="决定人姓名，写入审计 · who decided, for the audit trail")
@click.pass_obj
def import_(hospital: Organisation, file: Path, name: str) -> None:
    """Take the decisions of a table: column `decision` is item or not_exam, `item` a code; all or nothing.

    Rows without a decision, and those that say what holds already, change nothing.
    """
    from django.db import transaction  # noqa: PLC0415

    from yingheng.audit.actor import Actor  # noqa: PLC0415

    if not name.strip():
        raise click.BadParameter("请填写姓名 · give a name", param_hint="--by")
    actor = Actor("system:items-import", name.strip())
    with transaction.atomic():
        taken = sum(_take(hospital, actor, n, row) for n, row in enumerate(_read(file), 2))
    click.echo(f"{taken} 条决定已采用；受影响的检查将重新判定 · decisions taken; exams they change are judged anew")


def _show(hospital: Organisation) -> None:
    """Texts that wait, with the best suggestion, the most exams first."""
    table = Table("检查 · exams", "类别", "描述 · text", "建议 · suggested")
    rows = [row for row in _rows(hospital) if row["state"] == "unmapped"]
    for row in rows:
        modality, _, text = row["key"].partition("|")
        table.add_row(str(row["n_exams"]), modality, text or "—", row["suggested"])
    console = Console()
    console.print(table)
    n = sum(row["n_exams"] for row in rows)
    console.print(f"{len(rows)} 条描述、{n} 个检查未对照项目 · texts and exams without an item", highlight=False)


def _rows(hospital: Organisation) -> Iterator[dict[str, Any]]:
    from yingheng.catalog.selectors import key_group, key_groups, suggestions_of  # noqa: PLC0415
    from yingheng.registry.selectors import item_mapping_list  # noqa: PLC0415
    from yingheng.tenancy.scope import Scope  # noqa: PLC0415

    scope = Scope.of_organisation(hospital)
    decided = {row.key: row for row in item_mapping_list(scope)}
    for state in ("unmapped", "mapped", "excluded"):
        groups: list[KeyGroup] = [key_group(row) for row in key_groups(scope, state=state)]
        suggested = suggestions_of(scope, groups) if state == "unmapped" else {}
        for group in groups:
            found = suggested.get((group.hospital_id, group.key), ())
            mapping = decided.get(group.key)
            yield {
                "key": group.key,
                "decision": mapping.verb if mapping else "",
                "item": group.item,
                "reason": mapping.reason if mapping else "",
                "n_exams": group.n_exams,
                "state": state,
                "suggested": " ".join(f"{s.item}({s.score:.2f})" if s.like else s.item for s in found),
            }


def _unformed(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@"} else value


def _read(file: Path) -> list[dict[str, str]]:
    """Rows of the table; BadParameter when it is none, or lacks a column."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            reader = csv.DictReader(source)
            missing = {"key", "decision", "item"} - set(reader.fieldnames or ())
            if missing:
                raise click.BadParameter(f"缺少列 · columns missing: {', '.join(sorted(missing))}", param_hint="FILE")
            return list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise click.BadParameter(f"{file}: 不是 UTF-8 的 CSV · not CSV in UTF-8", param_hint="FILE") from error


def _take(hospital: Organisation, actor: Any, line: int, row: dict[str, str]) -> bool:
    """One row; True when it changed what holds."""
    from yingheng.catalog.services import item_key_decide  # noqa: PLC0415
    from yingheng.common.errors import Conflict, Invalid, error_text  # noqa: PLC0415
    from yingheng.registry.selectors import item_mapping_current  # noqa: PLC0415
    from yingheng.registry.services import exam_item_of  # noqa: PLC0415

    verb = (row["decision"] or "").strip()
    key = (row["key"] or "").removeprefix("'")
    if not verb:
        return False
    if verb not in _DECIDED:
        raise click.ClickException(f"第 {line} 行：decision 应为 item 或 not_exam · line {line}: item or not_exam")
    try:
        item = exam_item_of((row["item"] or "").strip()) if verb == "item" else None
        current = item_mapping_current(hospital.pk, key)
        if current is not None and current.verb == verb and current.item == item:
            return False
        reason = (row.get("reason") or "").strip()
        item_key_decide(actor=actor, hospital=hospital, key=key, verb=verb, item=item, reason=reason)
    except (Conflict, Invalid) as error:
        raise click.ClickException(f"第 {line} 行 · line {line}: {error_text(error)}") from error
    return True
