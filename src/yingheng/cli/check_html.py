"""The self-contained HTML report of `yingheng check`: pictures, overlays and verdicts in one file."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.template import Context, Engine

from imagingqc.criteria.evidence_words import series_name as row_name
from imagingqc.criteria.explain import (
    OUTCOME_WORDS,
    place_text,
    quantity_name,
    reason_text,
    value_text,
    verdict_text,
)
from imagingqc.criteria.model import Outcome, Standard, Verdict
from imagingqc.dicom.model import Slice, Unreadable
from imagingqc.errors import AnalysisError, DataError
from imagingqc.evaluate import ExamResult, SeriesResult
from imagingqc.quantity import Measurement
from yingheng.cli.check_table import (
    COLUMNS,
    ORDER,
    STYLE,
    Layout,
    counts,
    exam_title,
    requirements,
    sentences,
    series_names,
    visible,
)
from yingheng.common.rendering import slice_png
from yingheng.common.ui.stage import SliceRuler

PICTURE_SIDE = 440  # twice the width it is shown at: sharp on dense screens
WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "html_lang": "zh-Hans",
        "title": "影像检查质量评价",
        "exam": "检查",
        "images": "幅图像",
        "measurements": "全部测量值",
        "quantity": "测量项",
        "value": "数值",
        "method": "方法与版本",
        "unreadable": "无法读取的文件",
        "nothing": "没有可读取的 DICOM 检查。",
        "quiet": "合格 {passed} 条，需人工评价 {manual} 条",
        "middle": "第 {n} 幅，共 {total} 幅",
        "ruler": "{low} 至 {high} mm，缺 {missing} 层，重复 {doubled} 处",
        "no_picture": "没有可显示的图像",
        "present": "有",
        "missing": "缺",
        "alternative": "由等效序列代替",
        "consistent": "方向一致",
        "inconsistent": "方向不同",
        "first": "首次曝光",
        "repeat": "重复曝光",
        "series": "个序列",
        "series_head": "序列",
        "images_head": "图像",
    },
    "en": {
        "html_lang": "en",
        "title": "Quality of imaging exams",
        "exam": "Exam",
        "images": "images",
        "measurements": "All measurements",
        "quantity": "Quantity",
        "value": "Value",
        "method": "Method and version",
        "unreadable": "Unreadable files",
        "nothing": "No readable DICOM exam.",
        "quiet": "{passed} passed, {manual} to be judged by a person",
        "middle": "Image {n} of {total}",
        "ruler": "{low} to {high} mm, {missing} slices missing, {doubled} places doubled",
        "no_picture": "No image to show",
        "present": "present",
        "missing": "missing",
        "alternative": "an equivalent series stands for it",
        "consistent": "same direction",
        "inconsistent": "another direction",
        "first": "first exposure",
        "repeat": "repeat exposure",
        "series": "series",
        "series_head": "Series",
        "images_head": "Images",
    },
}


def html_report(
    standards: Sequence[Standard], exams: Sequence[ExamResult], unreadable: Sequence[Unreadable], lang: str
) -> str:
    """The report as one HTML text; pictures are embedded, nothing is loaded from anywhere."""
    words = WORDS[lang]
    view = _View(Layout(lang, show_all=False, requirements=requirements(standards, lang)))
    totals = counts(v for e in exams for v in e.all_verdicts())
    context = Context(
        {
            "w": words,
            "standards": [s.title if lang == "zh" else s.title_en for s in standards],
            "totals": [
                {"outcome": o.value, "icon": STYLE[o][1], "word": OUTCOME_WORDS[lang][o], "n": str(totals[o])}
                for o in ORDER
            ],
            "exams": [view.exam(e) for e in exams],
            "unreadable": [{"path": visible(u.path), "reason": u.reason.text(lang)} for u in unreadable],
            "n_unreadable": str(len(unreadable)),
        },
        use_l10n=False,
        use_tz=False,
    )
    engine = Engine(dirs=[Path(__file__).parent / "templates"])
    return str(engine.get_template("check.html").render(context))


class _View:
    """Results as the strings that the template prints (numbers are formatted here, once)."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.lang = layout.lang
        self.words = WORDS[layout.lang]

    def exam(self, result: ExamResult) -> dict[str, Any]:
        names = series_names(result.exam, self.lang)
        return {
            "uid": result.exam.study_uid,
            "title": exam_title(result.exam),
            "n_series": str(len(result.series)),
            "series": [self.series(s, names[s.series.uid]) for s in result.series],
            "columns": [OUTCOME_WORDS[self.lang][o] for o in COLUMNS],
            **self.verdicts(result.verdicts),
        }

    def series(self, result: SeriesResult, name: str) -> dict[str, Any]:
        found = counts(result.verdicts)
        return {
            "uid": result.series.uid,
            "name": name,
            "counts": [{"outcome": o.value if found[o] else "", "n": str(found[o] or "·")} for o in COLUMNS],
            "modality": result.series.modality,
            "n_images": str(result.n_images),
            "n_measurements": str(len(result.measurements)),
            "measurements": [self.measurement(m) for m in result.measurements],
            **self.picture(result),
            **self.verdicts(result.verdicts),
        }

    def measurement(self, m: Measurement) -> dict[str, str]:
        text = reason_text(m.reason, self.lang) if m.reason else ""
        if m.value is not None:
            text = value_text(m.value, m.unit, self.lang)
        return {"name": quantity_name(m.quantity, self.lang), "value": text, "method": f"{m.method} {m.version}"}

    def verdicts(self, verdicts: Sequence[Verdict]) -> dict[str, Any]:
        ordered = sorted(verdicts, key=lambda v: ORDER.index(v.outcome))
        loud = [v for v in ordered if v.outcome in _SPEAKING and v.grade != "manual"]
        open_ones = [v for v in ordered if v.outcome is Outcome.NOT_ASSESSABLE and v.grade != "manual"]
        quiet = [v for v in ordered if v.outcome is Outcome.PASS or v.grade == "manual"]
        passed = sum(v.outcome is Outcome.PASS for v in quiet)
        return {
            "verdicts": [self.verdict(v) for v in loud] + self.not_assessable(open_ones),
            "quiet": [self.verdict(v) for v in quiet],
            "quiet_summary": self.words["quiet"].format(passed=passed, manual=len(quiet) - passed),
        }

    def not_assessable(self, verdicts: Sequence[Verdict]) -> list[dict[str, Any]]:
        """One entry for each reason, with all the quantities it stands in the way of."""
        return [
            {"outcome": o.value, "icon": STYLE[o][1], "word": OUTCOME_WORDS[self.lang][o], "text": text}
            for text, _, o in sentences(verdicts, self.layout)
        ]

    def verdict(self, v: Verdict) -> dict[str, Any]:
        requirement = self.layout.requirements[v.standard, v.criterion]
        shape = v.evidence.shape if v.evidence else {}
        return {
            "outcome": v.outcome.value,
            "icon": STYLE[v.outcome][1],
            "word": OUTCOME_WORDS[self.lang][v.outcome],
            "text": verdict_text(v, self.lang, requirement),
            "where": place_text(v, self.lang),
            "requirement": requirement,
            **(self.ruler(shape) if shape.get("kind") == "slices" else {}),
            "rows": [
                {"name": row_name(r, self.lang), "state": self.words.get(r["state"], r["state"])}
                for r in shape.get("rows", ())
            ],
        }

    def ruler(self, shape: Mapping[str, Any]) -> dict[str, Any]:
        ruler = SliceRuler(shape)
        ticks = [
            {
                "css": "tick double" if t.duplicated else "tick",
                "x": f"{t.x:g}",
                "y": "6" if t.duplicated else "14",
                "width": "5" if t.duplicated else "2",
                "height": "30" if t.duplicated else "20",
            }
            for t in ruler.ticks
        ]
        low, high = ruler.ends
        text = self.words["ruler"].format(
            low=f"{low:.1f}",
            high=f"{high:.1f}",
            missing=sum(g.missing for g in ruler.gaps),
            doubled=len(ruler.duplicates),
        )
        gaps = [{"x": f"{g.x:g}", "width": f"{g.width:g}"} for g in ruler.gaps]
        return {"ruler": {"gaps": gaps, "ticks": ticks}, "ruler_text": text}

    def picture(self, result: SeriesResult) -> dict[str, Any]:
        """The slice that the worst drawable evidence points to, else the middle one."""
        slices = [piece for stack in result.stacks for piece in stack.slices if piece.instance.rows]
        if not slices:
            return {"no_picture": self.words["no_picture"]}
        place, shapes = _marked(slices, result.verdicts)
        piece = slices[place]
        try:
            png = slice_png(piece.instance, piece.frame, max_side=PICTURE_SIDE)
        except (DataError, AnalysisError) as error:
            return {"no_picture": error.reason.text(self.lang)}
        return {
            "picture": base64.b64encode(png).decode(),
            "columns": str(piece.instance.columns),
            "rows": str(piece.instance.rows),
            "overlay": [_drawn(s) for s in shapes],
            "caption": self.words["middle"].format(n=place + 1, total=len(slices)),
        }


_SPEAKING = frozenset({Outcome.FAIL, Outcome.NEEDS_HUMAN})
_DRAWABLE = frozenset({"rect", "circle", "polyline", "points"})


def _marked(slices: Sequence[Slice], verdicts: Iterable[Verdict]) -> tuple[int, list[Mapping[str, Any]]]:
    """Index of the slice to show and the shapes on it."""
    places = {(p.instance.sop_uid, p.frame): i for i, p in enumerate(slices)}
    for verdict in sorted(verdicts, key=lambda v: ORDER.index(v.outcome)):
        evidence = verdict.evidence
        if evidence is None or evidence.shape.get("kind") not in _DRAWABLE or verdict.outcome is Outcome.PASS:
            continue
        place = places.get((evidence.instance or "", evidence.frame or 0))
        if place is not None:
            return place, [evidence.shape]
    return len(slices) // 2, []


def _drawn(shape: Mapping[str, Any]) -> dict[str, str]:
    """A shape with its numbers as text."""
    out = {k: f"{shape[k]:g}" for k in ("x", "y", "width", "height", "r") if k in shape}
    points = [*shape.get("points", ())]
    if shape.get("closed") and points:
        points.append(points[0])
    return {"kind": shape["kind"], "points": " ".join(f"{x:g},{y:g}" for x, y in points), **out}
