"""People's decisions on verdicts, and asking for an evaluation anew."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from yingheng.catalog.selectors import exam_get
from yingheng.common.ui.judged import Judged, JudgedList
from yingheng.common.ui.pages import FormPage
from yingheng.common.ui.parts import Link, Section
from yingheng.evidence.models import Assessment
from yingheng.evidence.selectors import assessment_get, verdicts_effective
from yingheng.evidence.services import verdict_decide
from yingheng.evidence.truth import EffectiveVerdict
from yingheng.imagequality.services import exam_ask
from yingheng.tenancy.access import page
from yingheng.tenancy.permissions import EXAM_DECIDE, EXAM_EVALUATE
from yingheng.tenancy.scope import Scope
from yingheng.web.forms import DecisionForm
from yingheng.web.views.exam_series import human_of
from yingheng.web.views.exams import exam_name


@page(EXAM_DECIDE)
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, exam_id: UUID, assessment_id: UUID) -> HttpResponse:
    """Confirm, overrule or judge one verdict; both stay visible side by side."""
    exam = exam_get(request.scope, exam_id)
    assessment = assessment_get(request.scope, assessment_id)
    if assessment.exam_id != exam.pk:
        raise Http404
    verdict = _verdict(request.scope, assessment, request.GET.get("criterion", ""))
    back = reverse("web:exam", args=[exam.pk])
    if assessment.subject_type == "series":
        back = f"{back}?series={assessment.subject_id}"
    form = DecisionForm(request.POST or None, automatic=verdict.automatic, initial=_initial(verdict))
    if request.method == "POST" and form.is_valid():
        verdict_decide(
            actor=request.actor,
            assessment=assessment,
            criterion=verdict.verdict["criterion"],
            verb=form.verb,
            outcome=form.cleaned_data["outcome"],
            reason=form.cleaned_data["reason"],
        )
        messages.success(request, _("Your decision is kept beside the automatic verdict."))
        return redirect(back)
    shown = JudgedList([Judged(verdict=verdict.verdict, human=human_of(verdict))], compact=True, counted=False)
    return FormPage(
        title=_("Decide"),
        purpose=_("The automatic verdict stays; your decision stands beside it and holds for these images."),
        crumbs=[Link(_("Exam list"), reverse("web:exams")), Link(exam_name(exam), back)],
        form=form,
        submit=_("Save the decision"),
        cancel_url=back,
        aside=[Section(_("Automatic verdict"), shown, flush=True)],
    ).response(request, status=400 if form.is_bound else 200)


@page(EXAM_EVALUATE)
@require_POST
def evaluate(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """Measure and judge everything of the exam once more."""
    exam = exam_get(request.scope, exam_id)
    exam_ask(exam=exam, actor=request.actor)
    messages.success(request, _("The exam is evaluated again; the page shows the result in a few seconds."))
    return redirect(f"{reverse('web:exam', args=[exam.pk])}?asked=1")


def _verdict(scope: Scope, assessment: Assessment, criterion: str) -> EffectiveVerdict:
    found = verdicts_effective(scope, subject_type=assessment.subject_type, subject_id=assessment.subject_id)
    for verdict in found:
        if verdict.assessment.pk == assessment.pk and verdict.verdict["criterion"] == criterion:
            return verdict
    raise Http404


def _initial(verdict: EffectiveVerdict) -> dict[str, str]:
    """What stands now is what the form opens with."""
    if verdict.decision:
        return {"outcome": verdict.decision.outcome}
    return {"outcome": verdict.automatic} if verdict.automatic in {"PASS", "FAIL"} else {}
