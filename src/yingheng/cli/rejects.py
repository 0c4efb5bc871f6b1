"""`yingheng rejects`: logs of rejected exposures from the command line, and counting months anew."""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yingheng.cli import platform

if TYPE_CHECKING:
    from yingheng.registry.models import Device
    from yingheng.rejects.logs.decoding import Sheet
    from yingheng.rejects.logs.headings import Columns
    from yingheng.rejects.models import LogFile
    from yingheng.tenancy.models import Organisation

_DAY = click.DateTime(["%Y-%m-%d"])
_PAUSE_S = 30.0


@click.group("rejects")
@click.pass_context
@platform.home_option
@click.option("--hospital", "code", help="医院代码（只有一家时可省略） · code of the hospital")
def rejects(context: click.Context, home: Path | None, code: str | None) -> None:
    """Logs of devices with their rejected exposures; the reject rate."""
    platform.start(home)
    platform.migrate()
    context.obj = platform.the_hospital(code)


@rejects.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option(
    "--device", "name", required=True, help="设备名称、序列号或编号 · name, serial number or id of the device"
)
@click.option("--profile", default="", help="已保存的列对应名称 · name of saved columns")
@click.option("--first", type=_DAY, help="完整覆盖的首日，默认文件首日 · first whole day")
@click.option("--last", type=_DAY, help="完整覆盖的末日，默认文件末日 · last whole day")
@click.option("--by", "person", required=True, help="导入人姓名，写入审计 · who imports, for the audit trail")
@click.pass_obj
def import_(
    hospital: Organisation,
    file: Path,
    name: str,
    profile: str,
    first: dt.datetime | None,
    last: dt.datetime | None,
    person: str,
) -> None:
    """Import the log FILE of a device.  The same file, or one that overlaps, counts nothing twice.

    Exit code 2: it cannot be read, or its columns are not known (look at it on the page of logs then).
    """
    from yingheng.audit.actor import Actor  # noqa: PLC0415 - Django starts first
    from yingheng.common.errors import Conflict, Invalid, error_text  # noqa: PLC0415

    device = _device(hospital, name)
    try:
        row = _imported(
            Actor("system:rejects-import", person), device, file, profile,
            (first.date() if first else None, last.date() if last else None),
        )  # fmt: skip
    except (Conflict, Invalid) as error:
        raise click.UsageError(error_text(error)) from error
    click.echo(
        f"新增 {row.n_new} · new；已有 {row.n_known} · known；未接受 {row.n_refused} 行 · rows refused；"
        f"{row.first_day} – {row.last_day}"
    )
    for one in row.refused[:20]:
        click.echo(f"  {one['line']}: {_why(one)}", err=True)
    sys.exit(0 if row.state == "done" else 2)


def _imported(
    actor: object, device: Device, file: Path, profile: str, days: tuple[dt.date | None, dt.date | None]
) -> LogFile:
    from yingheng.rejects.services.importing import (  # noqa: PLC0415
        log_bring,
        log_import,
        log_preview,
        log_sheet,
        log_start,
    )

    row = log_bring(actor=actor, device=device, name=file.name, data=file.read_bytes())  # type: ignore[arg-type]
    columns = _columns(device, log_sheet(row), profile)
    found = log_preview(row, columns)
    first, last = days[0] or found.first, days[1] or found.last
    if first is None or last is None:
        raise click.UsageError("没有可读的行 · no row can be read")
    row = log_start(actor=actor, row=row, mapping=columns, first_day=first, last_day=last)  # type: ignore[arg-type]
    return log_import(row=row)


def _columns(device: Device, sheet: Sheet, profile: str) -> Columns:
    from yingheng.common.errors import Invalid  # noqa: PLC0415
    from yingheng.rejects.logs.headings import found_again, guessed  # noqa: PLC0415
    from yingheng.rejects.selectors import profile_list  # noqa: PLC0415

    if not profile:
        return guessed(sheet.rows)
    known = {one.name: one for one in profile_list(device.pk)}
    if profile not in known:
        raise click.BadParameter(f"没有此名称，现有 · there are: {', '.join(known) or '-'}", param_hint="--profile")
    found = found_again(sheet.rows, known[profile].mapping)
    if found is None:
        raise Invalid("rejects.columns_moved")
    return found


def _device(hospital: Organisation, name: str) -> Device:
    from yingheng.registry.selectors import device_find, device_list  # noqa: PLC0415
    from yingheng.tenancy.scope import Scope  # noqa: PLC0415

    scope = Scope.of_organisation(hospital)
    found = device_find(scope, name)
    several = [found] if found else [row for row in device_list(scope) if name in {row.name, row.label}]
    if len(several) != 1:
        raise click.BadParameter("没有或有多台这样的设备 · none or several such devices", param_hint="--device")
    return several[0]


def _why(one: dict[str, object]) -> str:
    from yingheng.common.errors import Invalid, error_text  # noqa: PLC0415

    return error_text(Invalid(str(one["why"]), **one["params"]))  # type: ignore[arg-type]


@rejects.command("count")
@click.option("--first", type=_DAY, help="自此日所在的月 · from the month of this day")
@click.pass_obj
def count(hospital: Organisation, first: dt.datetime | None) -> None:
    """Have every month with exposures or logs counted anew by the workers; `yingheng cells` proves the figures."""
    from yingheng.rejects.services.counting import months_recount  # noqa: PLC0415
    from yingheng.tenancy.scope import Scope  # noqa: PLC0415

    n = months_recount(Scope.of_organisation(hospital), first.date() if first else None)
    click.echo(f"{n} 个设备月将重新统计 · months of devices will be counted")


@rejects.command("watch")
@click.option("--once", is_flag=True, help="看一遍就退出 · look once and stop")
@click.pass_obj
def watch(hospital: Organisation, *, once: bool) -> None:
    """Look at the hospital's watched folders for logs, as the workers do every minute; what is taken they import.

    A file is taken at the second look, when it has been the same for as long as its folder says.  Exit code 1 with
    --once: a folder cannot be read, or a file was refused.
    """
    from yingheng.rejects.models import LogFolder  # noqa: PLC0415
    from yingheng.rejects.services.looking import folder_look  # noqa: PLC0415

    while True:
        clean = True
        for row in LogFolder.objects.filter(hospital=hospital, is_active=True).defer("seen").order_by("path"):
            found = folder_look(row.pk)
            clean = clean and not (found.trouble or found.refused)
            click.echo(
                f"{row.path}: 取走 {found.taken} · taken；内容已有 {found.same} · known；"
                f"拒绝 {found.refused} · refused；等待 {found.waiting} · waiting{_trouble(found.trouble)}"
            )
        if once:
            sys.exit(0 if clean else 1)
        time.sleep(_PAUSE_S)


def _trouble(code: str) -> str:
    from yingheng.common.errors import Invalid, error_text  # noqa: PLC0415

    return f"；{error_text(Invalid(code))}" if code else ""
