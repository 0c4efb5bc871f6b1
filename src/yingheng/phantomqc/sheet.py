"""The sheet of a test: its readings and visual checks as one page to fill in, made from the template."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from imagingqc.phantom.readings import reading_named
from yingheng.phantomqc.catalogue import Template, TemplateItem

SUBJECT = "device_test"  # what such a sheet is about
# What some readings tell the limits of other quantities: input -> fact that limits ask for.
_FACTS: Mapping[str, Mapping[str, str]] = {
    "ct.slice_thickness": {"nominal": "slice_thickness"},
    "mr.centre_frequency": {"nominal": "field_strength"},
}


def filled_in(template: Template) -> list[TemplateItem]:
    """The items that people fill in, in their order."""
    return [item for item in template.items if item.kind != "image"]


def check_key(item: TemplateItem) -> str:
    """The item of the sheet that a visual check is answered with."""
    return f"{item.key}_seen"


def shares_reading(template: Template, item: TemplateItem) -> bool:
    """Whether another item of the template has the same form: then each gives only its own quantities."""
    return item.kind == "readings" and Counter(one.test for one in template.items)[item.test] > 1


def sheet_text(template: Template) -> str:
    """The sheet as TOML for `sheets`; the same template gives the same text."""
    lines = [
        "version = 1",
        *_pairs(
            key=f"test-{template.id}",
            kind="readings",
            title=template.zh,
            title_en=template.en,
            subject=SUBJECT,
            standards=list(template.standards),
        ),
        "[facts]",
        *_pairs(test=template.test_type),
    ]
    for item in filled_in(template):
        lines += _group(template, item)
    return "\n".join([*lines, *_record(template)]) + "\n"


def _group(template: Template, item: TemplateItem) -> Iterator[str]:
    yield "[[group]]"
    yield from _pairs(title=item.zh, title_en=item.en, optional=True)
    if item.kind == "readings":
        told = {"reading": item.test, "prefix": f"{item.key}_", "help": item.method, "help_en": item.method_en}
        yield from _pairs(**told)
        if shares_reading(template, item):
            yield from _pairs(quantities=list(item.quantities))
        if facts := _FACTS.get(item.test):
            yield "[group.facts]"
            yield from _pairs(**facts)
        return
    yield "[[group.item]]"
    yield from _pairs(
        key=check_key(item),
        type="check",
        label=f"{item.zh}：未见异常",
        label_en=f"{item.en}: nothing wrong",
        help=item.method,
        help_en=item.method_en,
    )


def _record(template: Template) -> Iterator[str]:
    """With what it was measured, by whom it was witnessed, photos, remarks."""
    measured = any(item.kind == "readings" for item in template.items)
    yield "[[group]]"
    yield from _pairs(title="仪器与记录", title_en="Instruments and record")
    if measured:
        yield from _item("instrument", "text", "所用仪器", "Instruments used", help="名称、型号、编号",
                         help_en="name, model, number")  # fmt: skip
        yield from _item("certificate", "text", "检定或校准证书编号", "Calibration certificate", required=False)
    yield from _item("photos", "file", "照片与附件", "Photos and files", required=False)
    yield from _item("remark", "text", "备注", "Remark", required=False)
    yield from _item(
        "witness", "signature", "见证人签名", "Signature of a witness", by="witness", required=template.witness
    )


def _item(key: str, kind: str, label: str, label_en: str, **more: Any) -> Iterator[str]:
    yield "[[group.item]]"
    yield from _pairs(key=key, type=kind, label=label, label_en=label_en, **more)


def _pairs(**values: Any) -> Iterator[str]:
    """TOML lines: a JSON text, number, flag or list of these is one of TOML."""
    for key, value in values.items():
        yield f"{key} = {json.dumps(value, ensure_ascii=False)}"


def reading_inputs(item: TemplateItem) -> dict[str, str]:
    """Input of the reading -> item of the sheet."""
    inputs = reading_named(item.test).inputs
    return {one.key: f"{item.key}_" + one.key.replace("-", "_").replace(".", "_") for one in inputs}


def facts_of(reading: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the values of a reading tell limits of other quantities."""
    return {fact: values[key] for key, fact in _FACTS.get(reading, {}).items() if key in values}


def answer_keys(item: TemplateItem) -> list[str]:
    """The items of the sheet that belong to an item of the test."""
    return [check_key(item)] if item.kind == "visual" else list(reading_inputs(item).values())
