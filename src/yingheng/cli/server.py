"""`yingheng serve` and `yingheng worker`: the web and the workers, in one command or apart."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from yingheng.cli import platform
from yingheng.cli.keeper import Keeper
from yingheng.cli.leaving import leave_with_stdin_option, watch_stdin
from yingheng.ingest.receiver.config import PORT

if TYPE_CHECKING:
    from uvicorn import Server

_WEB_GRACE_S = 3  # a request may end within this after the signal to stop; the workers have theirs afterwards

dicom_port_option: Callable[[Any], Any] = click.option(
    "--dicom-port",
    default=PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    envvar="YINGHENG_DICOM_PORT",
    help="DICOM 接收端口，0 为不接收 · where DICOM is received, 0: nowhere",
)


@click.command()
@platform.home_option
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 · address to listen on")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(0, 64), help="评价进程数 · worker processes"
)
@dicom_port_option
def serve(home: Path | None, host: str, port: int, workers: int, dicom_port: int) -> None:
    """Serve the pages, receive and evaluate what arrives, until interrupted."""
    check_free(host, port)
    if dicom_port:
        check_free(host, dicom_port, "--dicom-port")
    platform.start(home)
    platform.migrate()
    from yingheng.ingest.services.peers import receiver_config_write  # noqa: PLC0415 - Django starts first

    receiver_config_write()  # receivers must know who may send, also after an upgrade or a restored database
    click.echo(f"影衡 · Yingheng   http://{host}:{port}/   Ctrl-C 结束 · stops")
    if not platform.is_set_up():
        click.echo("还没有用户，请先运行 yingheng init · nobody can sign in yet: run `yingheng init`", err=True)
    run(host, port, workers, dicom_port)


def run(host: str, port: int, workers: int, dicom_port: int) -> None:
    """The server in this process, everything beside it in children that are started again should they die."""
    import uvicorn  # noqa: PLC0415 - seconds for commands that never serve

    # Once its requests have ended, uvicorn raises the signal anew; by default SIGTERM would then end this process on
    # the spot and leave the worker behind.
    signal.signal(signal.SIGTERM, _leave)
    with Keeper(children(workers, host, dicom_port)):
        config = uvicorn.Config(
            "yingheng.config.asgi:application",
            host=host,
            port=port,
            log_level="warning",
            lifespan="off",
            timeout_graceful_shutdown=_WEB_GRACE_S,
        )
        server = uvicorn.Server(config)
        _end_streams_on_exit(server)
        server.run()
        if not server.started:
            raise SystemExit(1)


def _end_streams_on_exit(server: Server) -> None:
    """Pages that follow changes hold their connection: end them with the first signal, not at the end of the grace."""
    from yingheng.jobs.listening import LISTENER  # noqa: PLC0415 - Django starts first

    leave = server.handle_exit

    def handle_exit(number: int, frame: FrameType | None) -> None:
        LISTENER.close()
        leave(number, frame)

    server.handle_exit = handle_exit  # type: ignore[method-assign]


def children(workers: int, host: str, dicom_port: int) -> list[tuple[str, ...]]:
    """The processes beside the server, as command lines; no DICOM listener for port 0."""
    found: list[tuple[str, ...]] = [("intake",)]
    if dicom_port:
        found.append(("receive", "--home", str(platform.data_folder()), "--host", host, "--port", str(dicom_port)))
    if workers:
        found.append(("worker", "--concurrency", str(workers)))
    return found


def check_free(host: str, port: int, option: str = "--port") -> None:
    """ClickException when the port is taken: said before anything else is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            words = (
                f"无法监听 {host}:{port}（{error.strerror}），请用 {option} 另选 · cannot listen there: choose another"
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
