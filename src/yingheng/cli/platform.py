"""Starting Django for a command: which data folder, which settings, tables up to date."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

try:
    import fcntl
except ImportError:  # not on Windows: there commands are started one after the other
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from yingheng.tenancy.models import Organisation

SETTINGS = "yingheng.config.settings"

home_option: Callable[[Any], Any] = click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="数据目录（也可用环境变量 YINGHENG_HOME） · data folder",
)


def start(home: Path | None = None) -> None:
    """Make Django ready.  Must come before anything of the platform is imported."""
    if home is not None:
        os.environ["YINGHENG_HOME"] = str(home.expanduser().resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    import django  # noqa: PLC0415 - the environment above decides what it reads

    django.setup()


def data_folder() -> Path:
    """Where this installation keeps everything."""
    from django.conf import settings  # noqa: PLC0415 - after `start`

    return Path(settings.YINGHENG_HOME)


def migrate() -> None:
    """Bring tables and the dictionary of exam items up to date; of several commands that start at once one does it
    and the others wait."""
    if pending_migrations():
        from django.core.management import call_command  # noqa: PLC0415

        with _alone():
            call_command("migrate", verbosity=0, interactive=False)
    from yingheng.catalog.services import exam_items_refresh  # noqa: PLC0415

    exam_items_refresh()


_MIGRATION_LOCK = 0x59696E67  # any number that nobody else locks in this database


@contextmanager
def _alone() -> Iterator[None]:
    """Keep out other commands: by a lock of the database server, or beside SQLite by a locked file."""
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
        return
    with (Path(settings.YINGHENG_HOME) / ".migrating").open("w") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pending_migrations() -> list[str]:
    """Names of migrations that are not applied yet."""
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def is_set_up() -> bool:
    """Whether anybody has an account."""
    from yingheng.tenancy.models import User  # noqa: PLC0415

    return User.objects.exists()


def answer_for(hospital: Organisation, *, is_open: bool) -> str:
    """Let DICOM senders reach the hospital under the usual AE title, unless somebody has that title; returns it."""
    from yingheng.ingest.models import LocalAE  # noqa: PLC0415
    from yingheng.ingest.receiver.config import AE_TITLE  # noqa: PLC0415
    from yingheng.ingest.services.peers import local_ae_put  # noqa: PLC0415

    if not LocalAE.objects.filter(ae_title=AE_TITLE).exists():
        local_ae_put(actor=None, hospital=hospital, ae_title=AE_TITLE, is_open=is_open)
    return AE_TITLE


def the_hospital(code: str | None) -> Organisation:
    """The hospital with that code; without a code the only one there is.  UsageError otherwise."""
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415

    hospitals = Organisation.objects.filter(kind=Organisation.Kind.HOSPITAL).order_by("code")
    if code:
        hospitals = hospitals.filter(code=code)
    found = list(hospitals[:2])
    if len(found) == 1:
        return found[0]
    if found:
        raise click.UsageError("有多家医院，请用 --hospital 指定 · several hospitals: choose one with --hospital")
    raise click.UsageError("没有这家医院；先运行 yingheng init · no such hospital: run `yingheng init` first")
