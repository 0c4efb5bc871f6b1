"""Where a verdict's number comes from, in words: which slices, which tags, which series; and what to do about it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from imagingqc.errors import Reason, reason_catalogue
from imagingqc.quantity import Evidence, quantity_name

SHOWN = 4  # places named one by one; the rest is a count
Shape = Mapping[str, Any]

_PLANES = {
    "zh": {
        "ax": "轴位", "cor": "冠状位", "sag": "矢状位", "oblax": "斜轴位", "oblcor": "斜冠状位", "oblsag": "斜矢状位",
        "any": "任意方位", "3D": "三维", "SAX": "短轴", "LAX2": "两腔长轴", "LAX4": "四腔长轴",
        "axial": "轴位", "coronal": "冠状位", "sagittal": "矢状位",
    },
    "en": {
        "ax": "axial", "cor": "coronal", "sag": "sagittal", "oblax": "oblique axial", "oblcor": "oblique coronal",
        "oblsag": "oblique sagittal", "any": "any plane", "SAX": "short axis", "LAX2": "two-chamber",
        "LAX4": "four-chamber",
    },
}  # fmt: skip


def evidence_text(evidence: Evidence | None, lang: str = "zh", quantity: str | None = None) -> str:
    """What the evidence says of a place, in one sentence without a full stop; "" when it has nothing to say.

    `quantity` narrows it: the evidence of a stack of slices holds gaps, copies and odd steps, and a verdict on copies
    is not about gaps.  Without it everything that the evidence holds is said.  `lang` is "zh" or "en".
    Example (zh): 12.0～22.0 mm 之间缺 1 层（第 5、6 层之间）
    """
    shape: Shape = evidence.shape if evidence else {}
    match shape.get("kind"):
        case "slices":
            return _slices(shape, lang, quantity or "")
        case "tags":
            return _numbers(shape, lang) if (quantity or "").endswith(".out_of_order") else _tags(shape, lang)
        case "series_list":
            return _series(shape, lang, quantity or "")
        case "courses":
            return _courses(shape, lang)
        case _:
            return ""


@cache
def _advice() -> dict[str, dict[str, str]]:
    text = files("imagingqc.criteria").joinpath("advice.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def advice_text(quantity: str | None, lang: str = "zh") -> str:
    """What to do when this quantity breaches its limit; "" where there is nothing general to say."""
    return _advice().get(quantity or "", {}).get(lang, "")


# --- slices -----------------------------------------------------------------------------------------


def _slices(shape: Shape, lang: str, quantity: str) -> str:
    aspect = quantity.rsplit(".", 1)[-1]
    parts = []
    if aspect in {"missing", ""} and shape.get("gaps"):
        parts.append(_gaps(shape, lang))
    if aspect in {"duplicated", ""} and shape.get("duplicates"):
        parts.append(_listed([_copy(d, lang) for d in shape["duplicates"]], lang))
    if aspect in {"irregular", ""} and shape.get("irregular"):
        spans = _listed([_span(step, lang) for step in shape["irregular"]], lang)
        parts.append(f"层距不规则处：{spans}" if lang == "zh" else f"irregular intervals: {spans}")
    if aspect == "uncovered" and shape.get("intervals_mm"):
        widest = max(shape["intervals_mm"])
        parts.append(
            f"层间隔 {widest:.4g} mm，大于层厚"
            if lang == "zh"
            else f"interval {widest:.4g} mm, wider than the slices are thick"
        )
    return _joint(lang).join(parts)


def _gaps(shape: Shape, lang: str) -> str:
    gaps: Sequence[Shape] = sorted(shape["gaps"], key=_first_number)
    held, missing = len(shape["positions_mm"]), sum(gap["missing"] for gap in gaps)
    places = _listed([_gap(gap, shape["positions_mm"], lang) for gap in gaps], lang)
    if missing < held:
        return places
    every = (held + missing) / held
    if lang == "zh":
        return f"本组只有 {held} 层，另缺 {missing} 层，平均约每 {every:.0f} 层才有 1 层，多半只收到部分图像：{places}"
    return (
        f"only {held} slices of this stack are there and {missing} are not, about one in {every:.0f}; "
        f"most likely only part of the images arrived: {places}"
    )


def _first_number(gap: Shape) -> float:
    """Gaps are told in the order in which a reader scrolls: by image number where there is one, else by position."""
    before, after = gap.get("before_number"), gap.get("after_number")
    if before is None or after is None or not gap.get("numbered"):
        return float(gap["from_mm"])
    return float(min(before, after))


def _gap(gap: Shape, positions: Sequence[float], lang: str) -> str:
    missing = gap["missing"]
    numbers = _missing_numbers(gap)
    if numbers:
        return f"第 {numbers} 层缺失（{_span(gap, lang)}）" if lang == "zh" else _numbered_en(numbers, missing, gap)
    first = 1 + min(range(len(positions)), key=lambda i: abs(positions[i] - gap["from_mm"]))
    odd = gap.get("numbered") is False
    if lang == "zh":
        extra = "，而图像编号不缺" if odd else ""
        return f"{_span(gap, lang)} 之间缺 {missing} 层（第 {first}、{first + 1} 层之间{extra}）"
    extra = ", although the image numbers run on" if odd else ""
    noun = "slice" if missing == 1 else "slices"
    span = f"{gap['from_mm']:.1f} and {gap['to_mm']:.1f} mm"
    return f"{missing} {noun} missing between {span} (between slices {first} and {first + 1}{extra})"


def _numbered_en(numbers: str, missing: int, gap: Shape) -> str:
    noun = "slice" if missing == 1 else "slices"
    return f"{noun} {numbers.replace('～', '–')} missing ({_span(gap, 'en')})"


def _missing_numbers(gap: Shape) -> str:
    """The instance numbers that are not there ("34～36"), "" when the numbers do not tell."""
    before, after = gap.get("before_number"), gap.get("after_number")
    if not gap.get("numbered") or before is None or after is None:
        return ""
    low, high = min(before, after) + 1, max(before, after) - 1
    if high - low + 1 != gap["missing"]:
        return ""
    return str(low) if low == high else f"{low}～{high}"


def _copy(copy: Shape, lang: str) -> str:
    n, same = len(copy["instances"]), copy.get("identical")
    if lang == "zh":
        words = "像素未能比较" if same is None else "像素相同" if same else "像素不同"
        return f"{copy['position_mm']:.1f} mm 处有 {n} 幅（{words}）"
    words = "pixels not compared" if same is None else "same pixels" if same else "different pixels"
    return f"{n} images at {copy['position_mm']:.1f} mm ({words})"


def _span(step: Shape, lang: str) -> str:
    low, high = f"{step['from_mm']:.1f}", f"{step['to_mm']:.1f}"
    return f"{low}～{high} mm" if lang == "zh" else f"{low} to {high} mm"


# --- tags and series --------------------------------------------------------------------------------


def _tags(shape: Shape, lang: str) -> str:
    """Damaged attributes in the words of their reason, those with the same damage together; others as they stand."""
    groups: dict[tuple[str, str], list[Shape]] = {}
    for row in shape.get("tags", ()):
        damaged = row.get("code") in reason_catalogue()
        groups.setdefault((row["code"], row["value"]) if damaged else (row["keyword"], "="), []).append(row)
    parts = [_stated(rows, lang) if key[1] == "=" else _damage(rows, lang) for key, rows in groups.items()]
    return _listed(parts, lang, unit="项")


def _damage(rows: Sequence[Shape], lang: str) -> str:
    names = ("、" if lang == "zh" else ", ").join(row["keyword"] for row in rows)
    values = {"value": rows[0]["value"], **rows[0].get("values", {}), "tag": names}
    return Reason(rows[0]["code"], values).text(lang)


def _stated(rows: Sequence[Shape], lang: str) -> str:
    values = ("、" if lang == "zh" else ", ").join(str(row["value"]) for row in rows)
    return f"{rows[0]['keyword']} = {values}"


def _numbers(shape: Shape, lang: str) -> str:
    """Image numbers around the first place where they turn back."""
    written = str(shape["tags"][0]["value"]).split("\\") if shape.get("tags") else []
    numbers = [int(n) for n in written if n.lstrip("-").isdigit()]
    rising = 2 * sum(b > a for a, b in pairwise(numbers)) >= len(numbers) - 1
    turn = next((i for i, (a, b) in enumerate(pairwise(numbers)) if (b > a) != rising), None)
    if turn is None:
        return ""
    near = ("、" if lang == "zh" else ", ").join(str(n) for n in numbers[max(0, turn - 2) : turn + 4])
    return f"按位置排列，图像编号依次为 … {near} …" if lang == "zh" else f"in space the image numbers run … {near} …"


_SPEAKING = {"missing", "inconsistent", "repeat"}


def _series(shape: Shape, lang: str, quantity: str) -> str:
    rows = [row for row in shape.get("rows", ()) if row.get("state") in _SPEAKING]
    if quantity.startswith("mr.required_series."):
        by_experience = quantity.endswith("_expert")
        rows = [row for row in rows if (row.get("confidence") == "expert") == by_experience]
    if not rows:
        return ""
    names = ("、" if lang == "zh" else ", ").join(series_name(row, lang) for row in rows)
    heads = {
        "zh": {"missing": "缺少", "inconsistent": "方向不同", "repeat": "重复"},
        "en": {"missing": "missing", "inconsistent": "shown another way", "repeat": "repeated"},
    }
    return f"{heads[lang][rows[0]['state']]}{'：' if lang == 'zh' else ': '}{names}"


def series_name(row: Shape, lang: str = "zh") -> str:
    """The name of one row of a `series_list`, with its plane in words: "T2WI (ax)" -> "T2WI（轴位）"."""
    name = str(row["name"] if lang == "zh" else row.get("name_en", row["name"]))
    found = re.fullmatch(r"(.*) \((\w+)\)", name)
    if found:
        plane = _PLANES[lang].get(found[2], found[2])
        return f"{found[1]}（{plane}）" if lang == "zh" else f"{found[1]} ({plane})"
    first, _, rest = name.partition(" ")
    return f"{_PLANES[lang].get(first, first)} {rest}".strip()


def _listed(parts: Sequence[str], lang: str, unit: str = "处") -> str:
    """The first few parts, and how many there are in all."""
    text = _joint(lang).join(parts[:SHOWN])
    if len(parts) <= SHOWN:
        return text
    return f"{text} 等共 {len(parts)} {unit}" if lang == "zh" else f"{text} and {len(parts) - SHOWN} more"


def _joint(lang: str) -> str:
    return "；" if lang == "zh" else "; "


# --- courses of quantities --------------------------------------------------------------------------

_LEANS = {"zh": {"above": "偏高", "below": "偏低"}, "en": {"above": "high", "below": "low"}}


def _courses(shape: Shape, lang: str) -> str:
    """Which quantities have left their baseline, under which protocol and to which side."""
    rows = shape.get("rows", ())
    named = [
        f"{quantity_name(r['quantity'], lang)}（{r['protocol']}）{_LEANS['zh'].get(r['direction'], '')}"
        if lang == "zh"
        else f"{quantity_name(r['quantity'], lang)} ({r['protocol']}) {_LEANS['en'].get(r['direction'], '')}"
        for r in rows[:SHOWN]
    ]
    more = len(rows) - len(named)
    if more > 0:
        named.append(f"另有 {more} 项" if lang == "zh" else f"{more} more")
    return "；".join(named) if lang == "zh" else "; ".join(named)
