"""The installation's keys: patient ids are hashed and names encrypted with secrets that never leave the data folder.

Losing the files makes names unreadable and new arrivals of a known patient id look like a new patient; they belong
into every backup of the data folder.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from yingheng.common.errors import Invalid
from yingheng.common.secret_file import secret_file_ensure

_FOLDER = "keys"


def patient_key(patient_id: str) -> str:
    """HMAC-SHA-256 of a patient id (64 hex digits), blanks at either end ignored."""
    secret = _secret(_folder(), "patient-id.key")
    return hmac.new(secret, patient_id.strip().encode(), hashlib.sha256).hexdigest()


def keyed_digest(name: str, text: str) -> bytes:
    """HMAC-SHA-256 of a text with the secret of that name, which is made on first use."""
    return hmac.new(_secret(_folder(), name), text.encode(), hashlib.sha256).digest()


def operator_key(hospital: str, text: str) -> str:
    """HMAC-SHA-256 (64 hex digits) of a text that names who makes exams, in its canonical spelling."""
    return keyed_digest("operator-name.key", f"{hospital}/{text}").hex()


def bytes_encrypt(data: bytes) -> bytes:
    """Cipher text of bytes that name patients, such as whole messages; differs at every call."""
    return _fernet(_folder()).encrypt(data)


def bytes_decrypt(cipher: bytes) -> bytes:
    """Inverse of `bytes_encrypt`."""
    return _fernet(_folder()).decrypt(bytes(cipher))


def text_encrypt(text: str) -> bytes:
    """Cipher text of a name or number; differs at every call."""
    return _fernet(_folder()).encrypt(text.encode())


def text_decrypt(cipher: bytes) -> str:
    """Inverse of `text_encrypt`."""
    return _fernet(_folder()).decrypt(bytes(cipher)).decode()


def text_unsealed(token: str) -> str:
    """The same of a cipher that came as text, for what must not hold anybody up: "" for one of another key."""
    try:
        return text_decrypt(token.encode())
    except InvalidToken:
        return ""


def _folder() -> Path:
    return Path(settings.YINGHENG_HOME) / _FOLDER


@lru_cache(maxsize=8)
def _fernet(folder: Path) -> Fernet:
    try:
        return Fernet(_secret(folder, "patient-name.key"))
    except ValueError as exc:
        raise Invalid("catalog.key_damaged", name="patient-name.key") from exc


@lru_cache(maxsize=8)
def _secret(folder: Path, name: str) -> bytes:
    """The secret of this name, made on first use; of several processes that start at once, the first one's counts."""
    secret = secret_file_ensure(folder / name, Fernet.generate_key())
    if len(secret) < 40:
        raise Invalid("catalog.key_damaged", name=name)
    return secret
