"""Templates of tests as data: what is done with which kind of device, how, how often, and what judges it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias

from imagingqc.criteria.load import load_builtin
from imagingqc.quantity import quantity_catalogue
from yingheng.schedule.recurrence import UNITS, Unit

Kind: TypeAlias = Literal["image", "readings", "visual"]
KINDS: tuple[Kind, ...] = ("image", "readings", "visual")
TYPES = ("acceptance", "status", "constancy")
_FOLDER = "templates_data"


@dataclass(frozen=True, slots=True)
class TemplateItem:
    """One item: `test` is an analysis of images or a form of readings; a visual check has none.

    It is due as often as the template that lists it.
    """

    key: str
    kind: Kind
    zh: str
    en: str
    test: str = ""
    quantities: tuple[str, ...] = ()
    method: str = ""
    method_en: str = ""
    required: bool = True
    parameters: Mapping[str, Any] | None = None

    def label(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en

    def how(self, lang: str) -> str:
        return self.method if lang == "zh" else self.method_en


@dataclass(frozen=True, slots=True)
class Template:
    """One test of one kind of device.  `automatic`: it is submitted by itself when its images gave every item.

    `witness`: a second person signs what was read off instruments and seen.
    """

    id: str
    edition: int
    device: str
    modalities: tuple[str, ...]
    test_type: str
    zh: str
    en: str
    unit: Unit
    every: int
    standards: tuple[str, ...]
    automatic: bool
    items: tuple[TemplateItem, ...]
    witness: bool = False

    def label(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en

    def item(self, key: str) -> TemplateItem | None:
        return next((item for item in self.items if item.key == key), None)


@cache
def templates() -> Mapping[str, Template]:
    """Every template by id, in the order of the files.  ValueError names what is wrong with one."""
    found: dict[str, Template] = {}
    for name, raw in _files():
        for one in raw.get("template", []):
            template = _template(raw, one, f"{name}: {one.get('id', '?')}")
            if template.id in found:
                raise ValueError(f"{name}: {template.id} twice")
            found[template.id] = template
    return found


def template_named(key: str) -> Template | None:
    """The template with that id; None for one of another version of the product."""
    return templates().get(key)


def templates_for(modality: str, test_type: str = "") -> list[Template]:
    """The templates for devices of a modality, of one type of test where one is named."""
    return [t for t in templates().values() if modality in t.modalities and test_type in {"", t.test_type}]


def _files() -> Iterator[tuple[str, dict[str, Any]]]:
    folder = files("yingheng.phantomqc") / _FOLDER
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            yield file.name, tomllib.loads(file.read_text(encoding="utf-8"))


def _template(raw: Mapping[str, Any], one: Mapping[str, Any], place: str) -> Template:
    template = Template(
        id=one["id"],
        edition=one.get("edition", 1),
        device=raw["device"],
        modalities=tuple(raw["modalities"]),
        test_type=one["test_type"],
        zh=one["zh"],
        en=one["en"],
        unit=one["unit"],
        every=one.get("every", 1),
        standards=tuple(one.get("standards", ())),
        automatic=one.get("automatic", False),
        items=tuple(_item(key, raw["item"], place) for key in one["items"]),
        witness=one.get("witness", False),
    )
    if template.test_type not in TYPES or template.unit not in UNITS:
        raise ValueError(f"{place}: test_type or unit")
    if unknown := set(template.standards) - load_builtin().keys():
        raise ValueError(f"{place}: standards {sorted(unknown)}")
    if len({item.key for item in template.items}) != len(template.items):
        raise ValueError(f"{place}: an item twice")
    if template.automatic and any(item.kind != "image" for item in template.items if item.required):
        raise ValueError(f"{place}: only images submit by themselves")
    return template


def _item(key: str, known: Mapping[str, Any], place: str) -> TemplateItem:
    """An item of the file; "key?" in the list of a template is one that may be left out."""
    name = key.rstrip("?")
    if name not in known:
        raise ValueError(f"{place}: no item {name}")
    raw = known[name]
    item = TemplateItem(
        key=name,
        kind=raw["kind"],
        zh=raw["zh"],
        en=raw["en"],
        test=raw.get("test", ""),
        quantities=tuple(raw.get("quantities", ())),
        method=raw["method"],
        method_en=raw["method_en"],
        required=not key.endswith("?"),
        parameters=raw.get("parameters", {}),
    )
    if item.kind not in KINDS or (item.kind != "visual") != bool(item.test):
        raise ValueError(f"{place}: {item.key}: kind and test")
    if unknown := set(item.quantities) - quantity_catalogue().keys():
        raise ValueError(f"{place}: {item.key}: quantities {sorted(unknown)}")
    return item
