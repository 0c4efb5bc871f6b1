"""`yingheng serve` and `yingheng worker`: the web and the workers, in one command or apart."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import click

from yingheng.cli import platform

_RESTART_S = 2.0


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
    run(host, port, workers)


def run(host: str, port: int, workers: int) -> None:
    """The server in this process, the workers in a child that is started again should it die."""
    import uvicorn  # noqa: PLC0415 - seconds for commands that never serve

    with WorkerKeeper(workers):
        uvicorn.run("yingheng.config.asgi:application", host=host, port=port, log_level="warning", lifespan="off")


@click.command()
@platform.home_option
@click.option("--concurrency", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option("--once", is_flag=True, help="处理完到期任务后退出 · stop when nothing is due")
def worker(home: Path | None, concurrency: int, once: bool) -> None:  # noqa: FBT001
    """Run jobs until interrupted."""
    platform.start(home)
    from yingheng.jobs.worker import run_worker  # noqa: PLC0415

    run_worker(once=once, concurrency=concurrency)


class WorkerKeeper:
    """Keeps one `yingheng worker` child alive while the context lasts (none when `concurrency` is 0)."""

    def __init__(self, concurrency: int) -> None:
        self._command = [sys.executable, "-m", "yingheng.cli", "worker", "--concurrency", str(concurrency)]
        self._wanted = concurrency > 0
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="worker-keeper", daemon=True)

    def __enter__(self) -> Self:
        if self._wanted:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        if self._child is not None:
            self._child.terminate()
            try:
                self._child.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self._child.kill()
        if self._wanted:
            self._thread.join(timeout=5)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._child = subprocess.Popen(self._command)  # noqa: S603 - our own interpreter and module
            self._child.wait()
            self._stopping.wait(_RESTART_S)
