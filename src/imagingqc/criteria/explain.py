"""Limits and verdicts in words a radiographer can read, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Mapping

from imagingqc.criteria.evidence_words import advice_text, evidence_text
from imagingqc.criteria.limits import is_number
from imagingqc.criteria.model import Confidence, Limit, Outcome, Scalar, Verdict
from imagingqc.errors import LANGUAGES, Reason
from imagingqc.quantity import Value, quantity_name, reason_sentence

__all__ = [
    "CONFIDENCE_WORDS",
    "OUTCOME_WORDS",
    "advice_text",
    "evidence_text",
    "limit_text",
    "place_text",
    "quantity_name",
    "reason_text",
    "unit_symbol",
    "value_text",
    "verdict_text",
]

OUTCOME_WORDS: Mapping[str, Mapping[Outcome, str]] = {
    "zh": {
        Outcome.PASS: "合格",
        Outcome.FAIL: "不合格",
        Outcome.NEEDS_HUMAN: "待人工",
        Outcome.NOT_ASSESSABLE: "无法评估",
    },
    "en": {
        Outcome.PASS: "pass",
        Outcome.FAIL: "fail",
        Outcome.NEEDS_HUMAN: "needs a person",
        Outcome.NOT_ASSESSABLE: "not assessable",
    },
}
CONFIDENCE_WORDS: Mapping[str, Mapping[Confidence, str]] = {
    "zh": {
        Confidence.VERIFIED: "已核实",
        Confidence.SECONDARY: "二手来源",
        Confidence.MEMORY: "凭记忆",
        Confidence.EXPERT: "凭经验",
        Confidence.UNCONFIRMED: "未确认",
    },
    "en": {
        Confidence.VERIFIED: "verified",
        Confidence.SECONDARY: "second-hand source",
        Confidence.MEMORY: "from memory",
        Confidence.EXPERT: "by experience",
        Confidence.UNCONFIRMED: "unconfirmed",
    },
}

SMALLEST_SHOWN = 1e-6  # no quantity here is known so finely: what is left is the rounding of a zero
# UCUM code -> what people write.  Codes that are already readable ("mm", "%") need no entry.
_UNIT_SYMBOLS = {
    "1": "",
    "[hnsf'U]": "HU",
    "{lp}/cm": "lp/cm",
    "/mm": "mm⁻¹",
    "mm{Pb}": "mmPb",
    "{lp}/mm": "lp/mm",
    "mm{Al}": "mmAl",
    "[ppm]": "ppm",
    "m2": "m²",
    "mm2": "mm²",
    "mm3": "mm³",
    "deg": "°",
    "uGy": "μGy",
    "uGy/min": "μGy/min",
    "uGy/mA.s": "μGy/mAs",
    "uSv/h": "μSv/h",
    "mGy.cm": "mGy·cm",
    "Gy.cm2": "Gy·cm²",
}
_ZH_UNITS = {"Cel": "℃", "a": "年", "d": "天", "h": "小时", "min": "分钟", "s": "秒", "/min": "次/分"}
_EN_UNITS = {"Cel": "°C", "a": "years", "d": "days", "min": "min", "/min": "per min"}
_OP_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥"}
_OF_WORDS = {
    "zh": {"nominal": "标称值", "baseline": "基线", "vendor": "厂家规定值"},
    "en": {"nominal": "nominal", "baseline": "baseline", "vendor": "vendor's value"},
}
_FLAG_WORDS = {"zh": {True: "是", False: "否"}, "en": {True: "yes", False: "no"}}


def unit_symbol(unit: str, lang: str = "zh") -> str:
    """A UCUM unit as people write it: "[hnsf'U]" -> "HU", "Cel" -> "℃" or "°C", a count -> ""."""
    own = (_ZH_UNITS if lang == "zh" else _EN_UNITS).get(unit)
    if own is not None:
        return own
    return _UNIT_SYMBOLS.get(unit, re.sub(r"\{[^}]*\}", "", unit))


def value_text(value: Value | Scalar, unit: str, lang: str = "zh") -> str:
    """A value with its unit; floats to six significant digits, as many as any measurement here can bear."""
    if isinstance(value, tuple):
        return ("、" if lang == "zh" else ", ").join(_plain(v, lang) for v in value)
    return _with_unit(_plain(value, lang), unit, lang) if is_number(value) else _plain(value, lang)


def _plain(value: Scalar, lang: str) -> str:
    if isinstance(value, bool):
        return _FLAG_WORDS[lang][value]
    if isinstance(value, float):
        return "0" if abs(value) < SMALLEST_SHOWN else f"{value:.6g}"
    return str(value)


def _with_unit(text: str, unit: str, lang: str) -> str:
    symbol = unit_symbol(unit, lang)
    joint = "" if symbol in {"", "°"} else " "
    return f"{text}{joint}{symbol}"


def limit_text(limit: Limit, unit: str, lang: str = "zh") -> str:
    """The limit in words and signs: "≥ 512", "18～24 ℃", "±2 mm 以内", "基线 ±50 %".  `lang` is "zh" or "en"."""
    if lang not in LANGUAGES:
        raise KeyError(lang)
    if limit.any:
        return ("，或 " if lang == "zh" else ", or ").join(limit_text(p, unit, lang) for p in limit.any)
    if limit.all:
        return ("，且 " if lang == "zh" else ", and ").join(limit_text(p, unit, lang) for p in limit.all)
    return _single_text(limit, unit, lang)


def _single_text(limit: Limit, unit: str, lang: str) -> str:
    values = limit.value if isinstance(limit.value, tuple) else () if limit.value is None else (limit.value,)
    texts = [_plain(v, lang) for v in values]
    match limit.op:
        case "between":
            return _with_unit(("～" if lang == "zh" else "–").join(texts), unit, lang)
        case "abs<=":
            inner = _with_unit("±" + texts[0], unit, lang)
            return f"{inner} 以内" if lang == "zh" else f"within {inner}"
        case "within_pct" | "within_abs":
            return _relative_text(limit, texts[0], "%" if limit.op == "within_pct" else unit, lang)
        case "within_mad":
            return _spread_text(limit, texts[0], lang)
        case "one_of":
            return _listed_text(values, texts, unit, lang)
        case _:
            return _simple_text(limit, texts, unit, lang)


def _simple_text(limit: Limit, texts: list[str], unit: str, lang: str) -> str:
    if limit.op == "present":
        return "必须存在" if lang == "zh" else "must be present"
    if limit.op == "matches":
        return f"符合格式 {texts[0]}" if lang == "zh" else f"matches {texts[0]}"
    return f"{_OP_SIGNS[str(limit.op)]} {_with_unit(texts[0], unit, lang)}"


def _listed_text(values: tuple[Scalar, ...], texts: list[str], unit: str, lang: str) -> str:
    if len(values) == 1:
        return _with_unit(f"= {texts[0]}", unit, lang) if is_number(values[0]) else texts[0]
    if lang == "zh":
        return "、".join(texts) + " 之一"
    return "one of " + ", ".join(texts)


def _spread_text(limit: Limit, amount: str, lang: str) -> str:
    """A limit in robust standard deviations: 1.4826 times the median absolute deviation of the baseline."""
    of = _OF_WORDS[lang][str(limit.of)]
    if lang == "zh":
        way = {"both": "偏离", "above": "高出", "below": "低于"}[limit.direction]
        return f"{way}{of}不超过 {amount} 个稳健标准差"
    way = {"both": "from", "above": "above", "below": "below"}[limit.direction]
    return f"at most {amount} robust standard deviations {way} the {of}"


def _relative_text(limit: Limit, amount: str, unit: str, lang: str) -> str:
    of = _OF_WORDS[lang][str(limit.of)]
    if limit.direction == "both":
        return f"{of} {_with_unit('±' + amount, unit, lang)}"
    up = limit.direction == "above"
    if limit.value == 0:
        if lang == "zh":
            return f"不{'高' if up else '低'}于{of}"
        return f"not {'above' if up else 'below'} the {of}"
    by = _with_unit(amount, unit, lang)
    if lang == "zh":
        return f"{'高出' if up else '低于'}{of}不超过 {by}"
    return f"at most {by} {'above' if up else 'below'} the {of}"


def reason_text(reason: Reason, lang: str = "zh") -> str:
    """The reason's sentence with quantities and units by their names rather than their keys."""
    if reason.code == "unit_differs":
        units = {key: unit_symbol(str(reason.values[key]), lang) or str(reason.values[key]) for key in ("got", "want")}
        reason = Reason(reason.code, {**reason.values, **units})
    return reason_sentence(reason, lang)


def _is_absent(verdict: Verdict) -> bool:
    """Whether the verdict is that something which must be present is not."""
    judged = verdict.outcome in {Outcome.FAIL, Outcome.NEEDS_HUMAN}
    return judged and verdict.limit is not None and verdict.limit.op == "present"


def verdict_text(verdict: Verdict, lang: str = "zh", requirement: str = "") -> str:
    """One plain sentence: what was judged, the value, the limit, the outcome with its reason, the clause.

    A manual clause has no quantity to name: give `requirement` (the criterion's text) to have it said.
    Example (zh): 缺失层数：实测 3，要求 = 0，不合格（第二部分 三(三)2，已核实）
    """
    zh = lang == "zh"
    parts = []
    if verdict.value is not None:
        value = value_text(verdict.value, verdict.unit, lang)
        parts.append(f"实测 {value}" if zh else f"measured {value}")
    elif _is_absent(verdict):
        parts.append("未见此项" if zh else "not there")
    if verdict.limit is not None:
        limit = limit_text(verdict.limit, verdict.unit, lang)
        parts.append(f"要求 {limit}" if zh else f"required {limit}")
    outcome = OUTCOME_WORDS[lang][verdict.outcome]
    if verdict.reason is not None:
        outcome += ("：" if zh else ": ") + reason_text(verdict.reason, lang)
    parts.append(outcome)
    source = f"{verdict.clause}{'，' if zh else ', '}{CONFIDENCE_WORDS[lang][verdict.confidence]}"
    source = f"（{source}）" if zh else f" ({source})"
    name = quantity_name(verdict.quantity, lang) if verdict.quantity else requirement
    what = f"{name}{'：' if zh else ': '}" if name else ""
    return what + ("，" if zh else ", ").join(parts) + source


def place_text(verdict: Verdict, lang: str = "zh") -> str:
    """Where a breach is to be seen and what to do: evidence, then advice; "" unless a limit was breached."""
    if verdict.outcome not in {Outcome.FAIL, Outcome.NEEDS_HUMAN} or verdict.grade == "manual":
        return ""
    parts = [evidence_text(verdict.evidence, lang, verdict.quantity), advice_text(verdict.quantity, lang)]
    said = [part[0].upper() + part[1:] for part in parts if part]
    return ("。" if lang == "zh" else ". ").join(said)
