"""What the trial on images of an unknown phantom said, and confirming the test that it proposes."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from imagingqc.criteria import explain
from imagingqc.errors import Reason, reason_catalogue
from imagingqc.phantom.registry import TESTS
from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.common.ui.parts import Action, Alert, Section, Tag
from yingheng.common.ui.tables import Column, Row, Table
from yingheng.common.ui.words import language
from yingheng.phantomqc.models import Occasion, PhantomCase
from yingheng.phantomqc.selectors import case_get
from yingheng.phantomqc.services import trial_confirm
from yingheng.phantomqc.views.common import analysis_text, may_test
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import DEVICE_TEST

State = PhantomCase.State


def trial_sections(case: PhantomCase) -> list[Section]:
    """What each test that was tried said of the images; nothing once somebody knows the test."""
    if case.state != State.UNKNOWN or not case.trial:
        return []
    rows = [
        Row(
            {
                "test": analysis_text(one["test"]),
                "said": _accepted(one["test"], case) if one["accepted"] else _refusal(one),
            },
            id=one["test"],
        )
        for one in case.trial["tried"]
    ]
    rows += [
        Row({"test": analysis_text(name), "said": Tag(_("not tried: it would take too long"), "neutral")}, id=name)
        for name in case.trial["left_out"]
    ]
    columns = (Column("test", _("Test"), wide=True), Column("said", _("What it says of these images")))
    table = Table(columns=columns, rows=rows, caption=_("Tests tried"))
    hint = _("tried with default parameters; nothing is judged before a person says which test it is")
    return [Section(_("Tests tried"), table, hint=hint, flush=True)]


def _accepted(name: str, case: PhantomCase) -> Tag:
    """A test for anything even accepts much that another knows better."""
    general = any(t.name == name and t.general for t in TESTS)
    if general and case.trial["proposed"] not in {"", name}:
        return Tag(_("accepts, as it does any even image"), "neutral")
    return Tag(_("accepts"), "pass", "check")


def _refusal(one: dict) -> str:
    code = one["reason_code"]
    if code in reason_catalogue():
        return explain.reason_text(Reason(code, one["reason_values"]), language())
    return code


def trial_alerts(request: HttpRequest, case: PhantomCase) -> list[Alert]:
    """The test that the trial proposes, to be confirmed by one click."""
    if case.state != State.UNKNOWN:
        return []
    if not case.trial:
        return [Alert(_("The tests that these images may be of are being tried."), "accent", pending=True)]
    proposed = case.trial["proposed"]
    if not proposed:
        return [Alert(_("No single test accepts these images: say which one it is."), "human", _("Which test?"))]
    occasion = str(Occasion.CONSTANCY.label)
    action = Action(
        _("Confirm: %(test)s, %(type)s") % {"test": analysis_text(proposed), "type": occasion},
        reverse("phantomqc:confirm", args=[case.pk]),
        "check",
        method="post",
        kind="primary",
    )
    text = _("Of the tests tried it accepts these images. They are judged once you confirm it.")
    title = _("Proposed: %(test)s") % {"test": analysis_text(proposed)}
    return [Alert(text, "accent", title, action=action if may_test(request, case.hospital) else None)]


@page(DEVICE_TEST)
@require_POST
def confirm(request: HttpRequest, case_id: UUID) -> HttpResponse:
    """Confirm the test that the trial proposed."""
    row = case_get(request.scope, case_id)
    try:
        made = trial_confirm(actor=request.actor, case=row)
    except (Conflict, Invalid) as exc:
        messages.error(request, error_text(exc))
        return redirect("phantomqc:case", row.pk)
    messages.success(request, _("Asked for. The result appears here."))
    return redirect("phantomqc:case", made.pk)
