"""What is kept of a submitted sheet: its questions and answers in words, and the digest that proves them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from yingheng.sheets.answers import REASON, shown_keys
from yingheng.sheets.models import Response
from yingheng.sheets.spec import Item, Spec, Words

CHECK_WORDS = {"yes": Words("是", "yes"), "no": Words("否", "no"), "na": Words("不适用", "not applicable")}


def record_of(spec: Spec, answers: Mapping[str, Any], typed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Groups of items with label, unit and value in both languages; items that were not asked are left out."""
    shown = shown_keys(spec, typed)
    out = []
    for group in spec.groups:
        items = [_item(item, answers) for item in group.items if item.key in shown and item.type != "signature"]
        if items:
            out.append({"title": _both(group.title), "items": items})
    return out


def _both(words: Words) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}


def _item(item: Item, answers: Mapping[str, Any]) -> dict[str, Any]:
    value = answers.get(item.key)
    return {
        "key": item.key,
        "type": item.type,
        "label": _both(item.label),
        "unit": item.unit,
        "quantity": item.quantity,
        "value": _value(item, value),
        "remark": answers.get(item.key + REASON, ""),
    }


def _value(item: Item, value: Any) -> Any:
    """Numbers as they are; answers of a list in words; a score with its faults in words; None for no answer."""
    if value is None:
        return None
    if item.type == "check":
        return _both(CHECK_WORDS[value])
    if item.type == "choice":
        return _both(next(c.label for c in item.choices if c.key == value))
    if item.type == "score":
        faults = [d for d in item.deductions if d.key in value["faults"]]
        told = [*faults, *(one for one in item.levels if one.key == value.get("level"))]
        return {"points": value["points"], "of": item.weight, "faults": [_both(one.label) for one in told]}
    return value


def response_digest(row: Response, template_sha256: str) -> str:
    """SHA-256 over everything that was submitted: what a signature signs."""
    told = {
        "template": template_sha256,
        "subject": [row.subject_type, row.subject_id, row.subject_label],
        "occasion": row.occasion,
        "version": row.version,
        "reason": row.reason,
        "answers": row.answers,
        "record": row.record,
        "measurements": row.measurements,
        "verdicts": row.verdicts,
        "score": row.score,
        "by": [row.submitted_by_id, row.submitted_by_name],
        "at": row.submitted_at.isoformat() if row.submitted_at else "",
    }
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
