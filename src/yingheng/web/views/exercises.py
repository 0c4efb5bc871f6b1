"""Exercises in the room: one case after the other, saved while they are answered; then one's answer beside the agreed.

Addresses name the attempt and the place, so that they lead neither to an exam nor to the case in the library.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from yingheng.common.clock import now
from yingheng.common.errors import Conflict, Invalid, error_text
from yingheng.review.library import related_to
from yingheng.review.models import Attempt, AttemptAnswer, Exercise
from yingheng.review.services.exercising import (
    answer_give,
    answer_mark,
    answer_save,
    answer_seconds,
    is_over,
)
from yingheng.review.training import attempt_own, attempt_seen
from yingheng.tenancy.access import page, scope_of
from yingheng.tenancy.permissions import REVIEW_LEARN, REVIEW_TEACH
from yingheng.web.reading.marking import mark_id, mark_sent
from yingheng.web.teaching.room import (
    case_data,
    chosen_defects,
    defect_fields,
    grade_field,
    group,
    mark_told,
    room_page,
    sheet_html,
    veto_field,
)
from yingheng.web.teaching.side import both_marks, side_html
from yingheng.web.views.exercise_images import answered, shown_at
from yingheng.web.views.teaching import candidate, kept, viewer_page

_GONE = 410


@page(REVIEW_LEARN)
@require_safe
def exercise(request: HttpRequest, attempt_id: UUID, place: int) -> HttpResponse:
    """The case at a place, to be answered; one that is answered for good is shown with the agreed answer."""
    row = attempt_own(request.user, attempt_id)
    answer = AttemptAnswer.objects.filter(attempt=row, place=place).first()
    if is_over(row) or (answer is not None and answer.is_final):
        shown = row.submitted_at is not None or (answer is not None and answer.is_final)
        return redirect("web:exercise_answer", row.pk, place) if shown else redirect("review:attempt", row.pk)
    data = _data(request, row, place)
    request.demo = row.is_demo
    learning = row.exercise.mode == Exercise.Mode.LEARN
    after = reverse("web:exercise_answer", args=[row.pk, place]) if learning else _home(row)
    return room_page(request, data, base=_base(), back=_home(row), after=after)


@page(REVIEW_LEARN)
@require_safe
def case(request: HttpRequest, attempt_id: UUID, place: int) -> HttpResponse:
    """A case as data, fetched ahead."""
    row = attempt_own(request.user, attempt_id)
    return _gone() if is_over(row) else kept(JsonResponse(_data(request, row, place)))


def _data(request: HttpRequest, row: Attempt, place: int) -> dict[str, Any]:
    shown = shown_at(row, place)
    answer = AttemptAnswer.objects.filter(attempt=row, place=place).first()
    answer = answer or AttemptAnswer(attempt=row, place=place)
    here = [row.pk, place]
    addresses = {
        name: reverse(f"web:exercise_{name}", args=here) for name in ("open", "seconds", "submit", "marks", "priors")
    }
    page_url = reverse("web:exercise", args=here)
    total = row.exercise.n_cases
    learning = row.exercise.mode == Exercise.Mode.LEARN
    told = {
        "number": place,
        "title": _("Case %(n)s") % {"n": place},
        "about": " · ".join(filter(None, (row.exercise.title, _left(row)))),
        "progress": {"done": row.n_answered, "total": total},
        "sheet": _sheet(request, answer, shown.case.modality, page_url),
        "addresses": addresses | {"page": page_url, "decline": _home(row)},
        "next": "" if learning or place >= total else reverse("web:exercise_case", args=[row.pk, place + 1]),
    }
    return case_data(shown, told, answer.marks)


def _left(row: Attempt) -> str:
    """The minutes that are left; "" without a limit."""
    if row.ends_at is None:
        return ""
    minutes = max(0, round((row.ends_at - now()).total_seconds() / 60))
    return ngettext("%(n)d minute left", "%(n)d minutes left", minutes) % {"n": minutes}


def _sheet(request: HttpRequest, answer: AttemptAnswer, modality: str, page_url: str) -> str:
    row = answer.attempt
    groups = [
        group(_("My answer"), [grade_field(answer.grade), veto_field(answer.veto)]),
        group(_("Defects"), defect_fields(row.exercise.organisation, modality, answer.defects)),
    ]
    learning = row.exercise.mode == Exercise.Mode.LEARN
    told = {
        "title": _("Grade this film"),
        "about": _("a b c d for the grade, Tab to the defects, v marks one on the image."),
        "revision": answer.revision,
        "key": f"sheet:exercise:{row.pk}:{answer.place}",
        "save_url": reverse("web:exercise_save", args=[row.pk, answer.place]),
        "page_url": page_url,
        "back": _home(row),
        "submit_label": pgettext("exercise", "Answer") if learning else "",
    }
    return sheet_html(request, groups, told)


@page(REVIEW_LEARN)
@require_POST
def save(request: HttpRequest, attempt_id: UUID, place: int) -> HttpResponse:
    """Keep what was said so far."""
    row = attempt_own(request.user, attempt_id)
    try:
        answer = _kept(request, row, place)
    except Conflict as exc:
        return _conflict(row, place, exc)
    return JsonResponse({"revision": answer.revision, "judged": {}, "errors": {}, "score": ""})


@page(REVIEW_LEARN)
@require_POST
def submit(request: HttpRequest, attempt_id: UUID, place: int) -> HttpResponse:
    """The answer stands.  Sent twice it counts once."""
    row = attempt_own(request.user, attempt_id)
    try:
        known = AttemptAnswer.objects.filter(attempt=row, place=place, is_final=True).exists()
        if not known:
            _kept(request, row, place)
        answer_give(user=request.user, attempt=row, place=place)
    except Invalid as exc:
        text = error_text(exc)
        return JsonResponse({"text": text, "errors": {"grade": text}}, status=422)
    except Conflict as exc:
        return _conflict(row, place, exc)
    row.refresh_from_db()
    learning, total = row.exercise.mode == Exercise.Mode.LEARN, row.exercise.n_cases
    onward = "" if learning or place >= total else reverse("web:exercise_case", args=[row.pk, place + 1])
    return JsonResponse({"next": onward, "progress": {"done": row.n_answered, "total": total}})


def _kept(request: HttpRequest, row: Attempt, place: int) -> AttemptAnswer:
    revision = request.POST.get("revision", "")
    told = {
        "grade": request.POST.get("grade", ""),
        "veto": bool(request.POST.getlist("veto.faults")),
        "defects": chosen_defects(request),
    }
    return answer_save(
        user=request.user,
        attempt=row,
        place=place,
        told=told,
        revision=int(revision) if revision.isdecimal() else -1,
        over=request.POST.get("over") == "1",
    )


@page(REVIEW_LEARN)
@require_POST
def begin(request: HttpRequest, attempt_id: UUID, place: int) -> HttpResponse:
    """The case is in sight."""
    row = attempt_own(request.user, attempt_id)
    return _gone() if is_over(row) else JsonResponse({"place": place})


@page(REVIEW_LEARN)
@require_POST
def seconds(request: HttpRequest, attempt_id: UUID, place: int) -> HttpResponse:
    """Time for which the case was in sight since this was last told."""
    row = attempt_own(request.user, attempt_id)
    try:
        told = float(request.POST.get("seconds", ""))
    except ValueError:
        told = 0.0
    try:
        return JsonResponse({"seconds": answer_seconds(user=request.user, attempt=row, place=place, seconds=told)})
    except Conflict:
        return _gone()


@page(REVIEW_LEARN)
@require_http_methods(["POST", "DELETE"])
def marks(request: HttpRequest, attempt_id: UUID, place: int) -> HttpResponse:
    """Keep a mark (POST, as JSON), or take one away (DELETE with `id`)."""
    row = attempt_own(request.user, attempt_id)
    try:
        sent = None if request.method == "DELETE" else mark_told(mark_sent(request))
        pk = mark_id(request.GET.get("id") if sent is None else sent.get("id"))
        answer_mark(user=request.user, attempt=row, place=place, mark=sent, mark_id=pk)
    except Conflict as exc:
        return _conflict(row, place, exc)
    except Invalid as exc:
        return JsonResponse({"text": error_text(exc)}, status=422)
    return JsonResponse({"ok": True})


@page(REVIEW_LEARN)
@require_safe
def priors(request: HttpRequest, attempt_id: UUID, place: int) -> HttpResponse:
    """While a case is answered there is nothing to compare it with; then the library has something."""
    row = attempt_seen(request.user, scope_of(request, REVIEW_TEACH), attempt_id)
    answer = answered(row, place)
    found = related_to(request.scope, answer.case) if answer is not None else []
    return kept(JsonResponse({"exams": [candidate(one, _("teaching library")) for _why, one in found]}))


# --- the answer -----------------------------------------------------------------------------------


@page(REVIEW_LEARN)
@require_safe
def answer(request: HttpRequest, attempt_id: UUID, place: int) -> HttpResponse:
    """One's answer beside the agreed one, on the image."""
    row = attempt_seen(request.user, scope_of(request, REVIEW_TEACH), attempt_id)
    given = answered(row, place)
    if given is None:
        return redirect("web:exercise", row.pk, place) if not is_over(row) else redirect("review:attempt", row.pk)
    shown = shown_at(row, place, name=given.case.title)
    marked = [mark for mark, _look in both_marks(given.case, given)]
    n = shown.first(marked)
    more = place < row.exercise.n_cases
    onward = reverse("web:exercise", args=[row.pk, place + 1]) if more else _home(row)
    told = {
        "name": given.case.title,
        "about": " · ".join((_("Case %(n)s") % {"n": place}, row.exercise.title)),
        "back": _home(row),
        "back_label": _("back to the exercise"),
        "compare": reverse("web:exercise_priors", args=[row.pk, place]),
        "base": _base(),
        "onward": onward,
        "onward_label": _("Next case") if more else _("To the end"),
    }
    request.demo = row.is_demo
    data = shown.series_data(n, both_marks(given.case, given), side_html(request, given.case, n, given))
    return viewer_page(request, shown, told, (n, data, shown.start(n, marked)))


def _base() -> str:
    return reverse("review:exercises") + "run/"


def _home(row: Attempt) -> str:
    return reverse("review:attempt", args=[row.pk])


def _conflict(row: Attempt, place: int, exc: Conflict) -> HttpResponse:
    if exc.code == "sheets.saved_elsewhere":
        known = AttemptAnswer.objects.filter(attempt=row, place=place).first()
        told = {"text": _("This sheet was changed in another window."), "revision": known.revision if known else 0}
        return JsonResponse(told, status=409)
    return _gone()


def _gone() -> HttpResponse:
    return JsonResponse({"text": error_text(Conflict("review.attempt_over"))}, status=_GONE)
