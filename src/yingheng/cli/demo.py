"""`yingheng demo`: one command to see everything work on sample data."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

from yingheng.cli import platform
from yingheng.ingest.receiver.config import AE_TITLE, PORT

if TYPE_CHECKING:
    from yingheng.tenancy.models import Organisation

HOSPITAL = "demo-h1"
# user name, shown name, role: one account for each view of the product
PEOPLE = (
    ("zhang", "张技师（演示）", "technologist"),
    ("li", "李医师（演示）", "radiologist"),
    ("wang", "王质控（演示）", "qc_officer"),
    ("zhao", "赵主任（演示）", "head"),
    ("sun", "孙工（演示）", "engineer"),
    ("region", "市质控中心（演示）", "regional_centre"),
)


@click.command()
@platform.home_option
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, show_default="8000 或空闲端口 · 8000 or a free one", type=click.IntRange(0, 65535))
@click.option("--no-serve", is_flag=True, help="只准备数据并评价 · prepare and evaluate only")
def demo(home: Path | None, host: str, port: int, no_serve: bool) -> None:  # noqa: FBT001
    """Set up an embedded installation with sample exams, print address and password, and serve it."""
    home = home or Path("build/demo")
    os.environ["YINGHENG_DEMO"] = "true"  # the children inherit it
    platform.start(home)
    platform.migrate()
    password = prepare(home)
    from yingheng.cli.demo_audits import audits  # noqa: PLC0415
    from yingheng.cli.demo_dictionary import own_dictionary  # noqa: PLC0415
    from yingheng.cli.demo_meetings import meetings  # noqa: PLC0415
    from yingheng.cli.demo_phantoms import phantoms  # noqa: PLC0415
    from yingheng.cli.demo_region import region_exams, regional_review  # noqa: PLC0415
    from yingheng.cli.demo_rejects import rejects  # noqa: PLC0415
    from yingheng.cli.demo_review import daily_review, film_review  # noqa: PLC0415
    from yingheng.cli.demo_rules import draft_and_trial  # noqa: PLC0415
    from yingheng.cli.demo_teaching import teaching  # noqa: PLC0415
    from yingheng.cli.demo_traffic import messages_and_retakes  # noqa: PLC0415
    from yingheng.cli.demo_year import earlier_months  # noqa: PLC0415
    from yingheng.jobs.worker import make_engine  # noqa: PLC0415

    own_dictionary(HOSPITAL)
    daily_review(home, HOSPITAL)
    region_exams(home, password)
    click.echo("评价样例检查 … · evaluating the sample exams")
    make_engine(concurrency=2).run(once=True)
    draft_and_trial(HOSPITAL)
    messages_and_retakes(HOSPITAL)
    rejects(HOSPITAL)
    click.echo("评片 … · film review")
    regional_review()
    film_review(HOSPITAL)  # what follows from its results is done with the phantoms
    audits(HOSPITAL)  # afterwards: who signs its reports reads none of these films
    earlier_months(HOSPITAL)
    teaching(HOSPITAL)
    click.echo("体模检测 … · performance tests with phantoms")
    phantoms(home, HOSPITAL)
    meetings(HOSPITAL)
    summary()
    if no_serve:
        return
    port, dicom_port = port or free_port(host, 8000), free_port(host, PORT)
    click.echo("")
    click.echo(f"  地址 · address    http://{host}:{port}/")
    click.echo("  用户 · user       admin   （" + " ".join(f"{name}" for name, _shown, _role in PEOPLE) + "）")
    click.echo(f"  密码 · password   {password}")
    click.echo(f"  DICOM             {AE_TITLE}   {host}:{dicom_port}")
    click.echo("  数据均为演示样例 · all data are samples.  Ctrl-C 结束 · stops")
    from yingheng.cli.server import run  # noqa: PLC0415

    run(host, port, 1, dicom_port)


def prepare(home: Path) -> str:
    """Organisations, people and sample exams (again and again without harm); returns the password of all accounts."""
    from yingheng.cli.demo_exams import demo_write  # noqa: PLC0415
    from yingheng.cli.demo_staff import staff  # noqa: PLC0415
    from yingheng.cli.demo_traffic import forwarding  # noqa: PLC0415
    from yingheng.cli.importing import import_folders, stored_or_said  # noqa: PLC0415
    from yingheng.common.clock import local_day  # noqa: PLC0415

    hospital, password = organisations_and_people(home)
    platform.answer_for(hospital, is_open=True)
    forwarding(hospital)
    staff(hospital)
    click.echo("生成样例检查 … · writing sample exams")
    folders = demo_write(home / "samples", local_day(hospital.zone))
    with stored_or_said():
        result = import_folders(hospital, tuple(folders), jobs=2, demo=True)
    click.echo(f"入库 {result.n_created} 个对象，{len(result.exam_ids)} 个检查；此前已有 {result.n_duplicates} 个")
    return password


def organisations_and_people(home: Path) -> tuple[Organisation, str]:
    """A region with one hospital, an administrator and one person for each view."""
    from yingheng.tenancy.models import Organisation  # noqa: PLC0415
    from yingheng.tenancy.services import first_admin_create, organisation_create, user_create  # noqa: PLC0415

    secret = Path(home) / "demo-password.txt"
    known = Organisation.objects.filter(code=HOSPITAL).first()
    if known is not None and secret.is_file():
        return known, secret.read_text(encoding="ascii").strip()
    password = secrets.token_urlsafe(9) + "-Yh7"
    region = organisation_create(actor=None, code="demo-city", name="演示市", name_en="Demo city", kind="prefecture")
    hospital = organisation_create(
        actor=None,
        code=HOSPITAL,
        name="演示医院",
        name_en="Demo hospital",
        kind="hospital",
        parent=region,
        level="三级",
    )
    first_admin_create(organisation=region, password=password)
    for username, shown, role in PEOPLE:
        place = region if role == "regional_centre" else hospital
        user_create(actor=None, username=username, display_name=shown, organisation=place, role=role, password=password)
    secret.write_text(password, encoding="ascii")
    secret.chmod(0o600)
    return hospital, password


def summary() -> None:
    """What the evaluation found, as one line."""
    from yingheng.catalog.selectors import exam_outcome_counts  # noqa: PLC0415
    from yingheng.tenancy.scope import Scope  # noqa: PLC0415

    counts = exam_outcome_counts(Scope.everything())
    words = {"PASS": "合格", "FAIL": "不合格", "NEEDS_HUMAN": "待人工", "NOT_ASSESSABLE": "无法评估"}
    found = "，".join(f"{word} {counts.get(key, 0)}" for key, word in words.items())
    judged = sum(counts.get(key, 0) for key in words)
    click.echo(f"检查 {judged}：{found}；体模检测 {counts['all'] - judged}")


def free_port(host: str, preferred: int) -> int:
    """The preferred port, or any free one when that is taken."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise click.ClickException("没有空闲端口 · no free port")
