"""What a person chose by hand for a run, in words; for pages and for reports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from imagingqc.phantom.registry import TESTS
from yingheng.common.ui.judged import value_text
from yingheng.phantomqc.models import PhantomRun

_UID = re.compile(r"\d[\d.]{20,}(#\d+)?")
_WORDS = {
    "zh": {"series": "序列 {n}", "image": "图像 {n}", "frame": "帧 {n}", "and": "，"},
    "en": {"series": "series {n}", "image": "image {n}", "frame": "frame {n}", "and": ", "},
}


def by_hand_texts(run: PhantomRun, lang: str) -> dict[str, tuple[str, str]]:
    """Parameter -> what it is called and what was chosen, of the choices made by hand in the images of a run."""
    test = next((t for t in TESTS if t.name == run.test), None)
    names = {p.key: p.zh if lang == "zh" else p.en for p in (test.parameters if test else ())}
    chosen = run.result.get("by_hand") or []
    return {one["key"]: (names.get(one["key"], one["key"]), _chosen(one, lang)) for one in chosen}


def _chosen(one: Mapping[str, Any], lang: str) -> str:
    words = _WORDS[lang]
    parts = [words[key].format(n=one[f"{key}_number"]) for key in ("series", "image") if one.get(f"{key}_number")]
    if one.get("instance_number"):
        parts.append(words["image"].format(n=one["instance_number"]))
    if one.get("frame"):
        parts.append(words["frame"].format(n=one["frame"] + 1))
    return words["and"].join(parts) or value_text(one["value"])


def parameters_text(parameters: Mapping[str, Any]) -> str:
    """Parameters in one line; UIDs by their end."""
    return "、".join(f"{key} = {_short(value)}" for key, value in parameters.items())


def _short(value: Any) -> str:
    text = value_text(value)
    return f"…{text[-8:]}" if _UID.fullmatch(text) else text
