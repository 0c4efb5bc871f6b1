"""What an attached file is, told by its bytes and never by its name."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from io import BytesIO

from yingheng.common.errors import Invalid

LARGEST = 25 * 1024 * 1024  # bytes; a photo of a phone has 4–12 MB
_OFFICE = "application/vnd.openxmlformats-officedocument."
EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    f"{_OFFICE}wordprocessingml.document": ".docx",
    f"{_OFFICE}spreadsheetml.sheet": ".xlsx",
    "text/plain": ".txt",
}
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp"})
_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|]+')


def media_type_of(data: bytes) -> str:
    """The kind of a file; Invalid for one that is empty, too large, or of a kind that is not kept."""
    if not data:
        raise Invalid("documents.file_empty")
    if len(data) > LARGEST:
        raise Invalid("documents.file_large", most=LARGEST // 1024 // 1024)
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"PK\x03\x04"):
        return _office(data)
    return _text(data)


def _office(data: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile as exc:
        raise Invalid("documents.file_kind") from exc
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Invalid("documents.file_macros")
    if "word/document.xml" in names:
        return f"{_OFFICE}wordprocessingml.document"
    if "xl/workbook.xml" in names:
        return f"{_OFFICE}spreadsheetml.sheet"
    raise Invalid("documents.file_kind")


def _text(data: bytes) -> str:
    """Plain text, UTF-8 or GB 18030; markup that a browser could take for a page is refused."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        control = any(ord(c) < 32 and c not in "\t\n\r\f" for c in text)
        if control or re.match(r"\s*<", text):
            break
        return "text/plain"
    raise Invalid("documents.file_kind")


def safe_name(name: str, media_type: str) -> str:
    """A file name to keep and to give back: no folders, no control characters, the ending of its kind."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    plain = "".join(c for c in plain if unicodedata.category(c) not in {"Cc", "Cf"})
    plain = _UNSAFE.sub("_", plain).strip(" .") or "file"
    wanted = EXTENSIONS[media_type]
    stem, dot, ending = plain.rpartition(".")
    kept = {".jpg": {"jpg", "jpeg"}, ".txt": {"txt", "csv", "log", "tsv"}}.get(wanted, {wanted[1:]})
    if dot and ending.lower() in kept:
        return f"{stem[:150]}.{ending}"
    return f"{plain[:150]}{wanted}"
