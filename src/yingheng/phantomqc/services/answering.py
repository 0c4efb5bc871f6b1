"""Readings and visual checks: the sheet of a test, and what a submitted one says of the test's items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from imagingqc.phantom.readings import reading_named
from yingheng.audit.actor import Actor
from yingheng.common.errors import Conflict, Invalid
from yingheng.phantomqc.catalogue import Template, TemplateItem, template_named
from yingheng.phantomqc.models import DeviceTest
from yingheng.phantomqc.selectors import values_current
from yingheng.phantomqc.services.keeping import Said, course_keep, evidence_keep
from yingheng.phantomqc.services.occasions import item_answer
from yingheng.phantomqc.sheet import (
    SUBJECT,
    answer_keys,
    check_key,
    filled_in,
    reading_inputs,
    shares_reading,
    sheet_text,
)
from yingheng.sheets.answers import REASON
from yingheng.sheets.judging import Judged
from yingheng.sheets.models import Response
from yingheng.sheets.selectors import response_open
from yingheng.sheets.services import SheetErrors, response_begin, response_correct, template_made
from yingheng.sheets.subjects import Subject

VISUAL = "visual"  # stands for the standard where a person's eye is the judge
_SEEN = {"yes": "PASS", "no": "FAIL", "na": "NOT_ASSESSABLE"}


@transaction.atomic
def sheet_of_test(*, actor: Actor, test: DeviceTest, subject: Subject) -> Response:
    """The sheet of an open test: begun, gone on with as a draft, or, once submitted, as its next version.

    Conflict for a submitted test, Invalid where the template has nothing to fill in.
    """
    template = template_named(test.template)
    if template is None:
        raise Conflict("phantomqc.template_gone")
    if test.state != DeviceTest.State.OPEN:
        raise Conflict("phantomqc.test_submitted")
    if not filled_in(template):
        raise Invalid("phantomqc.nothing_to_fill")
    row = sheet_newest(test)
    if row is not None and row.state == Response.State.SUBMITTED:
        return response_correct(actor=actor, response=row, reason="检测继续填写 · the test is gone on with")
    made = row.template if row else template_made(text=sheet_text(template))
    return row or response_begin(actor=actor, template=made, subject=subject, occasion=_occasion(test))


def sheet_newest(test: DeviceTest) -> Response | None:
    """The newest version of the sheet of a test; None when nobody began one."""
    rows = Response.objects.filter(subject_type=SUBJECT, subject_id=str(test.pk), occasion=_occasion(test))
    newest = rows.select_related("template", "hospital").order_by("-begun_at", "-version").first()
    return newest and response_open(newest.template, SUBJECT, str(test.pk), newest.occasion)


def _occasion(test: DeviceTest) -> str:
    return f"{test.local_day.isoformat()} · {test.number}" if test.number > 1 else test.local_day.isoformat()


@transaction.atomic
def answers_take(actor: Actor, response: Response, judged: Judged) -> None:
    """What follows from a submitted sheet: each item that it answers anew has its value, evidence follows.

    SheetErrors when it answers nothing, or when a form gives none of the quantities of its item; Conflict when the
    test was submitted meanwhile.
    """
    test = DeviceTest.objects.select_related("hospital", "device").get(pk=response.subject_id)
    template = template_named(test.template)
    if template is None:
        raise Conflict("phantomqc.template_gone")
    answered = [item for item in filled_in(template) if _given(item, response.answers)]
    if not answered:
        raise SheetErrors({"": _("No item of the test is filled in.")})
    known = values_current(test)
    before = response.supersedes.answers if response.supersedes else {}
    for item in answered:
        if item.key in known and _given(item, before) == _given(item, response.answers):
            continue
        said = _said(template, item, response.answers, judged)
        value = item_answer(
            actor=actor,
            test=test,
            item=item.key,
            response_id=response.pk,
            values=[m.as_dict() for m in said.measurements],
            verdicts=said.told,
        )
        if said.measurements:
            evidence_keep(test, said, str(response.pk))
            course_keep(test, value, said, shared=shares_reading(template, item))


def _given(item: TemplateItem, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that belong to an item."""
    keys = answer_keys(item)
    return {key: answers[key] for key in (*keys, *(k + REASON for k in keys)) if key in answers}


def _said(template: Template, item: TemplateItem, answers: Mapping[str, Any], judged: Judged) -> Said:
    if item.kind == "visual":
        return Said(item, (), (), (_seen(template, item, answers),))
    reading = reading_named(item.test)
    kinds = {one.key: one.kind for one in reading.inputs}
    values = {
        key: (answers[name] == "yes") if kinds[key] == "flag" else answers[name]
        for key, name in reading_inputs(item).items()
        if name in answers
    }
    found = reading.measure(values)
    own = {m.quantity for m in found}
    if shares_reading(template, item) and not own & set(item.quantities):
        raise SheetErrors({answer_keys(item)[0]: _("This is not what this item asks for.")})
    return Said(item, found, tuple(v for v in judged.verdicts if v.quantity in own))


def _seen(template: Template, item: TemplateItem, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What a person saw, in the shape of a verdict."""
    key = check_key(item)
    return {
        "standard": VISUAL,
        "criterion": f"{template.device}.{item.key}",
        "clause": "",
        "outcome": _SEEN[answers[key]],
        "quantity": None,
        "value": None,
        "unit": "",
        "limit": None,
        "reason": answers.get(key + REASON) or None,
        "reason_code": None,
        "reason_values": None,
        "confidence": "expert",
        "grade": "A",
        "severity": "major",
        "evidence": None,
        "reference": None,
    }
