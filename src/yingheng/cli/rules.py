"""`yingheng rules`: a hospital's own rules from the command line: write, check, try out, sign off, roll back."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from imagingqc.criteria.explain import limit_text
from imagingqc.criteria.load import lint_text, load_builtin, standard_from_text
from imagingqc.criteria.model import Standard
from imagingqc.criteria.write import standard_toml
from yingheng.cli import platform

if TYPE_CHECKING:
    from collections.abc import Callable

    from yingheng.audit.actor import Actor
    from yingheng.rulebook.services import ShadowResult
    from yingheng.tenancy.models import Organisation

CHANGES = {
    "newly_fail": "新不合格",
    "newly_human": "新待人工",
    "newly_pass": "新合格",
    "newly_gap": "新无法评估",
    "no_longer_asked": "不再要求",
    "same": "不变",
}
STATES = {"draft": "草稿", "published": "已发布", "withdrawn": "已撤回"}
hospital_option = click.option("--hospital", "code", help="医院代码（只有一家时可省略） · code of the hospital")
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def rules() -> None:
    """本院规则：起草、校验、试运行、发布、回退 · a hospital's own rules, tried out before they hold."""


@rules.command("list")
@platform.home_option
@hospital_option
def list_rules(home: Path | None, code: str | None) -> None:
    """Editions of the hospital's own rules, newest first, and the standards that it uses today."""
    hospital, today = _begin(home, code)
    from yingheng.rulebook.rules import edition_standard  # noqa: PLC0415
    from yingheng.rulebook.selectors import edition_list, rules_of  # noqa: PLC0415
    from yingheng.tenancy.scope import Scope  # noqa: PLC0415

    known = rules_of(hospital)
    held = known.edition_on(today)
    table = Table("编号 · id", "标题 · title", "状态 · state", "条 · n", "生效 · from", "签发 · by", show_edge=False)
    for row in edition_list(Scope.of_organisation(hospital)):
        state = STATES[row.state] + ("（现行）" if held and held.pk == row.pk else "")
        n, begun = str(len(edition_standard(row).criteria)), str(row.valid_from or "")
        table.add_row(row.code, escape(row.title), state, n, begun, escape(row.published_by_name))
    console = Console()
    console.print(table)
    used = "、".join(standard.id for standard in known.builtin_on(today))
    console.print(f"在用标准 · standards in use: {used}", highlight=False)


@rules.command("new")
@click.option("--from", "base", required=True, metavar="STANDARD", help="从哪部标准起草 · standard to start from")
@click.option("--criterion", "ids", multiple=True, required=True, metavar="ID", help="判据编号，可多次 · repeatable")
@click.option("--title", default="本院规则", show_default=True)
def new(base: str, ids: tuple[str, ...], title: str) -> None:
    """Write a rule file with chosen criteria of a standard to standard output, to be tightened in an editor."""
    document = load_builtin().get(base)
    if document is None:
        raise click.BadParameter(f"{base}: 没有此标准 · no such standard", param_hint="--from")
    known = {c.id: c for c in document.criteria}
    missing = [name for name in ids if name not in known]
    if missing:
        raise click.BadParameter(
            f"{', '.join(missing)}: {base} 没有此判据 · no such criterion", param_hint="--criterion"
        )
    chosen = tuple(replace(known[name], source=f"{known[name].source}；{base}") for name in ids)
    head = Standard("hospital-rules", title, title, "hospital", "hospital", base, None, None, chosen)
    click.echo(standard_toml(head), nl=False)


@rules.command("validate")
@file_argument
@platform.home_option
@hospital_option
def validate(file: Path, home: Path | None, code: str | None) -> None:
    """Check a rule file: every mistake, and every limit looser than a mandatory one.  Exit code 1: at least one."""
    hospital, today = _begin(home, code)
    errors = _problems(hospital, file, today)
    for line in errors:
        click.echo(line)
    click.echo(f"{len(errors)} 处错误 · errors", err=True)
    sys.exit(1 if errors else 0)


@rules.command("shadow")
@file_argument
@platform.home_option
@hospital_option
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3660), help="往前多少天 · days back")
@click.option("--json", "as_json", is_flag=True, help="完整结果 · the whole result")
def shadow(file: Path, home: Path | None, code: str | None, days: int, as_json: bool) -> None:  # noqa: FBT001
    """Judge stored measurements by a rule file beside what holds now, at once; nothing is changed."""
    hospital, today = _begin(home, code)
    errors = _problems(hospital, file, today)
    if errors:
        raise click.ClickException("\n".join(errors))
    standard = standard_from_text(_read(file), file.name)
    result = _compare(hospital, standard, today - dt.timedelta(days=days - 1), today)
    if as_json:
        click.echo(json.dumps(result.as_dict(), ensure_ascii=False, indent=1))
        return
    _show(standard, result)


@rules.command("publish")
@file_argument
@platform.home_option
@hospital_option
@click.option("--from", "valid_from", required=True, type=click.DateTime(["%Y-%m-%d"]), help="生效日期 · first day")
@click.option("--by", "username", required=True, help="签发人用户名（须输入其密码） · who signs off")
@click.option("--note", required=True, help="签发说明 · what is signed off")
@click.option(
    "--days", default=90, show_default=True, type=click.IntRange(1, 3660), help="试运行天数 · trial run, days"
)
@click.option("--untried", default="", help="不做试运行的理由 · why without a trial run")
def publish(file: Path, home: Path | None, code: str | None, **given: Any) -> None:
    """Sign a rule file off: it becomes an edition, is tried out, and holds from its day on."""
    hospital, _today = _begin(home, code)
    from django.db import transaction  # noqa: PLC0415

    from yingheng.rulebook import services  # noqa: PLC0415

    actor = _signer(hospital, given["username"])
    with _refused(), transaction.atomic():
        text = _read(file)
        made = services.edition_from_file(actor=actor, hospital=hospital, text=text, name=file.name)
        if not given["untried"]:
            services.shadow_run(run_id=services.shadow_ask(actor=actor, edition=made, days=given["days"]).pk)
        values = {"valid_from": given["valid_from"].date(), "note": given["note"], "untried_reason": given["untried"]}
        done = services.edition_publish(actor=actor, edition=made, **values)
    click.echo(f"已发布 · published {done.code}，自 {done.valid_from} 起 · from that day")


@rules.command("rollback")
@platform.home_option
@hospital_option
@click.option("--reason", required=True, help="撤回理由 · why")
@click.option("--by", "username", default="", help="经办人用户名（须输入其密码） · who does it")
def rollback(home: Path | None, code: str | None, reason: str, username: str) -> None:
    """Withdraw the edition in force: what held before it holds again, and exams since then are judged again."""
    hospital, today = _begin(home, code)
    from yingheng.audit.actor import Actor  # noqa: PLC0415
    from yingheng.rulebook.selectors import rules_of  # noqa: PLC0415
    from yingheng.rulebook.services import edition_withdraw  # noqa: PLC0415

    held = rules_of(hospital).edition_on(today)
    if held is None:
        raise click.UsageError("没有现行的本院规则 · no rules of the hospital are in force")
    actor = _signer(hospital, username) if username else Actor("system:rules", "yingheng rules")
    with _refused():
        edition_withdraw(actor=actor, edition=held, reason=reason)
    now = rules_of(hospital).edition_on(today)
    click.echo(f"已撤回 · withdrawn {held.code}；现行 · now {now.code if now else '—'}")


def _begin(home: Path | None, code: str | None) -> tuple[Organisation, dt.date]:
    """The hospital, and today's date there."""
    platform.start(home)
    platform.migrate()
    from yingheng.common.clock import local_day  # noqa: PLC0415

    hospital = platform.the_hospital(code)
    return hospital, local_day(hospital.zone)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file}: 不是 UTF-8 文本 · not UTF-8 text") from error


def _problems(hospital: Organisation, file: Path, day: dt.date) -> list[str]:
    from yingheng.rulebook.rules import problem_text, rule_problems  # noqa: PLC0415
    from yingheng.rulebook.selectors import rules_of  # noqa: PLC0415

    text = _read(file)
    errors = rule_problems(rules_of(hospital), text, file.name, day)
    where = [f"{e.reason.values['criterion']}:{e.reason.values['field']}" for e in errors]
    lines = [f"{file.name}:{place}: {problem_text(e, 'zh')}" for place, e in zip(where, errors, strict=True)]
    if not lint_text(text, file.name) and standard_from_text(text, file.name).level != "hospital":
        lines.append(f'{file.name}:standard:level: 本院规则的层级应为 "hospital" · must be "hospital"')
    return lines


def _compare(hospital: Organisation, standard: Standard, first: dt.date, last: dt.date) -> ShadowResult:
    from yingheng.rulebook.services import shadow_compare  # noqa: PLC0415

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("试运行 · trial run", total=None)
        told: Callable[[int, int], None] = lambda done, total: bar.update(task, completed=done, total=total)  # noqa: E731
        return shadow_compare(hospital=hospital, standard=standard, first_day=first, last_day=last, told=told)


def _show(standard: Standard, result: ShadowResult) -> None:
    table = Table("判据 · criterion", "限值 · limit", "对象 · n", *CHANGES.values(), show_edge=False)
    limits = {c.id: limit_text(c.limit, c.unit) if c.limit else "" for c in standard.criteria}
    for tally in result.tallies.values():
        name = f"{tally.criterion}（本次未列入）" if tally.dropped else tally.criterion
        counts = [str(tally.changes.get(key, 0)) for key in CHANGES]
        table.add_row(name, escape(limits.get(tally.criterion, "")), str(tally.asked), *counts)
    console = Console()
    console.print(table)
    console.print(
        f"对象 {result.n_sets}，新增不合格检查 {len(result.exams_failing)} · subjects, exams newly failing",
        highlight=False,
    )


def _signer(hospital: Organisation, username: str) -> Actor:
    """The person who signs, by name and password, with the right to change this hospital's rules."""
    from yingheng.tenancy.models import User  # noqa: PLC0415
    from yingheng.tenancy.permissions import STANDARD_EDIT  # noqa: PLC0415
    from yingheng.tenancy.scope import Scope  # noqa: PLC0415

    password = click.prompt(f"{username} 的密码 · password", hide_input=True)
    user = User.objects.filter(username=username.strip().lower(), is_active=True).first()
    if user is None or not user.check_password(password):
        raise click.ClickException("用户名或密码不对 · wrong user name or password")
    if not Scope.of_user(user, STANDARD_EDIT).contains(hospital.path):
        raise click.ClickException("此人无权修改本院规则 · not allowed to change the rules of this hospital")
    return user.actor


@contextmanager
def _refused() -> Iterator[None]:
    """What the platform refuses, in words."""
    from yingheng.common.errors import Conflict, Invalid, error_text  # noqa: PLC0415

    try:
        yield
    except (Conflict, Invalid) as error:
        raise click.ClickException(str(error_text(error))) from error
