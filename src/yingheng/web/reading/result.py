"""A case after it was submitted: the reader's own answers beside what the platform measured and judged."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from yingheng.common.ui.judged import Judged, JudgedList
from yingheng.common.ui.pages import ThingPage
from yingheng.common.ui.parts import Action, Alert, Fact, Link, Section, Tag, When
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language
from yingheng.evidence.selectors import verdicts_effective_of_exam
from yingheng.review.models import Assignment, Mark
from yingheng.review.services.evidencing import is_of_review
from yingheng.review.worklist import next_of
from yingheng.sheets.defects import defect_name
from yingheng.sheets.models import Response
from yingheng.sheets.pages import score_words
from yingheng.sheets.selectors import spec_of
from yingheng.web.reading.case import draft_of, marks_of
from yingheng.web.reading.content import Texts
from yingheng.web.reading.report import quoted
from yingheng.web.reading.veil import Veil
from yingheng.web.sheet_filling import answer_text

#: Of a verdict, what tells where it was found: none of it is shown to a reader.
_PLACES = ("evidence", "evidence_text")


def result_page(request: HttpRequest, row: Assignment) -> ThingPage:
    """What was found, read-only, and what was judged automatically."""
    veil, response = Veil(row), draft_of(row)
    following = next_of(request.user)
    go_on = [Action(_("Read on"), _address(following), "eye-check", kind="primary", key="n")] if following else []
    return ThingPage(
        title=veil.title(),
        kind=_("Reading"),
        purpose=" · ".join(veil.about()),
        crumbs=[Link(_("My reading"), reverse("web:readings"))],
        state=Tag(row.get_state_display(), "accent", "check"),
        facts=_facts(row, response),
        actions=go_on,
        alerts=[] if response else [Alert(_("The sheet of this reading cannot be found."), "fail")],
        sections=[_both(row, veil, response)] if response else [],
        wide=True,
    )


def _address(row: Assignment) -> str:
    return reverse("web:reading", args=[row.pk])


def _facts(row: Assignment, response: Response | None) -> list[Fact]:
    score = response.score if response else None
    lang, spec = language(), spec_of(row.case.template)
    whole = score_words(spec, {**score, "dimensions": []}, lang) if score else "—"
    parts = score_words(spec, {**score, "points": None, "grade": ""}, lang) if score else ""
    return [
        Fact(_("Score"), whole, hint=parts),
        Fact(_("Submitted"), When(row.submitted_at)),
        Fact(_("Time"), _("%(n)d s") % {"n": row.seconds}),
    ]


def _both(row: Assignment, veil: Veil, response: Response) -> Section:
    """What the reader found on the left, what was judged on the right."""
    lang = language()
    columns = [Column("item", _("Item")), Column("answer", _("Mine"), wide=True)]
    answers = [
        Row({"item": item["label"][lang], "answer": answer_text(item, {}, lang)})
        for group in response.record
        for item in group["items"]
        if item["value"] is not None
    ]
    texts = Texts(veil) if row.case.exam_id else None
    marked = [
        Row({"mark": _mark_words(mark, lang), "place": _place_words(mark, texts)}) for mark in marks_of(veil, row)
    ]
    return Section(
        _("My reading beside what was measured"),
        body_template="web/_reading_result.html",
        context={
            "own": Table(columns, answers, _("Mine")),
            "marked": Table([Column("mark", _("Marks")), Column("place", "", wide=True)], marked),
            "verdicts": JudgedList(_judged(veil), compact=True),
        },
        hint=_("Measured values and verdicts are hidden until a case is submitted."),
        flush=True,
    )


def _mark_words(mark: dict[str, Any], lang: str) -> str:
    name = defect_name(mark["defect"]) if mark["defect"] else None
    return name.text(lang) if name else _("without a name")


def _place_words(mark: dict[str, Any], texts: Texts | None) -> str:
    if mark["shape"]["kind"] == Mark.TEXT:
        return quoted(texts, mark["shape"]) if texts is not None else ""
    series = int(str(mark["series"]).rsplit("/", 1)[-1]) + 1
    return _("Series %(series)d · image %(image)d") % {"series": series, "image": mark["index"] + 1}


def _judged(veil: Veil) -> list[Judged]:
    """Verdicts on the exam, without anything that leads to it: no place, no page, nobody's decision.

    What other readers made of the exam is left out: it was not measured, and the exam may come again as a repeat.
    """
    if veil.assignment.case.exam_id is None:
        return []
    verdicts = verdicts_effective_of_exam(veil.scope, veil.exam(0))
    told = [v.verdict for v in verdicts if v.verdict.get("quantity")]
    return [Judged(_bare(one)) for one in told if not is_of_review(one["quantity"])]


def _bare(verdict: dict[str, Any]) -> dict[str, Any]:
    """Measured words (series, station, description) are kept out: a text can name what is hidden."""
    told = {key: None if key in _PLACES else value for key, value in verdict.items()}
    if isinstance(told.get("value"), str | list):
        told["value"] = None
    return told | {"reason": "", "reason_code": None, "reason_values": {}}
