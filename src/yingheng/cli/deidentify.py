"""`yingheng deidentify`: copies of a folder of DICOM that may leave the house, without a database."""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, cast

import click

from imagingqc.dicom.deidentify import Box, Profile, Released, deidentify
from imagingqc.errors import DataError
from imagingqc.imaging.text_rapidocr import default_text_reader
from yingheng.common.durable import write_durably

EXIT_OK, EXIT_REFUSED, EXIT_NOTHING = 0, 1, 2
_SECRET_BYTES = 32


@click.command("deidentify")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--key",
    "key_file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="密钥文件，没有则新建；同一密钥给出同样的代号 · the secret behind the pseudonyms, made when missing",
)
@click.option(
    "--dates",
    default="shift",
    show_default=True,
    type=click.Choice(["shift", "remove"]),
    help="日期整体平移或删除 · move all dates of a patient, or remove them",
)
@click.option("--keep-device", is_flag=True, help="保留设备标识 · keep the identity of the device")
@click.option("--keep-patient", is_flag=True, help="保留性别、年龄、身高体重 · keep sex, age, size and weight")
@click.option(
    "--looked-at",
    is_flag=True,
    help="已有人看过图像，确认无烧录的身份信息 · a person has looked: no identity is burned into the pictures",
)
@click.option("--blank", multiple=True, metavar="X,Y,W,H", help="涂黑的矩形（像素），可重复 · rectangle to black out")
@click.option("--lang", default="zh", show_default=True, type=click.Choice(["zh", "en"]))
def command(  # noqa: PLR0913, PLR0917 - one argument for each option
    folder: Path,
    out: Path,
    key_file: Path,
    dates: str,
    keep_device: bool,  # noqa: FBT001 - click passes options by name
    keep_patient: bool,  # noqa: FBT001
    looked_at: bool,  # noqa: FBT001
    blank: tuple[str, ...],
    lang: str,
) -> None:
    """Write copies of the DICOM files below FOLDER without identity to OUT; the originals stay as they are.

    Exit code 0: all were released; 1: some were refused, each with its reason; 2: bad arguments or nothing to do.
    """
    _apart(folder, out, key_file)
    profile = Profile(
        dates=cast("Literal['shift', 'remove']", dates),
        device=keep_device,
        patient=keep_patient,
        looked_at=looked_at,
        blank=tuple(_box(text) for text in blank),
    )
    secret, reader = _secret(key_file), default_text_reader()
    released, refused = 0, Counter[str]()
    for path in _files(folder):
        try:
            _write(deidentify(path, secret, profile, reader=reader), out)
            released += 1
        except DataError as exc:
            refused[exc.reason.code] += 1
            click.echo(f"{path.relative_to(folder)}: {exc.reason.text(lang)}", err=True)
    click.echo(
        f"导出 {released}，拒绝 {refused.total()}"
        if lang == "zh"
        else f"released {released}, refused {refused.total()}"
    )
    if not released and not refused:
        raise SystemExit(EXIT_NOTHING)
    raise SystemExit(EXIT_REFUSED if refused else EXIT_OK)


def _apart(folder: Path, out: Path, key_file: Path) -> None:
    """Originals, copies and the secret must not lie within each other."""
    inside, outside = folder.resolve(), out.resolve()
    if outside == inside or outside.is_relative_to(inside) or inside.is_relative_to(outside):
        raise click.UsageError("OUT 与 FOLDER 不能互相包含 · OUT and FOLDER must not contain each other")
    if key_file.resolve().is_relative_to(outside):
        raise click.UsageError("密钥不能放在导出目录 · the key must not lie in OUT")


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path


def _box(text: str) -> Box:
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError as exc:
        raise click.UsageError("--blank X,Y,W,H") from exc
    if min(x, y) < 0 or min(width, height) < 1:
        raise click.UsageError("--blank X,Y,W,H")
    return Box(x, y, width, height)


def _secret(key_file: Path) -> bytes:
    """The secret of a file of hexadecimal digits, made with a new one when it is not there."""
    if not key_file.exists():
        descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_SECRET_BYTES) + "\n")
    try:
        return bytes.fromhex(key_file.read_text(encoding="ascii").strip())
    except ValueError as exc:
        raise click.UsageError("密钥文件应为十六进制 · the key file must hold hexadecimal digits") from exc


def _write(released: Released, out: Path) -> None:
    folder = out / released.pseudonym / released.study_uid / released.series_uid
    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / f"{released.sop_uid}.dcm", released.data)
