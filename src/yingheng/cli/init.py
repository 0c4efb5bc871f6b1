"""`yingheng init`: the first hospital and the first administrator of a new installation."""

from __future__ import annotations

from pathlib import Path

import click

from yingheng.cli import platform


@click.command("init")
@platform.home_option
@click.option("--code", required=True, help="医院代码，如 h1 · code of the hospital")
@click.option("--name", required=True, help="医院名称 · name of the hospital")
@click.option("--level", default="", type=click.Choice(["", "三级", "二级", "基层", "专科"]), help="医院级别 · level")
@click.option("--zone", default="Asia/Shanghai", show_default=True, help="时区 · time zone")
@click.option("--username", default="admin", show_default=True)
def init(home: Path | None, code: str, name: str, level: str, zone: str, username: str) -> None:
    """Create the tables, one hospital and its first administrator; prints the password once."""
    platform.start(home)
    platform.migrate()
    from django.db import transaction  # noqa: PLC0415

    from yingheng.common.errors import Conflict, Invalid, error_text  # noqa: PLC0415
    from yingheng.tenancy.services import first_admin_create, organisation_create  # noqa: PLC0415

    try:
        with transaction.atomic():
            hospital = organisation_create(actor=None, code=code, name=name, kind="hospital", level=level, zone=zone)
            made = first_admin_create(organisation=hospital, username=username)
            platform.answer_for(hospital, is_open=False)
    except (Conflict, Invalid) as error:
        raise click.ClickException(str(error_text(error))) from error
    click.echo(f"医院 · hospital   {hospital.name} ({hospital.code})")
    click.echo(f"用户 · user       {made.user.username}")
    click.echo(
        f"密码 · password   {made.password}   （仅显示一次，首次登录须修改 · shown once, change it at first sign-in）"
    )
