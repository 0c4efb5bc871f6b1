"""Adding images of an exam to the teaching library: which, as what, and how far their copies are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from yingheng.catalog.models import Exam, Series
from yingheng.catalog.selectors import exam_get, series_of_exam
from yingheng.common import events
from yingheng.common.errors import Invalid, error_text
from yingheng.common.rows import row_or_not_found
from yingheng.common.ui.attempt import attempt
from yingheng.common.ui.pages import FormPage, ThingPage
from yingheng.common.ui.parts import Action, Alert, Fact, Link
from yingheng.common.ui.words import language
from yingheng.jobs.models import Job
from yingheng.jobs.selectors import JobFilter, job_list
from yingheng.review.copying import chosen
from yingheng.review.dictionary import catalogue_for
from yingheng.review.following import rulings_of
from yingheng.review.library import GRADE_KEYS
from yingheng.review.models import Case, Ruling, TeachingCase, TeachingCopy
from yingheng.review.results import is_open
from yingheng.review.services.teaching_copying import copy_ask
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import EXAM_VIEW, REVIEW_TEACH
from yingheng.tenancy.scope import Scope
from yingheng.web.teaching.forms import AddForm
from yingheng.web.viewer_data import frames_of, has_images
from yingheng.web.views.exams import exam_name

State = TeachingCopy.State


@page(REVIEW_TEACH)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, exam_id: UUID) -> HttpResponse:
    """Choose images of an exam and say what they show; copies without identity go into the library as a draft."""
    sees = scope_of(request, EXAM_VIEW)
    exam = exam_get(sees, exam_id)
    if not request.scope.contains(exam.hospital.path):
        raise PermissionDenied(REVIEW_TEACH)
    series = [one for one in series_of_exam(sees, exam) if has_images(one)]
    case, ruling = _ruling(request, exam)
    known = catalogue_for(exam.hospital).offered_positions()
    form = AddForm(request.POST or None, series=series, positions=known, initial=_initial(exam, case, ruling, series))
    if request.method == "POST" and form.is_valid():
        found = attempt(form, lambda: chosen(sees, form.picks, lambda rows: frames_of(rows)[0]))
        if found is not None:
            row = copy_ask(user=request.user, exam=exam, found=found, told=form.told, ruling=ruling,
                           language=language())  # fmt: skip
            return redirect("web:teaching_copy", row.pk)
    back = reverse("web:exam", args=[exam.pk])
    return FormPage(
        title=_("Add to the teaching library"),
        purpose=_(
            "Copies without identity are kept for good. A second person looks at every image before it is shown."
        ),
        crumbs=[Link(exam_name(exam), back)],
        form=form,
        submit=_("Make the copies"),
        cancel_url=back,
    ).response(request, status=400 if form.is_bound else 200)


def _ruling(request: HttpRequest, exam: Exam) -> tuple[Case | None, Ruling | None]:
    """The newest open result of film review of the exam: its answer is taken over."""
    rows = Case.objects.filter(exam=exam, state=Case.State.SETTLED).select_related("campaign", "template")
    asked = request.GET.get("case", "")
    for case in rows.order_by("-settled_at"):
        if is_open(case.campaign) and (not asked or str(case.pk) == asked):
            return case, rulings_of(case)[0]
    return None, None


def _initial(exam: Exam, case: Case | None, ruling: Ruling | None, series: list[Series]) -> dict[str, Any]:
    known = case.position if case else ""
    told: dict[str, Any] = {"body_part": exam.body_part or next((one.body_part for one in series), ""),
                            "position": known}  # fmt: skip
    if ruling is not None and ruling.grade in GRADE_KEYS:
        told |= {"grade": ruling.grade, "kind": "defect" if ruling.faults else "standard"}
    return told


@page(REVIEW_TEACH)
@require_safe
def copying(request: HttpRequest, copy_id: UUID) -> HttpResponse:
    """How far copies are; the draft once they are made."""
    mine = request.scope.filter(TeachingCopy.objects.all(), "organisation__path")
    rows = mine.select_related("organisation", "exam", "case")
    row = row_or_not_found(rows, copy_id, "review.teaching_unknown")
    if row.case is not None:
        draft = row.case.state == TeachingCase.State.DRAFT
        return redirect("web:teaching_edit" if draft else "review:teaching_case", row.case.pk)
    again = reverse("web:teaching_add", args=[row.exam.pk]) if row.exam else ""
    return ThingPage(
        title=str(row.told.get("title", "")) or _("Copies for the teaching library"),
        purpose=_("Copies without identity are being made. The draft opens by itself once they are there."),
        kind=_("Copies for the teaching library"),
        crumbs=[Link(_("Workshop of the library"), reverse("review:teaching_work"))],
        alerts=[_alert(row, again)],
        facts=[Fact(_("Images"), row.n_images), Fact(_("Asked for by"), row.made_by_name)],
    ).response(request)


def _alert(row: TeachingCopy, again: str) -> Alert:
    action = Action(_("Choose again"), again, "photo") if again else None
    if row.state == State.FAILED:
        why = error_text(Invalid(row.error, why=row.why, n=row.n_images))
        return Alert(why, "fail", _("No copies were made"), action=action)
    scope = Scope.of_organisation(row.organisation)
    job = next(iter(job_list(scope, JobFilter(kind=events.TEACHING_ASKED, text=str(row.pk)), 1)), None)
    if job is not None and job.state == Job.State.PARKED:
        told = _("The work broke off. Who looks after the platform sees why among the jobs.")
        return Alert(told, "fail", _("No copies were made"), action=action)
    told = {"done": job.progress_done if job else 0, "n": row.n_images}
    text = _("%(done)s of %(n)s images are copied. You can leave this page.") % told
    return Alert(text, "accent", _("The images are being copied"), pending=True)
