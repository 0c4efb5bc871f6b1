"""Starting Django for a command: which data folder, which settings, tables up to date."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

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


def migrate() -> None:
    """Bring the tables up to date."""
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)


def pending_migrations() -> list[str]:
    """Names of migrations that are not applied yet."""
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


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
