"""`yingheng doctor`: is this installation sound?"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click
from rich.console import Console
from rich.table import Table

from yingheng.cli import platform

State = Literal["ok", "warn", "fail"]
_MARKS = {"ok": "[green]✓[/]", "warn": "[yellow]◐[/]", "fail": "[bold red]✕[/]"}
_LOW_DISK_GIB = 10


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of the doctor: what was looked at, how it is, and what to do."""

    name: str
    state: State
    words: str


@click.command()
@platform.home_option
def doctor(home: Path | None) -> None:
    """Look at data folder, database, migrations, audit chains, stored objects, decoders, pages and jobs.

    Exit code 1 when something is broken.  Changes nothing.
    """
    platform.start(home)
    found = [check for look in (_folder, _database, _audit, _objects, _decoders, _pages, _jobs) for check in _run(look)]
    table = Table(show_header=False, box=None)
    for check in found:
        table.add_row(_MARKS[check.state], check.name, check.words)
    Console().print(table)
    sys.exit(1 if any(check.state == "fail" for check in found) else 0)


def _run(look: Callable[[], Iterator[Check]]) -> list[Check]:
    """What a look finds; a look that fails itself is a finding too."""
    found: list[Check] = []
    try:
        found.extend(look())
    except Exception as error:  # noqa: BLE001 - the doctor reports whatever is broken and goes on
        found.append(Check(look.__name__.strip("_"), "fail", f"{type(error).__name__}: {error}"))
    return found


def _folder() -> Iterator[Check]:
    from django.conf import settings  # noqa: PLC0415

    folder = Path(settings.YINGHENG_HOME)
    probe = folder / ".doctor"
    probe.write_bytes(b"1")
    probe.unlink()
    free = shutil.disk_usage(folder).free / 2**30
    yield Check("数据目录 · data folder", "ok", str(folder))
    yield Check("磁盘 · disk", "ok" if free > _LOW_DISK_GIB else "warn", f"{free:.0f} GiB 可用 · free")


def _database() -> Iterator[Check]:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    yield Check("数据库 · database", "ok", connection.vendor)
    pending = platform.pending_migrations()
    words = "、".join(pending) if pending else "最新 · up to date"
    yield Check("表结构 · tables", "fail" if pending else "ok", words)


def _audit() -> Iterator[Check]:
    from yingheng.audit.models import Entry  # noqa: PLC0415
    from yingheng.audit.verify import verify_all  # noqa: PLC0415

    broken = verify_all()
    words = f"{Entry.objects.count()} 条，链完整 · entries, chains whole"
    if broken:
        words = "；".join(f"{b.chain}#{b.sequence} {b.what}" for b in broken[:5])
    yield Check("审计 · audit", "fail" if broken else "ok", words)


def _objects() -> Iterator[Check]:
    """A sample of stored objects, newest first: present and unchanged."""
    from yingheng.catalog.models import Instance  # noqa: PLC0415
    from yingheng.catalog.storage import default_storage  # noqa: PLC0415
    from yingheng.common.errors import Invalid, NotFound  # noqa: PLC0415

    store, bad = default_storage(), []
    rows = list(Instance.objects.order_by("-received_at")[:50])
    for row in rows:
        try:
            store.verify(row.storage_key)
        except (Invalid, NotFound) as error:
            bad.append(f"{row.sop_uid}: {error.code}")
    words = "；".join(bad[:5]) if bad else f"抽查 {len(rows)} 个对象完好 · sampled objects sound"
    yield Check("影像存储 · objects", "fail" if bad else "ok", words)


def _decoders() -> Iterator[Check]:
    from imagingqc.dicom.codecs import missing_decoders  # noqa: PLC0415

    missing = missing_decoders()
    words = "、".join(missing) if missing else "齐全 · all there"
    yield Check("解码器 · decoders", "fail" if missing else "ok", words)


def _pages() -> Iterator[Check]:
    import yingheng  # noqa: PLC0415

    root = Path(yingheng.__file__).parent
    built = any((root / "common" / "ui" / "static" / "dist").glob("**/*.js"))
    words = "已构建 · built" if built else "未构建，运行 make setup · not built: run make setup"
    yield Check("前端 · front end", "ok" if built else "fail", words)
    translated = any((root / "locale").glob("*/LC_MESSAGES/django.mo"))
    yield Check(
        "中文界面 · translations",
        "ok" if translated else "fail",
        "已编译 · compiled" if translated else "未编译 · not compiled",
    )


def _jobs() -> Iterator[Check]:
    from django.db.models import Count  # noqa: PLC0415

    from yingheng.jobs.models import Job  # noqa: PLC0415

    counts = dict(Job.objects.values_list("state").annotate(n=Count("pk")))
    parked = counts.get("parked", 0)
    words = f"等待 {counts.get('queued', 0)}，进行 {counts.get('running', 0)}，搁置 {parked}"
    yield Check("任务 · jobs", "warn" if parked else "ok", words)
