"""Who made an exam: as it names them, and as somebody says it for this exam alone."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from yingheng.catalog.models import Exam
from yingheng.catalog.operators_shown import operator_text
from yingheng.catalog.selectors import exam_get, operators_of_exam
from yingheng.catalog.services import exam_performer_follow, exam_performer_set
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Action, KeyValues, Lines, Link, Many, Section, Tag
from yingheng.registry.models import Person
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import PERSON_EDIT
from yingheng.web.person_forms import LINK, NOBODY, OPEN, WhoForm, person_text
from yingheng.web.views.exams import exam_name
from yingheng.web.views.operators import operator_state

By = Exam.PerformerSource
_TONES = {By.PERSON: "accent", By.SEVERAL: "human"}


def performer_section(request: HttpRequest, row: Exam) -> Section:
    """Who made an exam and how that is known; what it names as operators is one page further.  No query."""
    to = reverse("web:exam_performer", args=[row.pk])
    may = scope_of(request, PERSON_EDIT).contains(row.hospital.path)
    buttons = [Action(_("Operators"), to, icon="pencil", kind="quiet")] if may else []
    return Section(_("Who made it"), KeyValues(_known(row)), actions=buttons)


def _known(row: Exam) -> list[tuple[str, object]]:
    source = Tag(str(row.get_performer_source_display()), _TONES.get(By(row.performer_source), "neutral"))
    who = Lines(row.performer.name, row.performer.staff_number) if row.performer else _("not known")
    return [(_("Technologist"), Many([who, source]) if row.performer_source else who)]


def _named(request: HttpRequest, row: Exam) -> Section:
    """The same with every operator that the exam names.  One query."""
    facts = _known(row)
    for one in operators_of_exam(row):
        to = reverse("web:operator", args=[one.operator_id])
        text = Lines(operator_text(request, one.operator, row.hospital.path), one.get_source_display(), to)
        person = one.operator.person.name if one.operator.person else ""
        parts = [part for part in (text, operator_state(one.operator), person) if part]
        facts.append((_("Named as operator"), Many(parts)))
    return Section(_("Who made it"), KeyValues(facts))


@page(PERSON_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def exam_performer(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """Say who made this one exam, whatever images and messages name."""
    row = exam_get(request.scope, exam_id)
    back = reverse("web:exam", args=[row.pk])
    persons = list(Person.objects.filter(hospital=row.hospital_id).order_by("-active", "name", "staff_number"))
    by_hand = row.performer_source == By.PERSON
    form = WhoForm(
        request.POST or None,
        persons=persons,
        nobody=_("Nobody knows"),
        back=_("Leave it to the operators that the exam names") if by_hand else "",
        reason_needed=bool(row.performer_source),
        initial={
            "decision": NOBODY if by_hand and row.performer is None else LINK,
            "person": person_text(row.performer) if row.performer else "",
        },
    )
    if request.method == "POST" and form.is_valid():
        data, told = form.cleaned_data, {"actor": request.actor, "exam": row, "reason": form.cleaned_data["reason"]}
        if data["decision"] == OPEN:
            kept = attempt(form, lambda: exam_performer_follow(**told))
        else:
            kept = attempt(form, lambda: exam_performer_set(person=data["person"], **told))
        if kept is not None:
            messages.success(request, _("Kept for this exam alone; results of film review follow."))
            return redirect(back)
    return FormPage(
        title=_("Who made this exam"),
        purpose=_("For this exam alone. What images and messages tell later does not change it."),
        crumbs=[Link(_("Exam list"), reverse("web:exams")), Link(exam_name(row), back)],
        form=form,
        cancel_url=back,
        aside=[_named(request, row)],
    ).response(request, status=400 if form.is_bound else 200)
