"""Templates that come with the product: TOML files in the packages of the apps that bring them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from yingheng.common.errors import NotFound
from yingheng.sheets.load import load
from yingheng.sheets.spec import Spec

_sources: list[tuple[str, str]] = []


@dataclass(frozen=True)
class Product:
    """One edition that comes with the product."""

    spec: Spec
    text: str
    sha256: str


def product_templates_add(package: str, folder: str = "sheet_templates") -> None:
    """Have every `*.toml` in that folder of a package offered as a template; for `AppConfig.ready`."""
    if (package, folder) not in _sources:
        _sources.append((package, folder))
        _all.cache_clear()


def products() -> dict[tuple[str, int], Product]:
    """All editions that come with the product, by key and version.  ValueError names a file that is not sound."""
    return dict(_all())


def product(key: str, version: int | None = None) -> Product:
    """The edition of that key, the newest without a version; NotFound when there is none."""
    found = {number: one for (name, number), one in _all().items() if name == key}
    if not found or (version is not None and version not in found):
        raise NotFound("sheets.template_unknown")
    return found[max(found) if version is None else version]


def newest_products() -> list[Product]:
    """The newest edition of each key, by title."""
    newest = {key: max(v for k, v in _all() if k == key) for key, _version in _all()}
    return sorted((_all()[key, version] for key, version in newest.items()), key=lambda one: one.spec.title.zh)


def editions_of(key: str) -> list[Product]:
    """The editions of that key, newest first; none where the product has no such sheet."""
    return sorted((one for (name, _v), one in _all().items() if name == key), key=lambda one: -one.spec.version)


@cache
def _all() -> dict[tuple[str, int], Product]:
    found: dict[tuple[str, int], Product] = {}
    for package, folder in _sources:
        for file in sorted(files(package).joinpath(folder).iterdir(), key=lambda f: f.name):
            if not file.name.endswith(".toml"):
                continue
            text = file.read_text(encoding="utf-8")
            loaded = load(text)
            if loaded.spec is None:
                raise ValueError(f"{package}/{folder}/{file.name}: " + "; ".join(map(str, loaded.problems)))
            place = (loaded.spec.key, loaded.spec.version)
            if place in found:
                raise ValueError(f"{package}/{folder}/{file.name}: {place} is there twice")
            found[place] = Product(loaded.spec, text, text_digest(text))
    return found


def text_digest(text: str) -> str:
    """SHA-256 of a template's text (64 hex digits)."""
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=256)
def spec_of_text(text: str) -> Spec:
    """The sheet of a stored text; ValueError for one that this version of the program can no longer read."""
    loaded = load(text, stored=True)
    if loaded.spec is None:
        raise ValueError("; ".join(map(str, loaded.problems)))
    return loaded.spec
