"""`yingheng doctor`: is this installation sound?"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import click
from rich.console import Console
from rich.table import Table

from yingheng.cli import platform

State = Literal["ok", "warn", "fail"]
_MARKS = {"ok": "[green]✓[/]", "warn": "[yellow]◐[/]", "fail": "[bold red]✕[/]"}
_LOW_DISK_GIB = 10
_SAMPLE = 50
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One finding of the doctor: what was looked at, how it is, and what to do."""

    name: str
    state: State
    words: str


@click.command()
@platform.home_option
@click.option("--full", is_flag=True, help="核对每个已存对象，而非抽查 · verify every stored object, not a sample")
def doctor(home: Path | None, full: bool) -> None:  # noqa: FBT001
    """Look at data folder, database, migrations, audit chains, stored objects, decoders, pages and jobs.

    Exit code 1 when something is broken.  Changes nothing.
    """
    platform.start(home)
    found = [check for look in (_folder, _database, _tables) for check in _run(look)]
    looks: list[Look] = [_decoders, _pages, _translations]
    if not any(check.state == "fail" for check in found):  # without sound tables these could only stumble
        looks = [_audit, partial(_objects, full=full), *looks, _jobs]
    found += [check for look in looks for check in _run(look)]
    table = Table(show_header=False, box=None)
    for check in found:
        table.add_row(_MARKS[check.state], check.name, check.words)
    Console().print(table)
    sys.exit(1 if any(check.state == "fail" for check in found) else 0)


Look = Callable[[], Iterator[Check]]


def _run(look: Look) -> list[Check]:
    """What a look finds; a look that fails itself is a finding too."""
    found: list[Check] = []
    try:
        found.extend(look())
    except Exception as error:  # noqa: BLE001 - the doctor reports whatever is broken and goes on
        plain = look.func if isinstance(look, partial) else look
        name = str(getattr(plain, "__name__", "?")).strip("_")
        found.append(Check(_NAMES.get(name, name), "fail", f"{type(error).__name__}: {error}"))
    return found


_NAMES = {
    "folder": "数据目录 · data folder",
    "database": "数据库 · database",
    "tables": "表结构 · tables",
    "audit": "审计 · audit",
    "objects": "影像存储 · objects",
    "decoders": "解码器 · decoders",
    "pages": "前端 · front end",
    "translations": "中文界面 · translations",
    "jobs": "任务 · jobs",
}


def _folder() -> Iterator[Check]:
    from django.conf import settings  # noqa: PLC0415

    folder = Path(settings.YINGHENG_HOME)
    probe = folder / ".doctor"
    probe.write_bytes(b"1")
    probe.unlink()
    free = shutil.disk_usage(folder).free / 2**30
    yield Check(_NAMES["folder"], "ok", str(folder))
    yield Check("磁盘 · disk", "ok" if free > _LOW_DISK_GIB else "warn", f"{free:.0f} GiB 可用 · free")


def _database() -> Iterator[Check]:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(5)" if connection.vendor == "sqlite" else "SELECT 'ok'")
        said = [row[0] for row in cursor.fetchall()]
    sound = said == ["ok"]
    yield Check(_NAMES["database"], "ok" if sound else "fail", connection.vendor if sound else "；".join(said))


def _tables() -> Iterator[Check]:
    pending = platform.pending_migrations()
    words = "最新 · up to date"
    if pending:
        more = f" … ({len(pending)})" if len(pending) > _SHOWN else ""
        words = "未就绪，新安装运行 yingheng init，升级后运行 yingheng serve · not ready, run `yingheng init` on a new "
        words += "installation, `yingheng serve` after an upgrade: " + "、".join(pending[:_SHOWN]) + more
    yield Check(_NAMES["tables"], "fail" if pending else "ok", words)


def _audit() -> Iterator[Check]:
    from yingheng.audit.models import Entry  # noqa: PLC0415
    from yingheng.audit.verify import verify_all  # noqa: PLC0415

    broken = verify_all()
    words = f"{Entry.objects.count()} 条，链完整 · entries, chains whole"
    if broken:
        words = "链已断裂 · chains broken: " + "；".join(f"{b.chain}#{b.sequence} {b.what}" for b in broken[:_SHOWN])
    yield Check(_NAMES["audit"], "fail" if broken else "ok", words)


def _objects(*, full: bool) -> Iterator[Check]:
    """Stored objects, all or the newest: present and unchanged."""
    from yingheng.catalog.models import Instance  # noqa: PLC0415
    from yingheng.catalog.storage import default_storage  # noqa: PLC0415
    from yingheng.common.errors import Invalid, NotFound, error_text  # noqa: PLC0415

    store, bad, n = default_storage(), [], 0
    rows = Instance.objects.filter(series__pixels_gone_at=None).order_by("-received_at")
    rows = rows.values_list("sop_uid", "storage_key")
    for sop_uid, key in rows.iterator() if full else rows[:_SAMPLE]:
        n += 1
        try:
            store.verify(key)
        except (Invalid, NotFound) as error:
            bad.append(f"{sop_uid}: {error_text(error)}")
    words = f"{'全部' if full else '抽查'} {n} 个对象完好 · {'all' if full else 'sampled'} objects sound"
    if bad:
        words = f"{len(bad)} / {n} 个对象有问题 · objects bad: " + "；".join(bad[:_SHOWN])
    yield Check(_NAMES["objects"], "fail" if bad else "ok", words)


def _decoders() -> Iterator[Check]:
    from imagingqc.dicom.codecs import missing_decoders  # noqa: PLC0415

    missing = missing_decoders()
    words = "、".join(missing) if missing else "齐全 · all there"
    yield Check(_NAMES["decoders"], "fail" if missing else "ok", words)


def _pages() -> Iterator[Check]:
    from yingheng.common.ui import assets  # noqa: PLC0415

    files = [assets.DIST / built["file"] for built in assets.manifest().values()] if _built(assets.DIST) else []
    missing = [file.name for file in files if not file.is_file()]
    words = "已构建 · built"
    if not files:
        words = "未构建，运行 make setup · not built: run make setup"
    elif missing:
        words = "缺少文件，重新构建或安装 · files missing, build or install again: " + "、".join(missing[:_SHOWN])
    yield Check(_NAMES["pages"], "ok" if files and not missing else "fail", words)


def _built(folder: Path) -> bool:
    return (folder / "manifest.json").is_file()


def _translations() -> Iterator[Check]:
    import yingheng  # noqa: PLC0415

    done = any(Path(yingheng.__file__).parent.glob("**/LC_MESSAGES/django.mo"))
    words = "已编译 · compiled" if done else "未编译，运行 make setup · not compiled: run make setup"
    yield Check(_NAMES["translations"], "ok" if done else "fail", words)


def _jobs() -> Iterator[Check]:
    from django.db.models import Count  # noqa: PLC0415

    from yingheng.jobs.models import Job  # noqa: PLC0415

    counts = dict(Job.objects.values_list("state").annotate(n=Count("pk")))
    parked = counts.get("parked", 0)
    words = f"等待 {counts.get('queued', 0)}，进行 {counts.get('running', 0)}，搁置 {parked}"
    if parked:
        words += "（在“任务队列”页查看原因 · the job queue page tells why）"
    yield Check(_NAMES["jobs"], "warn" if parked else "ok", words)
