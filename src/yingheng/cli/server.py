"""`yingheng serve` and `yingheng worker`: the web and the workers, in one command or apart."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from yingheng.cli import platform
from yingheng.cli.keeper import Keeper
from yingheng.cli.leaving import leave_with_stdin_option, watch_stdin

_WEB_GRACE_S = 3  # a request may end within this after the signal to stop; the workers have theirs afterwards


@click.command()
@platform.home_option
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 · address to listen on")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(0, 64), help="评价进程数 · worker processes"
)
def serve(home: Path | None, host: str, port: int, workers: int) -> None:
    """Serve the pages and evaluate what arrives, until interrupted."""
    platform.start(home)
    platform.migrate()
    check_free(host, port)
    click.echo(f"影衡 · Yingheng   http://{host}:{port}/   Ctrl-C 结束 · stops")
    if not platform.is_set_up():
        click.echo("还没有用户，请先运行 yingheng init · nobody can sign in yet: run `yingheng init`", err=True)
    run(host, port, workers)


def run(host: str, port: int, workers: int) -> None:
    """The server in this process, everything beside it in children that are started again should they die."""
    import uvicorn  # noqa: PLC0415 - seconds for commands that never serve

    # Once its requests have ended, uvicorn raises the signal anew; by default SIGTERM would then end this process on
    # the spot and leave the worker behind.
    signal.signal(signal.SIGTERM, _leave)
    with Keeper(children(workers)):
        uvicorn.run(
            "yingheng.config.asgi:application",
            host=host,
            port=port,
            log_level="warning",
            lifespan="off",
            timeout_graceful_shutdown=_WEB_GRACE_S,
        )


def children(workers: int) -> list[tuple[str, ...]]:
    """The processes beside the server, as command lines."""
    return [("worker", "--concurrency", str(workers))] if workers else []


def check_free(host: str, port: int) -> None:
    """ClickException when the port is taken: said before anything else is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            words = (
                f"无法监听 {host}:{port}（{error.strerror}），请用 --port 另选 · cannot listen there: choose a --port"
            )
            raise click.ClickException(words) from error


@click.command()
@platform.home_option
@click.option("--concurrency", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--once", is_flag=True, help="处理完到期任务后退出 · stop when nothing is due")
@leave_with_stdin_option
def worker(home: Path | None, concurrency: int, once: bool, leave_with_stdin: bool) -> None:  # noqa: FBT001
    """Run jobs until interrupted."""
    if leave_with_stdin:
        watch_stdin("worker")
    platform.start(home)
    from yingheng.jobs.worker import run_worker  # noqa: PLC0415

    run_worker(once=once, concurrency=concurrency)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)
