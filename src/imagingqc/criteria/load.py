"""Read standards from TOML: closed keys, every error named by file, criterion and field."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from imagingqc.criteria.model import Confidence, Criterion, Limit, Standard
from imagingqc.criteria.rule_file import check_document
from imagingqc.errors import RuleError

HEAD = "standard"
"""What an error names instead of a criterion when the file itself or its head is wrong."""


def lint(path: Path | str) -> list[RuleError]:
    """Every error of one rule file (not only the first), in the order of the file; empty when it is sound."""
    name = Path(path).as_posix()
    try:
        return check_document(_parse(_read(Path(path), name), name), name)
    except RuleError as error:
        return [error]


def load_standard(path: Path | str) -> Standard:
    """The standard in one TOML file.  Raises the first RuleError that `lint` would list."""
    name = Path(path).as_posix()
    return _standard(_read(Path(path), name), name)


def lint_text(text: str, name: str) -> list[RuleError]:
    """As `lint`, of a rule file's text; `name` stands for the file in the errors."""
    try:
        return check_document(_parse(text, name), name)
    except RuleError as error:
        return [error]


def standard_from_text(text: str, name: str) -> Standard:
    """As `load_standard`, of a rule file's text."""
    return _standard(text, name)


@cache
def load_builtin() -> MappingProxyType[str, Standard]:
    """Every standard that ships with the package, by id (read once).  Raises RuleError when one is badly written."""
    found: dict[str, Standard] = {}
    for name, file in builtin_files():
        standard = _standard(_read(file, name), name)
        if standard.id in found:
            raise RuleError("rule_duplicate_id", file=name, criterion=HEAD, field="id")
        found[standard.id] = standard
    return MappingProxyType(found)


def builtin_files() -> Iterator[tuple[str, Traversable]]:
    """The files of the built-in standards as ("<body>/<number>-<edition>.toml", file), sorted by name."""
    bodies = (d for d in files("imagingqc").joinpath("standards").iterdir() if d.is_dir())
    named = {f"{d.name}/{f.name}": f for d in bodies for f in d.iterdir() if f.name.endswith(".toml")}
    yield from sorted(named.items())


def _read(file: Traversable, name: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise RuleError("rule_not_toml", file=name, criterion=HEAD, field="-", detail="not UTF-8") from error
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise RuleError("rule_unreadable", file=name, criterion=HEAD, field="-", detail=detail) from error


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RuleError("rule_not_toml", file=name, criterion=HEAD, field="-", detail=str(error)) from error


def _standard(text: str, name: str) -> Standard:
    document = _parse(text, name)
    errors = check_document(document, name)
    if errors:
        raise errors[0]
    head = document[HEAD]
    return Standard(
        id=head["id"],
        title=head["title"],
        title_en=head["title_en"],
        body=head["body"],
        level=head["level"],
        source=head["source"],
        valid_from=head.get("valid_from"),
        valid_to=head.get("valid_to"),
        criteria=tuple(_criterion(c) for c in document["criterion"]),
    )


def _criterion(raw: dict[str, Any]) -> Criterion:
    plain = {k: v for k, v in raw.items() if k not in {"applies", "limit", "confidence"}}
    return Criterion(
        **plain,
        applies={key: _values(value) for key, value in raw.get("applies", {}).items()},
        limit=_limit(raw["limit"]) if "limit" in raw else None,
        confidence=Confidence(raw["confidence"]),
    )


def _values(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)


def _limit(raw: dict[str, Any]) -> Limit:
    if "any" in raw:
        return Limit(any=tuple(_limit(part) for part in raw["any"]))
    if "all" in raw:
        return Limit(all=tuple(_limit(part) for part in raw["all"]))
    value = raw.get("value")
    return Limit(
        op=raw["op"],
        value=tuple(value) if isinstance(value, list) else value,
        of=raw.get("of"),
        direction=raw.get("direction", "both"),
    )
