"""`yingheng receive`: the DICOM listener.  No Django, no database: it starts at once and waits for neither."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import click

from yingheng.cli.leaving import leave_with_stdin_option, watch_stdin
from yingheng.ingest.receiver.acceptor import NAMES
from yingheng.ingest.receiver.config import PORT, Limits, Options, Tls, listener_open
from yingheng.ingest.receiver.running import run

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="YINGHENG_HOME",
    required=True,
    help="数据目录 · data folder",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址 · address to listen on")
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), envvar="YINGHENG_DICOM_PORT")
@click.option(
    "--processes", default=2, show_default=True, type=click.IntRange(1, 64), envvar="YINGHENG_DICOM_PROCESSES",
    help="接收进程数，共用一个端口 · processes that share the port",
)  # fmt: skip
@click.option(
    "--acceptor", default="thin", show_default=True, type=click.Choice(NAMES), envvar="YINGHENG_DICOM_ACCEPTOR",
    help="实现：自有或 pynetdicom · our own upper layer, or pynetdicom's",
)  # fmt: skip
@click.option(
    "--max-associations", default=Limits().max_associations, show_default=True, type=click.IntRange(1, 4096),
    envvar="YINGHENG_DICOM_ASSOCIATIONS", help="每进程同时的关联数 · associations at once in each process",
)  # fmt: skip
@click.option("--tls-cert", type=_FILE, envvar="YINGHENG_DICOM_TLS_CERT", help="TLS 证书 · certificate (PEM)")
@click.option("--tls-key", type=_FILE, envvar="YINGHENG_DICOM_TLS_KEY", help="TLS 私钥 · its key (PEM)")
@click.option(
    "--tls-ca", type=_FILE, envvar="YINGHENG_DICOM_TLS_CA",
    help="要求发送方证书由其签发 · senders must show a certificate signed by this authority (PEM)",
)  # fmt: skip
@leave_with_stdin_option
def receive(  # noqa: PLR0913 - one argument for each option
    *,
    home: Path,
    host: str,
    port: int,
    processes: int,
    acceptor: str,
    max_associations: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_ca: Path | None,
    leave_with_stdin: bool,
) -> None:
    """Take what scanners send into the spool, until interrupted."""
    tls = _tls(tls_cert, tls_key, tls_ca)
    limits = Limits(max_associations=max_associations)
    options = Options(home.expanduser().resolve(), host, port, limits, tls)
    try:
        listener = listener_open(host, port)
    except OSError as error:
        words = f"无法监听 {host}:{port}（{error.strerror}） · cannot listen there: choose another --port"
        raise click.ClickException(words) from error
    if leave_with_stdin:
        watch_stdin("receiver")
    taken = listener.getsockname()[1]
    click.echo(f"DICOM 接收 · receiving   {host}:{taken}   {acceptor}{' TLS' if tls else ''} × {processes}")
    os.umask(0o077)
    run(options, acceptor, listener, processes)


def _tls(certificate: Path | None, key: Path | None, authority: Path | None) -> Tls | None:
    """UsageError for half a configuration, or for files that cannot be used."""
    if certificate is None and key is None and authority is None:
        return None
    if certificate is None or key is None:
        raise click.UsageError("TLS 需要证书与私钥 · TLS needs both --tls-cert and --tls-key")
    tls = Tls(certificate, key, authority)
    try:
        tls.context()
    except (OSError, ssl.SSLError) as error:
        raise click.UsageError(f"TLS 文件不可用 · unusable TLS files: {error}") from error
    return tls
